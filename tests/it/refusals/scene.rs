//! A live run of rel in a world where one thing is wrong, and what came of it.
//!
//! The world is that of rehearsals; rel runs within this process. What is wrong may be the distribution,
//! the index, the runner's identity token, or, for what rel itself never sends, the request on its way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::rehearsed::Way;
use rel::host::term::Term;
use rel::rehearse::ca::Authority;
use rel::rehearse::http::{Request, Response};
use rel::rehearse::oidc::{Claims, Identity, Issuer};
use rel::rehearse::pypi::{Artifact, Index, Publisher, Registration, Settings};
use rel::rehearse::sigstore::verify::{self, Expected};
use rel::rehearse::sigstore::{Addresses, Sigstore};
use rel::rehearse::wire::{Proxy, RUNNER};
use rel::rehearse::world::{Exchange, Service, World};
use serde_json::{Value, json};

use super::dists::{self, File};
use crate::project::Project;

/// What all runs share: making keys takes long.
static ISSUER: LazyLock<Issuer> = LazyLock::new(issuer);
static AUTHORITY: LazyLock<Arc<Authority>> = LazyLock::new(|| Arc::new(Authority::new().unwrap()));
/// The log and its authority, and another authority.
static SIGSTORES: LazyLock<[Arc<Mutex<Sigstore>>; 2]> =
    LazyLock::new(|| [(); 2].map(|()| Arc::new(Mutex::new(sigstore()))));
static ROOT: LazyLock<Value> = LazyLock::new(|| SIGSTORES[0].lock().unwrap().trusted_root());

/// An issuer with a key of its own.
pub fn issuer() -> Issuer {
    let identity = Identity {
        repository: "acme/time-piece".into(),
        workflow: "release.yml".into(),
        environment: None,
        reference: "refs/tags/v1.0".into(),
        sha: "0123456789abcdef0123456789abcdef01234567".into(),
        event: "push".into(),
        visibility: "public".into(),
    };
    let github = Endpoints::default().github;
    Issuer::new(&github.issuer, &github.web, "runner", identity).unwrap()
}

pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// A run that goes well unless something is changed: a wheel is sent to PyPI with an API token.
pub struct Scene {
    pub index: Index,
    pub files: Vec<File>,
    /// The token that the user has; without one the run goes by its identity.
    pub token: Option<&'static str>,
    /// Whether attestations go along, which the index verifies.
    pub attested: bool,
    /// An index that is declared instead of PyPI.
    pub declared: Option<&'static str>,
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
            index,
            files: vec![dists::wheel("")],
            token: Some("pypi-good"),
            attested: false,
            declared: None,
            claims: |_, _| {},
            identity: |token| token,
            strange_authority: false,
            on_the_way: |_, _| {},
        }
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
        let (declared, attested, by_token) = (self.declared, self.attested, self.token);
        let project = project(&self.files, declared, attested);
        let runner = Runner { claims: self.claims, identity: self.identity, given: 0 };
        world.serve(RUNNER, Arc::new(Mutex::new(runner)));
        let index = Arc::new(Mutex::new(self.index));
        world.serve("upload.pypi.org", index.clone());
        world.serve("pypi.org", index.clone());
        let meanwhile = Arc::new(Meanwhile { index, world, late });
        let (on_the_way, during) = (self.on_the_way, meanwhile.clone());
        let answerer = Arc::new(move |mut request: Request| {
            on_the_way(&mut request, &during);
            during.world.answer(&request)
        });
        let proxy = Proxy::start(AUTHORITY.clone(), answerer).unwrap();
        let proxy_url = format!("http://{}", proxy.address);
        let env = variables(&project, by_token, &proxy_url);
        let (term, captured) = Term::captured();
        let mut host = Host::new(project.root(), Env::new(env), endpoints, term);
        host.way = Some(Way { proxy: proxy_url, authority: AUTHORITY.pem() });
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

/// A project that publishes these files.
fn project(files: &[File], declared: Option<&str>, attested: bool) -> Project {
    let (place, index) = match declared {
        Some(_) => ("index:corp", "corp"),
        None => ("pypi", "pypi"),
    };
    let options = if attested { "" } else { ", #{ attestations: false }" };
    let project = Project::new(&format!(
        "{}task(\"build\").run(|t| sh(\"cp dist/* {{}}\", t.out));\n\
         task(\"publish\").needs(\"build\").effects(\"{place}\")\n    \
         .run(|t| pypi::publish(t.artifacts(\"build\"), \"{index}\"{options}));\n",
        declared.map(|line| format!("{line}\n")).unwrap_or_default()
    ));
    let folder = project.root().join("dist");
    std::fs::create_dir(&folder).unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    project.git()
}

/// The variables of the run: on a runner, or with a token.
fn variables(project: &Project, token: Option<&str>, proxy: &str) -> BTreeMap<String, String> {
    let mut env = project.variables();
    let on_a_runner = [
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{proxy}/token?v=2")),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner".to_owned()),
    ];
    let with_a_token = [("PYPI_TOKEN", token.unwrap_or_default().to_owned())];
    let set: &[(&str, String)] = if token.is_some() { &with_a_token } else { &on_a_runner };
    env.extend(set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    env
}

/// The runner's own service, which gives identity tokens.
struct Runner {
    claims: fn(&str, &mut Claims),
    identity: fn(String) -> String,
    given: u64,
}

impl Service for Runner {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        let audience = request.query("audience").unwrap_or_default();
        self.given += 1;
        let mut claims = ISSUER.claims(at);
        claims.insert("aud".into(), audience.into());
        claims.insert("jti".into(), self.given.to_string().into());
        (self.claims)(audience, &mut claims);
        let token = (self.identity)(ISSUER.sign(&claims).unwrap());
        Response::json(200, &json!({ "count": token.len(), "value": token }))
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }
}

impl Meanwhile {
    /// Lets time pass for the services.
    pub fn later(&self, seconds: u64) {
        self.late.store(seconds, Ordering::SeqCst);
    }
}
