//! The one table of builtins: registration, documentation, did-you-mean and the phase guard.
//!
//! Each file holds one noun: rows of the table, and for each a short adapter from Rhai values to
//! a function of another layer. Turned down: Rhai's own metadata, which leaks Rust's types and
//! costs start-up time.

pub use command::run_command;

mod artifact;
mod call;
mod changelog;
mod chosen;
mod ci;
mod command;
mod crates;
mod data;
mod declare;
mod dist;
mod download;
pub(crate) mod draft;
mod git;
mod github;
mod given;
mod guard;
mod labels;
mod made;
mod notes;
mod notify;
mod options;
mod overlay;
mod pypi;
mod python;
mod read;
mod register;
mod remake;
mod task;
mod traced;
mod version;

use std::sync::Arc;

use rhai::Dynamic;

pub(crate) use call::Call;
pub(crate) use register::register;

use crate::diag::{Diagnostic, Outcome};

/// What a builtin belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A plain function.
    Function,
    /// A function of a module that is always there: `pypi::publish`.
    Module(&'static str),
    /// A method of a declared task.
    Task,
    /// A method of a declared CI workflow.
    Ci,
    /// A method of a body's `t`.
    View,
}

/// When a builtin may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// While the file is read.
    Declare,
    /// Within a task's body.
    Body,
    /// At any time: it only reads.
    Any,
}

/// One row of the table.
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// What it belongs to.
    pub place: Place,
    /// When it may be called.
    pub phase: Phase,
    /// How it is written.
    pub signature: &'static str,
    /// What it does, in one or two sentences.
    pub doc: &'static str,
    /// A Releasefile, or a part of one, that uses it and runs.
    pub example: &'static str,
    /// Fewest and most arguments, the thing it is a method of not counted.
    arity: (usize, usize),
    run: fn(&mut Call<'_>) -> Outcome<Dynamic>,
}

/// A row of the table.
#[expect(clippy::too_many_arguments, reason = "a row of a table, written once for each builtin")]
const fn row(
    place: Place,
    phase: Phase,
    name: &'static str,
    arity: (usize, usize),
    signature: &'static str,
    doc: &'static str,
    example: &'static str,
    run: fn(&mut Call<'_>) -> Outcome<Dynamic>,
) -> Builtin {
    Builtin { name, place, phase, signature, doc, example, arity, run }
}

impl Builtin {
    /// Its name as it is called: `pypi::publish`, `.needs`, `t.artifacts`.
    pub fn title(&self) -> String {
        match self.place {
            Place::Function => self.name.to_owned(),
            Place::Module(module) => format!("{module}::{}", self.name),
            Place::Task | Place::Ci => format!(".{}", self.name),
            Place::View => format!("t.{}", self.name),
        }
    }

    /// Fewest and most arguments, the thing it is a method of not counted.
    pub fn arity(&self) -> (usize, usize) {
        self.arity
    }

    /// Whether it may be called with so many arguments.
    pub fn takes(&self, count: usize) -> bool {
        (self.arity.0..=self.arity.1).contains(&count)
    }

    /// Whether it is called on something.
    pub fn is_method(&self) -> bool {
        matches!(self.place, Place::Task | Place::Ci | Place::View)
    }
}

/// All builtins.
pub fn all() -> impl Iterator<Item = &'static Builtin> {
    let tables = [
        task::TABLE,
        given::TABLE,
        options::TABLE,
        declare::TABLE,
        guard::TABLE,
        ci::TABLE,
        overlay::TABLE,
        command::TABLE,
        artifact::TABLE,
        read::TABLE,
        data::TABLE,
        git::TABLE,
        github::TABLE,
        changelog::TABLE,
        made::TABLE,
        pypi::TABLE,
        crates::TABLE,
        python::TABLE,
        version::TABLE,
        dist::TABLE,
        notify::TABLE,
    ];
    tables.into_iter().flatten()
}

/// Modules that are always there.
pub(crate) fn modules() -> impl Iterator<Item = &'static str> {
    let mut seen = Vec::new();
    all()
        .filter_map(|builtin| match builtin.place {
            Place::Module(module) => Some(module),
            _ => None,
        })
        .filter(move |module| {
            let new = !seen.contains(module);
            seen.push(*module);
            new
        })
}

/// The builtins of a module, if there is one of this name.
pub(crate) fn in_module(module: &str) -> Option<Vec<&'static Builtin>> {
    let found: Vec<_> = all()
        .filter(|builtin| {
            builtin.place == Place::Module(modules().find(|m| *m == module).unwrap_or(""))
        })
        .collect();
    (!found.is_empty()).then_some(found)
}

/// A function or method by name.
pub(crate) fn find(name: &str, place: Place) -> Option<&'static Builtin> {
    all().find(|builtin| builtin.name == name && builtin.place == place)
}

/// Names of the plain functions.
pub(crate) fn functions() -> impl Iterator<Item = &'static str> {
    all().filter(|builtin| builtin.place == Place::Function).map(|builtin| builtin.name)
}

/// A declared task, as scripts hold it.
#[derive(Clone)]
pub(crate) struct TaskHandle(pub(crate) usize);

/// A declared CI workflow, as scripts hold it.
#[derive(Clone)]
pub(crate) struct CiHandle(pub(crate) usize);

/// A secret, as scripts hold it: only its name.
#[derive(Clone)]
pub(crate) struct SecretHandle(pub(crate) String);

/// A diagnostic on its way through Rhai.
#[derive(Clone)]
pub(crate) struct Thrown(pub(crate) Arc<Diagnostic>);

/// A body's wish to be left out, on its way through Rhai.
#[derive(Clone)]
pub(crate) struct Skip(pub(crate) String);
