//! Findings of common tools, read from what they print: file, line, message.
//!
//! ruff, flake8, mypy, pyright, pytest, rustc, clippy, gcc, clang, eslint (unix), tsc, and whatever
//! writes as they do. Pure; whether a file exists is for others to judge, and they must: prose may
//! look like a place. Turned down: one regular expression for each tool, as problem matchers do,
//! since most share a few forms.

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It fails a task.
    Error,
    /// It is only said.
    Warning,
}

/// Where a finding is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as the tool wrote it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, if told.
    pub column: Option<usize>,
}

/// What a tool found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// Where it is.
    pub place: Place,
    /// The rule or code, if told.
    pub code: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// No finding stands in a longer line, in bytes.
const LONGEST: usize = 8192;

/// The part of a finding that does not say where.
type Said = (Level, Option<String>, String);

/// Reads output line by line.
#[derive(Default)]
pub struct Reader {
    /// A message whose place follows: rustc, ruff.
    said: Option<Said>,
    /// A place whose message follows on the next line: a panic.
    panic: Option<Place>,
    /// A place whose message follows: pytest's short form.
    place: Option<Place>,
    /// What pytest's `E` said first; its place follows in the long form.
    failure: Option<String>,
}

impl Reader {
    /// Takes the next line, without colours; gives the finding that it completes.
    pub fn line(&mut self, line: &str) -> Option<Finding> {
        let text = if line.len() > LONGEST { "" } else { line.trim() };
        if let Some(place) = self.panic.take() {
            let (level, message) = (Level::Error, text.to_owned());
            return Some(Finding { level, place, code: Some("panic".into()), message });
        }
        if let Some(place) = panic(text) {
            self.panic = Some(place);
            return None;
        }
        if let Some(at) = text.strip_prefix("--> ") {
            let ((level, code, message), (place, _)) = (self.said.take()?, place(at)?);
            return Some(Finding { level, place, code, message });
        }
        self.pytest(text).or_else(|| self.one_line(text))
    }

    fn one_line(&mut self, text: &str) -> Option<Finding> {
        if text.is_empty() {
            self.said = None;
            return None;
        }
        let Some((place, rest)) = place(text) else {
            if let Some(said) = message(text).or_else(|| rule(text)) {
                self.said = Some(said);
            } else if text.starts_with("note: ") || text.starts_with("help: ") {
                self.said = None;
            }
            return None;
        };
        let rest = rest.trim_start_matches([':', ' ']).trim_start_matches("- ");
        let said = message(rest).or_else(|| eslint(rest)).or_else(|| rule(rest));
        let (level, code, message) = said.or_else(|| exception(rest))?;
        Some(Finding { level, place, code, message })
    }

    fn pytest(&mut self, line: &str) -> Option<Finding> {
        let error = |place, message: &str| {
            let code = None;
            Some(Finding { level: Level::Error, place, code, message: message.trim().to_owned() })
        };
        if let Some(said) = line.strip_prefix("E   ") {
            if let Some(place) = self.place.take() {
                return error(place, said);
            }
            self.failure.get_or_insert_with(|| said.trim().to_owned());
            return None;
        }
        let (place, rest) = place(line)?;
        let rest = rest.trim_start_matches(':').trim();
        if rest.starts_with("in ") {
            self.place = Some(place);
            return None;
        }
        let is_name =
            !rest.is_empty() && rest.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        if is_name {
            return error(place, &self.failure.take()?);
        }
        self.failure = None;
        None
    }
}

/// The place in `thread 't' panicked at src/lib.rs:6:10:`; the message stands below.
fn panic(text: &str) -> Option<Place> {
    let (_, at) = text.strip_prefix("thread '")?.split_once(" panicked at ")?;
    Some(place(at)?.0)
}

