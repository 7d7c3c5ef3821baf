//! Steps of two jobs, side by side.
//!
//! A step is known by its action, by what it runs, by its id, or at last by its name, in this order: a name may
//! be changed freely, and a step that runs something else is told as that, not as one that is missing.

use super::meaning::{commands, condition};
use super::{Report, short, uses_secrets};
use crate::ci::read::Node;

/// Keys of a step that are free, or compared one by one.
const FREE: &[&str] = &["name", "timeout-minutes", "uses", "run", "if", "with", "env"];
/// What an action is given and may be changed freely.
const FREE_WITH: &[&str] = &["retention-days", "compression-level"];

impl Report<'_> {
    /// Compares steps; to a job that is `closed` none may be added.
    pub(super) fn steps(&mut self, what: &str, wanted: &Node, found: &Node, closed: bool) {
        let items =
            |job: &Node| job.get("steps").map(|steps| steps.items().to_vec()).unwrap_or_default();
        let (ours, theirs) = (items(wanted), items(found));
        let mut next = 0;
        for step in &ours {
            let Some(at) = position(step, &theirs[next..], &ours) else {
                let at = found.get("steps").unwrap_or(found);
                self.say(at, format!("{what} lacks the step `{}`", title(step)));
                continue;
            };
            self.added(what, &theirs[next..next + at], closed);
            self.step(what, step, &theirs[next + at]);
            next += at + 1;
        }
        self.added(what, &theirs[next..], closed);
    }

    fn added(&mut self, what: &str, steps: &[Node], closed: bool) {
        for step in steps {
            let secret = uses_secrets(step);
            if closed || secret {
                let why = if closed { "" } else { ", which uses secrets" };
                self.say(step, format!("{what} has the step `{}` too{why}", title(step)));
            }
        }
    }

    fn step(&mut self, what: &str, wanted: &Node, found: &Node) {
        let what = format!("step `{}` of {what}", title(wanted));
        let script = |step: &Node| step.get("run").and_then(Node::text).map(|text| commands(&text));
        if script(wanted) != script(found) {
            let at = found.get("run").unwrap_or(found);
            let lines = |step: &Node| script(step).unwrap_or_default();
            let (ours, theirs) = (lines(wanted), lines(found));
            let missing = ours.lines().find(|line| theirs.lines().all(|other| other != *line));
            let wrong = self.say(at, format!("{what} runs something else"));
            wrong.notes.extend(
                missing.map(|line| format!("the Releasefile wants `{}`", line.replace('`', "'"))),
            );
        }
        if action(wanted) != action(found) {
            self.say(found, format!("{what} uses another action"));
        } else if is_pinned(wanted) && !is_pinned(found) {
            self.say(found, format!("{what} is not pinned by a commit"));
        }
        if condition(wanted.get("if")) != condition(found.get("if")) {
            self.say(found.get("if").unwrap_or(found), format!("{what} has another condition"));
        }
        let with = format!("`with` of {what}");
        self.maps(&with, wanted.get("with"), found.get("with"), found, FREE_WITH);
        let env = format!("`env` of {what}");
        self.maps(&env, wanted.get("env"), found.get("env"), found, &[]);
        self.maps(&what, Some(wanted), Some(found), found, FREE);
    }
}

/// Where a step is among others. One that is another wanted step is not taken for a changed one.
fn position(step: &Node, among: &[Node], ours: &[Node]) -> Option<usize> {
    let text = |step: &Node, key: &str| step.get(key).and_then(Node::text);
    let run = |step: &Node| text(step, "run").map(|script| commands(&script));
    let same = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
    if action(step).is_some() {
        return among.iter().position(|other| same(action(step), action(other)));
    }
    let by_script = among.iter().position(|other| same(run(step), run(other)));
    let is_ours = |other: &Node| ours.iter().any(|ours| same(run(ours), run(other)));
    let by = |key: &str| {
        among.iter().position(|other| same(text(step, key), text(other, key)) && !is_ours(other))
    };
    by_script.or_else(|| by("id")).or_else(|| by("name"))
}

/// The action of a step, without its pin.
fn action(step: &Node) -> Option<String> {
    let uses = step.get("uses")?.text()?;
    Some(uses.split('@').next().unwrap_or(&uses).to_ascii_lowercase())
}

/// Whether nobody can move other code to where an action is taken from.
fn is_pinned(step: &Node) -> bool {
    let uses = step.get("uses").and_then(Node::text).unwrap_or_default();
    let commit = uses.split_once('@').map_or("", |(_, commit)| commit);
    commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn title(step: &Node) -> String {
    let named = step.get("name").or_else(|| step.get("uses")).or_else(|| step.get("run"));
    named.map_or_else(|| "without a name".into(), short)
}
