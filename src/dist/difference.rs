//! What a new release holds that the one before it did not, and the other way round.
//!
//! Names are compared without the version that stands in them: the top folder of an sdist or a crate,
//! `….dist-info` and `….data` of a wheel. Contents are not compared: that is what reviews of commits
//! are for; here a person sees a folder that should not be there, or a file that has grown tenfold.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::cargo;
use super::contents::{Form, Member};
use super::filename::{self, Kind};
use super::order::Scheme;

/// A size counts as changed from so many bytes on, if it is also more than a tenth.
const NOTABLE: u64 = 1024;

/// What two archives do not have in common, by names without versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Files of the new one alone.
    pub new: Vec<Member>,
    /// Files of the old one alone.
    pub gone: Vec<Member>,
    /// Files of both, with another size.
    pub resized: Vec<Resized>,
}

/// A file that has grown or shrunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resized {
    /// Its name.
    pub name: String,
    /// Its size in the old archive.
    pub before: u64,
    /// Its size in the new one.
    pub now: u64,
}

impl Difference {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What became of the files of an archive in the next one; both have the same form.
pub fn between(form: Form, before: &[Member], now: &[Member]) -> Difference {
    let by_name = |all: &[Member]| -> BTreeMap<String, u64> {
        all.iter().map(|member| (unversioned(form, &member.name), member.size)).collect()
    };
    let (before, now) = (by_name(before), by_name(now));
    let alone = |one: &BTreeMap<String, u64>, other: &BTreeMap<String, u64>| {
        let alone = one.iter().filter(|(name, _)| !other.contains_key(*name));
        alone.map(|(name, size)| Member { name: name.clone(), size: *size }).collect()
    };
    let resized = now.iter().filter_map(|(name, now)| {
        let before = *before.get(name)?;
        let change = now.abs_diff(before);
        let notable = change > NOTABLE && change > before / 10;
        notable.then(|| Resized { name: name.clone(), before, now: *now })
    });
    let resized = resized.collect();
    Difference { new: alone(&now, &before), gone: alone(&before, &now), resized }
}

/// A name without the version of the release.
fn unversioned(form: Form, name: &str) -> String {
    let Some((top, below)) = name.split_once('/') else { return name.to_owned() };
    match form {
        Form::TarGz => below.to_owned(),
        Form::Zip => [".dist-info", ".data"]
            .into_iter()
            .find(|ending| top.ends_with(ending))
            .map_or_else(|| name.to_owned(), |ending| format!("*{ending}/{below}")),
    }
}

/// What of a file's name tells whether another one is its predecessor.
struct Origin {
    project: String,
    version: String,
    form: Form,
    /// Python, ABI and platform of a wheel.
    tags: String,
    scheme: Scheme,
}

impl Origin {
    fn of(name: &str) -> Option<Self> {
        if let Some((project, version)) = cargo::named(name) {
            let (project, version) = (project.to_owned(), version.to_owned());
            let (form, scheme) = (Form::TarGz, Scheme::Semver);
            return Some(Self { project, version, form, tags: String::new(), scheme });
        }
        let dist = filename::parse(name).ok()?;
        let (form, tags) = match dist.kind {
            Kind::Sdist => (Form::TarGz, String::new()),
            Kind::Wheel => {
                let parts: Vec<&str> = name.rsplitn(4, '-').take(3).collect();
                (Form::Zip, parts.join("-"))
            }
        };
        let (project, version) = (dist.project, dist.version);
        Some(Self { project, version, form, tags, scheme: Scheme::Pep440 })
    }

    /// Whether a file of `other` may have come before one of this.
    fn follows(&self, other: &Self) -> bool {
        self.project == other.project && self.form == other.form && self.scheme == other.scheme
    }
}

/// The one of `candidates` that `name` is the next release of: the newest that is not newer and of the
/// same kind. A wheel follows one for the same platform; another one only where there is no choice.
pub fn predecessor<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let ours = Origin::of(name)?;
    let known = candidates.iter().filter(|other| **other != name);
    let known = known.filter_map(|other| Some((*other, Origin::of(other)?)));
    let compare = |one: &Origin, other: &Origin| ours.scheme.compare(&one.version, &other.version);
    let newer = |other: &Origin| compare(other, &ours) == Some(Ordering::Greater);
    let kin: Vec<(&str, Origin)> =
        known.filter(|(_, other)| ours.follows(other) && !newer(other)).collect();
    let same = kin.iter().filter(|(_, other)| other.tags == ours.tags);
    let newest = same.max_by(|(_, one), (_, other)| compare(one, other).unwrap_or(Ordering::Equal));
    let only = || if kin.len() == 1 { kin.first() } else { None };
    newest.or_else(only).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(list: &[(&str, u64)]) -> Vec<Member> {
        list.iter().map(|(name, size)| Member { name: (*name).to_owned(), size: *size }).collect()
    }

