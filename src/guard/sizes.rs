//! What PyPI takes: files of 100 MiB, projects of 10 GiB, and new files for 14 days after a version's first.
//!
//! Sources: <https://docs.pypi.org/project-management/storage-limits/>, and for the age of a release PyPI's
//! own code (<https://github.com/pypi/warehouse>, `forklift/legacy.py`). Each would stop a release halfway.
//! Private indexes have limits of their own, and are not looked at. Who was granted more says so.

use std::collections::BTreeMap;

use super::ground::silent;
use super::{Form, Ground, Knob, Wants};
use crate::diag::Diagnostic;
use crate::model::effect::{Effect, UploadPypi};
use crate::model::task::Index;
use crate::plan::Planned;
use crate::remote::standing::{self, Standing};

pub(super) const OPTIONS: &[Knob] = &[
    Knob {
        name: "file_mib",
        form: Form::Count,
        doc: "the most that one file may have, in MiB, instead of 100",
    },
    Knob {
        name: "project_gib",
        form: Form::Count,
        doc: "the most that a project may have, in GiB, instead of 10",
    },
];

const DAY: u64 = 86_400;
/// How long a version is open to new files, in seconds.
const OPEN: u64 = 14 * DAY;

/// The most that is taken, in bytes.
#[derive(Clone, Copy)]
struct Limits {
    file: u64,
    project: u64,
}

pub(super) fn check(ground: &Ground<'_>, wants: Wants<'_>) -> Vec<Diagnostic> {
    let limits = Limits {
        file: wants.count("file_mib").unwrap_or(100) << 20,
        project: wants.count("project_gib").unwrap_or(10) << 30,
    };
    let mut wrong = Vec::new();
    for ((_, project), (index, uploads)) in projects(ground.effects) {
        wrong.extend(uploads.iter().filter_map(|upload| too_large(upload, limits)));
        match standing::python(ground.host, index, project, ground.stop) {
            Err(why) => wrong.push(silent(&index.name, project, &why)),
            Ok(found) => {
                let found = found.unwrap_or_default();
                wrong.extend(full(&index.name, project, &found, &uploads, limits));
                let now = ground.host.clock.unix();
                wrong.extend(uploads.iter().find_map(|upload| too_late(upload, &found, now)));
            }
        }
    }
    wrong
}

