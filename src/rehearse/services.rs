//! Who plays whom: the hosts of the endpoint table, with the service that answers for each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::codecov::Codecov;
use super::crates;
use super::git::{Holder, Remote, Token};
use super::github::{self, Branches, Environment, Forge, Level, Permission};
use super::hooks::Hooks;
use super::http::{Request, Response};
use super::mail::Mail;
use super::oidc::{Identity, Issuer, OWNER, REPOSITORY};
use super::private::Private;
use super::pypi::{self, Publisher};
use super::sigstore::verify::{self, Expected};
use super::sigstore::{Addresses, Sigstore};
use super::site::Site;
use super::wire::RUNNER;
use super::world::{Outside, Service, World};
use crate::host::endpoints::Endpoints;
use crate::host::net::{Fetched, host_of};
use crate::model::task::Index;

/// What a world is made for.
pub struct Cast<'a> {
    /// The services' addresses.
    pub endpoints: &'a Endpoints,
    /// Who the rehearsed run is.
    pub identity: Identity,
    /// Environments of the jobs that send, by where to.
    pub environments: BTreeMap<String, String>,
    /// What the runner shows to get an identity token.
    pub bearer: String,
    /// The token of the run for GitHub.
    pub token: String,
    /// The token of the run for crates.io.
    pub crates_token: String,
    /// Jobs, where a workflow is played.
    pub jobs: Vec<Login>,
    /// Indexes that the Releasefile declares.
    pub indexes: Vec<Index>,
    /// Values of the secrets that it names: made up, since none of the user's comes along.
    pub secrets: BTreeMap<String, String>,
    /// Names of what is released.
    pub own: Vec<String>,
    /// Hosts that may be read outside.
    pub registries: Vec<String>,
}

/// What one job of a workflow has of the world.
#[derive(Debug, Clone, Default)]
pub struct Login {
    /// What its runner shows to get an identity token.
    pub bearer: String,
    /// Its `GITHUB_TOKEN`.
    pub token: String,
    /// The environment that it is in.
    pub environment: Option<String>,
    /// What it may: `read` or `write` by scope.
    pub permissions: BTreeMap<String, String>,
}

impl Login {
    /// Whether it may write there.
    pub fn writes(&self, scope: &str) -> bool {
        self.permissions.get(scope).is_some_and(|level| level == "write")
    }

    fn on_github(&self) -> github::Token {
        let scopes =
            [("attestations", Permission::Attestations), ("contents", Permission::Contents)];
        let level = |scope: &str| match self.permissions.get(scope)?.as_str() {
            "read" => Some(Level::Read),
            "write" => Some(Level::Write),
            _ => None,
        };
        let given = scopes.iter().filter_map(|(scope, of)| Some((*of, level(scope)?)));
        github::Token::of_run(&self.token, &given.collect::<Vec<_>>())
    }
}

/// Where made-up webhooks lead.
pub const HOOKS: &str = "https://webhook.invalid";

/// What verifiers have to know of the world's Sigstore.
#[derive(Debug, Clone)]
pub struct Papers {
    /// Its keys and authorities (`trusted_root.json`).
    pub trusted_root: Value,
    /// Its addresses (`signing_config.v0.2.json`).
    pub signing_config: Value,
}

/// The world with all its services, and what verifiers have to know of it.
///
/// # Errors
/// A key could not be made.
pub fn world(
    cast: &Cast<'_>,
    remote: Option<Remote>,
    outside: Outside,
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
) -> Result<(World, Papers), String> {
    let github = &cast.endpoints.github;
    let mut issuer = Issuer::new(&github.issuer, &github.web, &cast.bearer, cast.identity.clone())?;
    issuer.place(audiences(cast));
    for job in cast.jobs.iter().filter(|job| job.writes("id-token")) {
        issuer.admit(&job.bearer, job.environment.clone());
    }
    let addresses = Addresses {
        fulcio: cast.endpoints.sigstore.fulcio.clone(),
        rekor: cast.endpoints.sigstore.rekor.clone(),
        server: github.web.clone(),
    };
    let sigstore = Sigstore::new(addresses.clone(), issuer.verifier(), clock())?;
    let papers =
        Papers { trusted_root: sigstore.trusted_root(), signing_config: sigstore.signing_config() };
    let mut world = World::new(cast.own.clone(), cast.registries.clone(), outside, clock);
    for index in [&cast.endpoints.pypi, &cast.endpoints.testpypi] {
        let mut service = python(cast, index, origin(&index.simple), &issuer, &papers);
        let environment = cast.environments.get(&index.name).cloned();
        service.register(Publisher::assumed(&Identity { environment, ..cast.identity.clone() }));
        serve(&mut world, &[&index.upload, &index.simple], service);
    }
    for index in &cast.indexes {
        let mut service = python(cast, index, authority(&index.simple), &issuer, &papers);
        for password in index.password.iter().filter_map(|name| cast.secrets.get(name)) {
            service.add_token(password, None);
        }
        serve(&mut world, &[&index.upload, &index.simple], Private::new(index, service));
    }
    let crates = &cast.endpoints.crates;
    serve(&mut world, &[&crates.api, &crates.index, &crates.downloads], registry(cast, &issuer));
    serve(&mut world, &[&addresses.fulcio, &addresses.rekor], sigstore);
    if let Some(remote) = remote {
        let hosts = [&github.web, &github.api, &github.uploads, &github.downloads];
        serve(&mut world, &hosts.map(String::as_str), site(cast, remote));
    }
    let codecov = &cast.endpoints.codecov;
    let takes =
        Codecov::new(&codecov.storage, &cast.identity.repository, cast.secrets.values().cloned());
    serve(&mut world, &[&codecov.ingest, &codecov.storage], takes);
    serve(&mut world, &[HOOKS], Hooks::default());
    world.take_mail(Arc::new(Mutex::new(Mail::default())));
    serve(&mut world, &[&github.issuer, &format!("https://{RUNNER}")], issuer);
    Ok((world, papers))
}

