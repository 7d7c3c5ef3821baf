//! The cache's file: read by looking things up in its bytes, written as a whole.
//!
//! All tables are sorted, so that a run that finds everything as it was decodes one record for each task
//! and nothing else. Numbers are little-endian. A file of another version, or with a wrong checksum, holds
//! nothing: it can be made anew. Turned down: JSON, whose reading takes longer than the looks at all
//! files; a database, which brings a writer's lock and a log.

use std::collections::{BTreeMap, BTreeSet};

use super::mark::{Items, Mark};
use super::record::{Line, Made, Record};
use crate::host::tree::Stat;
use crate::model::artifact::{Artifact, Digest, hex};

const MAGIC: &[u8; 8] = b"relcache";
const VERSION: u32 = 1;
/// Where tables begin: magic, version, checksum, eight counts.
const HEAD: usize = 8 + 4 + 8 + 8 * 4;
const FILE: usize = 56;
const SET: usize = 24;
const ITEM: usize = 20;
const ROW: usize = 12;

/// All that a file holds, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Whole {
    /// The project's folder.
    pub(super) root: String,
    /// Files whose content is known, by name.
    pub(super) files: BTreeMap<String, (Stat, Mark)>,
    /// Sets by their mark.
    pub(super) sets: BTreeMap<Mark, Items>,
    /// Records by instance.
    pub(super) records: BTreeMap<String, Record>,
}

/// The bytes of a file, with where its tables begin.
#[derive(Default)]
pub(super) struct View {
    bytes: Vec<u8>,
    counts: [usize; 8],
    names: usize,
    texts: usize,
    files: usize,
    sets: usize,
    items: usize,
    rows: usize,
    bodies: usize,
}

/// Which count is which.
const NAMES: usize = 0;
const TEXTS: usize = 1;
const FILES: usize = 2;
const SETS: usize = 3;
const ITEMS: usize = 4;
const ROWS: usize = 5;
const BODIES: usize = 6;
const ROOT: usize = 7;