/// A size in the units that limits have.
fn shown(bytes: u64) -> String {
    let (shift, unit) = if bytes < 1 << 30 { (20, "MiB") } else { (30, "GiB") };
    let tenths = (bytes * 10) >> shift;
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// What goes to PyPI and its like, by index and project.
fn projects(effects: &[Planned]) -> BTreeMap<(&str, &str), (&Index, Vec<&UploadPypi>)> {
    let mut all: BTreeMap<(&str, &str), (&Index, Vec<&UploadPypi>)> = BTreeMap::new();
    for planned in effects {
        let Effect::UploadPypi(upload) = &planned.effect else { continue };
        if upload.index.exchange.is_some() {
            let to = (upload.index.name.as_str(), upload.project.as_str());
            all.entry(to).or_insert_with(|| (&upload.index, Vec::new())).1.push(upload);
        }
    }
    all
}

fn too_large(upload: &UploadPypi, limits: Limits) -> Option<Diagnostic> {
    let (file, index) = (&upload.file, &upload.index.name);
    if file.size <= limits.file {
        return None;
    }
    let wrong = Diagnostic::refused(format!(
        "{} has {}, and a file on {index} may have {}",
        file.file_name(),
        shown(file.size),
        shown(limits.file)
    ));
    Some(wrong.hint("make it smaller; who was granted more gives `file_mib`"))
}

fn full(
    index: &str,
    project: &str,
    found: &Standing,
    uploads: &[&UploadPypi],
    limits: Limits,
) -> Option<Diagnostic> {
    let held: u64 = found.files.iter().filter_map(|file| file.size).sum();
    let new = uploads.iter().filter(|upload| is_new(upload, found));
    let new: u64 = new.map(|upload| upload.file.size).sum();
    if new == 0 || held + new <= limits.project {
        return None;
    }
    let wrong = Diagnostic::refused(format!(
        "{project} has {} on {index}, and with {} more it would have over {}",
        shown(held),
        shown(new),
        shown(limits.project)
    ));
    Some(wrong.hint("delete old files, or ask for more; who was granted it gives `project_gib`"))
}

fn is_new(upload: &UploadPypi, found: &Standing) -> bool {
    !found.has(upload.file.file_name(), upload.file.sha256.as_str())
}

/// A version is closed by its age; what is there already is taken again.
fn too_late(upload: &UploadPypi, found: &Standing, now: u64) -> Option<Diagnostic> {
    let first = found.of_version(&upload.version).filter_map(|file| file.uploaded).min()?;
    let age = now.saturating_sub(first);
    if age <= OPEN || !is_new(upload, found) {
        return None;
    }
    let UploadPypi { index, project, version, .. } = upload;
    let wrong = Diagnostic::refused(format!(
        "{} takes no new files for {project} {version}: it is {} days old",
        index.name,
        age / DAY
    ));
    Some(
        wrong
            .note("a version is open for 14 days after its first file")
            .hint("give it a new version"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::sent::samples::{publish, upload_to};
    use super::*;
    use crate::host::endpoints::Endpoints;
    use crate::model::artifact::Digest;
    use crate::remote::standing::Held;

    const FILE: &str = "demo-1.0.tar.gz";
    const LIMITS: Limits = Limits { file: 100, project: 1000 };

    fn sized(size: u64) -> Planned {
        upload_to(Endpoints::default().pypi, FILE, size)
    }

    fn with<T>(planned: &Planned, look: impl FnOnce(&UploadPypi) -> T) -> T {
        let Effect::UploadPypi(upload) = &planned.effect else { panic!("it is an upload") };
        look(upload)
    }

    fn held(name: &str, size: u64, uploaded: u64) -> Held {
        let sha256 = Some(Digest::of(name).to_string());
        let version = "1.0".into();
        Held { name: name.into(), version, sha256, size: Some(size), uploaded: Some(uploaded) }
    }

    fn standing(files: Vec<Held>) -> Standing {
        Standing { status: None, files }
    }

    #[test]
    fn a_file_may_be_as_large_as_the_limit() {
        assert!(with(&sized(100), |upload| too_large(upload, LIMITS)).is_none());
        let wrong = with(&sized(101), |upload| too_large(upload, LIMITS)).unwrap();
        assert!(wrong.message.starts_with("demo-1.0.tar.gz has 0.0 MiB"), "{}", wrong.message);
    }

    #[test]
    fn sizes_are_shown_in_the_units_of_limits() {
        let of = [100 << 20, (100 << 20) + (1 << 19), (1 << 30) - 1, 1 << 30];
        assert_eq!(of.map(shown), ["100.0 MiB", "100.5 MiB", "1023.9 MiB", "1.0 GiB"]);
    }

    #[test]
    fn a_project_may_be_as_large_as_its_limit() {
        let full = |size, files| {
            let found = standing(files);
            with(&sized(size), |upload| full("pypi", "demo", &found, &[upload], LIMITS)).is_some()
        };
        assert!(!full(100, vec![held("demo-0.9.tar.gz", 900, 0)]));
        assert!(full(101, vec![held("demo-0.9.tar.gz", 900, 0)]));
        assert!(!full(101, vec![held(FILE, 2000, 0)]), "what is there already takes no room");
    }

    #[test]
    fn a_version_is_open_for_fourteen_days() {
        let late = |uploaded: u64, files: &[&str]| {
            let files = files.iter().map(|name| held(name, 1, uploaded)).collect();
            with(&sized(1), |upload| too_late(upload, &standing(files), 20 * DAY))
        };
        let wheel = "demo-1.0-py3-none-any.whl";
        assert!(late(6 * DAY, &[wheel]).is_none());
        let wrong = late(6 * DAY - 1, &[wheel]).unwrap();
        assert_eq!(wrong.message, "pypi takes no new files for demo 1.0: it is 14 days old");
        assert!(late(0, &[wheel, FILE]).is_none(), "the same bytes are taken again");
        assert!(late(0, &[]).is_none());
    }

    #[test]
    fn private_indexes_have_limits_of_their_own() {
        let private = Index { exchange: None, ..Endpoints::default().pypi };
        let effects = [upload_to(private, FILE, 1), publish("core", "1.0.0")];
        assert!(projects(&effects).is_empty());
        assert_eq!(projects(&[sized(1)]).len(), 1);
    }
}
