//! Where a release stands: from what each place tells, what differs, what is missing, what to do. Pure.
//!
//! `facts` is what was asked for and found, `name` knows names, versions and tags, `find` compares, `next`
//! says what to do. The knowledge of what can never be changed again stands in [`Place::is_final`].
//! Turned down: a list of what has to be where, kept by hand. What is expected is read off what is there:
//! other places, the version before, the ledger.

mod facts;
mod find;
pub mod name;
mod next;
#[cfg(test)]
mod tests;

pub use facts::{Facts, File, Hub, Listed, Place, Release, Sent, Shelf, Stage, Tagged, Told};
pub use find::{Finding, Kind};

/// How a release stands over all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All places agree, and nothing is missing.
    Agree,
    /// Something is half done, missing, or differs.
    Unfinished,
    /// A place could not be asked, so the rest may be wrong.
    Unknown,
}

impl Verdict {
    /// Its name, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::Unfinished => "unfinished",
            Self::Unknown => "unknown",
        }
    }
}

/// What the facts come to.
#[derive(Debug)]
pub struct Judged {
    /// All that is to say, the loudest first.
    pub findings: Vec<Finding>,
    /// How it stands.
    pub verdict: Verdict,
    /// What to do, in one line.
    pub next: String,
}

/// Judges the facts.
pub fn judge(facts: &Facts) -> Judged {
    let mut findings = find::all(facts);
    findings.sort_by_key(|finding| finding.kind);
    let any = |kind| findings.iter().any(|finding| finding.kind == kind);
    let verdict = if any(Kind::Unknown) {
        Verdict::Unknown
    } else if findings.iter().any(|finding| finding.kind != Kind::Note) {
        Verdict::Unfinished
    } else {
        Verdict::Agree
    };
    let next = next::line(facts, &findings);
    Judged { findings, verdict, next }
}
