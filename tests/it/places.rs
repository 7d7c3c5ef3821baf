//! A world of the rehearsal's services to put releases in, whole or half, and rel in a checkout before it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::rehearsed::Way;
use rel::host::term::Term;
use rel::rehearse::ca::Authority;
use rel::rehearse::git::{self, Remote};
use rel::rehearse::github::{self, Forge, Level, Permission};
use rel::rehearse::http::{Request, Response};
use rel::rehearse::oidc::{Identity, Issuer};
use rel::rehearse::site::Site;
use rel::rehearse::wire::Proxy;
use rel::rehearse::world::{Service, World};
use rel::rehearse::{crates, pypi};
use serde_json::{Value, json};

use crate::project::{Project, Ran};

pub const WHEEL: &str = "time_piece-1.0-py3-none-any.whl";
pub const SDIST: &str = "time_piece-1.0.tar.gz";
pub const TOKEN: &str = "token-for-github";
/// Gives a job its identity, to whom shows its own name.
pub const RUNNER: &str = "runner.invalid";
pub const REPOSITORY: &str = "acme/time-piece";

pub fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// The services that hold releases, each with what is put there.
pub struct Places {
    pub endpoints: Endpoints,
    pub pypi: pypi::Index,
    pub testpypi: pypi::Index,
    pub crates: crates::Registry,
    pub remote: Arc<Mutex<Remote>>,
    pub forge: Forge,
    /// Hosts that do not answer.
    pub silent: Vec<&'static str>,
    /// Addresses that the index names for the project.
    pub urls: Value,
    /// Other services, by host.
    pub more: Vec<(&'static str, Box<dyn Service>)>,
}

pub fn index(endpoints: &Endpoints, name: &str, issuer: &Issuer) -> pypi::Index {
    let simple = &endpoints.index(name).unwrap().simple;
    pypi::Index::new(pypi::Settings {
        name: name.into(),
        base: simple.trim_end_matches("/simple/").into(),
        docs: endpoints.docs.clone(),
        issuer: issuer.verifier(),
        attest: Box::new(|_| Ok(())),
    })
}

impl Places {
    /// Places that know the project's version 0.9, and a repository as the project's checkout is now.
    pub fn new(project: &Project) -> Self {
        let endpoints = Endpoints::default();
        let github = &endpoints.github;
        let identity = Identity {
            repository: REPOSITORY.into(),
            workflow: "release.yml".into(),
            environment: None,
            reference: "refs/tags/v1.0".into(),
            sha: String::new(),
            event: "push".into(),
            visibility: "public".into(),
        };
        let issuer = Issuer::new(&github.issuer, &github.web, RUNNER, identity).unwrap();
        let settings = git::Settings {
            web: github.web.clone(),
            repository: REPOSITORY.into(),
            default_branch: "main".into(),
            private: false,
        };
        let host = project_host(project, Endpoints::default()).0;
        let folder = project.root().join("../remote");
        let remote = Remote::create(&host, &folder, &project.root(), settings).unwrap();
        let remote = Arc::new(Mutex::new(remote));
        let settings = github::Settings {
            web: github.web.clone(),
            api: github.api.clone(),
            uploads: github.uploads.clone(),
            downloads: github.downloads.clone(),
            docs: github.docs.clone(),
            repository: REPOSITORY.into(),
            repository_id: 2,
            owner_id: 1,
        };
        let mut forge = Forge::new(settings, remote.clone());
        forge.add_token(github::Token::of_run(TOKEN, &[(Permission::Contents, Level::Write)]));
        let addresses = &endpoints.crates;
        let crates = crates::Registry::new(crates::Settings {
            api: addresses.api.clone(),
            index: addresses.index.clone(),
            downloads: addresses.downloads.clone(),
            audience: "crates.io".into(),
            issuer: issuer.verifier(),
        });
        let mut pypi = index(&endpoints, "pypi", &issuer);
        for name in ["time_piece-0.9-py3-none-any.whl", "time_piece-0.9.tar.gz"] {
            pypi.add_file("time-piece", "0.9", name, b"old", 0).unwrap();
        }
        let testpypi = index(&endpoints, "testpypi", &issuer);
        let runner: (&str, Box<dyn Service>) = (RUNNER, Box::new(issuer));
        let (silent, urls, more) = (Vec::new(), json!({}), vec![runner]);
        Self { pypi, testpypi, crates, remote, forge, silent, urls, endpoints, more }
    }

