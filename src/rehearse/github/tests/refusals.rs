//! Every refusal, with status, rule and text. A rule that no case meets fails the test.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::refused::{others, protect, refs};
use super::world::*;
use crate::rehearse::github::assets::{LARGEST, flaws};
use crate::rehearse::github::rules::judged;
use crate::rehearse::github::{RULES, Visibility};
use crate::rehearse::http::Response;

/// A refusal to be seen: status, rule without its first word, text, and what leads to it. A text that
/// ends in an ellipsis is only the beginning.
pub(super) type Case = (u16, &'static str, &'static str, fn(&mut World) -> Response);

#[test]
fn every_rule_refuses_with_its_status_and_its_text() {
    let mut seen = BTreeSet::new();
    for (status, rule, text, act) in
        [entry(), releases(), locked(), assets(), refs(), others()].iter().flatten()
    {
        let mut world = world();
        let answer = act(&mut world);
        let said = said(&answer);
        let found = answer.rule.map_or("", |rule| rule.name);
        assert_eq!((answer.status, found), (*status, format!("github.{rule}").as_str()), "{said}");
        match text.strip_suffix('…') {
            Some(start) => assert!(said.starts_with(start), "{said}"),
            None => assert_eq!(said, *text),
        }
        if let Value::Object(body) = body(&answer)
            && *status >= 400
        {
            let page = body["documentation_url"].as_str().unwrap();
            assert!(page.starts_with("https://docs.forge.example/"), "{page}");
            let is_api = body.get("status") == Some(&json!(status.to_string()));
            assert!(is_api || body.contains_key("request_id"), "{body:?}");
        }
        seen.insert(found);
    }
    let all: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(all.len(), RULES.len(), "two rules have one name");
    assert_eq!(all.difference(&seen).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(RULES.iter().all(|rule| rule.source.starts_with("https://")));
}

fn create(world: &mut World, fields: &Value) -> Response {
    world.send(&api("POST", "releases").with(RUN).json(fields))
}

/// What is asked of every request.
fn entry() -> Vec<Case> {
    vec![
        (
            403,
            "user-agent",
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header (https://docs.forge.example/…",
            |w| {
                let mut request = api("GET", "");
                request.headers.clear();
                w.send(&request)
            },
        ),
        (
            400,
            "api-version",
            "Bad Request: The version you specified in the \"X-GitHub-API-Version\" request header, \"v3\", is not a supported version. The following versions are currently supported: \"2022-11-28\", \"2026-03-10\" (most recent).",
            |w| w.send(&api("GET", "").field("x-github-api-version", "v3")),
        ),
        (401, "credentials", "Bad credentials", |w| w.send(&api("GET", "").with("ghp_unknown"))),
        (401, "credentials", "Bad credentials", |w| {
            w.send(&api("GET", "").field("authorization", "nonsense"))
        }),
        (401, "authentication", "Requires authentication", |w| w.send(&api("POST", "releases"))),
        (401, "authentication", "Requires authentication", |w| {
            w.send(&request("GET", "api.forge.example", "/user"))
        }),
        (404, "not-found", "Not Found", |w| w.send(&api("GET", "nothing").with(RUN))),
        (404, "not-found", "Not Found", |w| w.send(&api("PUT", "releases").with(RUN))),
        (404, "not-found", "Not Found", |w| w.send(&api("GET", "releases/x").with(RUN))),
        (404, "not-found", "Not Found", |w| {
            w.send(&request("GET", "api.forge.example", "/repos/acme/other").with(RUN))
        }),
        (404, "not-found", "Not Found", |w| {
            w.forge.set_visibility(Visibility::Private);
            w.send(&api("GET", ""))
        }),
        (404, "not-found", "Not Found", |w| {
            w.forge.set_visibility(Visibility::Private);
            w.send(&api("GET", "releases").with(GUEST))
        }),
        (404, "not-found", "Not Found", |w| w.send(&web("/releases/tag/none"))),
        (404, "not-found", "Not Found", |w| {
            w.published("v1.0.0");
            w.forge.set_visibility(Visibility::Internal);
            w.send(&web("/releases/tag/v1.0.0"))
        }),
        (403, "permission", "Resource not accessible by integration", |w| {
            w.send(&api("POST", "releases").with(READER))
        }),
        (403, "permission", "Resource not accessible by integration", |w| {
            w.send(&api("GET", "immutable-releases").with(RUN))
        }),
        (403, "permission", "Resource not accessible by integration", |w| {
            w.forge.set_visibility(Visibility::Private);
            w.send(&api("GET", "actions/runs").with(READER))
        }),
        (403, "permission", "Resource not accessible by integration", |w| {
            w.send(&request("GET", "api.forge.example", "/user").with(RUN))
        }),
        (403, "permission", "Resource not accessible by personal access token", |w| {
            w.send(&api("POST", "releases").with(GUEST))
        }),
        (403, "primary-rate-limit", "API rate limit exceeded for installation ID 1001.", |w| {
            w.forge.limit_requests(1);
            w.send(&api("GET", "").with(RUN));
            w.send(&api("GET", "").with(RUN))
        }),
        (403, "primary-rate-limit", "API rate limit exceeded for user ID 1001.", |w| {
            w.forge.limit_requests(0);
            w.send(&api("GET", "").with(OWNER))
        }),
        (403, "primary-rate-limit", "API rate limit exceeded for 127.0.0.1. (But here's…", |w| {
            for _ in 0..60 {
                assert_eq!(w.send(&api("GET", "")).status, 200);
            }
            w.send(&api("GET", ""))
        }),
        (
            403,
            "secondary-rate-limit",
            "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.",
            |w| {
                w.forge.limit_content(1, 10);
                w.release(&json!({ "tag_name": "v1.0.0", "draft": true }));
                create(w, &json!({ "tag_name": "v1.0.1", "draft": true }))
            },
        ),
        (400, "json", "Problems parsing JSON", |w| {
            let mut request = api("POST", "releases").with(RUN);
            request.body = b"{".to_vec();
            w.send(&request)
        }),
        (400, "json", "Body should be a JSON object", |w| create(w, &json!([]))),
    ]
}

/// What a release may not be.
fn releases() -> Vec<Case> {
    vec![
        (422, "schema", "Invalid request.\n\n\"tag_name\" wasn't supplied.", |w| {
            create(w, &json!({}))
        }),
        (422, "schema", "Invalid request.\n\nFor 'properties/body', nil is not a string.", |w| {
            create(w, &json!({ "tag_name": "v1", "body": null }))
        }),
        (
            422,
            "schema",
            "Invalid request.\n\nFor 'properties/draft', \"no\" is not a boolean.",
            |w| create(w, &json!({ "tag_name": "v1", "draft": "no" })),
        ),
        (
            422,
            "schema",
            "Invalid request.\n\nFor 'properties/make_latest', true is not a string.",
            |w| create(w, &json!({ "tag_name": "v1", "make_latest": true })),
        ),
        (
            422,
            "schema",
            "Invalid request.\n\nFor 'properties/make_latest', \"yes\" is not a member of [\"true\", \"false\", \"legacy\"].",
            |w| create(w, &json!({ "tag_name": "v1", "make_latest": "yes" })),
        ),
        (422, "tag-missing", "Validation Failed | tag_name missing_field", |w| {
            create(w, &json!({ "tag_name": "", "draft": true }))
        }),
        (
            422,
            "tag-form",
            "Validation Failed | tag_name is not a valid tag | tag_name is not well-formed | Published releases must have a valid tag",
            |w| create(w, &json!({ "tag_name": "v 1" })),
        ),
        (422, "tag-taken", "Validation Failed | tag_name already_exists", |w| {
            w.published("v1.0.0");
            create(w, &json!({ "tag_name": "v1.0.0" }))
        }),
        (422, "tag-taken", "Validation Failed | tag_name already_exists", |w| {
            let draft = w.release(&json!({ "tag_name": "v1.0.0", "draft": true }));
            w.published("v1.0.0");
            let path = format!("releases/{}", draft["id"]);
            w.send(&api("PATCH", &path).with(RUN).json(&json!({ "draft": false })))
        }),
        (
            422,
            "target",
            "Validation Failed | Published releases must have a valid tag | target_commitish invalid",
            |w| create(w, &json!({ "tag_name": "v1.0.0", "target_commitish": "nowhere" })),
        ),
        (422, "target", "Validation Failed | target_commitish invalid", |w| {
            let target = "refs/tags/v0.1.0";
            create(w, &json!({ "tag_name": "v0.1.0", "target_commitish": target, "draft": true }))
        }),
        (422, "target", "Validation Failed | target_commitish invalid", |w| {
            let target = &commit("one")[..10];
            create(w, &json!({ "tag_name": "v0.1.0", "target_commitish": target }))
        }),
        (
            422,
            "body-length",
            "Validation Failed | body is too long (maximum is 125000 characters)",
            |w| {
                assert_eq!(
                    create(w, &json!({ "tag_name": "a", "body": "ö".repeat(125_000) })).status,
                    201
                );
                create(w, &json!({ "tag_name": "b", "body": "ö".repeat(125_001), "draft": true }))
            },
        ),
        (422, "latest", "Validation Failed | Latest release cannot be draft or prerelease", |w| {
            create(w, &json!({ "tag_name": "v0.1.0", "prerelease": true, "make_latest": "true" }))
        }),
        (422, "latest", "Validation Failed | Latest release cannot be draft or prerelease", |w| {
            let fields = json!({ "tag_name": "v0.1.0", "draft": true, "make_latest": "true" });
            let draft = w.release(&fields);
            let path = format!("releases/{}", draft["id"]);
            w.send(&api("PATCH", &path).with(RUN).json(&json!({ "make_latest": "true" })))
        }),
        (404, "discussion", "Not Found", |w| {
            create(w, &json!({ "tag_name": "v1", "discussion_category_name": "News" }))
        }),
        (
            422,
            "rule-creation",
            "Validation Failed | pre_receive Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n | Published releases must have a valid tag",
            |w| {
                protect(w, true, false, false);
                create(w, &json!({ "tag_name": "v1.0.0" }))
            },
        ),
        (400, "previous-tag", "Invalid previous_tag parameter", |w| {
            let body = json!({ "tag_name": "v1.0.0", "previous_tag_name": "none" });
            w.send(&api("POST", "releases/generate-notes").with(RUN).json(&body))
        }),
        (422, "notes-target", "Invalid target_commitish parameter", |w| {
            let body = json!({ "tag_name": "v1.0.0", "target_commitish": "none" });
            w.send(&api("POST", "releases/generate-notes").with(RUN).json(&body))
        }),
    ]
}

/// An immutable release, with one file.
fn immutable(world: &mut World) -> Value {
    world.forge.set_immutable_releases(true);
    let draft = world.release(&json!({ "tag_name": "v1.0.0", "draft": true }));
    assert_eq!(world.upload(&draft, "a.whl", b"a").status, 201);
    let path = format!("releases/{}", draft["id"]);
    world.ask(&api("PATCH", &path).with(RUN).json(&json!({ "draft": false })))
}

/// What of an immutable release is locked.
fn locked() -> Vec<Case> {
    vec![
        (422, "locked-assets", "Cannot upload assets to an immutable release.", |w| {
            let release = immutable(w);
            w.upload(&release, "b.whl", b"b")
        }),
        (
            422,
            "locked-assets",
            "Validation Failed | Cannot delete asset from an immutable release",
            |w| {
                let path = format!("releases/assets/{}", immutable(w)["assets"][0]["id"]);
                w.send(&api("DELETE", &path).with(RUN))
            },
        ),
        (
            422,
            "locked-assets",
            "Validation Failed | Cannot update asset from an immutable release",
            |w| {
                let path = format!("releases/assets/{}", immutable(w)["assets"][0]["id"]);
                w.send(&api("PATCH", &path).with(RUN).json(&json!({ "name": "c.whl" })))
            },
        ),
        (
            422,
            "locked-tag",
            "Validation Failed | tag_name cannot be changed when release is immutable",
            |w| {
                let path = format!("releases/{}", immutable(w)["id"]);
                w.send(&api("PATCH", &path).with(RUN).json(&json!({ "tag_name": "v0.1.0" })))
            },
        ),
        (
            422,
            "locked-state",
            "Validation Failed | state cannot be changed when release is immutable",
            |w| {
                let path = format!("releases/{}", immutable(w)["id"]);
                w.send(&api("PATCH", &path).with(RUN).json(&json!({ "draft": true })))
            },
        ),
        (
            422,
            "rule-deletion",
            "Repository rule violations found\n\nCannot delete this protected ref.\n\n",
            |w| {
                immutable(w);
                w.send(&api("DELETE", "git/refs/tags/v1.0.0").with(RUN))
            },
        ),
        (
            422,
            "rule-update",
            "Repository rule violations found\n\nCannot update this protected ref.\n\n",
            |w| {
                immutable(w);
                let body = json!({ "sha": commit("one"), "force": true });
                w.send(&api("PATCH", "git/refs/tags/v1.0.0").with(RUN).json(&body))
            },
        ),
        (422, "tag-burned", "Validation Failed | tag_name was used by an immutable release", |w| {
            let path = format!("releases/{}", immutable(w)["id"]);
            assert_eq!(w.send(&api("DELETE", &path).with(RUN)).status, 204);
            create(w, &json!({ "tag_name": "v1.0.0" }))
        }),
        (
            422,
            "rule-creation",
            "Validation Failed | pre_receive Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n | tag_name was used by an immutable release | Published releases must have a valid tag",
            |w| {
                let path = format!("releases/{}", immutable(w)["id"]);
                assert_eq!(w.send(&api("DELETE", &path).with(RUN)).status, 204);
                assert_eq!(w.send(&api("DELETE", "git/refs/tags/v1.0.0").with(RUN)).status, 204);
                create(w, &json!({ "tag_name": "v1.0.0" }))
            },
        ),
    ]
}

fn draft(world: &mut World) -> Value {
    world.release(&json!({ "tag_name": "v1.0.0", "draft": true }))
}

/// What an asset may not be.
fn assets() -> Vec<Case> {
    vec![
        (422, "asset-name", "Validation Failed | name missing_field", |w| {
            let draft = draft(w);
            w.upload(&draft, "", b"a")
        }),
        (422, "asset-type", "Validation Failed | content_type missing_field", |w| {
            let mut request = upload(&draft(w), "a.whl", b"a").with(RUN);
            request.headers.retain(|(name, _)| name != "content-type");
            w.send(&request)
        }),
        (422, "asset-empty", "Validation Failed | size must be greater than or equal to 1", |w| {
            let draft = draft(w);
            w.upload(&draft, "a.whl", b"")
        }),
        (
            422,
            "asset-size",
            "Validation Failed | size must be less than or equal to 2147483648",
            |w| {
                draft(w);
                let release = &w.forge.shelf.releases[0];
                assert!(flaws(release, "a.whl", "application/zip", LARGEST).is_empty());
                let wrong = flaws(release, "a.whl", "application/zip", LARGEST + 1);
                w.forge.documented(judged(wrong).unwrap_err(), super::super::Door::Uploads, "")
            },
        ),
        (
            422,
            "asset-count",
            "Validation Failed | file_count limited to 1000 assets per release",
            |w| {
                w.forge.limit_requests(2_000);
                let draft = draft(w);
                for number in 0..1_000 {
                    assert_eq!(w.upload(&draft, &format!("{number}.whl"), b"a").status, 201);
                }
                w.upload(&draft, "one.more", b"a")
            },
        ),
        (422, "asset-taken", "Validation Failed | name already_exists", |w| {
            let draft = draft(w);
            w.upload(&draft, "a b.whl", b"a");
            w.upload(&draft, "a.b.whl", b"a")
        }),
        (422, "asset-taken", "Validation Failed | name already_exists", |w| {
            let draft = draft(w);
            w.upload(&draft, "a.whl", b"a");
            let asset = body(&w.upload(&draft, "b.whl", b"b"));
            let path = format!("releases/assets/{}", asset["id"]);
            w.send(&api("PATCH", &path).with(RUN).json(&json!({ "name": "a.whl" })))
        }),
        (502, "upstream-failure", "Server Error", |w| {
            w.forge.break_next_upload();
            let draft = draft(w);
            w.upload(&draft, "a.whl", b"a")
        }),
        (403, "download-signature", "Server failed to authenticate the request.", |w| {
            let draft = draft(w);
            let id = body(&w.upload(&draft, "a.whl", b"a"))["id"].clone();
            let far = NOW + 9;
            let path = format!("/github-production-release-asset/2002/{id}?se={far}&sig=no");
            w.send(&request("GET", "files.example", &path))
        }),
        (404, "not-found", "Not Found", |w| {
            w.send(&request("GET", "files.example", "/github-production-release-asset/2002/9"))
        }),
    ]
}
