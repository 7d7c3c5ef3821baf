//! What a guard is given by `guard("name", #{ … })`: which options, and in which form.
//!
//! The form is checked where the Releasefile is read, so that a guard finds what it asks for, or nothing.

use std::collections::BTreeMap;

use globset::Glob;
use serde_json::Value;

/// The form of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A whole number above 0.
    Count,
    /// A text.
    Text,
    /// A text, or several.
    Texts,
    /// The same, where each is a pattern of file names.
    Patterns,
}

impl Form {
    /// What it is called, in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "a whole number above 0",
            Self::Text => "a text",
            Self::Texts => "a text, or an array of them",
            Self::Patterns => "a pattern such as `*.whl`, or an array of them",
        }
    }

    /// Whether a value has it. What is empty says nothing, and is none.
    pub fn fits(self, value: &Value) -> bool {
        let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        let pattern = |value: &Value| {
            value.as_str().is_some_and(|text| !text.is_empty() && Glob::new(text).is_ok())
        };
        match self {
            Self::Count => value.as_u64().is_some_and(|number| number > 0),
            Self::Text => text(value),
            Self::Texts => one_or_more(value, text),
            Self::Patterns => one_or_more(value, pattern),
        }
    }
}

fn one_or_more(value: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    fits(value) || value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(fits))
}

/// An option of a guard.
pub struct Knob {
    /// Its name.
    pub name: &'static str,
    /// Its form.
    pub form: Form,
    /// What it says, in one line.
    pub doc: &'static str,
}

/// The options of one call.
#[derive(Clone, Copy)]
pub struct Wants<'a>(Option<&'a BTreeMap<String, Value>>);

impl<'a> Wants<'a> {
    /// Of these; of none where the guard is not called.
    pub fn of(options: Option<&'a BTreeMap<String, Value>>) -> Self {
        Self(options)
    }

    fn get(self, name: &str) -> Option<&'a Value> {
        self.0?.get(name)
    }

    /// A number.
    pub(super) fn count(self, name: &str) -> Option<u64> {
        self.get(name)?.as_u64()
    }

    /// A text.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str()
    }

    /// Texts; `None` if there are none.
    pub(super) fn texts(self, name: &str) -> Option<Vec<&'a str>> {
        match self.get(name)? {
            Value::Array(all) => Some(all.iter().filter_map(Value::as_str).collect()),
            one => Some(vec![one.as_str()?]),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_are_told_apart() {
        for (form, good, bad) in [
            (Form::Count, vec![json!(1)], vec![json!(0), json!(-1), json!("1"), json!(true)]),
            (Form::Text, vec![json!("a")], vec![json!(""), json!(1), json!(["a"])]),
            (
                Form::Texts,
                vec![json!("a"), json!(["a", "b"])],
                vec![json!(""), json!([]), json!([""]), json!(["a", 1]), json!({})],
            ),
            (
                Form::Patterns,
                vec![json!("*.whl"), json!(["a", "[ab]"])],
                vec![json!(""), json!([]), json!("[a"), json!(["a", "[a"])],
            ),
        ] {
            assert!(good.iter().all(|value| form.fits(value)), "{form:?}");
            assert!(!bad.iter().any(|value| form.fits(value)), "{form:?}");
        }
    }

    #[test]
    fn one_text_counts_as_several() {
        let options = [("a", json!("x")), ("b", json!(["y"])), ("n", json!(3))];
        let options = BTreeMap::from(options.map(|(name, value)| (name.to_owned(), value)));
        let wants = Wants::of(Some(&options));
        assert_eq!((wants.text("a"), wants.count("n")), (Some("x"), Some(3)));
        assert_eq!((wants.texts("a"), wants.texts("b")), (Some(vec!["x"]), Some(vec!["y"])));
        assert_eq!((wants.texts("c"), wants.count("a"), wants.text("b")), (None, None, None));
    }
}
