//! Where a bundle's release is kept while it is applied: a folder by the bundle's digest.
//!
//! It outlives a run that is killed. The next one with the same bundle finds there what that one set out to
//! do, which the bundle itself cannot tell yet. Bytes are in the bundle: they stay only as long as a run.
//! Turned down: the state of a project, since there need not be one here; a folder of the run's own, of which
//! nobody would know after a kill.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::diag::{Diagnostic, Outcome};
use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::repo;
use crate::retention::{self, Part};

/// Held against every other run with this bundle.
pub(super) struct Place {
    pub(super) state: PathBuf,
    /// Whether an earlier run has left something there.
    pub(super) is_known: bool,
    _alone: File,
}

impl Place {
    /// The folder for a bundle.
    ///
    /// # Errors
    /// There is no place for it, another run has it, or the disk fails.
    pub(super) fn of(host: &Host, bundle: &Digest) -> Outcome<Self> {
        let all = repo::states(host).ok_or_else(|| {
            let wrong = Diagnostic::machine("there is no place for a ledger");
            Box::new(wrong.hint("set HOME or XDG_STATE_HOME to a folder that may be written to"))
        })?;
        let all = all.join("carried");
        for folder in fs::names(&all) {
            let folder = all.join(folder);
            if let Ok(Some(_alone)) = retention::alone(&folder) {
                thin(&folder);
            }
        }
        let state = all.join(bundle.as_str());
        let is_known = fs::exists(&state);
        match retention::alone(&state) {
            Ok(Some(alone)) => Ok(Self { state, is_known, _alone: alone }),
            Ok(None) => {
                let wrong = Diagnostic::refused("another rel is applying this bundle");
                Err(Box::new(wrong.hint("wait until it has ended, then run the same command")))
            }
            Err(error) => {
                let wrong = Diagnostic::machine(format!("the ledger cannot be written: {error}"));
                Err(Box::new(
                    wrong.note(state.display().to_string()).hint(
                        "make room, or set XDG_STATE_HOME to a folder that may be written to",
                    ),
                ))
            }
        }
    }

    /// Ends with it. Where nothing `remains` to be known it goes as a whole.
    pub(super) fn leave(self, remains: bool) {
        if remains {
            thin(&self.state);
        } else {
            // What is left costs room only.
            let _ = fs::remove_dir(&self.state);
        }
    }
}

/// Removes what a bundle has too.
fn thin(folder: &Path) {
    for part in [Part::Store, Part::Plan] {
        let _ = fs::remove_dir(&folder.join(part.name()));
    }
}
