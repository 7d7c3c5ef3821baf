//! Trusted publishers, and how the claims of a token find theirs.
//!
//! Only those of GitHub. Turned down: matching by `sub`, whose form depends on the age of the
//! repository; the index reads the single claims too.

use std::collections::BTreeSet;

use serde_json::Value;

use super::rules;
use crate::rehearse::http::Rule;
use crate::rehearse::oidc::{Claims, Identity};

/// Whether a publisher belongs to a project or waits to make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// It belongs to a project.
    Normal,
    /// It will make its project, if it is used within 30 days of this instant.
    Pending {
        /// When it was registered.
        since: u64,
    },
}

/// A trusted publisher: one workflow of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// Owner of the repository, as GitHub spells it.
    pub owner: String,
    /// Name of the repository, without its owner.
    pub repository: String,
    /// The owner's number. The index looks it up when a publisher is registered; where it is not
    /// known, any number passes.
    pub owner_id: Option<String>,
    /// File name of the workflow.
    pub workflow: String,
    /// The environment; without one, every environment passes.
    pub environment: Option<String>,
    /// The project. Without one it is assumed that the publisher is registered wherever it is needed:
    /// its tokens are good for every project and may make new ones.
    pub project: Option<String>,
    /// Whether it belongs to a project already.
    pub registration: Registration,
}

/// Why no publisher goes with some claims.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// The token was used before.
    Reused,
    /// The text, and the rule.
    Not(String, Rule),
}

impl Publisher {
    /// The publisher that a run with this identity would need, assumed for every project.
    pub fn assumed(identity: &Identity) -> Self {
        let (owner, repository) =
            identity.repository.split_once('/').unwrap_or((&identity.repository, ""));
        Self {
            owner: owner.to_owned(),
            repository: repository.to_owned(),
            owner_id: None,
            workflow: identity.workflow.clone(),
            environment: identity.environment.clone(),
            project: None,
            registration: Registration::Normal,
        }
    }

    /// Whether both are the same workflow, whatever their projects.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let identity = |one: &Self| {
            (one.owner.clone(), one.repository.clone(), one.workflow.clone(), one.environment())
        };
        identity(self) == identity(other)
    }

    /// The environment as it is stored: lower-case, empty for none.
    pub(super) fn environment(&self) -> String {
        self.environment.as_deref().unwrap_or_default().to_lowercase()
    }

    fn is_found_by(&self, owner: &str, name: &str, owner_id: &str, workflow: &str) -> bool {
        self.owner == owner
            && self.repository == name
            && self.owner_id.as_deref().is_none_or(|known| known == owner_id)
            && self.workflow == workflow
    }

    fn verify(&self, claims: &Claims, used: &BTreeSet<String>) -> Result<(), Mismatch> {
        let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        if claim("repository_owner") != self.owner {
            let text = "Check failed for required claim 'repository_owner'".into();
            return Err(Mismatch::Not(text, rules::CLAIM_FAILED));
        }
        let workflow =
            format!("{}/{}/.github/workflows/{}", self.owner, self.repository, self.workflow);
        let points = [claim("ref"), claim("sha")].into_iter().filter(|point| !point.is_empty());
        let mut expected: Vec<String> = points.map(|point| format!("{workflow}@{point}")).collect();
        expected.sort();
        if expected.is_empty() {
            let text = "The ref and sha claims are empty".into();
            return Err(Mismatch::Not(text, rules::CLAIM_FAILED));
        }
        let given = claim("job_workflow_ref");
        if !expected.iter().any(|expected| expected == given) {
            let shown: Vec<String> =
                expected.iter().map(|one| super::refusal::quoted(one)).collect();
            let text = format!(
                "The job_workflow_ref claim does not match, expecting one of [{}], got {}",
                shown.join(", "),
                super::refusal::quoted(given)
            );
            return Err(Mismatch::Not(text, rules::WORKFLOW_REF));
        }
        if used.contains(claim("jti")) {
            return Err(Mismatch::Reused);
        }
        if claim("event_name") == "pull_request_target" {
            let text =
                "Publishing from a workflow invoked via 'pull_request_target' is not supported.";
            return Err(Mismatch::Not(text.into(), rules::EVENT));
        }
        Ok(())
    }
}

/// Claims that every token must have.
const REQUIRED: [&str; 8] = [
    "repository",
    "repository_owner",
    "repository_owner_id",
    "job_workflow_ref",
    "jti",
    "event_name",
    "ref",
    "sha",
];

/// The publisher that these claims are of.
pub(super) fn find<'a>(
    publishers: impl Iterator<Item = &'a Publisher>,
    claims: &Claims,
    used: &BTreeSet<String>,
) -> Result<&'a Publisher, Mismatch> {
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let absent = |name: &&str| claims.get(*name).is_none_or(Value::is_null);
    if let Some(name) = REQUIRED.into_iter().find(absent) {
        return Err(Mismatch::Not(format!("Missing claim '{name}'"), rules::CLAIM_MISSING));
    }
    let (owner, name) = claim("repository").split_once('/').unwrap_or_default();
    let Some(workflow) = workflow_file(claim("job_workflow_ref")) else {
        let text = "Could not job extract workflow filename from OIDC claims".into();
        return Err(Mismatch::Not(text, rules::WORKFLOW_FILE));
    };
    let owner_id = claim("repository_owner_id");
    let found: Vec<&Publisher> =
        publishers.filter(|one| one.is_found_by(owner, name, owner_id, workflow)).collect();
    let environment = claim("environment").to_lowercase();
    let exact = |one: &&&Publisher| !environment.is_empty() && one.environment() == environment;
    let general = |one: &&&Publisher| one.environment().is_empty();
    let Some(publisher) = found.iter().find(exact).or_else(|| found.iter().find(general)) else {
        let text = "Publisher with matching claims was not found".into();
        return Err(Mismatch::Not(text, rules::NO_PUBLISHER));
    };
    publisher.verify(claims, used)?;
    Ok(publisher)
}

/// The file name in the reference of a workflow: what ends in `.yml` or `.yaml` before an `@`. File
/// names and references may look like each other, so the last such place in the first part counts.
fn workflow_file(reference: &str) -> Option<&str> {
    reference.split('/').find_map(|part| {
        let ends = [".yml@", ".yaml@"].iter().filter_map(|end| {
            let at = part.rfind(end)?;
            (at > 0).then(|| at + end.len() - 1)
        });
        ends.max().map(|end| &part[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::workflow_file;

    #[test]
    fn the_file_is_found_among_its_lookalikes() {
        let file = |text| workflow_file(text).unwrap_or("none");
        assert_eq!(file("a/b/.github/workflows/release.yml@refs/tags/v1"), "release.yml");
        assert_eq!(file("a/b/.github/workflows/x.yml@y.yaml@refs/heads/z.yml@1"), "x.yml@y.yaml");
        assert_eq!(file("a/b/.github/workflows/release.yml"), "none");
        assert_eq!(file("a/b/.github/workflows/.yml@v1"), "none");
    }
}
