//! What kind of release a run is, and the project that makes it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::project::Project;
use crate::refusals::dists::File;

/// Where a run sends its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To an index of Python packages.
    Python,
    /// To crates.io.
    Crates,
    /// To a release on GitHub.
    Release,
    /// Their provenance to GitHub's store.
    Attestations,
    /// A tag, by git.
    Push,
    /// A commit and its tag, by rel.
    Commits,
}

/// What a project is made of.
pub struct Plan<'a> {
    pub kind: Kind,
    pub files: &'a [File],
    /// An index that is declared instead of PyPI.
    pub declared: Option<&'static str>,
    pub attested: bool,
    /// More options of a release.
    pub options: &'static str,
    /// A release's notes, as they are written in the call.
    pub notes: &'static str,
    /// What the task does before its call.
    pub first: &'static str,
}

impl Kind {
    /// The variable with the token.
    fn variable(self) -> &'static str {
        match self {
            Self::Python => "PYPI_TOKEN",
            Self::Crates => "CARGO_REGISTRY_TOKEN",
            Self::Release | Self::Attestations | Self::Push | Self::Commits => "GITHUB_TOKEN",
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
            Kind::Release => {
                let (notes, more) = (self.notes, self.options);
                let options = format!("#{{ assets: {built}, notes: {notes}{more} }}");
                ("github-release", format!("github::release({options})"))
            }
            Kind::Attestations => ("attestations", format!("github::attest({built})")),
            Kind::Commits => {
                ("git-push", "git::push(#{ branch: \"main\", tag: \"v1.0.0\" })".into())
            }
            Kind::Push => {
                ("command", "remote(\"git push --quiet origin HEAD:refs/tags/v2.0\")".into())
            }
        }
    }

    /// The project, in a repository.
    pub fn project(&self) -> Project {
        let (place, mut call) = self.task();
        if !self.first.is_empty() {
            call = format!("{{ {}\n    {call} }}", self.first);
        }
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
        // Names of commits are shown: let them be the same each time.
        let instant = "2026-01-01T00:00:00Z";
        let project = project.env("GIT_AUTHOR_DATE", instant).env("GIT_COMMITTER_DATE", instant);
        let project = project.git().tag("v1.0");
        let origin = format!("https://github.com/{}.git", super::forge::REPOSITORY);
        project.run_git(&["remote", "add", "origin", &origin]);
        project
    }
}

/// Lets git in the project take the way of the run, with its token.
pub fn lead_git(project: &Project, token: &str, proxy: &str, authority: &str) {
    let file = project.root().parent().unwrap().join("authority.pem");
    std::fs::write(&file, authority).unwrap();
    let login = STANDARD.encode(format!("x-access-token:{token}"));
    for (name, value) in [
        ("http.proxy", proxy),
        ("http.sslCAInfo", &file.to_string_lossy()),
        ("http.extraheader", &format!("AUTHORIZATION: basic {login}")),
    ] {
        project.run_git(&["config", name, value]);
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
    let mut set = Vec::new();
    if token.is_none() || kind == Kind::Attestations {
        set.extend(on_a_runner);
    }
    set.extend(token.map(|token| (kind.variable(), token.to_owned())));
    env.extend(set.into_iter().map(|(name, value)| (name.to_owned(), value)));
    env
}
