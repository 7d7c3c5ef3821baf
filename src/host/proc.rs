//! Processes: start a command in a group of its own, pass on its lines, stop it whole.
//!
//! Starting goes through `posix_spawn` (a group needs no `pre_exec`, a resolved path no fork).
//! A stop is TERM to every group, a grace, then KILL; so grandchildren do not outlive a run. What has
//! left its group is known by a variable that it inherited.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use crate::host::fs::{self, which};
use crate::host::signals::HandedOver;
use crate::model::command::Cmd;

/// How long a group may take to end by itself after TERM.
const GRACE: Duration = Duration::from_secs(5);
/// How long output is read after a command has ended, if something it started holds it open.
const LINGER: Duration = Duration::from_secs(1);
/// How often what has left its group is looked for and killed, at most: it may breed.
const KILL_ROUNDS: usize = 50;
/// Longest line that is passed on whole, in bytes.
const LONGEST_LINE: u64 = 1 << 20;

/// Ends what belongs to it, and tells whoever asks that it is over. Clones are the same stop.
#[derive(Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Default)]
struct Inner {
    fired: AtomicBool,
    reason: Mutex<String>,
    over: Condvar,
    running: Mutex<BTreeSet<Target>>,
    children: Mutex<Vec<Stop>>,
    listeners: Mutex<Vec<Listener>>,
    killed: AtomicBool,
    kill_listeners: Mutex<Vec<Listener>>,
}

type Listener = Box<dyn Fn() + Send + Sync>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stop {
    /// A stop that also fires when this one does.
    #[must_use]
    pub fn child(&self) -> Self {
        let child = Self::default();
        lock(&self.0.children).push(child.clone());
        if self.fired() {
            child.fire(&self.reason());
        }
        child
    }

    /// Forgets a child that has ended.
    pub fn release(&self, child: &Self) {
        lock(&self.0.children).retain(|known| !Arc::ptr_eq(&known.0, &child.0));
    }

    /// Whether it is over.
    pub fn fired(&self) -> bool {
        self.0.fired.load(Ordering::SeqCst)
    }

    /// Why, once it is over.
    pub fn reason(&self) -> String {
        lock(&self.0.reason).clone()
    }

    /// Calls `listener` when it is over; at once if it is already.
    pub fn on_fire(&self, listener: impl Fn() + Send + Sync + 'static) {
        let mut listeners = lock(&self.0.listeners);
        if self.fired() {
            listener();
        }
        listeners.push(Box::new(listener));
    }

    /// Calls `listener` when it is killed; at once if it is already.
    pub fn on_kill(&self, listener: impl Fn() + Send + Sync + 'static) {
        let mut listeners = lock(&self.0.kill_listeners);
        if self.0.killed.load(Ordering::SeqCst) {
            listener();
        }
        listeners.push(Box::new(listener));
    }

    /// Waits for `pause`, or until it is over.
    pub fn wait(&self, pause: Duration) {
        let reason = lock(&self.0.reason);
        let over = |_: &mut String| !self.fired();
        drop(
            self.0
                .over
                .wait_timeout_while(reason, pause, over)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// Ends every group with TERM, and after a grace with KILL.
    pub fn fire(&self, reason: &str) {
        if !self.0.fired.load(Ordering::SeqCst) {
            reason.clone_into(&mut lock(&self.0.reason));
        }
        if self.0.fired.swap(true, Ordering::SeqCst) {
            return;
        }
        drop(lock(&self.0.reason));
        self.0.over.notify_all();
        for listener in lock(&self.0.listeners).iter() {
            listener();
        }
        let children = lock(&self.0.children).clone();
        for child in children {
            child.fire(reason);
        }
        self.signal(false);
        if !lock(&self.0.running).is_empty() {
            let late = self.clone();
            std::thread::spawn(move || {
                std::thread::sleep(GRACE);
                late.signal(true);
            });
        }
    }

    /// Ends every group with KILL, at once.
    pub fn kill(&self) {
        self.fire("killed");
        self.0.killed.store(true, Ordering::SeqCst);
        for listener in lock(&self.0.kill_listeners).iter() {
            listener();
        }
        let children = lock(&self.0.children).clone();
        for child in children {
            child.kill();
        }
        self.signal(true);
    }

    fn signal(&self, kill: bool) {
        for target in lock(&self.0.running).iter() {
            target.signal(kill);
        }
    }

    fn enter(&self, target: &Target) {
        lock(&self.0.running).insert(target.clone());
        if self.fired() {
            target.signal(true);
        }
    }

    fn leave(&self, target: &Target) {
        lock(&self.0.running).remove(target);
    }
}

/// What a stop ends: a command with all that it started.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    pid: u32,
    /// Whether it leads a group of its own; without one it shares rel's, as it has the terminal.
    leads: bool,
    /// The folder by which what has left the group is known (see [`strays`]).
    out: Option<String>,
}

impl Target {
    fn new(handle: &duct::Handle, leads: bool, launch: &Launch<'_>) -> Self {
        let pid = handle.pids().first().copied().unwrap_or_default();
        Self { pid, leads, out: launch.env.get(OUT).cloned() }
    }

    #[cfg(unix)]
    fn signal(&self, kill: bool) {
        use rustix::process::{Pid, Signal, kill_process, kill_process_group};
        let signal = if kill { Signal::KILL } else { Signal::TERM };
        let pid = |number: u32| i32::try_from(number).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid(self.pid) {
            let _ = if self.leads {
                kill_process_group(pid, signal)
            } else {
                kill_process(pid, signal)
            };
        }
        let Some(own) = self.out.as_deref() else { return };
        // What is born while its parent is looked at is found the next time.
        for _ in 0..if kill { KILL_ROUNDS } else { 1 } {
            let found = strays(|out| out == own);
            for stray in found.iter().filter_map(|stray| pid(stray.pid)) {
                let _ = kill_process(stray, signal);
            }
            if found.is_empty() {
                break;
            }
        }
    }

    #[cfg(not(unix))]
    fn signal(&self, kill: bool) {
        let _ = kill;
    }
}

/// The variable that tells a task's commands the folder for their outputs. What they start inherits
/// it, and is known by it even after it has left their process group.
pub const OUT: &str = "REL_OUT";

/// A process that a task started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Its number.
    pub pid: u32,
    /// Its command line.
    pub command: String,
    /// The task's folder for outputs.
    pub out: String,
}

