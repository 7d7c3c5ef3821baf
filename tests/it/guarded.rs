//! The example `guarded`: publishing with provenance behind guards, row by row as it has to hold, and what is
//! refused before anything is uploaded.

use serde_json::Value;

use crate::example;
use crate::project::Project;

fn guarded() -> Project {
    let project = example::copied("guarded").git().tag("v0.3.0");
    project.run_git(&["remote", "add", "origin", "https://github.com/acme/landmark.git"]);
    project
}

/// The example without what takes long and is no matter of the test: checks, and the smoke test.
fn short() -> Project {
    let project = guarded();
    let text = std::fs::read_to_string(project.root().join("Releasefile")).unwrap();
    let text = text.replace(".needs([\"lint\", \"test\"])", "");
    project.write(
        "Releasefile",
        &text.replace("py::smoke_install(t.artifacts(\"build\"), \"pypi\")", "()"),
    );
    as_released(&project);
    project
}

/// Commits what was changed, and tags that.
fn as_released(project: &Project) {
    project.commit();
    project.run_git(&["tag", "--force", "v0.3.0"]);
}

/// Requests of a rehearsal that write, with their answers.
fn written(last: &Value) -> Vec<String> {
    let requests = last["requests"].as_array().unwrap().iter();
    let writes = requests.filter(|request| request["method"] != "GET");
    let line = |request: &Value| format!("{} {}", request["host"], request["status"]);
    writes.map(|request| line(request).replace('"', "")).collect()
}

/// A rehearsal that is refused with these words, before anything is uploaded.
#[track_caller]
fn refused(project: &Project, line: &str, code: i32, words: &str) {
    let ran = project.rel(&format!("{line} --output json")).code(code);
    let events: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(ran.out.contains(words), "{words}: {}{}", ran.out, ran.err);
    let uploads = written(events.last().unwrap());
    assert!(!uploads.iter().any(|line| line.starts_with("upload.pypi.org")), "{uploads:?}");
}

#[test]
fn it_is_rehearsed_to_the_proof() {
    let ran = guarded().rel("rehearse publish --output json").code(0);
    let events: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = events.last().unwrap();
    let uploads = written(last);
    // s3_2: provenance in the log and at GitHub, and what PyPI has verified.
    let stored = uploads.iter().filter(|line| *line == "api.github.com 201").count();
    assert_eq!(stored, 2, "{uploads:?}");
    assert!(last["trusted_root"].is_string(), "{last}");
    // s3_5: the same bytes, installed by digest.
    let done = |name: &str| {
        events.iter().any(|event| {
            event["event"] == "task-finished" && event["task"] == name && event["end"] == "done"
        })
    };
    assert!(done("publish") && done("upload"), "{}", ran.out);
    let warned = events.iter().filter(|event| event["event"] == "warning");
    let warned: Vec<&str> =
        warned.map(|event| event["diagnostic"]["message"].as_str().unwrap()).collect();
    assert_eq!(warned, ["pypi has no project `landmark-demo` yet"]);
}

#[test]
fn s3_2_without_an_identity_it_cannot_be_attested_and_needs_a_token() {
    let ran = short().rel("publish --offline").code(0);
    ran.says("would stop: no login for index `pypi`")
        .says("note: upload: GitHub gets no attestations: this run has no identity to sign with")
        .says("note: upload: pypi gets no attestations: this run has no identity to sign with")
        .never_says("store the provenance attestation");
}

#[test]
fn s3_3_the_tag_is_the_version_of_every_file() {
    let project = short();
    project.write("CHANGELOG.md", "# Changelog\n\n## [0.4.0]\n");
    project.commit();
    project.run_git(&["tag", "--delete", "v0.3.0"]);
    let project = project.tag("v0.4.0");
    refused(&project, "rehearse publish", 3, "HEAD is tagged `v0.4.0`");
}

#[test]
fn s3_3_all_files_are_there() {
    let project = short();
    let text = std::fs::read_to_string(project.root().join("Releasefile")).unwrap();
    project.write(
        "Releasefile",
        &text
            .replace(
                "py::build(t.out)",
                "exec(\"uv build --quiet --no-create-gitignore --sdist --out-dir {}\", t.out)",
            )
            .replace("tools([\"ruff==0.17.5\"", "tools([\"uv\", \"ruff==0.17.5\""),
    );
    as_released(&project);
    refused(&project, "rehearse publish", 3, "no wheel of landmark-demo 0.3.0 goes to pypi");
}

#[test]
fn s3_3_the_changelog_tells_of_the_version() {
    let project = short();
    project.write("CHANGELOG.md", "# Changelog\n\n## [0.2.0]\n");
    as_released(&project);
    refused(&project, "rehearse publish", 3, "CHANGELOG.md has no heading of version 0.3.0");
}

#[test]
fn s3_4_forbidden_files_are_refused() {
    let project = short();
    project.write("src/landmark/__init__.py~", "x");
    as_released(&project);
    refused(&project, "rehearse publish", 3, "holds landmark/__init__.py~, which nobody wants");
}

