//! GitHub of the rehearsal: the REST API, the host that takes files, the site's downloads, and the few
//! GraphQL queries that GitHub's own client sends.
//!
//! Sources: <https://docs.github.com/rest> and its `OpenAPI` description. There is one repository; what git
//! knows of it is [`Repository`]'s matter. This file has the way from a request to its answer.

mod access;
mod assets;
mod attestations;
mod graphql;
mod notes;
mod project;
mod refs;
mod releases;
mod rules;
mod setup;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use access::{Area, Level, Token};
pub use rules::RULES;
pub use setup::{Environment, Seen};

use self::attestations::Stored;
use self::releases::Release;
use self::rules::{Checked, not_found};
use super::dates::rfc3339;
use super::http::{Request, Response};
use super::repository::Repository;

/// Where the forge is, and which repository it has. Addresses have no slash at their end.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The site.
    pub web: String,
    /// The API.
    pub api: String,
    /// Where files of releases are sent to.
    pub uploads: String,
    /// `owner/name`.
    pub repository: String,
    /// The branch that counts where none is named.
    pub default_branch: String,
}

/// What git knows of the repository.
pub type Shared = Arc<Mutex<dyn Repository>>;

/// An hour in which requests are counted.
struct Window {
    ends: u64,
    used: u64,
}

/// The forge.
pub struct Forge {
    settings: Settings,
    repository: Shared,
    tokens: Vec<Token>,
    visibility: String,
    immutable: bool,
    releases: Vec<Release>,
    /// Tags that belonged to immutable releases.
    burnt: BTreeSet<String>,
    /// Tags that a ruleset keeps where they are, as beginnings of whole names.
    kept: Vec<String>,
    stored: Vec<Stored>,
    environments: BTreeMap<String, Environment>,
    /// Workflows that can be started by hand, with their inputs.
    workflows: BTreeMap<String, Vec<String>>,
    dispatched: u64,
    limit: u64,
    window: Option<Window>,
    /// Changes that are still to be turned away as too many at once.
    throttled: usize,
    /// Uploads that are still to break off.
    breaking: usize,
    last_id: u64,
}

impl Forge {
    /// Answers a request to one of the three hosts.
    pub fn answer(&mut self, request: &Request, at: u64) -> Response {
        let host = |address: &str| address.split("://").nth(1).unwrap_or_default().to_owned();
        let path = request.segments();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let answer = if request.host == host(&self.settings.api) {
            self.api(request, &path, at)
        } else if request.host == host(&self.settings.uploads) {
            self.uploads(request, &path, at)
        } else {
            self.site(&path)
        };
        let id = format!("REHE:{:04X}", self.next_id());
        let answer = answer.unwrap_or_else(|refusal| refusal).with("x-github-request-id", id);
        self.limits(answer, at)
    }

    /// Tells what is left of the hour, as every answer does.
    fn limits(&self, answer: Response, at: u64) -> Response {
        if answer.headers.iter().any(|(name, _)| name == "x-ratelimit-limit") {
            return answer;
        }
        let (used, ends) =
            self.window.as_ref().map_or((0, at), |window| (window.used, window.ends));
        answer
            .with("x-ratelimit-limit", self.limit.to_string())
            .with("x-ratelimit-remaining", self.limit.saturating_sub(used).to_string())
            .with("x-ratelimit-used", used.to_string())
            .with("x-ratelimit-reset", ends.to_string())
            .with("x-ratelimit-resource", "core")
    }

    fn api(&mut self, request: &Request, path: &[&str], at: u64) -> Checked<Response> {
        let token = self.asker(request, at)?;
        let token = token.as_ref();
        let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
        let [first, rest @ ..] = path else { return Ok(self.root()) };
        match (method, *first, rest) {
            ("GET", "rate_limit", []) => Ok(self.rate_limit(at)),
            ("GET", "user", []) => self.user(token),
            ("POST", "graphql", []) => self.graphql(request, token),
            (_, "repos", [owner, name, rest @ ..]) => {
                self.visible((owner, name), token)?;
                self.of_repository(request, method, rest, token, at)
            }
            _ => Err(not_found()),
        }
    }

    fn of_repository(
        &mut self,
        request: &Request,
        method: &str,
        path: &[&str],
        token: Option<&Token>,
        at: u64,
    ) -> Checked<Response> {
        match (method, path) {
            ("GET", []) => Ok(self.project(token)),
            (_, ["releases", rest @ ..]) => self.of_releases(request, method, rest, token, at),
            (_, ["git", rest @ ..]) => self.of_git(request, method, rest, token),
            ("GET", ["commits", rest @ ..]) => self.commit(&rest.join("/")),
            (_, ["attestations", rest @ ..]) => self.of_attestations(request, method, rest, token),
            ("GET", ["environments"]) => Ok(self.environments()),
            ("GET", ["environments", name]) => self.environment(name),
            ("GET", ["immutable-releases"]) => self.immutability(token),
            ("POST", ["actions", "workflows", file, "dispatches"]) => {
                self.dispatch(request, file, token)
            }
            _ => Err(not_found()),
        }
    }

    fn git(&self) -> MutexGuard<'_, dyn Repository + 'static> {
        self.repository.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The address of something of the repository in the API.
    fn url(&self, path: &str) -> String {
        format!("{}/repos/{}{path}", self.settings.api, self.settings.repository)
    }

    /// The address of something of the repository on the site.
    fn page(&self, path: &str) -> String {
        format!("{}/{}{path}", self.settings.web, self.settings.repository)
    }
}

/// The body as a JSON object.
fn object(request: &Request) -> Checked<serde_json::Map<String, serde_json::Value>> {
    match request.json() {
        Some(serde_json::Value::Object(map)) => Ok(map),
        _ => Err(rules::refuse(400, rules::JSON, "Problems parsing JSON")),
    }
}

/// An instant as the API writes it.
fn instant(at: u64) -> String {
    rfc3339(at)
}
