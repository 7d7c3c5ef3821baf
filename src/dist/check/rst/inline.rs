//! Markup within a line: what is opened and never closed, and Sphinx's roles.
//!
//! A paragraph is judged only if it has one kind of marks: others could make them plain text.

use super::names::ROLES;

/// Judges paragraphs, each with the number of its first line.
pub(super) fn judge(paragraphs: &[(usize, String)], own_roles: bool, certain: &mut Vec<String>) {
    for (at, text) in paragraphs {
        if text.contains(['\\', '|']) {
            continue;
        }
        let found = match (text.contains('*'), text.contains('`')) {
            (true, false) => opened(text, '*'),
            (false, true) => opened(text, '`').or_else(|| role(text).filter(|_| !own_roles)),
            _ => None,
        };
        certain.extend(found.map(|why| format!("line {at}: {why}")));
    }
}

/// The only mark of its kind in a text, if it opens something.
fn opened(text: &str, mark: char) -> Option<String> {
    let count = text.matches(mark).count();
    let start = text.find(mark)?;
    let marks = &text[start..=text.rfind(mark)?];
    let together = count <= 2 && marks.len() == count;
    let begins = text[..start].chars().next_back().is_none_or(char::is_whitespace);
    let behind = text[start + marks.len()..].chars().next();
    let opens = together && begins && behind.is_some_and(char::is_alphanumeric);
    let shown = match marks {
        "`" => "a backtick",
        "``" => "two backticks",
        "*" => "a star",
        _ => "two stars",
    };
    opens.then(|| format!("{shown}: opened and not closed"))
}

/// A role that only Sphinx has.
fn role(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) || text.contains("``") {
        return None;
    }
    let of = |pair: &[&str]| {
        let [before, inner] = pair else { return None };
        let word = before.rsplit(char::is_whitespace).next()?;
        let name = word.strip_prefix(':')?.strip_suffix(':')?;
        (inner.trim() == *inner && ROLES.contains(&name)).then(|| name.to_owned())
    };
    let name = parts.chunks(2).find_map(of)?;
    Some(format!("the role `{name}` is Sphinx's, and none of docutils"))
}
