//! What a plan keeps of the moment in which it was made, and what came between it and a later run.
//!
//! A plan is refused if somebody else released meanwhile: the same version or a newer one is on the
//! index now, was not then, and neither this plan nor the ledger of its release knows of it. A remote
//! that was not asked then says nothing now. What the plan would delete has to be what it saw, too.

use std::collections::BTreeSet;

use super::look::Look;
use crate::diag::Diagnostic;
use crate::guard::Findings;
use crate::ledger::Ledger;
use crate::model::effect::{Effect, Presence};
use crate::plan::{Guarded, Plan, Planned, Seen};

/// Writes down what guards and remotes said.
pub(super) fn note(plan: &mut Plan, findings: &Findings, look: &Look) {
    let guard = |asked: &crate::guard::Asked| Guarded {
        guard: asked.name.to_owned(),
        found: asked.found.clone(),
        only_warns: asked.only_warns,
    };
    plan.guards = findings.guards.iter().map(guard).collect();
    let rows = look.rows.iter().zip(&look.ahead);
    let seen = rows.map(|(row, ahead)| {
        let ahead = ahead.iter().map(|listed| listed.version.clone()).collect();
        (row.key.clone(), Seen { presence: row.presence.clone(), ahead })
    });
    plan.seen = seen.collect();
}

/// Why `plan` may not be applied any more, by what a `look` shows now.
pub(super) fn overtaken(plan: &Plan, look: &Look, ledger: &Ledger) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    let mut wrong = Vec::new();
    for planned in &plan.effects {
        let project = match &planned.effect {
            Effect::UploadPypi(upload) => &upload.project,
            Effect::PublishCrate(publish) => &publish.name,
            effect if effect.removes() => {
                wrong.extend(other_standing(plan, planned, look));
                continue;
            }
            _ => continue,
        };
        let at = look.rows.iter().position(|row| row.key == planned.key);
        let Some(ahead) = at.and_then(|at| look.ahead.get(at)) else { continue };
        let place = planned.effect.destination().to_string();
        let came = plan.overtaken(planned, ahead, |endpoint, listed| {
            ledger.sent(endpoint, &listed.file, listed.sha256.as_deref())
        });
        for version in came {
            if told.insert((place.clone(), project.clone(), version.clone())) {
                let message = format!("the plan is stale: {place} now has {project} {version}");
                let one = Diagnostic::refused(message).note(
                    "it was not there when the plan was made, and this release did not send it",
                );
                wrong.push(one.hint(
                    "look at what it is; then make the plan anew with `rel run … -o plan.json`",
                ));
            }
        }
    }
    wrong
}

/// What would be deleted now, and was not there when the plan was made; where nobody had looked, nothing
/// is known.
fn other_standing(plan: &Plan, planned: &Planned, look: &Look) -> Option<Diagnostic> {
    let seen = plan.seen.get(&planned.key)?.presence.as_ref()?;
    let row = look.rows.iter().find(|row| row.key == planned.key)?;
    let Some(Presence::Stands(what)) = row.presence.as_ref().filter(|now| *now != seen) else {
        return None;
    };
    let wrong = Diagnostic::refused(format!("the plan is stale: it would delete {what} by now"));
    let wrong = wrong.note("that was not there when the plan was made");
    Some(wrong.hint("look at what it is; then make the plan anew with `rel run … -o plan.json`"))
}
