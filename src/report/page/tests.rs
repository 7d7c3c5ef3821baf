//! What the page of a plan tells, and what no name on it can do.

use std::collections::BTreeMap;

use super::*;
use crate::model::artifact::Digest;
use crate::model::effect::{Presence, Release, UploadPypi};
use crate::model::task::Index;
use crate::plan::Seen;

/// Names as an attacker would choose them.
const HOSTILE: &str =
    "a|b\n| <script>`x` \u{1b}[2J\u{202e}gpj.exe ![x](https://evil.example) @who </pre> se-cret";

fn artifact(name: &str) -> Artifact {
    let (sha256, blake2b_256) = (Digest::of(name), String::new());
    Artifact { name: name.to_owned(), sha256, blake2b_256, size: 1234, executable: false }
}

fn plan(name: &str) -> Plan {
    let index = Index {
        name: "corp".into(),
        upload: "https://index.example/upload/".into(),
        simple: "https://index.example/simple/".into(),
        user: String::new(),
        password: Vec::new(),
        insecure: false,
        exchange: None,
    };
    let release = Release { commit: "c0ffee".into(), project: ".".into() };
    let (project, version, file) = ("demo".into(), "1.0".into(), artifact(name));
    let upload = UploadPypi { index, project, version, file, attested: Vec::new() };
    let effect = Effect::UploadPypi(upload);
    let (key, receipt) = (effect.key(&release), effect.predicted());
    let seen = Seen { presence: Some(Presence::Absent), ..Seen::default() };
    let guard = |guard: &str, found: &[&str], only_warns| Guarded {
        guard: guard.to_owned(),
        found: found.iter().map(|found| (*found).to_owned()).collect(),
        only_warns,
    };
    Plan {
        release: Some(release),
        tags: vec!["v1.0".into()],
        goals: vec!["publish".into()],
        seen: BTreeMap::from([(key.clone(), seen)]),
        effects: vec![Planned { key, task: "publish".into(), receipt, effect }],
        guards: vec![guard("commit", &[], false), guard("tag", &["HEAD carries no tag"], true)],
        ..Plan::empty(Digest::of("file"), 1_767_323_045)
    }
}

fn member(name: &str, size: u64) -> Member {
    Member { name: name.to_owned(), size }
}

fn page<'a>(plan: &'a Plan, artifact: &'a Artifact, name: &str) -> Page<'a> {
    let inside = Inside::Members(vec![member(name, 12_345), member("b.py", 1)]);
    let difference = Difference {
        new: vec![member(name, 12_345)],
        gone: vec![member("c.py", 7)],
        resized: Vec::new(),
    };
    let earlier = Earlier::Found(name.to_owned(), difference);
    Page { plan, files: vec![File { artifact, inside, earlier }] }
}

fn mask(text: &str) -> String {
    text.replace("se-cret", "***")
}

