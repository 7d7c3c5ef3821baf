//! Which files globs match: a glob without a sign is a name, others share the walks of a run.
//!
//! A glob with a sign leaves out what git ignores, so that what a task leaves behind (`__pycache__`) is not
//! its input, unless it names an ignored folder itself (`dist/*`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::host::fs::{self, GLOB_SIGNS};
use crate::host::tree::{self, Look, Walked};

/// Walks of this run, by where they began.
#[derive(Default)]
pub(super) struct Tree {
    root: PathBuf,
    walks: BTreeMap<String, Walked>,
    sets: HashMap<Vec<String>, GlobSet>,
}

/// The folder that a glob names before its first sign.
pub(super) fn start(glob: &str) -> &str {
    let sign = glob.find(GLOB_SIGNS).unwrap_or(glob.len());
    glob[..sign].rfind('/').map_or("", |slash| &glob[..slash])
}

impl Tree {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, ..Self::default() }
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
        Ok(self.below(start(glob))?.iter().filter(|name| set.is_match(name)).cloned().collect())
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

    /// The files below a folder: of a walk that has entered it, else of one that begins there.
    fn below(&mut self, folder: &str) -> io::Result<&[String]> {
        let around = Path::new(folder).ancestors().filter_map(Path::to_str);
        let known = around
            .map(str::to_owned)
            .find(|above| self.walks.get(above).is_some_and(|walk| walk.folders.contains(folder)));
        let begun = match known {
            Some(begun) => begun,
            None => {
                let walked = tree::walk(&self.root, folder, false, &[])?;
                self.walks.insert(folder.to_owned(), walked);
                folder.to_owned()
            }
        };
        let files = self.walks.get(&begun).map_or(&[][..], |walk| &walk.files);
        if folder.is_empty() || begun == folder {
            return Ok(files);
        }
        let head = format!("{folder}/");
        let from = files.partition_point(|name| *name < head);
        let count = files[from..].partition_point(|name| name.starts_with(&head));
        Ok(&files[from..from + count])
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

/// The first of `globs` that matches no file in the project at `root`.
///
/// # Errors
/// A folder cannot be read, or a name is not Unicode.
pub fn idle(root: &Path, globs: &[String]) -> io::Result<Option<String>> {
    let mut tree = Tree::new(root.to_owned());
    for glob in globs {
        let there =
            |name: &String| matches!(tree::look(&root.join(name)), Look::File(..) | Look::Link);
        if !tree.of_one(glob)?.iter().any(there) {
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
