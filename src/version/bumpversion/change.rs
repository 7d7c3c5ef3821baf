//! What a table of bump-my-version makes of its files: each search, in order, on what the one before has left.
//!
//! A search that finds nothing ends it all, before anything is written. Line ends stay as they are: a file
//! with CRLF throughout is searched as Python reads it, with LF.

use std::collections::BTreeMap;

use regex::{Captures, Regex};

use super::super::files::{Changed, Files};
use super::super::number::Form;
use super::super::place::{self, Place};
use super::super::table::Toml;
use super::format::Values;
use super::part::Version;
use super::{Manner, SEARCH, Table, Target};
use crate::diag::{Diagnostic, Outcome};

/// Where a version is to go.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum To<'a> {
    /// A step of one part.
    Part(&'a str),
    /// This very version.
    Exactly(&'a str),
}

/// A change from one version to another.
struct Change<'a> {
    table: &'a Table,
    from: Version,
    to: Version,
    values: Values,
}

impl Table {
    /// The version that it says.
    pub(in super::super) fn current(&self) -> &str {
        &self.current
    }

    /// The version that comes next.
    ///
    /// # Errors
    /// There is none, or the table cannot write it.
    pub(in super::super) fn next(&self, to: To<'_>, now: u64) -> Outcome<String> {
        let change = self.change(to, now)?;
        let text = self.scheme.written(&change.to, &self.manner.serialize, &change.values)?;
        match to {
            To::Exactly(asked) if asked != text => {
                let wrong = Diagnostic::task(format!(
                    "`parse` and `serialize` of the table of bumpversion make `{text}` of `{asked}`"
                ));
                Err(Box::new(wrong.hint("give a version that they can write, or change them")))
            }
            _ => Ok(text),
        }
    }

    fn change(&self, to: To<'_>, now: u64) -> Outcome<Change<'_>> {
        let from = self.scheme.read(&self.current)?;
        let to = match to {
            To::Part(name) => self.scheme.step(&from, name)?,
            To::Exactly(text) => self.scheme.read(text)?,
        };
        let of = |which: &str, version: &Version| -> Vec<(String, String)> {
            version.iter().map(|(part, value)| (format!("{which}_{part}"), value.clone())).collect()
        };
        let signs = ["#", ";"].map(|sign| (sign.to_owned(), sign.to_owned()));
        let texts = of("current", &from).into_iter().chain(of("new", &to)).chain(signs).collect();
        Ok(Change { table: self, from, to, values: Values { texts, now } })
    }

    /// The texts of the files after the change.
    ///
    /// # Errors
    /// A file or a text in it is missing.
    pub(in super::super) fn changed(
        &self,
        files: &dyn Files,
        to: To<'_>,
        now: u64,
    ) -> Outcome<BTreeMap<String, String>> {
        if let Some(hooks) = self.hooks {
            let wrong = Diagnostic::usage(format!(
                "`{hooks}` of the table of bumpversion are commands, and rel does not run them"
            ));
            return Err(Box::new(wrong.hint("write them in the task, before or after `version::bump`, and take them out of the table")));
        }
        let mut change = self.change(to, now)?;
        let mut changed = Changed { base: files, texts: BTreeMap::new() };
        for target in self.targets.iter().filter(|target| target.is_for(to)) {
            if let Some(text) = change.of_target(&changed, target)? {
                changed.texts.insert(target.file.clone(), text);
            }
        }
        change.own(&mut changed)?;
        Ok(changed.texts)
    }

    /// The places that its files have now. What only some steps change may say any older version.
    ///
    /// # Errors
    /// A file or a text in it is missing.
    pub(in super::super) fn places(&self, files: &dyn Files) -> Outcome<Vec<Place>> {
        let mut places: Vec<Place> = self.place.iter().cloned().collect();
        let mut change = self.change(To::Exactly(&self.current), 0)?;
        for target in self.targets.iter().filter(|target| target.is_for_all()) {
            let mut names = super::format::names(&target.manner.search)?;
            names.retain(|name| name == "current_version");
            if !names.is_empty() {
                places.extend(change.places_of(files, target)?);
            }
        }
        Ok(places)
    }
}

impl Target {
    /// Whether no step leaves it alone.
    fn is_for_all(&self) -> bool {
        self.include.is_none() && self.exclude.is_empty()
    }

    fn is_for(&self, to: To<'_>) -> bool {
        let To::Part(part) = to else { return true };
        let named = |list: &[String]| list.iter().any(|name| name == part);
        self.include.as_ref().is_none_or(|include| named(include)) && !named(&self.exclude)
    }
}

impl Change<'_> {
    /// Writes both versions as a file has them.
    fn dress(&mut self, manner: &Manner) -> Outcome<()> {
        for (name, version) in [("current_version", &self.from), ("new_version", &self.to)] {
            let text = self.table.scheme.written(version, &manner.serialize, &self.values)?;
            self.values.texts.insert(name.to_owned(), text);
        }
        Ok(())
    }

    /// What is searched: the expression, and the text that a person would look for.
    fn search(&self, manner: &Manner) -> Outcome<(Regex, String)> {
        let raw = self.values.fill(&manner.search, str::to_owned)?;
        let pattern = if manner.regex {
            self.values.fill(&manner.search, regex::escape)?
        } else {
            regex::escape(&raw)
        };
        Ok((place::expression(&pattern, &raw)?, raw))
    }

