//! Headings of a changelog, and which of them begin a version.
//!
//! Read as `CommonMark` has it (<https://spec.commonmark.org/0.31.2/#atx-headings>): what stands in a fenced
//! block of code or in a comment is none. Headings that are underlined are not known: no tool writes them
//! for versions. Turned down: a whole Markdown parser, which would not give back the file's own bytes.

use std::ops::Range;

use crate::version;

/// What a heading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins<'a> {
    /// What is not released yet.
    Unreleased,
    /// A version, without a `v` before it.
    Version(&'a str),
    /// Something else.
    Other,
}

/// A heading.
#[derive(Debug)]
pub(super) struct Heading<'a> {
    /// Where its line is, end of the line included.
    pub(super) line: Range<usize>,
    /// How many `#` it has.
    pub(super) level: usize,
    /// Its words.
    pub(super) title: &'a str,
    /// What it begins.
    pub(super) begins: Begins<'a>,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text, a heading among it.
    Text,
    /// Within a fenced block of code, or its fence.
    Code,
    /// Within a comment that stands alone.
    Comment,
}

/// A line.
pub(super) struct Line<'a> {
    /// Where it is, end of the line included.
    pub(super) at: Range<usize>,
    /// Its text without the end of the line.
    pub(super) text: &'a str,
    /// What it is.
    pub(super) kind: Kind,
}

/// The lines of a text.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let (mut start, mut fence, mut comment) = (0, None::<&str>, false);
    text.split_inclusive('\n').map(move |line| {
        let at = start..start + line.len();
        start = at.end;
        let text = line.trim_end_matches(['\n', '\r']);
        let bare = text.trim();
        let kind = if comment || fence.is_none() && bare.starts_with("<!--") {
            comment = !bare.contains("-->");
            Kind::Comment
        } else if let Some(mark) = fence {
            let closes = bare.starts_with(mark) && bare.chars().all(|c| mark.contains(c));
            fence = fence.filter(|_| !closes);
            Kind::Code
        } else {
            fence = fence_of(bare);
            if fence.is_some() { Kind::Code } else { Kind::Text }
        };
        Line { at, text, kind }
    })
}

/// The mark of a fence that a line opens.
fn fence_of(bare: &str) -> Option<&str> {
    let mark = ["`", "~"].into_iter().find(|mark| bare.starts_with(&mark.repeat(3)))?;
    let rest = bare.trim_start_matches(mark);
    let inline = mark == "`" && rest.contains('`');
    (!inline).then(|| &bare[..bare.len() - rest.len()])
}

/// All headings of a text.
pub(super) fn headings(text: &str) -> Vec<Heading<'_>> {
    lines(text).filter(|line| line.kind == Kind::Text).filter_map(of_line).collect()
}

fn of_line(line: Line<'_>) -> Option<Heading<'_>> {
    let bare = line.text.trim_start_matches(' ');
    let title = bare.trim_start_matches('#');
    let level = bare.len() - title.len();
    let indented = line.text.len() - bare.len() > 3;
    let apart = title.is_empty() || title.starts_with([' ', '\t']);
    if indented || !(1..=6).contains(&level) || !apart {
        return None;
    }
    let title = title.trim().trim_end_matches('#').trim_end();
    Some(Heading { line: line.at, level, title, begins: begins(title) })
}

/// What a title names: `[1.2.0] - 2026-01-31`, `v1.2.0 (2026-01-31)`, `Version 1.2.0`, `[Unreleased]`.
fn begins(title: &str) -> Begins<'_> {
    let words = ["Version ", "Release "];
    let named = |word: &&str| title.get(..word.len()).is_some_and(|t| t.eq_ignore_ascii_case(word));
    let title = words.iter().find(|word| named(word)).map_or(title, |word| &title[word.len()..]);
    let inner = title.strip_prefix('[');
    let (word, rest) = match inner.and_then(|inner| inner.split_once(']')) {
        Some(parts) => parts,
        None => title.split_at(title.find([' ', ':', '(']).unwrap_or(title.len())),
    };
    if word.trim().eq_ignore_ascii_case("unreleased") {
        return Begins::Unreleased;
    }
    let rest = rest.trim_start();
    let ends = rest.is_empty() || rest.starts_with(['-', '–', '—', '(', ':', '[', '/']);
    match version::in_tag(word.trim()) {
        // A number alone may be a year, unless it is marked as a name.
        Some((_, version)) if ends && (inner.is_some() || version.contains('.')) => {
            Begins::Version(version)
        }
        _ => Begins::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_versions_are_told_from_others() {
        let version = |text| Begins::Version(text);
        for (title, wanted) in [
            ("[1.2.0] - 2026-01-31", version("1.2.0")),
            ("[1.2.0](https://x/compare/a...b) (2026-01-31)", version("1.2.0")),
            ("v1.2.0 (2026-01-31)", version("1.2.0")),
            ("1.2.0rc1", version("1.2.0rc1")),
            ("Version 1.2.0", version("1.2.0")),
            ("[2]", version("2")),
            ("[0.9] [YANKED]", version("0.9")),
            ("[core-v1.2.0] – 2026", version("1.2.0")),
            ("[Unreleased]", Begins::Unreleased),
            ("unreleased", Begins::Unreleased),
            ("[UNRELEASED] - soon", Begins::Unreleased),
            ("2026", Begins::Other),
            ("2.0 migration", Begins::Other),
            ("Added", Begins::Other),
            ("", Begins::Other),
        ] {
            assert_eq!(begins(title), wanted, "{title}");
        }
    }

    #[test]
    fn code_and_comments_hold_no_headings() {
        let text = "# A\n```md\n## [1.0]\n~~~\n```\n<!--\n## [1.1]\n-->\n~~~~\n~~~\n## [1.2]\n~~~~\n    ## [1.3]\n#x\n## [1.4] ##\r\n";
        let titles: Vec<&str> = headings(text).iter().map(|heading| heading.title).collect();
        assert_eq!(titles, ["A", "[1.4]"]);
    }
}
