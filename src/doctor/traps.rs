//! What is known to go wrong where a run publishes by its identity: one row for each, judged by what is seen.
//!
//! Sources: <https://docs.pypi.org/trusted-publishers/troubleshooting/>, <https://crates.io/docs/trusted-publishing>,
//! <https://docs.github.com/actions/concepts/security/github_token> (what a run does with its own token starts no
//! other run), <https://docs.github.com/actions/reference/openid-connect-reference>.

use super::workflow::Workflow;
use super::{Identity, Registry};
use crate::workflow::FOLDER;

/// What is seen.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is seen or not")]
pub struct Scene {
    /// Who the run is.
    pub identity: Identity,
    /// The workflow that releases, if it is found.
    pub workflow: Option<Workflow>,
    /// The registries that are sent to.
    pub registries: Vec<Registry>,
    /// Whether the run has an identity now.
    pub offered: bool,
    /// Whether this is a run of GitHub Actions.
    pub on_github: bool,
    /// Whether a task makes a release on GitHub.
    pub makes_release: bool,
    /// Whether a task pushes from a job of GitLab.
    pub pushes_on_gitlab: bool,
    /// Whether the repository is a fork, if that is known.
    pub fork: bool,
}

/// What to beware of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trap {
    /// A word for programs.
    pub name: &'static str,
    /// What is seen.
    pub what: String,
    /// What to do.
    pub hint: String,
}

type Look = fn(&Scene) -> Option<(String, String)>;

/// All traps, with how each is seen.
const TRAPS: &[(&str, Look)] = &[
    ("reusable-workflow", reusable),
    ("release-event", release_event),
    ("environment", environment),
    ("no-identity", no_identity),
    ("pending-publisher", pending),
    ("fork", fork),
    ("event", event),
    ("token-beside-identity", token),
    ("job-token", job_token),
];

/// The traps that are seen.
pub fn traps(scene: &Scene) -> Vec<Trap> {
    let seen = |(name, look): &(&'static str, Look)| {
        let (what, hint) = look(scene)?;
        Some(Trap { name, what, hint })
    };
    TRAPS.iter().filter_map(seen).collect()
}

fn said(what: impl Into<String>, hint: impl Into<String>) -> Option<(String, String)> {
    Some((what.into(), hint.into()))
}

/// Whether an index of PyPI's kind is sent to.
fn to_pypi(scene: &Scene) -> bool {
    scene.registries.iter().any(|registry| !registry.rust)
}

fn reusable(scene: &Scene) -> Option<(String, String)> {
    if !to_pypi(scene) {
        return None;
    }
    let hint = "define the job that publishes in the workflow that starts the run: PyPI takes no reusable one";
    let own = scene.identity.workflow.as_deref().zip(scene.identity.repository.as_deref());
    if let (Some(defined), Some((file, repository))) = (&scene.identity.defined_in, own) {
        let path = defined.split('@').next().unwrap_or_default();
        if path != format!("{repository}/{FOLDER}/{file}") {
            return said(
                format!("this job is defined in {path}, and {file} started the run"),
                hint,
            );
        }
    }
    let workflow = scene.workflow.as_ref()?;
    let called = workflow.triggers.iter().any(|trigger| trigger == "workflow_call");
    called.then(|| said(format!("{} may be called by other workflows", workflow.file), hint))?
}

fn release_event(scene: &Scene) -> Option<(String, String)> {
    let workflow = scene.workflow.as_ref().filter(|_| scene.makes_release)?;
    if workflow.triggers != ["release"] {
        return None;
    }
    said(
        format!("{} starts with a release, and this task makes one itself", workflow.file),
        "start it with a tag or by hand: what a run does with GITHUB_TOKEN starts no other run",
    )
}

fn environment(scene: &Scene) -> Option<(String, String)> {
    let mut declared = scene
        .registries
        .iter()
        .filter_map(|registry| Some((registry.name.as_str(), registry.environment.as_deref()?)));
    // Without a token nothing is known of this job.
    if scene.identity.defined_in.is_some() {
        let now = scene.identity.environment.as_deref();
        let (place, name) = declared.find(|(_, name)| now.is_none_or(|now| !same(now, name)))?;
        let job = now.map_or("no environment".to_owned(), |now| format!("the environment `{now}`"));
        return said(
            format!("this job runs in {job}, and {place} is sent to from `{name}`"),
            format!("give the job `environment: {name}`, or send to {place} in a job of its own"),
        );
    }
    let workflow = scene.workflow.as_ref()?;
    let named = workflow.environments.as_ref()?;
    let (_, name) = declared.find(|(_, name)| !named.iter().any(|known| same(known, name)))?;
    said(
        format!("no job of {} names the environment `{name}`", workflow.file),
        format!("give the job that publishes `environment: {name}`"),
    )
}

