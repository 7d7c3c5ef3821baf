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

/// Ground to stand on in tests: a folder that is in no repository.
#[cfg(test)]
pub(super) mod samples {
    use std::sync::Arc;

    use super::*;
    use crate::diag::{Site, Source, Word};
    use crate::host::endpoints::Endpoints;
    use crate::host::env::Env;
    use crate::host::term::Term;

    pub(in crate::guard) fn on<T>(
        sending: &[Task],
        effects: &[Planned],
        look: impl FnOnce(&Ground<'_>) -> T,
    ) -> T {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().to_owned();
        let (env, term) = (Env::default(), Term::captured().0);
        let host = Host::new(at.clone(), env, Endpoints::default(), term);
        let (stop, repo) = (Stop::default(), Repo::new(&host, at));
        look(&Ground {
            host: &host,
            stop: &stop,
            repo: &repo,
            tagged: Some(&repo),
            release: None,
            except: None,
            sending: sending.iter().collect(),
            indexes: Vec::new(),
            store: None,
            effects,
            offline: false,
            elsewhere: false,
        })
    }

    fn site() -> Site {
        let source = Source::new("Releasefile", "guard");
        Site { source: Arc::new(source), line: 1, column: 1 }
    }

    pub(in crate::guard) fn task(name: &str, to: Destination, environment: &str) -> Task {
        let environment = Some(environment.to_owned());
        Task { effects: vec![(to, site())], environment, ..Task::new(name.into(), site(), None) }
    }

    pub(in crate::guard) fn call(guard: &str, warn: bool, to: Option<Destination>) -> GuardCall {
        let name = Word { text: guard.into(), site: site() };
        let to = to.into_iter().map(|place| (place, site())).collect();
        GuardCall { name, warn, to, options: std::collections::BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sent::samples::upload;
    use super::samples::{call, on, task};
    use super::*;

    #[test]
    fn a_guard_holds_watch_where_a_task_sends_and_without_a_place_everywhere() {
        let sending = [task("publish", Destination::Pypi, "pypi")];
        on(&sending, &[], |ground| {
            assert!(ground.concerns(&call("tag", false, None)));
            assert!(ground.concerns(&call("tag", false, Some(Destination::Pypi))));
            assert!(!ground.concerns(&call("tag", false, Some(Destination::Crates))));
        });
    }

    #[test]
    fn each_environment_is_named_once() {
        let sending = [
            task("publish", Destination::Pypi, "pypi"),
            task("again", Destination::Pypi, "pypi"),
            task("crates", Destination::Crates, "crates"),
        ];
        let all = [("pypi", "publish"), ("crates", "crates")];
        on(&sending, &[], |ground| assert_eq!(ground.environments(), all));
    }

    #[test]
    fn versions_are_those_of_the_files_that_are_sent() {
        let effects = [upload("demo-1.0.tar.gz"), upload("other-2.0.tar.gz")];
        let versions = |effects: &[Planned]| on(&[], effects, |ground| ground.versions());
        assert_eq!(versions(&effects), BTreeSet::from(["1.0".to_owned(), "2.0".to_owned()]));
        assert!(versions(&[]).is_empty());
    }
}
