//! Goals: the words of a command line, read as tasks with their parameters.
//!
//! A task takes as many following words as it has positional parameters; the next word is the
//! next task; `name=value` sets a parameter by name; after `--` comes the rest. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diag::{Diagnostic, Outcome, Site, Source, nearest};
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
        Self { source: Arc::new(Source::new("command line", text)), starts }
    }

    fn at(&self, word: usize) -> Site {
        let column = self.starts.get(word).copied().unwrap_or(1);
        Site { source: self.source.clone(), line: 1, column }
    }
}

/// Reads `words` as goals; `rest` are the words after `--`. `commands` are rel's own, which an
/// unknown first word may have been meant as.
///
/// # Errors
/// An unknown task or parameter, a value of the wrong type, a parameter that is missing.
pub fn parse(
    words: &[String],
    rest: &[String],
    tasks: &[Task],
    commands: &[&str],
) -> Outcome<Vec<Goal>> {
    let line = Line::new(words);
    let mut reader = Reader::new(tasks);
    for (at, word) in words.iter().enumerate() {
        reader.take(at, word).map_err(|wrong| match wrong {
            Wrong::Unknown => {
                let commands = if at == 0 { commands } else { &[] };
                Box::new(unknown(word, tasks, commands).at(&line.at(at)))
            }
            Wrong::Value(wrong) => Box::new(wrong.at(&line.at(at))),
        })?;
    }
    let mut goals = reader.goals;
    give_rest(&mut goals, rest, tasks)?;
    for (started, goal) in &goals {
        missing(&tasks[goal.task], goal).map_err(|wrong| wrong.at(&line.at(*started)))?;
    }
    Ok(goals.into_iter().map(|(_, goal)| goal).collect())
}

/// Makes sure that a word names a task, whatever values that may need.
///
/// # Errors
/// It is none.
pub fn named(word: &str, tasks: &[Task]) -> Result<(), Diagnostic> {
    find(word, tasks).map(|_| ()).ok_or_else(|| unknown(word, tasks, &[]))
}

/// What a word may be, after the words so far.
#[derive(Debug)]
pub struct Next<'a> {
    /// The parameter that the word is a value of.
    pub value_of: Option<&'a Param>,
    /// Parameters that it may set by name.
    pub named: Vec<&'a Param>,
}

impl Next<'_> {
    /// Whether `task`, which is one, would begin a task, and not be taken for a value.
    pub fn begins(&self, task: &str) -> bool {
        let fits = |param: &Param| param.default.is_none() || typed(param, task).is_ok();
        !self.value_of.is_some_and(fits)
    }
}

/// What may come after `words`. A word that fits nowhere is passed over.
pub fn next<'a>(words: &[String], tasks: &'a [Task]) -> Next<'a> {
    let mut reader = Reader::new(tasks);
    for (at, word) in words.iter().enumerate() {
        let _ = reader.take(at, word);
    }
    let Some((_, goal)) = reader.goals.last() else {
        return Next { value_of: None, named: Vec::new() };
    };
    let named: Vec<&Param> = open_params(&tasks[goal.task], goal).collect();
    Next { value_of: named.first().copied(), named }
}

/// Reads one word after the other.
struct Reader<'a> {
    tasks: &'a [Task],
    /// Each with the place of its first word.
    goals: Vec<(usize, Goal)>,
}

/// Why a word cannot be read.
enum Wrong {
    /// It is no task where one should begin.
    Unknown,
    /// It is no value of its parameter, or sets none.
    Value(Diagnostic),
}

impl<'a> Reader<'a> {
    fn new(tasks: &'a [Task]) -> Self {
        Self { tasks, goals: Vec::new() }
    }

    fn take(&mut self, at: usize, word: &str) -> Result<(), Wrong> {
        if let Some((_, goal)) = self.goals.last_mut() {
            let task = &self.tasks[goal.task];
            let given = match word.split_once('=').filter(|(name, _)| is_name(name)) {
                Some((name, text)) => Some((named_param(task, name).map_err(Wrong::Value)?, text)),
                None => open_params(task, goal).next().map(|param| (param, word)),
            };
            // A word that is no value of a parameter with a default may be the next task.
            let given = given.filter(|(param, text)| {
                let fits = param.default.is_none() || typed(param, text).is_ok();
                fits || *text != word || find(word, self.tasks).is_none()
            });
            if let Some((param, text)) = given {
                let value = typed(param, text).map_err(Wrong::Value)?;
                goal.values.insert(param.name.clone(), value);
                return Ok(());
            }
        }
        let (task, instance) = find(word, self.tasks).ok_or(Wrong::Unknown)?;
        self.goals.push((at, Goal { instance, ..Goal::plain(task) }));
        Ok(())
    }
}

/// Parameters without a value so far, in the order of the command line.
fn open_params<'a>(task: &'a Task, goal: &Goal) -> impl Iterator<Item = &'a Param> {
    task.params.iter().filter(|param| !goal.values.contains_key(&param.name))
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

fn unknown(word: &str, tasks: &[Task], commands: &[&str]) -> Diagnostic {
    let wrong = Diagnostic::usage(format!("unknown task `{word}`"));
    let names = || tasks.iter().filter(|task| !task.hidden).map(|task| task.name.as_str());
    match nearest(word, names().chain(commands.iter().copied())) {
        Some(near) if names().all(|name| name != near) => {
            wrong.hint(format!("did you mean the command `{near}`?"))
        }
        _ => wrong.suggest(word, names()),
    }
}

fn named_param<'a>(task: &'a Task, name: &str) -> Result<&'a Param, Diagnostic> {
    let plain = name.replace('-', "_");
    task.params.iter().find(|param| param.name == plain).ok_or_else(|| {
        let names = task.params.iter().map(|param| param.name.as_str());
        let wrong = Diagnostic::usage(format!("task `{}` has no parameter `{name}`", task.name));
        wrong.suggest(name, names)
    })
}

/// A parameter's value from its text.
///
/// # Errors
/// It is none of its choices, or of another type.
pub fn typed(param: &Param, text: &str) -> Result<Value, Diagnostic> {
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
