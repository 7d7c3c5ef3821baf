//! Rhai's positions and type names in our words.

use std::sync::Arc;

use rhai::Position;

use crate::diag::{Site, Source};

/// The place of `position` in `source`.
pub(crate) fn site(source: &Arc<Source>, position: Position) -> Option<Site> {
    let line = position.line()?;
    Some(Site { source: source.clone(), line, column: position.position().unwrap_or(1) })
}

/// Rhai's and Rust's names of types, as a user knows them.
pub(crate) fn our_type(name: &str) -> String {
    let name = name.trim_start_matches("&mut ").trim_start_matches('&');
    let name = name.rsplit("::").next().unwrap_or(name).trim_end_matches('>');
    if name.contains("ImmutableString") || name.starts_with("str |") {
        return "text".into();
    }
    match name {
        "" => "",
        "str" | "String" | "string" => "text",
        "i64" | "INT" => "a number",
        "f64" => "a decimal number",
        "bool" => "true or false",
        "char" => "a character",
        "array" | "Array" => "an array",
        "map" | "Map" => "a map",
        "()" | "(" => "nothing",
        "Fn" | "FnPtr" => "a function",
        "Task" | "TaskHandle" => "a task",
        "TaskView" => "a body's `t`",
        "Workflow" | "CiHandle" => "a CI workflow",
        "Secret" | "SecretHandle" => "a secret",
        "Artifact" | "ArtifactHandle" => "an artifact",
        other => return other.to_lowercase(),
    }
    .into()
}
