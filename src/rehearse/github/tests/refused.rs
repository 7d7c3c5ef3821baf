//! What refs, workflows, attestations and queries are refused for: cases of the table in `refusals`.

use serde_json::{Value, json};

use super::actions::{bundle, workflow};
use super::refusals::Case;
use super::world::*;
use crate::rehearse::github::{Protection, Visibility};
use crate::rehearse::http::Response;

pub(super) fn protect(world: &mut World, creation: bool, update: bool, deletion: bool) {
    let pattern = "refs/tags/v*".into();
    world.forge.protect(Protection { pattern, creation, update, deletion });
}

fn make(world: &mut World, name: &str, sha: &str) -> Response {
    let body = json!({ "ref": name, "sha": sha });
    world.send(&api("POST", "git/refs").with(RUN).json(&body))
}

/// What refs may not be.
pub(super) fn refs() -> Vec<Case> {
    vec![
        (
            422,
            "schema",
            "Invalid request.\n\nAt least 40 characters are required; only 7 were supplied.",
            |w| make(w, "refs/tags/v1", &commit("one")[..7]),
        ),
        (
            422,
            "schema",
            "Invalid request.\n\nNo more than 40 characters are allowed; 41 were supplied.",
            |w| make(w, "refs/tags/v1", &format!("{}0", commit("one"))),
        ),
        (422, "schema", "Invalid request.\n\n\"xxxx…", |w| {
            make(w, "refs/tags/v1", &"x".repeat(40))
        }),
        (
            422,
            "ref-name",
            "Reference name must contain at least three slash-separated components.",
            |w| make(w, "refs/v1", &commit("one")),
        ),
        (422, "ref-name", "refs/tags/v..1 is not a valid ref name.", |w| {
            make(w, "refs/tags/v..1", &commit("one"))
        }),
        (422, "ref-exists", "Reference already exists", |w| {
            make(w, "refs/tags/v0.1.0", &commit("one"))
        }),
        (422, "object-missing", "Object does not exist", |w| {
            make(w, "refs/tags/v1", &commit("nothing"))
        }),
        (422, "ref-failed", "Reference update failed", |w| {
            make(w, "refs/tags/unwritable", &commit("one"))
        }),
        (
            422,
            "rule-creation",
            "Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n",
            |w| {
                protect(w, true, false, false);
                make(w, "refs/tags/v1", &commit("one"))
            },
        ),
        (422, "ref-missing", "Reference does not exist", |w| {
            let body = json!({ "sha": commit("one") });
            w.send(&api("PATCH", "git/refs/tags/none").with(RUN).json(&body))
        }),
        (422, "ref-missing", "Reference does not exist", |w| {
            w.send(&api("DELETE", "git/refs/tags/none").with(RUN))
        }),
        (422, "fast-forward", "Update is not a fast forward", |w| {
            let body = json!({ "sha": commit("fork") });
            w.send(&api("PATCH", "git/refs/heads/main").with(RUN).json(&body))
        }),
        (
            422,
            "rule-update",
            "Repository rule violations found\n\nCannot update this protected ref.\n\n",
            |w| {
                protect(w, false, true, false);
                let body = json!({ "sha": commit("two") });
                w.send(&api("PATCH", "git/refs/tags/v0.1.0").with(RUN).json(&body))
            },
        ),
        (
            422,
            "rule-deletion",
            "Repository rule violations found\n\nCannot delete this protected ref.\n\n",
            |w| {
                protect(w, false, false, true);
                w.send(&api("DELETE", "git/refs/tags/v0.1.0").with(RUN))
            },
        ),
        (422, "default-branch", "Cannot delete the default branch", |w| {
            w.send(&api("DELETE", "git/refs/heads/main").with(RUN))
        }),
        (422, "tag-object", "Could not verify object", |w| {
            let sha = commit("nothing");
            let body = json!({ "tag": "v1", "message": "v1", "object": sha, "type": "commit" });
            w.send(&api("POST", "git/tags").with(RUN).json(&body))
        }),
        (422, "no-commit", "No commit found for SHA: none", |w| {
            w.send(&api("GET", "commits/none"))
        }),
    ]
}

fn dispatch(world: &mut World, body: &Value) -> Response {
    world.forge.add_workflow(workflow("deploy.yml"));
    let path = "actions/workflows/deploy.yml/dispatches";
    world.send(&api("POST", path).with(RUN).json(body))
}

