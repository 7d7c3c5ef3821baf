//! A plan: the effects of a release in order, bound to a commit, a Releasefile and digests.
//!
//! A live run is always "apply a plan": the gate makes one, or `rel apply` reads one from a file.
//! Besides it holds what was known when it was made: what guards said, and what the remotes held.
//! Pure; the file format carries a version.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::diag::Diagnostic;
use crate::model::artifact::{Artifact, Digest};
use crate::model::effect::{Effect, Key, Listed, Presence, Receipt, Release, UploadPypi};
use crate::model::task::Destination;

/// Version of the file format.
pub const VERSION: u32 = 2;

/// One effect that a task asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The effect's key.
    pub key: Key,
    /// The task instance that asks for it.
    pub task: String,
    /// What will be known of it once it has happened.
    pub receipt: Receipt,
    /// The effect.
    #[serde(flatten)]
    pub effect: Effect,
}

/// What a guard said when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarded {
    /// Its name.
    pub guard: String,
    /// What it found; nothing if it held.
    pub found: Vec<String>,
    /// Whether a live run goes on all the same.
    pub only_warns: bool,
}

/// What the remote of an effect held when the plan was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Where the effect would put something; `None` if nobody looked, or the remote did not answer.
    pub presence: Option<Presence>,
    /// Versions of the project that were there and are not older than this one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ahead: BTreeSet<String>,
}

/// Who a plan is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// What a CI service told the run that made the plan: `service`, `repository`, `workflow`, `event`, `ref`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub origin: BTreeMap<String, String>,
    /// The environments that sending task instances declare.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environments: BTreeMap<String, String>,
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
    /// Tags of the commit.
    pub tags: Vec<String>,
    /// Digest of the Releasefile and of every module it imports, those of the standard library too.
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
    /// Sending task instances, each with those that have to be done before it.
    #[serde(default)]
    pub after: BTreeMap<String, BTreeSet<String>>,
    /// Sending task instances that ask before they act, each with its question.
    #[serde(default)]
    pub confirm: BTreeMap<String, String>,
    /// Who made it, and who is to send it.
    #[serde(default)]
    pub identity: Identity,
    /// What guards said.
    pub guards: Vec<Guarded>,
    /// What the remotes held.
    pub seen: BTreeMap<Key, Seen>,
}

impl Plan {
    /// A plan of nothing, made now by this rel for a Releasefile.
    pub fn empty(releasefile: Digest, at: u64) -> Self {
        Self {
            v: VERSION,
            rel: env!("CARGO_PKG_VERSION").into(),
            release: None,
            tags: Vec::new(),
            releasefile,
            at,
            goals: Vec::new(),
            rest: Vec::new(),
            artifacts: BTreeMap::new(),
            effects: Vec::new(),
            after: BTreeMap::new(),
            confirm: BTreeMap::new(),
            identity: Identity::default(),
            guards: Vec::new(),
            seen: BTreeMap::new(),
        }
    }

    /// Reads a plan file.
    ///
    /// # Errors
    /// Another version, no plan at all, or one whose effects are not what their keys say.
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
        let plan: Self = serde_json::from_str(text).map_err(broken)?;
        let release = plan.release.clone().unwrap_or_else(Release::nowhere);
        let changed = plan.effects.iter().find(|planned| {
            let Planned { key, receipt, effect, .. } = planned;
            let whole = effect.files().iter().all(|file| file.sha256.is_whole());
            !whole || *key != effect.key(&release) || *receipt != effect.predicted()
        });
        changed.map_or(Ok(()), |planned| {
            let wrong = Diagnostic::usage("this plan was changed after it was made");
            let wrong = wrong.note(format!("the effect {} is another one now", planned.key));
            Err(wrong.hint("make it anew with `rel run TASK -o plan.json`"))
        })?;
        Ok(plan)
    }

    /// The plan as text, with a final line end.
    pub fn to_text(&self) -> String {
        // A plan holds only maps with text keys: it can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The part of it that these task instances have.
    #[must_use]
    pub fn of(mut self, ids: &BTreeSet<&str>) -> Self {
        self.artifacts.retain(|id, _| ids.contains(id.as_str()));
        self.effects.retain(|planned| ids.contains(planned.task.as_str()));
        self
    }

    /// Effects that a finished release has done.
    pub fn lasting(&self) -> impl Iterator<Item = &Planned> {
        self.effects.iter().filter(|planned| planned.effect.is_lasting())
    }

    /// The plan without what it deletes: a door that gets this cannot.
    #[must_use]
    pub fn sparing(mut self) -> Self {
        self.effects.retain(|planned| !planned.effect.removes());
        self
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
        if let Some(tag) = self.tags.iter().find(|tag| !now.tags.contains(tag)) {
            return Some(format!("it was made for the tag {tag}, which HEAD does not carry"));
        }
        let among =
            |all: &Self, one: &Planned| all.effects.iter().position(|other| other.key == one.key);
        for planned in &self.effects {
            let Some(at) = among(now, planned) else {
                return Some(format!("nothing asks any longer for: {}", planned.effect.summary()));
            };
            // A command names files by where they lie on this machine, its key by their digests.
            let is_command = matches!(planned.effect, Effect::Command(_));
            if !is_command && now.effects[at].effect != planned.effect {
                return Some(format!("no longer the same as then: {}", planned.effect.summary()));
            }
        }
        let new = now.effects.iter().find(|planned| among(self, planned).is_none());
        new.map(|new| format!("it does not hold: {}", new.effect.summary()))
    }

    /// Versions that came to the place of `planned` since this plan was made, not older than what it
    /// would send there; `ahead` is what is listed there now. What the plan itself holds is no news
    /// (other bytes under its names are told of elsewhere), nor is what was `sent` for this release
    /// besides. Where nobody had looked, nothing is known.
    pub fn overtaken(
        &self,
        planned: &Planned,
        ahead: &[Listed],
        sent: impl Fn(&str, &Listed) -> bool,
    ) -> BTreeSet<String> {
        let Some(seen) = self.seen.get(&planned.key).filter(|seen| seen.presence.is_some()) else {
            return BTreeSet::new();
        };
        let place = planned.effect.endpoint();
        let own = |listed: &Listed| {
            let mut effects = self.effects.iter();
            effects.any(|one| one.receipt.name == listed.file && one.effect.endpoint() == place)
        };
        let news = ahead.iter().filter(|listed| !seen.ahead.contains(&listed.version));
        let news = news.filter(|listed| !own(listed) && !sent(&place, listed));
        news.map(|listed| listed.version.clone()).collect()
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

#[cfg(test)]
mod tests;
