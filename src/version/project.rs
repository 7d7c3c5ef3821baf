//! All places of one project together: whether they agree, which version comes next, and the texts of the
//! files after a change.
//!
//! Where a table of bump-my-version stands, it decides how versions are read and stepped, and its searches
//! come first; what else says the version is changed after it, so that nothing is left behind.

use std::collections::BTreeMap;

use super::bumpversion::{self, Table, To};
use super::files::{Changed, Files, join};
use super::instant::Instant;
use super::number::{Form, Number, STEPS};
use super::place::{self, Place, Sought};
use super::{cargo, node, python};
use crate::diag::{Diagnostic, Outcome};

/// Most places that are told.
const MOST: usize = 20;

/// Which project is meant.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Its folder, below that of the Releasefile.
    pub folder: String,
    /// Places that no rule knows.
    pub sought: Vec<Sought>,
}

/// What is known of a project's version.
#[derive(Debug)]
pub struct Known {
    places: Vec<Place>,
    /// What only the table of bump-my-version knows.
    listed: Vec<Place>,
    table: Option<Table>,
    /// The build back end takes the version from the git tag.
    pub tagged: bool,
}

/// Looks for all places.
///
/// # Errors
/// A file is broken, or does not say what it should.
pub fn known(files: &dyn Files, asked: &Asked) -> Outcome<Known> {
    let folder = &asked.folder;
    let table = bumpversion::table(files, folder)?;
    let python = python::places(files, folder)?;
    let mut places = python.places;
    let manifest = python.manifest.unwrap_or_else(|| join(folder, "Cargo.toml"));
    places.extend(cargo::places(files, &manifest)?);
    places.extend(node::places(files, folder));
    let form = places.first().map_or(Form::Pep440, |place| place.form);
    for sought in &asked.sought {
        places.extend(sought.places(files, form)?);
    }
    let mut listed = match &table {
        Some(table) => table.places(files)?,
        None => Vec::new(),
    };
    listed
        .retain(|one| !places.iter().any(|place| place.file == one.file && place.line == one.line));
    Ok(Known { places, listed, table, tagged: python.tagged })
}

