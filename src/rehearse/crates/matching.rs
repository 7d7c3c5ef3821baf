//! Which configurations of trusted publishing a run matches, and what the server says if none.
//!
//! Only the workflow that began the run counts (`workflow_ref`), so that a reusable one works where its
//! caller is registered. Turned down: asking all at once, because the server says which part was wrong.

use serde_json::Value;

use super::rules::{self, Checked, bad};
use crate::rehearse::http::Rule;
use crate::rehearse::oidc::Claims;

/// A configuration of trusted publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedPublisher {
    /// `owner/name`.
    pub repository: String,
    /// The number of the repository's owner.
    pub owner_id: i64,
    /// File name of the workflow.
    pub workflow: String,
    /// The environment that the job has to be in, if it has to.
    pub environment: Option<String>,
    /// The crate; every crate that exists, if none is named.
    pub krate: Option<String>,
}

/// What of a run is compared.
struct Run {
    repository: String,
    owner: i64,
    workflow: String,
    environment: Option<String>,
}

/// The crates for which this run may publish; `None` among them stands for all.
pub(super) fn crates(all: &[TrustedPublisher], claims: &Claims) -> Checked<Vec<Option<String>>> {
    let run = run(claims)?;
    let repository = run.repository.to_lowercase();
    let mut left: Vec<&TrustedPublisher> =
        all.iter().filter(|one| one.repository.to_lowercase() == repository).collect();
    if left.is_empty() {
        let message =
            format!("No Trusted Publishing config found for repository `{}`.", run.repository);
        return Err(bad(rules::TRUSTED_REPOSITORY, message));
    }
    sieve(&mut left, &run, rules::TRUSTED_OWNER, by_owner, |ids| {
        format!(
            "does not match the repository owner ID ({}) in the JWT. Expected owner IDs: {ids}. \
             Please recreate the Trusted Publishing config to update the repository owner ID.",
            run.owner
        )
    })?;
    sieve(&mut left, &run, rules::TRUSTED_WORKFLOW, by_workflow, |files| {
        format!(
            "does not match the workflow filename `{}` in the JWT. Expected workflow filenames: \
             {files}",
            run.workflow
        )
    })?;
    sieve(&mut left, &run, rules::TRUSTED_ENVIRONMENT, by_environment, |names| {
        match &run.environment {
            Some(given) => format!(
                "does not match the environment `{given}` in the JWT. Expected environments: {names}"
            ),
            None => format!(
                "requires an environment, but the JWT does not specify one. Expected environments: \
                 {names}"
            ),
        }
    })?;
    Ok(left.into_iter().map(|one| one.krate.clone()).collect())
}

/// Reads what is compared; some events are refused whatever the configurations say.
fn run(claims: &Claims) -> Checked<Run> {
    let event = text(claims, "event_name")?;
    if event == "pull_request_target" || event == "workflow_run" {
        let message = format!(
            "Trusted Publishing does not support the `{event}` event trigger due to security \
             concerns. Please use a different trigger such as `push`, `release`, or \
             `workflow_dispatch`."
        );
        return Err(bad(rules::TRUSTED_EVENT, message));
    }
    let unexpected = |claim: &str| bad(rules::JWT_CLAIM, format!("Unexpected `{claim}` value"));
    let repository = text(claims, "repository")?;
    if !repository.contains('/') {
        return Err(unexpected("repository"));
    }
    let reference = text(claims, "workflow_ref")?;
    let workflow = workflow(&reference).ok_or_else(|| unexpected("workflow_ref"))?.to_owned();
    let owner = text(claims, "repository_owner_id")?;
    let owner = owner.parse::<i32>().map_err(|_| unexpected("repository_owner_id"))?.into();
    let environment = claims.get("environment").and_then(Value::as_str).map(str::to_owned);
    Ok(Run { repository, owner, workflow, environment })
}

/// Whether a configuration passes, or what it would have wanted.
type Pass = fn(&TrustedPublisher, &Run) -> Result<(), String>;

fn by_owner(one: &TrustedPublisher, run: &Run) -> Result<(), String> {
    if one.owner_id == run.owner { Ok(()) } else { Err(one.owner_id.to_string()) }
}

fn by_workflow(one: &TrustedPublisher, run: &Run) -> Result<(), String> {
    if one.workflow == run.workflow { Ok(()) } else { Err(format!("`{}`", one.workflow)) }
}

fn by_environment(one: &TrustedPublisher, run: &Run) -> Result<(), String> {
    let Some(wanted) = &one.environment else { return Ok(()) };
    let given = run.environment.as_ref().map(|name| name.to_lowercase());
    if given == Some(wanted.to_lowercase()) { Ok(()) } else { Err(format!("`{wanted}`")) }
}

/// Leaves those that pass; if none is left, says what would have.
fn sieve(
    left: &mut Vec<&TrustedPublisher>,
    run: &Run,
    rule: Rule,
    pass: Pass,
    say: impl Fn(&str) -> String,
) -> Checked<()> {
    let expected: Vec<String> = left.iter().filter_map(|one| pass(one, run).err()).collect();
    left.retain(|one| pass(one, run).is_ok());
    if !left.is_empty() {
        return Ok(());
    }
    let what = say(&expected.join(", "));
    let message =
        format!("The Trusted Publishing config for repository `{}` {what}", run.repository);
    Err(bad(rule, message))
}

/// The file name in a `workflow_ref`: what ends in `.yml` or `.yaml` before an `@`.
fn workflow(reference: &str) -> Option<&str> {
    let mut start = 0;
    for part in reference.split('/') {
        let ends = [".yml@", ".yaml@"].iter().filter_map(|end| {
            let at = part.rfind(end).filter(|at| *at > 0)? + end.len() - 1;
            (start + at + 1 < reference.len()).then_some(at)
        });
        if let Some(end) = ends.max() {
            return Some(&part[..end]);
        }
        start += part.len() + 1;
    }
    None
}

/// A claim that is a text. Without it the token could not be read at all.
pub(super) fn text(claims: &Claims, name: &str) -> Checked<String> {
    let found = claims.get(name).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| bad(rules::JWT_DECODE, "Failed to decode JWT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workflow_is_the_file_before_the_reference() {
        for (reference, file) in [
            ("o/r/.github/workflows/release.yml@refs/tags/v1", Some("release.yml")),
            ("o/r/.github/workflows/a.b-c.yaml@refs/heads/main", Some("a.b-c.yaml")),
            ("o/r/.github/workflows/a@b.yml@refs/heads/x.yml", Some("a@b.yml")),
            ("o/r/.github/workflows/release.yml", None),
            ("o/r/.github/workflows/.yml@refs/heads/main", None),
            ("o/r/.github/workflows/release.yml@", None),
            ("", None),
        ] {
            assert_eq!(workflow(reference), file, "{reference}");
        }
    }
}
