//! `rel rehearse`: the outer half of a rehearsal. It makes the world and a copy of the project, starts
//! rel itself in there with `--live`, and tells afterwards what that world has seen.
//!
//! The release is not imitated: the inner rel is the same program doing the same as any live run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Project;
use crate::cli::{COMMANDS, RehearseOptions};
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::goals;
use crate::graph::{Graph, Kind};
use crate::host::proc::{self, Ended, Launch};
use crate::host::rehearsed::{self, Way};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::model::command::Cmd;
use crate::model::task::Task;
use crate::rehearse::ca::Authority;
use crate::rehearse::child::{self, Told};
use crate::rehearse::fault::{self, Faults};
use crate::rehearse::kept::Kept;
use crate::rehearse::oidc::Identity;
use crate::rehearse::registries;
use crate::rehearse::scratch::{self, Scratch, Wanted};
use crate::rehearse::services::{self, Cast, Papers};
use crate::rehearse::wire::Proxy;
use crate::rehearse::world::World;
use crate::report::rehearsal::Rehearsed;
use crate::report::{self, Output};
use crate::script::Script;
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
    let web = &host.endpoints.github.web;
    let wanted = Wanted { dirty: options.dirty, tag: options.tag.clone() };
    let scratch = scratch::make(host, &project.root, &place, web, &wanted)?;
    if !options.dirty && !scratch.changes.is_empty() {
        host.err(&report::rehearsal::left_out(&scratch.changes));
    }
    let declared = &project.script.declared;
    let cast = Cast {
        endpoints: &host.endpoints,
        identity: identity(&scratch),
        bearer: host.nonce(),
        token: host.nonce(),
        crates_token: format!("cio{}", host.nonce()),
        indexes: declared.indexes.values().map(|(index, _)| index.clone()).collect(),
        secrets: secrets(host, &project.script),
        own: names(&scratch.checkout),
        registries: registries::hosts(host),
    };
    let (mut world, papers) = services::world(&cast, outside(host, &stop), clock(host))
        .map_err(|why| Diagnostic::machine(format!("the world cannot be made: {why}")))?;
    world.keep(kept(host, &caches, options.offline));
    let world = Arc::new(world);
    let cache = cache(host, &caches, &place, &papers)
        .map_err(|error| machine("cannot write below the cache folder", &error))?;
    let (first, again) = released(
        host,
        output,
        options,
        &Stage {
            scratch: &scratch,
            cast: &cast,
            place: &place,
            caches: &caches,
            cache: &cache,
            stop: &stop,
            asking: asking(&project.script.declared.tasks),
            faults,
        },
        &world,
    )?;
    let told = Rehearsed {
        tag: &scratch.tag,
        offline: options.offline,
        requests: &world.record(),
        faults: &faults.struck(),
        ends: [Some(first), again],
    };
    tell(host, output, &told);
    Ok(again.unwrap_or(first))
}

fn tell(host: &Host, output: Output, told: &Rehearsed<'_>) {
    match output {
        Output::Json => host.out_json(told.json()),
        _ => host.err(&told.text()),
    }
}

/// Tasks that ask before they send.
fn asking(tasks: &[Task]) -> Vec<String> {
    let asks = |task: &&Task| task.confirm.is_some();
    tasks.iter().filter(asks).map(|task| task.name.clone()).collect()
}

/// A run as a pushed tag starts it.
fn identity(scratch: &Scratch) -> Identity {
    Identity {
        repository: scratch.repository.clone(),
        workflow: "release.yml".into(),
        environment: None,
        reference: format!("refs/tags/{}", scratch.tag),
        sha: scratch.commit.clone(),
        event: "push".into(),
        visibility: "public".into(),
    }
}

/// What the inner run is put upon.
struct Stage<'a> {
    scratch: &'a Scratch,
    cast: &'a Cast<'a>,
    place: &'a Path,
    caches: &'a Path,
    cache: &'a Path,
    stop: &'a Stop,
    /// Tasks that ask before they send.
    asking: Vec<String>,
    faults: &'a Arc<Faults>,
}

