//! Workflows that rel writes: what is in them, who accepts them, and that the examples' are up to date.

use std::path::{Path, PathBuf};
use std::process::Command;

use rel::doctor::workflow::Workflow;
use rel::workflow::File;
use saphyr::{LoadableYamlNode as _, Yaml};
use serde_json::Value;

use crate::example::copied;
use crate::peers;
use crate::project::{MAKE_DIST, Project};

/// Who judges workflows: the schema that editors use, and a scanner for what attackers use.
const JUDGES: &[&str] = &["check-jsonschema==0.39.0", "zizmor==1.32.0"];

/// One of everything that `ci` writes.
const ALL: &str = include_str!("../ci/Releasefile");

/// The text of a workflow.
fn written(project: &Project, name: &str) -> String {
    project.rel(&format!("ci generate github {name} --print")).code(0).out
}

/// The lines of a job.
fn job<'a>(text: &'a str, id: &str) -> &'a str {
    let start = text.find(&format!("\n  {id}:\n")).unwrap_or_else(|| panic!("no job {id}")) + 1;
    let end = text[start..].find("\n\n").map_or(text.len(), |at| start + at);
    &text[start..end]
}

/// Those of its lines that begin with this, without it.
fn lines<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.trim().strip_prefix(start)).collect()
}

#[test]
fn a_release_is_split_by_privileges_and_goes_on_by_digest() {
    let text = written(&Project::new(ALL), "release");
    let ids: Vec<&str> = text
        .split_once("\njobs:\n")
        .unwrap()
        .1
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.trim().trim_end_matches(':'))
        .collect();
    assert_eq!(ids, ["build", "corp", "test-index", "look", "announce", "alert"]);
    for (id, permissions) in [
        ("build", "contents: read # the checkout"),
        ("corp", "{}"),
        ("test-index", "id-token: write # the job's identity, for trusted publishing"),
        ("look", "contents: read # the checkout"),
        (
            "announce",
            "attestations: write # GitHub's store of attestations, contents: write # the release on \
             GitHub, id-token: write # the job's identity, for signing",
        ),
        ("alert", "contents: read # the checkout"),
    ] {
        let job = job(&text, id);
        let found = job.split_once("permissions:").unwrap().1;
        let found: Vec<&str> = match found.strip_prefix(" {}") {
            Some(_) => vec!["{}"],
            None => found
                .lines()
                .skip(1)
                .take_while(|line| line.starts_with("      "))
                .map(str::trim)
                .collect(),
        };
        assert_eq!(found.join(", "), permissions, "{id}");
        let sends = !matches!(id, "build" | "look" | "alert");
        assert_eq!(job.contains("actions/checkout@"), !sends, "{id}");
        let live = "github.event_name != 'workflow_dispatch' || inputs.live";
        assert_eq!(lines(job, "if: ") == [live], sends, "{id}");
    }
    let announce = job(&text, "announce");
    assert_eq!(lines(announce, "- ")[..2], ["look", "test-index"], "its bundle's job is a need");
    assert_eq!(lines(job(&text, "test-index"), "- ")[..1], ["corp"], "one ledger tells of both");
    assert_eq!(lines(announce, "BUNDLE: "), ["${{ needs.test-index.outputs.bundle }}"]);
    let build = job(&text, "build");
    assert_eq!(lines(build, "INPUT_NOTE: "), ["${{ inputs.note || 'it''s out' }}"]);
    assert!(build.contains("rel run announce \"note=$INPUT_NOTE\" --strict "));
    assert!(announce.contains("--sha256 \"$BUNDLE\" announce --yes -o "));
    assert!(job(&text, "corp").contains(" corp --yes --yes=corp -o "));
    assert_eq!(lines(job(&text, "corp"), "CORP_TOKEN: "), ["${{ secrets.CORP_TOKEN }}"]);
    assert_eq!(text.matches("secrets.").count(), 2, "each secret in its own job only");
    assert_eq!(lines(job(&text, "alert"), "if: "), ["failure()"]);
    assert_eq!(lines(job(&text, "look"), "timeout-minutes: "), ["10"]);
}

