//! Releases from draft to deletion.

use serde_json::{Value, json};

use super::world::*;

fn patch(world: &mut World, release: &Value, fields: &Value) -> Value {
    let path = format!("releases/{}", release["id"]);
    world.ask(&api("PATCH", &path).with(RUN).json(fields))
}

#[test]
fn a_draft_has_no_tag_until_it_is_published_on_its_target() {
    let mut w = world();
    let fields = json!({ "tag_name": "v1.0.0", "draft": true, "target_commitish": commit("two") });
    let draft = w.release(&fields);
    assert!(draft["html_url"].as_str().unwrap().contains("/releases/tag/untagged-"), "{draft}");
    assert_eq!((&draft["published_at"], &draft["tarball_url"]), (&Value::Null, &Value::Null));
    assert_eq!(w.commit_of("refs/tags/v1.0.0"), None);
    assert_eq!(w.send(&api("GET", "releases/tags/v1.0.0").with(RUN)).status, 404);
    w.at += 60;
    let release = patch(&mut w, &draft, &json!({ "draft": false, "body": "notes" }));
    assert_eq!(w.commit_of("refs/tags/v1.0.0"), Some(commit("two")));
    assert_eq!(release["html_url"], "https://forge.example/acme/widget/releases/tag/v1.0.0");
    assert_eq!(release["published_at"], "2026-07-14T03:34:20Z");
    assert_eq!(release["created_at"], "2026-07-14T03:28:20Z", "the date of the commit");
    assert_eq!((&release["body"], &release["immutable"]), (&json!("notes"), &json!(false)));
    let found = w.ask(&api("GET", "releases/tags/v1.0.0"));
    assert_eq!(found, release);
}

#[test]
fn a_tag_is_made_at_the_default_branch_and_an_existing_one_stays() {
    let mut w = world();
    w.published("v1.0.0");
    assert_eq!(w.commit_of("refs/tags/v1.0.0"), Some(commit("three")));
    w.release(&json!({ "tag_name": "v0.1.0", "target_commitish": "other" }));
    assert_eq!(w.commit_of("refs/tags/v0.1.0"), Some(commit("one")));
    w.forge.set_default_branch("other");
    let release = w.published("v2.0.0");
    assert_eq!(release["target_commitish"], "other");
    assert_eq!(w.commit_of("refs/tags/v2.0.0"), Some(commit("fork")));
    assert_eq!(w.ask(&api("GET", "releases/tags/v2.0.0"))["id"], release["id"]);
}

#[test]
fn what_is_refused_leaves_no_tag() {
    let mut w = world();
    let fields = json!({ "tag_name": "v1.0.0", "prerelease": true, "make_latest": "true" });
    assert_eq!(w.send(&api("POST", "releases").with(RUN).json(&fields)).status, 422);
    assert_eq!(w.commit_of("refs/tags/v1.0.0"), None);
    assert!(w.forge.releases().is_empty());
}

#[test]
fn drafts_are_for_those_who_may_push() {
    let mut w = world();
    let draft = w.release(&json!({ "tag_name": "v1.0.0", "draft": true }));
    w.release(&json!({ "tag_name": "v1.0.0", "draft": true }));
    w.published("v0.1.0");
    let path = format!("releases/{}", draft["id"]);
    for (token, listed, status) in [(RUN, 3, 200), (READER, 1, 404), (GUEST, 1, 404)] {
        let list = w.ask(&api("GET", "releases").with(token));
        assert_eq!(list.as_array().unwrap().len(), listed, "{token}");
        assert_eq!(w.send(&api("GET", &path).with(token)).status, status, "{token}");
    }
    assert_eq!(w.send(&api("GET", &path)).status, 404);
}

