//! What can be known of a wheel or an sdist before it is uploaded.
//!
//! One table: each rule is a small function over a `Subject`, with its level, what it wants, what to do
//! and where it is known from; documentation, lists and JSON come from there. An error is what PyPI refuses,
//! and nothing else is: what it takes may only be warned of, until a [`Policy`] says more. Nothing is
//! installed, built, or asked for. Whether a description in reStructuredText renders is known in part only (`rst`), since
//! all of it takes docutils; nor is the list of classifiers known, which changes without a release of ours.
//! Turned down: stopping at the first fault, as an index does.

mod addresses;
mod contents;
mod description;
mod fields;
mod frame;
mod layout;
mod leaks;
mod licence;
mod members;
mod naming;
mod platform;
mod policy;
mod record;
mod requirement;
mod rst;
mod subject;
#[cfg(test)]
mod tests;
mod wheel;

pub use contents::unwanted;
pub use policy::{Policy, Wishes};
pub use subject::Around;

use subject::Subject;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// PyPI refuses the file, or the policy does.
    Error,
    /// PyPI takes the file; its users may regret it.
    Warning,
}

impl Level {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something that a file has to be.
pub struct Rule {
    /// Its name, as in a policy.
    pub id: &'static str,
    /// How grave it is to break it.
    pub level: Level,
    /// What holds if it is kept.
    pub doc: &'static str,
    /// What to do where it is broken, in the imperative.
    pub hint: &'static str,
    /// Where it is known from.
    pub source: &'static str,
    /// What breaks it, each in one line.
    check: fn(&Subject<'_>) -> Vec<String>,
}

/// A row of a table of rules.
const fn rule(
    (id, level): (&'static str, Level),
    doc: &'static str,
    hint: &'static str,
    source: &'static str,
    check: fn(&Subject<'_>) -> Vec<String>,
) -> Rule {
    Rule { id, level, doc, hint, source, check }
}

/// A rule that is broken.
#[derive(Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How grave that is here.
    pub level: Level,
    /// What breaks it, in one harmless line.
    pub text: String,
}

/// The most that is told of one rule in one file.
const MANY: usize = 10;

/// All rules, in the order in which they are told.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let tables = [
        naming::TABLE,
        layout::TABLE,
        wheel::TABLE,
        fields::TABLE,
        description::TABLE,
        addresses::TABLE,
        licence::TABLE,
        requirement::TABLE,
        contents::TABLE,
    ];
    tables.into_iter().flatten()
}

/// The largest file that is looked into, 1 GiB: the most that PyPI grants a project.
pub const MAX_FILE: u64 = 1 << 30;

/// Checks a file, errors first.
///
/// `name` is the bare file name, `bytes` are the whole file. Never fails: what cannot be read is a finding.
pub fn check(name: &str, bytes: &[u8], around: &Around<'_>, policy: &Policy) -> Vec<Finding> {
    let subject = Subject::new(name, bytes, around, policy);
    let mut findings: Vec<Finding> = rules().flat_map(|rule| found(rule, &subject)).collect();
    findings.sort_by_key(|finding| finding.level);
    findings
}

fn found(rule: &'static Rule, subject: &Subject<'_>) -> Vec<Finding> {
    let Some(level) = subject.policy.level(rule) else { return Vec::new() };
    let mut texts = (rule.check)(subject);
    if texts.len() > MANY {
        let more = texts.len() - MANY;
        texts.truncate(MANY);
        texts.push(format!("and {more} more"));
    }
    texts.into_iter().map(|text| Finding { rule, level, text }).collect()
}

/// A text of a file between backticks: on one line, cut where it is long, without what controls a
/// terminal or turns the direction of reading.
fn quoted(text: &str) -> String {
    const LONG: usize = 120;
    let mut shown = String::from("`");
    for (at, c) in text.chars().enumerate() {
        if at == LONG {
            shown.push('…');
            break;
        }
        let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns || c == '`' {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown + "`"
}
