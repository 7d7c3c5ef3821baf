//! A stream cut into lines, as it comes in pieces.

use super::Piece;

/// What is held back where a line is cut, in bytes: more than any secret is long.
const LONGEST_SECRET: usize = 16 * 1024;
/// Longest line that is passed on whole, in bytes.
const LONGEST_LINE: usize = 1 << 20;

/// The beginning of a line whose end has not come yet.
#[derive(Default)]
pub(super) struct Lines(Vec<u8>);

impl Lines {
    /// Passes on each line that a piece ends, without its end; one longer than a megabyte is cut there.
    pub(super) fn take(&mut self, piece: Piece<'_>, line: &mut dyn FnMut(Vec<u8>)) {
        let Some(bytes) = piece else {
            if !self.0.is_empty() {
                self.pass_on(line);
            }
            return;
        };
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.0.extend_from_slice(part);
            while self.0.len() > LONGEST_LINE {
                // A secret may go over the cut: what could be its beginning is passed on with the rest.
                let rest = self.0.split_off(LONGEST_LINE - LONGEST_SECRET);
                line(std::mem::replace(&mut self.0, rest));
            }
            if part.ends_with(b"\n") {
                self.pass_on(line);
            }
        }
    }

    fn pass_on(&mut self, line: &mut dyn FnMut(Vec<u8>)) {
        let mut bytes = std::mem::take(&mut self.0);
        while matches!(bytes.last(), Some(b'\n' | b'\r')) {
            bytes.pop();
        }
        line(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut lines, mut cut) = (Lines::default(), Vec::new());
        for piece in pieces.iter().copied().map(Some).chain([None]) {
            lines.take(piece, &mut |line| cut.push(line));
        }
        cut
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        let told: [&[u8]; 4] = [b"one\ntw", b"o\r\n", b"\nthr", b"ee"];
        assert_eq!(cut(&told), [b"one".to_vec(), b"two".to_vec(), b"".to_vec(), b"three".to_vec()]);
        assert!(cut(&[b"", b""]).is_empty());
    }

    #[test]
    fn a_long_line_is_cut_and_a_secret_over_the_cut_stays_whole() {
        let secret = vec![b's'; 100];
        let mut told = vec![b'x'; LONGEST_LINE - 50];
        told.extend(&secret);
        told.push(b'\n');
        let (head, tail) = told.split_at(LONGEST_LINE - 1);
        let cut = cut(&[head, tail]);
        assert!(cut.iter().all(|line| line.len() <= LONGEST_LINE));
        assert_eq!(cut.iter().map(Vec::len).sum::<usize>(), told.len() - 1);
        assert_eq!(cut[0].len(), LONGEST_LINE - LONGEST_SECRET);
        assert!(cut[1].ends_with(&secret));
    }
}
