//! Refs, tags and commits.

use serde_json::{Value, json};

use super::world::*;
use crate::rehearse::github::Protection;

#[test]
fn a_ref_is_found_whole_and_by_its_beginning() {
    let mut w = world();
    let found = w.ask(&api("GET", "git/ref/tags/v0.1.0"));
    assert_eq!(found["ref"], "refs/tags/v0.1.0");
    assert_eq!(found["object"]["sha"], commit("one"));
    assert_eq!(w.send(&api("GET", "git/ref/tags/v0")).status, 404);
    let list = w.ask(&api("GET", "git/matching-refs/tags/v0"));
    assert_eq!(list, json!([found]));
    assert_eq!(w.ask(&api("GET", "git/matching-refs/tags/none")), json!([]));
}

#[test]
fn a_ref_is_made_moved_and_deleted() {
    let mut w = world();
    let body = json!({ "ref": "refs/tags/v1", "sha": commit("two") });
    let made = w.ask(&api("POST", "git/refs").with(RUN).json(&body));
    assert_eq!(made["object"]["type"], "commit");
    assert_eq!(w.commit_of("refs/tags/v1"), Some(commit("two")));
    let ahead = json!({ "sha": commit("three") });
    w.ask(&api("PATCH", "git/refs/tags/v1").with(RUN).json(&ahead));
    let back = json!({ "sha": commit("one"), "force": true });
    w.ask(&api("PATCH", "git/refs/tags/v1").with(RUN).json(&back));
    assert_eq!(w.commit_of("refs/tags/v1"), Some(commit("one")));
    assert_eq!(w.send(&api("DELETE", "git/refs/tags/v1").with(RUN)).status, 204);
    assert_eq!(w.commit_of("refs/tags/v1"), None);
}

#[test]
fn an_annotated_tag_is_an_object_that_a_ref_points_at() {
    let mut w = world();
    let tagger = json!({ "name": "Ann", "email": "ann@example.com" });
    let body = json!({
        "tag": "v1", "message": "One", "object": commit("two"), "type": "commit", "tagger": tagger,
    });
    let tag = w.ask(&api("POST", "git/tags").with(RUN).json(&body));
    assert_eq!((&tag["tag"], &tag["tagger"]["name"]), (&json!("v1"), &json!("Ann")));
    assert_eq!(w.commit_of("refs/tags/v1"), None);
    let body = json!({ "ref": "refs/tags/v1", "sha": tag["sha"] });
    let made = w.ask(&api("POST", "git/refs").with(RUN).json(&body));
    assert_eq!(made["object"]["type"], "tag");
    assert_eq!(w.commit_of("refs/tags/v1"), Some(commit("two")));
    let shown = w.ask(&api("GET", &format!("git/tags/{}", tag["sha"].as_str().unwrap())));
    assert_eq!((&shown["object"], &shown["message"]), (&tag["object"], &json!("One")));
    let list = w.ask(&api("GET", "tags"));
    assert_eq!(list[0]["name"], "v1");
    assert_eq!(list[0]["commit"]["sha"], commit("two"));
}

#[test]
fn rules_hold_what_they_are_about_and_nothing_else() {
    let mut w = world();
    let pattern = "refs/tags/v*".into();
    w.forge.protect(Protection { pattern, creation: false, update: true, deletion: true });
    w.published("v1.0.0");
    assert_eq!(w.send(&api("DELETE", "git/refs/tags/v1.0.0").with(RUN)).status, 422);
    let body = json!({ "ref": "refs/tags/nightly", "sha": commit("two") });
    w.ask(&api("POST", "git/refs").with(RUN).json(&body));
    assert_eq!(w.send(&api("DELETE", "git/refs/tags/nightly").with(RUN)).status, 204);
}

#[test]
fn a_commit_is_found_by_branch_tag_and_name() {
    let mut w = world();
    for name in ["main", "heads/main", &commit("three")] {
        let found = w.ask(&api("GET", &format!("commits/{name}")));
        assert_eq!(found["sha"], commit("three"), "{name}");
        assert_eq!(found["parents"][0]["sha"], commit("two"));
    }
    let bare = api("GET", "commits/v0.1.0").field("accept", "application/vnd.github.sha");
    assert_eq!(w.send(&bare).body, commit("one").into_bytes());
}

#[test]
fn two_commits_are_compared_from_where_they_part() {
    let mut w = world();
    for (range, status, ahead, behind) in [
        ("v0.1.0...main", "ahead", 2, 0),
        ("main...v0.1.0", "behind", 0, 2),
        ("main...main", "identical", 0, 0),
        ("main...other", "diverged", 1, 2),
    ] {
        let found = w.ask(&api("GET", &format!("compare/{range}")));
        let counts = (&found["status"], &found["ahead_by"], &found["behind_by"]);
        assert_eq!(counts, (&json!(status), &json!(ahead), &json!(behind)), "{range}");
        let base = if range.starts_with("main...m") { "three" } else { "one" };
        assert_eq!(found["merge_base_commit"]["sha"], commit(base), "{range}");
    }
    let found = w.ask(&api("GET", "compare/v0.1.0...main"));
    let messages: Vec<&Value> =
        found["commits"].as_array().unwrap().iter().map(|one| &one["commit"]["message"]).collect();
    assert_eq!(messages, ["two", "three"]);
    assert_eq!(w.send(&api("GET", "compare/main...none")).status, 404);
}
