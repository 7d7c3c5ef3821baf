//! What the reading of a Releasefile depended on, so that what came of it may be kept as long as all
//! of that is the same.
//!
//! A builtin that is not known to tell what it reads makes the whole unfit to be kept: nothing is ever
//! stale, at worst it is made anew. Turned down: going by times of files, which editors and clocks
//! get wrong.

use std::path::Path;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::builtins::Builtin;
use super::cx::lock;
use crate::host::{Host, fs};
use crate::model::artifact::Digest;

/// Builtins that always say the same, or note what they read.
const TOLD: &[&str] = &[
    "env",
    "files",
    "json::parse",
    "json::read",
    "json::text",
    "os",
    "read",
    "secret",
    "toml::parse",
    "toml::read",
    "version",
];

/// Something that was read, and what was found there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// A text, by its path below the project's folder.
    Text {
        /// As it was asked for.
        path: String,
        /// Where it lies, and its digest; `None` if there was none.
        found: Option<(String, Digest)>,
    },
    /// There was no file.
    NoFile {
        /// Its path below the project's folder.
        path: String,
    },
    /// What globs match.
    Files {
        /// The globs.
        globs: Vec<String>,
        /// Of the names.
        digest: Digest,
    },
    /// A variable.
    Variable {
        /// Its name.
        name: String,
        /// Of its value, if it is set.
        digest: Option<Digest>,
    },
}

impl Read {
    /// A text as it was read.
    pub(crate) fn text(root: &Path, path: &str, text: Option<&str>) -> Self {
        let real = fs::real(&root.join(path)).unwrap_or_default().to_string_lossy().into_owned();
        Self::Text { path: path.to_owned(), found: text.map(|text| (real, Digest::of(text))) }
    }

    pub(crate) fn files(globs: &[String], names: &[String]) -> Self {
        Self::Files { globs: globs.to_vec(), digest: Digest::of(names.join("\0")) }
    }

    pub(crate) fn variable(host: &Host, name: &str) -> Self {
        Self::Variable { name: name.to_owned(), digest: host.env.get(name).map(Digest::of) }
    }

    /// Whether the same would be found now.
    pub fn holds(&self, host: &Host, root: &Path) -> bool {
        match self {
            Self::Text { path, .. } => {
                let text = fs::read_text(&root.join(path)).ok();
                *self == Self::text(root, path, text.as_deref())
            }
            Self::NoFile { path } => !fs::is_file(&root.join(path)),
            Self::Files { globs, .. } => fs::find(root, globs).is_ok_and(|found| {
                let names: Vec<String> = found.into_iter().map(|file| file.name).collect();
                *self == Self::files(globs, &names)
            }),
            Self::Variable { name, .. } => *self == Self::variable(host, name),
        }
    }
}

/// All that was read, or that something was of which nothing is known.
#[derive(Default)]
pub(crate) struct Reads(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    all: Vec<Read>,
    more: bool,
}

impl Reads {
    pub(crate) fn note(&self, read: Read) {
        let noted = &mut lock(&self.0).all;
        if !noted.contains(&read) {
            noted.push(read);
        }
    }

    /// A builtin that may read was called, and did or did not come to a good end.
    pub(crate) fn called(&self, builtin: &Builtin, good: bool) {
        // A script may catch what went wrong, and why it did is not noted.
        if !good || !TOLD.contains(&builtin.title().as_str()) {
            self.unknown();
        }
    }

    /// Something was read that is not noted.
    pub(crate) fn unknown(&self) {
        lock(&self.0).more = true;
    }

    /// Everything, if everything is known.
    pub(crate) fn all(&self) -> Option<Vec<Read>> {
        let noted = lock(&self.0);
        (!noted.more).then(|| noted.all.clone())
    }
}
