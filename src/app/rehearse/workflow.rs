//! `rel ci run`: the jobs of a workflow's file, played on this machine against a rehearsal's world.
//!
//! What counts is the file, not the Releasefile: a permission, an environment or a digest that is missing
//! there is missing here, and the world refuses what it would refuse of the real job. What starts the
//! workflow is made up: a tag, a person's click, or a release that is rehearsed before.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::before;
use super::ground::{Ground, Played};
use super::play::Play;
use super::setting::{self, Setting};
use super::{Project, has_signed, sends};
use crate::app::ci::chosen::chosen;
use crate::ci;
use crate::ci::said::{Said, said};
use crate::cli::{CiRunOptions, RehearseOptions};
use crate::diag::{Diagnostic, Exit, Source};
use crate::host::{Host, fs};
use crate::model::workflow::Workflow;
use crate::rehearse::fault::Faults;
use crate::rehearse::scratch;
use crate::rehearse::services::Login;
use crate::report::Output;
use crate::report::rehearsal::Rehearsed;
use crate::workflow::FOLDER;

type Done<T> = Result<T, Vec<Diagnostic>>;

/// Plays workflows, each in a world of its own, and ends as the first did that failed.
///
/// # Errors
/// A file is not there or is no workflow, or no world can be made.
pub(in crate::app) fn run(host: &Arc<Host>, output: Output, options: &CiRunOptions) -> Done<Exit> {
    let project = Project::open(host)?;
    let mut ended = Exit::OK;
    let names: Vec<String> = options.name.iter().cloned().collect();
    for workflow in chosen(&project.script.declared, &names)? {
        let exit = one(host, &project, workflow, output, options)?;
        if ended == Exit::OK {
            ended = exit;
        }
    }
    Ok(ended)
}

fn one(
    host: &Arc<Host>,
    project: &Project<'_>,
    workflow: &Workflow,
    output: Output,
    options: &CiRunOptions,
) -> Done<Exit> {
    let said = read(project, workflow)?;
    let tasks = &project.script.declared.tasks;
    let graph = ci::graph(tasks, workflow)?;
    let mut edits = graph.order().any(|node| tasks[graph.instance(node).task].edits.is_some());
    let event = event(&said, edits || !options.inputs.is_empty())?;
    let inputs = inputs(host, project, &said, &event, &options.inputs)?;
    let mut rehearsal = RehearseOptions {
        words: workflow.run.iter().map(|word| word.text.clone()).collect(),
        tag: options.tag.clone(),
        offline: options.offline,
        ..RehearseOptions::default()
    };
    if event == "release" {
        rehearsal = before::with(host, project, &rehearsal)?;
        edits |= !rehearsal.after.is_empty() && sends(project, &rehearsal.after, &[])?;
    }
    let one = |wrong: Box<Diagnostic>| vec![*wrong];
    let mut ground = Ground::new(host, project, &rehearsal, (output, edits)).map_err(one)?;
    let jobs = said.jobs.iter().map(|job| Login {
        bearer: host.nonce(),
        token: host.nonce(),
        environment: job.environment.clone(),
        permissions: job.permissions.clone(),
    });
    let file = format!("{}.yml", workflow.name);
    ground.played = Some(Played { file, event, jobs: jobs.collect() });
    let faults = Faults::new(&[], &[]).map_err(one)?;
    let setting = Setting::new(&ground, Arc::new(faults)).map_err(one)?;
    super::say_left_out(&ground, &setting);
    if !rehearsal.after.is_empty() {
        let before = setting.inner.before(&ground.stop).map_err(one)?;
        if before != Exit::OK {
            return Ok(before);
        }
    }
    let exit = Play::new(&ground, &setting, &workflow.name, &said, inputs).all().map_err(one)?;
    tell(&ground, &setting);
    Ok(exit)
}

/// What the world has seen.
fn tell(ground: &Ground<'_>, setting: &Setting<'_>) {
    let record = setting.world.record();
    let root = ground.place.join(setting::TRUSTED_ROOT);
    let told = Rehearsed {
        tag: &setting.scratch.tag,
        offline: ground.options.offline,
        requests: &record,
        faults: &[],
        ends: [None, None],
        hole: ground.isolation.hole(),
        trusted_root: Some(root.as_path()).filter(|_| has_signed(ground.host, &record)),
    };
    match ground.output {
        Output::Json => ground.host.out_json(told.json()),
        _ => ground.host.err(&told.text()),
    }
}

/// What the file of a workflow says.
fn read(project: &Project<'_>, workflow: &Workflow) -> Done<Said> {
    let file = format!("{FOLDER}/{}.yml", workflow.name);
    let text = fs::read_text(&project.root.join(&file)).map_err(|error| {
        let wrong = Diagnostic::usage(format!("cannot read {file}: {error}"));
        vec![wrong.hint(format!("write it: `rel ci generate github {}`", workflow.name))]
    })?;
    Ok(said(&Arc::new(Source::new(&*file, text)))?)
}

/// Events in the order in which they are taken, where the file knows several.
const EVENTS: [&str; 7] = [
    "push",
    "release",
    "pull_request",
    "schedule",
    "workflow_dispatch",
    "workflow_call",
    "repository_dispatch",
];

/// What starts it: a person, where tasks make the tag or somebody has given inputs.
fn event(said: &Said, by_hand: bool) -> Result<String, Diagnostic> {
    let knows = |event: &&str| said.events.iter().any(|known| known == event);
    let first = if by_hand { Some("workflow_dispatch").filter(knows) } else { None };
    let found = first.or_else(|| EVENTS.into_iter().find(|event| knows(event)));
    found.map(str::to_owned).ok_or_else(|| {
        let wrong = Diagnostic::usage("nothing starts this workflow that could be played");
        wrong.hint("generate it again: `rel ci generate github`")
    })
}

/// The inputs that a person gives: those on the command line, else what the file says; sending is agreed to.
fn inputs(
    host: &Host,
    project: &Project<'_>,
    said: &Said,
    event: &str,
    given: &[String],
) -> Result<BTreeMap<String, String>, Diagnostic> {
    let mut all = BTreeMap::new();
    let by_hand = event == "workflow_dispatch";
    for (name, input) in said.inputs.iter().filter(|_| by_hand) {
        let value = match (name.as_str(), &input.default) {
            ("live", _) => "true".into(),
            (_, Some(value)) => value.clone(),
            ("version", None) => scratch::next_version(host, &project.root),
            (_, None) => continue,
        };
        all.insert(name.clone(), value);
    }
    for word in given {
        let Some((name, value)) = word.split_once('=') else {
            let wrong = Diagnostic::usage(format!("`{word}` is no input"));
            return Err(wrong.hint("write it as `name=value`"));
        };
        if !by_hand || !said.inputs.contains_key(name) {
            let wrong = Diagnostic::usage(format!("nobody is asked for an input `{name}`"));
            return Err(wrong.suggest(name, said.inputs.keys().map(String::as_str)));
        }
        all.insert(name.to_owned(), value.to_owned());
    }
    let missing = said.inputs.keys().find(|name| by_hand && !all.contains_key(*name));
    missing.map_or(Ok(all), |name| {
        let wrong = Diagnostic::usage(format!("the workflow asks for `{name}`"));
        Err(wrong.hint(format!("say it: `rel ci run NAME {name}=…`")))
    })
}
