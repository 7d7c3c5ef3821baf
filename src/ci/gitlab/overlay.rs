//! A user's steps, services and variables in a pipeline of GitLab.
//!
//! A step is a shell of its own before rel's lines, as each is on GitHub: what ends it ends no job. A service is
//! known by its name as a host, at the port that it listens on: nothing is put before it, and the runner itself
//! waits for the port. From GitLab's page "Services".

use super::job::Pipe;
use crate::ci::jobs::Job;
use crate::ci::overlay;
use crate::ci::scene::Scene;
use crate::ci::yaml::{Yaml, map};
use crate::diag::Diagnostic;
use crate::model::workflow::{Does, Service, Step};

impl Pipe<'_> {
    /// Scripts before rel's.
    pub(super) fn own_lines(&self, job: &Job) -> Vec<Yaml> {
        self.writer.own_steps(job).filter_map(script).collect()
    }

    /// Services, if there are some.
    pub(super) fn own_services(&self, job: &Job) -> Option<Yaml> {
        let one = |service: &Service| {
            let mut entries = vec![
                ("name".to_owned(), Yaml::from(service.image.as_str())),
                ("alias".to_owned(), service.name.as_str().into()),
            ];
            if !service.env.is_empty() {
                entries.push(("variables".into(), Yaml::Map(plain(&service.env))));
            }
            Yaml::Map(entries)
        };
        let all: Vec<Yaml> = self.writer.own_services(job).map(one).collect();
        (!all.is_empty()).then_some(Yaml::List(all))
    }

    /// Variables.
    pub(super) fn own_variables(&self, job: &Job) -> Vec<(String, Yaml)> {
        plain(self.writer.own_env(job))
    }
}

/// Variables whose `$` mean nothing.
fn plain<'a>(all: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<(String, Yaml)> {
    let text = |value: &str| map([("value", value.into()), ("expand", Yaml::Truth(false))]);
    all.into_iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

fn script(step: &Step) -> Option<Yaml> {
    let Does::Run(text) = &step.does else { return None };
    let export = |(name, value): (&String, &String)| {
        format!("export {name}={}\n", shell_words::quote(value))
    };
    let exports: String = step.env.iter().map(export).collect();
    Some(overlay::script(&format!("(\n{exports}{text}\n)")))
}

/// What of it only GitHub knows.
pub(super) fn refusals(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let workflow = scene.workflow;
    let of = &workflow.overlay;
    let elsewhere = "let a workflow for GitLab alone do it in a script, and generate that: `rel ci generate gitlab NAME`";
    let mut wrong = Vec::new();
    let mut say = |site, message: String| {
        wrong.push(Diagnostic::usage(message).at(site).hint(elsewhere));
    };
    for step in &of.steps {
        if let Does::Uses { action, .. } = &step.does {
            let name = action.split('@').next().unwrap_or(action);
            say(&step.site, format!("GitLab has no actions: `{name}`"));
        }
    }
    let steps = of.steps.iter().map(|step| (&step.site, &step.env));
    let services = of.services.iter().map(|service| (&service.site, &service.env));
    let all = steps.chain(services).chain(std::iter::once((&workflow.site, &of.env)));
    for (site, env) in all {
        if let Some((name, _)) = env.iter().find(|(_, value)| value.contains("${{")) {
            say(site, format!("GitLab does not know the expression in `{name}`"));
        }
    }
    wrong
}
