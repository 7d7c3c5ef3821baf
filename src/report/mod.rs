//! Reports: the only place that prints. Each is a consumer of the one stream of events.
//!
//! Data goes to standard output, everything else to standard error.

pub mod clean;
pub mod json;
pub mod list;
pub mod plain;
pub mod render;
pub mod text;
pub mod turns;

use std::sync::Arc;

use crate::host::Host;
use crate::model::event::Events;

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Lines for people.
    Plain,
    /// One JSON object per line.
    Json,
}

/// The consumer of events for `output`.
pub fn events(host: &Arc<Host>, output: Output) -> Events {
    match output {
        Output::Plain => plain::events(host),
        Output::Json => json::events(host),
    }
}
