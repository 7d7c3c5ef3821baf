//! What stands against a workflow, whatever its jobs are: it would never start, could not send, or should not.
//!
//! From PyPI's and GitHub's documentation: a called workflow is not the one that PyPI trusts; what a job does
//! with its own token starts no other workflow, but by `workflow_dispatch` and `repository_dispatch`.

use super::scene::Scene;
use super::{graph, privilege, triggers};
use crate::diag::Diagnostic;
use crate::graph::Graph;
use crate::model::task::{Declared, Destination, Task};

/// What stands against the workflow, whatever its jobs are.
pub(super) fn refusals(scene: &Scene<'_>, graph: &Graph) -> Vec<Diagnostic> {
    let Scene { declared, workflow, .. } = scene;
    let (name, on) = (&workflow.name, &workflow.on);
    let mut wrong = triggers::problems(workflow, &declared.tasks);
    let mut say = |message: String, hint: &str| {
        wrong.push(Diagnostic::usage(message).at(&workflow.site).hint(hint));
    };
    if on.is_empty() {
        say(
            format!("nothing starts CI workflow `{name}`"),
            "say what does: .on(#{ push: [\"main\"] })",
        );
    }
    let tasks: Vec<&Task> =
        graph.order().map(|node| &declared.tasks[graph.instance(node).task]).collect();
    let sends = tasks.iter().any(|task| !task.effects.is_empty());
    let sends_to = |wanted: &dyn Fn(&Destination) -> bool| {
        tasks.iter().find(|task| task.effects.iter().any(|(destination, _)| wanted(destination)))
    };
    if let (true, Some(task)) = (on.call, sends_to(&privilege::is_trusted_index)) {
        say(
            format!("`{}` publishes to PyPI, and another workflow may call `{name}`", task.name),
            "take `call` away: PyPI trusts the file that was started, never one that is called",
        );
    }
    if on.pull_request.is_some() && sends {
        say(
            format!("a pull request would start `{name}`, which sends"),
            "take `pull_request` away, or let the workflow run a task that sends nothing",
        );
    }
    // Where a person may start it as well, it does not rely on that event.
    let relies = !on.release.is_empty() && on.dispatch.is_none();
    if let (true, Some(task)) = (relies, makes_release(declared)) {
        say(
            format!(
                "no release would start `{name}`: `{}` makes it with a job's own token",
                task.name
            ),
            "let a person start it as well: `dispatch: true`; or let what follows need that task",
        );
    }
    if on.dispatch.as_ref().is_some_and(|dispatch| dispatch.live) && !sends {
        say(format!("`{name}` sends nothing, live or not"), "write `dispatch: true`");
    }
    wrong.extend(tasks.iter().filter_map(|task| unanswered(task)));
    wrong
}

/// A task that makes a release on GitHub in one of the workflows.
fn makes_release(declared: &Declared) -> Option<&Task> {
    let releases = |task: &&Task| {
        task.effects.iter().any(|(destination, _)| *destination == Destination::GithubRelease)
    };
    // What is wrong with another workflow's graph is told when that is written.
    let graphs = declared.workflows.iter().filter_map(|other| graph(&declared.tasks, other).ok());
    let tasks = graphs
        .flat_map(|graph| graph.order().map(|node| graph.instance(node).task).collect::<Vec<_>>());
    tasks.map(|task| &declared.tasks[task]).find(releases)
}

/// A question that nobody could answer.
fn unanswered(task: &Task) -> Option<Diagnostic> {
    task.confirm.as_ref().filter(|_| task.environment.is_none())?;
    let wrong = Diagnostic::usage(format!(
        "`{}` asks before it sends, and in CI nobody answers",
        task.name
    ));
    Some(
        wrong
            .at(&task.site)
            .hint("add `.environment(\"release\")`, and give that environment reviewers"),
    )
}
