//! What was asked, and what each place told.

use std::collections::BTreeMap;

use super::name::{self, Names};
use crate::model::effect::asset_name;

/// A place that holds releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The Python Package Index.
    Pypi,
    /// Its test instance.
    Testpypi,
    /// Rust's registry.
    Crates,
    /// The git remote, with its tags.
    Tag,
    /// Releases on GitHub.
    GitHub,
}

impl Place {
    /// Its name, in tables and for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pypi => "pypi",
            Self::Testpypi => "testpypi",
            Self::Crates => "crates.io",
            Self::Tag => "tag",
            Self::GitHub => "github",
        }
    }

    /// Whether what it holds can never be replaced: indexes take a file name once
    /// (<https://pypi.org/help/#file-name-reuse>), crates.io a version
    /// (<https://doc.rust-lang.org/cargo/reference/publishing.html>).
    pub fn is_final(self) -> bool {
        matches!(self, Self::Pypi | Self::Testpypi | Self::Crates)
    }

    /// Whether it takes files of this kind.
    pub fn takes(self, file: &str) -> bool {
        match self {
            Self::Crates => file.ends_with(".crate"),
            Self::Pypi | Self::Testpypi => name::is_sdist(file).is_some(),
            Self::Tag => false,
            Self::GitHub => true,
        }
    }
}

/// What came back from a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told<T> {
    /// What it holds, which may be nothing.
    Holds(T),
    /// It could not be asked: why.
    Unknown(String),
}

impl<T> Told<T> {
    /// What it holds, if it could be asked.
    pub fn held(&self) -> Option<&T> {
        match self {
            Self::Holds(held) => Some(held),
            Self::Unknown(_) => None,
        }
    }
}

impl<T> From<Result<T, String>> for Told<T> {
    fn from(asked: Result<T, String>) -> Self {
        asked.map_or_else(Self::Unknown, Self::Holds)
    }
}

/// A file in a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name there.
    pub name: String,
    /// Its SHA-256 in hex, if the place tells it.
    pub sha256: Option<String>,
    /// Its upload never came to its end.
    pub half: bool,
    /// Its makers took it back: installers pass it over.
    pub yanked: bool,
}

impl File {
    /// A file that came to its end.
    pub fn new(name: impl Into<String>, sha256: Option<String>) -> Self {
        Self { name: name.into(), sha256, half: false, yanked: false }
    }

    /// The name by which files of different places are the same: GitHub changes some letters.
    pub fn key(&self) -> String {
        asset_name(&self.name)
    }
}

/// What a registry has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    /// Whether it has the project at all.
    pub known: bool,
    /// Files of the version.
    pub files: Vec<File>,
    /// Names of the files of the version before, if there was one.
    pub before: Vec<String>,
}

/// All that a registry lists of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Whether it has the project at all.
    pub known: bool,
    /// Files, each with its version.
    pub files: Vec<(String, File)>,
}

impl Listed {
    /// The versions, as often as they have files.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(version, _)| version.as_str())
    }

    /// The versions that were not taken back.
    pub fn offered(&self) -> impl Iterator<Item = &str> {
        let offered = self.files.iter().filter(|(_, file)| !file.yanked);
        offered.map(|(version, _)| version.as_str())
    }

    /// Whether it has files of a version.
    pub fn has(&self, version: &str) -> bool {
        self.versions().any(|one| name::same(one, version))
    }

    /// What there is of a version, and of the one before.
    pub fn shelf(&self, version: &str) -> Shelf {
        let of = |wanted: &str| {
            let files = self.files.iter().filter(|(version, _)| name::same(version, wanted));
            files.map(|(_, file)| file.clone()).collect::<Vec<_>>()
        };
        let before = name::before(version, self.versions()).map(of).unwrap_or_default();
        let before = before.into_iter().map(|file| file.name).collect();
        Shelf { known: self.known, files: of(version), before }
    }
}

/// A tag and the commit that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    /// Its name.
    pub name: String,
    /// The commit.
    pub commit: String,
}

