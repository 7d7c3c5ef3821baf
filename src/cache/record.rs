//! What is remembered of the last good run of an instance.

use super::mark::{Items, Mark};
use crate::model::artifact::Artifact;

/// What a run depends on, each a set of named marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// What the Releasefile and the command line say: commands, values, variables of the task.
    Said,
    /// Variables of the machine.
    Variables,
    /// Programs that it started, as `WORD<tab>PATH`.
    Programs,
    /// Files that its globs match, and its files of variables.
    Inputs,
    /// Files and globs that its functions read besides.
    Read,
    /// What the instances made that it needs.
    Needs,
}

impl Kind {
    /// All, in the order in which they are kept.
    pub const ALL: [Self; 6] =
        [Self::Said, Self::Variables, Self::Programs, Self::Inputs, Self::Read, Self::Needs];
}

/// A file that an instance made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The file.
    pub artifact: Artifact,
    /// It was found by `.outputs`, and so belongs under its name in the project.
    pub placed: bool,
}

/// One line that an instance said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line, masked.
    pub text: String,
    /// Whether the Releasefile said it.
    pub printed: bool,
}

/// The last good run of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Marks of the sets, in the order of [`Kind::ALL`].
    pub sets: [Mark; 6],
    /// When it ran, in seconds since 1970.
    pub at: u64,
    /// The day on which it was last asked for, in days since 1970.
    pub used: u32,
    /// Why its run says nothing of the next one, if it does not.
    pub unsure: Option<String>,
    /// What it made.
    pub made: Vec<Made>,
    /// What it said.
    pub log: Vec<Line>,
}

impl Record {
    /// The mark of one set.
    pub fn set(&self, kind: Kind) -> Mark {
        self.sets[kind as usize]
    }
}

/// The sets themselves, in the order of [`Kind::ALL`].
pub type Sets = [Items; 6];
