//! Dry runs and the door: nothing is sent before it is planned, answered and asked for live.

use rel::host::endpoints::Endpoints;

use crate::project::{MAKE_DIST, Project};
use crate::wire::Wire;

const PIPELINE: &str = r#"
    task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
    task("publish-testpypi").needs("build").effects("testpypi").run(|t| pypi::publish(t.artifacts("build"), "testpypi"));
    task("smoke").needs("publish-testpypi").sh("touch smoked");
    task("publish").needs("smoke").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
"#;

/// Public services that are a recorder.
fn recorded(wire: &Wire) -> Endpoints {
    let mut endpoints = Endpoints::default();
    for index in [&mut endpoints.pypi, &mut endpoints.testpypi] {
        index.upload = format!("{}/{}/legacy/", wire.url(), index.name);
        index.simple = format!("{}/{}/simple/", wire.url(), index.name);
    }
    endpoints
}

#[test]
fn a_dry_run_only_reads() {
    let wire = Wire::sink();
    let project = Project::new(PIPELINE).file("make_dist.py", MAKE_DIST).git();
    let ran = project.rel_with(recorded(&wire), "publish").code(0);
    let ran = ran
        .says("plan: 4 effects")
        .says("smoke: would run after that")
        .says("would stop: no login for index `pypi`");
    assert_eq!(ran.out.matches("not there yet").count(), 4);
    assert_eq!(wire.writes().len(), 0);
    assert_eq!(wire.requests().len(), 2, "each index is asked once for the project");
    assert!(!project.root().join("smoked").exists());
}

#[test]
fn offline_asks_nobody() {
    let wire = Wire::sink();
    let project = Project::new(PIPELINE).file("make_dist.py", MAKE_DIST).git();
    project.rel_with(recorded(&wire), "publish --offline").code(0).says("not looked");
    assert_eq!(wire.requests().len(), 0);
}

#[test]
fn the_intent_plan_and_a_failed_build_ask_nobody() {
    let wire = Wire::sink();
    let project = Project::new(PIPELINE).git();
    project.rel_with(recorded(&wire), "plan publish").code(0);
    project.rel_with(recorded(&wire), "publish").code(1);
    assert_eq!(wire.requests().len(), 0);
}

