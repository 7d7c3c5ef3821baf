//! Texts and names as HTML.

use crate::report::page::shown;

/// A text as HTML, in content and in quoted attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// A name as HTML, in which every character can be seen.
pub(super) fn name(text: &str) -> String {
    escaped(&shown(text))
}
