//! A world that a test holds, with a copy of a project in it, where the real program runs live as on a
//! runner: not told that it is a rehearsal, it only finds a proxy and an authority in its variables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::term::Term;
use rel::rehearse::ca::Authority;
use rel::rehearse::child::{self, Told};
use rel::rehearse::git::{self, Remote};
use rel::rehearse::github::{Forge, Settings};
use rel::rehearse::http::{Reply, Request};
use rel::rehearse::oidc::Identity;
use rel::rehearse::owned;
use rel::rehearse::scratch::{self, Scratch, Wanted};
use rel::rehearse::services::{self, Cast};
use rel::rehearse::wire::Proxy;
use rel::rehearse::world::World;
use serde_json::Value;
use tempfile::TempDir;

use crate::project::{Project, Ran};
use crate::refusals::dists::File;

const BEARER: &str = "bearer";
/// The token of the run for GitHub.
pub const TOKEN: &str = "token-of-the-run";
const CRATES_TOKEN: &str = "cioTokenOfTheRun";

/// Making keys takes long: all settings share them.
static AUTHORITY: LazyLock<Arc<Authority>> = LazyLock::new(|| Arc::new(Authority::new().unwrap()));

/// See the module.
pub struct Setting {
    pub world: Arc<World>,
    /// The file of the release's ledger.
    pub ledger: PathBuf,
    scratch: Scratch,
    env: BTreeMap<String, String>,
    _proxy: Proxy,
    place: TempDir,
}

/// What a service of a test's own is made of.
pub struct Backstage<'a> {
    pub host: &'a Host,
    pub scratch: &'a Scratch,
    /// A folder of the setting's own.
    pub place: &'a Path,
}

impl Backstage<'_> {
    /// A GitHub of the test's own, and the repository behind it.
    pub fn forge(&self) -> (Arc<Mutex<Remote>>, Forge) {
        let Backstage { host, scratch, place } = self;
        let github = &host.endpoints.github;
        let settings = git::Settings {
            web: github.web.clone(),
            repository: scratch.repository.clone(),
            default_branch: scratch.branch.clone(),
            private: false,
        };
        let remote = place.join("remote-of-the-tests-own");
        let remote = Remote::create(host, &remote, &scratch.checkout, settings).unwrap();
        let remote = Arc::new(Mutex::new(remote));
        let settings = Settings {
            web: github.web.clone(),
            api: github.api.clone(),
            uploads: github.uploads.clone(),
            downloads: github.downloads.clone(),
            docs: github.docs.clone(),
            repository: scratch.repository.clone(),
            repository_id: 1,
            owner_id: 2,
        };
        (remote.clone(), Forge::new(settings, remote))
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn cast<'a>(endpoints: &'a Endpoints, scratch: &Scratch) -> Cast<'a> {
    let identity = Identity {
        repository: scratch.repository.clone(),
        workflow: "release.yml".into(),
        environment: None,
        reference: scratch.reference.clone(),
        sha: scratch.commit.clone(),
        event: "push".into(),
        visibility: "public".into(),
    };
    Cast {
        endpoints,
        identity,
        environments: BTreeMap::new(),
        bearer: BEARER.into(),
        token: TOKEN.into(),
        jobs: Vec::new(),
        crates_token: CRATES_TOKEN.into(),
        indexes: Vec::new(),
        secrets: BTreeMap::new(),
        own: owned::names(&scratch.checkout),
        registries: Vec::new(),
    }
}

impl Setting {
    /// A setting for what stands in the project's last commit, which has the tag `v1.0`.
    pub fn new(project: &Project) -> Self {
        Self::watched(project, |_, _| {})
    }

    /// The same, where `watch` is called with each request before it is answered, and with the ledger's
    /// file.
    pub fn watched(
        project: &Project,
        watch: impl Fn(&Request, &Path) + Send + Sync + 'static,
    ) -> Self {
        Self::dressed(project, watch, |_, _| {})
    }

