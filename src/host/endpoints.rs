//! The one table of public services. Their addresses stand here and nowhere else.
//!
//! No flag and no variable changes it: what an ordinary live run talks to is fixed. Tests and
//! rehearsals build a `Host` with another table.

use crate::model::task::Index;

/// Addresses of the services that have a name of their own.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The Python Package Index.
    pub pypi: Index,
    /// Its test instance.
    pub testpypi: Index,
}

impl Default for Endpoints {
    fn default() -> Self {
        let index = |name: &str, upload: &str, simple: &str, password: &[&str]| Index {
            name: name.into(),
            upload: upload.into(),
            simple: simple.into(),
            user: "__token__".into(),
            password: password.iter().map(ToString::to_string).collect(),
            insecure: false,
        };
        Self {
            pypi: index(
                "pypi",
                "https://upload.pypi.org/legacy/",
                "https://pypi.org/simple/",
                &["PYPI_TOKEN", "PYPI_API_TOKEN", "UV_PUBLISH_TOKEN", "TWINE_PASSWORD"],
            ),
            testpypi: index(
                "testpypi",
                "https://test.pypi.org/legacy/",
                "https://test.pypi.org/simple/",
                &["TESTPYPI_TOKEN", "TEST_PYPI_TOKEN", "TEST_PYPI_API_TOKEN"],
            ),
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