#[test]
fn live_without_effects_is_a_mistake() {
    let project =
        Project::new(r#"task("lint").sh("touch ran"); task("hollow").effects("pypi").run(|| ());"#)
            .env("PYPI_TOKEN", "x")
            .git();
    project.rel("lint --live").code(2).says("`lint` sends nothing").says("drop `--live`");
    project.rel("hollow --live --yes").code(2).says("`hollow` sends nothing");
    assert!(!project.root().join("ran").exists());
}

#[test]
fn what_would_stop_is_said_and_only_strict_makes_it_an_error() {
    let text = format!("guard(\"tag\");{PIPELINE}");
    let project = Project::new(&text).file("make_dist.py", MAKE_DIST).git();
    project.rel("publish --offline").code(0).says("would stop: HEAD carries no tag");
    project.rel("publish --offline --strict").code(3);
    project
        .rel("publish --live --yes")
        .code(3)
        .says("error: HEAD carries no tag")
        .says("error: no login for index `testpypi`");
    let project = project.tag("v2.0");
    let file = "HEAD is tagged `v2.0`, and time_piece-1.0-py3-none-any.whl is version 1.0";
    project.rel("publish --offline").code(0).says(&format!("would stop: {file}"));
    let project = project.tag("v1.0");
    let ran = project.rel("publish --offline").code(0);
    ran.never_says("carries no tag").never_says("HEAD is tagged");
}

#[test]
fn live_wants_a_commit_and_a_clean_tree() {
    let text = r#"task("t").effects("command").run(|| remote("touch sent"));"#;
    Project::new(text).rel("t --live --yes").code(3).says("there is no commit");
    let project = Project::new(text).git();
    project.write("new file", "x");
    project
        .rel("t --live --yes")
        .code(3)
        .says("the work tree has 1 change")
        .says("?? \"new file\"");
    assert!(!project.root().join("sent").exists());
}

#[test]
fn a_head_that_moves_while_tasks_run_stops_at_the_gate() {
    let text = r#"
        task("moves").sh("git -c user.name=x -c user.email=x commit --quiet --allow-empty -m moved");
        task("t").needs("moves").effects("command").run(|| remote("touch ../sent"));
    "#;
    let project = Project::new(text).git();
    project.rel("t --live --yes").code(3).says("HEAD has moved since this run began");
    assert!(!project.root().join("../sent").exists());
}

#[test]
fn a_sending_command_runs_only_live_and_only_once() {
    let project =
        Project::new(r#"task("t").effects("command").run(|| remote_sh("echo x >> ../sent"));"#)
            .git();
    let sent = || std::fs::read_to_string(project.root().join("../sent")).unwrap_or_default();
    project.rel("t").code(0).says("plan: 1 effect");
    assert_eq!(sent(), "");
    project.rel("t --live").code(3).says("there is nobody to ask");
    assert_eq!(sent(), "");
    project.rel("t --live --yes").code(0).says("sent now");
    assert_eq!(sent(), "x\n");
    project.rel("t --live --yes").code(0).says("nothing had to be sent");
    assert_eq!(sent(), "x\n");
}

#[test]
fn a_failed_sending_command_is_not_guessed_about() {
    let project = Project::new(r#"task("t").effects("command").run(|| remote("false"));"#).git();
    project.rel("t --live --yes").code(5).says("no clear answer").says("NOT FINISHED");
    project
        .rel("t --live --yes")
        .code(5)
        .says("it is not known whether this was done")
        .says("--assume-done");
    project.rel("t --live --yes --redo").code(5).says("no clear answer");
    project.rel("t --live --yes --assume-done").code(0).says("sent before");
}

#[test]
fn a_confirmation_must_be_answerable_beforehand() {
    let project = Project::new(
        r#"task("t").effects("command").confirm("Really?").run(|| remote("touch ../sent"));"#,
    )
    .git();
    project.rel("t --live --yes").code(3).says("`--yes=t`");
    assert!(!project.root().join("../sent").exists());
    project.rel("t --live --yes=t").code(0);
    assert!(project.root().join("../sent").exists());
}

#[test]
fn a_description_starts_no_process_and_cannot_look_at_results() {
    let project = Project::new(
        r#"
        task("notes").effects("command").run(|| { exec("touch ran"); remote("touch ../sent"); });
        task("peeks").effects("command").run(|| { let x = capture("echo 1"); remote("touch {}", x); });
        "#,
    )
    .git();
    project.rel("notes").code(0).says("would run: touch ran");
    assert!(!project.root().join("ran").exists());
    project.rel("peeks").code(2).says("move this into a task that `peeks` needs");
}

#[test]
fn undeclared_destinations_are_refused_with_the_line_to_add() {
    let project = Project::new(
        r#"
        task("local").run(|| remote("touch ../sent"));
        task("other").effects("pypi").run(|| remote("touch ../sent"));
        "#,
    );
    for task in ["local", "other"] {
        project.rel(task).code(2).says(&format!("add `.effects(\"command\")` to task `{task}`"));
    }
}

#[test]
fn a_plan_from_a_file_is_applied_exactly_or_refused() {
    let text = r#"
        task("build").run(|t| sh("date +%s%N > {}/when", t.out));
        task("t").needs("build").effects("command").run(|t| remote("cp {} ../sent", t.artifacts("build")));
    "#;
    let project = Project::new(text).git();
    project.rel("run t -o ../plan.json").code(0).says("the plan is in");
    let plan = std::fs::read_to_string(project.root().join("../plan.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let digest = plan["artifacts"]["build"][0]["sha256"].as_str().unwrap().to_owned();
    project
        .rel("apply ../plan.json --yes")
        .code(0)
        .never_says("build: ok")
        .says("build: taken as sealed");
    let sent = std::fs::read(project.root().join("../sent")).unwrap();
    assert_eq!(rel::model::artifact::Digest::of(sent).as_str(), digest);
    project.commit();
    project
        .rel("apply ../plan.json --yes")
        .code(3)
        .says("the plan is stale: it was made for another commit");
    project.write("Releasefile", &text.replace("cp", "cp -f"));
    project.rel("apply ../plan.json --yes").code(3).says("the plan is stale: the Releasefile");
    project.write("broken.json", "{\"v\": 99}");
    project.rel("apply broken.json").code(2).says("format 99");
}
