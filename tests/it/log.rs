//! `rel log`: what is kept of runs, also of those that were killed, and what never is.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::peers;
use crate::project::Project;

const RELEASEFILE: &str = r#"
    task("good").sh("echo all is well; echo made > $REL_OUT/made.txt");
    task("bad").needs("good").sh("echo so it is; exit 3");
    task("wait").exec("python3 -c 'import os, signal; print(os.getpid(), flush=True); signal.pause()'");
    task("leak").secrets("API_TOKEN").sh("echo $API_TOKEN; exit 1");
    task("send").needs("good").effects("command").run(|t| remote("true"));
"#;

fn project() -> Project {
    Project::new(RELEASEFILE).git()
}

fn records(project: &Project) -> Vec<String> {
    let files = fs::read_dir(project.state().join("runs")).into_iter().flatten().flatten();
    files.map(|file| fs::read_to_string(file.path()).unwrap()).collect()
}

fn json(project: &Project, line: &str) -> Value {
    serde_json::from_str(&project.rel(line).code(0).out).unwrap()
}

#[test]
fn runs_are_listed_and_told_with_what_failed() {
    let project = project();
    project.rel("log").code(0).says("no run of this project is kept");
    project.rel("log 1").code(2).says("there is no run `1`: none is kept yet");
    project.rel("log --last-failed").code(2).says("none of the runs that are kept has failed");
    project.rel("good").code(0);
    project.rel("bad").code(1);
    project.rel("good").code(0);
    // Looking leaves no record, and what is no run neither.
    project.rel("list").code(0);
    let listed = project.rel("log").code(0).out;
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 3, "{listed}");
    assert!(lines[0].contains("ok") && lines[0].ends_with("rel good  (1 ok)"), "{listed}");
    assert!(
        lines[1].contains("FAILED") && lines[1].ends_with("rel bad  (1 ok, 1 failed)"),
        "{listed}"
    );
    let told = project.rel("log --last-failed").code(0).out;
    assert_eq!(told, project.rel("log 2").code(0).out);
    assert!(told.contains("  good: ok, ") && !told.contains("all is well"), "{told}");
    assert!(told.contains("    so it is\n") && told.contains("error: "), "{told}");
    project.rel("log 4").code(2).says("there is no run `4`: 3 are kept");
}

#[test]
fn programs_get_all_of_a_run() {
    let project = project();
    project.rel("send --live --yes").code(0);
    let runs = json(&project, "log --output json");
    let run = &runs["runs"][0];
    assert_eq!(run["live"], true);
    assert_eq!(run["state"], "finished");
    assert_eq!(run["finish"]["exit"], 0);
    let record = json(&project, &format!("log {} --output json", run["id"].as_str().unwrap()));
    assert_eq!(&record["run"], run);
    let task = |name: &str| {
        let mut tasks = record["tasks"].as_array().unwrap().iter();
        tasks.rfind(|task| task["task"] == name).unwrap().clone()
    };
    assert_eq!(
        task("good")["log"],
        "$ echo all is well; echo made > $REL_OUT/made.txt\nall is well\n"
    );
    assert_eq!(task("good")["artifacts"][0]["name"], "made.txt");
    assert_eq!(task("send")["end"], "done");
    assert_eq!(record["plan"].as_array().unwrap().len(), 1);
    assert_eq!(record["proof"].as_array().unwrap().len(), 1);
}