    /// What the forge answers to somebody who may push.
    #[track_caller]
    pub fn ask(&mut self, mut request: Request) -> Value {
        request.headers.push(("authorization".into(), format!("Bearer {TOKEN}")));
        request.headers.push(("user-agent".into(), "tests".into()));
        let Response { status, body, .. } = self.forge.answer(&request, now());
        assert!(status < 300 || status == 502, "{status} {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// Makes a release with these files, as a draft first.
    pub fn release(&mut self, tag: &str, files: &[(&str, &str)], public: bool) {
        let files = files.iter().map(|(name, text)| (*name, text.as_bytes().to_vec()));
        self.release_of(tag, &files.collect::<Vec<_>>(), public);
    }

    /// The same with any bytes.
    pub fn release_of(&mut self, tag: &str, files: &[(&str, Vec<u8>)], public: bool) {
        let api = "api.github.com";
        let path = format!("/repos/{REPOSITORY}/releases");
        let body = json!({ "tag_name": tag, "draft": true });
        let made = self.ask(sent("POST", api, &path, body.to_string().as_bytes()));
        for (name, bytes) in files {
            let path = format!("{path}/{}/assets", made["id"]);
            let mut request = sent("POST", "uploads.github.com", &path, bytes);
            request.query = vec![("name".into(), (*name).into())];
            request.headers.push(("content-type".into(), "application/octet-stream".into()));
            self.ask(request);
        }
        if public {
            let path = format!("{path}/{}", made["id"]);
            self.ask(sent("PATCH", api, &path, json!({ "draft": false }).to_string().as_bytes()));
        }
    }

    /// Puts files of 1.0 on an index.
    pub fn upload(index: &mut pypi::Index, files: &[(&str, &str)]) {
        for (name, bytes) in files {
            index.add_file("time-piece", "1.0", name, bytes.as_bytes(), 0).unwrap();
        }
    }

    pub fn world(self) -> World {
        let mut world = World::new([], [], Box::new(|_| None), Box::new(now));
        let web = ["github.com".to_owned(), "api.github.com".to_owned()];
        let site: Box<dyn Service> = Box::new(Site::new(self.remote, self.forge, REPOSITORY, web));
        let crates = ["crates.io", "index.crates.io", "static.crates.io"];
        let assets = "release-assets.githubusercontent.com";
        let github = ["github.com", "api.github.com", "uploads.github.com", assets];
        for (hosts, service) in [
            (
                &["pypi.org", "upload.pypi.org"][..],
                Box::new(Named(self.pypi, self.urls)) as Box<dyn Service>,
            ),
            (&["test.pypi.org"], Box::new(self.testpypi)),
            (&crates, Box::new(self.crates)),
            (&github, site),
        ] {
            let service: Arc<Mutex<dyn Service>> = Arc::new(Mutex::new(Boxed(service)));
            for host in hosts.iter().filter(|host| !self.silent.contains(host)) {
                world.serve(host, service.clone());
            }
        }
        for (host, service) in self.more {
            world.serve(host, Arc::new(Mutex::new(Boxed(service))));
        }
        world
    }

    /// rel in the project, in these places.
    pub fn rel(self, project: &Project, lines: &[&str]) -> Vec<Ran> {
        let running = self.start();
        let ran = lines.iter().map(|line| running.rel(project, line)).collect();
        let live = lines.iter().any(|line| line.contains("--live"));
        assert!(running.writes().is_empty() || live, "it only reads");
        ran
    }

    /// The places, to be asked by several runs.
    pub fn start(self) -> Running {
        let (endpoints, world) = (self.endpoints.clone(), Arc::new(self.world()));
        let authority = Arc::new(Authority::new().unwrap());
        let way_in = authority.pem();
        let answers = world.clone();
        let answerer = Arc::new(move |request: Request| answers.answer(&request));
        let proxy = Proxy::start(authority, answerer).unwrap();
        Running { endpoints, world, proxy, way_in }
    }

    /// `rel status` with plain output, and its exit code.
    #[track_caller]
    pub fn status(self, project: &Project, code: i32) -> Ran {
        self.rel(project, &["status --output plain"]).remove(0).code(code)
    }
}

/// Places that are up.
pub struct Running {
    endpoints: Endpoints,
    world: Arc<World>,
    proxy: Proxy,
    way_in: String,
}

impl Running {
    /// rel in the project.
    pub fn rel(&self, project: &Project, line: &str) -> Ran {
        let (mut host, captured) = project_host(project, self.endpoints.clone());
        let proxy = format!("http://{}", self.proxy.address);
        host.way = Some(Way { proxy, authority: self.way_in.clone(), ..Way::default() });
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let code = rel::run(&words, host).0.into();
        Ran { code, out: captured.out(), err: captured.err() }
    }

    /// Changes something on GitHub, as somebody else who may push.
    #[track_caller]
    pub fn ask(&self, mut request: Request) -> Value {
        request.headers.push(("authorization".into(), format!("Bearer {TOKEN}")));
        request.headers.push(("user-agent".into(), "tests".into()));
        let Response { status, body, .. } = self.world.look(&request);
        assert!(status < 300, "{status} {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// How much was asked of hosts.
    pub fn asked(&self) -> usize {
        self.world.record().len()
    }

    /// Everything that hosts were asked for: method, host and path.
    pub fn requests(&self) -> Vec<String> {
        let all = self.world.record().into_iter();
        all.map(|one| format!("{} {}{}", one.method, one.host, one.path)).collect()
    }

    /// What was asked of hosts to be changed: method, host and path.
    pub fn writes(&self) -> Vec<String> {
        let all = self.world.record().into_iter().filter(|one| one.method != "GET");
        all.map(|one| format!("{} {}{}", one.method, one.host, one.path)).collect()
    }
}

/// A service of any kind.
struct Boxed(Box<dyn Service>);

impl Service for Boxed {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        self.0.answer(request, at)
    }

    fn project(&self, request: &Request) -> Option<String> {
        self.0.project(request)
    }
}

/// An index that names these addresses for every project.
struct Named(pypi::Index, Value);

impl Service for Named {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        if request.path.ends_with("/json") {
            return Response::json(200, &json!({ "info": { "project_urls": self.1 } }));
        }
        self.0.answer(request, at)
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }
}

pub fn sent(method: &str, host: &str, path: &str, body: &[u8]) -> Request {
    let (method, host, path) = (method.into(), host.into(), path.into());
    Request { method, host, path, body: body.into(), ..Request::default() }
}

pub fn project_host(project: &Project, endpoints: Endpoints) -> (Host, rel::host::term::Captured) {
    let (term, captured) = Term::captured();
    let mut env: BTreeMap<String, String> = project.variables();
    env.insert("GITHUB_TOKEN".into(), TOKEN.into());
    (Host::new(project.root(), Env::new(env), endpoints, term), captured)
}

/// A project without a Releasefile, tagged v1.0, with a login in the address of its remote.
pub fn project(manifest: (&str, &str)) -> Project {
    let project = Project::new("").file(manifest.0, manifest.1);
    std::fs::remove_file(project.root().join("Releasefile")).unwrap();
    let project = project.git().tag("v0.9").tag("v1.0");
    project.run_git(&["remote", "add", "origin", &origin()]);
    project
}

/// The address of its remote.
pub fn origin() -> String {
    format!("https://me:hidden@github.com/{REPOSITORY}.git")
}

pub fn python() -> Project {
    project(("pyproject.toml", "[project]\nname = \"time-piece\"\ndynamic = [\"version\"]\n"))
}

pub const BOTH: [(&str, &str); 2] = [(WHEEL, "wheel"), (SDIST, "sdist")];

/// The output without the commit, which differs each time.
pub fn steady(project: &Project, text: &str) -> String {
    let mut git = std::process::Command::new("git");
    let out = git.args(["rev-parse", "HEAD"]).current_dir(project.root()).output().unwrap().stdout;
    let commit = String::from_utf8(out).unwrap();
    text.replace(&commit[..12], "[_commit_]__")
}

/// What another tool has built of a version: a wheel and an sdist, with other bytes each time, in a folder
/// beside the project.
pub fn built(project: &Project, folder: &str, version: &str) -> [(&'static str, Vec<u8>); 2] {
    let folder = project.root().join("..").join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut python = std::process::Command::new("python3");
    let words = ["make_dist.py", folder.to_str().unwrap(), version, "stamp"];
    assert!(python.args(words).current_dir(project.root()).status().unwrap().success());
    [WHEEL, SDIST].map(|name| {
        let real = name.replace("1.0", version);
        (name, std::fs::read(folder.join(real)).unwrap())
    })
}
