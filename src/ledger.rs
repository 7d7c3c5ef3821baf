//! The ledger: what a release set out to do, and what came of it.
//!
//! One file of JSON lines per release. An intent is on disk before its request leaves, an outcome
//! as soon as it is known. Each record carries a digest over itself and the record before, so a
//! reordered or edited file is refused; a torn last line is dropped, since its writer died before
//! it acted on it. State changes in one total function, [`next`].
//! Turned down: a database. A torn tail is the only crash case of an append-only file.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::diag::{Diagnostic, Kind, Outcome};
use crate::host::fs;
use crate::model::artifact::Digest;
use crate::model::effect::{Key, Receipt, Release};

mod carried;
mod past;
mod told;

pub use carried::keys;
pub use past::put_at;
pub use told::{Entry, Told, read};

/// Version of the file format.
const VERSION: u32 = 1;

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// The first line: whose ledger this is.
    Open {
        /// Version of this format.
        v: u32,
        /// The release.
        release: Release,
    },
    /// A request is about to leave.
    Intent {
        /// The effect.
        key: Key,
        /// What goes where, for people.
        summary: String,
        /// The address.
        endpoint: String,
        /// The name under which it goes there.
        name: String,
        /// The digest of what goes there, if it is a file.
        digest: Option<Digest>,
        /// When the run began, in seconds since 1970.
        at: u64,
    },
    /// The effect happened.
    Done {
        /// The effect.
        key: Key,
        /// What is known of it.
        receipt: Receipt,
        /// Whether the remote held it already when rel looked.
        found: bool,
    },
    /// The remote said no; nothing has changed there.
    Refused {
        /// The effect.
        key: Key,
        /// Its reason.
        reason: String,
    },
}

impl Record {
    fn key(&self) -> Option<&Key> {
        match self {
            Self::Open { .. } => None,
            Self::Intent { key, .. } | Self::Done { key, .. } | Self::Refused { key, .. } => {
                Some(key)
            }
        }
    }
}

/// What the ledger knows of one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Its request may have left, and nothing came back that was written down.
    Open,
    /// It happened.
    Done(Receipt),
    /// The remote refused it.
    Refused(String),
}

/// The state after `record`. Total: what may not follow is an error.
///
/// # Errors
/// The record cannot follow on this state; the text says why.
pub fn next(state: Option<&State>, record: &Record) -> Result<State, String> {
    match (state, record) {
        (_, Record::Open { .. }) => Err("a second opening record".into()),
        // After `Done` a user's `--redo` leads here, and a release that is made anew.
        (_, Record::Intent { .. }) => Ok(State::Open),
        (
            None | Some(State::Open | State::Refused(_)),
            Record::Done { receipt, found: true, .. },
        )
        | (Some(State::Open), Record::Done { receipt, found: false, .. }) => {
            Ok(State::Done(receipt.clone()))
        }
        (Some(State::Open), Record::Refused { reason, .. }) => Ok(State::Refused(reason.clone())),
        (Some(State::Done(_)), _) => Err("an outcome after the effect was done".into()),
        (None | Some(State::Refused(_)), Record::Done { .. } | Record::Refused { .. }) => {
            Err("an outcome without an intent".into())
        }
    }
}

/// A record with the digest that chains it to the one before.
#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    record: Record,
    sum: String,
}

fn sum(before: &str, record: &Record) -> String {
    let text = serde_json::to_string(record).unwrap_or_default();
    Digest::of(format!("{before}\n{text}")).short().to_owned()
}

/// What a ledger's text says.
#[derive(Debug, Default)]
pub struct Replay {
    /// The state of each effect.
    pub states: BTreeMap<Key, State>,
    /// Which file each effect was to put where.
    files: BTreeMap<Key, (String, String, Digest)>,
    /// The release it belongs to.
    pub release: Option<Release>,
    /// All records but the opening one, in order.
    records: Vec<Record>,
    last: String,
    /// How many bytes of the text are whole records.
    whole: usize,
}

/// Reads a ledger's text. A last line that is torn is left out.
///
/// # Errors
/// Any other line that cannot be read, does not follow on the one before, or is not legal.
pub fn replay(text: &[u8]) -> Result<Replay, String> {
    let mut replay = Replay::default();
    let mut number = 0;
    while let Some(length) = text[replay.whole..].iter().position(|byte| *byte == b'\n') {
        number += 1;
        let bytes = &text[replay.whole..replay.whole + length];
        let end = replay.whole + length + 1;
        match take(&mut replay, bytes) {
            Ok(()) => replay.whole = end,
            Err(why) => return Err(format!("line {number}: {why}")),
        }
    }
    Ok(replay)
}

