//! Versions and version requirements as crates.io reads them (Semantic Versioning 2.0.0, and cargo's
//! requirements).
//!
//! It only judges and puts into normal form; it never resolves. Turned down: rel's own `version`
//! module, because a registry must not agree with its client by sharing its code.

use std::cmp::Ordering;

/// A version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    core: [u64; 3],
    pre: String,
    build: String,
}

impl Version {
    /// Reads a whole version; nothing may be left out.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, build) = split(text, '+');
        let (rest, pre) = split(rest, '-');
        let numbers: Vec<u64> = rest.split('.').map(number).collect::<Option<_>>()?;
        let core = numbers.try_into().ok()?;
        let good = pre.is_none_or(|pre| identifiers(pre, true))
            && build.is_none_or(|build| identifiers(build, false));
        let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
        good.then(|| Self { core, pre: text(pre), build: text(build) })
    }

    /// The version without what says how it was built: by this crates.io tells versions apart.
    pub(super) fn without_build(&self) -> String {
        let [major, minor, patch] = self.core;
        let dash = if self.pre.is_empty() { "" } else { "-" };
        format!("{major}.{minor}.{patch}{dash}{}", self.pre)
    }

    /// Whether it is a pre-release.
    pub(super) fn is_pre(&self) -> bool {
        !self.pre.is_empty()
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.core
            .cmp(&other.core)
            .then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => by_identifiers(&self.pre, &other.pre),
            })
            .then_with(|| by_identifiers(&self.build, &other.build))
    }
}

/// A requirement in normal form: `1.0` becomes `^1.0`. `None` if it is none.
pub(super) fn requirement(text: &str) -> Option<String> {
    let text = text.trim();
    if matches!(text, "*" | "x" | "X") {
        return Some("*".into());
    }
    let parts = text.split(',').map(|part| comparator(part.trim()));
    Some(parts.collect::<Option<Vec<_>>>()?.join(", "))
}

fn comparator(text: &str) -> Option<String> {
    let found = [">=", "<=", ">", "<", "=", "^", "~"].into_iter().find(|op| text.starts_with(op));
    let rest = text[found.map_or(0, str::len)..].trim();
    let (whole, build) = split(rest, '+');
    let (core, pre) = split(whole, '-');
    let parts: Vec<&str> = core.split('.').collect();
    let wild = |part: &&str| matches!(*part, "*" | "x" | "X");
    let from = parts.iter().position(wild).unwrap_or(parts.len());
    let (given, stars) = parts.split_at(from);
    let good = (1..=3).contains(&parts.len())
        && !given.is_empty()
        && given.iter().all(|part| number(part).is_some())
        && stars.iter().all(wild)
        && pre.is_none_or(|pre| given.len() == 3 && identifiers(pre, true))
        && build.is_none_or(|build| given.len() == 3 && identifiers(build, false));
    if !good {
        return None;
    }
    let pre = pre.map(|pre| format!("-{pre}")).unwrap_or_default();
    match (stars.is_empty(), found) {
        (true, op) => Some(format!("{}{}{pre}", op.unwrap_or("^"), given.join("."))),
        // A star with an operator says what the shorter version says; alone it stays.
        (false, Some(op)) => Some(format!("{op}{}", given.join("."))),
        (false, None) => Some(format!("{}.*", given.join("."))),
    }
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(left, right)| (left, Some(right)))
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = text.len() > 1 && text.starts_with('0');
    if digits && !padded { text.parse().ok() } else { None }
}

/// Identifiers between dots; a pre-release's numbers have no leading zero.
fn identifiers(text: &str, strict: bool) -> bool {
    text.split('.').all(|part| {
        let word = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        !part.is_empty() && word && !(strict && digits && part.len() > 1 && part.starts_with('0'))
    })
}

fn by_identifiers(left: &str, right: &str) -> Ordering {
    let key = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let width = if digits { part.trim_start_matches('0').len() } else { 0 };
        // Numbers come before words, and are compared as numbers: by length, then digit by digit.
        (!digits, width, part.to_owned())
    };
    left.split('.').map(key).cmp(right.split('.').map(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_whole_or_refused() {
        for good in ["1.2.3", "0.0.0", "1.0.0-rc.1", "1.0.0+b-1.007", "1.0.0-a-b+c", "1.0.0+x-y"] {
            assert!(Version::parse(good).is_some(), "{good}");
        }
        for bad in
            ["1.2", "v1.2.3", "1.2.3.4", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "", "1.0.x"]
        {
            assert!(Version::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(Version::parse("1.0.0-b.2+7").unwrap().without_build(), "1.0.0-b.2");
        assert!(!Version::parse("1.0.0+x-y").unwrap().is_pre());
    }

    #[test]
    fn order_is_that_of_the_standard() {
        let sorted = [
            "1.0.0-1",
            "1.0.0-alpha",
            "1.0.0-alpha.2",
            "1.0.0-alpha.10",
            "1.0.0",
            "1.9.0",
            "1.10.0",
        ];
        for pair in sorted.windows(2) {
            assert!(Version::parse(pair[0]) < Version::parse(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn requirements_get_their_normal_form() {
        for (given, normal) in [
            ("1", "^1"),
            ("1.0.2", "^1.0.2"),
            (">= 1.0, <2", ">=1.0, <2"),
            ("=1.0.0-rc.1", "=1.0.0-rc.1"),
            ("1.*", "1.*"),
            ("1.x.x", "1.*"),
            (" * ", "*"),
            ("~0.3", "~0.3"),
        ] {
            assert_eq!(requirement(given).as_deref(), Some(normal), "{given}");
        }
        for bad in ["", "abc", "1.0.0.0", "1,", ">", "1.*.2", "1-rc", "==1"] {
            assert_eq!(requirement(bad), None, "{bad}");
        }
    }
}
