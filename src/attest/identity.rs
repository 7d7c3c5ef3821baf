//! Whether a signer is whom one expects: by the repository whose workflow ran, or by the certificate's
//! one name and its issuer.
//!
//! Sources: the extensions of Fulcio's certificates
//! (<https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md>); pypi-attestations' policy for GitHub
//! publishers, which reads a workflow as that of the run, at its own ref or commit. Turned down: regular
//! expressions over the name, in which a missing anchor lets anybody in.

use super::facts::Facts;

/// Who has to have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// A run of a repository's workflow.
    Repository(Repository),
    /// Whoever has this name, as this issuer knows it.
    Identity {
        /// The subject alternative name.
        name: String,
        /// The issuer's address.
        issuer: String,
    },
}

/// A repository, and what of it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The issuer of identities of its runs.
    pub issuer: String,
    /// The forge's address.
    pub server: String,
    /// `owner/name`; upper and lower case are the same, as on the forge.
    pub name: String,
    /// File name of the workflow; any if not given.
    pub workflow: Option<String>,
    /// The job's environment; any if not given.
    pub environment: Option<String>,
}

/// What is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// What differs.
    pub what: &'static str,
    /// What it should be.
    pub wanted: String,
    /// What the certificate says, if anything.
    pub found: Option<String>,
}

impl Expected {
    /// Checks what a verified certificate says.
    ///
    /// # Errors
    /// The first thing that is not as expected.
    pub fn check(&self, facts: &Facts) -> Result<(), Other> {
        match self {
            Self::Identity { name, issuer } => {
                same("issuer", issuer, facts.issuer.as_deref())?;
                same("identity", name, facts.identity.as_deref())
            }
            Self::Repository(repository) => repository.check(facts),
        }
    }

    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::Identity { name, issuer } => format!("{name}, as {issuer} knows it"),
            Self::Repository(Repository { name, workflow, environment, .. }) => {
                let parts = [("workflow", workflow), ("environment", environment)];
                let parts = parts.iter().filter_map(|(what, value)| {
                    value.as_ref().map(|value| format!(", {what} {value}"))
                });
                std::iter::once(name.clone()).chain(parts).collect()
            }
        }
    }
}

impl Repository {
    fn check(&self, facts: &Facts) -> Result<(), Other> {
        same("issuer", &self.issuer, facts.issuer.as_deref())?;
        let wanted = format!("{}/{}", self.server, self.name);
        let found = facts.repository.as_deref();
        if !found.is_some_and(|found| found.eq_ignore_ascii_case(&wanted)) {
            return Err(other("repository", &wanted, found));
        }
        if let Some(workflow) = &self.workflow {
            let wanted = format!("{wanted}/.github/workflows/{workflow}");
            // The run's own ref or commit has to follow: a name may hold `@` itself.
            let found = facts.workflow.as_deref();
            let refs = [&facts.reference, &facts.commit];
            let bare = refs.iter().find_map(|at| {
                let at = format!("@{}", at.as_deref()?);
                found?.strip_suffix(&at)
            });
            let repository = wanted.len() - workflow.len();
            let as_wanted = bare.is_some_and(|bare| {
                let (place, file) = (bare.get(..repository), bare.get(repository..));
                place.is_some_and(|place| place.eq_ignore_ascii_case(&wanted[..repository]))
                    && file == Some(workflow)
            });
            if !as_wanted {
                return Err(other("workflow", &wanted, found));
            }
        }
        match &self.environment {
            Some(environment) => same("environment", environment, facts.environment.as_deref()),
            None => Ok(()),
        }
    }
}

fn same(what: &'static str, wanted: &str, found: Option<&str>) -> Result<(), Other> {
    if found == Some(wanted) { Ok(()) } else { Err(other(what, wanted, found)) }
}

fn other(what: &'static str, wanted: &str, found: Option<&str>) -> Other {
    Other { what, wanted: wanted.to_owned(), found: found.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        let text = |text: &str| Some(text.to_owned());
        Facts {
            identity: text(
                "https://forge.example/acme/widget/.github/workflows/release.yml@refs/tags/v1",
            ),
            issuer: text("https://issuer.example"),
            repository: text("https://forge.example/acme/widget"),
            workflow: text(
                "https://forge.example/acme/widget/.github/workflows/release.yml@refs/tags/v1",
            ),
            reference: text("refs/tags/v1"),
            commit: text("0123"),
            environment: text("pypi"),
            ..Facts::default()
        }
    }

    fn repository() -> Repository {
        Repository {
            issuer: "https://issuer.example".into(),
            server: "https://forge.example".into(),
            name: "acme/widget".into(),
            workflow: Some("release.yml".into()),
            environment: Some("pypi".into()),
        }
    }

    fn differs(facts: &Facts, repository: Repository) -> Option<&'static str> {
        Expected::Repository(repository).check(facts).err().map(|other| other.what)
    }

    #[test]
    fn a_run_of_the_repository_is_known_by_all_that_was_asked() {
        assert_eq!(differs(&facts(), repository()), None);
        assert_eq!(
            differs(&facts(), Repository { name: "Acme/Widget".into(), ..repository() }),
            None
        );
        let at_commit = facts().workflow.unwrap().replace("refs/tags/v1", "0123");
        assert_eq!(differs(&Facts { workflow: Some(at_commit), ..facts() }, repository()), None);
        let any = Repository { workflow: None, environment: None, ..repository() };
        assert_eq!(differs(&Facts { workflow: None, environment: None, ..facts() }, any), None);
    }

    #[test]
    fn another_run_is_told_by_what_differs() {
        let name = |name: &str| Repository { name: name.into(), ..repository() };
        let workflow = |name: &str| Repository { workflow: Some(name.into()), ..repository() };
        for (what, wanted) in [
            ("issuer", Repository { issuer: "https://other.example".into(), ..repository() }),
            ("repository", Repository { server: "https://other.example".into(), ..repository() }),
            ("repository", name("acme/widget2")),
            ("repository", name("acme/widge")),
            ("workflow", workflow("elease.yml")),
            ("workflow", workflow("Release.yml")),
            ("workflow", workflow("release.yml@refs/tags/v1")),
            ("environment", Repository { environment: Some("test".into()), ..repository() }),
        ] {
            assert_eq!(differs(&facts(), wanted.clone()), Some(what), "{wanted:?}");
        }
        for reference in ["refs/tags/v2", "v1", ""] {
            let facts = Facts { reference: Some(reference.into()), ..facts() };
            assert_eq!(differs(&facts, repository()), Some("workflow"), "{reference}");
        }
        assert_eq!(differs(&Facts::default(), repository()), Some("issuer"));
    }

    #[test]
    fn a_name_counts_only_with_its_issuer() {
        let expected = |name: &str, issuer: &str| {
            let (name, issuer) = (name.to_owned(), issuer.to_owned());
            let other = Expected::Identity { name, issuer }.check(&facts()).err();
            other.map(|other| other.what)
        };
        let name = facts().identity.unwrap();
        assert_eq!(expected(&name, "https://issuer.example"), None);
        assert_eq!(expected(&name, "https://other.example"), Some("issuer"));
        assert_eq!(expected(&name[1..], "https://issuer.example"), Some("identity"));
    }
}
