//! What kind of release a run is, and the project that makes it.

use std::collections::BTreeMap;

use crate::project::Project;
use crate::refusals::dists::File;

/// Where a run sends its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To an index of Python packages.
    Python,
    /// To crates.io.
    Crates,
}

/// What a project is made of.
pub struct Plan<'a> {
    pub kind: Kind,
    pub files: &'a [File],
    /// An index that is declared instead of PyPI.
    pub declared: Option<&'static str>,
    pub attested: bool,
}

impl Kind {
    /// The variable with the token.
    fn variable(self) -> &'static str {
        match self {
            Self::Python => "PYPI_TOKEN",
            Self::Crates => "CARGO_REGISTRY_TOKEN",
        }
    }
}

impl Plan<'_> {
    /// The effect that the task has, and what it calls.
    fn task(&self) -> (&'static str, String) {
        let built = "t.artifacts(\"build\")";
        match self.kind {
            Kind::Python => {
                let (place, index) = match self.declared {
                    Some(_) => ("index:corp", "corp"),
                    None => ("pypi", "pypi"),
                };
                let options = if self.attested { "" } else { ", #{ attestations: false }" };
                (place, format!("pypi::publish({built}, \"{index}\"{options})"))
            }
            Kind::Crates => ("crates", format!("crates::publish({built})")),
        }
    }

    /// The project, in a repository.
    pub fn project(&self) -> Project {
        let (place, call) = self.task();
        let project = Project::new(&format!(
            "{}task(\"build\").run(|t| sh(\"cp dist/* {{}}\", t.out));\n\
             task(\"publish\").needs(\"build\").effects(\"{place}\")\n    .run(|t| {call});\n",
            self.declared.map(|line| format!("{line}\n")).unwrap_or_default()
        ));
        let folder = project.root().join("dist");
        std::fs::create_dir(&folder).unwrap();
        for (name, bytes) in self.files {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
        project.git()
    }
}

/// The variables of the run: on a runner, or with a token.
pub fn variables(
    project: &Project,
    kind: Kind,
    token: Option<&str>,
    proxy: &str,
) -> BTreeMap<String, String> {
    let mut env = project.variables();
    let on_a_runner = [
        ("GITHUB_ACTIONS", "true".to_owned()),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{proxy}/token?v=2")),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner".to_owned()),
    ];
    let with_a_token = [(kind.variable(), token.unwrap_or_default().to_owned())];
    let set: &[(&str, String)] = if token.is_some() { &with_a_token } else { &on_a_runner };
    env.extend(set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    env
}
