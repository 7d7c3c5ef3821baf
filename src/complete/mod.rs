//! Completion: what a word of the command line may be, given the words before it. Pure.
//!
//! Tasks with their parameters are read by the grammar that a run reads them by (`goals`); commands
//! and options come as a [`Surface`]. `line` knows how shells write words.
//! Turned down: `clap_complete`, for which a task and its parameters are any words.

pub mod line;
mod read;

pub use read::{Asked, read};

use crate::goals;
use crate::model::task::{Param, Task, Value};

/// What a word, or the value of an option, may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Anything, or nothing.
    Unknown,
    /// A folder.
    Folder,
    /// A file.
    File,
    /// One of these.
    OneOf(Vec<String>),
    /// Tasks with their parameters.
    Goals,
    /// A task that asks before it sends.
    Asking,
    /// What can be shown: a task, a table, a module.
    Subject,
    /// What there is help for: a task or a command.
    Topic,
    /// A builtin, or a function of the standard library.
    Language,
}

/// An option.
#[derive(Debug, Clone)]
pub struct Flag {
    /// How it is written, dashes included; the long form first.
    pub names: Vec<String>,
    /// What it does.
    pub doc: String,
    /// What its value may be, if it takes one.
    pub value: Option<Expect>,
    /// Its value, which may be left out, follows on `=` only.
    pub attached: bool,
}

/// A command.
#[derive(Debug, Clone)]
pub struct Command {
    /// Its name.
    pub name: String,
    /// What it does.
    pub doc: String,
    /// Its options, with those that every command has.
    pub flags: Vec<Flag>,
    /// What its words may be; one word, unless they are goals.
    pub word: Expect,
}

/// All commands with their options.
#[derive(Debug, Clone)]
pub struct Surface {
    /// The commands; one of them is `run`, which may be left out.
    pub commands: Vec<Command>,
}

/// What is known of the project.
#[derive(Debug, Default)]
pub struct Known<'a> {
    /// Its tasks; none if its Releasefile is broken.
    pub tasks: &'a [Task],
    /// What else can be shown.
    pub subjects: Vec<&'a str>,
    /// What there is to say something about in the language.
    pub language: Vec<String>,
}

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word.
    pub text: String,
    /// What it is, in one line.
    pub doc: String,
    /// More of the same word follows.
    pub open: bool,
}

impl Candidate {
    fn new(text: impl Into<String>, doc: impl Into<String>) -> Self {
        Self { text: text.into(), doc: doc.into(), open: false }
    }

    /// The same word behind `head`.
    fn behind(self, head: &str) -> Self {
        Self { text: format!("{head}{}", self.text), ..self }
    }
}

/// What a shell should offer.
#[derive(Debug, PartialEq, Eq)]
pub enum Offer {
    /// These words.
    Words(Vec<Candidate>),
    /// Folders, which the shell knows better.
    Folders,
    /// Files.
    Files,
}

/// What may stand where the cursor is. `current` is the word there, as far as it is typed.
pub fn offer(asked: &Asked<'_>, current: &str, surface: &Surface, known: &Known<'_>) -> Offer {
    let of = |expect: &Expect, head: &str| match expect {
        Expect::Folder => Offer::Folders,
        Expect::File => Offer::Files,
        expect => {
            let values = simple(expect, surface, known).into_iter();
            Offer::Words(matching(values.map(|value| value.behind(head)), current))
        }
    };
    match asked {
        Asked::Nothing => of(&Expect::Unknown, ""),
        Asked::Value(expect) => of(expect, ""),
        Asked::Word { command, words, .. } if !current.starts_with('-') => {
            match command.map_or(&Expect::Goals, |command| &command.word) {
                Expect::Goals => Offer::Words(goals_of(*command, words, current, surface, known)),
                _ if !words.is_empty() => of(&Expect::Unknown, ""),
                expect => of(expect, ""),
            }
        }
        Asked::Word { command, used, .. } => {
            let run = || surface.commands.iter().find(|known| known.name == "run");
            let Some(command) = command.or_else(run) else { return of(&Expect::Unknown, "") };
            let Some((name, _)) = current.split_once('=') else {
                return Offer::Words(matching(flags(command, used, surface, known), current));
            };
            let value = command.flag(name).and_then(|flag| flag.value.as_ref());
            of(value.unwrap_or(&Expect::Unknown), &format!("{name}="))
        }
    }
}

/// Candidates for a word among tasks and their parameters.
fn goals_of(
    command: Option<&Command>,
    words: &[String],
    current: &str,
    surface: &Surface,
    known: &Known<'_>,
) -> Vec<Candidate> {
    let next = goals::next(words, known.tasks);
    if let Some((name, _)) = current.split_once('=') {
        let plain = name.replace('-', "_");
        let param = next.named.iter().find(|param| param.name == plain);
        let values = param.into_iter().flat_map(|param| by_name(param, name));
        return matching(values, current);
    }
    let mut found: Vec<Candidate> = next.value_of.into_iter().flat_map(values).collect();
    found.extend(next.named.iter().map(|param| setter(param)));
    let begun = !current.is_empty();
    let tasks = |hidden: bool| {
        let tasks = known.tasks.iter().filter(move |task| task.hidden == hidden);
        let all = tasks.flat_map(move |task| if begun { called(task) } else { vec![whole(task)] });
        all.filter(|candidate| next.begins(&candidate.text))
    };
    found.extend(tasks(false));
    if command.is_none() && words.is_empty() {
        found.extend(commands(surface));
    }
    let found = matching(found, current);
    // A hidden task shows itself only to who knows its name.
    if found.is_empty() && begun { matching(tasks(true), current) } else { found }
}

