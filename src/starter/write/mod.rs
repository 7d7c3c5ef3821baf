//! Facts written as a Releasefile: short, explicit, in the order in which a release happens.
//!
//! Every task is written out with the tool that the project uses, so that it can be changed where it
//! stands. What is not certain is left out and said, not guessed.

mod crates;
mod environment;
mod layout;
mod python;
mod types;

use super::Found;
use super::elsewhere::Elsewhere;
use layout::{Line, Task, array, one_or_many};

pub(super) use layout::is_printable;
pub use layout::quoted;

/// Names of tasks that are called where they already are, if a project is nothing else.
const USUAL: &[&str] = &["fmt", "format-check", "lint", "typecheck", "test", "check", "build"];

/// How the text of a task begins.
pub(super) fn task(name: &str) -> String {
    format!("task({})", quoted(name))
}

/// What a part of a project adds to the file.
#[derive(Default)]
struct Part {
    tools: Vec<String>,
    checks: Vec<Task>,
    release: Vec<Task>,
    /// Tasks after which the project is published.
    last: Vec<&'static str>,
}

/// The Releasefile of a project.
pub(super) fn releasefile(found: &Found) -> String {
    if found.python.is_none() && found.crates.is_none() {
        return beginning(found);
    }
    let python = found.python.as_ref().map(|python| python::part(found, python));
    let has_python = python.is_some();
    let mut part = python.unwrap_or_default();
    if let Some(crates) = &found.crates {
        let added = crates::part(found, crates, has_python);
        part.checks.extend(added.checks);
        part.release.extend(added.release);
        part.last.extend(added.last);
    }
    let checks: Vec<&str> = part.checks.iter().map(|task| task.name).collect();
    if !checks.is_empty() {
        let check = Task::new("check", "Everything that must hold before a release");
        part.checks.push(check.call(needs(&checks)));
    }
    if !part.last.is_empty() && !part.last.contains(&"publish") {
        part.release.push(Task::new("publish", "The whole release").call(needs(&part.last)));
    }
    let first = part.checks.last().or(part.release.first()).map(|task| task.name);
    let paragraphs = [
        head(found, &part),
        settings(found, &part),
        texts(&part.checks, "check"),
        texts(&part.release, "release"),
        first.map(|name| format!("default_task({});\n", quoted(name))).unwrap_or_default(),
        elsewhere(&found.elsewhere, &[]),
    ];
    joined(&paragraphs)
}

fn joined(paragraphs: &[String]) -> String {
    let filled: Vec<&str> =
        paragraphs.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    filled.join("\n")
}

fn needs(names: &[&str]) -> String {
    format!(".needs({})", one_or_many(names))
}

fn head(found: &Found, part: &Part) -> String {
    let does = if part.last.is_empty() { "checked" } else { "checked and released" };
    let dry = if part.last.is_empty() { "" } else { " Every run is dry until `--live`." };
    let title = format!("// How {} is {does}.{dry}\n", found.title);
    let tasks = [texts(&part.checks, ""), texts(&part.release, "")].concat();
    let import = if tasks.contains("py::") { "import \"std/python\" as py;\n" } else { "" };
    format!("{title}{import}")
}

fn settings(found: &Found, part: &Part) -> String {
    let mut lines = Vec::new();
    if !part.tools.is_empty() {
        lines.push(format!("tools({});\n", array(&part.tools)));
    }
    if !part.last.is_empty() {
        lines.push("guard(\"tag\"); // a release is made from a tag\n".into());
        if found.python.as_ref().is_some_and(|python| python.from_git) {
            lines.push("guard(\"full-history\"); // the version comes from git\n".into());
        }
    }
    lines.concat()
}

fn texts(tasks: &[Task], group: &str) -> String {
    tasks.iter().map(|task| task.text(Some(group))).collect()
}

/// What is elsewhere and not `called`, as a comment.
fn elsewhere(found: &[Elsewhere], called: &[&str]) -> String {
    let line = |one: &Elsewhere| {
        let left = one.without(called);
        let text = format!("//   {}: {}\n", one.file, super::plain(&left.listed()));
        (!left.names.is_empty()).then_some(text)
    };
    let lines: Vec<String> = found.iter().filter_map(line).collect();
    let head = if lines.is_empty() { "" } else { "// Not taken over:\n" };
    format!("{head}{}", lines.concat())
}

/// A beginning for a project that is neither Python nor Rust.
fn beginning(found: &Found) -> String {
    let usual = |one: &Elsewhere| {
        let has = |name: &&&str| one.names.iter().any(|known| known == **name);
        let names: Vec<&'static str> = USUAL.iter().filter(has).copied().collect();
        one.start.filter(|_| !names.is_empty()).map(|start| (start, names))
    };
    let called = found.elsewhere.iter().find_map(usual);
    let (start, names) = called.unwrap_or_default();
    let mut tasks: Vec<Task> = names
        .iter()
        .map(|name| Task::new(name, format!("As `{start} {name}` does")))
        .zip(&names)
        .map(|(task, name)| task.exec(&Line::new(start).words(name)))
        .collect();
    if !names.contains(&"check") {
        let check = Task::new("check", "Everything that must hold");
        tasks.push(
            match names.iter().filter(|name| **name != "build").copied().collect::<Vec<_>>() {
                none if none.is_empty() => check.exec(&Line::new("echo 'put a command here'")),
                some => check.call(needs(&some)),
            },
        );
    }
    let tasks: String = tasks.iter().map(|task| task.text(None)).collect();
    joined(&[
        format!("{BEGINNING_ABOVE}\n").replace("{title}", &found.title),
        tasks,
        format!("{BEGINNING_BELOW}\n"),
        "default_task(\"check\");\n".into(),
        elsewhere(&found.elsewhere, &names),
    ])
}

const BEGINNING_ABOVE: &str =
    "// How {title} is checked and released. Every run is dry until `--live`.
// The comment above a task is its description; `rel doc` lists what there is.";

const BEGINNING_BELOW: &str = "// A release builds files once, into `t.out`, and sends exactly those:
//   task(\"archive\").needs(\"check\").run(|t| exec(\"tar -czf {}/src.tar.gz src\", t.out));
//   task(\"publish\").needs(\"archive\").effects(\"command\").secrets(\"UPLOAD_TOKEN\").confirm(\"Publish?\")
//       .run(|t| remote(\"./upload {}\", t.artifacts(\"archive\")));";
