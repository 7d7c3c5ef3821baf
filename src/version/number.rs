//! A version as a number: read from a text, written as Python or as Cargo writes it, and the next one.
//!
//! One version has several texts: `1.2.0rc1` (PEP 440) and `1.2.0-rc.1` (`SemVer`) are the same. What only
//! `SemVer` takes, such as `1.0.0-nightly.3`, is kept as it is. A step from a prerelease leads to its
//! release first, as npm, poetry and cargo-release have it: `1.2.0rc1` and `patch` make `1.2.0`.
//! Turned down: a type of its own for each form, since a project with wheel and crate has both at once.

use std::cmp::Ordering;
use std::str::FromStr as _;

use pep440_rs::{Prerelease, PrereleaseKind, Version};

use crate::dist::order;

/// How a place writes a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As Python does: `1.2.0rc1`.
    Pep440,
    /// As Cargo and npm do: `1.2.0-rc.1`.
    SemVer,
    /// Only so many numbers of it, as in the requirement `1.2`.
    Short(usize),
}

/// What leads to the next version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The first number.
    Major,
    /// The second one.
    Minor,
    /// The third one.
    Patch,
    /// The next prerelease.
    Pre,
    /// The release that a prerelease comes before.
    Release,
}

/// The steps by name.
pub(super) const STEPS: [(&str, Step); 5] = [
    ("major", Step::Major),
    ("minor", Step::Minor),
    ("patch", Step::Patch),
    ("pre", Step::Pre),
    ("release", Step::Release),
];

/// Names of prereleases in both forms.
const KINDS: [(PrereleaseKind, &str); 3] =
    [(PrereleaseKind::Alpha, "alpha"), (PrereleaseKind::Beta, "beta"), (PrereleaseKind::Rc, "rc")];

/// A version.
#[derive(Debug, Clone)]
pub struct Number {
    version: Version,
    /// A prerelease that PEP 440 has no word for.
    odd: Option<String>,
}

