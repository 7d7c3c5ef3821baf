//! What the index holds: projects, their releases and files, and every file name that was ever used.
//!
//! Nothing is refused here. Turned down: tables by identifier, since a rehearsal holds a handful of
//! projects and its report should read like the index's pages.

use std::collections::{BTreeMap, BTreeSet};

use blake2::Blake2b;
use blake2::digest::consts::U32;
use pep440_rs::Version;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::filename::normalised;
use super::form::Form;

/// The state of a project (PEP 792).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// As usual.
    #[default]
    Active,
    /// Takes no more files.
    Archived,
    /// Held back for inspection.
    Quarantined,
    /// Superseded, but open.
    Deprecated,
}

impl Standing {
    /// The word on the pages.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Quarantined => "quarantined",
            Self::Deprecated => "deprecated",
        }
    }
}

/// A file.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) name: String,
    /// `sdist` or `bdist_wheel`.
    pub(super) kind: String,
    /// The Python that the form named.
    pub(super) python: String,
    pub(super) comment: String,
    pub(super) bytes: Vec<u8>,
    pub(super) digests: Digests,
    /// `METADATA` of a wheel.
    pub(super) metadata: Option<Vec<u8>>,
    pub(super) provenance: Option<Value>,
    /// When it was stored.
    pub(super) stored: u64,
    pub(super) serial: u64,
}

impl File {
    /// Where it is downloaded.
    pub(super) fn path(&self) -> String {
        let hash = &self.digests.blake2;
        format!("/packages/{}/{}/{}/{}", &hash[..2], &hash[2..4], &hash[4..], self.name)
    }
}

/// Digests of a file, in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digests {
    pub(super) sha256: String,
    pub(super) blake2: String,
}

impl Digests {
    /// The digests of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { sha256: hex(&Sha256::digest(bytes)), blake2: hex(&Blake2b::<U32>::digest(bytes)) }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// A release.
#[derive(Debug, Clone)]
pub(super) struct Release {
    pub(super) version: Version,
    pub(super) created: u64,
    /// The reason, empty for none, if it is yanked.
    pub(super) yanked: Option<String>,
    /// The form of its first file, which settles the metadata.
    pub(super) form: Form,
    pub(super) files: Vec<File>,
}

/// A project.
#[derive(Debug, Clone)]
pub(super) struct Project {
    pub(super) name: String,
    pub(super) standing: Standing,
    /// Whether the user of the API tokens has a role in it.
    pub(super) ours: bool,
    pub(super) created: u64,
    pub(super) releases: Vec<Release>,
    /// Largest file and largest sum of files, in bytes.
    pub(super) limits: (u64, u64),
}

impl Project {
    /// A project without releases.
    pub(super) fn new(name: &str, created: u64) -> Self {
        let (name, standing) = (name.to_owned(), Standing::Active);
        let limits = (100 << 20, 10 << 30);
        Self { name, standing, ours: true, created, releases: Vec::new(), limits }
    }

    /// The release with an equal version.
    pub(super) fn release(&self, version: &Version) -> Option<&Release> {
        self.releases.iter().find(|release| release.version == *version)
    }

    /// The same, made if it is missing.
    pub(super) fn release_mut(&mut self, version: &Version, at: u64, form: &Form) -> &mut Release {
        let found = self.releases.iter().position(|release| release.version == *version);
        let place = found.unwrap_or_else(|| {
            let (version, form) = (version.clone(), form.clone());
            let release = Release { version, created: at, yanked: None, form, files: Vec::new() };
            let place = self.releases.partition_point(|other| other.version < release.version);
            self.releases.insert(place, release);
            place
        });
        &mut self.releases[place]
    }

    /// All files with their releases, by version and name.
    pub(super) fn files(&self) -> Vec<(&Release, &File)> {
        let mut all: Vec<_> = self
            .releases
            .iter()
            .flat_map(|release| release.files.iter().map(move |file| (release, file)))
            .collect();
        all.sort_by(|one, other| {
            (&one.0.version, &one.1.name).cmp(&(&other.0.version, &other.1.name))
        });
        all
    }

    /// Sum of the files' sizes.
    pub(super) fn size(&self) -> u64 {
        self.files().iter().map(|(_, file)| size(file)).sum()
    }
}

/// A file's size.
pub(super) fn size(file: &File) -> u64 {
    u64::try_from(file.bytes.len()).unwrap_or(u64::MAX)
}

/// All projects.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    projects: BTreeMap<String, Project>,
    /// File names that were ever used, those of deleted files too.
    names: BTreeSet<String>,
    /// How many changes there were.
    pub(super) serial: u64,
}

impl Catalog {
    /// A project by any spelling of its name.
    pub(super) fn project(&self, name: &str) -> Option<&Project> {
        self.projects.get(&normalised(name))
    }

    /// The same, to change it; made if it is missing.
    pub(super) fn project_mut(&mut self, name: &str, at: u64) -> &mut Project {
        let make = || Project::new(name, at);
        self.projects.entry(normalised(name)).or_insert_with(make)
    }

    /// All projects by their normalised names.
    pub(super) fn projects(&self) -> impl Iterator<Item = (&str, &Project)> {
        self.projects.iter().map(|(name, project)| (name.as_str(), project))
    }

    /// Stores a file in a release, making both if they are missing.
    pub(super) fn store(&mut self, project: &str, version: &Version, form: &Form, mut file: File) {
        self.serial += 1;
        file.serial = self.serial;
        self.names.insert(file.name.clone());
        let project = self.project_mut(project, file.stored);
        project.release_mut(version, file.stored, form).files.push(file);
    }

    /// The file of this name or with these contents, wherever it is.
    pub(super) fn known(&self, name: &str, blake2: &str) -> Option<&File> {
        self.all().find(|file| file.name == name || file.digests.blake2 == blake2)
    }

    /// Whether a file of this name was ever here.
    pub(super) fn was_used(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Removes a file; its name stays used.
    pub(super) fn delete(&mut self, name: &str) {
        self.serial += 1;
        for release in self.projects.values_mut().flat_map(|project| &mut project.releases) {
            release.files.retain(|file| file.name != name);
        }
    }

    /// All files.
    pub(super) fn all(&self) -> impl Iterator<Item = &File> {
        let releases = self.projects.values().flat_map(|project| &project.releases);
        releases.flat_map(|release| &release.files)
    }
}
