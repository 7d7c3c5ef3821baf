//! What `rel doctor` thinks about, gathered: from variables, git, the workflows here, and where it may ask, from
//! registries, GitHub and the CI service.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::super::lint;
use crate::doctor::traps::Scene;
use crate::doctor::workflow::Workflow;
use crate::doctor::{Identity, Project, Registry};
use crate::guard::{self, Ground};
use crate::host::fs;
use crate::host::net::host_of;
use crate::model::task::{Destination, Index};
use crate::remote::github::settings;
use crate::remote::{crates, oidc, standing, status, trusted};
use crate::report::doctor::Git;
use crate::workflow::{self, FOLDER, File};

const PIPELINE: &str = crate::ci::GITLAB;

/// Where things are looked up.
pub(super) struct Place<'a> {
    pub(super) ground: &'a Ground<'a>,
    /// The task that releases.
    pub(super) task: &'a str,
}

impl Place<'_> {
    /// All that is seen.
    pub(super) fn scene(&self) -> Scene {
        let ground = self.ground;
        let env = &ground.host.env;
        let registries = self.registries();
        let started = env.get("GITHUB_WORKFLOW_REF").and_then(file_of_ref).map(str::to_owned);
        let workflow = self.workflow(started.as_deref());
        let claims = self.claims();
        let identity = identity(ground, &claims, started, workflow.as_ref());
        let fork = identity.repository.as_deref().filter(|_| !ground.offline).is_some_and(|name| {
            let known = settings::repository(ground.host, name, ground.stop).ok().flatten();
            known.is_some_and(|known| known.fork)
        });
        Scene {
            offered: self.offered(),
            on_github: env.get("GITHUB_ACTIONS") == Some("true"),
            makes_release: ground.sends_to(&Destination::GithubRelease),
            pushes_on_gitlab: ground.sends_to(&Destination::GitPush)
                && fs::exists(&ground.repo.root().join(PIPELINE)),
            identity,
            workflow,
            registries,
            fork,
        }
    }

    fn offered(&self) -> bool {
        let host = self.ground.host;
        standing::crates_identity(host)
            || self.ground.indexes.iter().any(|index| trusted::is_offered(host, index))
    }

    /// What a token of this very run says of it; empty where there is none, or nobody may be asked.
    fn claims(&self) -> Map<String, Value> {
        let host = self.ground.host;
        if self.ground.offline { Map::new() } else { oidc::shown(host, self.ground.stop) }
    }

    /// The workflow that releases: the one that started this run, else the only one here that sends, else the only
    /// one of these that names the task.
    fn workflow(&self, started: Option<&str>) -> Option<Workflow> {
        let (_, files) = lint::found_above(self.ground.repo.root())?;
        let mut all: Vec<Workflow> = files.iter().filter_map(|path| read(path)).collect();
        if let Some(started) = started {
            return all.into_iter().find(|one| one.file == started);
        }
        all.retain(|one| one.sends);
        if all.len() > 1 {
            all.retain(|one| one.words.iter().any(|word| word == self.task));
        }
        if all.len() == 1 { all.pop() } else { None }
    }

    /// The registries that take an identity, with what is sent there.
    fn registries(&self) -> Vec<Registry> {
        let mut named: BTreeMap<Option<String>, Vec<Project>> = BTreeMap::new();
        for name in guard::names_here(self.ground) {
            let there = self.there(&name);
            named.entry(name.index).or_default().push(Project { name: name.project, there });
        }
        let indexes = self.ground.indexes.iter().filter(|index| index.exchange.is_some());
        let python = indexes.map(|index| Registry {
            name: index.name.clone(),
            site: index.simple.trim_end_matches('/').trim_end_matches("/simple").to_owned(),
            rust: false,
            environment: self.environment(&index.destination()),
            projects: named.remove(&Some(index.name.clone())).unwrap_or_default(),
            token: self.token(index),
        });
        let mut all: Vec<Registry> = python.collect();
        if self.ground.sends_to(&Destination::Crates) {
            let env = &self.ground.host.env;
            let site = self.ground.host.endpoints.crates.api.clone();
            all.push(Registry {
                name: host_of(&site).unwrap_or_default(),
                site,
                rust: true,
                environment: self.environment(&Destination::Crates),
                projects: named.remove(&None).unwrap_or_default(),
                token: env.secret(crates::TOKEN).map(|_| crates::TOKEN.to_owned()),
            });
        }
        all
    }

    /// Whether a project is there; `None` if that is not known.
    fn there(&self, name: &guard::Name) -> Option<bool> {
        let Ground { host, stop, indexes, offline, .. } = self.ground;
        if *offline {
            return None;
        }
        match &name.index {
            None => Some(status::krate(host, &name.project, stop).ok()?.known),
            Some(index) => {
                let index = indexes.iter().find(|known| known.name == *index)?;
                Some(standing::python(host, index, &name.project, stop).ok()?.is_some())
            }
        }
    }

    /// The environment of the task that sends there.
    fn environment(&self, place: &Destination) -> Option<String> {
        let sends = |task: &&&crate::model::task::Task| {
            task.effects.iter().any(|(to, _)| to == place) && task.environment.is_some()
        };
        self.ground.sending.iter().find(sends)?.environment.clone()
    }

    fn token(&self, index: &Index) -> Option<String> {
        let env = &self.ground.host.env;
        index.password.iter().find(|name| env.secret(name).is_some()).cloned()
    }
}

