//! An artifact: a file known by its digest, never by where it happens to lie.
//!
//! The bytes are kept by `store`; whoever holds an [`Artifact`] can ask for exactly these.
//! Turned down: handing paths around, because a path can come to hold other bytes.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::flat::{Flat, Reader, Writer, flat};

/// A SHA-256 digest as 64 lower-case hex digits (FIPS 180-4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        use sha2::Digest as _;
        Self(hex(&sha2::Sha256::digest(bytes)))
    }

    /// Takes 32 raw bytes.
    pub fn from_raw(raw: &[u8]) -> Self {
        Self(hex(raw))
    }

    /// Whether it is one: what was read from a file may be any text.
    pub fn is_whole(&self) -> bool {
        self.0.len() == 64 && self.0.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    }

    /// All 64 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 hex digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Flat for Digest {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        String::read(from).map(Self)
    }
}

flat! {
    struct Artifact { name, sha256, blake2b_256, size, executable }
}

/// Lower-case hex of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    let mut text = String::with_capacity(bytes.len() * 2);
    text.extend(digits.map(|digit| char::from(DIGITS[usize::from(digit)])));
    text
}

/// A file that a task made: what it is called and which bytes it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Artifact {
    /// Path relative to the task's output folder, `/` between parts; most often a bare file name.
    pub name: String,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// BLAKE2b-256 of the bytes as 64 hex digits (RFC 7693); indexes ask for it.
    pub blake2b_256: String,
    /// Length in bytes.
    pub size: u64,
    /// Whether the file may be executed.
    pub executable: bool,
}

impl Artifact {
    /// Whether it lies in the folder that its name is relative to: what was read from a file may be any text.
    pub fn lies_within(&self) -> bool {
        let is_name = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
        self.name.split('/').all(is_name)
    }

    /// The last part of the name.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// A size for people: `812 B`, `12.3 kB`, `1.4 MB` (powers of 1000).
pub fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_lower_case_sha256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").as_str(), empty);
    }

    #[test]
    fn a_name_may_not_lead_elsewhere() {
        let named = |name: &str| Artifact {
            name: name.into(),
            sha256: Digest::of(b""),
            blake2b_256: String::new(),
            size: 0,
            executable: false,
        };
        for name in ["a", "bin/a", ".hidden", "a..b"] {
            assert!(named(name).lies_within(), "{name}");
        }
        for name in ["", "/a", "../a", "bin/../a", "a/", "./a", "..", "a\\b"] {
            assert!(!named(name).lies_within(), "{name}");
        }
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(human_size(812), "812 B");
        assert_eq!(human_size(12_345), "12.3 kB");
        assert_eq!(human_size(999_999), "1.0 MB");
    }
}