#[test]
fn a_killed_run_is_told_from_one_that_goes_on() {
    let project = project();
    let mut child = project.command("wait").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let pid = lines.find_map(|line| line.trim().parse::<i32>().ok()).unwrap();
    project.rel("log").code(0).says("running        rel wait");
    child.kill().unwrap();
    child.wait().unwrap();
    project.rel("log").code(0).says("KILLED         rel wait");
    project.rel("log --last-failed").code(0).says("ended      KILLED").says("no task had ended");
    let left = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(left, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_record_costs_one_file_and_no_waiting_for_the_disk() {
    let Some(strace) = peers::strace() else { return };
    let project = Project::new("task(\"nothing\").exec(\"true\");\n").git();
    project.rel("nothing").code(0);
    let (rel, log) = (project.command("nothing"), project.root().join("../calls"));
    let mut traced = Command::new(&strace[0]);
    traced.args(&strace[1..]).args([
        "-f",
        "-qq",
        "-b",
        "execve",
        "-e",
        "trace=openat,fsync,fdatasync",
    ]);
    traced.arg("-o").arg(&log).arg(rel.get_program()).args(rel.get_args());
    let done = traced.current_dir(project.root()).env_clear().envs(project.variables()).status();
    assert!(done.unwrap().success());
    let calls = fs::read_to_string(log).unwrap();
    assert!(!calls.contains("sync("), "{calls}");
    assert_eq!(calls.lines().filter(|line| line.contains("/runs/")).count(), 1, "{calls}");
}

#[test]
fn what_cannot_be_written_down_costs_no_run() {
    let project = project();
    fs::create_dir_all(project.state()).unwrap();
    fs::write(project.state().join("runs"), "in the way").unwrap();
    project.rel("good").code(0).says("all is well").says("`rel log` will not know of this run");
}

#[test]
fn no_secret_is_kept() {
    let secret = "s3cr3t-s3cr3t-s3cr3t";
    let project = project().env("API_TOKEN", secret);
    project.rel(&format!("leak -- {secret}")).code(2);
    project.rel("leak").code(1);
    let kept = records(&project).concat();
    assert!(kept.contains("***") && !kept.contains(secret), "{kept}");
    project.rel("log --html page.html 1").code(0);
    let page = fs::read_to_string(project.root().join("page.html")).unwrap();
    assert!(page.contains("***") && !page.contains(secret));
}

#[test]
fn what_is_too_old_or_too_much_goes() {
    let project = project();
    project.rel("good").code(0);
    let runs = project.state().join("runs");
    for number in 0..201 {
        fs::write(runs.join(format!("{number:013}-1.jsonl")), "").unwrap();
    }
    project.rel("clean --list").code(0).says("would remove runs/0000000000000-1.jsonl");
    project.rel("clean").code(0).says("runs: 200 kept");
    assert_eq!(records(&project).len(), 200);
    project.rel("log 1").code(0).says("rel good");
    project.rel("log").code(0).says("the record of the run 0000000000200-1 is damaged");
}

/// Reads a page as a browser would, and tells its elements and attributes, one on each line.
const READER: &str = r#"
import sys
from html.parser import HTMLParser
VOID = {"meta"}
class Reader(HTMLParser):
    open = []
    def handle_starttag(self, tag, attrs):
        print(tag, *(name for name, _ in attrs))
        if tag not in VOID:
            self.open.append(tag)
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
reader = Reader()
reader.feed(open(sys.argv[1], encoding="utf-8").read())
reader.close()
assert not reader.open, reader.open
"#;

#[test]
fn a_page_is_html_without_anything_that_acts() {
    let hostile = r#"
        task("bad").sh("printf '</pre><script>alert(1)</script><img src=x onerror=a>\\033[2J\\n'; exit 1");
        task("made").sh("touch \"$REL_OUT/<img src=x onerror=a>\"");
    "#;
    let project = Project::new(hostile).git();
    project.rel("bad made --keep-going").code(1);
    project.rel("log --html page.html").code(0);
    let mut reader = Command::new("python3");
    let page = project.root().join("page.html");
    let read = reader.args(["-c", READER]).arg(&page).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let elements = String::from_utf8(read.stdout).unwrap();
    for word in elements.split_whitespace() {
        assert!(!word.starts_with("on"), "{elements}");
        assert!(!["script", "img", "link", "iframe", "src", "form"].contains(&word), "{elements}");
    }
    let folded = |line: &&str| *line == "details" || *line == "details open";
    assert_eq!(elements.lines().filter(folded).count(), 2, "{elements}");
}
