//! The options of one call, in a map as its last argument: each by its name, in its type.

use rhai::{Array, Dynamic, Map};

use super::Call;
use crate::diag::{Diagnostic, Outcome};

/// The options of one call.
pub(super) struct Options<'a> {
    call: &'a Call<'a>,
    map: Map,
}

impl<'a> Options<'a> {
    pub(super) fn of(call: &'a Call<'a>, at: usize, known: &[&str]) -> Outcome<Self> {
        let map = if call.args.len() > at { call.map(at, known)? } else { Map::new() };
        Ok(Self { call, map })
    }

    /// The value of an option; `()` is none.
    pub(super) fn get(&self, key: &str) -> Option<Dynamic> {
        self.map.get(key).filter(|value| !value.is_unit()).cloned()
    }

    /// The value of an option is not what is `wanted`.
    pub(super) fn wrong(&self, key: &str, wanted: &str) -> Box<Diagnostic> {
        let wrong = Diagnostic::usage(format!("`{key}` is {wanted}"));
        Box::new(wrong.hint(format!("write it as `{}`", self.call.builtin.signature)))
    }

    /// A text, if the option is given.
    pub(super) fn text(&self, key: &str) -> Outcome<Option<String>> {
        self.get(key).map(|value| self.as_text(key, value)).transpose()
    }

    /// A value that has to be a text.
    pub(super) fn as_text(&self, key: &str, value: Dynamic) -> Outcome<String> {
        value.into_immutable_string().map(String::from).map_err(|_| self.wrong(key, "a text"))
    }

    /// The texts of an array; none if the option is not given.
    pub(super) fn texts(&self, key: &str) -> Outcome<Vec<String>> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let wrong = || self.wrong(key, "an array of texts");
        let text = |item: Dynamic| item.into_immutable_string().map(String::from);
        let array: Array = value.try_cast().ok_or_else(wrong)?;
        array.into_iter().map(text).collect::<Result<_, _>>().map_err(|_| wrong())
    }

    /// True or false, if the option is given.
    pub(super) fn flag(&self, key: &str) -> Outcome<Option<bool>> {
        let flag = |value: Dynamic| value.as_bool().map_err(|_| self.wrong(key, "true or false"));
        self.get(key).map(flag).transpose()
    }
}
