//! Which files globs match: a glob without a sign is a name, others share the walks of a run.
//!
//! A glob with a sign leaves out what git ignores, so that what a task leaves behind (`__pycache__`) is not
//! its input, unless it names an ignored folder itself (`dist/*`). What git tracks it does not ignore.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::host::fs::{self, GLOB_SIGNS};
use crate::host::tree::{self, Look, Walked};

/// Walks of this run, by where they began.
#[derive(Default)]
pub(super) struct Tree {
    root: PathBuf,
    /// Files that git tracks, sorted; `None` if it does not tell.
    tracked: Option<Arc<[String]>>,
    walks: BTreeMap<String, Walked>,
    sets: HashMap<Vec<String>, GlobSet>,
}

/// The folder that a glob names before its first sign.
pub(super) fn start(glob: &str) -> &str {
    let sign = glob.find(GLOB_SIGNS).unwrap_or(glob.len());
    glob[..sign].rfind('/').map_or("", |slash| &glob[..slash])
}

impl Tree {
    pub(super) fn new(root: PathBuf, tracked: Option<Arc<[String]>>) -> Self {
        Self { root, tracked, ..Self::default() }
    }

    /// Something may have changed since.
    pub(super) fn forget(&mut self) {
        self.walks.clear();
    }

    /// The names of all files that one of `globs` matches, sorted. A name matches itself, there or not.
    ///
    /// # Errors
    /// A folder cannot be read, or a name is not Unicode.
    pub(super) fn matches(&mut self, globs: &[String]) -> io::Result<Vec<String>> {
        if let [glob] = globs {
            return self.of_one(glob);
        }
        let mut found = BTreeSet::new();
        for glob in globs {
            found.extend(self.of_one(glob)?);
        }
        Ok(found.into_iter().collect())
    }

    fn of_one(&mut self, glob: &str) -> io::Result<Vec<String>> {
        if fs::is_name(glob) {
            return Ok(vec![glob.to_owned()]);
        }
        let set = self.set(&[glob.to_owned()])?;
        let (files, odd) = self.below(start(glob))?;
        if let Some(odd) = odd.iter().find(|name| set.is_match(name)) {
            return Err(fs::not_unicode(odd));
        }
        Ok(files.iter().filter(|name| set.is_match(name)).cloned().collect())
    }

    /// A matcher of these globs, made once.
    pub(super) fn set(&mut self, globs: &[String]) -> io::Result<GlobSet> {
        if let Some(set) = self.sets.get(globs) {
            return Ok(set.clone());
        }
        let mut builder = GlobSetBuilder::new();
        for glob in globs {
            builder.add(
                GlobBuilder::new(glob).literal_separator(true).build().map_err(io::Error::other)?,
            );
        }
        let set = builder.build().map_err(io::Error::other)?;
        self.sets.insert(globs.to_vec(), set.clone());
        Ok(set)
    }

    /// The files below a folder, of a walk that has entered it, else of one that begins there; and those of that walk
    /// that have no name in Unicode.
    fn below(&mut self, folder: &str) -> io::Result<(&[String], &[PathBuf])> {
        let around = Path::new(folder).ancestors().filter_map(Path::to_str);
        let known = around
            .map(str::to_owned)
            .find(|above| self.walks.get(above).is_some_and(|walk| walk.folders.contains(folder)));
        let begun = match known {
            Some(begun) => begun,
            None => {
                let mut walked = tree::walk(&self.root, folder, false, &[])?;
                self.add_tracked(&mut walked, folder)?;
                self.walks.insert(folder.to_owned(), walked);
                folder.to_owned()
            }
        };
        let Some(Walked { files, odd, .. }) = self.walks.get(&begun) else {
            return Ok((&[], &[]));
        };
        if folder.is_empty() || begun == folder {
            return Ok((files, odd));
        }
        let head = format!("{folder}/");
        let from = files.partition_point(|name| *name < head);
        let count = files[from..].partition_point(|name| name.starts_with(&head));
        Ok((&files[from..from + count], odd))
    }

    /// Adds what git tracks although it would ignore it.
    fn add_tracked(&self, walked: &mut Walked, folder: &str) -> io::Result<()> {
        let silent = || io::Error::other("git does not tell which files it tracks");
        let tracked = self.tracked.as_ref().ok_or_else(silent)?;
        let below = |name: &&String| {
            let rest = name.strip_prefix(folder);
            folder.is_empty() || rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let missed = |name: &&String| walked.files.binary_search(name).is_err();
        let missed: Vec<String> = (tracked.iter().filter(below).filter(missed))
            .filter(|name| is_there(&self.root, name))
            .cloned()
            .collect();
        if !missed.is_empty() {
            walked.files.extend(missed);
            walked.files.sort_unstable();
        }
        // As git's answer is shown where a name is not Unicode.
        let odd = tracked.iter().filter(below).filter(|name| name.contains('\u{fffd}'));
        walked.odd.extend(odd.map(PathBuf::from));
        Ok(())
    }

    /// Walks from the top down, so that a walk serves the globs that begin below it.
    pub(super) fn look_ahead<'a>(&mut self, globs: impl Iterator<Item = &'a String>) {
        let patterns = globs.filter(|glob| !fs::is_name(glob));
        let starts: BTreeSet<&str> = patterns.map(|glob| start(glob)).collect();
        for start in starts {
            // What cannot be read is told by the task that has to.
            let _ = self.below(start);
        }
    }
}

fn is_there(root: &Path, name: &str) -> bool {
    matches!(tree::look(&root.join(name)), Look::File(..) | Look::Link)
}

/// The first of `globs` that matches no file in the project at `root`, of which git tracks these, as far as it tells.
///
/// # Errors
/// A folder cannot be read, or a name is not Unicode.
pub fn idle(
    root: &Path,
    tracked: Option<Arc<[String]>>,
    globs: &[String],
) -> io::Result<Option<String>> {
    let mut tree = Tree::new(root.to_owned(), Some(tracked.unwrap_or_default()));
    for glob in globs {
        if !tree.of_one(glob)?.iter().any(|name| is_there(root, name)) {
            return Ok(Some(glob.clone()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_begins_where_its_first_sign_is() {
        let starts = ["a/b/*.c", "*.c", "a", "a/b", "a/**/b", "a/[bc]/d"].map(start);
        assert_eq!(starts, ["a/b", "", "", "a", "a", "a"]);
        assert!(fs::is_name("a/b.c") && !fs::is_name("a/{b,c}"));
    }
}
