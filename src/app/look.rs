//! A look at the remotes: what each holds now where a plan would put something.

mod standing;

use std::collections::BTreeSet;

use standing::Standing;

use crate::diag::Diagnostic;
use crate::door;
use crate::model::effect::{Effect, Key, Listed, Presence};
use crate::model::event::PlanRow;
use crate::plan::Plan;
use crate::remote::{Errand, Survey};

/// What the remotes hold now for each effect of a plan.
pub(super) struct Look {
    /// One row for each effect.
    pub(super) rows: Vec<PlanRow>,
    /// For each row what is listed there of the same version or a newer one; looked for only if a plan
    /// is kept or given, since nobody else asks.
    pub(super) ahead: Vec<Vec<Listed>>,
    /// Why nothing may be sent: other bytes are there, or a remote cannot be asked.
    pub(super) stops: Vec<Diagnostic>,
}

impl Look {
    /// Whether there is nothing left to send.
    pub(super) fn all_there(&self) -> bool {
        self.rows.iter().all(|row| row.presence == Some(Presence::Same))
    }
}

/// What is asked of them.
pub(super) struct Asked {
    /// Nothing: nobody is.
    pub(super) offline: bool,
    /// Also what is listed there of newer versions.
    pub(super) ahead: bool,
}

/// Asks the remotes about every effect of `plan`.
pub(super) fn look(
    errand: &Errand<'_>,
    plan: &Plan,
    asked: &Asked,
    done: impl Fn(&Key) -> bool,
) -> Look {
    let survey = Survey::new(errand);
    let mut look = Look { rows: Vec::new(), ahead: Vec::new(), stops: Vec::new() };
    let mut silent: BTreeSet<String> = BTreeSet::new();
    let mut standing = Standing::default();
    for planned in &plan.effects {
        if errand.stop.fired() {
            break;
        }
        let place = planned.effect.destination().to_string();
        let presence = match &planned.effect {
            _ if asked.offline || silent.contains(&place) => None,
            Effect::Command(_) | Effect::Notify(_) if done(&planned.key) => Some(Presence::Same),
            effect if standing.tells(effect) => standing.of(effect),
            effect => match survey.probe(effect) {
                Ok(presence) => Some(presence),
                Err(trouble) => {
                    silent.insert(place);
                    look.stops.push(door::cannot_look(effect, &trouble));
                    None
                }
            },
        };
        if let Some(Presence::Other(found)) = &presence {
            look.stops.push(door::other_bytes(&planned.effect, found));
        }
        standing.note(&planned.effect, presence.as_ref());
        // What cannot be asked was said above.
        let known = presence.as_ref().filter(|_| asked.ahead);
        let ahead = known.and_then(|_| survey.ahead(&planned.effect).ok());
        look.ahead.push(ahead.unwrap_or_default());
        let (key, task) = (planned.key.clone(), planned.task.clone());
        let (summary, removes) = (planned.effect.summary(), planned.effect.removes());
        look.rows.push(PlanRow { key, task, summary, presence, removes });
    }
    look
}
