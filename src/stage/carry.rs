//! The commits and tags of a stage in one file, for another machine.
//!
//! The file is a bundle as git has them (gitformat-bundle): the objects since the parents of the commit that
//! the stage began with, and refs that lead to them. That commit is in it, so that a stage which only tagged
//! it makes no empty bundle, which git refuses. One thread packs, so that the same commits make the same file.
//!
//! What the stage began with is written down when it is made. Turned down: to compare with the user's repository
//! when it is packed, which has moved on by then: what was amended away there would go along as if it were new.

use std::path::Path;

use super::git::{FETCH, Git};
use super::{From, Stage, around, disk, gone, kept};
use crate::diag::{Diagnostic, Outcome};
use crate::host::{Host, fs};

/// The ref of the commit that a stage's tasks made.
const HEAD: &str = "refs/rel/head";
/// The file with the branches and tags that a stage began with.
const BEGUN: &str = "begun";

impl Stage {
    /// Writes what the kept stage of HEAD holds. Tells whether one is kept.
    ///
    /// # Errors
    /// Git fails.
    pub fn pack(from: &From<'_>, to: &Path) -> Outcome<bool> {
        let Some(commit) = from.repo.head().map(|head| head.commit.clone()) else {
            return Ok(false);
        };
        let place = from.state.join("stage").join(&commit);
        if kept(&place).is_none() {
            return Ok(false);
        }
        let repository = place.join("git");
        let git = Git { host: from.host, at: &repository };
        let begun = fs::read_text(&place.join(BEGUN)).map_err(|_| gone())?;
        let now = refs(&git)?;
        let new = now.lines().filter(|line| !begun.lines().any(|known| known == *line));
        let (to, before) = (to.to_string_lossy(), format!("{commit}^@"));
        let mut words = vec!["-c", "pack.threads=1", "bundle", "create", "--quiet", &*to, HEAD];
        words.extend(new.map(name));
        words.extend(["--not", &before]);
        git.must(&words)?;
        Ok(true)
    }

    /// A stage of HEAD with what such a file holds.
    ///
    /// # Errors
    /// A stage is kept here that holds something else; git fails.
    pub fn unpack(from: &From<'_>, file: &Path) -> Outcome<Self> {
        let around = around(from)?;
        let stage = Self::hold(from, &around, &around.commit)?;
        let path = file.to_string_lossy();
        let here = Git { host: from.host, at: from.repo.root() };
        let listed = here.must(&["bundle", "list-heads", &path])?;
        let carried: Vec<(&str, &str)> =
            listed.lines().filter_map(|line| line.split_once(' ')).collect();
        let head = carried.iter().find(|(_, name)| *name == HEAD);
        let head = head.map(|(object, _)| (*object).to_owned()).unwrap_or_default();
        if let Some(kept) = stage.kept() {
            if kept.head != head {
                let message = "another commit was made of this one here too, by the same tasks";
                let hint = "if nothing was pushed from here, drop it with `rel clean --all`";
                return Err(Box::new(Diagnostic::refused(message).hint(hint)));
            }
            stage.take_up(from.host, &kept)?;
            return Ok(stage);
        }
        stage.make(from.host, &around, &around.common, &around.commit)?;
        let git = Git { host: from.host, at: &stage.tree };
        // The release's own everywhere, also if somebody has pushed it here before.
        stage.begin(&git, &carried)?;
        git.must(&[&FETCH[..], &["--update-head-ok", "--", &path, "+refs/*:refs/*"]].concat())?;
        git.must(&["reset", "--quiet", "--hard", &head])?;
        Ok(stage)
    }

    /// Writes down what it has now, but for these: what comes later is what its tasks made.
    pub(super) fn begin(&self, git: &Git<'_>, carried: &[(&str, &str)]) -> Outcome<()> {
        let refs = refs(git)?;
        let is_carried = |line: &&str| carried.iter().any(|(_, other)| *other == name(line));
        let lines = refs.lines().filter(|line| !is_carried(line));
        let begun: String = lines.flat_map(|line| [line, "\n"]).collect();
        fs::replace(&self.place.join(BEGUN), &begun)
            .map_err(|error| Box::new(disk("cannot make the stage", &error)))
    }

    /// Whether the checkout is at a commit, so that a stage can be made of it.
    pub fn fits(host: &Host, root: &Path, commit: &str) -> bool {
        let git = Git { host, at: root };
        git.ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).as_deref() == Some(commit)
    }
}

/// Branches and tags, a line each, with their objects.
fn refs(git: &Git<'_>) -> Outcome<String> {
    git.must(&["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags"])
}

/// The name in such a line.
fn name(line: &str) -> &str {
    line.split(' ').next().unwrap_or(line)
}
