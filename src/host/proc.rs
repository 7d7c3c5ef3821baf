//! Processes: start a command in a group of its own, and pass on its lines.
//!
//! Starting goes through `posix_spawn` (a group needs no `pre_exec`, a resolved path no fork). What
//! was started is ended by `host::stop`.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crate::host::fs::which;
use crate::host::signals::HandedOver;
use crate::host::stop::{OUT, Stop, Target};
use crate::model::command::Cmd;

/// How long output is read after a command has ended, if something it started holds it open.
const LINGER: Duration = Duration::from_secs(1);
/// What is held back where a line is cut, in bytes: more than any secret is long.
const LONGEST_SECRET: usize = 16 * 1024;
/// Longest line that is passed on whole, in bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// A command ready to be started.
pub struct Launch<'a> {
    /// What to start.
    pub cmd: &'a Cmd,
    /// The folder to start it in.
    pub cwd: &'a Path,
    /// All variables it sees.
    pub env: BTreeMap<String, String>,
    /// A folder that leads its PATH; the command itself is not looked for there.
    pub shims: Option<&'a Path>,
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
    let expression = apart(launch)?.stdin_null().stderr_to_stdout().stdout_file(writer);
    follow(launch, expression, vec![(Stream::Out, Shape::Lines, reader)], stop, &mut |_, bytes| {
        line(text(&bytes))
    })
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
    let (ended, bytes) = captured(launch, &apart(launch)?.stdin_null(), stop, line)?;
    Ok((ended, text(&bytes)))
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
    captured(launch, &apart(launch)?.stdin_path(input), stop, line)
}

fn captured(
    launch: &Launch<'_>,
    expression: &duct::Expression,
    stop: &Stop,
    mut line: impl FnMut(String),
) -> Result<(Ended, Vec<u8>), StartError> {
    let ((out, to_out), (err, to_err)) = (io::pipe()?, io::pipe()?);
    let expression = expression.stdout_file(to_out).stderr_file(to_err);
    let mut captured = Vec::new();
    let mut each = |stream, bytes: Vec<u8>| match stream {
        Stream::Out => captured.extend(bytes),
        Stream::Err => line(text(&bytes)),
    };
    let ended = follow(
        launch,
        expression,
        vec![(Stream::Out, Shape::Whole, out), (Stream::Err, Shape::Lines, err)],
        stop,
        &mut each,
    )?;
    Ok((ended, captured))
}

#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

/// How a stream is passed on.
#[derive(Clone, Copy)]
enum Shape {
    /// Line by line, for eyes.
    Lines,
    /// As it is, in pieces as they come.
    Whole,
}

enum News {
    Bytes(Stream, Vec<u8>),
    Closed,
    Ended(io::Result<ExitStatus>),
}

/// Starts a command and hears of it until it has ended and its output is closed. What it left
/// running may hold the output open: that is waited for only shortly.
fn follow(
    launch: &Launch<'_>,
    expression: duct::Expression,
    readers: Vec<(Stream, Shape, io::PipeReader)>,
    stop: &Stop,
    each: &mut dyn FnMut(Stream, Vec<u8>),
) -> Result<Ended, StartError> {
    let handle = Arc::new(expression.unchecked().start()?);
    // The expression holds this process's end of the pipes: without it their end can be seen.
    drop(expression);
    let group = target(&handle, true, launch);
    stop.enter(&group);
    // Bounded, so that a flood of output waits in the pipe and not in memory.
    let (tell, news) = mpsc::sync_channel(1024);
    let mut open = readers.len();
    for (stream, shape, reader) in readers {
        let tell = tell.clone();
        std::thread::spawn(move || {
            let mut pass_on = |bytes| drop(tell.send(News::Bytes(stream, bytes)));
            // A stream that cannot be read any more is as good as closed.
            let _ = match shape {
                Shape::Lines => read_lines(reader, &mut pass_on),
                Shape::Whole => read_whole(reader, &mut pass_on),
            };
            let _ = tell.send(News::Closed);
        });
    }
    let waited = handle.clone();
    std::thread::spawn(move || tell.send(News::Ended(waited.wait().map(|output| output.status))));
    let mut ended = None;
    while open > 0 || ended.is_none() {
        let next = match &ended {
            None => news.recv().ok(),
            Some((_, deadline)) => {
                let left = Instant::saturating_duration_since(deadline, Instant::now());
                // What a command left running may print for ever: the time counts, not what is queued.
                if left.is_zero() { None } else { news.recv_timeout(left).ok() }
            }
        };
        match next {
            Some(News::Bytes(stream, bytes)) => each(stream, bytes),
            Some(News::Closed) => open -= 1,
            Some(News::Ended(status)) => ended = Some((status, Instant::now() + LINGER)),
            None => break,
        }
    }
    if stop.fired() {
        group.signal(true);
    }
    stop.leave(&group);
    let status = ended.map(|(status, _)| status).transpose()?;
    Ok(status.map_or(Ended::Failed(None), Ended::from))
}

