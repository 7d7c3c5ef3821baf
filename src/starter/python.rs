//! What a Python project is: its name, what builds it, which Pythons it is for.
//!
//! `pyproject.toml` is read as TOML; `setup.cfg` and `setup.py` are looked at as text, never run.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use pep440_rs::{Version, VersionSpecifiers};

use super::doc::Doc;
use super::requirements::{from_poetry, name, names_in, normal};
use super::{Fact, Tree, ini};
use crate::model::scm::FROM_GIT;

/// Python versions that `requires-python` alone may stand for.
const KNOWN: &[&str] = &["3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"];

/// How `build-backend` begins, and how the back end is called.
const BACK_ENDS: &[(&str, &str)] = &[
    ("hatchling", "hatchling"),
    ("setuptools", "setuptools"),
    ("flit", "flit"),
    ("poetry", "poetry"),
    ("uv_build", "uv_build"),
    ("pdm", "pdm"),
    ("maturin", "maturin"),
    ("scikit_build_core", "scikit-build-core"),
    ("mesonpy", "meson-python"),
];

/// What, among a build's requirements, compiles.
const COMPILES: &[&str] =
    &["maturin", "setuptools-rust", "scikit-build-core", "meson-python", "cython", "pybind11"];

/// Where a project's own programs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// In environments that rel makes, with the package installed.
    Rel,
    /// In environments that uv makes for a project that is no package.
    Uv,
    /// The same where only requirements files say what it needs.
    UvWithFiles,
    /// In the environment that poetry makes for a project that is no package.
    Poetry,
}

/// A Python project.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub(super) struct Python {
    pub(super) name: String,
    /// What builds it; `None` for one that is not built.
    pub(super) backend: Option<String>,
    /// The build requirement of maturin, if that builds it.
    pub(super) maturin: Option<String>,
    /// Whether indexes must refuse it.
    pub(super) private: bool,
    /// As `3.12`; empty if nothing says which.
    pub(super) versions: Vec<String>,
    /// The folder or file that holds its modules.
    pub(super) source: String,
    pub(super) from_git: bool,
    /// Whether an installed copy goes stale when sources change.
    pub(super) compiled: bool,
    /// Whether it needs other packages at run time.
    pub(super) depends: bool,
    pub(super) home: Home,
    /// Whether there is a requirements.txt.
    pub(super) has_requirements: bool,
    pub(super) has_pyproject: bool,
    pub(super) facts: Vec<Fact>,
}

/// Texts that `setup.py` and `setup.cfg` say things in, without comments.
struct Setup {
    code: String,
    cfg: String,
}

/// The Python project in a folder, if there is one.
pub(super) fn look(tree: &Tree, pyproject: &Doc) -> Option<Python> {
    let has_setup = tree.has("setup.py")
        || tree.text("setup.cfg").is_some_and(|text| ini::has(text, "metadata"));
    let tables: [&[&str]; 3] = [&["project"], &["tool", "poetry"], &["tool", "flit", "metadata"]];
    let described = has_setup || tables.iter().any(|table| pyproject.has(table));
    if !described && !tree.has("pyproject.toml") && !tree.has("requirements.txt") {
        return None;
    }
    let setup = Setup {
        code: without_comments(tree.text("setup.py").unwrap_or_default()),
        cfg: without_comments(tree.text("setup.cfg").unwrap_or_default()),
    };
    let requires = names_in(pyproject.array(&["build-system", "requires"]).unwrap_or_default());
    let backend = backend(tree, pyproject, has_setup).filter(|_| described);
    let (versions, versions_why) = versions(pyproject, &setup);
    let name = title(tree, pyproject, &setup);
    let maturin = pyproject.texts(&["build-system", "requires"]).into_iter();
    let from_git = from_git(pyproject, &requires, &setup);
    let mut python = Python {
        source: source(tree, &name),
        private: classifiers(pyproject, &setup).iter().any(|text| text.starts_with("Private ::")),
        compiled: requires.iter().any(|name| COMPILES.contains(&name.as_str()))
            || ["ext_modules", "Extension("].iter().any(|word| setup.code.contains(word)),
        depends: depends(tree, pyproject, &setup),
        maturin: maturin.map(str::to_owned).find(|text| self::name(text) == "maturin"),
        from_git: from_git.is_some(),
        home: home(pyproject, backend.is_some()),
        has_requirements: tree.has("requirements.txt"),
        has_pyproject: tree.has("pyproject.toml"),
        facts: Vec::new(),
        name,
        backend,
        versions,
    };
    python.maturin.take_if(|_| python.backend.as_deref() != Some("maturin"));
    python.facts = facts(&python, from_git, versions_why);
    Some(python)
}

