//! The version is not out yet: no registry has files of it but the very ones that are sent.
//!
//! Asked where the bytes are known, so that a release which is resumed, here or elsewhere, is not refused.
//! Other bytes under the same name stop every live run anyway; this finds what has another name.

use std::collections::{BTreeMap, BTreeSet};

use super::ground::silent;
use super::{Ground, Wants};
use crate::diag::Diagnostic;
use crate::model::effect::Effect;
use crate::model::task::Index;
use crate::plan::Planned;
use crate::remote::standing::{self, Standing};
use crate::remote::status;
use crate::status::{File, name};

/// What goes where: name and digest of each file.
type Files<'a> = BTreeSet<(&'a str, &'a str)>;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    let python = sets(ground.effects).into_iter().filter_map(|((_, project, version), to)| {
        let (index, files) = to;
        match standing::python(ground.host, index, project, ground.stop) {
            Err(why) => Some(silent(&index.name, project, &why)),
            Ok(found) => {
                let others = found.map(|found| others(&found, version, &files)).unwrap_or_default();
                told(&index.name, project, version, &others)
            }
        }
    });
    let crates = ground.effects.iter().filter_map(|planned| {
        let Effect::PublishCrate(publish) = &planned.effect else { return None };
        let (name, version) = (&publish.name, &publish.version);
        let held = match status::krate(ground.host, name, ground.stop) {
            Err(why) => return Some(silent("crates.io", name, &why)),
            Ok(held) => held,
        };
        let other = other_crates(held.files, version, publish.file.sha256.as_str());
        told("crates.io", name, version, &other)
    });
    python.chain(crates).collect()
}

fn sets(effects: &[Planned]) -> BTreeMap<(&str, &str, &str), (&Index, Files<'_>)> {
    let mut sets: BTreeMap<(&str, &str, &str), (&Index, Files<'_>)> = BTreeMap::new();
    for planned in effects {
        let Effect::UploadPypi(upload) = &planned.effect else { continue };
        let to = (upload.index.name.as_str(), upload.project.as_str(), upload.version.as_str());
        let file = (upload.file.file_name(), upload.file.sha256.as_str());
        sets.entry(to).or_insert_with(|| (&upload.index, Files::new())).1.insert(file);
    }
    sets
}

/// Files of the version that are there and are not ours. A file whose digest nobody tells is ours by name.
fn others(found: &Standing, version: &str, ours: &Files<'_>) -> Vec<String> {
    let is_ours = |name: &str, sha256: Option<&str>| {
        ours.iter().any(|(own, digest)| *own == name && sha256.is_none_or(|told| told == *digest))
    };
    let all = found.of_version(version);
    let others = all.filter(|file| !is_ours(&file.name, file.sha256.as_deref()));
    others.map(|file| file.name.clone()).collect()
}

/// Crates of the version that are there with other bytes.
fn other_crates(
    held: impl IntoIterator<Item = (String, File)>,
    version: &str,
    ours: &str,
) -> Vec<String> {
    let is_other = |(held, file): &(String, File)| {
        name::same(held, version) && file.sha256.as_deref() != Some(ours)
    };
    held.into_iter().filter(is_other).map(|(_, file)| file.name).collect()
}

fn told(place: &str, project: &str, version: &str, others: &[String]) -> Option<Diagnostic> {
    if others.is_empty() {
        return None;
    }
    let mut wrong = Diagnostic::refused(format!("{place} has {project} {version} already"));
    for file in others.iter().take(8) {
        wrong = wrong.note(format!("{file} is not what is sent now"));
    }
    Some(wrong.hint("give it a new version; or take over what is there with `rel adopt`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::standing::Held;

    #[test]
    fn what_is_ours_is_no_other() {
        let held = |name: &str, sha256: Option<&str>| Held {
            name: name.into(),
            version: "1.0".into(),
            sha256: sha256.map(str::to_owned),
            ..Held::default()
        };
        let old = Held { version: "0.9".into(), ..held("a-0.9.tar.gz", None) };
        let files = vec![
            held("a-1.0.tar.gz", Some("11")),
            held("a-1.0-py3-none-any.whl", Some("33")),
            held("a-1.0-py2-none-any.whl", None),
            old,
        ];
        let found = Standing { status: None, files };
        let ours = Files::from([
            ("a-1.0.tar.gz", "11"),
            ("a-1.0-py3-none-any.whl", "22"),
            ("a-1.0-py2-none-any.whl", "44"),
        ]);
        assert_eq!(others(&found, "1", &ours), ["a-1.0-py3-none-any.whl"]);
        assert_eq!(others(&found, "1.0", &Files::new()).len(), 3);
        assert!(others(&found, "2.0", &ours).is_empty());
    }

    #[test]
    fn a_crate_of_a_version_that_only_semver_takes_is_out_too() {
        let version = "1.0.0-nightly.3";
        let held = |digest: &str| {
            [(version.to_owned(), File::new("a-1.0.0-nightly.3.crate", Some(digest.into())))]
        };
        assert_eq!(other_crates(held("11"), version, "22"), ["a-1.0.0-nightly.3.crate"]);
        assert!(other_crates(held("22"), version, "22").is_empty());
        assert!(other_crates(held("11"), "1.0.0-nightly.4", "22").is_empty());
    }
}
