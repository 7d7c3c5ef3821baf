//! A tree of YAML and its text: two spaces, keys in the order in which they were put, comments where a value
//! has one.
//!
//! Only what workflows need, so that the text is the same for ever. A text is written plain where no reader
//! could take it for something else, and in double quotes as JSON has them where one could (YAML 1.2, 7.3).
//! Turned down: an emitter of a library, none of which writes comments.

use std::fmt::Write as _;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    /// Nothing: the key alone.
    Empty,
    /// A text of one line.
    Text(String),
    /// A text of several lines, the last with its end.
    Block(String),
    /// `true` or `false`.
    Truth(bool),
    /// A number.
    Number(u64),
    /// Values in order.
    List(Vec<Yaml>),
    /// Values by key, in order.
    Map(Vec<(String, Yaml)>),
    /// A text, with a comment behind it.
    Noted(String, String),
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A map of these.
pub(super) fn map<const N: usize>(entries: [(&str, Yaml); N]) -> Yaml {
    Yaml::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A list of texts.
pub(super) fn texts<'a>(all: impl IntoIterator<Item = &'a String>) -> Yaml {
    Yaml::List(all.into_iter().map(|text| Yaml::Text(text.clone())).collect())
}

/// The text of a document that is a map: its keys, and those of `jobs`, with an empty line between them.
pub(super) fn document(root: &Yaml) -> String {
    let mut text = String::new();
    let Yaml::Map(entries) = root else { return text };
    for (key, value) in entries {
        text.push('\n');
        match (key.as_str(), value) {
            ("jobs", Yaml::Map(jobs)) => {
                text.push_str("jobs:");
                for (at, (id, job)) in jobs.iter().enumerate() {
                    text.push_str(if at == 0 { "\n" } else { "\n\n" });
                    let _ = write!(text, "  {}:", scalar(id));
                    put(&mut text, job, 4);
                }
            }
            _ => {
                let _ = write!(text, "{}:", scalar(key));
                put(&mut text, value, 2);
            }
        }
        text.push('\n');
    }
    text
}

/// Writes a value behind a key's colon; what needs lines of its own is moved in by so much.
fn put(text: &mut String, value: &Yaml, depth: usize) {
    let pad = " ".repeat(depth);
    match value {
        Yaml::Empty => {}
        Yaml::Text(_) | Yaml::Truth(_) | Yaml::Number(_) | Yaml::Noted(..) => {
            let _ = write!(text, " {}", plain(value));
        }
        Yaml::Block(block) => {
            text.push_str(" |");
            for line in block.lines() {
                let _ = write!(text, "\n{pad}{line}");
            }
        }
        Yaml::Map(entries) if entries.is_empty() => text.push_str(" {}"),
        Yaml::List(values) if values.is_empty() => text.push_str(" []"),
        Yaml::Map(entries) => {
            for (key, value) in entries {
                let _ = write!(text, "\n{pad}{}:", scalar(key));
                put(text, value, depth + 2);
            }
        }
        Yaml::List(values) => {
            for value in values {
                let _ = write!(text, "\n{pad}-");
                item(text, value, depth + 2);
            }
        }
    }
}

/// Writes a value behind the dash of a list: the first key of a map stands beside it.
fn item(text: &mut String, value: &Yaml, depth: usize) {
    let Yaml::Map(entries) = value else { return put(text, value, depth) };
    let pad = " ".repeat(depth);
    for (at, (key, value)) in entries.iter().enumerate() {
        let lead = if at == 0 { " ".to_owned() } else { format!("\n{pad}") };
        let _ = write!(text, "{lead}{}:", scalar(key));
        put(text, value, depth + 2);
    }
    if entries.is_empty() {
        text.push_str(" {}");
    }
}

fn plain(value: &Yaml) -> String {
    match value {
        Yaml::Text(text) => scalar(text),
        Yaml::Truth(truth) => truth.to_string(),
        Yaml::Number(number) => number.to_string(),
        Yaml::Noted(text, note) => format!("{} # {note}", scalar(text)),
        _ => String::new(),
    }
}

/// A text as one scalar.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

fn is_plain(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || matches!(c, '$' | '/' | '_' | '.');
    let words = ["true", "false", "null", "yes", "no", "y", "n"];
    text.starts_with(first)
        && !text.starts_with("..")
        && text.chars().all(|c| matches!(c, ' '..='~'))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with(".inf")
        && !words.contains(&text.to_ascii_lowercase().as_str())
        && !text.strip_prefix('.').is_some_and(|rest| {
            rest.starts_with(|c: char| {
                c.is_ascii_digit() || c.is_ascii_alphabetic() && rest.len() == 3
            })
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ci::read;

    /// What a reader makes of it, in words.
    fn shown(value: &Yaml) -> String {
        match value {
            Yaml::Empty => "null".into(),
            Yaml::Text(text) | Yaml::Block(text) | Yaml::Noted(text, _) => format!("{text:?}"),
            Yaml::Truth(truth) => truth.to_string(),
            Yaml::Number(number) => number.to_string(),
            Yaml::List(values) => {
                format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(", "))
            }
            Yaml::Map(entries) => {
                let all = entries.iter().map(|(key, value)| format!("{key:?}: {}", shown(value)));
                format!("{{{}}}", all.collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn values() -> impl Strategy<Value = Yaml> {
        let text = prop_oneof![
            "[ -~]{0,20}".prop_map(Yaml::Text),
            Just(Yaml::Text("on".into())),
            Just(Yaml::Text("~".into())),
            Just(Yaml::Text(".5".into())),
            Just(Yaml::Text(".nan".into())),
            Just(Yaml::Text("0x1f".into())),
            Just(Yaml::Text("${{ needs.a.outputs.b }}".into())),
        ];
        let leaf = prop_oneof![
            text,
            any::<bool>().prop_map(Yaml::Truth),
            (0u64..1000).prop_map(Yaml::Number),
            Just(Yaml::Empty),
            "([a-z\"$#:>|]{1,9}( [a-z'{}]{1,9})?\n){2,4}".prop_map(Yaml::Block),
            "[a-z@]{1,9}".prop_map(|text| Yaml::Noted(text, "v1: a # b".into())),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let entries = prop::collection::btree_map("[a-z:# -]{1,8}", inner.clone(), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Yaml::List),
                entries.prop_map(|entries| Yaml::Map(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(value in values()) {
            let root = map([("a", value.clone()), ("jobs", map([("b", value)]))]);
            let text = document(&root);
            let found = read::parse(&text).unwrap();
            prop_assert_eq!(found.shown(), shown(&root), "{}", text);
        }
    }
}
