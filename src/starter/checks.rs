//! Which style and type checkers a Python project uses, and in which version.
//!
//! One table. A tool is used if it is configured, required for development, or a pre-commit hook.

use std::str::FromStr as _;

use pep440_rs::{Version, VersionSpecifiers};

use super::doc::Doc;
use super::requirements::{How, Source};
use super::{Fact, Tree, ini};

/// What a checker looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Style,
    Types,
}

/// How a checker shows that it is used.
struct Tool {
    name: &'static str,
    kind: Kind,
    /// Files of its own, and sections of INI files.
    files: &'static [&'static str],
    sections: &'static [(&'static str, &'static str)],
    /// Repositories of its pre-commit hooks.
    hooks: &'static [&'static str],
}

const TOOLS: &[Tool] = &[
    Tool {
        name: "ruff",
        kind: Kind::Style,
        files: &["ruff.toml", ".ruff.toml"],
        sections: &[],
        hooks: &["ruff-pre-commit"],
    },
    Tool {
        name: "black",
        kind: Kind::Style,
        files: &[],
        sections: &[],
        hooks: &["black", "black-pre-commit-mirror"],
    },
    Tool {
        name: "isort",
        kind: Kind::Style,
        files: &[".isort.cfg"],
        sections: &[("setup.cfg", "isort")],
        hooks: &["isort"],
    },
    Tool {
        name: "flake8",
        kind: Kind::Style,
        files: &[".flake8"],
        sections: &[("setup.cfg", "flake8"), ("tox.ini", "flake8")],
        hooks: &["flake8"],
    },
    Tool {
        name: "mypy",
        kind: Kind::Types,
        files: &["mypy.ini", ".mypy.ini"],
        sections: &[("setup.cfg", "mypy")],
        hooks: &["mirrors-mypy"],
    },
    Tool {
        name: "pyright",
        kind: Kind::Types,
        files: &["pyrightconfig.json"],
        sections: &[],
        hooks: &["pyright-python"],
    },
    Tool { name: "basedpyright", kind: Kind::Types, files: &[], sections: &[], hooks: &[] },
    Tool { name: "ty", kind: Kind::Types, files: &["ty.toml"], sections: &[], hooks: &[] },
];

/// A checker that the project uses.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What to install: its name, with versions if the project says which.
    pub(super) requirement: String,
    /// Whether it also checks the format: `ruff format`.
    pub(super) format: bool,
    /// Whether its configuration says what it looks at.
    pub(super) knows_files: bool,
    /// Where it is required for development, if it is.
    pub(super) listed: Option<How>,
    /// Stubs that are required beside it.
    pub(super) stubs: Vec<String>,
    why: String,
}

impl Check {
    pub(super) fn fact(&self) -> Fact {
        Fact::new(self.name, &self.why)
    }
}

/// Whether this is one of the checkers.
pub(super) fn is_checker(name: &str) -> bool {
    TOOLS.iter().any(|tool| tool.name == name)
}

/// The checkers that a project uses.
pub(super) fn look(tree: &Tree, pyproject: &Doc, sources: &[Source]) -> Vec<Check> {
    let hooks = hooks(tree.text(".pre-commit-config.yaml").unwrap_or_default());
    let formats = pyproject.has(&["tool", "ruff", "format"]) || formats_with_ruff(tree);
    let check = |tool: &'static Tool| {
        let configured = configured(tool, tree, pyproject);
        let listing = |source| Some((Source::requirement(source, tool.name)?, source));
        let required =
            sources.iter().filter_map(listing).min_by_key(|(_, source)| place(&source.name));
        let hook = hooks.iter().find(|hook| tool.hooks.contains(&hook.repository.as_str()));
        let places = configured.into_iter().chain(required.map(|(_, source)| source.place.clone()));
        let places: Vec<String> = places.chain(hook.map(|_| "pre-commit".to_owned())).collect();
        if places.is_empty() {
            return None;
        }
        let pinned = || hook.and_then(|hook| Some(format!("{}=={}", tool.name, hook.version()?)));
        let stubs = required.map(|(_, source)| source.stubs()).unwrap_or_default();
        let listed = required.map(|(_, source)| source.how.clone());
        let versioned = required.and_then(|(text, _)| with_versions(text));
        let requirement = versioned.or_else(pinned).unwrap_or_else(|| tool.name.to_owned());
        Some(Check {
            name: tool.name,
            kind: tool.kind,
            requirement,
            format: tool.name == "ruff" && formats,
            knows_files: tool.name != "mypy" || mypy_knows_files(tree, pyproject),
            listed,
            stubs,
            why: places.join(", "),
        })
    };
    TOOLS.iter().filter_map(check).collect()
}

