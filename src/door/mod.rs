//! The door: the only way to change a remote.
//!
//! It is a plan's door, which predicts and writes down, or a live one, which admits exactly the
//! effects of one plan; after a live run there is a third, which only lets tell others (`notices`). Nobody
//! else knows which: a builtin cannot forget to honour a dry run.
//! Turned down: a `dry_run` flag passed along.

mod live;
mod notices;

use std::sync::{Mutex, MutexGuard, PoisonError};

use live::Live;
pub use notices::Notices;

use crate::diag::{Diagnostic, Outcome, Site};
use crate::ledger::Ledger;
use crate::model::effect::{Effect, Key, Receipt, Release};
use crate::model::event::Events;
use crate::model::task::{Destination, task_of};
use crate::plan::{Plan, Planned};
use crate::remote::{Errand, Trouble};

/// What a body may do on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    /// Start processes and write files.
    Act,
    /// Only describe: processes are noted, results cannot be had.
    Describe,
}

/// What to do where it is not known whether an effect happened, or no longer to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Doubt {
    /// Stop and ask.
    #[default]
    Ask,
    /// Take it as done.
    AssumeDone,
    /// Do it again.
    Redo,
}

/// Who asks.
pub struct Caller<'a> {
    /// The task instance.
    pub task: &'a str,
    /// What its task declares.
    pub declared: &'a [Destination],
    /// Whether its failure harms nobody.
    pub optional: bool,
    /// Where in the script.
    pub site: Option<&'a Site>,
    /// What its effects need to act.
    pub errand: Errand<'a>,
}

/// The way to the remotes, for one run.
pub struct Door {
    release: Option<Release>,
    mode: Mode,
}