#[test]
fn lists_come_in_pages_that_link_to_each_other() {
    let mut w = world();
    for number in 0..5 {
        w.release(&json!({ "tag_name": format!("v{number}"), "draft": true }));
    }
    let answer = w.send(&api("GET", "releases?per_page=2&page=2").with(RUN));
    assert_eq!(body(&answer).as_array().unwrap().len(), 2);
    let link = header(&answer, "link").unwrap();
    let base = "https://api.forge.example/repositories/2002/releases";
    let wanted = format!(
        "<{base}?per_page=2&page=1>; rel=\"prev\", <{base}?per_page=2&page=3>; rel=\"next\", <{base}?per_page=2&page=3>; rel=\"last\", <{base}?per_page=2&page=1>; rel=\"first\""
    );
    assert_eq!(link, wanted);
    let last = w.ask(&at(&format!("{base}?per_page=2&page=3")).with(RUN));
    assert_eq!(last.as_array().unwrap().len(), 1);
    assert_eq!(last[0]["tag_name"], "v0", "the newest come first");
    assert_eq!(header(&w.send(&api("GET", "releases").with(RUN)), "link"), None);
}

#[test]
fn the_latest_is_the_last_full_release_unless_told_otherwise() {
    let mut w = world();
    assert_eq!(w.send(&api("GET", "releases/latest")).status, 404);
    let first = w.published("v1.0.0");
    w.release(&json!({ "tag_name": "v2.0.0-rc1", "prerelease": true }));
    assert_eq!(w.forge.latest().as_deref(), Some("v1.0.0"));
    w.published("v1.5.0");
    assert_eq!(w.forge.latest().as_deref(), Some("v1.5.0"));
    w.release(&json!({ "tag_name": "v1.4.9", "make_latest": "false" }));
    assert_eq!(w.ask(&api("GET", "releases/latest"))["tag_name"], "v1.5.0");
    patch(&mut w, &first, &json!({ "make_latest": "true" }));
    assert_eq!(w.forge.latest().as_deref(), Some("v1.0.0"));
    patch(&mut w, &first, &json!({ "make_latest": "legacy" }));
    assert_eq!(w.forge.latest().as_deref(), Some("v1.5.0"), "all are of one commit");
    patch(&mut w, &first, &json!({ "name": "One" }));
    assert_eq!(w.forge.latest().as_deref(), Some("v1.5.0"), "words do not promote");
}

#[test]
fn versions_are_compared_by_numbers_where_commits_are_the_same() {
    let mut w = world();
    w.release(&json!({ "tag_name": "v1.10.0", "make_latest": "legacy" }));
    w.release(&json!({ "tag_name": "v1.9.0", "make_latest": "legacy" }));
    assert_eq!(w.forge.latest().as_deref(), Some("v1.10.0"));
}

#[test]
fn an_immutable_release_still_takes_words_and_promotion() {
    let mut w = world();
    w.forge.set_immutable_releases(true);
    let release = w.release(&json!({ "tag_name": "v1.0.0", "prerelease": true }));
    assert_eq!(release["immutable"], true);
    let fields = json!({ "name": "One", "body": "b", "prerelease": false, "make_latest": "true" });
    let edited = patch(&mut w, &release, &fields);
    assert_eq!((&edited["immutable"], &edited["name"]), (&json!(true), &json!("One")));
    assert_eq!(w.forge.latest().as_deref(), Some("v1.0.0"));
    assert_eq!(w.ask(&api("GET", "immutable-releases").with(OWNER))["enabled"], true);
    w.forge.set_immutable_releases(false);
    assert_eq!(w.send(&api("GET", "immutable-releases").with(OWNER)).status, 404);
}

#[test]
fn deleting_a_release_leaves_its_tag_and_deleting_a_tag_makes_a_draft() {
    let mut w = world();
    let path = format!("releases/{}", w.published("v1.0.0")["id"]);
    assert_eq!(w.send(&api("DELETE", &path).with(RUN)).status, 204);
    assert!(w.commit_of("refs/tags/v1.0.0").is_some());
    let again = w.published("v1.0.0");
    assert_eq!(w.send(&api("DELETE", "git/refs/tags/v1.0.0").with(RUN)).status, 204);
    let path = format!("releases/{}", again["id"]);
    assert_eq!(w.ask(&api("GET", &path).with(RUN))["draft"], true);
}

