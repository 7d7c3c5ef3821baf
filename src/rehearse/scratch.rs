//! The copy that a rehearsal works on: a clone of HEAD with a tag, whose `origin` is in the world.
//!
//! The user's checkout, configuration and home are read and never written. The copy stands at the same
//! place each time, so that what tools keep by path is warm the second time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::owned;
use crate::diag::{Diagnostic, Outcome};
use crate::host::endpoints::GitHub;
use crate::host::proc::{self, Ended, Launch};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::command::Cmd;
use crate::version::{self, Places};

/// A copy, ready to be released.
#[derive(Debug, Clone)]
pub struct Scratch {
    /// The user's folder with the Releasefile.
    pub root: PathBuf,
    /// The same in the copy.
    pub checkout: PathBuf,
    /// An empty home.
    pub home: PathBuf,
    /// Its commit.
    pub commit: String,
    /// What is released: the tag; or the branch, where tasks tag it themselves.
    pub tag: String,
    /// Whether the tag is made up, since nothing tells the version.
    pub guessed: bool,
    /// The whole name of that.
    pub reference: String,
    /// The branch that was checked out, else `main`.
    pub branch: String,
    /// `owner/name`, as the user's `origin` has it, else made up.
    pub repository: String,
    /// Changes of the user's checkout that are not committed, as git's short status lines.
    pub changes: Vec<String>,
}

/// What to take.
#[derive(Debug)]
pub struct Wanted {
    /// The commit, as [`head`] tells it: whatever is committed meanwhile, all copies are the same.
    pub commit: String,
    /// Changes that are not committed come along.
    pub dirty: bool,
    /// The tag to release.
    pub tag: Option<String>,
    /// Tasks commit and tag themselves: the branch is checked out, and HEAD gets no tag.
    pub edits: bool,
}

/// The commit that the user stands at.
///
/// # Errors
/// There is none.
pub fn head(host: &Host, root: &Path) -> Outcome<String> {
    let git = Git { host, date: None };
    git.ask(root, &["rev-parse", "--verify", "HEAD^{commit}"]).ok_or_else(no_commit)
}

/// Makes the copy of the project in `root` below `place`, whose `origin` is on `github`.
///
/// # Errors
/// There is no commit, or git fails.
pub fn make(
    host: &Host,
    root: &Path,
    place: &Path,
    github: &GitHub,
    wanted: &Wanted,
) -> Outcome<Scratch> {
    let commit = &wanted.commit;
    let mut git = Git { host, date: None };
    git.date = git.ask(root, &["show", "--no-patch", "--format=@%ct +0000", commit]);
    let read = |words: &[&str]| git.ask(root, words);
    let top = read(&["rev-parse", "--show-toplevel"]).ok_or_else(no_commit)?;
    let prefix = read(&["rev-parse", "--show-prefix"]).unwrap_or_default();
    let changes = git.lines(root, &["status", "--porcelain", "--untracked-files=all", "--", "."]);
    let (checkout, home) = (place.join("checkout"), place.join("home"));
    for folder in [&checkout, &home] {
        let emptied = if fs::exists(folder) { fs::remove_dir(folder) } else { Ok(()) };
        emptied.and_then(|()| fs::make_dir(folder)).map_err(|error| {
            Diagnostic::machine(format!("cannot make {}: {error}", folder.display()))
        })?;
    }
    if prefix.is_empty() {
        whole(&git, place, &checkout, &top, commit)?;
    } else {
        alone(&git, root, &checkout, &format!("{commit}:{}", prefix.trim_end_matches('/')))?;
    }
    if wanted.dirty {
        take_changes(&git, root, &checkout)?;
    }
    let branch = read(&["symbolic-ref", "--quiet", "--short", "HEAD"]);
    let branch = branch.unwrap_or_else(|| "main".into());
    let (tag, reference, guessed) = named(&git, root, &checkout, wanted, &branch)?;
    let repository = repository(&git, root, github);
    let origin = format!("{}/{repository}.git", github.web);
    git.ask(&checkout, &["remote", "remove", "origin"]);
    git.must(&checkout, &["remote", "add", "origin", &origin])?;
    let commit = git.must(&checkout, &["rev-parse", "HEAD"])?;
    let root = root.to_owned();
    Ok(Scratch {
        root,
        checkout,
        home,
        commit,
        tag,
        guessed,
        reference,
        branch,
        repository,
        changes,
    })
}

