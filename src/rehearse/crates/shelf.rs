//! The crates that the registry holds, with their versions and what became of them.
//!
//! Plain data and questions to it; who may change it is asked elsewhere. Turned down: keeping lines of
//! the index instead, from which a late index could not be told from a true one.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::manifest::Manifest;
use super::names::canonical;
use super::version::Version;

/// A crate.
#[derive(Debug, Clone, Default)]
pub(super) struct Crate {
    /// The name as it was first written.
    pub(super) name: String,
    /// Accounts that may publish it; everyone, if nothing is known of them.
    pub(super) owners: Option<Vec<String>>,
    /// API tokens cannot publish it.
    pub(super) trusted_only: bool,
    /// When it came to be.
    pub(super) created: u64,
    /// Versions, in the order of their publication.
    pub(super) versions: Vec<Published>,
}

/// A version that was published.
#[derive(Debug, Clone)]
pub(super) struct Published {
    pub(super) number: String,
    pub(super) version: Version,
    pub(super) manifest: Manifest,
    pub(super) bytes: Vec<u8>,
    /// When it was published.
    pub(super) at: u64,
    /// When it was yanked (`true`) and taken back.
    pub(super) yanks: Vec<(u64, bool)>,
    /// The account that published it.
    pub(super) by: Option<String>,
    /// The run that published it by trusted publishing.
    pub(super) run: Option<Value>,
}

impl Published {
    /// SHA-256 of the `.crate`, in hex.
    pub(super) fn checksum(&self) -> String {
        hex(&Sha256::digest(&self.bytes))
    }

    /// Whether it was yanked at an instant.
    pub(super) fn yanked(&self, at: u64) -> bool {
        self.yanks.iter().rfind(|(when, _)| *when <= at).is_some_and(|(_, yanked)| *yanked)
    }
}

impl Crate {
    /// A version by its number.
    pub(super) fn version(&self, number: &str) -> Option<&Published> {
        self.versions.iter().find(|one| one.number == number)
    }

    /// Whether there is this version, whatever it says of how it was built.
    pub(super) fn has(&self, version: &Version) -> bool {
        let number = version.without_build();
        self.versions.iter().any(|one| one.version.without_build() == number)
    }

    /// Whether an account may publish it.
    pub(super) fn is_owner(&self, user: &str) -> bool {
        self.owners.as_ref().is_none_or(|owners| owners.iter().any(|owner| owner == user))
    }

    /// The greatest version; of those that are no pre-releases, if asked.
    pub(super) fn greatest(&self, stable: bool) -> Option<&Published> {
        let fit = |one: &&Published| !stable || !one.version.is_pre();
        self.versions.iter().filter(fit).max_by(|left, right| left.version.cmp(&right.version))
    }
}

/// All crates.
#[derive(Debug, Default)]
pub(super) struct Shelf(BTreeMap<String, Crate>);

impl Shelf {
    /// A crate by its name, however that is written.
    pub(super) fn get(&self, name: &str) -> Option<&Crate> {
        self.0.get(&canonical(name))
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Crate> {
        self.0.get_mut(&canonical(name))
    }

    /// A crate by its name, made at `at` if there was none.
    pub(super) fn entry(&mut self, name: &str, at: u64) -> &mut Crate {
        self.0.entry(canonical(name)).or_insert_with(|| Crate {
            name: name.to_owned(),
            created: at,
            ..Crate::default()
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Crate> {
        self.0.values()
    }
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(half.into(), 16));
        }
    }
    text
}
