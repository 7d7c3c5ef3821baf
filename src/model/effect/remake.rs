//! What stands on GitHub in a release's way, and is taken away: another tag of its name, another release.
//!
//! Two effects, because GitHub has no request for both, and a run may end between them. They do not name
//! what they delete: that is looked up, shown and asked for, so that the same effect is done where nothing
//! stands in the way, before and after.
//! Turned down: to move the tag, and to change the release. Whoever has seen them would not see that they
//! are others now.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Change, Effect, Receipt, ReleaseAt};
use crate::model::artifact::Artifact;
use crate::model::task::{Destination, Index};

/// A release that is made anew: what is its own, and what must not hold its version yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remake {
    /// Which release.
    pub at: ReleaseAt,
    /// The commit that the tag has to point at: a tag there stays.
    pub commit: String,
    /// The files of the release: one with no others, at this commit, stays.
    pub files: Vec<Artifact>,
    /// What would be published under its version.
    pub packages: Vec<Package>,
    /// Indexes that are asked for Python packages.
    pub indexes: Vec<Index>,
}

impl Remake {
    /// Whether an effect publishes one of its packages, in whatever version.
    pub fn is_published_by(&self, effect: &Effect) -> bool {
        self.packages.iter().any(|package| match (package, effect) {
            (Package::Python { name, .. }, Effect::UploadPypi(upload)) => upload.project == *name,
            (Package::Crate { name, .. }, Effect::PublishCrate(publish)) => publish.name == *name,
            _ => false,
        })
    }
}

/// A version of a package, as registries know it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Package {
    /// A Python package.
    Python {
        /// Normalised name (PEP 503).
        name: String,
        /// Its version.
        version: String,
    },
    /// A crate.
    Crate {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
    },
}

/// A tag of the release's name that points at another commit is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteTag {
    /// For which release.
    pub remake: Remake,
}

/// Releases and drafts of the tag are deleted that are of another commit, or have other files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteRelease {
    /// For which release.
    pub remake: Remake,
}

impl Change for DeleteTag {
    fn identity(&self) -> Value {
        json!(["delete-tag", self.remake.at])
    }

    fn summary(&self) -> String {
        format!("make room for tag {}", self.remake.at.shown())
    }

    fn destination(&self) -> Destination {
        Destination::GithubRelease
    }

    fn endpoint(&self) -> String {
        self.remake.at.page()
    }

    fn predicted(&self) -> Receipt {
        Receipt { name: format!("no other tag {}", self.remake.at.tag), digest: None, url: None }
    }
}

impl Change for DeleteRelease {
    fn identity(&self) -> Value {
        json!(["delete-release", self.remake.at])
    }

    fn summary(&self) -> String {
        format!("make room for release {}", self.remake.at.shown())
    }

    fn destination(&self) -> Destination {
        Destination::GithubRelease
    }

    fn endpoint(&self) -> String {
        self.remake.at.page()
    }

    fn predicted(&self) -> Receipt {
        let name = format!("no other release {}", self.remake.at.tag);
        Receipt { name, digest: None, url: None }
    }
}
