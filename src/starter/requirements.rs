//! Where a project lists what its development needs: groups, extras, tables of tools, files.
//!
//! Each source knows how a task can install it. Turned down: copying the requirements into the
//! Releasefile, where they would go stale; only what has no other way (Poetry's own constraints,
//! `setup.cfg`) is written out.

use pep440_rs::VersionSpecifiers;
use toml::Value;

use super::doc::Doc;
use super::{Tree, ini};

/// How a task installs what a source lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum How {
    /// A dependency group (PEP 735).
    Group(String),
    /// An array in pyproject.toml, by its path.
    Listed(Vec<String>),
    /// Requirements that are written out.
    Written,
    /// A requirements file.
    File(String),
}

/// One list of requirements.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its own name: `test`, `dev`, `requirements-dev.txt`.
    pub(super) name: String,
    /// Where it stands, for people.
    pub(super) place: String,
    pub(super) how: How,
    pub(super) requirements: Vec<String>,
}

impl Source {
    /// The stubs in the list, for type checkers.
    pub(super) fn stubs(&self) -> Vec<String> {
        let is_stub = |text: &&String| {
            let name = name(text);
            name.starts_with("types-") || name.ends_with("-stubs")
        };
        self.requirements.iter().filter(is_stub).cloned().collect()
    }

    /// The requirement of a package, if it is in the list.
    pub(super) fn requirement(&self, package: &str) -> Option<&str> {
        let found = self.requirements.iter().find(|text| name(text) == package);
        found.map(String::as_str)
    }
}

/// The name of the package that a requirement asks for, normalised.
pub(super) fn name(requirement: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let end = requirement.find(|c| !plain(c)).unwrap_or(requirement.len());
    normal(&requirement[..end])
}

/// A name as indexes compare it (PEP 503).
pub(super) fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// All lists of the project, in the order in which they are asked.
pub(super) fn sources(tree: &Tree, pyproject: &Doc) -> Vec<Source> {
    let mut found = groups(pyproject);
    let lists: [&[&str]; 3] = [
        &["project", "optional-dependencies"],
        &["tool", "pdm", "dev-dependencies"],
        &["tool", "flit", "metadata", "requires-extra"],
    ];
    for table in lists {
        for key in pyproject.keys(table) {
            let path = [table, &[key]].concat();
            found.extend(listed(pyproject, &path, key));
        }
    }
    found.extend(listed(pyproject, &["tool", "uv", "dev-dependencies"], "dev"));
    for env in pyproject.keys(&["tool", "hatch", "envs"]) {
        for key in ["dependencies", "extra-dependencies"] {
            found.extend(listed(pyproject, &["tool", "hatch", "envs", env, key], env));
        }
    }
    found.extend(poetry(pyproject));
    found.extend(setup_cfg(tree));
    let names = tree.below("").filter(|(name, _)| is_requirements_file(name));
    found.extend(names.map(|(name, text)| file(name, text)));
    found
}

/// Whether this is a list of development requirements by its name.
pub(super) fn is_requirements_file(name: &str) -> bool {
    let is_text = name.ends_with(".txt") && name.contains("requirements");
    is_text && !name.trim_start_matches("requirements/").contains('/')
}

fn groups(pyproject: &Doc) -> Vec<Source> {
    let group = |name: &&str| Source {
        name: (*name).into(),
        place: format!("dependency group `{name}`"),
        how: How::Group((*name).into()),
        requirements: owned(&pyproject.texts(&["dependency-groups", name])),
    };
    pyproject.keys(&["dependency-groups"]).iter().map(group).collect()
}

fn listed(pyproject: &Doc, path: &[&str], name: &str) -> Option<Source> {
    let requirements = owned(&pyproject.texts(path));
    let how = How::Listed(owned(path));
    let found = Source { name: name.into(), place: path.join("."), how, requirements };
    (!found.requirements.is_empty()).then_some(found)
}

