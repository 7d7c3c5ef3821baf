//! What the files of a repository tell without git: where it is, and the commit that HEAD is at.
//!
//! Each run needs both, and starting git takes longer than many a task. Only the plainest layout is
//! read (`gitrepository-layout(5)`, `gitformat-loose(5)`); whatever might make git see something else
//! (a variable, another owner, an extension, a replaced object) is left to git. Turned down: a
//! library that reads all of git, for two facts.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::host::{Host, fs};

/// Variables of git's that change nothing of where a repository is.
const HARMLESS: &[&str] = &[
    "GIT_ASKPASS",
    "GIT_AUTHOR_DATE",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_NAME",
    "GIT_COMMITTER_DATE",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EDITOR",
    "GIT_PAGER",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_TERMINAL_PROMPT",
];

/// Beginnings of others, which are for requests and for those who look at git itself.
const HARMLESS_KINDS: &[&str] = &["GIT_HTTP_", "GIT_PROXY_", "GIT_SSL_", "GIT_TRACE"];

/// Most that is read of a commit, in bytes: who committed stands at its beginning.
const HEADERS: u64 = 64 * 1024;

/// Where a repository lies.
pub(super) struct Folders {
    /// What belongs to this work tree.
    pub(super) own: PathBuf,
    /// What all work trees share.
    pub(super) common: PathBuf,
    /// The project's folder below the work tree, with `/` at its end; empty at its top.
    pub(super) prefix: String,
}

impl Folders {
    /// The repository around a project, if it is a plain one.
    pub(super) fn around(host: &Host, root: &Path) -> Option<Self> {
        if host.env.names().any(steers) {
            return None;
        }
        // Without the program there is no repository for anything else of rel either.
        fs::which("git", host.env.get("PATH"), root)?;
        let root = fs::real(root).ok()?;
        let top = top(&root)?;
        let own = own_folder(top)?;
        let common = match fs::read_text(&own.join("commondir")) {
            Ok(text) => fs::real(&own.join(text.trim_end())).ok()?,
            Err(_) => own.clone(),
        };
        let mine = |path: &Path| fs::origin(path).is_ok_and(|origin| origin.own);
        let whole = fs::is_file(&own.join("HEAD"))
            && fs::is_dir(&common.join("objects"))
            && fs::is_dir(&common.join("refs"));
        if !whole || ![top, &top.join(".git"), &own, &common].into_iter().all(mine) {
            return None;
        }
        is_plain(&fs::read_text(&common.join("config")).ok()?).then_some(())?;
        let below = root.strip_prefix(top).ok()?.to_str()?;
        let prefix = if below.is_empty() { String::new() } else { format!("{below}/") };
        Some(Self { own, common, prefix })
    }

    /// The name of the commit that HEAD is at; `None` if that is for git to say.
    pub(super) fn commit(&self) -> Option<String> {
        let replaced = self.common.join("refs/replace");
        let packed = fs::read_text(&self.common.join("packed-refs")).unwrap_or_default();
        if packed.contains(" refs/replace/") || !fs::names(&replaced).is_empty() {
            return None;
        }
        let head = fs::read_text(&self.own.join("HEAD")).ok()?;
        let Some(branch) = head.trim_end().strip_prefix("ref: ") else { return name(&head) };
        if !branch.starts_with("refs/heads/") {
            return None;
        }
        match fs::read_text(&self.common.join(branch)) {
            Ok(text) => name(&text),
            Err(_) => {
                let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
                name(lines.find(|(_, known)| *known == branch)?.0)
            }
        }
    }

    /// When a commit was made, in seconds since 1970, if it lies in a file of its own.
    pub(super) fn time(&self, commit: &str) -> Option<u64> {
        let (folder, file) = commit.split_at_checked(2)?;
        let file = fs::open(&self.common.join("objects").join(folder).join(file)).ok()?;
        let mut bytes = Vec::new();
        flate2::read::ZlibDecoder::new(file).take(HEADERS).read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let headers = text.strip_prefix("commit ")?.split("\n\n").next()?;
        let committer = headers.lines().find(|line| line.starts_with("committer "))?;
        committer.rsplit(' ').nth(1)?.parse().ok()
    }
}

/// Whether a variable might make git see another repository.
fn steers(name: &str) -> bool {
    let harmless =
        HARMLESS.contains(&name) || HARMLESS_KINDS.iter().any(|kind| name.starts_with(kind));
    name.starts_with("GIT_") && !harmless
}

/// The work tree around a folder; git does not look beyond a file system, nor where a folder might be
/// a repository itself.
fn top(root: &Path) -> Option<&Path> {
    let device = fs::origin(root).ok()?.device;
    for folder in root.ancestors() {
        if fs::origin(folder).ok()?.device != device {
            return None;
        }
        if fs::exists(&folder.join(".git")) {
            return Some(folder);
        }
        if fs::exists(&folder.join("HEAD")) {
            return None;
        }
    }
    None
}

/// The folder that `.git` is or names.
fn own_folder(top: &Path) -> Option<PathBuf> {
    let dot = top.join(".git");
    if fs::is_dir(&dot) {
        return fs::real(&dot).ok();
    }
    let text = fs::read_text(&dot).ok()?;
    fs::real(&top.join(text.strip_prefix("gitdir: ")?.trim_end())).ok()
}

/// Whether a repository's settings leave it where it is found, in the form that is read here.
fn is_plain(config: &str) -> bool {
    config.lines().all(|line| {
        let line: String =
            line.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
        let moves = ["[include", "[extensions", "worktree"].iter().any(|word| line.contains(word));
        !moves && (!line.contains("bare") || line == "bare=false")
    })
}

/// The full name of an object, of SHA-1.
fn name(text: &str) -> Option<String> {
    let name = text.trim_end();
    let is_name = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_name.then(|| name.to_owned())
}
