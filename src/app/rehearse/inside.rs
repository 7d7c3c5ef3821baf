//! A rehearsed run that sees no network but the world: a stage between the outer and the inner rel, which
//! stands in a network namespace, and hands the one socket out that leads from there to the world.
//!
//! The inner rel believes nobody but a rel that is its parent, and a parent in another user namespace
//! cannot be looked at: hence a process of its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

use crate::cli::INSIDE;
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::host::proc::{self, Ended, Launch, StartError};
use crate::host::rehearsed::{self, Way};
use crate::host::stop::Stop;
use crate::host::{Host, fs, namespace};
use crate::model::command::Cmd;
use crate::rehearse::wire::Proxy;

/// What keeps a rehearsed run from the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Isolation {
    /// It stands in a namespace.
    Namespace,
    /// Programs keep to the proxy because they are told so; why there is no namespace.
    Settings(String),
}

impl Isolation {
    /// Why a program could still reach the network, if it could.
    pub(super) fn hole(&self) -> Option<&str> {
        match self {
            Self::Namespace => None,
            Self::Settings(why) => Some(why),
        }
    }
}

/// Tries whether a namespace can be had.
pub(super) fn tried(host: &Host, program: &Path, stop: &Stop) -> Isolation {
    let cmd = Cmd::Argv(within(program, &[]));
    let env = host.env.for_child(&[]);
    let launch = Launch::own(&cmd, &host.cwd, &env);
    let mut said = String::new();
    match proc::capture(&launch, stop, |line| said = line) {
        Ok((Ended::Ok, _)) => Isolation::Namespace,
        Ok(_) => Isolation::Settings(said),
        Err(_) => Isolation::Settings("there is no program `unshare` here".into()),
    }
}

/// Words that run the stage in a namespace.
pub(super) fn within(program: &Path, words: &[String]) -> Vec<String> {
    let before = namespace::words().iter().map(ToString::to_string);
    let own = [program.to_string_lossy().into_owned(), INSIDE.to_owned()];
    before.chain(own).chain(words.iter().cloned()).collect()
}

/// Waits at `path` for the stage, each time that it comes: tells it the way, and lets the world listen at the socket that it hands
/// out.
///
/// # Errors
/// The socket cannot be made.
pub(super) fn expect(path: &Path, way: &Way, proxy: Arc<Proxy>) -> std::io::Result<()> {
    let listener = UnixListener::bind(path)?;
    let text = serde_json::to_string(way)?;
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut meet = || {
                writeln!(stream, "{text}")?;
                proxy.listen(namespace::take(&stream)?)
            };
            // A stage that is not served says so itself.
            let _: std::io::Result<()> = meet();
        }
    });
    Ok(())
}

/// Makes room for a socket.
///
/// # Errors
/// What is there cannot be removed.
pub(super) fn cleared(path: &Path) -> std::io::Result<()> {
    fs::remove_file(path).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })
}

/// The stage itself. Without words it only tries; else they are the path to be met at, and the inner
/// rel's command line.
pub(in crate::app) fn run(host: &Arc<Host>, words: &[String]) -> Result<Exit, Vec<Diagnostic>> {
    let failed = |error: std::io::Error| {
        vec![Diagnostic::machine(format!("the namespace cannot be settled: {error}"))]
    };
    let Some((path, words)) = words.split_first() else {
        namespace::settle().map_err(failed)?;
        return Ok(Exit::OK);
    };
    rehearsed::end_with_parent().map_err(failed)?;
    let way = settled(Path::new(path)).map_err(failed)?;
    let told = format!("{path}.way");
    cleared(Path::new(&told)).map_err(failed)?;
    rehearsed::tell(Path::new(&told), &way).map_err(failed)?;
    let stop = Stop::default();
    host.stop_on_signals(&stop).map_err(failed)?;
    let mut env = host.env.for_child(&host.env.withheld(&[]));
    env.insert(rehearsed::VARIABLE.into(), told);
    let cmd = Cmd::Argv(words.to_vec());
    let launch = Launch::own(&cmd, &host.cwd, &env);
    exit_of(proc::hand_over(&launch, &stop)).map_err(|wrong| vec![*wrong])
}

/// How a rel ended that was started here.
pub(super) fn exit_of(ended: Result<Ended, StartError>) -> Outcome<Exit> {
    match ended {
        Ok(Ended::Ok) => Ok(Exit::OK),
        Ok(Ended::Failed(Some(code))) => Ok(u8::try_from(code).map_or(Exit::TASK, Exit)),
        Ok(Ended::Failed(None)) => Ok(Exit::TASK),
        Err(error) => {
            Err(Box::new(Diagnostic::machine(format!("rel cannot be started: {error:?}"))))
        }
    }
}

/// The way out of a namespace, which is ready then.
fn settled(path: &Path) -> std::io::Result<Way> {
    let stream = UnixStream::connect(path)?;
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    let way: Way = serde_json::from_str(&line)?;
    namespace::is_fresh()?;
    namespace::settle()?;
    let address = way.proxy.trim_start_matches("http://").parse::<SocketAddr>();
    let listener = TcpListener::bind(address.map_err(std::io::Error::other)?)?;
    namespace::hand_out(&stream, &listener)?;
    Ok(way)
}