/// The forge, for those who have one of the run's tokens or secrets.
fn site(cast: &Cast<'_>, mut remote: Remote) -> Site {
    let github = &cast.endpoints.github;
    let repository = cast.identity.repository.clone();
    remote.add_token(Token::of_actions(&cast.token, true));
    for job in &cast.jobs {
        remote.add_token(Token::of_actions(&job.token, job.writes("contents")));
    }
    for secret in cast.secrets.values() {
        remote.add_token(users_token(cast, secret));
    }
    let settings = github::Settings {
        web: github.web.clone(),
        api: github.api.clone(),
        uploads: github.uploads.clone(),
        downloads: github.downloads.clone(),
        docs: github.docs.clone(),
        repository: repository.clone(),
        repository_id: REPOSITORY.parse().unwrap_or_default(),
        owner_id: OWNER.parse().unwrap_or_default(),
    };
    let branch = remote.default_branch().to_owned();
    let remote = Arc::new(Mutex::new(remote));
    let mut forge = Forge::new(settings, remote.clone());
    forge.set_default_branch(&branch);
    let permissions = [Permission::Attestations, Permission::Contents];
    let permissions = permissions.map(|permission| (permission, Level::Write));
    forge.add_token(github::Token::of_run(&cast.token, &permissions));
    cast.jobs.iter().for_each(|job| forge.add_token(job.on_github()));
    let owner = repository.split('/').next().unwrap_or_default();
    for secret in cast.secrets.values() {
        forge.add_token(github::Token::of_user(secret, owner));
    }
    // They are assumed to be protected, as publishers are to be registered.
    for name in cast.environments.values().collect::<BTreeSet<_>>() {
        forge.add_environment(Environment {
            name: name.clone(),
            reviewers: vec![owner.to_owned()],
            prevent_self_review: false,
            wait_minutes: 0,
            branches: Branches::All,
        });
    }
    let shared = [&github.web, &github.api].map(|address| host_of(address).unwrap_or_default());
    Site::new(remote, forge, &repository, shared)
}

/// A token of the user's own, as a secret may be one.
fn users_token(cast: &Cast<'_>, secret: &str) -> Token {
    Token {
        secret: secret.to_owned(),
        login: cast.identity.repository.split('/').next().unwrap_or_default().to_owned(),
        holder: Holder::Classic,
        writes: true,
        workflows: true,
        bypasses: false,
    }
}

/// Environments by the audience that is asked for there.
fn audiences(cast: &Cast<'_>) -> BTreeMap<String, String> {
    let crates = host_of(&cast.endpoints.crates.api).unwrap_or_default();
    let audience = |place: &str| if place == "crates" { crates.clone() } else { place.to_owned() };
    let all = cast.environments.iter();
    all.map(|(place, environment)| (audience(place), environment.clone())).collect()
}

/// Lets one service answer at all of these addresses.
fn serve(world: &mut World, addresses: &[&str], service: impl Service + 'static) {
    let service: Arc<Mutex<dyn Service>> = Arc::new(Mutex::new(service));
    for host in addresses.iter().filter_map(|address| host_of(address)) {
        world.serve(&host, service.clone());
    }
}

/// An index of Python packages.
fn python(
    cast: &Cast<'_>,
    index: &Index,
    base: String,
    issuer: &Issuer,
    papers: &Papers,
) -> pypi::Index {
    let github = &cast.endpoints.github;
    pypi::Index::new(pypi::Settings {
        name: index.name.clone(),
        base,
        docs: cast.endpoints.docs.clone(),
        issuer: issuer.verifier(),
        attest: attest(papers.trusted_root.clone(), &github.issuer, &github.web),
    })
}