#[test]
fn s3_5_what_cannot_be_imported_fails_after_it_is_out() {
    let project = short();
    let text = std::fs::read_to_string(project.root().join("Releasefile")).unwrap();
    let text = text.replace(".retry(5, \"30s\")", "");
    project.write(
        "Releasefile",
        &text
            .replace("run(|t| ())", "run(|t| py::smoke_install(t.artifacts(\"build\"), \"pypi\"))"),
    );
    project.write("src/landmark/__init__.py", "raise ImportError(\"broken\")\n");
    as_released(&project);
    let ran = project.rel("rehearse publish").code(5);
    ran.says("ImportError: broken");
}

#[test]
fn s3_6_it_is_described_without_any_secret_and_without_the_network() {
    let ran = short().rel("publish --offline").code(0);
    ran.says("plan: 2 effects")
        .says("dry run done")
        .says("not asked with `--offline`: the guards up-to-date");
}

#[test]
fn s3_1_each_commit_is_published_to_testpypi_as_a_version_of_its_own() {
    let project = short();
    project.write("src/landmark/more.py", "");
    project.commit();
    project.write("CHANGELOG.md", "# Changelog\n");
    project.commit();
    // What a release has to have is not asked of it: no tag, no line in the changelog.
    let ran = project.rel("rehearse publish-dev --output json").code(0);
    let last: Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    let sent = written(&last);
    assert!(sent.iter().any(|line| line == "test.pypi.org 200"), "{sent:?}");
    assert!(!sent.iter().any(|line| line.starts_with("upload.pypi.org")), "{sent:?}");
    // PEP 440, without a local part, which no index takes.
    let dev = ran.out.split("landmark_demo-0.3.1.dev").nth(1).unwrap();
    let number: String = dev.chars().take_while(char::is_ascii_digit).collect();
    assert_eq!(number.len(), "2026013112000041573".len());
    assert!(dev[number.len()..].starts_with("-py3-none-any.whl"), "{dev}");
    let kept = std::fs::read_to_string(project.root().join("pyproject.toml")).unwrap();
    assert!(kept.contains("version = \"0.3.0\""), "the checkout is as it was");
}

#[test]
fn s3_1_a_release_asks_for_more_than_a_development_version() {
    let project = short();
    project.write("CHANGELOG.md", "# Changelog\n");
    project.commit();
    refused(&project, "rehearse publish", 3, "CHANGELOG.md has no heading of version 0.3.0");
}

#[test]
fn s3_7_a_python_that_is_not_here_is_left_out_in_sight_and_an_error_where_it_counts() {
    let project = guarded();
    let text = std::fs::read_to_string(project.root().join("Releasefile")).unwrap();
    let here = r#"["3", "3.99"]"#;
    let text = text.replace(r#"["3.8", "3.9", "3.10", "3.11", "3.12"]"#, here);
    assert!(text.contains(here));
    project.write("Releasefile", &text);
    let ran = project.rel("test").code(0);
    assert_eq!(ran.err.matches("skipped: no working Python ").count(), 1, "{}", ran.err);
    project.rel("test --strict").code(1);
}

/// The example with the tests on this machine's Python alone, and with `change` made to its Releasefile.
fn with_coverage(change: impl Fn(&str) -> String) -> Project {
    let project = guarded();
    let text = std::fs::read_to_string(project.root().join("Releasefile")).unwrap();
    let here = text.replace(r#"["3.8", "3.9", "3.10", "3.11", "3.12"]"#, r#"["3"]"#);
    let changed = change(&here);
    assert!(here != text && changed.contains("checks::codecov"));
    project.write("Releasefile", &changed);
    as_released(&project);
    project
}

/// Requests of a rehearsal to Codecov and its storage, with their answers.
fn to_codecov(last: &Value) -> Vec<String> {
    let mut sent = written(last);
    sent.retain(|line| line.contains("codecov") || line.starts_with("storage."));
    sent
}

#[test]
fn s3_7_coverage_is_reported_and_only_a_live_run_uploads_it() {
    let project = with_coverage(str::to_owned);
    project.rel("test --export reports").code(0).says("Coverage XML written to file");
    let ran = project.rel("coverage").code(0);
    let ran = ran.says("plan: 1 effect").says("codecovcli --disable-telem upload-coverage");
    // The uploader itself would begin with what it has found.
    ran.never_says("coverage files to report");
    let report = project.root().join("reports/coverage.xml");
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.contains("line-rate=\"1\"") && report.contains("__init__.py"), "{report}");

    let ran = project.rel("rehearse coverage --output json").code(0);
    let last: Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!(to_codecov(&last), ["ingest.codecov.io 201", "storage.googleapis.com 200"]);
    assert!(ran.out.contains("Found 1 coverage files to report"), "{}", ran.out);
}

#[test]
fn s3_7_coverage_without_its_token_is_refused_and_the_refusal_shown() {
    let project = with_coverage(|text| text.replace(".secrets(\"CODECOV_TOKEN\")", ""));
    let ran = project.rel("rehearse coverage --output json").code(5);
    let last: Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!(to_codecov(&last), ["ingest.codecov.io 400"]);
    assert!(ran.out.contains("Token required because branch is protected"), "{}", ran.out);
}

#[test]
fn s3_7_of_tests_that_fail_nothing_is_uploaded() {
    let project = with_coverage(str::to_owned);
    project.write("tests/test_more.py", "def test_it():\n    assert False\n");
    as_released(&project);
    let ran = project.rel("rehearse coverage --output json").code(1);
    let last: Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!(to_codecov(&last), [""; 0]);
}
