//! Events: everything that a reporter may ever show, as data.
//!
//! Whoever does something says so here, and nobody else prints. The ledger is not built from
//! events: those are for eyes and may be lost, the ledger may not.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::diag::Diagnostic;
use crate::model::artifact::Artifact;
use crate::model::effect::{Key, Presence};

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// It did what it should.
    Done,
    /// Its artifacts were taken from an earlier run of the same commit.
    Sealed,
    /// All it depends on is as it was when it last ran well: it was not run.
    UpToDate,
    /// It sends, and was only described.
    Planned,
    /// It comes after something that was not sent: it would run.
    WouldRun,
    /// It was left out, for a reason.
    Skipped,
    /// It failed.
    Failed,
    /// Something it needs failed.
    Poisoned,
    /// The run ended before its turn.
    Cancelled,
}

/// One effect of a plan, with what is known of the remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanRow {
    /// The effect's key.
    pub key: Key,
    /// The task instance that asks for it.
    pub task: String,
    /// What goes where.
    pub summary: String,
    /// What the remote holds; `None` if it was not asked or did not answer.
    pub presence: Option<Presence>,
    /// Whether it takes something away.
    pub removes: bool,
}

/// One line of the proof: an effect as read back from its remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProofRow {
    /// What was sent.
    pub name: String,
    /// Where it is.
    pub destination: String,
    /// Its digest.
    pub sha256: Option<String>,
    /// Where to see it.
    pub url: Option<String>,
    /// Whether this run sent it (else an earlier one did).
    pub sent_now: bool,
    /// Whether the remote showed it. `None`: it cannot be asked.
    pub proven: Option<bool>,
}

/// How many task instances ended how. Those that only group others do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Done, described, up to date, or taken as sealed.
    pub ok: usize,
    /// Failed, whether or not that ended the run.
    pub failed: usize,
    /// Skipped, or never begun.
    pub left_out: usize,
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, end: End) {
        match end {
            End::Done | End::Sealed | End::UpToDate | End::Planned => self.ok += 1,
            End::Failed => self.failed += 1,
            End::WouldRun | End::Skipped | End::Poisoned | End::Cancelled => self.left_out += 1,
        }
    }
}

/// One task of the slowest chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leg {
    /// The task instance.
    pub task: String,
    /// How long it took, in milliseconds.
    pub millis: u128,
}

/// What tasks with `.edits()` made of the stage that they worked in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Edits {
    /// New commits, newest first: short name and subject.
    pub commits: Vec<String>,
    /// New and moved tags.
    pub tags: Vec<String>,
    /// What changed in which file, as `git diff --stat` tells it.
    pub stat: Vec<String>,
    /// The beginning of the patch, line by line.
    pub patch: Vec<String>,
    /// How many lines of it are left out.
    pub more: usize,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A run began.
    RunStarted {
        /// The goals as typed.
        goals: Vec<String>,
        /// Whether it may send.
        live: bool,
        /// How many task instances it holds.
        tasks: usize,
        /// The project's folder.
        root: PathBuf,
    },
    /// A task instance began.
    TaskStarted {
        /// Its name.
        task: String,
        /// The folder its commands start in, if it is not the project's.
        cwd: Option<String>,
    },
    /// A command was started, or in a description noted.
    Command {
        /// The task instance.
        task: String,
        /// What a person would type.
        line: String,
        /// Noted only, not started.
        noted: bool,
    },
    /// A line came from a command or `print`.
    Output {
        /// The task instance.
        task: String,
        /// The line, masked, without its end.
        line: String,
        /// Whether the Releasefile said it with `print`, and no command.
        printed: bool,
    },
    /// A task instance ended.
    TaskFinished {
        /// Its name.
        task: String,
        /// How.
        end: End,
        /// How long it took, in milliseconds.
        millis: u128,
        /// Why, where that is of interest.
        why: Option<String>,
        /// What it made.
        artifacts: Vec<Artifact>,
        /// Whether it only groups others: nothing was done.
        empty: bool,
    },
    /// An effect happened or was found to have happened.
    Sent {
        /// The task instance.
        task: String,
        /// What.
        summary: String,
        /// Found on the remote, not sent by this run.
        already: bool,
    },
    /// The terminal belongs to a question or to a command: nothing else may be shown there.
    Yielded {
        /// The question or the command.
        to: String,
    },
    /// The terminal is rel's again.
    Resumed,
    /// What rel is busy with, or what it wants known.
    Note {
        /// One line.
        text: String,
    },
    /// Something is wrong, but the run goes on.
    Warning {
        /// What.
        diagnostic: Box<Diagnostic>,
    },
    /// Something is wrong.
    Error {
        /// What.
        diagnostic: Box<Diagnostic>,
    },
    /// The effects of this run, in order.
    Plan {
        /// One row each.
        rows: Vec<PlanRow>,
        /// What would stop, or stopped, a live run.
        stops: Vec<Diagnostic>,
        /// Whether this run may send them.
        live: bool,
    },
    /// What a dry run has changed in its stage, which is dropped.
    Edits {
        /// Commits, tags, and the difference.
        edits: Edits,
    },
    /// What the remotes show after a live run.
    Proof {
        /// One row for each effect.
        rows: Vec<ProofRow>,
    },
    /// The run ended.
    RunFinished {
        /// The exit code.
        exit: u8,
        /// How long it took, in milliseconds.
        millis: u128,
        /// What to do or know next.
        message: String,
        /// How many tasks ended how.
        tally: Tally,
        /// The slowest chain of tasks that waited for each other.
        critical_path: Vec<Leg>,
    },
}

/// Where events go.
#[derive(Clone)]
pub struct Events(Arc<dyn Fn(Event) + Send + Sync>);

impl Events {
    /// Hands each event to `sink`.
    pub fn to(sink: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Says that something happened.
    pub fn emit(&self, event: Event) {
        (self.0)(event);
    }

    /// Keeps the terminal free for a question or a command while `act` goes on.
    pub fn yielding<T>(&self, to: &str, act: impl FnOnce() -> T) -> T {
        self.emit(Event::Yielded { to: to.to_owned() });
        let done = act();
        self.emit(Event::Resumed);
        done
    }

    /// Says what rel is busy with.
    pub fn note(&self, text: impl Into<String>) {
        self.emit(Event::Note { text: text.into() });
    }
}
