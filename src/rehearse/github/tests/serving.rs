//! What every answer has: limits, names of contents, versions; and the repository as a whole.

use serde_json::json;

use super::world::*;
use crate::rehearse::github::{Level, Permission, Visibility};

#[test]
fn limits_are_counted_for_each_token_and_begin_anew_after_an_hour() {
    let mut w = world();
    let fields = |answer: &crate::rehearse::http::Response| {
        ["limit", "remaining", "used"]
            .map(|name| header(answer, &format!("x-ratelimit-{name}")).unwrap().to_owned())
    };
    assert_eq!(fields(&w.send(&api("GET", ""))), ["60", "59", "1"]);
    assert_eq!(fields(&w.send(&api("GET", "").with(RUN))), ["1000", "999", "1"]);
    assert_eq!(fields(&w.send(&api("GET", "").with(OWNER))), ["5000", "4999", "1"]);
    let free = request("GET", "api.forge.example", "/rate_limit");
    let answer = w.send(&free.clone().with(RUN));
    assert_eq!(fields(&answer), ["1000", "999", "1"], "asking for the limits is free");
    assert_eq!(body(&answer)["resources"]["core"]["remaining"], 999);
    assert_eq!(body(&answer)["rate"]["reset"], NOW + 3_600);
    let newest = free.with(RUN).field("x-github-api-version", "2026-03-10");
    assert_eq!(w.ask(&newest).get("rate"), None);
    w.at += 3_600;
    assert_eq!(fields(&w.send(&api("GET", "").with(RUN))), ["1000", "999", "1"]);
}

#[test]
fn new_content_may_be_made_again_after_a_minute() {
    let mut w = world();
    w.forge.limit_content(1, 2);
    let draft = json!({ "tag_name": "v1", "draft": true });
    let make = api("POST", "releases").with(RUN).json(&draft);
    assert_eq!(w.send(&make).status, 201);
    let refused = w.send(&make);
    assert_eq!((refused.status, header(&refused, "retry-after")), (403, Some("60")));
    w.at += 60;
    assert_eq!(w.send(&make).status, 201);
    w.at += 60;
    assert_eq!(w.send(&make).status, 403, "an hour has a limit too");
}

#[test]
fn what_has_not_changed_is_said_for_free() {
    let mut w = world();
    let first = w.send(&api("GET", "releases").with(RUN));
    let tag = header(&first, "etag").unwrap().to_owned();
    let again = api("GET", "releases").with(RUN).field("if-none-match", &tag);
    let same = w.send(&again);
    assert_eq!((same.status, same.body.len(), header(&same, "etag")), (304, 0, Some(&*tag)));
    assert_eq!(header(&same, "x-ratelimit-used"), Some("1"));
    w.published("v1.0.0");
    assert_eq!(w.send(&again).status, 200);
}

#[test]
fn answers_name_their_request_and_their_version() {
    let mut w = world();
    let answer = w.send(&api("GET", "").field("x-github-api-version", "2026-03-10"));
    assert_eq!(header(&answer, "x-github-api-version-selected"), Some("2026-03-10"));
    assert_eq!(header(&answer, "content-type"), Some("application/json; charset=utf-8"));
    let first = header(&answer, "x-github-request-id").unwrap().to_owned();
    let next = w.send(&api("GET", ""));
    assert_ne!(header(&next, "x-github-request-id"), Some(&*first));
    assert_eq!(header(&next, "x-github-api-version-selected"), Some("2022-11-28"));
}

#[test]
fn a_missing_permission_is_named() {
    let mut w = world();
    let answer = w.send(&api("POST", "releases").with(READER));
    assert_eq!(header(&answer, "x-accepted-github-permissions"), Some("contents=write"));
    let answer = w.send(&api("POST", "attestations").with(READER));
    assert_eq!(header(&answer, "x-accepted-github-permissions"), Some("attestations=write"));
}

#[test]
fn tokens_are_taken_in_every_form() {
    let mut w = world();
    for login in ["Bearer ghs_run", "token ghs_run", "basic eDpnaHNfcnVu"] {
        let request = api("GET", "").field("authorization", login);
        assert_eq!(w.ask(&request)["permissions"]["push"], true, "{login}");
    }
    assert!(w.ask(&api("GET", "")).get("permissions").is_none());
    assert_eq!(w.ask(&api("GET", "").with(READER))["permissions"]["push"], false);
}

#[test]
fn a_private_repository_is_read_with_permission() {
    let mut w = world();
    w.forge.set_visibility(Visibility::Private);
    let shown = w.ask(&api("GET", "").with(READER));
    assert_eq!((&shown["private"], &shown["visibility"]), (&json!(true), &json!("private")));
    assert_eq!(w.send(&api("GET", "releases").with(READER)).status, 200);
    assert_eq!(w.send(&request("GET", "api.forge.example", "/rate_limit")).status, 200);
}

#[test]
fn names_of_the_repository_are_taken_in_any_case() {
    let mut w = world();
    let loud = request("GET", "api.forge.example", "/repos/ACME/Widget");
    assert_eq!(w.ask(&loud)["full_name"], "acme/widget");
    assert_eq!(w.send(&request("GET", "forge.example", "/Acme/Widget")).status, 200);
    assert_eq!(w.send(&request("GET", "forge.example", "/acme")).status, 404);
}

#[test]
fn a_person_is_shown_who_they_are() {
    let mut w = world();
    let user = request("GET", "api.forge.example", "/user");
    let shown = w.ask(&user.with(OWNER));
    assert_eq!((&shown["login"], &shown["id"]), (&json!("acme"), &json!(1001)));
}

#[test]
fn a_higher_level_covers_a_lower_one() {
    let token = crate::rehearse::github::Token {
        secret: String::new(),
        holder: crate::rehearse::github::Holder::Run,
        permissions: vec![(Permission::Contents, Level::Write), (Permission::Actions, Level::Read)],
    };
    assert!(token.may(Permission::Contents, Level::Read));
    assert!(!token.may(Permission::Actions, Level::Write));
    assert!(!token.may(Permission::Attestations, Level::Read));
    assert!(token.may(Permission::Metadata, Level::Read));
}
