//! The commits and tags of a stage in one file, for another machine.
//!
//! The file is a bundle as git has them (gitformat-bundle): the objects since the parents of the commit that
//! the stage began with, and refs that lead to them. That commit is in it, so that a stage which only tagged
//! it makes no empty bundle, which git refuses. One thread packs, so that the same commits make the same file.

use std::path::Path;

use super::git::{FETCH, Git};
use super::{From, Stage, around, kept};
use crate::diag::{Diagnostic, Outcome};
use crate::host::Host;

/// The ref of the commit that a stage's tasks made.
const HEAD: &str = "refs/rel/head";

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
        let known = refs(&Git { host: from.host, at: from.repo.root() });
        let new = refs(&git).into_iter().filter(|at| !known.contains(at));
        let names: Vec<String> = new.map(|(name, _)| name).collect();
        let (to, before) = (to.to_string_lossy(), format!("{commit}^@"));
        let mut words = vec!["-c", "pack.threads=1", "bundle", "create", "--quiet", &*to, HEAD];
        words.extend(names.iter().map(String::as_str));
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
        let name = file.to_string_lossy();
        let listed = Git { host: from.host, at: from.repo.root() }.must(&[
            "bundle",
            "list-heads",
            &name,
            HEAD,
        ])?;
        let head = listed.split_whitespace().next().unwrap_or_default().to_owned();
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
        git.must(&[&FETCH[..], &["--update-head-ok", "--", &name, "+refs/*:refs/*"]].concat())?;
        git.must(&["reset", "--quiet", "--hard", &head])?;
        Ok(stage)
    }

    /// Whether the checkout is at a commit, so that a stage can be made of it.
    pub fn fits(host: &Host, root: &Path, commit: &str) -> bool {
        let git = Git { host, at: root };
        git.ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).as_deref() == Some(commit)
    }
}

/// Branches and tags, each with its object.
fn refs(git: &Git<'_>) -> Vec<(String, String)> {
    let words = ["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags"];
    let lines = git.lines(&words);
    let pairs = lines.iter().filter_map(|line| line.rsplit_once(' '));
    pairs.map(|(name, object)| (name.to_owned(), object.to_owned())).collect()
}
