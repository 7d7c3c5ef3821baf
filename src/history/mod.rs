//! What runs came to, kept for later: when, with which words, how each task ended, and what it said.
//!
//! One file for each run, in lines: what its start said, then tasks as they end, then how the run ended.
//! A run that was killed leaves the first of these, so it is not forgotten; whether one still goes on is
//! told by the lock that it holds on its file. Nothing depends on these files: they are written without
//! waiting for the disk, and may be removed at any time.
//! Turned down: one file for all runs, which runs side by side would have to share; a database, for a few
//! files that are read once in a while; making them of the ledger, which knows nothing of dry runs.

mod record;
mod tail;

#[cfg(test)]
mod tests;

use std::fs::TryLockError;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Exit, Outcome};
use crate::host::fs;
use crate::model::artifact::Artifact;
use crate::model::effect::{Key, Presence};

pub use record::Recorder;

/// Version of the format.
pub const VERSION: u32 = 1;

/// What is known of a run when it begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Version of the format.
    pub v: u32,
    /// Version of rel.
    pub rel: String,
    /// When, in seconds since 1970.
    pub at: u64,
    /// The words after the program's name.
    pub words: Vec<String>,
    /// The tasks that were asked for.
    pub goals: Vec<String>,
    /// Whether it may send.
    pub live: bool,
    /// The commit that HEAD was at, in a repository.
    pub commit: Option<String>,
}

/// A task instance that has ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its name.
    pub task: String,
    /// When it began, in milliseconds since the run's start.
    pub start: u64,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// How it ended, in the word that events have for it.
    pub end: String,
    /// Why, where that is of interest.
    pub why: Option<String>,
    /// What it made.
    pub artifacts: Vec<Artifact>,
    /// The end of its output, and the commands between.
    pub log: String,
    /// Whether what came before was too much to keep.
    pub cut: bool,
}

/// An error, or a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Whether the run went on.
    pub warning: bool,
    /// What is wrong.
    pub message: String,
    /// Where, as `file:line:column`.
    pub place: Option<String>,
    /// What else is known.
    pub notes: Vec<String>,
    /// What to do.
    pub hints: Vec<String>,
}

/// An effect of the run's plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// The task instance that asks for it.
    pub task: String,
    /// Its key: a digest of what is sent where.
    pub key: Key,
    /// What goes where.
    pub summary: String,
    /// What the remote held; `None` if that is not known.
    pub presence: Option<Presence>,
    /// Whether it takes something away.
    pub removes: bool,
}

/// An effect as it was read back from its remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// What was sent.
    pub name: String,
    /// Where it is.
    pub destination: String,
    /// Its digest.
    pub sha256: Option<String>,
    /// Where to see it.
    pub url: Option<String>,
    /// Whether the remote showed it. `None`: it cannot be asked.
    pub proven: Option<bool>,
}

/// A task of the slowest chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The task instance.
    pub task: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    /// The exit code.
    pub exit: u8,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// What it said last.
    pub message: String,
    /// Tasks that did what they should.
    pub ok: usize,
    /// Tasks that failed.
    pub failed: usize,
    /// Tasks that did not run.
    pub left_out: usize,
    /// The slowest chain of tasks that waited for each other.
    pub critical_path: Vec<Leg>,
}

/// A line of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Start(Start),
    Task(Task),
    Said(Said),
    Plan(Vec<Effect>),
    Proof(Vec<Proof>),
    Finish(Finish),
}

/// How far a run has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It ended.
    Finished(Finish),
    /// It goes on.
    Running,
    /// It was ended before it could say how.
    Killed,
}

impl State {
    /// Whether it failed, or was killed. Who interrupts a run, or changes a file that it is watched for, ends it
    /// on purpose.
    pub fn is_failed(&self) -> bool {
        match self {
            Self::Finished(finish) => ![Exit::OK.0, Exit::INTERRUPTED.0].contains(&finish.exit),
            Self::Running => false,
            Self::Killed => true,
        }
    }
}

