//! What a live run would meet, known before anything is built: who the run is to each registry, which form
//! has to hold that, and what is known to go wrong. Pure.
//!
//! `workflow` reads a workflow of GitHub Actions as far as that hangs on it, `forms` tells what to fill in,
//! `traps` what to beware of. Turned down: to ask registries whether a publisher is registered. No API tells,
//! and to try it would make the project of a pending publisher.

pub mod forms;
pub mod traps;
pub mod workflow;

/// Who a run is to those that take its identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Whether it is a project of GitLab's.
    pub on_gitlab: bool,
    /// `owner/name` of the repository; on GitLab groups may stand between.
    pub repository: Option<String>,
    /// The workflow's file name; on GitLab the path of the pipeline's.
    pub workflow: Option<String>,
    /// The ref that is released.
    pub reference: Option<String>,
    /// What has begun the run.
    pub event: Option<String>,
    /// The environment of the job that runs now, if a token tells.
    pub environment: Option<String>,
    /// The workflow that defines the job, as a path in a repository at a ref, if a token tells.
    pub defined_in: Option<String>,
}

impl Identity {
    /// Owner and name of the repository.
    pub fn parts(&self) -> Option<(&str, &str)> {
        self.repository.as_deref()?.rsplit_once('/')
    }
}

/// A registry that takes a run's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// Its name: `pypi`, `testpypi`, `crates.io`.
    pub name: String,
    /// The address of its site.
    pub site: String,
    /// Whether it is one of Rust's.
    pub rust: bool,
    /// The environment that the task which sends there declares.
    pub environment: Option<String>,
    /// The projects that are sent there, with what is known of them.
    pub projects: Vec<Project>,
    /// A token that lies in a variable, by its name.
    pub token: Option<String>,
}

/// A project on a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// Whether it is there; `None` if nobody was asked, or nobody answered.
    pub there: Option<bool>,
}
