//! What PyPI's renderer refuses of a description in reStructuredText, as far as it is certain without that renderer.
//!
//! It stops at the first warning of docutils (`readme_renderer.rst`: `halt_level` 2), with `raw` and everything that
//! reads files turned off. Here stand faults that people make often, each looked for only where nothing else could be
//! meant: in blocks that begin at the left edge, outside of tables, and behind no `::`. So a text with a fault does
//! not render; one without may still not: unknown targets, levels of titles and what stands in lists are not judged.
//! The whole grammar was turned down: it is docutils itself, which `twine check` runs.
//! Source: docutils, `parsers/rst/states.py`.

mod inline;
mod names;

use names::{DIRECTIVES, SPHINX};

/// What is wrong in a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    /// What does not render, with the line.
    pub(super) certain: Vec<String>,
    /// Directives that docutils does not have as far as is known here.
    pub(super) strange: Vec<String>,
}

/// Lines without a blank one between them.
#[derive(Clone, Copy)]
struct Block<'a> {
    /// The number of the first line, from 1.
    at: usize,
    lines: &'a [&'a str],
    /// The last line before it that is not blank.
    before: &'a str,
    /// The first line behind it that is not blank.
    behind: &'a str,
}

/// Looks through a text.
pub(super) fn faults(text: &str) -> Faults {
    let mut faults = Faults::default();
    // Python ends lines at these too; nobody writes them, and nothing is certain of a text with them.
    let odd =
        ['\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    let text = text.replace("\r\n", "\n");
    if text.contains(odd) {
        return faults;
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let tables = tables(&lines);
    let blocks = blocks(&lines);
    for block in blocks.iter().filter(|block| !tables.contains(&(block.at - 1))) {
        block.judge(&mut faults);
    }
    let paragraphs: Vec<(usize, String)> = blocks
        .iter()
        .filter(|block| !tables.contains(&(block.at - 1)))
        .filter_map(|block| Some((block.at, block.paragraph()?)))
        .collect();
    let own_roles = lines.iter().any(|line| line.contains("role::"));
    inline::judge(&paragraphs, own_roles, &mut faults.certain);
    faults
}

/// From the first border of a simple table to the last one: rows of it begin at the left edge too.
fn tables(lines: &[&str]) -> std::ops::Range<usize> {
    let is_border =
        |line: &&str| line.contains(' ') && line.chars().all(|c| matches!(c, '=' | ' '));
    let first = lines.iter().position(is_border).unwrap_or(0);
    let last = lines.iter().rposition(is_border).map_or(0, |last| last + 1);
    first..last
}

fn blocks<'a>(lines: &'a [&'a str]) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut start = 0;
    for end in 0..=lines.len() {
        if lines.get(end).is_some_and(|line| !line.is_empty()) {
            continue;
        }
        if start < end {
            let before = blocks.last().and_then(|block| block.lines.last()).copied();
            let before = before.unwrap_or_default();
            if let Some(last) = blocks.last_mut() {
                last.behind = lines[start];
            }
            blocks.push(Block { at: start + 1, lines: &lines[start..end], before, behind: "" });
        }
        start = end + 1;
    }
    blocks
}

fn is_indented(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

/// A line that begins an ordinary text: neither a list, nor an enumeration, nor any markup.
fn is_text(line: &str) -> bool {
    let first = line.split(' ').next().unwrap_or_default();
    let counts = first.len() < line.len() && first.ends_with(['.', ')']);
    line.starts_with(|c: char| c.is_ascii_alphanumeric()) && !counts
}

/// A line that stands over or under a title.
fn is_adornment(line: &str) -> bool {
    let first = line.chars().next().filter(char::is_ascii_punctuation);
    first.is_some_and(|first| line.chars().all(|c| c == first))
}

/// How wide a title is, if that is plain.
fn width(title: &str) -> Option<usize> {
    title.is_ascii().then_some(title.len())
}

/// Adornments that are shorter may be meant as text.
const LONG: usize = 4;

impl Block<'_> {
    fn judge(&self, faults: &mut Faults) {
        let [first, rest @ ..] = self.lines else { return };
        let quoted = self.before.ends_with("::");
        if (*first == ".." || first.starts_with(".. ")) && !quoted {
            self.judge_explicit(faults);
        } else if first.starts_with(['-', '*', '+']) && first[1..].starts_with(' ') && !quoted {
            self.judge_bullets(faults);
        } else if is_adornment(first) && first.len() >= LONG && !quoted {
            self.judge_overlined(faults);
        } else if is_text(first) {
            match rest {
                [under, ..] if is_adornment(under) => self.judge_underlined(under, faults),
                _ => self.judge_paragraph(faults),
            }
        }
    }

    fn note(&self, offset: usize, why: &str, faults: &mut Faults) {
        faults.certain.push(format!("line {}: {why}", self.at + offset));
    }

    /// Directives, comments, targets: each line at the left edge begins one.
    fn judge_explicit(&self, faults: &mut Faults) {
        for (offset, line) in self.lines.iter().enumerate() {
            if is_indented(line) {
                continue;
            }
            if is_text(line) {
                let why = "no blank line behind what begins with `..`";
                return self.note(offset, why, faults);
            }
            if *line != ".." && !line.starts_with(".. ") {
                return;
            }
            let Some(name) = directive(line) else { continue };
            let given = &self.lines[offset + 1..];
            let given: Vec<&str> =
                given.iter().take_while(|line| is_indented(line)).copied().collect();
            if let Some(why) = refused(&name, &given) {
                self.note(offset, &why, faults);
            } else if !DIRECTIVES.contains(&name.as_str()) {
                let at = self.at + offset;
                faults.strange.push(format!("line {at}: docutils knows no directive `{name}`"));
            }
        }
    }

    fn judge_bullets(&self, faults: &mut Faults) {
        let sign = &self.lines[0][..2];
        let ends = |line: &&str| !is_indented(line) && !line.starts_with(sign);
        if let Some(offset) = self.lines.iter().position(ends)
            && is_text(self.lines[offset])
        {
            self.note(
                offset,
                "no blank line behind a list, or a line that is not indented",
                faults,
            );
        }
    }

    fn judge_overlined(&self, faults: &mut Faults) {
        let [over, title, rest @ ..] = self.lines else { return };
        if !is_text(title.trim_start()) {
            return;
        }
        match rest {
            [under, ..] if is_adornment(under) && under != over => {
                self.note(2, "the lines over and under the title differ", faults);
            }
            [under, ..] if under == over => {
                if width(title).is_some_and(|width| width > over.len()) {
                    self.note(0, "the line over the title is shorter than it", faults);
                }
            }
            _ => self.note(0, "a title with a line over it has none under it", faults),
        }
    }

    fn judge_underlined(&self, under: &str, faults: &mut Faults) {
        if under.len() < LONG {
            return;
        }
        if width(self.lines[0]).is_some_and(|width| width > under.len()) {
            self.note(1, "the line under the title is shorter than it", faults);
        }
        if self.lines.len() > 2 {
            let lines = &self.lines[2..];
            Block { at: self.at + 2, lines, before: under, ..*self }.judge(faults);
        }
    }

    fn judge_paragraph(&self, faults: &mut Faults) {
        match self.lines.iter().position(|line| is_indented(line)) {
            // A term and what it means.
            Some(0 | 1) => {}
            Some(offset) => {
                self.note(offset, "an indented line without a blank one before it", faults)
            }
            None => {
                let last = self.lines[self.lines.len() - 1];
                let announces = last.ends_with("::") && !last.ends_with("\\::");
                if announces && is_text(self.behind) {
                    let offset = self.lines.len() - 1;
                    self.note(offset, "nothing indented follows `::`", faults);
                }
            }
        }
    }

    /// The text of a paragraph, if it is nothing else.
    fn paragraph(&self) -> Option<String> {
        let flush = self.lines.iter().all(|line| !is_indented(line) && !is_adornment(line));
        (flush && is_text(self.lines[0])).then(|| self.lines.join("\n"))
    }
}

/// The name of the directive that a line begins with.
fn directive(line: &str) -> Option<String> {
    let (name, rest) = line.strip_prefix(".. ")?.trim_start().split_once("::")?;
    let name = name.strip_suffix(' ').unwrap_or(name);
    let simple = |part: &str| !part.is_empty() && part.chars().all(char::is_alphanumeric);
    let whole = name.split(['-', '.', '+', ':', '_']).all(simple);
    (whole && (rest.is_empty() || rest.starts_with(' '))).then(|| name.to_lowercase())
}

/// Why a directive does not render, if that is sure.
fn refused(name: &str, given: &[&str]) -> Option<String> {
    let reads = |line: &&str| line.trim().starts_with(":file:") || line.trim().starts_with(":url:");
    match name {
        "include" | "raw" => Some(format!("the directive `{name}` is turned off on PyPI")),
        "csv-table" if given.iter().any(reads) => {
            Some("a table from a file is turned off on PyPI".into())
        }
        name if SPHINX.contains(&name) => {
            Some(format!("the directive `{name}` is Sphinx's, and none of docutils"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
