//! The examples, run as a newcomer runs them: copied out, committed, tagged.

use std::path::{Path, PathBuf};

use crate::project::Project;

/// Copies a folder into a project.
pub fn copy(from: &Path, project: &Project, prefix: &str) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let inner = format!("{prefix}{name}");
        if entry.path().is_dir() {
            if !name.starts_with('.') && name != "__pycache__" {
                copy(&entry.path(), project, &format!("{inner}/"));
            }
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            project.write(&inner, &text);
        }
    }
}

/// An example's folder.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

/// An example, copied out.
pub fn copied(name: &str) -> Project {
    let project = Project::new("");
    copy(&folder(name), &project, "");
    project
}

/// An example, copied out and committed.
pub fn example(name: &str) -> Project {
    copied(name).git()
}

pub fn hatch_vcs() -> Project {
    example("hatch-vcs")
}

#[test]
fn hatch_vcs_checks_builds_and_describes_its_release() {
    let project = hatch_vcs().tag("v0.2.0");
    let first = project.rel("publish --offline").code(0);
    let first =
        first.says("lint: ok").says("typecheck: ok").says("test:3.11: ok").says("plan: 8 effects");
    first.says("upload tidepool_demo-0.2.0-py3-none-any.whl").never_says("carries no tag");

    // The second run finds every environment ready; only the build itself starts a back end.
    let second = project.rel("publish --offline --output json").code(0);
    let commands: Vec<String> = second
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|event| event["event"] == "command")
        .map(|event| event["line"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(commands.iter().filter(|line| line.contains(" build ")).count(), 1, "{commands:?}");
    assert!(
        !commands.iter().any(|line| line.contains("install") || line.contains("venv")),
        "{commands:?}"
    );
}

#[test]
fn hatch_vcs_without_a_tag_says_what_would_stop_it() {
    hatch_vcs().rel("publish --offline").code(0).says("would stop: HEAD carries no tag");
}

#[test]
fn hatch_vcs_is_rehearsed_to_the_proof_without_an_account() {
    let project = hatch_vcs().tag("v0.2.0");
    let ran = project.rel("rehearse publish --output json").code(0);
    let events: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.last().unwrap();
    assert_eq!((&last["event"], &last["tag"]), (&"rehearsal".into(), &"v0.2.0".into()));
    let requests = last["requests"].as_array().unwrap();
    let asked = |host: &str, by: &str| -> Vec<String> {
        let here = requests.iter().filter(|request| request["host"] == host && request["by"] == by);
        let shown = here.map(|request| {
            format!("{} {} {}", request["method"], request["path"], request["status"])
        });
        shown.map(|line| line.replace('"', "")).collect()
    };
    let upload = [
        "GET /_/oidc/audience 200",
        "POST /_/oidc/mint-token 200",
        "POST /legacy/ 200",
        "POST /legacy/ 200",
        "POST /_/oidc/burn-token 202",
    ];
    assert_eq!(asked("upload.pypi.org", "world"), upload);
    assert!(
        asked("test.pypi.org", "world").iter().any(|line| line.contains("tidepool_demo-0.2.0"))
    );
    let writes = |host: &str| -> Vec<String> {
        let all = asked(host, "world").into_iter();
        all.filter(|line| !line.starts_with("GET")).collect()
    };
    let github = writes("api.github.com");
    let ends = |line: &str, start: &str, end: &str| line.starts_with(start) && line.ends_with(end);
    assert!(
        matches!(github.as_slice(), [one, two, draft, publish]
            if [one, two].iter().all(|line| ends(line, "POST", "/attestations 201"))
                && ends(draft, "POST", "/releases 201") && ends(publish, "PATCH", " 200")),
        "{github:?}"
    );
    assert_eq!(writes("uploads.github.com").len(), 2, "each file once");
    for service in ["pypi.org", "test.pypi.org"] {
        let own = |line: &String| line.contains("tidepool");
        assert!(!asked(service, "outside").iter().any(own), "nothing is asked of it outside");
    }
    assert!(requests.iter().all(|request| request["by"] != "nobody"), "{requests:?}");
}

/// Examples are read before anything else: each shows on one page what a release is.
#[test]
fn each_example_is_short_enough_to_be_read_at_once() {
    let all = std::fs::read_dir(folder(".")).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = all.map(|path| path.join("Releasefile")).collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let count = text.lines().filter(code).count();
        assert!(count <= 25, "{}: {count} lines", file.display());
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(longest <= 100, "{}: {longest} columns", file.display());
    }
}