    /// The same, where `dress` may put other services into the world, before anybody asks.
    pub fn dressed(
        project: &Project,
        watch: impl Fn(&Request, &Path) + Send + Sync + 'static,
        dress: impl FnOnce(&mut World, &Backstage<'_>),
    ) -> Self {
        let place = tempfile::tempdir().unwrap();
        let env = Env::new(project.variables());
        let host = Host::new(project.root(), env, Endpoints::default(), Term::captured().0);
        let github = &host.endpoints.github;
        let commit = scratch::head(&host, &project.root()).unwrap();
        let wanted = Wanted { commit, dirty: false, tag: Some("v1.0".into()), edits: false };
        let scratch = scratch::make(&host, &project.root(), place.path(), github, &wanted).unwrap();
        let cast = cast(&host.endpoints, &scratch);
        scratch::log_in(&host, &scratch, github, TOKEN).unwrap();
        let settings = git::Settings {
            web: github.web.clone(),
            repository: scratch.repository.clone(),
            default_branch: scratch.branch.clone(),
            private: false,
        };
        let remote = place.path().join("remote");
        let remote = Remote::create(&host, &remote, &scratch.checkout, settings).unwrap();
        let outside = Box::new(|_: &Request| None);
        let (mut world, _) = services::world(&cast, Some(remote), outside, Box::new(now)).unwrap();
        dress(&mut world, &Backstage { host: &host, scratch: &scratch, place: place.path() });
        let world = Arc::new(world);
        let file = format!(".git/rel/top/ledger/{}.jsonl", scratch.commit);
        let ledger = scratch.checkout.join(file);
        let (answers, its) = (world.clone(), ledger.clone());
        let answer = move |request: Request| {
            watch(&request, &its);
            Reply::Whole(answers.answer(&request))
        };
        let proxy = Proxy::start(AUTHORITY.clone(), Arc::new(answer)).unwrap();
        let env = variables(&host, &cast, &scratch, (&proxy, place.path()));
        Self { world, ledger, scratch, env, _proxy: proxy, place }
    }

    /// rel with these words, ready to be started; behind `before`, such as a tracer with its options.
    pub fn command(&self, before: &[String], line: &str) -> Command {
        let words = line.split(' ').map(str::to_owned);
        let rel = [env!("CARGO_BIN_EXE_rel").to_owned()];
        let words: Vec<String> = before.iter().cloned().chain(rel).chain(words).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(&self.scratch.checkout);
        command.env_clear().envs(&self.env).stdin(Stdio::null());
        command
    }

    /// Runs that to its end; without an exit code it was killed (-1).
    pub fn behind(&self, before: &[String], line: &str) -> Ran {
        let output = self.command(before, line).output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs rel to its end.
    pub fn rel(&self, line: &str) -> Ran {
        self.behind(&[], line)
    }

    /// The folder of rel's state.
    pub fn state(&self) -> &Path {
        self.ledger.parent().and_then(Path::parent).unwrap()
    }

    /// The repository on GitHub, `owner/name`.
    pub fn repository(&self) -> &str {
        &self.scratch.repository
    }

    /// The home of the run.
    pub fn home(&self) -> &Path {
        &self.scratch.home
    }

    /// A path for a file beside the copy.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Runs git in the copy.
    pub fn git(&self, line: &str) {
        let mut git = Command::new("git");
        git.args(line.split(' ')).current_dir(&self.scratch.checkout).env_clear().envs(&self.env);
        assert!(git.status().unwrap().success(), "git {line}");
    }
}

/// The whole lines of a ledger; none if it is not there.
pub fn records(ledger: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(ledger).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A project with these files in `dist` and all committed, with the tag `v1.0`.
pub fn released(project: Project, files: &[File]) -> Project {
    let dist = project.root().join("dist");
    std::fs::create_dir(&dist).unwrap();
    for (name, bytes) in files {
        std::fs::write(dist.join(name), bytes).unwrap();
    }
    project.git().tag("v1.0")
}

fn variables(
    host: &Host,
    cast: &Cast<'_>,
    scratch: &Scratch,
    (proxy, place): (&Proxy, &Path),
) -> BTreeMap<String, String> {
    let authority = place.join("authority.pem");
    std::fs::write(&authority, AUTHORITY.pem()).unwrap();
    let github = &host.endpoints.github;
    child::variables(&Told {
        host,
        proxy: &format!("http://{}", proxy.address),
        authority: &authority,
        home: &scratch.home,
        caches: place,
        cache: &place.join("cache"),
        identity: &cast.identity,
        addresses: [&github.web, &github.api],
        bearer: BEARER,
        token: TOKEN,
        crates_token: CRATES_TOKEN,
        secrets: &cast.secrets,
    })
}
