//! The records of a zip: that every byte of it belongs to one member, and that both lists of members
//! say the same.
//!
//! Two readers could otherwise see two archives in one file. Starts from the directory and asks whether
//! what it names fills the file; what the members hold is not looked at.
//! Source: PyPI user documentation, archives; APPNOTE 6.3.10.

use std::collections::BTreeSet;

use super::quoted;

/// Stands in the old fields for a number that is too large for them.
const LARGE: u64 = 0xffff_ffff;
/// The extra field with large numbers, and that with a name in Unicode.
const ZIP64: u64 = 1;
const UNICODE_PATH: u64 = 0x7075;

/// Where the directory is, and how much there is of it.
struct Directory {
    start: usize,
    end: usize,
    entries: u64,
}

/// A member as the directory lists it.
struct Listed<'a> {
    name: &'a [u8],
    packed: u64,
    size: u64,
    at: u64,
}

/// A number of a record; what is cut off counts as zero.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    let end = at.saturating_add(width).min(bytes.len());
    let found = bytes.get(at..end).unwrap_or_default();
    found.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Where the end of an archive begins.
fn end_record(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(22 + 0xffff);
    let found =
        bytes.get(from..)?.windows(22).rposition(|window| window.starts_with(b"PK\x05\x06"));
    found.map(|at| at + from)
}

/// Whether a reader of zips would take this for one.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    end_record(bytes).is_some()
}

/// What is wrong with the records.
pub(super) fn faults(bytes: &[u8]) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(directory) = directory(bytes, &mut faults) else { return faults };
    let mut listed = list(bytes, &directory, &mut faults);
    let mut seen = BTreeSet::new();
    let twice = listed.iter().filter(|member| !seen.insert(member.name));
    faults.extend(twice.map(|member| format!("{} is listed twice", shown(member.name))));
    listed.sort_by_key(|member| member.at);
    let mut at = 0;
    for member in &listed {
        if member.at != at {
            faults.push(format!("bytes at {at} belong to no member"));
            return faults;
        }
        match local(bytes, member, &mut faults) {
            Some(next) => at = next,
            None => return faults,
        }
    }
    if place(at) != directory.start {
        faults.push(format!("bytes at {at} belong to no member"));
    }
    faults
}

fn shown(name: &[u8]) -> String {
    quoted(&String::from_utf8_lossy(name))
}

/// Finds the directory by the end of the archive.
fn directory(bytes: &[u8], faults: &mut Vec<String>) -> Option<Directory> {
    let at = end_record(bytes)?;
    let end = &bytes[at..];
    let comment = place(number(end, 20, 2));
    if at + 22 + comment != bytes.len() {
        faults.push("there is something behind its end".into());
    }
    if number(end, 8, 2) != number(end, 10, 2) {
        faults.push("it is a part of an archive in several files".into());
    }
    let (mut entries, mut size, mut offset) =
        (number(end, 10, 2), number(end, 12, 4), number(end, 16, 4));
    let mut ends = at;
    let locator = at.checked_sub(20).filter(|locator| bytes[*locator..].starts_with(b"PK\x06\x07"));
    if let Some(locator) = locator {
        let large =
            locator.checked_sub(56).filter(|large| bytes[*large..].starts_with(b"PK\x06\x06"));
        let Some(large) = large else {
            faults.push("its 64-bit end is not where it has to be".into());
            return None;
        };
        let record = &bytes[large..];
        let claims = [(entries, 0xffff, 32), (size, LARGE, 40), (offset, LARGE, 48)];
        if claims.iter().any(|(old, unset, at)| old != unset && *old != number(record, *at, 8)) {
            faults.push("its two ends do not agree".into());
        }
        (entries, size, offset) =
            (number(record, 32, 8), number(record, 40, 8), number(record, 48, 8));
        ends = large;
    }
    let start = ends.checked_sub(place(size));
    if start.is_none_or(|start| start as u64 != offset) {
        faults.push("its directory is not where its end says: there is something in front of it or in between".into());
        return None;
    }
    start.map(|start| Directory { start, end: ends, entries })
}

