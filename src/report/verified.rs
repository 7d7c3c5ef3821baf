//! What `rel verify` found, as lines for people and as one line for programs.
//!
//! What a certificate or statement says is somebody else's words: they stay on their line.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::VERSION;
use crate::attest::facts::Facts;
use crate::attest::verify::Why;
use crate::model::effect::Predicate;

/// A file with all that was checked for it.
pub struct File {
    /// As it was named.
    pub name: String,
    /// Its digest.
    pub sha256: String,
    /// Whether it holds what was asked for.
    pub verified: bool,
    /// Its attestations.
    pub checked: Vec<Checked>,
}

/// One attestation.
pub struct Checked {
    /// Where it was found.
    pub source: String,
    /// Who had to have signed it, and who said so.
    pub expected: Option<String>,
    /// Whether the file is not verified without it.
    pub counts: bool,
    /// What it came to.
    pub outcome: Result<Facts, Why>,
}

/// The lines for people.
pub fn text(files: &[File]) -> String {
    let mut text = String::new();
    for file in files {
        let verdict = if file.verified { "verified" } else { "not verified" };
        let _ = writeln!(text, "{}: {verdict}", flat(&file.name));
        let _ = writeln!(text, "  sha256 {}", file.sha256);
        for one in &file.checked {
            let _ = write!(text, "{}", checked(one));
        }
    }
    text
}

fn checked(one: &Checked) -> String {
    let source = flat(&one.source);
    let facts = match &one.outcome {
        Ok(facts) => facts,
        Err(why) => {
            let rank = if one.counts { "refused" } else { "not counted" };
            return format!("  {rank}: {source}: {}\n", why.check.failed());
        }
    };
    let of = |text: &Option<String>| flat(text.as_deref().unwrap_or_default());
    let mut rows = vec![
        ("signed by", of(&facts.identity)),
        ("as wanted", flat(one.expected.as_deref().unwrap_or_default())),
    ];
    if let Some(reference) = &facts.reference {
        rows.push(("for", format!("{}, commit {}", flat(reference), of(&facts.commit))));
    }
    rows.extend(facts.environment.as_deref().map(|name| ("environment", flat(name))));
    rows.push(("at", format!("{}, log entry {}", of(&facts.signed_at), of(&facts.log_index))));
    let mut text = format!("  {}, from {source}\n", kind(facts));
    for (what, value) in rows {
        let _ = writeln!(text, "    {what:<12} {value}");
    }
    text
}

/// What an attestation says of the file.
pub fn kind(facts: &Facts) -> String {
    let Some(uri) = &facts.predicate else { return "signature of the file".into() };
    match Predicate::ALL.iter().find(|known| known.uri() == uri) {
        Some(Predicate::Publish) => "publish attestation".into(),
        Some(Predicate::Provenance) => "provenance".into(),
        None => format!("statement of type {}", flat(uri)),
    }
}

/// A text on one line.
pub fn flat(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The one line for programs.
pub fn json(files: &[File]) -> Value {
    let one = |one: &Checked| {
        let (facts, wrong) = match &one.outcome {
            Ok(facts) => (Some(facts), Value::Null),
            Err(why) => (
                why.facts.as_deref(),
                json!({
                    "check": why.check, "message": why.check.failed(), "detail": why.detail,
                    "wanted": why.wanted, "found": why.found,
                }),
            ),
        };
        json!({
            "source": one.source, "expected": one.expected, "counts": one.counts,
            "verified": one.outcome.is_ok(), "facts": facts, "wrong": wrong,
        })
    };
    let file = |file: &File| {
        json!({
            "file": file.name, "sha256": file.sha256, "verified": file.verified,
            "attestations": file.checked.iter().map(one).collect::<Vec<_>>(),
        })
    };
    let files: Vec<Value> = files.iter().map(file).collect();
    json!({ "v": VERSION, "event": "verification", "files": files })
}
