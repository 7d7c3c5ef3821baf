//! Releases that stopped half-way, each as `rel status` shows it, and how it is finished: by the same
//! command, after `rel adopt`, or not at all.

use flate2::Compression;
use flate2::write::GzEncoder;
use rel::rehearse::crates::ApiToken;
use serde_json::Value;

use crate::adopt::{RELEASEFILE, builds, checkout, places, seal, upload};
use crate::places::{BOTH, Places, Running, SDIST, WHEEL, built, project};
use crate::project::{MAKE_DIST, Project, Ran};

/// Shows the release: what is wrong, in these words.
#[track_caller]
fn is_half(running: &Running, project: &Project, words: &[&str]) {
    let mut ran = running.rel(project, "status --output plain").code(3);
    for word in words {
        ran = ran.says(word);
    }
}

/// Finishes the release without building anything here.
#[track_caller]
fn is_finished(running: &Running, project: &Project) -> Ran {
    let ran = running.rel(project, "release --live --yes --output plain").code(0);
    running.rel(project, "status --output plain").code(0).says("next: nothing; final:");
    ran
}

#[test]
fn a_tag_without_a_release_is_finished_by_the_release_itself() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    is_half(&running, &project, &["missing  pypi has nothing of 1.0, which is tagged"]);
    is_finished(&running, &project);
    assert_eq!(builds(&project), 1);
}

#[test]
fn what_is_on_pypi_alone_is_taken_from_there_to_github() {
    let project = checkout(RELEASEFILE);
    let files = built(&project, "dist", "1.0");
    let mut places = places(&project);
    upload(&mut places, &files);
    places.release("v0.9", &[], true);
    let running = places.start();
    let words = ["missing  github has no release of 1.0, which is on pypi and tagged"];
    is_half(&running, &project, &words);
    running.rel(&project, "adopt --from pypi").code(0).says("on pypi, missing on github-release");
    is_finished(&running, &project).says("build: taken as sealed");
    assert_eq!(builds(&project), 0);
    let uploads = running.writes().into_iter().filter(|write| write.contains("pypi"));
    assert_eq!(uploads.count(), 0, "what is there is not sent again");
}

#[test]
fn a_wheel_without_its_sdist_gets_the_one_that_was_built_with_it() {
    let project = checkout(RELEASEFILE);
    let files = built(&project, "dist", "1.0");
    let mut places = places(&project);
    upload(&mut places, &files[..1]);
    let running = places.start();
    let next = "next: send the sdist that was built with the others to pypi; if it is lost, make a \
                new version";
    is_half(&running, &project, &["missing  pypi has wheels of 1.0, but no sdist", next]);
    let line = format!("adopt --from pypi ../dist/{SDIST}");
    running.rel(&project, &line).code(0).says("missing on pypi");
    is_finished(&running, &project);
    assert_eq!(builds(&project), 0);
}

#[test]
fn what_another_tool_has_published_stops_a_run_that_says_how_to_take_it_over() {
    let project = checkout(RELEASEFILE);
    let files = built(&project, "dist", "1.0");
    let mut places = places(&project);
    upload(&mut places, &files);
    let running = places.start();
    let ran = running.rel(&project, "release --live --yes").code(4);
    ran.says("pypi holds other bytes under the name").says("`rel adopt` takes its files over");
    running.rel(&project, "adopt --from pypi").code(0);
    is_finished(&running, &project);
}

#[test]
fn a_version_that_the_index_has_closed_gets_no_sdist_any_more() {
    let project = checkout(RELEASEFILE);
    let files = built(&project, "dist", "1.0");
    let mut places = places(&project);
    places.pypi.add_file("time-piece", "1.0", WHEEL, &files[0].1, 0).unwrap();
    let running = places.start();
    is_half(&running, &project, &["missing  pypi has wheels of 1.0, but no sdist"]);
    running.rel(&project, &format!("adopt ../dist/{WHEEL} ../dist/{SDIST}")).code(0);
    let ran = running.rel(&project, "publish --live --yes").code(5);
    ran.says("pypi refused: 400").says("hint: give it a new version");
    assert_eq!(builds(&project), 0);
}

