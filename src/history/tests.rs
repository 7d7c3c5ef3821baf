//! Records that are written and read again.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::host::Host;
use crate::host::endpoints::Endpoints;
use crate::host::env::Env;
use crate::host::term::Term;
use crate::model::event::{End, Event, Events, Tally};

fn host(variables: &[(&str, &str)]) -> Arc<Host> {
    let env = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let (term, _) = Term::captured();
    Arc::new(Host::new("/".into(), Env::new(env), Endpoints::default(), term))
}

fn begin(host: &Arc<Host>, folder: &Path, words: &[&str]) -> (Recorder, Events) {
    let recorder = Recorder::new(host);
    let events = recorder.tee(&Events::to(|_| {}));
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    let goals = words.clone();
    let start =
        Start { v: VERSION, rel: "0".into(), at: 7, words, goals, live: false, commit: None };
    recorder.begin(folder, start).unwrap();
    (recorder, events)
}

fn run_task(events: &Events, task: &str, end: End, lines: &[&str]) {
    let task = task.to_owned();
    events.emit(Event::TaskStarted { task: task.clone(), cwd: None });
    for line in lines {
        let line = (*line).to_owned();
        events.emit(Event::Output { task: task.clone(), line, printed: false });
    }
    let (millis, why, artifacts, empty) = (12, None, Vec::new(), false);
    events.emit(Event::TaskFinished { task, end, millis, why, artifacts, empty });
}

fn finish(events: &Events, exit: u8) {
    let (tally, critical_path) = (Tally::default(), Vec::new());
    events.emit(Event::RunFinished {
        exit,
        millis: 20,
        message: "done".into(),
        tally,
        critical_path,
    });
}

#[test]
fn a_run_is_read_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("runs");
    let (_recorder, events) = begin(&host(&[]), &folder, &["lint"]);
    run_task(&events, "lint", End::Failed, &["first", "second"]);
    finish(&events, 1);
    let [id] = &ids(&folder)[..] else { panic!("one run") };
    let record = read(&folder, id).unwrap();
    assert_eq!(record.brief, brief(&folder, id).unwrap());
    assert_eq!(record.brief.start.words, ["lint"]);
    assert!(record.brief.state.is_failed());
    let task = &record.tasks[0];
    assert_eq!((&*task.task, &*task.end, task.millis), ("lint", "failed", 12));
    assert_eq!((&*task.log, task.cut), ("first\nsecond\n", false));
}

#[test]
fn one_that_goes_on_is_told_from_one_that_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, events) = begin(&host(&[]), folder.path(), &["lint"]);
    let id = ids(folder.path()).remove(0);
    assert_eq!(brief(folder.path(), &id).unwrap().state, State::Running);
    drop((recorder, events));
    assert_eq!(brief(folder.path(), &id).unwrap().state, State::Killed);
    // The kill tore a line.
    let path = folder.path().join(format!("{id}{END}"));
    let text = fs::read_text(&path).unwrap();
    fs::replace(&path, &format!("{text}{{\"task\":{{\"ta")).unwrap();
    let record = read(folder.path(), &id).unwrap();
    assert_eq!((record.brief.state, record.tasks.len()), (State::Killed, 0));
}

#[test]
fn no_secret_is_kept_not_even_where_a_line_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "hunter2-hunter2-hunter2";
    let host = host(&[("API_TOKEN", secret)]);
    let (_recorder, events) = begin(&host, folder.path(), &["lint", secret]);
    // The cut would go through the middle of it.
    let long = format!("{}{secret}{}", "x".repeat(100_000), "y".repeat(tail::MOST - 12));
    run_task(&events, "lint", End::Done, &[secret, &long]);
    finish(&events, 0);
    let id = ids(folder.path()).remove(0);
    let text = fs::read_text(&folder.path().join(format!("{id}{END}"))).unwrap();
    assert!(text.contains("***") && !text.contains("hunter2"));
}

#[test]
fn of_a_run_that_says_too_much_only_what_failed_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (_recorder, events) = begin(&host(&[]), folder.path(), &["all"]);
    let flood = "x".repeat(60_000);
    for number in 0..100 {
        run_task(&events, &format!("t{number}"), End::Done, &[&flood]);
    }
    run_task(&events, "bad", End::Failed, &[&flood]);
    finish(&events, 1);
    let record = read(folder.path(), &ids(folder.path()).remove(0)).unwrap();
    let kept = record.tasks.iter().filter(|task| !task.log.is_empty());
    assert_eq!((record.tasks.len(), kept.count()), (101, 69 + 1));
    assert!(record.tasks[99].cut && !record.tasks[100].cut);
}

#[test]
fn another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("1-1{END}"));
    fs::replace(&path, "{\"start\":{\"v\":2}}\n").unwrap();
    let wrong = brief(folder.path(), "1-1").unwrap_err();
    assert!(wrong.message.contains("a format that this rel does not know"));
    fs::replace(&path, "nothing").unwrap();
    assert!(read(folder.path(), "1-1").unwrap_err().message.contains("is damaged"));
}
