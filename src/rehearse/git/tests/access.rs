//! Who is let in, and what git shows of GitHub's words to those who are not.

use super::bench::{FINE, READS, USER, WRITES, address, bench, bench_of, settings};
use crate::rehearse::git::Settings;
use crate::rehearse::http::Request;

#[test]
fn pushing_needs_a_login() {
    let bench = bench();
    let push = |token: &str| bench.refused(&["push", &address(token), "HEAD:refs/heads/x"]);
    let (said, rules) = push("");
    assert!(said.contains("could not read Username for 'https://github.example'"), "{said}");
    assert!(rules.is_empty(), "being asked for a login is no refusal: {rules:?}");
    let (said, rules) = push("ghp_other");
    assert!(said.contains("remote: Invalid username or token."), "{said}");
    assert!(said.contains("Authentication failed for 'https://github.example/"), "{said}");
    assert_eq!(rules, ["git.credentials"]);
}

#[test]
fn a_token_that_only_reads_does_not_push() {
    let bench = bench();
    for (token, words) in [
        (READS, "remote: Permission to Acme/widget.git denied to github-actions[bot]."),
        (FINE, "remote: Write access to repository not granted."),
    ] {
        let address = address(token);
        let (said, rules) = bench.refused(&["push", &address, "HEAD:refs/heads/x"]);
        assert!(said.contains(words), "{said}");
        assert!(said.contains("The requested URL returned error: 403"), "{said}");
        assert_eq!(rules, ["git.write-access"]);
        bench.well("work", &["fetch", "--quiet", &address, "main"]);
    }
}

#[test]
fn a_token_is_taken_as_name_and_as_password() {
    let bench = bench();
    for login in [format!("{USER}:x-oauth-basic"), format!("anybody:{WRITES}")] {
        let address = format!("https://{login}@github.example/acme/widget");
        bench.well("work", &["push", "--quiet", &address, "HEAD:refs/heads/x"]);
    }
}

#[test]
fn the_header_that_checkout_sets_is_a_login() {
    let bench = bench();
    let login = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("x-access-token:{WRITES}"),
    );
    let header = format!("http.https://github.example/.extraheader=AUTHORIZATION: basic {login}");
    let address = address("");
    bench.well("work", &["-c", &header, "push", "--quiet", &address, "HEAD:refs/heads/x"]);
}

#[test]
fn another_repository_is_not_there() {
    let bench = bench();
    let login = format!("https://x:{WRITES}@github.example/acme/other.git");
    let (said, rules) = bench.refused(&["ls-remote", &login]);
    assert!(said.contains("remote: Repository not found."), "{said}");
    assert_eq!(rules, ["git.repository-not-found"]);
    let (said, _) = bench.refused(&["ls-remote", "https://github.example/acme/other.git"]);
    assert!(said.contains("could not read Username"), "it could be a private one: {said}");
}

#[test]
fn a_private_repository_is_only_there_for_those_who_have_a_token() {
    let bench = bench_of(Settings { private: true, ..settings() });
    let (said, _) = bench.refused(&["ls-remote", &address("")]);
    assert!(said.contains("could not read Username"), "{said}");
    bench.well("work", &["ls-remote", "--quiet", &address(READS)]);
}

#[test]
fn clients_of_the_oldest_kind_are_turned_away() {
    let bench = bench();
    let request = Request {
        method: "GET".into(),
        path: "/acme/widget.git/info/refs".into(),
        ..Request::default()
    };
    let answer = bench.remote.lock().unwrap().answer(&request, 0);
    assert_eq!((answer.status, answer.rule.unwrap().name), (403, "git.dumb-http"));
}
