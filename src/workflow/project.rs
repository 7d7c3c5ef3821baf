//! What rules have to know of the project besides its workflows.

use toml::{Table, Value};

use crate::model::scm::FROM_GIT;

/// The project, and the public services that its workflows may name.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// What takes its version from git, if anything does.
    pub history: Option<String>,
    /// The host of the Python Package Index.
    pub pypi: String,
    /// The host of its test instance.
    pub testpypi: String,
}

/// What takes the version of a project from its history, as far as its `pyproject.toml` tells.
pub fn version_source(pyproject: &str) -> Option<String> {
    let table: Table = pyproject.parse().ok()?;
    let at = |path: &[&str]| {
        let mut value = table.get(*path.first()?)?;
        for name in &path[1..] {
            value = value.get(name)?;
        }
        Some(value)
    };
    if at(&["project", "version"]).is_some() {
        return None;
    }
    let requires = at(&["build-system", "requires"]).and_then(Value::as_array);
    let named = |value: &Value| {
        let text = value.as_str()?.to_lowercase().replace(['_', '.'], "-");
        let name = text.split(|c: char| !c.is_alphanumeric() && c != '-').next()?;
        FROM_GIT.iter().find(|known| **known == name).map(|known| (*known).to_owned())
    };
    let pdm = at(&["tool", "pdm", "version", "source"]).and_then(Value::as_str) == Some("scm");
    let found = requires.into_iter().flatten().find_map(named);
    found.or_else(|| pdm.then(|| "pdm-backend".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_the_version_from_git_is_known_by_its_name() {
        let table = [
            (
                "[build-system]\nrequires = [\"setuptools>=61\", \"setuptools_scm[toml]>=8\"]",
                Some("setuptools-scm"),
            ),
            ("[build-system]\nrequires = [\"hatchling\", \"hatch-vcs\"]", Some("hatch-vcs")),
            ("[tool.pdm.version]\nsource = \"scm\"", Some("pdm-backend")),
            ("[build-system]\nrequires = [\"hatchling\"]", None),
            ("[build-system]\nrequires = [\"setuptools_scm\"]\n[project]\nversion = \"1\"", None),
            ("no toml", None),
        ];
        for (text, expected) in table {
            assert_eq!(version_source(text).as_deref(), expected, "{text}");
        }
    }
}
