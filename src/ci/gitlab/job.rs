//! A job of GitLab's: what it waits for, holds, takes over and hands on.
//!
//! Only jobs that send by the run's identity get tokens, each for one audience; a job that sends fetches no
//! repository. What asks (`.confirm`) waits for a person at the job itself. Images cannot be looked up here, so a
//! user says theirs; the usual one has what rel and its recipes start: git, curl and a Python.

use std::collections::BTreeSet;

use super::{inputs, rules, script, stage};
use crate::ci::github::{Writer, hands_on};
use crate::ci::jobs::{Follows, Job, Role};
use crate::ci::steps::KEPT;
use crate::ci::yaml::{Yaml, map, texts};
use crate::model::task::Destination;

/// The image of jobs whose Releasefile names none.
const IMAGE: &str = "python:3.13-bookworm";
/// Names at the top of the file that are no jobs'.
const RESERVED: &[&str] = &[
    "after_script",
    "before_script",
    "cache",
    "default",
    "false",
    "image",
    "include",
    "nil",
    "pages",
    "services",
    "spec",
    "stages",
    "true",
    "types",
    "variables",
    "workflow",
];

/// Who signs for an index shows a second token.
const SIGNING: (&str, &str) = ("SIGSTORE_ID_TOKEN", "sigstore");

/// The variables with tokens that rel looks for, each with the audience that stands in it.
fn tokens_of(destination: &Destination) -> &'static [(&'static str, &'static str)] {
    match destination {
        Destination::Pypi => &[("PYPI_ID_TOKEN", "pypi"), SIGNING],
        Destination::Testpypi => &[("TESTPYPI_ID_TOKEN", "testpypi"), SIGNING],
        Destination::Crates => &[("CRATES_IO_ID_TOKEN", "crates.io")],
        _ => &[],
    }
}

/// Writes the jobs of a workflow.
pub(super) struct Pipe<'a> {
    pub(super) writer: Writer<'a>,
    /// Whether it is one of several that are started by hand.
    pub(super) chosen: bool,
}

