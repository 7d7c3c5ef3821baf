//! The configurations of trusted publishing, as an owner of the crate can list them.
//!
//! They are made and deleted by the rehearsal's own setting, not over the network; an account's
//! configurations for all its crates are not listed. Turned down: leaving the listing out, because it
//! is how a release can find a wrong file name before it builds.

use serde_json::{Value, json};

use super::access::Scope;
use super::rules::{self, Checked, bad};
use super::{Registry, TrustedPublisher, names};
use crate::calendar;
use crate::rehearse::http::{Request, Response};

impl Registry {
    /// `GET /api/v1/trusted_publishing/github_configs?crate=NAME`.
    pub(super) fn show_configs(&self, request: &Request) -> Checked<Response> {
        let name = match (request.query("crate"), request.query("user_id")) {
            (Some(name), None) => name,
            (Some(_), Some(_)) => {
                let message = "Cannot specify both `crate` and `user_id` query parameters";
                return Err(bad(rules::CONFIGS_QUERY, message));
            }
            (None, None) => {
                let message = "Must specify either `crate` or `user_id` query parameter";
                return Err(bad(rules::CONFIGS_QUERY, message));
            }
            (None, Some(_)) => return Ok(Response::text(501, "`user_id` is not rehearsed")),
        };
        let user = self.account(request, Scope::TrustedPublishing, name)?;
        let found = self.held(name)?;
        if !found.is_owner(&user) {
            return Err(bad(rules::CONFIGS_OWNER, "You are not an owner of this crate"));
        }
        let wanted = names::canonical(name);
        let shown: Vec<Value> = self
            .publishers
            .iter()
            .enumerate()
            .filter(|(_, one)| {
                one.krate.as_ref().is_none_or(|krate| names::canonical(krate) == wanted)
            })
            .map(|(at, one)| entry(at + 1, &found.name, one))
            .collect();
        let meta = json!({ "total": shown.len(), "next_page": null });
        let body = json!({ "github_configs": shown, "meta": meta });
        Ok(Response::json(200, &body).with("cache-control", "no-store"))
    }
}

fn entry(id: usize, name: &str, one: &TrustedPublisher) -> Value {
    let (owner, repository) = one.repository.split_once('/').unwrap_or((&one.repository, ""));
    json!({
        "id": id,
        "crate": name,
        "repository_owner": owner,
        "repository_owner_id": one.owner_id,
        "repository_name": repository,
        "workflow_filename": one.workflow,
        "environment": one.environment,
        "created_at": calendar::rfc3339(0),
    })
}
