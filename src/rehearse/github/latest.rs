//! Which release is the latest: the one that was named so, or else the one with the newest commit and
//! the highest version (<https://docs.github.com/rest/releases/releases>).
//!
//! Versions are compared by their numbers alone.

use super::shelf::{Release, Shelf};

impl Shelf {
    /// The latest release.
    pub(super) fn latest(&self) -> Option<&Release> {
        let full = |release: &&Release| !release.fields.draft && !release.fields.prerelease;
        let named = self.latest.and_then(|id| self.by_id(id)).filter(full);
        named.or_else(|| {
            let open = self.releases.iter().filter(full).filter(|release| !release.passed_over);
            open.max_by_key(|release| (release.created, numbers(&release.fields.tag), release.id))
        })
    }
}

/// The numbers in a tag, in order.
fn numbers(tag: &str) -> Vec<u64> {
    let words = tag.split(|c: char| !c.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}
