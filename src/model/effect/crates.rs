//! What changes crates.io: a packaged crate that goes there, a version that is yanked.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Change, Receipt};
use crate::model::artifact::{Artifact, human_size};
use crate::model::task::Destination;

/// Where a version can be seen.
fn page(registry: &str, name: &str, version: &str) -> String {
    format!("{registry}/crates/{name}/{version}")
}

/// A packaged crate for crates.io.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishCrate {
    /// Address of the registry.
    pub registry: String,
    /// The crate's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The `.crate`.
    pub file: Artifact,
}

impl Change for PublishCrate {
    fn identity(&self) -> Value {
        json!(["publish-crate", self.registry, self.name, self.version, self.file.sha256])
    }

    fn summary(&self) -> String {
        format!(
            "publish {} ({}, sha256 {}) to {}",
            self.file.file_name(),
            human_size(self.file.size),
            self.file.sha256.short(),
            self.destination()
        )
    }

    fn files(&self) -> Vec<&Artifact> {
        vec![&self.file]
    }

    fn destination(&self) -> Destination {
        Destination::Crates
    }

    fn endpoint(&self) -> String {
        self.registry.clone()
    }

    fn predicted(&self) -> Receipt {
        Receipt {
            name: self.file.file_name().to_owned(),
            digest: Some(self.file.sha256.clone()),
            url: Some(page(&self.registry, &self.name, &self.version)),
        }
    }
}

/// A version that new resolutions no longer take, or may take again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct YankCrate {
    /// Address of the registry.
    pub registry: String,
    /// The crate's name.
    pub name: String,
    /// The version.
    pub version: String,
    /// Whether it is to be yanked; else it no longer is.
    pub yanked: bool,
}

impl Change for YankCrate {
    fn identity(&self) -> Value {
        json!(["yank-crate", self.registry, self.name, self.version, self.yanked])
    }

    fn summary(&self) -> String {
        let what = if self.yanked { "yank" } else { "unyank" };
        format!("{what} {} {} on {}", self.name, self.version, self.destination())
    }

    fn destination(&self) -> Destination {
        Destination::Crates
    }

    fn endpoint(&self) -> String {
        self.registry.clone()
    }

    fn predicted(&self) -> Receipt {
        Receipt {
            name: format!("{} {}", self.name, self.version),
            digest: None,
            url: Some(page(&self.registry, &self.name, &self.version)),
        }
    }
}
