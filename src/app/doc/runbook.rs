//! `rel doc --runbook`: how this project is released, made of its Releasefile and its files alone.
//!
//! Nothing is asked and nothing is run, so that the same commit has the same runbook. What only a registry
//! knows (whether a project is there) is `rel doctor`'s matter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::app::session::{indexes, sent_to};
use crate::app::{Project, doctor, onward};
use crate::diag::{Diagnostic, Exit, Word};
use crate::goals;
use crate::graph::{Graph, Kind, Node};
use crate::guard::Ground;
use crate::host::Host;
use crate::host::stop::Stop;
use crate::model::task::{Declared, Task};
use crate::repo::Repo;
use crate::report::runbook::{Follower, Runbook, Step, markdown};

/// Prints the runbook of a task, else of the one that releases.
///
/// # Errors
/// The Releasefile is wrong, there is no such task, or it sends nothing.
pub(in crate::app) fn print(host: &Arc<Host>, name: Option<&str>) -> Result<Exit, Vec<Diagnostic>> {
    let project = Project::open(host)?;
    let declared = &project.script.declared;
    let all = Graph::build_all(&declared.tasks)?;
    let goal = goal(&all, declared, name)?;
    let nodes = part(&all, declared, &goal.name);
    let task = |node: &Node| &declared.tasks[all.instance(*node).task];
    let of_kind = nodes.iter().filter(|node| all.kind(**node) == Kind::Sending);
    let mut sending: Vec<&Task> = of_kind.map(task).collect();
    sending.dedup_by(|one, other| one.name == other.name);
    if sending.is_empty() {
        let wrong = Diagnostic::usage(format!("`{}` sends nothing", goal.name));
        return Err(wrong.hint("name a task that does: `rel doc --runbook TASK`").into());
    }
    let repo = Repo::new(host, project.root.clone());
    let (stop, indexes) = (Stop::default(), indexes(host, declared));
    let ground = Ground {
        host,
        stop: &stop,
        repo: &repo,
        tagged: None,
        release: None,
        except: None,
        indexes: sent_to(&sending, &indexes),
        sending,
        store: None,
        effects: &[],
        offline: true,
        elsewhere: false,
    };
    let seen = |node: &Node| (task(node), all.kind(*node));
    let book = Runbook {
        call: call(declared, nodes.iter().map(task), goal),
        check: declared.default_task.as_ref().map(|task| task.text.clone()),
        steps: steps(nodes.iter().map(seen)),
        followers: followers(&all, declared, &nodes),
        edits: nodes.iter().any(|node| task(node).edits.is_some()),
        tagged: declared.guards.iter().any(|guard| guard.name.text == "tag"),
        by_tag: by_tag(declared, goal),
        environments: environments(&ground.sending),
        secrets: secrets(&ground, nodes.iter().map(task), project.script.secrets()),
        repository: ground.repository(),
        github: host.endpoints.github.web.clone(),
        forms: doctor::forms(&ground, &goal.name),
    };
    host.out(&markdown(&book));
    Ok(Exit::OK)
}

/// The task that is named, else the one that releases.
fn goal<'a>(
    all: &Graph,
    declared: &'a Declared,
    name: Option<&str>,
) -> Result<&'a Task, Vec<Diagnostic>> {
    let tasks = &declared.tasks;
    if let Some(name) = name {
        goals::named(name, tasks).map_err(|wrong| vec![wrong])?;
    }
    let group = || tasks.iter().find(|task| task.name == "publish").map(|task| task.name.as_str());
    let named = name.or_else(group).or_else(|| onward::task(all, tasks, |_| true));
    let of_name = named.and_then(|name| tasks.iter().find(|task| task.is_called(name)));
    of_name.ok_or_else(|| {
        let wrong = Diagnostic::usage("no task here sends anything");
        vec![wrong.hint("give one `.effects(…)`; `rel init` writes a release")]
    })
}

