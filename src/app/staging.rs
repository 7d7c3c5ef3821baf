//! Runs with tasks that edit: the stage they work in is made before the first task, kept when the gate
//! opens, and shown or brought home at the end.
//!
//! Which stage it is follows from what is known of the commit: once edits are sealed, the commits and tags
//! that they made are the release, and no other run may make them again.

use std::path::Path;

use crate::cli::RunOptions;
use crate::diag::{Diagnostic, Outcome};
use crate::graph::{Graph, Kind, Node};
use crate::host::{Host, fs};
use crate::ledger::{self, State};
use crate::model::effect::Release;
use crate::model::event::{Event, Events};
use crate::model::task::Task;
use crate::repo::Repo;
use crate::seal::Seal;
use crate::stage::{From, Stage};

/// What a run is about to do, as far as a stage depends on it.
pub(super) struct Wanted<'a> {
    pub(super) host: &'a Host,
    pub(super) events: &'a Events,
    pub(super) options: &'a RunOptions,
    pub(super) tasks: &'a [Task],
    pub(super) graph: &'a Graph,
    pub(super) repo: &'a Repo<'a>,
    pub(super) state: &'a Path,
}

/// The stage of a run, if one of its tasks edits.
///
/// # Errors
/// It cannot edit as it says, or the stage cannot be made.
pub(super) fn begin(wanted: &Wanted<'_>) -> Result<Option<Stage>, Vec<Diagnostic>> {
    let of = |node: &Node| &wanted.tasks[wanted.graph.instance(*node).task];
    let editing: Vec<Node> = wanted.graph.order().filter(|node| of(node).edits.is_some()).collect();
    if editing.is_empty() {
        return Ok(None);
    }
    let late = editing.iter().filter(|node| wanted.graph.kind(**node) != Kind::Local);
    let late: Vec<Diagnostic> = late.map(|node| too_late(of(node))).collect();
    if !late.is_empty() {
        return Err(late);
    }
    stage(wanted, &editing).map(Some).map_err(|wrong| vec![*wrong])
}

fn stage(wanted: &Wanted<'_>, editing: &[Node]) -> Outcome<Stage> {
    let from = From { host: wanted.host, repo: wanted.repo, state: wanted.state };
    let changes = wanted.repo.changes(None).unwrap_or_default();
    let sealed = match wanted.repo.release() {
        Some(release) => is_sealed(wanted, &release, editing)?,
        None => false,
    };
    // What a plan for later would push has to be there then.
    let planned = wanted.options.plan_file.is_some();
    let stage = if wanted.options.live {
        Stage::of_release(&from, sealed || planned)?
    } else if planned {
        Stage::of_release(&from, sealed)?
    } else {
        Stage::of_trial(&from, sealed && changes.is_empty())?
    };
    if let Some(wrong) = left_out(&changes) {
        wanted.events.emit(Event::Warning { diagnostic: Box::new(wrong) });
    }
    if fs::exists(&stage.root().join(".gitmodules")) {
        let wrong = Diagnostic::usage("submodules are empty in the stage that this run works in");
        let wrong = wrong.hint("fill them in the task that edits: `git submodule update --init`");
        wanted.events.emit(Event::Warning { diagnostic: Box::new(wrong) });
    }
    wanted.events.note(format!("tasks work in a stage: {}", stage.root().display()));
    Ok(stage)
}

/// Whether what tasks edited was let through a gate, so that it may not be made anew.
fn is_sealed(wanted: &Wanted<'_>, release: &Release, editing: &[Node]) -> Outcome<bool> {
    let Some(seal) = Seal::load(&wanted.state.join("seal"), release)? else { return Ok(false) };
    let of_seal = |node: &Node| seal.tasks.contains_key(&wanted.graph.instance(*node).id);
    // What other tasks edited for this commit must not be lost either.
    let edited = editing.iter().any(of_seal) || Stage::is_released(wanted.state, &release.commit);
    let anew = wanted.options.rebuild && !is_touched(wanted.state, release);
    Ok(edited && !anew)
}

/// Whether anything of a release may have been sent; what cannot be read counts as sent.
fn is_touched(state: &Path, release: &Release) -> bool {
    let path = state.join("ledger").join(format!("{}.jsonl", release.commit));
    if !fs::exists(&path) {
        return false;
    }
    let text = fs::read_text(&path).unwrap_or_else(|_| "unreadable\n".into());
    ledger::replay(text.as_bytes())
        .map_or(true, |known| known.states.values().any(|one| !matches!(one, State::Refused(_))))
}

fn too_late(task: &Task) -> Diagnostic {
    let wrong = Diagnostic::usage(format!("task `{}` edits after something was sent", task.name));
    let wrong = wrong.hint("let it need nothing that sends: what was sent cannot change any more");
    match &task.edits {
        Some(site) => wrong.at(site),
        None => wrong,
    }
}

/// Most changes that are named.
pub(super) const MOST: usize = 8;

fn left_out(changes: &[String]) -> Option<Diagnostic> {
    let count = changes.len();
    if count == 0 {
        return None;
    }
    let mut wrong = Diagnostic::usage("changes that are not committed do not come along");
    wrong.notes.extend(changes.iter().take(MOST).cloned());
    if count > MOST {
        wrong = wrong.note(format!("… {} more", count - MOST));
    }
    Some(wrong.hint("commit them: this run works in a clone of HEAD"))
}
