//! A plan: the effects of a release in order, bound to a commit, a Releasefile and digests.
//!
//! A live run is always "apply a plan": the gate makes one, or `rel apply` reads one from a file.
//! Pure; the file format carries a version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::diag::Diagnostic;
use crate::model::artifact::{Artifact, Digest};
use crate::model::effect::{Effect, Key, Release, UploadPypi};
use crate::model::task::Destination;

/// Version of the file format.
pub const VERSION: u32 = 1;

/// One effect that a task asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The effect's key.
    pub key: Key,
    /// The task instance that asks for it.
    pub task: String,
    /// The effect.
    #[serde(flatten)]
    pub effect: Effect,
}

/// What a live run may do, and with which bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this format.
    pub v: u32,
    /// Version of rel that made it.
    pub rel: String,
    /// The commit and project; `None` outside a repository, where nothing can be sent.
    pub release: Option<Release>,
    /// Digest of the Releasefile and of every module it imports.
    pub releasefile: Digest,
    /// The instant of the run that made it, in seconds since 1970.
    pub at: u64,
    /// The words that were asked for.
    pub goals: Vec<String>,
    /// The words after `--`.
    pub rest: Vec<String>,
    /// Artifacts of each local task instance that took part.
    pub artifacts: BTreeMap<String, Vec<Artifact>>,
    /// The effects, in the order in which they were asked for.
    pub effects: Vec<Planned>,
}

impl Plan {
    /// Reads a plan file.
    ///
    /// # Errors
    /// Another version, or no plan at all.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        #[derive(Deserialize)]
        struct Head {
            v: u32,
        }
        let broken = |error: serde_json::Error| {
            Diagnostic::usage(format!("this is no plan: {error}"))
                .hint("make one with `rel run TASK -o plan.json`")
        };
        let head: Head = serde_json::from_str(text).map_err(broken)?;
        if head.v != VERSION {
            let message =
                format!("this plan has format {}, and this rel reads format {VERSION}", head.v);
            return Err(Diagnostic::usage(message)
                .hint("apply it with the version of rel that made it, or make it anew"));
        }
        serde_json::from_str(text).map_err(broken)
    }

    /// The plan as text, with a final line end.
    pub fn to_text(&self) -> String {
        // A plan holds only maps with text keys: it can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// What cannot work whatever the remotes hold.
    pub fn conflicts(&self) -> Vec<Diagnostic> {
        let uploads: Vec<(&String, &UploadPypi)> = self
            .effects
            .iter()
            .filter_map(|planned| match &planned.effect {
                Effect::UploadPypi(upload) => Some((&planned.task, upload)),
                _ => None,
            })
            .collect();
        let mut wrong: Vec<Diagnostic> =
            uploads.iter().filter_map(|(_, upload)| local_version(upload)).collect();
        wrong.extend(self.effects.iter().filter_map(|planned| planned.effect.lacks()));
        wrong.dedup();
        wrong.extend((1..uploads.len()).filter_map(|at| rival(uploads[at], &uploads[..at])));
        wrong
    }

    /// Why `now` is not the same plan, in one line; `None` if it is.
    pub fn moved(&self, now: &Self) -> Option<String> {
        if self.release != now.release {
            let commit = |plan: &Self| {
                plan.release
                    .as_ref()
                    .map_or("no commit".into(), |r| r.commit.chars().take(12).collect::<String>())
            };
            return Some(format!(
                "it was made for commit {}, HEAD is {}",
                commit(self),
                commit(now)
            ));
        }
        if self.releasefile != now.releasefile {
            return Some("the Releasefile, or a module it imports, has changed".into());
        }
        let gone = self
            .effects
            .iter()
            .find(|planned| !now.effects.iter().any(|other| other.key == planned.key));
        if let Some(gone) = gone {
            return Some(format!("nothing asks any longer for: {}", gone.effect.summary()));
        }
        let new = now
            .effects
            .iter()
            .find(|planned| !self.effects.iter().any(|other| other.key == planned.key));
        new.map(|new| format!("it does not hold: {}", new.effect.summary()))
    }
}

/// A version that a public index never takes (PEP 440, local version identifiers).
fn local_version(upload: &UploadPypi) -> Option<Diagnostic> {
    let public = matches!(upload.index.destination(), Destination::Pypi | Destination::Testpypi);
    let (place, version) = (&upload.index.name, &upload.version);
    let wrong =
        || Diagnostic::refused(format!("{place} takes no local versions such as {version}"));
    (public && version.contains('+'))
        .then(|| wrong().hint("build from a tag, so that the version has no `+…`"))
}

/// Another file of the same name for the same place: each would stop the other.
fn rival(
    (task, upload): (&String, &UploadPypi),
    earlier: &[(&String, &UploadPypi)],
) -> Option<Diagnostic> {
    let (first, other) = earlier.iter().find(|(_, other)| {
        other.index.upload == upload.index.upload
            && other.file.file_name() == upload.file.file_name()
            && other.file.sha256 != upload.file.sha256
    })?;
    let (name, place) = (upload.file.file_name(), &upload.index.name);
    let wrong =
        Diagnostic::refused(format!("two different files named {name} would go to {place}"))
            .note(format!("{first}: sha256 {}", other.file.sha256))
            .note(format!("{task}: sha256 {}", upload.file.sha256));
    Some(wrong.hint("build each file once, and let every publish take that one"))
}
