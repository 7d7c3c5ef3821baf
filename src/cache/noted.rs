//! What a run of an instance lets be seen: what it started and read, what it said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::machine;
use super::mark::Mark;
use super::record::Line;
use crate::model::command::Cmd;

/// Most bytes of what an instance said that are kept.
const MOST: usize = 64 * 1024;

/// What was seen of one try.
#[derive(Debug, Default)]
pub struct Notes {
    /// Words that may be programs.
    pub programs: BTreeSet<String>,
    /// Variables that were asked for.
    pub variables: BTreeSet<String>,
    /// Files that functions read or looked for, and whether they were there.
    pub files: BTreeMap<String, bool>,
    /// Globs that functions asked for, with the mark of the answer.
    pub globs: BTreeMap<Vec<String>, Mark>,
    /// Why the run says nothing of the next one.
    pub unsure: Option<String>,
    /// What it said.
    pub log: Vec<Line>,
    bytes: usize,
}

/// The mark of a list of names.
pub(super) fn of_names(names: &[String]) -> Mark {
    Mark::of(names.join("\n"))
}

/// Notes that several threads may write to.
#[derive(Debug, Default)]
pub struct Noted(Mutex<Notes>);

impl Noted {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command was started.
    pub fn command(&self, cmd: &Cmd) {
        let mut notes = self.notes();
        notes.programs.extend(machine::programs(cmd));
        notes.variables.extend(machine::variables(cmd));
    }

    /// A program was found.
    pub fn program(&self, path: &str) {
        self.notes().programs.insert(path.to_owned());
    }

    /// A variable was asked for.
    pub fn variable(&self, name: &str) {
        self.notes().variables.insert(name.to_owned());
    }

    /// A file of the project was read, or looked for and not there.
    pub fn file(&self, name: &str, there: bool) {
        self.notes().files.insert(name.to_owned(), there);
    }

    /// Files were looked for.
    pub fn globs(&self, globs: &[String], found: &[String]) {
        let mark = of_names(found);
        let before = self.notes().globs.insert(globs.to_vec(), mark);
        if before.is_some_and(|before| before != mark) {
            self.unsure(format!("files that `{}` matches changed while it ran", globs.join(" ")));
        }
    }

    /// Something was asked whose answer may be another one next time.
    pub fn unsure(&self, why: String) {
        self.notes().unsure.get_or_insert(why);
    }

    /// A line was said.
    pub fn line(&self, text: &str, printed: bool) {
        let mut notes = self.notes();
        notes.bytes += text.len();
        if notes.bytes <= MOST {
            notes.log.push(Line { text: text.to_owned(), printed });
        }
    }

    /// All of it; what was too long ends with a line that says so.
    pub fn take(&self) -> Notes {
        let mut notes = std::mem::take(&mut *self.notes());
        if notes.bytes > MOST {
            notes
                .log
                .push(Line { text: "… the rest was too long to keep".into(), printed: true });
        }
        notes
    }
}
