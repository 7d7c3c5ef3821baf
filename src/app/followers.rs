//! What follows a run: tasks with `.on("always")` and `.on("failure")`, called once it is over.
//!
//! They see how it ended and cannot change that. After a live run they may tell others of it, outside any plan:
//! what they tell is known only now. An interrupted run has no followers: whoever stopped it wants it to end.

use std::sync::{Arc, PoisonError};

use super::ending::said;
use super::out_there::OutThere;
use super::pass::Pass;
use super::session::{Done, Session};
use crate::diag::Exit;
use crate::door::{Door, Notices};
use crate::graph::{Kind, Node};
use crate::model::effect::Effect;
use crate::model::task::Trigger;
use crate::plan::Plan;
use crate::script::cx::Followed;

/// Calls what follows a run that ended like this.
pub(super) fn run(session: &Arc<Session>, ended: &Done) {
    let graph = &session.graph;
    let called: Vec<Node> = graph.order().filter(|node| is_called(session, *node, ended)).collect();
    if called.is_empty() || session.stop.fired() || is_slip(session, ended) {
        return;
    }
    let door = Arc::new(if session.options.live {
        Door::following(session.release.clone(), session.notices())
    } else {
        Door::planning(session.release.clone())
    });
    let pass = Pass {
        sends: session.options.live,
        followed: Some(Arc::new(followed(session, ended))),
        ..Pass::before_gate(session, &door)
    };
    if let Err(wrong) = pass.run_all(true, |node| called.contains(&node)) {
        session.warn(wrong);
    }
    for planned in door.planned() {
        session.events.note(format!("a live run would {}", planned.effect.summary()));
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

/// What was only typed wrong has not begun, and is nobody else's matter.
fn is_slip(session: &Session, ended: &Done) -> bool {
    let begun = || !session.ended.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
    session.options.live && exit(ended) == Exit::USAGE && !begun()
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
    let message = first.map(|wrong| wrong.message).unwrap_or_default();
    told(session, exit(ended), session.failed(), message)
}

/// What followers see of an end.
pub(super) fn told(
    session: &Session,
    exit: Exit,
    failed: Vec<String>,
    message: String,
) -> Followed {
    let out = session.out_there.lock().unwrap_or_else(PoisonError::into_inner);
    let mut followed = Followed {
        exit,
        failed,
        message,
        version: version(session, &out),
        links: out.links.iter().cloned().chain(workflow_run(session)).collect(),
        text: String::new(),
    };
    followed.text = text(session, &followed);
    followed
}

/// What is released, in a few words: packages, else the tag, else the commit.
fn version(session: &Session, out: &OutThere) -> String {
    if !out.packages.is_empty() {
        return out.packages.join(", ");
    }
    let commit =
        || session.release.as_ref().map(|release| release.commit.chars().take(12).collect());
    session.tags.first().cloned().or_else(commit).unwrap_or_default()
}

/// The page of the pipeline, as GitLab tells it, or of the workflow run, as GitHub builds its address
/// (<https://docs.github.com/actions/reference/workflows-and-actions/variables>).
fn workflow_run(session: &Session) -> Option<String> {
    let get = |name: &str| session.host.env.get(name);
    if let Some(page) = get("CI_PIPELINE_URL").filter(|_| get("GITLAB_CI").is_some()) {
        return Some(page.to_owned());
    }
    let (server, repository) = (get("GITHUB_SERVER_URL")?, get("GITHUB_REPOSITORY")?);
    Some(format!("{server}/{repository}/actions/runs/{}", get("GITHUB_RUN_ID")?))
}

/// How it ended, as a message: without times, so that the same end is the same message.
fn text(session: &Session, followed: &Followed) -> String {
    let goals = session.options.words.join(" ");
    let ended = if followed.exit == Exit::OK { "done" } else { said(followed.exit) };
    let mut lines = vec![format!("{goals} of {}: {ended}", followed.version)];
    if !followed.failed.is_empty() {
        lines.push(format!("failed: {}", followed.failed.join(", ")));
    }
    if followed.exit != Exit::OK && !followed.message.is_empty() {
        lines.push(followed.message.clone());
    }
    lines.extend(followed.links.iter().cloned());
    lines.retain(|line| !line.is_empty());
    session.host.env.masked(&lines.join("\n"))
}

impl Session {
    /// The notices of this release.
    pub(super) fn notices(&self) -> Notices {
        let (at, events) = (self.host.clock.unix(), self.events.clone());
        Notices::new(self.cx.state.join("notices"), self.release.clone(), at, events)
    }

    /// Keeps what of a plan is out by now, for those who are told.
    pub(super) fn note_out(&self, door: &Door, plan: &Plan) {
        let mut out = self.out_there.lock().unwrap_or_else(PoisonError::into_inner);
        let mut once = |links: bool, text: String| {
            let list = if links { &mut out.links } else { &mut out.packages };
            if !list.contains(&text) {
                list.push(text);
            }
        };
        for planned in plan.effects.iter().filter(|planned| door.is_settled(&planned.key)) {
            match &planned.effect {
                Effect::UploadPypi(upload) => {
                    once(false, format!("{} {}", upload.project, upload.version));
                }
                Effect::PublishCrate(publish) => {
                    once(false, format!("{} {}", publish.name, publish.version));
                }
                _ => {}
            }
            // Files of a release are behind its page.
            if let Some(url) = planned.receipt.url.clone()
                && !matches!(planned.effect, Effect::UploadAsset(_) | Effect::Sign(_))
            {
                once(true, url);
            }
        }
    }
}
