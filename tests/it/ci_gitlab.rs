//! The pipeline of GitLab: what is in it, who accepts it, what its jobs do, and what is missed if it is changed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rel::diag::Source;
use saphyr::{LoadableYamlNode as _, Yaml};

use crate::peers;
use crate::project::{MAKE_DIST, Project};

/// The schema that GitLab's own editor uses.
const JUDGE: &[&str] = &["check-jsonschema==0.39.0"];

/// One of everything.
const ALL: &str = include_str!("../ci/gitlab.rhai");

fn written(project: &Project, names: &str) -> String {
    project.rel(format!("ci generate gitlab {names} --print").trim()).code(0).out
}

/// Header and body, as GitLab reads them.
fn parts(text: &str) -> Vec<Yaml<'_>> {
    Yaml::load_from_str(text).unwrap()
}

/// The jobs of a file, in their order.
fn jobs(text: &str) -> Vec<(String, Yaml<'_>)> {
    let body = parts(text).pop().unwrap();
    let all = body.as_mapping().unwrap().clone();
    let all = all.into_iter().map(|(key, job)| (key.as_str().unwrap().to_owned(), job));
    all.filter(|(key, _)| key != "stages").collect()
}

fn job<'a>(text: &'a str, name: &str) -> Yaml<'a> {
    let found = jobs(text).into_iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("no job {name}")).1
}

fn get<'a, 'b>(node: &'b Yaml<'a>, path: &[&str]) -> Option<&'b Yaml<'a>> {
    path.iter().try_fold(node, |node, key| node.as_mapping_get(key))
}

fn text(node: &Yaml<'_>, path: &[&str]) -> String {
    get(node, path).and_then(Yaml::as_str).unwrap_or_default().to_owned()
}

fn list<'a, 'b>(node: &'b Yaml<'a>, key: &str) -> &'b [Yaml<'a>] {
    get(node, &[key]).and_then(Yaml::as_sequence).map_or(&[], |all| all.as_slice())
}

/// Texts of a list, or those of one key of its maps.
fn texts(node: &Yaml<'_>, key: &str, of: &str) -> Vec<String> {
    let one = |item: &Yaml<'_>| item.as_str().map_or_else(|| text(item, &[of]), str::to_owned);
    list(node, key).iter().map(one).collect()
}

