//! The stage: a clone of HEAD in which a run works whose tasks edit the tree, commit or tag.
//!
//! It has a repository of its own below the state, which reads the objects of the user's and has refs,
//! index and HEAD apart: nothing that is made in it can be seen outside before it is pushed. Its files
//! lie outside of `.git`, where many tools do not look. A live run keeps its stage under the commit that
//! it began with, so that the next run goes on with the very commits and tags that this one made.
//! Turned down: a linked worktree, since it shares its refs with the user's checkout.

mod carry;
mod config;
mod git;
mod land;
mod show;

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::git::Git;
pub use self::land::Landed;
use crate::diag::{Diagnostic, Outcome};
use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::repo::{self, Repo};

const VERSION: u32 = 1;

/// Variables that lead git away from the folder it is started in.
const LEADING_AWAY: [&str; 6] = [
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_WORK_TREE",
];

/// What a kept stage is known by.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    v: u32,
    /// The commit that it began with.
    base: String,
    /// The commit that its tasks made of it.
    head: String,
    /// Only a plan names it so far: no gate has let it through.
    #[serde(default)]
    planned: bool,
}

/// A stage, held against other runs.
pub struct Stage {
    /// The project's folder in it.
    root: PathBuf,
    /// Where its repository and what is known of it lie.
    place: PathBuf,
    /// The top of its files.
    tree: PathBuf,
    base: String,
    _held: File,
}

/// What a stage is made from.
pub struct From<'a> {
    /// The machine.
    pub host: &'a Host,
    /// The user's repository.
    pub repo: &'a Repo<'a>,
    /// The project's state.
    pub state: &'a Path,
}

impl Stage {
    /// The stage of a live run. `again`: an earlier run let its edits through the gate, so that its stage
    /// has to be there; else one is made.
    ///
    /// # Errors
    /// Another run works in it, it is gone, or git fails.
    pub fn of_release(from: &From<'_>, again: bool) -> Outcome<Self> {
        let around = around(from)?;
        let stage = Self::hold(from, &around, &around.commit)?;
        if again {
            let kept = stage.kept().filter(|kept| kept.base == stage.base).ok_or_else(gone)?;
            stage.take_up(from.host, &kept)?;
        } else {
            stage.make(from.host, &around, &around.common, &around.commit)?;
        }
        Ok(stage)
    }

    /// The stage of a dry run, which is dropped with it. `again`: it begins with what an earlier live run
    /// made of this commit.
    ///
    /// # Errors
    /// As [`Stage::of_release`].
    pub fn of_trial(from: &From<'_>, again: bool) -> Outcome<Self> {
        let around = around(from)?;
        let stage = Self::hold(from, &around, &format!("trial-{}", from.host.pid()))?;
        if again {
            let place = from.state.join("stage").join(&around.commit);
            let kept = kept(&place).filter(|kept| kept.base == stage.base).ok_or_else(gone)?;
            stage.make(from.host, &around, &place.join("git"), &kept.head)?;
        } else {
            stage.make(from.host, &around, &around.common, &around.commit)?;
        }
        Ok(stage)
    }

    /// The project's folder in it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its repository.
    pub fn repository(&self) -> PathBuf {
        self.place.join("git")
    }

    /// The commit that it began with.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// From now on the next run of this commit takes it up; if it is only planned, one that applies a plan.
    ///
    /// # Errors
    /// The disk fails.
    pub fn keep(&self, host: &Host, planned: bool) -> Outcome<()> {
        let git = Git { host, at: &self.tree };
        let head = git.must(&["rev-parse", "--verify", "HEAD^{commit}"])?;
        // A ref keeps the commit, whatever becomes of HEAD.
        git.must(&["update-ref", "refs/rel/head", &head])?;
        let kept = Kept { v: VERSION, base: self.base.clone(), head, planned };
        let text = serde_json::to_string(&kept).unwrap_or_default();
        fs::replace(&self.record(), &text)
            .map_err(|error| Box::new(disk("cannot keep the stage", &error)))
    }

    /// Whether a stage of this commit is kept that a gate has let through.
    pub fn is_released(state: &Path, commit: &str) -> bool {
        kept(&state.join("stage").join(commit)).is_some_and(|kept| !kept.planned)
    }

