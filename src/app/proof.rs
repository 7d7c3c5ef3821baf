//! The proof: every effect of the plan, read back from its remote after a live run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diag::{Diagnostic, Outcome};
use crate::door::Door;
use crate::model::effect::{Key, Presence};
use crate::model::event::{Event, Events, ProofRow};
use crate::plan::{Plan, Planned};
use crate::remote::{Errand, Survey};

/// Pauses while an index catches up with what it has taken, in seconds.
const PAUSES: [u64; 7] = [0, 1, 2, 4, 8, 15, 30];

/// Reads every effect back and shows the table.
///
/// # Errors
/// An effect is not to be seen, though it was sent.
pub(super) fn prove(errand: &Errand<'_>, events: &Events, door: &Door, plan: &Plan) -> Outcome<()> {
    // Nobody can be asked whether they were told: a notice is no part of what a release has to show.
    let lasting: Vec<&Planned> =
        plan.effects.iter().filter(|planned| !planned.effect.is_notice()).collect();
    if lasting.is_empty() {
        return Ok(());
    }
    let seen = look(errand, door, &lasting);
    let rows: Vec<ProofRow> = lasting.iter().map(|planned| row(door, planned, &seen)).collect();
    let missing = |settled: bool| -> Vec<String> {
        let of_kind = |(row, planned): &(&ProofRow, &&Planned)| {
            row.proven == Some(false) && door.is_settled(&planned.key) == settled
        };
        let found = rows.iter().zip(&lasting).filter(of_kind);
        found.map(|(row, _)| format!("{}: {}", row.destination, row.name)).collect()
    };
    let (lost, unsent) = (missing(true), missing(false));
    events.emit(Event::Proof { rows: rows.clone() });
    if !lost.is_empty() {
        let mut wrong =
            Diagnostic::remote("not everything that was sent can be seen on the remotes");
        wrong.notes.extend(lost);
        let wait =
            "wait until the index has caught up, then run the same command: it sends nothing twice";
        return Err(Box::new(
            wrong.hint(wait).hint("if the index lost it, send it again with `--redo`"),
        ));
    }
    if unsent.is_empty() {
        return Ok(());
    }
    let mut wrong = Diagnostic::remote("not everything in the plan was sent");
    wrong.notes.extend(unsent);
    Err(Box::new(wrong.hint("mend what failed above, then run the same command")))
}

fn row(door: &Door, planned: &Planned, seen: &BTreeMap<&Key, Option<bool>>) -> ProofRow {
    let receipt = planned.effect.predicted();
    ProofRow {
        name: receipt.name,
        destination: planned.effect.destination().to_string(),
        sha256: receipt.digest.map(|digest| digest.to_string()),
        url: receipt.url,
        sent_now: door.sent_now(&planned.key),
        proven: seen.get(&planned.key).copied().unwrap_or(Some(false)),
    }
}

/// Looks at all effects until each is seen or time is up; `None` for what cannot be looked at.
fn look<'a>(
    errand: &Errand<'_>,
    door: &Door,
    all: &[&'a Planned],
) -> BTreeMap<&'a Key, Option<bool>> {
    let mut seen = BTreeMap::new();
    for pause in PAUSES {
        errand.stop.wait(Duration::from_secs(pause));
        let survey = Survey::new(errand);
        let unseen = |planned: &&&Planned| !seen.contains_key(&planned.key);
        for planned in all.iter().filter(unseen).collect::<Vec<_>>() {
            match survey.probe(&planned.effect) {
                Ok(Presence::Same) => _ = seen.insert(&planned.key, Some(true)),
                Ok(Presence::Unknowable) => _ = seen.insert(&planned.key, None),
                Ok(Presence::Other(_)) => _ = seen.insert(&planned.key, Some(false)),
                // Nobody sent it: waiting will not bring it.
                Ok(Presence::Absent | Presence::Stands(_)) | Err(_)
                    if !door.is_settled(&planned.key) =>
                {
                    _ = seen.insert(&planned.key, Some(false))
                }
                Ok(Presence::Absent | Presence::Stands(_)) | Err(_) => {}
            }
        }
        if seen.len() == all.len() || errand.stop.fired() {
            break;
        }
    }
    seen
}
