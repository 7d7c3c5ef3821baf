//! Python environments outside the work tree: for tools, for tests, for smoke installs.
//!
//! Made by uv (the one on PATH, else one taken from PyPI once), else by venv and pip. An
//! environment is known by what went into it, so the second run finds it ready; it is marked as
//! ready last, and held by a lock while it is being made.

use std::path::{Path, PathBuf};

use crate::diag::{Diagnostic, Outcome};
use crate::host::proc::{self, Ended, Launch, StartError};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::model::command::Cmd;

/// The uv that is taken from PyPI where none is on PATH.
const UV: &str = "uv==0.13.8";

/// Makes environments on behalf of one task.
pub struct Tools<'a> {
    /// The machine.
    pub host: &'a Host,
    /// The project's folder.
    pub root: &'a Path,
    /// Ends what is being installed.
    pub stop: &'a Stop,
    /// Takes each line that installers print.
    pub say: &'a dyn Fn(String),
}

/// What an environment holds.
#[derive(Debug, Clone, Default)]
pub struct Spec {
    /// Python version as `3.12`; `None` for the `python3` on PATH.
    pub python: Option<String>,
    /// Requirements (PEP 508).
    pub packages: Vec<String>,
    /// Dependency groups of the project's pyproject.toml (PEP 735).
    pub groups: Vec<String>,
    /// Whether the project itself is installed, editable.
    pub project: bool,
}

impl Spec {
    /// Whether files of the project say what is in it.
    pub fn reads_project(&self) -> bool {
        self.project || !self.groups.is_empty()
    }
}

impl Tools<'_> {
    /// The interpreter of this version (`3.12`), if the machine has a working one.
    pub fn find_python(&self, version: &str) -> Option<PathBuf> {
        let wanted = format!(
            "import sys; assert sys.version.startswith({:?}); print(sys.executable)",
            format!("{version}.")
        );
        [format!("python{version}"), "python3".into(), "python".into()].into_iter().find_map(
            |name| {
                let text = self.capture(&[name, "-c".into(), wanted.clone()])?;
                Some(PathBuf::from(text.trim())).filter(|path| fs::exists(path))
            },
        )
    }

    /// The uv program, fetched from PyPI if PATH has none; `None` if it cannot be had.
    pub fn uv(&self) -> Option<PathBuf> {
        let env = self.host.env.for_child(&[]);
        let on_path = fs::which("uv", env.get("PATH").map(String::as_str), self.root);
        on_path.or_else(|| {
            let folder = self.cache().ok()?.join(UV.replace("==", "-"));
            let uv = folder.join("bin/uv");
            once(&folder, UV, &|| {
                self.run(&["python3".into(), "-m".into(), "venv".into(), text(&folder)])?;
                self.run(&[
                    text(&folder.join("bin/python")),
                    "-m".into(),
                    "pip".into(),
                    "install".into(),
                    "--quiet".into(),
                    UV.into(),
                ])
            })
            .ok()?;
            fs::exists(&uv).then_some(uv)
        })
    }

    /// An environment of `spec`, found ready or made now: its folder.
    ///
    /// # Errors
    /// No such Python, or an installer failed.
    pub fn environment(&self, spec: &Spec) -> Outcome<PathBuf> {
        let python = self.python(spec.python.as_deref())?;
        let (folder, identity) = self.place(&python, spec)?;
        once(&folder, &identity, &|| self.make(&folder, &python, spec))?;
        Ok(folder)
    }

    /// The same, if it is ready and no Python has to be started to find it.
    pub fn ready(&self, spec: &Spec) -> Option<PathBuf> {
        let python = self.python(None).ok().filter(|_| spec.python.is_none())?;
        let (folder, identity) = self.place(&python, spec).ok()?;
        is_ready(&folder, &identity).then_some(folder)
    }

    /// Where an environment belongs, and what tells that it is this one.
    fn place(&self, python: &Path, spec: &Spec) -> Outcome<(PathBuf, String)> {
        let mut identity = format!("{} {:?} {:?}", python.display(), spec.packages, spec.groups);
        if spec.reads_project() {
            let files = ["pyproject.toml", "setup.py", "setup.cfg"];
            let texts = files.map(|name| fs::read_text(&self.root.join(name)).unwrap_or_default());
            identity = format!("{identity} {} {texts:?}", self.root.display());
        }
        let folder = self.cache()?.join("env").join(Digest::of(&identity).short());
        Ok((folder, identity))
    }

    /// A fresh environment in `folder`.
    ///
    /// # Errors
    /// As [`Tools::environment`].
    pub fn fresh(&self, folder: &Path, spec: &Spec) -> Outcome<()> {
        let python = self.python(spec.python.as_deref())?;
        self.make(folder, &python, spec)
    }

    /// Installs into the environment at `folder`: `words` are an installer's arguments.
    ///
    /// # Errors
    /// The installer failed.
    pub fn install(&self, folder: &Path, words: &[String]) -> Outcome<()> {
        let python = text(&folder.join("bin/python"));
        let head: Vec<String> = match self.uv() {
            Some(uv) => vec![
                text(&uv),
                "pip".into(),
                "install".into(),
                "--quiet".into(),
                "--python".into(),
                python,
            ],
            None => vec![python, "-m".into(), "pip".into(), "install".into(), "--quiet".into()],
        };
        self.run(&[&head, words].concat())
    }

    /// What some lines of Python print in the environment at `folder`; `None` if they fail.
    pub fn told(&self, folder: &Path, code: &str) -> Option<String> {
        self.capture(&[text(&folder.join("bin/python")), "-I".into(), "-c".into(), code.into()])
    }

    fn make(&self, folder: &Path, python: &Path, spec: &Spec) -> Outcome<()> {
        match self.uv() {
            Some(uv) => self.run(&[
                text(&uv),
                "venv".into(),
                "--quiet".into(),
                "--python".into(),
                text(python),
                text(folder),
            ])?,
            None => self.run(&[text(python), "-m".into(), "venv".into(), text(folder)])?,
        }
        let mut words = spec.packages.clone();
        for group in &spec.groups {
            words.extend(["--group".into(), group.clone()]);
        }
        if spec.project {
            words.extend(["--editable".into(), text(self.root)]);
        }
        if words.is_empty() {
            return Ok(());
        }
        if self.uv().is_none() && !spec.groups.is_empty() {
            self.install(folder, &["--upgrade".into(), "pip".into()])?;
        }
        self.install(folder, &words)
    }

    fn python(&self, version: Option<&str>) -> Outcome<PathBuf> {
        let Some(version) = version else {
            let env = self.host.env.for_child(&[]);
            let found = fs::which("python3", env.get("PATH").map(String::as_str), self.root);
            return found.ok_or_else(|| {
                Box::new(
                    Diagnostic::task("no `python3` on PATH").hint("install Python 3.11 or newer"),
                )
            });
        };
        self.find_python(version).ok_or_else(|| {
            let wrong = Diagnostic::task(format!("Python {version} is not on this machine"));
            Box::new(wrong.hint(format!("install it so that `python{version}` is on PATH")))
        })
    }

    fn cache(&self) -> Outcome<PathBuf> {
        cache(self.host)
    }

    fn run(&self, argv: &[String]) -> Outcome<()> {
        let cmd = Cmd::Argv(argv.to_vec());
        let env = self.host.env.for_child(&[]);
        let launch = Launch::own(&cmd, self.root, &env);
        let failed = |why: &str| {
            Box::new(
                Diagnostic::task(format!("cannot make a tool environment: {why}"))
                    .note(cmd.shown()),
            )
        };
        match proc::run(&launch, self.stop, self.say) {
            Ok(Ended::Ok) => Ok(()),
            Ok(Ended::Failed(_)) => Err(failed("the installer failed")),
            Err(StartError::NotFound(name)) => Err(failed(&format!("no `{name}` on PATH"))),
            Err(StartError::NoFolder) => Err(failed("the project's folder is gone")),
            Err(StartError::Io(error)) => Err(failed(&error.to_string())),
        }
    }

    fn capture(&self, argv: &[String]) -> Option<String> {
        let cmd = Cmd::Argv(argv.to_vec());
        let env = self.host.env.for_child(&[]);
        let launch = Launch::own(&cmd, self.root, &env);
        match proc::capture(&launch, self.stop, |_| {}) {
            Ok((Ended::Ok, text)) => Some(text),
            _ => None,
        }
    }
}

