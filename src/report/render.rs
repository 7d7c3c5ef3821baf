//! Draws diagnostics: message, source line with a caret, notes, hints.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diag::{Diagnostic, Kind};

/// What a diagnostic is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// It ended, or will end, the run.
    Error,
    /// A live run would stop here.
    WouldStop,
    /// It is only said.
    Warning,
}

/// The diagnostic as text, with a final line end.
pub fn diagnostic(found: &Diagnostic, severity: Severity, colour: bool) -> String {
    let level = match severity {
        Severity::Error if found.kind == Kind::Interrupted => Level::ERROR.with_name("stopped"),
        Severity::Error => Level::ERROR,
        Severity::WouldStop => Level::WARNING.with_name("would stop"),
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(found.message.as_str());
    let mut group = match &found.site {
        Some(site) if !site.source.text.is_empty() => {
            let start = offset(&site.source.text, site.line, site.column);
            let end = offset(&site.source.text, site.line, site.column + site.width()).max(start);
            let snippet =
                Snippet::source(site.source.text.as_str()).path(site.source.name.as_str());
            title.element(snippet.annotation(AnnotationKind::Primary.span(start..end)))
        }
        _ => Group::with_title(title),
    };
    for note in &found.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for hint in &found.hints {
        group = group.element(Level::HELP.with_name("hint").message(hint.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group]).clone() + "\n"
}

/// The byte at a line and column, both from 1; the line's end if the column lies behind it.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for (number, content) in text.split_inclusive('\n').enumerate() {
        if number + 1 == line {
            let content = content.trim_end_matches(['\n', '\r']);
            return start
                + content.char_indices().nth(column - 1).map_or(content.len(), |(at, _)| at);
        }
        start += content.len();
    }
    start
}
