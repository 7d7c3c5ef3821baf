//! What to do where an index gives no token for the run's identity, beside the claims that it went by.
//!
//! Source: the codes and texts of <https://docs.pypi.org/trusted-publishers/troubleshooting/> and of
//! PyPI's own code (<https://github.com/pypi/warehouse>, `oidc`). The first row whose words are in the
//! code or the description counts.

use serde_json::{Map, Value};

use crate::model::secret::Secret;
use crate::remote::{Trouble, oidc};

/// What a publisher is registered with.
const PUBLISHER: &[&str] =
    &["repository", "repository_owner_id", "job_workflow_ref", "environment"];

/// Words of a refusal, what to do, and the claims that count. `{index}` stands for the index's name,
/// `{fault}` for what the claims say against the token.
const CURES: &[(&str, &str, &[&str])] = &[
    (
        "invalid-reuse-token",
        "run the same command again: each try takes a new identity token",
        &["jti"],
    ),
    ("not-enabled", "wait until {index} has switched it on again, or give it a token", &[]),
    (
        "invalid-pending-publisher",
        "the project is there by now: register exactly this in its own settings on {index}",
        PUBLISHER,
    ),
    ("invalid-token", "{fault}; the same command again takes a new one", &[]),
    ("malformed JWT", "{fault}; look at what the CI service gives, or use a token of {index}", &[]),
    (
        "unknown trusted publishing issuer",
        "publish from a CI service that {index} knows, or give it a token",
        &["iss"],
    ),
    ("TokenPayload", "run the same command again: the request was damaged on its way", &[]),
    (
        "invalid-payload",
        "the pending publisher cannot make its project: choose another name, in its form on {index} and in the metadata",
        &[],
    ),
    (
        "pull_request_target",
        "publish from a push or a release: such a run is started by anybody's fork",
        &["event_name", "ref"],
    ),
    (
        "job_workflow_ref claim does not match",
        "define the job that publishes in this repository, at the ref that is released: {index} takes no reusable workflow from elsewhere",
        &["job_workflow_ref", "ref", "sha"],
    ),
    (
        "workflow filename",
        "define the job that publishes in a file of `.github/workflows`",
        &["job_workflow_ref"],
    ),
    (
        "'repository_owner'",
        "register the publisher anew, with the owner as GitHub spells it",
        &["repository_owner", "repository"],
    ),
    ("ref and sha claims", "publish from a run that belongs to a commit", &["ref", "sha"]),
    (
        "Missing claim",
        "publish from a CI service that tells this claim, or give {index} a token",
        &["iss", "sub"],
    ),
    (
        "invalid-publisher",
        "register exactly this as a trusted publisher of the project on {index}",
        PUBLISHER,
    ),
];

/// What stands in no row.
const OTHERWISE: (&str, &[&str]) = ("read the reason, or give {index} a token", PUBLISHER);

/// What the index said, beside what it could see of this run.
pub(super) fn refused(
    index: &str,
    said: &Value,
    identity: &Secret,
    status: u16,
    now: u64,
) -> Trouble {
    let errors = said["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |error: &Value| {
        let part = |key: &str| error[key].as_str().unwrap_or_default();
        let words = format!("{}: {}", part("code"), part("description"));
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut reasons = errors.iter().map(text).collect::<Vec<_>>().join("; ");
    if reasons.is_empty() {
        said["message"].as_str().unwrap_or_default().clone_into(&mut reasons);
    }
    let row = CURES.iter().find(|(words, ..)| reasons.contains(words));
    let (todo, counts) = row.map_or(OTHERWISE, |(_, todo, counts)| (*todo, *counts));
    let claims = oidc::claims(identity);
    let fault = oidc::fault(&claims, index, now);
    let mut hint = todo.replace("{index}", index).replace("{fault}", &fault);
    if !counts.is_empty() {
        hint = format!("{hint}; the run was seen as: {}", seen_as(&claims, counts));
    }
    let reason = format!("no token for this run: {status} {reasons}").trim_end().to_owned();
    Trouble::Refused { reason, hint }
}

/// The claims that count, as they were shown.
pub(super) fn seen_as(claims: &Map<String, Value>, names: &[&str]) -> String {
    let seen = names.iter().map(|name| {
        let value = claims.get(*name).and_then(Value::as_str).unwrap_or_default();
        format!("{name} = {}", if value.is_empty() { "(none)" } else { value })
    });
    seen.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hint(said: &Value) -> String {
        match refused("pypi", said, &Secret::new("token", "x"), 422, 0) {
            Trouble::Refused { reason, hint } => format!("{reason} | {hint}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_row_hides_a_later_one() {
        crate::remote::cures::each_counts(CURES.iter().map(|(words, ..)| *words));
    }

    #[test]
    fn an_answer_of_another_form_is_told_as_it_is() {
        assert_eq!(
            hint(&json!({ "message": "Not now" })),
            "no token for this run: 422 Not now | read the reason, or give pypi a token; the run was seen as: repository = (none), repository_owner_id = (none), job_workflow_ref = (none), environment = (none)"
        );
        assert!(hint(&Value::Null).starts_with("no token for this run: 422 | read"));
    }
}
