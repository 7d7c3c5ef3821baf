//! What is said of a file: in-toto statements with the two predicates that PyPI takes.
//!
//! Sources: in-toto Statement v1 (<https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>),
//! PEP 740 with PyPI's publish attestation v1, SLSA provenance v1 as GitHub's own action writes it
//! (<https://actions.github.io/buildtypes/workflow/v1>). Each has exactly one subject: indexes take no more.

use serde_json::{Map, Value, json};

use crate::model::effect::Predicate;

/// The bytes of a statement about a file. `claims` are those of the run's identity token, `server` is
/// the forge's address, such as `https://forge.example`.
pub fn statement(
    predicate: Predicate,
    name: &str,
    sha256: &str,
    claims: &Map<String, Value>,
    server: &str,
) -> Vec<u8> {
    let body = match predicate {
        Predicate::Publish => Value::Null,
        Predicate::Provenance => provenance(claims, server),
    };
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": name, "digest": { "sha256": sha256 } }],
        "predicateType": predicate.uri(),
        "predicate": body,
    })
    .to_string()
    .into_bytes()
}

fn provenance(claims: &Map<String, Value>, server: &str) -> Value {
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let (repository, reference) = (claim("repository"), claim("ref"));
    let workflow = claim("workflow_ref");
    let path = workflow.strip_prefix(&format!("{repository}/")).unwrap_or(workflow);
    let path = path.split('@').next().unwrap_or_default();
    let run = format!("{}/attempts/{}", claim("run_id"), claim("run_attempt"));
    json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": { "workflow": {
                "ref": reference,
                "repository": format!("{server}/{repository}"),
                "path": path,
            } },
            "internalParameters": { "github": {
                "event_name": claim("event_name"),
                "repository_id": claim("repository_id"),
                "repository_owner_id": claim("repository_owner_id"),
                "runner_environment": claim("runner_environment"),
            } },
            "resolvedDependencies": [{
                "uri": format!("git+{server}/{repository}@{reference}"),
                "digest": { "gitCommit": claim("sha") },
            }],
        },
        "runDetails": {
            "builder": { "id": format!("{server}/{}", claim("job_workflow_ref")) },
            "metadata": { "invocationId": format!("{server}/{repository}/actions/runs/{run}") },
        },
    })
}
