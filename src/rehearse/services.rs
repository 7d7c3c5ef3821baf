//! Who plays whom: the hosts of the endpoint table, with the service that answers for each.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::http::{Request, Response};
use super::oidc::{Identity, Issuer};
use super::pypi::{self, Publisher};
use super::sigstore::verify::{self, Expected};
use super::sigstore::{Addresses, Sigstore};
use super::world::{Outside, Service, World};
use crate::host::endpoints::Endpoints;
use crate::host::net::{Fetched, host_of};

/// What a world is made for.
pub struct Cast<'a> {
    /// The services' addresses.
    pub endpoints: &'a Endpoints,
    /// Who the rehearsed run is.
    pub identity: Identity,
    /// What the runner shows to get an identity token.
    pub bearer: String,
    /// The token of the run for GitHub.
    pub token: String,
    /// Names of what is released.
    pub own: Vec<String>,
    /// Hosts that may be read outside.
    pub registries: Vec<String>,
}

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
    outside: Outside,
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
) -> Result<(World, Papers), String> {
    let github = &cast.endpoints.github;
    let issuer = Issuer::new(&github.issuer, &github.web, &cast.bearer, cast.identity.clone())?;
    let now = clock();
    let mut world = World::new(cast.own.clone(), cast.registries.clone(), outside, clock);
    let mut serve = |address: &str, service: Arc<Mutex<dyn Service>>| {
        if let Some(host) = host_of(address) {
            world.serve(&host, service);
        }
    };
    let addresses = Addresses {
        fulcio: cast.endpoints.sigstore.fulcio.clone(),
        rekor: cast.endpoints.sigstore.rekor.clone(),
        server: github.web.clone(),
    };
    let sigstore = Sigstore::new(addresses.clone(), issuer.verifier(), now)?;
    let trusted_root = sigstore.trusted_root();
    let signing_config = sigstore.signing_config();
    for index in [&cast.endpoints.pypi, &cast.endpoints.testpypi] {
        let settings = pypi::Settings {
            name: index.name.clone(),
            base: origin(&index.simple),
            docs: cast.endpoints.docs.clone(),
            issuer: issuer.verifier(),
            attest: attest(trusted_root.clone(), &github.issuer, &github.web),
        };
        let mut service = pypi::Index::new(settings);
        service.register(Publisher::assumed(&cast.identity));
        let service: Arc<Mutex<dyn Service>> = Arc::new(Mutex::new(service));
        serve(&index.upload, service.clone());
        serve(&index.simple, service);
    }
    let sigstore: Arc<Mutex<dyn Service>> = Arc::new(Mutex::new(sigstore));
    serve(&addresses.fulcio, sigstore.clone());
    serve(&addresses.rekor, sigstore);
    serve(&github.issuer, Arc::new(Mutex::new(issuer)));
    Ok((world, Papers { trusted_root, signing_config }))
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
    let url = format!("https://{}{}", request.host, request.target);
    let passes = |(name, _): &&(String, String)| PASSED.contains(&name.as_str());
    let fields: Vec<(String, String)> = request.headers.iter().filter(passes).cloned().collect();
    let fetched = fetch(request.method == "HEAD", &url, &fields)?;
    let stays = |(name, _): &(String, String)| !DROPPED.contains(&name.as_str());
    let headers = fetched.fields.into_iter().filter(stays).collect();
    Some(Response { status: fetched.status, headers, body: fetched.body, ..Response::default() })
}