fn facts(python: &Python, from_git: Option<&str>, versions_why: &str) -> Vec<Fact> {
    let built = python.backend.as_ref().map(|backend| format!("built by {backend}"));
    let what = if built.is_some() { "Python package" } else { "Python project" };
    let why = built.unwrap_or_else(|| "no package is built from it".into());
    let mut facts = vec![Fact::new(what, format!("{}, {why}", python.name))];
    facts.extend(from_git.map(|by| Fact::new("version", format!("from git, by {by}"))));
    if python.private {
        facts.push(Fact::new("private", "a classifier says so: nothing is uploaded"));
    }
    let versions = match python.versions.join(", ") {
        none if none.is_empty() => "the one that `python3` is: nothing says which".into(),
        some => format!("{some} ({versions_why})"),
    };
    facts.push(Fact::new("Python", versions));
    facts
}

fn home(pyproject: &Doc, is_package: bool) -> Home {
    match () {
        () if is_package => Home::Rel,
        () if pyproject.has(&["tool", "poetry"]) => Home::Poetry,
        () if pyproject.has(&["project"]) => Home::Uv,
        () => Home::UvWithFiles,
    }
}

fn title(tree: &Tree, pyproject: &Doc, setup: &Setup) -> String {
    let tables: [&[&str]; 3] = [
        &["project", "name"],
        &["tool", "poetry", "name"],
        &["tool", "flit", "metadata", "module"],
    ];
    let named = tables.iter().find_map(|path| pyproject.text(path));
    let named = named.or_else(|| ini::lines(&setup.cfg, "metadata", "name").first().copied());
    named.or_else(|| keyword(&setup.code, "name")).unwrap_or(&tree.name).to_owned()
}

/// What builds the package; `None` for a project that says or shows that it is none.
fn backend(tree: &Tree, pyproject: &Doc, has_setup: bool) -> Option<String> {
    let is_none = pyproject.truth(&["tool", "uv", "package"]) == Some(false)
        || pyproject.truth(&["tool", "poetry", "package-mode"]) == Some(false)
        || pyproject.truth(&["tool", "pdm", "distribution"]) == Some(false);
    let Some(text) = pyproject.text(&["build-system", "build-backend"]) else {
        // uv takes a project without a build system for an application, all others for setuptools.
        let application = is_none || (!has_setup && tree.has("uv.lock"));
        return (!application).then(|| "setuptools".to_owned());
    };
    let known = BACK_ENDS.iter().find(|(begin, _)| text.starts_with(begin));
    (!is_none).then(|| known.map_or(text, |(_, name)| name).to_owned())
}

fn from_git<'a>(pyproject: &Doc, requires: &'a [String], setup: &Setup) -> Option<&'a str> {
    if pyproject.text(&["project", "version"]).is_some() {
        return None;
    }
    let by = requires.iter().map(String::as_str).find(|name| FROM_GIT.contains(name));
    let pdm = || pyproject.text(&["tool", "pdm", "version", "source"]) == Some("scm");
    by.or_else(|| pdm().then_some("pdm"))
        .or_else(|| setup.code.contains("use_scm_version").then_some("setuptools-scm"))
}

