//! What a workflow's file does otherwise than the one that the Releasefile gives.
//!
//! Compared is what it means: what starts it, what each job may do, waits for, runs and hands on. Not compared
//! are names, comments, order of keys and jobs, machines, pins, how long things may take and are kept, and jobs
//! that were added and may do nothing. Steps may be added to jobs that hold neither a permission to write, a
//! secret, nor an environment.
//! Turned down: comparing bytes, after which a bot that raises a pin breaks the check, and people turn it off.

mod gitlab;
mod meaning;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use gitlab::compare_gitlab;
use meaning::meaning;

use super::read::{self, Node, Value};
use crate::diag::{Diagnostic, Site, Source};

/// All differences of the file `found` from the text that is wanted.
pub fn compare(wanted: &str, found: &Arc<Source>) -> Vec<Diagnostic> {
    let mut report = Report { source: found, wrong: Vec::new() };
    let wanted = match read::parse(wanted) {
        Ok(wanted) => wanted,
        Err(error) => {
            return vec![Diagnostic::machine(format!("cannot read what was made: {}", error.why))];
        }
    };
    match read::parse(&found.text) {
        Ok(found) => report.workflow(&wanted, &found),
        Err(error) => {
            let wrong = Diagnostic::refused(format!("this is no workflow: {}", error.why));
            let site =
                Site { source: found.clone(), line: error.line.max(1), column: error.column };
            report.wrong.push(wrong.at(&site).hint("mend it, or generate it again"));
        }
    }
    report.wrong
}

/// Keys of a workflow that mean nothing here.
const FREE_OF_WORKFLOW: &[&str] = &["name", "run-name", "on", "jobs"];
/// Keys of a job that are free, or compared one by one.
const FREE_OF_JOB: &[&str] = &[
    "name",
    "runs-on",
    "timeout-minutes",
    "needs",
    "environment",
    "permissions",
    "services",
    "steps",
    "if",
];

struct Report<'a> {
    source: &'a Arc<Source>,
    wrong: Vec<Diagnostic>,
}

impl Report<'_> {
    fn say(&mut self, at: &Node, message: String) -> &mut Diagnostic {
        let site = Site { source: self.source.clone(), line: at.line, column: at.column };
        let wrong = Diagnostic::refused(message).at(&site);
        self.wrong.push(wrong.hint("generate it again, or change the Releasefile"));
        let last = self.wrong.len() - 1;
        &mut self.wrong[last]
    }

    /// Compares two maps key by key; `what` says whose they are, `parent` where a missing one would be.
    fn maps(
        &mut self,
        what: &str,
        wanted: Option<&Node>,
        found: Option<&Node>,
        parent: &Node,
        free: &[&str],
    ) {
        let entries = |node: Option<&Node>| -> Vec<(String, Node)> {
            let all = node.map(Node::entries).unwrap_or_default().iter();
            all.filter(|(key, _)| !free.contains(&key.as_str())).cloned().collect()
        };
        if let Some(found) =
            found.filter(|found| matches!(found.value, Value::Text(..) | Value::List(_)))
        {
            self.say(found, format!("{what} is `{}`", short(found)));
            return;
        }
        let (wanted, has) = (entries(wanted), entries(found));
        for (key, value) in &wanted {
            match has.iter().find(|(name, _)| name == key) {
                None => {
                    self.say(
                        found.unwrap_or(parent),
                        format!("{what} lacks `{key}: {}`", short(value)),
                    );
                }
                Some((_, other)) if meaning(other) != meaning(value) => {
                    let message = format!("{what} has `{key}: {}`", short(other));
                    let note = format!("the Releasefile wants `{}`", short(value));
                    self.say(other, message).notes.push(note);
                }
                Some(_) => {}
            }
        }
        for (key, value) in has.iter().filter(|(key, _)| wanted.iter().all(|(name, _)| name != key))
        {
            self.say(value, format!("{what} has `{key}: {}` too", short(value)));
        }
    }

    fn workflow(&mut self, wanted: &Node, found: &Node) {
        self.triggers(wanted, found);
        if found.get("permissions").is_none() {
            self.say(
                found,
                "the workflow leaves its permissions to the repository's settings".into(),
            );
        }
        let (ours, theirs) = (wanted.get("permissions"), found.get("permissions"));
        self.maps("the workflow's token", ours, theirs, found, &[]);
        let free = [FREE_OF_WORKFLOW, &["permissions", "concurrency"]].concat();
        self.concurrency(wanted, found);
        self.maps("the workflow", Some(wanted), Some(found), found, &free);
        let none = Node { value: Value::Map(Vec::new()), line: found.line, column: found.column };
        let (ours, theirs) =
            (wanted.get("jobs").unwrap_or(&none), found.get("jobs").unwrap_or(&none));
        for (id, job) in ours.entries() {
            match theirs.get(id) {
                Some(other) => self.job(id, job, other, ours),
                None => {
                    self.say(theirs, format!("there is no job `{id}`"));
                }
            }
        }
        for (id, job) in theirs.entries().iter().filter(|(id, _)| ours.get(id).is_none()) {
            if let Some(why) = power(job, theirs_default(found)) {
                self.say(job, format!("job `{id}` is not in the Releasefile, and {why}"));
            }
        }
    }

    fn concurrency(&mut self, wanted: &Node, found: &Node) {
        let what = "the workflow's `concurrency`";
        let (ours, theirs) = (wanted.get("concurrency"), found.get("concurrency"));
        self.maps(what, ours, theirs, found, &[]);
    }

    /// What starts it; one event may be written as a text, several as a list.
    fn triggers(&mut self, wanted: &Node, found: &Node) {
        let (ours, theirs) = (meaning::events(wanted.get("on")), meaning::events(found.get("on")));
        let at = found.get("on").unwrap_or(found);
        for (event, how) in &ours {
            match theirs.get(event) {
                None => {
                    self.say(at, format!("`{event}` no longer starts it"));
                }
                Some(other) if other != how => {
                    let place = at.get(event).unwrap_or(at);
                    let note = format!("the Releasefile wants {how}");
                    self.say(place, format!("`{event}` starts it as {other}")).notes.push(note);
                }
                Some(_) => {}
            }
        }
        for event in theirs.keys().filter(|event| !ours.contains_key(*event)) {
            self.say(at.get(event).unwrap_or(at), format!("`{event}` starts it too"));
        }
    }

    fn job(&mut self, id: &str, wanted: &Node, found: &Node, all: &Node) {
        let what = format!("job `{id}`");
        let list = |node: &Node| meaning::words(node.get("needs"));
        let (ours, theirs) = (list(wanted), list(found));
        let at = found.get("needs").unwrap_or(found);
        for need in ours.difference(&theirs) {
            self.say(at, format!("{what} does not wait for `{need}`"));
        }
        for need in theirs.difference(&ours).filter(|need| all.get(need).is_some()) {
            self.say(at, format!("{what} waits for `{need}` too"));
        }
        let (ours, theirs) = (environment(wanted), environment(found));
        if ours != theirs {
            let named = |name: &Option<String>| {
                name.as_ref()
                    .map_or("no environment".into(), |name| format!("environment `{name}`"))
            };
            let note = format!("the Releasefile wants {}", named(&ours));
            let place = found.get("environment").unwrap_or(found);
            self.say(place, format!("{what} has {}", named(&theirs))).notes.push(note);
        }
        if found.get("permissions").is_none() {
            self.say(found, format!("{what} says nothing of its permissions"));
        }
        let of_token = format!("the token of {what}");
        self.maps(&of_token, wanted.get("permissions"), found.get("permissions"), found, &[]);
        if found.get("timeout-minutes").is_none() {
            self.say(found, format!("{what} has no `timeout-minutes`"));
        }
        if meaning::condition(wanted.get("if")) != meaning::condition(found.get("if")) {
            self.say(found.get("if").unwrap_or(found), format!("{what} has another condition"));
        }
        self.maps(&what, Some(wanted), Some(found), found, FREE_OF_JOB);
        self.services(&what, wanted, found);
        let closed = power(wanted, None).is_some();
        self.steps(&what, wanted, found, closed);
    }
}

