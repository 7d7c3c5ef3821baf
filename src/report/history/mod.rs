//! Runs that have ended, as lines for people and as values for programs; [`page`] has the page of one.
//!
//! What a task said is shown below it if it failed; the rest is in the page, and in JSON.

mod html;
pub mod page;
mod timeline;

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::VERSION;
use super::text::{held, seconds};
use super::verified::flat;
use crate::calendar::rfc3339;
use crate::diag::Outcome;
use crate::history::{Brief, Record, Said, State, Task};

/// Exit codes of runs, in a word.
const ENDS: [(u8, &str); 7] = [
    (0, "ok"),
    (1, "FAILED"),
    (2, "wrong usage"),
    (3, "refused"),
    (4, "remote failed"),
    (5, "UNFINISHED"),
    (130, "interrupted"),
];

/// How a run ended, in a word.
fn ended(state: &State) -> &'static str {
    match state {
        State::Running => "running",
        State::Killed => "KILLED",
        State::Finished(finish) => {
            ENDS.iter().find(|(exit, _)| *exit == finish.exit).map_or("FAILED", |(_, word)| word)
        }
    }
}

/// How a task ended, in a few words: those of events, but for the two that matter most.
fn task_end(task: &Task) -> String {
    match task.end.as_str() {
        "done" => "ok".into(),
        "failed" => "FAILED".into(),
        other => other.replace('-', " "),
    }
}

fn took(state: &State) -> String {
    match state {
        State::Finished(finish) => seconds(finish.millis.into()),
        _ => "-".into(),
    }
}

/// How many tasks ended how; nothing of a run without tasks, or without an end.
fn tally(state: &State) -> String {
    let State::Finished(finish) = state else { return String::new() };
    let parts = [(finish.ok, "ok"), (finish.failed, "failed"), (finish.left_out, "not run")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    parts.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

fn words(brief: &Brief) -> String {
    let words = brief.start.words.iter().map(|word| flat(word)).collect::<Vec<_>>();
    format!("rel {}", words.join(" ")).trim_end().to_owned()
}

/// The runs, the newest first, each with the number by which it can be asked for.
pub fn list(runs: &[Outcome<Brief>]) -> String {
    if runs.is_empty() {
        return "no run of this project is kept\n".into();
    }
    let mut text = String::new();
    for (place, run) in runs.iter().enumerate() {
        let number = place + 1;
        let _ = match run {
            Err(wrong) => writeln!(text, "{number:>4}  {}", flat(&wrong.message)),
            Ok(run) => {
                let (when, took) = (rfc3339(run.start.at), took(&run.state));
                let (end, words, tally) = (ended(&run.state), words(run), tally(&run.state));
                let tally = if tally.is_empty() { tally } else { format!("  ({tally})") };
                writeln!(text, "{number:>4}  {when}  {took:>9}  {end:<13}  {words}{tally}")
            }
        };
    }
    text
}

fn brief_json(brief: &Brief) -> Value {
    let (state, finish) = match &brief.state {
        State::Finished(finish) => ("finished", Some(finish)),
        State::Running => ("running", None),
        State::Killed => ("killed", None),
    };
    let start = &brief.start;
    json!({
        "id": brief.id, "rel": start.rel, "at": start.at, "words": start.words, "goals": start.goals,
        "live": start.live, "commit": start.commit, "state": state, "finish": finish,
    })
}

/// The same for programs; what cannot be read is left out.
pub fn list_json(runs: &[Outcome<Brief>]) -> Value {
    let runs: Vec<Value> = runs.iter().flatten().map(brief_json).collect();
    json!({ "v": VERSION, "event": "runs", "runs": runs })
}

/// A whole run for programs.
pub fn one_json(record: &Record) -> Value {
    json!({
        "v": VERSION, "event": "run-record", "run": brief_json(&record.brief), "tasks": record.tasks,
        "said": record.said, "plan": record.plan, "proof": record.proof,
    })
}

/// What was said, in lines: what is wrong and where, what else is known, what to do.
fn said(said: &Said) -> Vec<String> {
    let word = if said.warning { "warning" } else { "error" };
    let place = said.place.iter().map(|place| format!("  at {place}"));
    let notes = said.notes.iter().map(|note| format!("  note: {note}"));
    let hints = said.hints.iter().map(|hint| format!("  hint: {hint}"));
    std::iter::once(format!("{word}: {}", said.message))
        .chain(place)
        .chain(notes)
        .chain(hints)
        .collect()
}

/// What a run is, in pairs.
fn facts(brief: &Brief) -> Vec<(&'static str, String)> {
    let start = &brief.start;
    let mut facts = vec![
        ("run", brief.id.clone()),
        ("began", rfc3339(start.at)),
        ("took", took(&brief.state)),
        ("ended", ended(&brief.state).to_owned()),
        ("mode", if start.live { "live" } else { "dry" }.to_owned()),
        ("commit", start.commit.clone().unwrap_or_else(|| "none".into())),
        ("rel", start.rel.clone()),
    ];
    if let State::Finished(finish) = &brief.state {
        facts.insert(4, ("last word", finish.message.clone()));
    }
    facts
}

/// A run for people.
pub fn one(record: &Record) -> String {
    let mut text = format!("{}\n", words(&record.brief));
    for (name, fact) in facts(&record.brief) {
        let _ = writeln!(text, "  {name:<9}  {}", flat(&fact));
    }
    text.push_str(if record.tasks.is_empty() { "no task had ended\n" } else { "tasks\n" });
    for task in &record.tasks {
        of_task(&mut text, task);
    }
    for effect in &record.plan {
        let there = held(effect.presence.as_ref(), effect.removes);
        let _ = writeln!(text, "plan: {}: {there}", flat(&effect.summary));
    }
    for line in record.said.iter().flat_map(said) {
        let _ = writeln!(text, "{}", flat(&line));
    }
    text
}

fn of_task(text: &mut String, task: &Task) {
    let (name, end, took) = (flat(&task.task), task_end(task), seconds(task.millis.into()));
    let why = task.why.as_ref().map(|why| format!(": {}", flat(why))).unwrap_or_default();
    let _ = writeln!(text, "  {name}: {end}, {took}{why}");
    for file in &task.artifacts {
        let _ = writeln!(text, "    + {} (sha256 {})", flat(&file.name), file.sha256.short());
    }
    if task.end == "failed" {
        if task.cut {
            text.push_str("    … what came before was too much to keep\n");
        }
        for line in task.log.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
}

#[cfg(test)]
mod tests;
