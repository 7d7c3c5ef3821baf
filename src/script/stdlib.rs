//! The standard library: Rhai modules that travel within the program.
//!
//! They use public builtins only, so that a user may copy a function and change it.

const STANDARD: &[(&str, &str)] = &[("std/python", include_str!("../../stdlib/python.rhai"))];

/// Names of the standard library's modules.
pub fn names() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().map(|(name, _)| *name)
}

/// The text of a module of the standard library.
pub fn text(name: &str) -> Option<&'static str> {
    STANDARD.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