/// Runs the inner rel to its end; once more if it ended early under a fault, as its user would.
fn released(
    host: &Arc<Host>,
    output: Output,
    options: &RehearseOptions,
    stage: &Stage<'_>,
    world: &Arc<World>,
) -> Outcome<(Exit, Option<Exit>)> {
    let authority = Authority::new()
        .map_err(|error| Diagnostic::machine(format!("no certificate could be made: {error}")))?;
    let authority = Arc::new(authority);
    let (answering, faults) = (world.clone(), stage.faults.clone());
    let answer = move |request| faults.reply(&answering, &request);
    let proxy = Proxy::start(authority.clone(), Arc::new(answer))
        .map_err(|error| machine("the world cannot listen", &error))?;
    let address = format!("http://{}", proxy.address);
    let file = stage.place.join("authority.pem");
    fs::replace(&file, &authority.pem())
        .map_err(|error| machine("cannot write the authority's certificate", &error))?;
    let socket = socket(stage.place)?;
    let way = Way { proxy: address.clone(), authority: authority.pem() };
    rehearsed::tell(&socket, &way)
        .map_err(|error| machine("the inner run cannot be told", &error))?;
    let github = &stage.cast.endpoints.github;
    let mut env = child::variables(&Told {
        host,
        proxy: &address,
        authority: &file,
        home: &stage.scratch.home,
        caches: stage.caches,
        cache: stage.cache,
        identity: &stage.cast.identity,
        addresses: [&github.web, &github.api],
        bearer: &stage.cast.bearer,
        token: &stage.cast.token,
        crates_token: &stage.cast.crates_token,
        secrets: &stage.cast.secrets,
    });
    env.insert(rehearsed::VARIABLE.into(), socket.to_string_lossy().into_owned());
    let program = host
        .program
        .as_ref()
        .ok_or_else(|| Diagnostic::machine("rel does not find its own file"))?;
    let cmd = Cmd::Argv(words(program, output, options, &stage.asking));
    let launch = Launch { cmd: &cmd, cwd: &stage.scratch.checkout, env, shims: None };
    let ended = hand_over(&launch, stage.stop);
    let again = match ended {
        Ok(ended) if ended != Exit::OK && stage.faults.have_struck() && !stage.stop.fired() => {
            host.err(&report::rehearsal::again(ended));
            Some(hand_over(&launch, stage.stop)).transpose()
        }
        _ => Ok(None),
    };
    let _ = fs::remove_file(&socket);
    Ok((ended?, again?))
}

fn hand_over(launch: &Launch<'_>, stop: &Stop) -> Outcome<Exit> {
    match proc::hand_over(launch, stop) {
        Ok(Ended::Ok) => Ok(Exit::OK),
        Ok(Ended::Failed(Some(code))) => Ok(u8::try_from(code).map_or(Exit::TASK, Exit)),
        Ok(Ended::Failed(None)) => Ok(Exit::TASK),
        Err(error) => {
            Err(Box::new(Diagnostic::machine(format!("rel cannot be started: {error:?}"))))
        }
    }
}

/// The inner command line: every question is answered with yes, since nothing leaves.
fn words(
    program: &Path,
    output: Output,
    options: &RehearseOptions,
    asking: &[String],
) -> Vec<String> {
    let output = match output {
        Output::Bar => "bar",
        Output::Auto | Output::Plain => "plain",
        Output::Json => "json",
        Output::Github => "github",
    };
    let mut words = vec![program.to_string_lossy().into_owned(), "--output".into(), output.into()];
    words.extend(["run".into(), "--live".into(), "--yes".into()]);
    words.extend(asking.iter().map(|task| format!("--yes={task}")));
    words.extend(options.jobs.map(|jobs| format!("--jobs={jobs}")));
    words.extend(options.words.iter().cloned());
    words.push("--".into());
    words.extend(options.rest.iter().cloned());
    words
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

/// A path short enough for a socket.
fn socket(place: &Path) -> Outcome<PathBuf> {
    let path = place.join("way");
    fs::remove_file(&path).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(machine("cannot replace a socket", &error)),
    })?;
    Ok(path)
}

/// The secrets that tasks and indexes name, each with a value that is good in there alone.
fn secrets(host: &Host, script: &Script) -> BTreeMap<String, String> {
    let of_tasks = script.declared.tasks.iter().flat_map(|task| &task.secrets);
    let of_indexes = script.declared.indexes.values().flat_map(|(index, _)| &index.password);
    let names = of_tasks.chain(of_indexes);
    names.map(|name| (name.clone(), format!("rehearsal-{}", host.nonce()))).collect()
}

/// Names that the project publishes, as its files state them.
fn names(checkout: &Path) -> Vec<String> {
    let read = |file: &str| {
        let text = fs::read_text(&checkout.join(file)).ok()?;
        text.parse::<toml::Table>().ok()
    };
    let name =
        |file: &str, table: &str| read(file)?.get(table)?.get("name")?.as_str().map(str::to_owned);
    let poetry = || {
        let table = read("pyproject.toml")?;
        table.get("tool")?.get("poetry")?.get("name")?.as_str().map(str::to_owned)
    };
    [name("pyproject.toml", "project"), poetry(), name("Cargo.toml", "package")]
        .into_iter()
        .flatten()
        .collect()
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
