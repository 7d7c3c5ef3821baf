//! The wheels, sdists and crates among what is sent: of which project, and of which version.
//!
//! Attached to a release on GitHub they count too. An attached `.tar.gz` may be anything: it is an sdist
//! if another file of its project is sent.

use std::collections::BTreeSet;

use crate::dist::cargo;
use crate::dist::filename::{self, Kind, normalize};
use crate::model::effect::Effect;
use crate::plan::Planned;

/// A file that is sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sent {
    /// Of which project, its name normalised.
    pub(super) project: String,
    /// As the file states it.
    pub(super) version: String,
    /// The file's name.
    pub(super) file: String,
}

/// All of them.
pub(super) fn files(effects: &[Planned]) -> BTreeSet<Sent> {
    let of = |planned: &Planned| -> Option<Sent> {
        let (project, version, file) = match &planned.effect {
            Effect::UploadPypi(upload) => (&upload.project, &upload.version, &upload.file),
            Effect::PublishCrate(publish) => (&publish.name, &publish.version, &publish.file),
            Effect::UploadAsset(asset) => return attached(asset.file.file_name()),
            _ => return None,
        };
        let file = file.file_name().to_owned();
        Some(Sent { project: normalize(project), version: version.clone(), file })
    };
    let mut all: BTreeSet<Sent> = effects.iter().filter_map(of).collect();
    let known: BTreeSet<String> = all.iter().map(|sent| sent.project.clone()).collect();
    let names = effects.iter().filter_map(|planned| match &planned.effect {
        Effect::UploadAsset(asset) => Some(asset.file.file_name()),
        _ => None,
    });
    let sdists = names.filter_map(python).filter(|sent| known.contains(&sent.project));
    all.extend(sdists);
    all
}

fn attached(file: &str) -> Option<Sent> {
    if let Some((name, version)) = cargo::named(file) {
        let project = normalize(name);
        return Some(Sent { project, version: version.into(), file: file.into() });
    }
    let wheel = filename::parse(file).is_ok_and(|dist| dist.kind == Kind::Wheel);
    python(file).filter(|_| wheel)
}

fn python(file: &str) -> Option<Sent> {
    let dist = filename::parse(file).ok()?;
    Some(Sent { project: dist.project, version: dist.version, file: file.to_owned() })
}

/// Effects for tests of what looks at them.
#[cfg(test)]
pub(super) mod samples {
    use crate::dist::filename;
    use crate::host::endpoints::Endpoints;
    use crate::model::artifact::{Artifact, Digest};
    use crate::model::effect::{
        DraftRelease, Effect, PublishCrate, Release, ReleaseAt, UploadAsset, UploadPypi,
    };
    use crate::model::task::Index;
    use crate::plan::Planned;

    pub(in crate::guard) fn file(name: &str, size: u64) -> Artifact {
        Artifact {
            name: format!("dist/{name}"),
            sha256: Digest::of(name),
            blake2b_256: String::new(),
            size,
            executable: false,
        }
    }

    pub(in crate::guard) fn planned(effect: Effect) -> Planned {
        let key = effect.key(&Release::nowhere());
        Planned { key, task: "publish".into(), receipt: effect.predicted(), effect }
    }

    pub(in crate::guard) fn upload(name: &str) -> Planned {
        upload_to(Endpoints::default().pypi, name, 1)
    }

    pub(in crate::guard) fn upload_to(index: Index, name: &str, size: u64) -> Planned {
        let dist = filename::parse(name).unwrap();
        planned(Effect::UploadPypi(UploadPypi {
            index,
            project: dist.project,
            version: dist.version,
            file: file(name, size),
            attested: Vec::new(),
        }))
    }

    pub(in crate::guard) fn publish(name: &str, version: &str) -> Planned {
        planned(Effect::PublishCrate(PublishCrate {
            registry: "https://crates.example".into(),
            name: name.into(),
            version: version.into(),
            file: file(&format!("{name}-{version}.crate"), 1),
        }))
    }

    fn at() -> ReleaseAt {
        let (server, repository) = ("https://forge.example".into(), "o/r".into());
        ReleaseAt { server, repository, tag: "v1.0".into() }
    }

    pub(in crate::guard) fn asset(name: &str) -> Planned {
        planned(Effect::UploadAsset(UploadAsset { at: at(), file: file(name, 1) }))
    }

    pub(in crate::guard) fn draft(notes: Option<&str>) -> Planned {
        planned(Effect::DraftRelease(DraftRelease {
            at: at(),
            commit: "c0ffee".into(),
            title: "One".into(),
            notes: notes.map(str::to_owned),
            prerelease: false,
        }))
    }
}