/// Names of lists that are made for checkers come before all others.
fn place(list: &str) -> usize {
    let names = ["typ", "mypy", "lint", "style", "check"];
    names.iter().position(|name| list.contains(name)).unwrap_or(names.len())
}

/// A requirement without its marker, if it asks for versions in the form that all installers take.
fn with_versions(requirement: &str) -> Option<String> {
    let plain = requirement.split(';').next()?.trim();
    let versions =
        plain.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let versions = versions.split_once(']').map_or(versions, |(_, rest)| rest).trim();
    let asks = !versions.is_empty() && VersionSpecifiers::from_str(versions).is_ok();
    asks.then(|| plain.to_owned())
}

fn configured(tool: &Tool, tree: &Tree, pyproject: &Doc) -> Option<String> {
    if pyproject.has(&["tool", tool.name]) {
        return Some(format!("[tool.{}]", tool.name));
    }
    if let Some(file) = tool.files.iter().find(|file| tree.has(file)) {
        return Some((*file).to_owned());
    }
    let has = |(file, section): &&(&str, &str)| {
        tree.text(file).is_some_and(|text| ini::has(text, section))
    };
    tool.sections.iter().find(has).map(|(file, section)| format!("[{section}] in {file}"))
}

fn mypy_knows_files(tree: &Tree, pyproject: &Doc) -> bool {
    let keys = ["files", "packages", "modules"];
    let in_files = ["mypy.ini", ".mypy.ini", "setup.cfg"].iter().any(|file| {
        let text = tree.text(file).unwrap_or_default();
        keys.iter().any(|key| !ini::lines(text, "mypy", key).is_empty())
    });
    in_files || keys.iter().any(|key| pyproject.has(&["tool", "mypy", key]))
}

/// Whether something that is run in this project calls `ruff format`.
fn formats_with_ruff(tree: &Tree) -> bool {
    let runs = |name: &str| {
        super::TEXTS.contains(&name) && name != "Cargo.toml" || name.starts_with(".github/")
    };
    tree.below("").any(|(name, text)| {
        let words = ["ruff format", "id: ruff-format", "\"ruff\", \"format\""];
        runs(name) && words.iter().any(|word| text.contains(word))
    })
}

/// A repository of hooks in `.pre-commit-config.yaml`.
struct Hook {
    repository: String,
    rev: String,
}

impl Hook {
    /// The version that the revision stands for.
    fn version(&self) -> Option<&str> {
        let version = self.rev.trim_start_matches('v');
        Version::from_str(version).is_ok().then_some(version)
    }
}

/// The repositories, read line by line: the file's usual form needs no YAML.
fn hooks(text: &str) -> Vec<Hook> {
    let mut found: Vec<Hook> = Vec::new();
    for line in text.lines() {
        let line = line.trim().trim_start_matches("- ");
        let value = |text: &str| {
            let text = text.split(" #").next().unwrap_or(text);
            text.trim().trim_matches(['"', '\'']).to_owned()
        };
        if let Some(repository) = line.strip_prefix("repo:") {
            let address = value(repository);
            let name = address.trim_end_matches('/').trim_end_matches(".git").rsplit('/').next();
            found
                .push(Hook { repository: name.unwrap_or_default().to_owned(), rev: String::new() });
        } else if let (Some(rev), Some(last)) = (line.strip_prefix("rev:"), found.last_mut()) {
            last.rev = value(rev);
        }
    }
    found
}
