//! A workflow's text as a tree with places, for who compares it.
//!
//! `workflow::yaml` reads it; here its scalars get the types that YAML 1.2 gives them, since `3.10` is a number to
//! GitHub and `"3.10"` is not. Written another way a number stays the same: `1e3` is `1000`.
//! Turned down: the values of `saphyr`, a second reader, which has no limits.

use std::fmt::Write as _;

use crate::workflow::yaml;

/// Why a text is no workflow.
pub(super) use crate::workflow::yaml::Unreadable;

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

/// Reads a text.
///
/// # Errors
/// It is no YAML, or none that a workflow can be.
pub(super) fn parse(text: &str) -> Result<Node, Unreadable> {
    let root = yaml::parse(text)?;
    if root.plain && root.text() == Some("") {
        return Err(Unreadable { why: "it is empty".into(), line: 1, column: 1 });
    }
    node(&root)
}

fn node(found: &yaml::Node) -> Result<Node, Unreadable> {
    let value = match &found.value {
        yaml::Value::Text(text) if found.plain => of_plain(text),
        yaml::Value::Text(text) => Value::Text(text.clone(), true),
        yaml::Value::List(all) => Value::List(all.iter().map(node).collect::<Result<_, _>>()?),
        yaml::Value::Map(all) => {
            let entry = |(key, value): &(yaml::Node, yaml::Node)| {
                let name = node(key)?.text().ok_or_else(|| Unreadable {
                    why: "a key is no text".into(),
                    line: key.line,
                    column: key.column,
                })?;
                Ok((name, node(value)?))
            };
            Value::Map(all.iter().map(entry).collect::<Result<_, _>>()?)
        }
    };
    Ok(Node { value, line: found.line, column: found.column })
}

/// What a scalar without quotes is: YAML 1.2.2, section 10.3.2, "tag resolution".
fn of_plain(text: &str) -> Value {
    let typed = match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => Some("true".to_owned()),
        "false" | "False" | "FALSE" => Some("false".to_owned()),
        _ => number(text),
    };
    typed.map_or_else(|| Value::Text(text.to_owned(), true), |text| Value::Text(text, false))
}

/// A number as it is always written.
fn number(text: &str) -> Option<String> {
    for (start, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(start) {
            let whole = digits.chars().all(|c| c.is_digit(radix));
            return u64::from_str_radix(digits, radix)
                .ok()
                .filter(|_| whole)
                .map(|n| n.to_string());
        }
    }
    // Words such as `nan`, which Rust takes for numbers, are texts.
    let numeric = text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    text.parse::<f64>().ok().filter(|_| numeric).map(|number| number.to_string())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        parse(&format!("a: {text}\n")).unwrap().get("a").unwrap().shown()
    }

    #[test]
    fn scalars_without_quotes_have_types() {
        for (text, wanted) in [
            ("", "null"),
            ("~", "null"),
            ("Null", "null"),
            ("\"\"", "\"\""),
            ("TRUE", "true"),
            ("'true'", "\"true\""),
            ("on", "\"on\""),
            ("3.10", "3.1"),
            ("\"3.10\"", "\"3.10\""),
            ("+010", "10"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("0x+1", "\"0x+1\""),
            ("1e3", "1000"),
            (".5", "0.5"),
            ("nan", "\"nan\""),
            ("1_000", "\"1_000\""),
            ("1.2.3", "\"1.2.3\""),
            ("|\n  3.10", "\"3.10\\n\""),
        ] {
            assert_eq!(shown(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_workflow_is_refused() {
        for (text, why) in [
            ("", "it is empty"),
            ("# so\n", "it is empty"),
            ("a: 1\n~: 2\n", "a key is no text"),
            ("a: 1\na: 2\n", "the key `a` stands twice in one map"),
            (&"- ".repeat(20_000), "nested too deeply"),
        ] {
            assert_eq!(parse(text).unwrap_err().why, why);
        }
    }
}
