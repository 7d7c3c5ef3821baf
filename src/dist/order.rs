//! Which of two versions comes first: of Python packages (PEP 440), of crates (`SemVer` 2.0.0, 11).
//!
//! A text that is no version comes neither before nor after another.

use std::cmp::Ordering;
use std::str::FromStr;

use pep440_rs::Version;

/// How versions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// As for Python packages.
    Pep440,
    /// As for crates.
    Semver,
}

impl Scheme {
    /// Compares two versions; `None` if one is none.
    pub fn compare(self, one: &str, other: &str) -> Option<Ordering> {
        match self {
            Self::Pep440 => Some(Version::from_str(one).ok()?.cmp(&Version::from_str(other).ok()?)),
            Self::Semver => semver(one, other),
        }
    }
}

/// What follows `+` does not count.
fn semver(one: &str, other: &str) -> Option<Ordering> {
    let (one, other) = (Parts::of(one)?, Parts::of(other)?);
    let before = match (one.before.is_empty(), other.before.is_empty()) {
        // The release comes after all that come before it.
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => one.before.cmp(&other.before),
    };
    Some(one.release.cmp(&other.release).then(before))
}

/// Compares what stands behind the `-` of two versions: `nightly.9` comes before `nightly.10`.
pub fn early(one: &str, other: &str) -> Ordering {
    identifiers(one).cmp(&identifiers(other))
}

fn identifiers(text: &str) -> Vec<Identifier<'_>> {
    let one = |text| {
        let is_number = str::bytes(text).all(|byte| byte.is_ascii_digit());
        if is_number { Identifier::Number(text.len(), text) } else { Identifier::Word(text) }
    };
    text.split('.').map(one).collect()
}

struct Parts<'a> {
    release: [u64; 3],
    before: Vec<Identifier<'a>>,
}

/// Numbers come before words; each kind is in the order in which it stands here.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'a> {
    /// By its length, then by its digits: it may be longer than any number here.
    Number(usize, &'a str),
    Word(&'a str),
}

impl<'a> Parts<'a> {
    fn of(version: &'a str) -> Option<Self> {
        let version = version.split('+').next()?;
        let (release, before) =
            version.split_once('-').map_or((version, None), |(a, b)| (a, Some(b)));
        let numbers: Option<Vec<u64>> = release.split('.').map(|part| part.parse().ok()).collect();
        let before = before.map(identifiers).unwrap_or_default();
        Some(Self { release: numbers?.try_into().ok()?, before })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that each version of a list comes before all that follow it.
    fn ascends(scheme: Scheme, list: &[&str]) {
        for (at, one) in list.iter().enumerate() {
            for (other_at, other) in list.iter().enumerate() {
                assert_eq!(
                    scheme.compare(one, other),
                    Some(at.cmp(&other_at)),
                    "{one} and {other}"
                );
            }
        }
    }

    #[test]
    fn crates_are_in_the_order_that_semver_gives_as_its_example() {
        let list = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.2.0",
            "1.10.0",
            "2.0.0",
        ];
        ascends(Scheme::Semver, &list);
        assert_eq!(semver("1.0.0+a", "1.0.0+b"), Some(Ordering::Equal));
    }

    #[test]
    fn python_packages_are_in_the_order_of_pep_440() {
        ascends(
            Scheme::Pep440,
            &["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0.post1", "1.9", "1.10"],
        );
        assert_eq!(Scheme::Pep440.compare("1.0", "1.0.0"), Some(Ordering::Equal));
    }

    #[test]
    fn what_is_no_version_has_no_place() {
        for text in ["", "1.0", "x.y.z", "latest"] {
            assert_eq!(semver(text, "1.0.0"), None, "{text}");
        }
        assert_eq!(Scheme::Pep440.compare("latest", "1.0"), None);
    }
}
