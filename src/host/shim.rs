//! Shims: rel itself under the names of programs that publish, in a folder that leads a child's
//! PATH. A publishing sub-command is refused there, however deep inside a script it is called;
//! anything else is handed to the real program at once.
//!
//! What goes past PATH is met by a second line: variables that point publishing programs nowhere.
//! What is left (a program of the user's own that speaks to a remote by itself) cannot be stopped
//! here. Turned down: tracing system calls, which no two systems allow alike.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use crate::diag::{Diagnostic, Exit};
use crate::host::stray::OUT;
use crate::host::tree::{self, Held, Look, Stat};
use crate::model::artifact::Digest;
use crate::model::publisher;

/// Variable that holds the project's folder: nothing is pushed from its repository.
const PROJECT: &str = "REL_SHIM_PROJECT";

/// Where publishing programs are pointed: the discard port of this machine, at which nobody listens.
const NOWHERE: &str = "https://127.0.0.1:9/rel-refuses-to-publish/";
/// The same for git: a kind of address that it has no helper for.
const NO_HELPER: &str = "rel-refuses-to-publish://";

/// Variables by which publishing programs learn where to send, with what they hold for children.
const POINTERS: &[(&str, &str)] = &[
    ("FLIT_INDEX_URL", NOWHERE),
    ("HATCH_INDEX_REPO", NOWHERE),
    ("MATURIN_REPOSITORY_URL", NOWHERE),
    ("PDM_PUBLISH_REPO", NOWHERE),
    ("TWINE_REPOSITORY_URL", NOWHERE),
    ("UV_PUBLISH_URL", NOWHERE),
];

/// The name under which rel is cargo's credential provider: it gives none for what changes a
/// registry, and for reading lets cargo ask the next one.
const CREDENTIALS: &str = "rel-credentials";

/// Beginnings of addresses that git shall not push to, and of those that it may.
const PUSHED: &[&str] =
    &["ftp://", "ftps://", "git://", "git@", "git+ssh://", "http://", "https://", "ssh://"];
const LOOPBACK: &[&str] = &[
    "http://127.0.0.1/",
    "http://127.0.0.1:",
    "http://[::1]/",
    "http://[::1]:",
    "http://localhost/",
    "http://localhost:",
    "https://127.0.0.1:",
    "https://[::1]:",
    "https://localhost:",
];

/// The file with [`git_settings`], which a variable includes: one for each setting would make starting any
/// program dearer.
const GIT_SETTINGS: &str = "gitconfig";

/// What keeps the commands of a task from publishing.
#[derive(Debug, Clone)]
pub struct Shims {
    folder: PathBuf,
    project: PathBuf,
    searched: Arc<SearchPath>,
}

impl Shims {
    /// The shims below `state` for commands of the project in `project` that start in `cwd`, of the programs that
    /// are on `path`; made if they are not there. `program` is rel itself.
    ///
    /// # Errors
    /// The folder cannot be made, or its path does not fit into PATH.
    pub fn new(
        state: &Path,
        (project, cwd): (&Path, &Path),
        program: &Path,
        path: &str,
    ) -> io::Result<Self> {
        let mut searched = SearchPath::of(path, &[project, cwd]);
        // One for a program that is not there would make others believe that it is.
        let mut names = searched.those(publisher::programs());
        names.push(CREDENTIALS);
        let about = program.metadata()?;
        let identity =
            format!("{}{:?}{:?}{names:?}", program.display(), about.len(), about.modified().ok());
        let folder = state.join("shims").join(Digest::of(identity).short());
        if folder.to_string_lossy().contains(':') {
            let why = format!("PATH cannot hold {}, for its colon", folder.display());
            return Err(io::Error::other(why));
        }
        if !folder.is_dir() {
            make(&folder, program, &names)?;
        }
        Ok(Self { folder, project: project.to_owned(), searched: Arc::new(searched) })
    }

    /// Whether no program has come to the folders of PATH since they were looked through.
    pub fn are_current(&self) -> bool {
        self.searched.is_current()
    }