    #[test]
    fn versions_in_names_make_no_difference() {
        let before =
            members(&[("d-1.dist-info/RECORD", 10), ("d-1.data/scripts/d", 1), ("d.py", 9)]);
        let now = members(&[("d-2.dist-info/RECORD", 10), ("d-2.data/scripts/d", 1), ("d.py", 9)]);
        assert!(between(Form::Zip, &before, &now).is_empty());
        let before = members(&[("d-1/PKG-INFO", 10), ("d-1/d.py", 9)]);
        let now = members(&[("d-2/PKG-INFO", 10), ("d-2/d.py", 9)]);
        assert!(between(Form::TarGz, &before, &now).is_empty());
    }

    #[test]
    fn what_came_and_went_is_told() {
        let before = members(&[("d/a.py", 5), ("d-1.dist-info/WHEEL", 1)]);
        let now = members(&[("d/b.py", 7), ("d-2.dist-info/WHEEL", 1), ("tests/t.py", 2)]);
        let difference = between(Form::Zip, &before, &now);
        assert_eq!(difference.new, members(&[("d/b.py", 7), ("tests/t.py", 2)]));
        assert_eq!(difference.gone, members(&[("d/a.py", 5)]));
        assert_eq!(difference.resized, []);
    }

    #[test]
    fn a_size_is_told_if_it_changed_by_a_tenth_and_a_kibibyte() {
        let table = [
            (0, 1024, false),
            (0, 1025, true),
            (1025, 0, true),
            (20_000, 21_999, false),
            (20_000, 22_000, false),
            (20_000, 22_001, true),
            (20_000, 17_999, true),
            (5_000, 6_024, false),
        ];
        for (before, now, told) in table {
            let (old, new) = (members(&[("a", before)]), members(&[("a", now)]));
            let resized = between(Form::Zip, &old, &new).resized;
            let wanted = told.then(|| Resized { name: "a".into(), before, now });
            assert_eq!(resized, wanted.into_iter().collect::<Vec<_>>(), "{before} to {now}");
        }
    }

    #[test]
    fn a_file_follows_the_newest_of_its_kind() {
        let wheel = "d-1.2-cp312-cp312-linux_x86_64.whl";
        let table: [(&str, &[&str], Option<&str>); 8] = [
            (
                "d-1.2.tar.gz",
                &["d-1.0.tar.gz", "d-1.1.tar.gz", "d-1.3.tar.gz"],
                Some("d-1.1.tar.gz"),
            ),
            ("d-1.2.tar.gz", &["e-1.1.tar.gz", "d-1.1-py3-none-any.whl", "d-1.1.crate"], None),
            ("d-1.10.0.crate", &["d-1.9.0.crate", "d-1.2.0.crate"], Some("d-1.9.0.crate")),
            (
                "d-2-1.0.0.crate",
                &["d-0.9.0.crate", "d-2-0.9.0-rc.1.crate"],
                Some("d-2-0.9.0-rc.1.crate"),
            ),
            (
                wheel,
                &["d-1.1-cp312-cp312-win_amd64.whl", "d-1.0-cp312-cp312-linux_x86_64.whl"],
                Some("d-1.0-cp312-cp312-linux_x86_64.whl"),
            ),
            (wheel, &["d-1.1-py3-none-any.whl"], Some("d-1.1-py3-none-any.whl")),
            (wheel, &["d-1.1-1-py3-none-any.whl", "d-1.1-py2-none-any.whl"], None),
            ("SHA256SUMS", &["SHA256SUMS"], None),
        ];
        for (name, candidates, wanted) in table {
            assert_eq!(predecessor(name, candidates), wanted, "{name}");
        }
    }
}
