//! The cache's file: where it is, how it is written, what of it goes.
//!
//! It is replaced as a whole, and the disk is not waited for: a machine that goes down may lose it. What another
//! run has written meanwhile is taken along; of one instance the later record stays. Runs write one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::format::{View, Whole};
use super::mark::Mark;
use super::record::Kind;
use super::{Cache, KEPT_DAYS, word};
use crate::host::fs;
use crate::model::artifact::Digest;

/// The file of the project in `root`: checkouts of one repository share its state, not their files.
pub fn file(state: &Path, root: &Path) -> PathBuf {
    let name = Digest::of(root.to_string_lossy().as_bytes());
    state.join("cache").join(name.short())
}

/// Digests of the artifacts that a cache's file names.
pub fn named(path: &Path) -> BTreeSet<String> {
    let whole = View::new(fs::read(path).unwrap_or_default()).whole();
    let made = whole.records.into_values().flat_map(|record| record.made);
    made.map(|made| made.artifact.sha256.to_string()).collect()
}

/// Whether a cache's file is about a folder that is gone, or cannot be used.
pub fn spare(path: &Path) -> bool {
    let view = View::new(fs::read(path).unwrap_or_default());
    view.root().is_none_or(|root| !fs::is_dir(Path::new(root)))
}

impl Cache {
    /// Writes down what this run has learnt, if that is anything.
    ///
    /// # Errors
    /// The disk fails.
    pub fn save(&mut self) -> io::Result<()> {
        if !self.changed && self.files.learned.is_empty() {
            return Ok(());
        }
        // To read, to put together and to replace is one step. Where files cannot be locked, who writes last wins.
        let turn =
            fs::open_append(&self.path.parent().unwrap_or(&self.path).with_extension("lock"))?;
        let _ = turn.lock();
        // Somebody else may have written meanwhile.
        let on_disk = View::new(fs::read(&self.path).unwrap_or_default());
        let mut whole = on_disk.whole();
        whole.root = self.root.to_string_lossy().into_owned();
        whole.sets.extend(self.sets.iter().map(|(mark, items)| (*mark, items.clone())));
        let newer = |id: &String, at: u64| whole.records.get(id).is_none_or(|old| old.at <= at);
        let own: Vec<_> = self.records.iter().filter(|(id, own)| newer(id, own.at)).collect();
        let own: Vec<_> = own.into_iter().map(|(id, own)| (id.clone(), own.clone())).collect();
        whole.records.extend(own);
        for id in &self.touched {
            whole.records.entry(id.clone()).and_modify(|record| record.used = self.today);
        }
        let last = self.today.saturating_sub(KEPT_DAYS);
        whole.records.retain(|_, record| record.used >= last);
        whole.files.extend(self.files.learned.iter().map(|(name, known)| (name.clone(), *known)));
        self.prune(&mut whole);
        let bytes = whole.to_bytes();
        fs::replace_spare(&self.path, &bytes)?;
        self.view = View::new(bytes);
        self.untouched = None;
        self.files.learned.clear();
        self.sets.clear();
        self.records.clear();
        self.touched.clear();
        self.changed = false;
        Ok(())
    }

    /// Drops what no record needs.
    fn prune(&self, whole: &mut Whole) {
        let mut used: BTreeMap<Mark, Kind> = BTreeMap::new();
        let mut names = BTreeSet::new();
        for record in whole.records.values() {
            used.extend(Kind::ALL.into_iter().map(|kind| (record.set(kind), kind)));
            for made in &record.made {
                names.insert(self.store.place(&made.artifact).to_string_lossy().into_owned());
                names.insert(made.artifact.name.clone());
            }
        }
        whole.sets.retain(|mark, _| used.contains_key(mark));
        for (mark, items) in &whole.sets {
            match used.get(mark) {
                Some(Kind::Inputs | Kind::Read) => {
                    names.extend(items.iter().map(|(name, _)| name.clone()));
                }
                Some(Kind::Programs) => {
                    names.extend(items.iter().filter_map(|(name, _)| real(name)));
                }
                _ => {}
            }
        }
        whole.files.retain(|name, _| names.contains(name));
    }
}

/// The file behind a program's item.
fn real(name: &str) -> Option<String> {
    let path = name.get(word(name).len() + 1..).filter(|path| !path.is_empty())?;
    let real = fs::real(Path::new(path)).ok()?;
    Some(real.to_string_lossy().into_owned())
}
