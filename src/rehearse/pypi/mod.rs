//! Python package indexes of the rehearsal: uploads, trusted publishing and pages as PyPI and
//! TestPyPI have them.
//!
//! Here are the routes and what a rehearsal may set up; the order of an upload's checks is in `upload`,
//! and every rule in `rules`. No classifier list, no licence list, no rendering of descriptions, no
//! malware scan, no GitLab or Google publishers. Turned down: one lenient index for all, which would
//! rehearse nothing.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use pep440_rs::Version;
use serde_json::Value;

mod archive;
mod attestations;
mod catalog;
mod entry_points;
mod fields;
mod filename;
mod form;
mod framing;
mod metadata;
mod mint;
mod names;
mod pages;
mod platform;
mod publishers;
mod refusal;
mod releases;
mod requirement;
mod rules;
mod tarball;
mod tokens;
mod upload;
mod zipfile;

pub use attestations::{Artifact, Attest};
pub use catalog::Standing;
pub use publishers::{Publisher, Registration};
pub use rules::RULES;

use catalog::{Catalog, Digests, File};
use filename::normalised;
use form::Form;
use refusal::{Checked, Refusal};
use tokens::{Token, Tokens};

use super::http::{Request, Response};
use super::oidc;

/// What an index is made of.
pub struct Settings {
    /// `pypi` or `testpypi`, which is the audience of its tokens.
    pub name: String,
    /// Its own address, without a slash at the end.
    pub base: String,
    /// The address of its user documentation, without a slash at the end: part of some texts, and of
    /// the predicate type of publish attestations.
    pub docs: String,
    /// What checks the runner's tokens.
    pub issuer: oidc::Verifier,
    /// What verifies attestations.
    pub attest: Attest,
}

/// What the administrators of an index can switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// Nothing can be uploaded.
    ReadOnly,
    /// Uploads are off for a while.
    NoUploads,
    /// No projects can be made.
    NoProjects,
    /// The user has made too many projects.
    TooManyProjects,
    /// No tokens are minted.
    NoTrustedPublishing,
    /// No provenance is served, and attestations are ignored.
    NoProvenance,
}

/// A package index.
pub struct Index {
    settings: Settings,
    catalog: Catalog,
    publishers: Vec<Publisher>,
    tokens: Tokens,
    /// Identifiers of the runner's tokens that were used.
    used: BTreeSet<String>,
    flags: BTreeSet<Flag>,
    prohibited: Vec<String>,
    lag: u64,
    /// How many tokens were minted.
    minted: u64,
}