/// Reads the directory.
fn list<'a>(bytes: &'a [u8], directory: &Directory, faults: &mut Vec<String>) -> Vec<Listed<'a>> {
    let (mut listed, mut at) = (Vec::new(), directory.start);
    while at < directory.end {
        let record = &bytes[at..directory.end];
        let (name, extra) = (place(number(record, 28, 2)), place(number(record, 30, 2)));
        let comment = place(number(record, 32, 2));
        let whole = 46 + name + extra + comment;
        if !record.starts_with(b"PK\x01\x02") || record.len() < whole {
            faults.push("its directory is damaged".into());
            return listed;
        }
        let (extra, name) = (&record[46 + name..46 + name + extra], &record[46..46 + name]);
        if comment > 0 {
            faults.push(format!("{} has a comment", shown(name)));
        }
        if name.iter().any(|byte| *byte < 32 || *byte == 127) || std::str::from_utf8(name).is_err()
        {
            faults.push(format!("{} is no name in printable UTF-8", shown(name)));
        }
        let mut numbers = [number(record, 24, 4), number(record, 20, 4), number(record, 42, 4)];
        large(extra, &mut numbers, name, faults);
        let [size, packed, start] = numbers;
        listed.push(Listed { name, packed, size, at: start });
        at += whole;
    }
    if listed.len() as u64 != directory.entries {
        faults.push(format!(
            "its end tells of {} members, its directory of {}",
            directory.entries,
            listed.len()
        ));
    }
    listed
}

/// Compares the header in front of a member with the directory; where the next one has to begin.
fn local(bytes: &[u8], member: &Listed<'_>, faults: &mut Vec<String>) -> Option<u64> {
    let name = shown(member.name);
    let record = bytes.get(place(member.at)..).filter(|record| record.starts_with(b"PK\x03\x04"));
    let head = record.filter(|record| record.len() >= 30);
    let Some(head) = head else {
        faults.push(format!("{name} is not where the directory says"));
        return None;
    };
    let (length, extra) = (place(number(head, 26, 2)), place(number(head, 28, 2)));
    if head.get(30..30 + length) != Some(member.name) {
        faults.push(format!("{name} has another name in front of what it holds"));
        return None;
    }
    if number(head, 6, 2) & 8 != 0 {
        faults.push(format!("{name} was written as a stream, its size behind it"));
        return None;
    }
    let mut numbers = [number(head, 22, 4), number(head, 18, 4), 0];
    let extra = head.get(30 + length..30 + length + extra).unwrap_or_default();
    large(extra, &mut numbers, member.name, faults);
    if numbers[..2] != [member.size, member.packed] {
        faults.push(format!("{name} has another size in front of what it holds"));
        return None;
    }
    let front = (30 + length + extra.len()) as u64;
    let next = member.at.checked_add(front)?.checked_add(member.packed);
    next.filter(|next| *next <= bytes.len() as u64)
}

