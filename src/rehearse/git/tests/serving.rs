//! What git gets and sends where nothing stands against it.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::bench::{NOW, WRITES, address, bench, checkout, host, run, settings};
use crate::host::fs;
use crate::rehearse::git::{Remote, pkt};
use crate::rehearse::http::Request;
use crate::rehearse::repository::Repository as _;

#[test]
fn a_clone_has_the_branch_and_the_tags() {
    let bench = bench();
    let said = bench.well("work", &["ls-remote", "--symref", "origin"]);
    for line in ["ref: refs/heads/main\tHEAD", "\trefs/heads/main", "\trefs/tags/v0.9"] {
        assert!(said.contains(line), "{said}");
    }
    let anonymous = address("");
    bench.well(".", &["-c", "protocol.version=0", "clone", "--quiet", &anonymous, "older"]);
    assert_eq!(bench.well("older", &["log", "--format=%s"]), "two\none\n");
}

#[test]
fn branches_and_tags_are_pushed_moved_and_deleted() {
    let bench = bench();
    let commit = bench.commit("three");
    bench.well("work", &["tag", "-a", "-m", "a release", "v1.0"]);
    bench.well("work", &["push", "--quiet", "--follow-tags", "origin", "main"]);
    assert_eq!(bench.refs(), ["refs/heads/main", "refs/tags/v0.9", "refs/tags/v1.0"]);
    bench.well("work", &["push", "--quiet", "--force", "origin", "HEAD~1:refs/tags/v0.9"]);
    bench.well("work", &["push", "--quiet", "-o", "ci.skip", "origin", ":refs/tags/v1.0"]);
    assert_eq!(bench.refs(), ["refs/heads/main", "refs/tags/v0.9"]);
    let remote = bench.remote.lock().unwrap();
    assert_eq!(remote.commit("main").unwrap().sha, commit);
    assert_eq!(remote.commit("v0.9").unwrap().message, "two\n\nwith a body");
    let moved: Vec<&str> = remote.moved().iter().map(|moved| moved.name.as_str()).collect();
    assert_eq!(moved, ["refs/heads/main", "refs/tags/v1.0", "refs/tags/v0.9", "refs/tags/v1.0"]);
    let first = &remote.moved()[0];
    assert_eq!((first.at, first.by.as_str()), (NOW, "github-actions[bot]"));
    assert_eq!(first.new, commit);
}

#[test]
fn a_push_that_is_too_large_for_one_piece_comes_in_many() {
    let bench = bench();
    let mut state = 7_u64;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{state:016x}")
    })
    .take(200_000)
    .collect();
    bench.write("noise", &noise);
    let commit = bench.commit("noise");
    bench.well("work", &["push", "--quiet", "origin", "main"]);
    assert_eq!(bench.remote.lock().unwrap().commit("main").unwrap().sha, commit);
}

#[test]
fn a_runner_gets_one_commit_by_its_name() {
    let bench = bench();
    let first = bench.well("work", &["rev-parse", "HEAD~1"]);
    let address = address("");
    bench.well(".", &["init", "--quiet", "runner"]);
    let refs = format!("+{}:refs/heads/got", first.trim());
    for version in ["protocol.version=0", "protocol.version=2"] {
        bench.well("runner", &["-c", version, "fetch", "--quiet", "--depth=1", &address, &refs]);
    }
    assert_eq!(bench.well("runner", &["log", "--format=%s", "got"]), "one\n");
    bench.well(".", &["clone", "--quiet", "--bare", "--filter=blob:none", &address, "partial"]);
    let words = ["rev-list", "--objects", "--missing=print", "HEAD"];
    assert!(bench.well("partial", &words).contains('?'), "the blobs have stayed where they are");
}

#[test]
fn names_are_told_apart_without_their_case() {
    let bench = bench();
    for path in ["acme/WIDGET", "acme/widget.git"] {
        bench.well(".", &["ls-remote", "--quiet", &format!("https://github.example/{path}")]);
    }
}