#[test]
fn notes_name_what_was_merged_since_the_last_release() {
    let mut w = world();
    let ask = |w: &mut World, fields: Value| {
        w.ask(&api("POST", "releases/generate-notes").with(RUN).json(&fields))
    };
    let first = ask(&mut w, json!({ "tag_name": "v0.1.0" }));
    let commits = "**Full Changelog**: https://forge.example/acme/widget/commits/v0.1.0";
    assert_eq!(first, json!({ "name": "v0.1.0", "body": commits }));
    w.published("v0.1.0");
    {
        let mut git = w.git.lock().unwrap();
        git.add("Merge pull request #7 from bob/wings\n\nWings", NOW - 20, &["three"]);
        let merge = "Merge pull request #7 from bob/wings\n\nWings";
        git.add("Legs (#8)", NOW - 10, &[merge]);
        git.point("refs/heads/main", "Legs (#8)");
    }
    let compare = "**Full Changelog**: https://forge.example/acme/widget/compare/v0.1.0...v0.2.0";
    let wanted = format!(
        "## What's Changed\n* Legs by @acme in https://forge.example/acme/widget/pull/8\n* Wings by @bob in https://forge.example/acme/widget/pull/7\n\n\n{compare}"
    );
    assert_eq!(ask(&mut w, json!({ "tag_name": "v0.2.0" }))["body"], wanted);
    let fields = json!({ "tag_name": "v0.2.0", "body": "Mine.", "generate_release_notes": true });
    let release = w.release(&fields);
    assert_eq!(release["name"], "v0.2.0");
    assert_eq!(release["body"], format!("Mine.\n\n{wanted}"));
    let from = json!({ "tag_name": "v0.3.0", "previous_tag_name": "v0.2.0" });
    assert!(!ask(&mut w, from)["body"].as_str().unwrap().contains("What's Changed"));
}

#[test]
fn a_commit_tells_of_the_pull_request_that_it_merged() {
    let mut w = world();
    w.forge.label_pull(8, &["bug"]);
    {
        let mut git = w.git.lock().unwrap();
        git.add("Arms", NOW - 20, &["three"]);
        git.add("Legs (#8)", NOW - 10, &["Arms"]);
    }
    let mut pulls = |sha: &str| w.ask(&api("GET", &format!("commits/{sha}/pulls")).with(RUN));
    assert_eq!(pulls(&commit("Arms")), json!([]));
    let found = pulls(&commit("Legs (#8)"));
    assert_eq!((&found[0]["number"], &found[0]["title"]), (&json!(8), &json!("Legs")));
    assert_eq!(found[0]["labels"][0]["name"], "bug");
    assert_eq!(found[0]["base"]["repo"]["full_name"], "acme/widget");
    let none = "1".repeat(40);
    let answer = w.send(&api("GET", &format!("commits/{none}/pulls")).with(RUN));
    assert_eq!(answer.status, 422);
}

#[test]
fn what_is_held_can_be_told_afterwards() {
    let mut w = world();
    let draft = w.release(&json!({ "tag_name": "v1.0.0", "draft": true, "name": "One" }));
    w.upload(&draft, "a.whl", b"abc");
    let held = w.forge.releases();
    assert_eq!((held[0].tag.as_str(), held[0].draft), ("v1.0.0", true));
    assert_eq!(held[0].name.as_deref(), Some("One"));
    assert_eq!((held[0].assets[0].size, held[0].assets[0].whole), (3, true));
    assert!(held[0].assets[0].sha256.starts_with("ba7816bf"));
    assert_eq!(draft["html_url"], held[0].page);
}