#[test]
fn s5_2_checks_fan_out_over_machines() {
    let text = written(&Project::new(ALL), "check");
    assert_eq!(
        lines(&text, "run: rel "),
        [
            "run lint test:3.12,linux --strict --output github",
            "run test:3.12,macos --strict --output github",
        ]
    );
    assert_eq!(lines(&text, "runs-on: "), ["ubuntu-24.04", "macos-15"]);
    assert_eq!(lines(&text, "python-version: "), ["\"3.12\"", "\"3.12\""]);
    assert_eq!(
        lines(&text, "cancel-in-progress: "),
        ["${{ github.event_name == 'pull_request' }}"]
    );
}

#[test]
fn commits_are_made_in_one_job_and_pushed_by_another() {
    let text = written(&Project::new(ALL), "bump");
    let run = "bump \"level=$INPUT_LEVEL\" \"draft=$INPUT_DRAFT\" push --strict --output github";
    let (build, push) = (job(&text, "build"), job(&text, "push"));
    assert_eq!(
        lines(build, "run: rel run "),
        [format!("{run} -o \"$RUNNER_TEMP/plan.json\"").as_str()]
    );
    assert_eq!(lines(build, "persist-credentials: "), ["false"]);
    assert_eq!(lines(build, "contents: "), ["read # the checkout"]);
    assert_eq!(lines(push, "persist-credentials: "), ["true"]);
    assert_eq!(lines(push, "contents: "), ["write # the push"]);
    assert_eq!(lines(push, "BUNDLE: "), ["${{ needs.build.outputs.bundle }}"]);
    assert!(push.contains("--sha256 \"$BUNDLE\" push --yes -o "));
    assert_eq!(lines(&text, "INPUT_DRAFT: "), ["${{ inputs.draft }}"]);
    assert_eq!(lines(&text, "type: "), ["choice", "boolean"]);
}

