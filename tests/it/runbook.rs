//! The runbook is that of this project: with its own tasks, places and questions, and the same each time.

use std::path::Path;

use expect_test::{ExpectFile, expect_file};

use crate::project::{Project, Ran};

/// A release of crates, with all that a runbook can tell of.
const CRATES: &str = r#"
    guard("tag");
    // Formats, lints and tests
    task("check").exec("cargo test");
    // Packages both crates
    task("package").needs("check").exec("cargo package --workspace").outputs("target/package/*.crate");
    // Sends them to crates.io, what others need first
    task("publish-crates").needs("package").effects("crates").environment("crates-io").confirm("Publish for ever?")
        .run(|t| crates::publish(t.artifacts("package")));
    // Tells the mirror
    task("mirror").needs("publish-crates").effects("command").secrets("MIRROR_KEY").run(|| { remote("./mirror all"); });
    task("publish").needs("mirror");
    // Writes to the team
    task("tell").needs("publish").on("always").effects("notify").run(|t| notify::slack(secret("SLACK_URL"), t.result));
    default_task("check");
"#;

fn runbook(project: &Project, wanted: ExpectFile) -> Ran {
    let ran = project.rel("doc --runbook").code(0);
    wanted.assert_eq(&ran.out);
    ran
}

#[test]
fn the_runbook_of_a_python_package_is_as_written() {
    let example = |file: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hatch-vcs").join(file);
        std::fs::read_to_string(path).unwrap()
    };
    let project =
        Project::new(&example("Releasefile")).file("pyproject.toml", &example("pyproject.toml"));
    let project = project.git();
    project.run_git(&["remote", "add", "origin", "https://github.com/tide/tidepool.git"]);
    let ran = runbook(&project, expect_file!["../runbook/hatch-vcs.md"]);
    let again = project.rel("doc --runbook publish").code(0);
    assert_eq!(ran.out, again.out);
}

#[test]
fn the_runbook_of_crates_is_as_written() {
    let manifest = "[package]\nname = \"widget\"\nversion = \"1.0.0\"\nedition = \"2024\"\n";
    let project = Project::new(CRATES).file("Cargo.toml", manifest).file("src/lib.rs", "//! W.\n");
    runbook(&project.git(), expect_file!["../runbook/crates.md"]);
}

#[test]
fn s5_7_every_task_place_and_question_stands_in_the_runbook() {
    let ran = Project::new(CRATES).git().rel("doc --runbook").code(0);
    for text in [
        "`package`",
        "`crates`",
        "`command`",
        "`notify`",
        "“Publish for ever?”",
        "`SLACK_URL`",
        "`MIRROR_KEY`",
    ] {
        assert!(ran.out.contains(text), "{text}: {}", ran.out);
    }
    for code in ["0", "1", "2", "3", "4", "5", "130"] {
        assert!(ran.out.contains(&format!("\n| {code} | ")), "{code}");
    }
}

#[test]
fn a_release_that_makes_its_own_tag_asks_for_none() {
    let text = r#"
        task("note").param("version", "").edits().sh("git tag v{version}");
        task("release").param("version").needs("note").effects("git-push").run(|t| git::push(#{ tag: git::tag() }));
    "#;
    let ran = Project::new(text).git().rel("doc --runbook").code(0);
    ran.says("`rel release version=… --live`")
        .says("the release makes its commit and its tag itself")
        .never_says("git tag -a");
}
