//! A distribution file for a Python package index.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Change, Predicate, Receipt};
use crate::model::artifact::{Artifact, human_size};
use crate::model::task::{Destination, Index};

/// A distribution file for a Python package index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadPypi {
    /// Where it goes.
    pub index: Index,
    /// Normalised project name (PEP 503).
    pub project: String,
    /// Version as the file states it.
    pub version: String,
    /// The file.
    pub file: Artifact,
    /// Which signed statements go along (PEP 740).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attested: Vec<Predicate>,
}

impl Change for UploadPypi {
    fn identity(&self) -> Value {
        json!(["upload-pypi", self.index.upload, self.file.file_name(), self.file.sha256])
    }

    fn summary(&self) -> String {
        format!(
            "upload {} ({}, sha256 {}) to {}",
            self.file.file_name(),
            human_size(self.file.size),
            self.file.sha256.short(),
            self.index.name
        )
    }

    fn files(&self) -> Vec<&Artifact> {
        vec![&self.file]
    }

    fn destination(&self) -> Destination {
        self.index.destination()
    }

    fn endpoint(&self) -> String {
        self.index.upload.clone()
    }

    fn predicted(&self) -> Receipt {
        Receipt {
            name: self.file.file_name().to_owned(),
            digest: Some(self.file.sha256.clone()),
            url: Some(format!("{}{}/", self.index.simple, self.project)),
        }
    }
}
