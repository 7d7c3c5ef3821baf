//! A project in a temporary folder, and rel run in it as a user would.
//!
//! Hermetic: own home, no secrets, no CI variables; only what package clients need to reach their
//! registries is passed on. One cache for all tests, so that uv is fetched once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::term::Term;
use rel::model::artifact::Digest;
use tempfile::TempDir;

/// A project that a test made.
pub struct Project {
    dir: TempDir,
    env: BTreeMap<String, String>,
}

/// What a run of rel came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Project {
    /// A project with this Releasefile, not in a repository.
    pub fn new(releasefile: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = Self { env: environment(&dir.path().join("home")), dir };
        project.file("Releasefile", releasefile)
    }

    /// Adds a file.
    pub fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Sets a variable for rel.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Makes it a repository with everything committed.
    pub fn git(self) -> Self {
        self.run_git(&["init", "--quiet", "--initial-branch=main"]);
        self.commit();
        self
    }

    /// Commits everything.
    pub fn commit(&self) {
        self.run_git(&["add", "--all"]);
        self.run_git(&["commit", "--quiet", "--allow-empty", "--message=change"]);
    }

    /// Tags HEAD.
    pub fn tag(self, name: &str) -> Self {
        self.run_git(&["tag", name]);
        self
    }

    /// Runs git in it.
    pub fn run_git(&self, words: &[&str]) {
        let identity = [
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@localhost",
            "-c",
            "commit.gpgsign=false",
        ];
        let mut git = Command::new("git");
        git.args(identity).args(words).current_dir(self.root()).env_clear().envs(&self.env);
        let done = git.stdout(Stdio::null()).status().unwrap();
        assert!(done.success(), "git {words:?}");
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    /// rel's folder for this project's state, which is in the repository's git folder.
    pub fn state(&self) -> PathBuf {
        self.root().join(".git/rel/top")
    }

    /// Puts `kept` in the place of the last `lint` of what is kept: what shows it has looked there.
    pub fn forge(&self, name: &str) {
        let place = self.state().join(name);
        let whole = fs::read(&place).unwrap();
        let end = whole.iter().position(|byte| *byte == b'\n').unwrap();
        let (head, good) = (std::str::from_utf8(&whole[..end]).unwrap(), &whole[end + 1..]);
        let at = good.windows(4).rposition(|bytes| bytes == b"lint").unwrap();
        let other = [&good[..at], b"kept", &good[at + 4..]].concat();
        let head = head.replace(&Digest::of(good).to_string(), &Digest::of(&other).to_string());
        fs::write(&place, [head.as_bytes(), b"\n", &other].concat()).unwrap();
    }

    /// The variables that rel is started with.
    pub fn variables(&self) -> BTreeMap<String, String> {
        self.env.clone()
    }

    /// rel with these words, ready to be started.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rel"));
        command
            .args(shell_words(line))
            .current_dir(self.root())
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null());
        command
    }

    /// Runs rel to its end.
    pub fn rel(&self, line: &str) -> Ran {
        Ran::of(self.command(line).output().unwrap())
    }

    /// Runs rel within this process, on a machine with other public services.
    pub fn rel_with(&self, endpoints: Endpoints, line: &str) -> Ran {
        let (term, captured) = Term::captured();
        let mut host = Host::new(self.root(), Env::new(self.env.clone()), endpoints, term);
        host.program = Some(env!("CARGO_BIN_EXE_rel").into());
        let code = rel::run(&shell_words(line), host).0;
        Ran { code: code.into(), out: captured.out(), err: captured.err() }
    }

    /// `text` with what differs from run to run replaced.
    pub fn steady(&self, text: &str) -> String {
        let home = self.dir.path().to_string_lossy().into_owned();
        let text = text.replace(&home, "[dir]");
        let mut steady = String::new();
        for word in text.split_inclusive(' ') {
            let (core, tail) = word.split_at(word.trim_end().len());
            let number = core.trim_start_matches('(');
            let is_time = number
                .split_once('.')
                .is_some_and(|(a, b)| is_digits(a) && b.len() == 2 && is_digits(b));
            let shown = if is_time { core.replace(number, "[t]") } else { core.to_owned() };
            steady += &shown;
            steady += tail;
        }
        steady
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

fn shell_words(line: &str) -> Vec<String> {
    line.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect()
}

/// The variables that rel is started with.
fn environment(home: &Path) -> BTreeMap<String, String> {
    fs::create_dir_all(home).unwrap();
    let passed = |name: &str| {
        let upper = name.to_uppercase();
        let registry =
            ["PIP_", "UV_", "SSL_", "REQUESTS_"].iter().any(|prefix| upper.starts_with(prefix));
        (registry && !upper.starts_with("UV_PUBLISH"))
            || upper.ends_with("_PROXY")
            || upper == "PATH"
    };
    let mut env: BTreeMap<String, String> =
        std::env::vars().filter(|(name, _)| passed(name)).collect();
    // Where rel's own check runs these, its shims would hold back what the worlds here are for.
    if let Some(path) = env.get_mut("PATH") {
        let folders = path.split(':').filter(|folder| !folder.contains("/shims/"));
        *path = folders.collect::<Vec<_>>().join(":");
    }
    env.insert("HOME".into(), home.to_string_lossy().into_owned());
    env.insert("XDG_CACHE_HOME".into(), concat!(env!("CARGO_TARGET_TMPDIR"), "/cache").into());
    env.insert("GIT_CONFIG_NOSYSTEM".into(), "1".into());
    env
}

impl Ran {
    /// What a process has left.
    pub fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Checks the exit code; on a difference shows everything.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }

    /// Checks that a text was written somewhere.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let found = self.out.contains(text) || self.err.contains(text);
        assert!(found, "`{text}` is missing\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }

    /// Checks that a text was written nowhere.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        let found = self.out.contains(text) || self.err.contains(text);
        assert!(!found, "`{text}` is there\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }
}

/// A script that writes a wheel and a source distribution: `python3 make_dist.py FOLDER VERSION`.
/// With a third word both hold the time, so that no two builds are the same.
pub const MAKE_DIST: &str = r#"# ruff: noqa
import io, sys, tarfile, time, zipfile
folder, version, stamp = sys.argv[1], sys.argv[2], len(sys.argv) > 3
now = str(time.time_ns()) if stamp else ""
meta = f"Metadata-Version: 2.1\nName: time-piece\nVersion: {version}\nSummary: a test\n"
info = f"time_piece-{version}.dist-info"
with zipfile.ZipFile(f"{folder}/time_piece-{version}-py3-none-any.whl", "w") as wheel:
    names = {
        "time_piece.py": f"MADE = {now!r}\n",
        f"{info}/METADATA": meta,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*names, f"{info}/RECORD"])
    for name, text in [*names.items(), (f"{info}/RECORD", record)]:
        wheel.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
with tarfile.open(f"{folder}/time_piece-{version}.tar.gz", "w:gz") as sdist:
    for name, text in {"PKG-INFO": meta, "time_piece.py": f"MADE = {now!r}\n"}.items():
        entry = tarfile.TarInfo(f"time_piece-{version}/{name}")
        entry.size = len(text)
        sdist.addfile(entry, io.BytesIO(text.encode()))
"#;