fn poetry(pyproject: &Doc) -> Vec<Source> {
    let mut tables = vec![(vec!["tool", "poetry", "dev-dependencies"], "dev")];
    for group in pyproject.keys(&["tool", "poetry", "group"]) {
        tables.push((vec!["tool", "poetry", "group", group, "dependencies"], group));
    }
    let source = |(path, name): (Vec<&str>, &str)| {
        let requirements = pyproject.table(&path)?.iter();
        let requirements =
            requirements.filter(|(name, _)| *name != "python").map(|(name, value)| {
                let constraint = value.as_str().or_else(|| value.get("version")?.as_str());
                format!("{name}{}", from_poetry(constraint.unwrap_or("*")))
            });
        Some(Source {
            name: name.into(),
            place: path.join("."),
            how: How::Written,
            requirements: requirements.collect(),
        })
    };
    tables.into_iter().filter_map(source).collect()
}

fn setup_cfg(tree: &Tree) -> Vec<Source> {
    let text = tree.text("setup.cfg").unwrap_or_default();
    let extra = |(name, lines): (&str, Vec<&str>)| Source {
        name: name.into(),
        place: format!("extra `{name}` in setup.cfg"),
        how: How::Written,
        requirements: owned(&lines),
    };
    ini::values(text, "options.extras_require").into_iter().map(extra).collect()
}

fn file(name: &str, text: &str) -> Source {
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or(line).trim());
    let requirements = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_alphanumeric()));
    Source {
        name: name.into(),
        place: name.into(),
        how: How::File(name.into()),
        requirements: requirements.map(str::to_owned).collect(),
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

/// Poetry's constraint as versions of PEP 440: `^1.2` is `>=1.2,<2`. What cannot be said so is
/// left out, which allows every version.
pub(super) fn from_poetry(constraint: &str) -> String {
    let parts = constraint.split(',').map(|part| part.trim());
    let converted: Vec<String> = parts.filter(|part| *part != "*").map(part_of_poetry).collect();
    let text = converted.join(",");
    if text.parse::<VersionSpecifiers>().is_ok() { text } else { String::new() }
}

fn part_of_poetry(part: &str) -> String {
    let (sign, version) = match part.chars().next() {
        Some('^') => ('^', &part[1..]),
        Some('~') if !part.starts_with("~=") => ('~', &part[1..]),
        Some(c) if c.is_ascii_digit() => return format!("=={part}"),
        _ => return part.to_owned(),
    };
    let numbers: Vec<u64> = version.split('.').map_while(|n| n.trim().parse().ok()).collect();
    let kept = match sign {
        '^' => numbers.iter().position(|n| *n != 0).unwrap_or(numbers.len().saturating_sub(1)),
        _ => numbers.len().saturating_sub(1).min(1),
    };
    let mut limit: Vec<u64> = numbers.into_iter().take(kept + 1).collect();
    if let Some(last) = limit.last_mut() {
        *last = last.saturating_add(1);
    }
    let limit: Vec<String> = limit.iter().map(u64::to_string).collect();
    format!(">={},<{}", version.trim(), limit.join("."))
}

/// The texts of a TOML array as requirements.
pub(super) fn names_in(values: &[Value]) -> Vec<String> {
    values.iter().filter_map(Value::as_str).map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poetrys_constraints_become_versions() {
        let cases = [
            ("^1.2.3", ">=1.2.3,<2"),
            ("^0.2.3", ">=0.2.3,<0.3"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("~1.2.3", ">=1.2.3,<1.3"),
            ("~1", ">=1,<2"),
            ("~=1.2", "~=1.2"),
            ("*", ""),
            ("1.2", "==1.2"),
            (">=1, <3", ">=1,<3"),
            ("^2 || ^3", ""),
            ("${x}", ""),
        ];
        for (poetry, expected) in cases {
            assert_eq!(from_poetry(poetry), expected, "{poetry}");
        }
    }

    #[test]
    fn the_name_of_a_requirement_ends_where_its_versions_begin() {
        assert_eq!(name("Pytest_Cov[x]>=2; python_version > '3'"), "pytest-cov");
        assert_eq!(name("ruff"), "ruff");
    }
}
