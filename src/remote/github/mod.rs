//! Releases on GitHub: a draft, its files, then the moment when it becomes public.
//!
//! Source: <https://docs.github.com/rest/releases>. A draft cannot be asked for by its tag, and a list
//! may lag: what was made or seen is remembered by its number. Files are compared by the digest that
//! GitHub computes.

mod api;
pub mod asset;
pub mod dispatch;
pub mod draft;
pub mod look;
pub mod pulls;
pub mod remake;
pub mod settings;
pub mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use self::api::Api;
use super::{Errand, Trouble};
use crate::model::effect::{Presence, PublishRelease, ReleaseAt};

/// Pages of a list that are looked at: drafts are among the newest.
const PAGES: usize = 5;

/// Releases by number, as this run made or saw them, and those that it deleted.
#[derive(Default)]
pub struct Drafts {
    known: Mutex<BTreeMap<ReleaseAt, u64>>,
    gone: Mutex<BTreeSet<u64>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drafts {
    fn get(&self, at: &ReleaseAt) -> Option<u64> {
        lock(&self.known).get(at).copied()
    }

    fn put(&self, at: &ReleaseAt, id: u64) {
        lock(&self.known).insert(at.clone(), id);
    }

    /// A release is deleted, whatever a list may still show.
    fn forget(&self, id: u64) {
        lock(&self.known).retain(|_, known| *known != id);
        lock(&self.gone).insert(id);
    }

    fn has_gone(&self, id: u64) -> bool {
        lock(&self.gone).contains(&id)
    }
}

/// A release as GitHub has it.
struct Found {
    id: u64,
    draft: bool,
}

impl Found {
    fn of(value: &Value) -> Option<Self> {
        Some(Self { id: value["id"].as_u64()?, draft: value["draft"].as_bool()? })
    }
}

/// The release of a tag, whether it is public or not.
fn find(api: &Api<'_>, at: &ReleaseAt) -> Result<Option<Found>, Trouble> {
    if !at.is_known() {
        return Ok(None);
    }
    let drafts = api.drafts;
    let known = drafts.get(at).map(|id| format!("/releases/{id}"));
    let by_tag = format!("/releases/tags/{}", api::in_path(&at.tag));
    for path in known.into_iter().chain([by_tag]) {
        if let Some(found) = api.get(&path)?.as_ref().and_then(Found::of) {
            drafts.put(at, found.id);
            return Ok(Some(found));
        }
    }
    if !api.may_write() {
        return Ok(None);
    }
    for page in 1..=PAGES {
        let listed = api.get(&format!("/releases?per_page=100&page={page}"))?;
        let listed = listed.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        let of_tag = |release: &&Value| release["tag_name"] == at.tag.as_str();
        let all = listed.iter().filter(of_tag).filter_map(Found::of);
        let all: Vec<Found> = all.filter(|found| !drafts.has_gone(found.id)).collect();
        if all.len() > 1 {
            return Err(Trouble::Refused {
                reason: format!("{} has {} drafts for {}", at.repository, all.len(), at.tag),
                hint: "delete all of them but one".into(),
            });
        }
        if let Some(found) = all.into_iter().next() {
            drafts.put(at, found.id);
            return Ok(Some(found));
        }
        if listed.len() < 100 {
            break;
        }
    }
    Ok(None)
}

/// Whether the release is public.
///
/// # Errors
/// GitHub cannot be asked.
pub fn probe(errand: &Errand<'_>, publish: &PublishRelease) -> Result<Presence, Trouble> {
    let found = find(&Api::of(errand, &publish.at.repository), &publish.at)?;
    let public = found.is_some_and(|found| !found.draft);
    Ok(if public { Presence::Same } else { Presence::Absent })
}

/// Makes the release public, when each of its files is there, byte for byte.
///
/// # Errors
/// A file is missing or another one, or GitHub says no.
pub fn apply(errand: &Errand<'_>, publish: &PublishRelease) -> Result<(), Trouble> {
    let api = Api::of(errand, &publish.at.repository);
    let found = draft_of(&api, &publish.at)?;
    let assets = asset::all(&api, found.id)?;
    for file in &publish.files {
        if asset::presence(&api, &assets, file)? != Presence::Same {
            let name = file.file_name();
            return Err(Trouble::Refused {
                reason: format!("the draft has no file {name} with these bytes"),
                hint: "delete the draft, then run the same command with `--redo`".into(),
            });
        }
    }
    let latest = match publish.latest {
        _ if publish.prerelease => "false",
        Some(true) => "true",
        Some(false) => "false",
        None => "legacy",
    };
    let change = json!({ "draft": false, "prerelease": publish.prerelease, "make_latest": latest });
    api.send("PATCH", &format!("/releases/{}", found.id), &change).map(|_| ())
}

/// The release of a tag, which has to be there by now.
fn draft_of(api: &Api<'_>, at: &ReleaseAt) -> Result<Found, Trouble> {
    find(api, at)?
        .ok_or_else(|| Trouble::Unclear(format!("the draft of {} is not listed yet", at.tag)))
}
