//! GitHub of the rehearsal: the REST API with releases, refs, environments, workflows and attestations,
//! its uploads, the pages that clients are sent to, and as much GraphQL as `gh release` asks for.
//!
//! This file has the way from a request to its answer; `routes` has the endpoints, and `setup` is how
//! the forge comes to hold something. One repository, whose objects are in a `Repository` that pushes
//! change too. Workflows are dispatched and never run. Turned down: an answer from a recording, which
//! knows no second request.

mod access;
mod actions;
mod assets;
mod attestations;
mod body;
mod commits;
mod download;
mod environments;
mod graphql;
mod inventory;
mod jobs;
mod latest;
mod limits;
mod names;
mod notes;
mod paging;
mod publish;
mod pulls;
mod refs;
mod releases;
mod repo;
mod root;
mod routes;
mod rules;
mod setup;
mod shelf;
mod show;
mod tags;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use access::{Holder, Level, Permission, Token};
pub use actions::{Input, Job, Run, Workflow};
pub use attestations::Attestation;
pub use environments::{BranchPolicy, Branches, Environment};
pub use refs::Protection;
pub use rules::RULES;
pub use setup::{HeldAsset, HeldRelease};

use self::limits::Standing;
use self::routes::{Door, Route};
use self::rules::{Checked, missing, refuse};
use super::http::{Request, Response, decoded};
use super::repository::Repository;

/// The repository behind the forge, shared with whoever serves pushes.
pub type Git = Arc<Mutex<dyn Repository>>;

/// Where the forge is, and what it holds. Addresses have no slash at their end.
pub struct Settings {
    /// Address of its pages, such as `https://forge.example`.
    pub web: String,
    /// Address of the API.
    pub api: String,
    /// Address of uploads.
    pub uploads: String,
    /// Address that downloads are redirected to; may be that of its pages.
    pub downloads: String,
    /// Address of its documentation, which refusals lead to.
    pub docs: String,
    /// `owner/name`.
    pub repository: String,
    /// The repository's number, as in the tokens of its runs.
    pub repository_id: u64,
    /// The number of its owner.
    pub owner_id: u64,
}

/// Who may see the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone.
    Public,
    /// Those who have a token for it.
    Private,
    /// The same, and all of an enterprise.
    Internal,
}

/// The forge.
pub struct Forge {
    settings: Settings,
    git: Git,
    visibility: Visibility,
    default_branch: String,
    tokens: Vec<Token>,
    shelf: shelf::Shelf,
    protections: Vec<refs::Protection>,
    environments: Vec<Environment>,
    workflows: Vec<Workflow>,
    runs: Vec<Run>,
    attestations: Vec<Attestation>,
    /// Labels of pull requests, by their numbers.
    labels: BTreeMap<u64, Vec<String>>,
    limits: limits::Limits,
    /// How many of the next uploads break off.
    breaks: usize,
    /// How many requests there were.
    asked: u64,
    /// The number of what was made last.
    made: u64,
}

/// A request on its way: what its endpoint was found to be about, and who asks.
pub(super) struct Ask<'a> {
    request: &'a Request,
    /// What stands in the path where the endpoint has a place for it.
    args: Vec<String>,
    token: Option<Token>,
    at: u64,
}

impl Ask<'_> {
    /// What stands at this place of the path.
    fn arg(&self, place: usize) -> &str {
        self.args.get(place).map(String::as_str).unwrap_or_default()
    }

    /// A number at this place of the path; what is none, exists nowhere.
    fn number(&self, place: usize) -> Checked<u64> {
        self.arg(place).parse().map_err(|_| missing())
    }

    /// Whether the asker may change the repository.
    fn pushes(&self) -> bool {
        self.token.as_ref().is_some_and(|token| token.may(Permission::Contents, Level::Write))
    }

    /// Who acts.
    fn holder(&self) -> Holder {
        self.token.as_ref().map_or(Holder::Run, |token| token.holder.clone())
    }
}

/// Versions of the API that it answers, the one that it means without a word first.
const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

impl Forge {
    /// A forge with one public repository and nothing else.
    pub fn new(settings: Settings, git: Git) -> Self {
        Self {
            settings,
            git,
            visibility: Visibility::Public,
            default_branch: "main".into(),
            tokens: Vec::new(),
            shelf: shelf::Shelf::default(),
            protections: Vec::new(),
            environments: Vec::new(),
            workflows: Vec::new(),
            runs: Vec::new(),
            attestations: Vec::new(),
            labels: BTreeMap::new(),
            limits: limits::Limits::default(),
            breaks: 0,
            asked: 0,
            made: 0,
        }
    }

    /// Answers a request to one of the addresses.
    pub fn answer(&mut self, request: &Request, at: u64) -> Response {
        self.asked += 1;
        let doors = [
            (Door::Api, self.settings.api.clone()),
            (Door::Uploads, self.settings.uploads.clone()),
        ];
        for (door, address) in doors {
            if let Some(path) = below(&address, request) {
                return self.answer_api(door, request, path, at);
            }
        }
        if let Some(path) = below(&self.settings.downloads.clone(), request)
            && let Some(answer) =
                self.answer_bundle(path).or_else(|| self.answer_download(request, path, at))
        {
            return answer;
        }
        match below(&self.settings.web.clone(), request) {
            Some(path) => self.answer_web(request, path, at),
            None => Response::text(404, "Not Found").by(rules::NOT_FOUND),
        }
    }

