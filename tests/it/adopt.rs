//! `rel adopt`: which files it takes, for which task, and what it refuses.

use serde_json::{Value, json};

use rel::model::artifact::Digest;

use crate::places::{Places, SDIST, WHEEL, built, now, python};
use crate::project::{MAKE_DIST, Project};

pub const RELEASEFILE: &str = r#"
task("build").run(|t| sh("echo x >> ../builds; python3 make_dist.py {} 1.0 stamp", t.out));
task("publish").needs("build").effects("pypi")
    .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
task("release").needs(["build", "publish"]).effects("github-release")
    .run(|t| { github::release(#{ assets: t.artifacts("build"), notes: "One." }); });
"#;

/// A checkout with a Releasefile, tagged v1.0, and a token for PyPI.
pub fn checkout(releasefile: &str) -> Project {
    let project = python().file("Releasefile", releasefile).file("make_dist.py", MAKE_DIST);
    project.commit();
    project.run_git(&["tag", "--force", "v1.0"]);
    project.env("PYPI_TOKEN", PYPI_TOKEN)
}

pub const PYPI_TOKEN: &str = "token-for-pypi";

/// Places where the project may publish.
pub fn places(project: &Project) -> Places {
    let mut places = Places::new(project);
    places.pypi.add_token(PYPI_TOKEN, None);
    places.pypi.add_project("time-piece", true, 0);
    places
}

/// Puts files of 1.0 on the index, as of now.
pub fn upload(places: &mut Places, files: &[(&str, Vec<u8>)]) {
    for (name, bytes) in files {
        places.pypi.add_file("time-piece", "1.0", name, bytes, now()).unwrap();
    }
}

/// How often the project was built here.
pub fn builds(project: &Project) -> usize {
    std::fs::read(project.root().join("../builds")).map_or(0, |marks| marks.len() / 2)
}

/// The seal of HEAD, if there is one.
pub fn seal(project: &Project) -> Option<Value> {
    let entry = std::fs::read_dir(project.state().join("seal")).ok()?.next()?.unwrap();
    Some(serde_json::from_slice(&std::fs::read(entry.path()).unwrap()).unwrap())
}

/// Name and digest of what a task has in the seal.
fn sealed(project: &Project, task: &str) -> Vec<(String, String)> {
    let seal = seal(project).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let files = seal["tasks"][task].as_array().unwrap().iter();
    files.map(|file| (text(&file["name"]), text(&file["sha256"]))).collect()
}

fn known(files: &[(&str, Vec<u8>)]) -> Vec<(String, String)> {
    let one = |(name, bytes): &(&str, Vec<u8>)| (name.to_string(), Digest::of(bytes).to_string());
    files.iter().map(one).collect()
}

#[test]
fn given_files_are_sealed_as_what_the_task_makes_that_sending_ones_take() {
    let project = checkout(RELEASEFILE);
    let files = built(&project, "dist", "1.0");
    let mut places = places(&project);
    upload(&mut places, &files[..1]);
    let line = format!("adopt ../dist/{WHEEL} ../dist/{SDIST}");
    let ran = places.rel(&project, &[&format!("{line} --output plain"), &line]).remove(0).code(0);
    ran.says("as what `build` makes:")
        .says(&format!(
            "{WHEEL}  {}  on pypi, missing on github-release",
            &known(&files)[0].1[..12]
        ))
        .says("missing on pypi, missing on github-release")
        .says("nothing was sent: `rel run release --live` sends what is missing");
    assert_eq!(sealed(&project, "build"), known(&files));
    assert_eq!(builds(&project), 0);
}

#[test]
fn programs_are_told_the_same() {
    let project = checkout(RELEASEFILE);
    let files = built(&project, "dist", "1.0");
    let mut places = places(&project);
    upload(&mut places, &files);
    let ran = places.rel(&project, &["adopt --from pypi --output json"]).remove(0).code(0);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&told["v"], &told["event"]), (&json!(1), &json!("adopted")));
    assert_eq!((&told["gone"], &told["command"]), (&json!([]), &json!("rel run release --live")));
    let mut names: Vec<_> = told["files"].as_array().unwrap().to_vec();
    names.sort_by_key(|file| file["name"].to_string());
    assert_eq!(names[0]["name"], WHEEL);
    assert_eq!(names[0]["sha256"], known(&files)[0].1);
    assert_eq!((&names[0]["task"], &names[0]["how"]), (&json!("build"), &json!("added")));
    let places =
        json!([{ "place": "pypi", "there": true }, { "place": "github-release", "there": false }]);
    assert_eq!(names[0]["places"], places);
}

#[test]
fn other_bytes_than_the_published_ones_are_refused_with_both_digests() {
    let project = checkout(RELEASEFILE);
    let theirs = built(&project, "theirs", "1.0");
    let ours = built(&project, "ours", "1.0");
    let mut places = places(&project);
    upload(&mut places, &theirs[..1]);
    places.release_of("v1.0", &theirs[1..], true);
    let line = format!("adopt ../ours/{WHEEL} ../ours/{SDIST}");
    let ran = places.rel(&project, &[&line]).remove(0).code(3);
    let ran = ran
        .says(&format!("pypi holds other bytes under the name {WHEEL}"))
        .says(&format!("github-release holds other bytes under the name {SDIST}"));
    for (_, sha256) in known(&ours).iter().chain(&known(&theirs)) {
        assert!(ran.err.contains(sha256), "{sha256} is missing: {}", ran.err);
    }
    assert_eq!(seal(&project), None, "nothing is adopted");
}

#[test]
fn a_place_that_does_not_answer_may_hold_anything() {
    let project = checkout(RELEASEFILE);
    built(&project, "dist", "1.0");
    let mut places = places(&project);
    places.silent = vec!["pypi.org"];
    let ran = places.rel(&project, &[&format!("adopt ../dist/{WHEEL}")]).remove(0);
    ran.code(4).says("cannot look at pypi");
    assert_eq!(seal(&project), None);
}

#[test]
fn what_is_no_file_of_this_release_is_refused() {
    let project = checkout(RELEASEFILE).file("notes.txt", "x").file("broken-1.0.tar.gz", "x");
    project.commit();
    project.run_git(&["tag", "--force", "v1.0"]);
    built(&project, "later", "1.1");
    for folder in ["one", "two"] {
        built(&project, folder, "1.0");
    }
    let later = "adopt ../later/time_piece-1.1.tar.gz";
    let twice = format!("adopt ../one/{SDIST} ../two/{SDIST}");
    let table = [
        (later, 3, "time_piece-1.1.tar.gz is of 1.1, and HEAD is tagged v1.0"),
        (&twice, 3, "two files with other bytes are called time_piece-1.0.tar.gz"),
        ("adopt notes.txt", 3, "`notes.txt` is neither a wheel nor an sdist"),
        ("adopt broken-1.0.tar.gz", 3, "cannot be adopted: "),
        ("adopt ../one", 2, "../one is a folder"),
        ("adopt gone.whl", 2, "gone.whl is not there"),
        ("adopt demo==1.0", 2, "what is published is fetched with `--from pypi`"),
        ("adopt --from nowhere", 2, "`--from nowhere` leads nowhere"),
        ("adopt --from pypi ==1.0", 2, "`==1.0` is no release"),
        ("adopt --from pypi unknown-piece==1.0", 3, "pypi has no files of unknown-piece 1.0"),
        ("adopt --from crates.io", 2, "it is not known which release to fetch"),
        ("adopt notes.txt --task publish", 3, "neither a wheel nor an sdist"),
    ];
    let lines: Vec<&str> = table.iter().map(|(line, ..)| *line).collect();
    let ran = places(&project).rel(&project, &lines);
    for ((_, code, says), ran) in table.iter().zip(ran) {
        ran.code(*code).says(says);
    }
    assert_eq!(seal(&project), None);
}

#[test]
fn where_several_tasks_build_such_files_it_asks_which() {
    let project = checkout(
        r#"
        task("wheels").matrix(#{ os: ["a", "b"] }).exec("true");
        task("sdist").exec("true");
        task("check").exec("true");
        task("publish").needs(["wheels", "sdist", "check"]).effects("pypi").run(|t| {
            let sdist = t.artifacts("sdist");
            pypi::publish(t.artifacts("wheels") + sdist, "pypi", #{ attestations: false });
        });
        "#,
    );
    built(&project, "dist", "1.0");
    let places = places(&project);
    let lines = [
        format!("adopt ../dist/{WHEEL}"),
        format!("adopt ../dist/{WHEEL} --task unknown"),
        format!("adopt ../dist/{WHEEL} --task wheels:b"),
        format!("adopt ../dist/{SDIST} --task sdist"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let ran = places.rel(&project, &lines);
    let [asks, unknown, wheel, sdist] = <[_; 4]>::try_from(ran).unwrap();
    asks.code(2)
        .says("several tasks may have built")
        .says("artifacts are taken from wheels:a, wheels:b, sdist")
        .says("say which: `--task wheels:a`");
    unknown.code(2).says("`--task unknown`: no such task builds what is sent");
    wheel.code(0).says("as what `wheels:b` makes");
    sdist.code(0).says("as what `sdist` makes");
    assert_eq!(sealed(&project, "wheels:b")[0].0, WHEEL);
    assert_eq!(sealed(&project, "wheels:a"), []);
    assert_eq!(sealed(&project, "sdist")[0].0, SDIST);
}

#[test]
fn what_was_sealed_and_never_sent_gives_way_to_what_was_published() {
    let project = checkout(
        r#"
        task("build").run(|t| sh("python3 make_dist.py {} 1.0 stamp", t.out));
        task("sums").needs("build").run(|t| archive::sha256sums(t.out + "/SUMS", t.artifacts("build")));
        task("publish").needs(["build", "sums"]).effects("pypi")
            .run(|t| pypi::publish(t.artifacts("build"), "pypi", #{ attestations: false }));
        "#,
    );
    let project = project.env("PYPI_TOKEN", "nobody-knows-it");
    let files = built(&project, "dist", "1.0");
    let running = places(&project).start();
    running.rel(&project, "publish --live --yes").code(4).says("pypi refused: 403");
    assert_eq!(seal(&project).unwrap()["tasks"]["sums"].as_array().unwrap().len(), 1);
    let ran = running.rel(&project, &format!("adopt ../dist/{WHEEL} ../dist/{SDIST}")).code(0);
    ran.says("in place of what was sealed");
    assert_eq!(sealed(&project, "build"), known(&files));
    assert_eq!(seal(&project).unwrap()["tasks"]["sums"], Value::Null, "it was of other bytes");
}

#[test]
fn what_may_have_been_sent_stays_sealed() {
    let project = checkout(RELEASEFILE);
    built(&project, "dist", "1.0");
    let running = places(&project).start();
    running.rel(&project, "publish --live --yes").code(0);
    let before = seal(&project);
    let ran = running.rel(&project, &format!("adopt ../dist/{WHEEL}")).code(3);
    ran.says(&format!("pypi holds other bytes under the name {WHEEL}"));
    assert_eq!(seal(&project), before);
}

#[test]
fn a_release_whose_commit_tasks_make_cannot_be_adopted() {
    let project = checkout(
        r#"
        task("bump").edits().exec("true");
        task("build").needs("bump").exec("true");
        task("publish").needs("build").effects("pypi")
            .run(|t| pypi::publish(t.artifacts("build"), "pypi"));
        "#,
    );
    built(&project, "dist", "1.0");
    let ran = places(&project).rel(&project, &[&format!("adopt ../dist/{WHEEL}")]).remove(0);
    ran.code(3).says("tasks of this release make its commit (`.edits()`)");
}
