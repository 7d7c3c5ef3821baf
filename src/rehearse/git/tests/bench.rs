//! What the tests work with: a remote behind the world's proxy, and git as its client.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::host::endpoints::Endpoints;
use crate::host::env::Env;
use crate::host::proc::{self, Ended, Launch};
use crate::host::stop::Stop;
use crate::host::term::Term;
use crate::host::{Host, fs};
use crate::model::command::Cmd;
use crate::rehearse::ca::Authority;
use crate::rehearse::git::{Holder, Remote, Settings, Token};
use crate::rehearse::http::Request;
use crate::rehearse::wire::Proxy;

pub(super) const NOW: u64 = 1_784_000_000;
/// Tokens that the remote knows: of a run that may push, of one that may not, and of users.
pub(super) const WRITES: &str = "ghs_writes";
pub(super) const READS: &str = "ghs_reads";
pub(super) const USER: &str = "ghp_user";
pub(super) const FINE: &str = "github_pat_fine";

/// A remote with a client that has a clone of it in `work`.
pub(super) struct Bench {
    pub(super) folder: tempfile::TempDir,
    pub(super) remote: Arc<Mutex<Remote>>,
    pub(super) host: Host,
    rules: Arc<Mutex<Vec<&'static str>>>,
    proxy: Proxy,
}

pub(super) fn settings() -> Settings {
    Settings {
        web: "https://github.example".into(),
        repository: "Acme/widget".into(),
        default_branch: "main".into(),
        private: false,
    }
}

pub(super) fn host() -> Host {
    Host::new(PathBuf::new(), Env::from_process(), Endpoints::default(), Term::captured().0)
}

/// What git says in a folder, both streams, and whether it ended well.
pub(super) fn run(
    host: &Host,
    cwd: &Path,
    more: &[(&str, String)],
    words: &[&str],
) -> (bool, String) {
    // What is pushed here goes nowhere: rel's shims, behind which its own check runs, do not know that.
    let path = host.env.get("PATH").unwrap().split(':');
    let path = path.filter(|folder| !folder.contains("/shims/")).collect::<Vec<_>>().join(":");
    let mut env: BTreeMap<String, String> = [
        ("PATH", path.as_str()),
        ("HOME", "/nonexistent"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_AUTHOR_NAME", "Ann"),
        ("GIT_AUTHOR_EMAIL", "ann@example.org"),
        ("GIT_AUTHOR_DATE", "1700000000 +0000"),
        ("GIT_COMMITTER_NAME", "Ann"),
        ("GIT_COMMITTER_EMAIL", "ann@example.org"),
        ("LC_ALL", "C"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    env.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let words = ["git", "-c", "init.defaultBranch=main"].iter().chain(words);
    let cmd = Cmd::Argv(words.map(ToString::to_string).collect());
    let launch = Launch::own(&cmd, cwd, &env);
    let mut said = String::new();
    let ended = proc::run(&launch, &Stop::default(), |line| {
        said.push_str(line.trim_end());
        said.push('\n');
    });
    (ended.unwrap() == Ended::Ok, said)
}

/// A checkout of two commits, the first of which is tagged, without a branch: as a rehearsal's is.
pub(super) fn checkout(host: &Host, folder: &Path) -> PathBuf {
    let checkout = folder.join("checkout");
    fs::make_dir(&checkout).unwrap();
    fs::make_dir(&checkout.join(".github/workflows")).unwrap();
    fs::replace(&checkout.join(".github/workflows/ci.yml"), "on: push\n").unwrap();
    let git = |words: &[&str]| {
        let (well, said) = run(host, &checkout, &[], words);
        assert!(well, "{words:?}: {said}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "-m", "one"]);
    git(&["tag", "v0.9"]);
    git(&["commit", "--quiet", "--allow-empty", "-m", "two\n\nwith a body"]);
    git(&["checkout", "--quiet", "--detach"]);
    git(&["branch", "--quiet", "-D", "main"]);
    checkout
}

pub(super) fn bench() -> Bench {
    bench_of(settings())
}

pub(super) fn bench_of(settings: Settings) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let host = host();
    let from = checkout(&host, folder.path());
    let mut remote = Remote::create(&host, &folder.path().join("remote"), &from, settings).unwrap();
    remote.add_token(Token::of_actions(WRITES, true));
    remote.add_token(Token::of_actions(READS, false));
    let user = |secret: &str, holder, writes| Token {
        secret: secret.into(),
        login: "ann".into(),
        holder,
        writes,
        workflows: false,
        bypasses: false,
    };
    remote.add_token(user(USER, Holder::Classic, true));
    remote.add_token(user(FINE, Holder::FineGrained, false));
    let remote = Arc::new(Mutex::new(remote));
    let rules: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let authority = Arc::new(Authority::new().unwrap());
    fs::replace(&folder.path().join("authority.pem"), &authority.pem()).unwrap();
    let (serves, notes) = (remote.clone(), rules.clone());
    let answer = move |request: Request| {
        let response = serves.lock().unwrap().answer(&request, NOW);
        notes.lock().unwrap().extend(response.rule.map(|rule| rule.name));
        response
    };
    let proxy = Proxy::start(authority, Arc::new(answer)).unwrap();
    let bench = Bench { folder, remote, host, rules, proxy };
    bench.well(".", &["clone", "--quiet", &address(WRITES), "work"]);
    bench
}

/// The repository's address with a login.
pub(super) fn address(token: &str) -> String {
    let settings = settings();
    let host = settings.web.trim_start_matches("https://");
    let login = if token.is_empty() { String::new() } else { format!("x-access-token:{token}@") };
    format!("https://{login}{host}/{}.git", settings.repository)
}

impl Bench {
    /// A file of the client's clone.
    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join("work").join(name);
        fs::make_dir(path.parent().unwrap()).unwrap();
        fs::replace_with(&path, |file| file.write_all(text.as_bytes())).unwrap();
    }

    /// A commit of all that is there; its name.
    pub(super) fn commit(&self, message: &str) -> String {
        self.well("work", &["add", "--all"]);
        self.well("work", &["commit", "--quiet", "--allow-empty", "-m", message]);
        self.well("work", &["rev-parse", "HEAD"]).trim().to_owned()
    }

    pub(super) fn git(&self, cwd: &str, words: &[&str]) -> (bool, String) {
        let authority = self.folder.path().join("authority.pem");
        let more = [
            ("https_proxy", format!("http://{}", self.proxy.address)),
            ("GIT_SSL_CAINFO", authority.to_string_lossy().into_owned()),
        ];
        run(&self.host, &self.folder.path().join(cwd), &more, words)
    }

    /// The same, and it works.
    pub(super) fn well(&self, cwd: &str, words: &[&str]) -> String {
        let (well, said) = self.git(cwd, words);
        assert!(well, "{words:?}: {said}");
        said
    }

    /// The same, and it does not; by which rules it was refused.
    pub(super) fn refused(&self, words: &[&str]) -> (String, Vec<&'static str>) {
        self.rules.lock().unwrap().clear();
        let (well, said) = self.git("work", words);
        assert!(!well, "{words:?}: {said}");
        (said, self.rules.lock().unwrap().clone())
    }

    /// Names of the remote's refs.
    pub(super) fn refs(&self) -> Vec<String> {
        use crate::rehearse::repository::Repository as _;
        let refs = self.remote.lock().unwrap().refs("refs/");
        refs.into_iter().map(|(name, _)| name).collect()
    }
}
