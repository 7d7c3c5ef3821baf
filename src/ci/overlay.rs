//! What users own in the jobs: their steps, services and variables, where these can do no harm.
//!
//! They go to the jobs that run the project's code anyway, which may only read: those that check, build and
//! look. A job that sends, pushes or follows never has them, nor does one with a secret or an environment: where
//! one that should have them holds such a thing, the workflow is refused, since a library that is missing there
//! would be found out late. From GitHub's pages "About service containers" and "Workflow syntax".

use super::github::Writer;
use super::jobs::{Job, MACHINE, Role};
use super::yaml::{Yaml, texts};
use crate::diag::{Diagnostic, Word};
use crate::model::workflow::{Does, Overlay, Service, Step};

/// How often a service is asked whether it is ready, and how long it may take: two minutes.
const PATIENCE: &str = "--health-interval 5s --health-timeout 5s --health-retries 24";

/// Whether a job of this kind runs the project's code and sends nothing.
fn is_open(role: Role) -> bool {
    matches!(role, Role::Check | Role::Part | Role::Build | Role::After)
}

fn label(job: &Job) -> &str {
    job.like.runner.as_deref().unwrap_or(MACHINE)
}

impl<'a> Writer<'a> {
    fn overlay(&self) -> &'a Overlay {
        &self.scene.workflow.overlay
    }

    fn open(&self) -> impl Iterator<Item = &'a Job> {
        self.jobs.0.iter().filter(|job| is_open(job.like.role))
    }

    /// The user's steps in a job.
    pub(super) fn own_steps(&self, job: &Job) -> impl Iterator<Item = &'a Step> {
        let all = if is_open(job.like.role) { &self.overlay().steps[..] } else { &[] };
        all.iter().filter(|step| is_for(step.runner.as_ref(), job))
    }

    /// The user's services beside it.
    pub(super) fn own_services(&self, job: &Job) -> impl Iterator<Item = &'a Service> {
        let all = if is_open(job.like.role) { &self.overlay().services[..] } else { &[] };
        all.iter().filter(|service| is_for(service.runner.as_ref(), job))
    }

    /// The user's variables in it.
    pub(super) fn own_env(&self, job: &Job) -> impl Iterator<Item = (&'a String, &'a String)> {
        self.overlay().env.iter().filter(|_| is_open(job.like.role))
    }

    /// What stands against the user's part of the workflow.
    pub(super) fn against_overlay(&self) -> Vec<Diagnostic> {
        let overlay = self.overlay();
        if overlay.is_empty() {
            return Vec::new();
        }
        let mut wrong: Vec<Diagnostic> = self.open().filter_map(|job| self.held(job)).collect();
        wrong.extend(overlay.runners().filter_map(|word| self.nowhere(word)));
        wrong.extend(self.open().filter_map(|job| self.without_containers(job)));
        wrong
    }

    /// A secret or an environment of a job that the user's part would stand in.
    fn held(&self, job: &Job) -> Option<Diagnostic> {
        let secret = job.like.secrets.first().map(|name| format!("takes the secret `{name}`"));
        let environment = job.like.environment.as_ref();
        let what =
            secret.or_else(|| environment.map(|name| format!("has environment `{name}`")))?;
        let workflow = self.scene.workflow;
        let message =
            format!("job `{}` of `{}` {what}, beside steps of your own", job.id, workflow.name);
        let wrong = Diagnostic::usage(message);
        let wrong = wrong.at(self.overlay().site().unwrap_or(&workflow.site));
        Some(
            wrong
                .note("`.step`, `.service` and `.env` are for jobs that hold nothing")
                .hint("let another workflow run the task that asks for it"),
        )
    }

    /// A label that no job has.
    fn nowhere(&self, word: &Word) -> Option<Diagnostic> {
        let labels: Vec<&str> = self.open().map(label).collect();
        if labels.contains(&word.text.as_str()) {
            return None;
        }
        let message = format!(
            "no job of `{}` that builds or checks runs on `{}`",
            self.scene.workflow.name, word.text
        );
        Some(Diagnostic::usage(message).at(&word.site).suggest(&word.text, labels))
    }

    /// A service on a machine that has no containers.
    fn without_containers(&self, job: &Job) -> Option<Diagnostic> {
        let label = label(job);
        let service = self.own_services(job).next()?;
        if !label.starts_with("macos") && !label.starts_with("windows") {
            return None;
        }
        let message = format!("the service `{}` would stand beside a job on {label}", service.name);
        let wrong = Diagnostic::usage(message).at(&service.site);
        let hint = format!("let it be for others alone: `runner: \"{MACHINE}\"`");
        Some(wrong.note("containers run on Linux only").hint(hint))
    }

    /// The keys of a job of GitHub's.
    pub(super) fn own_keys(&self, job: &Job) -> Vec<(String, Yaml)> {
        let env = variables(self.own_env(job));
        let services: Vec<(String, Yaml)> = self
            .own_services(job)
            .map(|service| (service.name.clone(), on_github(service)))
            .collect();
        let keys = [("env", env), ("services", services)];
        let filled = keys.into_iter().filter(|(_, of)| !of.is_empty());
        filled.map(|(key, of)| (key.to_owned(), Yaml::Map(of))).collect()
    }
}

fn is_for(runner: Option<&Word>, job: &Job) -> bool {
    runner.is_none_or(|word| word.text == label(job))
}

fn variables<'a>(all: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<(String, Yaml)> {
    all.into_iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
}

fn on_github(service: &Service) -> Yaml {
    let mut entries = vec![("image".to_owned(), Yaml::from(service.image.as_str()))];
    if !service.env.is_empty() {
        entries.push(("env".into(), Yaml::Map(variables(&service.env))));
    }
    if !service.ports.is_empty() {
        entries.push(("ports".into(), texts(&service.ports)));
    }
    if let Some(health) = &service.health {
        entries.push(("options".into(), format!("--health-cmd \"{health}\" {PATIENCE}").into()));
    }
    Yaml::Map(entries)
}

/// A user's step as one of GitHub's.
pub(super) fn step(step: &Step) -> Yaml {
    let mut entries: Vec<(String, Yaml)> = Vec::new();
    entries.extend(step.name.as_ref().map(|name| ("name".to_owned(), name.as_str().into())));
    let env = (!step.env.is_empty()).then(|| Yaml::Map(variables(&step.env)));
    let env = env.map(|env| ("env".to_owned(), env));
    match &step.does {
        Does::Run(text) => {
            entries.extend(env);
            entries.push(("run".into(), script(text)));
        }
        Does::Uses { action, version, with } => {
            let pinned = match version {
                Some(version) => Yaml::Noted(action.clone(), version.clone()),
                None => action.as_str().into(),
            };
            entries.push(("uses".into(), pinned));
            entries.extend(env);
            if !with.is_empty() {
                entries.push(("with".into(), Yaml::Map(variables(with))));
            }
        }
    }
    Yaml::Map(entries)
}

/// A script as a block, unless its first line would hide where the others begin.
pub(super) fn script(text: &str) -> Yaml {
    let is_plain = |c: char| c == '\n' || !c.is_control();
    if text.contains('\n') && !text.starts_with(' ') && text.chars().all(is_plain) {
        Yaml::Block(format!("{text}\n"))
    } else {
        text.into()
    }
}
