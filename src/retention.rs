//! Retention: what a project's state holds, and which of it nothing needs any more.
//!
//! Every run holds the state shared ([`used`]), and removing takes it alone ([`alone`]): so nothing
//! that a run beside has just made, and named nowhere yet, is ever taken for spare. Whether an artifact
//! is named is asked of texts, not of formats: a digest anywhere in a seal, ledger or plan counts, also
//! in one that cannot be read otherwise. Ledgers are never removed.
//! Turned down: going by age or by numbers of processes alone, which a paused run outlives.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::cache;
use crate::host::{fs, stray};
use crate::ledger::{self, State};
use crate::model::artifact::Digest;
use crate::seal::Seal;

/// A day in seconds.
const DAY: u64 = 24 * 60 * 60;
/// How long a plan keeps its artifacts.
const PLAN_DAYS: u64 = 30;
/// How long older outputs, which a run set aside, are kept.
const ASIDE_DAYS: u64 = 30;
/// How long the seal of a finished release stays even if all is to go.
const SEAL_DAYS: u64 = 30;
/// How long a run leaves what nothing names.
const QUIET_DAYS: u64 = 14;
/// How long what a run came to is kept.
const RUN_DAYS: u64 = 30;
/// How many runs are kept.
const RUNS: usize = 200;

/// Holds the state for a run, as long as the file lives. Waits while something is being removed.
///
/// # Errors
/// The disk fails.
pub fn used(state: &Path) -> io::Result<File> {
    let file = fs::open_append(&state.join("lock"))?;
    file.lock_shared()?;
    Ok(file)
}

/// Holds the state against every run; `None` if one is at work.
///
/// # Errors
/// The disk fails.
pub fn alone(state: &Path) -> io::Result<Option<File>> {
    let file = fs::open_append(&state.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Notes a plan, so that its artifacts stay as long as it may be applied.
///
/// # Errors
/// The disk fails.
pub fn remember(state: &Path, plan: &str) -> io::Result<()> {
    let copy = format!("{}.json", Digest::of(plan).short());
    fs::replace(&state.join(Part::Plan.name()).join(copy), plan)
}

/// A part of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Artifacts by digest.
    Store,
    /// Artifacts fixed for a commit.
    Seal,
    /// What was sent.
    Ledger,
    /// Plans that `-o` made, or that came in a bundle, for what they name.
    Plan,
    /// Output folders of runs.
    Out,
    /// Older files found where outputs go.
    Aside,
    /// What tasks committed and tagged for a release.
    Stage,
    /// What tasks depended on when they last ran well.
    Cache,
    /// What runs came to.
    Runs,
    /// Tool environments, which projects share.
    Tools,
}

impl Part {
    /// Its name, which is that of its folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Seal => "seal",
            Self::Ledger => "ledger",
            Self::Plan => "plan",
            Self::Out => "out",
            Self::Aside => "aside",
            Self::Stage => "stage",
            Self::Cache => "cache",
            Self::Runs => "runs",
            Self::Tools => "tools",
        }
    }
}

/// One thing that is kept: an artifact, a seal, a folder.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The part it belongs to.
    pub part: Part,
    /// What it is called there.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Whether nothing needs it.
    pub spare: bool,
    /// Why it is kept, or is not needed.
    pub why: &'static str,
}

impl Entry {
    /// An entry with its size.
    pub fn new(part: Part, name: String, path: PathBuf, spare: bool, why: &'static str) -> Self {
        let bytes = fs::size_of_all(&path);
        Self { part, name, path, bytes, spare, why }
    }

    /// Removes it.
    ///
    /// # Errors
    /// The disk fails.
    pub fn remove(&self) -> io::Result<()> {
        if fs::is_dir(&self.path) {
            fs::remove_dir(&self.path)
        } else {
            fs::remove_file(&self.path)
        }
    }
}

/// How far a release has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing has, or may have, been sent.
    Unsent,
    /// All that its gates let through was done.
    Finished,
    /// Anything else, and whatever cannot be told.
    Unfinished,
}

/// What `state` holds, in the order of the parts. With `all`, seals of releases that are over, and
/// the artifacts that only these need, are spare too.
///
/// # Errors
/// Something that may name artifacts cannot be read: then none can be told to be spare.
pub fn survey(state: &Path, now: u64, all: bool) -> io::Result<Vec<Entry>> {
    let (mut entries, naming) = releases(state, now, all)?;
    let mut named = digests_in(naming, state)?;
    let known = caches(state, all);
    let kept = known.iter().filter(|entry| !entry.spare);
    named.extend(kept.flat_map(|entry| cache::named(&entry.path)));
    entries.extend(known);
    entries.extend(store(state, &named));
    entries.extend(outputs(state));
    entries.extend(aside(state, now));
    entries.extend(stages(state, now, all)?);
    entries.extend(runs(state, now)?);
    entries.sort_by(|a, b| (a.part, &a.name).cmp(&(b.part, &b.name)));
    Ok(entries)
}