impl Report<'_> {
    /// Services of a job, whatever digest their images have.
    fn services(&mut self, what: &str, wanted: &Node, found: &Node) {
        let (ours, theirs) = (wanted.get("services"), found.get("services"));
        let of = |node: Option<&Node>| node.map(|node| meaning::unpinned(meaning(node)));
        if of(ours) != of(theirs) {
            let note = format!("the Releasefile wants `{}`", ours.map_or("none".into(), short));
            let wrong = self.say(theirs.unwrap_or(found), format!("{what} has other services"));
            wrong.notes.push(note);
        }
    }
}

/// The permissions of jobs that say nothing.
fn theirs_default(workflow: &Node) -> Option<&Node> {
    workflow.get("permissions")
}

/// An environment's name, in either form.
fn environment(job: &Node) -> Option<String> {
    let environment = job.get("environment")?;
    environment.text().or_else(|| environment.get("name")?.text())
}

/// What a job can do that matters, in words; `None` if nothing.
fn power(job: &Node, default: Option<&Node>) -> Option<String> {
    let writes = |permissions: &Node| match &permissions.value {
        Value::Text(all, _) => all == "write-all",
        Value::Null => true,
        _ => {
            permissions.entries().iter().any(|(_, level)| level.text().as_deref() == Some("write"))
        }
    };
    match job.get("permissions").or(default) {
        None => return Some("leaves its permissions to the repository's settings".into()),
        Some(permissions) if writes(permissions) => return Some("may write".into()),
        Some(_) => {}
    }
    if environment(job).is_some() {
        return Some("has an environment".into());
    }
    uses_secrets(job).then(|| "uses secrets".into())
}

/// Whether it names the context of secrets, in whatever spelling: `secrets.A`, `toJSON( secrets )`, `inherit`
/// under `secrets`. The word in another sense counts too, which only asks for another word.
fn uses_secrets(node: &Node) -> bool {
    node.shown().to_ascii_lowercase().contains("secrets")
}

/// A value for a message.
fn short(node: &Node) -> String {
    let text = node.text().unwrap_or_else(|| node.shown());
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
    if line.chars().count() <= 80 { line } else { line.chars().take(79).chain(['…']).collect() }
}

/// A set of words.
type Words = BTreeSet<String>;
