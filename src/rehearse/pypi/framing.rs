//! The rules for the records of a ZIP archive: that it reads the same from its front as by its
//! directory.
//!
//! What the members hold is not looked at. Turned down: comparing two parsed lists of members, because
//! the server walks the bytes and tells the first thing that is wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::zipfile::{Records, Zip, number};

type Walked<T = ()> = Result<T, &'static str>;

const MALFORMED: &str = "Malformed zip file";
const LARGE: u64 = 0xffff_ffff;

/// What was seen on the way through the archive.
#[derive(Default)]
struct Walk<'a> {
    /// Packed and unpacked sizes by the directory.
    sizes: BTreeMap<&'a str, (u64, u64)>,
    local: BTreeSet<&'a [u8]>,
    listed: BTreeSet<&'a [u8]>,
    directory: Option<u64>,
    directory_size: u64,
    entries: u64,
    /// Entries, size and offset as the 64-bit end has them.
    large_end: Option<[u64; 3]>,
    located: bool,
}

/// Checks the records.
///
/// # Errors
/// What is wrong, in the server's words.
pub(super) fn check(zip: &Zip<'_>) -> Walked {
    let mut walk = Walk::default();
    for member in &zip.members {
        if let Some(name) = &member.name {
            walk.sizes.insert(name, (member.packed, member.size));
        }
    }
    let mut records = Records { bytes: zip.bytes, at: 0 };
    loop {
        let start = records.at;
        match records.take(4).ok_or(MALFORMED)? {
            b"PK\x05\x06" => {
                walk.end(&mut records, start)?;
                break;
            }
            b"PK\x01\x02" => walk.listed(&mut records, start)?,
            b"PK\x03\x04" => walk.local(&mut records)?,
            b"PK\x06\x06" => walk.large_end(&mut records)?,
            b"PK\x06\x07" => {
                records.take(16).ok_or(MALFORMED)?;
                walk.located = true;
            }
            _ => return Err("Unknown record signature"),
        }
    }
    if walk.local != walk.listed {
        return Err("Mis-matched local headers and central directory");
    }
    if records.at == u64::try_from(zip.bytes.len()).unwrap_or_default() {
        Ok(())
    } else {
        Err("Trailing data")
    }
}

impl<'a> Walk<'a> {
    fn local(&mut self, records: &mut Records<'a>) -> Walked {
        let head = records.take(26).ok_or(MALFORMED)?;
        let name = records.take(number(head, 22, 2)).ok_or(MALFORMED)?;
        let extra = records.take(number(head, 24, 2)).ok_or(MALFORMED)?;
        printable(name)?;
        let stored = number(head, 4, 2) == 0;
        let sizes = sizes(extra, stored, [number(head, 14, 4), number(head, 18, 4)])?;
        if number(head, 2, 2) & 8 != 0 {
            return Err("ZIP contains a data descriptor");
        }
        let text = std::str::from_utf8(name).map_err(|_| "Filename not unicode")?;
        let expected = self.sizes.get(text).ok_or("Filename not in central directory")?;
        if expected.0 != sizes[0] {
            return Err("Mis-matched data size");
        }
        if expected.1 != sizes[1] {
            return Err("Mis-matched file size");
        }
        records.take(sizes[0]).ok_or(MALFORMED)?;
        if self.local.insert(name) { Ok(()) } else { Err("Duplicate filename in local headers") }
    }

    fn listed(&mut self, records: &mut Records<'a>, start: u64) -> Walked {
        self.directory.get_or_insert(start);
        self.entries += 1;
        let head = records.take(42).ok_or(MALFORMED)?;
        if number(head, 28, 2) != 0 {
            return Err("Comment in central directory");
        }
        let name = records.take(number(head, 24, 2)).ok_or(MALFORMED)?;
        records.take(number(head, 26, 2)).ok_or(MALFORMED)?;
        printable(name)?;
        self.directory_size += records.at - start;
        if self.listed.contains(name) {
            return Err("Duplicate filename in central directory");
        }
        if !self.local.contains(name) {
            return Err("Missing filename in local headers");
        }
        self.listed.insert(name);
        Ok(())
    }

    fn large_end(&mut self, records: &mut Records<'a>) -> Walked {
        let record = records.take(52).ok_or(MALFORMED)?;
        if number(record, 20, 8) != number(record, 28, 8) {
            return Err(MALFORMED);
        }
        if number(record, 0, 8) != 44 {
            return Err("ZIP64 extensible data not allowed");
        }
        self.large_end = Some([28, 36, 44].map(|at| number(record, at, 8)));
        Ok(())
    }

    fn end(&mut self, records: &mut Records<'a>, start: u64) -> Walked {
        if self.large_end.is_some() && !self.located {
            return Err(MALFORMED);
        }
        let record = records.take(18).ok_or(MALFORMED)?;
        if number(record, 4, 2) != number(record, 6, 2) {
            return Err(MALFORMED);
        }
        records.at += number(record, 16, 2);
        let old = [number(record, 6, 2), number(record, 8, 4), number(record, 12, 4)];
        let [entries, size, offset] = self.large_end.unwrap_or(old);
        if entries != self.entries {
            return Err("Mismatched central directory records");
        }
        if offset != self.directory.unwrap_or(start) {
            return Err("Mismatched central directory offset");
        }
        if size != self.directory_size {
            return Err("Mismatched central directory size");
        }
        Ok(())
    }
}

fn printable(name: &[u8]) -> Walked {
    if name.iter().any(|byte| *byte < 32 || *byte == 127) {
        return Err("Invalid character in filename");
    }
    Ok(())
}

/// Packed and unpacked size of a local header, by its extra fields.
fn sizes(mut extra: &[u8], stored: bool, mut sizes: [u64; 2]) -> Walked<[u64; 2]> {
    let mut seen = BTreeSet::new();
    while !extra.is_empty() {
        let length = usize::try_from(number(extra, 2, 2)).unwrap_or_default();
        let field = extra.get(4..4 + length).ok_or(MALFORMED)?;
        let id = number(extra, 0, 2);
        if matches!(id, 1 | 0x7075) && !seen.insert(id) {
            return Err("Invalid duplicate extra in local file");
        }
        match id {
            1 => large_sizes(field, stored, &mut sizes)?,
            0x7075 => {
                let name = field.get(5..).unwrap_or_default();
                printable(name)?;
                std::str::from_utf8(name).map_err(|_| "Filename not valid UTF-8")?;
            }
            _ => {}
        }
        extra = &extra[4 + length..];
    }
    Ok(sizes)
}

/// Sizes of a ZIP64 field: the unpacked one first.
fn large_sizes(field: &[u8], stored: bool, sizes: &mut [u64; 2]) -> Walked {
    match field.len() {
        0 if sizes.contains(&LARGE) => return Err(MALFORMED),
        0 => {}
        8 if !stored => return Err(MALFORMED),
        8 => {
            sizes[0] = number(field, 0, 8);
            if sizes[1] == LARGE {
                sizes[1] = sizes[0];
            }
        }
        16 | 24 | 28 => {
            if sizes[1] == LARGE {
                sizes[1] = number(field, 0, 8);
            }
            sizes[0] = number(field, 8, 8);
        }
        _ => return Err(MALFORMED),
    }
    Ok(())
}
