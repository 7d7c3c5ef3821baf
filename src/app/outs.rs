//! Folders that instances write to, below the run's own.
//!
//! Most instances leave theirs empty: it is handed on under the next one's name, since a folder that is made
//! and removed costs more than the start of a program. Turned down: making none until something is
//! written, which nobody could tell.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pass::slug;
use crate::host::fs;

/// The folders of one run.
pub(super) struct Outs {
    folder: PathBuf,
    /// Empty ones that nobody uses any more.
    spare: Mutex<Vec<PathBuf>>,
}

impl Outs {
    /// Those below `folder`.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, spare: Mutex::default() }
    }

    /// The folder around all of them.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where an instance writes.
    pub(super) fn of(&self, id: &str) -> PathBuf {
        self.folder.join(slug(id))
    }

    /// Makes this one, empty.
    ///
    /// # Errors
    /// The disk fails.
    pub(super) fn make(&self, out: &Path) -> io::Result<()> {
        // An earlier try may have left something.
        fs::remove_dir(out)?;
        let spare = self.spare().pop();
        if spare.is_some_and(|spare| fs::rename_dir(&spare, out).is_ok()) {
            return Ok(());
        }
        fs::make_dir(out)
    }

    /// Takes one back from an instance that is done, if it is as it was made.
    pub(super) fn take_back(&self, out: &Path) -> bool {
        let untouched = fs::is_untouched(out);
        if untouched {
            self.spare().push(out.to_owned());
        }
        untouched
    }

    fn spare(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_handed_on_only_as_it_was_made() {
        let place = tempfile::tempdir().unwrap();
        let outs = Outs::new(place.path().join("out"));
        let [one, two, three] = ["one", "two", "three"].map(|id| outs.of(id));
        outs.make(&one).unwrap();
        assert!(outs.take_back(&one));
        outs.make(&two).unwrap();
        assert!(!one.exists() && two.is_dir(), "under another name");
        fs::make_dir(&two.join("left")).unwrap();
        assert!(!outs.take_back(&two));
        outs.make(&three).unwrap();
        assert!(two.join("left").is_dir() && three.is_dir());
        outs.make(&two).unwrap();
        assert!(outs.take_back(&two), "a second try begins with an empty one");
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_with_other_rights_is_not_handed_on() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let outs = Outs::new(place.path().join("out"));
        let one = outs.of("one");
        outs.make(&one).unwrap();
        std::fs::set_permissions(&one, std::fs::Permissions::from_mode(0o511)).unwrap();
        assert!(!outs.take_back(&one));
        fs::remove_dir(&one).unwrap();
        assert!(!outs.take_back(&one), "nor is one that is gone");
    }
}
