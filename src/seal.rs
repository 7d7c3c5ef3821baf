//! Seals: the artifacts of a release, fixed when its gate opened.
//!
//! A later live run on the same commit takes them from the store and does not run what leads to
//! them; so a resumed release never rebuilds, and every place gets the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::model::artifact::Artifact;
use crate::model::effect::{Key, Release};

const VERSION: u32 = 1;

/// Artifacts of each local task instance of a release.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seal {
    v: u32,
    /// The release.
    pub release: Release,
    /// Instances by name, with what they made.
    pub tasks: BTreeMap<String, Vec<Artifact>>,
    /// Every effect that a gate of this release let through: when all are done, it is finished.
    #[serde(default)]
    pub planned: BTreeSet<Key>,
}

fn path(folder: &Path, release: &Release) -> PathBuf {
    folder.join(format!("{}.json", release.commit))
}

impl Seal {
    /// The seal with what another run made, and is about to send, besides: what is sealed stays as it is.
    pub fn join(
        seal: Option<Self>,
        release: &Release,
        made: BTreeMap<String, Vec<Artifact>>,
        planned: impl IntoIterator<Item = Key>,
    ) -> Self {
        let mut joined = seal.unwrap_or_else(|| Self {
            v: VERSION,
            release: release.clone(),
            tasks: BTreeMap::new(),
            planned: BTreeSet::new(),
        });
        for (task, artifacts) in made {
            joined.tasks.entry(task).or_insert(artifacts);
        }
        joined.planned.extend(planned);
        joined
    }

    /// The seal of `release`, if there is one.
    ///
    /// # Errors
    /// It cannot be read, or is of another version.
    pub fn load(folder: &Path, release: &Release) -> Outcome<Option<Self>> {
        let path = path(folder, release);
        if !fs::exists(&path) {
            return Ok(None);
        }
        let text = fs::read_text(&path).map_err(|error| unreadable(&path, &error.to_string()))?;
        Self::parse(&text).map(Some).map_err(|why| unreadable(&path, &why))
    }

    /// Reads a seal's text.
    ///
    /// # Errors
    /// It is none, or of another version: why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let seal: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if seal.v == VERSION {
            return Ok(seal);
        }
        Err(format!("format {} is not known to this rel", seal.v))
    }

    /// The seal as text.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Writes the seal down.
    ///
    /// # Errors
    /// The disk fails.
    pub fn save(&self, folder: &Path) -> Outcome<()> {
        let path = path(folder, &self.release);
        fs::replace(&path, &self.to_text()).map_err(|error| unreadable(&path, &error.to_string()))
    }

    /// Drops the seal of `release`.
    ///
    /// # Errors
    /// The disk fails.
    pub fn remove(folder: &Path, release: &Release) -> Outcome<()> {
        let path = path(folder, release);
        fs::remove_file(&path).map_err(|error| unreadable(&path, &error.to_string()))
    }
}

fn unreadable(path: &Path, why: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::machine(format!("the seal of this release cannot be used: {why}"));
    Box::new(
        wrong
            .note(path.display().to_string())
            .hint("start over with `--rebuild` if nothing was sent yet"),
    )
}
