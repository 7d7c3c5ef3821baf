//! Lines of git's wire protocol, and the bands in which answers to a push come.
//!
//! Each line has its length before it in four hex digits, which count themselves; `0000` ends a list
//! (<https://git-scm.com/docs/gitprotocol-common>). Band 1 holds the answer, 2 what is for eyes, 3 an error.

/// The end of a list.
pub(super) const FLUSH: &[u8] = b"0000";
/// The longest contents of a packet within bands: its length and its band take five bytes.
const LONGEST: usize = 65_520 - 5;

/// What a push is answered in.
pub(super) const REPORT: u8 = 1;
/// What is for eyes.
pub(super) const PROGRESS: u8 = 2;

/// A line.
pub(super) fn line(text: &[u8]) -> Vec<u8> {
    let mut line = format!("{:04x}", text.len() + 4).into_bytes();
    line.extend(text);
    line
}

/// The lines before the next `0000`, and what follows it.
pub(super) fn lines(mut bytes: &[u8]) -> Option<(Vec<&[u8]>, &[u8])> {
    let mut lines = Vec::new();
    loop {
        let (length, rest) = bytes.split_at_checked(4)?;
        let length = usize::from_str_radix(std::str::from_utf8(length).ok()?, 16).ok()?;
        if length == 0 {
            return Some((lines, rest));
        }
        let (text, rest) = rest.split_at_checked(length.checked_sub(4)?)?;
        lines.push(text);
        bytes = rest;
    }
}

/// Bytes as packets of a band.
pub(super) fn banded(band: u8, bytes: &[u8]) -> Vec<u8> {
    bytes.chunks(LONGEST).flat_map(|chunk| line(&[&[band], chunk].concat())).collect()
}

/// What is in the first band, and the packets of the others as they are.
pub(super) fn unbanded(bytes: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut report, mut others) = (Vec::new(), Vec::new());
    for packet in lines(bytes)?.0 {
        match packet.split_first() {
            Some((&REPORT, rest)) => report.extend(rest),
            _ => others.extend(line(packet)),
        }
    }
    Some((report, others))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_flush() {
        let bytes = b"0006a\n0004000aoption0000PACK";
        let (found, rest) = lines(bytes).unwrap();
        assert_eq!(found, [b"a\n".as_slice(), b"", b"option"]);
        assert_eq!(rest, b"PACK");
        assert_eq!(line(b"a\n"), b"0006a\n");
    }

    #[test]
    fn what_is_cut_off_or_no_length_is_nothing() {
        for bytes in [b"0006a".as_slice(), b"zzzza", b"0003", b"0005a", b"00"] {
            assert_eq!(lines(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_long_report_goes_over_several_packets() {
        let long = vec![b'x'; LONGEST + 1];
        let mut stream = banded(PROGRESS, b"hello");
        stream.extend(banded(REPORT, &long));
        stream.extend(FLUSH);
        assert_eq!(lines(&stream).unwrap().0.len(), 3);
        let (report, others) = unbanded(&stream).unwrap();
        assert_eq!(report, long);
        assert_eq!(others, b"000a\x02hello");
    }
}