/// Seals, ledgers and plans; besides, those whose artifacts are needed.
fn releases(state: &Path, now: u64, all: bool) -> io::Result<(Vec<Entry>, Vec<PathBuf>)> {
    let (mut entries, mut naming) = (Vec::new(), Vec::new());
    for (part, end) in [(Part::Seal, ".json"), (Part::Ledger, ".jsonl")] {
        let folder = state.join(part.name());
        for name in fs::names(&folder) {
            let (path, commit) = (folder.join(&name), name.trim_end_matches(end));
            let stage = stage(state, commit);
            let over = stage != Stage::Unfinished && old(&path, now, SEAL_DAYS)?;
            let why = match (part, stage) {
                (Part::Ledger, _) => "the memory of what was sent",
                (_, Stage::Finished) => "its release is finished",
                (_, Stage::Unsent) => "nothing of its release was sent",
                (_, Stage::Unfinished) => "its release is not finished",
            };
            if !(all && over) {
                naming.push(path.clone());
            }
            let spare = all && over && part == Part::Seal;
            entries.push(Entry::new(part, name, path, spare, why));
        }
    }
    let folder = state.join(Part::Plan.name());
    for name in fs::names(&folder) {
        let path = folder.join(&name);
        let spare = old(&path, now, PLAN_DAYS)?;
        let why = if spare { "older than 30 days" } else { "`rel apply` may take it" };
        if !spare {
            naming.push(path.clone());
        }
        entries.push(Entry::new(Part::Plan, name, path, spare, why));
    }
    Ok((entries, naming))
}

/// How far the release of a commit has come, as seal and ledger tell together.
fn stage(state: &Path, commit: &str) -> Stage {
    let ledger = fs::read_text(&state.join("ledger").join(format!("{commit}.jsonl")));
    let Some(replay) = ledger.ok().and_then(|text| ledger::replay(text.as_bytes()).ok()) else {
        return Stage::Unfinished;
    };
    let Some(release) = &replay.release else { return Stage::Unfinished };
    if replay.states.values().all(|state| matches!(state, State::Refused(_))) {
        return Stage::Unsent;
    }
    let seal = Seal::load(&state.join("seal"), release).ok().flatten();
    let planned = seal.map(|seal| seal.planned).unwrap_or_default();
    let is_done = |state: Option<&State>| matches!(state, Some(State::Done(_)));
    let all_done = planned.iter().all(|key| is_done(replay.states.get(key)));
    let none_open = replay.states.values().all(|state| !matches!(state, State::Open));
    if !planned.is_empty() && all_done && none_open { Stage::Finished } else { Stage::Unfinished }
}

fn old(path: &Path, now: u64, days: u64) -> io::Result<bool> {
    Ok(fs::modified(path)? + days * DAY < now)
}

/// Every digest that a text of the state holds: of those given, and of files of other parts.
fn digests_in(given: Vec<PathBuf>, state: &Path) -> io::Result<BTreeSet<String>> {
    const OWN: [&str; 11] = [
        "store", "seal", "ledger", "plan", "out", "aside", "shims", "stage", "cache", "still",
        "runs",
    ];
    let mut paths = given;
    let others = fs::names(state).into_iter().filter(|name| !OWN.contains(&name.as_str()));
    for folder in others.map(|name| state.join(name)).filter(|path| fs::is_dir(path)) {
        let found = fs::find(&folder, &["**/*.json".into(), "**/*.jsonl".into()])?;
        paths.extend(found.into_iter().map(|file| file.path));
    }
    let mut digests = BTreeSet::new();
    for path in paths {
        let text = fs::read_text(&path)?;
        let words = text.split(|c: char| !c.is_ascii_hexdigit());
        digests.extend(words.filter(|word| word.len() == 64).map(str::to_owned));
    }
    Ok(digests)
}

/// What is up to date, of each checkout; with `all` it may go: tasks then run once more.
fn caches(state: &Path, all: bool) -> Vec<Entry> {
    let folder = state.join(Part::Cache.name());
    let entry = |name: String| {
        let path = folder.join(&name);
        let (spare, why) = if cache::spare(&path) {
            (true, "its checkout is gone, or another rel wrote it")
        } else {
            (all, "tells which tasks are up to date")
        };
        Entry::new(Part::Cache, name, path, spare, why)
    };
    let last = state.join(cache::STILL);
    let of_run = |name: String| {
        let why = "tells that a whole run is up to date";
        Entry::new(Part::Cache, name.clone(), last.join(name), all, why)
    };
    let runs = fs::names(&last).into_iter().map(of_run);
    fs::names(&folder).into_iter().map(entry).chain(runs).collect()
}

