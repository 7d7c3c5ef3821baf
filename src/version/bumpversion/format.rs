//! Texts with holes, as Python's `str.format` reads them: `{new_version}`, `{major:02d}`, `{now:%Y-%m-%d}`.
//!
//! Only what tables of bump-my-version use: names, widths of numbers, formats of time. Times are UTC, of the
//! run's clock.

use std::collections::BTreeMap;

use super::super::instant::Instant;
use crate::diag::{Diagnostic, Outcome};

/// What may be filled in.
pub(super) struct Values {
    /// Texts by name.
    pub(super) texts: BTreeMap<String, String>,
    /// The run's instant, in seconds since 1970.
    pub(super) now: u64,
}

enum Piece<'a> {
    Text(char),
    Hole(&'a str, &'a str),
}

/// Names of an instant.
const TIMES: [&str; 2] = ["now", "utcnow"];

fn pieces(template: &str) -> Outcome<Vec<Piece<'_>>> {
    let mut all = Vec::new();
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '{' | '}' if after.starts_with(c) => {
                all.push(Piece::Text(c));
                rest = &after[1..];
            }
            '{' => {
                let (hole, after) = after.split_once('}').ok_or_else(|| unreadable(template))?;
                let (name, form) = hole.split_once(':').unwrap_or((hole, ""));
                all.push(Piece::Hole(name, form));
                rest = after;
            }
            '}' => return Err(unreadable(template)),
            c => {
                all.push(Piece::Text(c));
                rest = after;
            }
        }
    }
    Ok(all)
}

fn unreadable(template: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::usage(format!("the braces in `{template}` do not match"));
    Box::new(wrong.hint("close each `{`, and write a brace itself twice: `{{`"))
}

/// The names of a template's holes, each once.
///
/// # Errors
/// Braces that do not match.
pub(super) fn names(template: &str) -> Outcome<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces(template)? {
        if let Piece::Hole(name, _) = piece
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

impl Values {
    /// Whether a hole of this name can be filled.
    pub(super) fn has(&self, name: &str) -> bool {
        TIMES.contains(&name) || self.texts.contains_key(name)
    }

    /// The template with all holes filled, each value changed by `dress`.
    ///
    /// # Errors
    /// Braces that do not match; a hole that nothing is known for.
    pub(super) fn fill(&self, template: &str, dress: impl Fn(&str) -> String) -> Outcome<String> {
        let mut text = String::new();
        for piece in pieces(template)? {
            match piece {
                Piece::Text(c) => text.push(c),
                Piece::Hole(name, form) => {
                    let value = self.value(name, form).ok_or_else(|| self.unknown(name, form))?;
                    text += &dress(&value);
                }
            }
        }
        Ok(text)
    }

    fn value(&self, name: &str, form: &str) -> Option<String> {
        if TIMES.contains(&name) {
            let form = if form.is_empty() { "%Y-%m-%d %H:%M:%S" } else { form };
            return Instant::of(self.now).written(form);
        }
        let value = self.texts.get(name)?;
        if form.is_empty() {
            return Some(value.clone());
        }
        let width = form.strip_suffix('d').unwrap_or(form);
        let (number, width) =
            (value.parse::<u64>().ok()?, if width.is_empty() { "0" } else { width });
        let count = width.parse::<usize>().ok().filter(|count| *count <= 64)?;
        let filled = if width.starts_with('0') {
            format!("{number:0count$}")
        } else {
            format!("{number:count$}")
        };
        Some(filled)
    }

    fn unknown(&self, name: &str, form: &str) -> Box<Diagnostic> {
        let hole =
            if form.is_empty() { format!("{{{name}}}") } else { format!("{{{name}:{form}}}") };
        let wrong =
            Diagnostic::usage(format!("nothing is known for `{hole}` in the table of bumpversion"));
        let known = self.texts.keys().map(String::as_str).chain(TIMES);
        Box::new(if self.has(name) {
            wrong.hint("write numbers as `02d`, times with `%Y`, `%m`, `%d`, `%H`, `%M`, `%S`")
        } else {
            wrong.suggest(name, known)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_filled_as_python_fills_them() {
        let texts = [("major", "7"), ("kind", "rc")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let values = Values { texts: texts.into(), now: 951_782_400 };
        let fill =
            |template: &str| values.fill(template, str::to_owned).map_err(|wrong| wrong.message);
        assert_eq!(fill("v{major}.{major:02d}-{kind}{{x}}").unwrap(), "v7.07-rc{x}");
        assert_eq!(fill("{now:%Y-%m-%d} {major:3}|").unwrap(), "2000-02-29   7|");
        assert_eq!(names("{a}{b:02d}{a}").unwrap(), ["a", "b"]);
        for bad in ["{", "}", "{a", "a}", "{none}", "{kind:02d}", "{now:%B}"] {
            assert!(fill(bad).is_err(), "{bad}");
        }
        let dressed = values.fill("({major})", |value| format!("<{value}>")).unwrap();
        assert_eq!(dressed, "(<7>)");
    }
}