impl View {
    /// Takes a file's bytes; whatever is not one of this version is as good as an empty one.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self::checked(bytes).unwrap_or_default()
    }

    fn checked(bytes: Vec<u8>) -> Option<Self> {
        let rest = bytes.get(20..)?;
        let good = bytes.get(..8)? == MAGIC
            && u32_at(&bytes, 8)? == VERSION
            && u64_at(&bytes, 12)? == checksum(rest);
        if !good {
            return None;
        }
        let mut counts = [0; 8];
        for (at, count) in counts.iter_mut().enumerate() {
            *count = usize::try_from(u32_at(&bytes, 20 + 4 * at)?).ok()?;
        }
        let names = HEAD;
        let texts = names + 4 * (counts[NAMES] + 1);
        let files = texts + counts[TEXTS];
        let sets = files + FILE * counts[FILES];
        let items = sets + SET * counts[SETS];
        let rows = items + ITEM * counts[ITEMS];
        let bodies = rows + ROW * counts[ROWS];
        (bodies + counts[BODIES] == bytes.len()).then_some(Self {
            bytes,
            counts,
            names,
            texts,
            files,
            sets,
            items,
            rows,
            bodies,
        })
    }

    fn number(&self, at: usize) -> Option<usize> {
        usize::try_from(u32_at(&self.bytes, at)?).ok()
    }

    fn name(&self, at: usize) -> Option<&str> {
        std::str::from_utf8(self.name_bytes(at)?).ok()
    }

    fn name_bytes(&self, at: usize) -> Option<&[u8]> {
        let (from, to) = (self.number(self.names + 4 * at)?, self.number(self.names + 4 * at + 4)?);
        self.bytes.get(self.texts + from..self.texts + to)
    }

    fn mark(&self, at: usize) -> Option<Mark> {
        Some(Mark(self.bytes.get(at..at + 16)?.try_into().ok()?))
    }

    /// The place of `wanted` in a sorted table of `count` rows.
    fn find<T: Ord>(count: usize, wanted: &T, row: impl Fn(usize) -> Option<T>) -> Option<usize> {
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low.midpoint(high);
            match row(middle)?.cmp(wanted) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn name_at(&self, name: &str) -> Option<usize> {
        Self::find(self.counts[NAMES], &name.as_bytes(), |at| self.name_bytes(at))
    }

    /// What is known of a file.
    pub(super) fn file(&self, name: &str) -> Option<(Stat, Mark)> {
        let name = self.name_at(name)?;
        let row = |at: usize| self.number(self.files + FILE * at);
        self.file_row(Self::find(self.counts[FILES], &name, row)?)
    }

    fn file_row(&self, at: usize) -> Option<(Stat, Mark)> {
        let at = self.files + FILE * at + 8;
        let number = |place: usize| u64_at(&self.bytes, at + 8 * place);
        let stat = Stat {
            modified: number(0)?.cast_signed(),
            changed: number(1)?.cast_signed(),
            size: number(2)?,
            inode: number(3)?,
        };
        Some((stat, self.mark(at + 32)?))
    }

    /// The set of a mark.
    pub(super) fn set(&self, mark: Mark) -> Option<Items> {
        let row = |at: usize| self.mark(self.sets + SET * at);
        self.set_row(Self::find(self.counts[SETS], &mark, row)?)
    }

    fn set_row(&self, at: usize) -> Option<Items> {
        let at = self.sets + SET * at + 16;
        let (start, count) = (self.number(at)?, self.number(at + 4)?);
        let item = |at: usize| {
            let at = self.items + ITEM * at;
            Some((self.name(self.number(at)?)?.to_owned(), self.mark(at + 4)?))
        };
        (start..start + count).map(item).collect()
    }

    /// The record of an instance.
    pub(super) fn record(&self, id: &str) -> Option<Record> {
        let name = self.name_at(id)?;
        let row = |at: usize| self.number(self.rows + ROW * at);
        self.record_row(Self::find(self.counts[ROWS], &name, row)?)
    }

    fn record_row(&self, at: usize) -> Option<Record> {
        let at = self.rows + ROW * at;
        let start = self.bodies + self.number(at + 4)?;
        let bytes = self.bytes.get(start..start + self.number(at + 8)?)?;
        Body { bytes }.record()
    }

    /// Everything.
    pub(super) fn whole(&self) -> Whole {
        self.try_whole().unwrap_or_default()
    }

    fn try_whole(&self) -> Option<Whole> {
        if self.bytes.is_empty() {
            return None;
        }
        let mut whole = Whole { root: self.root()?.to_owned(), ..Whole::default() };
        for at in 0..self.counts[FILES] {
            let name = self.name(self.number(self.files + FILE * at)?)?;
            whole.files.insert(name.to_owned(), self.file_row(at)?);
        }
        for at in 0..self.counts[SETS] {
            whole.sets.insert(self.mark(self.sets + SET * at)?, self.set_row(at)?);
        }
        for at in 0..self.counts[ROWS] {
            let name = self.name(self.number(self.rows + ROW * at)?)?;
            whole.records.insert(name.to_owned(), self.record_row(at)?);
        }
        Some(whole)
    }

    /// The folder of the project that it is about.
    pub(super) fn root(&self) -> Option<&str> {
        if self.bytes.is_empty() { None } else { self.name(self.counts[ROOT]) }
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// Tells a file that was torn by a machine that went down; nobody is kept from forging one.
fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64 ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    let step =
        |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    for chunk in &mut chunks {
        sum = step(sum, u64_at(chunk, 0).unwrap_or_default());
    }
    chunks.remainder().iter().fold(sum, |sum, byte| step(sum, u64::from(*byte)))
}

/// The bytes of one record, read from the front.
struct Body<'a> {
    bytes: &'a [u8],
}

