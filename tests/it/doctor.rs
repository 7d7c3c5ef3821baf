//! `rel doctor`: what it shows of a release before anything is built, and that it only looks.

use std::path::Path;

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::adopt::places;
use crate::places::{Places, python, steady};
use crate::project::Project;

const RELEASEFILE: &str = r#"
import "std/python" as py;
guard("tag");
tools("ruff==0.17.5");
task("lint").exec("ruff check .");
task("build").sh("touch ../built").run(|t| exec("surely-not-here {}", t.out));
task("upload").needs("build").effects(["pypi", "testpypi"]).environment("pypi").run(|t| {
    pypi::publish(t.artifacts("build"), "testpypi");
    pypi::publish(t.artifacts("build"), "pypi");
});
task("publish").needs("upload").effects("github-release").run(|t| { github::release(); });
"#;

const WORKFLOW: &str = r"
on:
  release:
    types: [published]
jobs:
  publish:
    permissions:
      contents: write
    steps:
      - run: rel publish --live --yes
";

fn project() -> Project {
    let project = python().file("Releasefile", RELEASEFILE);
    let project = project.file(".github/workflows/release.yml", WORKFLOW);
    project.commit();
    project.run_git(&["tag", "--force", "v1.0"]);
    project
}

#[track_caller]
fn shown(places: Places, project: &Project, line: &str, code: i32, words: &Expect) {
    let ran = places.rel(project, &[line]).remove(0).code(code);
    words.assert_eq(&tidy(project, &ran.out));
}