/// Verifies attestations with this root, for publishers of the forge at `server`.
fn attest(trusted_root: Value, issuer: &str, server: &str) -> pypi::Attest {
    let (issuer, server) = (issuer.to_owned(), server.to_owned());
    Box::new(move |artifact| {
        let publisher = artifact.publisher;
        let expected = Expected {
            issuer: issuer.clone(),
            server: server.clone(),
            repository: format!("{}/{}", publisher.owner, publisher.repository),
            workflow: publisher.workflow.clone(),
        };
        verify::verify(&trusted_root, artifact.sha256, artifact.attestation, &expected)
    })
}

impl Service for Sigstore {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        Self::answer(self, request, at)
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }

    fn inventory(&self) -> Vec<String> {
        self.statements().map(|sha256| format!("log: a statement with sha256 {sha256}")).collect()
    }
}

/// The registry of crates: other crates are assumed to exist, those of the release to be the user's.
fn registry(cast: &Cast<'_>, issuer: &Issuer) -> crates::Registry {
    let addresses = &cast.endpoints.crates;
    let mut registry = crates::Registry::new(crates::Settings {
        api: addresses.api.clone(),
        index: addresses.index.clone(),
        downloads: addresses.downloads.clone(),
        audience: host_of(&addresses.api).unwrap_or_default(),
        issuer: issuer.verifier(),
    });
    registry.add_token(crates::ApiToken {
        secret: cast.crates_token.clone(),
        user: cast.identity.repository.split('/').next().unwrap_or_default().to_owned(),
        scopes: None,
        crates: Vec::new(),
    });
    let own: Vec<&str> = cast.own.iter().map(String::as_str).collect();
    registry.assume_dependencies(&own);
    // A crate's first version cannot be published by a run's identity: it is assumed to be out.
    for name in &own {
        registry.assume_crate(name);
    }
    registry.add_publisher(crates::TrustedPublisher {
        repository: cast.identity.repository.clone(),
        owner_id: OWNER.parse().unwrap_or_default(),
        workflow: cast.identity.workflow.clone(),
        environment: cast.environments.get("crates").cloned(),
        krate: None,
    });
    registry
}

impl Service for crates::Registry {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        Self::answer(self, request, at)
    }

    /// The index has a crate's name last in its path; the others have it behind `crates`.
    fn project(&self, request: &Request) -> Option<String> {
        let segments = request.segments();
        let named = segments.iter().position(|part| part == "crates").map(|at| at + 1);
        let name = segments.get(named.unwrap_or(segments.len().saturating_sub(1)))?.clone();
        let held = || self.held_versions().iter().any(|held| held.name == name);
        (name != "config.json" && !held()).then_some(name)
    }

    fn inventory(&self) -> Vec<String> {
        let told = |held: crates::Held| {
            format!("crates: {} {} sha256 {}", held.name, held.version, held.checksum)
        };
        self.held_versions().into_iter().map(told).collect()
    }
}

/// Scheme, host and port of an address.
fn authority(address: &str) -> String {
    let start = address.find("://").map_or(0, |at| at + 3);
    let end = address[start..].find('/').map_or(address.len(), |at| start + at);
    address[..end].to_owned()
}

/// Scheme and host of an address.
fn origin(address: &str) -> String {
    format!("https://{}", host_of(address).unwrap_or_default())
}

impl Service for pypi::Index {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        Self::answer(self, request, at)
    }

    fn project(&self, request: &Request) -> Option<String> {
        let segments = request.segments();
        let about = matches!(segments.first()?.as_str(), "simple" | "pypi" | "integrity");
        segments.into_iter().nth(1).filter(|name| about && !self.has_project(name))
    }

    fn inventory(&self) -> Vec<String> {
        Self::inventory(self)
    }
}

impl Service for Issuer {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        Self::answer(self, request, at)
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }
}

/// Header fields of a request that go along outside: nobody's login does.
const PASSED: &[&str] = &["accept", "if-modified-since", "if-none-match", "range", "user-agent"];
/// Header fields of an answer that are about the connection, or about a form that is gone.
const DROPPED: &[&str] = &["connection", "content-length", "keep-alive", "transfer-encoding"];

/// A request to read, asked outside by `fetch` (whether `HEAD`, address, header fields).
pub fn relayed(
    request: &Request,
    fetch: impl FnOnce(bool, &str, &[(String, String)]) -> Option<Fetched>,
) -> Option<Response> {
    let passes = |(name, _): &&(String, String)| PASSED.contains(&name.as_str());
    let fields: Vec<(String, String)> = request.headers.iter().filter(passes).cloned().collect();
    let fetched = fetch(request.method == "HEAD", &request.url(), &fields)?;
    let stays = |(name, _): &(String, String)| !DROPPED.contains(&name.as_str());
    let headers = fetched.fields.into_iter().filter(stays).collect();
    Some(Response { status: fetched.status, headers, body: fetched.body, ..Response::default() })
}
