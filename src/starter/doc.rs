//! A TOML file of the project, asked by path: what is missing or of another type is not there.
//!
//! No check of what the file means: that is the build back end's work, and `rel check` runs it.

use std::sync::Arc;

use toml::{Table, Value};

use super::Tree;
use crate::diag::{Diagnostic, Outcome, Site, Source};

/// A parsed file; empty if there is none.
#[derive(Default)]
pub(super) struct Doc {
    table: Table,
}

impl Doc {
    /// Parses the file of this name.
    ///
    /// # Errors
    /// It is no TOML.
    pub(super) fn parse(tree: &Tree, name: &str) -> Outcome<Self> {
        let text = tree.text(name).unwrap_or_default();
        match text.parse() {
            Ok(table) => Ok(Self { table }),
            Err(error) => Err(Box::new(broken(name, text, &error))),
        }
    }

    fn get(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.table.get(*first)?, |value, key| value.get(key))
    }

    pub(super) fn has(&self, path: &[&str]) -> bool {
        self.get(path).is_some()
    }

    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        self.get(path)?.as_str()
    }

    pub(super) fn truth(&self, path: &[&str]) -> Option<bool> {
        self.get(path)?.as_bool()
    }

    pub(super) fn table(&self, path: &[&str]) -> Option<&Table> {
        self.get(path)?.as_table()
    }

    /// The texts of an array; what is no text in it does not count.
    pub(super) fn texts(&self, path: &[&str]) -> Vec<&str> {
        self.array(path).unwrap_or_default().iter().filter_map(Value::as_str).collect()
    }

    pub(super) fn array(&self, path: &[&str]) -> Option<&[Value]> {
        self.get(path)?.as_array().map(Vec::as_slice)
    }

    /// The keys of a table.
    pub(super) fn keys(&self, path: &[&str]) -> Vec<&str> {
        self.table(path).map(|table| table.keys().map(String::as_str).collect()).unwrap_or_default()
    }
}

fn broken(name: &str, text: &str, error: &toml::de::Error) -> Diagnostic {
    let wrong = Diagnostic::usage(format!("{name} is no TOML: {}", first_line(error.message())))
        .hint("mend it and run `rel init` again: nothing was written");
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return wrong;
    };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(1, |rest| rest.chars().count() + 1);
    let source = Arc::new(Source::new(name, text));
    wrong.at(&Site { source, line, column })
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}
