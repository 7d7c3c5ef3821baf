//! What a rehearsal's world is told of the project: who runs it, what it publishes, which secrets it names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::ground::Played;
use crate::diag::Outcome;
use crate::host::Host;
use crate::model::task::Task;
use crate::rehearse::git::{self, Remote};
use crate::rehearse::oidc::Identity;
use crate::rehearse::pages::Pages;
use crate::rehearse::scratch::{self, Scratch};
use crate::rehearse::services::{self, Cast};
use crate::rehearse::{owned, registries};
use crate::script::Script;

/// Who and what the world is made for.
pub(super) fn cast<'a>(
    host: &'a Host,
    script: &Script,
    scratch: &Scratch,
    played: Option<&Played>,
) -> Cast<'a> {
    let declared = &script.declared;
    Cast {
        endpoints: &host.endpoints,
        identity: identity(scratch, played),
        environments: environments(&declared.tasks),
        bearer: host.nonce(),
        token: host.nonce(),
        jobs: played.map(|played| played.jobs.clone()).unwrap_or_default(),
        crates_token: format!("cio{}", host.nonce()),
        indexes: declared.indexes.values().map(|(index, _)| index.clone()).collect(),
        secrets: secrets(host, script),
        own: owned::names(&scratch.checkout),
        registries: registries::hosts(host),
    }
}

/// What the pages are about.
pub(super) fn pages(cast: &Cast<'_>, tag: &str) -> Pages {
    let indexes = [&cast.endpoints.pypi, &cast.endpoints.testpypi].into_iter().chain(&cast.indexes);
    Pages {
        tag: tag.to_owned(),
        repository: format!("{}/{}", cast.endpoints.github.web, cast.identity.repository),
        indexes: indexes.map(|index| index.simple.clone()).collect(),
        crates: cast.endpoints.crates.api.clone(),
        log: cast.endpoints.sigstore.rekor.clone(),
        names: cast.own.clone(),
    }
}

/// The remote that `origin` of the copy is, which may push there.
///
/// # Errors
/// Git fails.
pub(super) fn remote(
    host: &Host,
    scratch: &Scratch,
    folder: &Path,
    cast: &Cast<'_>,
) -> Outcome<Remote> {
    let github = &cast.endpoints.github;
    let settings = git::Settings {
        web: github.web.clone(),
        repository: scratch.repository.clone(),
        default_branch: scratch.branch.clone(),
        private: false,
    };
    scratch::log_in(host, scratch, github, &cast.token)?;
    Remote::create(host, folder, &scratch.checkout, settings)
}

/// A run as a pushed tag starts it; where tasks tag, as a person does on the branch.
fn identity(scratch: &Scratch, played: Option<&Played>) -> Identity {
    let by_tag = scratch.reference.starts_with("refs/tags/");
    let usual = if by_tag { "push" } else { "workflow_dispatch" };
    Identity {
        repository: scratch.repository.clone(),
        workflow: played.map_or("release.yml", |played| &played.file).into(),
        environment: None,
        reference: scratch.reference.clone(),
        sha: scratch.commit.clone(),
        event: played.map_or(usual, |played| &played.event).into(),
        visibility: "public".into(),
    }
}

/// Environments of the tasks that send, by where to.
fn environments(tasks: &[Task]) -> BTreeMap<String, String> {
    let of_task = |task: &Task| {
        let environment = task.environment.clone()?;
        let places = task.effects.iter().map(|(place, _)| (place.to_string(), environment.clone()));
        Some(places.collect::<Vec<_>>())
    };
    tasks.iter().filter_map(of_task).flatten().collect()
}

/// The secrets that tasks, indexes and bodies name, each with a value that is good in there alone.
fn secrets(host: &Host, script: &Script) -> BTreeMap<String, String> {
    let declared = &script.declared;
    let of_tasks = declared.tasks.iter().flat_map(|task| &task.secrets);
    let of_indexes = declared.indexes.values().flat_map(|(index, _)| &index.password);
    let names: BTreeSet<String> =
        of_tasks.chain(of_indexes).cloned().chain(script.secrets()).collect();
    let made_up = |name: &str| {
        // What is secret of a webhook is its address.
        let is_address = name.ends_with("_URL") || name.contains("HOOK");
        let nonce = host.nonce();
        if is_address {
            format!("{}/{nonce}", services::HOOKS)
        } else {
            format!("rehearsal-{nonce}")
        }
    };
    let with_value = |name: String| {
        let value = made_up(&name);
        (name, value)
    };
    names.into_iter().map(with_value).collect()
}