fn store(state: &Path, named: &BTreeSet<String>) -> Vec<Entry> {
    let folder = state.join(Part::Store.name());
    let entry = |digest: String| {
        let path = folder.join(&digest);
        let files = fs::names(&path).join(", ");
        let name = format!("{}/{files}", digest.get(..12).unwrap_or(&digest));
        match digest.as_str() {
            "drafts" => {
                Entry::new(Part::Store, digest, path, true, "left by runs that were killed")
            }
            digest if named.contains(digest) => {
                let why = "a seal, a ledger, a plan or a task that is up to date names it";
                Entry::new(Part::Store, name, path, false, why)
            }
            _ => Entry::new(Part::Store, name, path, true, "no seal, ledger or plan names it"),
        }
    };
    let holds_something = |entry: &Entry| entry.name != "drafts" || entry.bytes > 0;
    fs::names(&folder).into_iter().map(entry).filter(holds_something).collect()
}

fn outputs(state: &Path) -> impl Iterator<Item = Entry> {
    let folder = state.join(Part::Out.name());
    let strays = stray::strays(|out| Path::new(out).starts_with(&folder));
    fs::names(&folder).into_iter().map(move |name| {
        let path = folder.join(&name);
        let runs = name.parse().is_ok_and(stray::is_running);
        let used = runs || strays.iter().any(|stray| Path::new(&stray.out).starts_with(&path));
        let why = if used {
            "its run, or something that it started, still runs"
        } else {
            "its run has ended"
        };
        Entry::new(Part::Out, name, path, !used, why)
    })
}

/// Stages, by the commits that they began with. One that is not kept belongs to a run that has ended, or
/// that still works: then nothing is removed beside it.
fn stages(state: &Path, now: u64, all: bool) -> io::Result<Vec<Entry>> {
    let folder = state.join(Part::Stage.name());
    let mut entries = Vec::new();
    for name in fs::names(&folder) {
        let path = folder.join(&name);
        let record = path.join("kept.json");
        let (spare, why) = if fs::exists(&record) {
            match stage(state, &name) {
                Stage::Unfinished => (false, "its release is not finished"),
                Stage::Finished => {
                    (old(&record, now, SEAL_DAYS)? && all, "its release is finished")
                }
                Stage::Unsent => {
                    (old(&record, now, SEAL_DAYS)? && all, "nothing was pushed from it")
                }
            }
        } else {
            (true, "its run has ended")
        };
        entries.push(Entry::new(Part::Stage, name, path, spare, why));
    }
    Ok(entries)
}

/// What runs came to, by names of which the newest is the last. What they made is not needed for that.
fn runs(state: &Path, now: u64) -> io::Result<Vec<Entry>> {
    let folder = state.join(Part::Runs.name());
    let mut entries = Vec::new();
    for (place, name) in fs::names(&folder).into_iter().rev().enumerate() {
        let path = folder.join(&name);
        let (spare, why) = match (place >= RUNS, old(&path, now, RUN_DAYS)?) {
            (true, _) => (true, "200 runs are newer"),
            (_, true) => (true, "older than 30 days"),
            _ => (false, "`rel log` shows it"),
        };
        entries.push(Entry::new(Part::Runs, name, path, spare, why));
    }
    Ok(entries)
}

/// Folders named after the second in which their run began.
fn aside(state: &Path, now: u64) -> impl Iterator<Item = Entry> {
    let folder = state.join(Part::Aside.name());
    fs::names(&folder).into_iter().map(move |name| {
        let path = folder.join(&name);
        let begun = name.split('-').next().and_then(|begun| begun.parse::<u64>().ok());
        let spare = begun.is_some_and(|begun| begun + ASIDE_DAYS * DAY < now);
        let why = if spare { "set aside more than 30 days ago" } else { "set aside by a run" };
        Entry::new(Part::Aside, name, path, spare, why)
    })
}

/// At the end of a run, at most once a day: removes artifacts that nothing names and nobody has made
/// anew for 14 days, and files that a killed run was about to put in the place of others. Says nothing; what
/// fails is left for the next time.
///
/// # Errors
/// The disk fails.
pub fn after_run(state: &Path, now: u64) -> io::Result<()> {
    let stamp = state.join("swept");
    let last = fs::read_text(&stamp).ok().and_then(|text| text.trim().parse::<u64>().ok());
    if last.is_some_and(|last| last <= now && now < last + DAY) {
        return Ok(());
    }
    let Some(_alone) = alone(state)? else { return Ok(()) };
    fs::replace(&stamp, &now.to_string())?;
    let spare = survey(state, now, false)?.into_iter().filter(|entry| entry.spare);
    let own =
        |entry: &Entry| matches!(entry.part, Part::Store | Part::Plan | Part::Cache | Part::Runs);
    for entry in spare.filter(own) {
        if entry.part == Part::Runs || old(&entry.path, now, QUIET_DAYS)? {
            entry.remove()?;
        }
    }
    // What a run that was killed was about to put in the place of something, and what holds for a day.
    let names = fs::names(state).into_iter().filter(|name| name.starts_with(".tmp"));
    let stills = fs::names(&state.join(cache::STILL)).into_iter();
    let stills = stills.map(|name| state.join(cache::STILL).join(name));
    for spent in names.map(|name| state.join(name)).chain(stills) {
        if fs::is_plain_file(&spent) && old(&spent, now, 1)? {
            fs::remove_file(&spent)?;
        }
    }
    Ok(())
}