/// The text without the commit, and without where programs are.
fn tidy(project: &Project, text: &str) -> String {
    let text = steady(project, &project.steady(text));
    let line = |line: &str| match line.split_once("  /") {
        Some((name, _)) => format!("{name}  [path]\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn it_tells_tools_git_identity_forms_traps_and_what_would_stop() {
    let project = project();
    shown(
        places(&project),
        &project,
        "doctor --output plain",
        3,
        &expect![[r#"
        tools
          git              [path]
          python3          [path]
          ruff             brought by tools("ruff==0.17.5")
          surely-not-here  NOT FOUND, wanted by Releasefile:6:49

        git
          commit      [_commit_]__
          tags        v1.0
          branch      main
          repository  acme/time-piece
          files       as committed
          history     whole

        the run is seen as
          repository                acme/time-piece
          workflow                  release.yml
          ref                       refs/tags/v1.0
          environment for pypi      pypi
          environment for testpypi  pypi
          identity here             no: this is no run of a CI service that gives one

        trusted publisher: time-piece on pypi (is there)
          fill in once at https://pypi.org/manage/project/time-piece/settings/publishing/
          Owner             acme
          Repository name   time-piece
          Workflow name     release.yml
          Environment name  pypi

        trusted publisher: time-piece on testpypi (is new)
          fill in once at https://test.pypi.org/manage/account/publishing/
          PyPI Project Name  time-piece
          Owner              acme
          Repository name    time-piece
          Workflow name      release.yml
          Environment name   pypi

        known traps
          release.yml starts with a release, and this task makes one itself
            hint: start it with a tag or by hand: what a run does with GITHUB_TOKEN starts no other run
          no job of release.yml names the environment `pypi`
            hint: give the job that publishes `environment: pypi`
          no job of release.yml may get an identity
            hint: give the job that publishes `permissions: id-token: write`
          `time-piece` on testpypi is new: its pending publisher reserves no name, and ends after 30 days
            hint: release soon after filling it in: the first login makes the project, even if its upload fails

        a live run would stop
          no login for index `pypi`
            hint: set PYPI_TOKEN or PYPI_API_TOKEN or UV_PUBLISH_TOKEN or TWINE_PASSWORD to an API token that may upload there
            hint: `.pypirc` and keyrings are never read
          no login for index `testpypi`
            hint: set TESTPYPI_TOKEN or TEST_PYPI_TOKEN or TEST_PYPI_API_TOKEN to an API token that may upload there
            hint: `.pypirc` and keyrings are never read

        publish: a live run would be refused, for 2 reasons
    "#]],
    );
    assert!(!project.root().join("../built").exists(), "nothing is built");
    assert!(!project.state().exists(), "nothing is written");
}

#[test]
fn without_the_network_nobody_is_asked() {
    let project = project().env("PYPI_TOKEN", "x").env("TESTPYPI_TOKEN", "y");
    let running = places(&project).start();
    let ran = running.rel(&project, "doctor --offline --output plain").code(0);
    assert!(running.asked() == 0, "nobody is asked");
    ran.says("trusted publisher: time-piece on pypi (was not asked for)")
        .says("publish: nothing stands in the way so far");
}

#[test]
fn programs_are_told_the_same() {
    let project = project();
    let ran = places(&project).rel(&project, &["doctor upload --output json"]).remove(0).code(3);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["v"], &told["event"]), (&json!(1), &json!("doctor")));
    assert_eq!(told["goals"], json!(["upload"]));
    assert_eq!(told["identity"]["repository"], "acme/time-piece");
    let environments = json!({ "pypi": "pypi", "testpypi": "pypi" });
    assert_eq!(told["identity"]["environments"], environments);
    let form = &told["forms"][1];
    assert_eq!((&form["registry"], &form["pending"]), (&json!("testpypi"), &json!(true)));
    assert_eq!(form["fields"][3], json!({ "label": "Workflow name", "value": "release.yml" }));
    let traps: Vec<&Value> =
        told["traps"].as_array().unwrap().iter().map(|trap| &trap["name"]).collect();
    assert_eq!(traps, ["environment", "no-identity", "pending-publisher"]);
    assert_eq!(told["stops"][0]["message"], "no login for index `pypi`");
    let missing = told["tools"].as_array().unwrap().iter().find(|tool| tool["found"].is_null());
    assert_eq!(missing.unwrap()["name"], "surely-not-here");
}

#[test]
fn a_workflow_that_rel_wrote_is_found_in_the_repository_above() {
    let releasefile = r#"
        task("build").run(|t| exec("true"));
        task("publish").needs("build").effects("pypi").environment("pypi")
            .run(|t| pypi::publish(t.artifacts("build"), "pypi"));
        ci("release").on(#{ tags: "v*" }).run("publish");
    "#;
    let project = python().file("part/Releasefile", releasefile);
    project.write("part/pyproject.toml", "[project]\nname = \"part\"\nversion = \"1.0\"\n");
    let text = project.rel("-C part ci generate github release --print").code(0).out;
    project.write(".github/workflows/release.yml", &text);
    project
        .write(".github/workflows/check.yml", "on: push\njobs: {a: {steps: [{run: rel check}]}}\n");
    project.commit();
    let ran = project.rel("-C part doctor --offline --output json");
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["identity"]["workflow"], "release.yml");
    assert_eq!(told["forms"][0]["project"], "part");
    assert_eq!(told["traps"], json!([]));
    project.write(".github/workflows/release.yml", &text.replace("name: pypi", "name: other"));
    let ran = project.rel("-C part doctor --offline --output json");
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["traps"][0]["name"], "environment");
}

#[test]
fn on_a_runner_it_tells_what_a_token_says() {
    // A rehearsal is such a run: what rel is told there, it would be told on a runner.
    let releasefile = r#"
        task("look").secrets(["ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL"])
            .sh("rel doctor publish --output plain || test $? = 3");
        task("publish").needs("look").effects(["pypi", "command"]).environment("pypi")
            .run(|| remote("true"));
    "#;
    let folder = Path::new(env!("CARGO_BIN_EXE_rel")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let project = python().file("Releasefile", releasefile).env("PATH", &path);
    project.commit();
    let ran = project.rel("rehearse publish --tag v1.0").code(0);
    ran.says("workflow              release.yml")
        .says("ref                   refs/tags/v1.0")
        .says("identity here         yes")
        .says("this job runs in no environment, and pypi is sent to from `pypi`");
}

#[test]
fn a_project_of_gitlab_is_told_the_forms_for_gitlab() {
    let project = python().file("Releasefile", RELEASEFILE).file(".gitlab-ci.yml", "a: {}\n");
    project.commit();
    project.run_git(&["tag", "--force", "v1.0"]);
    let path = "git@gitlab.invalid:acme/tools/piece.git";
    let there = project.rel("doctor publish --offline").out;
    assert!(there.contains("Workflow name"), "its remote is on GitHub: {there}");
    project.run_git(&["remote", "set-url", "origin", path]);
    let tells = |project: &Project| {
        let out = project.rel("doctor publish --offline").out;
        for line in [
            "Namespace                     acme/tools",
            "Project name                  piece",
            "Top-level pipeline file path  .gitlab-ci.yml",
            "Environment name              pypi",
        ] {
            assert!(out.contains(line), "{line}: {out}");
        }
    };
    tells(&project);
    project.run_git(&["remote", "remove", "origin"]);
    tells(&project.env("GITLAB_CI", "true").env("CI_PROJECT_PATH", "acme/tools/piece"));
}
