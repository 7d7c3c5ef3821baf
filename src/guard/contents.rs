//! What a wheel, an sdist or a crate holds by mistake: what tools leave behind, and files with logins, by the lists of
//! `dist::check`.
//!
//! Names alone are looked at, in the directory of a zip and the headers of a tar; nothing is unpacked. An
//! archive that cannot be read is another's matter, who refuses it.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{Form, Ground, Knob, Wants};
use crate::diag::Diagnostic;
use crate::dist::check::unwanted;
use crate::dist::contents::{self, Form as Archive};
use crate::host::fs;
use crate::model::artifact::Artifact;
use crate::model::effect::Effect;
use crate::plan::Planned;

pub(super) const OPTIONS: &[Knob] = &[Knob {
    name: "forbid",
    form: Form::Patterns,
    doc: "more names or paths that no archive may hold, such as `*.pem`",
}];

/// How many names are told.
const SHOWN: usize = 5;

pub(super) fn check(ground: &Ground<'_>, wants: Wants<'_>) -> Vec<Diagnostic> {
    let more = wants.texts("forbid").unwrap_or_default();
    let unwanted = patterns(unwanted().chain(more));
    let Some(store) = ground.store else { return Vec::new() };
    let look = |file: &&Artifact| {
        let form = Archive::of(file.file_name())?;
        let opened = fs::open(&store.verified(file).ok()?).ok()?;
        let members = contents::members(form, std::io::BufReader::new(opened)).ok()?;
        told(file.file_name(), &found(&unwanted, members.iter().map(|member| member.name.as_str())))
    };
    files(ground.effects).iter().filter_map(look).collect()
}

/// The files that are sent as they are, each once.
fn files(effects: &[Planned]) -> Vec<&Artifact> {
    let mut files: Vec<&Artifact> = Vec::new();
    for planned in effects {
        let file = match &planned.effect {
            Effect::UploadPypi(upload) => &upload.file,
            Effect::PublishCrate(publish) => &publish.file,
            _ => continue,
        };
        if files.iter().all(|known| known.sha256 != file.sha256) {
            files.push(file);
        }
    }
    files
}

/// Patterns that hold for a name in any folder, and for all below it.
fn patterns<'a>(texts: impl Iterator<Item = &'a str>) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for text in texts {
        for form in [text.to_owned(), format!("**/{text}"), format!("**/{text}/**")] {
            if let Ok(glob) = GlobBuilder::new(&form).literal_separator(true).build() {
                set.add(glob);
            }
        }
    }
    set.build().unwrap_or_default()
}

fn found<'a>(unwanted: &GlobSet, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    names.filter(|name| unwanted.is_match(name)).collect()
}

fn told(file: &str, found: &[&str]) -> Option<Diagnostic> {
    let count = found.len();
    let first = found.first()?;
    let what = match count {
        1 => format!("{file} holds {first}, which nobody wants"),
        _ => format!("{file} holds {count} files that nobody wants"),
    };
    let mut wrong = Diagnostic::refused(what);
    if count > 1 {
        for name in found.iter().take(SHOWN) {
            wrong = wrong.note((*name).to_owned());
        }
    }
    if count > SHOWN {
        wrong = wrong.note(format!("… {} more", count - SHOWN));
    }
    Some(wrong.hint("leave them out in the settings of the build back end, and build anew"))
}

#[cfg(test)]
mod tests {
    use super::super::sent::samples::{asset, publish, upload};
    use super::*;

    fn of(names: &[&'static str], more: &[&'static str]) -> Vec<&'static str> {
        found(&patterns(unwanted().chain(more.iter().copied())), names.iter().copied())
    }

    #[test]
    fn caches_are_found_in_every_folder() {
        let unwanted = [
            "demo/mod.pyc",
            "__pycache__/x",
            "demo-1.0/src/__pycache__/mod.cpython-311.opt-1.pyc",
            ".DS_Store",
            "demo-1.0/.git/config",
            "demo-1.0/a.py~",
            "demo-1.0/sub/.git",
            "demo-1.0/.hg/store",
            "demo-1.0/.tox/py312/x",
            ".nox/x",
            "a/b.swo",
            "deploy/.netrc",
            "deploy/id_rsa",
        ];
        assert_eq!(of(&unwanted, &[]), unwanted);
        let wanted =
            ["demo/pyc.py", "demo/.gitignore", "demo/environment", "demo/__pycache__.py", "a.key"];
        assert!(of(&wanted, &[]).is_empty());
        assert_eq!(of(&wanted, &["*.key"]), ["a.key"]);
    }

    #[test]
    fn each_archive_is_looked_at_once() {
        let effects = [upload("a-1.0.tar.gz"), upload("a-1.0.tar.gz"), publish("b", "1.0.0")];
        let names: Vec<&str> = files(&effects).into_iter().map(Artifact::file_name).collect();
        assert_eq!(names, ["a-1.0.tar.gz", "b-1.0.0.crate"]);
        assert!(files(&[asset("a-1.0.tar.gz")]).is_empty());
    }

    #[test]
    fn few_names_are_told_of_many() {
        assert!(told("a.whl", &[]).is_none());
        let one = told("a.whl", &["x.pyc"]).unwrap();
        assert_eq!(
            (one.message.as_str(), one.notes.len()),
            ("a.whl holds x.pyc, which nobody wants", 0)
        );
        let five = told("a.whl", &["x.pyc"; 5]).unwrap();
        assert_eq!(
            (five.message.as_str(), five.notes.len()),
            ("a.whl holds 5 files that nobody wants", 5)
        );
        assert_eq!(told("a.whl", &["x.pyc"; 7]).unwrap().notes.last().unwrap(), "… 2 more");
    }
}
