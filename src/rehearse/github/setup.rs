//! What a rehearsal tells the forge before it begins, and what it can ask it afterwards.

use super::access::Token;
use super::actions::{Job, Run, Workflow};
use super::attestations::Attestation;
use super::environments::Environment;
use super::refs::Protection;
use super::shelf::State;
use super::{Forge, Visibility, sha256};

/// A release that the forge holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRelease {
    /// Its number.
    pub id: u64,
    /// Its tag, which a draft need not have yet.
    pub tag: String,
    /// Its title.
    pub name: Option<String>,
    /// Its notes.
    pub body: Option<String>,
    /// Whether it is not published.
    pub draft: bool,
    /// Whether it is not meant for everyone.
    pub prerelease: bool,
    /// Whether it can no longer be changed.
    pub immutable: bool,
    /// Its page.
    pub page: String,
    /// Its files, in the order of their upload.
    pub assets: Vec<HeldAsset>,
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAsset {
    /// Name, as the forge keeps it.
    pub name: String,
    /// SHA-256 in hex.
    pub sha256: String,
    /// Length in bytes.
    pub size: usize,
    /// Whether its upload came to its end.
    pub whole: bool,
}

impl Forge {
    /// There is this token.
    pub fn add_token(&mut self, token: Token) {
        self.tokens.push(token);
    }

    /// Who may see the repository: everyone, unless told otherwise.
    pub fn set_visibility(&mut self, visibility: Visibility) {
        self.visibility = visibility;
    }

    /// The branch that counts where none is named: `main`, unless told otherwise.
    pub fn set_default_branch(&mut self, name: &str) {
        name.clone_into(&mut self.default_branch);
    }

    /// Whether releases are locked when they are published.
    pub fn set_immutable_releases(&mut self, on: bool) {
        self.shelf.immutable = on;
    }

    /// These refs are protected.
    pub fn protect(&mut self, protection: Protection) {
        self.protections.push(protection);
    }

    /// Everyone may make so many requests an hour.
    pub fn limit_requests(&mut self, an_hour: u64) {
        self.limits.requests = Some(an_hour);
    }

    /// Everyone may make so much that is new.
    pub fn limit_content(&mut self, a_minute: usize, an_hour: usize) {
        self.limits.content = Some((a_minute, an_hour));
    }

    /// One more of the next uploads breaks off: it leaves an empty asset, and is answered with 502.
    pub fn break_next_upload(&mut self) {
        self.breaks += 1;
    }

    /// There is this environment.
    pub fn add_environment(&mut self, environment: Environment) {
        self.environments.push(environment);
    }

    /// There is this workflow on the default branch.
    pub fn add_workflow(&mut self, workflow: Workflow) {
        self.workflows.push(workflow);
    }

    /// A pull request has these labels.
    pub fn label_pull(&mut self, number: u64, labels: &[&str]) {
        self.labels.insert(number, labels.iter().map(ToString::to_string).collect());
    }

    /// A run has ended like this, such as `success`.
    pub fn finish_run(&mut self, id: u64, conclusion: &str) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.id == id) {
            run.conclusion = Some(conclusion.to_owned());
        }
    }

    /// A run has these jobs by now.
    pub fn run_jobs(&mut self, id: u64, jobs: Vec<Job>) {
        if let Some(run) = self.runs.iter_mut().find(|run| run.id == id) {
            run.jobs = jobs;
        }
    }

    /// All runs that were dispatched.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// All attestations that were stored.
    pub fn attestations(&self) -> &[Attestation] {
        &self.attestations
    }

    /// All releases, in the order of their making.
    pub fn releases(&self) -> Vec<HeldRelease> {
        let held = |release: &super::shelf::Release| HeldRelease {
            id: release.id,
            tag: release.fields.tag.clone(),
            name: release.fields.name.clone(),
            body: release.fields.body.clone(),
            draft: release.fields.draft,
            prerelease: release.fields.prerelease,
            immutable: release.immutable,
            page: self.web(&format!("/releases/tag/{}", super::show::escaped(&release.slug()))),
            assets: release.assets.iter().map(held_asset).collect(),
        };
        self.shelf.releases.iter().map(held).collect()
    }

    /// The tag of the latest release.
    pub fn latest(&self) -> Option<String> {
        self.shelf.latest().map(|release| release.fields.tag.clone())
    }
}

fn held_asset(asset: &super::shelf::Asset) -> HeldAsset {
    HeldAsset {
        name: asset.name.clone(),
        sha256: sha256(&asset.bytes),
        size: asset.bytes.len(),
        whole: asset.state == State::Uploaded,
    }
}
