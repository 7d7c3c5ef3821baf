//! The live door: admits exactly the effects of one plan, each at most once.
//!
//! Order of an effect: planned? known to the ledger? look, intent on disk, request, outcome on disk.
//! A request without a clear answer is looked up before it is sent again, and once it may have
//! arrived, a refusal no longer means that nothing was sent. What would happen once more if it were sent
//! again is only waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::{Caller, Doubt, Notices, cannot_look, lock, other_bytes};
use crate::diag::{Diagnostic, Kind, Outcome};
use crate::ledger::{Ledger, Record, State};
use crate::model::effect::{Effect, Key, Presence, Receipt};
use crate::model::event::{Event, Events};
use crate::plan::{Plan, Planned};
use crate::remote::{self, Errand, Survey, Trouble};

/// Requests to one index at the same time.
const SIDE_BY_SIDE: usize = 4;
/// The longest pause that a remote may ask for; what takes longer is for another run.
const LONGEST: Duration = Duration::from_secs(300);
/// Pauses before a request without an answer is sent again.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(8)];
/// Looks for what happens each time that it is sent, after the first, and the pause before each: GitHub
/// shows a run a while after it was started.
const LOOKS: usize = 20;
const BETWEEN: Duration = Duration::from_secs(3);

pub(super) struct Live {
    plan: Plan,
    ledger: Ledger,
    notices: Notices,
    doubt: Doubt,
    at: u64,
    events: Events,
    asked: Mutex<BTreeSet<Key>>,
    /// Effects that are settled, with whether this run sent them.
    sent: Mutex<BTreeMap<Key, bool>>,
    /// Effects under way: who asks for the same one waits.
    under_way: Mutex<BTreeSet<Key>>,
    landed: Condvar,
    /// GitHub wants changes one after another, whichever task asks for them.
    forge: Mutex<()>,
    stopped: AtomicBool,
}

