//! The one table of public services. Their addresses stand here and nowhere else.
//!
//! No flag and no variable changes it: what an ordinary live run talks to is fixed. Tests and
//! rehearsals build a `Host` with another table. The way there is the machine's matter: a proxy
//! (`HTTPS_PROXY`) and its authority (`SSL_CERT_FILE`, `SSL_CERT_DIR`) count as for every client, since
//! many networks have no other way out; a live run says when they are set.

use crate::model::task::Index;

/// Addresses of the services that have a name of their own.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The Python Package Index.
    pub pypi: Index,
    /// Its test instance.
    pub testpypi: Index,
    /// The user documentation of both, which is part of some identifiers.
    pub docs: String,
    /// Where files of both are downloaded from.
    pub files: Files,
    /// Rust's registry.
    pub crates: Crates,
    /// GitHub.
    pub github: GitHub,
    /// The public instance of Sigstore.
    pub sigstore: Sigstore,
    /// Codecov, which a recipe sends to by its own client.
    pub codecov: Codecov,
}

/// Hosts that Python distributions are downloaded from.
#[derive(Debug, Clone)]
pub struct Files {
    /// Of the Python Package Index.
    pub pypi: String,
    /// Of its test instance.
    pub testpypi: String,
}

/// Rust's registry.
#[derive(Debug, Clone)]
pub struct Crates {
    /// The site with the API.
    pub api: String,
    /// The sparse index.
    pub index: String,
    /// Where crates are downloaded from.
    pub downloads: String,
}

/// GitHub's addresses.
#[derive(Debug, Clone)]
pub struct GitHub {
    /// The site, where repositories are.
    pub web: String,
    /// The REST API.
    pub api: String,
    /// Where release assets are sent to.
    pub uploads: String,
    /// Where files of releases are downloaded from.
    pub downloads: String,
    /// Its documentation, which its refusals lead to.
    pub docs: String,
    /// The issuer of identity tokens of Actions.
    pub issuer: String,
}

impl GitHub {
    /// `owner/name` of a repository on this site, from the address of a git remote.
    pub fn repository_of(&self, remote: &str) -> Option<String> {
        let (_, host) = self.web.split_once("://")?;
        let (_, rest) = remote.split_once(host)?;
        let name = rest.trim_start_matches([':', '/']).trim_end_matches('/');
        let name = name.strip_suffix(".git").unwrap_or(name);
        (name.split('/').filter(|part| !part.is_empty()).count() == 2).then(|| name.to_owned())
    }
}

/// Sigstore's addresses.
#[derive(Debug, Clone)]
pub struct Sigstore {
    /// The certificate authority.
    pub fulcio: String,
    /// The transparency log.
    pub rekor: String,
    /// Where clients get its keys from.
    pub keys: String,
}

/// Codecov's addresses.
#[derive(Debug, Clone)]
pub struct Codecov {
    /// Where it is told of a report.
    pub ingest: String,
    /// Where the report itself goes.
    pub storage: String,
}

impl Default for Endpoints {
    fn default() -> Self {
        let index =
            |name: &str, upload: &str, simple: &str, exchange: &str, password: &[&str]| Index {
                name: name.into(),
                upload: upload.into(),
                simple: simple.into(),
                user: "__token__".into(),
                password: password.iter().map(ToString::to_string).collect(),
                insecure: false,
                exchange: Some(exchange.into()),
            };
        Self {
            pypi: index(
                "pypi",
                "https://upload.pypi.org/legacy/",
                "https://pypi.org/simple/",
                "https://upload.pypi.org/_/oidc/",
                &["PYPI_TOKEN", "PYPI_API_TOKEN", "UV_PUBLISH_TOKEN", "TWINE_PASSWORD"],
            ),
            testpypi: index(
                "testpypi",
                "https://test.pypi.org/legacy/",
                "https://test.pypi.org/simple/",
                "https://test.pypi.org/_/oidc/",
                &["TESTPYPI_TOKEN", "TEST_PYPI_TOKEN", "TEST_PYPI_API_TOKEN"],
            ),
            docs: "https://docs.pypi.org".into(),
            files: Files {
                pypi: "https://files.pythonhosted.org".into(),
                testpypi: "https://test-files.pythonhosted.org".into(),
            },
            crates: Crates {
                api: "https://crates.io".into(),
                index: "https://index.crates.io".into(),
                downloads: "https://static.crates.io".into(),
            },
            github: GitHub {
                web: "https://github.com".into(),
                api: "https://api.github.com".into(),
                uploads: "https://uploads.github.com".into(),
                downloads: "https://release-assets.githubusercontent.com".into(),
                docs: "https://docs.github.com".into(),
                issuer: "https://token.actions.githubusercontent.com".into(),
            },
            sigstore: Sigstore {
                fulcio: "https://fulcio.sigstore.dev".into(),
                rekor: "https://rekor.sigstore.dev".into(),
                keys: "https://tuf-repo-cdn.sigstore.dev".into(),
            },
            codecov: Codecov {
                ingest: "https://ingest.codecov.io".into(),
                storage: "https://storage.googleapis.com".into(),
            },
        }
    }
}

impl Endpoints {
    /// The index of this name, if it is one of the public ones.
    pub fn index(&self, name: &str) -> Option<&Index> {
        match name {
            "pypi" => Some(&self.pypi),
            "testpypi" => Some(&self.testpypi),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_found_in_each_form_of_a_remote() {
        let github = Endpoints::default().github;
        let web = &github.web;
        let host = web.trim_start_matches("https://");
        for remote in [
            format!("{web}/o/r.git"),
            format!("{web}/o/r/"),
            format!("git@{host}:o/r.git"),
            format!("ssh://git@{host}/o/r"),
        ] {
            assert_eq!(github.repository_of(&remote).as_deref(), Some("o/r"), "{remote}");
        }
        for remote in [format!("{web}/o"), "https://forge.example/o/r".into(), "../r".into()] {
            assert_eq!(github.repository_of(&remote), None, "{remote}");
        }
    }
}