impl Number {
    /// Reads a text; `None` if neither PEP 440 nor `SemVer` takes it.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(version) = Version::from_str(text) {
            return Some(Self { version, odd: None });
        }
        let (numbers, odd) = text.split('+').next()?.split_once('-')?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        let is_odd = odd.split('.').all(|part| !part.is_empty()) && odd.chars().all(plain);
        let three = numbers.split('.').count() == 3;
        let version = Version::from_str(numbers).ok().filter(|_| three && is_odd)?;
        Some(Self { version, odd: Some(odd.to_owned()) })
    }

    /// Whether both are one version.
    pub fn is(&self, other: &Self) -> bool {
        self.version == other.version && self.odd == other.odd
    }

    /// Whether it comes after the other one.
    pub fn is_after(&self, other: &Self) -> bool {
        self.order(other).is_gt()
    }

    /// Which comes first: as PEP 440 has it, and as `SemVer` 11.4 has it where only that takes one of them.
    pub fn order(&self, other: &Self) -> Ordering {
        let release = |one: &Self| one.of(one.numbers(1), None).version;
        let early = match (self.early(), other.early()) {
            (Some(one), Some(other)) => order::early(&one, &other),
            (one, other) => one.is_none().cmp(&other.is_none()),
        };
        let numbers = release(self).cmp(&release(other));
        let whole = || self.version.cmp(&other.version).then_with(|| self.odd.cmp(&other.odd));
        numbers.then(early).then_with(whole)
    }

    /// What makes it come before its release, as `SemVer` has it.
    fn early(&self) -> Option<String> {
        let version = &self.version;
        match version.pre() {
            _ if self.odd.is_some() => self.odd.clone(),
            Some(pre) => {
                let (_, name) = KINDS.iter().find(|(kind, _)| *kind == pre.kind)?;
                Some(format!("{name}.{}", pre.number))
            }
            // PEP 440 has it before all other prereleases; among words it would stand after `alpha`.
            None if version.dev().is_some() && version.post().is_none() => Some("0".into()),
            None => None,
        }
    }

    /// Its text in a form; `None` if the form has no word for it.
    pub fn written(&self, form: Form) -> Option<String> {
        match form {
            Form::Pep440 => self.odd.is_none().then(|| self.version.to_string()),
            Form::SemVer => self.as_semver(),
            Form::Short(count) => Some(dotted(&self.numbers(count)[..count])),
        }
    }

    fn as_semver(&self) -> Option<String> {
        let version = &self.version;
        let numbers = self.numbers(3);
        if numbers.len() > 3 || version.epoch() > 0 || version.post().is_some() {
            return None;
        }
        let pre = version.pre().and_then(|pre| {
            let (_, name) = KINDS.iter().find(|(kind, _)| *kind == pre.kind)?;
            Some(format!("{name}.{}", pre.number))
        });
        let dev = version.dev().map(|dev| format!("dev.{dev}"));
        let early: Vec<String> = pre.into_iter().chain(dev).chain(self.odd.clone()).collect();
        let whole = version.to_string();
        let build = whole.find('+').map_or("", |at| &whole[at..]);
        let early = if early.is_empty() { String::new() } else { format!("-{}", early.join(".")) };
        Some(format!("{}{early}{build}", dotted(&numbers)))
    }

    /// Its numbers, at least so many.
    fn numbers(&self, least: usize) -> Vec<u64> {
        let mut numbers = self.version.release().to_vec();
        numbers.resize(numbers.len().max(least), 0);
        numbers
    }

    fn is_early(&self) -> bool {
        self.odd.is_some() || self.version.pre().is_some() || self.version.dev().is_some()
    }

    /// A version of these numbers in the same epoch.
    fn of(&self, numbers: Vec<u64>, pre: Option<Prerelease>) -> Self {
        let version = Version::new(numbers).with_epoch(self.version.epoch()).with_pre(pre);
        Self { version, odd: None }
    }

    /// The next version; `None` if there is none: a release is no step to its release.
    pub fn next(&self, step: Step) -> Option<Self> {
        let at = match step {
            Step::Major => 0,
            Step::Minor => 1,
            Step::Patch => 2,
            Step::Pre => return Some(self.next_early()),
            Step::Release if !self.is_early() => return None,
            Step::Release => return Some(self.of(self.numbers(1), None)),
        };
        let mut numbers = self.numbers(at + 1);
        let is_due = self.is_early() && numbers[at + 1..].iter().all(|number| *number == 0);
        if !is_due {
            numbers[at] += 1;
            numbers[at + 1..].fill(0);
        }
        Some(self.of(numbers, None))
    }

    fn next_early(&self) -> Self {
        if let Some(odd) = &self.odd {
            let digits = odd.trim_end_matches(|c: char| c.is_ascii_digit()).len();
            let next = odd[digits..].parse::<u64>().map(|number| number + 1);
            let odd =
                next.map_or_else(|_| format!("{odd}.1"), |n| format!("{}{n}", &odd[..digits]));
            return Self { odd: Some(odd), ..self.clone() };
        }
        if let Some(pre) = self.version.pre() {
            let next = Prerelease { number: pre.number + 1, ..pre };
            return self.of(self.numbers(1), Some(next));
        }
        let first = Prerelease { kind: PrereleaseKind::Alpha, number: 1 };
        let mut numbers = self.numbers(3);
        numbers[2] += u64::from(!self.is_early());
        self.of(numbers, Some(first))
    }

    /// A development version after this one, and before the next: `1.2.4.dev20260131120000`. For `SemVer`
    /// alone it is behind a prerelease, as `1.2.0-alpha.1.dev.20260131120000`: before `alpha.2` is nothing else.
    #[must_use]
    pub fn development(&self, stamp: u64, only_semver: bool) -> Self {
        let is_behind = self.odd.is_some() || only_semver && self.version.pre().is_some();
        let whole = self.as_semver().filter(|_| is_behind).unwrap_or_default();
        if let Some((_, early)) = whole.split('+').next().and_then(|text| text.split_once('-')) {
            let odd = Some(format!("{early}.dev.{stamp}"));
            return Self { odd, ..self.of(self.numbers(3), None) };
        }
        let base = match (self.version.dev(), self.version.pre()) {
            (Some(_), pre) => self.of(self.numbers(1), pre),
            (None, Some(_)) => self.next_early(),
            (None, None) => {
                self.of(self.numbers(3), None).next(Step::Patch).unwrap_or(self.clone())
            }
        };
        Self { version: base.version.with_dev(Some(stamp)), odd: None }
    }
}

