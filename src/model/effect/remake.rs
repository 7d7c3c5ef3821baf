//! What stands on GitHub in a release's way, and is taken away: another tag of its name, another release.
//!
//! One for each, because GitHub has no request for both, and a run may end between them. They do not name
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

/// What of it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doomed {
    /// A tag of the release's name that points at another commit.
    Tag,
    /// Releases and drafts of the tag that are of another commit, or have other files.
    Release,
}

impl Doomed {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Release => "release",
        }
    }
}

/// What is in a release's way is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    /// What of it.
    pub what: Doomed,
    /// For which release.
    pub remake: Remake,
}

impl Change for Delete {
    fn identity(&self) -> Value {
        json!([format!("delete-{}", self.what.name()), self.remake.at])
    }

    fn summary(&self) -> String {
        format!("make room for {} {}", self.what.name(), self.remake.at.shown())
    }

    fn destination(&self) -> Destination {
        Destination::GithubRelease
    }

    fn endpoint(&self) -> String {
        self.remake.at.page()
    }

    fn predicted(&self) -> Receipt {
        let name = format!("no other {} {}", self.what.name(), self.remake.at.tag);
        Receipt { name, digest: None, url: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deleted_is_known_by_the_same_words_in_every_version() {
        let at = ReleaseAt {
            server: "https://github.com".into(),
            repository: "acme/time-piece".into(),
            tag: "v1.0".into(),
        };
        let remake = Remake {
            at: at.clone(),
            commit: "c0ffee".into(),
            files: Vec::new(),
            packages: Vec::new(),
            indexes: Vec::new(),
        };
        for (what, word) in [(Doomed::Tag, "delete-tag"), (Doomed::Release, "delete-release")] {
            let delete = Delete { what, remake: remake.clone() };
            assert_eq!(delete.identity(), json!([word, at]));
        }
    }
}