/// GitHub does not tell upper from lower case there.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn no_identity(scene: &Scene) -> Option<(String, String)> {
    let hint = "give the job that publishes `permissions: id-token: write`";
    if scene.registries.is_empty() || scene.offered {
        return None;
    }
    if scene.on_github {
        return said("this job has no identity", hint);
    }
    let workflow = scene.workflow.as_ref().filter(|workflow| !workflow.has_identity)?;
    said(format!("no job of {} may get an identity", workflow.file), hint)
}

fn pending(scene: &Scene) -> Option<(String, String)> {
    let python = scene.registries.iter().filter(|registry| !registry.rust);
    let new = python.flat_map(|registry| {
        let new = registry.projects.iter().filter(|project| project.there == Some(false));
        new.map(|project| format!("`{}` on {}", project.name, registry.name))
    });
    let new: Vec<String> = new.collect();
    if new.is_empty() {
        return None;
    }
    said(
        format!(
            "{} is new: its pending publisher reserves no name, and ends after 30 days",
            new.join(", ")
        ),
        "release soon after filling it in: the first login makes the project, even if its upload fails",
    )
}

fn fork(scene: &Scene) -> Option<(String, String)> {
    let repository = scene.identity.repository.as_deref().filter(|_| scene.fork)?;
    said(
        format!("{repository} is a fork"),
        "release from the repository that is registered: each has an identity of its own",
    )
}

fn event(scene: &Scene) -> Option<(String, String)> {
    let event = scene.identity.event.as_deref()?;
    let hint = "release from a push of a tag, or by hand";
    match event {
        "pull_request" => said("pull requests of forks get no identity", hint),
        "pull_request_target" => said("registries take no run that a pull request began", hint),
        "workflow_run" if scene.registries.iter().any(|registry| registry.rust) => {
            said("crates.io takes no run that another workflow began", hint)
        }
        _ => None,
    }
}

/// From GitLab's page "CI/CD job token": a setting that is off until somebody ticks it.
fn job_token(scene: &Scene) -> Option<(String, String)> {
    if !scene.pushes_on_gitlab {
        return None;
    }
    said(
        "jobs of GitLab push with their own token, if the project allows it; what they push starts no pipeline",
        "tick Settings > CI/CD > Job token permissions > Allow Git push requests to the repository (GitLab 17.2)",
    )
}

fn token(scene: &Scene) -> Option<(String, String)> {
    let token = scene.registries.iter().find_map(|registry| registry.token.as_deref());
    let token = token.filter(|_| scene.offered)?;
    said(
        format!("{token} lies beside the run's identity, and is not used"),
        "take it away: whoever gets hold of it publishes",
    )
}

#[cfg(test)]
mod tests {
    use super::super::Project;
    use super::*;

    fn registry(rust: bool) -> Registry {
        Registry {
            name: if rust { "crates.io" } else { "pypi" }.into(),
            site: String::new(),
            rust,
            environment: Some("pypi".into()),
            projects: vec![Project { name: "demo".into(), there: Some(true) }],
            token: None,
        }
    }

    fn workflow(triggers: &[&str], environment: &str, has_identity: bool) -> Option<Workflow> {
        Some(Workflow {
            file: "release.yml".into(),
            triggers: triggers.iter().copied().map(str::to_owned).collect(),
            environments: Some(vec![environment.to_owned()]),
            has_identity,
            ..Workflow::default()
        })
    }

    fn scene() -> Scene {
        let workflow = workflow(&["push"], "PyPI", true);
        Scene { workflow, registries: vec![registry(false)], ..Scene::default() }
    }