    /// From now on no run takes it up.
    pub fn forget(&self) {
        // If that fails, the next run with this commit finds a stage that it has no use for.
        let _ = fs::remove_file(&self.record());
    }

    /// Removes it, unless it is kept.
    pub fn end(&self) {
        if !fs::exists(&self.record()) {
            // What is left of it costs room only, and the next run looks for it.
            let _ = self.clear();
            let _ = fs::remove_dir(&self.place);
        }
    }

    fn hold(from: &From<'_>, around: &Around, key: &str) -> Outcome<Self> {
        let trees = trees(from.host).ok_or_else(|| {
            Box::new(Diagnostic::machine("there is no place for a stage").hint("set HOME"))
        })?;
        sweep(from.host, from.state);
        let place = from.state.join("stage").join(key);
        let held = fs::lock(&place.join("lock")).map_err(|error| {
            let wrong = Diagnostic::refused(format!("the stage of this run is taken: {error}"));
            Box::new(wrong.hint("wait until the other run has ended, then run the same command"))
        })?;
        // Tools may ask for the folder's name.
        let name = around.top.file_name().map_or_else(|| "project".into(), ToOwned::to_owned);
        let tree = trees.join(key_of(&place)).join(name);
        let root = if around.prefix.is_empty() { tree.clone() } else { tree.join(&around.prefix) };
        Ok(Self { root, place, tree, base: around.commit.clone(), _held: held })
    }

    fn record(&self) -> PathBuf {
        self.place.join("kept.json")
    }

    fn kept(&self) -> Option<Kept> {
        kept(&self.place)
    }

    /// Removes all but the lock.
    fn clear(&self) -> std::io::Result<()> {
        fs::remove_file(&self.record())?;
        fs::remove_dir(self.tree.parent().unwrap_or(&self.tree))?;
        fs::remove_dir(&self.repository())
    }

    /// Makes it anew, at a commit of the repository in `source`.
    fn make(&self, host: &Host, around: &Around, source: &Path, commit: &str) -> Outcome<()> {
        self.clear()
            .and_then(|()| fs::make_dir(&self.tree))
            .map_err(|error| Box::new(disk("cannot make the stage", &error)))?;
        let repository = self.repository();
        let git = Git { host, at: &self.tree };
        let (format, into) = (
            format!("--object-format={}", around.format),
            format!("--separate-git-dir={}", repository.display()),
        );
        git.must(&["init", "--quiet", "--template=", &format, &into])?;
        let objects = source.join("objects");
        fs::replace(
            &repository.join("objects/info/alternates"),
            &format!("{}\n", objects.display()),
        )
        .map_err(|error| Box::new(disk("cannot make the stage", &error)))?;
        config::take(&git, &Git { host, at: &around.top }, &repository, &around.common)?;
        git.must(&["update-ref", "--no-deref", "HEAD", commit])?;
        let source = source.to_string_lossy();
        git.must(&[&git::FETCH[..], &["--", &source], &ALL_REFS].concat())?;
        if let Some(branch) = &around.branch {
            let name = format!("refs/heads/{branch}");
            git.must(&["update-ref", &name, commit])?;
            git.must(&["symbolic-ref", "HEAD", &name])?;
        }
        self.begin(&git, &[])?;
        git.must(&["reset", "--quiet", "--hard"])?;
        if fs::is_dir(&self.root) {
            return Ok(());
        }
        let wrong = Diagnostic::usage("the project's folder is not part of the commit");
        Err(Box::new(wrong.hint("commit it: a run with `.edits()` works in a clone of HEAD")))
    }

    /// Goes on with what an earlier run left.
    fn take_up(&self, host: &Host, kept: &Kept) -> Outcome<()> {
        let repository = self.repository();
        let git = Git { host, at: &self.tree };
        if !fs::exists(&self.tree.join(".git")) {
            let link = format!("gitdir: {}\n", repository.display());
            fs::make_dir(&self.tree)
                .and_then(|()| fs::replace(&self.tree.join(".git"), &link))
                .map_err(|error| Box::new(disk("cannot make the stage", &error)))?;
            git.must(&["reset", "--quiet", "--hard", &kept.head])?;
        }
        if git.ask(&["rev-parse", "--verify", "HEAD^{commit}"]).as_ref() != Some(&kept.head) {
            git.ask(&["reset", "--quiet", "--hard", &kept.head]).ok_or_else(gone)?;
        }
        Ok(())
    }
}

