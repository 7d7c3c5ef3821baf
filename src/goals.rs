//! Goals: the words of a command line, read as tasks with their parameters.
//!
//! A task takes as many following words as it has positional parameters; the next word is the
//! next task; `name=value` sets a parameter by name; after `--` comes the rest. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::{Diagnostic, Outcome, Site, Source};
use crate::model::task::{Param, Task, Value};

/// A task that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// Index of the task.
    pub task: usize,
    /// One instance of it, by its whole name; `None` for all.
    pub instance: Option<String>,
    /// Parameters that were given.
    pub values: BTreeMap<String, Value>,
    /// The words after `--`.
    pub rest: Vec<String>,
}

impl Goal {
    /// The task with all parameters at their defaults.
    pub fn plain(task: usize) -> Self {
        Self { task, instance: None, values: BTreeMap::new(), rest: Vec::new() }
    }
}

/// The words of a command line, so that diagnostics can point into them.
struct Line {
    source: Arc<Source>,
    starts: Vec<usize>,
}

impl Line {
    fn new(words: &[String]) -> Self {
        let mut text = String::from("rel run");
        let mut starts = Vec::new();
        for word in words {
            text.push(' ');
            starts.push(text.chars().count() + 1);
            let plain = !word.contains(|c: char| c.is_whitespace() || matches!(c, '\'' | '"'));
            text.push_str(&if plain {
                word.clone()
            } else {
                shell_words::quote(word).replace('\n', " ")
            });
        }
        Self { source: Arc::new(Source { name: "command line".into(), text }), starts }
    }

    fn at(&self, word: usize) -> Site {
        let column = self.starts.get(word).copied().unwrap_or(1);
        Site { source: self.source.clone(), line: 1, column }
    }
}

/// Reads `words` as goals; `rest` are the words after `--`.
///
/// # Errors
/// An unknown task or parameter, a value of the wrong type, a parameter that is missing.
pub fn parse(words: &[String], rest: &[String], tasks: &[Task]) -> Outcome<Vec<Goal>> {
    let line = Line::new(words);
    let mut goals: Vec<(usize, Goal)> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let word = &words[at];
        let (task, instance) =
            find(word, tasks).ok_or_else(|| unknown(word, tasks, &line.at(at)))?;
        let mut goal = Goal { instance, ..Goal::plain(task) };
        let started = at;
        at += 1;
        let mut positional = tasks[task].params.iter();
        while let Some(next) = words.get(at) {
            let named = next.split_once('=').filter(|(name, _)| is_name(name));
            if let Some((name, text)) = named {
                let param =
                    named_param(&tasks[task], name).map_err(|wrong| wrong.at(&line.at(at)))?;
                goal.values.insert(
                    param.name.clone(),
                    typed(param, text).map_err(|wrong| wrong.at(&line.at(at)))?,
                );
            } else if let Some(param) =
                positional.by_ref().find(|param| !goal.values.contains_key(&param.name))
            {
                if param.default.is_some()
                    && typed(param, next).is_err()
                    && find(next, tasks).is_some()
                {
                    break;
                }
                goal.values.insert(
                    param.name.clone(),
                    typed(param, next).map_err(|wrong| wrong.at(&line.at(at)))?,
                );
            } else {
                break;
            }
            at += 1;
        }
        goals.push((started, goal));
    }
    give_rest(&mut goals, rest, tasks)?;
    for (started, goal) in &goals {
        missing(&tasks[goal.task], goal).map_err(|wrong| wrong.at(&line.at(*started)))?;
    }
    Ok(goals.into_iter().map(|(_, goal)| goal).collect())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

fn find(word: &str, tasks: &[Task]) -> Option<(usize, Option<String>)> {
    if let Some(task) = tasks.iter().position(|task| task.is_called(word)) {
        return Some((task, None));
    }
    let (name, values) = word.split_once(':')?;
    let task = tasks.iter().position(|task| task.is_called(name))?;
    let values: Vec<&str> = values.split(',').collect();
    let axes: Vec<&Vec<String>> = tasks[task].matrix.values().collect();
    let fits = axes.len() == values.len()
        && axes.iter().zip(&values).all(|(axis, v)| axis.iter().any(|a| a == v));
    fits.then(|| (task, Some(format!("{}:{}", tasks[task].name, values.join(",")))))
}

fn unknown(word: &str, tasks: &[Task], site: &Site) -> Box<Diagnostic> {
    let names = tasks.iter().filter(|task| !task.hidden).map(|task| task.name.as_str());
    Box::new(Diagnostic::usage(format!("unknown task `{word}`")).at(site).suggest(word, names))
}

fn named_param<'a>(task: &'a Task, name: &str) -> Result<&'a Param, Diagnostic> {
    let plain = name.replace('-', "_");
    task.params.iter().find(|param| param.name == plain).ok_or_else(|| {
        let names = task.params.iter().map(|param| param.name.as_str());
        let wrong = Diagnostic::usage(format!("task `{}` has no parameter `{name}`", task.name));
        wrong.suggest(name, names)
    })
}

fn typed(param: &Param, text: &str) -> Result<Value, Diagnostic> {
    let name = &param.name;
    if !param.choices.is_empty() && !param.choices.iter().any(|choice| choice == text) {
        let wrong = Diagnostic::usage(format!("`{text}` is no value of parameter `{name}`"));
        return Err(wrong.suggest(text, param.choices.iter().map(String::as_str)));
    }
    match &param.default {
        Some(Value::Bool(_)) => match text {
            "true" | "yes" | "1" => Ok(Value::Bool(true)),
            "false" | "no" | "0" => Ok(Value::Bool(false)),
            _ => {
                Err(Diagnostic::usage(format!("parameter `{name}` is true or false, not `{text}`"))
                    .hint(format!("write `{name}=true`")))
            }
        },
        Some(Value::Int(_)) => text.parse().map(Value::Int).map_err(|_| {
            Diagnostic::usage(format!("parameter `{name}` is a whole number, not `{text}`"))
                .hint(format!("write `{name}=3`"))
        }),
        Some(Value::Text(_)) | None => Ok(Value::Text(text.to_owned())),
    }
}

fn give_rest(goals: &mut [(usize, Goal)], rest: &[String], tasks: &[Task]) -> Outcome<()> {
    if rest.is_empty() {
        return Ok(());
    }
    let taker = goals.iter_mut().rev().find(|(_, goal)| tasks[goal.task].rest.is_some());
    if let Some((_, goal)) = taker {
        goal.rest = rest.to_vec();
        return Ok(());
    }
    let wrong = Diagnostic::usage("none of these tasks takes words after `--`");
    Err(Box::new(wrong.hint("declare `.rest(\"args\")` on the task, and use `t.args` in its body")))
}

fn missing(task: &Task, goal: &Goal) -> Result<(), Diagnostic> {
    let missing = task
        .params
        .iter()
        .find(|param| param.default.is_none() && !goal.values.contains_key(&param.name));
    missing.map_or(Ok(()), |param| {
        let (task, name) = (&task.name, &param.name);
        Err(Diagnostic::usage(format!("task `{task}` needs a value for `{name}`"))
            .hint(format!("write `rel run {task} {name}=VALUE`")))
    })
}
