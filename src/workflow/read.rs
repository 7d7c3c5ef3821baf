//! A workflow as rules look at it: triggers, jobs with their permissions and environment, steps with what
//! they do.
//!
//! Knowledge: GitHub's "workflow syntax" and "events that trigger workflows". What is wrong with the
//! syntax itself is left to GitHub and to its schema; what cannot be understood is passed over.

use std::sync::Arc;

use super::acts::{Act, Deed, deeds};
use super::place::Uses;
use super::project::Project;
use super::yaml::Node;
use crate::diag::{Diagnostic, Outcome, Site, Source};

/// One workflow.
#[derive(Debug)]
pub struct Workflow<'a> {
    /// Its file.
    pub source: &'a Arc<Source>,
    /// All of it.
    pub root: &'a Node,
    /// Its jobs, in their order.
    pub jobs: Vec<Job<'a>>,
}

/// One job.
#[derive(Debug)]
pub struct Job<'a> {
    /// Its name in `needs`.
    pub id: &'a str,
    /// Where that stands.
    pub key: &'a Node,
    /// What it is.
    pub node: &'a Node,
    /// Its steps.
    pub steps: Vec<Step<'a>>,
}

/// One step.
#[derive(Debug)]
pub struct Step<'a> {
    /// What it is.
    pub node: &'a Node,
    /// The action that it uses.
    pub uses: Option<Uses<'a>>,
    /// What it does, as far as that can be told.
    pub deeds: Vec<Deed<'a>>,
}

/// What a job's token may do.
#[derive(Debug, Clone, Copy)]
pub enum Rights<'a> {
    /// Nothing is said: what the repository's settings say.
    Unsaid,
    /// A word for everything: `read-all`, `write-all`.
    All(&'a Node),
    /// A table; what is not in it is not given.
    Table(&'a Node),
}

impl<'a> Rights<'a> {
    fn of(node: &'a Node) -> Option<Self> {
        let rights = node.get("permissions")?;
        Some(if rights.text().is_some_and(|text| !text.is_empty()) {
            Self::All(rights)
        } else {
            Self::Table(rights)
        })
    }

    /// Whether it may write there. An identity is never given unless it is asked for.
    pub fn writes(self, scope: &str) -> bool {
        match self {
            Self::Unsaid => false,
            Self::All(word) => word.text() == Some("write-all"),
            Self::Table(table) => table.text_of(scope) == Some("write"),
        }
    }
}

impl<'a> Workflow<'a> {
    /// Reads a workflow from its file.
    ///
    /// # Errors
    /// It is none.
    pub fn read(source: &'a Arc<Source>, root: &'a Node, project: &Project) -> Outcome<Self> {
        let Some(jobs) = root.get("jobs") else {
            let site = Site { source: source.clone(), line: 1, column: 1 };
            let wrong =
                Diagnostic::usage(format!("{} is no workflow: it has no `jobs`", source.name));
            return Err(Box::new(wrong.at(&site).hint("name the files of workflows only")));
        };
        let job = |(key, node): &'a (Node, Node)| {
            let steps = node.get("steps").map(Node::items).unwrap_or_default();
            let steps = steps.iter().map(|step| Step {
                node: step,
                uses: Uses::read(step),
                deeds: deeds(source, root, node, step, project),
            });
            Some(Job { id: key.text()?, key, node, steps: steps.collect() })
        };
        Ok(Self { source, root, jobs: jobs.entries().iter().filter_map(job).collect() })
    }

    /// The trigger of this name, with its place: `on: push`, `on: [push]`, `on: {push: …}`.
    pub fn trigger(&self, name: &str) -> Option<(&'a Node, Option<&'a Node>)> {
        let on = self.root.get("on")?;
        let word = on.words().into_iter().find(|word| word.text() == Some(name));
        let entry = on.entry(name).map(|(key, value)| (key, Some(value)));
        word.map(|word| (word, None)).or(entry)
    }

    /// Names of all triggers.
    pub fn triggers(&self) -> Vec<&'a str> {
        let Some(on) = self.root.get("on") else { return Vec::new() };
        let words = on.words().into_iter().filter_map(Node::text);
        words.chain(on.entries().iter().filter_map(|(key, _)| key.text())).collect()
    }

    /// Whether a push of a branch starts it.
    pub fn on_branches(&self) -> Option<&'a Node> {
        let (key, filter) = self.trigger("push")?;
        let has = |name: &str| filter.is_some_and(|filter| filter.get(name).is_some());
        let only_tags =
            (has("tags") || has("tags-ignore")) && !has("branches") && !has("branches-ignore");
        (!only_tags).then_some(key)
    }

    /// The job of this name.
    pub fn job(&self, id: &str) -> Option<&Job<'a>> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// A job with all that it needs.
    pub fn with_needs(&self, job: &Job<'a>) -> Vec<&Job<'a>> {
        let mut found = Vec::new();
        let mut next = vec![job.id];
        while let Some(id) = next.pop() {
            let known = found.iter().any(|known: &&Job<'a>| known.id == id);
            if let Some(job) = self.job(id).filter(|_| !known) {
                next.extend(job.needs());
                found.push(job);
            }
        }
        found
    }

    /// What a job's token may do.
    pub fn rights(&self, job: &Job<'a>) -> Rights<'a> {
        Rights::of(job.node).or_else(|| Rights::of(self.root)).unwrap_or(Rights::Unsaid)
    }

    /// Whether it publishes, releases or signs: only such workflows are looked at closely.
    pub fn releases(&self) -> bool {
        let releasing =
            |act: &Act| matches!(act, Act::Publish { .. } | Act::Release { .. } | Act::Attest);
        self.jobs.iter().any(|job| job.deeds().any(|(_, deed)| releasing(&deed.act)))
    }
}

impl<'a> Job<'a> {
    /// Jobs that it waits for.
    pub fn needs(&self) -> Vec<&'a str> {
        let words = self.node.get("needs").map(Node::words).unwrap_or_default();
        words.into_iter().filter_map(Node::text).collect()
    }

    /// All that its steps do, with the step.
    pub fn deeds(&self) -> impl Iterator<Item = (&Step<'a>, &Deed<'a>)> {
        self.steps.iter().flat_map(|step| step.deeds.iter().map(move |deed| (step, deed)))
    }

    /// What it publishes.
    pub fn publishes(&self) -> impl Iterator<Item = (&Step<'a>, &Deed<'a>)> {
        self.deeds().filter(|(_, deed)| matches!(deed.act, Act::Publish { .. }))
    }

    /// The name of its environment, with the place.
    pub fn environment(&self) -> Option<&'a Node> {
        let environment = self.node.get("environment")?;
        if environment.text().is_some() { Some(environment) } else { environment.get("name") }
    }

    /// Its matrix.
    pub fn matrix(&self) -> Option<(&'a Node, &'a Node)> {
        self.node.get("strategy")?.entry("matrix")
    }
}

impl<'a> Step<'a> {
    /// An input of its action.
    pub fn with(&self, name: &str) -> Option<&'a Node> {
        self.node.get("with")?.get(name)
    }

    /// The text of one.
    pub fn input(&self, name: &str) -> Option<&'a str> {
        self.with(name)?.text()
    }

    /// The action, if it is one of these.
    pub fn is(&self, names: &[&str]) -> Option<&Uses<'a>> {
        self.uses.as_ref().filter(|uses| names.contains(&uses.name.as_str()))
    }
}
