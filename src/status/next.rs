//! The one line that says what to do.

use super::facts::{Facts, Place, Shelf};
use super::find::{Finding, Kind};

/// What counts before what, of findings of one kind.
fn rank(finding: &Finding) -> (Kind, bool, bool) {
    // What the ledger can finish makes much of the rest go away; what can never be mended comes last.
    (finding.kind, finding.place.is_some(), finding.lasting)
}

/// What to do, in one line.
pub(super) fn line(facts: &Facts, findings: &[Finding]) -> String {
    let acts = findings.iter().filter(|finding| finding.kind != Kind::Note);
    match acts.min_by_key(|finding| rank(finding)) {
        Some(finding) if finding.cure.is_empty() => {
            "release it, or check its name and version".to_owned()
        }
        Some(finding) => finding.cure.clone(),
        None => done(facts),
    }
}

fn done(facts: &Facts) -> String {
    let held = |place: Place, shelf: &Shelf| place.is_final() && !shelf.files.is_empty();
    let shelves = facts.shelves.iter().filter_map(|(place, told)| Some((*place, told.held()?)));
    let mut lasting: Vec<&str> = shelves
        .filter(|(place, shelf)| held(*place, shelf))
        .map(|(place, _)| place.name())
        .collect();
    lasting.extend(facts.locked().then_some(Place::GitHub.name()));
    if lasting.is_empty() {
        return "nothing".to_owned();
    }
    format!("nothing; final: cannot be changed on {}", lasting.join(", "))
}
