//! Remotes: for each effect, how to look whether it has happened, and how to make it happen.
//!
//! The match from effect to service, and nothing more: whether to act is the door's matter, and
//! nothing here keeps a record or retries.

pub mod attestations;
pub mod command;
pub mod crates;
mod cures;
pub mod earlier;
pub mod git;
pub mod github;
pub mod notify;
pub mod oidc;
mod once;
pub mod published;
pub mod pypi;
pub mod sigstore;
pub mod simple;
pub mod standing;
pub mod status;
pub mod taken;
pub mod trusted;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::diag::Outcome;
use crate::dist::order::Scheme;
use crate::host::Host;
use crate::host::net::{Answer, Login, NoAnswer};
use crate::host::stop::Stop;
use crate::model::artifact::Digest;
use crate::model::effect::{Effect, Listed, Presence};
use crate::store::Store;

/// What a remote needs to act for a task.
#[derive(Clone, Copy)]
pub struct Errand<'a> {
    /// The machine.
    pub host: &'a Host,
    /// Where the bytes are.
    pub store: &'a Store,
    /// The project's folder.
    pub root: &'a Path,
    /// The variables of the task's commands; made when first needed.
    pub env: &'a (dyn Fn() -> Outcome<BTreeMap<String, String>> + Sync),
    /// What the run has with the remotes by now.
    pub ties: &'a Ties,
    /// Ends what is under way.
    pub stop: &'a Stop,
    /// Takes each line that a command prints.
    pub say: &'a (dyn Fn(String) + Sync),
}

/// What a run has with the remotes by now: kept in memory, but for what it signed.
pub struct Ties {
    /// Tokens that indexes gave for the run's identity.
    pub tokens: trusted::Tokens,
    /// What it signs with.
    pub signer: sigstore::Signer,
    /// The folder of what was signed.
    pub attestations: PathBuf,
    /// Drafts of releases that it made or saw.
    pub drafts: github::Drafts,
    /// What it has shown of what it would delete.
    pub shown: github::remake::Shown,
}

impl Ties {
    /// None yet. `attestations` is the folder of what was signed.
    pub fn new(attestations: PathBuf) -> Self {
        let (tokens, signer) = (trusted::Tokens::default(), sigstore::Signer::default());
        let (drafts, shown) = (github::Drafts::default(), github::remake::Shown::default());
        Self { tokens, signer, attestations, drafts, shown }
    }
}

/// Why something did not work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The remote said no; nothing has changed there.
    Refused {
        /// Its reason, as it said it.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// Nothing is known: no answer, or one that says "later".
    Unclear(String),
    /// Not now, and nothing has changed there: try again after so long.
    Later {
        /// Its reason.
        reason: String,
        /// How long it wants to be left alone.
        after: Duration,
    },
    /// It never left this machine.
    Unsent(String),
}

impl From<NoAnswer> for Trouble {
    fn from(NoAnswer(why): NoAnswer) -> Self {
        Self::Unclear(why)
    }
}

/// One look at the remotes, in which a page that tells of many files is read once.
pub struct Survey<'a> {
    errand: &'a Errand<'a>,
    pages: pypi::Pages,
    crates: crates::Versions,
}

impl<'a> Survey<'a> {
    /// Begins a look: nothing is read yet, and nothing is known from one before.
    pub fn new(errand: &'a Errand<'a>) -> Self {
        Self { errand, pages: pypi::Pages::default(), crates: crates::Versions::default() }
    }

    /// What the remote holds where `effect` would put something.
    ///
    /// # Errors
    /// The remote cannot be asked.
    pub fn probe(&self, effect: &Effect) -> Result<Presence, Trouble> {
        let errand = self.errand;
        match effect {
            Effect::UploadPypi(upload) => {
                pypi::probe(errand.host, upload, &self.pages, errand.stop)
            }
            Effect::PublishCrate(publish) => crates::probe(errand, publish, &self.crates),
            Effect::YankCrate(yank) => crates::yank::probe(errand, yank),
            Effect::Sign(sign) => sigstore::probe(errand, sign),
            Effect::StoreAttestation(store) => github::store::probe(errand, store),
            Effect::Delete(delete) => github::remake::probe(errand, delete),
            Effect::DraftRelease(draft) => github::draft::probe(errand, draft),
            Effect::UploadAsset(upload) => github::asset::probe(errand, upload),
            Effect::PublishRelease(publish) => github::probe(errand, publish),
            Effect::PushGit(push) => git::probe(errand, push),
            Effect::Dispatch(dispatch) => github::dispatch::probe(errand, dispatch),
            Effect::Command(_) | Effect::Notify(_) => Ok(Presence::Unknowable),
        }
    }

