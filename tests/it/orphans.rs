//! Nothing outlives a run that is ended: not what ignores TERM, not what left its process group.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::project::Project;

/// How often each way of ending a run is tried.
const TRIES: usize = 50;

/// Starts a tree of processes and tells their numbers; then all of them wait for ever. Some ignore
/// TERM, one leaves the group, one is nobody's child any more.
const TREE: &str = r#"
import os, signal, sys
def wait(ignore):
    if ignore:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("pid", os.getpid(), flush=True)
    while True:
        signal.pause()
stubborn = int(sys.argv[1]) % 2 == 1
for number in range(3):
    if os.fork() == 0:
        if number == 1:
            os.setsid()
        if number == 2 and os.fork() != 0:
            os._exit(0)
        wait(stubborn)
wait(stubborn and sys.argv[2] != "timeout")
"#;

const FOUR: usize = 4;

fn start(try_number: usize, way: &str) -> (Project, Child, Vec<u32>) {
    let limit = if way == "timeout" { ".timeout(\"6s\")" } else { "" };
    let file = format!("task(\"tree\"){limit}.exec(\"python3 tree.py {try_number} {way}\");\n");
    let project = Project::new(&file).file("tree.py", TREE);
    let mut child = project.command("tree").stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.as_mut().unwrap()).lines().map(Result::unwrap);
    let pids = lines.filter_map(|line| line.trim().strip_prefix("pid ").map(str::to_owned));
    let pids = pids.take(FOUR).map(|pid| pid.parse().unwrap()).collect();
    (project, child, pids)
}

/// Whether a process is there, is no mere entry in its parent's list, and has memory: without that it is in the
/// system's hands for its last moment, and does nothing any more.
fn lives(pid: u32) -> bool {
    let about = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let (stat, memory) = (about("stat"), about("statm"));
    let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
    state.is_some_and(|state| state != 'Z') && !memory.is_empty() && !memory.starts_with("0 ")
}

/// Tries that run side by side.
const SIDE_BY_SIDE: usize = 10;

fn end_all(way: &'static str, code: i32, signal: Option<Signal>) {
    let next = AtomicUsize::new(0);
    let try_all = || {
        while let number @ 0..TRIES = next.fetch_add(1, Ordering::Relaxed) {
            end_one(number, way, code, signal);
        }
    };
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(try_all);
        }
    });
}

fn end_one(number: usize, way: &str, code: i32, signal: Option<Signal>) {
    let (_project, mut child, pids) = start(number, way);
    assert_eq!(pids.len(), FOUR, "the tree did not grow");
    if let Some(signal) = signal {
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }
    let ended = child.wait().unwrap();
    let alive: Vec<u32> = pids.into_iter().filter(|pid| lives(*pid)).collect();
    assert_eq!((ended.code(), alive), (Some(code), Vec::new()), "{way}, try {number}");
}

#[test]
fn interrupted() {
    end_all("interrupt", 130, Some(Signal::INT));
}

#[test]
fn terminated() {
    end_all("terminate", 130, Some(Signal::TERM));
}

#[test]
fn timed_out() {
    end_all("timeout", 1, None);
}

#[test]
fn a_second_signal_kills_at_once() {
    let (_project, mut child, pids) = start(1, "twice");
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!pids.into_iter().any(lives));
}

#[test]
fn what_a_killed_run_left_is_named_by_the_next() {
    let (project, mut child, pids) = start(1, "killed");
    child.kill().unwrap();
    child.wait().unwrap();
    let next = Project::rel(&project, "tree --nonsense");
    assert_eq!(next.code, 2);
    project.write("Releasefile", "task(\"calm\").exec(\"true\");\n");
    let ran = project.rel("calm").code(0).says("left 4 processes running").says("tree.py");
    for pid in &pids {
        assert!(ran.err.contains(&pid.to_string()) && lives(*pid));
        kill_process(Pid::from_raw(i32::try_from(*pid).unwrap()).unwrap(), Signal::KILL).unwrap();
    }
    while pids.iter().any(|pid| lives(*pid)) {
        thread::yield_now();
    }
    project.rel("calm").code(0).never_says("left");
}
