//! What stands at a tag and is not what a release makes of it: looked up, and deleted.
//!
//! Sources: <https://docs.github.com/rest/releases/releases>, <https://docs.github.com/rest/git/refs>,
//! <https://docs.github.com/code-security/concepts/supply-chain-security/immutable-releases>. Only what was
//! shown first is deleted, and only as long as no registry holds the version, which is asked anew right
//! before each request. The tag goes first: where it is protected, nothing has changed yet. GitHub turns the
//! release of a deleted tag into a draft.
//! Turned down: taking a draft of this commit for foreign because of its title or notes, which a person may
//! have bettered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::api::{Api, in_path};
use super::{PAGES, asset, draft};
use crate::model::effect::{Delete, Doomed, Presence, ReleaseAt, Remake, asset_name};
use crate::remote::{Errand, Trouble, taken};

/// What this run has shown of what it would delete, as it found it first: that alone may go.
#[derive(Default)]
pub struct Shown(Mutex<BTreeMap<(ReleaseAt, &'static str), Vec<String>>>);

impl Shown {
    /// Whether all of this was shown; the first look shows.
    fn has(&self, at: &ReleaseAt, what: &'static str, prints: &[String]) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = all.entry((at.clone(), what)).or_insert_with(|| prints.to_vec());
        prints.iter().all(|print| shown.contains(print))
    }
}

/// A release that is in the way.
struct Other {
    id: u64,
    draft: bool,
    immutable: bool,
    /// Number and name of each file.
    assets: Vec<(u64, String)>,
}

impl Other {
    /// What it is, for people.
    fn words(&self, tag: &str) -> String {
        let (count, plural) = (self.assets.len(), if self.assets.len() == 1 { "" } else { "s" });
        let what = if self.draft { "the draft of" } else { "the release" };
        format!("{what} {tag} (id {}, {count} asset{plural})", self.id)
    }

    /// What makes it this one. Whether it is a draft does not: it becomes one when its tag goes.
    fn print(&self) -> String {
        format!("{} {:?}", self.id, self.assets)
    }
}

/// What may be done about what stands there.
enum Verdict {
    /// Nothing stands in the way.
    Clear,
    /// It has to stay, and why.
    Stays(String),
    /// It is not what was shown, in words.
    Changed(String),
    /// It may go: what it is in words, and numbers of releases.
    Goes(String, Vec<u64>),
}

impl Verdict {
    fn presence(self) -> Presence {
        match self {
            Self::Clear => Presence::Same,
            Self::Stays(why) => Presence::Other(why),
            Self::Goes(what, _) | Self::Changed(what) => Presence::Stands(what),
        }
    }
}

/// A registry came to hold it, or it became immutable, since the last look.
fn stays(reason: String) -> Trouble {
    Trouble::Refused { reason, hint: "make a new version: this one is left as it stands".into() }
}

fn changed(what: &str) -> Trouble {
    let hint = "run the same command again: it shows what stands there now, and asks";
    Trouble::Refused { reason: format!("{what} is not what was shown"), hint: hint.into() }
}

/// Whether another tag, or other releases, stand there.
///
/// # Errors
/// GitHub, or a registry, cannot be asked.
pub fn probe(errand: &Errand<'_>, delete: &Delete) -> Result<Presence, Trouble> {
    let verdict = match delete.what {
        Doomed::Tag => tag(errand, &delete.remake)?,
        Doomed::Release => releases(errand, &delete.remake)?,
    };
    Ok(verdict.presence())
}

/// Deletes them.
///
/// # Errors
/// They have to stay, or GitHub says no.
pub fn apply(errand: &Errand<'_>, delete: &Delete) -> Result<(), Trouble> {
    match delete.what {
        Doomed::Tag => apply_tag(errand, &delete.remake),
        Doomed::Release => apply_releases(errand, &delete.remake),
    }
}

fn apply_tag(errand: &Errand<'_>, remake: &Remake) -> Result<(), Trouble> {
    match tag(errand, remake)? {
        Verdict::Clear => Ok(()),
        Verdict::Stays(why) => Err(stays(why)),
        Verdict::Changed(what) => Err(changed(&what)),
        Verdict::Goes(..) => {
            let path = format!("/git/refs/tags/{}", in_path(&remake.at.tag));
            let api = Api::of(errand, &remake.at.repository);
            api.send("DELETE", &path, &Value::Null).map(|_| ())
        }
    }
}

fn apply_releases(errand: &Errand<'_>, remake: &Remake) -> Result<(), Trouble> {
    let api = Api::of(errand, &remake.at.repository);
    loop {
        let ids = match releases(errand, remake)? {
            Verdict::Clear => return Ok(()),
            Verdict::Stays(why) => return Err(stays(why)),
            Verdict::Changed(what) => return Err(changed(&what)),
            Verdict::Goes(_, ids) => ids,
        };
        let Some(id) = ids.first() else { return Ok(()) };
        api.send("DELETE", &format!("/releases/{id}"), &Value::Null)?;
        errand.ties.drafts.forget(*id);
    }
}

fn tag(errand: &Errand<'_>, remake: &Remake) -> Result<Verdict, Trouble> {
    let (at, api) = (&remake.at, Api::of(errand, &remake.at.repository));
    if !at.is_known() || remake.commit.is_empty() {
        return Ok(Verdict::Clear);
    }
    let commit = draft::tagged(&api, &at.tag)?.filter(|commit| *commit != remake.commit);
    let Some(commit) = commit else {
        errand.ties.shown.has(at, "tag", &[]);
        return Ok(Verdict::Clear);
    };
    let all = others(&api, remake, Some(&commit))?;
    let short: String = commit.chars().take(12).collect();
    let what = format!("the tag {} (at {short})", at.tag);
    judged(errand, remake, &all, ("tag", vec![commit]), what)
}

fn releases(errand: &Errand<'_>, remake: &Remake) -> Result<Verdict, Trouble> {
    let (at, api) = (&remake.at, Api::of(errand, &remake.at.repository));
    if !at.is_known() || remake.commit.is_empty() {
        return Ok(Verdict::Clear);
    }
    let commit = draft::tagged(&api, &at.tag)?;
    let all = others(&api, remake, commit.as_deref())?;
    let prints: Vec<String> = all.iter().map(Other::print).collect();
    if all.is_empty() {
        errand.ties.shown.has(at, "release", &prints);
        return Ok(Verdict::Clear);
    }
    let words: Vec<String> = all.iter().map(|other| other.words(&at.tag)).collect();
    judged(errand, remake, &all, ("release", prints), words.join(" and "))
}

/// Whether what stands there may go.
fn judged(
    errand: &Errand<'_>,
    remake: &Remake,
    all: &[Other],
    (kind, prints): (&'static str, Vec<String>),
    what: String,
) -> Result<Verdict, Trouble> {
    let tag = &remake.at.tag;
    if all.iter().any(|other| other.immutable) {
        let why = "it is immutable, and GitHub keeps its tag for ever";
        return Ok(Verdict::Stays(format!("release {tag} cannot be made anew: {why}")));
    }
    if let Some(held) = taken::by(errand.host, remake, errand.stop)? {
        return Ok(Verdict::Stays(format!("release {tag} must not be made anew: {held}")));
    }
    if !errand.ties.shown.has(&remake.at, kind, &prints) {
        return Ok(Verdict::Changed(what));
    }
    Ok(Verdict::Goes(what, all.iter().map(|other| other.id).collect()))
}

/// Releases and drafts of the tag that are not the one that is made; `commit` is that of the tag.
fn others(api: &Api<'_>, remake: &Remake, commit: Option<&str>) -> Result<Vec<Other>, Trouble> {
    let mut others = Vec::new();
    for release in of_tag(api, &remake.at.tag)? {
        let id = release["id"].as_u64().unwrap_or_default();
        let assets = asset::all(api, id)?;
        let target = commit.or_else(|| release["target_commitish"].as_str());
        if target == Some(&*remake.commit) && are_ours(api, remake, &assets)? {
            continue;
        }
        let asset = |asset: &Value| {
            let name = asset["name"].as_str().unwrap_or_default();
            (asset["id"].as_u64().unwrap_or_default(), name.to_owned())
        };
        others.push(Other {
            id,
            draft: release["draft"] == true,
            immutable: release["immutable"] == true,
            assets: assets.iter().map(asset).collect(),
        });
    }
    Ok(others)
}

/// Whether there is no file but those of the release, with their bytes as far as they are whole.
fn are_ours(api: &Api<'_>, remake: &Remake, assets: &[Value]) -> Result<bool, Trouble> {
    for asset in assets {
        let mut files = remake.files.iter();
        let of_name = files.find(|file| asset["name"] == *asset_name(file.file_name()));
        let Some(file) = of_name else { return Ok(false) };
        if let Presence::Other(_) = asset::presence(api, assets, file)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Every release of a tag, drafts too. A list may still show what is gone: each is asked for.
fn of_tag(api: &Api<'_>, tag: &str) -> Result<Vec<Value>, Trouble> {
    let public = api.get(&format!("/releases/tags/{}", in_path(tag)))?;
    let mut all: Vec<Value> = public.into_iter().collect();
    let pages = if api.may_write() { PAGES } else { 0 };
    for page in 1..=pages {
        let listed = api.get(&format!("/releases?per_page=100&page={page}"))?;
        let listed = listed.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        let full = listed.len() == 100;
        for one in listed.into_iter().filter(|one| one["tag_name"] == tag) {
            if all.iter().all(|known| known["id"] != one["id"]) {
                all.extend(api.get(&format!("/releases/{}", one["id"]))?);
            }
        }
        if !full {
            break;
        }
    }
    Ok(all)
}
