//! Calls of the system that rel makes, and what strace does to one of them.
//!
//! strace counts the calls of each thread by itself: a point is the n-th call of one kind, about one path,
//! in whichever thread comes to it first. It lets go at `execve`, so that what rel starts is not struck.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::peers;
use crate::project::Ran;
use crate::setting::Setting;

/// Calls that lead to the disk; they count where they are about rel's state.
const DISK: [&str; 6] = ["fdatasync", "fsync", "rename", "renameat", "renameat2", "write"];
/// Calls that lead to the network.
const NET: [&str; 3] = ["sendmsg", "sendto", "writev"];

/// A call of a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub call: String,
    /// What it is about, below the state's folder; nothing if it leads to the network.
    pub path: String,
    nth: usize,
}

impl Point {
    /// Whether it leads to the disk.
    pub fn is_disk(&self) -> bool {
        DISK.contains(&self.call.as_str())
    }
}

/// The tracer, as words before a command.
pub struct Strace(Vec<String>);

impl Strace {
    /// `None` where there is none, which is told.
    pub fn find() -> Option<Self> {
        peers::strace().map(Self)
    }

    fn words(&self, words: &str) -> Vec<String> {
        let more = words.split(' ').map(str::to_owned);
        self.0.iter().cloned().chain(more).collect()
    }

    /// Runs rel undisturbed, and tells the calls in their order, each as often as one thread makes it.
    pub fn points(&self, setting: &Setting, line: &str) -> Vec<Point> {
        let log = setting.beside("calls");
        let calls = [&DISK[..], &NET[..]].concat().join(",");
        let words = format!("-f -b execve -qq -y -s 0 -o {} -e trace={calls}", log.display());
        setting.behind(&self.words(&words), line).code(0);
        let log = std::fs::read_to_string(log).unwrap();
        let mut made: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
        let (mut points, mut known) = (Vec::new(), BTreeSet::new());
        for (thread, call, path) in log.lines().filter_map(|line| told(line, setting.state())) {
            let nth = made.entry((thread, call, path)).or_default();
            *nth += 1;
            let point = Point { call: call.into(), path: path.into(), nth: *nth };
            if known.insert(point.clone()) {
                points.push(point);
            }
        }
        points
    }

    /// Runs rel, and does this to one of its calls: `signal=KILL`, `error=EIO`.
    pub fn strike(&self, setting: &Setting, line: &str, point: &Point, what: &str) -> Ran {
        let Point { call, path, nth } = point;
        let strike = format!("-e trace={call} -e inject={call}:{what}:when={nth}");
        let mut words = format!("-f -b execve -qq -o /dev/null {strike}");
        if !path.is_empty() {
            words += &format!(" -P {}", setting.state().join(path).display());
        }
        setting.behind(&self.words(&words), line)
    }
}

/// The thread of a line, the call, and what it is about; drafts and records of runs, which nothing depends on,
/// have another name each time.
fn told<'a>(line: &'a str, state: &Path) -> Option<(&'a str, &'a str, &'a str)> {
    let (thread, rest) = line.split_once(char::is_whitespace)?;
    let (call, about) = rest.trim().split_once('(')?;
    if NET.contains(&call) {
        return Some((thread, call, ""));
    }
    // The last path is where a file is renamed to.
    let (_, last) = about.rsplit_once(&format!("{}/", state.display()))?;
    let path = last.split(['>', '"']).next()?;
    let is_draft = path.starts_with('.') || path.contains("/.") || path.starts_with("shims");
    (!is_draft && !path.starts_with("runs")).then_some((thread, call, path))
}
