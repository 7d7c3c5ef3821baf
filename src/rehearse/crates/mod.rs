//! crates.io of the rehearsal: the API, the sparse index and the host of the files.
//!
//! This file has the way from a request to its answer; each answer has a file of its own, and `setup`
//! is how the registry comes to hold something. Nothing is deleted, and owners do not change. Turned
//! down: three services, because what one of them is told, the others have to show.

mod access;
mod configs;
mod index;
mod license;
mod limits;
mod manifest;
mod matching;
mod metadata;
mod names;
mod publish;
mod reads;
mod rules;
mod setup;
mod shelf;
mod shown;
mod tarball;
#[cfg(test)]
mod tests;
mod trusted;
mod version;
mod yank;

use std::collections::{BTreeMap, BTreeSet};

pub use access::{ApiToken, Scope};
pub use matching::TrustedPublisher;
pub use rules::RULES;
pub use setup::Held;

use self::names::canonical;
use self::rules::Checked;
use super::http::{Request, Response, decoded};
use super::oidc::Verifier;

/// Where the registry is, and whom it trusts. Addresses have no slash at their end.
pub struct Settings {
    /// Address of the API, such as `https://crates.example`.
    pub api: String,
    /// Address of the sparse index.
    pub index: String,
    /// Address of the files.
    pub downloads: String,
    /// Audience of the tokens that it takes from the issuer.
    pub audience: String,
    /// What checks these.
    pub issuer: Verifier,
}

/// The registry.
pub struct Registry {
    settings: Settings,
    shelf: shelf::Shelf,
    tokens: Vec<ApiToken>,
    unverified: BTreeSet<String>,
    publishers: Vec<TrustedPublisher>,
    keys: Option<Vec<String>>,
    minted: Vec<trusted::Minted>,
    used: BTreeSet<String>,
    /// Names that were deleted, with the instant from which they are free.
    deleted: BTreeMap<String, (String, u64)>,
    reserved: BTreeSet<String>,
    blocked: BTreeSet<String>,
    /// Names that do not count as existing although all others do.
    assumed_but: Option<BTreeSet<String>>,
    limits: limits::Limits,
    daily: Option<usize>,
    lag: u64,
}

const RESERVED: &str = include_str!("reserved.txt");

impl Registry {
    /// An empty registry.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            shelf: shelf::Shelf::default(),
            tokens: Vec::new(),
            unverified: BTreeSet::new(),
            publishers: Vec::new(),
            keys: None,
            minted: Vec::new(),
            used: BTreeSet::new(),
            deleted: BTreeMap::new(),
            reserved: RESERVED.split_whitespace().map(canonical).collect(),
            blocked: BTreeSet::new(),
            assumed_but: None,
            limits: limits::Limits::default(),
            daily: None,
            lag: 0,
        }
    }
}

impl Registry {
    /// Answers a request to one of the three addresses.
    pub fn answer(&mut self, request: &Request, at: u64) -> Response {
        if let Some(path) = below(&self.settings.api, request)
            && path.starts_with("/api/")
        {
            let answer = self.answer_api(request, path, at);
            return answer.unwrap_or_else(|refusal| refusal);
        }
        if let Some(path) = below(&self.settings.api, request) {
            let parts = segments(path);
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            if let Some(page) = self.shown(request, &parts, at) {
                return page;
            }
        }
        if let Some(path) = below(&self.settings.downloads, request)
            && path.starts_with("/crates/")
        {
            let parts = segments(path);
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            return self.answer_downloads(request, &parts);
        }
        match below(&self.settings.index, request) {
            Some(path) => self.answer_index(request, path, at),
            None => Response::text(404, "not found"),
        }
    }

    fn answer_api(&mut self, request: &Request, path: &str, at: u64) -> Checked<Response> {
        self.check_agent(request, path)?;
        let parts = segments(path);
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let [_, "v1", parts @ ..] = parts.as_slice() else { return Ok(nowhere()) };
        let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
        match (method, parts) {
            ("PUT", ["crates", "new"]) => self.publish(request, at),
            ("DELETE", ["crates", name, number, "yank"]) => {
                self.yank(request, (name, number), true, at)
            }
            ("PUT", ["crates", name, number, "unyank"]) => {
                self.yank(request, (name, number), false, at)
            }
            ("GET", ["crates"]) => Ok(self.search(request, at)),
            ("GET", ["crates", name]) => self.show_crate(name, at),
            ("GET", ["crates", name, "owners"]) => self.show_owners(name),
            ("GET", ["crates", name, number]) => self.show_version(name, number, at),
            ("GET", ["crates", name, number, "download"]) => {
                Ok(self.redirect(request, name, number))
            }
            ("POST", ["trusted_publishing", "tokens"]) => self.exchange(request, at),
            ("DELETE", ["trusted_publishing", "tokens"]) => self.revoke(request),
            ("GET", ["trusted_publishing", "github_configs"]) => self.show_configs(request),
            (_, ["crates" | "trusted_publishing", ..]) => Ok(Response::empty(405)),
            _ => Ok(nowhere()),
        }
    }

    /// Clients have to say who they are, but for downloads.
    fn check_agent(&self, request: &Request, path: &str) -> Checked<()> {
        let agent = request.header("user-agent").unwrap_or_default();
        if self.blocked.contains(agent) {
            let message = format!(
                "We are unable to process your request at this time. This usually means that you are \
                 in violation of our API data access policy ({}/data-access). Please email \
                 help@crates.io and provide the request id ",
                self.settings.api
            );
            return Err(Response::text(403, message).by(rules::BLOCKED));
        }
        if agent.is_empty() && !path.ends_with("download") {
            return Err(Response::text(403, NO_AGENT).by(rules::USER_AGENT));
        }
        Ok(())
    }
}

/// The first words of the server's explanation, which goes on with examples.
const NO_AGENT: &str = "We require that all requests include a `User-Agent` header.  To allow us to \
    determine the impact your bot has on our service, we ask that your user agent actually identify \
    your bot, and not just report the HTTP client library you're using.";

fn nowhere() -> Response {
    let not_found = serde_json::json!({ "errors": [{ "detail": "Not Found" }] });
    Response::json(404, &not_found)
}

/// The rest of the path, if the request goes to this address.
fn below<'a>(address: &str, request: &'a Request) -> Option<&'a str> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (authority, prefix) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let host = match authority.rsplit_once(':') {
        Some((host, tail)) if port(tail) => host,
        _ => authority,
    };
    let path = request.path.strip_prefix(prefix.trim_end_matches('/'))?;
    (host.eq_ignore_ascii_case(&request.host) && path.starts_with('/')).then_some(path)
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
}
