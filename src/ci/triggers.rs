//! What starts a workflow, and what whoever starts it is asked for.
//!
//! Inputs are the parameters of the tasks that it runs; a step gets them in variables, never within its
//! script. From GitHub's pages "Events that trigger workflows" and "Workflow syntax", `on`.

use std::collections::BTreeMap;

use super::yaml::{Yaml, map, texts};
use crate::diag::Diagnostic;
use crate::goals::typed;
use crate::model::task::{Param, Task, Value};
use crate::model::workflow::{Triggers, Workflow};

/// The input by which a person lets a workflow send.
pub(super) const LIVE: &str = "live";

/// A goal of the workflow: its words, and the parameters that a run is given.
pub(super) struct Asked<'a> {
    pub(super) word: &'a str,
    pub(super) params: &'a [Param],
}

/// The goals of a workflow with what they are asked for.
pub(super) fn asked<'a>(workflow: &'a Workflow, tasks: &'a [Task]) -> Vec<Asked<'a>> {
    let of = |word: &'a str| {
        let task = tasks.iter().find(|task| task.is_called(word));
        Asked { word, params: task.map_or(&[], |task| &task.params) }
    };
    let has_inputs = workflow.on.dispatch.is_some() || workflow.on.call;
    let plain = |asked: Asked<'a>| if has_inputs { asked } else { Asked { params: &[], ..asked } };
    workflow.run.iter().map(|word| plain(of(&word.text))).collect()
}

/// The inputs that a person gives a workflow by words, as `name=value`.
///
/// # Errors
/// It is not started by hand, or does not take these.
pub fn inputs(
    workflow: &Workflow,
    tasks: &[Task],
    words: &[String],
) -> Result<BTreeMap<String, String>, Diagnostic> {
    let name = &workflow.name;
    let Some(dispatch) = &workflow.on.dispatch else {
        let wrong = Diagnostic::usage(format!("nobody starts CI workflow `{name}` by hand"));
        let hint = "let a person start it: .on(#{ dispatch: true }), and generate its file again";
        return Err(wrong.at(&workflow.site).hint(hint));
    };
    let goals = asked(workflow, tasks);
    let mut params: Vec<Param> = goals.iter().flat_map(|goal| goal.params.to_vec()).collect();
    params.extend(dispatch.live.then(|| Param {
        name: LIVE.into(),
        default: Some(Value::Bool(false)),
        choices: Vec::new(),
    }));
    let mut given = BTreeMap::new();
    for word in words {
        let (key, text) = word.split_once('=').ok_or_else(|| {
            Diagnostic::usage(format!("`{word}` is no input of a workflow"))
                .hint("write it as `name=value`")
        })?;
        let Some(param) = params.iter().find(|param| param.name == key) else {
            let wrong = Diagnostic::usage(format!("CI workflow `{name}` has no input `{key}`"));
            return Err(wrong.suggest(key, params.iter().map(|param| param.name.as_str())));
        };
        given.insert(key.to_owned(), typed(param, text)?.to_string());
    }
    let lacks = |param: &&Param| param.default.is_none() && !given.contains_key(&param.name);
    match params.iter().find(lacks) {
        None => Ok(given),
        Some(Param { name: key, .. }) => {
            let wrong = Diagnostic::usage(format!("CI workflow `{name}` needs an input `{key}`"));
            Err(wrong.hint(format!("write `rel ci dispatch {name} {key}=VALUE`")))
        }
    }
}

/// What is wrong with the parameters of goals, given what starts the workflow.
pub(super) fn problems(workflow: &Workflow, tasks: &[Task]) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    let mut seen: Vec<&str> = vec![];
    let live = workflow.on.dispatch.as_ref().is_some_and(|dispatch| dispatch.live);
    for word in &workflow.run {
        let Some(task) = tasks.iter().find(|task| task.is_called(&word.text)) else { continue };
        for param in &task.params {
            let mut say = |message: String, hint: &str| {
                wrong.push(Diagnostic::usage(message).at(&word.site).hint(hint));
            };
            let name = &param.name;
            if param.default.is_none() && workflow.on.without_inputs() {
                say(
                    format!(
                        "nobody gives `{}` its parameter `{name}` when a push starts this",
                        task.name
                    ),
                    "give the parameter a default, or let only `dispatch` and `call` start it",
                );
            } else if param.default.is_none() && workflow.on.is_empty() {
                say(
                    format!("nobody gives `{}` its parameter `{name}`", task.name),
                    "start it by hand: .on(#{ dispatch: true })",
                );
            }
            if seen.contains(&name.as_str()) || (live && name == LIVE) {
                say(
                    format!("two inputs of this workflow would be called `{name}`"),
                    "give the parameter another name",
                );
            }
            seen.push(name);
        }
    }
    wrong
}

