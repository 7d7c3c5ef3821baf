//! The example of a release by hand, with a version bump and a private index: each part of it as it is used.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::example;
use crate::project::Project;

fn bumpversion() -> Project {
    let project = Project::new("");
    example::copy(&example::folder("bumpversion"), &project, "");
    let project = project.git();
    project.run_git(&["config", "user.name", "Ada"]);
    project.run_git(&["config", "user.email", "ada@example.org"]);
    project
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// What rel says of a rehearsal of `rel bump minor publish`.
static REHEARSED: LazyLock<String> = LazyLock::new(|| {
    let project = bumpversion();
    let before = read(&project.root().join("src/pyproject.toml"));
    let ran = project.rel("rehearse bump minor publish").code(0);
    assert_eq!(read(&project.root().join("src/pyproject.toml")), before, "the checkout stays");
    format!("{}{}", ran.out, ran.err)
});

#[track_caller]
fn says(texts: &[&str]) {
    for text in texts {
        assert!(REHEARSED.contains(text), "`{text}` is missing in\n{}", *REHEARSED);
    }
}

#[test]
fn s2_the_releasefile_is_short() {
    let text = read(&example::folder("bumpversion").join("Releasefile"));
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    assert!(text.lines().filter(is_code).count() <= 25);
    assert!(text.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn s2_1_each_python_builds_and_validates_in_a_folder_of_its_own() {
    says(&["check:3.11: ok", "check:3.12: ", ".whl: harbor/__init__.py"]);
}

#[test]
fn s2_2_a_bump_is_committed_tagged_without_v_and_pushed() {
    says(&["version 1.1.0: src/harbor/__init__.py, src/pyproject.toml", "proven  git-push  "]);
    assert!(!REHEARSED.contains("1.0.46"), "bumped once, as asked:\n{}", *REHEARSED);
}

#[test]
fn s2_3_the_package_lies_in_a_folder_below() {
    says(&["harbor_demo-1.1.0/harbor/__init__.py", "harbor_demo-1.1.0/PKG-INFO"]);
}

#[test]
fn s2_4_from_a_tag_nothing_is_bumped() {
    let project = bumpversion().tag("1.0.45");
    let ran = project.rel("publish").code(0);
    ran.says("upload harbor_demo-1.0.45-py3-none-any.whl").never_says("1.0.46");
}

#[test]
fn s2_5_files_go_to_the_private_index_with_its_token_and_never_without() {
    says(&[
        "proven  index:corp  harbor_demo-1.1.0-py3-none-any.whl",
        "proven  index:corp  harbor_demo-1.1.0.tar.gz",
    ]);
    let ran = bumpversion().rel("publish --live --yes").code(3);
    ran.says("CORP_TOKEN").never_says("version 1.0.46");
}

#[test]
fn s2_6_the_release_on_github_has_the_files() {
    says(&["proven  github-release  "]);
}

#[test]
fn s2_7_build_local_builds_validates_and_lists() {
    let project = bumpversion();
    let ran = project.rel("build-local").code(0).says("build-local: ok");
    ran.says("harbor_demo-1.0.45-py3-none-any.whl: harbor/__init__.py")
        .says("harbor_demo-1.0.45.tar.gz: harbor_demo-1.0.45/PKG-INFO");
    project.rel("check-version").code(0).says("1.0.45");
    project.write("src/harbor/__init__.py", "__version__ = \"1.0.44\"\n");
    let ran = project.rel("check-version").code(1);
    ran.says("src/harbor/__init__.py has no `__version__ = \"1.0.45\"`");
}

#[test]
fn s2_7_what_pypi_would_refuse_fails_the_build_on_each_python() {
    let project = bumpversion();
    let file = project.root().join("src/pyproject.toml");
    let classifiers = "classifiers = [\"Private :: Do Not Upload\"]\nlicense = ";
    let text = read(&file).replacen("license = ", classifiers, 1);
    project.write("src/pyproject.toml", &text);
    for task in ["check", "build-local"] {
        let ran = project.rel(task).code(1);
        ran.says("not to be uploaded: harbor_demo-1.0.45-py3-none-any.whl").says("classifier");
    }
}