/// A place at the beginning of a text, and what follows: `FILE:LINE`, `FILE:LINE:COLUMN`,
/// `FILE:LINE:COLUMN:LINE:COLUMN`, `FILE(LINE,COLUMN)`.
fn place(text: &str) -> Option<(Place, &str)> {
    let text = text.trim_start();
    for (at, mark) in text.match_indices([':', '(']).filter(|(at, _)| *at > 0) {
        let Some((line @ 1.., rest)) = number(&text[at + 1..]) else { continue };
        let file = text[..at].to_owned();
        if mark == "(" {
            let Some((column, rest)) = rest.strip_prefix(',').and_then(number) else { continue };
            let Some(rest) = rest.strip_prefix(')') else { continue };
            return Some((Place { file, line, column: Some(column) }, rest));
        }
        let (column, rest) = more(rest).map_or((None, rest), |(column, rest)| (Some(column), rest));
        // Some count columns from 0.
        let column = column.filter(|column| *column > 0);
        // The end of a range, which nobody needs.
        let rest = more(rest).and_then(|(_, rest)| more(rest)).map_or(rest, |(_, rest)| rest);
        return Some((Place { file, line, column }, rest));
    }
    None
}

/// A number after a colon.
fn more(text: &str) -> Option<(usize, &str)> {
    number(text.strip_prefix(':')?)
}

fn number(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// `error: …`, `error[E0425]: …`, `error TS2322: …`, `fatal error: …`, and the same for warnings.
fn message(text: &str) -> Option<Said> {
    let text = text.strip_prefix("fatal ").unwrap_or(text);
    let levels = [("error", Level::Error), ("warning", Level::Warning)];
    let (level, rest) =
        levels.iter().find_map(|(word, level)| Some((*level, text.strip_prefix(word)?)))?;
    let (code, said) = rest.split_once(':')?;
    let code = code.trim_matches([' ', '[', ']']);
    let code_is_one = code.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':'));
    let said = said.trim();
    (code_is_one && !said.is_empty()).then(|| {
        let code = (!code.is_empty()).then(|| code.to_owned());
        // mypy and gcc put the rule last.
        let (said, last) = bracketed(said);
        (level, code.or(last), said.to_owned())
    })
}

/// A message and the rule in brackets at its end.
fn bracketed(text: &str) -> (&str, Option<String>) {
    let split = text.strip_suffix(']').and_then(|text| text.rsplit_once('['));
    match split {
        Some((said, code)) if said.ends_with(' ') && is_rule(code) => {
            (said.trim_end(), Some(code.to_owned()))
        }
        _ => (text, None),
    }
}

fn is_rule(code: &str) -> bool {
    !code.is_empty()
        && code
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '@' | '=' | '+'))
}

/// `… [Error/no-undef]`.
fn eslint(text: &str) -> Option<Said> {
    let (said, rule) = bracketed(text);
    let (level, rule) = rule.as_deref()?.split_once('/')?;
    let level = match level {
        "Error" => Level::Error,
        "Warning" => Level::Warning,
        _ => return None,
    };
    Some((level, Some(rule.to_owned()), said.to_owned()))
}

/// `F401 [*] …`, `C0114: …`, `invalid-syntax: …`.
fn rule(text: &str) -> Option<Said> {
    let (code, said) = text.split_once(' ')?;
    let bare = code.trim_end_matches(':');
    let letters = bare.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_code = !letters.is_empty()
        && letters.len() <= 6
        && letters.len() < bare.len()
        && letters.chars().all(|c| c.is_ascii_uppercase());
    let said = said.trim_start_matches("[*] ").trim();
    (is_code || code == "invalid-syntax:")
        .then(|| (Level::Error, Some(bare.to_owned()), said.to_owned()))
}

/// `ValueError: …`, `DeprecationWarning: …`.
fn exception(text: &str) -> Option<Said> {
    let (name, said) = text.split_once(": ")?;
    let is_name = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    let level = match name {
        name if name.ends_with("Warning") => Level::Warning,
        name if name.ends_with("Error") || name.ends_with("Exception") || name == "Failed" => {
            Level::Error
        }
        _ => return None,
    };
    is_name.then(|| (level, None, format!("{name}: {}", said.trim())))
}
