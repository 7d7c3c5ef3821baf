//! Events as JSON lines on standard output, for programs. The format carries a version.

use std::sync::Arc;

use serde::Serialize;

use crate::host::Host;
use crate::model::event::{Event, Events};

/// Version of the event format.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Line<'a> {
    v: u32,
    #[serde(flatten)]
    event: &'a Event,
}

/// Prints each event as one line.
pub fn events(host: &Arc<Host>) -> Events {
    let host = host.clone();
    Events::to(move |event| {
        let line = Line { v: VERSION, event: &event };
        // Events hold only maps with text keys: they can always be written.
        host.out_json(serde_json::to_value(line).unwrap_or_default());
    })
}