    /// The folder that leads a child's PATH.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sets what keeps a child from publishing.
    pub fn guard(&self, env: &mut BTreeMap<String, String>) {
        let pointers =
            POINTERS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        env.extend(pointers);
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let credentials = text(&self.folder.join(CREDENTIALS));
        env.insert("CARGO_REGISTRY_CREDENTIAL_PROVIDER".into(), credentials.clone());
        // The last is asked first.
        let providers = format!("cargo:token {credentials}");
        env.insert("CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS".into(), providers);
        env.insert("GH_CONFIG_DIR".into(), text(&self.folder.join("no-login")));
        env.insert(PROJECT.into(), text(&self.project));
        let given = env.get("GIT_CONFIG_COUNT").and_then(|count| count.parse().ok());
        let given: usize = given.unwrap_or(0);
        env.insert(format!("GIT_CONFIG_KEY_{given}"), "include.path".into());
        env.insert(format!("GIT_CONFIG_VALUE_{given}"), text(&self.folder.join(GIT_SETTINGS)));
        env.insert("GIT_CONFIG_COUNT".into(), (given + 1).to_string());
    }
}

/// The folders of a PATH, and how they were when they were looked through.
#[derive(Debug)]
struct SearchPath {
    folders: Vec<(PathBuf, Option<Stat>)>,
    /// Whether whatever comes to them later will show.
    settled: bool,
}

impl SearchPath {
    /// Looks at the folders, each once. What is relative counts from where commands start.
    fn of(path: &str, starts: &[&Path]) -> Self {
        let from = |folder: PathBuf| starts.iter().map(move |start| start.join(&folder));
        let mut folders: Vec<(PathBuf, Option<Stat>)> = Vec::new();
        let now = tree::now();
        for folder in std::env::split_paths(path).flat_map(from) {
            if folders.iter().all(|(known, _)| *known != folder) {
                let stat = tree::folder(&folder);
                folders.push((folder, stat));
            }
        }
        let mut there = folders.iter().filter_map(|(_, stat)| stat.as_ref());
        let settled = there.all(|stat| tree::is_settled(stat, now));
        Self { folders, settled }
    }

    /// Those of these programs that are there. What has the name of one and cannot be started may come to be it
    /// without a trace.
    fn those<'a>(&mut self, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let there = self.folders.iter().filter(|(_, stat)| stat.is_some());
        let held: Vec<_> = there.map(|(folder, _)| (folder, Held::open(folder).ok())).collect();
        let mut settled = self.settled;
        let mut is_there = |name: &&str| {
            held.iter().any(|(folder, held)| {
                let path = || folder.join(name);
                let found = held.as_ref().map_or_else(|| tree::look(&path()), |it| it.look(name));
                if found == Look::Gone {
                    return false;
                }
                let mut all = which::which_in_global(name, Some(folder)).into_iter().flatten();
                let starts = all.next().is_some();
                settled &= starts;
                starts
            })
        };
        let found = names.filter(|name| is_there(name)).collect();
        self.settled = settled;
        found
    }

    fn is_current(&self) -> bool {
        self.settled && self.folders.iter().all(|(folder, stat)| tree::folder(folder) == *stat)
    }
}

/// Settings that let git push to folders and to this machine alone.
fn git_settings() -> String {
    let line = |from: &str| format!("\tpushInsteadOf = \"{from}\"\n");
    let blocked: String = PUSHED.iter().map(|from| line(from)).collect();
    let allowed = LOOPBACK.iter().map(|from| format!("[url \"{from}\"]\n{}", line(from)));
    format!("[url \"{NO_HELPER}\"]\n{blocked}{}", allowed.collect::<String>())
}

/// The file in which shims note what they refused to a task with this folder for its outputs: beside
/// it, so that it is no output.
fn report(out: &OsStr) -> PathBuf {
    let mut name = out.to_owned();
    name.push(".refused");
    name.into()
}

/// Why shims refused something to the task with this folder for its outputs, since the last look.
pub fn refused(out: &Path) -> Vec<String> {
    let report = report(out.as_os_str());
    let Ok(lines) = std::fs::read_to_string(&report) else { return Vec::new() };
    let _ = std::fs::remove_file(report);
    lines.lines().map(str::to_owned).collect()
}

/// A folder is filled before it gets its name, so that another run never sees half of it.
fn make(folder: &Path, program: &Path, names: &[&str]) -> io::Result<()> {
    let parent = folder.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent)?;
    let draft = tempfile::Builder::new().prefix(".making-").tempdir_in(parent)?;
    for name in names {
        link(program, &draft.path().join(name))?;
    }
    std::fs::create_dir(draft.path().join("no-login"))?;
    std::fs::write(draft.path().join(GIT_SETTINGS), git_settings())?;
    match std::fs::rename(draft.path(), folder) {
        Err(_) if folder.is_dir() => Ok(()),
        done => done,
    }
}

