//! The part of a bundle's plan that is applied, and what stands against that.
//!
//! Pure but for what it is told of the ledger.

use crate::cli::RunOptions;
use crate::diag::Diagnostic;
use crate::model::effect::{Effect, Key, Presence};
use crate::model::event::PlanRow;
use crate::model::task::task_of;
use crate::plan::{Plan, Planned};

/// What to do with what cannot be done from here.
const THERE: &str = "there: `rel unpack BUNDLE -o plan.json`, then `rel apply plan.json`";

/// Refuses options that are for building, which nobody does here.
///
/// # Errors
/// One of them is given.
pub(super) fn heeded(options: &RunOptions) -> Result<(), Diagnostic> {
    let given = [
        ("--strict", options.strict),
        ("--fix", options.fix),
        ("--jobs", options.jobs.is_some()),
        ("--keep-going", options.keep_going),
    ];
    let Some((name, _)) = given.into_iter().find(|(_, given)| *given) else { return Ok(()) };
    let wrong = Diagnostic::usage(format!("`{name}` does nothing where a bundle is applied"));
    Err(wrong.hint("leave it out: it is for runs of the project's tasks"))
}

/// The tasks of a plan, in the order in which they send.
pub(super) fn tasks_of(plan: &Plan) -> Vec<String> {
    let mut tasks: Vec<String> = Vec::new();
    for planned in &plan.effects {
        if !tasks.contains(&planned.task) {
            tasks.push(planned.task.clone());
        }
    }
    tasks
}

/// The part of a plan that the named tasks send; all of it if none is named.
///
/// # Errors
/// One sends nothing in it, or cannot send from here.
pub(super) fn chosen(whole: &Plan, words: &[String]) -> Result<Plan, Diagnostic> {
    let tasks = tasks_of(whole);
    for word in words {
        if tasks.iter().all(|id| id != word && task_of(id) != word) {
            let wrong = Diagnostic::usage(format!("no task `{word}` sends anything in this plan"));
            return Err(wrong.suggest(word, tasks.iter().map(|id| task_of(id))));
        }
    }
    let named =
        |id: &str| words.is_empty() || words.iter().any(|word| word == id || word == task_of(id));
    let ids = tasks.iter().map(String::as_str).filter(|id| named(id)).collect();
    let plan = whole.clone().of(&ids);
    let needs_checkout = |planned: &&Planned| matches!(planned.effect, Effect::Command(_));
    let bound = plan.effects.iter().find(needs_checkout);
    match bound {
        None => Ok(plan),
        Some(planned) => {
            let what = planned.effect.summary();
            let wrong = Diagnostic::usage(format!("this needs the project's checkout: {what}"));
            Err(wrong.hint(THERE))
        }
    }
}

/// Why a row of the look stops the run: what stands there would have to be deleted. That is asked for by what
/// tasks come after, which only a run of the project tells.
pub(super) fn deletes(row: &PlanRow) -> Option<Diagnostic> {
    let Some(Presence::Stands(what)) = &row.presence else { return None };
    let message = format!("this needs the project's checkout: {}", row.summary);
    let wrong = Diagnostic::refused(message).note(format!("it would delete {what}"));
    Some(wrong.hint(THERE))
}

/// What has to be done before, and is not: an index that a release goes to first, for example.
pub(super) fn too_early(whole: &Plan, plan: &Plan, done: impl Fn(&Key) -> bool) -> Vec<Diagnostic> {
    let chosen = tasks_of(plan);
    let lacks = |task: &String| {
        let before = whole.after.get(task).into_iter().flatten();
        let missing = before.filter(|earlier| !chosen.contains(earlier)).find(|earlier| {
            let mut effects = whole.lasting().filter(|planned| planned.task == **earlier);
            effects.any(|planned| !done(&planned.key))
        })?;
        let wrong =
            Diagnostic::refused(format!("`{task}` comes after `{missing}`, which is not done"));
        Some(wrong.hint(format!("apply `{}` first, and go on with its bundle", task_of(missing))))
    };
    chosen.iter().filter_map(lacks).collect()
}