impl Index {
    /// An empty index.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            catalog: Catalog::default(),
            publishers: Vec::new(),
            tokens: Tokens::default(),
            used: BTreeSet::new(),
            flags: BTreeSet::new(),
            prohibited: Vec::new(),
            lag: 0,
            minted: 0,
        }
    }

    /// Registers a trusted publisher.
    pub fn register(&mut self, publisher: Publisher) {
        self.publishers.push(publisher);
    }

    /// Makes an API token known, for these projects or for all of the user's.
    pub fn add_token(&mut self, token: &str, projects: Option<Vec<String>>) {
        let projects =
            projects.map(|names| names.iter().map(|name| normalised(name)).collect::<Vec<_>>());
        self.tokens.add(token, Token { projects, publisher: None });
    }

    /// Makes a project, which is the user's own or somebody else's.
    pub fn add_project(&mut self, name: &str, ours: bool, at: u64) {
        self.catalog.serial += 1;
        self.catalog.project_mut(name, at).ours = ours;
    }

    /// Changes a project's standing.
    pub fn set_standing(&mut self, name: &str, standing: Standing) {
        self.catalog.project_mut(name, 0).standing = standing;
    }

    /// Changes a project's largest file and largest sum of files, in bytes.
    pub fn set_limits(&mut self, name: &str, file: u64, total: u64) {
        self.catalog.project_mut(name, 0).limits = (file, total);
    }

    /// Stores a file unchecked, as if it had been uploaded at this instant.
    ///
    /// # Errors
    /// The version is none.
    pub fn add_file(
        &mut self,
        project: &str,
        version: &str,
        filename: &str,
        bytes: &[u8],
        at: u64,
    ) -> Result<(), String> {
        let version = Version::from_str(version).map_err(|error| error.to_string())?;
        let wheel = filename.ends_with(".whl");
        let place = format!("{}/METADATA", archive::dist_info(filename));
        let metadata = zipfile::Zip::open(bytes).filter(|_| wheel);
        let metadata = metadata.and_then(|zip| zip.read(&place)?.ok());
        let file = File {
            name: filename.to_owned(),
            kind: if wheel { "bdist_wheel" } else { "sdist" }.to_owned(),
            python: if wheel { "py3" } else { "source" }.to_owned(),
            comment: String::new(),
            bytes: bytes.to_owned(),
            digests: Digests::of(bytes),
            metadata,
            provenance: None,
            stored: at,
            serial: 0,
        };
        self.catalog.store(project, &version, &Form::default(), file);
        Ok(())
    }

    /// Deletes a file; its name cannot be used again.
    pub fn delete_file(&mut self, filename: &str) {
        self.catalog.delete(filename);
    }

    /// Yanks a release, with an empty reason for none (PEP 592).
    pub fn yank(&mut self, project: &str, version: &str, reason: &str) {
        let project = self.catalog.project_mut(project, 0);
        for release in &mut project.releases {
            if Version::from_str(version).is_ok_and(|version| version == release.version) {
                release.yanked = Some(reason.to_owned());
            }
        }
    }

    /// Lets nobody make a project of this name.
    pub fn prohibit(&mut self, name: &str) {
        self.prohibited.push(normalised(name));
    }

    /// By how many seconds pages list a file later than it is stored.
    pub fn set_lag(&mut self, seconds: u64) {
        self.lag = seconds;
    }

    /// Switches something on or off.
    pub fn set_flag(&mut self, flag: Flag, on: bool) {
        if on {
            self.flags.insert(flag);
        } else {
            self.flags.remove(&flag);
        }
    }

    /// Whether there is a project of this name, however it is spelt.
    pub fn has_project(&self, name: &str) -> bool {
        self.catalog.project(name).is_some()
    }

    /// The SHA-256 of a stored file, in hexadecimal digits.
    pub fn holds(&self, filename: &str) -> Option<&str> {
        let file = self.catalog.all().find(|file| file.name == filename)?;
        Some(&file.digests.sha256)
    }

    /// The files with their attestations, one a line.
    pub fn inventory(&self) -> Vec<String> {
        let attested = |file: &File| {
            let bundles =
                file.provenance.as_ref().and_then(|all| all["attestation_bundles"].as_array());
            let count = |bundle: &Value| bundle["attestations"].as_array().map_or(0, Vec::len);
            bundles.into_iter().flatten().map(count).sum::<usize>()
        };
        let told = |file: &File| {
            let (index, name, sha256) = (&self.settings.name, &file.name, &file.digests.sha256);
            format!("{index}: {name} sha256 {sha256}, {} attestations", attested(file))
        };
        self.catalog.all().map(told).collect()
    }

    /// Answers a request that is made at `at`, in seconds since 1970.
    pub fn answer(&mut self, request: &Request, at: u64) -> Response {
        let mut response = self.route(request, at).unwrap_or_else(|mut refusal| {
            refusal.text = self.worded(&refusal.text);
            refusal.response(request.header("accept"))
        });
        if request.method == "HEAD" {
            response.body.clear();
        }
        response
    }

    fn route(&mut self, request: &Request, at: u64) -> Checked<Response> {
        let segments = request.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let posts = matches!(
            parts.as_slice(),
            ["_", "oidc", "mint-token" | "burn-token"] | ["_", "oidc", "github", "mint-token"]
        );
        let right = match request.method.as_str() {
            "POST" => posts,
            "GET" | "HEAD" => !posts,
            _ => false,
        };
        match parts.as_slice() {
            ["legacy"] => self.legacy(request, at),
            _ if !right => Err(method_refused()),
            ["_", "oidc", "audience"] => Ok(self.audience()),
            ["_", "oidc", "mint-token"] | ["_", "oidc", "github", "mint-token"] => {
                Ok(self.mint(request, at))
            }
            ["_", "oidc", "burn-token"] => Ok(self.burn(request)),
            ["simple"] => Ok(self.projects(request, at)),
            ["simple", name] => self.project(request, name, at),
            ["pypi", name, "json"] => self.release(name, None, at),
            ["pypi", name, version, "json"] => self.release(name, Some(version), at),
            ["integrity", project, version, file, "provenance"] => {
                self.provenance(request, (project, version, file))
            }
            ["packages", ..] => self.download(request),
            _ => Err(Refusal::new(404, "Not Found", rules::NOT_FOUND)),
        }
    }

    /// A text with the index's own addresses in it.
    fn worded(&self, text: &str) -> String {
        let help = format!("{}/help/", self.settings.base);
        text.replace(rules::HELP, &help).replace(rules::DOCS, &self.settings.docs)
    }

    fn check_new_name(&self, name: &str) -> Checked {
        if self.flags.contains(&Flag::NoProjects) {
            let text = format!(
                "New project registration temporarily disabled. See {}#admin-intervention for more information.",
                rules::HELP
            );
            return Err(Refusal::new(403, text, rules::NO_PROJECTS));
        }
        names::check(&self.catalog, &self.prohibited, name)
    }
}

fn method_refused() -> Refusal {
    Refusal::new(405, "Method Not Allowed", rules::METHOD)
}

#[cfg(test)]
mod tests;
