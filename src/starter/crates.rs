//! What a Cargo project is: one crate or a workspace, and which of its crates may be published.
//!
//! Reads manifests only. `cargo metadata` would know more, and would have to be there and to run.

use toml::Value;

use super::doc::Doc;
use super::{Fact, Tree};
use crate::diag::Outcome;

/// A Cargo project.
pub(super) struct Crates {
    pub(super) title: String,
    pub(super) workspace: bool,
    /// Crates that may go to crates.io, by name.
    pub(super) published: Vec<String>,
    /// Whether every crate of the workspace may.
    pub(super) all_published: bool,
    /// Whether `cargo test` can link: not where pyo3 leaves Python's symbols open.
    pub(super) testable: bool,
    pub(super) facts: Vec<Fact>,
}

/// Patterns for the folders of a workspace's members, and those that are left out.
///
/// # Errors
/// `Cargo.toml` is no TOML.
pub fn members(tree: &Tree) -> Outcome<(Vec<String>, Vec<String>)> {
    let manifest = Doc::parse(tree, "Cargo.toml")?;
    let texts = |key| manifest.texts(&["workspace", key]).into_iter().map(str::to_owned).collect();
    Ok((texts("members"), texts("exclude")))
}

/// The Cargo project in a folder, if there is one.
///
/// # Errors
/// A manifest is no TOML.
pub(super) fn look(tree: &Tree) -> Outcome<Option<Crates>> {
    if !tree.has("Cargo.toml") {
        return Ok(None);
    }
    let root = Doc::parse(tree, "Cargo.toml")?;
    let paths = tree.below("").map(|(path, _)| path).filter(|path| path.ends_with("/Cargo.toml"));
    let mut manifests = vec![Doc::parse(tree, "Cargo.toml")?];
    for path in paths {
        manifests.push(Doc::parse(tree, path)?);
    }
    manifests.retain(|manifest| manifest.has(&["package"]));
    let inherited = root.array_or_truth(&["workspace", "package", "publish"]);
    let mut published: Vec<String> = Vec::new();
    for manifest in &manifests {
        let name = manifest.text(&["package", "name"]).filter(|name| is_name(name));
        if let Some(name) = name.filter(|_| may_publish(manifest, inherited)) {
            published.push(name.to_owned());
        }
    }
    let workspace = root.has(&["workspace"]) && manifests.len() > 1;
    let title = root.text(&["package", "name"]).or(published.first().map(String::as_str));
    let mut crates = Crates {
        title: title.filter(|_| !workspace).unwrap_or(&tree.name).to_owned(),
        workspace,
        all_published: published.len() == manifests.len(),
        published,
        testable: !manifests.iter().any(is_open_extension),
        facts: Vec::new(),
    };
    crates.facts = facts(&crates, manifests.len());
    if !crates.published.is_empty() {
        crates.facts.extend(lacking(&manifests, inherited));
        crates.facts.extend(no_lock(tree));
    }
    Ok(Some(crates))
}

/// What crates.io wants of each manifest, and does not find there.
/// Source: <https://doc.rust-lang.org/cargo/reference/publishing.html>.
fn lacking(manifests: &[Doc], inherited: Option<bool>) -> Option<Fact> {
    let wanted: [&[&str]; 2] = [&["description"], &["license", "license-file"]];
    let lacks = |fields: &[&str]| {
        let mut published = manifests.iter().filter(|manifest| may_publish(manifest, inherited));
        published.any(|manifest| fields.iter().all(|field| !manifest.has(&["package", field])))
    };
    let missing: Vec<&str> =
        wanted.iter().filter(|fields| lacks(fields)).map(|fields| fields[0]).collect();
    let why = format!("lacks what crates.io wants: {}", missing.join(", "));
    (!missing.is_empty()).then(|| Fact::new("Cargo.toml", why))
}

/// Without a lock file cargo writes one as soon as it is run, and the tree is no longer as committed.
fn no_lock(tree: &Tree) -> Option<Fact> {
    let mut ignored = tree.text(".gitignore").unwrap_or_default().lines();
    let is_there =
        tree.has("Cargo.lock") || ignored.any(|line| line.trim_matches('/') == "Cargo.lock");
    let why = "none yet: make it with `cargo generate-lockfile` and commit it, or ignore it";
    (!is_there).then(|| Fact::new("Cargo.lock", why))
}

fn facts(crates: &Crates, count: usize) -> Vec<Fact> {
    let what = if crates.workspace { "Cargo workspace" } else { "Cargo crate" };
    let names = crates.published.join(", ");
    let why = match (crates.workspace, names.is_empty()) {
        (true, true) => format!("{count} crates, none to be published"),
        (true, false) => format!("{count} crates, to be published: {names}"),
        (false, true) => format!("{}, not to be published", crates.title),
        (false, false) => names,
    };
    let mut facts = vec![Fact::new(what, why)];
    if !crates.testable {
        facts
            .push(Fact::new("cargo test", "left out: `extension-module` keeps tests from linking"));
    }
    facts
}

/// Whether cargo would take this name.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// Whether a crate may go to crates.io: nothing forbids it, and it can be used from there.
fn may_publish(manifest: &Doc, inherited: Option<bool>) -> bool {
    let own = if manifest.truth(&["package", "publish", "workspace"]) == Some(true) {
        inherited
    } else {
        manifest.array_or_truth(&["package", "publish"])
    };
    let kinds = manifest.texts(&["lib", "crate-type"]);
    let only_for_c = kinds == ["cdylib"] && !manifest.has(&["bin"]);
    own.unwrap_or(true) && !only_for_c
}

fn is_open_extension(manifest: &Doc) -> bool {
    let features = ["dependencies", "features"].map(|table| match table {
        "features" => manifest.texts(&["features", "default"]),
        _ => manifest.texts(&["dependencies", "pyo3", "features"]),
    });
    features.iter().flatten().any(|name| name.ends_with("extension-module"))
}

impl Doc {
    /// `publish`: true or false, or a list of registries, which leaves crates.io out unless it is
    /// among them.
    fn array_or_truth(&self, path: &[&str]) -> Option<bool> {
        let named = |values: &[Value]| values.iter().any(|v| v.as_str() == Some("crates-io"));
        self.truth(path).or_else(|| self.array(path).map(named))
    }
}
