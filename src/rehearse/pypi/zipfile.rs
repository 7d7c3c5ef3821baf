//! A ZIP archive read by its central directory, as Python's `zipfile` reads it.
//!
//! Leniency is the point here: what is in front of the archive or after it is ignored, for `framing` to
//! find. Turned down: the `zip` crate, which hides the very records that have to be compared.

use std::io::Read as _;

/// A member by the central directory.
#[derive(Debug)]
pub(super) struct Member {
    /// The name, if it is UTF-8 by the archive's own word or ASCII.
    pub(super) name: Option<String>,
    /// How it is packed.
    pub(super) method: u16,
    /// Packed size.
    pub(super) packed: u64,
    /// Unpacked size.
    pub(super) size: u64,
    checksum: u32,
    at: u64,
}

/// An archive.
#[derive(Debug)]
pub(super) struct Zip<'a> {
    /// All of it.
    pub(super) bytes: &'a [u8],
    /// The members, in the order of the directory.
    pub(super) members: Vec<Member>,
}

/// A reader of little-endian records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Records<'a> {
    /// All bytes.
    pub(super) bytes: &'a [u8],
    /// Where the next record begins.
    pub(super) at: u64,
}

impl<'a> Records<'a> {
    /// The next bytes.
    pub(super) fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let found = self.bytes.get(usize::try_from(self.at).ok()?..usize::try_from(end).ok()?)?;
        self.at = end;
        Some(found)
    }
}

/// A number of two, four or eight bytes at this place of a record.
pub(super) fn number(record: &[u8], at: usize, width: usize) -> u64 {
    let bytes = record.get(at..at + width).unwrap_or_default();
    bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// Ends of archives: the last place where their record may begin.
fn end_record(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(22 + 0xffff);
    let at = bytes[from..].windows(4).rposition(|window| window == b"PK\x05\x06")? + from;
    (bytes.len() - at >= 22).then_some(at)
}

/// Whether Python would call this a ZIP archive.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    end_record(bytes).is_some()
}

impl<'a> Zip<'a> {
    /// Reads the directory.
    pub(super) fn open(bytes: &'a [u8]) -> Option<Self> {
        let end = end_record(bytes)?;
        let record = &bytes[end..];
        let (mut size, mut offset) = (number(record, 12, 4), number(record, 16, 4));
        let mut ends = u64::try_from(end).ok()?;
        // The 64-bit form stands in front of the old one: its record, then the locator.
        if end >= 76 && bytes[end - 20..].starts_with(b"PK\x06\x07") {
            let large = &bytes[end - 76..];
            if large.starts_with(b"PK\x06\x06") {
                (size, offset) = (number(large, 40, 8), number(large, 48, 8));
                ends -= 76;
            }
        }
        let start = ends.checked_sub(size)?;
        // What precedes the archive, or is missing in it, moves all offsets.
        let moved = i64::try_from(start).ok()?.checked_sub(i64::try_from(offset).ok()?)?;
        let mut records = Records { bytes, at: start };
        let mut members = Vec::new();
        // The size is believed, not the number of entries.
        while records.at < ends {
            members.push(member(&mut records, moved)?);
        }
        Some(Self { bytes, members })
    }

    /// A member's bytes: nothing if there is none, an error if it is broken.
    pub(super) fn read(&self, name: &str) -> Option<Result<Vec<u8>, ()>> {
        let member = self.members.iter().rfind(|member| member.name.as_deref() == Some(name))?;
        Some(self.unpack(member).ok_or(()))
    }

    fn unpack(&self, member: &Member) -> Option<Vec<u8>> {
        let mut records = Records { bytes: self.bytes, at: member.at };
        let head = records.take(30)?;
        if !head.starts_with(b"PK\x03\x04") {
            return None;
        }
        records.take(number(head, 26, 2) + number(head, 28, 2))?;
        let packed = records.take(member.packed)?;
        let mut bytes = Vec::new();
        match member.method {
            0 => bytes.extend_from_slice(packed),
            _ => {
                let mut inflated = flate2::read::DeflateDecoder::new(packed).take(member.size + 1);
                inflated.read_to_end(&mut bytes).ok()?;
            }
        }
        let mut checksum = flate2::Crc::new();
        checksum.update(&bytes);
        let whole = u64::try_from(bytes.len()).ok()? == member.size;
        (whole && checksum.sum() == member.checksum).then_some(bytes)
    }
}

fn member(records: &mut Records<'_>, moved: i64) -> Option<Member> {
    let head = records.take(46)?;
    if !head.starts_with(b"PK\x01\x02") {
        return None;
    }
    let name = records.take(number(head, 28, 2))?;
    let mut extra = records.take(number(head, 30, 2))?;
    // A comment may reach past the end: it is skipped, not read.
    records.at += number(head, 32, 2);
    let mut numbers = [number(head, 24, 4), number(head, 20, 4), number(head, 42, 4)];
    // Sizes that do not fit stand in an extra field, in this order.
    while extra.len() >= 4 {
        let (id, length) = (number(extra, 0, 2), usize::try_from(number(extra, 2, 2)).ok()?);
        let mut field = extra.get(4..4 + length)?;
        if id == 1 {
            for value in numbers.iter_mut().filter(|value| **value == 0xffff_ffff) {
                *value = number(field.get(..8)?, 0, 8);
                field = &field[8..];
            }
        }
        extra = &extra[4 + length..];
    }
    let declared = number(head, 8, 2) & 0x800 != 0;
    let text = std::str::from_utf8(name).ok().filter(|_| declared || name.is_ascii());
    Some(Member {
        name: text.map(str::to_owned),
        method: u16::try_from(number(head, 10, 2)).ok()?,
        packed: numbers[1],
        size: numbers[0],
        checksum: u32::try_from(number(head, 16, 4)).ok()?,
        at: numbers[2].wrapping_add_signed(moved),
    })
}
