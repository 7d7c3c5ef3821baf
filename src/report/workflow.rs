//! Workflow commands: lines by which a step tells GitHub's runner what to do with its log.
//!
//! Escaping is that of GitHub's toolkit. What others wrote must not be taken for a command: a task's
//! output stands between `stop-commands` and a token that it cannot guess, and all else is disarmed
//! line by line. There is no `add-mask`: it would print the secret in order to hide it, and rel masks
//! whatever it prints itself.

use std::fmt::Write as _;

use super::annotate::Level;

/// Escapes what stands after the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Masks a text but for what the runner must read as it stands: the names of commands, and tokens.
pub(super) fn masked(text: &str, mask: impl Fn(&str) -> String) -> String {
    let line = |line: &str| {
        if line.starts_with("::stop-commands::") {
            return line.to_owned();
        }
        let names = ["::group::", "::endgroup::", "::error ", "::warning "];
        let name = names.iter().find(|name| line.starts_with(**name)).copied().unwrap_or("");
        format!("{name}{}", mask(&line[name.len()..]))
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Opens a task's group, in which commands do not count until `token` is said.
pub(super) fn open(title: &str, token: &str) -> String {
    format!("::group::{}\n::stop-commands::{token}\n", data(title))
}

/// Closes it.
pub(super) fn close(token: &str) -> String {
    format!("::{token}::\n::endgroup::\n")
}

/// A place in the repository: path with `/`, line, column and the column behind the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: Option<usize>,
    pub(super) end: Option<usize>,
}

/// An annotation, which GitHub shows beside the code and above the log.
pub(super) fn annotation(level: Level, spot: Option<&Spot>, title: &str, message: &str) -> String {
    let name = if level == Level::Error { "error" } else { "warning" };
    let mut command = format!("::{name} ");
    if let Some(spot) = spot {
        let _ = write!(command, "file={},line={},", property(&spot.file), spot.line);
        for (name, column) in [("col", spot.column), ("endColumn", spot.end)] {
            if let Some(column) = column {
                let _ = write!(command, "{name}={column},");
            }
        }
    }
    format!("{command}title={}::{}\n", property(title), data(message))
}

/// Makes commands of the older form harmless, which count wherever they stand in a line, and which
/// the log's viewer obeys even where the runner does not.
pub(super) fn disarm_old(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    let mut last = [' '; 2];
    for c in text.chars() {
        if c == '[' && last == ['#', '#'] {
            harmless.push('\\');
        }
        harmless.push(c);
        // The runner compares as a reader would, to whom some characters are nothing.
        if c.is_ascii() {
            last = [last[1], c];
        }
    }
    harmless
}

/// Makes every command in a text harmless.
pub(super) fn disarm(text: &str) -> String {
    let line = |line: &str| {
        let mut seen = line.chars().filter(|c| c.is_ascii_graphic());
        let is_command = seen.next() == Some(':') && seen.next() == Some(':');
        if is_command { format!("\\{line}") } else { line.to_owned() }
    };
    disarm_old(text).split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_escaped_as_the_toolkit_does() {
        let spot = Spot { file: "a,b:c.py".into(), line: 3, column: Some(4), end: None };
        let found = annotation(Level::Error, Some(&spot), "50%: x", "a\r\nb: 100%, c");
        let file = "file=a%2Cb%3Ac.py,line=3,col=4";
        assert_eq!(found, format!("::error {file},title=50%25%3A x::a%0D%0Ab: 100%25, c\n"));
        assert_eq!(annotation(Level::Warning, None, "t", "m"), "::warning title=t::m\n");
        assert_eq!(open("a\nb", "t0"), "::group::a%0Ab\n::stop-commands::t0\n");
    }

    #[test]
    fn what_others_wrote_is_no_command() {
        let table = [
            ("::error::x", "\\::error::x"),
            ("a\n \t\u{a0}\u{feff}::add-path::/x", "a\n\\ \t\u{a0}\u{feff}::add-path::/x"),
            (":\u{200b}:error::x", "\\:\u{200b}:error::x"),
            ("x ##[add-path]/x", "x ##\\[add-path]/x"),
            ("#\u{200b}#\u{ad}[add-path]/x", "#\u{200b}#\u{ad}\\[add-path]/x"),
            ("## [1.0]", "## [1.0]"),
            ("std::fs::read", "std::fs::read"),
            ("note: ::x::", "note: ::x::"),
        ];
        for (text, harmless) in table {
            assert_eq!(disarm(text), harmless);
        }
    }
}
