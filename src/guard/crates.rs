//! The crates of this project that may go to crates.io, as its manifests tell.
//!
//! Nothing is built by then: `cargo metadata` would need a toolchain, and guards are asked before the first task.
//! Members that lie outside of the project's folder are left to the gate, which knows what is sent. Source:
//! <https://doc.rust-lang.org/cargo/reference/workspaces.html>.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

use crate::host::fs;
use crate::status::name::names;

/// Their names: of the manifest in a folder, and of its workspace's members.
pub(super) fn here(root: &Path) -> BTreeSet<String> {
    let text = |path: &Path| fs::read_text(path).unwrap_or_default();
    let top = text(&root.join("Cargo.toml"));
    let table: Table = top.parse().unwrap_or_default();
    let globs = |key: &str| -> Vec<String> {
        let listed = table.get("workspace").and_then(|table| table.get(key)?.as_array());
        let listed = listed.into_iter().flatten().filter_map(Value::as_str);
        listed.map(|glob| format!("{}/Cargo.toml", glob.trim_end_matches('/'))).collect()
    };
    let found = |key: &str| fs::find(root, &globs(key)).unwrap_or_default();
    let left = found("exclude");
    let members = found("members").into_iter().filter(|one| !left.contains(one));
    let members = members.map(|one| text(&one.path)).filter(|text| is_published(text, &table));
    let own = std::iter::once(top.clone());
    own.chain(members).filter_map(|text| names("", &text).krate).collect()
}

/// Whether a member may be published as far as the workspace decides that.
fn is_published(member: &str, top: &Table) -> bool {
    let table: Table = member.parse().unwrap_or_default();
    let package = |table: &Table| Some(table.get("package")?.get("publish")?.clone());
    let inherits = package(&table).and_then(|publish| publish.get("workspace")?.as_bool());
    let shared = top.get("workspace").and_then(Value::as_table).and_then(package);
    let forbidden = shared.is_some_and(|publish| {
        publish.as_bool() == Some(false) || publish.as_array().is_some_and(Vec::is_empty)
    });
    !(inherits == Some(true) && forbidden)
}

#[cfg(test)]
mod tests {
    use super::{fs, here};

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::make_dir(path.parent().unwrap()).unwrap();
            fs::write_new(&path, text).unwrap();
        }
        here(folder.path()).into_iter().collect()
    }

    #[test]
    fn all_members_of_a_workspace_that_may_be_published_are_known() {
        let top = "[workspace]\nmembers = [\"crates/*\", \"tool\"]\nexclude = [\"crates/old\"]\n\
                   [workspace.package]\npublish = false\n";
        let files = [
            ("Cargo.toml", top),
            ("crates/one/Cargo.toml", "[package]\nname = \"one\"\n"),
            ("crates/old/Cargo.toml", "[package]\nname = \"old\"\n"),
            ("crates/own/Cargo.toml", "[package]\nname = \"own\"\npublish = false\n"),
            ("crates/as/Cargo.toml", "[package]\nname = \"as\"\npublish.workspace = true\n"),
            ("tool/Cargo.toml", "[package]\nname = \"tool\"\n"),
            ("apart/Cargo.toml", "[package]\nname = \"apart\"\n"),
        ];
        assert_eq!(found(&files), ["one", "tool"]);
    }

    #[test]
    fn a_crate_alone_is_its_own_and_what_is_broken_tells_nothing() {
        assert_eq!(found(&[("Cargo.toml", "[package]\nname = \"one\"\n")]), ["one"]);
        assert_eq!(found(&[("Cargo.toml", "[package")]), [""; 0]);
        assert_eq!(found(&[]), [""; 0]);
    }
}
