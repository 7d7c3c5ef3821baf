//! Tasks that a project has elsewhere: make, just, tox, nox, npm, pixi, GitHub workflows.
//!
//! They are named in the Releasefile and not taken over: what they do is only seen by running them.
//! A project that is nothing else gets tasks that call them.

use super::doc::Doc;
use super::{Tree, ini};
use crate::diag::Outcome;

/// A file with tasks.
pub(super) struct Elsewhere {
    pub(super) file: String,
    /// How one of them is started, where a task could.
    pub(super) start: Option<&'static str>,
    pub(super) names: Vec<String>,
}

/// How many names are shown.
const SHOWN: usize = 8;

impl Elsewhere {
    /// The same without these tasks.
    pub(super) fn without(&self, names: &[&str]) -> Self {
        let left = self.names.iter().filter(|name| !names.contains(&name.as_str()));
        Self { file: self.file.clone(), start: self.start, names: left.cloned().collect() }
    }

    /// Its tasks, as one short line.
    pub(super) fn listed(&self) -> String {
        let more = if self.names.len() > SHOWN { ", …" } else { "" };
        let shown: Vec<&str> = self.names.iter().take(SHOWN).map(String::as_str).collect();
        format!("{}{more}", shown.join(", "))
    }
}

/// What there is elsewhere.
///
/// # Errors
/// `pixi.toml` is no TOML.
pub(super) fn look(tree: &Tree, pyproject: &Doc) -> Outcome<Vec<Elsewhere>> {
    let mut found = Vec::new();
    let mut add = |file: &str, start, names: Vec<String>| {
        if !names.is_empty() {
            found.push(Elsewhere { file: file.into(), start, names });
        }
    };
    let pixi = Doc::parse(tree, "pixi.toml")?;
    let tasks = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    add("pixi.toml", Some("pixi run"), tasks(pixi.keys(&["tasks"])));
    let path = ["tool", "pixi", "tasks"];
    add("pyproject.toml [tool.pixi.tasks]", Some("pixi run"), tasks(pyproject.keys(&path)));
    for name in ["justfile", "Justfile", ".justfile"] {
        add(name, Some("just"), recipes(tree.text(name).unwrap_or_default()));
    }
    for name in ["Makefile", "makefile", "GNUmakefile"] {
        add(name, Some("make"), targets(tree.text(name).unwrap_or_default()));
    }
    add("package.json", Some("npm run"), scripts(tree.text("package.json").unwrap_or_default()));
    if let Some(file) = tox_file(tree, pyproject) {
        add(file, None, tox_environments(tree, pyproject));
    }
    add("noxfile.py", None, nox_sessions(tree.text("noxfile.py").unwrap_or_default()));
    let workflows = tree.below(".github/workflows/").map(|(name, _)| name.to_owned());
    add(".github/workflows", None, workflows.collect());
    Ok(found)
}

/// The targets of a Makefile, without those of its own machinery.
fn targets(text: &str) -> Vec<String> {
    let rule = |line: &str| {
        let (names, rest) = line.split_once(':')?;
        let plain = |c: char| c.is_ascii_alphanumeric() || " -_".contains(c);
        let is_rule = !rest.starts_with('=') && !rest.starts_with(":=") && names.chars().all(plain);
        (is_rule && !line.starts_with([' ', '\t'])).then(|| names.to_owned())
    };
    let names: Vec<String> = text.lines().filter_map(rule).collect();
    unique(names.iter().flat_map(|names| names.split_whitespace()))
}

/// The recipes of a justfile, without private ones.
fn recipes(text: &str) -> Vec<String> {
    let recipe = |line: &'_ str| {
        let (head, rest) = line.split_once(':')?;
        let name = head.split_whitespace().next()?.trim_start_matches('@');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        let is_recipe = !rest.starts_with('=')
            && !line.starts_with([' ', '\t', '#', '_'])
            && !matches!(name, "set" | "alias" | "export" | "import" | "mod")
            && name.chars().all(plain);
        is_recipe.then(|| name.to_owned())
    };
    let names: Vec<String> = text.lines().filter_map(recipe).collect();
    unique(names.iter().map(String::as_str))
}

fn scripts(text: &str) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let scripts = json["scripts"].as_object();
    scripts.map(|scripts| scripts.keys().cloned().collect()).unwrap_or_default()
}

/// Where tox is configured.
pub(super) const TOX_FILES: [&str; 2] = ["tox.ini", "pyproject.toml [tool.tox]"];

/// The file that configures tox, if one does.
pub(super) fn tox_file(tree: &Tree, pyproject: &Doc) -> Option<&'static str> {
    let is_tox = |text: &str| ini::sections(text).any(|name| name.starts_with("testenv"));
    if tree.text("tox.ini").is_some_and(is_tox) {
        return Some(TOX_FILES[0]);
    }
    let own = ["env_list", "env", "env_run_base", "legacy_tox_ini"];
    let is_own = own.iter().any(|key| pyproject.has(&["tool", "tox", key]));
    is_own.then_some(TOX_FILES[1])
}

fn tox_environments(tree: &Tree, pyproject: &Doc) -> Vec<String> {
    let text = tree.text("tox.ini").unwrap_or_default();
    let lists = ["envlist", "env_list"].iter().flat_map(|key| ini::lines(text, "tox", key));
    let listed = lists.flat_map(split_environments);
    let sections = ini::sections(text).filter_map(|name| name.strip_prefix("testenv:"));
    let own = pyproject.texts(&["tool", "tox", "env_list"]);
    let own = own.into_iter().chain(pyproject.keys(&["tool", "tox", "env"]));
    unique(listed.chain(sections).chain(own))
}

/// The names in a line of `envlist`; a comma within braces does not part them.
fn split_environments(line: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let parts = line.split(move |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && (c == ',' || c.is_whitespace())
    });
    parts.filter(|part| !part.is_empty()).collect()
}

/// The sessions of a noxfile.
pub(super) fn nox_sessions(text: &str) -> Vec<String> {
    let mut decorated = false;
    let mut names = Vec::new();
    for line in text.lines() {
        if line.starts_with("@nox.session") || line.starts_with("@session") {
            decorated = true;
        } else if let Some(rest) = line.strip_prefix("def ").filter(|_| decorated) {
            names.extend(rest.split('(').next());
            decorated = false;
        }
    }
    unique(names.into_iter())
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in names {
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_rules_and_no_variables() {
        let text = "PY := python\nX = a:b\n.PHONY: test\ntest lint: src\n\tpytest: x\n%.o: %.c\ndocs:\nall:: test\n";
        assert_eq!(targets(text), ["test", "lint", "docs", "all"]);
    }

    #[test]
    fn recipes_are_neither_settings_nor_private() {
        let text = "set shell := ['sh']\nx := 'a'\n# no: \nalias t := test\ntest *args: lint\n  a: b\n@lint:\n_help:\n";
        assert_eq!(recipes(text), ["test", "lint"]);
    }

    #[test]
    fn environments_and_sessions_are_found() {
        assert_eq!(split_environments("py{310,311}-x, lint"), ["py{310,311}-x", "lint"]);
        let text = "@nox.session(python=['3.11'])\n@nox.parametrize('a', [1])\ndef tests(session):\n    pass\ndef other():\n";
        assert_eq!(nox_sessions(text), ["tests"]);
    }

    #[test]
    fn scripts_of_broken_json_are_none() {
        assert_eq!(scripts("{\"scripts\": {\"build\": \"x\"}}"), ["build"]);
        assert!(scripts("{").is_empty());
    }
}
