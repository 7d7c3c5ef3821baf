//! What a run would delete: whom it is asked, and when it would be too late.
//!
//! What may be deleted at all is `remote`'s matter.

use crate::app::session::Session;
use crate::diag::Diagnostic;
use crate::graph::{Kind, Node};
use crate::model::effect::Presence;
use crate::model::event::PlanRow;
use crate::plan::{Plan, Planned};

/// For each task that would delete something, and was not told to by name: what, in one sentence.
pub(super) fn asked(session: &Session, rows: &[PlanRow]) -> Vec<(String, String)> {
    let of = |node: Node| {
        let (id, task) = (&session.graph.instance(node).id, &session.task(node).name);
        let words = |row: &PlanRow| match &row.presence {
            Some(Presence::Stands(what)) if row.task == *id => Some(what.clone()),
            _ => None,
        };
        let stands: Vec<String> = rows.iter().filter_map(words).collect();
        let asks = !stands.is_empty() && !session.options.yes_to.contains(task);
        asks.then(|| (task.clone(), stands.join(" and ")))
    };
    session.of_kind(Kind::Sending).into_iter().filter_map(of).collect()
}

/// Why a release must not be made anew after its version was published: it could not be any more then.
pub(super) fn published_before(
    session: &Session,
    plan: &Plan,
    rows: &[PlanRow],
) -> Vec<Diagnostic> {
    let stands = |planned: &&Planned| {
        let mut rows = rows.iter().filter(|row| row.key == planned.key);
        rows.any(|row| matches!(row.presence, Some(Presence::Stands(_))))
    };
    let doomed = plan.effects.iter().filter(stands);
    let mut wrong: Vec<Diagnostic> =
        doomed.filter_map(|planned| too_late(session, plan, planned)).collect();
    // A tag and its release are late for one reason.
    wrong.dedup();
    wrong
}

fn too_late(session: &Session, plan: &Plan, planned: &Planned) -> Option<Diagnostic> {
    let node_of = |id: &str| {
        let mut all = session.graph.order();
        all.find(|node| session.graph.instance(*node).id == id)
    };
    let (remake, release) = (planned.effect.remakes()?, node_of(&planned.task)?);
    let comes_after = |node: Node| session.graph.ancestors(node).contains(&release);
    let place = |one: &Planned| plan.effects.iter().position(|other| other.key == one.key);
    // Within a task what is asked for first is done first.
    let is_later = |other: &&Planned| {
        if other.task == planned.task {
            place(other) > place(planned)
        } else {
            node_of(&other.task).is_some_and(comes_after)
        }
    };
    let mut others = plan.effects.iter().filter(|other| remake.is_published_by(&other.effect));
    let first = others.find(|other| !is_later(other))?;
    let (release, publishes) =
        (&session.task(release).name, &session.task(node_of(&first.task)?).name);
    let tag = &remake.at.tag;
    let message = format!("release {tag} may be made anew only before `{publishes}` publishes it");
    let hint = if first.task == planned.task {
        format!("ask for the release first in `{publishes}`")
    } else {
        format!("let `{publishes}` need `{release}`")
    };
    Some(Diagnostic::refused(message).note(first.effect.summary()).hint(hint))
}
