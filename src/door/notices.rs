//! Notices: what only tells others of a release. None of it stops a release or fails it: what goes wrong is a
//! warning.
//!
//! Each is told at most once for a release: what may have been told is not told again, since nobody can be
//! asked. So they have a ledger of their own, with the order of the other: intent on disk, request, outcome.
//! In the release's ledger a notice would make a release that sent nothing look begun.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use super::{Caller, live, lock};
use crate::diag::{Diagnostic, Outcome};
use crate::ledger::{self, Ledger, Record, State};
use crate::model::effect::{Effect, Key, Release};
use crate::model::event::{Event, Events};
use crate::remote::{self, Trouble};

/// Pauses before what was clearly not taken is sent again.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
/// The longest pause that a receiver may ask for: a release does not wait for its notices.
const LONGEST: Duration = Duration::from_secs(10);

/// The notices of one release.
pub struct Notices {
    folder: PathBuf,
    release: Option<Release>,
    at: u64,
    events: Events,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    /// Opened when first needed: few runs have a notice.
    ledger: Option<Ledger>,
    /// What this run has dealt with.
    settled: BTreeSet<Key>,
}

impl Notices {
    /// Those of `release`, written down in `folder`; `at` is the run's instant.
    pub fn new(folder: PathBuf, release: Option<Release>, at: u64, events: Events) -> Self {
        Self { folder, release, at, events, open: Mutex::default() }
    }

    /// Whether an earlier run has told this. It takes no lock and writes nothing.
    pub fn is_told(&self, key: &Key) -> bool {
        let of_release = |release| ledger::read(&self.folder, release).ok().flatten();
        let told = self.release.as_ref().and_then(of_release);
        let mut entries = told.into_iter().flat_map(|told| told.entries);
        entries.any(|entry| entry.key == *key && matches!(entry.state, State::Done(_)))
    }

    /// Tells it, if nobody has; whether it was told now.
    pub(super) fn tell(&self, caller: &Caller<'_>, key: &Key, effect: &Effect) -> bool {
        let mut open = lock(&self.open);
        if !open.settled.insert(key.clone()) {
            return false;
        }
        let told = if matches!(effect, Effect::Notify(notify) if notify.is_local()) {
            let told = self.once(caller, effect).map(|()| false);
            told.map_err(|(why, hint)| Box::new(untold(effect, &why, hint)))
        } else {
            self.recorded(&mut open, caller, key, effect)
        };
        match told {
            Ok(already) => {
                let (task, summary) = (caller.task.to_owned(), effect.summary());
                self.events.emit(Event::Sent { task, summary, already });
                !already
            }
            Err(diagnostic) => {
                self.events.emit(Event::Warning { diagnostic });
                false
            }
        }
    }

    /// Whether it was told before; the ledger has it afterwards.
    ///
    /// # Errors
    /// It is not told, or nobody knows.
    fn recorded(
        &self,
        open: &mut Open,
        caller: &Caller<'_>,
        key: &Key,
        effect: &Effect,
    ) -> Outcome<bool> {
        match self.state(open, key)? {
            Some(State::Done(_)) => return Ok(true),
            Some(State::Open) => return Err(Box::new(unknown(effect))),
            None | Some(State::Refused(_)) => {}
        }
        let Some(ledger) = &open.ledger else { return Ok(true) };
        ledger.record(&live::intent(key, effect, self.at))?;
        match self.once(caller, effect) {
            Ok(()) => {
                let (key, receipt) = (key.clone(), effect.predicted());
                ledger.record(&Record::Done { key, receipt, found: false }).map(|()| false)
            }
            // It may have been told.
            Err((why, None)) => Err(Box::new(untold(effect, &why, None))),
            Err((reason, hint)) => {
                ledger.record(&Record::Refused { key: key.clone(), reason: reason.clone() })?;
                Err(Box::new(untold(effect, &reason, hint)))
            }
        }
    }

    fn state(&self, open: &mut Open, key: &Key) -> Outcome<Option<State>> {
        if open.ledger.is_none() {
            let Some(release) = &self.release else {
                let wrong = Diagnostic::refused("nobody is told: there is no commit to tell of");
                return Err(Box::new(wrong.hint("commit first: a notice belongs to a release")));
            };
            open.ledger = Some(Ledger::open(&self.folder, release)?);
        }
        Ok(open.ledger.as_ref().and_then(|ledger| ledger.state(key)))
    }

    /// Sends, and again what was clearly not taken; the reason of the last try, with a hint unless it may have
    /// arrived.
    fn once(&self, caller: &Caller<'_>, effect: &Effect) -> Result<(), (String, Option<String>)> {
        let env = &caller.errand.host.env;
        let later = "the same command tells it again, once it is mended".to_owned();
        let mut pauses = PAUSES.iter();
        loop {
            let (why, hint, after) = match remote::apply(&caller.errand, effect) {
                Ok(()) => return Ok(()),
                Err(Trouble::Unclear(why)) => return Err((env.masked(&why), None)),
                Err(Trouble::Refused { reason, hint }) => (reason, hint, None),
                Err(Trouble::Later { reason, after }) => (reason, later.clone(), Some(after)),
                Err(Trouble::Unsent(why)) => (why, later.clone(), Some(Duration::ZERO)),
            };
            let again = after.filter(|after| *after <= LONGEST && !caller.errand.stop.fired());
            let (Some(after), Some(pause)) = (again, pauses.next()) else {
                return Err((env.masked(&why), Some(hint)));
            };
            let text = format!("{}: {why}; trying again", effect.summary());
            self.events.note(env.masked(&text));
            caller.errand.stop.wait(after.max(*pause));
        }
    }
}

fn untold(effect: &Effect, why: &str, hint: Option<String>) -> Diagnostic {
    let wrong = Diagnostic::remote(format!("not told: {why}")).note(effect.summary());
    match hint {
        Some(hint) => wrong.hint(hint),
        None => wrong
            .note("it may have arrived, so it is not told again")
            .hint("look there, and tell it by hand if it is missing"),
    }
}

fn unknown(effect: &Effect) -> Diagnostic {
    Diagnostic::remote("an earlier run may have told this, so it is not told again")
        .note(effect.summary())
        .hint("look there, and tell it by hand if it is missing")
}
