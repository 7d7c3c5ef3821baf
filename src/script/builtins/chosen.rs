//! The options of one call, in a map as its last argument: each by its name, in its type.

use rhai::{Dynamic, Map};

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
        let text = |value: Dynamic| {
            value.into_immutable_string().map(String::from).map_err(|_| self.wrong(key, "a text"))
        };
        self.get(key).map(text).transpose()
    }

    /// True or false, if the option is given.
    pub(super) fn flag(&self, key: &str) -> Outcome<Option<bool>> {
        let flag = |value: Dynamic| value.as_bool().map_err(|_| self.wrong(key, "true or false"));
        self.get(key).map(flag).transpose()
    }
}