/// Lets git push to `origin` as the action does that checks out on a runner: by a header of every
/// request to the site. Remotes over SSH lead there too, and commits are the user's own.
///
/// # Errors
/// Git fails.
pub fn log_in(host: &Host, scratch: &Scratch, github: &GitHub, token: &str) -> Outcome<()> {
    let git = Git { host, date: None };
    let file = scratch.home.join(".gitconfig");
    let set = |key: &str, value: &str| git.set(&scratch.checkout, &file, key, value);
    settle(&git, &scratch.checkout, &scratch.home, github)?;
    git.set(&scratch.checkout, &file, &header(github), &authorization(token))?;
    for (key, usual) in [("user.name", "rehearsal"), ("user.email", "rehearsal@localhost")] {
        let own = git.ask(&scratch.root, &["config", "--get", key]);
        set(key, own.as_deref().unwrap_or(usual))?;
    }
    Ok(())
}

/// Checks the copy out once more, as the action on a runner does: in a folder and with a home of a job's own.
/// Its login stays there if there is a `token`; nobody is known to git as the author of commits.
///
/// # Errors
/// Git fails.
pub fn check_out(
    host: &Host,
    scratch: &Scratch,
    github: &GitHub,
    (to, home): (&Path, &Path),
    (whole, token): (bool, Option<&str>),
) -> Outcome<()> {
    let git = Git { host, date: None };
    let (from, into) = (format!("file://{}", scratch.checkout.display()), to.to_string_lossy());
    let depth: &[&str] = if whole { &["--tags"] } else { &["--depth=1", "--no-tags"] };
    let clone = [&["clone", "--quiet", "--no-checkout"], depth, &["--", &from, &into]].concat();
    git.must(&scratch.home, &clone)?;
    let head = git.must(&scratch.checkout, &["rev-parse", "HEAD"])?;
    match scratch.reference.strip_prefix("refs/heads/") {
        Some(branch) => git.must(to, &["checkout", "--quiet", "-B", branch, &head])?,
        None => git.must(to, &["checkout", "--quiet", "--detach", &head])?,
    };
    let origin = format!("{}/{}.git", github.web, scratch.repository);
    git.must(to, &["remote", "set-url", "origin", &origin])?;
    settle(&git, to, home, github)?;
    if let Some(token) = token {
        git.set(to, &to.join(".git/config"), &header(github), &authorization(token))?;
    }
    Ok(())
}

/// Lets remotes over SSH lead to the site.
fn settle(git: &Git<'_>, cwd: &Path, home: &Path, github: &GitHub) -> Outcome<()> {
    let file = home.join(".gitconfig");
    let site = github.web.trim_start_matches("https://");
    let instead = format!("url.{}/.insteadOf", github.web);
    git.set(cwd, &file, &instead, &format!("git@{site}:"))?;
    git.set(cwd, &file, &instead, &format!("ssh://git@{site}/"))
}

fn header(github: &GitHub) -> String {
    format!("http.{}/.extraheader", github.web)
}

fn authorization(token: &str) -> String {
    use base64::Engine as _;
    let login = format!("x-access-token:{token}");
    let login = base64::engine::general_purpose::STANDARD.encode(login);
    format!("AUTHORIZATION: basic {login}")
}

fn no_commit() -> Box<Diagnostic> {
    let wrong = Diagnostic::usage("a rehearsal needs a commit: it works on a clone of HEAD");
    Box::new(wrong.hint("run `git init`, `git add -A` and `git commit`"))
}

/// A clone with the whole history, at the commit.
fn whole(git: &Git<'_>, place: &Path, checkout: &Path, top: &str, commit: &str) -> Outcome<()> {
    let into = checkout.to_string_lossy();
    git.must(place, &["clone", "--quiet", "--no-checkout", "--tags", top, &into])?;
    git.must(checkout, &["checkout", "--quiet", "--detach", commit])?;
    Ok(())
}

/// A repository of one commit, with the tree of a folder below the top. Its objects are read from the
/// user's repository, where nothing is written.
fn alone(git: &Git<'_>, root: &Path, checkout: &Path, tree: &str) -> Outcome<()> {
    git.must(checkout, &["init", "--quiet"])?;
    let objects =
        git.must(root, &["rev-parse", "--path-format=absolute", "--git-path", "objects"])?;
    fs::replace(&checkout.join(".git/objects/info/alternates"), &format!("{objects}\n"))
        .map_err(|error| Diagnostic::machine(format!("cannot write below the copy: {error}")))?;
    let commit = git.must(checkout, &["commit-tree", "-m", "the project alone", tree])?;
    git.must(checkout, &["checkout", "--quiet", "--detach", &commit])?;
    Ok(())
}

