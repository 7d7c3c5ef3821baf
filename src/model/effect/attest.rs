//! Statements about a file: signed with the run's identity, and kept where others look for them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Change, Receipt};
use crate::diag::Diagnostic;
use crate::model::artifact::Artifact;
use crate::model::task::Destination;

/// What is said of a file when it is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predicate {
    /// That it is what this project publishes (PyPI's publish attestation, v1).
    Publish,
    /// How it was built (SLSA provenance, v1).
    Provenance,
}

impl Predicate {
    /// Both, in the order in which they are sent.
    pub const ALL: [Self; 2] = [Self::Publish, Self::Provenance];

    /// Its name in file names: `publish`, `provenance`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Provenance => "provenance",
        }
    }

    /// The type by which statements name it.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Publish => "https://docs.pypi.org/attestations/publish/v1",
            Self::Provenance => "https://slsa.dev/provenance/v1",
        }
    }
}

/// A statement about a file, to be signed with the run's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// What is said.
    pub predicate: Predicate,
    /// Of which file.
    pub file: Artifact,
    /// Who asks for it first: signing is part of publishing there.
    #[serde(rename = "for")]
    pub wanted_by: Destination,
}

impl Sign {
    /// Where it goes, as ledgers have it.
    pub const ENDPOINT: &str = "sigstore";

    /// The file of which an attestation of this name speaks.
    pub fn file_of(name: &str) -> Option<&str> {
        let stem = name.strip_suffix(".attestation")?;
        Predicate::ALL.iter().find_map(|said| stem.strip_suffix(said.name())?.strip_suffix('.'))
    }
}

impl Change for Sign {
    /// Wherever it goes.
    fn identity(&self) -> Value {
        json!(["sign", self.predicate, self.file.file_name(), self.file.sha256])
    }

    fn summary(&self) -> String {
        format!(
            "sign {} (sha256 {}): {}",
            self.file.file_name(),
            self.file.sha256.short(),
            self.predicate.name()
        )
    }

    fn files(&self) -> Vec<&Artifact> {
        vec![&self.file]
    }

    fn destination(&self) -> Destination {
        self.wanted_by.clone()
    }

    fn endpoint(&self) -> String {
        Self::ENDPOINT.into()
    }

    fn predicted(&self) -> Receipt {
        let name = format!("{}.{}.attestation", self.file.file_name(), self.predicate.name());
        Receipt { name, digest: None, url: None }
    }
}

/// A signed statement for GitHub's store of attestations, where `gh attestation verify` looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreAttestation {
    /// Address of the site.
    pub server: String,
    /// `owner/name`.
    pub repository: String,
    /// What is said.
    pub predicate: Predicate,
    /// Of which file.
    pub file: Artifact,
}

impl Change for StoreAttestation {
    fn identity(&self) -> Value {
        let file = &self.file;
        json!([
            "store-attestation",
            self.server,
            self.repository,
            self.predicate,
            file.file_name(),
            file.sha256
        ])
    }

    fn summary(&self) -> String {
        format!(
            "store the {} attestation of {} (sha256 {}) at {}",
            self.predicate.name(),
            self.file.file_name(),
            self.file.sha256.short(),
            self.repository
        )
    }

    fn files(&self) -> Vec<&Artifact> {
        vec![&self.file]
    }

    fn destination(&self) -> Destination {
        Destination::Attestations
    }

    fn endpoint(&self) -> String {
        format!("{}/{}/attestations", self.server, self.repository)
    }

    fn lacks(&self) -> Option<Diagnostic> {
        self.repository.is_empty().then(super::github::no_repository)
    }

    fn predicted(&self) -> Receipt {
        Receipt {
            name: format!("{}.{}.sigstore.json", self.file.file_name(), self.predicate.name()),
            digest: None,
            url: Some(self.endpoint()),
        }
    }
}
