//! The world that both sides are measured against: an index, Sigstore and a runner in this process, and
//! when each request came and was answered.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::rehearsed::Way;
use rel::host::term::Term;
use rel::rehearse::ca::Authority;
use rel::rehearse::http::Request;
use rel::rehearse::oidc::{Identity, Issuer};
use rel::rehearse::pypi::{Attest, Index, Publisher, Settings};
use rel::rehearse::sigstore::verify::{Expected, verify};
use rel::rehearse::sigstore::{Addresses, Sigstore};
use rel::rehearse::wire::{Proxy, RUNNER};
use rel::rehearse::world::{Service, World};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::project::Project;

/// The token that the index takes.
pub const TOKEN: &str = "pypi-bench";

/// A world that runs until it is dropped.
pub struct Stage {
    proxy: Proxy,
    authority: String,
    log: Arc<Mutex<Vec<Asked>>>,
    folder: TempDir,
    /// What clients of Sigstore are configured with.
    pub trust: Value,
    /// Claims of the run's identity.
    pub claims: Map<String, Value>,
    /// Address of the forge.
    pub server: String,
}

/// A request, with when it came and when it was answered.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Method, host and path.
    pub line: String,
    /// Status of the answer.
    pub status: u16,
    /// The audience that a token is for.
    pub audience: Option<String>,
    from: Instant,
    until: Instant,
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl Stage {
    /// A new world: nothing is uploaded, nothing is logged.
    pub fn new() -> Self {
        Self::distant(Duration::ZERO)
    }

    /// A new world whose answers travel for so long.
    pub fn distant(way: Duration) -> Self {
        let endpoints = Endpoints::default();
        let server = endpoints.github.web.clone();
        let issuer = Issuer::new(&endpoints.github.issuer, &server, "runner", identity()).unwrap();
        let claims = issuer.claims(now());
        let addresses = Addresses {
            fulcio: endpoints.sigstore.fulcio.clone(),
            rekor: endpoints.sigstore.rekor.clone(),
            server: server.clone(),
        };
        let sigstore = Sigstore::new(addresses, issuer.verifier(), now()).unwrap();
        let trust = json!({
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": sigstore.trusted_root(),
            "signingConfig": sigstore.signing_config(),
        });
        let mut index = Index::new(Settings {
            name: "pypi".into(),
            base: "https://pypi.org".into(),
            docs: endpoints.docs.clone(),
            issuer: issuer.verifier(),
            attest: attest(sigstore.trusted_root(), &endpoints),
        });
        index.add_token(TOKEN, None);
        index.register(Publisher::assumed(&identity()));
        let mut world = World::new([], [], Box::new(|_| None), Box::new(now));
        let index: Arc<Mutex<dyn Service>> = Arc::new(Mutex::new(index));
        let sigstore: Arc<Mutex<dyn Service>> = Arc::new(Mutex::new(sigstore));
        for (hosts, service) in [
            (["upload.pypi.org", "pypi.org"], index),
            (["fulcio.sigstore.dev", "rekor.sigstore.dev"], sigstore),
        ] {
            for host in hosts {
                world.serve(host, service.clone());
            }
        }
        world.serve(RUNNER, Arc::new(Mutex::new(issuer)));
        let (proxy, authority, log) = open(world, way);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("authority.pem"), &authority).unwrap();
        Self { proxy, authority, log, folder, trust, claims, server }
    }

    /// Runs rel in this process, in a project; with the run's identity, else with the token.
    pub fn rel(&self, project: &Project, words: &[&str], by_identity: bool) {
        let mut env = project.variables();
        env.extend(self.login(by_identity).map(|(name, value)| (name.to_owned(), value)));
        let (term, captured) = Term::captured();
        let mut host = Host::new(project.root(), Env::new(env), Endpoints::default(), term);
        host.way = Some(Way {
            proxy: self.address(),
            authority: self.authority.clone(),
            ..Way::default()
        });
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let code = rel::run(&words, host).0;
        assert_eq!(code, 0, "{}", captured.err());
    }

    /// Runs a program of others, whose way out is this world; with the run's identity, else with the token.
    pub fn client(&self, command: &mut Command, by_identity: bool) -> Output {
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy"] {
            command.env(name, self.address());
        }
        for name in ["NO_PROXY", "no_proxy"] {
            command.env(name, "127.0.0.1");
        }
        for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"] {
            command.env(name, self.folder.path().join("authority.pem"));
        }
        command.envs(self.login(by_identity));
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// A folder of its own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn login(&self, by_identity: bool) -> [(&'static str, String); 3] {
        if by_identity {
            [
                ("GITHUB_ACTIONS", "true".into()),
                ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{}/token?v=2", self.address())),
                ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner".into()),
            ]
        } else {
            ["PYPI_TOKEN", "UV_PUBLISH_TOKEN", "TWINE_PASSWORD"].map(|name| (name, TOKEN.into()))
        }
    }

    fn address(&self) -> String {
        format!("http://{}", self.proxy.address)
    }

    /// How many requests there were for which this holds.
    pub fn count(&self, holds: impl Fn(&Asked) -> bool) -> usize {
        self.log.lock().unwrap().iter().filter(|asked| holds(asked)).count()
    }

    /// When the first request came for which this holds.
    pub fn first(&self, holds: impl Fn(&Asked) -> bool) -> Instant {
        let log = self.log.lock().unwrap();
        log.iter().filter(|asked| holds(asked)).map(|asked| asked.from).min().expect("a request")
    }

    /// When the last request was answered for which this holds.
    pub fn last(&self, holds: impl Fn(&Asked) -> bool) -> Instant {
        let log = self.log.lock().unwrap();
        log.iter().filter(|asked| holds(asked)).map(|asked| asked.until).max().expect("a request")
    }

    /// How long the world itself took for its answers.
    pub fn answering(&self) -> Duration {
        self.log.lock().unwrap().iter().map(|asked| asked.until - asked.from).sum()
    }
}

fn identity() -> Identity {
    Identity {
        repository: "acme/time-piece".into(),
        workflow: "release.yml".into(),
        environment: None,
        reference: "refs/tags/v1.0".into(),
        sha: "0123456789abcdef0123456789abcdef01234567".into(),
        event: "push".into(),
        visibility: "public".into(),
    }
}

/// Verifies what comes with an upload, as the world of a rehearsal does.
fn attest(trusted_root: Value, endpoints: &Endpoints) -> Attest {
    let expected = Expected {
        issuer: endpoints.github.issuer.clone(),
        server: endpoints.github.web.clone(),
        repository: identity().repository,
        workflow: identity().workflow,
    };
    Box::new(move |artifact| {
        verify(&trusted_root, artifact.sha256, artifact.attestation, &expected)
    })
}

/// Opens the world, so far away, to clients: its proxy, its authority's certificate, and the log of what is asked.
fn open(world: World, way: Duration) -> (Proxy, String, Arc<Mutex<Vec<Asked>>>) {
    let authority = Arc::new(Authority::new().unwrap());
    let pem = authority.pem();
    let log = Arc::new(Mutex::new(Vec::new()));
    let writes = log.clone();
    let answer = move |request: Request| {
        let from = Instant::now();
        let response = world.answer(&request);
        std::thread::sleep(way);
        writes.lock().unwrap().push(Asked {
            line: format!("{} {}{}", request.method, request.host, request.path),
            status: response.status,
            audience: request.query("audience").map(str::to_owned),
            from,
            until: Instant::now(),
        });
        response
    };
    (Proxy::start(authority, Arc::new(answer)).unwrap(), pem, log)
}