fn classifiers<'a>(pyproject: &'a Doc, setup: &'a Setup) -> Vec<&'a str> {
    let tables: [&[&str]; 3] = [
        &["project", "classifiers"],
        &["tool", "poetry", "classifiers"],
        &["tool", "flit", "metadata", "classifiers"],
    ];
    let mut found: Vec<&str> = tables.iter().flat_map(|path| pyproject.texts(path)).collect();
    found.extend(ini::lines(&setup.cfg, "metadata", "classifiers"));
    found.extend(setup.code.split(['"', '\'']).filter(|text| text.contains(" :: ")));
    found
}

/// The Pythons that the project is for, in order, and what says so.
fn versions(pyproject: &Doc, setup: &Setup) -> (Vec<String>, &'static str) {
    let minor = |text: &str| -> Option<u32> {
        text.strip_prefix("Programming Language :: Python :: 3.")?.trim().parse().ok()
    };
    let named: BTreeSet<u32> =
        classifiers(pyproject, setup).into_iter().filter_map(minor).collect();
    if !named.is_empty() {
        return (named.iter().map(|minor| format!("3.{minor}")).collect(), "classifiers");
    }
    let poetry = pyproject.text(&["tool", "poetry", "dependencies", "python"]).map(from_poetry);
    let flit = pyproject.text(&["tool", "flit", "metadata", "requires-python"]);
    let cfg = ini::lines(&setup.cfg, "options", "python_requires").join(",");
    let wanted = pyproject.text(&["project", "requires-python"]).or(poetry.as_deref()).or(flit);
    let wanted = wanted.or(Some(cfg.as_str()).filter(|text| !text.is_empty()));
    let wanted = wanted.or_else(|| keyword(&setup.code, "python_requires"));
    let Some(Ok(wanted)) = wanted.filter(|text| !text.is_empty()).map(VersionSpecifiers::from_str)
    else {
        return (Vec::new(), "");
    };
    // `>=3.11.4` and `<=3.12` both let some release of their minor version in.
    let lets_in = |minor: &&&str| {
        ["0", "99"].iter().any(|patch| {
            Version::from_str(&format!("{minor}.{patch}")).is_ok_and(|v| wanted.contains(&v))
        })
    };
    let admitted = KNOWN.iter().filter(lets_in).map(ToString::to_string).collect();
    (admitted, "requires-python")
}

fn depends(tree: &Tree, pyproject: &Doc, setup: &Setup) -> bool {
    let lists: [&[&str]; 2] =
        [&["project", "dependencies"], &["tool", "flit", "metadata", "requires"]];
    lists.iter().any(|path| !pyproject.texts(path).is_empty())
        || pyproject.texts(&["project", "dynamic"]).contains(&"dependencies")
        || pyproject.keys(&["tool", "poetry", "dependencies"]).iter().any(|name| *name != "python")
        || !ini::lines(&setup.cfg, "options", "install_requires").is_empty()
        || setup.code.contains("install_requires")
        || tree.has("requirements.txt")
}

/// The folder or file with the project's modules, by the usual layouts.
fn source(tree: &Tree, name: &str) -> String {
    let module = normal(name).replace('-', "_");
    let layouts = [("src/", "src"), (&format!("python/{module}/"), "python")];
    if let Some((_, folder)) = layouts.iter().find(|(path, _)| {
        tree.has(path) && tree.below(path).any(|(name, _)| !name.ends_with(".rs"))
    }) {
        return (*folder).to_owned();
    }
    if tree.has(&format!("{module}/")) {
        return module;
    }
    let file = format!("{module}.py");
    if tree.has(&file) {
        return file;
    }
    let mut packages = tree.below("").filter_map(|(path, _)| path.strip_suffix("/__init__.py"));
    let package = packages.find(|folder| !matches!(*folder, "tests" | "test" | "docs"));
    package.unwrap_or(".").to_owned()
}

/// The text that a call gives to a keyword: `name="demo"`.
fn keyword<'a>(code: &'a str, key: &str) -> Option<&'a str> {
    code.match_indices(key).find_map(|(at, _)| {
        let is_word = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let value = code[at + key.len()..].trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|c| is_word && matches!(c, '"' | '\''))?;
        value[1..].split([quote, '\n']).next().filter(|text| !text.is_empty())
    })
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}
