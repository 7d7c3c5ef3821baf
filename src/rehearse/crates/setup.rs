//! What a rehearsal tells the registry before it begins, and what it can ask it afterwards.
//!
//! Nothing here goes through the checks of an upload but `add_version`. Turned down: a file in which
//! all this stands, because each rehearsal finds its world in the project that is rehearsed.

use super::access::ApiToken;
use super::manifest::Manifest;
use super::matching::TrustedPublisher;
use super::names::canonical;
use super::shelf::Published;
use super::version::Version;
use super::{Registry, metadata, tarball};

/// A version that the registry holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Name of the crate.
    pub name: String,
    /// The version.
    pub version: String,
    /// SHA-256 of the `.crate`, in hex.
    pub checksum: String,
    /// When it was published.
    pub at: u64,
}

impl Registry {
    /// There is this API token.
    pub fn add_token(&mut self, token: ApiToken) {
        self.tokens.push(token);
    }

    /// This account has no verified e-mail address.
    pub fn leave_unverified(&mut self, user: &str) {
        self.unverified.insert(user.to_owned());
    }

    /// There is this crate with these owners and versions, of which nothing else is known. What is no
    /// version is left out.
    pub fn add_crate(&mut self, name: &str, owners: &[&str], versions: &[&str]) {
        let found = self.shelf.entry(name, 0);
        found.owners = Some(owners.iter().map(|&owner| owner.to_owned()).collect());
        for &number in versions {
            let Some(version) = Version::parse(number) else { continue };
            found.versions.push(published(number, version, Manifest::default(), &[]));
        }
    }

    /// The crate has this version, from its `.crate`.
    ///
    /// # Errors
    /// It could not have been published like that.
    pub fn add_version(&mut self, name: &str, number: &str, bytes: &[u8]) -> Result<(), String> {
        let version = Version::parse(number).ok_or_else(|| format!("no version: {number}"))?;
        let mut manifest = tarball::manifest(&format!("{name}-{number}"), bytes)
            .and_then(|mut manifest| metadata::check(&mut manifest).map(|()| manifest))
            .map_err(|refusal| String::from_utf8_lossy(&refusal.body).into_owned())?;
        number.clone_into(&mut manifest.version);
        let found = self.shelf.entry(name, 0);
        found.versions.push(published(number, version, manifest, bytes));
        Ok(())
    }

    /// There is this crate; its owners and versions are not known, so that any account may publish.
    pub fn assume_crate(&mut self, name: &str) {
        self.shelf.entry(name, 0);
    }

    /// Every crate exists that another depends on, but for these: they have to be published before.
    pub fn assume_dependencies(&mut self, but: &[&str]) {
        self.assumed_but = Some(but.iter().map(|&name| canonical(name)).collect());
    }

    /// This crate takes new versions by trusted publishing only.
    pub fn require_trusted_publishing(&mut self, name: &str) {
        self.shelf.entry(name, 0).trusted_only = true;
    }

    /// There is this configuration of trusted publishing.
    pub fn add_publisher(&mut self, publisher: TrustedPublisher) {
        self.publishers.push(publisher);
    }

    /// The issuer has these keys and no others. Without it every name of a key is taken.
    pub fn set_keys(&mut self, keys: &[&str]) {
        self.keys = Some(keys.iter().map(|&key| key.to_owned()).collect());
    }

    /// A crate of this name was deleted; the name is free from `until`.
    pub fn delete_name(&mut self, name: &str, until: u64) {
        self.deleted.insert(canonical(name), (name.to_owned(), until));
    }

    /// No crate may have this name.
    pub fn reserve_name(&mut self, name: &str) {
        self.reserved.insert(canonical(name));
    }

    /// Clients that call themselves this are turned away.
    pub fn block_agent(&mut self, agent: &str) {
        self.blocked.insert(agent.to_owned());
    }

    /// A crate may get so many versions in 24 hours. Without it any number.
    pub fn limit_daily(&mut self, most: usize) {
        self.daily = Some(most);
    }

    /// The index shows everything so many seconds late.
    pub fn set_lag(&mut self, seconds: u64) {
        self.lag = seconds;
    }

    /// All versions that it holds.
    pub fn held_versions(&self) -> Vec<Held> {
        let all = self.shelf.iter().flat_map(|one| one.versions.iter().map(move |v| (one, v)));
        all.map(|(one, version)| Held {
            name: one.name.clone(),
            version: version.number.clone(),
            checksum: version.checksum(),
            at: version.at,
        })
        .collect()
    }

    /// Whether a crate exists of which nothing was said.
    pub(super) fn is_assumed(&self, name: &str) -> bool {
        self.assumed_but.as_ref().is_some_and(|but| !but.contains(&canonical(name)))
    }
}

fn published(number: &str, version: Version, manifest: Manifest, bytes: &[u8]) -> Published {
    Published {
        number: number.to_owned(),
        version,
        manifest,
        bytes: bytes.to_owned(),
        at: 0,
        yanks: Vec::new(),
        by: None,
        run: None,
    }
}