#[test]
fn the_page_tells_what_goes_where_and_what_is_new() {
    let (plan, artifact) = (plan("demo-1.0.tar.gz"), artifact("demo-1.0.tar.gz"));
    let text = text(&page(&plan, &artifact, "d/a.py"));
    expect_test::expect![[r"
        plan
          goals        publish
          commit       c0ffee
          tags         v1.0
          made         2026-01-02T03:04:05Z by rel 0.1.0
          Releasefile  sha256 3b9c358f36f0a31b6ad3e14f309c7cf198ac9246e8316f9ce543d5b19ac02b80

        what goes where
          effect  place       what             size    sha256        then on the remote
          upload  index:corp  demo-1.0.tar.gz  1.2 kB  322454f599b6  not there yet

        addresses
          index:corp  https://index.example/upload/

        guards, when the plan was made
          commit  held
          tag     warned  HEAD carries no tag

        demo-1.0.tar.gz: 2 files, 12.3 kB unpacked
          sha256 322454f599b64751751044747fe5495d29b8b0252545bb61f9f10f037cabe94e
            12.3 kB  d/a.py
                1 B  b.py
          since d/a.py:
            new     12.3 kB  d/a.py
            gone        7 B  c.py

    "]]
    .assert_eq(&text);
}

#[test]
fn no_name_moves_the_cursor_or_begins_a_line() {
    let (plan, artifact) = (plan(HOSTILE), artifact(HOSTILE));
    let text = text(&page(&plan, &artifact, HOSTILE));
    assert!(text.chars().all(|c| c == '\n' || shown(&c.to_string()) == c.to_string()), "{text}");
    assert!(text.contains("a|b\\u{a}| <script>") && text.contains("\\u{202e}gpj.exe"), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("| <script>")), "{text}");
}

#[test]
fn no_name_breaks_out_of_markdown() {
    let (plan, artifact) = (plan(HOSTILE), artifact(HOSTILE));
    let text = markdown(&page(&plan, &artifact, HOSTILE), &mask);
    let row = text.lines().find(|line| line.starts_with("| upload")).unwrap();
    assert_eq!(row.matches('|').count(), 7, "{row}");
    assert!(!row.contains(['<', '[', '`', '@', '!']), "{row}");
    assert!(
        !text.contains("<script") && !text.contains("se-cret") && !text.contains("cret"),
        "{text}"
    );
    let opened = text.matches("<pre>").count();
    assert_eq!((opened, text.matches("</pre>").count()), (2, 2), "{text}");
    assert!(text.chars().all(|c| c == '\n' || shown(&c.to_string()) == c.to_string()), "{text}");
}

#[test]
fn a_long_list_is_cut_in_markdown() {
    let (plan, artifact) = (plan("demo-1.0.tar.gz"), artifact("demo-1.0.tar.gz"));
    let many: Vec<Member> = (0..2000).map(|at| member(&format!("d/{at}"), 1)).collect();
    let inside = Inside::Members(many);
    let file = File { artifact: &artifact, inside, earlier: Earlier::None };
    let text = markdown(&Page { plan: &plan, files: vec![file] }, &mask);
    assert!(text.contains("… and 1500 more\n</pre>"), "{text}");
    assert_eq!(text.matches("  d/").count(), 500, "{text}");
}

#[test]
fn a_long_page_is_cut_between_files_in_markdown() {
    let (plan, artifact) = (plan("demo-1.0.tar.gz"), artifact("demo-1.0.tar.gz"));
    let name = "x".repeat(100);
    let file = || {
        let inside = Inside::Members((0..500).map(|_| member(&name, 1)).collect());
        File { artifact: &artifact, inside, earlier: Earlier::NotAsked }
    };
    let files: Vec<File<'_>> = (0..30).map(|_| file()).collect();
    let text = markdown(&Page { plan: &plan, files }, &mask);
    assert!((800 << 10..=900 << 10).contains(&text.len()), "{}", text.len());
    assert!(
        text.ends_with("</details>\n\n… `rel show` without `--markdown` shows the other files\n")
    );
}

#[test]
fn what_is_not_here_or_no_archive_is_said() {
    let (plan, artifact) = (plan("demo-1.0.tar.gz"), artifact("demo-1.0.tar.gz"));
    let table = [
        (Inside::Plain, Earlier::NotAsked, "demo-1.0.tar.gz: 1.2 kB, no archive"),
        (Inside::Unknown("gone".into()), Earlier::NotAsked, "demo-1.0.tar.gz: gone"),
        (
            Inside::Members(Vec::new()),
            Earlier::None,
            "no file of an earlier release to compare with",
        ),
        (Inside::Plain, Earlier::Unknown("no answer".into()), "not compared: no answer"),
        (
            Inside::Plain,
            Earlier::Found("demo-0.9.tar.gz".into(), Difference::default()),
            "since demo-0.9.tar.gz: no file more or less, and none of another size",
        ),
    ];
    for (inside, earlier, wanted) in table {
        let file = File { artifact: &artifact, inside, earlier };
        let text = text(&Page { plan: &plan, files: vec![file] });
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}
