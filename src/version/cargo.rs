//! Where Cargo packages say their version: `package.version`, or `workspace.package.version` for all that
//! take it from there; requirements of path dependencies on such packages; their entries in `Cargo.lock`.
//!
//! Members with a version of their own go their own way, unless the workspace has neither a version nor a
//! package at its top: then all members have one version. Source:
//! <https://doc.rust-lang.org/cargo/reference/workspaces.html>. Turned down: `cargo metadata`, which needs a
//! toolchain and, without a lock file, the registry.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{Files, folder_of, join, upwards};
use super::number::Form;
use super::place::Place;
use super::table::{self, Toml, Value};
use crate::diag::Outcome;

/// Tables that name dependencies.
const NEEDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// A manifest: its path and its text.
type Manifest = (String, String);

/// The places of the package or workspace of a manifest.
///
/// # Errors
/// A file is broken.
pub(super) fn places(files: &dyn Files, manifest: &str) -> Outcome<Vec<Place>> {
    let Some(text) = files.text(manifest) else { return Ok(Vec::new()) };
    let asked = (manifest.to_owned(), text);
    let top = top(files, &asked)?;
    let mut manifests = vec![top];
    let members = members(files, &manifests[0])?;
    manifests.extend(members);
    if !manifests.iter().any(|(file, _)| *file == asked.0) {
        manifests.push(asked.clone());
    }
    let mut read = Vec::new();
    for (file, text) in &manifests {
        read.push(Toml::parse(file, text)?);
    }
    let Some(at) = read.iter().position(|toml| toml.file == asked.0) else { return Ok(Vec::new()) };
    let (own, mut places) = owned(&read, at);
    for toml in &read {
        places.extend(required(toml, &own));
    }
    places.extend(locked(files, folder_of(&manifests[0].0), &own)?);
    Ok(places)
}

/// The manifest at the top of the workspace that one belongs to; itself if there is none.
fn top(files: &dyn Files, asked: &Manifest) -> Outcome<Manifest> {
    for folder in upwards(folder_of(&asked.0)) {
        let file = join(folder, "Cargo.toml");
        let Some(text) = files.text(&file) else { continue };
        if Toml::parse(&file, &text)?.at(&["workspace"]).is_some() {
            return Ok((file, text));
        }
    }
    Ok(asked.clone())
}

/// The manifests of a workspace's members: those that are listed, and path dependencies below the top.
fn members(files: &dyn Files, top: &Manifest) -> Outcome<Vec<Manifest>> {
    let toml = Toml::parse(&top.0, &top.1)?;
    let Some(workspace) = toml.at(&["workspace"]) else { return Ok(Vec::new()) };
    let folder = folder_of(toml.file);
    let named = |key: &str| -> Vec<String> {
        let paths = table::texts(table::get(workspace, key));
        paths.iter().map(|path| join(folder, path)).collect()
    };
    let (listed, excluded) = (named("members"), named("exclude"));
    let is_out = |path: &str| is_below(path, &excluded) && !is_below(path, &listed);
    let mut left: Vec<String> = needed(&toml, &toml);
    left.extend(listed.iter().flat_map(|path| found(files, &join(path, "Cargo.toml"))));
    let mut members = BTreeMap::new();
    while let Some(path) = left.pop() {
        if path == toml.file || members.contains_key(&path) || is_out(&path) {
            continue;
        }
        let Some(text) = files.text(&path) else { continue };
        left.extend(needed(&Toml::parse(&path, &text)?, &toml));
        members.insert(path, text);
    }
    Ok(members.into_iter().collect())
}

fn found(files: &dyn Files, path: &str) -> Vec<String> {
    if path.contains(['*', '?', '[']) { files.find(path) } else { vec![path.to_owned()] }
}

fn is_below(path: &str, folders: &[String]) -> bool {
    let mut folders = folders.iter().filter_map(|folder| path.strip_prefix(folder.as_str()));
    folders.any(|rest| rest.starts_with('/'))
}

/// The manifests of path dependencies that lie below the top of the workspace.
fn needed(toml: &Toml<'_>, top: &Toml<'_>) -> Vec<String> {
    let manifest = |(key, value): (&str, &Value<'_>)| {
        let inherited = || {
            table::get(value, "workspace")?;
            Some((top, top.string(&["workspace", "dependencies", key, "path"])?))
        };
        let (of, path) = table::text(value, "path").map(|path| (toml, path)).or_else(inherited)?;
        let path = join(&join(folder_of(of.file), path), "Cargo.toml");
        let folder = folder_of(top.file);
        let is_inside = folder.is_empty() && !path.starts_with("../");
        (is_inside || is_below(&path, &[folder.to_owned()])).then_some(path)
    };
    dependencies(toml).filter_map(manifest).collect()
}

