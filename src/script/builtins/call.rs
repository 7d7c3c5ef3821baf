//! One call of a builtin: where it comes from, and its arguments as typed values.
//!
//! Builtins take Rhai's dynamic values and check them here, so that a wrong type is told in the
//! words of the language, at the place of the call.

use std::sync::Arc;

use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};

use super::Builtin;
use crate::diag::{Diagnostic, Outcome, Site, Word};
use crate::door::Conduct;
use crate::model::task::Destination;
use crate::script::cx::{BodyCx, Declaring, Frame, lock};
use crate::script::words;

/// One call of a builtin.
pub(crate) struct Call<'a> {
    /// Its row.
    pub(crate) builtin: &'static Builtin,
    /// Where it is called from.
    pub(crate) frame: Frame,
    /// The place of the call.
    pub(crate) site: Site,
    /// What it is a method of.
    pub(crate) this: Dynamic,
    /// Its arguments.
    pub(crate) args: Vec<Dynamic>,
    /// Rhai's own context.
    pub(crate) rhai: &'a NativeCallContext<'a>,
    /// Set when the body wishes to be left out.
    pub(crate) skipped: Option<String>,
}

impl Call<'_> {
    /// What phase 1 collects.
    pub(crate) fn declaring(&self) -> Outcome<Arc<Declaring>> {
        match &self.frame {
            Frame::Declaring(declaring) => Ok(declaring.clone()),
            Frame::Body(_) => {
                let wrong = Diagnostic::usage(format!(
                    "`{}` declares something and cannot be used inside a task body",
                    self.builtin.name
                ));
                Err(Box::new(wrong.hint("move it to the top level of the file")))
            }
        }
    }

    /// The body that this is called in.
    pub(crate) fn body(&self) -> Outcome<Arc<BodyCx>> {
        match &self.frame {
            Frame::Body(cx) => Ok(cx.clone()),
            Frame::Declaring(_) => {
                let wrong = Diagnostic::usage(format!(
                    "`{}` acts and can only be used inside a task body",
                    self.builtin.name
                ));
                Err(Box::new(wrong.hint(
                    "write `.run(|t| { … })` round it; without the bars `|t|` it is called at once",
                )))
            }
        }
    }

    /// The body, if it may act: its results are needed, so a description cannot go on without.
    pub(crate) fn acting_body(&self) -> Outcome<Arc<BodyCx>> {
        let cx = self.body()?;
        match cx.conduct() {
            Conduct::Act => Ok(cx),
            Conduct::Describe => {
                let (name, task) = (self.builtin.name, &cx.task.name);
                let wrong = Diagnostic::usage(format!(
                    "`{name}` needs a result that a description of task `{task}` does not have"
                ));
                Err(Box::new(wrong.hint(format!(
                    "move this into a task that `{task}` needs, and take its output"
                ))))
            }
        }
    }

    /// The body, if it may act and its task says that it edits.
    pub(crate) fn editing_body(&self) -> Outcome<Arc<BodyCx>> {
        let cx = self.acting_body()?;
        if cx.task.edits.is_some() {
            return Ok(cx);
        }
        let (title, task) = (self.builtin.title(), &cx.task.name);
        let wrong = Diagnostic::usage(format!(
            "`{title}` changes files, and task `{task}` does not say so"
        ));
        Err(Box::new(wrong.hint(
            "add `.edits()` to the task: it then works in a clone of HEAD, and not in your files",
        )))
    }

    fn wrong_type(&self, at: usize, wanted: &str) -> Box<Diagnostic> {
        let given = self
            .args
            .get(at)
            .map_or_else(|| "nothing".into(), |value| words::our_type(value.type_name()));
        let wrong =
            Diagnostic::usage(format!("`{}` takes {wanted}, not {given}", self.builtin.name));
        Box::new(wrong.hint(format!("write it as `{}`", self.builtin.signature)))
    }

    /// A text argument.
    pub(crate) fn text(&self, at: usize) -> Outcome<String> {
        let value = self.args.get(at).cloned().unwrap_or_default();
        value
            .into_immutable_string()
            .map(|text| text.to_string())
            .map_err(|_| self.wrong_type(at, "text"))
    }

    /// A text argument with its place.
    pub(crate) fn word(&self, at: usize) -> Outcome<Word> {
        let text = self.text(at)?;
        let site = self.find_after(&format!("\"{text}\""));
        // A text with escapes is written otherwise than it reads; the first argument comes first.
        let site = site.or_else(|| self.find_after("\"").filter(|_| at == 0));
        Ok(Word { text, site: site.unwrap_or_else(|| self.site.clone()) })
    }

    /// A text, or an array of texts, with their places.
    pub(crate) fn words(&self, at: usize) -> Outcome<Vec<Word>> {
        let value = self.args.get(at).cloned().unwrap_or_default();
        self.words_of(&value).ok_or_else(|| self.wrong_type(at, "text or an array of texts"))
    }

    /// The same of a value; `None` if it is something else.
    pub(crate) fn words_of(&self, value: &Dynamic) -> Option<Vec<Word>> {
        let values = match value.read_lock::<Array>() {
            Some(all) => all.clone(),
            None => vec![value.clone()],
        };
        // Literals mostly stand in their order: each is looked for behind the one before.
        let mut last = self.beginning();
        let word = |value: Dynamic| {
            let text = value.into_immutable_string().ok()?.to_string();
            let needle = format!("\"{text}\"");
            let found = self.find_behind(&needle, last);
            let found = found.or_else(|| self.find_behind(&needle, self.beginning()));
            let site = found.map_or_else(|| self.site.clone(), |spot| self.at(spot));
            last = found.map_or(last, |spot| spot.behind(&needle));
            Some(Word { text, site })
        };
        values.into_iter().map(word).collect()
    }

    /// The destination that a word names.
    pub(crate) fn destination(&self, word: &Word) -> Outcome<Destination> {
        if let Some(destination) = Destination::parse(&word.text) {
            return Ok(destination);
        }
        let wrong =
            Diagnostic::usage(format!("unknown destination `{}`", word.text)).at(&word.site);
        if lock(&self.declaring()?.declared).indexes.contains_key(&word.text) {
            return Err(Box::new(wrong.hint(format!("did you mean `index:{}`?", word.text))));
        }
        Err(Box::new(wrong.suggest(&word.text, Destination::KNOWN)))
    }

    /// Texts without their places.
    pub(crate) fn texts(&self, at: usize) -> Outcome<Vec<String>> {
        Ok(self.words(at)?.into_iter().map(|word| word.text).collect())
    }

    /// A whole number that is at least 1.
    pub(crate) fn count(&self, at: usize) -> Outcome<u32> {
        let value = self.args.get(at).and_then(|value| value.as_int().ok());
        let count = value.and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0);
        count.ok_or_else(|| match value {
            None => self.wrong_type(at, "a number from 1"),
            Some(value) => {
                let wrong = Diagnostic::usage(format!(
                    "`{}` takes a number from 1, not {value}",
                    self.builtin.name
                ));
                Box::new(wrong.hint(format!("write it as `{}`", self.builtin.signature)))
            }
        })
    }

    /// A map argument with its keys checked against `known`.
    pub(crate) fn map(&self, at: usize, known: &[&str]) -> Outcome<Map> {
        let value = self.args.get(at).cloned().unwrap_or_default();
        let map: Map = value.try_cast().ok_or_else(|| self.wrong_type(at, "a map"))?;
        match map.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(map),
            Some(key) => {
                let wrong =
                    Diagnostic::usage(format!("`{}` has no option `{key}`", self.builtin.name));
                // In a body the text is not at hand; who catches this knows the place of the call.
                let wrong = if self.site.source.text.is_empty() {
                    wrong
                } else {
                    wrong.at(&self.key_site(key))
                };
                Err(Box::new(wrong.suggest(key, known.iter().copied())))
            }
        }
    }

    /// A function argument.
    pub(crate) fn function(&self, at: usize) -> Outcome<FnPtr> {
        let value = self.args.get(at).cloned().unwrap_or_default();
        value.try_cast().ok_or_else(|| {
            let wrong = self.wrong_type(at, "a function");
            Box::new(wrong.hint("write `|t| { … }`: without the bars the block is run at once"))
        })
    }

    pub(super) fn key_site(&self, key: &str) -> Site {
        let found = self.find_after(&format!("\"{key}\":"));
        let found = found.or_else(|| self.find_after(&format!("{key}:")));
        found.unwrap_or_else(|| self.site.clone())
    }

    /// The first place of `needle` within the statement that the call begins.
    fn find_after(&self, needle: &str) -> Option<Site> {
        self.find_behind(needle, self.beginning()).map(|spot| self.at(spot))
    }

    /// The same, from a place within it on.
    fn find_behind(&self, needle: &str, from: Spot) -> Option<Spot> {
        let source = &self.site.source;
        let end = (self.site.line + 40).min(source.lines() + 1);
        for number in from.line..end {
            let line = source.line(number);
            let first = Spot { line: number, byte: 0, column: 1 };
            let first = if number == from.line { from } else { first };
            let rest = &line[first.byte..];
            if let Some(at) = rest.find(needle) {
                let column = first.column + rest[..at].chars().count();
                return Some(Spot { line: number, byte: first.byte + at, column });
            }
            if rest.trim_end().ends_with(';') {
                break;
            }
        }
        None
    }

    /// Where the call begins.
    fn beginning(&self) -> Spot {
        let Site { source, line, column } = &self.site;
        let text = source.line(*line);
        let byte = text.char_indices().nth(column - 1).map_or(text.len(), |(at, _)| at);
        Spot { line: *line, byte, column: *column }
    }

    fn at(&self, spot: Spot) -> Site {
        Site { source: self.site.source.clone(), line: spot.line, column: spot.column }
    }
}

/// A place in a text: its line, and where in it, counted in bytes and in characters.
#[derive(Clone, Copy)]
struct Spot {
    line: usize,
    byte: usize,
    column: usize,
}

impl Spot {
    /// Behind a text that stands here.
    fn behind(self, text: &str) -> Self {
        let (byte, column) = (self.byte + text.len(), self.column + text.chars().count());
        Self { byte, column, ..self }
    }
}

/// A value as JSON, for what is only stored; `None` for functions and handles.
pub(crate) fn to_json(value: &Dynamic) -> Option<serde_json::Value> {
    use serde_json::Value as Json;
    if value.is_unit() {
        return Some(Json::Null);
    }
    if let Ok(truth) = value.as_bool() {
        return Some(Json::Bool(truth));
    }
    if let Ok(number) = value.as_int() {
        return Some(Json::from(number));
    }
    if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
        return Some(Json::String(text.to_string()));
    }
    if let Some(array) = value.read_lock::<Array>() {
        return array.iter().map(to_json).collect();
    }
    let map = value.read_lock::<Map>()?;
    map.iter()
        .map(|(key, value)| Some((key.to_string(), to_json(value)?)))
        .collect::<Option<serde_json::Map<_, _>>>()
        .map(Json::Object)
}
