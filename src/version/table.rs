//! TOML with the place of each value in the text, so that a version can be changed without writing the file
//! anew.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::number::Form;
use super::place::Place;
use crate::diag::{Diagnostic, Outcome};

/// A value with its place.
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// A file.
pub(super) struct Toml<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) root: DeTable<'a>,
}

impl<'a> Toml<'a> {
    /// Reads a file's text.
    ///
    /// # Errors
    /// It is no TOML.
    pub(super) fn parse(file: &'a str, text: &'a str) -> Outcome<Self> {
        let root = DeTable::parse(text).map_err(|error| {
            let wrong = Diagnostic::usage(format!("cannot read {file}: {}", error.message()));
            Box::new(wrong.hint("mend the file; it must be TOML"))
        })?;
        Ok(Self { file, text, root: root.into_inner() })
    }

    /// The value at a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Value<'a>> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.root.get(*first)?, |value, key| get(value, key))
    }

    /// The text at a path of keys.
    pub(super) fn string(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.get_ref().as_str()
    }

    /// The place of a text in the file; `None` for what is no text, or is written with escapes.
    pub(super) fn place(&self, value: &Value<'_>, form: Form) -> Option<Place> {
        self.part(value, value.get_ref().as_str()?, form)
    }

    /// The place of a part of a text in the file.
    pub(super) fn part(&self, value: &Value<'_>, part: &str, form: Form) -> Option<Place> {
        let span = value.span();
        let start = span.start + self.text.get(span)?.find(part).filter(|_| !part.is_empty())?;
        Some(Place::new(self.file, self.text, start..start + part.len(), form))
    }

    /// The place of the text at a path of keys.
    pub(super) fn place_at(&self, path: &[&str], form: Form) -> Option<Place> {
        self.place(self.at(path)?, form)
    }
}

/// A key of a table.
pub(super) fn get<'v, 'a>(value: &'v Value<'a>, key: &str) -> Option<&'v Value<'a>> {
    value.get_ref().as_table()?.get(key)
}

/// The text of a key.
pub(super) fn text<'v>(value: &'v Value<'_>, key: &str) -> Option<&'v str> {
    get(value, key)?.get_ref().as_str()
}

/// The entries of a table, in the order of their names.
pub(super) fn entries<'v, 'a>(
    value: Option<&'v Value<'a>>,
) -> impl Iterator<Item = (&'v str, &'v Value<'a>)> {
    let table = value.and_then(|value| value.get_ref().as_table());
    table.into_iter().flatten().map(|(key, value)| (Cow::as_ref(key.get_ref()), value))
}

/// The values of an array; a value that is none stands for itself.
pub(super) fn items<'v, 'a>(value: Option<&'v Value<'a>>) -> Vec<&'v Value<'a>> {
    match value.map(|value| (value, value.get_ref().as_array())) {
        Some((_, Some(array))) => array.iter().collect(),
        Some((value, None)) => vec![value],
        None => Vec::new(),
    }
}

/// The texts among the values of an array.
pub(super) fn texts(value: Option<&Value<'_>>) -> Vec<String> {
    items(value).into_iter().filter_map(|item| item.get_ref().as_str()).map(str::to_owned).collect()
}
