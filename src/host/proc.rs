//! Processes: start a command in a group of its own, and pass on its lines.
//!
//! Starting goes through `posix_spawn` (a group needs no `pre_exec`, a resolved path no fork). Whoever
//! starts a command hears it to its end on the same thread (`hear`); what was started is ended by
//! `host::stop`. What gets rel's own terminal is heard by nobody, and is `duct`'s. Turned down: to hear commands
//! by `duct` too, whose threads, one for each stream and one that waits, cost more than starting the program.

#[cfg(unix)]
mod hear;
#[cfg(not(unix))]
#[path = "proc/hear_threads.rs"]
mod hear;
mod lines;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::host::fs::{self, which};
use crate::host::signals::HandedOver;
use crate::host::stop::{Stop, Target};
use crate::host::stray::OUT;
use crate::model::command::Cmd;
use hear::hear;
use lines::Lines;

/// A command ready to be started.
pub struct Launch<'a> {
    /// What to start.
    pub cmd: &'a Cmd,
    /// The folder to start it in.
    pub cwd: &'a Path,
    /// All variables it sees, but for those that the next two set.
    pub env: &'a BTreeMap<String, String>,
    /// The folder for its outputs, if that stands not in the variables ([`OUT`]).
    pub out: Option<&'a Path>,
    /// A folder that leads its PATH; the command itself is not looked for there.
    pub shims: Option<&'a Path>,
    /// Set if something of its process group may run on when it has ended.
    pub left: Option<&'a AtomicBool>,
}

impl<'a> Launch<'a> {
    /// A command of rel's own, which belongs to no task.
    pub fn own(cmd: &'a Cmd, cwd: &'a Path, env: &'a BTreeMap<String, String>) -> Self {
        Self { cmd, cwd, env, out: None, shims: None, left: None }
    }

    fn ended(&self, target: &Target) {
        if let Some(left) = self.left.filter(|_| target.lives_on()) {
            left.store(true, Ordering::Relaxed);
        }
    }

    fn target(&self, pid: u32, leads: bool) -> Target {
        let out = self.out.map(|out| out.to_string_lossy().into_owned());
        Target::new(pid, leads, out.or_else(|| self.env.get(OUT).cloned()))
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With exit code 0.
    Ok,
    /// With another exit code, or by a signal (`None`).
    Failed(Option<i32>),
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        if status.success() { Self::Ok } else { Self::Failed(status.code()) }
    }
}

/// Why a command could not be started.
#[derive(Debug)]
pub enum StartError {
    /// No program of this name on PATH.
    NotFound(String),
    /// The folder to start in is not there.
    NoFolder,
    /// The system refused.
    Io(io::Error),
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Runs a command to its end; each line of its output (both streams, in order) goes to `line`.
///
/// # Errors
/// It could not be started.
pub fn run(
    launch: &Launch<'_>,
    stop: &Stop,
    mut line: impl FnMut(String),
) -> Result<Ended, StartError> {
    let (reader, writer) = io::pipe()?;
    let mut command = apart(launch)?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut lines = Lines::default();
    let mut each = |piece: Piece<'_>| lines.take(piece, &mut |bytes| line(text(bytes)));
    follow(launch, command, vec![Stream { reader, each: &mut each }], stop)
}

/// Runs a command to its end and gives its standard output; its standard error goes to `line`.
///
/// # Errors
/// As [`run`].
pub fn capture(
    launch: &Launch<'_>,
    stop: &Stop,
    line: impl FnMut(String),
) -> Result<(Ended, String), StartError> {
    let mut command = apart(launch)?;
    command.stdin(Stdio::null());
    let (ended, bytes) = captured(launch, command, stop, line)?;
    Ok((ended, text(bytes)))
}

/// Runs a command to its end with a file as its standard input, and gives the bytes of its standard
/// output; its standard error goes to `line`.
///
/// # Errors
/// As [`run`].
pub fn filter(
    launch: &Launch<'_>,
    input: &Path,
    stop: &Stop,
    line: impl FnMut(String),
) -> Result<(Ended, Vec<u8>), StartError> {
    let mut command = apart(launch)?;
    command.stdin(fs::open(input)?);
    captured(launch, command, stop, line)
}

fn captured(
    launch: &Launch<'_>,
    mut command: Command,
    stop: &Stop,
    mut line: impl FnMut(String),
) -> Result<(Ended, Vec<u8>), StartError> {
    let ((out, to_out), (err, to_err)) = (io::pipe()?, io::pipe()?);
    command.stdout(to_out).stderr(to_err);
    let (mut bytes, mut lines) = (Vec::new(), Lines::default());
    let mut keep = |piece: Piece<'_>| bytes.extend_from_slice(piece.unwrap_or_default());
    let mut each = |piece: Piece<'_>| lines.take(piece, &mut |bytes| line(text(bytes)));
    let streams =
        vec![Stream { reader: out, each: &mut keep }, Stream { reader: err, each: &mut each }];
    let ended = follow(launch, command, streams, stop)?;
    Ok((ended, bytes))
}

/// Bytes of a stream as they come; `None` at its end.
type Piece<'a> = Option<&'a [u8]>;

/// A stream of a command, and who hears it.
struct Stream<'a> {
    reader: io::PipeReader,
    each: &'a mut dyn FnMut(Piece<'_>),
}