#[test]
fn a_release_on_gitlab_is_split_by_privileges_and_goes_on_by_digest() {
    let file = written(&Project::new(ALL), "");
    let names: Vec<String> = jobs(&file).into_iter().map(|(name, _)| name).collect();
    let wanted = [
        "check",
        "check:check-macos-15",
        "release:build",
        "release:corp",
        "release:test-index",
        "release:look",
        "release:crate",
        "release:mirror",
        "release:alert",
        "release:tell",
        "release:tell:failed",
        "pay:build",
        "pay",
        "db",
        "bump:build",
        "bump:push",
        "wheels:wheel-linux",
        "wheels:wheel-macos",
        "wheels:build",
        "wheels:send",
    ];
    assert_eq!(names, wanted);
    let tokens = |name: &str| {
        let job = job(&file, name);
        let tokens = get(&job, &["id_tokens"]).and_then(Yaml::as_mapping).cloned();
        let of = |(name, token): (Yaml<'_>, Yaml<'_>)| {
            format!("{}={}", name.as_str().unwrap(), text(&token, &["aud"]))
        };
        tokens.into_iter().flatten().map(of).collect::<Vec<_>>().join(" ")
    };
    for (name, wanted) in [
        ("release:test-index", "SIGSTORE_ID_TOKEN=sigstore TESTPYPI_ID_TOKEN=testpypi"),
        ("release:crate", "CRATES_IO_ID_TOKEN=crates.io"),
        ("release:corp", ""),
        ("release:build", ""),
        ("release:look", ""),
        ("release:alert", ""),
        ("check", ""),
    ] {
        assert_eq!(tokens(name), wanted, "{name}");
        let sends = !wanted.is_empty() || name == "release:corp";
        let job = job(&file, name);
        assert_eq!(text(&job, &["variables", "GIT_STRATEGY"]) == "none", sends, "{name}");
        assert_eq!(text(&job, &["variables", "GIT_DEPTH"]) == "0", !sends, "{name}");
        let group = text(&job, &["resource_group"]);
        assert_eq!(group == "release-$CI_COMMIT_REF_SLUG", sends, "{name}");
    }
    let taken = |name: &str| -> Vec<String> {
        let all = job(&file, name);
        let taken =
            |need: &&Yaml<'_>| get(need, &["artifacts"]).and_then(Yaml::as_bool) == Some(true);
        list(&all, "needs").iter().filter(taken).map(|need| text(need, &["job"])).collect()
    };
    for (name, source, variable) in [
        ("release:corp", "release:build", "BUNDLE_RELEASE_BUILD"),
        ("release:test-index", "release:corp", "BUNDLE_RELEASE_CORP"),
        ("release:look", "release:test-index", "BUNDLE_RELEASE_TEST_INDEX"),
        ("release:crate", "release:test-index", "BUNDLE_RELEASE_TEST_INDEX"),
    ] {
        assert_eq!(taken(name), [source], "{name}");
        let script = texts(&job(&file, name), "script", "").join("\n");
        assert!(script.contains(&format!(" --sha256 \"${variable}\" ")), "{script}");
        let before = texts(&job(&file, source), "script", "").join("\n");
        assert!(before.contains(&format!("echo \"{variable}=${{")), "{before}");
        assert_eq!(text(&job(&file, source), &["artifacts", "reports", "dotenv"]), "bundle.env");
    }
}

