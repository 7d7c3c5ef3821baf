//! Bodies of requests, and how the API complains of what does not fit its schema.
//!
//! Words and values as its schema checker writes them, which is one in Ruby: `nil`, and texts in
//! quotes. Fields that nobody asks for are let through, as there.

use serde_json::{Map, Value};

use super::rules::{self, Checked, refuse};
use crate::rehearse::http::{Request, Response};

/// The fields of a body.
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// The body of a request; nothing at all is an empty object.
    pub(super) fn of(request: &Request) -> Checked<Self> {
        if request.body.is_empty() {
            return Ok(Self(Map::new()));
        }
        match request.json() {
            Some(Value::Object(fields)) => Ok(Self(fields)),
            Some(_) => Err(refuse(400, rules::JSON, "Body should be a JSON object")),
            None => Err(refuse(400, rules::JSON, "Problems parsing JSON")),
        }
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Checked<Option<&str>> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| unlike(name, value, "a string"))
    }

    /// A text that has to be there.
    pub(super) fn needed(&self, name: &str) -> Checked<&str> {
        self.text(name)?.ok_or_else(|| unsupplied(name))
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str) -> Checked<Option<bool>> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| unlike(name, value, "a boolean"))
    }

    /// An object.
    pub(super) fn object(&self, name: &str) -> Checked<Option<&Map<String, Value>>> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        value.as_object().map(Some).ok_or_else(|| unlike(name, value, "an object"))
    }

    /// One of these texts.
    pub(super) fn choice(&self, name: &str, known: &[&str]) -> Checked<Option<&str>> {
        match self.text(name)? {
            Some(given) if !known.contains(&given) => {
                let known: Vec<String> = known.iter().map(|one| format!("{one:?}")).collect();
                let list = known.join(", ");
                Err(bad(&format!(
                    "For 'properties/{name}', {given:?} is not a member of [{list}]."
                )))
            }
            found => Ok(found),
        }
    }

    /// A whole object name.
    pub(super) fn sha(&self, name: &str) -> Checked<&str> {
        let given = self.needed(name)?;
        let length = given.chars().count();
        match length {
            0..40 => Err(bad(&format!(
                "At least 40 characters are required; only {length} were supplied."
            ))),
            40 if given.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(given),
            40 => Err(bad(&format!("{given:?} does not match /\\A[0-9a-f]{{40}}\\z/."))),
            _ => Err(bad(&format!(
                "No more than 40 characters are allowed; {length} were supplied."
            ))),
        }
    }
}

/// A refusal by the schema.
pub(super) fn bad(what: &str) -> Response {
    refuse(422, rules::SCHEMA, format!("Invalid request.\n\n{what}"))
}

/// A field that has to be there is not.
pub(super) fn unsupplied(name: &str) -> Response {
    bad(&format!("\"{name}\" wasn't supplied."))
}

fn unlike(name: &str, value: &Value, kind: &str) -> Response {
    let value = if value.is_null() { "nil".into() } else { value.to_string() };
    bad(&format!("For 'properties/{name}', {value} is not {kind}."))
}
