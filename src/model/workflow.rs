//! A CI workflow as the Releasefile declares it with `ci("name")`, and the machines of CI.
//!
//! Only words: what starts it and which tasks it is for. Jobs, permissions and steps are not declared at
//! all; `ci` makes them from the graph.

use crate::diag::{Site, Word};

/// What starts a workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Triggers {
    /// Branches whose pushes start it, as patterns.
    pub push: Vec<String>,
    /// Tags whose pushes start it, as patterns.
    pub tags: Vec<String>,
    /// Pull requests start it: into these branches, or into any if there are none.
    pub pull_request: Option<Vec<String>>,
    /// What happens to a release on GitHub, as `published`.
    pub release: Vec<String>,
    /// Times, as cron has them.
    pub schedule: Vec<String>,
    /// A person starts it.
    pub dispatch: Option<Dispatch>,
    /// Other workflows call it.
    pub call: bool,
}

impl Triggers {
    /// Whether nothing starts it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something starts it that gives it no inputs.
    pub fn without_inputs(&self) -> bool {
        let asked = Self { dispatch: None, call: false, ..self.clone() };
        !asked.is_empty()
    }
}

/// How a person starts it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dispatch {
    /// Only a ticked box lets it send.
    pub live: bool,
}

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Its name, and that of its file.
    pub name: String,
    /// Where it is declared.
    pub site: Site,
    /// What starts it.
    pub on: Triggers,
    /// The tasks it runs.
    pub run: Vec<Word>,
}

/// The machine that a task runs on in CI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runner {
    /// One label for all instances.
    All(String),
    /// A label for each value of an axis, with where that was said.
    Of(Vec<(String, String)>, Site),
}

/// An archive that holds rel, for the machines of one label or of all that have none of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// The label, if it is for one.
    pub runner: Option<String>,
    /// Its address.
    pub url: String,
    /// Its digest.
    pub sha256: String,
}
