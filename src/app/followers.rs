//! What follows a run: tasks with `.on("always")` and `.on("failure")`, called once it is over.
//!
//! They see how it ended and cannot change that. An interrupted run has no followers: whoever
//! stopped it wants it to end.

use std::sync::Arc;

use super::pass::Pass;
use super::session::{Done, Session};
use crate::diag::Exit;
use crate::door::Door;
use crate::graph::{Kind, Node};
use crate::model::task::Trigger;
use crate::script::cx::Followed;

/// Calls what follows a run that ended like this.
pub(super) fn run(session: &Arc<Session>, ended: &Done) {
    let graph = &session.graph;
    let called: Vec<Node> = graph.order().filter(|node| is_called(session, *node, ended)).collect();
    if called.is_empty() || session.stop.fired() {
        return;
    }
    let door = Arc::new(Door::planning(session.release.clone()));
    let pass = Pass {
        sends: session.options.live,
        followed: Some(Arc::new(followed(session, ended))),
        ..Pass::before_gate(session, &door)
    };
    if let Err(wrong) = pass.run_all(true, |node| called.contains(&node)) {
        session.warn(wrong);
    }
}

fn is_called(session: &Session, node: Node, ended: &Done) -> bool {
    let Some((trigger, _)) = session.task(node).on else { return false };
    // In a dry run what is sent before it has not happened, so it has nothing to follow.
    if session.graph.kind(node) != Kind::Local && !session.options.live {
        return false;
    }
    match trigger {
        Trigger::Always => true,
        Trigger::Failure => {
            exit(ended) != Exit::OK && session.graph.needs(node).any(|need| !session.is_good(need))
        }
    }
}

fn exit(ended: &Done) -> Exit {
    match ended {
        Ok(exit) => *exit,
        Err(wrong) => wrong.first().map_or(Exit::TASK, |first| first.kind.exit()),
    }
}

fn followed(session: &Session, ended: &Done) -> Followed {
    let thrown = ended.as_ref().err().and_then(|wrong| wrong.first().cloned());
    let first = session.first_wrong().or(thrown);
    Followed {
        exit: exit(ended),
        failed: session.failed(),
        message: first.map(|wrong| wrong.message).unwrap_or_default(),
    }
}