/// Candidates that need no reading of goals.
fn simple(expect: &Expect, surface: &Surface, known: &Known<'_>) -> Vec<Candidate> {
    let shown = || known.tasks.iter().filter(|task| !task.hidden).map(whole);
    match expect {
        Expect::OneOf(values) => values.iter().map(|value| Candidate::new(value, "")).collect(),
        Expect::Asking => {
            let asking = known.tasks.iter().filter(|task| task.confirm.is_some());
            asking
                .map(|task| Candidate::new(&task.name, task.confirm.clone().unwrap_or_default()))
                .collect()
        }
        Expect::Subject => {
            let others = known.subjects.iter().map(|name| Candidate::new(*name, ""));
            shown().chain(others).collect()
        }
        Expect::Topic => shown().chain(commands(surface)).collect(),
        Expect::Language => known.language.iter().map(|name| Candidate::new(name, "")).collect(),
        Expect::Unknown | Expect::Folder | Expect::File | Expect::Goals => Vec::new(),
    }
}

/// Options of the command that are not given yet.
fn flags(
    command: &Command,
    used: &[String],
    surface: &Surface,
    known: &Known<'_>,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    let is_used = |flag: &Flag| !flag.attached && flag.names.iter().any(|name| used.contains(name));
    for flag in command.flags.iter().filter(|flag| !is_used(flag)) {
        let Some(name) = flag.names.first() else { continue };
        found.push(Candidate::new(name, &flag.doc));
        if let Some(expect) = flag.value.as_ref().filter(|_| flag.attached) {
            let values = simple(expect, surface, known).into_iter();
            found.extend(values.map(|value| value.behind(&format!("{name}="))));
        }
    }
    found
}

fn commands(surface: &Surface) -> impl Iterator<Item = Candidate> + '_ {
    surface.commands.iter().map(|command| Candidate::new(&command.name, &command.doc))
}

fn whole(task: &Task) -> Candidate {
    Candidate::new(&task.name, task.doc.clone().unwrap_or_default())
}

/// Every name that a task and its instances are called by.
fn called(task: &Task) -> Vec<Candidate> {
    let names = || std::iter::once(&task.name).chain(task.aliases.iter().map(|alias| &alias.text));
    let mut all: Vec<String> = names().cloned().collect();
    for name in names().filter(|_| !task.matrix.is_empty()) {
        let mut instances = vec![format!("{name}:")];
        for (place, values) in task.matrix.values().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let longer = |name: &String| {
                values.iter().map(|value| format!("{name}{comma}{value}")).collect::<Vec<_>>()
            };
            instances = instances.iter().flat_map(longer).collect();
        }
        all.extend(instances);
    }
    all.into_iter().map(|name| Candidate { text: name, ..whole(task) }).collect()
}

/// The values of a parameter, as far as they can be told.
fn values(param: &Param) -> Vec<Candidate> {
    let values = match &param.default {
        _ if !param.choices.is_empty() => param.choices.clone(),
        Some(Value::Bool(_)) => vec!["true".into(), "false".into()],
        _ => Vec::new(),
    };
    let default = param.default.as_ref().map(ToString::to_string);
    let doc = |value: &String| {
        let is_default = default.as_ref() == Some(value);
        format!("{}{}", param.name, if is_default { " (default)" } else { "" })
    };
    values.iter().map(|value| Candidate::new(value, doc(value))).collect()
}

/// The same as `name=value`, with the default where no values can be told.
fn by_name(param: &Param, name: &str) -> Vec<Candidate> {
    let mut values = values(param);
    if let (true, Some(default)) = (values.is_empty(), &param.default) {
        values.push(Candidate::new(default.to_string(), "default"));
    }
    values.into_iter().map(|value| value.behind(&format!("{name}="))).collect()
}

/// `name=`, of which the value follows.
fn setter(param: &Param) -> Candidate {
    let doc = match &param.default {
        _ if !param.choices.is_empty() => format!("one of {}", param.choices.join(", ")),
        Some(default) => format!("parameter (default {default})"),
        None => "parameter, must be given".into(),
    };
    Candidate { text: format!("{}=", param.name), doc, open: true }
}

/// Those that begin with what is typed. What holds control characters cannot be typed.
fn matching(found: impl IntoIterator<Item = Candidate>, current: &str) -> Vec<Candidate> {
    let mut seen = std::collections::BTreeSet::new();
    found
        .into_iter()
        .filter(|candidate| {
            candidate.text.starts_with(current)
                && !candidate.text.is_empty()
                && !candidate.text.contains(char::is_control)
                && seen.insert(candidate.text.clone())
        })
        .map(|candidate| Candidate {
            doc: candidate.doc.replace(char::is_control, " "),
            ..candidate
        })
        .collect()
}

#[cfg(test)]
mod tests;
