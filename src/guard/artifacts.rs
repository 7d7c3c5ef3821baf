//! The set of files is whole: what is forgotten cannot be added to PyPI after 14 days, and a wheel without
//! an sdist is what users report first.
//!
//! Without `files` each version that goes to an index has a wheel and an sdist. With `files` each of its
//! patterns is met by a file, and each file meets one, for every version on every index.

use std::collections::BTreeMap;

use globset::{Glob, GlobMatcher};

use super::{Form, Ground, Knob, Wants};
use crate::diag::Diagnostic;
use crate::dist::filename::{self, Kind};
use crate::model::effect::Effect;
use crate::plan::Planned;

pub(super) const OPTIONS: &[Knob] = &[Knob {
    name: "files",
    form: Form::Patterns,
    doc: "patterns of file names: each has to be met, and each file has to meet one",
}];

/// Where a version goes: place, project and version.
type To = (String, String, String);

pub(super) fn check(ground: &Ground<'_>, wants: Wants<'_>) -> Vec<Diagnostic> {
    let sets = sets(ground.effects);
    let Some(patterns) = wants.texts("files") else {
        return sets.iter().flat_map(|(to, files)| usual(to, files)).collect();
    };
    let globs = patterns
        .into_iter()
        .filter_map(|text| Some((text, Glob::new(text).ok()?.compile_matcher())));
    let globs: Vec<_> = globs.collect();
    sets.iter().flat_map(|(to, files)| named(to, files, &globs)).collect()
}

/// The files that go to indexes.
fn sets(effects: &[Planned]) -> BTreeMap<To, Vec<&str>> {
    let mut sets: BTreeMap<To, Vec<&str>> = BTreeMap::new();
    for planned in effects {
        if let Effect::UploadPypi(upload) = &planned.effect {
            let to = (upload.index.name.clone(), upload.project.clone(), upload.version.clone());
            sets.entry(to).or_default().push(upload.file.file_name());
        }
    }
    sets
}

fn usual((index, project, version): &To, files: &[&str]) -> Vec<Diagnostic> {
    let kinds: Vec<Kind> =
        files.iter().filter_map(|file| Some(filename::parse(file).ok()?.kind)).collect();
    let missing = [(Kind::Wheel, "wheel"), (Kind::Sdist, "sdist")];
    let missing = missing.into_iter().filter(|(kind, _)| !kinds.contains(kind));
    let one = |(_, kind): (Kind, &str)| {
        let wrong =
            Diagnostic::refused(format!("no {kind} of {project} {version} goes to {index}"));
        wrong
            .hint("build it in the same task, and hand all of its artifacts over")
            .hint("if that is meant: name the files, as in `guard(\"artifacts\", #{ files: [\"*.whl\"] })`")
    };
    missing.map(one).collect()
}

fn named(
    (index, project, version): &To,
    files: &[&str],
    globs: &[(&str, GlobMatcher)],
) -> Vec<Diagnostic> {
    let unmet = globs.iter().filter(|(_, glob)| !files.iter().any(|file| glob.is_match(file)));
    let unmet = unmet.map(|(pattern, _)| {
        let what = format!("no file of {project} {version} that goes to {index} is `{pattern}`");
        Diagnostic::refused(what).hint("build it, or take the pattern away")
    });
    let stray = files.iter().filter(|file| !globs.iter().any(|(_, glob)| glob.is_match(file)));
    let stray = stray.map(|file| {
        let wrong = Diagnostic::refused(format!("{file} goes to {index}, and no pattern wants it"));
        wrong.hint("leave it out, or add a pattern for it")
    });
    unmet.chain(stray).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sent::samples::{asset, publish, upload};
    use super::*;

    const WHEEL: &str = "demo-1.0-py3-none-any.whl";
    const SDIST: &str = "demo-1.0.tar.gz";

    fn said(effects: &[Planned], check: impl Fn(&To, &[&str]) -> Vec<Diagnostic>) -> Vec<String> {
        let sets = sets(effects);
        let all = sets.iter().flat_map(|(to, files)| check(to, files));
        all.map(|wrong| wrong.message).collect()
    }

    #[test]
    fn a_version_has_a_wheel_and_an_sdist() {
        assert!(said(&[upload(WHEEL), upload(SDIST)], usual).is_empty());
        assert_eq!(said(&[upload(WHEEL)], usual), ["no sdist of demo 1.0 goes to pypi"]);
        assert_eq!(said(&[upload(SDIST)], usual), ["no wheel of demo 1.0 goes to pypi"]);
        let others = [publish("core", "1.0.0"), asset(WHEEL)];
        assert!(said(&others, usual).is_empty());
        let two = [upload(WHEEL), upload(SDIST), upload("other-2.0.tar.gz")];
        assert_eq!(said(&two, usual), ["no wheel of other 2.0 goes to pypi"]);
    }

    #[test]
    fn patterns_are_met_and_meet_all() {
        let globs = |patterns: &[&'static str]| -> Vec<(&'static str, GlobMatcher)> {
            let one =
                |pattern: &&'static str| (*pattern, Glob::new(pattern).unwrap().compile_matcher());
            patterns.iter().map(one).collect()
        };
        let said = |effects: &[Planned], patterns: &[&'static str]| {
            said(effects, |to, files| named(to, files, &globs(patterns)))
        };
        assert!(said(&[upload(WHEEL)], &["*.whl"]).is_empty());
        assert_eq!(
            said(&[upload(SDIST)], &["*.whl", "*.gz"]),
            ["no file of demo 1.0 that goes to pypi is `*.whl`"]
        );
        assert_eq!(
            said(&[upload(WHEEL), upload(SDIST)], &["*.whl"]),
            ["demo-1.0.tar.gz goes to pypi, and no pattern wants it"]
        );
    }
}
