//! What GitLab cannot do of what a workflow wants.
//!
//! Only what GitHub's own services do for GitHub's runs: a store of attestations that takes its identities alone,
//! a token for releases that each job has. A job's token pushes where the project allows it; that is a setting, which `rel doctor`
//! names.

use super::rules::is_known;
use crate::ci::scene::Scene;
use crate::diag::{Diagnostic, Site};
use crate::graph::Graph;
use crate::model::task::{Destination, Task};

const ELSEWHERE: &str = "let another workflow do that on GitHub, and generate the others: `rel ci generate gitlab NAME`";

/// All of it.
pub(super) fn on_gitlab(scene: &Scene<'_>, graph: &Graph) -> Vec<Diagnostic> {
    let mut wrong: Vec<Diagnostic> = triggers(scene);
    let mut seen: Vec<&str> = Vec::new();
    for node in graph.order() {
        let task = &scene.declared.tasks[graph.instance(node).task];
        if !seen.contains(&task.name.as_str()) {
            seen.push(&task.name);
            wrong.extend(of_task(task));
        }
    }
    wrong
}

fn triggers(scene: &Scene<'_>) -> Vec<Diagnostic> {
    let (name, on) = (&scene.workflow.name, &scene.workflow.on);
    let mut wrong = Vec::new();
    let mut say = |message: String, hint: &str| {
        wrong.push(Diagnostic::usage(message).at(&scene.workflow.site).hint(hint));
    };
    if on.call {
        say(
            format!("no pipeline of GitLab calls `{name}` as a workflow"),
            "take `call` away, or generate the others: `rel ci generate gitlab NAME`",
        );
    }
    if !on.release.is_empty() {
        say(
            format!("no release starts `{name}` on GitLab"),
            "start it with the tag: .on(#{ tags: \"v*\" })",
        );
    }
    let patterns = on.push.iter().chain(&on.tags).chain(on.pull_request.iter().flatten());
    for pattern in patterns.filter(|pattern| !is_known(pattern)) {
        say(
            format!("GitLab has no such pattern of names: `{pattern}`"),
            "write it with `*` and `**` alone",
        );
    }
    wrong
}

/// What a task would do that GitLab cannot.
fn of_task(task: &Task) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    let mut say = |site: &Site, what: &str, hint: &str| {
        let message = format!("`{}` {what}", task.name);
        wrong.push(Diagnostic::usage(message).at(site).hint(hint));
    };
    for (destination, site) in &task.effects {
        let has_token = task.secrets.iter().any(|name| name == "GITHUB_TOKEN");
        match destination {
            Destination::Attestations => say(
                site,
                "stores attestations at GitHub, which takes those of its own runs alone",
                ELSEWHERE,
            ),
            Destination::GithubRelease if !has_token => say(
                site,
                "makes a release on GitHub, for which a job of GitLab has no token",
                "add `.secrets(\"GITHUB_TOKEN\")`, and name the repository: `repository: \"owner/name\"`",
            ),
            _ => {}
        }
    }
    wrong
}