    fn seen(scene: &Scene) -> Vec<&'static str> {
        traps(scene).into_iter().map(|trap| trap.name).collect()
    }

    #[test]
    fn a_good_workflow_has_none() {
        assert!(seen(&scene()).is_empty());
        assert!(seen(&Scene::default()).is_empty());
    }

    #[test]
    fn what_a_workflow_lacks_is_seen() {
        for (workflow, wanted) in [
            (workflow(&["workflow_call"], "pypi", true), "reusable-workflow"),
            (workflow(&["push"], "other", true), "environment"),
            (workflow(&["push"], "pypi", false), "no-identity"),
        ] {
            assert_eq!(seen(&Scene { workflow, ..scene() }), [wanted]);
        }
        let starts = |triggers: &[&str], makes_release| {
            let workflow = workflow(triggers, "pypi", true);
            seen(&Scene { workflow, makes_release, ..scene() })
        };
        assert_eq!(starts(&["release"], true), ["release-event"]);
        assert!(starts(&["release"], false).is_empty());
        assert!(starts(&["release", "push"], true).is_empty());
    }

    #[test]
    fn crates_may_come_from_a_reusable_workflow() {
        let workflow = workflow(&["workflow_call"], "pypi", true);
        let registries = vec![registry(true)];
        assert!(seen(&Scene { workflow, registries, ..scene() }).is_empty());
    }

    #[test]
    fn what_a_token_tells_counts_more_than_the_file() {
        let identity = |environment: Option<&str>, defined: &str| Identity {
            repository: Some("o/r".into()),
            workflow: Some("release.yml".into()),
            environment: environment.map(str::to_owned),
            defined_in: Some(defined.into()),
            ..Identity::default()
        };
        let on = |identity| Scene { identity, offered: true, on_github: true, ..scene() };
        let own = "o/r/.github/workflows/release.yml@refs/tags/v1";
        assert!(seen(&on(identity(Some("pypi"), own))).is_empty());
        assert_eq!(seen(&on(identity(None, own))), ["environment"]);
        assert_eq!(seen(&on(identity(Some("docs"), own))), ["environment"]);
        let untold = Identity { defined_in: None, ..identity(None, own) };
        assert!(seen(&on(untold)).is_empty(), "no token was asked for");
        let other = "o/shared/.github/workflows/publish.yml@refs/heads/main";
        assert_eq!(seen(&on(identity(Some("pypi"), other))), ["reusable-workflow"]);
    }

    #[test]
    fn a_run_without_an_identity_is_told_on_the_runner() {
        let on = |offered| Scene { offered, on_github: true, workflow: None, ..scene() };
        assert_eq!(seen(&on(false)), ["no-identity"]);
        let none = Scene { on_github: true, ..Scene::default() };
        assert!(seen(&none).is_empty(), "nothing is sent to a registry");
    }

    #[test]
    fn new_projects_forks_and_pull_requests_are_told() {
        let mut new = registry(false);
        new.projects[0].there = Some(false);
        assert_eq!(seen(&Scene { registries: vec![new], ..scene() }), ["pending-publisher"]);
        let mut rust = registry(true);
        rust.projects[0].there = Some(false);
        assert!(seen(&Scene { registries: vec![rust], ..scene() }).is_empty());
        let with = |event: &str, rust| Scene {
            identity: Identity {
                repository: Some("o/r".into()),
                event: Some(event.into()),
                ..Identity::default()
            },
            registries: vec![registry(rust)],
            ..scene()
        };
        assert_eq!(seen(&Scene { fork: true, ..with("push", false) }), ["fork"]);
        assert!(seen(&with("push", false)).is_empty());
        assert_eq!(seen(&with("pull_request", false)), ["event"]);
        assert_eq!(seen(&with("pull_request_target", false)), ["event"]);
        assert_eq!(seen(&with("workflow_run", true)), ["event"]);
        assert!(seen(&with("workflow_run", false)).is_empty());
    }

    #[test]
    fn a_push_from_gitlab_needs_a_setting() {
        let pushes = Scene { pushes_on_gitlab: true, ..scene() };
        assert_eq!(seen(&pushes), ["job-token"]);
    }

    #[test]
    fn a_token_is_a_trap_only_beside_an_identity() {
        let token =
            Registry { token: Some("PYPI_TOKEN".into()), environment: None, ..registry(false) };
        let with = |offered| Scene { registries: vec![token.clone()], offered, ..scene() };
        assert_eq!(seen(&with(true)), ["token-beside-identity"]);
        assert!(seen(&with(false)).is_empty());
    }
}
