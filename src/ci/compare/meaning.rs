//! What a value means to GitHub, whichever way it is written.
//!
//! Maps have no order; `${{x}}` is `${{ x }}`; `true` is what `"true"` is, since every value reaches an
//! expression or an action as text; a script is its commands, without comments and with long lines joined.
//! What is a comment, and what goes on, is decided as bash does, line by line: a comment that ends in a
//! backslash does not swallow the next command, and one with an expression in it is none, since what GitHub
//! puts there may hold a line break.

use std::collections::BTreeMap;
use std::fmt;

use super::Words;
use crate::ci::read::{Node, Value};

/// A value without the way in which it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    Nothing,
    Text(String),
    List(Vec<Meaning>),
    Map(BTreeMap<String, Meaning>),
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |all: Vec<String>| all.join(", ");
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Text(text) => write!(f, "`{text}`"),
            Self::List(all) => f.write_str(&list(all.iter().map(ToString::to_string).collect())),
            Self::Map(all) if all.is_empty() => f.write_str("it is"),
            Self::Map(all) => f.write_str(&list(
                all.iter().map(|(key, value)| format!("{key}: {value}")).collect(),
            )),
        }
    }
}

/// What a value means.
pub(super) fn meaning(node: &Node) -> Meaning {
    match &node.value {
        Value::Null => Meaning::Nothing,
        Value::Text(text, _) => Meaning::Text(expressions(text)),
        Value::List(all) => Meaning::List(all.iter().map(meaning).collect()),
        Value::Map(all) => {
            Meaning::Map(all.iter().map(|(key, value)| (key.clone(), meaning(value))).collect())
        }
    }
}

/// The same, but for digests of images.
pub(super) fn unpinned(meaning: Meaning) -> Meaning {
    match meaning {
        Meaning::Nothing => Meaning::Nothing,
        Meaning::Text(text) => {
            Meaning::Text(text.split("@sha256:").next().unwrap_or_default().to_owned())
        }
        Meaning::List(all) => Meaning::List(all.into_iter().map(unpinned).collect()),
        Meaning::Map(all) => {
            Meaning::Map(all.into_iter().map(|(key, value)| (key, unpinned(value))).collect())
        }
    }
}

/// What a script runs, line by line.
pub(super) fn commands(script: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in script.split('\n') {
        if !goes_on && is_comment(line) {
            continue;
        }
        let backslashes = line.len() - line.trim_end_matches('\\').len();
        let joins = backslashes % 2 == 1;
        let part = &line[..line.len() - usize::from(joins)];
        match lines.last_mut().filter(|_| goes_on) {
            Some(before) => before.push_str(part),
            None => lines.push(part.to_owned()),
        }
        goes_on = joins;
    }
    let lines = lines.iter().map(|line| words_of(line).join(" "));
    expressions(&lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
}

fn is_comment(line: &str) -> bool {
    line.trim_start_matches(BLANKS).starts_with('#') && !line.contains("${{")
}

/// What parts words in bash; any other kind of space is part of a word.
const BLANKS: [char; 2] = [' ', '\t'];

fn words_of(line: &str) -> Vec<&str> {
    line.split(BLANKS).filter(|word| !word.is_empty()).collect()
}

/// A text whose expressions have no space within their braces.
fn expressions(text: &str) -> String {
    text.replace("${{ ", "${{").replace(" }}", "}}")
}

/// A condition: the braces round it may be left out. With anything beside them, be it a line break, it is a
/// text, and so always true: that stays as it is.
pub(super) fn condition(node: Option<&Node>) -> Option<String> {
    let text = node?.text()?;
    let inner = text.strip_prefix("${{").and_then(|text| text.strip_suffix("}}"));
    let inner = inner.or(Some(&text)).filter(|inner| !inner.contains("}}"));
    let spaced = |inner: &str| inner.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(inner.map_or_else(|| text.clone(), spaced))
}

/// A text or a list of texts as a set.
pub(super) fn words(node: Option<&Node>) -> Words {
    let Some(node) = node else { return Words::new() };
    node.text().into_iter().chain(node.items().iter().filter_map(Node::text)).collect()
}

/// Events with their filters. Lists of patterns have no order unless one of them excludes.
pub(super) fn events(on: Option<&Node>) -> BTreeMap<String, Meaning> {
    let Some(on) = on else { return BTreeMap::new() };
    let plain = words(Some(on)).into_iter().map(|event| (event, Meaning::Map(BTreeMap::new())));
    let entries = on.entries().iter().map(|(event, how)| (event.clone(), filters(how)));
    plain.chain(entries).collect()
}

fn filters(how: &Node) -> Meaning {
    let of = |(key, value): &(String, Node)| {
        let value = match key.as_str() {
            "inputs" => inputs(value),
            _ => patterns(value),
        };
        (key.clone(), value)
    };
    match how.value {
        Value::List(_) | Value::Text(..) => meaning(how),
        Value::Null | Value::Map(_) => Meaning::Map(how.entries().iter().map(of).collect()),
    }
}

fn patterns(value: &Node) -> Meaning {
    let excludes = |item: &Node| item.text().is_none_or(|text| text.starts_with('!'));
    let ordered = value.items().iter().any(excludes);
    match &value.value {
        Value::Text(text, _) => Meaning::List(vec![Meaning::Text(text.clone())]),
        Value::List(_) if !ordered => {
            Meaning::List(words(Some(value)).into_iter().map(Meaning::Text).collect())
        }
        _ => meaning(value),
    }
}

/// Inputs without what is only shown.
fn inputs(all: &Node) -> Meaning {
    let shown = |input: &Node| {
        let kept = input.entries().iter().filter(|(key, _)| key != "description");
        Meaning::Map(kept.map(|(key, value)| (key.clone(), meaning(value))).collect())
    };
    Meaning::Map(all.entries().iter().map(|(name, input)| (name.clone(), shown(input))).collect())
}
