//! What is told of runs, and that a hostile one stays mere text on its page.

use super::*;
use crate::diag::Diagnostic;
use crate::history::{Effect, Finish, Leg, Proof, Start};
use crate::model::artifact::{Artifact, Digest};
use crate::model::effect::Key;

const HOSTILE: &str =
    "</pre></details><script>alert(1)</script><img src=x onerror=\"a\"> ' \u{202e}\u{1b}[2J";

fn brief(state: State) -> Brief {
    let words: Vec<String> = ["lint", "test"].map(str::to_owned).into();
    let (rel, commit) = ("0.1.0".to_owned(), Some("c0ffee".to_owned()));
    let start =
        Start { v: 1, rel, at: 1_784_073_599, goals: words.clone(), words, live: false, commit };
    Brief { id: "1784073599000-7".into(), start, state }
}

fn task(name: &str, start: u64, millis: u64, end: &str, log: &str) -> Task {
    let (task, end, log) = (name.into(), end.into(), log.into());
    Task { task, start, millis, end, log, ..Task::default() }
}

fn finished(exit: u8) -> State {
    let critical_path = vec![Leg { task: "lint".into(), millis: 500 }];
    let message = "failed".into();
    State::Finished(Finish {
        exit,
        millis: 520,
        message,
        ok: 1,
        failed: 1,
        left_out: 0,
        critical_path,
    })
}

fn record() -> Record {
    let said = Said {
        warning: false,
        message: "`false` failed".into(),
        place: Some("Releasefile:1:1".into()),
        notes: vec!["exit code 1".into()],
        hints: vec!["mend it".into()],
    };
    let tasks = vec![
        task("lint", 10, 500, "done", "$ ruff\nall good\n"),
        task("test", 12, 100, "failed", "$ false\noops\n"),
    ];
    Record { brief: brief(finished(1)), tasks, said: vec![said], plan: vec![], proof: vec![] }
}

#[test]
fn runs_are_listed_with_number_time_end_and_words() {
    let unread = Err(Box::new(Diagnostic::machine("the record of the run x is damaged")));
    let runs =
        [Ok(brief(finished(1))), Ok(brief(State::Killed)), Ok(brief(State::Running)), unread];
    let expected =
        "   1  2026-07-14T23:59:59Z     0.52 s  FAILED         rel lint test  (1 ok, 1 failed)
   2  2026-07-14T23:59:59Z          -  KILLED         rel lint test
   3  2026-07-14T23:59:59Z          -  running        rel lint test
   4  the record of the run x is damaged
";
    assert_eq!(list(&runs), expected);
    assert_eq!(list(&[]), "no run of this project is kept\n");
}

#[test]
fn of_one_run_the_output_of_what_failed_is_told() {
    let expected = "rel lint test
  run        1784073599000-7
  began      2026-07-14T23:59:59Z
  took       0.52 s
  ended      FAILED
  last word  failed
  mode       dry
  commit     c0ffee
  rel        0.1.0
tasks
  lint: ok, 0.50 s
  test: FAILED, 0.10 s
    $ false
    oops
error: `false` failed
  at Releasefile:1:1
  note: exit code 1
  hint: mend it
";
    assert_eq!(one(&record()), expected);
}

#[test]
fn the_page_stands_alone_and_has_all() {
    let page = page::html(&record());
    for part in [
        "default-src 'none'",
        "<title>rel lint test</title>",
        "class=\"bar critical\"",
        "class=\"bar failed\"",
        "outlined: lint 0.50 s",
        "<details><summary>2 lines</summary><pre>$ ruff\nall good\n</pre>",
        "<details open><summary>2 lines</summary><pre>$ false\noops\n</pre>",
        "error: `false` failed",
    ] {
        assert!(page.contains(part), "{part} is missing in\n{page}");
    }
    for word in ["http:", "https:", "<script", "<link", "<img", "url(", "@import", "src="] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn hostile_names_and_output_are_mere_text() {
    let artifact = Artifact {
        name: HOSTILE.into(),
        sha256: Digest::of(""),
        blake2b_256: String::new(),
        size: 1,
        executable: false,
    };
    let hostile = || HOSTILE.to_owned();
    let bad = Task {
        why: Some(hostile()),
        artifacts: vec![artifact],
        ..task(HOSTILE, 0, 10, "failed", &format!("{HOSTILE}\n"))
    };
    let mut record = record();
    record.tasks.push(bad);
    record.brief.start.words = vec![hostile()];
    record.brief.start.commit = Some(hostile());
    record.brief.id = hostile();
    if let State::Finished(finish) = &mut record.brief.state {
        finish.message = hostile();
        finish.critical_path = vec![Leg { task: hostile(), millis: 1 }];
    }
    record.said[0].message = hostile();
    record.said[0].hints = vec![hostile()];
    let key = Key(Digest::of(""));
    let (task, summary) = (hostile(), hostile());
    record.plan = vec![Effect { task, key, summary, presence: None, removes: false }];
    let (name, destination) = (hostile(), hostile());
    let (sha256, url) = (Some(hostile()), Some(hostile()));
    record.proof = vec![Proof { name, destination, sha256, url, proven: None }];
    let page = page::html(&record);
    for harm in ["<script", "<img", "onerror=\"", "\u{202e}", "\u{1b}"] {
        assert!(!page.contains(harm), "{harm:?}");
    }
    assert_eq!(page.matches("</details>").count(), 3);
    let whole = page.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count();
    assert_eq!(page.matches("alert(1)").count(), whole);
    assert!(whole >= 15, "{whole} of the hostile texts are on the page");
}
