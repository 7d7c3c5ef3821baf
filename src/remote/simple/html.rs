//! As much HTML as a project page needs: anchors with their text, and the API version.
//!
//! Builds no tree and repairs no nesting; comments, scripts and styles are skipped, other tags pass
//! unseen. A regular expression was turned down, because attributes come in any order and quoting;
//! so was a full HTML parser, a large dependency for a flat list of links.

use super::decode::references;

/// What a page says; see [`page`].
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The anchors that have an `href`, in page order.
    pub anchors: Vec<Anchor>,
    /// The content of `<meta name="pypi:repository-version">` (PEP 629).
    pub api_version: Option<String>,
}

/// An `<a href>` with everything decoded.
#[derive(Debug)]
pub(super) struct Anchor {
    /// The address.
    pub href: String,
    /// The text between the tags, inner tags removed.
    pub text: String,
    /// Whether it has `data-yanked` (PEP 592).
    pub yanked: bool,
}

/// Reads a page. Total: text that is no HTML is a page without anchors.
pub(super) fn page(html: &str) -> Page {
    let mut page = Page::default();
    let mut open = false;
    let mut rest = html;
    while let Some((text, markup)) = rest.split_once('<') {
        append(&mut page, open, text);
        rest = if let Some(comment) = markup.strip_prefix("!--") {
            after(comment, "-->")
        } else if let Some(end) = markup.strip_prefix('/') {
            open = open && tag_name(end) != "a";
            after(end, ">")
        } else if markup.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (tag, tail) = start_tag(markup);
            match tag.name.as_str() {
                "script" | "style" => from_end_tag(tail, &tag.name),
                name => {
                    open = if name == "a" { page.open_anchor(&tag) } else { open };
                    page.note_version(&tag);
                    tail
                }
            }
        } else {
            append(&mut page, open, "<");
            markup
        };
    }
    append(&mut page, open, rest);
    page
}

impl Page {
    fn open_anchor(&mut self, tag: &Tag) -> bool {
        let Some(href) = tag.attribute("href") else {
            return false;
        };
        let yanked = tag.attribute("data-yanked").is_some();
        self.anchors.push(Anchor { href: href.to_owned(), text: String::new(), yanked });
        true
    }

    fn note_version(&mut self, tag: &Tag) {
        if tag.name == "meta" && tag.attribute("name") == Some("pypi:repository-version") {
            self.api_version = tag.attribute("content").map(str::to_owned);
        }
    }
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(attribute, _)| attribute == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn append(page: &mut Page, open: bool, text: &str) {
    if open && let Some(anchor) = page.anchors.last_mut() {
        anchor.text.push_str(&references(text));
    }
}

/// The text behind the first `mark`; nothing when there is none.
fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    text.split_once(mark).map_or("", |(_, tail)| tail)
}

/// The text from the end tag of `name` on; nothing when there is none.
fn from_end_tag<'a>(text: &'a str, name: &str) -> &'a str {
    let mut ends = text.match_indices("</");
    let end = ends.find(|(at, _)| tag_name(&text[at + 2..]) == name);
    end.map_or("", |(at, _)| &text[at..])
}

fn tag_name(text: &str) -> String {
    let end = text.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
    text[..end.unwrap_or(text.len())].to_ascii_lowercase()
}

fn start_tag(text: &str) -> (Tag, &str) {
    let name = tag_name(text);
    let mut rest = &text[name.len()..];
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            let tail = rest.strip_prefix('>').unwrap_or_default();
            return (Tag { name, attributes }, tail);
        }
        let (attribute, tail) = attribute(rest);
        attributes.push(attribute);
        rest = tail;
    }
}

/// Takes one attribute off a text that starts with neither a blank, `/` nor `>`.
fn attribute(text: &str) -> ((String, String), &str) {
    let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '=');
    let start = text.chars().next().map_or(0, char::len_utf8);
    let end = text[start..].find(ends).map_or(text.len(), |at| at + start);
    let name = text[..end].to_ascii_lowercase();
    let Some(value) = text[end..].trim_ascii_start().strip_prefix('=') else {
        return ((name, String::new()), &text[end..]);
    };
    let value = value.trim_ascii_start();
    let (value, tail) = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
        _ => value.split_at(
            value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len()),
        ),
    };
    ((name, references(value)), tail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn anchors(html: &str) -> Vec<(String, String)> {
        page(html).anchors.into_iter().map(|anchor| (anchor.href, anchor.text)).collect()
    }

    fn pair(href: &str, text: &str) -> (String, String) {
        (href.to_owned(), text.to_owned())
    }

    #[test]
    fn attributes_in_any_order_and_quoting() {
        let html = "<a data-x='a>b' href=\"1\">one</a><A\nHREF = '2&#43;' x>t&amp;wo</A>\
                    <a href=3/>three</a><a x=\"\"href=4>";
        assert_eq!(
            anchors(html),
            [pair("1", "one"), pair("2+", "t&wo"), pair("3/", "three"), pair("4", "")]
        );
    }

    #[test]
    fn comments_scripts_and_other_tags() {
        let html = "<!-- <a href=1>no</a> --><script>'<a href=2>'</SCRIPT>\
                    <abbr href=3></abbr><a href=4>1 < 2<br/><i>!</i></a>";
        assert_eq!(anchors(html), [pair("4", "1 < 2!")]);
    }

    proptest! {
        #[test]
        fn page_is_total(html in any::<String>(), soup in "[<>/=a'\"&;#! é-]{0,60}") {
            let _ = page(&html);
            let _ = page(&format!("<a href={soup}"));
        }
    }
}