/// A release on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its tag.
    pub tag: String,
    /// Nobody but its makers sees it.
    pub draft: bool,
    /// Neither its files nor its tag can be changed.
    pub immutable: bool,
    /// Its files.
    pub files: Vec<File>,
}

/// What GitHub has of a repository's releases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hub {
    /// The release of the version.
    pub release: Option<Release>,
    /// Whether there are releases of other versions.
    pub others: bool,
    /// Whether drafts would be seen.
    pub sees_drafts: bool,
}

/// How far one effect of the ledger has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It may have been sent.
    Open,
    /// It happened.
    Done,
    /// The remote said no: its reason.
    Refused(String),
}

/// One effect of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// What went where, for people.
    pub what: String,
    /// The name of what went.
    pub name: String,
    /// Its digest, if it is a file.
    pub sha256: Option<String>,
    /// The address that it went to.
    pub endpoint: Option<String>,
    /// How far it has come.
    pub stage: Stage,
}

/// All that is known of a release.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The project.
    pub project: String,
    /// What it is called where.
    pub names: Names,
    /// Its version.
    pub version: String,
    /// The registry that the project goes to first: as its own files say, or which has it.
    pub home: Option<Place>,
    /// The registries that were asked.
    pub shelves: BTreeMap<Place, Told<Shelf>>,
    /// The remote's tag of the version; `None` if there is no remote to ask.
    pub tag: Option<Told<Option<Tagged>>>,
    /// The tag of the version in this checkout.
    pub local: Option<Tagged>,
    /// `owner/name` on GitHub, if that is known.
    pub repository: Option<String>,
    /// What GitHub has; `None` if no repository is known there.
    pub hub: Option<Told<Hub>>,
    /// The commit whose ledger it is.
    pub commit: Option<String>,
    /// The ledger of this checkout.
    pub ledger: Vec<Sent>,
    /// Effects that a gate let through, and that were never begun.
    pub pending: usize,
    /// The command that sends, if there is a Releasefile that tells.
    pub command: Option<String>,
}

impl Facts {
    /// What GitHub holds for the version.
    pub fn release(&self) -> Option<&Release> {
        self.hub.as_ref()?.held()?.release.as_ref()
    }

    /// The remote's tag.
    pub fn tagged(&self) -> Option<&Tagged> {
        self.tag.as_ref()?.held()?.as_ref()
    }

    /// Every place with its files, registries first.
    pub fn files(&self) -> impl Iterator<Item = (Place, &[File])> {
        let shelves = self.shelves.iter();
        let shelves =
            shelves.filter_map(|(place, told)| Some((*place, told.held()?.files.as_slice())));
        let release = self.release().map(|release| (Place::GitHub, release.files.as_slice()));
        shelves.chain(release)
    }

    /// Whether the place holds anything of the version.
    pub fn holds(&self, place: Place) -> bool {
        match place {
            Place::Tag => self.tagged().is_some(),
            Place::GitHub => self.release().is_some(),
            index => self.files().any(|(at, files)| at == index && !files.is_empty()),
        }
    }

    /// The places that hold something of the version.
    pub fn holders(&self) -> impl Iterator<Item = Place> {
        use Place::{Crates, GitHub, Pypi, Tag, Testpypi};
        [Pypi, Testpypi, Crates, Tag, GitHub].into_iter().filter(|place| self.holds(*place))
    }

    /// Whether a file is one of the version's, as a registry would take it.
    pub fn is_own(&self, file: &File) -> bool {
        name::is_of(&file.name, &self.names, &self.version)
    }

    /// Effects of the ledger that did not come to their end.
    pub fn unfinished(&self) -> impl Iterator<Item = &Sent> {
        self.ledger.iter().filter(|sent| sent.stage != Stage::Done)
    }

    /// Whether GitHub can no longer change the release.
    pub fn locked(&self) -> bool {
        self.release().is_some_and(|release| release.immutable)
    }
}
