//! `rel rehearse`: the outer half of a rehearsal. It makes the world and a copy of the project, starts
//! rel itself in there with `--live`, and tells afterwards what that world has seen.
//!
//! The release is not imitated: the inner rel is the same program doing the same as any live run.

mod before;
mod cast;
mod chaos;
mod ground;
mod inner;
pub(super) mod inside;
mod job;
mod play;
mod setting;
pub(super) mod workflow;

use std::sync::Arc;
use std::time::Duration;

use self::ground::Ground;
use self::setting::Setting;
use super::Project;
use crate::cli::{COMMANDS, RehearseOptions};
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::goals;
use crate::graph::{Graph, Kind};
use crate::host::Host;
use crate::host::net::host_of;
use crate::host::stop::Stop;
use crate::model::task::Task;
use crate::rehearse::fault::{self, Faults};
use crate::rehearse::wire::Proxy;
use crate::rehearse::world::{By, Exchange};
use crate::report::rehearsal::Rehearsed;
use crate::report::{self, Output};

/// Rehearses tasks, and ends as the release ended.
///
/// # Errors
/// The Releasefile is wrong, there is no commit, or the world cannot be made.
pub(super) fn run(
    host: &Arc<Host>,
    output: Output,
    options: &RehearseOptions,
) -> Result<Exit, Vec<Diagnostic>> {
    let project = Project::open(host)?;
    let mut edits = sends(&project, &options.words, &options.rest)?;
    let options = &before::with(host, &project, options)?;
    if !options.after.is_empty() {
        edits |= sends(&project, &options.after, &[])?;
    }
    if edits && options.chaos.is_some() {
        let wrong = Diagnostic::usage("`--chaos` has no use for a release that edits");
        let wrong =
            wrong.note("its commits have other names in each world, so that no two are the same");
        return Err(vec![wrong.hint("rehearse it without, or strike it with `--fault`")]);
    }
    let indexes = project.script.declared.indexes.values().map(|(index, _)| index);
    let targets = fault::targets(&host.endpoints, indexes);
    let faults = Faults::new(&options.faults, &targets).map_err(|wrong| vec![*wrong])?;
    let output = output.fitting(host);
    let rehearsed = Ground::new(host, &project, options, (output, edits)).and_then(|ground| {
        match options.chaos {
            Some(kind) => chaos::run(&ground, kind),
            None => rehearse(&ground, &Arc::new(faults)),
        }
    });
    rehearsed.map_err(|wrong| vec![*wrong])
}

/// What is wrong with the words, or sends nothing, is said before a world is made for it.
/// Else whether a task edits.
fn sends(
    project: &Project<'_>,
    words: &[String],
    rest: &[String],
) -> Result<bool, Vec<Diagnostic>> {
    let declared = &project.script.declared;
    let default = declared.default_task.iter().map(|task| task.text.clone());
    let words: Vec<String> = if words.is_empty() { default.collect() } else { words.to_vec() };
    let goals =
        goals::parse(&words, rest, &declared.tasks, COMMANDS).map_err(|wrong| vec![*wrong])?;
    let graph = Graph::build(&declared.tasks, &goals)?;
    if graph.order().any(|node| graph.kind(node) == Kind::Sending) {
        let of = |node| &declared.tasks[graph.instance(node).task];
        return Ok(graph.order().any(|node| of(node).edits.is_some()));
    }
    let sends = |task: &&Task| !task.effects.is_empty() && task.on.is_none();
    let sending = declared.tasks.iter().filter(sends);
    let sending: Vec<String> = sending.map(|task| format!("`{}`", task.name)).collect();
    let wrong = match words.as_slice() {
        [] => Diagnostic::usage("no task is named, and the Releasefile has no default"),
        words => Diagnostic::usage(format!(
            "there is nothing to rehearse: `{}` sends nothing",
            words.join(" ")
        )),
    };
    Err(vec![match sending.as_slice() {
        [] => wrong.hint("no task here sends anything: give one `.effects(…)`"),
        all => {
            wrong.hint(format!("name a task that does, or needs one that does: {}", all.join(", ")))
        }
    }])
}

/// One release, in one setting.
fn rehearse(ground: &Ground<'_>, faults: &Arc<Faults>) -> Outcome<Exit> {
    let Ground { host, options, output, stop, .. } = ground;
    let setting = Setting::new(ground, faults.clone())?;
    say_left_out(ground, &setting);
    let first = released(ground, &setting)?;
    let mut again = None;
    if first != Exit::OK && faults.have_struck() && !stop.fired() {
        host.err(&report::rehearsal::again(first));
        again = Some(released(ground, &setting)?);
    }
    let record = setting.world.record();
    let root = ground.place.join(setting::TRUSTED_ROOT);
    let told = Rehearsed {
        tag: &setting.scratch.tag,
        offline: options.offline,
        requests: &record,
        faults: &faults.struck(),
        ends: [Some(first), again],
        hole: ground.isolation.hole(),
        trusted_root: Some(root.as_path()).filter(|_| has_signed(host, &record)),
    };
    match output {
        Output::Json => host.out_json(told.json()),
        _ => host.err(&told.text()),
    }
    if options.serve && !stop.fired() {
        serve(host, *output, &setting.proxy, stop);
    }
    Ok(again.unwrap_or(first))
}

/// What comes before, then what is rehearsed: where the first is not released, nothing follows on it.
fn released(ground: &Ground<'_>, setting: &Setting<'_>) -> Outcome<Exit> {
    if !ground.options.after.is_empty() {
        let before = setting.inner.before(&ground.stop)?;
        if before != Exit::OK {
            return Ok(before);
        }
    }
    setting.inner.shown(&ground.stop)
}

/// Whether a statement came into the world's log.
fn has_signed(host: &Host, record: &[Exchange]) -> bool {
    let log = host_of(&host.endpoints.sigstore.rekor);
    let written = |one: &Exchange| one.by == By::World && one.method == "POST" && one.status == 201;
    record.iter().any(|one| written(one) && log.as_ref() == Some(&one.host))
}

fn say_left_out(ground: &Ground<'_>, setting: &Setting<'_>) {
    let changes = &setting.scratch.changes;
    if !ground.options.dirty && !changes.is_empty() {
        ground.host.err(&report::rehearsal::left_out(changes));
    }
}

/// Keeps the world up until it is stopped.
fn serve(host: &Host, output: Output, proxy: &Proxy, stop: &Stop) {
    let address = format!("http://{}/", proxy.address);
    if output == Output::Json {
        host.out_json(report::rehearsal::serving_json(&address));
    } else {
        host.err(&report::rehearsal::serving(&address));
    }
    while !stop.fired() {
        stop.wait(Duration::from_secs(3600));
    }
}

fn machine(what: &str, error: &dyn std::fmt::Display) -> Box<Diagnostic> {
    Box::new(Diagnostic::machine(format!("{what}: {error}")))
}
