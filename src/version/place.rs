//! A place: one text in one file that says the version. Changing it changes these bytes and no others.
//!
//! Turned down: writing files anew from what a parser made of them (`toml_edit` keeps most of a file's
//! form, a splice all of it, and one way does for TOML, JSON, Python and anything else).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use regex::Regex;

use super::files::Files;
use super::number::{Form, Number};
use crate::diag::{Diagnostic, Outcome};

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's path below the project's folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
    pub(super) at: Range<usize>,
    pub(super) form: Form,
}

impl Place {
    /// The place of these bytes of a file's text.
    pub(super) fn new(file: &str, whole: &str, at: Range<usize>, form: Form) -> Self {
        let line = whole[..at.start].matches('\n').count() + 1;
        Self { file: file.to_owned(), line, text: whole[at.clone()].to_owned(), at, form }
    }

    /// Whether it says this version.
    pub(super) fn says(&self, number: &Number) -> bool {
        match self.form {
            Form::Short(_) => number.written(self.form).as_deref() == Some(&self.text),
            _ => Number::read(&self.text).is_some_and(|own| own.is(number)),
        }
    }

    /// `file:line: version`.
    pub(super) fn shown(&self) -> String {
        format!("{}:{}: {}", self.file, self.line, self.text)
    }
}

/// The texts of files in which places say another version, where they do not say it yet.
pub(super) fn written(
    files: &dyn Files,
    places: &[Place],
    number: &Number,
) -> Outcome<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    let mut late: Vec<&Place> = places.iter().filter(|place| !place.says(number)).collect();
    // From the end, so that earlier places stay where they are.
    late.sort_by_key(|place| (Reverse(place.at.start), &place.file));
    late.dedup_by(|one, other| one.file == other.file && one.at == other.at);
    for place in late {
        let Some(new) = number.written(place.form) else {
            let shown = number.written(Form::Pep440).or_else(|| number.written(Form::SemVer));
            let shown = shown.unwrap_or_default();
            let wrong = Diagnostic::task(format!("{} cannot say version {shown}", place.file));
            return Err(Box::new(
                wrong.hint("choose one that all places have a form for, such as 1.2.0 or 1.2.0rc1"),
            ));
        };
        let text: &mut String = texts
            .entry(place.file.clone())
            .or_insert_with(|| files.text(&place.file).unwrap_or_default());
        text.replace_range(place.at.clone(), &new);
    }
    Ok(texts)
}

/// A place that a Releasefile names: a file, and the text round the version in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// Its path below the project's folder.
    pub file: String,
    /// What stands there, with `{version}` for the version.
    pub search: String,
}

/// A version within a text.
const VERSION: &str = "([0-9](?:[0-9A-Za-z.+!_-]*[0-9A-Za-z])?)";

impl Sought {
    /// The places that it leads to.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn places(&self, files: &dyn Files, form: Form) -> Outcome<Vec<Place>> {
        let Some((before, after)) = self.search.split_once("{version}") else {
            let wrong = Diagnostic::usage(format!("`{}` has no `{{version}}`", self.search));
            return Err(Box::new(
                wrong
                    .hint("write what stands round the version, such as \"release = '{version}'\""),
            ));
        };
        let text = files.text(&self.file).ok_or_else(|| no_file(&self.file, &self.search))?;
        let pattern = format!("{}{VERSION}{}", regex::escape(before), regex::escape(after));
        let pattern = expression(&pattern, &self.search)?;
        let found = pattern.captures_iter(&text).filter_map(|found| found.get(1));
        let places: Vec<Place> =
            found.map(|found| Place::new(&self.file, &text, found.range(), form)).collect();
        if places.is_empty() { Err(missing(&self.file, &self.search)) } else { Ok(places) }
    }
}

/// A regular expression as Python's `re` reads it with MULTILINE and DOTALL.
pub(super) fn expression(pattern: &str, shown: &str) -> Outcome<Regex> {
    let built =
        regex::RegexBuilder::new(pattern).multi_line(true).dot_matches_new_line(true).build();
    built.map_err(|_| unreadable(shown))
}

pub(super) fn unreadable(pattern: &str) -> Box<Diagnostic> {
    let wrong =
        Diagnostic::usage(format!("`{pattern}` is no regular expression that rel can read"));
    Box::new(wrong.hint("write it without look-around and back references"))
}

pub(super) fn no_file(file: &str, sought: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::task(format!("there is no text file {file} to look for `{sought}` in"));
    Box::new(wrong.hint("name a file below the project's folder"))
}

/// Nothing says the version where it was looked for.
pub(super) fn missing(file: &str, sought: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::task(format!("{file} has no `{sought}`"));
    Box::new(wrong.hint("write it there, or look for what stands there"))
}