impl Live {
    pub(super) fn new(
        plan: Plan,
        (ledger, notices): (Ledger, Notices),
        doubt: Doubt,
        at: u64,
        events: Events,
    ) -> Self {
        Self {
            plan,
            ledger,
            notices,
            doubt,
            at,
            events,
            asked: Mutex::default(),
            sent: Mutex::default(),
            under_way: Mutex::default(),
            landed: Condvar::new(),
            forge: Mutex::default(),
            stopped: AtomicBool::new(false),
        }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(super) fn unasked(&self) -> Vec<Planned> {
        let asked = lock(&self.asked);
        self.plan.effects.iter().filter(|planned| !asked.contains(&planned.key)).cloned().collect()
    }

    pub(super) fn sent_now(&self, key: &Key) -> bool {
        lock(&self.sent).get(key).copied().unwrap_or(false)
    }

    pub(super) fn is_settled(&self, key: &Key) -> bool {
        lock(&self.sent).contains_key(key)
    }

    pub(super) fn touched(&self) -> bool {
        self.ledger.touched()
    }

    pub(super) fn perform(
        &self,
        caller: &Caller<'_>,
        effects: &[(Key, &Effect)],
    ) -> Outcome<Vec<Receipt>> {
        for (key, effect) in effects {
            if !self.plan.effects.iter().any(|planned| planned.key == *key) {
                let wrong = Diagnostic::refused(format!("not in the plan: {}", effect.summary()));
                return Err(Box::new(
                    wrong.hint("make the body ask for the same effects each time it is called"),
                ));
            }
            lock(&self.asked).insert(key.clone());
        }
        let survey = Survey::new(&caller.errand);
        let queue = Mutex::new(effects.iter().enumerate());
        let results: Mutex<BTreeMap<usize, Outcome<Receipt>>> = Mutex::default();
        let work = || {
            loop {
                let next = lock(&queue).next();
                let Some((number, (key, effect))) = next else { break };
                let result = self.once(caller, &survey, key, effect);
                if result.is_err() && !caller.optional {
                    self.stopped.store(true, Ordering::SeqCst);
                }
                lock(&results).insert(number, result);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..SIDE_BY_SIDE.min(effects.len()) {
                scope.spawn(work);
            }
            work();
        });
        results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
    }

    /// Settles an effect; whoever asks for the same one at the same time waits for it.
    fn once(
        &self,
        caller: &Caller<'_>,
        survey: &Survey<'_>,
        key: &Key,
        effect: &Effect,
    ) -> Outcome<Receipt> {
        let taken = |under_way: &mut BTreeSet<Key>| under_way.contains(key);
        let waited = self.landed.wait_while(lock(&self.under_way), taken);
        waited.unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        let _alone = effect.destination().is_github().then(|| lock(&self.forge));
        let result = self.settle(caller, survey, key, effect);
        lock(&self.under_way).remove(key);
        self.landed.notify_all();
        result
    }

    fn settle(
        &self,
        caller: &Caller<'_>,
        survey: &Survey<'_>,
        key: &Key,
        effect: &Effect,
    ) -> Outcome<Receipt> {
        if lock(&self.sent).contains_key(key) {
            return Ok(effect.predicted());
        }
        if caller.errand.stop.fired() {
            return Err(Box::new(Diagnostic::new(
                Kind::Interrupted,
                "stopped between two requests",
            )));
        }
        if self.stopped.load(Ordering::SeqCst) {
            let message = format!("not sent, since another effect failed: {}", effect.summary());
            return Err(Box::new(Diagnostic::remote(message)));
        }
        let receipt = effect.predicted();
        if effect.is_notice() {
            let told = self.notices.tell(caller, key, effect);
            lock(&self.sent).insert(key.clone(), told);
            return Ok(receipt);
        }
        let state = self.ledger.state(key);
        match (self.presence(survey, effect, state.as_ref())?, &state) {
            (Presence::Other(found), _) => return Err(Box::new(other_bytes(effect, &found))),
            (Presence::Same, Some(State::Done(_))) => self.settled(caller, key, effect, false),
            // Nothing stands there, and nothing was begun: the release is as untouched as before.
            (Presence::Same, None | Some(State::Refused(_))) if effect.removes() => {
                self.settled(caller, key, effect, false);
            }
            (Presence::Same, _) => {
                self.ledger.record(&Record::Done {
                    key: key.clone(),
                    receipt: receipt.clone(),
                    found: true,
                })?;
                self.settled(caller, key, effect, false);
            }
            (Presence::Absent | Presence::Stands(_) | Presence::Unknowable, state) => {
                self.send(caller, key, effect, matches!(state, Some(State::Open)))?;
            }
        }
        Ok(receipt)
    }

    /// What is to be taken as there, from the ledger and the remote.
    fn presence(
        &self,
        survey: &Survey<'_>,
        effect: &Effect,
        state: Option<&State>,
    ) -> Outcome<Presence> {
        let look = || {
            let asked = survey.probe(effect);
            asked.map_err(|trouble| Box::new(cannot_look(effect, &trouble)))
        };
        match (state, self.doubt) {
            // What the ledger knows as done may not be listed yet: that alone is no reason to send it again.
            (Some(State::Done(_)), Doubt::Redo) => match look()? {
                Presence::Unknowable => Ok(Presence::Same),
                found => Ok(found),
            },
            (Some(State::Done(_)), _) if !self.is_remade(effect) => Ok(Presence::Same),
            (Some(State::Open), doubt) if matches!(effect, Effect::Command(_)) => match doubt {
                Doubt::AssumeDone => Ok(Presence::Same),
                Doubt::Redo => Ok(Presence::Absent),
                Doubt::Ask => Err(Box::new(unknown_command(effect))),
            },
            // It is this run's own: what is there by now is another's.
            (None, _) if effect.happens_anew() => Ok(Presence::Absent),
            _ => look(),
        }
    }

    /// Whether the plan deletes what stands in the way of the release that an effect is part of: what the
    /// ledger knows as done there may be gone since, and what was deleted may have come back.
    fn is_remade(&self, effect: &Effect) -> bool {
        let Some(at) = effect.follows() else { return false };
        let mut all = self.plan.effects.iter().map(|planned| &planned.effect);
        all.any(|other| other.removes() && other.part_of() == Some(at))
    }

    /// Sends an effect that is not there. `unclear`: an earlier request for it may have arrived.
    fn send(
        &self,
        caller: &Caller<'_>,
        key: &Key,
        effect: &Effect,
        mut unclear: bool,
    ) -> Outcome<()> {
        let mut pauses = PAUSES.iter();
        loop {
            self.ledger.record(&intent(key, effect, self.at))?;
            let trouble = match remote::apply(&caller.errand, effect) {
                Ok(()) => {
                    self.done(caller, key, effect, false)?;
                    remote::appear(&caller.errand, effect);
                    return Ok(());
                }
                Err(trouble) => trouble,
            };
            if self.is_there(caller, effect, &trouble) {
                return self.done(caller, key, effect, true);
            }
            let host = caller.errand.host;
            let again = may_be_repeated(effect, &trouble) && !caller.errand.stop.fired();
            let (why, pause) = match (trouble, pauses.next().filter(|_| again)) {
                (Trouble::Unclear(why), Some(pause)) => {
                    unclear = true;
                    (format!("{why}; looked, it is not there"), *pause)
                }
                (Trouble::Later { reason, after }, Some(pause)) if after <= LONGEST => {
                    (reason, after.max(*pause))
                }
                (Trouble::Unclear(why), _) => {
                    return Err(Box::new(unfinished(effect, &host.env.masked(&why))));
                }
                (no, _) if unclear => {
                    let (reason, _) = said_no(no);
                    return Err(Box::new(unfinished(effect, &host.env.masked(&reason))));
                }
                (no, _) => {
                    let here = matches!(no, Trouble::Unsent(_));
                    let (reason, hint) = said_no(no);
                    let reason = host.env.masked(&reason);
                    let (key, said) = (key.clone(), reason.clone());
                    self.ledger.record(&Record::Refused { key, reason: said })?;
                    let wrong = if here { unsent(&reason) } else { refused(effect, &reason) };
                    return Err(Box::new(wrong.note(effect.summary()).hint(hint)));
                }
            };
            let text = host.env.masked(&format!("{}: {why}; trying again", effect.summary()));
            self.events.note(text);
            caller.errand.stop.wait(pause);
        }
    }

    /// Whether it has happened all the same, although no answer says so.
    fn is_there(&self, caller: &Caller<'_>, effect: &Effect, trouble: &Trouble) -> bool {
        let seen = || Survey::new(&caller.errand).probe(effect) == Ok(Presence::Same);
        let Errand { host, stop, .. } = &caller.errand;
        match trouble {
            _ if !effect.happens_anew() => return seen(),
            Trouble::Unclear(_) if seen() => return true,
            Trouble::Unclear(why) => {
                let text = format!("{}: {why}; waiting for it to be seen", effect.summary());
                self.events.note(host.env.masked(&text));
            }
            // What is there by now is somebody else's.
            _ => return false,
        }
        (0..LOOKS).any(|_| {
            stop.wait(BETWEEN);
            !stop.fired() && seen()
        })
    }

    fn done(&self, caller: &Caller<'_>, key: &Key, effect: &Effect, found: bool) -> Outcome<()> {
        self.ledger.record(&Record::Done {
            key: key.clone(),
            receipt: effect.predicted(),
            found,
        })?;
        self.settled(caller, key, effect, true);
        Ok(())
    }

    fn settled(&self, caller: &Caller<'_>, key: &Key, effect: &Effect, now: bool) {
        lock(&self.sent).insert(key.clone(), now);
        if effect.removes() && !now {
            // Nothing was deleted, since nothing stood there: that is nothing to tell.
            return;
        }
        self.events.emit(Event::Sent {
            task: caller.task.to_owned(),
            summary: effect.summary(),
            already: !now,
        });
    }
}

/// What is written down before a request leaves.
pub(super) fn intent(key: &Key, effect: &Effect, at: u64) -> Record {
    let receipt = effect.predicted();
    Record::Intent {
        key: key.clone(),
        summary: effect.summary(),
        endpoint: effect.endpoint(),
        name: receipt.name,
        digest: receipt.digest,
        at,
    }
}

/// Whether it may be sent again after this.
fn may_be_repeated(effect: &Effect, trouble: &Trouble) -> bool {
    match effect {
        Effect::Command(_) => false,
        // Only after an answer which says that nothing has come of it.
        _ if effect.happens_anew() => matches!(trouble, Trouble::Later { .. }),
        _ => true,
    }
}

/// What to do about "later".
pub(super) fn wait(after: Duration) -> String {
    match after.as_secs() {
        0 | 1 => "wait a second; then run the same command".into(),
        seconds @ 2..=90 => format!("wait {seconds} seconds; then run the same command"),
        seconds => format!("wait {} minutes; then run the same command", (seconds + 30) / 60),
    }
}

/// The reason of a "no", and what to do.
fn said_no(trouble: Trouble) -> (String, String) {
    match trouble {
        Trouble::Refused { reason, hint } => (reason, hint),
        Trouble::Later { reason, after } => (reason, wait(after)),
        Trouble::Unsent(why) | Trouble::Unclear(why) => {
            (why, "mend that; then run the same command".into())
        }
    }
}

fn unknown_command(effect: &Effect) -> Diagnostic {
    Diagnostic::remote(format!("it is not known whether this was done: {}", effect.summary()))
        .note("an earlier run was ended, or failed, while it was under way")
        .hint("look, then run the same command with `--assume-done` or with `--redo`")
}

fn refused(effect: &Effect, reason: &str) -> Diagnostic {
    Diagnostic::remote(format!("{} refused: {reason}", effect.destination()))
}

/// It failed on this machine, before a request left.
fn unsent(reason: &str) -> Diagnostic {
    Diagnostic::machine(format!("not sent: {reason}"))
}

fn unfinished(effect: &Effect, why: &str) -> Diagnostic {
    let wrong = Diagnostic::remote(format!("no clear answer from {}: {why}", effect.destination()))
        .note(effect.summary());
    match effect {
        Effect::Command(_) => {
            wrong.hint("find out what it did, then use `--assume-done` or `--redo`")
        }
        _ if effect.happens_anew() => {
            let page = effect.predicted().url.map(|url| format!("its page: {url}"));
            let wrong = page.into_iter().fold(wrong, Diagnostic::note);
            wrong.hint("look at its page first: the same command again starts another run")
        }
        _ => {
            wrong.hint("run the same command again: it looks first and sends only what is missing")
        }
    }
}