#[test]
fn a_draft_with_a_broken_file_gets_it_anew() {
    let project = checkout(RELEASEFILE);
    let files = built(&project, "dist", "1.0");
    let mut places = places(&project);
    upload(&mut places, &files);
    places.forge.break_next_upload();
    places.release_of("v1.0", &files, false);
    let running = places.start();
    let words = [
        "half     the upload of time_piece-1.0-py3-none-any.whl to release v1.0 broke off",
        "half     release v1.0 is a draft",
    ];
    is_half(&running, &project, &words);
    let github = running.rel(&project, "adopt --from github").code(4);
    github.says("release v1.0 is a draft, whose files have no public address");
    running.rel(&project, "adopt --from pypi").code(0);
    is_finished(&running, &project);
    assert_eq!(builds(&project), 0);
}

#[test]
fn what_is_on_github_alone_is_taken_from_there_to_pypi() {
    let project = checkout(RELEASEFILE);
    let files = built(&project, "dist", "1.0");
    let mut places = places(&project);
    let notes = ("NOTES.txt", b"not to be adopted".to_vec());
    places.release_of("v1.0", &[files[0].clone(), files[1].clone(), notes], true);
    let running = places.start();
    is_half(&running, &project, &["missing  pypi has nothing of 1.0, which is tagged"]);
    let ran = running.rel(&project, "adopt --from github").code(0);
    ran.says("missing on pypi, on github-release").never_says("NOTES.txt");
    is_finished(&running, &project);
    assert_eq!(builds(&project), 0);
}

#[test]
fn an_immutable_release_without_its_files_is_final() {
    let project = checkout(RELEASEFILE);
    let files = built(&project, "dist", "1.0");
    let mut places = places(&project);
    upload(&mut places, &files);
    places.forge.set_immutable_releases(true);
    places.release("v1.0", &[], true);
    let running = places.start();
    let next =
        "next: final: cannot be changed, since release v1.0 is immutable; make a new version";
    is_half(&running, &project, &["half     release v1.0 is immutable and has no files", next]);
    running.rel(&project, "adopt --from pypi").code(0);
    let ran = running.rel(&project, "release --live --yes --output plain").code(5);
    ran.says("Cannot upload assets to an immutable release").says("hint: make a new version");
    is_half(&running, &project, &[next]);
}

#[test]
fn what_the_store_has_lost_is_given_back() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "publish --live --yes").code(0);
    let sealed = seal(&project);
    std::fs::remove_dir_all(project.state().join("store")).unwrap();
    let ran = running.rel(&project, "release --live --yes").code(5);
    ran.says("is gone from the store").says("`rel adopt --from pypi`");
    let ran = running.rel(&project, "adopt --from pypi").code(0).says("back in the store");
    ran.never_says("still gone");
    assert_eq!(seal(&project).unwrap()["tasks"], sealed.unwrap()["tasks"]);
    is_finished(&running, &project);
    assert_eq!(builds(&project), 1);
}

#[test]
fn of_several_lost_files_those_that_are_still_gone_are_named() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "publish --live --yes").code(0);
    let store = project.state().join("store");
    let kept = project.root().join("../kept");
    std::fs::create_dir_all(&kept).unwrap();
    for entry in std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.join(WHEEL).is_file() {
            std::fs::copy(entry.join(WHEEL), kept.join(WHEEL)).unwrap();
        }
    }
    std::fs::remove_dir_all(&store).unwrap();
    let ran = running.rel(&project, &format!("adopt ../kept/{WHEEL}")).code(0);
    ran.says("back in the store").says(&format!("still gone from the store: {SDIST}"));
    running.rel(&project, &format!("adopt ../kept/{WHEEL} --from pypi")).code(0);
    is_finished(&running, &project);
}

