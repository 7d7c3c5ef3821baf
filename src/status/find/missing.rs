//! What is not there that is elsewhere, or that the version before had.

use std::collections::{BTreeMap, BTreeSet};

use super::half::cannot_change;
use super::{Finding, Kind};
use crate::status::facts::{Facts, File, Place, Shelf, Told};
use crate::status::name::is_sdist;

/// A registry that has nothing of a version that is elsewhere.
pub(super) fn empty_shelf(facts: &Facts) -> Vec<Finding> {
    let Some(elsewhere) = elsewhere(facts) else { return Vec::new() };
    let expected = |place: Place, shelf: &Shelf| match place {
        Place::Pypi | Place::Crates => facts.home == Some(place) || is_next(facts, place, shelf),
        Place::Testpypi | Place::Tag | Place::GitHub => false,
    };
    let shelves = facts.shelves.iter().filter_map(|(place, told)| Some((*place, told.held()?)));
    let empty = shelves.filter(|(place, shelf)| shelf.files.is_empty() && expected(*place, shelf));
    empty
        .map(|(place, _)| {
            let (name, version) = (place.name(), &facts.version);
            let text = format!("{name} has nothing of {version}, which is {elsewhere}");
            let cure = format!("publish {} {version} to {name}", facts.project);
            Finding::new(Kind::Missing, place, text, cure)
        })
        .collect()
}

/// Whether the project at hand goes to this registry besides its home, as the version before did.
fn is_next(facts: &Facts, place: Place, shelf: &Shelf) -> bool {
    facts.home.is_some_and(|home| home != place) && !shelf.before.is_empty()
}

/// Names as in a sentence, with its verb.
fn have(names: &[&str]) -> String {
    let verb = if names.len() == 1 { "has" } else { "have" };
    format!("{} {verb}", listed(names))
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// Where the version is, as in a sentence; nothing if it is nowhere.
fn elsewhere(facts: &Facts) -> Option<String> {
    let one = |place: Place| match place {
        Place::Tag => "tagged".to_owned(),
        Place::GitHub => "released on github".to_owned(),
        index => format!("on {}", index.name()),
    };
    let all: Vec<String> = facts.holders().map(one).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    (!all.is_empty()).then(|| listed(&all))
}

/// Files that a place lacks, although it has others of this version, and another place has them.
pub(super) fn lacking(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let of_version = |file: &&File| !file.half && facts.is_own(file);
    for (place, files) in facts.files() {
        let own: BTreeSet<String> = files.iter().map(File::key).collect();
        let takes_part = files.iter().any(|file| facts.is_own(file));
        if !takes_part {
            continue;
        }
        let mut missing: BTreeMap<String, (&str, Vec<&'static str>)> = BTreeMap::new();
        for (other, theirs) in facts.files().filter(|(other, _)| *other != place) {
            for file in theirs.iter().filter(of_version) {
                if !own.contains(&file.key()) && place.takes(&file.name) {
                    let row = missing.entry(file.key()).or_insert((&file.name, Vec::new()));
                    row.1.push(other.name());
                }
            }
        }
        for (file, holders) in missing.into_values() {
            findings.push(lacks(facts, place, file, &holders));
        }
    }
    findings
}

fn lacks(facts: &Facts, place: Place, file: &str, holders: &[&str]) -> Finding {
    let locked = place == Place::GitHub && facts.locked();
    let name = place.name();
    let text = format!("{name} lacks {file}, which {}", have(holders));
    let cure = match facts.release() {
        Some(release) if locked => format!("{}; {file} stays out", cannot_change(&release.tag)),
        _ => {
            format!(
                "send the very file {file} that {} to {name}: do not build it anew, `rel adopt \
                 --from {}` takes it over",
                have(holders),
                holders.first().unwrap_or(&name)
            )
        }
    };
    Finding::new(Kind::Missing, place, text, cure).of(file).lasting(locked)
}

/// Wheels without an sdist, or the other way round, where the version before had both.
pub(super) fn one_kind(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for place in [Place::Pypi, Place::Testpypi] {
        let Some(shelf) = facts.shelves.get(&place).and_then(Told::held) else { continue };
        let has = |kind: bool| shelf.files.iter().any(|file| is_sdist(&file.name) == Some(kind));
        let had = |kind: bool| shelf.before.iter().any(|name| is_sdist(name) == Some(kind));
        for (kind, what, other) in [(true, "sdist", "wheels"), (false, "wheel", "an sdist")] {
            let elsewhere = facts.files().any(|(at, files)| {
                let of = |file: &File| is_sdist(&file.name) == Some(kind);
                at != place && files.iter().any(|file| of(file) && facts.is_own(file))
            });
            // A first version has none to compare with: only an sdist is expected of it.
            let expected = if shelf.before.is_empty() { kind } else { had(kind) };
            if has(!kind) && !has(kind) && expected && !elsewhere {
                let name = place.name();
                let but =
                    if shelf.before.is_empty() { "" } else { ", and the version before had one" };
                let text = format!("{name} has {other} of {}, but no {what}{but}", facts.version);
                let cure = format!(
                    "send the {what} that was built with the others to {name}; if it is lost, make a \
                     new version"
                );
                findings.push(Finding::new(Kind::Missing, place, text, cure));
            }
        }
    }
    findings
}

/// A version that registries have, or that is tagged here, and for which the remote has no tag.
fn no_tag(facts: &Facts) -> Option<Finding> {
    facts.tag.as_ref()?.held()?.is_none().then_some(())?;
    let elsewhere = elsewhere(facts);
    let (text, cure) = match &facts.local {
        Some(local) => (
            format!("tag {} is in this checkout, and not on the remote", local.name),
            format!("push the tag: `git push origin {}`", local.name),
        ),
        None => (
            format!("the remote has no tag of {}, which is {}", facts.version, elsewhere?),
            format!("tag the commit that {} was built from, and push the tag", facts.version),
        ),
    };
    Some(Finding::new(Kind::Missing, Place::Tag, text, cure))
}

/// A version that is elsewhere, and for which GitHub has no release.
fn no_release(facts: &Facts) -> Option<Finding> {
    let hub = facts.hub.as_ref()?.held()?;
    if hub.release.is_some() {
        return None;
    }
    let elsewhere = elsewhere(facts)?;
    let blind = if hub.sees_drafts { "" } else { "; without a token drafts are not seen" };
    let version = &facts.version;
    let text = format!("github has no release of {version}, which is {elsewhere}{blind}");
    let cure = format!("make the release of {version} on GitHub");
    let (kind, text) = if hub.others {
        (Kind::Missing, text)
    } else {
        (Kind::Note, format!("{text}, and none of any other version"))
    };
    Some(Finding::new(kind, Place::GitHub, text, cure))
}

/// The remote's tag and the release of a version that is elsewhere.
pub(super) fn tag_and_release(facts: &Facts) -> Vec<Finding> {
    no_tag(facts).into_iter().chain(no_release(facts)).collect()
}
