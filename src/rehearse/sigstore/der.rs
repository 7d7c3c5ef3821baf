//! DER (X.690), as far as certificates need it: written and, for requests, read.
//!
//! Turned down: a certificate library, which would hide the very bytes that the certificate log's
//! timestamp is a signature of.

use crate::rehearse::dates;

/// A value of any tag.
pub(super) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut all = vec![tag];
    let length = content.len();
    if length < 0x80 {
        all.push(u8::try_from(length).unwrap_or_default());
    } else {
        let bytes = length.to_be_bytes();
        let used: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
        all.push(0x80 | u8::try_from(used.len()).unwrap_or_default());
        all.extend(used);
    }
    all.extend(content);
    all
}

/// SEQUENCE.
pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(0x30, &parts.concat())
}

/// SET.
pub(super) fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    tagged(0x31, &parts.concat())
}

/// OBJECT IDENTIFIER, from its dotted form.
pub(super) fn oid(dotted: &str) -> Vec<u8> {
    let mut arcs = dotted.split('.').map(|arc| arc.parse::<u64>().unwrap_or_default());
    let first = arcs.next().unwrap_or_default() * 40 + arcs.next().unwrap_or_default();
    let mut content = Vec::new();
    for arc in std::iter::once(first).chain(arcs) {
        let mut digits = vec![u8::try_from(arc & 0x7f).unwrap_or_default()];
        let mut rest = arc >> 7;
        while rest > 0 {
            digits.push(0x80 | u8::try_from(rest & 0x7f).unwrap_or_default());
            rest >>= 7;
        }
        content.extend(digits.into_iter().rev());
    }
    tagged(0x06, &content)
}

/// INTEGER of a positive number in big-endian bytes.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    tagged(0x02, &content)
}

/// OCTET STRING.
pub(super) fn octets(content: &[u8]) -> Vec<u8> {
    tagged(0x04, content)
}

/// BIT STRING of whole bytes.
pub(super) fn bits(content: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[0], content].concat())
}

/// `UTF8String`.
pub(super) fn utf8(text: &str) -> Vec<u8> {
    tagged(0x0c, text.as_bytes())
}

/// `UTCTime` of seconds since 1970.
pub(super) fn utc_time(at: u64) -> Vec<u8> {
    tagged(0x17, dates::utc(at).as_bytes())
}

/// A value that was read: its content, and all of its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read<'a> {
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
}

/// The first value of some bytes, and what comes after it.
pub(super) fn read(bytes: &[u8]) -> Option<(Read<'_>, &[u8])> {
    let first = usize::from(*bytes.get(1)?);
    let (start, length) = if first < 0x80 {
        (2, first)
    } else {
        let count = first & 0x7f;
        let digits = bytes.get(2..2 + count).filter(|_| (1..=4).contains(&count))?;
        (2 + count, digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
    };
    let content = bytes.get(start..start.checked_add(length)?)?;
    let whole = &bytes[..start + length];
    Some((Read { content, whole }, &bytes[start + length..]))
}

/// All values that some content is made of.
pub(super) fn parts(mut content: &[u8]) -> Option<Vec<Read<'_>>> {
    let mut all = Vec::new();
    while !content.is_empty() {
        let (part, rest) = read(content)?;
        all.push(part);
        content = rest;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_has_the_known_bytes() {
        assert_eq!(oid("1.2.840.10045.4.3.2"), [6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
        assert_eq!(integer(&[0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(tagged(4, &[0; 200])[..3], [4, 0x81, 200]);
        assert_eq!(utc_time(951_782_400), tagged(0x17, b"000229000000Z"));
        let text = sequence(&[integer(&[5]), octets(&[1; 300])]);
        let (whole, rest) = read(&text).unwrap();
        assert!(rest.is_empty() && parts(whole.content).unwrap()[1].content == [1; 300]);
        assert!(read(&text[..40]).is_none());
    }
}
