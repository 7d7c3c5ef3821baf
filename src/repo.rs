//! The repository around a project: its commit, tags and state, and where rel keeps its own.
//!
//! Reads through the git program, as the user has set it up, but for what every run needs (`plain`);
//! writes nothing but what a shallow clone lacks. State lives in `<git common dir>/rel`, because a folder in the work tree gets packed into
//! source archives.

mod plain;
mod tracked;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::diag::{Diagnostic, Outcome};
use crate::host::proc::{self, Ended, Launch};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::model::command::Cmd;
use crate::model::effect::Release;
use crate::version;

/// A project's repository, asked lazily: each answer is fetched once.
pub struct Repo<'a> {
    host: &'a Host,
    root: PathBuf,
    plain: OnceLock<Option<plain::Folders>>,
    places: OnceLock<Option<Places>>,
    commit: OnceLock<Option<Commit>>,
    head: OnceLock<Option<Head>>,
}

struct Places {
    common: PathBuf,
    prefix: String,
}

/// The commit that HEAD is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Full object name.
    pub name: String,
    /// Commit time, in seconds since 1970.
    pub time: u64,
}

/// The commit that HEAD is at, with its tags.
#[derive(Debug, Clone)]
pub struct Head {
    /// Full object name.
    pub commit: String,
    /// Commit time, in seconds since 1970.
    pub time: u64,
    /// Tags that point at it, the highest version first.
    pub tags: Vec<String>,
}

/// A commit of the history.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Full object name.
    pub commit: String,
    /// Its author's name and address, as the mail map of the repository has them.
    pub author: String,
    /// See `author`.
    pub email: String,
    /// The whole message.
    pub message: String,
}

