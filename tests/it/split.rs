//! Releasing and publishing as two steps (`examples/split`): what was released on GitHub is what is
//! published, and nothing else.

use crate::adopt::{checkout, places};
use crate::example;
use crate::places::{BOTH, Places, SDIST, WHEEL};
use crate::project::{Project, Ran};

const RELEASEFILE: &str = r#"
    task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
    task("release").needs("build").effects("github-release").param("draft", false)
        .run(|t| github::release(#{ draft: t.draft, assets: t.artifacts("build") }));
    task("fetch").run(|| github::download());
    task("publish").needs("fetch").effects("pypi").run(|t| pypi::publish(t.artifacts("fetch"), "pypi"));
"#;

fn split() -> Project {
    let project = example::example("split").tag("v0.1.0");
    for words in [["config", "user.name", "Ada"], ["config", "user.email", "ada@localhost"]] {
        project.run_git(&words);
    }
    for message in ["feat: ordinals up to a million (#4)", "fix: 11th is not 11st"] {
        project.run_git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }
    project
}

/// A rehearsal of a release, then of what comes after it.
fn rehearse(project: &Project, task: &str, after: &str) -> Ran {
    let mut rel = project.command(&format!("rehearse {task} --after"));
    let output = rel.arg(after).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn s4_1_a_release_is_described_with_changelog_and_version_in_its_commit() {
    let project = split();
    let ran = project.rel("release version=0.2.0").code(0);
    let ran = ran.says("+version = \"0.2.0\"").says("+## [0.2.0] - ").says("+### Features");
    let ran = ran.says("+- ordinals up to a million").says("tag v0.2.0");
    ran.says("attach kelp_demo-0.2.0-py3-none-any.whl").says("publish release v0.2.0");
    project.rel("release version=next").code(2).says("`next` is no version");
    project.rel("release version=0.1.0").code(1).says("has a section of version 0.1.0 already");
    project.rel("release").code(2).says("task `release` needs a value for `version`");
}

#[test]
fn s4_3_s4_4_what_was_released_is_published_from_the_release() {
    let ran = rehearse(&split(), "publish", "release version=0.2.0").code(0);
    let ran = ran.says("proven  git-push  branch main").says("proven  github-release");
    let ran = ran.says("kelp_demo-0.2.0.tar.gz sha256 ").says("proven  testpypi");
    ran.says("proven  pypi");
}

#[test]
fn s4_4_what_follows_on_a_release_rehearses_that_release_first() {
    let ran = split().rel("rehearse publish").code(0);
    ran.says(
        "rehearsal: `publish` follows on a release, which `release version=0.1.1` makes first",
    )
    .says("proven  github-release")
    .says("kelp_demo-0.1.1.tar.gz sha256 ");
}

#[test]
fn s4_3_a_draft_can_be_looked_at_and_is_not_published_from() {
    let ran = rehearse(&split(), "publish", "release version=0.2.0 draft=true");
    ran.code(4).says("it is a draft").says("`gh release edit v0.2.0 --draft=false`");
}

#[test]
fn s4_4_without_a_release_there_is_nothing_to_publish() {
    let ran = split().rel("rehearse publish --tag v0.1.0");
    assert_ne!(ran.code, 0);
    ran.says("there is no release v0.1.0").says("--after");
}

/// Another world, where the release of the same tag is another one.
fn other(project: &Project, files: &[(&str, Vec<u8>)]) -> Places {
    let mut places = places(project);
    places.release_of("v1.0", files, true);
    places
}

#[test]
fn s4_4_other_files_than_were_released_are_refused() {
    let project = checkout(RELEASEFILE);
    let files = crate::places::built(&project, "dist", "1.0");
    let running = places(&project).start();
    running.rel(&project, "release --live --yes").code(0);

    let changed = other(&project, &files).start();
    let ran = changed.rel(&project, "publish --live --yes");
    let ran = ran.says(&format!("has other bytes in {WHEEL} than were released"));
    ran.says("released: sha256").says("what was tested is not there any more");
    assert!(changed.writes().is_empty(), "nothing was sent");

    let ran = other(&project, &[]).rel(&project, &["fetch"]).remove(0);
    ran.says("release v1.0 of acme/time-piece has no files");
}

#[test]
fn s4_4_a_file_that_is_missing_or_was_added_is_refused() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "release --live --yes").code(0);
    let ran = running.rel(&project, "fetch --export ../fetched");
    ran.code(0).says(WHEEL);
    let wheel = std::fs::read(project.root().join("../fetched").join(WHEEL)).unwrap();
    let sdist = std::fs::read(project.root().join("../fetched").join(SDIST)).unwrap();

    let less = other(&project, &[(WHEEL, wheel.clone())]);
    less.rel(&project, &["fetch"]).remove(0).says(&format!("lacks {SDIST}, which was released"));
    let all = [(WHEEL, wheel), (SDIST, sdist), ("evil-1.0.tar.gz", b"x".to_vec())];
    let ran = other(&project, &all).rel(&project, &["fetch"]).remove(0);
    ran.says("has a file evil-1.0.tar.gz that was not released");
}

#[test]
fn s4_4_files_that_another_machine_released_are_taken_by_githubs_digests() {
    let project = checkout(RELEASEFILE);
    let mut places = places(&project);
    places.release("v1.0", &BOTH, true);
    places.rel(&project, &["fetch"]).remove(0).code(0).says(WHEEL).says(SDIST);
}
