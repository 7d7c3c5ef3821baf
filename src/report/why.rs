//! Why instances would run, as lines for people and as one value for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::clean;
use super::json::VERSION;
use crate::cache::Reason;
use crate::calendar::rfc3339;

/// So many reasons are told to people.
const MOST: usize = 5;

/// What is known of one instance.
pub struct Answer {
    /// Its name.
    pub id: String,
    /// Whether it would run.
    pub verdict: Verdict,
}

/// Whether an instance would run.
pub enum Verdict {
    /// It would, as it does each time.
    Always(&'static str),
    /// It would.
    Runs(Vec<Reason>),
    /// It would not, if these make the same files again; since then, in seconds since 1970.
    Perhaps(u64, Vec<String>),
    /// It would not; since then.
    UpToDate(u64),
}

/// The lines for people.
pub fn text(answers: &[Answer]) -> String {
    let mut text = String::new();
    for Answer { id, verdict } in answers {
        let told = match verdict {
            Verdict::Always(why) => format!("runs each time: {why}"),
            Verdict::Runs(reasons) => format!("runs: {}", some(reasons)),
            Verdict::Perhaps(at, after) => {
                let (after, since) = (after.join("`, `"), rfc3339(*at));
                format!(
                    "up to date since {since}, unless `{after}`, which may run, makes other files"
                )
            }
            Verdict::UpToDate(at) => format!("up to date since {}", rfc3339(*at)),
        };
        let _ = writeln!(text, "{id}: {}", clean::text(&told, false));
    }
    text
}

fn some(reasons: &[Reason]) -> String {
    let told: Vec<String> = reasons.iter().take(MOST).map(Reason::text).collect();
    let more = reasons.len().saturating_sub(MOST);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{}{more}", told.join("; "))
}

/// The value for programs.
pub fn json(answers: &[Answer]) -> Value {
    let row = |Answer { id, verdict }: &Answer| {
        let (runs, since, after) = match verdict {
            Verdict::Always(_) | Verdict::Runs(_) => (json!(true), Value::Null, &[][..]),
            Verdict::Perhaps(at, after) => (Value::Null, json!(at), after.as_slice()),
            Verdict::UpToDate(at) => (json!(false), json!(at), &[][..]),
        };
        let reason = |reason: &Reason| json!({ "reason": reason.word(), "name": reason.name(), "text": reason.text() });
        let reasons: Vec<Value> = match verdict {
            Verdict::Always(why) => vec![json!({ "reason": "always", "name": null, "text": why })],
            Verdict::Runs(reasons) => reasons.iter().map(reason).collect(),
            Verdict::Perhaps(..) | Verdict::UpToDate(_) => Vec::new(),
        };
        json!({ "task": id, "runs": runs, "since": since, "unless": after, "reasons": reasons })
    };
    let tasks: Vec<Value> = answers.iter().map(row).collect();
    json!({ "v": VERSION, "event": "why", "tasks": tasks })
}