/// The same file under another name, so that it stays when rel is removed, and whoever follows links
/// does not end at a program of another name.
#[cfg(unix)]
fn link(program: &Path, name: &Path) -> io::Result<()> {
    std::fs::hard_link(program, name).or_else(|_| std::os::unix::fs::symlink(program, name))
}

/// Other systems start programs by their extension: there the variables alone hold.
#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}

/// The publisher that this process was started as, if it was.
pub fn called_as() -> Option<&'static str> {
    let first = std::env::args_os().next()?;
    let name = Path::new(&first).file_name()?.to_str()?;
    publisher::programs().chain([CREDENTIALS]).find(|program| *program == name)
}

/// Acts as `program`: refuses what publishes, else becomes the real one.
pub fn stand_in(program: &str) -> ExitCode {
    if program == CREDENTIALS {
        return give_credentials();
    }
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let real = real_program(program);
    if let Err(wrong) = judge(program, &words, real.as_deref()) {
        note(&wrong.message);
        let _ = writeln!(io::stderr(), "rel: {}", wrong.message);
        return ExitCode::from(Exit::REFUSED.0);
    }
    let Some(real) = real else {
        let _ = writeln!(io::stderr(), "rel: no program `{program}` on PATH");
        return ExitCode::from(127);
    };
    become_program(&real, &words)
}

fn judge(program: &str, words: &[OsString], real: Option<&Path>) -> Result<(), Box<Diagnostic>> {
    let texts: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let line: Vec<&str> =
        std::iter::once(program).chain(texts.iter().map(String::as_str)).collect();
    let judged = publisher::refuse_words(&line);
    match (&judged, real) {
        (Err(_), Some(git)) if program == "git" && stays_here(git, words, &texts) => Ok(()),
        _ => judged,
    }
}

/// Tells the run what was refused: a script may well ignore how a command ended. Not with all its
/// words, among which may be a password.
fn note(message: &str) {
    let Some(out) = std::env::var_os(OUT) else { return };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(report(&out));
    // Nobody is left to tell if this fails; the command is refused all the same.
    let _ = file.and_then(|mut file| file.write_all(format!("{message}\n").as_bytes()));
}

/// Whether a push goes to a folder of this machine, from another repository than the project's:
/// what the tests of many tools do.
fn stays_here(git: &Path, words: &[OsString], texts: &[String]) -> bool {
    let Some(at) = texts.iter().position(|word| word == "push") else { return false };
    let ask = |more: &[&str]| -> Option<String> {
        let asked = Command::new(git).args(&words[..at]).args(more).output().ok()?;
        let text = String::from_utf8(asked.stdout).ok()?.trim().to_owned();
        (asked.status.success() && !text.is_empty()).then_some(text)
    };
    let place = ["rev-parse", "--path-format=absolute", "--git-common-dir"];
    let projects = std::env::var_os(PROJECT).and_then(|folder| {
        let asked = Command::new(git).arg("-C").arg(folder).args(place).output().ok()?;
        Some(String::from_utf8_lossy(&asked.stdout).trim().to_owned())
    });
    let Some(here) = ask(&place).filter(|here| Some(here) != projects.as_ref()) else {
        return false;
    };
    let remote = push_target(&texts[at + 1..]).map(str::to_owned).or_else(|| {
        let branch = ask(&["symbolic-ref", "-q", "HEAD"])?;
        ask(&["for-each-ref", "--format=%(push:remotename)", &branch])
    });
    let remote = remote.unwrap_or_else(|| "origin".into());
    let addresses = ask(&["remote", "get-url", "--push", "--all", &remote]).unwrap_or(remote);
    !here.is_empty() && addresses.lines().all(|to| is_folder(to) || publisher::is_loopback(to))
}

/// The remote or address that the words after `push` name, if they do.
fn push_target(words: &[String]) -> Option<&str> {
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-o" | "--push-option" | "--receive-pack" | "--exec" => _ = words.next(),
            "--repo" => return words.next(),
            word if word.starts_with("--repo=") => return word.strip_prefix("--repo="),
            word if word.starts_with('-') => {}
            word => return Some(word),
        }
    }
    None
}

