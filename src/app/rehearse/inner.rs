//! The inner rel: started in the copy with the variables of a runner, and told the only way out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ground::{Ground, program};
use super::inside::{self, Isolation};
use super::machine;
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::host::proc::{self, Ended, Launch};
use crate::host::rehearsed::{self, Way};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::command::Cmd;
use crate::rehearse::ca::Authority;
use crate::rehearse::child::{self, Told};
use crate::rehearse::fault::Strikes;
use crate::rehearse::http::Reply;
use crate::rehearse::pages::Pages;
use crate::rehearse::scratch::Scratch;
use crate::rehearse::services::Cast;
use crate::rehearse::wire::Proxy;
use crate::rehearse::world::World;
use crate::report::Output;

/// What the inner run is put upon.
pub(super) struct Stage<'a> {
    pub(super) scratch: &'a Scratch,
    pub(super) cast: &'a Cast<'a>,
    pub(super) place: &'a Path,
    pub(super) caches: &'a Path,
    pub(super) cache: &'a Path,
    /// Tasks that ask before they send.
    pub(super) asking: Vec<String>,
}

/// Lets the world listen, behind what strikes it, and its pages for who looks on.
pub(super) fn listening(
    world: &Arc<World>,
    strikes: Arc<dyn Strikes>,
    pages: Pages,
) -> Outcome<(Arc<Proxy>, Arc<Authority>)> {
    let authority = Authority::new()
        .map_err(|error| Diagnostic::machine(format!("no certificate could be made: {error}")))?;
    let (authority, world) = (Arc::new(authority), world.clone());
    let answer = move |request| match pages.answer(&world, &request) {
        Some(page) => Reply::Whole(page),
        None => strikes.reply(&world, &request),
    };
    let proxy = Proxy::start(authority.clone(), Arc::new(answer))
        .map_err(|error| machine("the world cannot listen", &error))?;
    Ok((Arc::new(proxy), authority))
}

/// A live run within a setting, which can be started again and again.
pub(super) struct Inner<'a> {
    ground: &'a Ground<'a>,
    checkout: PathBuf,
    env: BTreeMap<String, String>,
    /// Where a namespace's stage is met, if there is one.
    met: Option<PathBuf>,
    asking: Vec<String>,
}

impl<'a> Inner<'a> {
    /// A run of what is to be rehearsed, which is told the way out whenever it starts.
    ///
    /// # Errors
    /// A file or a socket cannot be made.
    pub(super) fn new(
        ground: &'a Ground<'a>,
        stage: &Stage<'_>,
        proxy: &Arc<Proxy>,
        authority: &Authority,
    ) -> Outcome<Self> {
        let file = stage.place.join("authority.pem");
        fs::replace(&file, &authority.pem())
            .map_err(|error| machine("cannot write the authority's certificate", &error))?;
        let scratch = stage.scratch;
        let way = Way {
            proxy: format!("http://{}", proxy.address),
            authority: authority.pem(),
            guessed: scratch.guessed.then(|| scratch.tag.clone()),
        };
        let socket = socket(stage.place)?;
        let mut env = variables(ground.host, stage, &way, &file);
        let (told, met) = match ground.isolation {
            Isolation::Namespace => {
                (inside::expect(&socket, &way, proxy.clone()), Some(socket.clone()))
            }
            Isolation::Settings(_) => {
                env.insert(rehearsed::VARIABLE.into(), socket.to_string_lossy().into_owned());
                (rehearsed::tell(&socket, &way), None)
            }
        };
        told.map_err(|error| machine("the inner run cannot be told", &error))?;
        let (checkout, asking) = (stage.scratch.checkout.clone(), stage.asking.clone());
        Ok(Self { ground, checkout, env, met, asking })
    }

