//! Rehearsals under faults: the release ends proven all the same, or says why not, and the same command
//! again finishes it.

use serde_json::Value;

use crate::project::{MAKE_DIST, Project, Ran};

const NAMES: [&str; 2] = ["time_piece-1.0-py3-none-any.whl", "time_piece-1.0.tar.gz"];

/// Rehearses a release to PyPI under a fault.
fn under(fault: &str) -> Ran {
    let text = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
    "#;
    let project = Project::new(text).file("make_dist.py", MAKE_DIST).git().tag("v1.0");
    project.rel(&format!("rehearse publish --output json --fault {fault}"))
}

/// The last event of this name.
fn last(ran: &Ran, name: &str) -> Value {
    let events = ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.rev().find(|event| event["event"] == name).unwrap()
}

/// How often the index itself was given a file.
fn uploads(ran: &Ran) -> usize {
    let asked = last(ran, "rehearsal")["requests"].as_array().unwrap().clone();
    let upload = |one: &&Value| one["path"] == "/legacy/" && one["by"] == "world";
    asked.iter().filter(upload).count()
}

fn is_proven(ran: &Ran) {
    let rows = last(ran, "proof")["rows"].as_array().unwrap().clone();
    for name in NAMES {
        let of_file = |row: &&Value| row["name"] == name;
        assert_eq!(rows.iter().find(of_file).unwrap()["proven"], true, "{rows:?}");
    }
}

/// Checks that one run was enough.
fn overcomes(fault: &str, times: usize) {
    let ran = under(fault).code(0);
    is_proven(&ran);
    let told = last(&ran, "rehearsal");
    assert_eq!(told["faults"], serde_json::json!([{ "fault": fault, "times": times }]));
    assert_eq!(told["ends"], serde_json::json!([0]), "{}", ran.err);
    assert_eq!(uploads(&ran), 2, "nothing is sent twice");
}

#[test]
fn an_index_that_is_busy_is_asked_again() {
    overcomes("pypi.upload=503x2", 2);
}

#[test]
fn an_upload_whose_answer_is_lost_is_found() {
    overcomes("pypi.upload=lost", 1);
}

#[test]
fn an_upload_whose_answer_breaks_off_is_found() {
    overcomes("pypi.upload=truncated", 1);
}

#[test]
fn an_upload_that_never_arrived_is_sent_again() {
    overcomes("pypi.upload=reset", 1);
}

#[test]
fn a_log_that_fails_is_asked_again() {
    overcomes("sigstore.log=503", 1);
}

#[test]
fn an_exchange_that_comes_too_often_is_tried_again() {
    overcomes("pypi.mint=429", 1);
}

#[test]
fn a_runner_without_an_identity_for_now_is_asked_again() {
    overcomes("oidc.token=gateway", 1);
}

/// Checks how the release ends, what it says, and how the same command then does.
fn ends(fault: &str, ends: [u8; 2], says: &str) -> Ran {
    let ran = under(fault).code(ends[1].into()).says(says);
    let again = format!("it ended with {} under a fault; the same command again", ends[0]);
    let ran = ran.says(&again);
    assert_eq!(last(&ran, "rehearsal")["ends"], serde_json::json!(ends));
    ran
}

#[test]
fn what_could_not_be_looked_at_is_not_begun_and_then_finished() {
    is_proven(&ends("pypi.simple=503", [4, 0], "cannot look at pypi"));
}

#[test]
fn what_was_refused_once_is_finished_by_the_same_command() {
    let ran = ends("pypi.upload=403", [5, 0], "pypi refused: 403");
    is_proven(&ran);
    assert_eq!(uploads(&ran), 2, "nothing is sent twice");
    ran.says("check that this run is a trusted publisher of the project on pypi")
        .never_says("PYPI_TOKEN");
}

#[test]
fn what_is_refused_for_good_stays_unfinished() {
    let ran = ends("pypi.upload=403x*", [5, 5], "pypi refused: 403");
    assert_eq!(uploads(&ran), 0);
}

#[test]
fn the_end_tells_what_struck_and_what_never_did() {
    let text = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("pypi")
            .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
    "#;
    let project = Project::new(text).file("make_dist.py", MAKE_DIST).git().tag("v1.0");
    let faults = "--fault pypi.upload=lost --fault sigstore.log=503 --fault crates.index=resetx*";
    let ran = project.rel(&format!("rehearse publish {faults}")).code(0);
    ran.says("  struck: pypi.upload=lost (1 time)")
        .says("  never struck: sigstore.log=503 (no such request was made)")
        .says("  never struck: crates.index=resetx* (no such request was made)")
        .never_says("the same command again");
}
