//! The parts of a version as bump-my-version knows them: numbers, or values of a list, of which one step
//! resets those that follow.
//!
//! Source: bump-my-version's documentation of `parts`, and what version 1.8.1 does; the tests let it judge.
//! Turned down: parts of calendar versions, whose value is the day of the run and not the version before.

use std::collections::BTreeMap;

use regex::Regex;

use super::super::place::unreadable;
use super::super::table::{self, Value};
use super::format::{self, Values};
use crate::diag::{Diagnostic, Outcome};

/// One part.
#[derive(Debug)]
struct Part {
    name: String,
    /// Its values in order; none for a number.
    values: Vec<String>,
    /// The value that need not be written.
    optional: String,
    /// The value after a step of one before it.
    first: String,
    independent: bool,
    depends_on: Option<String>,
}

/// How versions are read, and written again.
#[derive(Debug)]
pub(super) struct Scheme {
    pattern: Regex,
    parts: Vec<Part>,
}

/// The values of the parts, by name.
pub(super) type Version = BTreeMap<String, String>;

impl Scheme {
    /// The scheme of a `parse` expression and a table of `parts`.
    ///
    /// # Errors
    /// The expression cannot be read, or a part is of a kind that is not known here.
    pub(super) fn new(parse: &str, parts: Option<&Value<'_>>) -> Outcome<Self> {
        let pattern = regex::RegexBuilder::new(parse).ignore_whitespace(true).build();
        let pattern = pattern.map_err(|_| unreadable(parse))?;
        let of = |name: &str| Part::new(name, parts.and_then(|parts| table::get(parts, name)));
        let parts = pattern.capture_names().flatten().map(of).collect::<Outcome<Vec<Part>>>()?;
        Ok(Self { pattern, parts })
    }

    /// The names of the parts.
    pub(super) fn names(&self) -> Vec<&str> {
        self.parts.iter().map(|part| part.name.as_str()).collect()
    }

    /// The parts of a text.
    ///
    /// # Errors
    /// It is not of the form.
    pub(super) fn read(&self, text: &str) -> Outcome<Version> {
        let Some(found) = self.pattern.captures(text) else {
            let wrong = Diagnostic::task(format!(
                "`parse` of the table of bumpversion does not read `{text}`"
            ));
            return Err(Box::new(wrong.hint("give a version of that form, or change `parse`")));
        };
        let value = |part: &Part| {
            let text = found.name(&part.name).map_or("", |found| found.as_str());
            (
                part.name.clone(),
                if text.is_empty() { part.optional.clone() } else { text.to_owned() },
            )
        };
        Ok(self.parts.iter().map(value).collect())
    }

    /// The version after a step of one part.
    ///
    /// # Errors
    /// There is no such part, or it has no next value.
    pub(super) fn step(&self, version: &Version, name: &str) -> Outcome<Version> {
        let Some(part) = self.parts.iter().find(|part| part.name == name) else {
            let wrong = Diagnostic::usage(format!("the version has no part `{name}` to bump"));
            return Err(Box::new(wrong.suggest(name, self.names())));
        };
        let mut next = version.clone();
        next.insert(name.to_owned(), part.next(&version[name])?);
        for part in self.parts.iter().filter(|part| !part.independent) {
            if self.follows(&part.name, name) {
                next.insert(part.name.clone(), part.first.clone());
            }
        }
        Ok(next)
    }

    /// Whether a part is reset by a step of another, directly or not.
    fn follows(&self, part: &str, other: &str) -> bool {
        let mut found = vec![other];
        let mut at = 0;
        while let Some(name) = found.get(at).copied() {
            let direct = self.parts.iter().map(|part| part.name.as_str());
            let direct = direct.filter(|part| self.reset_with(part) == Some(name));
            let new: Vec<&str> = direct.filter(|part| !found.contains(part)).collect();
            found.extend(new);
            at += 1;
        }
        found[1..].contains(&part)
    }

