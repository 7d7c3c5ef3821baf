//! `version::…` as a Releasefile uses it: looking, bumping in a stage, and what is refused.

use std::fs;
use std::path::PathBuf;

use crate::project::Project;

const BUMP: &str = r#"
    task("check-version").run(|| print("all say " + version::check(#{ folder: "src" })));
    task("bump").param("level", ["patch", "minor", "major"]).edits().run(|t| {
        let next = version::bump(t.level, #{ folder: "src" });
        exec("git commit --quiet --all --message {}", "Release " + next);
        exec("git tag --annotate --message {} {}", next, next);
    });
    task("push").needs("bump").effects("git-push").run(|t| git::push(#{ branch: git::branch(), tag: git::tag() }));
"#;
const PYPROJECT: &str = "[project]\nname = \"harbor\"\nversion = \"1.0.45\" # kept\n";
const INIT: &str = "\"\"\"Doc.\"\"\"\n\n__version__ = '1.0.45'\n";

/// A project in `src/` whose `origin` is a bare repository beside it.
fn project(releasefile: &str) -> Project {
    let project = Project::new(releasefile)
        .file("src/pyproject.toml", PYPROJECT)
        .file("src/harbor/__init__.py", INIT)
        .git()
        .tag("1.0.45");
    let origin = origin(&project).display().to_string();
    project.run_git(&["init", "--quiet", "--bare", "--initial-branch=main", &origin]);
    project.run_git(&["remote", "add", "origin", &origin]);
    project.run_git(&["push", "--quiet", "origin", "main", "1.0.45"]);
    project.run_git(&["config", "user.name", "Ada"]);
    project.run_git(&["config", "user.email", "ada@example.org"]);
    project
}

fn origin(project: &Project) -> PathBuf {
    project.root().parent().unwrap().join("origin.git")
}

/// What git says in the project; nothing if it fails.
fn git(project: &Project, words: &[&str]) -> String {
    let git = std::process::Command::new("git").args(words).current_dir(project.root()).output();
    String::from_utf8(git.unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
fn s2_2_a_bump_changes_all_places_commits_and_tags_without_v() {
    let project = project(BUMP);
    let dry = project.rel("bump minor").code(0);
    dry.says("version 1.1.0: src/harbor/__init__.py, src/pyproject.toml")
        .says("  tag 1.1.0\n")
        .says("+version = \"1.1.0\" # kept")
        .says("+__version__ = '1.1.0'");
    assert_eq!(fs::read_to_string(project.root().join("src/pyproject.toml")).unwrap(), PYPROJECT);
    let ran = project.rel("bump minor push --live --yes").code(0);
    ran.says("tag 1.1.0 is in your repository").never_says("1.0.46");
    let pushed = git(&project, &["ls-remote", "--tags", "origin", "1.1.0"]);
    assert!(pushed.ends_with("refs/tags/1.1.0"), "{pushed}");
    let read = |file: &str| fs::read_to_string(project.root().join(file)).unwrap();
    assert_eq!(read("src/pyproject.toml"), PYPROJECT.replace("1.0.45", "1.1.0"));
    assert_eq!(read("src/harbor/__init__.py"), INIT.replace("1.0.45", "1.1.0"));
    project.rel("check-version").code(0).says("all say 1.1.0");
}

#[test]
fn s2_7_check_version_ends_with_0_or_1() {
    let project = project(BUMP);
    project.rel("check-version").code(0).says("all say 1.0.45");
    project.write("src/harbor/__init__.py", "__version__ = '1.0.44'\n");
    let ran = project.rel("check-version").code(1).says("the places of the version do not agree");
    ran.says("src/pyproject.toml:3: 1.0.45").says("src/harbor/__init__.py:1: 1.0.44");
}

#[test]
fn s2_2_places_that_disagree_refuse_a_bump() {
    let project = project(BUMP);
    project.write("src/harbor/__init__.py", "__version__ = '1.0.44'\n");
    project.commit();
    let ran = project.rel("push --live --yes").code(1);
    ran.says("the places of the version do not agree").says("src/harbor/__init__.py:1: 1.0.44");
    assert_eq!(git(&project, &["ls-remote", "--tags", "origin", "1.0.46"]), "");
}

#[test]
fn s2_2_a_bump_with_a_dirty_tree_is_refused_before_the_first_task() {
    let project = project(BUMP);
    project.write("src/harbor/more.py", "new\n");
    let ran = project.rel("push --live --yes").code(3);
    ran.says("the work tree has 1 change").says("src/harbor/more.py").never_says("version 1.0.46");
    project.rel("push --strict").code(3).says("the work tree has 1 change");
    project.rel("push").code(0).says("changes that are not committed do not come along");
}

#[test]
fn s2_2_a_tag_that_is_here_refuses_a_bump() {
    let project = project(BUMP);
    project.commit();
    let project = project.tag("v1.0.46");
    project.commit();
    for line in ["bump", "push --live --yes"] {
        let ran = project.rel(line).code(3);
        ran.says("tag v1.0.46 is there already, in this repository").never_says("version 1.0.46:");
    }
    project.rel("bump minor").code(0).says("version 1.1.0: ");
}

#[test]
fn s2_2_a_tag_that_is_only_at_origin_refuses_a_bump() {
    let project = project(BUMP);
    project.commit();
    project.run_git(&["push", "--quiet", "origin", "HEAD:refs/tags/1.0.46"]);
    assert_eq!(git(&project, &["tag", "--list"]), "1.0.45", "it is not here");
    for line in ["bump", "push --live --yes"] {
        let ran = project.rel(line).code(3);
        ran.says("tag 1.0.46 is there already, at `origin`").never_says("version 1.0.46:");
    }
    fs::remove_dir_all(origin(&project)).unwrap();
    project.rel("bump").code(0).says("whether the tag is out is looked up when it is pushed");
}

#[test]
fn s4_1_a_version_by_hand_is_checked_and_written_everywhere() {
    let text = r#"
        task("release").param("version", "2.0.0").edits().run(|t| print(
            "now " + version::set(t.version, #{ places: [#{ file: "conf.py", search: "release = '{version}'" }], tag: "core-{version}" })));
        task("next").run(|| print("then " + version::next("pre")));
    "#;
    let project = Project::new(text)
        .file("pyproject.toml", &PYPROJECT.replace("1.0.45", "1.0"))
        .file("Cargo.toml", "[package]\nname = \"harbor\"\nversion = \"0.9.0\"\n")
        .file("conf.py", "release = '1.0'\n")
        .git()
        .tag("core-3.0.0");
    project.rel("next").code(1).says("Cargo.toml:3: 0.9.0");
    let ran = project.rel("release version=2.0.0-rc.1").code(0);
    ran.says("now 2.0.0rc1").says("+version = \"2.0.0-rc.1\"").says("+release = '2.0.0rc1'");
    project.rel("release 2.x").code(1).says("`2.x` is no version");
    project.rel("release 3.0.0").code(3).says("tag core-3.0.0 is there already");
}

#[test]
fn s3_1_a_development_version_is_the_same_for_each_run_of_a_commit() {
    let text = "task(\"dev\").run(|| print(\"is \" + version::dev(#{ folder: \"src\" })));\n";
    let project = project(text);
    let ran = project.rel("dev").code(0);
    let said = |out: &str| out.split("is 1.0.46.dev").nth(1).unwrap()[..19].to_owned();
    let first = said(&format!("{}{}", ran.out, ran.err));
    let commit = git(&project, &["rev-parse", "--short=4", "HEAD"]);
    let commit = u64::from_str_radix(&commit[..4], 16).unwrap();
    assert!(first.ends_with(&format!("{commit:05}")), "{first}");
    let time = git(&project, &["log", "-1", "--date=format-local:%Y%m%d%H%M%S", "--format=%cd"]);
    assert_eq!(&first[..12], &time[..12], "its time in UTC");
    let again = project.rel("dev").code(0);
    assert_eq!(said(&format!("{}{}", again.out, again.err)), first);
}

#[test]
fn a_version_that_is_the_tags_is_told_and_not_written() {
    let dynamic = "[build-system]\nrequires = [\"hatch-vcs\"]\n[project]\nname = \"x\"\ndynamic = [\"version\"]\n[tool.hatch.version]\nsource = \"vcs\"\n";
    let text = r#"
        task("look").run(|| print(version::check() + " then " + version::next("minor")));
        task("bump").edits().run(|| version::bump("minor"));
    "#;
    let project = Project::new(text).file("pyproject.toml", dynamic).git();
    project.rel("look").code(2).says("HEAD has no tag that tells it");
    let project = project.tag("v1.4.0");
    project.rel("look").code(0).says("1.4.0 then 1.5.0");
    project.rel("bump").code(1).says("no file says it").says("git tag v1.2.0");
}