/// The user's folder for rel's state, for what has no repository; `None` where nobody is at home.
pub fn states(host: &Host) -> Option<PathBuf> {
    let base = host.env.get("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| Some(Path::new(host.env.get("HOME")?).join(".local/state")));
    base.filter(|base| base.is_absolute()).map(|base| base.join("rel"))
}

impl<'a> Repo<'a> {
    /// The repository around the project in `root`.
    pub fn new(host: &'a Host, root: PathBuf) -> Self {
        let (plain, places) = (OnceLock::new(), OnceLock::new());
        Self { host, root, plain, places, commit: OnceLock::new(), head: OnceLock::new() }
    }

    /// The project's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit, if there is a repository with one.
    pub fn commit(&self) -> Option<&Commit> {
        self.commit.get_or_init(|| self.read_commit()).as_ref()
    }

    /// The commit with its tags, if there is a repository with one.
    pub fn head(&self) -> Option<&Head> {
        self.head.get_or_init(|| self.read_head()).as_ref()
    }

    /// The release that a run of this commit is.
    pub fn release(&self) -> Option<Release> {
        let project = self.places()?.prefix.trim_end_matches('/');
        let project = if project.is_empty() { ".".into() } else { project.to_owned() };
        Some(Release { commit: self.commit()?.name.clone(), project })
    }

    /// Changed and untracked files below the project, as git's short status lines; `None` if git
    /// cannot tell. The file at `except` does not count.
    pub fn changes(&self, except: Option<&Path>) -> Option<Vec<String>> {
        let except = except.and_then(|path| self.inside(path));
        let except = except.map(|path| format!(":(exclude,literal){}", path.display()));
        let mut words = vec!["status", "--porcelain", "--untracked-files=normal", "--", "."];
        words.extend(except.as_deref());
        self.git(&words).map(|text| text.lines().map(str::to_owned).collect())
    }

    /// Files below the project that git does not track, the ignored ones too; none outside a repository.
    pub fn untracked(&self) -> Vec<String> {
        let text = self.git(&["ls-files", "--others", "-z"]).unwrap_or_default();
        text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
    }

    /// Those of these paths that git ignores; `None` outside a repository.
    pub fn ignored(&self, paths: &[PathBuf]) -> Option<BTreeSet<PathBuf>> {
        self.places()?;
        let mut list = tempfile::NamedTempFile::new().ok()?;
        for path in paths.iter().filter_map(|path| path.to_str()) {
            write!(list, "{path}\0").ok()?;
        }
        let words = ["git", "--no-optional-locks", "check-ignore", "--stdin", "-z"];
        let cmd = Cmd::Argv(words.map(str::to_owned).into());
        let env = self.host.env.for_child(&[]);
        let launch = Launch::own(&cmd, &self.root, &env);
        // Its exit code is 1 where it ignores none.
        let asked = proc::filter(&launch, list.path(), &Stop::default(), |_| {});
        let bytes = asked.map(|(_, bytes)| bytes).unwrap_or_default();
        let ignored = bytes.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Some(ignored.map(|path| PathBuf::from(&*String::from_utf8_lossy(path))).collect())
    }

    /// The path relative to the project, if it lies there. The file itself may not exist yet.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        let folder = fs::real(path.parent()?).ok()?;
        let root = fs::real(&self.root).ok()?;
        Some(folder.join(path.file_name()?).strip_prefix(root).ok()?.to_owned())
    }

    /// Whether the history is cut off; `None` if git cannot tell.
    pub fn is_shallow(&self) -> Option<bool> {
        self.git(&["rev-parse", "--is-shallow-repository"]).map(|text| text.trim() == "true")
    }

    /// The folder that git does not look at, since it belongs to somebody else (`safe.directory` in
    /// `git-config(1)`).
    pub fn distrusted(&self) -> Option<String> {
        let (_, said) = self.ask(&["rev-parse", "--git-dir"], &Stop::default());
        let line = said.into_iter().find(|line| line.contains("dubious ownership"))?;
        Some(line.split('\'').nth(1).unwrap_or(".").to_owned())
    }

    /// Whether a tag is signed, by somebody whose key git knows and trusts.
    ///
    /// # Errors
    /// What git says against it.
    pub fn verify_tag(&self, tag: &str) -> Result<(), Vec<String>> {
        let (good, said) = self.ask(&["verify-tag", "--", tag], &Stop::default());
        if good { Ok(()) } else { Err(said) }
    }

    /// Whether one commit is before another, or the same. A commit that is not here is before none.
    pub fn is_before(&self, one: &str, other: &str) -> bool {
        self.git(&["merge-base", "--is-ancestor", one, other]).is_some()
    }

    /// The remote that a branch is pushed to: its own, else `origin`.
    pub fn remote_of(&self, branch: &str) -> String {
        let own = self.git(&["config", "--get", &format!("branch.{branch}.remote")]);
        own.map_or_else(|| "origin".to_owned(), |name| name.trim().to_owned())
    }

    /// Fetches what a shallow clone left out, and all tags.
    ///
    /// # Errors
    /// What git says.
    pub fn unshallow(&self, stop: &Stop) -> Result<(), Vec<String>> {
        let (good, said) = self.ask(&["fetch", "--quiet", "--unshallow", "--tags"], stop);
        if good { Ok(()) } else { Err(said) }
    }

    /// All tags, the highest version first; none outside a repository.
    pub fn tags(&self) -> Vec<String> {
        self.listed_tags(&["--list"])
    }

    /// The address of a remote, if there is one of this name.
    pub fn remote(&self, name: &str) -> Option<String> {
        Some(self.git(&["remote", "get-url", name])?.trim().to_owned())
    }

    /// `owner/name` of the repository on GitHub: as the CI service has it, else `origin`.
    pub fn on_github(&self) -> Option<String> {
        let in_ci = self.host.env.get("GITHUB_REPOSITORY").map(str::to_owned);
        in_ci.or_else(|| self.host.endpoints.github.repository_of(&self.remote("origin")?))
    }

    /// The commit that a name leads to: of a commit, a branch, a tag.
    pub fn commit_of(&self, name: &str) -> Option<String> {
        let wanted = format!("{name}^{{commit}}");
        let words = ["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted];
        Some(self.git(&words)?.trim().to_owned())
    }

    /// The tags of a remote, each with the commit or other object that it leads to; nobody is asked for
    /// a login.
    ///
    /// # Errors
    /// Git is not there, or the remote does not answer. What git says is not told: it may show the
    /// remote's address, and a login in it.
    pub fn remote_tags(&self, remote: &str, stop: &Stop) -> Result<Vec<(String, String)>, String> {
        self.listed_at(remote, "--tags", stop).map(|text| listed(&text, "refs/tags/"))
    }

    /// The branches of a remote, each with its commit.
    ///
    /// # Errors
    /// As [`Repo::remote_tags`].
    pub fn remote_branches(
        &self,
        remote: &str,
        stop: &Stop,
    ) -> Result<Vec<(String, String)>, String> {
        self.listed_at(remote, "--heads", stop).map(|text| listed(&text, "refs/heads/"))
    }

    fn listed_at(&self, remote: &str, what: &str, stop: &Stop) -> Result<String, String> {
        let words = ["git", "--no-optional-locks", "ls-remote", "--quiet", what, "--", remote];
        let cmd = Cmd::Argv(words.map(str::to_owned).into());
        let env = self.unasked();
        let launch = Launch::own(&cmd, &self.root, &env);
        match proc::capture(&launch, stop, |_| {}) {
            Ok((Ended::Ok, text)) => Ok(text),
            _ => Err(format!("`git ls-remote {remote}` does not answer")),
        }
    }

    /// The variables of a git that asks nobody for a login.
    fn unasked(&self) -> BTreeMap<String, String> {
        let mut env = self.host.env.for_child(&[]);
        env.insert("GIT_TERMINAL_PROMPT".into(), "0".into());
        env.entry("GIT_SSH_COMMAND".into()).or_insert_with(|| "ssh -o BatchMode=yes".into());
        env
    }

    /// Runs a git command; whether it succeeded, and what it said besides its output, in English.
    fn ask(&self, words: &[&str], stop: &Stop) -> (bool, Vec<String>) {
        let argv = ["git"].iter().chain(words).map(ToString::to_string).collect();
        let mut env = self.unasked();
        env.insert("LC_ALL".into(), "C".into());
        let cmd = Cmd::Argv(argv);
        let launch = Launch::own(&cmd, &self.root, &env);
        let mut said = Vec::new();
        let ended = proc::capture(&launch, stop, |line| said.push(line));
        (matches!(ended, Ok((Ended::Ok, _))), said)
    }

    /// The address that a push to a remote goes to, if there is one of this name.
    pub fn pushes_to(&self, name: &str) -> Option<String> {
        Some(self.git(&["remote", "get-url", "--push", "--", name])?.trim().to_owned())
    }

    /// The object that a tag is: an annotation, or what it points at if it has none.
    pub fn tag(&self, name: &str) -> Option<String> {
        let name = format!("refs/tags/{name}");
        Some(self.git(&["rev-parse", "--verify", "--quiet", &name])?.trim().into())
    }

    /// The folder that the whole work tree is in.
    pub fn top(&self) -> Option<PathBuf> {
        let text = self.git(&["rev-parse", "--show-toplevel"])?;
        Some(PathBuf::from(text.trim_end_matches('\n')))
    }

    /// The branch that is checked out, if one is.
    pub fn branch(&self) -> Option<String> {
        let text = self.git(&["symbolic-ref", "--quiet", "--short", "HEAD"])?;
        Some(text.trim().to_owned())
    }

    /// Commits of a range, newest first: name, author, subject, body. `None` if git has no such range.
    pub fn log(&self, range: &str) -> Option<Vec<[String; 4]>> {
        let format = "--format=%H%x1f%an%x1f%s%x1f%b%x1e";
        let words = ["log", "--no-show-signature", format, "--end-of-options", range, "--"];
        let text = self.git(&words)?;
        let commits = text.split('\u{1e}').map(str::trim).filter(|commit| !commit.is_empty());
        let parts = |commit: &str| -> Option<[String; 4]> {
            let mut parts = commit.splitn(4, '\u{1f}').map(|part| part.trim().to_owned());
            Some([parts.next()?, parts.next()?, parts.next()?, parts.next()?])
        };
        commits.map(parts).collect()
    }

    /// What changed the project since a tag or commit, or ever, the oldest first; merges are left out.
    /// `None` if git does not know the tag.
    pub fn history(&self, since: Option<&str>) -> Option<Vec<Logged>> {
        let format = "--format=%H%x1f%aN%x1f%aE%x1f%B%x1e";
        let range = since.map_or_else(|| "HEAD".into(), |since| format!("{since}..HEAD"));
        let mut words = vec!["log", "--no-show-signature", "--topo-order", "--reverse"];
        words.extend(["--no-merges", format, "--end-of-options", &range, "--"]);
        // Of a project below the top, what others changed is not told.
        words.extend(self.places().filter(|places| !places.prefix.is_empty()).map(|_| "."));
        let text = self.git(&words)?;
        let commits = text.split('\u{1e}').map(str::trim).filter(|commit| !commit.is_empty());
        let logged = |commit: &str| -> Option<Logged> {
            let mut parts = commit.splitn(4, '\u{1f}').map(|part| part.trim().to_owned());
            let (commit, author) = (parts.next()?, parts.next()?);
            Some(Logged { commit, author, email: parts.next()?, message: parts.next()? })
        };
        commits.map(logged).collect()
    }

    /// Tags of HEAD and of what came before it, the highest version first.
    pub fn tags_behind(&self) -> Vec<String> {
        self.listed_tags(&["--list", "--merged", "HEAD"])
    }

    /// Git's own order of versions has `v1.1rc1` above `v1.1`, unless it is set up otherwise.
    fn listed_tags(&self, which: &[&str]) -> Vec<String> {
        let words = [&["tag", "--sort=-version:refname"], which].concat();
        let text = self.git(&words).unwrap_or_default();
        let mut tags: Vec<String> = text.lines().map(str::to_owned).collect();
        version::newest_first(&mut tags);
        tags
    }

    /// The folder for this project's state.
    ///
    /// # Errors
    /// No repository, and no home folder either.
    pub fn state(&self) -> Outcome<PathBuf> {
        if let Some(places) = self.places() {
            return Ok(places.common.join("rel").join(own_name(&places.prefix)));
        }
        let name = Digest::of(self.root.to_string_lossy().as_bytes());
        states(self.host).map(|all| all.join(name.short())).ok_or_else(|| {
            let wrong = Diagnostic::machine("there is no place for state: no repository, no HOME");
            Box::new(wrong.hint("run `git init`, or set HOME"))
        })
    }

    fn plain(&self) -> Option<&plain::Folders> {
        self.plain.get_or_init(|| plain::Folders::around(self.host, &self.root)).as_ref()
    }

    fn places(&self) -> Option<&Places> {
        self.places.get_or_init(|| self.read_places()).as_ref()
    }

    fn read_places(&self) -> Option<Places> {
        if let Some(plain) = self.plain() {
            return Some(Places { common: plain.common.clone(), prefix: plain.prefix.clone() });
        }
        let words = ["rev-parse", "--path-format=absolute", "--git-common-dir", "--show-prefix"];
        let text = self.git(&words)?;
        let mut lines = text.lines();
        let common = PathBuf::from(lines.next()?);
        Some(Places { common, prefix: lines.next().unwrap_or("").to_owned() })
    }

    fn read_commit(&self) -> Option<Commit> {
        let name = self.plain().and_then(plain::Folders::commit);
        let Some(name) = name else { return self.ask_commit() };
        let memo = self.state().ok()?.join("commit");
        let known = || {
            let text = fs::read_text(&memo).ok()?;
            let (commit, time) = text.trim().split_once(' ')?;
            time.parse().ok().filter(|_| commit == name)
        };
        if let Some(time) = self.plain().and_then(|plain| plain.time(&name)).or_else(known) {
            return Some(Commit { name, time });
        }
        let asked = self.ask_commit()?;
        // A commit never changes: what is known of it is asked once. Unwritten it is asked again.
        let _ = fs::replace(&memo, &format!("{} {}\n", asked.name, asked.time));
        Some(asked)
    }

    fn ask_commit(&self) -> Option<Commit> {
        let text = self.git(&["log", "-1", "--no-show-signature", "--format=%H %ct", "HEAD"])?;
        let (name, time) = text.trim().split_once(' ')?;
        Some(Commit { name: name.into(), time: time.parse().ok()? })
    }

    fn read_head(&self) -> Option<Head> {
        let Commit { name, time } = self.commit()?.clone();
        let tags = self.listed_tags(&["--points-at", &name]);
        Some(Head { commit: name, time, tags })
    }

    /// The output of a git command that only reads; `None` if it fails.
    fn git(&self, words: &[&str]) -> Option<String> {
        let argv =
            ["git", "--no-optional-locks"].iter().chain(words).map(ToString::to_string).collect();
        let cmd = Cmd::Argv(argv);
        let env = self.host.env.for_child(&[]);
        let launch = Launch::own(&cmd, &self.root, &env);
        match proc::capture(&launch, &Stop::default(), |_| {}) {
            Ok((Ended::Ok, text)) => Some(text),
            _ => None,
        }
    }
}

/// The name of a project's own folder, by where it lies in the work tree; different places stay different.
fn own_name(prefix: &str) -> String {
    match prefix.trim_end_matches('/') {
        "" => "top".into(),
        place => {
            let place = place.replace('%', "%25").replace('+', "%2B").replace('/', "+");
            format!("in-{place}")
        }
    }
}

/// The refs below `start` in a list: what an annotated tag leads to stands behind it, as `NAME^{}`.
fn listed(text: &str, start: &str) -> Vec<(String, String)> {
    let mut refs: Vec<(String, String)> = Vec::new();
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    for (object, name) in lines {
        let Some(name) = name.strip_prefix(start) else { continue };
        match (name.strip_suffix("^{}"), refs.last_mut()) {
            (Some(whole), Some((last, commit))) if last == whole => object.clone_into(commit),
            _ => refs.push((name.to_owned(), object.to_owned())),
        }
    }
    refs
}

#[cfg(test)]
mod tests {
    use super::{listed, own_name};

    #[test]
    fn each_project_of_a_repository_has_a_folder_of_its_own() {
        let names = ["", "a/b/", "a+b/", "a%2Bb/", "top/"].map(own_name);
        assert_eq!(names, ["top", "in-a+b", "in-a%2Bb", "in-a%252Bb", "in-top"]);
    }

    #[test]
    fn an_annotated_tag_leads_to_its_commit() {
        let text =
            "11\trefs/tags/v1.0\n22\trefs/tags/v1.1\n33\trefs/tags/v1.1^{}\n44\trefs/heads/x\n";
        let tag = |name: &str, commit: &str| (name.to_owned(), commit.to_owned());
        assert_eq!(listed(text, "refs/tags/"), [tag("v1.0", "11"), tag("v1.1", "33")]);
        assert_eq!(listed(text, "refs/heads/"), [tag("x", "44")]);
    }
}
