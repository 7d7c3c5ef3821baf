//! What a repository on GitHub is set to, as far as a release hangs on it: who may see it, and how its
//! environments are protected. Only reads.
//!
//! Sources: <https://docs.github.com/rest/repos/repos>, <https://docs.github.com/rest/deployments/environments>.
//! Trusted publishers are not among them: no API tells those.

use serde_json::Value;

use super::Drafts;
use super::api::{Api, token};
use crate::host::Host;
use crate::host::stop::Stop;
use crate::model::percent;
use crate::remote::status::why;

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Whether not everybody may see it.
    pub private: bool,
    /// Whether it is a fork of another.
    pub fork: bool,
}

/// A repository's settings; `None` if GitHub shows none of that name.
///
/// # Errors
/// Why GitHub cannot be asked.
pub fn repository(host: &Host, name: &str, stop: &Stop) -> Result<Option<Repository>, String> {
    let found = get(host, name, "", stop)?;
    // What does not say that it is public is taken for private.
    Ok(found.map(|found| Repository {
        private: found["private"] != false,
        fork: found["fork"] == true,
    }))
}

/// The kinds of rules that protect an environment; `None` if GitHub shows no such environment.
///
/// # Errors
/// Why GitHub cannot be asked.
pub fn environment(
    host: &Host,
    repository: &str,
    name: &str,
    stop: &Stop,
) -> Result<Option<Vec<String>>, String> {
    let found = get(host, repository, &format!("/environments/{}", percent::encoded(name)), stop)?;
    let kinds = |found: Value| {
        let rules = found["protection_rules"].as_array().cloned().unwrap_or_default();
        rules.iter().filter_map(|rule| Some(rule["type"].as_str()?.to_owned())).collect()
    };
    Ok(found.map(kinds))
}

/// Whether there is a token for GitHub.
pub fn has_token(host: &Host) -> bool {
    token(host).is_some()
}

fn get(host: &Host, name: &str, path: &str, stop: &Stop) -> Result<Option<Value>, String> {
    let drafts = Drafts::default();
    Api::new(host, &drafts, name, stop).get(path).map_err(why)
}