/// Whether git takes this address for a folder (`gitprotocol`: a colon before the first slash means
/// another machine).
fn is_folder(address: &str) -> bool {
    address.starts_with("file://")
        || !address.contains("://")
            && address.find(':').is_none_or(|colon| address[..colon].contains('/'))
}

/// Variable with the programs that shims have become on the way here.
const PASSED: &str = "REL_SHIM_PASSED";

/// The program of this name behind the shims on PATH. What stands before them is passed over, so that
/// two sets of shims never call each other; so is a version manager's own shim that was called before.
fn real_program(name: &str) -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let path = std::env::var_os("PATH")?;
    let here = std::env::current_dir().unwrap_or_default();
    let found: Vec<PathBuf> = which::which_in_all(name, Some(path), here).ok()?.collect();
    let behind = found.iter().rposition(|path| is_same(path, &own)).map_or(0, |at| at + 1);
    let passed = std::env::var(PASSED).unwrap_or_default();
    let looped = |path: &&PathBuf| {
        let manager = path.parent().is_some_and(|folder| folder.ends_with("shims"));
        manager && passed.split('\n').any(|known| Path::new(known) == path.as_path())
    };
    found[behind..].iter().find(|path| !looped(path)).cloned()
}

#[cfg(unix)]
fn is_same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let about = |path: &Path| path.metadata().ok().map(|about| (about.dev(), about.ino()));
    about(one).is_some() && about(one) == about(other)
}

#[cfg(not(unix))]
fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok() == other.canonicalize().ok()
}

/// Speaks cargo's credential provider protocol, version 1.
fn give_credentials() -> ExitCode {
    let say = |line: &str| writeln!(io::stdout(), "{line}").and_then(|()| io::stdout().flush());
    let mut said = say(r#"{"v":[1]}"#);
    for request in io::stdin().lines().map_while(Result::ok) {
        let request: serde_json::Value = serde_json::from_str(&request).unwrap_or_default();
        let operation = request["operation"].as_str().unwrap_or_default();
        said = said.and_then(|()| {
            // To read crates.io nobody needs a token: cargo asks for one before it publishes.
            let read = request["kind"] == "get" && operation == "read";
            if read && request["registry"]["name"] != "crates-io" {
                return say(r#"{"Err":{"kind":"url-not-supported"}}"#);
            }
            let what = match operation {
                "" => "login",
                "read" => "publish",
                other => other,
            };
            let why = format!("`cargo {what}` publishes, and would do so in a dry run too");
            note(&why);
            let answer = serde_json::json!({ "Err": { "kind": "other", "message": format!("rel: {why}"), "caused-by": [] } });
            say(&answer.to_string())
        });
    }
    ExitCode::from(u8::from(said.is_err()))
}

#[cfg(unix)]
fn become_program(real: &Path, words: &[OsString]) -> ExitCode {
    use std::os::unix::process::CommandExt as _;
    let mut passed = std::env::var_os(PASSED).unwrap_or_default();
    passed.push("\n");
    passed.push(real);
    let error = Command::new(real).args(words).env(PASSED, passed).exec();
    let _ = writeln!(io::stderr(), "rel: cannot start {}: {error}", real.display());
    ExitCode::from(126)
}

#[cfg(not(unix))]
fn become_program(real: &Path, words: &[OsString]) -> ExitCode {
    let ended = Command::new(real).args(words).status().ok().and_then(|status| status.code());
    ExitCode::from(ended.and_then(|code| u8::try_from(code).ok()).unwrap_or(126))
}

#[cfg(test)]
mod tests {
    use super::{is_folder, push_target};

    #[test]
    fn what_is_pushed_to_is_found_among_the_words() {
        let target = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            push_target(&words).map(str::to_owned)
        };
        assert_eq!(target("--tags origin main"), Some("origin".into()));
        assert_eq!(target("-o x --force ../bare"), Some("../bare".into()));
        assert_eq!(target("--repo=/srv/x"), Some("/srv/x".into()));
        assert_eq!(target("--all"), None);
    }

    #[test]
    fn only_paths_are_folders() {
        for address in ["/srv/x.git", "../x", "x", "file:///srv/x", "./a:b"] {
            assert!(is_folder(address), "{address}");
        }
        for address in ["https://h/x", "git@h:x", "host:x", "ssh://h/x"] {
            assert!(!is_folder(address), "{address}");
        }
    }
}
