//! `rel rehearse`: the outer half of a rehearsal. It makes the world and a copy of the project, starts
//! rel itself in there with `--live`, and tells afterwards what that world has seen.
//!
//! The release is not imitated: the inner rel is the same program doing the same as any live run.

mod cast;
mod inner;
pub(super) mod inside;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use self::inner::Stage;
use super::Project;
use crate::cli::{COMMANDS, RehearseOptions};
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::goals;
use crate::graph::{Graph, Kind};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::model::task::Task;
use crate::rehearse::fault::{self, Faults};
use crate::rehearse::kept::Kept;
use crate::rehearse::registries;
use crate::rehearse::scratch::{self, Wanted};
use crate::rehearse::services::{self, Papers};
use crate::rehearse::wire::Proxy;
use crate::report::rehearsal::Rehearsed;
use crate::report::{self, Output};
use crate::tools;

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
    sends(&project, options)?;
    let indexes = project.script.declared.indexes.values().map(|(index, _)| index);
    let targets = fault::targets(&host.endpoints, indexes);
    let faults = Faults::new(&options.faults, &targets).map_err(|wrong| vec![*wrong])?;
    let output = output.fitting(host);
    rehearse(host, output, &project, options, &Arc::new(faults)).map_err(|wrong| vec![*wrong])
}

/// What is wrong with the words, or sends nothing, is said before a world is made for it.
fn sends(project: &Project, options: &RehearseOptions) -> Result<(), Vec<Diagnostic>> {
    let declared = &project.script.declared;
    let default = declared.default_task.iter().map(|task| task.text.clone());
    let words: Vec<String> =
        if options.words.is_empty() { default.collect() } else { options.words.clone() };
    let goals = goals::parse(&words, &options.rest, &declared.tasks, COMMANDS)
        .map_err(|wrong| vec![*wrong])?;
    let graph = Graph::build(&declared.tasks, &goals)?;
    if graph.order().any(|node| graph.kind(node) == Kind::Sending) {
        return Ok(());
    }
    let sending = declared.tasks.iter().filter(|task| !task.effects.is_empty());
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

fn rehearse(
    host: &Arc<Host>,
    output: Output,
    project: &Project,
    options: &RehearseOptions,
    faults: &Arc<Faults>,
) -> Outcome<Exit> {
    let stop = Stop::default();
    host.stop_on_signals(&stop).map_err(|error| machine("cannot listen to signals", &error))?;
    let caches = tools::cache(host)?.join("rehearsal");
    let place = caches.join(Digest::of(project.root.to_string_lossy().as_bytes()).short());
    fs::make_dir(&place).map_err(|error| machine("cannot make a folder", &error))?;
    let _alone = fs::lock(&place.join("lock")).map_err(|error| {
        let wrong = Diagnostic::usage(format!("this project cannot be rehearsed now: {error}"));
        wrong.hint("wait for the rehearsal that is running")
    })?;
    let wanted = Wanted { dirty: options.dirty, tag: options.tag.clone() };
    let scratch = scratch::make(host, &project.root, &place, &host.endpoints.github, &wanted)?;
    if !options.dirty && !scratch.changes.is_empty() {
        host.err(&report::rehearsal::left_out(&scratch.changes));
    }
    let declared = &project.script.declared;
    let cast = cast::cast(host, declared, &scratch);
    let remote = cast::remote(host, &scratch, &place.join("remote"), &cast)?;
    let (mut world, papers) =
        services::world(&cast, Some(remote), outside(host, &stop), clock(host))
            .map_err(|why| Diagnostic::machine(format!("the world cannot be made: {why}")))?;
    world.keep(kept(host, &caches, options.offline));
    let world = Arc::new(world);
    let cache = cache(host, &caches, &place, &papers)
        .map_err(|error| machine("cannot write below the cache folder", &error))?;
    let stage = Stage {
        scratch: &scratch,
        cast: &cast,
        place: &place,
        caches: &caches,
        cache: &cache,
        stop: &stop,
        asking: asking(&declared.tasks),
        faults,
    };
    let (proxy, authority) = inner::listening(&world, faults, cast::pages(&cast, &scratch.tag))?;
    let (isolation, [first, again]) =
        inner::released(host, output, options, &stage, (&proxy, &authority))?;
    let told = Rehearsed {
        tag: &scratch.tag,
        offline: options.offline,
        requests: &world.record(),
        faults: &faults.struck(),
        ends: [first, again],
        hole: isolation.hole(),
    };
    match output {
        Output::Json => host.out_json(told.json()),
        _ => host.err(&told.text()),
    }
    if options.serve && !stop.fired() {
        serve(host, output, &proxy, &stop);
    }
    Ok(again.or(first).unwrap_or(Exit::TASK))
}

/// Tasks that ask before they send.
fn asking(tasks: &[Task]) -> Vec<String> {
    let asks = |task: &&Task| task.confirm.is_some();
    tasks.iter().filter(asks).map(|task| task.name.clone()).collect()
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

/// The cache folder of programs in there: with what clients of Sigstore keep of its keys, so that they
/// verify offline by the world's, and rel's own tools, which all rehearsals share.
fn cache(host: &Host, caches: &Path, place: &Path, papers: &Papers) -> std::io::Result<PathBuf> {
    let cache = place.join("cache");
    let address = host.endpoints.sigstore.keys.replace(':', "%3A").replace('/', "%2F");
    let keys = cache.join("sigstore-python/tuf").join(address);
    fs::make_dir(&keys)?;
    let files = [
        ("trusted_root.json", &papers.trusted_root),
        ("signing_config.v0.2.json", &papers.signing_config),
    ];
    for (name, value) in files {
        fs::replace(&keys.join(name), &value.to_string())?;
        fs::replace(&place.join(name), &value.to_string())?;
    }
    registries::take_cargo(host, &caches.join("cargo"))?;
    let tools = caches.join("rel");
    fs::make_dir(&tools)?;
    fs::link_dir(&tools, &cache.join("rel"))?;
    Ok(cache)
}

fn clock(host: &Arc<Host>) -> Box<dyn Fn() -> u64 + Send + Sync> {
    let host = host.clone();
    Box::new(move || host.clock.now())
}

/// What registries have answered in rehearsals before, of all projects.
fn kept(host: &Host, caches: &Path, offline: bool) -> Kept {
    let kept = Kept::new(caches.join("outside"), offline);
    if !offline {
        kept.sweep(host.clock.now());
    }
    kept
}

/// Reads registries as this machine does.
fn outside(host: &Arc<Host>, stop: &Stop) -> crate::rehearse::world::Outside {
    let (host, stop) = (host.clone(), stop.clone());
    Box::new(move |request| {
        services::relayed(request, |head, url, fields| {
            host.net().fetch(head, url, fields, &stop).ok()
        })
    })
}

fn machine(what: &str, error: &dyn std::fmt::Display) -> Box<Diagnostic> {
    Box::new(Diagnostic::machine(format!("{what}: {error}")))
}