/// One that cannot be read is passed over: it is `rel ci lint` that says so.
fn read(path: &Path) -> Option<Workflow> {
    let name = path.file_name()?.to_str()?;
    let file = File::read(name, &fs::read_plain_text(path).ok()?).ok()?;
    // Indexes are told apart by the linter alone.
    let found = file.workflow(&workflow::Project::default()).ok()?;
    Some(Workflow::of(name, &found))
}

fn identity(
    ground: &Ground<'_>,
    claims: &Map<String, Value>,
    started: Option<String>,
    workflow: Option<&Workflow>,
) -> Identity {
    let claim = |name: &str| claims.get(name)?.as_str().map(str::to_owned);
    let env = |name: &str| ground.host.env.get(name).map(str::to_owned);
    let tag = || {
        let tags = &ground.repo.head()?.tags;
        tags.first().map(|tag| format!("refs/tags/{tag}"))
    };
    let branch = || ground.repo.branch().map(|branch| format!("refs/heads/{branch}"));
    if let Some((repository, file)) = on_gitlab(ground) {
        let (workflow, reference) = (Some(file), tag().or_else(branch));
        let on_gitlab = true;
        return Identity { on_gitlab, repository, workflow, reference, ..Identity::default() };
    }
    let file = claim("workflow_ref").as_deref().and_then(file_of_ref).map(str::to_owned);
    Identity {
        on_gitlab: false,
        repository: claim("repository").or_else(|| ground.repository()),
        workflow: file.or(started).or_else(|| workflow.map(|workflow| workflow.file.clone())),
        reference: claim("ref").or_else(|| env("GITHUB_REF")).or_else(tag).or_else(branch),
        event: claim("event_name").or_else(|| env("GITHUB_EVENT_NAME")),
        environment: claim("environment"),
        defined_in: claim("job_workflow_ref"),
    }
}

/// The project's path and its pipeline's, in a job of GitLab; elsewhere if it has a pipeline, and its remote is
/// not on GitHub.
fn on_gitlab(ground: &Ground<'_>) -> Option<(Option<String>, String)> {
    let env = |name: &str| ground.host.env.get(name).map(str::to_owned);
    if env("GITLAB_CI").is_some() {
        return Some((env("CI_PROJECT_PATH"), env("CI_CONFIG_PATH").unwrap_or(PIPELINE.into())));
    }
    let has_pipeline = fs::exists(&ground.repo.root().join(PIPELINE));
    let remote = || path_of(&ground.repo.remote("origin")?);
    (has_pipeline && ground.repository().is_none()).then(|| (remote(), PIPELINE.into()))
}

/// The path of a remote, in both forms that git has: `https://host/a/b.git`, `git@host:a/b.git`.
fn path_of(remote: &str) -> Option<String> {
    let path = match remote.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => remote.split_once(':')?.1,
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    path.contains('/').then(|| path.to_owned())
}

/// The file in `owner/name/.github/workflows/release.yml@refs/heads/main`.
fn file_of_ref(reference: &str) -> Option<&str> {
    let path = reference.split('@').next()?;
    Some(path.split_once(&format!("/{FOLDER}/"))?.1).filter(|file| !file.is_empty())
}

/// How the checkout stands.
pub(super) fn git(ground: &Ground<'_>) -> Git {
    let repo = ground.repo;
    let head = repo.head();
    Git {
        commit: head.map(|head| head.commit.clone()),
        tags: head.map(|head| head.tags.clone()).unwrap_or_default(),
        branch: repo.branch(),
        repository: ground.repository(),
        shallow: repo.is_shallow() == Some(true),
        changes: head.and_then(|_| repo.changes(None)).map(|changes| changes.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::{file_of_ref, path_of};

    #[test]
    fn a_remote_tells_the_project_whichever_way_it_is_written() {
        for remote in
            ["https://git.example/a/b/c.git", "git@git.example:a/b/c.git", "ssh://g@h:22/a/b/c"]
        {
            assert_eq!(path_of(remote).as_deref(), Some("a/b/c"), "{remote}");
        }
        assert!(
            ["../c", "https://git.example/c", "c"].iter().all(|remote| path_of(remote).is_none())
        );
    }

    #[test]
    fn the_workflow_is_a_file_of_its_own_folder() {
        let of = |path: &str| file_of_ref(path).map(str::to_owned);
        assert_eq!(of("o/r/.github/workflows/a.yml@refs/tags/v1"), Some("a.yml".into()));
        assert_eq!(of("o/r/.github/workflows/@refs/tags/v1"), None);
        assert_eq!(of("Release"), None);
    }
}
