//! An effect: one change to a remote, as a value; and the receipt that tells it happened.
//!
//! The enum is closed, so that the compiler lists every place which a new effect must answer.
//! An effect carries digests, never paths: other bytes cannot even be expressed. How to look for
//! it and how to do it is `remote`'s matter, whether to do it is the door's.
//! Turned down: a trait object per effect, which can be neither stored nor exhausted.

mod attest;
mod command;
mod crates;
mod dispatch;
mod git;
mod github;
mod notify;
mod pypi;
mod remake;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use attest::{Predicate, Sign, StoreAttestation};
pub use command::SendCommand;
pub use crates::{PublishCrate, YankCrate};
pub use dispatch::Dispatch;
pub use git::{PushGit, PushedRef};
pub use github::{DraftRelease, PublishRelease, ReleaseAt, UploadAsset, asset_name};
pub use notify::{Channel, Mail, Notify};
pub use pypi::UploadPypi;
pub use remake::{Delete, Doomed, Package, Remake};

use crate::diag::Diagnostic;
use crate::model::artifact::{Artifact, Digest};
use crate::model::task::Destination;

/// What a release is called in keys and files: one commit of one project.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Release {
    /// The commit, as a full object name.
    pub commit: String,
    /// The project's folder below the top of the repository, `.` for the top.
    pub project: String,
}

impl Release {
    /// Whether its commit can be one: the name of an object in hex. What was read from a file may be any text.
    pub fn has_commit(&self) -> bool {
        !self.commit.is_empty() && self.commit.bytes().all(|c| c.is_ascii_hexdigit())
    }

    /// What stands for the release outside a repository, where nothing can be sent.
    pub fn nowhere() -> Self {
        Self { commit: String::new(), project: String::new() }
    }
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
    /// A packaged crate goes to crates.io.
    PublishCrate(PublishCrate),
    /// A version on crates.io is yanked, or no longer is.
    YankCrate(YankCrate),
    /// A statement about a file is signed, and written to the public log.
    Sign(Sign),
    /// A signed statement goes to GitHub's store of attestations.
    StoreAttestation(StoreAttestation),
    /// What stands in a release's way on GitHub is deleted.
    Delete(Delete),
    /// A release is begun on GitHub, not yet to be seen by others.
    DraftRelease(DraftRelease),
    /// A file is attached to a release on GitHub.
    UploadAsset(UploadAsset),
    /// A release on GitHub becomes public.
    PublishRelease(PublishRelease),
    /// Branches and tags go to a git remote, all of them or none.
    PushGit(PushGit),
    /// A workflow is started on GitHub.
    Dispatch(Dispatch),
    /// A user's own sending command.
    Command(SendCommand),
    /// Others are told.
    Notify(Notify),
}

/// What each kind of effect tells of itself.
trait Change {
    /// What makes it this change and no other: stays the same when it is asked for again.
    fn identity(&self) -> Value;
    /// One line for people: what goes where.
    fn summary(&self) -> String;
    /// The files whose bytes it sends.
    fn files(&self) -> Vec<&Artifact> {
        Vec::new()
    }
    /// Where it goes.
    fn destination(&self) -> Destination;
    /// The address that is written to, or the program that is started.
    fn endpoint(&self) -> String;
    /// What a script may go on with before it has happened.
    fn predicted(&self) -> Receipt;
    /// What it lacks to happen at all.
    fn lacks(&self) -> Option<Diagnostic> {
        None
    }
}

impl Effect {
    fn change(&self) -> &dyn Change {
        match self {
            Self::UploadPypi(upload) => upload,
            Self::PublishCrate(publish) => publish,
            Self::YankCrate(yank) => yank,
            Self::Sign(sign) => sign,
            Self::StoreAttestation(store) => store,
            Self::Delete(delete) => delete,
            Self::DraftRelease(draft) => draft,
            Self::UploadAsset(upload) => upload,
            Self::PublishRelease(publish) => publish,
            Self::PushGit(push) => push,
            Self::Dispatch(dispatch) => dispatch,
            Self::Command(command) => command,
            Self::Notify(notify) => notify,
        }
    }

    /// The same for the same change of the same release, whichever task asks for it.
    pub fn key(&self, release: &Release) -> Key {
        Key(Digest::of(serde_json::json!([release, self.change().identity()]).to_string()))
    }

    /// One line for people: what goes where.
    pub fn summary(&self) -> String {
        self.change().summary()
    }

    /// What it lacks to happen at all: it can be described without.
    pub fn lacks(&self) -> Option<Diagnostic> {
        self.change().lacks()
    }

    /// The files whose bytes it sends.
    pub fn files(&self) -> Vec<&Artifact> {
        self.change().files()
    }

    /// Variables with what it logs in with, or with addresses that nobody else may know.
    pub fn secrets(&self) -> Vec<&str> {
        match self {
            Self::UploadPypi(upload) => upload.index.password.iter().map(String::as_str).collect(),
            Self::Notify(notify) => notify.secret().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Digests of the bytes that it sends.
    pub fn digests(&self) -> Vec<Digest> {
        self.change().files().into_iter().map(|file| file.sha256.clone()).collect()
    }

    /// Where it goes.
    pub fn destination(&self) -> Destination {
        self.change().destination()
    }

    /// The address that is written to, or the program that is started.
    pub fn endpoint(&self) -> String {
        self.change().endpoint()
    }

    /// What a script may go on with before the effect has happened.
    pub fn predicted(&self) -> Receipt {
        self.change().predicted()
    }

    /// Whether it takes something away, if that is there at all.
    pub fn removes(&self) -> bool {
        self.remakes().is_some()
    }

    /// Whether it would happen once more if it were sent again: what is there by then need not be its own.
    pub fn happens_anew(&self) -> bool {
        matches!(self, Self::Dispatch(_))
    }

    /// Whether it only tells others: it cannot be looked up, and a release is whole without it.
    pub fn is_notice(&self) -> bool {
        matches!(self, Self::Notify(_))
    }

    /// Whether the ledger has it as done once its release is finished: what had nothing to take away, or only
    /// tells others, leaves no mark there.
    pub fn is_lasting(&self) -> bool {
        !self.removes() && !self.is_notice()
    }

    /// The release on GitHub that it is a part of.
    pub fn part_of(&self) -> Option<&ReleaseAt> {
        match self {
            Self::DraftRelease(draft) => Some(&draft.at),
            Self::UploadAsset(upload) => Some(&upload.at),
            Self::PublishRelease(publish) => Some(&publish.at),
            _ => self.remakes().map(|remake| &remake.at),
        }
    }

    /// The release that is made anew, and that it comes after the deletes of.
    pub fn follows(&self) -> Option<&ReleaseAt> {
        match self {
            Self::PushGit(push) => push.anew.as_ref(),
            _ => self.part_of(),
        }
    }

    /// The release that it makes room for.
    pub fn remakes(&self) -> Option<&Remake> {
        match self {
            Self::Delete(Delete { remake, .. }) => Some(remake),
            _ => None,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Nothing.
    Absent,
    /// Exactly this: the effect has happened.
    Same,
    /// Something else under the same name, with its digest as far as the remote tells it; of what is to
    /// be deleted, why it must not be.
    Other(String),
    /// What the effect is to delete, in words.
    Stands(String),
    /// The remote has no way to tell.
    Unknowable,
}

/// A file of a project, as the place that effects go to lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The version that it belongs to.
    pub version: String,
    /// Its name.
    pub file: String,
    /// Its SHA-256 digest in hex, if the place tells one.
    pub sha256: Option<String>,
    /// Where it can be had.
    pub url: String,
}