/// What a run of the task holds, in its order, without what follows it; each task once.
fn part(all: &Graph, declared: &Declared, goal: &str) -> Vec<Node> {
    let name = |node: Node| declared.tasks[all.instance(node).task].name.as_str();
    let of_goal: Vec<Node> = all.order().filter(|node| name(*node) == goal).collect();
    let needed = all.reach(of_goal, &BTreeSet::new());
    let mut seen = BTreeSet::new();
    let first = |node: &Node| {
        needed.contains(node) && !all.follows(*node) && seen.insert(all.instance(*node).task)
    };
    all.order().filter(first).collect()
}

/// The command line, with the values that have to be given.
fn call<'a>(
    declared: &Declared,
    tasks: impl Iterator<Item = &'a Task>,
    goal: &Task,
) -> Vec<String> {
    let mut given = Vec::new();
    // A value that the goal is given goes to what it needs.
    for param in tasks.flat_map(|task| &task.params).filter(|param| param.default.is_none()) {
        let word = format!("{}=…", param.name);
        if !given.contains(&word) {
            given.push(word);
        }
    }
    let of_goal = declared.tasks.iter().find(|task| task.name == goal.name);
    let takes = |word: &String| {
        of_goal.is_some_and(|task| task.params.iter().any(|param| word.starts_with(&param.name)))
    };
    given.retain(takes);
    std::iter::once(goal.name.clone()).chain(given).collect()
}

fn steps<'a>(tasks: impl Iterator<Item = (&'a Task, Kind)>) -> Vec<Step> {
    let of_task = |(task, kind): (&Task, Kind)| Step {
        task: task.name.clone(),
        doc: task.doc.clone().unwrap_or_default(),
        kind,
        sends: task.effects.iter().map(|(place, _)| place.clone()).collect(),
        environment: task.environment.clone(),
        asks: task.confirm.clone(),
        edits: task.edits.is_some(),
    };
    tasks.filter(|(task, _)| !task.steps.is_empty()).map(of_task).collect()
}

/// What follows one of these.
fn followers(all: &Graph, declared: &Declared, nodes: &[Node]) -> Vec<Follower> {
    let follows =
        |node: &Node| all.follows(*node) && all.needs(*node).any(|need| nodes.contains(&need));
    let of_node = |node: Node| {
        let task = &declared.tasks[all.instance(node).task];
        let (trigger, _) = task.on.as_ref()?;
        let (name, doc) = (task.name.clone(), task.doc.clone().unwrap_or_default());
        Some(Follower { task: name, doc, trigger: *trigger, tells: !task.effects.is_empty() })
    };
    all.order().filter(follows).filter_map(of_node).collect()
}

/// The workflow that a tag starts, if one runs the task.
fn by_tag(declared: &Declared, goal: &Task) -> Option<String> {
    let runs = |word: &Word| word.text.split(' ').any(|name| goal.is_called(name));
    let mut workflows = declared.workflows.iter();
    let started = workflows.find(|one| !one.on.tags.is_empty() && one.run.iter().any(runs));
    started.map(|workflow| workflow.name.clone())
}

/// Environments with the tasks that run in them.
fn environments(sending: &[&Task]) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for task in sending {
        if let Some(environment) = &task.environment {
            all.entry(environment.clone()).or_default().push(task.name.clone());
        }
    }
    all
}

/// Secrets that somebody has to set: those of tasks and bodies, and of private indexes.
fn secrets<'a>(
    ground: &Ground<'_>,
    tasks: impl Iterator<Item = &'a Task>,
    named: BTreeSet<String>,
) -> BTreeSet<String> {
    let private = ground.indexes.iter().filter(|index| index.exchange.is_none());
    let private = private.flat_map(|index| index.password.iter().cloned());
    named.into_iter().chain(tasks.flat_map(|task| task.secrets.clone())).chain(private).collect()
}