    /// Runs it to its end, on this terminal.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn shown(&self, stop: &Stop) -> Outcome<Exit> {
        let cmd = self.words(self.ground.output, &[])?;
        inside::exit_of(proc::hand_over(&self.launch(&cmd), stop))
    }

    /// Runs what is released before to its end, on this terminal.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn before(&self, stop: &Stop) -> Outcome<Exit> {
        let options = self.ground.options;
        let cmd = self.line(self.ground.output, &[], (&options.after, &[]))?;
        inside::exit_of(proc::hand_over(&self.launch(&cmd), stop))
    }

    /// Runs it to its end, and takes what it prints; `flags` are for that run alone. Without an exit
    /// code it was killed.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn heard(
        &self,
        flags: &[&str],
        stop: &Stop,
    ) -> Outcome<(Option<Exit>, Vec<String>)> {
        let cmd = self.words(Output::Plain, flags)?;
        let mut lines = Vec::new();
        let ended = proc::run(&self.launch(&cmd), stop, |line| lines.push(line));
        let killed = matches!(ended, Ok(Ended::Failed(None)));
        let exit = inside::exit_of(ended)?;
        Ok(((!killed).then_some(exit), lines))
    }

    /// The variables that a run sees.
    pub(super) fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// Runs rel with other words, in another folder and with other variables: how it ended, what it printed,
    /// and what it said besides.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn asked(
        &self,
        words: Vec<String>,
        cwd: &Path,
        env: &BTreeMap<String, String>,
    ) -> Outcome<(Exit, String, Vec<String>)> {
        let program = program(self.ground.host)?.to_string_lossy().into_owned();
        let cmd = self.within([vec![program], words].concat())?;
        let launch = Launch::own(&cmd, cwd, env);
        let (mut said, mut printed) = (Vec::new(), String::new());
        let ended = proc::capture(&launch, &self.ground.stop, |line| said.push(line));
        let ended = ended.map(|(ended, text)| {
            printed = text;
            ended
        });
        Ok((inside::exit_of(ended)?, printed, said))
    }

    fn launch<'b>(&'b self, cmd: &'b Cmd) -> Launch<'b> {
        Launch::own(cmd, &self.checkout, &self.env)
    }

    fn words(&self, output: Output, flags: &[&str]) -> Outcome<Cmd> {
        let options = self.ground.options;
        self.line(output, flags, (&options.words, &options.rest))
    }

    /// The inner command line: every question is answered with yes, since nothing leaves.
    fn line(
        &self,
        output: Output,
        flags: &[&str],
        (tasks, rest): (&[String], &[String]),
    ) -> Outcome<Cmd> {
        let program = program(self.ground.host)?;
        let options = self.ground.options;
        let output = match output {
            Output::Bar => "bar",
            Output::Auto | Output::Plain => "plain",
            Output::Json => "json",
            Output::Github => "github",
        };
        let mut words =
            vec![program.to_string_lossy().into_owned(), "--output".into(), output.into()];
        words.extend(["run".into(), "--live".into(), "--yes".into()]);
        words.extend(flags.iter().map(ToString::to_string));
        words.extend(self.asking.iter().map(|task| format!("--yes={task}")));
        words.extend(options.jobs.map(|jobs| format!("--jobs={jobs}")));
        words.extend(tasks.iter().cloned());
        words.push("--".into());
        words.extend(rest.iter().cloned());
        self.within(words)
    }

    /// A command line, in the namespace if there is one.
    fn within(&self, words: Vec<String>) -> Outcome<Cmd> {
        Ok(Cmd::Argv(match &self.met {
            Some(socket) => {
                let met = [vec![socket.to_string_lossy().into_owned()], words].concat();
                inside::within(program(self.ground.host)?, &met)
            }
            None => words,
        }))
    }
}

/// What the inner run sees of the machine.
fn variables(
    host: &Host,
    stage: &Stage<'_>,
    way: &Way,
    authority: &Path,
) -> BTreeMap<String, String> {
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

/// A path for a socket, where none is from an earlier time.
fn socket(place: &Path) -> Outcome<PathBuf> {
    let path = place.join("way");
    inside::cleared(&path).map_err(|error| machine("cannot replace a socket", &error))?;
    Ok(path)
}
