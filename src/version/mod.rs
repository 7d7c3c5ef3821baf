//! The version of a project: where its files say it, which one is next, and how all of them are changed. Pure.
//!
//! `of` is the quick answer: Python's core metadata (`[project]`, PEP 621) goes before Cargo's; a version that
//! a build back end works out from tags stands in no file, and is the tag's. `project` knows every place:
//! `python`, `cargo`, `node`, `bumpversion`, and those that a Releasefile names (`place`).

mod bumpversion;
mod cargo;
mod files;
mod instant;
mod node;
mod number;
mod place;
mod project;
mod python;
mod table;

#[cfg(test)]
mod tests;

use std::str::FromStr as _;

pub use files::Files;
pub use number::Number;
pub use place::{Place, Sought};
pub use project::{Asked, Known, known};

use pep440_rs::Version;

/// The texts in which a version may stand.
#[derive(Debug, Default)]
pub struct Places<'a> {
    /// `pyproject.toml`.
    pub pyproject: Option<&'a str>,
    /// `Cargo.toml`.
    pub cargo: Option<&'a str>,
    /// Tags at HEAD.
    pub tags: &'a [String],
}

/// Why no version is known.
#[derive(Debug, PartialEq, Eq)]
pub enum Unknown {
    /// A file is no TOML: its name, and what is wrong.
    Broken(&'static str, String),
    /// The build back end works it out, and HEAD has no tag that tells.
    Dynamic,
    /// No file says one.
    Nowhere,
}

/// Whether a tag's version is one before the release: PEP 440's `1.0rc1`, `SemVer`'s `1.0.0-alpha.1`.
pub fn is_prerelease(tag: &str) -> bool {
    let digit = |c: char| c.is_ascii_digit();
    // In `py3-v1.0` the version is where a number is followed by a dot.
    let dotted = tag.match_indices('.').find_map(|(dot, _)| {
        let start = tag[..dot].trim_end_matches(digit).len();
        (start < dot).then_some(start)
    });
    let start = dotted.or_else(|| tag.find(digit)).unwrap_or(tag.len());
    let version = tag[start..].split('+').next().unwrap_or_default().to_ascii_lowercase();
    let rest = version.trim_start_matches(|c: char| digit(c) || matches!(c, '.' | '-' | '_'));
    // A number alone, `post` and `rev` come after the release.
    !(rest.is_empty() || rest.starts_with("post") || rest.starts_with("rev"))
}

/// The version.
///
/// # Errors
/// Why it is not known.
pub fn of(places: &Places<'_>) -> Result<String, Unknown> {
    let table = |name, text: Option<&str>| {
        let parsed = text.map(str::parse::<toml::Table>).transpose();
        parsed.map_err(|error| Unknown::Broken(name, error.message().to_owned()))
    };
    let pyproject = table("pyproject.toml", places.pyproject)?;
    let cargo = table("Cargo.toml", places.cargo)?;
    let said = |table: &Option<toml::Table>, path: &[&str]| -> Option<String> {
        let mut at = table.as_ref()?.get(path[0])?;
        for key in &path[1..] {
            at = at.get(key)?;
        }
        at.as_str().map(str::to_owned)
    };
    let ways: [(&Option<toml::Table>, &[&str]); 4] = [
        (&pyproject, &["project", "version"]),
        (&pyproject, &["tool", "poetry", "version"]),
        (&cargo, &["package", "version"]),
        (&cargo, &["workspace", "package", "version"]),
    ];
    if let Some(version) = ways.iter().find_map(|(table, path)| said(table, path)) {
        return Ok(version);
    }
    match places.tags.iter().find_map(|tag| in_tag(tag)) {
        Some((_, version)) => Ok(version.to_owned()),
        None if pyproject.is_some_and(|table| table.contains_key("project")) => {
            Err(Unknown::Dynamic)
        }
        None => Err(Unknown::Nowhere),
    }
}

/// What stands before the version in a tag, and the version: `v1.2.0`, `1.2.0`, `name-1.2.0`, `name/v1.2.0`.
/// Behind a name a number alone is none: `nightly-20260101`.
pub fn in_tag(tag: &str) -> Option<(&str, &str)> {
    let digits = tag.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at);
    let mut parts = digits.map(|at| tag.split_at(at));
    parts.find(|(before, version)| {
        let name = before.strip_suffix(['v', 'V']).unwrap_or(before);
        let begins = name.is_empty() || name.ends_with(['-', '/', '@']);
        begins && (name.is_empty() || version.contains('.')) && is_version(version)
    })
}

/// Sorts tags by the versions that they name, the newest first; those that name none come last, as they were.
pub fn newest_first(tags: &mut [String]) {
    let number = |tag: &String| Number::read(in_tag(tag)?.1);
    tags.sort_by(|one, other| match (number(one), number(other)) {
        (Some(one), Some(other)) => other.order(&one),
        (one, other) => one.is_none().cmp(&other.is_none()),
    });
}

/// Whether PEP 440 or `SemVer` takes it.
fn is_version(text: &str) -> bool {
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Vec<&str> = numbers.split('.').collect();
    let three = numbers.len() == 3 && numbers.iter().all(|number| number.parse::<u64>().is_ok());
    three || Version::from_str(text).is_ok()
}
