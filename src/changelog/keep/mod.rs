//! A changelog as people keep it: the section of a version, and a new section for the next one.
//!
//! The form is that of <https://keepachangelog.com/en/1.1.0/>; headings of other tools are read too.
//! What is edited is put in as lines: all else of the file stays as it is, byte for byte.

use super::headings::{Begins, Heading, Kind, headings, lines};
use crate::dist::same_version;
use crate::version;

/// Why a changelog cannot be used as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// This text is no version.
    NoVersion,
    /// It has no section of the version: those it has, the newest first.
    NoSection(Vec<String>),
    /// It has one already, at this line.
    Already(usize),
    /// It has no heading `[Unreleased]`.
    NoUnreleased,
    /// Nothing stands below it.
    NothingUnreleased,
    /// Nothing stands below the version.
    Empty(usize),
}

/// Whether a changelog has a section of this version, or of the version that this tag names.
pub fn has_version(text: &str, version: &str) -> bool {
    in_words(version).is_some_and(|version| of_version(&headings(text), version).is_some())
}

/// The text below the heading of a version, with the link references that it uses.
///
/// # Errors
/// There is no such section, or nothing in it.
pub fn section(text: &str, version: &str) -> Result<String, Wrong> {
    let version = in_words(version).ok_or(Wrong::NoVersion)?;
    let all = headings(text);
    let at = of_version(&all, version).ok_or_else(|| Wrong::NoSection(versions(&all)))?;
    let found = below(text, &all, at);
    if says_nothing(&found) {
        return Err(Wrong::Empty(line_number(text, all[at].line.start)));
    }
    Ok(found)
}

/// The text below `[Unreleased]`, with the link references that it uses.
///
/// # Errors
/// There is no such heading, or nothing below it.
pub fn unreleased(text: &str) -> Result<String, Wrong> {
    let all = headings(text);
    let at = unreleased_at(&all).ok_or(Wrong::NoUnreleased)?;
    Some(below(text, &all, at)).filter(|found| !says_nothing(found)).ok_or(Wrong::NothingUnreleased)
}

/// Puts a heading for the version below `[Unreleased]`, so that what stood there is the version's, and
/// lets the links of both compare the right tags.
///
/// # Errors
/// Nothing is unreleased, or the version has a section already.
pub fn promote(text: &str, version: &str, date: &str) -> Result<String, Wrong> {
    let version = in_words(version).ok_or(Wrong::NoVersion)?;
    unreleased(text)?;
    let all = headings(text);
    let at = unreleased_at(&all).ok_or(Wrong::NoUnreleased)?;
    not_yet(text, &all, version)?;
    let (heading, end) = (&all[at], line_end(text));
    let style = Style::of(&all);
    let title = style.title(heading.level, version, date);
    let (before, after) = text.split_at(heading.line.end);
    let after = linked(after, (version, &style.label(version)), end);
    Ok(format!("{before}{end}{title}{end}{after}"))
}

/// Puts a section with these notes above the newest version, below what is unreleased. An empty text
/// becomes a changelog.
///
/// # Errors
/// The version has a section already, or the notes say nothing.
pub fn prepend(text: &str, version: &str, date: &str, notes: &str) -> Result<String, Wrong> {
    let version = in_words(version).ok_or(Wrong::NoVersion)?;
    let notes = without_title(notes);
    if says_nothing(notes) {
        return Err(Wrong::Empty(0));
    }
    let all = headings(text);
    not_yet(text, &all, version)?;
    let end = line_end(text);
    let first = all.iter().find(|heading| matches!(heading.begins, Begins::Version(_)));
    let at = first.map_or_else(|| references_at(text), |heading| heading.line.start);
    let level = first.map(|heading| heading.level);
    let level = level.or_else(|| Some(all[unreleased_at(&all)?].level)).unwrap_or(2);
    let title = Style::of(&all).title(level, version, date);
    let notes = notes.lines().collect::<Vec<_>>().join(end);
    let (head, tail) = match text.trim() {
        "" => ("# Changelog\n", ""),
        _ => text.split_at(at),
    };
    let lacking =
        if head.ends_with(&end.repeat(2)) { 0 } else { 2 - usize::from(head.ends_with('\n')) };
    let (gap, below) = (end.repeat(lacking), if tail.is_empty() { "" } else { end });
    Ok(format!("{head}{gap}{title}{end}{end}{notes}{end}{below}{tail}"))
}

/// Notes without a heading of their own version, as tools write one.
pub fn without_title(notes: &str) -> &str {
    let notes = notes.trim();
    match headings(notes).first() {
        Some(first) if first.line.start == 0 && first.begins != Begins::Other => {
            notes[first.line.end..].trim_start()
        }
        _ => notes,
    }
}

/// The version in a version or tag.
fn in_words(text: &str) -> Option<&str> {
    version::in_tag(text.trim()).map(|(_, version)| version)
}

