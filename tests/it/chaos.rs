//! Releases that are killed at a request, or meet a fault there, and are finished by the same command.

use std::env;

use serde_json::Value;

use crate::judges::{FETCH, judges};
use crate::project::{MAKE_DIST, Project, Ran};

const RELEASE: &str = r#"
    task("build").run(|t| { exec("python3 make_dist.py {} 1.0", t.out); });
    task("publish-pypi").needs("build").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
    task("gh-release").needs("publish-pypi").effects("github-release").run(|t| github::release(#{ assets: t.artifacts("build") }));
"#;

fn chaos(text: &str, words: &str) -> Ran {
    let project = Project::new(text).file("make_dist.py", MAKE_DIST).git().tag("v1.0");
    project.rel(&format!("rehearse --output json {words}"))
}

fn told(ran: &Ran) -> Value {
    let last = ran.out.lines().last().unwrap();
    let told: Value = serde_json::from_str(last).unwrap();
    assert_eq!(told["event"], "chaos", "{}", ran.err);
    told
}

#[test]
fn a_release_that_is_killed_is_finished_by_the_same_command() {
    let ran = chaos(RELEASE, "gh-release --chaos --points 8").code(0);
    let told = told(&ran);
    let tried = told["tried"].as_array().unwrap();
    assert_eq!((tried.len(), &told["planned"]), (8, &Value::from(8)));
    for one in tried {
        assert_eq!(one["converges"], true, "{one}");
        assert!(one["struck"] == false || one["ends"][0].is_null(), "it was killed: {one}");
    }
    assert!(tried.iter().filter(|one| one["struck"] == true).count() >= 7, "{told}");
}

/// How many points judges look at; with `REL_CRASH=all` all are.
const JUDGED: &str = "3";

#[test]
fn what_a_killed_release_has_signed_convinces_pypi_attestations() {
    // A judge is a part of the release, so that each world is judged when its release has been finished.
    let judged = r#"
        task("judged").needs("gh-release").sh("rm -rf $HOME/judged && python3 fetch.py https://pypi.org $HOME/judged && cd $HOME/judged && for file in *.whl *.gz; do BIN/pypi-attestations verify pypi --offline --repository https://github.com/rehearsal/project --provenance-file $file.provenance $file; done");
    "#;
    let text = format!("{RELEASE}{}", judged.replace("BIN", &judges()));
    let project = Project::new(&text).file("make_dist.py", MAKE_DIST).file("fetch.py", FETCH);
    let project = project.git().tag("v1.0");
    let all = env::var_os("REL_CRASH").is_some_and(|all| all == "all");
    let points = if all { String::new() } else { format!(" --points {JUDGED}") };
    let ran = project.rel(&format!("rehearse --output json judged --chaos{points}")).code(0);
    let told = told(&ran);
    let tried = told["tried"].as_array().unwrap();
    assert!(tried.len() >= 3, "{told}");
    for one in tried {
        assert_eq!(one["converges"], true, "{one}");
    }
}

#[test]
fn a_release_that_meets_a_fault_is_finished_by_the_same_command() {
    let ran = chaos(RELEASE, "gh-release --chaos=faults --points 8").code(0);
    let told = told(&ran);
    for one in told["tried"].as_array().unwrap() {
        assert_eq!(one["converges"], true, "{one}");
        assert!(one["ends"][0].is_u64(), "nobody killed it: {one}");
    }
}

#[test]
fn what_is_done_twice_diverges() {
    // Between the two the command is half done, and nobody can look at it.
    let text = r#"
        task("tell").effects("command").secrets("CHAT_WEBHOOK")
            .run(|t| { remote_sh("curl -fsS -d one $CHAT_WEBHOOK && curl -fsS -d two $CHAT_WEBHOOK"); });
    "#;
    let ran = chaos(text, "tell --chaos").code(1);
    let told = told(&ran);
    let tried = told["tried"].as_array().unwrap();
    assert_eq!(tried.len(), 4, "before and after each of two requests: {told}");
    let right: Vec<bool> = tried.iter().map(|one| one["converges"] == true).collect();
    assert_eq!(right, [true, false, false, true], "{told}");
    assert_eq!(tried[2]["difference"][0], "+ webhook: POST webhook.invalid");
    assert!(tried.iter().all(|one| one["asked"] == true), "a command asks: {told}");
}

#[test]
fn the_story_of_a_divergence_is_told() {
    let text = r#"
        task("tell").effects("command").secrets("CHAT_WEBHOOK")
            .run(|t| { remote_sh("curl -fsS -d one $CHAT_WEBHOOK && curl -fsS -d two $CHAT_WEBHOOK"); });
    "#;
    let project = Project::new(text).git().tag("v1.0");
    let ran = project.rel("rehearse tell --chaos --points 2").code(1);
    ran.says("diverges: killed before POST webhook.invalid/")
        .says("its runs ended with: killed, 5, 0")
        .says("+ webhook: POST webhook.invalid")
        .says("chaos: 2 crash points, 1 converge")
        .says("2 had to be told what became of a command");
}

#[test]
fn a_release_that_fails_undisturbed_is_not_struck() {
    let text = r#"task("send").effects("command").run(|| remote("false"));"#;
    let project = Project::new(text).git().tag("v1.0");
    let ran = project.rel("rehearse send --chaos").code(5);
    ran.says("chaos: it has to end well undisturbed first");
}
