//! What a task started and does not wait for: known by a variable that it inherited, even after it has left its
//! process group. Where the system has no `/proc` nothing is known of it.

use std::path::Path;
#[cfg(unix)]
use std::{
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

#[cfg(unix)]
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, Signal, kill_process},
};

use crate::host::fs;

/// The variable that tells a task's commands the folder for their outputs.
pub const OUT: &str = "REL_OUT";

/// How long strays are looked for, killed and waited for, at most: they may breed, or be held up in the system.
#[cfg(unix)]
const HUNT: Duration = Duration::from_secs(2);

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

/// Running processes of which `wanted` holds for the folder that they were told.
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
            let command =
                String::from_utf8_lossy(&read("cmdline")).replace('\0', " ").trim().to_owned();
            found.push(Stray { pid, command, out: out.to_owned() });
        }
    }
    found
}

/// Kills every process that was told a folder below this one for its outputs.
pub fn sweep(folder: &Path) {
    #[cfg(unix)]
    signal(|out| Path::new(out).starts_with(folder), Signal::KILL, || ());
    #[cfg(not(unix))]
    let _ = folder;
}

/// Sends a signal to all of which `wanted` holds, and, with `group`, to those who are known otherwise. Kills until
/// there is nothing left, and waits for that: in its last moment a process has no variables by which it could be
/// found.
#[cfg(unix)]
pub(super) fn signal(wanted: impl Fn(&str) -> bool, signal: Signal, group: impl FnOnce()) {
    let until = Instant::now() + HUNT;
    let mut group = Some(group);
    loop {
        let found: Vec<Pid> =
            strays(&wanted).iter().filter_map(|stray| number(stray.pid)).collect();
        let ends: Vec<OwnedFd> = found.iter().filter_map(|pid| end_of(*pid)).collect();
        if let Some(group) = group.take() {
            group();
        }
        for pid in &found {
            let _ = kill_process(*pid, signal);
        }
        if signal != Signal::KILL || found.is_empty() || Instant::now() > until {
            return;
        }
        // What is born meanwhile is found the next time.
        for end in ends {
            wait(&end, until);
        }
    }
}

#[cfg(unix)]
fn wait(end: &OwnedFd, until: Instant) {
    let left = until.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).ok();
    let _ = poll(&mut [PollFd::new(end, PollFlags::IN)], left.as_ref());
}

/// What becomes readable when a process has ended, where the system has that (`pidfd_open(2)`).
#[cfg(target_os = "linux")]
pub(super) fn end_of(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(all(unix, not(target_os = "linux")))]
pub(super) fn end_of(_: Pid) -> Option<OwnedFd> {
    None
}

#[cfg(unix)]
pub(super) fn number(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

/// Whether this process was started by that one, or by what that one started.
pub fn descends_from(pid: u32) -> bool {
    let parent = |of: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{of}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(") ")?;
        rest.split(' ').nth(1)?.parse::<u32>().ok().filter(|parent| *parent > 0)
    };
    std::iter::successors(Some(std::process::id()), parent).skip(1).any(|above| above == pid)
}

/// Whether a process of this number is running.
pub fn is_running(pid: u32) -> bool {
    #[cfg(unix)]
    {
        use rustix::process::test_kill_process;
        number(pid).is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
    }
    #[cfg(not(unix))]
    {
        let _ = pid;
        true
    }
}
