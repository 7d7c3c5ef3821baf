//! The command with which a release goes on: of the task `publish`, else of the last one that sends; but if
//! another sending task needs that one, of the other, which sends both.

use std::borrow::Borrow;

use crate::graph::{Graph, Kind, Node};
use crate::model::task::Task;

/// The command of a sending task among those that `counts` takes; `None` if there is none.
pub(super) fn command(
    graph: &Graph,
    tasks: &[impl Borrow<Task>],
    counts: impl Fn(Node) -> bool,
) -> Option<String> {
    task(graph, tasks, counts).map(|name| format!("rel run {name} --live"))
}

/// The task that the command is of.
pub(super) fn task<'a>(
    graph: &Graph,
    tasks: &'a [impl Borrow<Task>],
    counts: impl Fn(Node) -> bool,
) -> Option<&'a str> {
    let name = |node: Node| -> &'a str { &tasks[graph.instance(node).task].borrow().name };
    let sends = |node: &Node| graph.kind(*node) == Kind::Sending && counts(*node);
    let sending: Vec<Node> = graph.order().filter(sends).collect();
    let known = sending.iter().find(|node| name(**node) == "publish");
    let mut task = *known.or(sending.last())?;
    while let Some(later) = sending.iter().find(|other| graph.ancestors(**other).contains(&task)) {
        task = *later;
    }
    Some(name(task))
}