    /// The part whose step resets this one: the one it depends on, else the one before it.
    fn reset_with(&self, name: &str) -> Option<&str> {
        let at = self.parts.iter().position(|part| part.name == name).filter(|at| *at > 0)?;
        if self.parts[at].independent {
            return None;
        }
        let before = self.parts[1..at].iter().rev().find(|part| !part.independent);
        let before = before.unwrap_or(&self.parts[0]);
        Some(self.parts[at].depends_on.as_deref().unwrap_or(&before.name))
    }

    /// The version's text: by the shortest of the forms that has each part which must be written.
    ///
    /// # Errors
    /// There is no such form.
    pub(super) fn written(
        &self,
        version: &Version,
        forms: &[String],
        values: &Values,
    ) -> Outcome<String> {
        let shown =
            |text: &String| text.parse::<u64>().map_or(text.clone(), |number| number.to_string());
        let mut texts = values.texts.clone();
        texts.extend(version.iter().map(|(name, text)| (name.clone(), shown(text))));
        let values = Values { texts, now: values.now };
        let must = self.parts.iter().filter(|part| version[&part.name] != part.optional);
        let must: Vec<&str> = must.map(|part| part.name.as_str()).collect();
        let mut best: Option<((bool, usize), &String)> = None;
        for form in forms {
            let names = format::names(form)?;
            if !names.iter().all(|name| values.has(name)) {
                continue;
            }
            let lacks = must.iter().any(|part| !names.iter().any(|name| name == part));
            let rank = (lacks, names.len());
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, form));
            }
        }
        let Some((_, form)) = best else {
            let wrong =
                Diagnostic::usage("no `serialize` of the table of bumpversion can be filled");
            return Err(Box::new(
                wrong.hint("write one with the parts of `parse`: \"{major}.{minor}.{patch}\""),
            ));
        };
        values.fill(form, str::to_owned)
    }
}

impl Part {
    fn new(name: &str, value: Option<&Value<'_>>) -> Outcome<Self> {
        let get = |key: &str| value.and_then(|value| table::get(value, key));
        for kind in ["calver_format", "always_increment"] {
            if get(kind).is_some() {
                let wrong =
                    Diagnostic::usage(format!("rel does not know `{kind}` of part `{name}`"));
                return Err(Box::new(
                    wrong.hint("run bump-my-version itself in a task with `.edits()`"),
                ));
            }
        }
        let text = |key: &str| get(key).map(plain).filter(|text| !text.is_empty());
        let values: Vec<String> = table::items(get("values")).into_iter().map(plain).collect();
        let begins = values.first().cloned().unwrap_or_else(|| "0".into());
        let first = text("first_value").unwrap_or(begins.clone());
        let optional = match get("optional_value").map(plain) {
            Some(optional) if !values.is_empty() || !optional.is_empty() => optional,
            _ if values.is_empty() => first.clone(),
            _ => begins,
        };
        let independent =
            get("independent").and_then(|value| value.get_ref().as_bool()).unwrap_or(false);
        let (name, depends_on) = (name.to_owned(), text("depends_on"));
        Ok(Self { name, values, optional, first, independent, depends_on })
    }

    /// The value after this one.
    fn next(&self, value: &str) -> Outcome<String> {
        let wrong = |why: &str| {
            let wrong = Diagnostic::task(format!("part `{}` is `{value}`, and {why}", self.name));
            Err(Box::new(wrong.hint("bump a part before it, or name the version itself")))
        };
        if !self.values.is_empty() {
            let at = self.values.iter().position(|known| known == value);
            let next = at.and_then(|at| self.values.get(at + 1));
            return next
                .map_or_else(|| wrong("no value comes after that"), |next| Ok(next.clone()));
        }
        let digits = |c: char| c.is_ascii_digit();
        let Some(start) = value.find(digits) else { return wrong("that is no number") };
        let end = value[start..].find(|c| !digits(c)).map_or(value.len(), |end| start + end);
        match value[start..end].parse::<u64>() {
            Ok(number) => Ok(format!("{}{}{}", &value[..start], number + 1, &value[end..])),
            Err(_) => wrong("that is too large a number"),
        }
    }
}

/// A text or number as text.
fn plain(value: &Value<'_>) -> String {
    let value = value.get_ref();
    let number = || value.as_integer().map(|number| number.as_str().to_owned());
    value.as_str().map(str::to_owned).or_else(number).unwrap_or_default()
}