/// The variable that holds an input.
pub(super) fn variable(param: &Param) -> String {
    format!("INPUT_{}", param.name.to_ascii_uppercase())
}

/// The expression of an input's value, whatever started the workflow: without one it is the default.
pub(super) fn expression(param: &Param, on: &Triggers) -> String {
    let name = &param.name;
    match &param.default {
        Some(_) if !on.without_inputs() => format!("${{{{ inputs.{name} }}}}"),
        Some(Value::Bool(true)) => format!("${{{{ toJSON(inputs.{name}) != 'false' }}}}"),
        Some(default) => {
            let quoted = default.to_string().replace('\'', "''");
            format!("${{{{ inputs.{name} || '{quoted}' }}}}")
        }
        None => format!("${{{{ inputs.{name} }}}}"),
    }
}

/// The value of `on`.
pub(super) fn on(workflow: &Workflow, asked: &[Asked<'_>]) -> Yaml {
    let on = &workflow.on;
    let mut events: Vec<(String, Yaml)> = Vec::new();
    let mut add = |name: &str, value: Yaml| events.push((name.to_owned(), value));
    let filled = |list: &[(&str, &Vec<String>)]| {
        let some = list.iter().filter(|(_, values)| !values.is_empty());
        Yaml::Map(some.map(|(key, values)| ((*key).to_owned(), texts(*values))).collect())
    };
    if !on.push.is_empty() || !on.tags.is_empty() {
        add("push", filled(&[("branches", &on.push), ("tags", &on.tags)]));
    }
    if let Some(branches) = &on.pull_request {
        let all = branches.is_empty();
        add("pull_request", if all { Yaml::Empty } else { filled(&[("branches", branches)]) });
    }
    if !on.release.is_empty() {
        add("release", filled(&[("types", &on.release)]));
    }
    if !on.schedule.is_empty() {
        let time = |time: &String| map([("cron", time.as_str().into())]);
        add("schedule", Yaml::List(on.schedule.iter().map(time).collect()));
    }
    let params = || asked.iter().flat_map(|asked| asked.params);
    if let Some(dispatch) = &on.dispatch {
        let mut inputs: Vec<(String, Yaml)> =
            params().map(|param| (param.name.clone(), input(param, true))).collect();
        if dispatch.live {
            let live = map([
                ("description", "Send for real".into()),
                ("type", "boolean".into()),
                ("default", Yaml::Truth(false)),
            ]);
            inputs.push((LIVE.into(), live));
        }
        add("workflow_dispatch", with_inputs(inputs));
    }
    if on.call {
        let inputs = params().map(|param| (param.name.clone(), input(param, false))).collect();
        add("workflow_call", with_inputs(inputs));
    }
    Yaml::Map(events)
}

fn with_inputs(inputs: Vec<(String, Yaml)>) -> Yaml {
    if inputs.is_empty() { Yaml::Empty } else { map([("inputs", Yaml::Map(inputs))]) }
}

/// An input; only a person is offered choices.
fn input(param: &Param, by_hand: bool) -> Yaml {
    let kind = match &param.default {
        _ if by_hand && !param.choices.is_empty() => "choice",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Int(_)) => "number",
        _ => "string",
    };
    let mut entries: Vec<(String, Yaml)> = vec![("type".into(), kind.into())];
    if kind == "choice" {
        entries.push(("options".into(), texts(&param.choices)));
    }
    let default = match &param.default {
        None => ("required", Yaml::Truth(true)),
        Some(Value::Bool(truth)) => ("default", Yaml::Truth(*truth)),
        Some(Value::Int(number)) => match u64::try_from(*number) {
            Ok(number) => ("default", Yaml::Number(number)),
            Err(_) => ("default", number.to_string().into()),
        },
        Some(Value::Text(text)) => ("default", text.as_str().into()),
    };
    entries.push((default.0.into(), default.1));
    Yaml::Map(entries)
}
