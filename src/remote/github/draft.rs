//! The draft of a release, and the tag that it is for.

use serde_json::{Value, json};

use super::api::{Api, in_path};
use super::{Found, find};
use crate::model::effect::{DraftRelease, Presence};
use crate::remote::{Errand, Trouble};

/// Whether there is a release for the tag; a tag on another commit is another thing.
///
/// # Errors
/// GitHub cannot be asked.
pub fn probe(errand: &Errand<'_>, draft: &DraftRelease) -> Result<Presence, Trouble> {
    let api = Api::of(errand, &draft.at.repository);
    if !draft.at.is_known() {
        return Ok(Presence::Absent);
    }
    match tagged(&api, &draft.at.tag)? {
        Some(commit) if commit != draft.commit => {
            return Ok(Presence::Other(format!("the tag {} at {commit}", draft.at.tag)));
        }
        _ => {}
    }
    let found = find(&api, &draft.at)?;
    Ok(if found.is_some() { Presence::Same } else { Presence::Absent })
}

/// The commit that a tag points at, if it is there.
pub(super) fn tagged(api: &Api<'_>, tag: &str) -> Result<Option<String>, Trouble> {
    match api.get(&format!("/git/ref/tags/{}", in_path(tag)))? {
        Some(found) => peeled(api, found["object"].clone()),
        None => Ok(None),
    }
}

/// The commit that an object of a tag leads to.
pub(super) fn peeled(api: &Api<'_>, mut object: Value) -> Result<Option<String>, Trouble> {
    // Annotated tags may point at annotated tags.
    for _ in 0..5 {
        let sha = object["sha"].as_str().unwrap_or_default().to_owned();
        if object["type"] != "tag" {
            return Ok(Some(sha));
        }
        let found = api.get(&format!("/git/tags/{sha}"))?;
        object = found.map_or(Value::Null, |found| found["object"].clone());
    }
    Ok(None)
}

/// Begins the release, to be seen by nobody else yet.
///
/// # Errors
/// GitHub says no, or nothing.
pub fn apply(errand: &Errand<'_>, draft: &DraftRelease) -> Result<(), Trouble> {
    let api = Api::of(errand, &draft.at.repository);
    let made = api.send(
        "POST",
        "/releases",
        &json!({
            "tag_name": draft.at.tag,
            "target_commitish": draft.commit,
            "name": draft.title,
            "body": draft.notes.clone().unwrap_or_default(),
            "draft": true,
            "prerelease": draft.prerelease,
            "generate_release_notes": draft.notes.is_none(),
        }),
    )?;
    let found = Found::of(&made)
        .ok_or_else(|| Trouble::Unclear("GitHub answered with no release".into()))?;
    errand.ties.drafts.put(&draft.at, found.id);
    Ok(())
}
