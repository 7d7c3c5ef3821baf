//! A CI workflow as the Releasefile declares it with `ci("name")`, and the machines of CI.
//!
//! Only words: what starts it, which tasks it is for, and what its user owns in the jobs that hold nothing. Jobs,
//! permissions and rel's own steps are not declared at all; `ci` makes them from the graph.

use std::collections::BTreeMap;

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
    /// What its jobs without privileges have besides.
    pub overlay: Overlay,
}

/// What the user of a workflow owns in jobs that run the project's code and hold no privileges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlay {
    /// Steps before rel's own, in their order.
    pub steps: Vec<Step>,
    /// Containers beside the job.
    pub services: Vec<Service>,
    /// Variables of the whole job.
    pub env: BTreeMap<String, String>,
}

impl Overlay {
    /// Whether there is nothing of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Where its first part is said; variables alone have no place of their own.
    pub fn site(&self) -> Option<&Site> {
        let steps = self.steps.iter().map(|step| &step.site);
        steps.chain(self.services.iter().map(|service| &service.site)).next()
    }

    /// The labels of machines that parts of it are for.
    pub fn runners(&self) -> impl Iterator<Item = &Word> {
        let steps = self.steps.iter().filter_map(|step| step.runner.as_ref());
        steps.chain(self.services.iter().filter_map(|service| service.runner.as_ref()))
    }
}

/// A step of a user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where it is said.
    pub site: Site,
    /// What it is called.
    pub name: Option<String>,
    /// What it does.
    pub does: Does,
    /// Its variables.
    pub env: BTreeMap<String, String>,
    /// The label of the machines that it is for; all if there is none.
    pub runner: Option<Word>,
}

/// What a step of a user's own does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// It runs a script.
    Run(String),
    /// It uses an action.
    Uses {
        /// The action, by its commit.
        action: String,
        /// The version that this commit is.
        version: Option<String>,
        /// What the action is given.
        with: BTreeMap<String, String>,
    },
}

/// A container beside a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Where it is said.
    pub site: Site,
    /// Its name, and that of its host.
    pub name: String,
    /// The image, by its digest.
    pub image: String,
    /// Ports that the job reaches it by.
    pub ports: Vec<String>,
    /// Its variables.
    pub env: BTreeMap<String, String>,
    /// The command that tells within it whether it is ready.
    pub health: Option<String>,
    /// The label of the machines that it is for; all if there is none.
    pub runner: Option<Word>,
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
