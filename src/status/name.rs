//! Names, versions and tags: what a folder's files call the project, and which tag is which version's.
//!
//! Versions are compared as PEP 440 has them, which takes Cargo's too; what is no version there is only
//! the same as itself.

use std::str::FromStr as _;

use pep440_rs::Version;

use crate::dist::filename::{self, normalize};
use crate::dist::same_version;

/// What a project is called, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// As a Python package.
    pub python: Option<String>,
    /// As a crate.
    pub krate: Option<String>,
}

impl Names {
    /// The name to show.
    pub fn first(&self) -> Option<&str> {
        self.python.as_deref().or(self.krate.as_deref())
    }

    /// Whether one of them is this name.
    pub fn are(&self, name: &str) -> bool {
        let all = self.python.iter().chain(&self.krate);
        all.into_iter().any(|own| normalize(own) == normalize(name))
    }
}

/// The names in the texts of `pyproject.toml` and `Cargo.toml`; what is broken tells none.
pub fn names(pyproject: &str, cargo: &str) -> Names {
    let table = |text: &str| text.parse::<toml::Table>().unwrap_or_default();
    let (pyproject, cargo) = (table(pyproject), table(cargo));
    let at = |table: &toml::Table, path: &[&str]| -> Option<toml::Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(table.get(*first)?, |value, key| value.get(key)).cloned()
    };
    let text = |table: &toml::Table, path: &[&str]| {
        let value = at(table, path)?;
        value.as_str().filter(|name| is_name(name)).map(str::to_owned)
    };
    let python =
        text(&pyproject, &["project", "name"]).or(text(&pyproject, &["tool", "poetry", "name"]));
    let stays = |value: toml::Value| {
        value.as_bool() == Some(false) || value.as_array().is_some_and(Vec::is_empty)
    };
    let published = !at(&cargo, &["package", "publish"]).is_some_and(stays);
    let krate = text(&cargo, &["package", "name"]).filter(|_| published);
    Names { python, krate }
}

/// Whether a text can be a name on any of the registries: nothing that would lead elsewhere in an address.
pub fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(inner)
}

/// Whether two texts are the same version.
pub fn same(one: &str, other: &str) -> bool {
    one == other || same_version(one, other)
}

/// The newest of these versions: one that is no prerelease, if there is any.
pub fn newest<'a>(versions: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let known = versions.into_iter().filter_map(|text| Some((Version::from_str(text).ok()?, text)));
    known
        .max_by(|(one, _), (other, _)| {
            let rank = |version: &Version| !version.any_prerelease();
            rank(one).cmp(&rank(other)).then_with(|| one.cmp(other))
        })
        .map(|(_, text)| text)
}

/// The newest of these versions that comes before `version`.
pub fn before<'a>(version: &str, versions: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = Version::from_str(version).ok()?;
    let is_before = |text: &&str| Version::from_str(text).is_ok_and(|one| one < limit);
    newest(versions.into_iter().filter(is_before))
}

/// What stands before the version in a tag, and the version: `name-v1.0` is `name` and `1.0`.
fn parts(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let starts = |at: &usize| {
        let before = &tag[..*at];
        before.is_empty() || before.ends_with(['v', 'V', '-', '/', '@', '_'])
    };
    let digits = tag.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at);
    digits.filter(starts).map(|at| {
        let before = tag[..at].trim_end_matches(['v', 'V']);
        (before.trim_end_matches(['-', '/', '@', '_']), &tag[at..])
    })
}

fn is_ours(before: &str, names: &Names) -> bool {
    before.is_empty() || names.are(before)
}

/// The version that a tag names, if the tag is one of the project's.
pub fn tagged<'a>(tag: &'a str, names: &Names) -> Option<&'a str> {
    let found = parts(tag).filter(|(before, _)| is_ours(before, names));
    found.map(|(_, version)| version).find(|text| Version::from_str(text).is_ok())
}

/// The tag of a version among these.
pub fn tag_of<'a>(
    tags: impl IntoIterator<Item = &'a str>,
    names: &Names,
    version: &str,
) -> Option<&'a str> {
    let fits = |tag: &&str| {
        parts(tag).any(|(before, found)| is_ours(before, names) && same(found, version))
    };
    tags.into_iter().find(fits)
}

/// Whether a file is an sdist; `None` if it is no distribution for Python.
pub fn is_sdist(name: &str) -> Option<bool> {
    filename::parse(name).ok().map(|dist| dist.kind == filename::Kind::Sdist)
}

/// Whether a file is one of the project's version, as a registry would take it.
pub fn is_of(file: &str, names: &Names, version: &str) -> bool {
    let python = || {
        let (name, dist) = (names.python.as_deref()?, filename::parse(file).ok()?);
        Some(dist.project == normalize(name) && same(&dist.version, version))
    };
    let krate = || {
        let rest = file.strip_suffix(".crate")?.strip_prefix(names.krate.as_deref()?)?;
        Some(same(rest.strip_prefix('-')?, version))
    };
    python() == Some(true) || krate() == Some(true)
}
