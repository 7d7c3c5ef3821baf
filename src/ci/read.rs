//! A workflow's text as a tree with places, for who compares it.
//!
//! `saphyr` reads YAML 1.2 and keeps where each value stands. What GitHub's own reader takes otherwise: an
//! empty document is none, and of several documents only the first counts there; both are refused here.

use std::fmt::Write as _;

use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, YamlData};

/// A value and the place where it begins: line and column from 1.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// What it is. Numbers and truths are texts too, as they are for expressions.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Text(String, bool),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Why a text is no workflow.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) why: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Reads a text.
///
/// # Errors
/// It is no YAML, or not one document.
pub(super) fn parse(text: &str) -> Result<Node, Unreadable> {
    let mut documents = MarkedYaml::load_from_str(text).map_err(|error| {
        let at = error.marker();
        Unreadable { why: error.info().to_owned(), line: at.line(), column: at.col() + 1 }
    })?;
    let whole = |why: &str| Unreadable { why: why.into(), line: 1, column: 1 };
    match (documents.pop(), documents.is_empty()) {
        (Some(document), true) => node(&document).map_err(|why| whole(&why)),
        (None, _) => Err(whole("it is empty")),
        (Some(_), false) => Err(whole("it holds several documents")),
    }
}

fn node(found: &MarkedYaml<'_>) -> Result<Node, String> {
    let value = match &found.data {
        YamlData::Value(scalar) => of_scalar(scalar),
        YamlData::Representation(text, ..) => Value::Text(text.to_string(), true),
        YamlData::Sequence(all) => Value::List(all.iter().map(node).collect::<Result<_, _>>()?),
        YamlData::Mapping(all) => {
            let entry = |(key, value): (&MarkedYaml<'_>, &MarkedYaml<'_>)| {
                let key = node(key)?.text().ok_or("a key is no text")?;
                Ok::<_, String>((key, node(value)?))
            };
            Value::Map(all.iter().map(entry).collect::<Result<_, _>>()?)
        }
        YamlData::Tagged(..) => return Err("it has tags, which workflows cannot have".into()),
        YamlData::Alias(_) | YamlData::BadValue => return Err("a value cannot be read".into()),
    };
    Ok(Node { value, line: found.span.start.line(), column: found.span.start.col() + 1 })
}

fn of_scalar(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(truth) => Value::Text(truth.to_string(), false),
        Scalar::Integer(number) => Value::Text(number.to_string(), false),
        Scalar::FloatingPoint(number) => Value::Text(number.to_string(), false),
        Scalar::String(text) => Value::Text(text.to_string(), true),
    }
}

impl Node {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// All keys with their values; none if it is no map.
    pub(super) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// All values of a list; none if it is no list.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// A scalar as text.
    pub(super) fn text(&self) -> Option<String> {
        match &self.value {
            Value::Text(text, _) => Some(text.clone()),
            _ => None,
        }
    }

    /// It all in one line, as JSON has it.
    pub(super) fn shown(&self) -> String {
        let mut out = String::new();
        self.show(&mut out);
        out
    }

    fn show(&self, out: &mut String) {
        match &self.value {
            Value::Null => out.push_str("null"),
            Value::Text(text, true) => {
                let _ = write!(out, "{text:?}");
            }
            Value::Text(text, false) => out.push_str(text),
            Value::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at == 0 { "" } else { ", " });
                    item.show(out);
                }
                out.push(']');
            }
            Value::Map(entries) => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    let _ = write!(out, "{}{key:?}: ", if at == 0 { "" } else { ", " });
                    value.show(out);
                }
                out.push('}');
            }
        }
    }
}
