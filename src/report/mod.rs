//! Reports: the only place that prints. Each is a consumer of the one stream of events.
//!
//! Data goes to standard output, everything else to standard error.

pub mod adopted;
pub mod annotate;
pub mod bar;
mod board;
mod canvas;
pub mod chaos;
pub mod ci;
pub mod clean;
pub mod dist;
pub mod doctor;
pub mod github;
pub mod help;
pub mod history;
pub mod json;
pub mod kept;
pub mod ledger;
pub mod lint;
pub mod list;
mod log;
pub mod page;
pub mod plain;
pub mod rehearsal;
pub mod render;
pub mod runbook;
pub mod sarif;
mod sections;
pub mod status;
mod summary;
pub mod text;
pub mod turns;
pub mod verified;
pub mod why;
mod workflow;

use std::sync::Arc;

use crate::host::Host;
use crate::host::term::Size;
use crate::model::event::Events;

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// What fits where rel runs.
    Auto,
    /// Progress on a terminal.
    Bar,
    /// Lines for people.
    Plain,
    /// One JSON object per line.
    Json,
    /// Groups and annotations of GitHub Actions.
    Github,
}

/// The consumer of events for `output`.
pub fn events(host: &Arc<Host>, output: Output) -> Events {
    match output {
        Output::Auto => events(host, output.fitting(host)),
        Output::Bar => bar::events(host),
        Output::Plain => plain::events(host),
        Output::Json => json::events(host),
        Output::Github => github::events(host),
    }
}

/// A smaller terminal has no room for progress beside what is said.
const SMALLEST: Size = Size { rows: 5, columns: 20 };

impl Output {
    /// The one that fits where rel runs, if that is left open.
    #[must_use]
    pub fn fitting(self, host: &Host) -> Self {
        let room = |size: Size| size.rows >= SMALLEST.rows && size.columns >= SMALLEST.columns;
        match self {
            Self::Auto if host.is_ci() && host.env.get("GITHUB_ACTIONS") == Some("true") => {
                Self::Github
            }
            Self::Auto if host.term.size().is_some_and(room) => Self::Bar,
            Self::Auto => Self::Plain,
            given => given,
        }
    }
}
