//! A live run of rel in a world where one thing is wrong, and what came of it.
//!
//! The world is that of rehearsals; rel runs within this process. What is wrong may be the distribution,
//! what receives it, the runner's identity token, or, for what rel itself never sends, the request on its way.

mod forge;
mod kinds;
mod runner;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::rehearsed::Way;
use rel::host::term::Term;
use rel::rehearse::ca::Authority;
use rel::rehearse::crates::{self, ApiToken, Registry, TrustedPublisher};
use rel::rehearse::git::Remote;
use rel::rehearse::github::Forge;
use rel::rehearse::http::Request;
use rel::rehearse::oidc::{Claims, Issuer, OWNER};
use rel::rehearse::pypi::{Artifact, Index, Publisher, Registration, Settings};
use rel::rehearse::sigstore::verify::{self, Expected};
use rel::rehearse::sigstore::{Addresses, Sigstore};
use rel::rehearse::wire::{Proxy, RUNNER};
use rel::rehearse::world::{Exchange, World};
use serde_json::Value;

use forge::Hosts;
pub use forge::{ask, of_run};
pub use kinds::Kind;
use kinds::{Plan, lead_git, variables};
use runner::Runner;
pub use runner::issuer;

use super::dists::{self, File};
use super::packages;

/// What all runs share: making keys takes long.
static ISSUER: LazyLock<Issuer> = LazyLock::new(issuer);
static AUTHORITY: LazyLock<Arc<Authority>> = LazyLock::new(|| Arc::new(Authority::new().unwrap()));
/// The log and its authority, and another authority.
static SIGSTORES: LazyLock<[Arc<Mutex<Sigstore>>; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Arc::new(Mutex::new(sigstore()))));
static ROOT: LazyLock<Value> = LazyLock::new(|| SIGSTORES[0].lock().unwrap().trusted_root());

pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// A run that goes well unless something is changed: a wheel is sent to PyPI with an API token.
pub struct Scene {
    pub kind: Kind,
    pub index: Index,
    pub registry: Registry,
    pub files: Vec<File>,
    /// The token that the user has; without one the run goes by its identity.
    pub token: Option<&'static str>,
    /// Whether attestations go along, which the index verifies.
    pub attested: bool,
    /// An index that is declared instead of PyPI.
    pub declared: Option<&'static str>,
    /// More options of a release on GitHub, and its notes.
    pub options: &'static str,
    pub notes: &'static str,
    /// What the task does first.
    pub first: &'static str,
    /// Whether the checkout is a commit ahead of the forge.
    pub ahead: bool,
    /// Sets up the forge, and what git sees of it.
    pub forge: fn(&mut Forge),
    pub remote: fn(&mut Remote),
    /// Changes what the runner's identity tokens say, by audience.
    pub claims: fn(&str, &mut Claims),
    /// Changes the runner's identity tokens.
    pub identity: fn(String) -> String,
    /// Whether certificates come from an authority that the log does not know.
    pub strange_authority: bool,
    /// What happens while a request is on its way, or to it.
    pub on_the_way: fn(&mut Request, &Meanwhile),
}

/// What may change during a run.
pub struct Meanwhile {
    pub index: Arc<Mutex<Index>>,
    pub registry: Arc<Mutex<Registry>>,
    pub world: World,
    late: Arc<AtomicU64>,
}

/// What rel made of it.
pub struct Told {
    pub code: u8,
    pub text: String,
    pub record: Vec<Exchange>,
}

/// The publisher that the run needs.
pub fn publisher() -> Publisher {
    Publisher {
        project: Some("time-piece".into()),
        registration: Registration::Normal,
        ..Publisher::assumed(ISSUER.identity())
    }
}

/// The configuration of trusted publishing that the run needs.
pub fn configuration() -> TrustedPublisher {
    TrustedPublisher {
        repository: "acme/time-piece".into(),
        owner_id: OWNER.parse().unwrap(),
        workflow: "release.yml".into(),
        environment: None,
        krate: Some(packages::NAME.into()),
    }
}

/// The token of an account of crates.io.
const ACCOUNT: &str = "cioGood";

/// The registry of crates, with an account.
fn registry() -> Registry {
    let addresses = Endpoints::default().crates;
    let mut registry = Registry::new(crates::Settings {
        api: addresses.api,
        index: addresses.index,
        downloads: addresses.downloads,
        audience: "crates.io".into(),
        issuer: ISSUER.verifier(),
    });
    let (secret, user) = (ACCOUNT.to_owned(), "acme".to_owned());
    registry.add_token(ApiToken { secret, user, scopes: None, crates: Vec::new() });
    registry
}

impl Scene {
    pub fn new() -> Self {
        let endpoints = Endpoints::default();
        let mut index = Index::new(Settings {
            name: "pypi".into(),
            base: "https://pypi.org".into(),
            docs: endpoints.docs,
            issuer: ISSUER.verifier(),
            attest: Box::new(verified),
        });
        index.add_token("pypi-good", None);
        Self {
            kind: Kind::Python,
            index,
            registry: registry(),
            files: vec![dists::wheel("")],
            token: Some("pypi-good"),
            attested: false,
            declared: None,
            options: "",
            notes: "\"First.\"",
            first: "",
            ahead: false,
            forge: |_| {},
            remote: |_| {},
            claims: |_, _| {},
            identity: |token| token,
            strange_authority: false,
            on_the_way: |_, _| {},
        }
    }