/// Whether a process of this number is running.
pub fn is_running(pid: u32) -> bool {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, test_kill_process};
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
    }
    #[cfg(not(unix))]
    {
        let _ = pid;
        true
    }
}

/// Running processes of which `wanted` holds for the folder that they were told. Where the system
/// has no `/proc` there are none.
pub fn strays(wanted: impl Fn(&str) -> bool) -> Vec<Stray> {
    let mut found = Vec::new();
    for pid in fs::names(Path::new("/proc")).iter().filter_map(|name| name.parse::<u32>().ok()) {
        let read = |name: &str| std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
        let environ = read("environ");
        let marked = environ.split(|byte| *byte == 0).find_map(|variable| {
            let text = std::str::from_utf8(variable).ok()?;
            text.strip_prefix(OUT)?.strip_prefix('=')
        });
        if let Some(out) = marked.filter(|out| wanted(out)) {
            let command = text(&read("cmdline")).replace('\0', " ").trim().to_owned();
            found.push(Stray { pid, command, out: out.to_owned() });
        }
    }
    found
}

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
    let expression = apart(launch)?.stderr_to_stdout().stdout_file(writer);
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
    mut line: impl FnMut(String),
) -> Result<(Ended, String), StartError> {
    let ((out, to_out), (err, to_err)) = (io::pipe()?, io::pipe()?);
    let expression = apart(launch)?.stdout_file(to_out).stderr_file(to_err);
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
    Ok((ended, text(&captured)))
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
    let group = Target::new(&handle, true, launch);
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
    let target = Target::new(&handle, false, launch);
    stop.enter(&target);
    let ended = handle.wait().map(|output| Ended::from(output.status));
    stop.leave(&target);
    Ok(ended?)
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

/// The command with no input, in a group of its own.
fn apart(launch: &Launch<'_>) -> Result<duct::Expression, StartError> {
    let expression = expression(launch)?.stdin_null();
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
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        line(std::mem::take(&mut bytes));
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
