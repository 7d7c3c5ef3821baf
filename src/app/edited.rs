//! What tasks have edited in a run's stage: shown by a dry run, kept when the gate opens, brought home in
//! the end.

use std::sync::{Arc, PoisonError};

use super::session::Session;
use super::staging::MOST;
use crate::diag::{Exit, Outcome};
use crate::graph::Node;
use crate::model::effect::Effect;
use crate::model::event::Event;
use crate::plan::Plan;

impl Session {
    /// Whether the tasks of this run that edit are done by now, or were in an earlier run; so if there are
    /// none.
    pub(super) fn has_edited(&self) -> bool {
        let results = self.cx.results.lock().unwrap_or_else(PoisonError::into_inner);
        let done = |node: Node| {
            let key = (self.task(node).name.clone(), self.graph.instance(node).id.clone());
            results.contains_key(&key)
        };
        self.graph.order().all(|node| self.task(node).edits.is_none() || done(node))
    }

    /// Shows what a dry run changed in its stage.
    pub(super) fn show_edits(&self) {
        let Some(stage) = self.stage.as_ref().filter(|_| self.has_edited()) else { return };
        let edits = stage.edits(&self.host, &self.checkout);
        self.events.emit(Event::Edits { edits });
    }

    /// From now on every run of this commit goes on with what was edited here; if it is only planned, those
    /// that apply the plan.
    ///
    /// # Errors
    /// It cannot be kept.
    pub(super) fn keep_stage(&self, planned: bool) -> Outcome<()> {
        let Some(stage) = &self.stage else { return Ok(()) };
        let changed = stage.uncommitted(&self.host);
        if !changed.is_empty() {
            let (count, some) = (changed.len(), changed[..changed.len().min(MOST)].join(", "));
            let word = if count == 1 { "file" } else { "files" };
            self.events
                .note(format!("edited, not committed, so not pushed: {count} {word} ({some})"));
        }
        stage.keep(&self.host, planned)
    }

    /// Drops the stage, unless another run may need it.
    pub(super) fn leave_stage(&self) {
        if let Some(stage) = &self.stage {
            stage.end();
        }
    }
}

/// Brings what a finished release has pushed to the user's checkout.
pub(super) fn land(session: &Arc<Session>, plan: &Plan, exit: Exit) {
    let Some(stage) = session.stage.as_ref().filter(|_| exit == Exit::OK) else { return };
    let mut followed = false;
    for planned in &plan.effects {
        let Effect::PushGit(push) = &planned.effect else { continue };
        let landed = stage.land(&session.host, &session.checkout, push);
        landed.notes.iter().for_each(|note| session.events.note(note));
        session.warn(landed.left);
        followed |= landed.followed;
    }
    if followed {
        // The next run begins with another commit: nobody will ask for this stage again.
        stage.forget();
    }
}