/// Runs a command to its end with rel's own terminal as its input and output.
///
/// # Errors
/// As [`run`].
pub fn hand_over(launch: &Launch<'_>, stop: &Stop) -> Result<Ended, StartError> {
    let _left = HandedOver::new();
    let handle = expression(launch)?.unchecked().start()?;
    let target = target(&handle, false, launch);
    stop.enter(&target);
    let ended = handle.wait().map(|output| Ended::from(output.status));
    stop.leave(&target);
    Ok(ended?)
}

fn target(handle: &duct::Handle, leads: bool, launch: &Launch<'_>) -> Target {
    let pid = handle.pids().first().copied().unwrap_or_default();
    Target::new(pid, leads, launch.env.get(OUT).cloned())
}

fn expression(launch: &Launch<'_>) -> Result<duct::Expression, StartError> {
    if !launch.cwd.is_dir() {
        return Err(StartError::NoFolder);
    }
    let path = launch.env.get("PATH").map(String::as_str);
    let (program, words): (&str, Vec<String>) = match launch.cmd {
        Cmd::Argv(words) => {
            (words.first().map_or("", String::as_str), words.iter().skip(1).cloned().collect())
        }
        // A pipeline must not hide a failure: dash has no `pipefail`, so bash goes first.
        Cmd::Script(script) if which("bash", path, launch.cwd).is_some() => {
            ("bash", vec!["-euo".into(), "pipefail".into(), "-c".into(), script.clone()])
        }
        Cmd::Script(script) => {
            let careful = format!("(set -o pipefail) 2>/dev/null && set -o pipefail\n{script}");
            ("sh", vec!["-euc".into(), careful])
        }
    };
    let found =
        which(program, path, launch.cwd).ok_or_else(|| StartError::NotFound(program.to_owned()))?;
    let mut env = launch.env.clone();
    if let Some(shims) = launch.shims {
        let path = path.map_or_else(String::new, |path| format!(":{path}"));
        env.insert("PATH".into(), format!("{}{path}", shims.display()));
    }
    Ok(duct::cmd(found, words).dir(launch.cwd).full_env(env))
}

/// The command in a group of its own.
fn apart(launch: &Launch<'_>) -> Result<duct::Expression, StartError> {
    let expression = expression(launch)?;
    #[cfg(unix)]
    let expression = expression.before_spawn(|command| {
        std::os::unix::process::CommandExt::process_group(command, 0);
        Ok(())
    });
    Ok(expression)
}

/// Each line without its end; one longer than a megabyte is cut there.
fn read_lines(from: impl io::Read, line: &mut dyn FnMut(Vec<u8>)) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut bytes = Vec::new();
    while from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut bytes)? > 0 {
        if bytes.last() != Some(&b'\n') && bytes.len() >= LONGEST_SECRET * 2 {
            // A secret may go over the cut: what could be its beginning is passed on with the rest.
            let rest = bytes.split_off(bytes.len() - LONGEST_SECRET);
            line(std::mem::replace(&mut bytes, rest));
            continue;
        }
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        line(std::mem::take(&mut bytes));
    }
    if !bytes.is_empty() {
        line(bytes);
    }
    Ok(())
}

/// Pieces as they come.
fn read_whole(mut from: impl io::Read, piece: &mut dyn FnMut(Vec<u8>)) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => piece(buffer[..read].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