    /// The same with a crate, whose manifest has nothing unusual.
    pub fn of_crates() -> Self {
        let files = vec![packages::usual("")];
        Self { kind: Kind::Crates, files, token: Some(ACCOUNT), ..Self::new() }
    }

    /// The same with a release on GitHub.
    pub fn of_github() -> Self {
        Self { kind: Kind::Release, token: Some(forge::TOKEN), ..Self::new() }
    }

    /// The same with a commit and a tag that the forge does not have yet.
    pub fn of_commits() -> Self {
        Self { kind: Kind::Commits, ahead: true, ..Self::of_github() }
    }

    /// Publishes the crate by the run's identity: it is there, and this may publish it.
    pub fn configured(&mut self, publisher: TrustedPublisher) {
        self.token = None;
        self.registry.assume_crate(packages::NAME);
        self.registry.add_publisher(publisher);
    }

    /// Publishes by the run's identity, to a project that is there.
    pub fn by_identity(&mut self) {
        self.token = None;
        self.index.add_project("time-piece", true, now());
    }

    /// The same with this publisher registered.
    pub fn registered(&mut self, publisher: Publisher) {
        self.by_identity();
        self.index.register(publisher);
    }

    /// Publishes with attestations.
    pub fn with_attestations(&mut self) {
        self.registered(publisher());
        self.attested = true;
    }

    /// Runs rel.
    pub fn run(self) -> Told {
        let endpoints = Endpoints::default();
        let late = Arc::new(AtomicU64::new(0));
        let clock = {
            let late = late.clone();
            move || now() + late.load(Ordering::SeqCst)
        };
        let mut world = World::new([], [], Box::new(|_| None), Box::new(clock));
        let [log, strange] = &*SIGSTORES;
        let authority = if self.strange_authority { strange } else { log };
        world.serve("fulcio.sigstore.dev", authority.clone());
        world.serve("rekor.sigstore.dev", log.clone());
        let (kind, by_token) = (self.kind, self.token);
        let plan = Plan {
            kind,
            files: &self.files,
            declared: self.declared,
            attested: self.attested,
            options: self.options,
            notes: self.notes,
            first: self.first,
        };
        let project = plan.project();
        let runner = Runner { claims: self.claims, identity: self.identity, given: 0 };
        world.serve(RUNNER, Arc::new(Mutex::new(runner)));
        let index = Arc::new(Mutex::new(self.index));
        world.serve("upload.pypi.org", index.clone());
        world.serve("pypi.org", index.clone());
        let registry = Arc::new(Mutex::new(self.registry));
        for host in ["crates.io", "index.crates.io", "static.crates.io"] {
            world.serve(host, registry.clone());
        }
        let (term, captured) = Term::captured();
        if !matches!(kind, Kind::Python | Kind::Crates) {
            let env = Env::new(project.variables());
            let git = Host::new(project.root(), env, Endpoints::default(), Term::captured().0);
            let hosts = Hosts::of(&git, &project).set(self.forge, self.remote);
            let hosts = Arc::new(Mutex::new(hosts));
            for host in ["github.com", "api.github.com", "uploads.github.com"] {
                world.serve(host, hosts.clone());
            }
        }
        if self.ahead {
            project.commit();
            project.run_git(&["tag", "v1.0.0"]);
        }
        let meanwhile = Arc::new(Meanwhile { index, registry, world, late });
        let (on_the_way, during) = (self.on_the_way, meanwhile.clone());
        let answerer = Arc::new(move |mut request: Request| {
            on_the_way(&mut request, &during);
            during.world.answer(&request)
        });
        let proxy = Proxy::start(AUTHORITY.clone(), answerer).unwrap();
        let proxy_url = format!("http://{}", proxy.address);
        let env = variables(&project, kind, by_token, &proxy_url);
        if matches!(kind, Kind::Push | Kind::Commits) {
            let token = by_token.unwrap_or_default();
            lead_git(&project, token, &proxy_url, &AUTHORITY.pem());
        }
        let mut host = Host::new(project.root(), Env::new(env), endpoints, term);
        host.way = Some(Way { proxy: proxy_url, authority: AUTHORITY.pem(), ..Way::default() });
        let words = ["publish", "--live", "--yes", "--output", "plain"].map(str::to_owned);
        let code = rel::run(&words, host).0;
        Told { code, text: captured.err(), record: meanwhile.world.record() }
    }
}

fn sigstore() -> Sigstore {
    let Endpoints { sigstore, github, .. } = Endpoints::default();
    let addresses =
        Addresses { fulcio: sigstore.fulcio, rekor: sigstore.rekor, server: github.web };
    Sigstore::new(addresses, ISSUER.verifier(), now()).unwrap()
}

/// What the index does with an attestation.
fn verified(artifact: &Artifact<'_>) -> Result<(), String> {
    let github = Endpoints::default().github;
    let expected = Expected {
        issuer: github.issuer,
        server: github.web,
        repository: format!("{}/{}", artifact.publisher.owner, artifact.publisher.repository),
        workflow: artifact.publisher.workflow.clone(),
    };
    verify::verify(&ROOT, artifact.sha256, artifact.attestation, &expected)
}

impl Meanwhile {
    /// Lets time pass for the services.
    pub fn later(&self, seconds: u64) {
        self.late.store(seconds, Ordering::SeqCst);
    }
}
