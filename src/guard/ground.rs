//! What guards look at, before the first task and at the gate.
//!
//! It is the same for all of them, and holds no answers: each guard asks for what it needs.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Needs, sent};
use crate::diag::Diagnostic;
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::effect::Release;
use crate::model::task::{Destination, GuardCall, Index, Task};
use crate::plan::Planned;
use crate::repo::Repo;
use crate::store::Store;
use crate::version::in_tag;

/// See the module.
pub struct Ground<'a> {
    /// The machine.
    pub host: &'a Host,
    /// Ends what is asked.
    pub stop: &'a Stop,
    /// The project's repository.
    pub repo: &'a Repo<'a>,
    /// The one whose HEAD is released; `None` as long as tasks have yet to commit and tag there.
    pub tagged: Option<&'a Repo<'a>>,
    /// The release that this run began with.
    pub release: Option<&'a Release>,
    /// A file that does not belong to the project: the plan that is written or applied.
    pub except: Option<&'a Path>,
    /// The tasks that send.
    pub sending: Vec<&'a Task>,
    /// The indexes that they send to.
    pub indexes: Vec<&'a Index>,
    /// Where artifacts are; `None` where none are made.
    pub store: Option<&'a Store>,
    /// What would be sent, once that is known: at the gate.
    pub effects: &'a [Planned],
    /// Nobody is asked.
    pub offline: bool,
    /// Whether other jobs send, with logins that this one has not.
    pub elsewhere: bool,
}

impl Ground<'_> {
    /// Whether there is what a guard cannot do without.
    pub(super) fn has(&self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::Remotes => !self.offline,
            Needs::Keys => self.host.way.is_none(),
            Needs::Logins => !self.elsewhere,
        }
    }

    /// Whether a task sends there.
    pub fn sends_to(&self, place: &Destination) -> bool {
        self.sending.iter().flat_map(|task| &task.effects).any(|(sent, _)| sent == place)
    }

    /// Whether a guard holds watch here: everywhere, if it names no place.
    pub(super) fn concerns(&self, call: &GuardCall) -> bool {
        call.to.is_empty() || call.to.iter().any(|(place, _)| self.sends_to(place))
    }

    /// `owner/name` of the repository on GitHub: as the CI service has it, else `origin`.
    pub fn repository(&self) -> Option<String> {
        self.repo.on_github()
    }

    /// Environments of the tasks that send, each with one of its tasks.
    pub(super) fn environments(&self) -> Vec<(&str, &str)> {
        let named = |task: &&&Task| task.environment.is_some();
        let mut seen = BTreeSet::new();
        let all = self
            .sending
            .iter()
            .filter(named)
            .map(|task| (task.environment.as_deref().unwrap_or_default(), task.name.as_str()));
        all.filter(|(environment, _)| seen.insert(*environment)).collect()
    }

    /// Tags of HEAD that somebody has set; none as long as tasks have yet to tag.
    pub(super) fn tags(&self) -> Vec<String> {
        let head = self.tagged.and_then(|repo| repo.head());
        let mut tags = head.map(|head| head.tags.clone()).unwrap_or_default();
        // Nobody has said that this is the version.
        let guessed = self.host.way.as_ref().and_then(|way| way.guessed.as_ref());
        tags.retain(|tag| Some(tag) != guessed);
        tags
    }

    /// Versions that are released: of the files that are sent, else of HEAD's tags.
    pub(super) fn versions(&self) -> BTreeSet<String> {
        let sent: BTreeSet<String> =
            sent::files(self.effects).into_iter().map(|file| file.version).collect();
        if !sent.is_empty() {
            return sent;
        }
        let tags = self.tags();
        tags.iter().filter_map(|tag| in_tag(tag)).map(|(_, version)| version.to_owned()).collect()
    }

    /// The text of a file of the project, as it is released; empty if it is not there.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        Some(fs::read_text(&self.tagged?.root().join(path)).unwrap_or_default())
    }
}

/// A remote could not be asked, so that nothing is known.
pub(super) fn silent(place: &str, what: &str, why: &str) -> Diagnostic {
    let wrong = Diagnostic::remote(format!("{place} could not be asked for {what}: {why}"));
    wrong.hint("run the same command again; `--offline` asks nobody")
}