    /// A file's text after the change; `None` if it stays out.
    fn of_target(&mut self, files: &dyn Files, target: &Target) -> Outcome<Option<String>> {
        let Some(text) = files.text(&target.file) else {
            return missing_file(target);
        };
        let is_crlf =
            text.contains('\n') && text.matches('\n').count() == text.matches("\r\n").count();
        let text = if is_crlf { text.replace("\r\n", "\n") } else { text };
        let Some(new) = self.replaced(&text, &target.manner)? else {
            return self.missing_text(target);
        };
        Ok(Some(if is_crlf { new.replace('\n', "\r\n") } else { new }))
    }

    /// A text with each finding replaced; `None` if there is none.
    fn replaced(&mut self, text: &str, manner: &Manner) -> Outcome<Option<String>> {
        self.dress(manner)?;
        let (search, _) = self.search(manner)?;
        let original = &self.table.current;
        let is_there =
            search.is_match(text) || (manner.search == SEARCH && text.contains(original));
        if !is_there || text.is_empty() {
            return Ok(None);
        }
        let replace = Replacement::read(&self.values.fill(&manner.replace, str::to_owned)?)?;
        let new = search.replace_all(text, |found: &Captures<'_>| replace.with(found)).into_owned();
        if new != text {
            return Ok(Some(new));
        }
        // The version may be written in the files as it stands in the table, and not as it would be now.
        let written = self.values.texts.insert("current_version".into(), original.clone());
        let (search, _) = self.search(manner)?;
        self.values.texts.insert("current_version".into(), written.unwrap_or_default());
        Ok(Some(search.replace_all(text, |found: &Captures<'_>| replace.with(found)).into_owned()))
    }

    fn missing_text(&self, target: &Target) -> Outcome<Option<String>> {
        if target.manner.ignore_missing_version {
            return Ok(None);
        }
        Err(place::missing(&target.file, &self.search(&target.manner)?.1))
    }

    /// The version in the table itself, and `project.version` beside it.
    fn own(&mut self, changed: &mut Changed<'_>) -> Outcome<()> {
        for path in [&["tool", "bumpversion", "current_version"][..], &["project", "version"]] {
            let file = &self.table.file;
            if path.len() == 2 && !file.ends_with("pyproject.toml") {
                continue;
            }
            let text = changed.text(file).unwrap_or_default();
            let toml = Toml::parse(file, &text)?;
            let Some(at) = toml.place_at(path, Form::Pep440) else { continue };
            let new = self.replaced(&at.text, &self.table.manner)?;
            // A search for more than the version does not find it here: without this it would stay behind.
            let new = new.unwrap_or_else(|| self.values.texts["new_version"].clone());
            let mut text = text.clone();
            text.replace_range(at.at, &new);
            changed.texts.insert(file.clone(), text);
        }
        Ok(())
    }

    /// Where a file has what would be replaced.
    fn places_of(&mut self, files: &dyn Files, target: &Target) -> Outcome<Vec<Place>> {
        let Some(text) = files.text(&target.file) else {
            return missing_file(target).map(|_| Vec::new());
        };
        self.dress(&target.manner)?;
        let (search, _) = self.search(&target.manner)?;
        let current = self.values.texts["current_version"].clone();
        let text = text.replace("\r\n", "\n");
        let place = |range: std::ops::Range<usize>, version: &str| {
            let start = range.start + text[range].find(version)?;
            Some(Place::new(&target.file, &text, start..start + version.len(), Form::Pep440))
        };
        let found = search.find_iter(&text).filter_map(|found| place(found.range(), &current));
        let mut places: Vec<Place> = found.collect();
        if places.is_empty() && target.manner.search == SEARCH {
            places.extend(place(0..text.len(), &self.table.current));
        }
        if places.is_empty() {
            self.missing_text(target)?;
        }
        Ok(places)
    }
}

fn missing_file(target: &Target) -> Outcome<Option<String>> {
    if target.manner.ignore_missing_file {
        return Ok(None);
    }
    Err(place::no_file(&target.file, &target.manner.search))
}

/// What findings are replaced with, as Python's `re.sub` reads it.
struct Replacement(Vec<Bit>);

enum Bit {
    Text(char),
    Group(String),
}

impl Replacement {
    fn read(text: &str) -> Outcome<Self> {
        let mut bits = Vec::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            if c != '\\' {
                bits.push(Bit::Text(c));
                continue;
            }
            let bit = match rest.next() {
                Some('n') => Bit::Text('\n'),
                Some('t') => Bit::Text('\t'),
                Some('\\') => Bit::Text('\\'),
                Some('g') => {
                    let tail = rest.as_str();
                    let named = tail.strip_prefix('<').and_then(|tail| tail.split_once('>'));
                    let (name, after) = named.ok_or_else(|| unreadable(text))?;
                    rest = after.chars();
                    Bit::Group(name.to_owned())
                }
                Some(c) if c.is_ascii_digit() && c != '0' => Bit::Group(c.to_string()),
                _ => return Err(unreadable(text)),
            };
            bits.push(bit);
        }
        Ok(Self(bits))
    }

    fn with(&self, found: &Captures<'_>) -> String {
        let group = |name: &String| match name.parse::<usize>() {
            Ok(number) => found.get(number),
            Err(_) => found.name(name),
        };
        let text = |bit: &Bit| match bit {
            Bit::Text(c) => c.to_string(),
            Bit::Group(name) => group(name).map_or("", |found| found.as_str()).to_owned(),
        };
        self.0.iter().map(text).collect()
    }
}

fn unreadable(text: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::usage(format!("`{text}` replaces with something that rel cannot read"));
    Box::new(wrong.hint("write `\\\\` for a backslash, `\\n`, `\\t`, `\\1` or `\\g<name>`"))
}