/// A run in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// The name of its file, without the end.
    pub id: String,
    /// What was known when it began.
    pub start: Start,
    /// How far it has come.
    pub state: State,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is in short.
    pub brief: Brief,
    /// Tasks in the order in which they ended.
    pub tasks: Vec<Task>,
    /// What was wrong.
    pub said: Vec<Said>,
    /// The effects of its plan.
    pub plan: Vec<Effect>,
    /// What the remotes showed in the end.
    pub proof: Vec<Proof>,
}

/// The end of a file's name.
const END: &str = ".jsonl";

/// Names of the runs in a folder, the newest first.
pub fn ids(folder: &Path) -> Vec<String> {
    let names = fs::names(folder).into_iter().rev();
    names.filter_map(|name| name.strip_suffix(END).map(str::to_owned)).collect()
}

/// A run in short: only the first and the last line of its file are understood.
///
/// # Errors
/// It cannot be read, or another version of rel wrote it.
pub fn brief(folder: &Path, id: &str) -> Outcome<Brief> {
    let (text, goes_on) = text(folder, id)?;
    let last = text.lines().next_back().unwrap_or_default();
    let finish = match serde_json::from_str(last) {
        Ok(Line::Finish(finish)) => Some(finish),
        _ => None,
    };
    Ok(Brief { id: id.to_owned(), start: start(id, &text)?, state: state(finish, goes_on) })
}

/// A whole run. A line that was torn when the run was killed is left out.
///
/// # Errors
/// It cannot be read, or another version of rel wrote it.
pub fn read(folder: &Path, id: &str) -> Outcome<Record> {
    let (text, goes_on) = text(folder, id)?;
    let brief = Brief { id: id.to_owned(), start: start(id, &text)?, state: state(None, goes_on) };
    let (tasks, said, plan, proof) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut record = Record { brief, tasks, said, plan, proof };
    for line in text.lines().skip(1).filter_map(|line| serde_json::from_str(line).ok()) {
        match line {
            Line::Start(_) => {}
            Line::Task(task) => record.tasks.push(task),
            Line::Said(said) => record.said.push(said),
            // A live run shows its plan once more when the gate has looked.
            Line::Plan(plan) => record.plan = plan,
            Line::Proof(proof) => record.proof = proof,
            Line::Finish(finish) => record.brief.state = State::Finished(finish),
        }
    }
    Ok(record)
}

/// The text of a file, and whether its run goes on.
fn text(folder: &Path, id: &str) -> Outcome<(String, bool)> {
    let path = folder.join(format!("{id}{END}"));
    let unread = |error: std::io::Error| {
        let wrong =
            Diagnostic::machine(format!("the record of the run {id} cannot be read: {error}"));
        Box::new(wrong.note(path.display().to_string()).hint("remove that file: nothing needs it"))
    };
    // Looked at first: a run that ends in between has then written all.
    let file = fs::open(&path).map_err(unread)?;
    let goes_on = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    drop(file);
    Ok((fs::read_text(&path).map_err(unread)?, goes_on))
}

/// What the first line says.
fn start(id: &str, text: &str) -> Outcome<Start> {
    let wrong = |why: &str| {
        let wrong = Diagnostic::machine(format!("the record of the run {id} {why}"));
        Box::new(wrong.hint("read it with the rel that wrote it; it is removed in time"))
    };
    let first = text.lines().next().unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(first).map_err(|_| wrong("is damaged"))?;
    if value["start"]["v"] != VERSION {
        return Err(wrong("has a format that this rel does not know"));
    }
    match serde_json::from_value(value) {
        Ok(Line::Start(start)) => Ok(start),
        _ => Err(wrong("is damaged")),
    }
}

fn state(finish: Option<Finish>, goes_on: bool) -> State {
    match finish {
        Some(finish) => State::Finished(finish),
        None if goes_on => State::Running,
        None => State::Killed,
    }
}