/// Copies what is changed or new, and commits it in the copy.
fn take_changes(git: &Git<'_>, root: &Path, checkout: &Path) -> Outcome<()> {
    let words =
        ["ls-files", "-z", "--modified", "--others", "--deleted", "--exclude-standard", "--", "."];
    let listed = git.ask(root, &words).unwrap_or_default();
    let staged =
        git.ask(root, &["diff", "--cached", "--name-only", "--relative", "-z", "HEAD", "--", "."]);
    let staged = staged.unwrap_or_default();
    for name in listed.split('\0').chain(staged.split('\0')).filter(|name| !name.is_empty()) {
        let (from, to) = (root.join(name), checkout.join(name));
        // Never through a link of the commit's, which may lead anywhere.
        let copied = if let Some(link) = fs::first_link(checkout, Path::new(name)) {
            fs::remove_file(&link)
        } else {
            Ok(())
        };
        let copied = copied.and_then(|()| {
            if fs::is_plain_file(&from) {
                to.parent().map_or(Ok(()), fs::make_dir).and_then(|()| fs::copy(&from, &to))
            } else if fs::exists(&to) && !fs::exists(&from) {
                fs::remove_file(&to)
            } else {
                Ok(())
            }
        });
        copied.map_err(|error| Diagnostic::machine(format!("cannot copy {name}: {error}")))?;
    }
    git.must(checkout, &["add", "--all"])?;
    git.must(
        checkout,
        &[
            "commit",
            "--quiet",
            "--allow-empty",
            "--no-verify",
            "-m",
            "changes that are not committed",
        ],
    )?;
    Ok(())
}

/// Gives HEAD of the copy the name under which it is released: that, the whole of it, and whether it is
/// made up.
fn named(
    git: &Git<'_>,
    root: &Path,
    checkout: &Path,
    wanted: &Wanted,
    branch: &str,
) -> Outcome<(String, String, bool)> {
    if wanted.edits && wanted.tag.is_none() {
        git.must(checkout, &["checkout", "--quiet", "-B", branch])?;
        return Ok((branch.to_owned(), format!("refs/heads/{branch}"), false));
    }
    let (tag, guessed) = tag(git, root, checkout, wanted);
    git.must(checkout, &["tag", "--force", "--", &tag])?;
    let reference = format!("refs/tags/{tag}");
    Ok((tag, reference, guessed))
}

/// The tag asked for, else that of HEAD, else one of the version that the project's files state, else the
/// next patch of the newest, which is a guess.
fn tag(git: &Git<'_>, root: &Path, checkout: &Path, wanted: &Wanted) -> (String, bool) {
    if let Some(tag) = &wanted.tag {
        return (tag.clone(), false);
    }
    let here = git.lines(checkout, &["tag", "--points-at", "HEAD", "--sort=-version:refname"]);
    if let Some(here) = here.into_iter().next() {
        return (here, false);
    }
    let list = ["tag", "--list", "--sort=-version:refname"];
    let plain = git.lines(root, &[&list[..], &["v[0-9]*", "[0-9]*"]].concat());
    if let Some(version) = stated(checkout) {
        let all = plain.iter().cloned().chain(git.lines(root, &list));
        return (tag_of(&version, &all.collect::<Vec<_>>()), false);
    }
    let next = plain.iter().find_map(|tag| next_patch(tag)).unwrap_or_else(|| "v0.1.0".into());
    (next, true)
}

/// The version after the newest that is tagged, else after the one that files state, else a first one.
pub fn next_version(host: &Host, root: &Path) -> String {
    let git = Git { host, date: None };
    let tags = git.lines(root, &["tag", "--list", "--sort=-version:refname", "v[0-9]*", "[0-9]*"]);
    let next = tags.iter().find_map(|tag| next_patch(tag));
    // What files state without a tag may be out as well.
    let next = next.or_else(|| next_patch(&stated(root)?));
    next.map_or_else(|| "0.1.0".into(), |tag| tag.trim_start_matches('v').to_owned())
}

/// The version in the project's files, or that of all members of its workspace. `0.0.0` is none: it holds the place of one that comes from tags.
fn stated(checkout: &Path) -> Option<String> {
    let text = |name: &str| fs::read_text(&checkout.join(name)).ok();
    let (pyproject, cargo) = (text("pyproject.toml"), text("Cargo.toml"));
    let places = Places { pyproject: pyproject.as_deref(), cargo: cargo.as_deref(), tags: &[] };
    let version = version::of(&places).ok().or_else(|| owned::version(checkout));
    version.filter(|version| version != "0.0.0")
}

/// The tag of a version, in the form of the first of these that names one.
fn tag_of(version: &str, tags: &[String]) -> String {
    let before = tags.iter().find_map(|tag| version::in_tag(tag)).map_or("v", |(before, _)| before);
    format!("{before}{version}")
}

