//! What whoever starts a pipeline by hand is asked for: the inputs of the file.
//!
//! They are the parameters of tasks, a box without which nothing is sent, and which workflow it is if several
//! are started so. All but the box are texts, since they become variables; a truth has two choices, a number
//! has a pattern. GitLab puts values into the file before it reads the jobs: they stand in variables whose `$`
//! mean nothing, and in no script. Turned down: prefilled variables, which new projects of GitLab refuse.
//! From GitLab's page "CI/CD inputs".

use crate::ci::triggers::{LIVE, asked, variable};
use crate::ci::yaml::{Yaml, map, texts};
use crate::diag::Diagnostic;
use crate::model::task::{Declared, Param, Value};
use crate::model::workflow::Workflow;

/// The input that names the workflow.
pub(super) const WORKFLOW: &str = "workflow";
/// What that holds unless somebody chooses.
const NONE: &str = "none";

/// What GitLab replaces by an input's value.
pub(super) fn value(name: &str) -> String {
    format!("$[[ inputs.{name} ]]")
}

fn by_hand<'a>(workflows: &[&'a Workflow]) -> Vec<&'a Workflow> {
    workflows.iter().copied().filter(|workflow| workflow.on.dispatch.is_some()).collect()
}

/// Whether several workflows are started by hand, of which one has to be chosen.
pub(super) fn are_chosen(workflows: &[&Workflow]) -> bool {
    by_hand(workflows).len() > 1
}

/// Whether one of them sends only if a box is ticked.
fn asks_live(workflows: &[&Workflow]) -> bool {
    let mut all = by_hand(workflows).into_iter();
    all.any(|workflow| workflow.on.dispatch.as_ref().is_some_and(|dispatch| dispatch.live))
}

/// The parameters that are asked for, each with the workflow that asks.
fn params<'a>(
    declared: &'a Declared,
    workflows: &[&'a Workflow],
) -> Vec<(&'a Workflow, &'a Param)> {
    let of = |workflow: &'a Workflow| {
        let all = asked(workflow, &declared.tasks);
        all.into_iter().flat_map(|asked| asked.params).map(move |param| (workflow, param))
    };
    by_hand(workflows).into_iter().flat_map(of).collect()
}

/// The header of the file; `None` if nothing is asked for.
pub(super) fn spec(declared: &Declared, workflows: &[&Workflow]) -> Option<Yaml> {
    let mut inputs: Vec<(String, Yaml)> = Vec::new();
    if are_chosen(workflows) {
        let names = by_hand(workflows).into_iter().map(|workflow| workflow.name.clone());
        let names: Vec<String> = std::iter::once(NONE.to_owned()).chain(names).collect();
        let choice = map([
            ("description", "What to start".into()),
            ("options", texts(&names)),
            ("default", NONE.into()),
        ]);
        inputs.push((WORKFLOW.into(), choice));
    }
    for (_, param) in params(declared, workflows) {
        if inputs.iter().all(|(name, _)| *name != param.name) {
            inputs.push((param.name.clone(), input(param)));
        }
    }
    if asks_live(workflows) {
        let live = map([
            ("description", "Send for real".into()),
            ("type", "boolean".into()),
            ("default", Yaml::Truth(false)),
        ]);
        inputs.push((LIVE.into(), live));
    }
    (!inputs.is_empty()).then(|| map([("inputs", Yaml::Map(inputs))]))
}

fn input(param: &Param) -> Yaml {
    let mut entries: Vec<(String, Yaml)> = vec![("type".into(), "string".into())];
    let truths = ["true".to_owned(), "false".to_owned()];
    match &param.default {
        _ if !param.choices.is_empty() => entries.push(("options".into(), texts(&param.choices))),
        Some(Value::Bool(_)) => entries.push(("options".into(), texts(&truths))),
        Some(Value::Int(_)) => entries.push(("regex".into(), "^-?[0-9]+$".into())),
        _ => {}
    }
    entries.extend(param.default.as_ref().map(|default| {
        let default = Yaml::Text(default.to_string());
        ("default".to_owned(), default)
    }));
    Yaml::Map(entries)
}

/// The variables of a workflow's parameters.
pub(super) fn variables<'a>(params: impl IntoIterator<Item = &'a Param>) -> Vec<(String, Yaml)> {
    let one = |param: &Param| {
        let text = map([("value", value(&param.name).into()), ("expand", Yaml::Truth(false))]);
        (variable(param), text)
    };
    params.into_iter().map(one).collect()
}

/// What is wrong with inputs that all workflows of the file share.
pub(super) fn problems(declared: &Declared, workflows: &[&Workflow]) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    let all = params(declared, workflows);
    for (at, (workflow, param)) in all.iter().enumerate() {
        let mut say = |message: String, hint: &str| {
            wrong.push(Diagnostic::usage(message).at(&workflow.site).hint(hint));
        };
        let name = &param.name;
        let taken = (name == LIVE && asks_live(workflows))
            || (name == WORKFLOW && are_chosen(workflows))
            || all[..at].iter().any(|(other, known)| {
                known.name == *name && other.name != workflow.name && input(known) != input(param)
            });
        if taken {
            say(
                format!("two inputs of {} would be called `{name}`", super::FILE),
                "give the parameter another name: on GitLab all workflows are one file",
            );
        }
        let alone = workflows.iter().find(|other| other.on.without_inputs());
        if let (None, Some(other)) = (&param.default, alone) {
            say(
                format!(
                    "GitLab would ask each pipeline for `{name}`, and nobody gives it to `{}`",
                    other.name
                ),
                "give the parameter a default: on GitLab all workflows are one file",
            );
        }
    }
    wrong
}
