//! A task while it is being declared: options in any order, checked together at the end.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Site};
use crate::model::command::{Fill, How, Template, braced_names};
use crate::model::task::{BodyId, Destination, Index, Step, Task};
use crate::model::workflow::Runner;

/// A step that may still wait for the names of parameters.
pub(crate) enum DraftStep {
    /// A command line with the fills of its `{}` holes.
    Command { how: How, line: String, fills: Vec<Fill>, site: Site },
    /// A closure.
    Body(BodyId, Site),
}

/// A task with its steps not parsed yet.
pub(crate) struct Draft {
    pub(crate) task: Task,
    pub(crate) steps: Vec<DraftStep>,
}

impl Draft {
    /// Options that contradict each other, or could never take hold.
    fn task_problems(&self) -> Vec<Diagnostic> {
        let task = &self.task;
        let mut wrong = Vec::new();
        let mut say = |message: String, hint: &str| {
            wrong.push(Diagnostic::usage(message).at(&task.site).hint(hint))
        };
        if task.confirm.is_some() && task.effects.is_empty() {
            say(
                format!("task `{}` asks before it sends, and sends nothing", task.name),
                "take `.confirm` away, or add `.effects(…)`",
            );
        }
        if task.on.is_some() {
            if task.confirm.is_some() {
                say(
                    format!("task `{}` follows a run, when nobody is asked", task.name),
                    "take `.confirm` away",
                );
            }
            if task.effects.iter().any(|(destination, _)| *destination != Destination::Notify) {
                say(
                    format!("task `{}` follows a run, and may only notify", task.name),
                    "take `.on` away and let it need what it follows, or declare `.effects(\"notify\")` and nothing else",
                );
            }
            if task.needs.is_empty() {
                say(
                    format!("task `{}` follows nothing", task.name),
                    "name what it follows: .needs(\"publish\").on(\"failure\")",
                );
            }
            if task.params.iter().any(|param| param.default.is_none()) {
                say(
                    format!("task `{}` follows a run, where nobody gives it parameters", task.name),
                    "give each parameter a default: .param(\"name\", \"…\")",
                );
            }
        }
        if task.edits.is_some() && !task.effects.is_empty() {
            say(
                format!("task `{}` edits and sends", task.name),
                "split it: what edits runs for real in a dry run, what sends is only described",
            );
        }
        if task.edits.is_some() && task.on.is_some() {
            say(
                format!("task `{}` follows a run, and cannot edit", task.name),
                "take `.on` away, or `.edits`",
            );
        }
        let bodies = task.steps.iter().any(|step| matches!(step, Step::Body(..)));
        if !task.effects.is_empty() && !bodies {
            let hint = "send within a body: .run(|t| pypi::publish(…)) or .run(|t| remote(\"…\"))";
            say(format!("task `{}` has effects and no body that sends", task.name), hint);
        }
        wrong
    }

    /// A map of machines whose keys are not the values of one axis.
    fn runner_problem(&self) -> Option<Diagnostic> {
        let Some(Runner::Of(labels, site)) = &self.task.runner else { return None };
        let known = || self.task.matrix.values().flatten().map(String::as_str);
        let strange = labels.iter().find(|(value, _)| known().all(|known| known != value))?;
        let message = format!("no axis of task `{}` has the value `{}`", self.task.name, strange.0);
        let wrong = Diagnostic::usage(message).at(site);
        Some(match known().next() {
            Some(_) => wrong.suggest(&strange.0, known()),
            None => wrong.hint("give one machine: .runner(\"ubuntu-24.04\")"),
        })
    }

    /// The finished task, with all that is wrong with it.
    pub(crate) fn finish(
        mut self,
        indexes: &BTreeMap<String, (Index, Site)>,
    ) -> (Task, Vec<Diagnostic>) {
        let names = self.task.names();
        let mut wrong = Vec::new();
        for step in std::mem::take(&mut self.steps) {
            match step {
                DraftStep::Body(body, site) => self.task.steps.push(Step::Body(body, site)),
                DraftStep::Command { how, line, fills, site } => {
                    match command(how, &line, &fills, &names) {
                        Ok(template) => self.task.steps.push(Step::Command(template, site)),
                        Err(found) => wrong.push(found.at(&site)),
                    }
                }
            }
        }
        for (destination, site) in &self.task.effects {
            if let Destination::Index(name) = destination
                && !indexes.contains_key(name)
            {
                let message = format!("there is no index `{name}`");
                let found = Diagnostic::usage(message)
                    .at(site)
                    .suggest(name, indexes.keys().map(String::as_str));
                wrong.push(found.hint(format!(
                    "declare it: index(\"{name}\", #{{ upload: \"…\", simple: \"…\" }})"
                )));
            }
        }
        wrong.extend(self.task_problems());
        wrong.extend(self.runner_problem());
        if let (Some(glob), false) = (self.task.outputs.first(), self.task.matrix.is_empty()) {
            let message = "instances of a matrix would write their outputs over each other";
            let found = Diagnostic::usage(message).at(&glob.site);
            wrong.push(found.hint("write into `t.out`, which each instance has for itself"));
        }
        (self.task, wrong)
    }
}

fn command(how: How, line: &str, fills: &[Fill], names: &[String]) -> Result<Template, Diagnostic> {
    for (_, name) in braced_names(line) {
        if !names.iter().any(|known| known == name)
            && let Some(near) = crate::diag::nearest(name, names.iter().map(String::as_str))
        {
            let wrong = Diagnostic::usage(format!("`{{{name}}}` is no parameter of this task"));
            return Err(wrong.hint(format!("did you mean `{{{near}}}`?")).hint(
                "text in braces that is meant as it stands goes through a hole: .sh(\"… {} …\", \"{…}\")",
            ));
        }
    }
    let template =
        Template::parse(how, line, !fills.is_empty(), names).map_err(Diagnostic::from)?;
    template.filled_in_advance(fills).map_err(Diagnostic::from)
}