impl Pipe<'_> {
    /// A job with its name. What follows in any case is two: GitLab tells a job how others ended only by
    /// whether it is there.
    pub(super) fn written(&self, at: usize) -> Vec<(String, Yaml)> {
        let job = &self.writer.jobs.0[at];
        let name = self.name(job);
        match job.like.role {
            Role::Follow(Follows::Always) => vec![
                (name.clone(), self.job(at, Follows::Always)),
                (format!("{name}:failed"), self.job(at, Follows::Failure)),
            ],
            _ => vec![(name, self.job(at, Follows::Failure))],
        }
    }

    /// The workflow's name stands before the job's, unless they are the same.
    fn name(&self, job: &Job) -> String {
        let workflow = &self.writer.scene.workflow.name;
        let alone = *workflow == job.id && !RESERVED.contains(&job.id.as_str());
        if alone { workflow.clone() } else { format!("{workflow}:{}", job.id) }
    }

    fn job(&self, at: usize, follows: Follows) -> Yaml {
        let job = &self.writer.jobs.0[at];
        let source = self.writer.source(at);
        let role = job.like.role;
        let mut entries: Vec<(String, Yaml)> = Vec::new();
        let mut add = |key: &str, value: Yaml| entries.push((key.to_owned(), value));
        add("stage", stage(role).into());
        match &job.like.runner {
            Some(label) => add("tags", Yaml::List(vec![label.as_str().into()])),
            None => {
                let own = self.writer.scene.declared.image.as_deref();
                add("image", own.unwrap_or(IMAGE).into());
            }
        }
        if let Some(services) = self.own_services(job) {
            add("services", services);
        }
        match role {
            // It waits for all stages before its own, and takes nothing over.
            Role::Follow(_) => add("dependencies", Yaml::List(Vec::new())),
            _ => add("needs", self.needs(job, source)),
        }
        add("rules", self.rules(job, follows));
        add("interruptible", Yaml::Truth(false));
        add("timeout", format!("{} minutes", self.writer.minutes(job)).into());
        if let Some(environment) = &job.like.environment {
            add("environment", self.environment(job, environment));
        }
        if role.sends() {
            // One sending job of a ref at a time: it holds jobs apart, not whole pipelines.
            let name = &self.writer.scene.workflow.name;
            add("resource_group", format!("{name}-$CI_COMMIT_REF_SLUG").into());
        }
        let tokens = tokens(&job.like.destinations);
        if !tokens.is_empty() {
            let one =
                |(name, audience): (&str, &str)| (name.to_owned(), map([("aud", audience.into())]));
            add("id_tokens", Yaml::Map(tokens.into_iter().map(one).collect()));
        }
        add("variables", Yaml::Map(self.variables(job)));
        let own = self.script(job, source, follows).into_iter().map(Yaml::Text);
        add("script", Yaml::List(self.own_lines(job).into_iter().chain(own).collect()));
        if hands_on(role) {
            add("artifacts", artifacts(job));
        }
        Yaml::Map(entries)
    }

    fn needs(&self, job: &Job, source: Option<&Job>) -> Yaml {
        let jobs = &self.writer.jobs.0;
        let mut all: Vec<&Job> = job.needs.iter().map(|need| &jobs[*need]).collect();
        all.extend(source.filter(|source| all.iter().all(|known| known.id != source.id)));
        let one = |need: &Job| {
            let is_part = job.like.role == Role::Build && need.like.role == Role::Part;
            let taken = is_part || source.is_some_and(|source| source.id == need.id);
            map([("job", self.name(need).into()), ("artifacts", Yaml::Truth(taken))])
        };
        Yaml::List(all.into_iter().map(one).collect())
    }

    fn rules(&self, job: &Job, follows: Follows) -> Yaml {
        let role = job.like.role;
        let asks = job.nodes.iter().any(|node| self.writer.task(*node).confirm.is_some());
        let when = match role {
            Role::Follow(_) if follows == Follows::Failure => Some("on_failure"),
            _ if role.sends() && asks => Some("manual"),
            _ => None,
        };
        // Who waits for a job that is not there would break the pipeline.
        let live = role.sends() || role == Role::After;
        let all = rules::conditions(self.writer.scene.workflow, live, self.chosen);
        let one = |condition: rules::Condition| {
            let mut rule = vec![("if".to_owned(), Yaml::Text(condition.text))];
            rule.extend(when.map(|when| ("when".to_owned(), when.into())));
            if condition.passing {
                rule.push(("interruptible".into(), Yaml::Truth(true)));
            }
            Yaml::Map(rule)
        };
        Yaml::List(all.into_iter().map(one).collect())
    }

    fn environment(&self, job: &Job, name: &str) -> Yaml {
        let to = || job.like.destinations.iter();
        let place = to().find(|to| **to != Destination::GithubRelease);
        let url = place.and_then(|to| self.writer.scene.places.urls.get(to));
        let tests = to().all(|to| *to == Destination::Testpypi);
        let tier = if tests { "testing" } else { "production" };
        let mut entries = vec![("name".to_owned(), Yaml::from(name))];
        entries.extend(url.map(|url| ("url".to_owned(), url.as_str().into())));
        entries.push(("deployment_tier".into(), tier.into()));
        Yaml::Map(entries)
    }

    fn variables(&self, job: &Job) -> Vec<(String, Yaml)> {
        let fetched = if job.like.role == Role::Send {
            ("GIT_STRATEGY".to_owned(), Yaml::from("none"))
        } else {
            ("GIT_DEPTH".to_owned(), Yaml::from("0"))
        };
        let mut all = vec![fetched];
        if self.writer.commits(job) {
            // Git asks who commits, and on a runner nobody has told it.
            let of = |role: &str, what: &str, value: &str| {
                (format!("GIT_{role}_{what}"), Yaml::from(value))
            };
            all.extend(["AUTHOR", "COMMITTER"].into_iter().flat_map(|role| {
                [of(role, "NAME", "$GITLAB_USER_NAME"), of(role, "EMAIL", "$GITLAB_USER_EMAIL")]
            }));
        }
        if job.like.role != Role::Send {
            let params = self.writer.asked.iter().flat_map(|asked| asked.params);
            all.extend(inputs::variables(params));
        }
        all.extend(self.own_variables(job));
        all
    }
}

fn tokens(destinations: &BTreeSet<Destination>) -> Vec<(&'static str, &'static str)> {
    let all: BTreeSet<_> = destinations.iter().flat_map(tokens_of).copied().collect();
    all.into_iter().collect()
}

/// The bundle, and its digest as a report that GitLab itself reads.
fn artifacts(job: &Job) -> Yaml {
    map([
        ("paths", texts(&[script::bundle(job)])),
        ("access", "developer".into()),
        ("expire_in", format!("{KEPT} days").into()),
        ("reports", map([("dotenv", "bundle.env".into())])),
    ])
}