#[test]
fn a_job_is_there_when_its_workflow_is_started() {
    let file = written(&Project::new(ALL), "");
    let rules = |name: &str| texts(&job(&file, name), "rules", "if");
    assert_eq!(
        rules("check"),
        [
            "$CI_PIPELINE_SOURCE == \"push\" && $CI_COMMIT_BRANCH",
            "$CI_PIPELINE_SOURCE == \"merge_request_event\" && $CI_MERGE_REQUEST_TARGET_BRANCH_NAME == \"main\"",
            "$CI_PIPELINE_SOURCE == \"schedule\" && $CI_PIPELINE_SCHEDULE_DESCRIPTION == \"check\"",
        ]
    );
    let tag = "$CI_PIPELINE_SOURCE == \"push\" && $CI_COMMIT_TAG =~ /^v[^\\/]*$/";
    let web = "$CI_PIPELINE_SOURCE == \"web\" && \"$[[ inputs.workflow ]]\" == \"release\"";
    let live = format!("{web} && \"$[[ inputs.live ]]\" == \"true\"");
    assert_eq!(rules("release:build"), [tag, web]);
    for name in ["release:corp", "release:look", "release:crate"] {
        assert_eq!(rules(name), [tag, live.as_str()], "{name}: it waits for jobs that send");
    }
    assert_eq!(rules("pay"), [web.replace("release", "pay")]);
    let when = |name: &str| texts(&job(&file, name), "rules", "when");
    assert_eq!(when("release:corp"), ["manual", "manual"], "it asks");
    assert_eq!(when("release:alert"), ["on_failure", "on_failure"]);
    assert_eq!(when("release:tell"), ["", ""]);
    assert_eq!(when("release:tell:failed"), ["on_failure", "on_failure"]);
    let said = |name: &str| texts(&job(&file, name), "script", "").pop().unwrap();
    assert!(said("release:tell").ends_with(r#"tell --needs '{"pipeline":{"result":"success"}}'"#));
    assert!(said("release:tell:failed").contains(r#""failure""#));
}

#[test]
fn whoever_starts_a_pipeline_by_hand_is_asked_for_its_parameters() {
    let file = written(&Project::new(ALL), "");
    let header = &parts(&file)[0];
    let input = |name: &str| get(header, &["spec", "inputs", name]).unwrap().clone();
    assert_eq!(texts(&input("workflow"), "options", ""), ["none", "release", "pay"]);
    assert_eq!(text(&input("workflow"), &["default"]), "none");
    assert_eq!(texts(&input("draft"), "options", ""), ["true", "false"]);
    assert_eq!(texts(&input("level"), "options", ""), ["patch", "minor"]);
    assert_eq!(text(&input("times"), &["regex"]), "^-?[0-9]+$");
    assert_eq!(text(&input("times"), &["default"]), "3");
    assert_eq!(text(&input("note"), &["default"]), "it's out");
    assert_eq!(get(&input("live"), &["default"]).and_then(Yaml::as_bool), Some(false));
    let build = job(&file, "release:build");
    assert_eq!(text(&build, &["variables", "INPUT_NOTE", "value"]), "$[[ inputs.note ]]");
    assert_eq!(
        get(&build, &["variables", "INPUT_NOTE", "expand"]).and_then(Yaml::as_bool),
        Some(false)
    );
    let scripts: Vec<String> =
        jobs(&file).iter().flat_map(|(_, job)| texts(job, "script", "")).collect();
    assert!(scripts.iter().all(|line| !line.contains("$[[")), "no input stands in a script");
    assert!(scripts.iter().any(|line| line.contains("rel run all \"note=$INPUT_NOTE\"")));
    // A file that asks for nothing has no header.
    assert_eq!(parts(&written(&Project::new(ALL), "check")).len(), 1);
}

#[test]
fn what_users_own_in_a_job_of_gitlab_comes_before_what_rel_does() {
    let file = written(&Project::new(ALL), "");
    let db = job(&file, "db");
    let script = texts(&db, "script", "");
    assert_eq!(script[0], "(\nsudo apt-get update\nsudo apt-get install --yes libpq-dev\n)\n");
    assert_eq!(
        script[1],
        "(\nexport FIXTURE='https://files.corp.example/it'\\''s.sql'\ncurl --fail --output fixture.sql \"$FIXTURE\"\n)\n"
    );
    assert!(script[2].starts_with("REL_WORK="), "{script:?}");
    let service = &list(&db, "services")[0];
    assert_eq!(text(service, &["alias"]), "postgres");
    assert!(text(service, &["name"]).starts_with("postgres:17@sha256:"));
    assert_eq!(text(service, &["variables", "POSTGRES_PASSWORD", "value"]), "local");
    assert_eq!(text(&db, &["variables", "PGPORT", "value"]), "5432");
    assert_eq!(file.matches("libpq-dev").count(), 1, "in its own workflow alone");
}

/// Releasefiles of examples, without what only GitHub does.
fn of_examples() -> Vec<(&'static str, String)> {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        std::fs::read_to_string(path.join("Releasefile")).unwrap()
    };
    let changed = |name: &'static str, changes: &[(&str, &str)]| {
        let mut text = read(name);
        for (old, new) in changes {
            assert!(text.contains(old), "{name} has no {old}");
            text = text.replace(old, new);
        }
        (name, text)
    };
    vec![
        changed("hatch-vcs", &[(".run(\"publish\");", ".run(\"publish-pypi\");")]),
        changed(
            "guarded",
            &[
                ("[\"attestations\", \"pypi\"]", "\"pypi\""),
                ("github::attest(files); ", ""),
                (
                    "#{ release: \"published\", dispatch: true }",
                    "#{ tags: \"v*\", dispatch: #{ live: true } }",
                ),
            ],
        ),
        changed(
            "bumpversion",
            &[
                (
                    ".effects(\"github-release\")",
                    ".effects(\"github-release\").secrets(\"GITHUB_TOKEN\")",
                ),
                ("#{ assets: ", "#{ repository: \"acme/harbor\", assets: "),
            ],
        ),
        changed(
            "split",
            &[
                (
                    ".effects([\"git-push\", \"github-release\"])",
                    ".effects([\"git-push\", \"github-release\"]).secrets(\"GITHUB_TOKEN\")",
                ),
                ("#{ notes: ", "#{ repository: \"acme/kelp\", notes: "),
                ("release: \"published\", ", ""),
            ],
        ),
        changed(
            "rust-python",
            &[(
                "dispatch: #{ live: true } }).run(\"publish\")",
                "dispatch: #{ live: true } }).run(\"publish-pypi\")",
            )],
        ),
    ]
}

/// Each document of each file, in a file of its own: the judge reads but one of each.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut releasefiles = of_examples();
    releasefiles.push(("all", ALL.to_owned()));
    for (name, releasefile) in releasefiles {
        let text = written(&Project::new(&releasefile), "");
        for (at, document) in text.split("\n---\n").enumerate() {
            let path = folder.join(format!("{name}-{at}.yml"));
            std::fs::write(&path, document).unwrap();
            files.push(path);
        }
    }
    files
}

#[test]
fn gitlabs_schema_accepts_what_is_written() {
    let judge = peers::venv("gitlab-judge", JUDGE).join("bin/check-jsonschema");
    let folder = tempfile::tempdir().unwrap();
    let files = documents(folder.path());
    assert!(files.len() >= 10, "{files:?}");
    let judged = |files: &[PathBuf]| {
        let words = ["--builtin-schema", "vendor.gitlab-ci"];
        let output = Command::new(&judge).args(words).args(files).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (good, said) = judged(&files);
    assert!(good, "{said}");
    // It does look.
    let text = std::fs::read_to_string(folder.path().join("all-1.yml")).unwrap();
    for (old, new) in [
        ("id_tokens:", "id_token:"),
        ("interruptible: false", "interruptible: 7"),
        ("when: manual", "when: asked"),
        ("expire_in: \"30 days\"", "expires: 30 days"),
    ] {
        let bad = folder.path().join("bad.yml");
        assert!(text.contains(old), "{old}");
        std::fs::write(&bad, text.replace(old, new)).unwrap();
        assert!(!judged(&[bad]).0, "{new} passes");
    }
}

/// Lines whose values are free.
const FREE: &[&str] = &[
    "url:",
    "image:",
    "timeout:",
    "expire_in:",
    "description:",
    "tags:",
    "- macos-15",
    "---",
    "#",
    // Its digest is free.
    "- name: postgres:17@",
];

fn differences(wanted: &str, found: &str) -> usize {
    rel::ci::compare_gitlab(wanted, &Arc::new(Source::new(".gitlab-ci.yml", found))).len()
}

#[test]
fn each_line_that_is_taken_out_or_says_something_else_is_a_difference() {
    let wanted = written(&Project::new(ALL), "");
    assert_eq!(differences(&wanted, &wanted), 0);
    let lines: Vec<&str> = wanted.lines().collect();
    let (mut count, mut missed) = (0, Vec::new());
    for (at, line) in lines.iter().enumerate() {
        let said = line.trim();
        if said.is_empty() || FREE.iter().any(|free| said.starts_with(free)) {
            continue;
        }
        let mut without = lines.clone();
        without.remove(at);
        let changed = format!("{line}x");
        let mut other = lines.clone();
        other[at] = &changed;
        for found in [without, other] {
            count += 1;
            if differences(&wanted, &(found.join("\n") + "\n")) == 0 {
                missed.push(format!("{}: {line}", at + 1));
            }
        }
    }
    assert!(missed.is_empty() && count > 300, "{count}, missed: {missed:#?}");
}

#[test]
fn what_means_the_same_is_no_difference() {
    let wanted = written(&Project::new(ALL), "");
    for (old, new) in [
        ("image: python:3.13-slim@sha256:9f86d0", "image: python:3.13-slim@sha256:000000"),
        ("timeout: \"15 minutes\"", "timeout: 1 hour"),
        ("expire_in: \"30 days\"", "expire_in: 1 week"),
        ("description: Send for real", "description: Really"),
        ("    - macos-15", "    - macos-16"),
        ("name: postgres:17@sha256:9f86d0", "name: postgres:17@sha256:000000"),
        ("\nstages:", "\n# a comment\nstages:"),
        ("\ncheck:\n", "\nspelling:\n  script:\n    - typos\n\ncheck:\n"),
        ("  - build\n  - send", "  - build\n  - own\n  - send"),
    ] {
        assert!(wanted.contains(old), "{old}");
        assert_eq!(differences(&wanted, &wanted.replace(old, new)), 0, "{new}");
    }
    for (old, new) in [
        ("\ncheck:", "\nown:\n  id_tokens:\n    A:\n      aud: pypi\n  script:\n    - a\n\ncheck:"),
        ("\nstages:", "\ndefault:\n  before_script:\n    - curl x\nstages:"),
        ("\nstages:", "\ninclude: a.yml\nstages:"),
        ("    - rel show", "    - make\n    - rel show"),
        ("  - look\n  - follow", "  - follow\n  - look"),
        ("name: postgres:17@", "name: postgres:16@"),
        ("    - name: postgres", "    - name: redis:8\n      alias: redis\n    - name: postgres"),
        ("spec:\n  inputs:\n", "spec:\n  inputs:\n    other:\n      default: a\n"),
    ] {
        assert!(wanted.contains(old), "{old}");
        assert!(differences(&wanted, &wanted.replacen(old, new, 1)) > 0, "{new}");
    }
}

#[test]
fn the_file_is_compared_for_the_workflows_that_it_was_written_for() {
    let project = Project::new(ALL);
    project.rel("ci generate gitlab check release").code(0).says("wrote .gitlab-ci.yml");
    project.rel("ci generate gitlab check release").code(0).says("unchanged: .gitlab-ci.yml");
    let path = project.root().join(".gitlab-ci.yml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# Generated by `rel ci generate gitlab check release`;"), "{text}");
    // There is nothing for GitHub, and nothing missing.
    let ran = project.rel("ci check").code(0);
    assert_eq!(ran.out, "ok: .gitlab-ci.yml\n");
    project.write(
        ".gitlab-ci.yml",
        &text.replace("      aud: pypi", "      aud: x").replace("aud: crates.io", "aud: x"),
    );
    let ran = project.rel("ci check").code(3);
    ran.says("job `release:crate` has `id_tokens:").says(".gitlab-ci.yml:");
    project.write(".gitlab-ci.yml", "a:\n  script: [b]\n");
    project.rel("ci generate gitlab").code(2).says(".gitlab-ci.yml was written by somebody else");
    project.rel("ci check").code(3).says("there is no job `release:build`");
}

#[test]
fn workflows_that_were_written_for_gitlab_by_name_are_not_asked_for_on_github() {
    let text = r#"
        task("check").exec("true");
        task("build").needs("check").sh("echo a > $REL_OUT/a.txt");
        task("sign").needs("build").effects("attestations").run(|t| github::attest(t.artifacts("build")));
        ci("check").on(#{ push: ["main"] }).run("check");
        ci("release").on(#{ tags: "v*" }).run("sign");
    "#;
    let project = Project::new(text);
    // GitLab cannot have the release, and says so.
    let ran = project.rel("ci generate gitlab").code(2);
    ran.says("hint: let another workflow do that on GitHub, and generate the others: `rel ci");
    project.rel("ci generate gitlab check").code(0);
    project.rel("ci generate github release").code(0);
    let (github, gitlab) = (".github/workflows/release.yml", ".gitlab-ci.yml");
    let all = format!("ok: {github}\nok: {gitlab}\n");
    assert_eq!(project.rel("ci check").code(0).out, all);
    assert_eq!(project.rel("ci check check").code(0).out, format!("ok: {gitlab}\n"));
    assert_eq!(project.rel("ci check release").code(0).out, format!("ok: {github}\n"));

    let written = std::fs::read_to_string(project.root().join(gitlab)).unwrap();
    project.write(gitlab, &written.replace("rel run check", "rel run check -k"));
    for line in ["ci check", "ci check check"] {
        project.rel(line).code(3).says(".gitlab-ci.yml:");
    }
    // Who has it in both places is asked for both.
    project.write(gitlab, &written);
    project.rel("ci generate github").code(0);
    let path = ".github/workflows/check.yml";
    let both = format!("ok: {path}\nok: {github}\nok: {gitlab}\n");
    assert_eq!(project.rel("ci check").code(0).out, both);
    // Without names all of them are there, and none is left out on the other side.
    let text = text.replace(".run(\"sign\")", ".run(\"build\")");
    project.write("Releasefile", &text);
    std::fs::remove_file(project.root().join(path)).unwrap();
    project.rel("ci generate gitlab").code(0);
    project.rel("ci check").code(3).says("there is no .github/workflows/check.yml");
}

/// The lines of a job behind those that fetch rel.
fn lines(file: &str, name: &str) -> String {
    let script = texts(&job(file, name), "script", "");
    let start = script.iter().position(|line| line.starts_with("export PATH=")).unwrap();
    script[start + 1..].join("\n")
}

#[cfg(unix)]
#[test]
fn what_the_releasefile_says_of_rel_wins_over_variables_of_the_project() {
    let file = written(&Project::new(ALL), "");
    let job = job(&file, "check:check-macos-15");
    assert!(get(&job, &["variables", "REL_URL"]).is_none(), "a project's variables win over these");
    assert!(get(&job, &["variables", "REL_SHA256"]).is_none());
    let script = texts(&job, "script", "");
    let fetches = script.iter().position(|line| line.starts_with("curl ")).unwrap();
    let script = format!("{}\necho \"$REL_URL $REL_SHA256\"", script[..fetches].join("\n"));
    let mut sh = Command::new("sh");
    sh.args(["-ec", &script]).env("REL_URL", "https://evil.example").env("REL_SHA256", "0");
    let said = String::from_utf8(sh.output().unwrap().stdout).unwrap();
    let wanted = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    assert_eq!(said, format!("https://files.corp.example/rel.tar.gz {wanted}\n"));
}

#[cfg(unix)]
#[test]
fn a_job_takes_the_bundle_of_the_one_before_by_its_digest_and_leaves_the_checkout_clean() {
    let releasefile = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("command").run(|t| remote("./publish {}", t.artifacts("build")));
        task("look").needs("publish").exec("true");
        ci("release").on(#{ tags: "v*" }).run("look");
    "#;
    let project = Project::new(releasefile).file("make_dist.py", MAKE_DIST).git().tag("v1.0");
    let file = written(&project, "");
    let other = project.root().join("../other");
    project.run_git(&["clone", "--quiet", ".", "../other"]);
    let run = |folder: &Path, script: &str, digest: &str| {
        run_job(&project, folder, script, &[("BUNDLE_RELEASE_BUILD", digest)])
    };
    let (good, said) = run(&project.root(), &lines(&file, "release:build"), "");
    assert!(good, "{said}");
    assert!(said.contains("time_piece-1.0.dist-info/METADATA"), "whoever agrees sees it: {said}");
    assert!(said.contains("section_start:") && said.contains("section_end:"), "{said}");
    let told = std::fs::read_to_string(project.root().join("bundle.env")).unwrap();
    let digest = told.trim().strip_prefix("BUNDLE_RELEASE_BUILD=").unwrap().to_owned();
    assert_eq!(digest.len(), 64, "{digest}");

    let bundle = project.root().join("release.tar");
    for wrong in ["", &"0".repeat(64)] {
        std::fs::copy(&bundle, other.join("release.tar")).unwrap();
        let (good, said) = run(&other, &lines(&file, "release:publish"), wrong);
        assert!(!good, "{wrong}: {said}");
    }
    assert!(!other.join("bundle.env").exists());
    std::fs::copy(&bundle, other.join("release.tar")).unwrap();
    // The command of the project is not there, so it fails behind the gate: the tree was clean.
    let (good, said) = run(&other, &lines(&file, "release:publish"), &digest);
    assert!(!good && said.contains("./publish"), "{said}");
    assert!(!said.contains("release.tar"), "what was taken over is no change: {said}");
}

/// Runs a job's lines as a runner does, in a checkout and with these variables.
#[cfg(unix)]
fn run_job(project: &Project, folder: &Path, script: &str, env: &[(&str, &str)]) -> (bool, String) {
    let rel = Path::new(env!("CARGO_BIN_EXE_rel")).parent().unwrap();
    let path = format!("{}:{}", rel.display(), std::env::var("PATH").unwrap());
    let like = project.command("");
    let mut bash = Command::new("bash");
    let script = format!("REL_WORK=$(mktemp -d)\n{script}");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script]);
    bash.current_dir(folder).env_clear();
    bash.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bash.env("PATH", path).env("CI_PROJECT_DIR", folder).env("GITLAB_CI", "true").env("CI", "true");
    bash.envs(env.iter().copied());
    let output = bash.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

/// The digest that a job has left for others.
#[cfg(unix)]
fn digest(folder: &Path, variable: &str) -> String {
    let told = std::fs::read_to_string(folder.join("bundle.env")).unwrap();
    told.trim().strip_prefix(&format!("{variable}=")).unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn commits_of_one_job_are_pushed_by_another_from_a_checkout_that_is_no_branch() {
    let releasefile = r#"
        task("bump").edits().run(|t| {
            write("version.txt", "1.1");
            exec("git add version.txt");
            exec("git commit --quiet --message {}", "Release 1.1");
            exec("git tag --annotate --message {} v1.1", "Release 1.1");
        });
        task("push").needs("bump").effects("git-push")
            .run(|t| git::push(#{ branch: git::branch(), tag: git::tag() }));
        ci("release").on(#{ push: ["main"] }).run("push");
    "#;
    let project = Project::new(releasefile).git();
    let git = |words: &[&str]| {
        let output = Command::new("git").args(words).current_dir(project.root()).output().unwrap();
        assert!(output.status.success(), "{words:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let file = written(&project, "");
    let remote = project.root().join("../remote.git");
    project.run_git(&["clone", "--quiet", "--bare", ".", "../remote.git"]);
    let address = remote.to_str().unwrap().to_owned();
    let branch = git(&["branch", "--show-current"]);
    let commit = git(&["rev-parse", "HEAD"]);
    let clone = |name: &str| {
        let folder = project.root().join("..").join(name);
        let at = folder.to_str().unwrap();
        project.run_git(&["clone", "--quiet", &address, at]);
        project.run_git(&["-C", at, "checkout", "--quiet", "--detach", &commit]);
        project.run_git(&["-C", at, "branch", "--quiet", "-D", &branch]);
        folder.canonicalize().unwrap()
    };
    let (there, here) = (clone("build"), clone("push"));
    let mut env = vec![
        ("CI_COMMIT_BRANCH", branch.as_str()),
        ("CI_COMMIT_SHA", commit.as_str()),
        ("CI_REPOSITORY_URL", address.as_str()),
    ];
    // Who commits is said in the file, by variables that GitLab puts in.
    let build = job(&file, "release:build");
    for (name, value) in [
        ("GIT_AUTHOR_NAME", "$GITLAB_USER_NAME"),
        ("GIT_AUTHOR_EMAIL", "$GITLAB_USER_EMAIL"),
        ("GIT_COMMITTER_NAME", "$GITLAB_USER_NAME"),
        ("GIT_COMMITTER_EMAIL", "$GITLAB_USER_EMAIL"),
    ] {
        assert_eq!(text(&build, &["variables", name]), value);
        env.push((name, "somebody"));
    }
    let (good, said) = run_job(&project, &there, &lines(&file, "release:build"), &env);
    assert!(good, "{said}");
    let sha256 = digest(&there, "BUNDLE_RELEASE_BUILD");
    std::fs::copy(there.join("release.tar"), here.join("release.tar")).unwrap();
    env.push(("BUNDLE_RELEASE_BUILD", &sha256));
    let script = lines(&file, "release:push");
    assert!(!file.contains("CI_JOB_TOKEN"), "{file}");
    let (good, said) = run_job(&project, &here, &script, &env);
    assert!(good, "{said}");
    let at = remote.to_str().unwrap();
    assert_eq!(git(&["-C", at, "show", &format!("{branch}:version.txt")]), "1.1");
    let tag = git(&["-C", at, "rev-parse", "v1.1^{commit}"]);
    assert_eq!(tag, git(&["-C", at, "rev-parse", &branch]));
    assert_eq!(digest(&here, "BUNDLE_RELEASE_PUSH").len(), 64);
}

#[cfg(unix)]
#[test]
fn what_other_machines_built_is_gathered_by_digest() {
    let releasefile = r#"
        ci_rel("macos-15", #{ url: "https://files.corp.example/rel.tar.gz",
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" });
        task("wheel").matrix(#{ system: ["linux", "macos"] })
            .runner(#{ linux: "ubuntu-24.04", macos: "macos-15" }).sh("echo {system} > $REL_OUT/{system}.txt");
        task("publish").needs("wheel").effects("command").run(|t| remote("./publish {}", t.artifacts("wheel")));
        ci("release").on(#{ tags: "v*" }).run("publish");
    "#;
    let project = Project::new(releasefile).git().tag("v1.0");
    let file = written(&project, "");
    let clone = |name: &str| {
        let folder = project.root().join("..").join(name);
        project.run_git(&["clone", "--quiet", ".", folder.to_str().unwrap()]);
        folder.canonicalize().unwrap()
    };
    let gather = clone("gather");
    let mut env = Vec::new();
    for system in ["linux", "macos"] {
        let (folder, job) = (clone(system), format!("release:wheel-{system}"));
        let (good, said) = run_job(&project, &folder, &lines(&file, &job), &[]);
        assert!(good, "{said}");
        let variable = format!("BUNDLE_RELEASE_WHEEL_{}", system.to_uppercase());
        let bundle = format!("wheel-{system}.tar");
        std::fs::copy(folder.join(&bundle), gather.join(&bundle)).unwrap();
        env.push((digest(&folder, &variable), variable));
    }
    let env: Vec<(&str, &str)> =
        env.iter().map(|(digest, name)| (name.as_str(), digest.as_str())).collect();
    let script = lines(&file, "release:build");
    let (good, said) = run_job(&project, &gather, &script, &env);
    assert!(good && said.contains("linux.txt") && said.contains("macos.txt"), "{said}");
    let taken = texts(&job(&file, "release:build"), "needs", "job");
    assert_eq!(taken, ["release:wheel-linux", "release:wheel-macos"]);

    // Another bundle than the one that was packed there is refused.
    std::fs::copy(project.root().join("../linux/wheel-linux.tar"), gather.join("wheel-linux.tar"))
        .unwrap();
    let zeros = "0".repeat(64);
    let wrong = [env.clone(), vec![("BUNDLE_RELEASE_WHEEL_LINUX", zeros.as_str())]].concat();
    let (good, said) = run_job(&project, &gather, &script, &wrong);
    assert!(!good && said.contains("is not the bundle that was packed"), "{said}");
}