/// `v1.2.3` becomes `v1.2.4`; what has no three numbers has no next one.
fn next_patch(tag: &str) -> Option<String> {
    let (start, numbers) = tag.split_at(tag.find(|c: char| c.is_ascii_digit())?);
    let parts: Vec<u64> =
        numbers.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts[..] {
        [major, minor, patch] => Some(format!("{start}{major}.{minor}.{}", patch.checked_add(1)?)),
        _ => None,
    }
}

fn repository(git: &Git<'_>, root: &Path, github: &GitHub) -> String {
    let address = git.ask(root, &["remote", "get-url", "origin"]).unwrap_or_default();
    let name = root.file_name().map_or_else(|| "project".into(), |name| name.to_string_lossy());
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let made_up = || format!("rehearsal/{}", name.chars().map(plain).collect::<String>());
    github.repository_of(&address).unwrap_or_else(made_up)
}

struct Git<'a> {
    host: &'a Host,
    /// The date of commits that are made here, so that the same project is the same commit again.
    date: Option<String>,
}

impl Git<'_> {
    fn env(&self) -> BTreeMap<String, String> {
        let mut env = self.host.env.for_child(&[]);
        env.retain(|name, _| !name.starts_with("GIT_") || name.starts_with("GIT_CONFIG"));
        for role in ["AUTHOR", "COMMITTER"] {
            env.insert(format!("GIT_{role}_NAME"), "rehearsal".into());
            env.insert(format!("GIT_{role}_EMAIL"), "rehearsal@localhost".into());
            env.extend(self.date.clone().map(|date| (format!("GIT_{role}_DATE"), date)));
        }
        env
    }

    fn run(&self, cwd: &Path, words: &[&str]) -> Result<String, String> {
        let argv = [
            "git",
            "--no-optional-locks",
            "-c",
            "commit.gpgSign=false",
            "-c",
            "tag.gpgSign=false",
            "-c",
            "advice.detachedHead=false",
        ];
        let cmd = Cmd::Argv(argv.iter().chain(words).map(ToString::to_string).collect());
        let env = self.env();
        let launch = Launch::own(&cmd, cwd, &env);
        let mut said = String::new();
        match proc::capture(&launch, &Stop::default(), |line| said = line) {
            Ok((Ended::Ok, text)) => Ok(text.trim_end_matches('\n').to_owned()),
            Ok(_) => Err(said),
            Err(error) => Err(format!("git cannot be started: {error:?}")),
        }
    }

    fn ask(&self, cwd: &Path, words: &[&str]) -> Option<String> {
        self.run(cwd, words).ok()
    }

    /// Adds a setting to a file.
    fn set(&self, cwd: &Path, file: &Path, key: &str, value: &str) -> Outcome<()> {
        let file = file.to_string_lossy();
        self.must(cwd, &["config", "--file", &file, "--add", key, value]).map(|_| ())
    }

    fn lines(&self, cwd: &Path, words: &[&str]) -> Vec<String> {
        self.ask(cwd, words).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    fn must(&self, cwd: &Path, words: &[&str]) -> Outcome<String> {
        self.run(cwd, words).map_err(|why| {
            let message = format!("`git {}` failed: {why}", words.first().unwrap_or(&""));
            Box::new(Diagnostic::machine(message))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{next_patch, stated, tag_of};
    use crate::host::fs;

    #[test]
    fn the_next_patch_keeps_the_form_of_the_tag() {
        assert_eq!(next_patch("v1.2.9").as_deref(), Some("v1.2.10"));
        assert_eq!(next_patch("0.1.0").as_deref(), Some("0.1.1"));
        assert_eq!(next_patch("v1.2"), None);
        assert_eq!(next_patch("v1.2.3rc1"), None);
    }

    #[test]
    fn the_tag_of_a_version_has_the_form_of_those_before() {
        let of = |tags: &[&str]| {
            tag_of("0.3.0", &tags.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(of(&[]), "v0.3.0");
        assert_eq!(of(&["latest"]), "v0.3.0");
        assert_eq!(of(&["latest", "0.2.0"]), "0.3.0");
        assert_eq!(of(&["widget-v0.2.0"]), "widget-v0.3.0");
    }

    #[test]
    fn a_version_that_holds_a_place_is_not_stated() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::replace(&folder.path().join(name), text).unwrap();
        assert_eq!(stated(folder.path()), None);
        write("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.3.0\"\n");
        assert_eq!(stated(folder.path()).as_deref(), Some("0.3.0"));
        write("pyproject.toml", "[tool.poetry]\nversion = \"0.0.0\"\n");
        assert_eq!(stated(folder.path()), None);
    }
}
