//! Secrets in what a file holds: private keys and tokens, known by their forms.
//!
//! A form has to be followed by what makes it a secret, so that documentation and code that only name it
//! are left alone. It cannot tell a key made for tests from one that opens a door.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// What follows the beginning of a secret.
#[derive(Clone, Copy)]
enum Rest {
    /// At least so many letters of a token.
    Token(usize),
    /// A line's end and a line of base64, or headers of its own.
    Key,
    /// Exactly so many capitals and digits.
    Capitals(usize),
}

/// Beginnings of secrets with what follows them, and what they are.
const FORMS: [(&str, Rest, &str); 14] = [
    ("-----BEGIN PRIVATE KEY-----", Rest::Key, "a private key"),
    ("-----BEGIN RSA PRIVATE KEY-----", Rest::Key, "a private key"),
    ("-----BEGIN EC PRIVATE KEY-----", Rest::Key, "a private key"),
    ("-----BEGIN DSA PRIVATE KEY-----", Rest::Key, "a private key"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----", Rest::Key, "a private key"),
    ("-----BEGIN ENCRYPTED PRIVATE KEY-----", Rest::Key, "a private key"),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----", Rest::Key, "a private key"),
    ("pypi-AgEIcHlwaS5vcmc", Rest::Token(50), "a token of PyPI"),
    ("pypi-AgENdGVzdC5weXBpLm9yZw", Rest::Token(50), "a token of TestPyPI"),
    ("ghp_", Rest::Token(36), "a token of GitHub"),
    ("ghs_", Rest::Token(36), "a token of GitHub"),
    ("github_pat_", Rest::Token(60), "a token of GitHub"),
    ("npm_", Rest::Token(36), "a token of npm"),
    ("AKIA", Rest::Capitals(16), "a key of AWS"),
];

/// The most that has to be seen of a secret, its beginning included.
const WINDOW: usize = 160;

static BEGINNINGS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(FORMS.map(|(start, ..)| start)).ok());

/// Watches what goes by, in pieces.
#[derive(Default)]
pub(super) struct Watch {
    /// What may be the beginning of a secret that ends in the next piece; one byte more in front.
    tail: Vec<u8>,
    /// The tail's first byte is only what stands in front.
    cut: bool,
    found: Vec<&'static str>,
}

impl Watch {
    /// Looks at the next piece.
    pub(super) fn see(&mut self, piece: &[u8]) {
        self.tail.extend_from_slice(piece);
        let settled = self.tail.len().saturating_sub(WINDOW);
        self.look(settled);
        self.tail.drain(..settled.saturating_sub(1));
        self.cut |= settled > 1;
    }

    /// What was found.
    pub(super) fn end(mut self) -> Vec<&'static str> {
        self.look(self.tail.len());
        self.found
    }

    /// Looks for secrets that begin before `until`.
    fn look(&mut self, until: usize) {
        let Some(beginnings) = BEGINNINGS.as_ref() else { return };
        for hit in beginnings.find_iter(&self.tail) {
            let (_, rest, what) = FORMS[hit.pattern().as_usize()];
            if self.cut && hit.start() == 0 {
                continue;
            }
            let before = hit.start().checked_sub(1).map(|at| self.tail[at]);
            let inside = before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if hit.start() < until
                && !inside
                && follows(rest, &self.tail[hit.end()..])
                && !self.found.contains(&what)
            {
                self.found.push(what);
            }
        }
    }
}

fn follows(rest: Rest, bytes: &[u8]) -> bool {
    let count = |fits: fn(&u8) -> bool| bytes.iter().take_while(|byte| fits(byte)).count();
    match rest {
        Rest::Token(least) => {
            count(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) >= least
        }
        Rest::Capitals(exactly) => {
            let capitals = count(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            let ends = bytes.get(exactly).is_none_or(|byte| !byte.is_ascii_alphanumeric());
            capitals == exactly && ends
        }
        Rest::Key => {
            let line = bytes.strip_prefix(b"\r").unwrap_or(bytes);
            let Some(line) = line.strip_prefix(b"\n") else { return false };
            let base64 =
                |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
            let headed = [&b"Proc-Type:"[..], b"Version:", b"Comment:"];
            line.iter().take_while(base64).count() >= 40
                || headed.iter().any(|head| line.starts_with(head))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, piece: usize) -> Vec<&'static str> {
        let mut watch = Watch::default();
        text.as_bytes().chunks(piece).for_each(|piece| watch.see(piece));
        watch.end()
    }

    #[test]
    fn each_form_is_found_wherever_pieces_are_cut() {
        let (base64, capitals) = ("Ab0/".repeat(16), "A1".repeat(8));
        for (start, rest, what) in FORMS {
            let (good, short) = match rest {
                Rest::Key => (format!("\n{base64}\n"), "\nno key\n".to_owned()),
                Rest::Token(least) => ("a1".repeat(least), "a1".repeat(least / 2 - 1)),
                Rest::Capitals(_) => (capitals.clone(), format!("{capitals}A")),
            };
            let filler = " ".repeat(200);
            for piece in [1, 7, 64, 10_000] {
                assert_eq!(
                    found(&format!("{filler}{start}{good}{filler}"), piece),
                    [what],
                    "{start} {piece}"
                );
                assert_eq!(found(&format!("{start}{good}"), piece), [what], "{start} {piece}");
                assert!(
                    found(&format!("{filler}{start}{short} "), piece).is_empty(),
                    "{start} {piece}"
                );
                assert!(found(&format!("x{start}{good}").replace("x-", "-"), piece).len() < 2);
            }
        }
        assert!(found(&format!("MAKIA{capitals} "), 64).is_empty());
    }
}