/// What a manifest depends on, in all its tables.
fn dependencies<'t, 'a>(toml: &'t Toml<'a>) -> impl Iterator<Item = (&'t str, &'t Value<'a>)> {
    let plain = NEEDS.iter().map(|kind| toml.at(&[kind]));
    let targets = table::entries(toml.at(&["target"]));
    let targets = targets.flat_map(|(_, target)| NEEDS.map(|kind| table::get(target, kind)));
    plain.chain(targets).flat_map(|table| table::entries(table))
}

/// The names of the packages that share the version of the one at `at`, and the places that say it.
fn owned(read: &[Toml<'_>], at: usize) -> (BTreeSet<String>, Vec<Place>) {
    let inherits = |toml: &Toml<'_>| toml.at(&["package", "version", "workspace"]).is_some();
    let literal = |toml: &Toml<'_>| toml.place_at(&["package", "version"], Form::SemVer);
    let shared = read[0].place_at(&["workspace", "package", "version"], Form::SemVer);
    let stands_alone = read[0].at(&["package"]).is_none() && shared.is_none() && at == 0;
    let (own, places): (Vec<&Toml<'_>>, Vec<Place>) = match (shared, literal(&read[at])) {
        (Some(shared), None) => (read.iter().filter(|toml| inherits(toml)).collect(), vec![shared]),
        (_, Some(place)) => (vec![&read[at]], vec![place]),
        (None, None) if stands_alone => {
            (read.iter().collect(), read.iter().filter_map(literal).collect())
        }
        (None, None) => (Vec::new(), Vec::new()),
    };
    let names = own.into_iter().filter_map(|toml| toml.string(&["package", "name"]));
    (names.map(str::to_owned).collect(), places)
}

/// What a manifest requires of these packages, where it names their path too.
fn required(toml: &Toml<'_>, own: &BTreeSet<String>) -> Vec<Place> {
    let shared = table::entries(toml.at(&["workspace", "dependencies"]));
    let place = |(key, value): (&str, &Value<'_>)| {
        let name = table::text(value, "package").unwrap_or(key);
        table::get(value, "path").filter(|_| own.contains(name))?;
        requirement(toml, table::get(value, "version")?)
    };
    dependencies(toml).chain(shared).filter_map(place).collect()
}

/// The version within a requirement such as `=1.2.0`; `1.2` is a part of one.
fn requirement(toml: &Toml<'_>, value: &Value<'_>) -> Option<Place> {
    let text = value.get_ref().as_str()?;
    let version = text.trim_start_matches(['=', '^', '~', '>', ' ']);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    if version.is_empty() || !version.chars().all(is_plain) {
        return None;
    }
    let numbers = version.split('.').count();
    let form = if numbers < 3 { Form::Short(numbers) } else { Form::SemVer };
    toml.part(value, version, form)
}

/// The entries of these packages in a lock file.
fn locked(files: &dyn Files, folder: &str, own: &BTreeSet<String>) -> Outcome<Vec<Place>> {
    let file = join(folder, "Cargo.lock");
    let Some(text) = files.text(&file) else { return Ok(Vec::new()) };
    let lock = Toml::parse(&file, &text)?;
    let entries = table::items(lock.at(&["package"]));
    let mut places = Vec::new();
    let mut known = BTreeSet::new();
    for entry in &entries {
        let name = table::text(entry, "name").filter(|name| own.contains(*name));
        let version =
            table::get(entry, "version").filter(|_| table::get(entry, "source").is_none());
        if let (Some(name), Some(version)) = (name, version) {
            places.extend(lock.place(version, Form::SemVer));
            known.insert(format!("{name} {}", version.get_ref().as_str().unwrap_or_default()));
        }
    }
    // Where there are two packages of a name, what needs one says its version: `name 1.2.0`.
    let needs = entries.iter().flat_map(|entry| table::items(table::get(entry, "dependencies")));
    for need in needs {
        let words = need.get_ref().as_str().filter(|words| known.contains(*words));
        let version = words.and_then(|words| words.split(' ').next_back());
        places.extend(version.and_then(|version| lock.part(need, version, Form::SemVer)));
    }
    Ok(places)
}
