//! What this folder tells of the release: names, tags, the remote, the ledger, a command that sends.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::{Project, find, ledger, onward};
use crate::diag::Outcome;
use crate::graph::Graph;
use crate::host::{Host, fs};
use crate::ledger::{Entry, State};
use crate::model::effect::Key;
use crate::repo::Repo;
use crate::seal::Seal;
use crate::status::name::{self, Names, names};
use crate::status::{Facts, Sent, Stage, Tagged};

/// The folder, and what it is a project of.
pub(super) struct Here<'a> {
    pub(super) names: Names,
    pub(super) repo: Repo<'a>,
}

impl<'a> Here<'a> {
    /// Looks at the folder rel was started in, and those above it in the same repository.
    pub(super) fn look(host: &'a Host) -> Self {
        let (folder, names) = named(host).unwrap_or_default();
        let root = match find(&host.cwd) {
            Err(_) if names.first().is_some() => folder,
            _ => ledger::root(host),
        };
        Self { names, repo: Repo::new(host, root) }
    }

    /// The version that HEAD is tagged with.
    pub(super) fn version(&self) -> Option<String> {
        let tags = &self.repo.head()?.tags;
        tags.iter().find_map(|tag| name::tagged(tag, &self.names)).map(str::to_owned)
    }

    /// The tag of a version in this checkout.
    pub(super) fn tag(&self, version: &str) -> Option<Tagged> {
        let tags = self.repo.tags();
        let name = name::tag_of(tags.iter().map(String::as_str), &self.names, version)?;
        let commit = self.repo.commit_of(&format!("refs/tags/{name}"))?;
        Some(Tagged { name: name.to_owned(), commit })
    }

    /// Adds what was sent from here for the version's commit: that of its tag, else HEAD.
    ///
    /// # Errors
    /// The ledger is damaged, or cannot be read.
    pub(super) fn remember(&self, host: &Arc<Host>, facts: &mut Facts) -> Outcome<()> {
        let head = || self.repo.head().map(|head| head.commit.clone());
        let tagged = facts.local.as_ref().map(|tag| tag.commit.clone());
        let Some(commit) = tagged.or_else(head) else { return Ok(()) };
        let told = ledger::of_commit(&self.repo, &commit)?;
        facts.commit = Some(commit);
        let Some(told) = told else { return Ok(()) };
        facts.ledger = told.entries.iter().map(sent).collect();
        // A seal that cannot be read is a matter of the next run.
        let seal = Seal::load(&self.repo.state()?.join("seal"), &told.release).ok().flatten();
        let begun = |key: &Key| told.entries.iter().any(|entry| entry.key == *key);
        let planned = seal.map(|seal| seal.planned).unwrap_or_default();
        facts.pending = planned.iter().filter(|key| !begun(key)).count();
        if facts.pending > 0 || facts.unfinished().next().is_some() {
            facts.command = command(host);
        }
        Ok(())
    }
}

fn sent(entry: &Entry) -> Sent {
    let stage = match &entry.state {
        State::Open => Stage::Open,
        State::Done(_) => Stage::Done,
        State::Refused(reason) => Stage::Refused(reason.clone()),
    };
    Sent {
        what: entry.summary.clone().unwrap_or_else(|| entry.name.clone()),
        name: entry.name.clone(),
        sha256: entry.digest.as_ref().map(ToString::to_string),
        endpoint: entry.endpoint.clone(),
        stage,
    }
}

/// The command that sends, if a Releasefile tells.
fn command(host: &Arc<Host>) -> Option<String> {
    let project = Project::open(host).ok()?;
    let tasks = &project.script.declared.tasks;
    onward::command(&Graph::build_all(tasks).ok()?, tasks, |_| true)
}

/// The nearest folder upward whose files name a project, not further than the repository reaches.
fn named(host: &Host) -> Option<(PathBuf, Names)> {
    let start = fs::real(&host.cwd).ok()?;
    for folder in start.ancestors() {
        let text = |name: &str| fs::read_text(&folder.join(name)).unwrap_or_default();
        let found = names(&text("pyproject.toml"), &text("Cargo.toml"));
        if found.first().is_some() {
            return Some((folder.to_owned(), found));
        }
        if fs::exists(&folder.join(".git")) {
            return None;
        }
    }
    None
}