fn of_version(all: &[Heading<'_>], version: &str) -> Option<usize> {
    all.iter().position(|heading| match heading.begins {
        Begins::Version(found) => found == version || same_version(found, version),
        _ => false,
    })
}

fn unreleased_at(all: &[Heading<'_>]) -> Option<usize> {
    all.iter().position(|heading| heading.begins == Begins::Unreleased)
}

fn versions(all: &[Heading<'_>]) -> Vec<String> {
    let version = |heading: &Heading<'_>| match heading.begins {
        Begins::Version(version) => Some(version.to_owned()),
        _ => None,
    };
    all.iter().filter_map(version).collect()
}

fn not_yet(text: &str, all: &[Heading<'_>], version: &str) -> Result<(), Wrong> {
    match of_version(all, version) {
        Some(at) => Err(Wrong::Already(line_number(text, all[at].line.start))),
        None => Ok(()),
    }
}

/// What stands below a heading, up to the next of its rank or of a version.
fn below(text: &str, all: &[Heading<'_>], at: usize) -> String {
    let heading = &all[at];
    let ends = |next: &&Heading<'_>| next.level <= heading.level || next.begins != Begins::Other;
    let end = all[at + 1..].iter().find(ends).map(|next| next.line.start);
    let end = end.unwrap_or_else(|| references_at(text).max(heading.line.end));
    let own = &text[heading.line.end..end];
    let own = own.trim_matches(['\n', '\r']).trim_end();
    let used = |line: &&str| {
        let named = label(line).unwrap_or_default().to_lowercase();
        own.to_lowercase().contains(&format!("[{named}]"))
    };
    let within: Vec<&str> = own.lines().collect();
    let references = text.lines().filter(|line| label(line).is_some() && !within.contains(line));
    let references: Vec<&str> = references.filter(used).collect();
    let apart = if references.is_empty() { "" } else { "\n\n" };
    format!("{}{apart}{}", within.join("\n"), references.join("\n"))
}

/// Whether a section has nothing but headings, comments and link references.
fn says_nothing(text: &str) -> bool {
    let titles = headings(text);
    let is_title = |at: usize| titles.iter().any(|title| title.line.start == at);
    let mut said = lines(text).filter(|line| match line.kind {
        Kind::Text => {
            !line.text.trim().is_empty() && label(line.text).is_none() && !is_title(line.at.start)
        }
        Kind::Code => true,
        Kind::Comment => false,
    });
    said.next().is_none()
}

/// The label of a link reference: `[1.0]: https://…`.
fn label(line: &str) -> Option<&str> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let (label, target) = line.trim_start_matches(' ').strip_prefix('[')?.split_once("]:")?;
    let is_label = indent <= 3 && !label.is_empty() && !label.contains(['[', ']', '^']);
    (is_label && !target.trim().is_empty()).then_some(label)
}

/// Where the link references at the end of a text begin.
fn references_at(text: &str) -> usize {
    let (mut at, mut end) = (text.len(), text.len());
    for line in text.split_inclusive('\n').rev() {
        end -= line.len();
        if label(line).is_some() {
            at = end;
        } else if !line.trim().is_empty() {
            break;
        }
    }
    at
}

/// The links of `[Unreleased]` and the version, which has a label too, where a link compares a tag with what comes after it.
fn linked(text: &str, version: (&str, &str), end: &str) -> String {
    let one = |line: &str| -> String {
        let made = label(line).filter(|label| label.eq_ignore_ascii_case("unreleased"));
        made.and_then(|label| compared(line, label, version, end))
            .unwrap_or_else(|| line.to_owned())
    };
    let (above, references) = text.split_at(references_at(text));
    format!("{above}{}", references.split_inclusive('\n').map(one).collect::<String>())
}

/// `[Unreleased]: …/compare/v1.0...HEAD` becomes `…/compare/v1.1...HEAD` and `[1.1]: …/compare/v1.0...v1.1`.
fn compared(line: &str, label: &str, (version, called): (&str, &str), end: &str) -> Option<String> {
    let target = line.split_once("]:")?.1.trim();
    let (base, range) = target.split_once("/compare/")?;
    let (old, now) = range.split_once("...")?;
    let tag = format!("{}{version}", version::in_tag(old)?.0);
    let released = format!("[{called}]: {base}/compare/{old}...{tag}");
    let last = if line.ends_with('\n') { end } else { "" };
    Some(format!("[{label}]: {base}/compare/{tag}...{now}{end}{released}{last}"))
}

fn line_end(text: &str) -> &'static str {
    if text.lines().next().is_some_and(|first| text[first.len()..].starts_with("\r\n")) {
        "\r\n"
    } else {
        "\n"
    }
}

fn line_number(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// How a file writes the titles of versions.
struct Style {
    /// What stands before the version: `[`, `v`, `Version `.
    lead: String,
    parentheses: bool,
}

impl Style {
    /// As the newest version is written, else as `[Unreleased]` is.
    fn of(all: &[Heading<'_>]) -> Self {
        let lead = |heading: &Heading<'_>| match heading.begins {
            Begins::Version(version) => {
                Some(heading.title[..heading.title.find(version)?].to_owned())
            }
            _ => None,
        };
        let newest = all.iter().find_map(|heading| Some((heading.title, lead(heading)?)));
        let unreleased = unreleased_at(all).map_or("[", |at| all[at].title);
        let usual = || (unreleased, if unreleased.starts_with('[') { "[" } else { "" }.to_owned());
        let (title, lead) = newest.unwrap_or_else(usual);
        let parentheses = title.ends_with(')') && !title.ends_with("])") && title.contains(" (");
        Self { lead, parentheses }
    }

    fn title(&self, level: usize, version: &str, date: &str) -> String {
        let end = if self.lead.contains('[') { "]" } else { "" };
        let date = if self.parentheses { format!("({date})") } else { format!("- {date}") };
        format!("{} {}{version}{end} {date}", "#".repeat(level), self.lead)
    }

    /// What a link reference calls a version.
    fn label(&self, version: &str) -> String {
        let within = self.lead.split_once('[').map_or("", |(_, within)| within);
        format!("{within}{version}")
    }
}

#[cfg(test)]
mod tests;
