//! What a rehearsal tells the forge before it begins, and what it can ask it afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::access::Token;
use super::{Forge, Settings, Shared};

/// How often a token of Actions may ask in an hour.
const PER_HOUR: u64 = 1000;

/// An environment of the repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Somebody has to agree before a job begins.
    pub reviewed: bool,
    /// Minutes that a job has to wait.
    pub wait: u64,
    /// Only branches and tags that are listed, or protected, may be used.
    pub restricted: bool,
}

/// A release, as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its tag.
    pub tag: String,
    /// Its title.
    pub title: String,
    /// Not yet public.
    pub draft: bool,
    /// Files by name, with their digests.
    pub files: Vec<(String, String)>,
}

impl Forge {
    /// A forge with one public repository, without releases.
    pub fn new(settings: Settings, repository: Shared) -> Self {
        Self {
            settings,
            repository,
            tokens: Vec::new(),
            visibility: "public".into(),
            immutable: false,
            releases: Vec::new(),
            burnt: BTreeSet::new(),
            kept: Vec::new(),
            stored: Vec::new(),
            environments: BTreeMap::new(),
            workflows: BTreeMap::new(),
            dispatched: 0,
            limit: PER_HOUR,
            window: None,
            throttled: 0,
            breaking: 0,
            last_id: 1000,
        }
    }

    /// There is this token.
    pub fn add_token(&mut self, token: Token) {
        self.tokens.push(token);
    }

    /// `public`, `private` or `internal`.
    pub fn set_visibility(&mut self, visibility: &str) {
        visibility.clone_into(&mut self.visibility);
    }

    /// Releases cannot be changed once they are public.
    pub fn make_immutable(&mut self) {
        self.immutable = true;
    }

    /// A ruleset keeps refs that begin like this where they are.
    pub fn keep_refs(&mut self, start: &str) {
        self.kept.push(start.to_owned());
    }

    /// There is this environment.
    pub fn add_environment(&mut self, name: &str, environment: Environment) {
        self.environments.insert(name.to_owned(), environment);
    }

    /// This workflow can be started by hand, with these inputs.
    pub fn add_workflow(&mut self, file: &str, inputs: &[&str]) {
        let inputs = inputs.iter().map(|&input| input.to_owned()).collect();
        self.workflows.insert(file.to_owned(), inputs);
    }

    /// So many requests are answered in an hour.
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The next changes come too fast, by the forge's measure.
    pub fn throttle(&mut self, changes: usize) {
        self.throttled = changes;
    }

    /// The next uploads break off: half a file stays, which is in the state `starter`.
    pub fn break_uploads(&mut self, uploads: usize) {
        self.breaking = uploads;
    }

    /// All releases, the oldest first.
    pub fn releases(&self) -> Vec<Seen> {
        let seen = |release: &super::Release| Seen {
            tag: release.tag.clone(),
            title: release.title.clone(),
            draft: release.draft,
            files: release.files(),
        };
        self.releases.iter().map(seen).collect()
    }
}