fn dotted(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Number {
        Number::read(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn both_forms_of_a_version_are_the_same_and_are_written_in_both() {
        for (python, cargo) in [
            ("1.2.0", "1.2.0"),
            ("1.2.0a1", "1.2.0-alpha.1"),
            ("1.2.0b3", "1.2.0-beta.3"),
            ("1.2.0rc1", "1.2.0-rc.1"),
            ("1.2.0.dev7", "1.2.0-dev.7"),
            ("1.2.0+cu12", "1.2.0+cu12"),
        ] {
            assert!(read(python).is(&read(cargo)), "{python}");
            assert_eq!(read(cargo).written(Form::Pep440).as_deref(), Some(python));
            assert_eq!(read(python).written(Form::SemVer).as_deref(), Some(cargo));
        }
        assert!(read("v1.0").is(&read("1.0.0")));
        for odd in ["1.0.post1", "1!2.0.0", "1.2.3.4"] {
            assert_eq!(read(odd).written(Form::SemVer), None, "{odd}");
        }
        assert_eq!(read("1.0.0-nightly.3").written(Form::Pep440), None);
        assert_eq!(read("1.0.0-nightly.3").written(Form::SemVer).unwrap(), "1.0.0-nightly.3");
        assert_eq!(read("1.2.3").written(Form::Short(2)).unwrap(), "1.2");
        for none in ["", "latest", "1.x", "1.0.0-", "1.0-nightly", "1.0.0-a b"] {
            assert!(Number::read(none).is_none(), "{none}");
        }
    }

    #[test]
    fn each_step_leads_to_the_next_version() {
        for (from, step, to) in [
            ("1.2.3", "patch", "1.2.4"),
            ("1.2.3", "minor", "1.3.0"),
            ("1.2.3", "major", "2.0.0"),
            ("1.2", "patch", "1.2.1"),
            ("1.2", "minor", "1.3"),
            ("1.2.3.4", "minor", "1.3.0.0"),
            ("1.0.45", "patch", "1.0.46"),
            ("1!1.2.3", "patch", "1!1.2.4"),
            ("1.2.3.post1", "patch", "1.2.4"),
            ("1.2.3+cu12", "patch", "1.2.4"),
            ("1.2.0rc1", "patch", "1.2.0"),
            ("1.2.0rc1", "minor", "1.2.0"),
            ("1.2.0rc1", "major", "2.0.0"),
            ("1.2.1rc1", "minor", "1.3.0"),
            ("1.2.0rc1", "pre", "1.2.0rc2"),
            ("1.2.3", "pre", "1.2.4a1"),
            ("1.2.4.dev3", "pre", "1.2.4a1"),
            ("1.2.4.dev3", "patch", "1.2.4"),
            ("1.2.0rc2", "release", "1.2.0"),
        ] {
            let step = STEPS.iter().find(|(name, _)| *name == step).unwrap().1;
            let next = read(from).next(step).unwrap();
            assert_eq!(next.written(Form::Pep440).unwrap(), to, "{from}");
            assert!(next.is_after(&read(from)), "{from}");
        }
        assert!(read("1.2.3").next(Step::Release).is_none());
        let odd = read("1.0.0-nightly.3");
        let next = |step| odd.next(step).unwrap().written(Form::SemVer).unwrap();
        assert_eq!(
            (next(Step::Pre), next(Step::Patch)),
            ("1.0.0-nightly.4".into(), "1.0.0".into())
        );
    }

    #[test]
    fn a_development_version_comes_after_this_one_and_before_the_next() {
        for (from, dev, next) in [
            ("1.2.3", "1.2.4.dev7", "1.2.4"),
            ("1.2", "1.2.1.dev7", "1.2.1"),
            ("1.2.4a1", "1.2.4a2.dev7", "1.2.4a2"),
            ("1.3.0.dev0", "1.3.0.dev7", "1.3.0"),
        ] {
            let made = read(from).development(7, false);
            assert_eq!(made.written(Form::Pep440).unwrap(), dev);
            assert!(made.is_after(&read(from)) && read(next).is_after(&made), "{from}");
        }
    }

    #[test]
    fn a_development_version_of_a_crate_comes_between_as_semver_has_it() {
        for (from, dev, next) in [
            ("1.2.3", "1.2.4-dev.7", "1.2.4"),
            ("1.3.0-dev.0", "1.3.0-dev.7", "1.3.0"),
            ("1.2.0-alpha.1", "1.2.0-alpha.1.dev.7", "1.2.0-alpha.2"),
            ("1.2.0-rc.9+build.5", "1.2.0-rc.9.dev.7", "1.2.0-rc.10"),
            ("1.0.0-nightly.3", "1.0.0-nightly.3.dev.7", "1.0.0-nightly.4"),
            ("1.0.0-nightly.3+b", "1.0.0-nightly.3.dev.7", "1.0.0-nightly.4"),
        ] {
            let made = read(from).development(7, true).written(Form::SemVer).unwrap();
            assert_eq!(made, dev, "{from}");
            let order = |one, other| order::Scheme::Semver.compare(one, other).unwrap();
            assert!(order(from, &made).is_lt() && order(&made, next).is_lt(), "{from}");
        }
    }

    #[test]
    fn versions_are_in_one_order_whoever_takes_them() {
        let ascending = [
            "1.0.0-dev.4",
            "1.0.0-alpha",
            "1.0.0-alpha.2",
            "1.0.0a10",
            "1.0.0-nightly",
            "1.0.0-nightly.9",
            "1.0.0-nightly.10",
            "1.0.0-nightly.10.dev.2",
            "1.0.0-nightly.x",
            "1.0.0rc1.dev2",
            "1.0.0-rc.1",
            "1.0.0-rc.1.x",
            "1.0.0-rc.2",
            "1.0",
            "1.0.0.post1.dev1",
            "1.0.0.post1",
            "1.0.1-nightly.1",
            "1.0.1",
            "1.10",
            "1!0.1",
        ];
        for (at, one) in ascending.iter().enumerate() {
            for (other_at, other) in ascending.iter().enumerate() {
                assert_eq!(read(one).order(&read(other)), at.cmp(&other_at), "{one}, {other}");
            }
        }
    }
}
