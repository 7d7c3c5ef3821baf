//! Rules on names: of the file, of the project, and what else is in the same release.

use std::str::FromStr as _;

use pep440_rs::Version;

use super::Level::{Error, Warning};
use super::subject::Subject;
use super::{Rule, platform, quoted, rule};
use crate::dist::filename::{self, Kind, normalize};
use crate::dist::same_version;

const REBUILD: &str = "rebuild with a current build backend, and do not rename the file";

pub(super) const TABLE: &[Rule] = &[
    rule(
        ("file-name", Error),
        "The file is named as a wheel or as an sdist in a `.tar.gz`.",
        REBUILD,
        "binary distribution format; PEP 625; PEP 527",
        |it| it.parts.as_ref().err().map(|wrong| harmless(&wrong.message)).into_iter().collect(),
    ),
    rule(
        ("wheel-name", Error),
        "A wheel's name begins with the normalised name of the project, with `_` in place of `-`.",
        REBUILD,
        "binary distribution format; warehouse/forklift/legacy.py",
        wheel_name,
    ),
    rule(
        ("sdist-name", Error),
        "An sdist is named after the normalised project and the normalised version.",
        REBUILD,
        "PEP 625; warehouse/forklift/legacy.py",
        sdist_name,
    ),
    rule(
        ("platform-tag", Error),
        "PyPI takes wheels for the platform that the name tells.",
        "build for `manylinux` or `musllinux` with cibuildwheel, or mend the wheel with `auditwheel repair`",
        "warehouse/forklift/legacy.py; PEP 600; PEP 656",
        platform_tag,
    ),
    rule(
        ("name", Error),
        "The project's name has letters, digits, `.`, `-` and `_` only, and no sign at its ends.",
        "change `name` in `[project]`",
        "core metadata, Name",
        |it| it.field("Name").filter(|name| !is_project(name)).map(quoted).into_iter().collect(),
    ),
    rule(
        ("other-project", Error),
        "File name and metadata name the same project.",
        REBUILD,
        "warehouse/forklift/legacy.py",
        other_project,
    ),
    rule(
        ("other-version", Error),
        "File name and metadata name the same version.",
        REBUILD,
        "warehouse/forklift/legacy.py",
        other_version,
    ),
    rule(
        ("version", Error),
        "The version is one.",
        "use a version such as `1.2.3` or `1.2.3rc1`",
        "PEP 440",
        |it| {
            let wrong = it.field("Version").filter(|text| Version::from_str(text).is_err());
            wrong.map(quoted).into_iter().collect()
        },
    ),
    rule(
        ("local-version", Error),
        "The version has no local part: an index does not take what names a build of one's own.",
        "build from a tag, or leave out what stands behind `+`",
        "warehouse/forklift/metadata.py; PEP 440",
        |it| {
            let local = it.version().filter(Version::is_local);
            local.map(|version| quoted(&version.to_string())).into_iter().collect()
        },
    ),
    rule(
        ("one-sdist", Error),
        "A release has one sdist.",
        "upload one of them",
        "PEP 527; warehouse/forklift/legacy.py",
        one_sdist,
    ),
    rule(
        ("one-release", Warning),
        "Files of a project that are checked together have the same version.",
        "empty the folder that the build writes to, and build anew",
        "sanity",
        one_release,
    ),
];

/// A message of another part, on one line whatever it quotes.
pub(super) fn harmless(text: &str) -> String {
    let quoted = quoted(text);
    quoted[1..quoted.len() - 1].replace("\\u{60}", "`")
}

pub(super) fn is_project(name: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    ends(name.chars().next()) && ends(name.chars().last()) && name.chars().all(inner)
}

fn wheel_name(it: &Subject<'_>) -> Vec<String> {
    let Some(parts) = it.parts.as_ref().ok().filter(|parts| parts.kind == Kind::Wheel) else {
        return Vec::new();
    };
    let given = it.name.split('-').next().unwrap_or_default();
    let right = parts.project.replace('-', "_");
    if given == right {
        Vec::new()
    } else {
        vec![format!("{} has to be {}", quoted(given), quoted(&right))]
    }
}

fn sdist_name(it: &Subject<'_>) -> Vec<String> {
    let Some(parts) = it.parts.as_ref().ok().filter(|parts| parts.kind == Kind::Sdist) else {
        return Vec::new();
    };
    let Ok(version) = Version::from_str(&parts.version) else { return Vec::new() };
    let right = format!("{}-{version}.tar.gz", parts.project.replace('-', "_"));
    if it.name == right {
        Vec::new()
    } else {
        vec![format!("{} has to be {}", quoted(it.name), quoted(&right))]
    }
}

fn platform_tag(it: &Subject<'_>) -> Vec<String> {
    if it.parts.is_err() || !it.is_wheel() {
        return Vec::new();
    }
    let stem = it.name.strip_suffix(".whl").unwrap_or_default();
    let tags = stem.rsplit('-').next().unwrap_or_default().split('.');
    tags.filter(|tag| !platform::is_taken(tag)).map(quoted).collect()
}

fn other_project(it: &Subject<'_>) -> Vec<String> {
    let (Ok(parts), Some(name)) = (&it.parts, it.field("Name")) else { return Vec::new() };
    if normalize(name) == parts.project {
        return Vec::new();
    }
    vec![format!("the metadata is of {}", quoted(name))]
}

fn other_version(it: &Subject<'_>) -> Vec<String> {
    let (Ok(parts), Some(version)) = (&it.parts, it.version()) else { return Vec::new() };
    if same_version(&parts.version, &version.to_string()) {
        return Vec::new();
    }
    vec![format!("the metadata is of {}", quoted(&version.to_string()))]
}

fn one_sdist(it: &Subject<'_>) -> Vec<String> {
    let Ok(ours) = &it.parts else { return Vec::new() };
    let same = |other: &&&str| {
        filename::parse(other).is_ok_and(|other| {
            other.kind == Kind::Sdist
                && other.project == ours.project
                && same_version(&other.version, &ours.version)
        })
    };
    let others =
        it.around.siblings.iter().filter(|other| **other != it.name && ours.kind == Kind::Sdist);
    others.filter(same).map(|other| format!("{} is another one", quoted(other))).collect()
}

fn one_release(it: &Subject<'_>) -> Vec<String> {
    let Ok(ours) = &it.parts else { return Vec::new() };
    let differs = |other: &&&str| {
        filename::parse(other).is_ok_and(|other| {
            other.project == ours.project && !same_version(&other.version, &ours.version)
        })
    };
    let others = it.around.siblings.iter().filter(differs);
    others.map(|other| format!("{} is of another version", quoted(other))).collect()
}
