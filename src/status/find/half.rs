//! What was begun and not brought to its end: drafts, broken uploads, locked releases, the ledger.
//!
//! What an immutable release can no longer take:
//! <https://docs.github.com/code-security/supply-chain-security/understanding-your-software-supply-chain/immutable-releases>.

use std::collections::BTreeSet;

use super::{Finding, Kind};
use crate::model::effect::Sign;
use crate::status::facts::{Facts, File, Place, Release, Sent, Stage};

/// Files of a release whose upload broke off.
pub(super) fn half_files(facts: &Facts) -> Vec<Finding> {
    let Some(release) = facts.release() else { return Vec::new() };
    let locked = release.immutable;
    let half = release.files.iter().filter(|file| file.half);
    half.map(|file| {
        let name = &file.name;
        let text = format!("the upload of {name} to release {} broke off", release.tag);
        let cure = if locked {
            format!("{}; make a new version", cannot_change(&release.tag))
        } else {
            format!("delete the half file {name} from release {} and attach it again", release.tag)
        };
        Finding::new(Kind::Half, Place::GitHub, text, cure).of(name).lasting(locked)
    })
    .collect()
}

pub(super) fn cannot_change(tag: &str) -> String {
    format!("final: cannot be changed, since release {tag} is immutable")
}

/// A release that nobody sees yet, or one that was locked before its files were there.
pub(super) fn release(facts: &Facts) -> Vec<Finding> {
    let Some(Release { tag, draft, immutable, files }) = facts.release() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if *draft {
        let text = format!("release {tag} is a draft, which only its makers see");
        let cure = format!("attach what the draft of {tag} lacks, if anything, then publish it");
        findings.push(Finding::new(Kind::Half, Place::GitHub, text, cure));
    }
    if *immutable && files.is_empty() {
        let text = format!("release {tag} is immutable and has no files");
        let cure = format!("{}; make a new version", cannot_change(tag));
        findings.push(Finding::new(Kind::Half, Place::GitHub, text, cure).lasting(true));
    }
    findings
}

/// What the ledger of this checkout has not seen through.
pub(super) fn unsent(facts: &Facts) -> Vec<Finding> {
    let shut = shut(facts);
    let cure = match shut {
        Some(release) => format!("{}; make a new version", cannot_change(&release.tag)),
        None => again(facts),
    };
    let finding = |text: String| Finding {
        kind: Kind::Half,
        place: None,
        file: None,
        text,
        cure: cure.clone(),
        lasting: shut.is_some(),
    };
    let one = |sent: &Sent| match &sent.stage {
        Stage::Refused(reason) => format!("refused by the remote: {}: {reason}", sent.what),
        Stage::Open | Stage::Done => format!("begun and not known to be done: {}", sent.what),
    };
    let mut findings: Vec<Finding> = facts.unfinished().map(|sent| finding(one(sent))).collect();
    if facts.pending > 0 {
        findings.push(finding(format!("planned and not yet begun: {} more", facts.pending)));
    }
    findings
}

/// Files that are signed, which the log shows to everybody, and that no place has.
pub(super) fn only_signed(facts: &Facts) -> Vec<Finding> {
    let is_signed = |sent: &&Sent| {
        sent.endpoint.as_deref() == Some(Sign::ENDPOINT) && sent.stage == Stage::Done
    };
    let signed = facts.ledger.iter().filter(is_signed);
    let names: BTreeSet<&str> = signed.filter_map(|sent| Sign::file_of(&sent.name)).collect();
    let is_out = |name: &str| {
        let key = File::new(name, None).key();
        facts.files().any(|(_, files)| files.iter().any(|file| !file.half && file.key() == key))
    };
    let missed = names.into_iter().filter(|name| !is_out(name));
    missed
        .map(|name| Finding {
            kind: Kind::Half,
            place: None,
            file: Some(name.to_owned()),
            text: format!("{name} is signed, which the transparency log shows, and out nowhere"),
            cure: again(facts),
            lasting: false,
        })
        .collect()
}

/// The immutable release that has refused something of the ledger: each run would stop there again.
fn shut(facts: &Facts) -> Option<&Release> {
    let release = facts.release().filter(|release| release.immutable)?;
    let page = format!("/releases/tag/{}", release.tag);
    let is_of = |sent: &&Sent| sent.endpoint.as_ref().is_some_and(|at| at.ends_with(&page));
    let mut refused = facts.unfinished().filter(is_of);
    refused.any(|sent| matches!(sent.stage, Stage::Refused(_))).then_some(release)
}

/// How the release goes on from the ledger.
fn again(facts: &Facts) -> String {
    let commit = facts.commit.as_deref().and_then(|commit| commit.get(..12)).unwrap_or("HEAD");
    match &facts.command {
        Some(command) => {
            format!("`{command}` on commit {commit} goes on where it stopped, with the same bytes")
        }
        None => format!(
            "run the same live command again on commit {commit}: it goes on with the same bytes"
        ),
    }
}