/// Takes numbers that are too large for their fields from where they stand instead.
fn large(mut extra: &[u8], numbers: &mut [u64; 3], name: &[u8], faults: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    while extra.len() >= 4 {
        let (id, length) = (number(extra, 0, 2), place(number(extra, 2, 2)));
        let Some(mut field) = extra.get(4..4 + length) else {
            faults.push(format!("{} has damaged extra fields", shown(name)));
            return;
        };
        if [ZIP64, UNICODE_PATH].contains(&id) && !seen.insert(id) {
            faults.push(format!("{} has an extra field twice", shown(name)));
        }
        if id == ZIP64 {
            for value in numbers.iter_mut().filter(|value| **value == LARGE) {
                if let Some((first, rest)) = field.split_at_checked(8) {
                    *value = number(first, 0, 8);
                    field = rest;
                }
            }
        }
        extra = &extra[4 + length..];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dist::samples::zip;

    fn sample() -> Vec<u8> {
        zip(&[("a.py", "x = 1\n"), ("b.py", "")]).into_inner()
    }

    fn said(change: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut bytes = sample();
        change(&mut bytes);
        faults(&bytes).join("; ")
    }

    fn at(bytes: &[u8], what: &[u8]) -> usize {
        bytes.windows(what.len()).rposition(|window| window == what).unwrap()
    }

    #[test]
    fn each_fault_of_the_frame_is_told() {
        assert_eq!(said(|_| {}), "");
        assert_eq!(said(|bytes| bytes.push(0)), "there is something behind its end");
        assert!(said(|bytes| drop(bytes.splice(0..0, *b"#!"))).contains("in front of it"));
        let directory = b"PK\x01\x02";
        let renamed = said(|bytes| {
            let name = at(bytes, b"a.py");
            bytes[name] = b'b';
        });
        assert!(renamed.contains("`b.py` is listed twice"), "{renamed}");
        assert!(renamed.contains("`b.py` has another name in front"), "{renamed}");
        let sized = said(|bytes| {
            let at = at(bytes, directory);
            bytes[at + 24] = 9;
        });
        assert_eq!(sized, "`b.py` has another size in front of what it holds");
        assert_eq!(
            said(|bytes| bytes[6] |= 8),
            "`a.py` was written as a stream, its size behind it"
        );
        let counted = said(|bytes| {
            let end = at(bytes, b"PK\x05\x06");
            (bytes[end + 8], bytes[end + 10]) = (3, 3);
        });
        assert_eq!(counted, "its end tells of 3 members, its directory of 2");
        let parts = said(|bytes| {
            let end = at(bytes, b"PK\x05\x06");
            bytes[end + 8] = 3;
        });
        assert_eq!(parts, "it is a part of an archive in several files");
        let named = said(|bytes| {
            let name = at(bytes, b"a.py");
            bytes[name] = 7;
            bytes[30] = 7;
        });
        assert_eq!(named, "`\\u{7}.py` is no name in printable UTF-8");
    }

    #[test]
    fn comments_extras_and_gaps_are_told() {
        // A comment of one byte on the last member, made of a byte that is put behind its name.
        let comment = said(|bytes| {
            let record = at(bytes, b"PK\x01\x02");
            let end = at(bytes, b"PK\x05\x06");
            bytes.insert(end, b'!');
            bytes[record + 32] = 1;
            let size = end + 1 + 12;
            bytes[size] += 1;
        });
        assert_eq!(comment, "`b.py` has a comment");
        let gap = said(|bytes| {
            let (start, end) = (
                bytes.windows(4).position(|at| at == b"PK\x01\x02").unwrap(),
                at(bytes, b"PK\x05\x06"),
            );
            bytes.insert(start, 0);
            bytes[end + 1 + 16] += 1;
        });
        assert!(gap.contains("belong to no member"), "{gap}");
        let mut told = Vec::new();
        let field = [1, 0, 8, 0, 5, 0, 0, 0, 0, 0, 0, 0];
        let mut numbers = [LARGE, 2, 3];
        large(&field, &mut numbers, b"x", &mut told);
        assert_eq!((numbers, told.len()), ([5, 2, 3], 0));
        large(&[field, field].concat(), &mut numbers, b"x", &mut told);
        large(&[9, 0, 9, 0], &mut numbers, b"x", &mut told);
        assert_eq!(told, ["`x` has an extra field twice", "`x` has damaged extra fields"]);
    }

    #[test]
    fn the_two_ends_of_a_large_archive_have_to_agree() {
        let mut bytes = sample();
        let end = at(&bytes, b"PK\x05\x06");
        let (size, offset) = (number(&bytes, end + 12, 4), number(&bytes, end + 16, 4));
        let mut large = b"PK\x06\x06".to_vec();
        large.extend(44_u64.to_le_bytes());
        large.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        large.extend([2, 2, size, offset].iter().flat_map(|number| number.to_le_bytes()));
        large.extend(b"PK\x06\x07\0\0\0\0");
        large.extend((end as u64).to_le_bytes());
        large.extend(1_u32.to_le_bytes());
        bytes.splice(end..end, large);
        assert_eq!(faults(&bytes), [""; 0]);
        bytes[end + 32] = 3;
        assert_eq!(faults(&bytes)[0], "its two ends do not agree");
        bytes[end] = b'X';
        assert_eq!(faults(&bytes), ["its 64-bit end is not where it has to be"]);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(changes in prop::collection::vec((0_usize..230, any::<u8>()), 0..6), cut in 0_usize..230) {
            let mut bytes = sample();
            for (at, byte) in changes {
                let place = at % bytes.len();
                bytes[place] = byte;
            }
            faults(&bytes);
            bytes.truncate(cut);
            faults(&bytes);
        }
    }
}
