//! Files have the version of their tag: a release `v2.0.0` with files of 1.9.0 cannot be mended later.
//!
//! Asked where the plan is known. A tag that reads as no version says nothing, and so does no tag.
//! Turned down: to ask only for a tag of the package's own name, which most projects do not have.

use super::sent::{self, Sent};
use super::{Ground, Wants};
use crate::diag::Diagnostic;
use crate::plan::Planned;
use crate::status::name;
use crate::version::in_tag;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    let tags = ground.tags();
    let in_rehearsal = ground.host.way.is_some();
    told(&tags, &differing(&tags, ground.effects), in_rehearsal).into_iter().collect()
}

/// The files whose version is that of no tag, if a tag names one.
fn differing(tags: &[String], effects: &[Planned]) -> Vec<Sent> {
    let versions: Vec<&str> =
        tags.iter().filter_map(|tag| in_tag(tag)).map(|(_, version)| version).collect();
    if versions.is_empty() {
        return Vec::new();
    }
    let differs = |sent: &Sent| !versions.iter().any(|tagged| same(tagged, &sent.version));
    sent::files(effects).into_iter().filter(differs).collect()
}

/// What follows `+` tells builds of one version apart.
fn same(tagged: &str, version: &str) -> bool {
    let public = |text: &str| text.split('+').next().unwrap_or_default().to_owned();
    name::same(tagged, version) || name::same(&public(tagged), &public(version))
}

fn told(tags: &[String], found: &[Sent], in_rehearsal: bool) -> Option<Diagnostic> {
    let (Sent { project, version, file }, rest) = found.split_first()?;
    let tags = tags.iter().filter(|tag| in_tag(tag).is_some());
    let tags = tags.map(|tag| format!("`{tag}`")).collect::<Vec<_>>().join(", ");
    let mut wrong =
        Diagnostic::refused(format!("HEAD is tagged {tags}, and {file} is version {version}"));
    for Sent { version, file, .. } in rest {
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
    use super::super::sent::samples::{asset, publish, upload};
    use super::*;

    fn found(tags: &[&str], effects: &[Planned]) -> Vec<String> {
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        differing(&tags, effects).into_iter().map(|sent| sent.file).collect()
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
        let odd = asset("core-2.1-0.2.0.crate");
        assert!(found(&["v0.2.0"], &[odd]).is_empty(), "a name with a number");
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
