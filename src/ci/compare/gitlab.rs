//! The same for GitLab's file: what starts jobs stands in their rules, what they may do in tokens and
//! environments.
//!
//! Free are images, tags, places of pages, how long something may take or is kept, and stages that were added.
//! Those of the Releasefile have their order: for jobs with `needs` a stage is only a column, but followers have
//! none, and come after all because their stage does. Jobs may be added that hold no token, no environment
//! and start nothing else; what stands beside jobs at the top counts for all of them, so nothing may be added.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::meaning::meaning;
use super::{Report, short};
use crate::ci::read::{self, Node, Unreadable, Value};
use crate::diag::{Diagnostic, Site, Source};

/// Keys at the top that are no jobs.
const TOP: &[&str] = &[
    "after_script",
    "before_script",
    "cache",
    "default",
    "image",
    "include",
    "services",
    "stages",
    "variables",
    "workflow",
];
/// Keys of a job that are free, or compared one by one.
const FREE: &[&str] =
    &["image", "tags", "timeout", "needs", "environment", "artifacts", "services"];
/// What a job that is nobody's may not have.
const POWERS: &[&str] = &["id_tokens", "environment", "secrets", "identity", "trigger", "extends"];

/// All differences of GitLab's file `found` from the text that is wanted.
pub fn compare_gitlab(wanted: &str, found: &Arc<Source>) -> Vec<Diagnostic> {
    let mut report = Report { source: found, wrong: Vec::new() };
    let wanted = match parts(wanted) {
        Ok(wanted) => wanted,
        Err(error) => {
            return vec![Diagnostic::machine(format!("cannot read what was made: {}", error.why))];
        }
    };
    match parts(&found.text) {
        Ok(found) => report.pipeline(&wanted, &found),
        Err(error) => {
            let wrong = Diagnostic::refused(format!("this is no pipeline: {}", error.why));
            let site =
                Site { source: found.clone(), line: error.line.max(1), column: error.column };
            report.wrong.push(wrong.at(&site).hint("mend it, or generate it again"));
        }
    }
    report.wrong
}

/// A header and what it is the header of.
struct Parts {
    header: Option<Node>,
    body: Node,
}

/// Reads both, each on its own lines.
fn parts(text: &str) -> Result<Parts, Unreadable> {
    let is_end = |line: &&str| line.trim_end() == "---";
    let is_shown = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let before = text.lines().take_while(|line| !is_end(line));
    let lines = before.clone().count();
    if lines == text.lines().count() || !before.clone().any(is_shown) {
        return Ok(Parts { header: None, body: read::parse(text)? });
    }
    let header: String = before.flat_map(|line| [line, "\n"]).collect();
    let rest: Vec<&str> = text.lines().skip(lines + 1).collect();
    let body = format!("{}{}\n", "\n".repeat(lines + 1), rest.join("\n"));
    Ok(Parts { header: Some(read::parse(&header)?), body: read::parse(&body)? })
}

