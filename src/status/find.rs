//! What there is to say about a release: one check for each way in which it can be half done.

mod half;
mod missing;

use std::collections::BTreeMap;

use super::facts::{Facts, File, Place, Stage, Told};
use crate::model::effect::asset_name;

/// What kind of finding it is, the loudest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Two places hold different things under one name.
    Differs,
    /// A place could not be asked.
    Unknown,
    /// Something was begun and not brought to its end.
    Half,
    /// Something is not there that is elsewhere.
    Missing,
    /// Worth knowing, and nothing wrong.
    Note,
}

impl Kind {
    /// Its name, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::Unknown => "unknown",
            Self::Half => "half",
            Self::Missing => "missing",
            Self::Note => "note",
        }
    }
}

/// One thing to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind.
    pub kind: Kind,
    /// Where it is.
    pub place: Option<Place>,
    /// The file that it is about.
    pub file: Option<String>,
    /// What is so, for people.
    pub text: String,
    /// What to do about it.
    pub cure: String,
    /// It can never be mended for this version.
    pub lasting: bool,
}

impl Finding {
    fn new(kind: Kind, place: Place, text: String, cure: impl Into<String>) -> Self {
        let (cure, place) = (cure.into(), Some(place));
        Self { kind, place, file: None, text, cure, lasting: false }
    }

    fn of(self, file: &str) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    fn lasting(self, lasting: bool) -> Self {
        Self { lasting, ..self }
    }
}

/// All checks.
const CHECKS: [fn(&Facts) -> Vec<Finding>; 13] = [
    differing,
    tags_apart,
    unasked,
    half::half_files,
    half::release,
    half::unsent,
    half::only_signed,
    missing::empty_shelf,
    missing::lacking,
    missing::one_kind,
    missing::tag_and_release,
    taken_back,
    untold,
];

/// Everything there is to say, in the order of the checks.
pub(super) fn all(facts: &Facts) -> Vec<Finding> {
    CHECKS.iter().flat_map(|check| check(facts)).collect()
}

/// A file by its name, with the digests that places tell of it.
#[derive(Default)]
struct Held<'a> {
    name: &'a str,
    digests: Vec<(&'static str, &'a str)>,
}

/// Digests of each file by place; the ledger's count too, as what was meant.
fn digests(facts: &Facts) -> BTreeMap<String, Held<'_>> {
    let mut all: BTreeMap<String, Held<'_>> = BTreeMap::new();
    let whole = |file: &&File| !file.half;
    let held = facts.files().flat_map(|(place, files)| {
        files.iter().filter(whole).map(move |file| (place.name(), &file.name, &file.sha256))
    });
    let meant = facts.ledger.iter().filter(|sent| !matches!(sent.stage, Stage::Refused(_)));
    let meant = meant.map(|sent| (LEDGER, &sent.name, &sent.sha256));
    for (at, name, sha256) in held.chain(meant) {
        if let Some(sha256) = sha256 {
            let held = all.entry(asset_name(name)).or_default();
            if held.name.is_empty() {
                held.name = name;
            }
            held.digests.push((at, sha256));
        }
    }
    all
}

/// What the ledger is called beside places.
const LEDGER: &str = "ledger";

/// The same file name with other bytes in two places.
fn differing(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Held { name, digests } in digests(facts).into_values() {
        let mut one_each: Vec<(&str, &str)> = Vec::new();
        for (at, sha256) in digests {
            if one_each.iter().all(|(_, known)| !known.eq_ignore_ascii_case(sha256)) {
                one_each.push((at, sha256));
            }
        }
        if one_each.len() < 2 {
            continue;
        }
        let short = |sha256: &str| sha256.get(..12).unwrap_or(sha256).to_owned();
        let told: Vec<String> =
            one_each.iter().map(|(at, sha256)| format!("{at} has {}", short(sha256))).collect();
        let mut places =
            facts.files().filter(|(_, files)| files.iter().any(|file| file.name == name));
        let stays = places
            .find(|(place, _)| place.is_final() || (*place == Place::GitHub && facts.locked()));
        let cure = match &stays {
            Some((place, _)) => format!(
                "find out which bytes of {name} are right; final: what {} has cannot be changed, so \
                 replace the others, or make a new version",
                place.name()
            ),
            None => format!("find out which bytes of {name} are right, and replace the others"),
        };
        let text = format!("{name} is not the same: {}", told.join(", "));
        findings.push(Finding {
            kind: Kind::Differs,
            place: stays.map(|(place, _)| place),
            file: Some(name.to_owned()),
            text,
            cure,
            lasting: false,
        });
    }
    findings
}

/// The tag here and the remote's lead to different commits.
fn tags_apart(facts: &Facts) -> Vec<Finding> {
    let (Some(there), Some(here)) = (facts.tagged(), &facts.local) else { return Vec::new() };
    if there.name != here.name || there.commit == here.commit {
        return Vec::new();
    }
    let short = |commit: &str| commit.get(..12).unwrap_or(commit).to_owned();
    let (name, one, other) = (&there.name, short(&there.commit), short(&here.commit));
    let text = format!("tag {name} is not the same: the remote has {one}, this checkout {other}");
    let cure = format!(
        "find out which commit {name} was released from, and move the tag that is wrong; this \
         checkout's by `git fetch --force origin tag {name}`"
    );
    vec![Finding::new(Kind::Differs, Place::Tag, text, cure)]
}

/// Places that gave no answer.
fn unasked(facts: &Facts) -> Vec<Finding> {
    let why = |why: &str, place: Place| {
        let name = if place == Place::Tag { "the git remote" } else { place.name() };
        let text = format!("{name} could not be asked: {why}");
        let cure = format!("ask again: of {name} nothing is known");
        Finding::new(Kind::Unknown, place, text, cure)
    };
    let shelves = facts.shelves.iter().filter_map(|(place, told)| match told {
        Told::Unknown(reason) => Some(why(reason, *place)),
        Told::Holds(_) => None,
    });
    let mut findings: Vec<Finding> = shelves.collect();
    if let Some(Told::Unknown(reason)) = &facts.tag {
        findings.push(why(reason, Place::Tag));
    }
    if let Some(Told::Unknown(reason)) = &facts.hub {
        findings.push(why(reason, Place::GitHub));
    }
    findings
}

/// What its makers have yanked.
fn taken_back(facts: &Facts) -> Vec<Finding> {
    let yanked = facts.files().filter(|(_, files)| files.iter().any(|file| file.yanked));
    yanked
        .map(|(place, _)| {
            let text = format!("{} is yanked on {}", facts.version, place.name());
            Finding::new(Kind::Note, place, text, "")
        })
        .collect()
}

/// What was not looked for, and why; and a version that is nowhere.
fn untold(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let note = |text: &str| Finding {
        kind: Kind::Note,
        place: None,
        file: None,
        text: text.to_owned(),
        cure: String::new(),
        lasting: false,
    };
    if facts.tag.is_none() {
        findings.push(note("no repository is known: nobody was asked for its tag"));
    }
    if facts.repository.is_none() {
        findings.push(note("no repository on GitHub is known: nobody was asked for its release"));
    }
    if facts.holders().next().is_none() && facts.local.is_none() && facts.ledger.is_empty() {
        let text = format!("{} {} is nowhere", facts.project, facts.version);
        findings.push(Finding { kind: Kind::Missing, ..note(&text) });
    }
    findings
}
