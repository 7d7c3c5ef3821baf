//! Environments, workflows and attestations.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::world::*;
use crate::rehearse::github::{BranchPolicy, Branches, Environment, Input, Job, Workflow};

/// A workflow that needs a tag and may get a note.
pub(super) fn workflow(file: &str) -> Workflow {
    let input = |name: &str, required| Input { name: name.into(), required };
    let inputs = Some(vec![input("tag", true), input("note", false)]);
    Workflow { file: file.into(), name: "Deploy".into(), inputs }
}

/// A bundle about files with these names.
pub(super) fn bundle(names: &[&str]) -> Value {
    let subject = |name: &&str| json!({ "name": name, "digest": { "sha256": digest(name) } });
    let subjects: Vec<Value> = names.iter().map(subject).collect();
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
    });
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": { "certificate": { "rawBytes": "" } },
        "dsseEnvelope": {
            "payload": STANDARD.encode(statement.to_string()),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{ "sig": "AA==" }],
        },
    })
}

fn digest(name: &str) -> String {
    crate::rehearse::github::sha256(name.as_bytes())
}

#[test]
fn an_environment_is_shown_with_its_protection() {
    let mut w = world();
    let policy = |pattern: &str, tag| BranchPolicy { pattern: pattern.into(), tag };
    w.forge.add_environment(Environment {
        name: "a/b".into(),
        reviewers: Vec::new(),
        prevent_self_review: false,
        wait_minutes: 0,
        branches: Branches::All,
    });
    w.forge.add_environment(Environment {
        name: "PyPI".into(),
        reviewers: vec!["bob".into()],
        prevent_self_review: true,
        wait_minutes: 30,
        branches: Branches::Only(vec![policy("main", false), policy("v*", true)]),
    });
    let shown = w.ask(&api("GET", "environments/pypi"));
    let kinds: Vec<&Value> =
        shown["protection_rules"].as_array().unwrap().iter().map(|rule| &rule["type"]).collect();
    assert_eq!(kinds, ["wait_timer", "required_reviewers", "branch_policy"]);
    let rule = &shown["protection_rules"][1];
    assert_eq!(rule["reviewers"][0]["reviewer"]["login"], "bob");
    assert_eq!(rule["prevent_self_review"], true);
    assert_eq!(shown["deployment_branch_policy"]["custom_branch_policies"], true);
    let policies = w.ask(&api("GET", "environments/PyPI/deployment-branch-policies"));
    assert_eq!(policies["total_count"], 2);
    assert_eq!(policies["branch_policies"][1]["name"], "v*");
    assert_eq!(policies["branch_policies"][1]["type"], "tag");
    let open = w.ask(&api("GET", "environments/a%2Fb"));
    assert_eq!(open["protection_rules"], json!([]));
    assert_eq!(open["deployment_branch_policy"], Value::Null);
    assert_eq!(w.ask(&api("GET", "environments"))["total_count"], 2);
}

#[test]
fn a_dispatched_run_is_queued_until_it_is_said_to_have_ended() {
    let mut w = world();
    w.forge.add_workflow(workflow("deploy.yml"));
    let path = "actions/workflows/deploy.yml/dispatches";
    let body = json!({ "ref": "main", "inputs": { "tag": "v1" } });
    assert_eq!(w.send(&api("POST", path).with(RUN).json(&body)).status, 204);
    let body = json!({ "ref": "v0.1.0", "inputs": { "tag": "v1" }, "return_run_details": true });
    let details = w.ask(&api("POST", path).with(RUN).json(&body));
    let id = details["workflow_run_id"].as_u64().unwrap();
    let run = w.ask(&at(details["run_url"].as_str().unwrap()));
    assert_eq!((&run["status"], &run["conclusion"]), (&json!("queued"), &Value::Null));
    assert_eq!((&run["head_branch"], &run["head_sha"]), (&json!("v0.1.0"), &json!(commit("one"))));
    assert_eq!(run["run_number"], 2);
    w.forge.finish_run(id, "success");
    let run = w.ask(&api("GET", &format!("actions/runs/{id}")));
    assert_eq!((&run["status"], &run["conclusion"]), (&json!("completed"), &json!("success")));
    let job =
        |name: &str, end: Option<&str>| Job { name: name.into(), conclusion: end.map(Into::into) };
    w.forge.run_jobs(id, vec![job("build", Some("success")), job("send", None)]);
    let jobs = w.ask(&api("GET", &format!("actions/runs/{id}/jobs")));
    assert_eq!(
        (&jobs["jobs"][0]["name"], &jobs["jobs"][0]["conclusion"]),
        (&json!("build"), &json!("success"))
    );
    assert_eq!(
        (&jobs["jobs"][1]["status"], &jobs["total_count"]),
        (&json!("in_progress"), &json!(2))
    );
    let held = &w.forge.runs()[1];
    assert_eq!((held.reference.as_str(), held.inputs.len()), ("refs/tags/v0.1.0", 1));
    for (query, count) in [("", 2), ("?branch=main", 1), ("?status=success", 1), ("?event=push", 0)]
    {
        for list in ["actions/runs", "actions/workflows/1/runs"] {
            let found = w.ask(&api("GET", &format!("{list}{query}")));
            assert_eq!(found["total_count"], count, "{list}{query}");
        }
    }
    assert_eq!(w.ask(&api("GET", "actions/workflows"))["workflows"][0]["state"], "active");
    let newest = api("POST", path).with(RUN).field("x-github-api-version", "2026-03-10");
    let body = json!({ "ref": "main", "inputs": { "tag": "v1" } });
    assert_eq!(w.send(&newest.json(&body)).status, 200, "details without being asked for");
}

#[test]
fn an_attestation_is_found_by_the_digest_of_each_of_its_subjects() {
    let mut w = world();
    let sent = bundle(&["a.whl", "b.tar.gz"]);
    let made = w.ask(&api("POST", "attestations").with(RUN).json(&json!({ "bundle": sent })));
    for name in ["a.whl", "b.tar.gz"] {
        let path = format!("attestations/sha256:{}", digest(name));
        let found = w.ask(&api("GET", &path));
        assert_eq!(found["attestations"][0]["bundle"], sent);
        assert_eq!(found["attestations"][0]["repository_id"], 2002);
        let kind = format!("{path}?predicate_type=provenance");
        assert_eq!(w.send(&api("GET", &kind)).status, 200);
        let kind = format!("{path}?predicate_type=sbom");
        assert_eq!(w.send(&api("GET", &kind)).status, 404);
    }
    let page = w.send(&web(&format!("/attestations/{}", made["id"])));
    assert!(String::from_utf8(page.body).unwrap().contains(&digest("a.whl")));
    assert_eq!(w.forge.attestations()[0].predicate_type, "https://slsa.dev/provenance/v1");
}

#[test]
fn the_newer_api_names_bundles_by_an_address() {
    let mut w = world();
    let sent = bundle(&["a.whl"]);
    w.ask(&api("POST", "attestations").with(RUN).json(&json!({ "bundle": sent })));
    let path = format!("attestations/sha256:{}", digest("a.whl"));
    let newest = api("GET", &path).field("x-github-api-version", "2026-03-10");
    let found = w.ask(&newest);
    assert_eq!(found["attestations"][0].get("bundle"), None);
    let file = w.send(&at(found["attestations"][0]["bundle_url"].as_str().unwrap()));
    assert_eq!(header(&file, "content-type"), Some("application/x-snappy"));
    let text = sent.to_string();
    assert!(file.body.ends_with(text.as_bytes()));
}