impl Report<'_> {
    fn pipeline(&mut self, wanted: &Parts, found: &Parts) {
        let inputs = |parts: &Parts| parts.header.as_ref()?.get("spec")?.get("inputs").cloned();
        self.inputs(inputs(wanted).as_ref(), inputs(found).as_ref(), &found.body);
        let (wanted, found) = (&wanted.body, &found.body);
        for (key, value) in found.entries().iter().filter(|(key, _)| TOP.contains(&key.as_str())) {
            if key != "stages" {
                self.say(value, format!("`{key}` counts for all jobs"));
            }
        }
        self.stages(wanted, found);
        let jobs = |node: &Node| -> Vec<(String, Node)> {
            let is_job = |(key, _): &&(String, Node)| !TOP.contains(&key.as_str());
            node.entries().iter().filter(is_job).cloned().collect()
        };
        let (ours, theirs) = (jobs(wanted), jobs(found));
        for (name, job) in &ours {
            match found.get(name) {
                Some(other) => self.gitlab_job(name, job, other),
                None => {
                    self.say(found, format!("there is no job `{name}`"));
                }
            }
        }
        for (name, job) in theirs.iter().filter(|(name, _)| wanted.get(name).is_none()) {
            if let Some(power) = POWERS.iter().find(|key| job.get(key).is_some()) {
                self.say(job, format!("job `{name}` is not in the Releasefile, and has `{power}`"));
            }
        }
    }

    /// The order of stages that jobs of the Releasefile are in.
    fn stages(&mut self, wanted: &Node, found: &Node) {
        let of = |file: &Node| -> Vec<String> {
            let all = file.get("stages").map(Node::items).unwrap_or_default();
            all.iter().filter_map(Node::text).collect()
        };
        let ours = of(wanted);
        let theirs: Vec<String> = of(found).into_iter().filter(|one| ours.contains(one)).collect();
        if ours != theirs {
            let place = found.get("stages").unwrap_or(found);
            let wrong = self.say(place, "stages are missing, or in another order".to_owned());
            wrong.notes.push(format!("the Releasefile wants `{}`", ours.join(", ")));
            wrong.notes.push("followers come after all other jobs by their stage alone".into());
        }
    }

    /// Each input but for what is only shown.
    fn inputs(&mut self, wanted: Option<&Node>, found: Option<&Node>, parent: &Node) {
        let names: BTreeSet<&str> = [wanted, found]
            .into_iter()
            .flatten()
            .flat_map(|all| all.entries().iter().map(|(name, _)| name.as_str()))
            .collect();
        for name in names {
            let of = |all: Option<&Node>| all.and_then(|all| all.get(name)).cloned();
            let (ours, theirs) = (of(wanted), of(found));
            match (&ours, &theirs) {
                (None, Some(other)) => {
                    self.say(other, format!("whoever starts it is asked for `{name}` too"));
                }
                (Some(_), None) => {
                    let place = found.unwrap_or(parent);
                    self.say(place, format!("whoever starts it is not asked for `{name}`"));
                }
                _ => {
                    let what = format!("input `{name}`");
                    self.maps(&what, ours.as_ref(), theirs.as_ref(), parent, &["description"]);
                }
            }
        }
    }

    fn gitlab_job(&mut self, name: &str, wanted: &Node, found: &Node) {
        let what = format!("job `{name}`");
        self.maps(&what, Some(wanted), Some(found), found, FREE);
        self.services(&what, wanted, found);
        if found.get("timeout").is_none() {
            self.say(found, format!("{what} has no `timeout`"));
        }
        for (key, free) in [("environment", "url"), ("artifacts", "expire_in")] {
            let (ours, theirs) = (wanted.get(key), found.get(key));
            let of_job = format!("`{key}` of {what}");
            let is_plain = theirs.is_some_and(|value| matches!(value.value, Value::Text(..)));
            match (ours, theirs) {
                (Some(_), None) => {
                    self.say(found, format!("{what} has no `{key}`"));
                }
                (None, Some(value)) => {
                    self.say(value, format!("{what} has `{key}: {}` too", short(value)));
                }
                _ if is_plain => self.maps(&of_job, ours, theirs, found, &[]),
                _ => self.maps(&of_job, ours, theirs, found, &[free]),
            }
        }
        let of = |job: &Node| -> Option<BTreeSet<String>> {
            let needs = job.get("needs")?;
            Some(needs.items().iter().map(|need| meaning(need).to_string()).collect())
        };
        let (ours, theirs) = (of(wanted), of(found));
        if ours != theirs {
            let place = found.get("needs").unwrap_or(found);
            let note = format!(
                "the Releasefile wants `{}`",
                wanted.get("needs").map_or("none".into(), short)
            );
            self.say(place, format!("{what} waits for other jobs, or takes other files over"))
                .notes
                .push(note);
        }
    }
}
