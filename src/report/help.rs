//! The help of a task: how to call it, and what it does where.

use std::fmt::Write as _;

use super::list::what;
use crate::diag::Word;
use crate::graph::Kind;
use crate::model::task::{Param, Task, Trigger, Value};

/// All that a user of the task needs to know.
pub fn task(task: &Task, kind: Kind) -> String {
    let mut text = String::new();
    if let Some(doc) = &task.doc {
        let _ = writeln!(text, "{doc}\n");
    }
    let _ = writeln!(text, "Usage: {}", usage(task));
    if !task.params.is_empty() || task.rest.is_some() {
        text += "\nParameters:\n";
    }
    let names = task.params.iter().map(|param| &param.name).chain(&task.rest);
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
    for param in &task.params {
        let _ = writeln!(text, "  {:width$}  {}", param.name, values(param));
    }
    if let Some(rest) = &task.rest {
        let _ = writeln!(text, "  {rest:width$}  the words after `--`");
    }
    text.push('\n');
    for (name, value) in facts(task, kind) {
        let _ = writeln!(text, "{:10} {value}", format!("{name}:"));
    }
    let (example, rest) = example(task);
    let _ = writeln!(text, "{:10} {example}{rest}", "Example:");
    if kind != Kind::Local {
        let _ = writeln!(text, "{:10} {example} --live{rest}", "");
    }
    text
}

fn usage(task: &Task) -> String {
    let mut text = format!("rel {}", task.name);
    for param in &task.params {
        let name = param.name.to_uppercase();
        let _ = match param.default {
            Some(_) => write!(text, " [{name}]"),
            None => write!(text, " {name}"),
        };
    }
    if task.rest.is_some() {
        text += " [-- WORDS…]";
    }
    text
}

/// What a parameter may be.
fn values(param: &Param) -> String {
    let kind = match &param.default {
        _ if !param.choices.is_empty() => param.choices.join(", "),
        Some(Value::Bool(_)) => "true or false".into(),
        Some(Value::Int(_)) => "a whole number".into(),
        Some(Value::Text(_)) | None => "text".into(),
    };
    match &param.default {
        None => format!("{kind}, must be given"),
        Some(default) => format!("{kind} [default: {default}]"),
    }
}

/// Rows of what is declared about a task.
fn facts(task: &Task, kind: Kind) -> Vec<(&'static str, String)> {
    let axis = |(name, values): (&String, &Vec<String>)| format!("{name}: {}", values.join(", "));
    let on = task.on.as_ref().map(|(trigger, _)| match trigger {
        Trigger::Failure => "something that it needs is not done",
        Trigger::Always => "the run has ended, however it did",
    });
    let when = task.when.as_ref().map(|(_, site)| format!("the function at {site} says so"));
    let names =
        |words: &[Word]| words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(", ");
    let question = task
        .confirm
        .as_ref()
        .map(|question| format!("{question} (answered beforehand with `--yes={}`)", task.name));
    let edits =
        if task.edits.is_some() { "files, commits or tags, in a clone of HEAD" } else { "" };
    let empty = task.steps.is_empty() && kind == Kind::Local;
    let rows = [
        ("Does", if empty { "only what it needs".into() } else { what(task, kind) }),
        ("When", on.map(str::to_owned).into_iter().chain(when).collect::<Vec<_>>().join("; ")),
        ("Also", names(&task.aliases)),
        ("Needs", names(&task.needs)),
        ("Matrix", task.matrix.iter().map(axis).collect::<Vec<_>>().join("; ")),
        ("Edits", edits.to_owned()),
        ("Asks", question.unwrap_or_default()),
        ("Secrets", task.secrets.join(", ")),
        ("Declared", task.site.to_string()),
    ];
    rows.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// A command line that calls the task with values other than the defaults, and its words after `--`.
fn example(task: &Task) -> (String, &'static str) {
    let mut text = format!("rel {}", task.name);
    let first: Vec<&str> =
        task.matrix.values().filter_map(|values| values.first().map(String::as_str)).collect();
    if !first.is_empty() {
        let _ = write!(text, ":{}", first.join(","));
    }
    // Until one is left out, a value needs no name.
    let mut in_place = true;
    for param in &task.params {
        let value = match (&param.default, param.choices.last()) {
            (_, Some(choice)) => shell_words::quote(choice).into_owned(),
            (None, _) => param.name.to_uppercase(),
            (Some(Value::Bool(value)), _) => (!value).to_string(),
            (Some(_), _) => {
                in_place = false;
                continue;
            }
        };
        let is_flag = matches!(param.default, Some(Value::Bool(_)));
        let name = if in_place && !is_flag { String::new() } else { format!("{}=", param.name) };
        in_place &= !is_flag;
        let _ = write!(text, " {name}{value}");
    }
    (text, if task.rest.is_some() { " -- WORDS" } else { "" })
}
