//! Whether a registry holds a version already, so that its release must not be made anew: others may have
//! it, and it can never be replaced there.
//!
//! Sources: PEP 691 for indexes, <https://doc.rust-lang.org/cargo/reference/registry-index.html> for crates.
//! TestPyPI counts like any other index, since it takes a file's name once, too
//! (<https://test.pypi.org/help/#file-name-reuse>). A version that was yanked is still held. What was deleted
//! from an index is no longer listed, and cannot be told.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Trouble, crates, pypi};
use crate::dist::{cargo, filename};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::artifact::Artifact;
use crate::model::effect::{Package, Remake};
use crate::status::name;

/// What these files are of, by their names.
pub fn named(files: &[Artifact]) -> Vec<Package> {
    let one = |file: &Artifact| {
        let file = file.file_name();
        if let Some((name, version)) = cargo::named(file) {
            return Some(Package::Crate { name: name.to_owned(), version: version.to_owned() });
        }
        let dist = filename::parse(file).ok()?;
        Some(Package::Python { name: dist.project, version: dist.version })
    };
    let all: BTreeSet<Package> = files.iter().filter_map(one).collect();
    all.into_iter().collect()
}

/// What the folder's files call the project, in the version that a tag names.
pub fn tagged(root: &Path, tag: &str) -> Vec<Package> {
    let text = |file: &str| fs::read_text(&root.join(file)).unwrap_or_default();
    let names = name::names(&text("pyproject.toml"), &text("Cargo.toml"));
    let Some(version) = name::tagged(tag, &names).map(str::to_owned) else { return Vec::new() };
    let python = names.python.map(|name| {
        let name = filename::normalize(&name);
        Package::Python { name, version: version.clone() }
    });
    let krate = names.krate.map(|name| Package::Crate { name, version: version.clone() });
    python.into_iter().chain(krate).collect()
}

/// Which registry holds one of the packages, and which; `None` if none does.
///
/// # Errors
/// A registry cannot be asked: it may hold it.
pub(super) fn by(host: &Host, remake: &Remake, stop: &Stop) -> Result<Option<String>, Trouble> {
    for package in &remake.packages {
        let found = match package {
            Package::Python { name, version } => on_indexes(host, remake, name, version, stop)?,
            Package::Crate { name, version } => {
                let all = crates::of_index(host, name, stop)?;
                let holds = all.iter().any(|listed| name::same(&listed.version, version));
                holds.then(|| format!("crates.io holds {name} {version}"))
            }
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn on_indexes(
    host: &Host,
    remake: &Remake,
    name: &str,
    version: &str,
    stop: &Stop,
) -> Result<Option<String>, Trouble> {
    for index in &remake.indexes {
        let login = pypi::login_for(host, index, &index.simple);
        let page = pypi::page(host, index, name, login.as_ref(), stop)?;
        let all = page.as_ref().map(pypi::Page::listed).unwrap_or_default();
        if all.iter().any(|listed| name::same(&listed.version, version)) {
            return Ok(Some(format!("{} holds {name} {version}", index.name)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_and_the_folders_files_tell_what_no_artifact_does() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::replace(&folder.path().join(name), text).unwrap();
        write("pyproject.toml", "[project]\nname = \"Time_Piece\"\n");
        write("Cargo.toml", "[package]\nname = \"time-piece\"\npublish = false\n");
        let python = Package::Python { name: "time-piece".into(), version: "1.0".into() };
        assert_eq!(tagged(folder.path(), "v1.0"), [python]);
        assert_eq!(tagged(folder.path(), "nightly"), []);
    }
}
