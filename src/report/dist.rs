//! What `rel dist` found, as lines for people and as one line for programs.
//!
//! Names in archives are somebody else's words: findings have them harmless already, lists are cleaned here.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::VERSION;
use super::verified::flat;
use crate::dist::check::{Finding, Level, Rule};
use crate::dist::contents::Member;
use crate::dist::difference::Difference;

/// A file that was checked.
pub struct Checked {
    /// As it was named.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// What is wrong with it, errors first.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// How many findings there are of a level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

/// A file with what is in it.
pub struct Listed {
    /// As it was named.
    pub name: String,
    /// Its files.
    pub members: Vec<Member>,
    /// What has changed since another file, with that one's name.
    pub since: Option<(String, Difference)>,
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// What was checked, for people: each rule with what breaks it, and what to do.
pub fn checked(files: &[Checked]) -> String {
    let mut text = String::new();
    for file in files {
        let counts = [(Level::Error, "error"), (Level::Warning, "warning")];
        let counts = counts.map(|(level, what)| (file.count(level), what));
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, what)| counted(*count, what)).collect();
        let verdict = if counts.is_empty() { "in order".to_owned() } else { counts.join(", ") };
        let _ = writeln!(text, "{}: {verdict}", flat(&file.name));
        let mut findings = file.findings.iter().peekable();
        while let Some(finding) = findings.next() {
            let (level, id) = (finding.level.name(), finding.rule.id);
            let _ = writeln!(text, "  {level:<7} {id}: {}", finding.text);
            if findings.peek().is_none_or(|next| next.rule.id != id) {
                let _ = writeln!(text, "          {}", finding.rule.hint);
            }
        }
    }
    text
}

/// The same, for programs.
pub fn checked_json(files: &[Checked]) -> Value {
    let finding = |found: &Finding| {
        let Rule { id, hint, source, .. } = found.rule;
        json!({ "rule": id, "level": found.level.name(), "message": found.text, "hint": hint, "source": source })
    };
    let file = |file: &Checked| {
        json!({
            "file": file.name, "size": file.size, "accepted": file.count(Level::Error) == 0,
            "findings": file.findings.iter().map(finding).collect::<Vec<_>>(),
        })
    };
    json!({ "v": VERSION, "event": "distributions", "files": files.iter().map(file).collect::<Vec<_>>() })
}

/// What is in files, for people.
pub fn listed(files: &[Listed]) -> String {
    let mut text = String::new();
    for file in files {
        let size: u64 = file.members.iter().map(|member| member.size).sum();
        let count = counted(file.members.len(), "file");
        let _ = writeln!(text, "{}: {count}, {size} bytes", flat(&file.name));
        for member in &file.members {
            let _ = writeln!(text, "  {:>10}  {}", member.size, flat(&member.name));
        }
        if let Some((other, difference)) = &file.since {
            let _ = writeln!(text, "  since {}:", flat(other));
            changes(&mut text, difference);
        }
    }
    text
}

fn changes(text: &mut String, difference: &Difference) {
    if difference.is_empty() {
        text.push_str("    the same files, of much the same sizes\n");
    }
    for (what, members) in [("new", &difference.new), ("gone", &difference.gone)] {
        for member in members {
            let _ = writeln!(text, "    {what:<8} {:>10}  {}", member.size, flat(&member.name));
        }
    }
    for file in &difference.resized {
        let _ = writeln!(
            text,
            "    resized  {:>10}  {}, before {}",
            file.now,
            flat(&file.name),
            file.before
        );
    }
}

/// The same, for programs.
pub fn listed_json(files: &[Listed]) -> Value {
    let members = |all: &[Member]| -> Vec<Value> {
        all.iter().map(|member| json!({ "name": member.name, "size": member.size })).collect()
    };
    let since = |(file, difference): &(String, Difference)| {
        let resized = difference.resized.iter();
        let resized = resized
            .map(|file| json!({ "name": file.name, "before": file.before, "size": file.now }));
        json!({
            "file": file, "new": members(&difference.new), "gone": members(&difference.gone),
            "resized": resized.collect::<Vec<_>>(),
        })
    };
    let file = |file: &Listed| {
        let since = file.since.as_ref().map(since);
        json!({ "file": file.name, "members": members(&file.members), "since": since })
    };
    json!({ "v": VERSION, "event": "contents", "files": files.iter().map(file).collect::<Vec<_>>() })
}

/// The rules, for people.
pub fn rules<'a>(rules: impl Iterator<Item = &'a Rule>) -> String {
    let line = |rule: &Rule| format!("{:<7}  {:<20} {}\n", rule.level.name(), rule.id, rule.doc);
    rules.map(line).collect()
}

/// The rules, for programs.
pub fn rules_json<'a>(rules: impl Iterator<Item = &'a Rule>) -> Value {
    let rule = |rule: &Rule| {
        let Rule { id, level, doc, hint, source, .. } = rule;
        json!({ "rule": id, "level": level.name(), "doc": doc, "hint": hint, "source": source })
    };
    json!({ "v": VERSION, "event": "rules", "rules": rules.map(rule).collect::<Vec<_>>() })
}