/// The version that an opening line states, whatever else it holds.
fn version_of(bytes: &[u8]) -> Option<u32> {
    let line: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    u32::try_from(line.get("v")?.as_u64()?).ok()
}

fn file_of(record: &Record) -> Option<(Key, (String, String, Digest))> {
    match record {
        Record::Intent { key, endpoint, name, digest: Some(digest), .. } => {
            Some((key.clone(), (endpoint.clone(), name.clone(), digest.clone())))
        }
        _ => None,
    }
}

fn take(replay: &mut Replay, bytes: &[u8]) -> Result<(), String> {
    let line: Line = serde_json::from_slice(bytes).map_err(|error| match version_of(bytes) {
        Some(other) if other != VERSION => format!("format {other} is not known to this rel"),
        _ => format!("it is no record: {error}"),
    })?;
    if let Record::Open { v, .. } = &line.record
        && *v != VERSION
    {
        return Err(format!("format {v} is not known to this rel"));
    }
    if line.sum != sum(&replay.last, &line.record) {
        return Err("its checksum does not follow on the line before".into());
    }
    if serde_json::to_vec(&line).ok().as_deref() != Some(bytes) {
        return Err("it is not as rel writes it".into());
    }
    match (&line.record, replay.release.is_some()) {
        (Record::Open { release, .. }, false) => replay.release = Some(release.clone()),
        (_, false) => return Err("the opening record is missing".into()),
        (record, true) => {
            let Some(key) = record.key() else {
                return Err("a second opening record".into());
            };
            let state = next(replay.states.get(key), record)?;
            replay.states.insert(key.clone(), state);
            replay.files.extend(file_of(record));
            replay.records.push(record.clone());
        }
    }
    replay.last = line.sum;
    Ok(())
}

fn path(folder: &Path, release: &Release) -> PathBuf {
    folder.join(format!("{}.jsonl", release.commit))
}

/// An open ledger, held against every other run.
pub struct Ledger {
    inner: Mutex<Inner>,
}

struct Inner {
    file: File,
    path: PathBuf,
    /// Length of the whole records in the file.
    whole: u64,
    last: String,
    states: BTreeMap<Key, State>,
    files: BTreeMap<Key, (String, String, Digest)>,
    /// A record could not be written: nothing more may be, since it would follow on half a line.
    broken: bool,
}