#[test]
fn only_what_git_asks_for_is_taken() {
    let request = |target: &str| {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pair = query.split_once('=').map(|(key, value)| (key.into(), value.into()));
        Request {
            method: "GET".into(),
            path: path.into(),
            query: pair.into_iter().collect(),
            ..Request::default()
        }
    };
    for (target, takes) in [
        ("/acme/widget.git/info/refs?service=git-upload-pack", true),
        ("/acme/widget/info/refs", true),
        ("/acme/widget.git/git-receive-pack", true),
        ("/acme/widget", false),
        ("/acme/widget/releases/download/v1/git-upload-pack", false),
        ("/git-upload-pack", false),
    ] {
        assert_eq!(Remote::takes(&request(target)), takes, "{target}");
    }
}

fn post(service: &str, body: Vec<u8>) -> Request {
    let login = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("x-access-token:{WRITES}"),
    );
    Request {
        method: "POST".into(),
        path: format!("/acme/widget.git/{service}"),
        headers: vec![
            ("authorization".into(), format!("Basic {login}")),
            ("git-protocol".into(), "version=2".into()),
        ],
        body,
        ..Request::default()
    }
}

#[test]
fn a_packed_body_is_unpacked() {
    let bench = bench();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&[pkt::line(b"command=ls-refs\n"), b"0000".to_vec()].concat()).unwrap();
    let mut request = post("git-upload-pack", encoder.finish().unwrap());
    request.headers.push(("content-encoding".into(), "gzip".into()));
    let answer = bench.remote.lock().unwrap().answer(&request, NOW);
    assert_eq!(answer.status, 200);
    assert!(String::from_utf8_lossy(&answer.body).contains("refs/heads/main"));

    request.body = b"no gzip".to_vec();
    let answer = bench.remote.lock().unwrap().answer(&request, NOW);
    assert_eq!((answer.status, answer.rule.unwrap().name), (400, "git.request"));
}

#[test]
fn what_is_no_push_and_what_is_no_way_to_ask_is_refused() {
    let bench = bench();
    let mut remote = bench.remote.lock().unwrap();
    let answer = remote.answer(&post("git-receive-pack", b"rubbish".to_vec()), NOW);
    assert_eq!((answer.status, answer.rule.unwrap().name), (400, "git.request"));
    let request = Request { method: "GET".into(), ..post("git-receive-pack", Vec::new()) };
    let answer = remote.answer(&request, NOW);
    assert_eq!((answer.status, answer.rule.unwrap().name), (405, "git.request"));
}

#[test]
fn what_git_refuses_by_itself_is_a_rule_too() {
    let bench = bench();
    let (said, rules) = bench.refused(&["push", "origin", ":refs/heads/main"]);
    assert!(said.contains("refusing to delete the current branch: refs/heads/main"), "{said}");
    assert_eq!(rules, ["git.receive-pack"]);
    let (said, _) = bench.refused(&["push", "origin", "HEAD:refs/pull/1/head"]);
    assert!(said.contains("(deny updating a hidden ref)"), "{said}");
    assert!(bench.remote.lock().unwrap().moved().is_empty());
}

#[test]
fn the_default_branch_leads_to_head_but_never_back() {
    let folder = tempfile::tempdir().unwrap();
    let host = host();
    let from = checkout(&host, folder.path());
    let made = |name: &str| {
        let remote = Remote::create(&host, &folder.path().join(name), &from, settings()).unwrap();
        remote.commit("refs/heads/main").unwrap().message
    };
    assert!(made("a").starts_with("two"), "it is made");
    assert!(run(&host, &from, &[], &["branch", "main", "v0.9"]).0);
    assert!(made("b").starts_with("two"), "it is moved on");
    assert!(run(&host, &from, &[], &["branch", "--force", "main", "HEAD"]).0);
    assert!(run(&host, &from, &[], &["checkout", "--quiet", "v0.9"]).0);
    assert!(made("c").starts_with("two"), "it stays");
    assert!(made("c").starts_with("two"), "a second time at the same place");
}

#[test]
fn a_remote_outlives_the_objects_of_the_checkout() {
    let bench = bench();
    fs::remove_dir(&bench.folder.path().join("checkout")).unwrap();
    let address = address("");
    bench.well(".", &["clone", "--quiet", &address, "again"]);
}

#[test]
fn there_is_no_remote_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let failed = Remote::create(&host(), &folder.path().join("remote"), folder.path(), settings());
    let wrong = failed.err().unwrap();
    assert!(wrong.message.starts_with("cannot make the rehearsal's remote: "), "{}", wrong.message);
}
