//! An effect: one change to a remote, as a value; and the receipt that tells it happened.
//!
//! The enum is closed, so that the compiler lists every place which a new effect must answer.
//! An effect carries digests, never paths: other bytes cannot even be expressed. How to look for
//! it and how to do it is `remote`'s matter, whether to do it is the door's.
//! Turned down: a trait object per effect, which can be neither stored nor exhausted.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::artifact::{Artifact, Digest, human_size};
use crate::model::command::Cmd;
use crate::model::task::{Destination, Index};

/// What a release is called in keys and files: one commit of one project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Release {
    /// The commit, as a full object name.
    pub commit: String,
    /// The project's folder below the top of the repository, `.` for the top.
    pub project: String,
}

/// Identifies an effect across runs, restarts and renamed tasks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub Digest);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.short())
    }
}

/// One change to a remote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "kebab-case")]
pub enum Effect {
    /// A distribution file goes to a Python package index.
    UploadPypi(UploadPypi),
    /// A statement about a file is signed, and written to the public log.
    Sign(Sign),
    /// A user's own sending command.
    Command(SendCommand),
}

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

/// A statement about a file, to be signed with the run's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// What is said.
    pub predicate: Predicate,
    /// Of which file.
    pub file: Artifact,
    /// The index that asks for it first: signing is part of publishing there.
    pub index: String,
}

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

/// A command that changes a remote in a way only the user knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendCommand {
    /// What is started.
    pub cmd: Cmd,
    /// The same with each artifact's digest instead of its path: what it is on every machine.
    pub identity: String,
    /// The folder it starts in, relative to the project.
    pub cwd: Option<String>,
    /// The artifacts named in it.
    pub artifacts: Vec<Artifact>,
}

impl Effect {
    /// The same for the same change of the same release, whichever task asks for it.
    pub fn key(&self, release: &Release) -> Key {
        let identity = match self {
            Self::UploadPypi(upload) => serde_json::json!([
                "upload-pypi",
                upload.index.upload,
                upload.file.file_name(),
                upload.file.sha256
            ]),
            // Whichever index it goes to.
            Self::Sign(sign) => {
                serde_json::json!(["sign", sign.predicate, sign.file.file_name(), sign.file.sha256])
            }
            Self::Command(command) => {
                serde_json::json!(["command", command.identity, command.cwd])
            }
        };
        Key(Digest::of(serde_json::json!([release, identity]).to_string()))
    }

    /// One line for people: what goes where.
    pub fn summary(&self) -> String {
        match self {
            Self::UploadPypi(upload) => {
                let (file, index) = (&upload.file, &upload.index.name);
                format!(
                    "upload {} ({}, sha256 {}) to {index}",
                    file.file_name(),
                    human_size(file.size),
                    file.sha256.short()
                )
            }
            Self::Sign(sign) => format!(
                "sign {} (sha256 {}): {}",
                sign.file.file_name(),
                sign.file.sha256.short(),
                sign.predicate.name()
            ),
            Self::Command(command) => format!("run `{}`", command.cmd.shown()),
        }
    }

    /// Digests of the bytes that it sends.
    pub fn digests(&self) -> Vec<Digest> {
        match self {
            Self::UploadPypi(upload) => vec![upload.file.sha256.clone()],
            Self::Sign(sign) => vec![sign.file.sha256.clone()],
            Self::Command(command) => {
                command.artifacts.iter().map(|file| file.sha256.clone()).collect()
            }
        }
    }

    /// Where it goes.
    pub fn destination(&self) -> Destination {
        match self {
            Self::UploadPypi(upload) => upload.index.destination(),
            Self::Sign(sign) => Destination::of_index(&sign.index),
            Self::Command(_) => Destination::Command,
        }
    }

    /// The address that is written to, or the program that is started.
    pub fn endpoint(&self) -> String {
        match self {
            Self::UploadPypi(upload) => upload.index.upload.clone(),
            Self::Sign(_) => "sigstore".into(),
            Self::Command(command) => command.cmd.shown(),
        }
    }

    /// What a script may go on with before the effect has happened.
    pub fn predicted(&self) -> Receipt {
        match self {
            Self::UploadPypi(upload) => Receipt {
                name: upload.file.file_name().to_owned(),
                digest: Some(upload.file.sha256.clone()),
                url: Some(format!("{}{}/", upload.index.simple, upload.project)),
            },
            Self::Sign(sign) => Receipt {
                name: format!("{}.{}.attestation", sign.file.file_name(), sign.predicate.name()),
                digest: None,
                url: None,
            },
            Self::Command(command) => {
                Receipt { name: command.cmd.shown(), digest: None, url: None }
            }
        }
    }
}

/// What is known of an effect that happened; only what can also be predicted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// What was sent.
    pub name: String,
    /// The digest of what was sent.
    pub digest: Option<Digest>,
    /// Where it can be seen.
    pub url: Option<String>,
}

/// What a remote holds where an effect would put something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Nothing.
    Absent,
    /// Exactly this: the effect has happened.
    Same,
    /// Something else under the same name, with its digest as far as the remote tells it.
    Other(String),
    /// The remote has no way to tell.
    Unknowable,
}
