//! Files have the version of their tag: a release `v2.0.0` with files of 1.9.0 cannot be mended later.
//!
//! Asked where the plan is known. A tag that reads as no version says nothing, and so does no tag.
//! Turned down: to ask only for a tag of the package's own name, which most projects do not have.

use std::collections::BTreeSet;

use super::Ground;
use crate::diag::Diagnostic;
use crate::dist::filename::{self, Kind, normalize};
use crate::model::effect::Effect;
use crate::plan::Planned;
use crate::status::name;
use crate::version::in_tag;

/// A file that is sent: of which project, which version, and how it is called.
type Sent = (String, String, String);

pub(super) fn check(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let head = ground.tagged.and_then(|repo| repo.head());
    let mut tags = head.map(|head| head.tags.clone()).unwrap_or_default();
    let way = ground.host.way.as_ref();
    // Nobody has said that this is the version.
    let guessed = way.and_then(|way| way.guessed.as_ref());
    tags.retain(|tag| Some(tag) != guessed);
    told(&tags, &differing(&tags, ground.effects), way.is_some()).into_iter().collect()
}

/// The files whose version is that of no tag, if a tag names one.
fn differing(tags: &[String], effects: &[Planned]) -> Vec<Sent> {
    let versions: Vec<&str> =
        tags.iter().filter_map(|tag| in_tag(tag)).map(|(_, version)| version).collect();
    if versions.is_empty() {
        return Vec::new();
    }
    let differs = |(_, version, _): &Sent| !versions.iter().any(|tagged| same(tagged, version));
    sent(effects).into_iter().filter(differs).collect()
}

/// What follows `+` tells builds of one version apart.
fn same(tagged: &str, version: &str) -> bool {
    let public = |text: &str| text.split('+').next().unwrap_or_default().to_owned();
    name::same(tagged, version) || name::same(&public(tagged), &public(version))
}

/// The wheels, sdists and crates among the effects. An attached `.tar.gz` may be anything: it is an
/// sdist if another file of its project is sent.
fn sent(effects: &[Planned]) -> BTreeSet<Sent> {
    let of = |planned: &Planned| -> Option<Sent> {
        let (project, version, file) = match &planned.effect {
            Effect::UploadPypi(upload) => (&upload.project, &upload.version, &upload.file),
            Effect::PublishCrate(publish) => (&publish.name, &publish.version, &publish.file),
            Effect::UploadAsset(asset) => return attached(asset.file.file_name()),
            _ => return None,
        };
        Some((normalize(project), version.clone(), file.file_name().to_owned()))
    };
    let mut all: BTreeSet<Sent> = effects.iter().filter_map(of).collect();
    let known: BTreeSet<String> = all.iter().map(|(project, ..)| project.clone()).collect();
    let names = effects.iter().filter_map(|planned| match &planned.effect {
        Effect::UploadAsset(asset) => Some(asset.file.file_name()),
        _ => None,
    });
    let sdists = names.filter_map(python).filter(|(project, ..)| known.contains(project));
    all.extend(sdists);
    all
}

fn attached(file: &str) -> Option<Sent> {
    if let Some(stem) = file.strip_suffix(".crate") {
        let (before, version) = in_tag(stem)?;
        return Some((normalize(before.trim_end_matches('-')), version.into(), file.into()));
    }
    let wheel = filename::parse(file).is_ok_and(|dist| dist.kind == Kind::Wheel);
    python(file).filter(|_| wheel)
}

fn python(file: &str) -> Option<Sent> {
    let dist = filename::parse(file).ok()?;
    Some((dist.project, dist.version, file.to_owned()))
}