/// Starts a command and hears it until it has ended and its output is closed.
fn follow(
    launch: &Launch<'_>,
    mut command: Command,
    streams: Vec<Stream<'_>>,
    stop: &Stop,
) -> Result<Ended, StartError> {
    let mut child = command.spawn()?;
    // It holds this process's ends of the pipes: without it their end can be seen.
    drop(command);
    let group = launch.target(child.id(), true);
    stop.enter(&group);
    let status = hear(&mut child, streams);
    if stop.fired() {
        group.signal(true);
    }
    stop.leave(&group);
    launch.ended(&group);
    Ok(status?.into())
}

/// Runs a command to its end with rel's own terminal as its input and output.
///
/// # Errors
/// As [`run`].
pub fn hand_over(launch: &Launch<'_>, stop: &Stop) -> Result<Ended, StartError> {
    let _left = HandedOver::new();
    let command = command(launch)?;
    let env = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let expression = duct::cmd(command.get_program(), command.get_args());
    let handle = expression.dir(launch.cwd).full_env(env).unchecked().start()?;
    let id = handle.pids().first().copied().unwrap_or_default();
    let target = launch.target(id, false);
    stop.enter(&target);
    let ended = handle.wait().map(|output| output.status.into());
    stop.leave(&target);
    launch.ended(&target);
    Ok(ended?)
}

fn command(launch: &Launch<'_>) -> Result<Command, StartError> {
    if !launch.cwd.is_dir() {
        return Err(StartError::NoFolder);
    }
    let path = launch.env.get("PATH").map(String::as_str);
    let find = |program: &str| which(program, path, launch.cwd);
    let here = |program: &str| {
        find(program).ok_or_else(|| StartError::NotFound(program.to_owned())).map(Command::new)
    };
    let mut command = match launch.cmd {
        Cmd::Argv(words) => {
            let mut command = here(words.first().map_or("", String::as_str))?;
            command.args(words.iter().skip(1));
            command
        }
        Cmd::Script(script) => match find("bash") {
            // A pipeline must not hide a failure: dash has no `pipefail`, so bash goes first.
            Some(bash) => {
                let mut command = Command::new(bash);
                command.args(["-euo", "pipefail", "-c", script]);
                command
            }
            None => {
                let mut command = here("sh")?;
                let careful = format!("(set -o pipefail) 2>/dev/null && set -o pipefail\n{script}");
                command.args(["-euc", &careful]);
                command
            }
        },
    };
    command.current_dir(launch.cwd).env_clear().envs(launch.env);
    if let Some(out) = launch.out {
        command.env(OUT, out);
    }
    if let Some(shims) = launch.shims {
        let path = path.map_or_else(String::new, |path| format!(":{path}"));
        command.env("PATH", format!("{}{path}", shims.display()));
    }
    Ok(command)
}

/// The command in a group of its own.
fn apart(launch: &Launch<'_>) -> Result<Command, StartError> {
    let mut command = command(launch)?;
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ok(command)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned())
}