impl Known {
    /// All places, those of the project's own files first.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().chain(&self.listed)
    }

    /// The name of the tag of a version, if the table says how it is made.
    pub fn tag_of(&self, version: &str) -> Option<String> {
        let form = self.table.as_ref()?.tag.as_ref()?;
        let name = form.replace("{new_version}", version);
        Some(name).filter(|name| !name.contains('{'))
    }

    /// What is said first; `None` if no file says anything.
    fn said(&self) -> Option<&str> {
        let table = self.table.as_ref().map(Table::current);
        table.or_else(|| self.places.first().map(|place| place.text.as_str()))
    }

    /// The version; `None` if no file says one.
    ///
    /// # Errors
    /// Places that do not agree.
    pub fn version(&self) -> Outcome<Option<String>> {
        let Some(said) = self.said() else { return Ok(None) };
        let agree = |place: &Place| match Number::read(said) {
            Some(number) => place.says(&number),
            None => place.text == said,
        };
        if self.places.iter().all(agree) {
            return Ok(Some(said.to_owned()));
        }
        let mut wrong = Diagnostic::task("the places of the version do not agree");
        let all: Vec<String> = self.places().map(Place::shown).collect();
        wrong.notes.extend(all.iter().take(MOST).cloned());
        if all.len() > MOST {
            wrong = wrong.note(format!("… {} more", all.len() - MOST));
        }
        Err(Box::new(wrong.hint("mend those that are wrong, or let a task with `.edits()` write all of them: version::set(\"1.2.0\")")))
    }

    /// How the version is written when it is told.
    fn form(&self) -> Form {
        self.places.first().map_or(Form::Pep440, |place| place.form)
    }

    fn written(&self, number: &Number) -> Option<String> {
        number.written(self.form()).or_else(|| number.written(Form::SemVer))
    }

    /// The version that a word leads to from this one: a step, or the version itself.
    ///
    /// # Errors
    /// It is neither, or there is no such version.
    pub fn next(&self, current: &str, word: &str, now: u64) -> Outcome<String> {
        if let Some(text) = as_version(word) {
            let next = self.exactly(text, now)?;
            if let (Some(new), Some(old)) = (Number::read(&next), Number::read(current))
                && !new.is_after(&old)
            {
                let wrong =
                    Diagnostic::task(format!("version {next} does not come after {current}"));
                return Err(Box::new(
                    wrong.hint("name a later one, or write it all the same: `version::set`"),
                ));
            }
            return Ok(next);
        }
        if let Some(table) = &self.table {
            return table.next(To::Part(word), now);
        }
        let Some((_, step)) = STEPS.iter().find(|(name, _)| *name == word) else {
            let wrong =
                Diagnostic::usage(format!("`{word}` is neither a version nor a step to one"));
            return Err(Box::new(wrong.suggest(word, STEPS.iter().map(|(name, _)| *name))));
        };
        let number = Number::read(current).ok_or_else(|| no_version(current))?;
        let next = number.next(*step).and_then(|next| self.written(&next));
        next.ok_or_else(|| {
            let wrong = Diagnostic::task(format!("{current} is a release already"));
            Box::new(wrong.hint("step on with `patch`, `minor`, `major` or `pre`"))
        })
    }

    /// A version that is named, as it is written here.
    ///
    /// # Errors
    /// It is none.
    pub fn exactly(&self, text: &str, now: u64) -> Outcome<String> {
        let number = as_version(text).and_then(Number::read).ok_or_else(|| no_version(text))?;
        let written = self.written(&number).ok_or_else(|| no_version(text))?;
        match &self.table {
            Some(table) => {
                // The table may write it in another way, as long as it is the same version.
                let made = table.next(To::Exactly(&written), now).or_else(|wrong| {
                    let plain = as_version(text).unwrap_or(text);
                    if plain == written { Err(wrong) } else { table.next(To::Exactly(plain), now) }
                })?;
                Ok(made)
            }
            None => Ok(written),
        }
    }

    /// A development version of a commit: what comes after this version, with the time and the first four
    /// digits of the commit's name, so that it is the same in each run.
    ///
    /// # Errors
    /// This version is none.
    pub fn development(&self, current: &str, time: u64, commit: &str) -> Outcome<String> {
        let number = Number::read(current).ok_or_else(|| no_version(current))?;
        let commit = commit.get(..4).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let stamp = Instant::of(time).digits() * 100_000 + commit.unwrap_or(0);
        let only_semver =
            !self.places.is_empty() && self.places.iter().all(|place| place.form != Form::Pep440);
        let next = number.development(stamp, only_semver);
        self.written(&next).ok_or_else(|| no_version(current))
    }

    /// The texts of all files that change when the version becomes `next`; `step` is the part that led to
    /// it, if one did.
    ///
    /// # Errors
    /// A place is missing, or cannot say the version.
    pub fn changed(
        &self,
        files: &dyn Files,
        asked: &Asked,
        (next, step): (&str, Option<&str>),
        now: u64,
    ) -> Outcome<BTreeMap<String, String>> {
        let mut changed = Changed { base: files, texts: BTreeMap::new() };
        if let Some(table) = self.table.as_ref().filter(|table| table.current() != next) {
            let to = step.map_or(To::Exactly(next), To::Part);
            changed.texts = table.changed(files, to, now)?;
        }
        let number = Number::read(next).ok_or_else(|| no_version(next))?;
        let rest = place::written(&changed, &known(&changed, asked)?.places, &number)?;
        changed.texts.extend(rest);
        known(&changed, asked)?.version()?;
        Ok(changed.texts)
    }
}

/// The version in a word that names one.
fn as_version(word: &str) -> Option<&str> {
    let text = word.strip_prefix('v').unwrap_or(word);
    text.starts_with(|c: char| c.is_ascii_digit()).then_some(text)
}

fn no_version(text: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::task(format!("`{text}` is no version"));
    Box::new(wrong.hint("write one such as 1.2.0 or 1.2.0rc1 (PEP 440), or 1.2.0-rc.1 (SemVer)"))
}