/// The folder of all environments, which projects share.
/// The folder for what all projects share.
///
/// # Errors
/// No home folder.
pub fn cache(host: &Host) -> Outcome<PathBuf> {
    let env = &host.env;
    // What is relative does not count (XDG Base Directory Specification).
    let base = env.get("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| env.get("HOME").map(|home| Path::new(home).join(".cache")));
    base.map(|base| base.join("rel")).ok_or_else(|| {
        Box::new(Diagnostic::machine("there is no place for tool environments").hint("set HOME"))
    })
}

/// All environments on this machine: name and folder.
///
/// # Errors
/// There is no place for them.
pub fn environments(host: &Host) -> Outcome<Vec<(String, PathBuf)>> {
    let cache = cache(host)?;
    let below = |folder: PathBuf| {
        let names = fs::names(&folder).into_iter();
        names
            .map(move |name| (name.clone(), folder.join(name)))
            .filter(|(_, path)| fs::is_dir(path))
    };
    let own = below(cache.clone()).filter(|(name, _)| name != "env");
    Ok(own.chain(below(cache.join("env"))).collect())
}

/// Removes an environment; waits while it is being made.
///
/// # Errors
/// The disk fails.
pub fn remove(folder: &Path) -> std::io::Result<()> {
    let lock = fs::open_append(&folder.with_extension("lock"))?;
    lock.lock()?;
    // First the mark: what is half removed is made anew.
    fs::remove_file(&folder.join("ready"))?;
    fs::remove_dir(folder)
}

/// Makes `folder` unless it is ready; safe beside other runs and after a kill.
fn once(folder: &Path, identity: &str, make: &dyn Fn() -> Outcome<()>) -> Outcome<()> {
    if is_ready(folder, identity) {
        return Ok(());
    }
    let io = |error: std::io::Error| {
        Box::new(Diagnostic::machine(format!("cannot make a tool environment: {error}")))
    };
    let lock = fs::open_append(&folder.with_extension("lock")).map_err(io)?;
    lock.lock().map_err(io)?;
    if is_ready(folder, identity) {
        return Ok(());
    }
    fs::remove_dir(folder).map_err(io)?;
    make()?;
    fs::replace(&folder.join("ready"), identity).map_err(io)
}

fn is_ready(folder: &Path, identity: &str) -> bool {
    fs::read_text(&folder.join("ready")).is_ok_and(|text| text == identity)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
