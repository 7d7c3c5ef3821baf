//! The tasks of a Python project: lint, typecheck, test, build, TestPyPI, smoke, PyPI.
//!
//! Recipes of `std/python` where they fit; else the same few lines written out, with what the
//! project lists for its tests.

use super::super::Found;
use super::super::checks::{Check, Kind};
use super::super::python::{Home, Python};
use super::super::requirements::How;
use super::super::testing::{Runner, Tests};
use super::environment::{Environment, by_uv, refreshed};
use super::layout::{Line, Task, array, quoted, statements};
use super::types::typecheck;
use super::{Part, needs};

/// The tasks of `python`.
pub(super) fn part(found: &Found, python: &Python) -> Part {
    let mut part = Part::default();
    part.checks.extend(lint(&found.checks, &mut part.tools));
    part.checks.extend(typecheck(found, python, &mut part.tools));
    part.checks.extend(found.tests.as_ref().map(|tests| test(tests, python, &mut part.tools)));
    if python.backend.is_some() {
        let is_checked = !part.checks.is_empty() || found.crates.is_some();
        release(&mut part, python, is_checked);
    }
    part
}

fn lint(checks: &[Check], tools: &mut Vec<String>) -> Option<Task> {
    let mut task = Task::new("lint", "Style");
    let style: Vec<&Check> = checks.iter().filter(|check| check.kind == Kind::Style).collect();
    for check in &style {
        tools.push(check.requirement.clone());
        let line = match check.name {
            "ruff" => "ruff check .",
            "black" => "black --check --quiet .",
            "isort" => "isort --check-only .",
            other => other,
        };
        task = task.exec(&Line::new(line));
        if check.format {
            task = task.exec(&Line::new("ruff format --check ."));
        }
    }
    (!style.is_empty()).then_some(task)
}

fn test(tests: &Tests, python: &Python, tools: &mut Vec<String>) -> Task {
    let about = match tests.runner {
        Runner::Tox => "Tests, as tox runs them",
        Runner::Nox => "Tests, as nox runs them",
        _ if python.versions.len() > 1 => "Tests on each Python",
        _ => "Tests",
    };
    let mut task = Task::new("test", about);
    let outside = match (tests.runner, python.home) {
        (Runner::Tox, _) => Some(("tox", Line::new("tox run"))),
        (Runner::Nox, _) => {
            let line = Line::new("nox --session");
            Some(("nox", tests.sessions.iter().fold(line, |line, name| line.word(name))))
        }
        (_, Home::Poetry) => {
            task = task.exec(&Line::new("poetry install --quiet"));
            Some(("poetry", runner(Line::new("poetry run python"), tests)))
        }
        _ => None,
    };
    if let Some((tool, line)) = outside {
        tools.push(tool.into());
        return task.call(".rest(\"args\")").exec(&line.words("{args}"));
    }
    let matrix = !python.versions.is_empty();
    if matrix {
        task = task.call(format!(".matrix(#{{ python: {} }})", array(&python.versions)));
    }
    task.call(".rest(\"args\")").body("t", &test_body(tests, python, matrix))
}

fn test_body(tests: &Tests, python: &Python, matrix: bool) -> Vec<String> {
    let usual = tests.runner == Runner::Pytest
        && matches!(&tests.needs, None | Some(How::Group(_)))
        && tests.needs.as_ref().is_none_or(|how| *how == How::Group("test".into()))
        && python.home == Home::Rel
        && python.has_pyproject
        && !python.compiled;
    if usual {
        let version = if matrix { "t.python" } else { "\"3\"" };
        return vec![format!("py::test({version}, t.args)")];
    }
    let mut lines = Vec::new();
    if matrix {
        lines.push("if python::find(t.python) == () {\n    skip(`no Python ${t.python} on this machine`);\n}".into());
    }
    if python.home == Home::Rel {
        lines.extend(in_environment(tests, python, matrix));
    } else {
        let package = tests.packages.first().map(String::as_str);
        let line = by_uv(python, matrix, tests.needs.as_ref(), package).words("python");
        lines.push(command(line, tests).exec());
    }
    statements(&lines)
}

/// The tests in an environment that rel makes and keeps.
fn in_environment(tests: &Tests, python: &Python, matrix: bool) -> Vec<String> {
    let mut environment = Environment::new(matrix);
    tests.needs.iter().for_each(|needs| environment.list(needs));
    environment.packages(&tests.packages);
    let mut lines = environment.statements();
    if python.compiled {
        lines.push(refreshed(&python.name));
    }
    lines.push(command(Line::new("{}/bin/python").fill("env"), tests).exec());
    lines
}

/// The test runner's words after an interpreter.
fn runner(line: Line, tests: &Tests) -> Line {
    let Runner::Unittest { package } = tests.runner else {
        return line.words("-m pytest");
    };
    let folder = tests.folder.map(|folder| format!("-s {folder}")).unwrap_or_default();
    line.words("-m unittest discover").words(&folder).words(if package { "-t ." } else { "" })
}

/// The test runner with the words from the command line.
fn command(line: Line, tests: &Tests) -> Line {
    runner(line, tests).words("{}").fill("t.args")
}

fn release(part: &mut Part, python: &Python, is_checked: bool) {
    let about = match (python.compiled, &python.maturin) {
        (false, _) => "Wheel and source distribution, built once",
        (true, Some(_)) => "Wheel for this machine and source distribution, built once",
        (true, None) => {
            "Wheel for this machine and source distribution, built once; PyPI takes no `linux_*` wheel"
        }
    };
    let mut build = Task::new("build", about);
    if is_checked {
        build = build.call(needs(&["check"]));
    }
    part.release.push(if let Some(maturin) = &python.maturin {
        part.tools.push(maturin.clone());
        let line = Line::new("maturin build --release --sdist --out {}").fill("t.out");
        build.body("t", &[line.exec()])
    } else {
        build.body("t", &["py::build(t.out)".into()])
    });
    if !python.private {
        publish(part, python);
    }
}

/// TestPyPI first, then the same files on PyPI.
fn publish(part: &mut Part, python: &Python) {
    let publish = |index: &str| format!("pypi::publish(t.artifacts(\"build\"), {})", quoted(index));
    part.release.push(
        Task::new("publish-testpypi", "Upload to TestPyPI")
            .call(needs(&["build"]))
            .call(".effects(\"testpypi\")")
            .body("t", &[publish("testpypi")]),
    );
    part.release.push(
        Task::new("smoke", "Install the same files from TestPyPI, and import them")
            .call(needs(&["publish-testpypi"]))
            .call(".retry(5, \"30s\")")
            .call(".timeout(\"10m\")")
            .body("t", &["py::smoke_install(t.artifacts(\"build\"), \"testpypi\")".into()]),
    );
    let question = format!("Publish {} to PyPI?", python.name);
    part.release.push(
        Task::new("publish-pypi", "Upload to PyPI")
            .call(needs(&["smoke"]))
            .call(".effects(\"pypi\")")
            .call(format!(".confirm({})", quoted(&question)))
            .body("t", &[publish("pypi")]),
    );
    part.last.push("publish-pypi");
}