#[test]
fn tasks_of_the_same_privileges_share_a_job_unless_jobs_would_wait_for_each_other() {
    let text = r#"
        task("a").effects("crates").run(|| crates::publish("."));
        task("b").effects("crates").run(|| crates::publish("b"));
        task("look").needs("a").exec("true");
        task("c").needs("look").effects("crates").run(|| crates::publish("c"));
        task("all").needs(["b", "c"]);
        ci("release").on(#{ tags: "v*" }).run("all");
    "#;
    let text = written(&Project::new(text), "release");
    let sent: Vec<&str> =
        lines(&text, "sent=$(rel apply \"$RUNNER_TEMP/release.tar\" --sha256 \"$BUNDLE\" ");
    assert_eq!(
        sent,
        ["a b --yes -o \"$RUNNER_TEMP/release.tar\")", "c --yes -o \"$RUNNER_TEMP/release.tar\")"]
    );
    assert_eq!(lines(job(&text, "c"), "BUNDLE: "), ["${{ needs.a.outputs.bundle }}"]);
}

/// A release with what users own, and all kinds of jobs.
const OWNED: &str = r#"
    task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
    task("publish").needs("build").effects("pypi").environment("pypi")
        .run(|t| pypi::publish(t.artifacts("build"), "pypi"));
    task("tell").needs("publish").effects("command").run(|t| remote("./tell"));
    task("look").needs("tell").exec("true");
    task("alert").needs("look").on("failure").secrets("ALERT_URL").exec("true");
    ci("release").on(#{ tags: "v*" })
        .step(#{ name: "Install libpq", run: "sudo apt-get install --yes libpq-dev" })
        .service("redis", #{ image: "redis:8@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ports: "6379:6379" })
        .env(#{ LEVEL: "high" })
        .run("look");
"#;

#[test]
fn what_users_own_stands_in_jobs_that_hold_nothing() {
    let text = written(&Project::new(OWNED), "release");
    for (id, has) in
        [("build", true), ("look", true), ("publish", false), ("tell", false), ("alert", false)]
    {
        let job = job(&text, id);
        for part in ["libpq-dev", "image: redis:8@", "LEVEL: high"] {
            assert_eq!(job.contains(part), has, "{id}: {part}");
        }
    }
    let build = job(&text, "build");
    let at = |what: &str| build.find(what).unwrap();
    assert!(at("Check the project out") < at("Install libpq") && at("libpq-dev") < at("REL_URL"));
    let db = written(&Project::new(ALL), "db");
    assert_eq!(
        lines(&db, "uses: actions/setup-node@"),
        ["2028fbc5c25fe9cf00d9f06a71cc4710d4507903 # v6.0.0"]
    );
    assert_eq!(lines(&db, "node-version: "), ["\"24\""]);
    let options = r#""--health-cmd \"pg_isready --username postgres\" --health-interval 5s --health-timeout 5s --health-retries 24""#;
    assert_eq!(lines(&db, "options: "), [options]);
    assert!(db.contains("run: |\n          sudo apt-get update\n          sudo apt-get install"));
}

#[test]
fn what_users_own_has_to_be_there_and_more_may_be() {
    let project = Project::new(ALL);
    project.rel("ci generate github db").code(0);
    let file = ".github/workflows/db.yml";
    let text = std::fs::read_to_string(project.root().join(file)).unwrap();
    let check = |old: &str, new: &str, code: i32| {
        assert!(text.contains(old), "{old}");
        project.write(file, &text.replacen(old, new, 1));
        project.rel("ci check db").code(code)
    };
    let step = "      - name: Install Node\n        uses: actions/setup-node@2028fbc5c25fe9cf00d9f06a71cc4710d4507903 # v6.0.0\n        with:\n          node-version: \"24\"\n";
    check(step, "", 3).says("job `db` lacks the step `Install Node`");
    check("node-version: \"24\"", "node-version: \"22\"", 3).says("`with` of step `Install Node`");
    check("libpq-dev", "libpq", 3).says("step `Install libpq` of job `db` runs something else");
    check("image: postgres:17@", "image: postgres:16@", 3).says("job `db` has other services");
    check("PGPORT: \"5432\"", "PGPORT: \"1\"", 3).says("job `db` has `env:");
    check("@sha256:9f86d0", "@sha256:000000", 0);
    check(
        "2028fbc5c25fe9cf00d9f06a71cc4710d4507903 # v6.0.0",
        "0000000c25fe9cf00d9f06a71cc4710d45079030 # v7",
        0,
    );
    check(step, &format!("{step}      - name: More\n        run: make\n"), 0);
}

#[test]
fn s3_8_what_is_written_is_up_to_date_until_it_is_changed() {
    let project = Project::new(ALL);
    project.rel("ci check").code(3).says("there is no .github/workflows/check.yml");
    project.rel("ci generate github").code(0).says("wrote .github/workflows/release.yml");
    project.rel("ci generate github").code(0).says("unchanged: .github/workflows/release.yml");
    project.rel("ci check").code(0).says("ok: .github/workflows/release.yml");
    let file = project.root().join(".github/workflows/release.yml");
    let text = std::fs::read_to_string(&file).unwrap();
    project.write(
        ".github/workflows/release.yml",
        &text.replace("permissions: {}", "permissions: write-all"),
    );
    let ran = project.rel("ci check release").code(3);
    ran.says("the workflow's token is `write-all`").says(".github/workflows/release.yml:");
    project.rel("ci check check").code(0);
    let ran = project.rel("ci check --output json").code(3);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    let first = &told["diagnostics"][0];
    assert_eq!(first["site"]["file"], ".github/workflows/release.yml");
    assert_eq!(
        told["diagnostics"].as_array().unwrap().len(),
        2,
        "the workflow's, and that of `corp`"
    );

    project.write(".github/workflows/release.yml", "on: push\n");
    let ran = project.rel("ci generate github").code(2);
    ran.says(".github/workflows/release.yml was written by somebody else");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "on: push\n");
}

#[test]
fn what_follows_a_release_hears_from_github_how_its_jobs_ended() {
    let text = r#"
        task("send").effects("command").run(|| remote("false"));
        task("tell").needs("send").on("always").run(|t| print(`ok ${t.result.ok} failed ${t.result.failed} ${t.result.message}`));
        task("plain").exec("true");
    "#;
    let project = Project::new(text).git();
    let needs = |result: &str| {
        format!(r#"--needs '{{"build":{{"result":"success"}},"send":{{"result":"{result}"}}}}'"#)
    };
    project
        .rel(&format!("ci follow tell {}", needs("failure")))
        .code(0)
        .says(r#"ok false failed ["send"] job `send` ended as failure"#);
    project.rel(&format!("ci follow tell {}", needs("success"))).code(0).says("ok true failed []");
    project
        .rel(&format!("ci follow plain {}", needs("failure")))
        .code(2)
        .says("task `plain` follows nothing");
    project.rel("ci follow tell --needs x").code(2).says("`--needs` cannot be read");
}

/// All workflows there are to judge: those of the examples, and one of everything.
fn all_workflows() -> (Project, Vec<PathBuf>) {
    let project = Project::new(ALL);
    project.rel("ci generate github").code(0);
    let mut folders = vec![project.root()];
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    folders.extend(std::fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path()));
    let files = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder.join(".github/workflows")).ok());
    let files: Vec<PathBuf> = files.flatten().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 12, "{files:?}");
    (project, files)
}

#[test]
fn judges_find_nothing_wrong_with_what_is_written() {
    let judges = peers::venv("workflow-judges", JUDGES).join("bin");
    let (_project, files) = all_workflows();
    let run = |program: &str, words: &[&str], files: &[PathBuf]| {
        let output = Command::new(judges.join(program)).args(words).args(files).output().unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        (output.status.success(), said)
    };
    const SCHEMA: (&str, &[&str]) =
        ("check-jsonschema", &["--builtin-schema", "vendor.github-workflows"]);
    const ZIZMOR: (&str, &[&str]) =
        ("zizmor", &["--offline", "--no-config", "--persona", "pedantic"]);
    for (program, words) in [SCHEMA, ZIZMOR] {
        let (good, said) = run(program, words, &files);
        assert!(good, "{program}: {said}");
    }
    // They do look.
    let folder = tempfile::tempdir().unwrap();
    let text =
        std::fs::read_to_string(files.iter().find(|file| file.ends_with("release.yml")).unwrap())
            .unwrap();
    for ((program, words), old, new) in [
        (SCHEMA, "runs-on:", "runs-in:"),
        (ZIZMOR, "permissions: {}", "permissions: write-all"),
        (ZIZMOR, "\"$BUNDLE\"", "${{ github.event.head_commit.message }}"),
    ] {
        let bad = folder.path().join("bad.yml");
        std::fs::write(&bad, text.replace(old, new)).unwrap();
        let (good, said) = run(program, words, &[bad]);
        assert!(!good, "{program} lets {new} pass: {said}");
    }
}

#[test]
fn workflows_of_examples_are_as_they_would_be_written_now() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut compared = 0;
    for example in std::fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(files) = std::fs::read_dir(example.join(".github/workflows")) else { continue };
        for file in files.map(|entry| entry.unwrap().path()) {
            let name = file.file_stem().unwrap().to_str().unwrap();
            let output = Command::new(env!("CARGO_BIN_EXE_rel"))
                .args([
                    "-C",
                    example.to_str().unwrap(),
                    "ci",
                    "generate",
                    "github",
                    name,
                    "--print",
                ])
                .output()
                .unwrap();
            let text = std::fs::read_to_string(&file).unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{}", file.display());
            compared += 1;
        }
    }
    assert!(compared >= 9, "{compared}");
}

