//! What the workflow linter found, for programs, and in one line for people.

use serde_json::{Value, json};

use super::json::VERSION;
use crate::workflow::{Finding, Level};

/// The findings as one value.
pub fn json(findings: &[Finding], files: &[String]) -> Value {
    let one = |finding: &Finding| {
        let level = finding.level.word();
        json!({ "rule": finding.rule, "level": level, "diagnostic": finding.diagnostic })
    };
    let findings: Vec<Value> = findings.iter().map(one).collect();
    json!({ "v": VERSION, "files": files, "findings": findings })
}

/// How much was found in how many workflows.
pub fn line(findings: &[Finding], files: usize) -> String {
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let plural =
        |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let files = plural(files, "workflow");
    match (count(Level::Error), count(Level::Warning)) {
        (0, 0) => format!("ok: {files}\n"),
        (errors, warnings) => {
            format!("{}, {} in {files}\n", plural(errors, "error"), plural(warnings, "warning"))
        }
    }
}
