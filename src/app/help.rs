//! `rel help`: of rel, of a command, of a task. A command goes before a task of the same name.

use std::sync::Arc;

use super::Project;
use super::session::Done;
use crate::cli::{self, COMMANDS};
use crate::diag::{Diagnostic, Exit, nearest};
use crate::graph::{Graph, Kind};
use crate::host::Host;
use crate::model::task::Task;
use crate::report::help;

/// Prints the help of `topic`, a task's or a command's; without one, that of rel.
///
/// # Errors
/// There is no such task or command.
pub(super) fn run(host: &Arc<Host>, topic: Option<&str>) -> Done {
    if let Some(text) = cli::help(topic) {
        host.out(&text);
        return Ok(Exit::OK);
    }
    let topic = topic.unwrap_or_default();
    let project = Project::open(host).map_err(|wrong| {
        // Without a Releasefile a slip in a command's name is still one.
        let near = nearest(topic, COMMANDS.iter().copied());
        near.map_or(wrong, |_| unknown(topic, &[]).into())
    })?;
    let tasks = &project.script.declared.tasks;
    let name = topic.split(':').next().unwrap_or(topic);
    let Some(index) = tasks.iter().position(|task| task.is_called(name)) else {
        return Err(unknown(topic, tasks).into());
    };
    let graph = Graph::build_all(tasks)?;
    let node = graph.order().find(|node| graph.instance(*node).task == index);
    let kind = node.map_or(Kind::Local, |node| graph.kind(node));
    host.out(&help::task(&tasks[index], kind));
    Ok(Exit::OK)
}

fn unknown(topic: &str, tasks: &[Task]) -> Diagnostic {
    let shown = tasks.iter().filter(|task| !task.hidden).map(|task| task.name.as_str());
    let known = shown.chain(COMMANDS.iter().copied());
    Diagnostic::usage(format!("there is no task or command `{topic}`")).suggest(topic, known)
}