enum Mode {
    Plan(Mutex<Vec<Planned>>),
    Live(Box<Live>),
    /// After a live run: others may be told, and nothing else happens.
    After(Box<Notices>),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Door {
    /// A door that predicts and writes down.
    pub fn planning(release: Option<Release>) -> Self {
        Self { release, mode: Mode::Plan(Mutex::default()) }
    }

    /// A door that admits exactly the effects of `plan`; `at` is the run's instant.
    pub fn live(
        plan: Plan,
        records: (Ledger, Notices),
        doubt: Doubt,
        at: u64,
        events: Events,
    ) -> Self {
        let release = plan.release.clone();
        Self { release, mode: Mode::Live(Box::new(Live::new(plan, records, doubt, at, events))) }
    }

    /// A door for what follows a live run of `release`: it only lets tell others, outside any plan.
    pub fn following(release: Option<Release>, notices: Notices) -> Self {
        Self { release, mode: Mode::After(Box::new(notices)) }
    }

    /// What a body may do: only a sending one before the gate must hold still.
    pub fn conduct(&self, sending: bool) -> Conduct {
        match self.mode {
            Mode::Plan(_) if sending => Conduct::Describe,
            _ => Conduct::Act,
        }
    }

    /// Makes `effects` happen, or predicts them; side by side where they go to one index.
    ///
    /// # Errors
    /// An undeclared destination, an effect outside the plan, or a remote that refused. After the
    /// first failure of any effect nothing new is started.
    pub fn perform(&self, caller: &Caller<'_>, effects: &[Effect]) -> Outcome<Vec<Receipt>> {
        for effect in effects {
            declared(caller, effect).map_err(|wrong| place(wrong, caller))?;
        }
        let release = self.release.clone().unwrap_or_else(Release::nowhere);
        let keyed: Vec<(Key, &Effect)> =
            effects.iter().map(|effect| (effect.key(&release), effect)).collect();
        match &self.mode {
            Mode::Plan(planned) => {
                let mut planned = lock(planned);
                for (key, effect) in keyed {
                    if !planned.iter().any(|known| known.key == key) {
                        planned.push(Planned {
                            key,
                            task: caller.task.to_owned(),
                            receipt: effect.predicted(),
                            effect: effect.clone(),
                        });
                    }
                }
                Ok(effects.iter().map(Effect::predicted).collect())
            }
            Mode::Live(live) => live.perform(caller, &keyed).map_err(|wrong| place(*wrong, caller)),
            Mode::After(notices) => {
                let told = keyed.iter().filter(|(_, effect)| effect.is_notice());
                told.for_each(|(key, effect)| _ = notices.tell(caller, key, effect));
                Ok(effects.iter().map(Effect::predicted).collect())
            }
        }
    }

    /// What was asked for, in order.
    pub fn planned(&self) -> Vec<Planned> {
        match &self.mode {
            Mode::Plan(planned) => lock(planned).clone(),
            Mode::Live(live) => live.plan().effects.clone(),
            Mode::After(_) => Vec::new(),
        }
    }

    /// Effects of the plan that no body asked for.
    pub fn unasked(&self) -> Vec<Planned> {
        match &self.mode {
            Mode::Plan(_) | Mode::After(_) => Vec::new(),
            Mode::Live(live) => live.unasked(),
        }
    }

    /// Whether this run sent the effect.
    pub fn sent_now(&self, key: &Key) -> bool {
        matches!(&self.mode, Mode::Live(live) if live.sent_now(key))
    }

    /// Whether the effect has happened, as far as the door knows.
    pub fn is_settled(&self, key: &Key) -> bool {
        matches!(&self.mode, Mode::Live(live) if live.is_settled(key))
    }

    /// Whether anything of this release has, or may have, left this machine.
    pub fn touched(&self) -> bool {
        matches!(&self.mode, Mode::Live(live) if live.touched())
    }
}

fn declared(caller: &Caller<'_>, effect: &Effect) -> Result<(), Diagnostic> {
    let destination = effect.destination();
    if caller.declared.contains(&destination) {
        return Ok(());
    }
    let task = task_of(caller.task);
    let wrong = Diagnostic::usage(format!(
        "task `{task}` sends to `{destination}` and does not declare it"
    ));
    Err(wrong.hint(format!("add `.effects(\"{destination}\")` to task `{task}`")))
}

fn place(wrong: Diagnostic, caller: &Caller<'_>) -> Box<Diagnostic> {
    Box::new(match caller.site {
        Some(site) => wrong.at(site),
        None => wrong,
    })
}

/// What helps as long as a release on GitHub is the only place that has it.
const ANEW: &str =
    "as long as no registry holds it, `force_recreate: true` deletes what stands there first";

/// The remote holds other bytes under the effect's name.
pub fn other_bytes(effect: &Effect, found: &str) -> Diagnostic {
    if effect.removes() {
        let stays = "make a new version: without `force_recreate` this one is left as it stands";
        return Diagnostic::refused(found.to_owned()).hint(stays);
    }
    let (receipt, place) = (effect.predicted(), effect.destination());
    if let Effect::PushGit(_) = effect {
        let wrong = Diagnostic::remote(format!("{place} would move what is there: {found}"));
        return wrong
            .note(effect.summary())
            .hint("a tag that is out stays: choose another version")
            .hint("take in a branch that has gone on with `git pull`, and run the same command");
    }
    let Some(digest) = receipt.digest else {
        let wrong = Diagnostic::remote(format!("{place} holds something else: {found}"));
        let wrong = wrong
            .note(effect.summary())
            .hint("what is published there cannot be replaced: release a new version");
        return if effect.part_of().is_some() { wrong.hint(ANEW) } else { wrong };
    };
    let message = format!("{place} holds other bytes under the name {}", receipt.name);
    let wrong = Diagnostic::remote(message)
        .note(format!("ours:   sha256 {digest}"))
        .note(format!("theirs: {found}"))
        .hint("a published file cannot be replaced: release a new version")
        .hint("if this release was begun by other means, `rel adopt` takes its files over");
    if effect.part_of().is_some() { wrong.hint(ANEW) } else { wrong }
}

/// The remote could not be asked.
pub fn cannot_look(effect: &Effect, trouble: &Trouble) -> Diagnostic {
    let (why, hint) = match trouble {
        Trouble::Refused { reason, hint } => (reason, hint.clone()),
        Trouble::Unclear(why) | Trouble::Unsent(why) => {
            (why, "check the network; then run the same command".into())
        }
        Trouble::Later { reason, after } => (reason, live::wait(*after)),
    };
    Diagnostic::remote(format!("cannot look at {}: {why}", effect.destination())).hint(hint)
}

#[cfg(test)]
mod tests;
