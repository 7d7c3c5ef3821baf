//! Findings of the workflow linter as SARIF 2.1.0, which code scanning and editors read.
//!
//! Knowledge: the OASIS standard's schema, and what GitHub's code scanning asks for: rules with level and
//! help, results that name their rule, paths relative to the repository with `/`. Columns count UTF-16 code
//! units unless a run says otherwise: here characters.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::workflow::{Finding, RULES, Rule};

/// The log of one run; `place` gives the path of a file in the repository.
pub fn log(findings: &[Finding], place: impl Fn(&str) -> String) -> Value {
    let rules: Vec<Value> = RULES.iter().map(rule).collect();
    let results: Vec<Value> = findings.iter().map(|finding| result(finding, &place)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "rel ci lint",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.doc },
        "fullDescription": { "text": rule.why },
        "help": { "text": rule.cure },
        "defaultConfiguration": { "level": rule.level.word() },
    })
}

fn result(finding: &Finding, place: impl Fn(&str) -> String) -> Value {
    let found = &finding.diagnostic;
    let text = [found.message.as_str()].into_iter().chain(found.hints.iter().map(String::as_str));
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": RULES.iter().position(|rule| rule.id == finding.rule),
        "level": finding.level.word(),
        "message": { "text": text.collect::<Vec<_>>().join("\n") },
    });
    if let Some(site) = &found.site {
        result["locations"] = json!([{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&place(&site.source.name)) },
            "region": {
                "startLine": site.line,
                "startColumn": site.column,
                "endColumn": site.column + site.width(),
            },
        } }]);
    }
    result
}

/// A path as a reference of RFC 3986: what has a meaning there is escaped.
fn uri(path: &str) -> String {
    let mut text = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri(".github/workflows/a b#1.yml"), ".github/workflows/a%20b%231.yml");
        assert_eq!(uri("ä"), "%C3%A4");
    }
}
