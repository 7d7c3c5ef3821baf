//! A ledger, as lines for people and as one value for programs.
//!
//! What remotes gave as reasons is somebody else's words: it stays on its line.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::VERSION;
use super::verified::flat;
use crate::calendar::rfc3339;
use crate::ledger::{Entry, State, Told};

/// The word for a state, and the reason if there is one.
fn state(entry: &Entry) -> (&'static str, Option<&str>) {
    match &entry.state {
        State::Open => ("open", None),
        State::Done(_) => ("done", None),
        State::Refused(reason) => ("refused", Some(reason)),
    }
}

/// The lines for people: when, what came of it, what went where, why not.
pub fn text(commit: &str, told: Option<&Told>) -> String {
    let Some(told) = told else {
        return format!("there is no ledger: nothing was sent from here for commit {commit}\n");
    };
    let mut text = format!("ledger of commit {commit}\n");
    for entry in &told.entries {
        let (word, reason) = state(entry);
        let when = entry.at.map_or_else(|| "-".repeat(20), rfc3339);
        let what = entry.summary.as_deref().unwrap_or(&entry.name);
        let found = if entry.found { " (it was there already)" } else { "" };
        let _ = writeln!(text, "  {when}  {word:<7}  {}{found}", flat(what));
        let place = entry.endpoint.iter().map(|place| format!("at {}", flat(place)));
        let why = reason.map(|reason| format!("because: {}", flat(reason)));
        for line in place.chain(why) {
            let _ = writeln!(text, "{:33}{line}", "");
        }
    }
    if told.entries.is_empty() {
        text += "  nothing was begun\n";
    }
    if told.torn {
        text += "  its last line is torn: a run died as it wrote it, or is writing it now\n";
    }
    text
}

/// The one value for programs; `effects` is null where there is no ledger.
pub fn json(commit: &str, told: Option<&Told>) -> Value {
    let one = |entry: &Entry| {
        let (word, reason) = state(entry);
        let url = match &entry.state {
            State::Done(receipt) => receipt.url.as_deref(),
            State::Open | State::Refused(_) => None,
        };
        json!({
            "key": entry.key, "summary": entry.summary, "endpoint": entry.endpoint,
            "name": entry.name, "sha256": entry.digest, "at": entry.at, "state": word,
            "found": entry.found, "reason": reason, "url": url,
        })
    };
    let effects = told.map(|told| told.entries.iter().map(one).collect::<Vec<_>>());
    json!({
        "v": VERSION, "event": "ledger", "commit": commit,
        "project": told.map(|told| &told.release.project),
        "torn": told.is_some_and(|told| told.torn), "effects": effects,
    })
}
