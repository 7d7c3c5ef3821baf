//! Names of what a project publishes, as its files state them: never asked for outside.
//!
//! Read are the top folder, the folders right below it for Python, and the members of a Cargo workspace.
//! Other folders may hold what belongs to others, such as vendored crates.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

use crate::host::fs;

/// The names, as they are written.
pub fn names(checkout: &Path) -> Vec<String> {
    let found = |globs: &[String]| {
        let found = fs::find(checkout, globs).unwrap_or_default();
        found.into_iter().filter_map(|found| read(&found.path)).collect::<Vec<Table>>()
    };
    let python = found(&["pyproject.toml".into(), "*/pyproject.toml".into()]);
    let cargo = read(&checkout.join("Cargo.toml"));
    let members = cargo.as_ref().map(members).unwrap_or_default();
    let crates = found(&members);
    let python = python
        .iter()
        .filter_map(|table| name(table, &["project"]).or_else(|| name(table, &["tool", "poetry"])));
    let crates = cargo.iter().chain(&crates).filter_map(|table| name(table, &["package"]));
    python.chain(crates).collect()
}

/// The version of the members of a Cargo workspace that may be published, if it is the same for all.
pub fn version(checkout: &Path) -> Option<String> {
    let manifest = read(&checkout.join("Cargo.toml"))?;
    let found = fs::find(checkout, &members(&manifest)).ok()?;
    let tables: Vec<Table> = found.into_iter().filter_map(|found| read(&found.path)).collect();
    let packages = tables.iter().filter_map(|table| table.get("package")?.as_table());
    let public = packages.filter(|package| package.get("publish") != Some(&Value::Boolean(false)));
    let versions: BTreeSet<&str> = public.filter_map(|one| one.get("version")?.as_str()).collect();
    versions.first().filter(|_| versions.len() == 1).map(ToString::to_string)
}

fn read(path: &Path) -> Option<Table> {
    fs::read_text(path).ok()?.parse().ok()
}

fn name(table: &Table, path: &[&str]) -> Option<String> {
    let mut at = table;
    for key in path {
        at = at.get(*key)?.as_table()?;
    }
    at.get("name")?.as_str().map(str::to_owned)
}

/// Manifests of a workspace's members, as globs.
fn members(manifest: &Table) -> Vec<String> {
    let listed = manifest.get("workspace").and_then(|table| table.get("members"));
    let listed = listed.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    listed.map(|member| format!("{}/Cargo.toml", member.trim_end_matches('/'))).collect()
}

#[cfg(test)]
mod tests {
    use super::{names, version};
    use crate::host::fs;

    #[test]
    fn members_of_one_version_tell_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::make_dir(path.parent().unwrap()).unwrap();
            fs::replace(&path, text).unwrap();
        };
        assert_eq!(version(folder.path()), None);
        write("Cargo.toml", "[workspace]\nmembers = [\"libs/*\"]\n");
        write("libs/a/Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.2.0\"\n");
        write("libs/b/Cargo.toml", "[package]\nname = \"b\"\nversion = \"0.2.0\"\n");
        write(
            "libs/x/Cargo.toml",
            "[package]\nname = \"x\"\nversion = \"9.0.0\"\npublish = false\n",
        );
        assert_eq!(version(folder.path()).as_deref(), Some("0.2.0"));
        write("libs/b/Cargo.toml", "[package]\nname = \"b\"\nversion = \"0.3.0\"\n");
        assert_eq!(version(folder.path()), None);
    }

    #[test]
    fn names_of_all_members_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"a\", \"libs/*\"]\n[package]\nname = \"top\"\n",
            ),
            ("a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("libs/b/Cargo.toml", "[package]\nname = \"b\"\n"),
            ("vendor/serde/Cargo.toml", "[package]\nname = \"serde\"\n"),
            ("src/pyproject.toml", "[project]\nname = \"py-b\"\n"),
            ("pyproject.toml", "[tool.poetry]\nname = \"py-a\"\n"),
            ("deep/down/pyproject.toml", "[project]\nname = \"other\"\n"),
        ] {
            let path = folder.path().join(file);
            fs::make_dir(path.parent().unwrap()).unwrap();
            fs::replace(&path, text).unwrap();
        }
        let mut found = names(folder.path());
        found.sort();
        assert_eq!(found, ["a", "b", "py-a", "py-b", "top"]);
    }
}
