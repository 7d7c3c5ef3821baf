//! The first of the five systems, row by row (`examples/hatch-vcs`): a pure Python package that a tag releases.

use serde_json::Value;

use crate::example::hatch_vcs;
use crate::project::{Project, Ran};

/// What a run has told, event by event.
fn events(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The plan of a release at this tag.
fn planned(tag: &str) -> Value {
    let project = hatch_vcs().tag(tag);
    project.rel("run publish --offline -o ../plan.json").code(0);
    let text = std::fs::read_to_string(project.root().join("../plan.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The effect of a plan that drafts the release.
fn draft(plan: &Value) -> &Value {
    let effects = plan["effects"].as_array().unwrap();
    effects.iter().find(|effect| effect["effect"] == "draft-release").unwrap()
}

#[test]
fn s1_1_one_command_checks_style_types_and_tests() {
    let project = hatch_vcs();
    let ran = project.rel("check").code(0).says("lint: ok").says("typecheck: ok");
    ran.says("test:3.11: ok").says("test:3.12: ");
    project.write("src/tidepool_demo/worse.py", "import os\n\n\ndef f() -> int:\n    return 'x'\n");
    let ran = project.rel("check --keep-going").code(1);
    ran.says("lint: FAILED").says("typecheck: FAILED").says("check: not run");
}

#[test]
fn s1_2_a_shallow_clone_is_refused_with_the_cure() {
    let project = hatch_vcs().tag("v0.2.0");
    project.commit();
    let project = project.tag("v0.3.0");
    let from = format!("file://{}", project.root().display());
    project.run_git(&["clone", "--quiet", "--depth=1", &from, "../shallow"]);
    let ran = project.rel("-C ../shallow publish --offline").code(0);
    ran.says("would stop: the history is cut off").says("git fetch --unshallow");
    project.rel("publish --offline").code(0).never_says("cut off");
}

#[test]
fn s1_2_a_prerelease_is_one_on_github_and_never_the_latest() {
    let (early, ready) = (planned("v0.3.0a1"), planned("v0.3.0"));
    assert_eq!(draft(&early)["prerelease"], true, "{}", draft(&early));
    assert_eq!(draft(&ready)["prerelease"], false, "{}", draft(&ready));
    let files = early["artifacts"]["build"].as_array().unwrap().iter();
    let names: Vec<&str> = files.map(|file| file["name"].as_str().unwrap()).collect();
    assert!(names.iter().all(|name| name.contains("0.3.0a1")), "{names:?}");
}

#[test]
fn s1_3_a_task_that_publishes_cannot_build() {
    let text = r#"
        task("publish").effects("pypi").run(|t| {
            exec("python3 make_dist.py {} 1.0", t.out);
            pypi::publish(t.artifacts("publish"), "pypi");
        });
    "#;
    let project = Project::new(text).file("make_dist.py", crate::project::MAKE_DIST).git();
    project.rel("publish --offline").code(2).says("does not need `publish`");
}

#[test]
fn s1_3_to_s1_7_the_tested_bytes_go_to_testpypi_then_pypi_then_github() {
    let project = hatch_vcs().tag("v0.2.0");
    let told = events(&project.rel("rehearse publish --output json").code(0));
    let line = |event: &Value| event["line"].as_str().unwrap_or_default().to_owned();
    let builds = told.iter().filter(|event| event["event"] == "command");
    assert_eq!(builds.filter(|event| line(event).contains(" build ")).count(), 1, "built once");

    let proof = told.iter().find(|event| event["event"] == "proof").unwrap();
    for name in ["tidepool_demo-0.2.0-py3-none-any.whl", "tidepool_demo-0.2.0.tar.gz"] {
        let rows = proof["rows"].as_array().unwrap().iter();
        let of_file: Vec<&Value> =
            rows.filter(|row| row["name"] == name && row["sha256"].is_string()).collect();
        let places: Vec<&str> =
            of_file.iter().map(|row| row["destination"].as_str().unwrap()).collect();
        assert_eq!(places, ["testpypi", "pypi", "github-release"], "{name}");
        assert!(of_file.iter().all(|row| row["sha256"] == of_file[0]["sha256"]), "{of_file:?}");
        assert!(of_file.iter().all(|row| row["proven"] == true), "{of_file:?}");
    }

    let order = ["build", "publish-testpypi", "smoke", "publish-pypi", "gh-release"].map(|task| {
        // A task that was described before the gate ends twice.
        let is = |event: &Value| event["event"] == "task-finished" && event["task"] == task;
        let last = told.iter().rposition(is).unwrap();
        assert_eq!(told[last]["end"], "done", "{task}");
        last
    });
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn s1_4_pypi_waits_for_a_yes_of_its_own() {
    let project = hatch_vcs().tag("v0.2.0").env("PYPI_TOKEN", "x").env("TESTPYPI_TOKEN", "x");
    let project = project.env("GITHUB_TOKEN", "x");
    let ran = project.rel("publish --live --yes").code(3);
    ran.says("there is nobody to ask").says("publish-pypi asks: Publish to PyPI?");
}

#[test]
fn s1_5_a_branch_publishes_nothing() {
    let project = hatch_vcs();
    project.rel("publish --offline").code(0).says("would stop: HEAD carries no tag");
    let project = project.env("PYPI_TOKEN", "x").env("TESTPYPI_TOKEN", "x");
    let ran = project.rel("publish --live --yes --yes=publish-pypi").code(3);
    ran.says("error: HEAD carries no tag").says("refused: this run sent nothing");
}

#[test]
fn s1_8_each_job_has_only_the_rights_of_what_it_sends() {
    let project = hatch_vcs();
    let text = project.rel("ci generate github release --print").code(0).out;
    let job = |name: &str| {
        let from = text.find(&format!("\n  {name}:\n")).unwrap();
        let rest = &text[from + 1..];
        let end = rest.find("\n\n").unwrap_or(rest.len());
        rest[..end].to_owned()
    };
    for (name, rights) in [("build", 0), ("publish-pypi", 1), ("smoke", 0), ("gh-release", 3)] {
        assert_eq!(job(name).matches(": write #").count(), rights, "{name}:\n{}", job(name));
    }
    assert!(text.contains("\npermissions: {}\n"), "{text}");
    assert!(!job("publish-pypi").contains("actions/checkout"), "no code beside the identity");
}