/// A `.crate`, as cargo packages it.
pub fn krate(name: &str, needs: &[&str]) -> Vec<u8> {
    let mut manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\n\
         description = \"x\"\nlicense = \"MIT\"\n"
    );
    for need in needs {
        manifest += &format!("\n[dependencies.{need}]\nversion = \"1.0.0\"\n");
    }
    let gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let mut builder = tar::Builder::new(gzip);
    for (path, text) in [("Cargo.toml", manifest.as_str()), ("src/lib.rs", "")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        let path = format!("{name}-1.0.0/{path}");
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

const CRATES: &str = r#"
task("package").exec("false");
task("publish").needs("package").effects("crates").run(|t| crates::publish(t.artifacts("package")));
task("release").needs(["package", "publish"]).effects("github-release").run(|t| {
    github::release(#{ tag: "v1.0.0", assets: t.artifacts("package"), notes: "One." });
});
"#;

/// A checkout of crates, and places where they may be published.
fn of_crates(manifest: &str) -> (Project, Places) {
    let project = project(("Cargo.toml", manifest)).file("Releasefile", CRATES);
    project.commit();
    project.run_git(&["tag", "--delete", "v1.0"]);
    let project = project.env("CARGO_REGISTRY_TOKEN", "cioToken");
    let mut places = Places::new(&project);
    let (secret, user) = ("cioToken".to_owned(), "acme".to_owned());
    places.crates.add_token(ApiToken { secret, user, scopes: None, crates: Vec::new() });
    (project, places)
}

#[test]
fn a_crate_without_its_tag_gets_it_with_its_release() {
    let manifest = "[package]\nname = \"time-piece\"\nversion = \"1.0.0\"\n";
    let (project, mut places) = of_crates(manifest);
    places.crates.add_crate("time-piece", &["acme"], &["0.9.0"]);
    places.crates.add_version("time-piece", "1.0.0", &krate("time-piece", &[])).unwrap();
    let running = places.start();
    let words = ["missing  the remote has no tag of 1.0.0, which is on crates.io"];
    is_half(&running, &project, &words);
    let nameless = running.rel(&project, "adopt --from crates.io").code(2);
    nameless.says("`rel adopt --from crates.io NAME==VERSION`");
    running.rel(&project, "adopt --from crates.io time-piece==1.0.0").code(0).says("on crates");
    is_finished(&running, &project);
}

#[test]
fn two_of_five_crates_are_followed_by_the_other_three() {
    let (project, mut places) = of_crates("[workspace]\nmembers = []\n");
    let needs: [(&str, &[&str]); 5] = [
        ("piece-a", &[]),
        ("piece-b", &["piece-a"]),
        ("piece-c", &["piece-b"]),
        ("piece-d", &["piece-c", "piece-a"]),
        ("piece-e", &["piece-d"]),
    ];
    let mut line = "adopt".to_owned();
    for (at, (name, needs)) in needs.iter().enumerate() {
        let bytes = krate(name, needs);
        let file = project.root().join(format!("../{name}-1.0.0.crate"));
        std::fs::write(&file, &bytes).unwrap();
        line += &format!(" ../{name}-1.0.0.crate");
        if at < 2 {
            places.crates.add_crate(name, &["acme"], &[]);
            places.crates.add_version(name, "1.0.0", &bytes).unwrap();
        }
    }
    let running = places.start();
    running.rel(&project, "status piece-b==1.0.0 --output plain").code(0);
    let missing = running.rel(&project, "status piece-c==1.0.0 --output plain").code(3);
    missing.says("missing  piece-c 1.0.0 is nowhere");
    let ran = running.rel(&project, &line).code(0);
    assert_eq!(ran.out.matches("  on crates").count(), 2, "{}", ran.out);
    assert_eq!(ran.out.matches("  missing on crates").count(), 3, "{}", ran.out);
    running.rel(&project, "publish --live --yes --output plain").code(0);
    let sent = running.writes().into_iter().filter(|write| write.starts_with("PUT crates.io"));
    assert_eq!(sent.count(), 3, "{:?}", running.writes());
    running.rel(&project, "status piece-e==1.0.0 --output plain").code(0);
}

#[test]
fn a_statement_that_is_logged_and_not_uploaded_is_not_logged_again() {
    let text = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
    "#;
    let project = Project::new(text).file("make_dist.py", MAKE_DIST).git().tag("v1.0");
    let ran = project.rel("rehearse publish --output json --fault pypi.upload=403").code(0);
    let told: Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!(told["ends"], serde_json::json!([5, 0]), "it was refused, and then finished");
    let asked = told["requests"].as_array().unwrap();
    let logged = |one: &&Value| one["method"] == "POST" && one["path"] == "/api/v1/log/entries";
    assert_eq!(asked.iter().filter(logged).count(), 2 * BOTH.len(), "{asked:?}");
}