    /// Files of the project that are listed where `effect` goes, and that are not of an older version;
    /// none where nothing is listed by version. What a probe has read is not read again.
    ///
    /// # Errors
    /// The remote cannot be asked.
    pub fn ahead(&self, effect: &Effect) -> Result<Vec<Listed>, Trouble> {
        let errand = self.errand;
        let (all, version, scheme) = match effect {
            Effect::UploadPypi(upload) => {
                let all = pypi::listed(errand.host, upload, &self.pages, errand.stop)?;
                (all, &upload.version, Scheme::Pep440)
            }
            Effect::PublishCrate(publish) => {
                let all = crates::listed(errand, publish, &self.crates)?.as_ref().clone();
                (all, &publish.version, Scheme::Semver)
            }
            _ => return Ok(Vec::new()),
        };
        let is_ahead =
            |listed: &Listed| scheme.compare(&listed.version, version) != Some(Ordering::Less);
        Ok(all.into_iter().filter(is_ahead).collect())
    }
}

/// Makes `effect` happen.
///
/// # Errors
/// It was refused, or it is not known what happened.
pub fn apply(errand: &Errand<'_>, effect: &Effect) -> Result<(), Trouble> {
    match effect {
        Effect::UploadPypi(upload) => pypi::apply(errand, upload),
        Effect::PublishCrate(publish) => crates::apply(errand, publish),
        Effect::YankCrate(yank) => crates::yank::apply(errand, yank),
        Effect::Sign(sign) => sigstore::apply(errand, sign),
        Effect::StoreAttestation(store) => github::store::apply(errand, store),
        Effect::Delete(delete) => github::remake::apply(errand, delete),
        Effect::DraftRelease(draft) => github::draft::apply(errand, draft),
        Effect::UploadAsset(upload) => github::asset::apply(errand, upload),
        Effect::PublishRelease(publish) => github::apply(errand, publish),
        Effect::PushGit(push) => git::apply(errand, push),
        Effect::Dispatch(dispatch) => github::dispatch::apply(errand, dispatch),
        Effect::Command(command) => command::apply(errand, command),
        Effect::Notify(notify) => notify::apply(errand, notify),
    }
}

/// Waits until what was sent is to be seen, where other effects build upon it.
pub fn appear(errand: &Errand<'_>, effect: &Effect) {
    if let Effect::PublishCrate(publish) = effect {
        crates::appear(errand, publish);
    }
}

/// The JSON of an answer that has to be some.
///
/// # Errors
/// It is none.
fn json_of(answer: &Answer) -> Result<Value, Trouble> {
    serde_json::from_str(&answer.body)
        .map_err(|_| Trouble::Unclear(format!("{} answered no JSON", answer.url)))
}

/// The digest of a file that a remote tells none of: by reading it.
///
/// # Errors
/// It cannot be read.
fn digest_of(
    host: &Host,
    url: &str,
    login: Option<&Login>,
    stop: &Stop,
) -> Result<String, Trouble> {
    digest_reading(host, url, login, stop, |_| ())
}

/// The same; `each` gets the bytes.
///
/// # Errors
/// It cannot be read.
fn digest_reading(
    host: &Host,
    url: &str,
    login: Option<&Login>,
    stop: &Stop,
    mut each: impl FnMut(&[u8]),
) -> Result<String, Trouble> {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    let taken = |bytes: &[u8]| {
        hasher.update(bytes);
        each(bytes);
    };
    match host.net().download(url, login, stop, taken)? {
        200 => Ok(Digest::from_raw(&hasher.finalize()).to_string()),
        status => Err(Trouble::Unclear(format!("{url} answered {status}"))),
    }
}

/// A status and the beginning of what was said with it, in one line.
fn one_line(status: u16, said: &str) -> String {
    let words = said.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let said: String = words.join(" ").chars().take(600).collect();
    format!("{status} {said}").trim_end().to_owned()
}
