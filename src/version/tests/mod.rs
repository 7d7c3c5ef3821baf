//! What the whole module promises, on tables of files.

mod places;
mod preserving;
mod table;

use std::collections::BTreeMap;

use super::project::known;
use super::*;
use crate::diag::Outcome;

#[test]
fn prereleases_are_told_from_releases() {
    for early in ["v1.0rc1", "1.0.0-alpha.1", "v0.2.0a1", "v2.0.dev3", "1.0b2.post1", "py3-v1.0rc1"]
    {
        assert!(is_prerelease(early), "{early}");
    }
    for ready in
        ["v1.0", "1.0.46", "v1.0.post1", "1.0-1", "v1.2.3+build.7", "release", "py3-v2.0.0"]
    {
        assert!(!is_prerelease(ready), "{ready}");
    }
}

#[test]
fn files_go_before_tags() {
    let tags = ["v1.2.0".to_string()];
    let project = "[project]\nname = \"x\"\nversion = \"2.0\"\n";
    let dynamic = "[project]\nname = \"x\"\ndynamic = [\"version\"]\n";
    let cargo = "[workspace.package]\nversion = \"3.0.0\"\n[package]\nversion.workspace = true\n";
    let of = |pyproject, cargo, tags| super::of(&Places { pyproject, cargo, tags });
    assert_eq!(of(Some(project), Some(cargo), &tags), Ok("2.0".into()));
    assert_eq!(of(Some(dynamic), None, &tags), Ok("1.2.0".into()));
    assert_eq!(of(None, Some(cargo), &[]), Ok("3.0.0".into()));
    assert_eq!(of(Some(dynamic), None, &[]), Err(Unknown::Dynamic));
    assert_eq!(of(None, None, &[]), Err(Unknown::Nowhere));
    assert!(matches!(of(Some("["), None, &[]), Err(Unknown::Broken("pyproject.toml", _))));
}

#[test]
fn versions_are_told_from_names_in_tags() {
    for (tag, before, version) in [
        ("v1.2.0", "v", "1.2.0"),
        ("1.2.0", "", "1.2.0"),
        ("v2", "v", "2"),
        ("V1.2", "V", "1.2"),
        ("time-piece-1.0", "time-piece-", "1.0"),
        ("py3-v2.0.0rc1", "py3-v", "2.0.0rc1"),
        ("libs/core/v1.0.0-nightly.3", "libs/core/v", "1.0.0-nightly.3"),
        ("tool-2-1.0.1", "tool-2-", "1.0.1"),
    ] {
        assert_eq!(in_tag(tag), Some((before, version)), "{tag}");
    }
    for tag in ["beta1", "nightly-20260101", "2026-01-01", "v1.x", "rev1.0", "latest", ""] {
        assert_eq!(in_tag(tag), None, "{tag}");
    }
}

#[test]
fn the_newest_tag_is_first_and_one_without_a_version_last() {
    let mut tags = [
        "v1.1rc1",
        "nightly",
        "v1.1",
        "core-v1.10.0-nightly.9",
        "rev1",
        "1.2",
        "v1.10.0-nightly.10",
        "v1.9",
    ]
    .map(str::to_owned);
    newest_first(&mut tags);
    let sorted = [
        "v1.10.0-nightly.10",
        "core-v1.10.0-nightly.9",
        "v1.9",
        "1.2",
        "v1.1",
        "v1.1rc1",
        "nightly",
        "rev1",
    ];
    assert_eq!(tags, sorted);
}

/// Files of a project, as a table.
pub(super) struct Tree(pub(super) BTreeMap<String, String>);

impl Tree {
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    /// Its places, as `file:line: version`.
    pub(super) fn places(&self, folder: &str) -> Vec<String> {
        let known = known(self, &asked(folder)).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        known.places().map(|place| place.shown()).collect()
    }

    /// What is wrong with its places.
    pub(super) fn wrong(&self, folder: &str) -> String {
        known(self, &asked(folder)).and_then(|known| known.version()).unwrap_err().message
    }

    /// The version after a word, and the tree with that.
    pub(super) fn bumped(&self, asked: &Asked, word: &str) -> Outcome<(String, Self)> {
        let known = known(self, asked)?;
        let current = known.version()?.unwrap_or_default();
        let next = known.next(&current, word, NOW)?;
        let step = (!word.starts_with(|c: char| c.is_ascii_digit())).then_some(word);
        let texts = known.changed(self, asked, (&next, step), NOW)?;
        let mut files = self.0.clone();
        files.extend(texts);
        Ok((next, Self(files)))
    }
}

/// 2026-07-14.
const NOW: u64 = 1_784_073_599;

pub(super) fn asked(folder: &str) -> Asked {
    Asked { folder: folder.into(), ..Asked::default() }
}

impl Files for Tree {
    fn text(&self, path: &str) -> Option<String> {
        self.0.get(path).cloned()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let inner = self.0.keys().filter_map(|path| path.strip_prefix(&below)?.split('/').next());
        let mut names: Vec<String> = inner.map(str::to_owned).collect();
        names.dedup();
        names
    }

    fn find(&self, glob: &str) -> Vec<String> {
        let glob = globset::GlobBuilder::new(glob).literal_separator(true).build().unwrap();
        let glob = glob.compile_matcher();
        self.0.keys().filter(|path| glob.is_match(path)).cloned().collect()
    }
}