fn told(tags: &[String], found: &[Sent], in_rehearsal: bool) -> Option<Diagnostic> {
    let ((project, version, file), rest) = found.split_first()?;
    let tags = tags.iter().filter(|tag| in_tag(tag).is_some());
    let tags = tags.map(|tag| format!("`{tag}`")).collect::<Vec<_>>().join(", ");
    let mut wrong =
        Diagnostic::refused(format!("HEAD is tagged {tags}, and {file} is version {version}"));
    for (_, version, file) in rest {
        wrong = wrong.note(format!("{file} is version {version}"));
    }
    wrong = wrong.hint(format!(
        "give the project the version of its tag, or tag the commit with its version: `git tag v{version}`"
    ));
    if in_rehearsal {
        wrong = wrong.hint(format!("to rehearse that version: `--tag v{version}`"));
    }
    Some(wrong.hint(format!(
        "packages with versions of their own want a tag each, such as `{project}-v{version}`"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::endpoints::Endpoints;
    use crate::model::artifact::{Artifact, Digest};
    use crate::model::effect::{PublishCrate, Release, ReleaseAt, UploadAsset, UploadPypi};

    fn file(name: &str) -> Artifact {
        Artifact {
            name: format!("dist/{name}"),
            sha256: Digest::of(name),
            blake2b_256: String::new(),
            size: 1,
            executable: false,
        }
    }

    fn planned(effect: Effect) -> Planned {
        let key = effect.key(&Release::nowhere());
        Planned { key, task: "publish".into(), receipt: effect.predicted(), effect }
    }

    fn upload(name: &str) -> Planned {
        let dist = filename::parse(name).unwrap();
        planned(Effect::UploadPypi(UploadPypi {
            index: Endpoints::default().pypi,
            project: dist.project,
            version: dist.version,
            file: file(name),
            attested: Vec::new(),
        }))
    }

    fn publish(name: &str, version: &str) -> Planned {
        planned(Effect::PublishCrate(PublishCrate {
            registry: "https://crates.example".into(),
            name: name.into(),
            version: version.into(),
            file: file(&format!("{name}-{version}.crate")),
        }))
    }

    fn asset(name: &str) -> Planned {
        let (server, repository) = ("https://forge.example".into(), "o/r".into());
        let at = ReleaseAt { server, repository, tag: "v1.0".into() };
        planned(Effect::UploadAsset(UploadAsset { at, file: file(name) }))
    }

    fn found(tags: &[&str], effects: &[Planned]) -> Vec<String> {
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        differing(&tags, effects).into_iter().map(|(_, _, file)| file).collect()
    }

    #[test]
    fn each_file_has_the_version_of_a_tag() {
        let wheel = "demo-0.3.0-py3-none-any.whl";
        let effects = [upload(wheel), upload("demo-0.3.0.tar.gz"), publish("core", "1.0.0-rc.1")];
        assert!(found(&["v0.3", "core-v1.0.0-rc.1"], &effects).is_empty());
        assert_eq!(found(&["v0.3.0"], &effects), ["core-1.0.0-rc.1.crate"]);
        assert_eq!(found(&["v1.0rc1"], &effects), [wheel, "demo-0.3.0.tar.gz"]);
        assert_eq!(found(&["latest", "v9.9.9"], &effects).len(), 3);
        assert!(found(&["v1.0.0-nightly.3"], &[publish("core", "1.0.0-nightly.3")]).is_empty());
        assert!(found(&["v0.3.0"], &[upload("demo-0.3.0+cu12-py3-none-any.whl")]).is_empty());
    }

    #[test]
    fn tags_that_name_no_version_say_nothing() {
        let effects = [upload("demo-0.3.0.tar.gz")];
        assert!(found(&[], &effects).is_empty());
        assert!(found(&["latest", "nightly-20260101"], &effects).is_empty());
    }

    #[test]
    fn attached_files_count_where_they_are_distributions() {
        let wheel = "demo-0.3.0-py3-none-any.whl";
        let loose = [asset("data-2.0.tar.gz"), asset("notes.txt"), asset("rel-linux.tar.gz")];
        assert!(found(&["v1.0"], &loose).is_empty());
        let dists = [asset(wheel), asset("demo-0.3.0.tar.gz"), asset("core-0.2.0.crate")];
        let all = ["core-0.2.0.crate", wheel, "demo-0.3.0.tar.gz"];
        assert_eq!(found(&["v1.0"], &[&dists[..], &loose[..]].concat()), all);
        assert!(found(&["v0.3.0", "v0.2.0"], &dists).is_empty());
    }

    #[test]
    fn what_is_told_names_file_version_and_tag_and_what_to_do() {
        let tags = ["latest".to_owned(), "v9.9.9".to_owned()];
        let effects = [upload("demo-0.3.0.tar.gz"), upload("demo-0.3.0-py3-none-any.whl")];
        let told = |rehearsed| told(&tags, &differing(&tags, &effects), rehearsed).unwrap();
        let wrong = told(false);
        let message = "HEAD is tagged `v9.9.9`, and demo-0.3.0-py3-none-any.whl is version 0.3.0";
        assert_eq!(wrong.message, message);
        assert_eq!(wrong.notes, ["demo-0.3.0.tar.gz is version 0.3.0"]);
        assert!(wrong.hints[0].contains("`git tag v0.3.0`"), "{:?}", wrong.hints);
        assert_eq!(wrong.hints.len() + 1, told(true).hints.len());
        assert!(told(true).hints[1].contains("`--tag v0.3.0`"));
    }
}
