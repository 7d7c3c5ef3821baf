//! The pull request that a commit came with, for notes: only reads.
//!
//! Source: <https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit>. For a commit
//! of the default branch that is the one that was merged; others may hold the commit too, and are open.

use serde_json::Value;

use super::Drafts;
use super::api::Api;
use crate::host::Host;
use crate::host::stop::Stop;
use crate::remote::Trouble;

/// A merged pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// Who opened it.
    pub author: String,
    /// Its labels.
    pub labels: Vec<String>,
}

/// The merged pull request that a commit of `owner/name` came with. A commit that GitHub does not have came with
/// none.
///
/// # Errors
/// GitHub cannot be asked, or does not show the repository.
pub fn of_commit(
    host: &Host,
    repository: &str,
    commit: &str,
    stop: &Stop,
) -> Result<Option<Pull>, Trouble> {
    let drafts = Drafts::default();
    let api = Api::new(host, &drafts, repository, stop);
    match api.get(&format!("/commits/{commit}/pulls")) {
        Ok(Some(all)) => Ok(all.as_array().into_iter().flatten().find_map(merged)),
        Ok(None) => Err(Trouble::Refused {
            reason: format!("GitHub shows no {repository}: it is private, or not there"),
            hint: "set GITHUB_TOKEN".into(),
        }),
        Err(Trouble::Refused { reason, .. }) if reason.contains("No commit found") => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

fn merged(pull: &Value) -> Option<Pull> {
    pull["merged_at"].as_str()?;
    let labels = pull["labels"].as_array().into_iter().flatten();
    let name = |label: &Value| label["name"].as_str().map(str::to_owned);
    Some(Pull {
        number: pull["number"].as_u64()?,
        author: pull["user"]["login"].as_str().unwrap_or_default().to_owned(),
        labels: labels.filter_map(name).collect(),
    })
}
