//! `rel TASK --watch`: runs again when a file that counts has changed, and only then.
//!
//! Nothing here waits for a time: what must not start a run is written before something that does, and the
//! line that names what changed would tell.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::project::Project;
use crate::pty::Pty;

/// How long a line may take to come: long, since a machine may be busy.
const DEADLINE: Duration = Duration::from_secs(120);

/// rel with `--watch`, and the lines that it says.
struct Watched {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Watched {
    fn start(project: &Project, line: &str) -> Self {
        let mut child = project.command(line).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = channel();
        let err = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            err.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line)));
        });
        Self { child, lines, said: Vec::new() }
    }

    /// Waits for a line with this text, and gives it.
    #[track_caller]
    fn wait_for(&mut self, text: &str) -> String {
        while let Ok(line) = self.lines.recv_timeout(DEADLINE) {
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
        panic!("`{text}` was never said\n{}", self.said.join("\n"));
    }

    /// How many lines so far have this text.
    fn count(&self, text: &str) -> usize {
        self.said.iter().filter(|line| line.contains(text)).count()
    }

    fn interrupt(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
    }

    /// Waits for its end, and gives the exit code.
    fn end(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // A test that has failed leaves its program running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a process is there and no mere entry in its parent's list.
fn lives(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).is_some_and(|state| state != 'Z')
}

const SHOWS: &str = "task(\"t\").exec(\"cat src/a.txt\");\n";

#[test]
fn a_changed_file_starts_a_run_and_nothing_else_does() {
    let project =
        Project::new(SHOWS).file("src/a.txt", "one\n").file(".gitignore", "ignored/\n").git();
    let mut rel = Watched::start(&project, "t --watch");
    rel.wait_for("one");
    rel.wait_for("waiting for changes");
    project.write("src/a.txt", "two\n");
    assert_eq!(rel.wait_for("changed:"), "note: changed: src/a.txt");
    rel.wait_for("two");
    rel.wait_for("done");
    project.write("ignored/x", "x");
    project.write(".git/x", "x");
    project.write("src/.a.txt.swp", "x");
    project.write("src/a.txt", "two\n");
    project.write("new/below/b.txt", "b");
    assert_eq!(rel.wait_for("changed:"), "note: changed: new/below/b.txt");
    rel.wait_for("done");
    fs::remove_dir_all(project.root().join("new")).unwrap();
    assert_eq!(rel.wait_for("changed:"), "note: changed: new/below/b.txt");
    rel.wait_for("done");
    rel.interrupt();
    assert_eq!(rel.end(), Some(130));
}

#[test]
fn what_is_up_to_date_is_not_run_again() {
    let project = Project::new(
        "task(\"a\").inputs(\"src/a.txt\").exec(\"echo made a\");
         task(\"b\").inputs(\"src/b.txt\").exec(\"cat src/b.txt\");
         task(\"all\").needs([\"a\", \"b\"]);",
    );
    let project = project.file("src/a.txt", "").file("src/b.txt", "one\n").git();
    let mut rel = Watched::start(&project, "all --watch");
    rel.wait_for("waiting for changes");
    project.write("src/b.txt", "two\n");
    rel.wait_for("changed: src/b.txt");
    rel.wait_for("done");
    assert_eq!(rel.count("two"), 1, "{:?}", rel.said);
    // What it said when it ran is told again.
    assert!(rel.said.iter().any(|line| line.contains("a: up to date")), "{:?}", rel.said);
}

#[test]
fn outside_a_repository_hidden_files_do_not_count() {
    let project = Project::new(SHOWS).file("src/a.txt", "one\n");
    let mut rel = Watched::start(&project, "t --watch");
    rel.wait_for("waiting for changes");
    project.write(".cache/x", "x");
    project.write("src/.hidden", "x");
    project.write("src/b.txt", "b");
    assert_eq!(rel.wait_for("changed:"), "note: changed: src/b.txt");
    rel.wait_for("done");
    rel.interrupt();
    assert_eq!(rel.end(), Some(130));
}

#[test]
fn a_changed_releasefile_is_loaded_and_a_broken_one_is_waited_on() {
    let project = Project::new(SHOWS).file("src/a.txt", "one\n").git();
    let mut rel = Watched::start(&project, "t --watch");
    rel.wait_for("waiting for changes");
    project.write("Releasefile", "task(\"t\"");
    rel.wait_for("changed: Releasefile");
    rel.wait_for("error: ");
    project.write("Releasefile", "task(\"t\").sh(\"echo mended\");\n");
    rel.wait_for("changed: Releasefile");
    rel.wait_for("mended");
    rel.wait_for("done");
    rel.interrupt();
    assert_eq!(rel.end(), Some(130));
}

#[test]
fn what_tasks_write_starts_them_no_more_than_once() {
    let file = "task(\"t\").outputs(\"made/*\").sh(\"mkdir -p made ignored; date +%N > made/x; \
                date +%N > ignored/x; echo same > same.txt\");\n";
    let project = Project::new(file).file(".gitignore", "ignored/\n").git();
    let mut rel = Watched::start(&project, "t --watch");
    rel.wait_for("waiting for changes");
    // Written for the first time, it was new.
    assert_eq!(rel.count("changed: same.txt"), 1);
    project.write("other.txt", "x");
    assert_eq!(rel.wait_for("changed:"), "note: changed: other.txt");
    rel.wait_for("done");
    project.write("other.txt", "y");
    assert_eq!(rel.wait_for("changed:"), "note: changed: other.txt");
    rel.interrupt();
    assert_eq!(rel.end(), Some(130));
}

#[test]
fn a_file_that_tasks_write_each_time_is_passed_over_and_told() {
    let project = Project::new("task(\"t\").sh(\"date +%N > stamp.txt\");\n").git();
    let mut rel = Watched::start(&project, "t --watch");
    rel.wait_for("`stamp.txt` changes whenever the tasks run");
    rel.wait_for("waiting for changes");
    assert_eq!(rel.count("changed: stamp.txt"), 3);
    // Between runs it is somebody else who writes it.
    project.write("stamp.txt", "mine");
    rel.wait_for("changed: stamp.txt");
    rel.wait_for("done");
    project.write("other.txt", "x");
    assert_eq!(rel.wait_for("changed:"), "note: changed: other.txt");
    rel.interrupt();
    assert_eq!(rel.end(), Some(130));
}

#[test]
fn a_change_ends_even_what_ignores_term() {
    let stubborn = "import os, signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
                    print('pid', os.getpid(), flush=True)\nwhile True: signal.pause()\n";
    let project = Project::new("task(\"t\").exec(\"python3 stubborn.py\");\n")
        .file("stubborn.py", stubborn)
        .git();
    let mut rel = Watched::start(&project, "t --watch");
    let pid = |line: &str| line.trim().strip_prefix("pid ").unwrap().parse::<i32>().unwrap();
    let first = pid(&rel.wait_for("  pid "));
    project.write("a.txt", "x");
    rel.wait_for("changed: a.txt");
    let second = pid(&rel.wait_for("  pid "));
    assert!(!lives(first) && lives(second));
    rel.interrupt();
    assert_eq!(rel.end(), Some(130));
    assert!(!lives(second));
}

#[test]
fn a_storm_of_writes_makes_few_runs() {
    let project = Project::new("task(\"t\").exec(\"true\");\n").git();
    let mut rel = Watched::start(&project, "t --watch");
    rel.wait_for("waiting for changes");
    for number in 0..200 {
        project.write(&format!("files/{number}.txt"), "x");
    }
    project.write("0-the-end.txt", "x");
    // It is named first of all.
    rel.wait_for("changed: 0-the-end.txt");
    assert!(rel.count("changed:") <= 4, "{}", rel.said.join("\n"));
    rel.interrupt();
    assert_eq!(rel.end(), Some(130));
}

#[test]
fn on_a_terminal_it_ends_with_ctrl_c() {
    let project = Project::new(SHOWS).file("src/a.txt", "one\n").git().env("TERM", "xterm");
    let mut pty = Pty::spawn(project.command("t --watch"), 24, 80);
    pty.wait_for("waiting for changes");
    project.write("src/a.txt", "two\n");
    pty.wait_for("changed: src/a.txt");
    pty.wait_until("two runs", |screen| screen.matches("done").count() == 2);
    pty.send("\u{3}");
    assert_eq!(pty.wait_exit(), 130);
}
