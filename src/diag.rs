//! What rel says when something is wrong: kind, message, place, notes, hints.
//!
//! A [`Diagnostic`] is plain data. It knows no renderer (`report::render` draws it) and does not
//! print. The kind alone decides the exit code, so no caller ever picks a number.
//! Turned down: one error enum per module, which spreads texts and codes over the program.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

/// Where the run ends, as a process exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exit(pub u8);

impl Exit {
    /// Everything asked for holds.
    pub const OK: Self = Self(0);
    /// A task failed; nothing was sent.
    pub const TASK: Self = Self(1);
    /// Wrong usage or a wrong Releasefile.
    pub const USAGE: Self = Self(2);
    /// A guard or a missing answer refused; nothing was sent.
    pub const REFUSED: Self = Self(3);
    /// A remote failed or refused; nothing was sent.
    pub const REMOTE: Self = Self(4);
    /// Something was sent and the release is not finished.
    pub const UNFINISHED: Self = Self(5);
    /// Interrupted before anything was sent.
    pub const INTERRUPTED: Self = Self(130);
}

/// What went wrong, in the terms that decide the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A command or body of a task failed.
    Task,
    /// The command line or the Releasefile is wrong.
    Usage,
    /// A guard, or a question nobody answered, stands in the way of sending.
    Refused,
    /// A remote could not be reached, refused, or holds other bytes.
    Remote,
    /// The user or the system asked rel to stop.
    Interrupted,
    /// The machine failed: disk, process table, a state file that cannot be read.
    Machine,
}

impl Kind {
    /// The exit code of a run that ends with this, as long as nothing was sent.
    pub const fn exit(self) -> Exit {
        match self {
            Self::Task | Self::Machine => Exit::TASK,
            Self::Usage => Exit::USAGE,
            Self::Refused => Exit::REFUSED,
            Self::Remote => Exit::REMOTE,
            Self::Interrupted => Exit::INTERRUPTED,
        }
    }
}

/// One text that diagnostics can point into: a Releasefile, a module, a command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Name as shown: a path relative to the project, or `std/python`.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Where each line begins; found when first asked for.
    starts: OnceLock<Vec<usize>>,
}

impl Source {
    /// A text under a name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), starts: OnceLock::new() }
    }

    /// A line by its number, from 1, without its end; empty behind the last.
    pub fn line(&self, number: usize) -> &str {
        let starts = self.starts.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
        });
        let Some(&start) = number.checked_sub(1).and_then(|at| starts.get(at)) else { return "" };
        let end = starts.get(number).map_or(self.text.len(), |next| next - 1);
        self.text[start..end].trim_end_matches('\r')
    }

    /// How many lines there are.
    pub fn lines(&self) -> usize {
        self.line(1);
        self.starts.get().map_or(0, Vec::len)
    }
}

/// A place in a [`Source`]: line and column count from 1, columns in characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Site {
    /// The text pointed into.
    pub source: Arc<Source>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Site {
    /// The place's line, without its line end.
    pub fn line_text(&self) -> &str {
        self.source.line(self.line)
    }

    /// How many characters the caret should cover: one word, or one string literal.
    pub fn width(&self) -> usize {
        let rest: Vec<char> = self.line_text().chars().skip(self.column - 1).collect();
        let Some(&first) = rest.first() else { return 1 };
        if matches!(first, '"' | '`') {
            let close = rest.iter().skip(1).position(|&c| c == first);
            return close.map_or(1, |at| at + 2);
        }
        rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count().max(1)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source.name, self.line, self.column)
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Site {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut place = serializer.serialize_struct("Site", 4)?;
        place.serialize_field("file", &self.source.name)?;
        place.serialize_field("line", &self.line)?;
        place.serialize_field("column", &self.column)?;
        place.serialize_field("width", &self.width())?;
        place.end()
    }
}

/// A word the user wrote, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The text itself.
    pub text: String,
    /// Where it stands.
    pub site: Site,
}

/// One finding, ready to be shown to a person or a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Decides the exit code.
    pub kind: Kind,
    /// One sentence: lower case, no final period, code in backticks.
    pub message: String,
    /// Where, if it has a place in a text.
    pub site: Option<Site>,
    /// How the program came there, innermost first; and what else is known.
    pub notes: Vec<String>,
    /// What to do, in the imperative.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// A finding of `kind` without place, notes or hints.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), site: None, notes: Vec::new(), hints: Vec::new() }
    }

    /// The command line or the Releasefile is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A task failed.
    pub fn task(message: impl Into<String>) -> Self {
        Self::new(Kind::Task, message)
    }

    /// A guard refuses.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// A remote failed or refused.
    pub fn remote(message: impl Into<String>) -> Self {
        Self::new(Kind::Remote, message)
    }

    /// The machine failed.
    pub fn machine(message: impl Into<String>) -> Self {
        Self::new(Kind::Machine, message)
    }

    /// Points at a place, unless it already points at one.
    #[must_use]
    pub fn at(mut self, site: &Site) -> Self {
        self.site.get_or_insert_with(|| site.clone());
        self
    }

    /// Adds what else is known.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds "did you mean" when one of `known` is near `word`, else the list of what is known.
    #[must_use]
    pub fn suggest<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        match nearest(word, known.iter().copied()) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None if known.is_empty() => self,
            None => {
                let list: Vec<String> = known.iter().take(40).map(|k| format!("`{k}`")).collect();
                self.hint(format!("known here: {}", list.join(", ")))
            }
        }
    }
}

/// The nearest known word within two edits (one for short words), if any.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = if word.chars().count() < 4 { 1 } else { 2 };
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, k)| k)
}

/// A result whose error can be shown as it is. Boxed, since a diagnostic is large and rare.
pub type Outcome<T> = Result<T, Box<Diagnostic>>;

impl From<Diagnostic> for Vec<Diagnostic> {
    fn from(one: Diagnostic) -> Self {
        vec![one]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(text: &str, line: usize, column: usize) -> Site {
        let source = Arc::new(Source::new("Releasefile", text));
        Site { source, line, column }
    }

    #[test]
    fn the_caret_covers_a_word_or_a_string_literal() {
        assert_eq!(site("task(\"lint\").needz(1);", 1, 14).width(), 5);
        assert_eq!(site("task(\"lint\").needz(1);", 1, 6).width(), 6);
        assert_eq!(site("a + b", 1, 3).width(), 1);
        assert_eq!(site("a", 1, 9).width(), 1);
    }

    #[test]
    fn near_words_are_suggested_far_ones_are_listed() {
        let near = Diagnostic::usage("x").suggest("biuld", ["build", "test"]);
        assert_eq!(near.hints, ["did you mean `build`?"]);
        let far = Diagnostic::usage("x").suggest("publish", ["build", "test"]);
        assert_eq!(far.hints, ["known here: `build`, `test`"]);
    }
}
