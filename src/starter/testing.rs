//! How a Python project runs its tests: with pytest, unittest, tox, nox or uv, and with what
//! installed.
//!
//! An environment that rel makes is taken where the project says what its tests need; tox and nox
//! where only they know it.

use super::checks::is_checker;
use super::doc::Doc;
use super::elsewhere::{TOX_FILES, nox_sessions, tox_file};
use super::python::Python;
use super::requirements::{How, Source, name};
use super::{Tree, ini};

/// What runs the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runner {
    Pytest,
    /// Whether the tests' folder is a package, and so found from above.
    Unittest {
        package: bool,
    },
    Tox,
    Nox,
}

/// How the tests are run.
pub(super) struct Tests {
    pub(super) runner: Runner,
    /// Folder with the tests; `None` if they lie elsewhere.
    pub(super) folder: Option<&'static str>,
    /// Where what they need is listed.
    pub(super) needs: Option<How>,
    /// What is installed besides, written out.
    pub(super) packages: Vec<String>,
    /// The nox sessions that test.
    pub(super) sessions: Vec<String>,
    pub(super) why: String,
}

impl Tests {
    /// Files whose tasks the task `test` calls.
    pub(super) fn taken_over(&self) -> &'static [&'static str] {
        match self.runner {
            Runner::Tox => &TOX_FILES,
            _ => &[],
        }
    }
}

/// Names of lists that hold what tests need, the likeliest first.
const LISTS: &[&str] = &["test", "tests", "testing", "dev", "develop", "development"];

/// How the project runs its tests; `None` if it has none.
pub(super) fn look(
    tree: &Tree,
    pyproject: &Doc,
    python: &Python,
    sources: &[Source],
) -> Option<Tests> {
    let folder = ["tests", "test"].into_iter().find(|name| tree.has(&format!("{name}/")));
    let listed = with_pytest(sources);
    let configured = configures_pytest(tree, pyproject);
    let outer = outer(tree, pyproject);
    if folder.is_none() && !configured && listed.is_none() && outer.is_none() {
        return None;
    }
    if let Some(outer) = outer.filter(|_| listed.is_none() && python.backend.is_some()) {
        return Some(outer);
    }
    let inside = folder.map(|folder| format!("{folder}/")).unwrap_or_default();
    let says =
        |word: &str| folder.is_some() && tree.below(&inside).any(|(_, text)| text.contains(word));
    let is_pytest = configured || listed.is_some() || says("pytest") || !says("unittest");
    let (runner, program) = if is_pytest {
        (Runner::Pytest, "pytest")
    } else {
        (Runner::Unittest { package: tree.has(&format!("{inside}__init__.py")) }, "unittest")
    };
    let list = listed.or_else(|| by_name(sources));
    let with = list.map(|source| format!(", with {}", source.place)).unwrap_or_default();
    let place = folder.map(|folder| format!(" in {folder}/")).unwrap_or_default();
    Some(Tests {
        runner,
        folder,
        packages: packages(runner, list),
        needs: list.map(|source| source.how.clone()),
        sessions: Vec::new(),
        why: format!("{program}{place}{with}"),
    })
}

fn configures_pytest(tree: &Tree, pyproject: &Doc) -> bool {
    let has = |file: &str, section| tree.text(file).is_some_and(|text| ini::has(text, section));
    pyproject.has(&["tool", "pytest"])
        || tree.has("pytest.ini")
        || tree.has("conftest.py")
        || has("setup.cfg", "tool:pytest")
        || has("tox.ini", "pytest")
}

/// tox or nox, if the project has one of them.
fn outer(tree: &Tree, pyproject: &Doc) -> Option<Tests> {
    let tests = |runner, sessions, why: &str| Tests {
        runner,
        folder: None,
        needs: None,
        packages: Vec::new(),
        sessions,
        why: why.into(),
    };
    if let Some(file) = tox_file(tree, pyproject) {
        return Some(tests(Runner::Tox, Vec::new(), &format!("tox, as {file} has them")));
    }
    let sessions = nox_sessions(tree.text("noxfile.py")?);
    let testing: Vec<String> =
        sessions.into_iter().filter(|name| LISTS[..3].contains(&name.as_str())).collect();
    (!testing.is_empty()).then(|| tests(Runner::Nox, testing, "nox, as noxfile.py has them"))
}

/// The list with pytest that is likeliest meant for tests.
fn with_pytest(sources: &[Source]) -> Option<&Source> {
    let place = |source: &&Source| {
        LISTS.iter().position(|name| source.name.contains(name)).unwrap_or(LISTS.len())
    };
    sources.iter().filter(|source| source.requirement("pytest").is_some()).min_by_key(place)
}

/// A list that is called after tests, though pytest is not in it.
fn by_name(sources: &[Source]) -> Option<&Source> {
    sources.iter().find(|source| LISTS[..3].contains(&source.name.as_str()))
}

/// What must be written out: pytest where no list has it, and lists that cannot be named.
fn packages(runner: Runner, list: Option<&Source>) -> Vec<String> {
    let mut packages: Vec<String> = match list {
        Some(source) if source.how == How::Written => {
            let wanted = source.requirements.iter().filter(|text| !is_checker(&name(text)));
            wanted.cloned().collect()
        }
        _ => Vec::new(),
    };
    let has_pytest = list.is_some_and(|source| source.requirement("pytest").is_some());
    if runner == Runner::Pytest && !has_pytest {
        packages.insert(0, "pytest".into());
    }
    packages
}
