//! Rules on what people read: summary, description and the form that it is written in.
//!
//! Whether a text in reStructuredText renders is known here as far as `rst` is sure. Markdown and plain text always do.

use super::Level::{Error, Warning};
use super::rst;
use super::subject::Subject;
use super::{Rule, quoted, rule};

/// The most that PyPI takes for a summary, in characters.
const LONG: usize = 512;
const TYPES: [&str; 3] = ["text/plain", "text/markdown", "text/x-rst"];
const VARIANTS: [&str; 2] = ["GFM", "CommonMark"];

pub(super) const TABLE: &[Rule] = &[
    rule(
        ("summary", Error),
        "The summary is one line of at most 512 characters.",
        "shorten `description` in `[project]`; what is longer belongs into the readme",
        "core metadata, Summary; warehouse/forklift/metadata.py",
        |it| {
            let breaks = [
                '\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}',
                '\u{2029}',
            ];
            let Some(text) = it.field("Summary") else { return Vec::new() };
            let lines = text.contains(breaks).then(|| "it has more than one line".to_owned());
            let count = text.chars().count();
            let long = (count > LONG).then(|| format!("it has {count} characters"));
            lines.into_iter().chain(long).collect()
        },
    ),
    rule(
        ("description-type", Error),
        "The description is plain text, Markdown (GFM or CommonMark) or reStructuredText, in UTF-8.",
        "name the readme `.md`, `.rst` or `.txt`, or set `content-type` in `readme`",
        "core metadata, Description-Content-Type; packaging.metadata",
        |it| {
            let wrong = it.field("Description-Content-Type").filter(|text| !is_type(text));
            wrong.map(quoted).into_iter().collect()
        },
    ),
    rule(
        ("no-description", Warning),
        "There is a description.",
        "set `readme` in `[project]`",
        "twine check --strict",
        |it| {
            let none = it.meta().is_some() && it.field("Description").is_none();
            if none { vec!["the page of the project would be empty".into()] } else { Vec::new() }
        },
    ),
    rule(
        ("no-description-type", Warning),
        "The description says what it is written in; without that it counts as reStructuredText.",
        "name the readme `.md`, `.rst` or `.txt`, or set `content-type` in `readme`",
        "twine check --strict",
        untyped,
    ),
    rule(
        ("description-renders", Error),
        "A description in reStructuredText has none of the faults at which PyPI's renderer stops, as far as they are sure.",
        "mend the readme, and let `twine check` read it; or write it in Markdown",
        "readme_renderer; warehouse/forklift/legacy.py",
        |it| restructured(it).map_or_else(Vec::new, |text| rst::faults(text).certain),
    ),
    rule(
        ("description-directive", Warning),
        "A description in reStructuredText uses directives of docutils only.",
        "let `twine check` read it; what Sphinx and its extensions add is not there on PyPI",
        "readme_renderer; docutils",
        |it| restructured(it).map_or_else(Vec::new, |text| rst::faults(text).strange),
    ),
];

/// The description, if PyPI reads it as reStructuredText.
fn restructured<'a>(it: &'a Subject<'_>) -> Option<&'a str> {
    let kind = it.field("Description-Content-Type").unwrap_or("text/x-rst");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    it.field("Description").filter(|_| kind.eq_ignore_ascii_case("text/x-rst"))
}

fn is_type(text: &str) -> bool {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let good = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "charset" => value.eq_ignore_ascii_case("utf-8"),
            "variant" => kind != "text/markdown" || VARIANTS.contains(&value),
            _ => true,
        }
    };
    TYPES.contains(&kind.as_str()) && parts.all(good)
}

fn untyped(it: &Subject<'_>) -> Vec<String> {
    let none = it.field("Description").is_some() && it.field("Description-Content-Type").is_none();
    if none { vec!["`Description-Content-Type` is missing".into()] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::is_type;

    #[test]
    fn content_types_of_descriptions() {
        let good = [
            "text/plain",
            "TEXT/Markdown; variant=GFM",
            "text/x-rst; charset=\"UTF-8\"",
            "text/markdown;charset=utf-8;variant=CommonMark",
        ];
        assert!(good.iter().all(|text| is_type(text)));
        let bad = [
            "text/html",
            "text/rst",
            "text/markdown; variant=Pandoc",
            "text/plain; charset=latin-1",
            "text/plain; charset",
        ];
        assert!(!bad.iter().any(|text| is_type(text)));
    }
}