fn attest(world: &mut World, bundle: &Value) -> Response {
    let body = json!({ "bundle": bundle });
    world.send(&api("POST", "attestations").with(RUN).json(&body))
}

/// Workflows, attestations and GraphQL.
pub(super) fn others() -> Vec<Case> {
    vec![
        (422, "dispatch-ref", "No ref found for: none", |w| dispatch(w, &json!({ "ref": "none" }))),
        (422, "dispatch-inputs", "Unexpected inputs provided: [\"foo\", \"bar\"]", |w| {
            dispatch(
                w,
                &json!({ "ref": "main", "inputs": { "foo": "1", "tag": "v1", "bar": "2" } }),
            )
        }),
        (422, "dispatch-required", "Required input 'tag' not provided", |w| {
            dispatch(w, &json!({ "ref": "main" }))
        }),
        (422, "dispatch-trigger", "Workflow does not have 'workflow_dispatch' trigger", |w| {
            let mut closed = workflow("closed.yml");
            closed.inputs = None;
            w.forge.add_workflow(closed);
            let path = "actions/workflows/closed.yml/dispatches";
            w.send(&api("POST", path).with(RUN).json(&json!({ "ref": "main" })))
        }),
        (
            422,
            "schema",
            "Invalid request.\n\nNo more than 25 properties are allowed; 26 were supplied.",
            |w| {
                let inputs: Value = (0..26).map(|n| (format!("i{n}"), json!("1"))).collect();
                dispatch(w, &json!({ "ref": "main", "inputs": inputs }))
            },
        ),
        (404, "not-found", "Not Found", |w| {
            let path = "actions/workflows/none.yml/dispatches";
            w.send(&api("POST", path).with(RUN).json(&json!({ "ref": "main" })))
        }),
        (422, "schema", "Invalid request.\n\n\"bundle\" wasn't supplied.", |w| {
            w.send(&api("POST", "attestations").with(RUN).json(&json!({})))
        }),
        (422, "bundle", "Invalid Argument - missing signature", |w| {
            let mut bundle = bundle(&["a"]);
            bundle["dsseEnvelope"]["signatures"] = json!([]);
            attest(w, &bundle)
        }),
        (422, "bundle", "Invalid Argument - payload is no in-toto statement", |w| {
            let mut bundle = bundle(&["a"]);
            bundle["dsseEnvelope"]["payload"] = json!("e");
            attest(w, &bundle)
        }),
        (422, "bundle-subjects", "Invalid Argument - duplicate subject in statement", |w| {
            attest(w, &bundle(&["a", "a"]))
        }),
        (422, "bundle-subjects", "Invalid Argument - missing subject in statement", |w| {
            attest(w, &bundle(&[]))
        }),
        (
            403,
            "attestation-plan",
            "Feature not available for user-owned private repositories. To enable this feature, please make this repository public.",
            |w| {
                w.forge.set_visibility(Visibility::Private);
                attest(w, &bundle(&["a"]))
            },
        ),
        (404, "not-found", "Not Found", |w| w.send(&api("GET", "attestations/sha256:00"))),
        (404, "not-found", "Not Found", |w| w.send(&api("GET", "environments/none"))),
        (401, "graphql-login", "This endpoint requires you to be authenticated.", |w| {
            w.send(
                &request("POST", "api.forge.example", "/graphql").json(&json!({ "query": "{a}" })),
            )
        }),
        (200, "graphql-query", "Field 'wings' doesn't exist on type 'Repository'", |w| {
            let query = "{ repository(owner: \"acme\", name: \"widget\") { wings } }";
            super::graphql::send(w, query, &json!({}))
        }),
        (200, "graphql-query", "Parse error on \"mutation\"", |w| {
            super::graphql::send(w, "mutation { a }", &json!({}))
        }),
        (
            200,
            "graphql-query",
            "You must provide a `first` or `last` value to properly paginate the `releases` connection.",
            |w| {
                let query =
                    "{ repository(owner: \"acme\", name: \"widget\") { releases { totalCount } } }";
                super::graphql::send(w, query, &json!({}))
            },
        ),
        (200, "graphql-query", "Query has depth which exceeds max depth", |w| {
            let query = "fragment f on Query { viewer { login } ...f } { ...f }";
            super::graphql::send(w, query, &json!({}))
        }),
    ]
}
