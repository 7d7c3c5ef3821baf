//! The inner rel: started in the copy with the variables of a runner, and told the only way out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::inside::{self, Isolation};
use super::machine;
use crate::cli::RehearseOptions;
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::host::proc::{self, Launch};
use crate::host::rehearsed::{self, Way};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::command::Cmd;
use crate::rehearse::ca::Authority;
use crate::rehearse::child::{self, Told};
use crate::rehearse::fault::Faults;
use crate::rehearse::http::Reply;
use crate::rehearse::pages::Pages;
use crate::rehearse::scratch::Scratch;
use crate::rehearse::services::Cast;
use crate::rehearse::wire::Proxy;
use crate::rehearse::world::World;
use crate::report::{self, Output};

/// What the inner run is put upon.
pub(super) struct Stage<'a> {
    pub(super) scratch: &'a Scratch,
    pub(super) cast: &'a Cast<'a>,
    pub(super) place: &'a Path,
    pub(super) caches: &'a Path,
    pub(super) cache: &'a Path,
    pub(super) stop: &'a Stop,
    /// Tasks that ask before they send.
    pub(super) asking: Vec<String>,
    pub(super) faults: &'a Faults,
}

/// Lets the world listen, with its faults, and its pages for who looks on.
pub(super) fn listening(
    world: &Arc<World>,
    faults: &Arc<Faults>,
    pages: Pages,
) -> Outcome<(Arc<Proxy>, Arc<Authority>)> {
    let authority = Authority::new()
        .map_err(|error| Diagnostic::machine(format!("no certificate could be made: {error}")))?;
    let (authority, world, faults) = (Arc::new(authority), world.clone(), faults.clone());
    let answer = move |request| match pages.answer(&world, &request) {
        Some(page) => Reply::Whole(page),
        None => faults.reply(&world, &request),
    };
    let proxy = Proxy::start(authority.clone(), Arc::new(answer))
        .map_err(|error| machine("the world cannot listen", &error))?;
    Ok((Arc::new(proxy), authority))
}

/// Runs the inner rel to its end; once more if it ended early under a fault, as its user would.
pub(super) fn released(
    host: &Arc<Host>,
    output: Output,
    options: &RehearseOptions,
    stage: &Stage<'_>,
    (proxy, authority): (&Arc<Proxy>, &Authority),
) -> Outcome<(Isolation, [Option<Exit>; 2])> {
    let file = stage.place.join("authority.pem");
    fs::replace(&file, &authority.pem())
        .map_err(|error| machine("cannot write the authority's certificate", &error))?;
    let program = host
        .program
        .as_ref()
        .ok_or_else(|| Diagnostic::machine("rel does not find its own file"))?;
    let isolation = inside::tried(host, program, stage.stop);
    let way = Way { proxy: format!("http://{}", proxy.address), authority: authority.pem() };
    let socket = socket(stage.place)?;
    let mut env = variables(host, stage, &way, &file);
    let words = words(program, output, options, &stage.asking);
    let (told, words) = match isolation {
        Isolation::Namespace => {
            let met = [vec![socket.to_string_lossy().into_owned()], words].concat();
            (inside::expect(&socket, &way, proxy.clone()), inside::within(program, &met))
        }
        Isolation::Settings(_) => {
            env.insert(rehearsed::VARIABLE.into(), socket.to_string_lossy().into_owned());
            (rehearsed::tell(&socket, &way), words)
        }
    };
    told.map_err(|error| machine("the inner run cannot be told", &error))?;
    let cmd = Cmd::Argv(words);
    let launch = Launch { cmd: &cmd, cwd: &stage.scratch.checkout, env, shims: None };
    let first = inside::exit_of(proc::hand_over(&launch, stage.stop))?;
    let mut again = None;
    if first != Exit::OK && stage.faults.have_struck() && !stage.stop.fired() {
        host.err(&report::rehearsal::again(first));
        again = Some(inside::exit_of(proc::hand_over(&launch, stage.stop))?);
    }
    Ok((isolation, [Some(first), again]))
}

/// What the inner run sees of the machine.
fn variables(
    host: &Host,
    stage: &Stage<'_>,
    way: &Way,
    authority: &Path,
) -> std::collections::BTreeMap<String, String> {
    let github = &stage.cast.endpoints.github;
    child::variables(&Told {
        host,
        proxy: &way.proxy,
        authority,
        home: &stage.scratch.home,
        caches: stage.caches,
        cache: stage.cache,
        identity: &stage.cast.identity,
        addresses: [&github.web, &github.api],
        bearer: &stage.cast.bearer,
        token: &stage.cast.token,
        crates_token: &stage.cast.crates_token,
        secrets: &stage.cast.secrets,
    })
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

/// A path for a socket, where none is from an earlier time.
fn socket(place: &Path) -> Outcome<PathBuf> {
    let path = place.join("way");
    inside::cleared(&path).map_err(|error| machine("cannot replace a socket", &error))?;
    Ok(path)
}