impl<'a> Body<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn short(&mut self) -> Option<u32> {
        u32_at(self.take(4)?, 0)
    }

    fn long(&mut self) -> Option<u64> {
        u64_at(self.take(8)?, 0)
    }

    fn text(&mut self) -> Option<String> {
        let count = usize::try_from(self.short()?).ok()?;
        String::from_utf8(self.take(count)?.to_owned()).ok()
    }

    fn record(&mut self) -> Option<Record> {
        let mut record = Record::default();
        for set in &mut record.sets {
            *set = Mark(self.take(16)?.try_into().ok()?);
        }
        (record.at, record.used) = (self.long()?, self.short()?);
        record.unsure = if self.byte()? == 0 { None } else { Some(self.text()?) };
        for _ in 0..self.short()? {
            record.made.push(self.made()?);
        }
        for _ in 0..self.short()? {
            let printed = self.byte()? != 0;
            record.log.push(Line { text: self.text()?, printed });
        }
        self.bytes.is_empty().then_some(record)
    }

    fn made(&mut self) -> Option<Made> {
        let (placed, executable) = (self.byte()? != 0, self.byte()? != 0);
        let size = self.long()?;
        let sha256 = Digest::from_raw(self.take(32)?);
        let blake2b_256 = hex(self.take(32)?);
        let name = self.text()?;
        let artifact = Artifact { name, sha256, blake2b_256, size, executable };
        Some(Made { artifact, placed })
    }
}

/// 32 bytes from 64 hex digits.
pub(super) fn raw(digits: &str) -> [u8; 32] {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let both = digit(pair[0]).zip(digit(pair[1]));
        *byte = both.map_or(0, |(high, low)| high << 4 | low);
    }
    bytes
}

/// A file that is being put together.
struct Writer<'a> {
    names: BTreeMap<&'a str, u32>,
    bytes: Vec<u8>,
}

impl Writer<'_> {
    fn short(&mut self, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.bytes.extend(number.to_le_bytes());
    }

    fn long(&mut self, number: u64) {
        self.bytes.extend(number.to_le_bytes());
    }

    fn name(&mut self, name: &str) {
        let number = self.names.get(name).copied().unwrap_or(u32::MAX);
        self.bytes.extend(number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.short(text.len());
        self.bytes.extend(text.as_bytes());
    }

    fn record(&mut self, record: &Record) {
        record.sets.iter().for_each(|set| self.bytes.extend(set.0));
        self.long(record.at);
        self.bytes.extend(record.used.to_le_bytes());
        self.bytes.push(u8::from(record.unsure.is_some()));
        record.unsure.iter().for_each(|why| self.text(why));
        self.short(record.made.len());
        for Made { artifact, placed } in &record.made {
            self.bytes.extend([u8::from(*placed), u8::from(artifact.executable)]);
            self.long(artifact.size);
            self.bytes.extend(raw(artifact.sha256.as_str()));
            self.bytes.extend(raw(&artifact.blake2b_256));
            self.text(&artifact.name);
        }
        self.short(record.log.len());
        for line in &record.log {
            self.bytes.push(u8::from(line.printed));
            self.text(&line.text);
        }
    }
}

impl Whole {
    fn names(&self) -> BTreeSet<&str> {
        let items = self.sets.values().flatten().map(|(name, _)| name.as_str());
        let files = self.files.keys().map(String::as_str);
        let ids = self.records.keys().map(String::as_str);
        items.chain(files).chain(ids).chain([self.root.as_str()]).collect()
    }

