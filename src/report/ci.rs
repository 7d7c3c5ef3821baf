//! What is said about workflows: which files were written, and whether they still do what they should.

use serde_json::{Value, json};

use crate::diag::Diagnostic;

/// Of each file whether it was written, or is as it was.
pub fn written(files: &[(&str, bool)]) -> String {
    let line = |(file, changed): &(&str, bool)| {
        let what = if *changed { "wrote" } else { "unchanged:" };
        format!("{what} {file}\n")
    };
    files.iter().map(line).collect()
}

/// The same as JSON.
pub fn written_json(files: &[(&str, bool)]) -> Value {
    let files: Vec<Value> =
        files.iter().map(|(file, changed)| json!({ "file": file, "changed": changed })).collect();
    json!({ "v": 1, "event": "workflows", "files": files })
}

/// That files do what they should.
pub fn checked(files: &[&str]) -> String {
    let lines: Vec<String> = files.iter().map(|file| format!("ok: {file}\n")).collect();
    lines.concat()
}

/// Files that were compared, and all differences.
pub fn checked_json(files: &[&str], wrong: &[Diagnostic]) -> Value {
    json!({ "v": 1, "event": "drift", "files": files, "diagnostics": wrong })
}
