//! A ledger as it is shown: each effect once, in the order in which they were begun.
//!
//! It takes no lock and writes nothing, so it may look while a run is at work: a last line that is half
//! written is left out, and told.

use std::io;
use std::path::Path;

use super::{Record, State, damaged, path, replay};
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::model::artifact::Digest;
use crate::model::effect::{Key, Release};

/// One effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The effect.
    pub key: Key,
    /// What went where, for people; nothing if it was found done and never begun.
    pub summary: Option<String>,
    /// The address.
    pub endpoint: Option<String>,
    /// The name under which it goes there.
    pub name: String,
    /// The digest of what goes there, if it is a file.
    pub digest: Option<Digest>,
    /// When the run began that last set out to do it, in seconds since 1970.
    pub at: Option<u64>,
    /// What came of it.
    pub state: State,
    /// Whether the remote held it already when rel looked.
    pub found: bool,
}

/// What a ledger tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The release.
    pub release: Release,
    /// Its effects.
    pub entries: Vec<Entry>,
    /// The last line is torn: its writer died before it acted on it, or is just writing.
    pub torn: bool,
}

/// The ledger of `release` in `folder`; `None` if there is none.
///
/// # Errors
/// It cannot be read, is damaged, or belongs to another release.
pub fn read(folder: &Path, release: &Release) -> Outcome<Option<Told>> {
    let path = path(folder, release);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let wrong = Diagnostic::machine(format!("the ledger cannot be read: {error}"));
            return Err(Box::new(wrong.note(path.display().to_string())));
        }
    };
    let replay = replay(&text).map_err(|why| damaged(&path, &why))?;
    if replay.release.as_ref().is_some_and(|found| found != release) {
        return Err(damaged(&path, "it belongs to another release"));
    }
    let mut entries: Vec<Entry> = Vec::new();
    for record in &replay.records {
        let Some((key, state)) = record.key().and_then(|key| replay.states.get_key_value(key))
        else {
            continue;
        };
        let known = entries.iter().position(|entry| entry.key == *key);
        let at = known.unwrap_or(entries.len());
        if known.is_none() {
            entries.push(blank(key, state));
        }
        fill(&mut entries[at], record);
    }
    Ok(Some(Told { release: release.clone(), entries, torn: replay.whole < text.len() }))
}

fn blank(key: &Key, state: &State) -> Entry {
    let (summary, endpoint, at) = (None, None, None);
    let (key, state, name) = (key.clone(), state.clone(), String::new());
    Entry { key, summary, endpoint, name, digest: None, at, state, found: false }
}

fn fill(entry: &mut Entry, record: &Record) {
    match record {
        Record::Intent { summary, endpoint, name, digest, at, .. } => {
            entry.summary = Some(summary.clone());
            entry.endpoint = Some(endpoint.clone());
            entry.name.clone_from(name);
            entry.digest.clone_from(digest);
            entry.at = Some(*at);
            entry.found = false;
        }
        Record::Done { receipt, found, .. } => {
            entry.name.clone_from(&receipt.name);
            entry.digest.clone_from(&receipt.digest);
            entry.found = *found;
        }
        Record::Open { .. } | Record::Refused { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;
    use crate::model::effect::Receipt;

    fn release() -> Release {
        Release { commit: "c0ffee".into(), project: ".".into() }
    }

    fn key(name: &str) -> Key {
        Key(Digest::of(name))
    }

    fn intent(name: &str, at: u64) -> Record {
        Record::Intent {
            key: key(name),
            summary: format!("upload {name}"),
            endpoint: "https://index.example/".into(),
            name: name.into(),
            digest: Some(Digest::of(name)),
            at,
        }
    }

    /// A ledger with one effect open, one found done, and one refused and begun anew.
    fn written(folder: &Path) {
        let ledger = Ledger::open(folder, &release()).unwrap();
        let receipt = Receipt { name: "found".into(), digest: None, url: None };
        for record in [
            intent("b", 1),
            Record::Refused { key: key("b"), reason: "no".into() },
            Record::Done { key: key("found"), receipt, found: true },
            intent("a", 2),
            intent("b", 3),
        ] {
            ledger.record(&record).unwrap();
        }
    }

    #[test]
    fn each_effect_is_told_once_with_its_last_state() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path(), &release()), Ok(None));
        written(folder.path());
        let told = read(folder.path(), &release()).unwrap().unwrap();
        let of = |entry: &Entry| (entry.name.clone(), entry.at, entry.found);
        let rows: Vec<_> = told.entries.iter().map(of).collect();
        let wanted = [("b", Some(3), false), ("found", None, true), ("a", Some(2), false)];
        assert_eq!(rows, wanted.map(|(name, at, found)| (name.to_owned(), at, found)));
        assert_eq!(told.entries[0].state, State::Open);
        assert!(!told.torn);
    }

    #[test]
    fn a_torn_last_line_is_told_and_stays_and_a_held_ledger_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path());
        let path = folder.path().join("c0ffee.jsonl");
        let torn = fs::read_text(&path).unwrap() + "{\"record\":\"do";
        let held = Ledger::open(folder.path(), &release()).unwrap();
        fs::replace(&path, &torn).unwrap();
        let told = read(folder.path(), &release()).unwrap().unwrap();
        assert!(told.torn);
        assert_eq!((told.entries.len(), fs::read_text(&path).unwrap()), (3, torn));
        drop(held);
    }

    #[test]
    fn a_damaged_ledger_and_one_of_another_release_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path());
        let other = Release { project: "sub".into(), ..release() };
        let wrong = read(folder.path(), &other).unwrap_err();
        assert_eq!(wrong.message, "the ledger is damaged: it belongs to another release");
        let path = folder.path().join("c0ffee.jsonl");
        let text = fs::read_text(&path).unwrap().replace("upload a", "upload b");
        fs::replace(&path, &text).unwrap();
        let wrong = read(folder.path(), &release()).unwrap_err();
        assert!(wrong.message.starts_with("the ledger is damaged: line 5: "), "{}", wrong.message);
    }
}
