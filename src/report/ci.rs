//! What is said about workflows: which files were written, and whether they still do what they should.

use serde_json::{Value, json};

use super::verified::flat;
use crate::diag::Diagnostic;
use crate::model::effect::Effect;

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

/// What would be started, without `--live`.
pub fn would_start(effect: &Effect) -> String {
    format!("would {}\nadd --live to start it\n", flat(&effect.summary()))
}

/// The same as JSON.
pub fn would_start_json(effect: &Effect) -> Value {
    json!({ "v": 1, "event": "would-start", "effect": effect })
}

/// How a run ended.
pub fn ended(conclusion: &str, url: &str) -> String {
    flat(&format!("{conclusion}: {url}")) + "\n"
}

/// The same as JSON, with its jobs and how each is.
pub fn ended_json(conclusion: &str, url: &str, jobs: &[(&str, &str)]) -> Value {
    let jobs: Vec<Value> =
        jobs.iter().map(|(name, state)| json!({ "name": name, "state": state })).collect();
    json!({ "v": 1, "event": "workflow-run", "url": url, "conclusion": conclusion, "jobs": jobs })
}
