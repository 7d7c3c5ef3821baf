//! The task `typecheck`: type checkers where they find what the code imports.
//!
//! A checker that reads the project's own modules only, which import nothing else, is a tool like any
//! other; else it runs in an environment with the project.

use super::super::Found;
use super::super::checks::{Check, Kind};
use super::super::python::{Home, Python};
use super::super::requirements::How;
use super::super::testing::Tests;
use super::environment::{Environment, by_uv};
use super::layout::{Line, Task, statements};

/// Type checkers need what the code that they read imports, unless that is the project alone.
pub(super) fn typecheck(found: &Found, python: &Python, tools: &mut Vec<String>) -> Option<Task> {
    let mut task = Task::new("typecheck", "Types");
    let types: Vec<&Check> =
        found.checks.iter().filter(|check| check.kind == Kind::Types).collect();
    if types.is_empty() {
        return None;
    }
    let alone = !python.depends && types.iter().all(|check| !reads_tests(check));
    let start = match python.home {
        Home::Rel | Home::UvWithFiles if alone => Line::default(),
        Home::Poetry => {
            tools.push("poetry".into());
            task = task.exec(&Line::new("poetry install --quiet"));
            Line::new("poetry run")
        }
        Home::Rel => {
            let lines = types_in_environment(&types, python, found.tests.as_ref());
            return Some(task.body("", &statements(&lines)));
        }
        Home::Uv | Home::UvWithFiles => {
            let run = |check: &&Check| {
                let package = check.listed.is_none().then_some(check.requirement.as_str());
                let line = by_uv(python, false, check.listed.as_ref(), package);
                checker(line.words(check.name), check, python).exec()
            };
            let lines: Vec<String> = types.iter().map(run).collect();
            return Some(task.body("", &statements(&lines)));
        }
    };
    for check in types {
        if python.home != Home::Poetry {
            tools.push(check.requirement.clone());
        }
        let line = start.clone().words(check.name);
        task = task.exec(&checker(line, check, python));
    }
    Some(task)
}

/// Whether a type checker reads more than the project's own modules.
fn reads_tests(check: &Check) -> bool {
    check.name != "mypy" || check.knows_files
}

/// Type checkers in an environment with the project, and with what its tests need if they are read.
fn types_in_environment(types: &[&Check], python: &Python, tests: Option<&Tests>) -> Vec<String> {
    let mut environment = Environment::new(false);
    for check in types {
        match &check.listed {
            Some(list @ (How::Group(_) | How::File(_))) => environment.list(list),
            _ => environment.packages(std::iter::once(&check.requirement).chain(&check.stubs)),
        }
    }
    if let Some(tests) = tests.filter(|_| types.iter().any(|check| reads_tests(check))) {
        tests.needs.iter().for_each(|needs| environment.list(needs));
        environment.packages(&tests.packages);
    }
    let mut lines = environment.statements();
    for check in types {
        let line = Line::new(&format!("{{}}/bin/{}", check.name)).fill("env");
        let line = match check.name {
            "ty" => line.words("check --python {}").fill("env"),
            "mypy" => checker(line, check, python),
            _ => line.words("--pythonpath {}/bin/python").fill("env"),
        };
        lines.push(line.exec());
    }
    lines
}

/// A type checker's own words.
fn checker(line: Line, check: &Check, python: &Python) -> Line {
    match check.name {
        "mypy" if !check.knows_files => line.word(&python.source),
        "ty" => line.words("check"),
        _ => line,
    }
}
