//! What an instance made: whether it is at hand, and how it gets back to its place.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::mark::Mark;
use super::record::{Made, Record};
use super::{Ask, Cache, format, found};
use crate::host::{fs, tree};

/// A file where an output belongs that is not the one that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Its name in the project.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// What stands in the places of outputs.
#[derive(Debug, Default)]
pub struct Placed {
    /// Files that are not what the run made.
    pub strays: Vec<Stray>,
    /// Whether all that it made is in its place.
    pub whole: bool,
}

pub(super) fn mark(made: &Made) -> Mark {
    let sha256 = format::raw(made.artifact.sha256.as_str());
    Mark::of_file(&sha256, made.artifact.executable)
}

impl Cache {
    /// The place of an artifact in the store, as the name of a file.
    pub(super) fn stored(&self, made: &Made) -> String {
        self.store.place(&made.artifact).to_string_lossy().into_owned()
    }

    /// The first file of a run that the store does not hold as it was.
    pub(super) fn lost(&mut self, record: &Record) -> Option<String> {
        let calm = self.is_calm();
        let lost = |made: &&Made| {
            let name = self.stored(made);
            self.files.mark(&self.view, &name, calm) != mark(made)
        };
        record.made.iter().find(lost).map(|made| made.artifact.name.clone())
    }

    /// What was made is read now, so that a later run need not.
    pub(super) fn keep_made(&mut self, made: &[Made]) {
        for made in made {
            let mut names = vec![self.stored(made)];
            if made.placed {
                names.push(made.artifact.name.clone());
            }
            for name in names {
                self.files.mark(&self.view, &name, false);
            }
        }
    }

    /// Looks at the places of outputs, whatever was seen there before.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn placed(&mut self, ask: &Ask, record: &Record) -> std::io::Result<Placed> {
        let (plain, patterns): (Vec<String>, Vec<String>) =
            ask.outputs.iter().cloned().partition(|glob| fs::is_name(glob));
        let mut names: BTreeSet<String> = plain.into_iter().collect();
        if !patterns.is_empty() {
            names.extend(found(&self.root, &patterns)?);
        }
        let (mut strays, mut good) = (Vec::new(), 0);
        for name in names {
            let made = record.made.iter().find(|made| made.placed && made.artifact.name == name);
            if made.map(mark) == Some(self.files.mark(&self.view, &name, false)) {
                good += 1;
                continue;
            }
            let path = self.root.join(&name);
            if fs::exists(&path) {
                strays.push(Stray { name, path });
            }
        }
        let whole = good == record.made.iter().filter(|made| made.placed).count();
        if !strays.is_empty() {
            // They are about to be moved.
            self.forget();
        }
        Ok(Placed { strays, whole })
    }

    /// Puts back what is not in its place. Tells how many files that were.
    ///
    /// # Errors
    /// The disk fails.
    pub fn put_back(&mut self, record: &Record) -> std::io::Result<usize> {
        let mut count = 0;
        for made in record.made.iter().filter(|made| made.placed) {
            let name = &made.artifact.name;
            if self.files.mark(&self.view, name, false) == mark(made) {
                continue;
            }
            let (from, to) = (self.store.place(&made.artifact), self.root.join(name));
            tree::put_back(&from, &to, made.artifact.executable)?;
            count += 1;
        }
        if count > 0 {
            self.forget();
        }
        Ok(count)
    }

    /// Whether a glob of outputs matches a file of the project.
    pub fn is_output(&mut self, globs: &[String], name: &str) -> bool {
        self.tree.set(globs).is_ok_and(|set| set.is_match(name))
    }
}