    fn answer_api(&mut self, door: Door, request: &Request, path: &str, at: u64) -> Response {
        let parts: Vec<String> =
            path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let found = routes::find(&self.settings, door, request, &parts);
        let mut token = None;
        let answer = self.passed(request, found.as_ref(), at, &mut token);
        let mut answer = answer.unwrap_or_else(|refusal| refusal);
        let tag = etag(request, &answer);
        if tag.is_some() && request.header("if-none-match") == tag.as_deref() {
            self.limits.forgive(token.as_ref());
            answer = Response { status: 304, ..Response::default() };
        }
        let docs = found.map_or("", |(route, _)| route.docs);
        answer = self.documented(answer, door, docs);
        if let Some(tag) = tag {
            answer = answer.with("etag", tag);
        }
        let standing = self.limits.standing(token.as_ref(), at);
        self.signed(answer, request, standing, at)
    }

    /// The way through all that is asked of every request, in the forge's order.
    fn passed(
        &mut self,
        request: &Request,
        found: Option<&(&Route, Vec<String>)>,
        at: u64,
        token: &mut Option<Token>,
    ) -> Checked<Response> {
        if request.header("user-agent").unwrap_or_default().is_empty() {
            return Err(no_agent(&self.settings.docs));
        }
        check_version(request)?;
        token.clone_from(&self.token(request)?);
        if !found.is_some_and(|(route, _)| route.is_free()) {
            self.count(token.as_ref(), at)?;
        }
        let Some((route, args)) = found else { return Err(missing()) };
        if route.is_below_repository() {
            self.permit(token.as_ref(), route.needs)?;
        }
        if route.makes_content() {
            self.count_content(token.as_ref(), at)?;
        }
        let ask = Ask { request, args: args.clone(), token: token.clone(), at };
        (route.go)(self, &ask)
    }

    /// What every refusal ends with. Uploads name their request instead of the endpoint.
    fn documented(&self, answer: Response, door: Door, docs: &str) -> Response {
        if answer.status < 400 || answer.rule.is_none() {
            return answer;
        }
        let Ok(Value::Object(mut body)) = serde_json::from_slice(&answer.body) else {
            return answer;
        };
        let base = &self.settings.docs;
        let page = if docs.is_empty() || door == Door::Uploads {
            format!("{base}/rest")
        } else {
            format!("{base}/rest/{docs}")
        };
        body.entry("documentation_url").or_insert_with(|| page.into());
        match door {
            Door::Api => body.insert("status".into(), answer.status.to_string().into()),
            Door::Uploads => body.insert("request_id".into(), self.request_id(0).into()),
        };
        Response { body: Value::Object(body).to_string().into_bytes(), ..answer }
    }

    /// Header fields of every answer.
    fn signed(&self, answer: Response, request: &Request, standing: Standing, at: u64) -> Response {
        let version = request.header("x-github-api-version").unwrap_or(VERSIONS[0]);
        let mut answer = standing.on(answer);
        for (name, value) in &mut answer.headers {
            if name == "content-type" && value == "application/json" {
                "application/json; charset=utf-8".clone_into(value);
            }
        }
        answer
            .with("server", "github.com")
            .with("x-github-media-type", "github.v3; format=json")
            .with("x-github-api-version-selected", version)
            .with("x-github-request-id", self.request_id(at))
    }

    fn request_id(&self, at: u64) -> String {
        format!("{:04X}:{:05X}:{:08X}", self.settings.repository_id, self.asked, at)
    }

    /// The repository behind all this.
    fn git(&self) -> MutexGuard<'_, dyn Repository + 'static> {
        self.git.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for something new.
    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Owner and name.
    fn names(&self) -> (&str, &str) {
        self.settings.repository.split_once('/').unwrap_or((&self.settings.repository, ""))
    }

    /// An address of the API below the repository.
    fn api(&self, rest: &str) -> String {
        format!("{}/repos/{}{rest}", self.settings.api, self.settings.repository)
    }

    /// An address of a page below the repository.
    fn web(&self, rest: &str) -> String {
        format!("{}/{}{rest}", self.settings.web, self.settings.repository)
    }
}

fn no_agent(docs: &str) -> Response {
    let text = format!(
        "Request forbidden by administrative rules. Please make sure your request has a User-Agent \
         header ({docs}/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check \
         https://developer.github.com for other possible causes.\n"
    );
    Response::of(403, "text/html; charset=utf-8", text.into_bytes()).by(rules::USER_AGENT)
}

fn check_version(request: &Request) -> Checked<()> {
    let Some(asked) = request.header("x-github-api-version") else { return Ok(()) };
    if VERSIONS.contains(&asked) {
        return Ok(());
    }
    let [old, new] = VERSIONS;
    let message = format!(
        "Bad Request: The version you specified in the \"X-GitHub-API-Version\" request header, \
         \"{asked}\", is not a supported version. The following versions are currently supported: \
         \"{old}\", \"{new}\" (most recent)."
    );
    Err(refuse(400, rules::API_VERSION, message))
}

/// Whether the answers are to be as in the newer version.
fn is_newest(request: &Request) -> bool {
    request.header("x-github-api-version") == Some(VERSIONS[1])
}

/// What names the contents of an answer to somebody who reads.
fn etag(request: &Request, answer: &Response) -> Option<String> {
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    let json = answer.headers.iter().any(|(_, value)| value == "application/json");
    (reads && json && answer.status == 200).then(|| format!("W/\"{}\"", sha256(&answer.body)))
}

/// SHA-256 in hex.
fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// The path below this address, if the request goes there.
fn below<'a>(address: &str, request: &'a Request) -> Option<&'a str> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (authority, prefix) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    let path = request.path.strip_prefix(prefix)?;
    (host.eq_ignore_ascii_case(&request.host) && path.starts_with('/')).then_some(path)
}