#[test]
fn the_doctor_sees_that_the_releases_of_examples_send() {
    let sends = |text: &str| {
        let file = File::read("release.yml", text).unwrap();
        let found = file.workflow(&rel::workflow::Project::default()).unwrap();
        Workflow::of("release.yml", &found).sends
    };
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut seen = Vec::new();
    for example in std::fs::read_dir(examples).unwrap() {
        let name = example.unwrap().file_name().into_string().unwrap();
        // Not each has one that can be written.
        let ran = copied(&name).rel("ci generate github release --print");
        if !ran.out.is_empty() {
            assert!(sends(&ran.out), "{name}: {}", ran.out);
            seen.push(name);
        }
    }
    for name in ["guarded", "hatch-vcs", "split"] {
        assert!(seen.iter().any(|known| known == name), "{seen:?}");
    }
    assert!(!sends(&written(&copied("hatch-vcs"), "check")));
}

/// The scripts of a job's steps, but for the one that fetches rel.
fn scripts(text: &str, job: &str) -> Vec<String> {
    let documents = Yaml::load_from_str(text).unwrap();
    let steps = documents[0]["jobs"][job]["steps"].as_sequence().unwrap();
    let named = |step: &&Yaml| step["name"].as_str() != Some("Install rel");
    let scripts =
        steps.iter().filter(named).filter_map(|step| step.as_mapping_get("run")?.as_str());
    scripts.map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn the_job_that_builds_packs_a_release_that_the_next_one_takes_by_its_digest() {
    let text = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("command").run(|t| remote("./publish {}", t.artifacts("build")));
        task("look").needs("publish").exec("true");
        ci("release").on(#{ tags: "v*" }).run("look");
    "#;
    let project = Project::new(text).file("make_dist.py", MAKE_DIST).git().tag("v1.0");
    let text = written(&project, "release");
    let temp = tempfile::tempdir().unwrap();
    let run = |folder: &Path, script: &str, digest: &str| {
        let rel = Path::new(env!("CARGO_BIN_EXE_rel")).parent().unwrap();
        let path = format!("{}:{}", rel.display(), std::env::var("PATH").unwrap());
        let like = project.command("");
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(folder)
            .env_clear();
        bash.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
        bash.env("PATH", path).env("RUNNER_TEMP", temp.path()).env("BUNDLE", digest);
        bash.env("GITHUB_ACTIONS", "true").env("CI", "true");
        bash.env("GITHUB_OUTPUT", temp.path().join("output"));
        bash.env("GITHUB_STEP_SUMMARY", temp.path().join("summary"));
        let output = bash.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for script in scripts(&text, "build") {
        let (good, said) = run(&project.root(), &script, "");
        assert!(good, "{script}: {said}");
    }
    let told = |name: &str| std::fs::read_to_string(temp.path().join(name)).unwrap();
    assert!(told("summary").contains("time_piece-1.0.dist-info/METADATA"), "{}", told("summary"));
    let digest = told("output").trim().strip_prefix("sha256=").unwrap().to_owned();
    assert_eq!(digest.len(), 64, "{digest}");

    let other = project.root().join("../other");
    project.run_git(&["clone", "--quiet", ".", "../other"]);
    let unpack = &scripts(&text, "look")[0];
    let (good, said) = run(&other, unpack, &"0".repeat(64));
    assert!(!good && said.contains("is not the bundle that was packed"), "{said}");
    let (good, said) = run(&other, unpack, "");
    assert!(!good, "an output that is not there: {said}");
    let (good, said) = run(&other, unpack, &digest);
    assert!(good, "{said}");
    assert!(told("plan.json").contains("time_piece-1.0-py3-none-any.whl"));
}

#[test]
fn a_plan_that_is_written_in_ci_waits_for_logins_of_other_jobs() {
    let text = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
    "#;
    let project = || Project::new(text).file("make_dist.py", MAKE_DIST);
    let there = project().env("GITHUB_ACTIONS", "true").git().tag("v1.0");
    there.rel("run publish --offline --strict -o ../plan.json").code(0);
    there.rel("run publish --offline --strict").code(3).says("no login for index `pypi`");
    let here = project().git().tag("v1.0");
    here.rel("run publish --offline --strict -o ../plan.json")
        .code(3)
        .says("no login for index `pypi`");
}

#[test]
fn one_workflow_that_is_refused_holds_no_other_back() {
    let text = r#"
        task("check").exec("true");
        task("send").effects("command").confirm("Now?").run(|| remote("true"));
        ci("release").on(#{ tags: "v*" }).run("send");
        ci("check").on(#{ push: true }).run("check");
    "#;
    let project = Project::new(text);
    let refused = "`send` asks before it sends, and in CI nobody answers";
    let ran = project.rel("ci generate github").code(2).says(refused);
    ran.says("wrote .github/workflows/check.yml").never_says("wrote .github/workflows/release.yml");
    project.rel("ci check").code(2).says(refused);
    project.rel("ci check check").code(0);
    project.rel("validate").code(2).says(refused);
}