    /// The bytes of its file.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let names = self.names();
        let texts: usize = names.iter().map(|name| name.len()).sum();
        let numbered = names.iter().copied().zip(0..).collect();
        let mut bodies = Writer { names: BTreeMap::new(), bytes: Vec::new() };
        let mut starts = Vec::with_capacity(self.records.len() + 1);
        for record in self.records.values() {
            starts.push(bodies.bytes.len());
            bodies.record(record);
        }
        starts.push(bodies.bytes.len());
        let items = self.sets.values().map(Vec::len).sum();
        let mut to = Writer { names: numbered, bytes: Vec::new() };
        let root = to.names.get(self.root.as_str()).map_or(0, |root| *root as usize);
        let counts = [names.len(), texts, self.files.len(), self.sets.len(), items];
        for count in counts.into_iter().chain([self.records.len(), bodies.bytes.len(), root]) {
            to.short(count);
        }
        let mut end = 0;
        to.short(end);
        for name in &names {
            end += name.len();
            to.short(end);
        }
        for name in &names {
            to.bytes.extend(name.as_bytes());
        }
        self.tables(&mut to);
        for (id, pair) in self.records.keys().zip(starts.windows(2)) {
            to.name(id);
            to.short(pair[0]);
            to.short(pair[1] - pair[0]);
        }
        to.bytes.extend(bodies.bytes);
        [MAGIC.as_slice(), &VERSION.to_le_bytes(), &checksum(&to.bytes).to_le_bytes(), &to.bytes]
            .concat()
    }

    /// Files, sets and their items.
    fn tables(&self, to: &mut Writer<'_>) {
        for (name, (stat, mark)) in &self.files {
            to.name(name);
            to.short(0);
            to.long(stat.modified.cast_unsigned());
            to.long(stat.changed.cast_unsigned());
            to.long(stat.size);
            to.long(stat.inode);
            to.bytes.extend(mark.0);
        }
        let mut start = 0;
        for (mark, items) in &self.sets {
            to.bytes.extend(mark.0);
            to.short(start);
            to.short(items.len());
            start += items.len();
        }
        for (name, mark) in self.sets.values().flatten() {
            to.name(name);
            to.bytes.extend(mark.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts() -> impl Strategy<Value = String> {
        "[a-cä/\t]{0,6}"
    }

    prop_compose! {
        fn made()(name in texts(), byte in any::<u8>(), size in any::<u64>(), executable in any::<bool>(), placed in any::<bool>()) -> Made {
            let blake2b_256 = hex(&[byte ^ 1; 32]);
            let sha256 = Digest::from_raw(&[byte; 32]);
            Made { artifact: Artifact { name, sha256, blake2b_256, size, executable }, placed }
        }
    }

    prop_compose! {
        fn records()(
            sets in any::<[[u8; 16]; 6]>(), at in any::<u64>(), used in any::<u32>(), unsure in proptest::option::of(texts()),
            made in proptest::collection::vec(made(), 0..3),
            log in proptest::collection::vec((texts(), any::<bool>()), 0..3),
        ) -> Record {
            let log = log.into_iter().map(|(text, printed)| Line { text, printed }).collect();
            Record { sets: sets.map(Mark), at, used, unsure, made, log }
        }
    }

    prop_compose! {
        fn files()(modified in any::<i64>(), changed in any::<i64>(), size in any::<u64>(), inode in any::<u64>(), mark in marks()) -> (Stat, Mark) {
            (Stat { modified, changed, size, inode }, mark)
        }
    }

    fn marks() -> impl Strategy<Value = Mark> {
        any::<[u8; 16]>().prop_map(Mark)
    }

    prop_compose! {
        fn wholes()(
            root in texts(),
            files in proptest::collection::btree_map(texts(), files(), 0..5),
            sets in proptest::collection::btree_map(marks(), proptest::collection::vec((texts(), marks()), 0..4), 0..5),
            records in proptest::collection::btree_map(texts(), records(), 0..4),
        ) -> Whole {
            Whole { root, files, sets, records }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_whole_and_piece_by_piece(whole in wholes()) {
            let view = View::new(whole.to_bytes());
            prop_assert_eq!(view.whole(), Whole { root: whole.root.clone(), files: whole.files.clone(), sets: whole.sets.clone(), records: whole.records.clone() });
            for (name, known) in &whole.files { prop_assert_eq!(view.file(name), Some(*known)); }
            for (mark, items) in &whole.sets { prop_assert_eq!(view.set(*mark), Some(items.clone())); }
            for (id, record) in &whole.records { prop_assert_eq!(view.record(id), Some(record.clone())); }
            prop_assert_eq!(view.record("not there"), None);
        }

        #[test]
        fn a_file_that_was_changed_or_cut_anywhere_holds_nothing(whole in wholes(), at in any::<proptest::sample::Index>(), bit in 0..8_u32, cut in any::<bool>()) {
            let mut bytes = whole.to_bytes();
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at); } else { bytes[at] ^= 1 << bit; }
            let view = View::new(bytes);
            prop_assert_eq!(view.root(), None);
            prop_assert!(whole.records.keys().all(|id| view.record(id).is_none()));
        }
    }
}
