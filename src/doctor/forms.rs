//! The forms of trusted publishers, with what has to stand in them for this project.
//!
//! The names of fields are those of the sites: <https://docs.pypi.org/trusted-publishers/adding-a-publisher/>,
//! <https://docs.pypi.org/trusted-publishers/creating-a-project-through-oidc/>,
//! <https://crates.io/docs/trusted-publishing>. On GitLab the same four values have other names.

use super::{Identity, Project, Registry};

/// What stands where it is not known.
const UNKNOWN: &str = "(not known here)";

/// Fields of PyPI and of crates.io, for GitHub and for GitLab.
const LABELS: [[[&str; 4]; 2]; 2] = [
    [
        ["Owner", "Repository name", "Workflow name", "Environment name"],
        ["Repository owner", "Repository name", "Workflow filename", "Environment"],
    ],
    [
        ["Namespace", "Project name", "Top-level pipeline file path", "Environment name"],
        ["Namespace", "Project", "Workflow filepath", "Environment name"],
    ],
];

/// A form to fill in once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The registry's name.
    pub registry: String,
    /// The project's name.
    pub project: String,
    /// Where the form is.
    pub address: String,
    /// Whether the project is made by it; `None` if it is not known whether it is there.
    pub pending: Option<bool>,
    /// Its fields with their values, in their order.
    pub fields: Vec<(&'static str, String)>,
    /// Why it cannot be filled in yet, if that is so.
    pub first: Option<&'static str>,
}

/// The forms of a registry, one for each project.
pub fn forms(registry: &Registry, identity: &Identity) -> Vec<Form> {
    registry.projects.iter().map(|project| form(registry, project, identity)).collect()
}

fn form(registry: &Registry, project: &Project, identity: &Identity) -> Form {
    let Registry { name, site, rust, environment, .. } = registry;
    let pending = project.there.map(|there| !there);
    let (owner, repository) = identity.parts().unwrap_or((UNKNOWN, UNKNOWN));
    let workflow = identity.workflow.as_deref().unwrap_or(UNKNOWN);
    let environment = environment.as_deref().unwrap_or("(leave it empty)");
    let values = [owner, repository, workflow, environment].map(str::to_owned);
    let labels = LABELS[usize::from(identity.on_gitlab)][usize::from(*rust)];
    let mut fields: Vec<(&str, String)> = labels.into_iter().zip(values).collect();
    if !rust && pending == Some(true) {
        fields.insert(0, ("PyPI Project Name", project.name.clone()));
    }
    let address = match (rust, pending) {
        (true, _) => format!("{site}/crates/{}/settings", project.name),
        (false, Some(true)) => format!("{site}/manage/account/publishing/"),
        (false, _) => format!("{site}/manage/project/{}/settings/publishing/", project.name),
    };
    let first = (*rust && pending == Some(true))
        .then_some("publish its first version with a token: the form comes with the crate");
    let (registry, project) = (name.clone(), project.name.clone());
    Form { registry, project, address, pending, fields, first }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rust: bool, there: Option<bool>, identity: &Identity) -> Form {
        let registry = Registry {
            name: "pypi".into(),
            site: "https://index.example".into(),
            rust,
            environment: rust.then(|| "crates".to_owned()),
            projects: vec![Project { name: "demo".into(), there }],
            token: None,
        };
        forms(&registry, identity).remove(0)
    }

    fn known() -> Identity {
        Identity {
            repository: Some("acme/demo".into()),
            workflow: Some("release.yml".into()),
            ..Identity::default()
        }
    }

    #[test]
    fn a_project_that_is_there_has_the_form_in_its_settings() {
        for there in [Some(true), None] {
            let form = of(false, there, &known());
            assert_eq!(
                form.address,
                "https://index.example/manage/project/demo/settings/publishing/"
            );
            let wanted = [
                ("Owner", "acme"),
                ("Repository name", "demo"),
                ("Workflow name", "release.yml"),
                ("Environment name", "(leave it empty)"),
            ];
            assert_eq!(form.fields, wanted.map(|(label, value)| (label, value.to_owned())));
            assert_eq!((form.pending, form.first), (there.map(|_| false), None));
        }
    }

    #[test]
    fn a_new_project_has_a_pending_one_that_names_it() {
        let form = of(false, Some(false), &known());
        assert_eq!(form.address, "https://index.example/manage/account/publishing/");
        assert_eq!(form.fields[0], ("PyPI Project Name", "demo".to_owned()));
        assert_eq!(form.fields.len(), 5);
    }

    #[test]
    fn a_crate_has_to_be_there_first() {
        let form = of(true, Some(false), &known());
        assert_eq!(form.address, "https://index.example/crates/demo/settings");
        assert_eq!(form.fields[3], ("Environment", "crates".to_owned()));
        assert!(form.first.is_some() && of(true, Some(true), &known()).first.is_none());
        assert!(of(true, None, &known()).first.is_none());
    }

    #[test]
    fn a_project_of_gitlab_has_the_names_that_its_forms_have() {
        let identity = Identity {
            on_gitlab: true,
            repository: Some("acme/tools/demo".into()),
            workflow: Some(".gitlab-ci.yml".into()),
            ..Identity::default()
        };
        let shown = |rust| {
            let of = of(rust, Some(true), &identity).fields.into_iter();
            of.map(|(label, value)| format!("{label}: {value}")).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(
            shown(false),
            "Namespace: acme/tools, Project name: demo, Top-level pipeline file path: \
             .gitlab-ci.yml, Environment name: (leave it empty)"
        );
        assert_eq!(
            shown(true),
            "Namespace: acme/tools, Project: demo, Workflow filepath: .gitlab-ci.yml, \
             Environment name: crates"
        );
    }

    #[test]
    fn what_is_not_known_is_not_made_up() {
        let form = of(false, Some(true), &Identity::default());
        assert!(form.fields[..3].iter().all(|(_, value)| value == UNKNOWN), "{form:?}");
    }
}