impl Ledger {
    /// Opens the ledger of `release` in `folder`, made if missing, and locks it.
    ///
    /// # Errors
    /// Another run holds it; it is damaged or belongs to another release; the disk fails.
    pub fn open(folder: &Path, release: &Release) -> Outcome<Self> {
        let path = path(folder, release);
        let mut file = fs::open_append(&path).map_err(|error| disk(&path, &error))?;
        match fs::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let held = Diagnostic::refused("another rel is working on this release");
                return Err(Box::new(
                    held.hint("wait until it has ended, then run the same command"),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(disk(&path, &error)),
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(|error| disk(&path, &error))?;
        let replayed = replay(&text).map_err(|why| damaged(&path, &why))?;
        if replayed.release.as_ref().is_some_and(|found| found != release) {
            return Err(damaged(&path, "it belongs to another release"));
        }
        if replayed.whole < text.len() {
            drop_tail(&mut file, replayed.whole as u64).map_err(|error| disk(&path, &error))?;
        }
        let fresh = replayed.release.is_none();
        let (whole, last, states, files) =
            (replayed.whole as u64, replayed.last, replayed.states, replayed.files);
        let inner = Inner { file, path, whole, last, states, files, broken: false };
        let ledger = Self { inner: Mutex::new(inner) };
        if fresh {
            ledger.lock().write(&Record::Open { v: VERSION, release: release.clone() })?;
            fs::sync_dir(folder).map_err(|error| disk(folder, &error))?;
        }
        Ok(ledger)
    }

    /// Whether something may have been sent, as far as can be told of a ledger that cannot be opened.
    pub fn may_be_touched(folder: &Path, release: &Release, why: &Diagnostic) -> bool {
        let text = fs::read_text(&path(folder, release));
        // The opening line alone says that nothing was begun.
        why.kind == Kind::Machine
            && text.map_or_else(
                |error| error.kind() != io::ErrorKind::NotFound,
                |text| text.lines().count() > 1,
            )
    }

    /// What is known of an effect.
    pub fn state(&self, key: &Key) -> Option<State> {
        self.lock().states.get(key).cloned()
    }

    /// Whether anything of this release has, or may have, been sent.
    pub fn touched(&self) -> bool {
        self.lock().states.values().any(|state| !matches!(state, State::Refused(_)))
    }

    /// The digest of another file that went, or may have gone, to `endpoint` under `name`.
    pub fn other_sent(&self, endpoint: &str, name: &str, digest: &Digest) -> Option<Digest> {
        let inner = self.lock();
        let other = inner.files.iter().find(|(key, (place, called, other))| {
            let went =
                inner.states.get(*key).is_some_and(|state| !matches!(state, State::Refused(_)));
            went && place == endpoint && called == name && other != digest
        });
        other.map(|(_, (_, _, digest))| digest.clone())
    }

    /// Whether this release has, or may have, put a file of this name there; with these bytes, if the
    /// place tells a digest.
    pub fn sent(&self, endpoint: &str, name: &str, sha256: Option<&str>) -> bool {
        let inner = self.lock();
        inner.files.iter().any(|(key, (place, called, digest))| {
            let went =
                inner.states.get(key).is_some_and(|state| !matches!(state, State::Refused(_)));
            let same = sha256.is_none_or(|sha256| sha256 == digest.as_str());
            went && same && place == endpoint && called == name
        })
    }

    /// Writes a record down; it is on disk when this returns.
    ///
    /// # Errors
    /// The record is not legal here, or the disk fails: then the caller must not go on.
    pub fn record(&self, record: &Record) -> Outcome<()> {
        let mut inner = self.lock();
        let Some(key) = record.key() else {
            return Err(damaged(&inner.path, "a second opening record"));
        };
        let state =
            next(inner.states.get(key), record).map_err(|why| damaged(&inner.path, &why))?;
        let key = key.clone();
        inner.write(record)?;
        inner.states.insert(key, state);
        inner.files.extend(file_of(record));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn write(&mut self, record: &Record) -> Outcome<()> {
        let sum = sum(&self.last, record);
        let line = Line { record: record.clone(), sum: sum.clone() };
        let mut text =
            serde_json::to_vec(&line).map_err(|error| damaged(&self.path, &error.to_string()))?;
        text.push(b'\n');
        if self.broken {
            return Err(disk(
                &self.path,
                &io::Error::other("an earlier record could not be written"),
            ));
        }
        let written = self.file.write_all(&text).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            self.broken = true;
            // If the tail cannot be cut off either, the next run drops it.
            let _ = drop_tail(&mut self.file, self.whole);
            return Err(disk(&self.path, &error));
        }
        self.whole += text.len() as u64;
        self.last = sum;
        Ok(())
    }
}

fn drop_tail(file: &mut File, whole: u64) -> io::Result<()> {
    file.set_len(whole)?;
    file.seek(SeekFrom::End(0))?;
    file.sync_data()
}

fn disk(path: &Path, error: &io::Error) -> Box<Diagnostic> {
    let wrong = Diagnostic::machine(format!("the ledger cannot be written: {error}"));
    Box::new(wrong.note(path.display().to_string()).hint(fs::cure(error)))
}

fn damaged(path: &Path, why: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::machine(format!("the ledger is damaged: {why}"))
        .note(path.display().to_string());
    Box::new(wrong.hint(
        "keep the file, look at the remotes, and move it away only when you know what was sent",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn release() -> Release {
        Release { commit: "c0ffee".into(), project: ".".into() }
    }

    fn receipt() -> Receipt {
        Receipt { name: "a".into(), digest: None, url: None }
    }

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let one = (0..3_u8, 0..4_u8).prop_map(|(key, kind)| {
            let key = Key(Digest::of([key]));
            match kind {
                0 => Record::Intent {
                    key,
                    summary: "s".into(),
                    endpoint: "e".into(),
                    name: "n".into(),
                    digest: None,
                    at: 1,
                },
                1 => Record::Refused { key, reason: "no".into() },
                kind => Record::Done { key, receipt: receipt(), found: kind == 3 },
            }
        });
        proptest::collection::vec(one, 0..24)
    }

    /// Writes those of `records` that are legal, and returns the file's bytes and states.
    fn written(records: &[Record]) -> (Vec<u8>, BTreeMap<Key, State>) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path(), &release()).unwrap();
        for record in records {
            let legal = next(ledger.state(record.key().unwrap()).as_ref(), record).is_ok();
            assert_eq!(ledger.record(record).is_ok(), legal);
        }
        let text = fs::read_text(&folder.path().join("c0ffee.jsonl")).unwrap().into_bytes();
        (text, ledger.lock().states.clone())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn done_needs_an_intent_or_a_find_and_only_an_intent_follows_it(records in records()) {
            let mut states: BTreeMap<Key, State> = BTreeMap::new();
            for record in &records {
                let key = record.key().unwrap();
                let before = states.get(key);
                let after = next(before, record);
                match (before, record) {
                    (_, Record::Intent { .. }) => prop_assert_eq!(&after, &Ok(State::Open)),
                    (Some(State::Done(_)), _) => prop_assert!(after.is_err()),
                    (_, Record::Done { found: true, .. }) => prop_assert!(after.is_ok()),
                    (Some(State::Open), _) => prop_assert!(after.is_ok()),
                    _ => prop_assert!(after.is_err()),
                }
                if let Ok(state) = after {
                    states.insert(key.clone(), state);
                }
            }
        }

        #[test]
        fn any_prefix_replays_and_a_torn_tail_is_dropped(records in records(), cut in 0.0..1.0_f64) {
            let (text, states) = written(&records);
            prop_assert_eq!(replay(&text).unwrap().states, states);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "an index")]
            let end = (cut * text.len() as f64) as usize;
            let torn = replay(&text[..end]).unwrap();
            prop_assert_eq!(torn.whole, text[..end].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1));
            let mut told: BTreeMap<Key, State> = BTreeMap::new();
            for record in &replay(&text).unwrap().records[..torn.records.len()] {
                let state = next(told.get(record.key().unwrap()), record).unwrap();
                told.insert(record.key().unwrap().clone(), state);
            }
            prop_assert_eq!(torn.states, told, "what the whole lines tell, and no more");
        }

        #[test]
        fn reordered_or_edited_lines_are_refused(records in records(), a in 0..24_usize, b in 0..24_usize, at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let (text, _) = written(&records);
            let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
            let (a, b) = (a % lines.len(), b % lines.len());
            let again = [&lines[..=a], &lines[a..]].concat();
            prop_assert!(replay(&again.concat()).is_err(), "a line twice");
            if a != b {
                let mut swapped = lines.clone();
                swapped.swap(a, b);
                prop_assert!(replay(&swapped.concat()).is_err(), "two lines swapped");
            }
            if a + 1 < lines.len() {
                let without = [&lines[..a], &lines[a + 1..]].concat();
                prop_assert!(replay(&without.concat()).is_err(), "a line left out");
            }
            // Without its last line end it is torn, and not edited.
            let mut edited = text.clone();
            edited[at.index(text.len() - 1)] ^= 1_u8 << bit;
            prop_assert!(replay(&edited).is_err(), "a bit turned");
        }
    }

    #[test]
    fn what_this_release_sent_is_known_by_place_and_name_and_bytes_where_they_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path(), &release()).unwrap();
        let intent = |name: &str| Record::Intent {
            key: Key(Digest::of(name)),
            summary: "s".into(),
            endpoint: "e".into(),
            name: name.into(),
            digest: Some(Digest::of(b"bytes")),
            at: 1,
        };
        let ours = Digest::of(b"bytes");
        ledger.record(&intent("open")).unwrap();
        ledger.record(&intent("refused")).unwrap();
        let key = Key(Digest::of("refused"));
        ledger.record(&Record::Refused { key, reason: "no".into() }).unwrap();
        let table = [
            ("e", "open", Some(ours.as_str()), true),
            ("e", "open", None, true),
            ("e", "open", Some("other"), false),
            ("elsewhere", "open", None, false),
            ("e", "never", None, false),
            ("e", "refused", None, false),
        ];
        for (place, name, sha256, sent) in table {
            assert_eq!(ledger.sent(place, name, sha256), sent, "{place} {name} {sha256:?}");
        }
    }

    #[test]
    fn a_second_run_is_kept_out_and_a_reopened_ledger_remembers() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key(Digest::of(b"x"));
        let ledger = Ledger::open(folder.path(), &release()).unwrap();
        ledger
            .record(&Record::Intent {
                key: key.clone(),
                summary: "s".into(),
                endpoint: "e".into(),
                name: "n".into(),
                digest: None,
                at: 1,
            })
            .unwrap();
        let held = Ledger::open(folder.path(), &release()).err().unwrap();
        assert_eq!(held.message, "another rel is working on this release");
        drop(ledger);
        let again = Ledger::open(folder.path(), &release()).unwrap();
        assert_eq!(again.state(&key), Some(State::Open));
    }
}