/// Refs that a stage begins with.
const ALL_REFS: [&str; 3] =
    ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", "+refs/remotes/*:refs/remotes/*"];

/// The user's repository, as far as a stage needs to know it.
struct Around {
    top: PathBuf,
    common: PathBuf,
    prefix: String,
    format: String,
    branch: Option<String>,
    commit: String,
}

fn around(from: &From<'_>) -> Outcome<Around> {
    let git = Git { host: from.host, at: from.repo.root() };
    if let Some(name) = LEADING_AWAY.iter().find(|name| from.host.env.get(name).is_some()) {
        let wrong = Diagnostic::usage(format!("{name} is set: git would not look into the stage"));
        return Err(Box::new(wrong.hint(format!("run it with `env -u {name} rel …`"))));
    }
    let Some(top) = git.ask(&["rev-parse", "--show-toplevel"]) else {
        let wrong =
            Diagnostic::usage("a task with `.edits()` needs a repository, and there is none");
        return Err(Box::new(wrong.hint("run `git init`, `git add -A` and `git commit`")));
    };
    let Some(head) = from.repo.head() else {
        let wrong = Diagnostic::usage("a task with `.edits()` needs a commit to begin with");
        return Err(Box::new(wrong.hint("run `git add -A` and `git commit`")));
    };
    if from.repo.is_shallow() != Some(false) {
        let wrong = Diagnostic::usage(
            "a task with `.edits()` needs the whole history: this is a shallow clone",
        );
        let wrong =
            wrong.hint("run `git fetch --unshallow --tags`; in CI check out with `fetch-depth: 0`");
        return Err(Box::new(wrong));
    }
    let common = git.must(&["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
    let prefix = git.ask(&["rev-parse", "--show-prefix"]).unwrap_or_default();
    Ok(Around {
        top: PathBuf::from(top),
        common: PathBuf::from(common),
        prefix: prefix.trim_end_matches('/').to_owned(),
        format: git.must(&["rev-parse", "--show-object-format"])?,
        branch: from.repo.branch(),
        commit: head.commit.clone(),
    })
}

fn kept(place: &Path) -> Option<Kept> {
    let text = fs::read_text(&place.join("kept.json")).ok()?;
    serde_json::from_str::<Kept>(&text).ok().filter(|kept| kept.v == VERSION)
}

fn gone() -> Box<Diagnostic> {
    let message = "the stage of this release is gone, with the commits made in it";
    let wrong = Diagnostic::refused(message);
    let wrong = wrong.hint("if nothing was sent yet, begin anew with `--rebuild`");
    Box::new(wrong.hint("else take what was pushed with `git pull`, and release from there"))
}

/// The folder of all files of stages.
fn trees(host: &Host) -> Option<PathBuf> {
    repo::states(host).map(|all| all.join("stage"))
}

fn key_of(place: &Path) -> String {
    Digest::of(place.to_string_lossy().as_bytes()).short().to_owned()
}

/// Removes what runs that were killed have left: stages that are neither kept nor held, and files of
/// which the repository is gone.
pub fn sweep(host: &Host, state: &Path) {
    let Some(trees) = trees(host) else { return };
    let stages = state.join("stage");
    for name in fs::names(&stages) {
        let place = stages.join(name);
        if fs::exists(&place.join("kept.json")) {
            continue;
        }
        if let Ok(_held) = fs::lock(&place.join("lock")) {
            let _ = fs::remove_dir(&trees.join(key_of(&place)));
            let _ = fs::remove_dir(&place);
        }
    }
    for folder in fs::names(&trees).into_iter().map(|name| trees.join(name)) {
        let links = fs::names(&folder).into_iter().map(|name| folder.join(name).join(".git"));
        let texts = links.filter_map(|link| fs::read_text(&link).ok());
        let mut repositories =
            texts.filter_map(|text| text.trim().strip_prefix("gitdir: ").map(PathBuf::from));
        if repositories.next().is_some_and(|repository| !fs::exists(&repository)) {
            let _ = fs::remove_dir(&folder);
        }
    }
}

fn disk(what: &str, error: &std::io::Error) -> Diagnostic {
    let wrong = Diagnostic::machine(format!("{what}: {error}"));
    wrong.hint(fs::cure(error))
}
