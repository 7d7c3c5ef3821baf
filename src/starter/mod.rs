//! The first Releasefile of a project: what lies in its folder, read as facts, written as tasks.
//!
//! Pure: [`Tree`] holds names and texts that `app::init` has read, [`starter`] gives the text of a
//! Releasefile and why it says what it says. `python`, `checks`, `testing`, `crates` and `elsewhere`
//! find, `write` writes. Nothing of the project is run, so a `setup.py` is only looked at.
//! Turned down: one call of `py::pipeline`, which hides what a maintainer wants to change first.

mod checks;
mod crates;
mod doc;
mod elsewhere;
mod ini;
mod python;
mod requirements;
mod testing;
mod write;

use std::collections::BTreeMap;

use crate::diag::Outcome;
use doc::Doc;

pub use crates::members;
pub use write::quoted;

/// Files whose texts matter, in the project's own folder.
const TEXTS: &[&str] = &[
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "Cargo.toml",
    "pixi.toml",
    "tox.ini",
    "noxfile.py",
    "Makefile",
    "makefile",
    "GNUmakefile",
    "justfile",
    "Justfile",
    ".justfile",
    "package.json",
    ".pre-commit-config.yaml",
    ".gitignore",
];

/// Whether the text of a file in the project's own folder matters.
pub fn is_telling(name: &str) -> bool {
    TEXTS.contains(&name) || requirements::is_requirements_file(name)
}

/// What lies in a project's folder. A folder's name ends with `/`.
#[derive(Debug, Default)]
pub struct Tree {
    /// The folder's own name, for a project that has none.
    name: String,
    entries: BTreeMap<String, String>,
}

impl Tree {
    /// An empty folder of this name.
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), entries: BTreeMap::new() }
    }

    /// Adds a file with its text, or a folder or file whose text does not matter.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.entries.insert(path.into(), text.into());
    }

    fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.entries.get(path).map(String::as_str)
    }

    /// Entries directly or further below a folder, given with its `/`; their names without it.
    fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let inside = move |(path, text): (&'a String, &'a String)| {
            let name = path.strip_prefix(folder).filter(|name| !name.is_empty())?;
            Some((name, text.as_str()))
        };
        self.entries.iter().filter_map(inside)
    }
}

/// Something that was found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What.
    pub what: String,
    /// Where it stands, or what follows from it.
    pub why: String,
}

impl Fact {
    fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: plain(&what.into()), why: plain(&why.into()) }
    }
}

/// A Releasefile for a project.
#[derive(Debug)]
pub struct Starter {
    /// What was found; nothing if the text is only a beginning.
    pub facts: Vec<Fact>,
    /// The Releasefile.
    pub text: String,
    /// The task to try first.
    pub first: &'static str,
}

/// What the writer needs to know.
struct Found {
    title: String,
    python: Option<python::Python>,
    checks: Vec<checks::Check>,
    tests: Option<testing::Tests>,
    crates: Option<crates::Crates>,
    elsewhere: Vec<elsewhere::Elsewhere>,
}

/// Reads the project and writes its Releasefile.
///
/// # Errors
/// `pyproject.toml`, `Cargo.toml` or `pixi.toml` is no TOML.
pub fn starter(tree: &Tree) -> Outcome<Starter> {
    let pyproject = Doc::parse(tree, "pyproject.toml")?;
    let sources = requirements::sources(tree, &pyproject);
    let python = python::look(tree, &pyproject);
    let checks = python.as_ref().map(|_| checks::look(tree, &pyproject, &sources));
    let tests =
        python.as_ref().and_then(|python| testing::look(tree, &pyproject, python, &sources));
    let crates = crates::look(tree)?;
    let elsewhere = elsewhere::look(tree, &pyproject)?;
    let taken = tests.as_ref().map(testing::Tests::taken_over).unwrap_or_default();
    let elsewhere = elsewhere.into_iter().filter(|one| !taken.contains(&one.file.as_str()));
    let package = python.as_ref().filter(|python| python.backend.is_some() || crates.is_none());
    let named = package.map(|python| &python.name).or(crates.as_ref().map(|crates| &crates.title));
    let title = named.unwrap_or(&tree.name);
    let found = Found {
        title: plain(title),
        python,
        checks: checks.unwrap_or_default(),
        tests,
        crates,
        elsewhere: elsewhere.collect(),
    };
    let text = write::releasefile(&found);
    let has = |name: &&str| text.lines().any(|line| line.starts_with(&write::task(name)));
    let first = ["publish", "check"].into_iter().find(has).unwrap_or("build");
    Ok(Starter { facts: facts(&found), text, first })
}

fn facts(found: &Found) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(python) = &found.python {
        facts.extend(python.facts.iter().cloned());
        facts.extend(found.checks.iter().map(checks::Check::fact));
        facts.push(match &found.tests {
            Some(tests) => Fact::new("tests", &tests.why),
            None => Fact::new("tests", "none found: there is no task `test` yet"),
        });
    }
    facts.extend(found.crates.iter().flat_map(|crates| crates.facts.clone()));
    facts.extend(found.elsewhere.iter().map(|one| Fact::new(&one.file, one.listed())));
    facts
}

/// `text` on one line, without what a terminal or an editor would obey.
fn plain(text: &str) -> String {
    let harmless = |c: char| if write::is_printable(c) { c } else { ' ' };
    text.chars().map(harmless).collect::<String>().trim().to_owned()
}
