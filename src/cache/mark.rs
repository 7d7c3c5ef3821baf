//! Marks: half a SHA-256, enough to tell by accident no two things alike; and sets of named marks.

use sha2::Digest as _;

/// What something is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mark(pub [u8; 16]);

impl Mark {
    /// Stands for what is not there.
    pub const NONE: Self = Self([0; 16]);

    /// The mark of these bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self::cut(&sha2::Sha256::digest(bytes))
    }

    /// The mark of a file by its SHA-256, and whether it may be executed.
    pub fn of_file(sha256: &[u8], executable: bool) -> Self {
        let Self(mut bytes) = Self::cut(sha256);
        bytes[15] ^= u8::from(executable);
        Self(bytes)
    }

    fn cut(long: &[u8]) -> Self {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(long).for_each(|(to, from)| *to = *from);
        Self(bytes)
    }
}

/// Names with their marks, sorted by name.
pub type Items = Vec<(String, Mark)>;

/// The mark of a whole set.
pub fn of_items(items: &[(String, Mark)]) -> Mark {
    if items.is_empty() {
        return Mark::NONE;
    }
    let mut hash = sha2::Sha256::new();
    for (name, mark) in items {
        hash.update(u64::try_from(name.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(name);
        hash.update(mark.0);
    }
    Mark::cut(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_run_into_marks() {
        let one = [("a".to_owned(), Mark::of("b")), ("c".to_owned(), Mark::of("d"))];
        let other = [("a".to_owned(), Mark::of("b"))];
        assert_ne!(of_items(&one), of_items(&other));
        assert_eq!(of_items(&[]), Mark::NONE);
        assert_ne!(Mark::of_file(&[7; 32], true), Mark::of_file(&[7; 32], false));
    }
}
