//! Workflows that are played here: each job in a room of its own, with what its file gives it.

use serde_json::Value;

use crate::example;
use crate::project::{MAKE_DIST, Project, Ran};
use crate::rehearse::rustup;

/// An example with its workflows, written and committed.
fn written(name: &str) -> Project {
    let project = example::copied(name).env("RUSTUP_HOME", &rustup());
    project.rel("ci generate github").code(0);
    project.git()
}

/// The jobs that were played, each with its result.
fn results(ran: &Ran) -> Vec<(String, String)> {
    let events = ran.out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let jobs = events.filter(|event| event["event"] == "ci-job");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    jobs.map(|job| (text(&job["job"]), text(&job["result"]))).collect()
}

#[test]
fn a_pushed_tag_goes_through_both_indexes_and_the_release_comes_last() {
    let project = written("hatch-vcs").tag("v0.2.0");
    let ran = project.rel("ci run release").code(0);
    let ran = ran.says("release/build: ok").says("(contents: read)");
    let ran = ran.says("release/publish-pypi: ok").says("(id-token: write; environment pypi)");
    let ran = ran.says("proven  pypi  tidepool_demo-0.2.0-py3-none-any.whl");
    let ran = ran.says("tidepool_demo-0.2.0.tar.gz.publish.attestation");
    ran.says("release/gh-release: ok").says("nothing has left this machine");
}

#[test]
fn a_bump_by_hand_is_committed_in_one_job_and_pushed_by_another() {
    let ran = written("bumpversion").rel("ci run release level=minor").code(0);
    let ran = ran.says("release/push: ok").says("proven  git-push  branch main");
    let ran = ran.says("release/upload: ok").says("(no permissions)");
    ran.says("proven  index:corp  harbor_demo-1.1.0-py3-none-any.whl")
        .says("release/publish: ok")
        .says("proven  github-release");
}

#[test]
fn a_release_by_hand_and_the_publishing_that_follows_are_two_workflows() {
    let project = written("split");
    let ran = project.rel("ci run release version=0.2.0").code(0);
    ran.says("release/release: ok")
        .says("proven  git-push  branch main ")
        .says("(contents: write)");
    let ran = project.rel("ci run publish").code(0).says("publish/testpypi: ok");
    ran.says("publish/smoke: ok").says("publish/publish: ok").says("proven  pypi  kelp_demo-");
}

#[test]
fn a_published_release_is_signed_in_the_job_that_uploads() {
    let ran = written("guarded").rel("ci run release").code(0);
    let ran = ran.says("release/upload: ok");
    let ran = ran.says("(attestations: write, id-token: write; environment pypi)");
    ran.says("proven  attestations  landmark_demo-0.3.0.tar.gz.provenance.sigstore.json")
        .says("proven  pypi  landmark_demo-0.3.0.tar.gz.publish.attestation");
}

#[test]
fn s3_1_each_commit_goes_to_testpypi_from_a_job_that_may_do_nothing_else() {
    let ran = written("guarded").rel("ci run dev").code(0);
    let ran = ran.says("dev/build: ok").says("(contents: read)");
    let ran = ran.says("dev/publish-dev: ok").says("(id-token: write; environment testpypi)");
    ran.says("proven  testpypi  landmark_demo-0.3.1.dev");
}

#[test]
fn crates_wheels_and_the_release_each_have_a_job_of_their_own() {
    let ran = written("rust-python").rel("ci run release").code(0);
    let ran =
        ran.says("release/publish-crates: ok").says("(id-token: write; environment crates-io)");
    ran.says("release/publish-pypi: ok")
        .says("proven  github-release  skerry-core-0.4.0.crate")
        .says("release/publish: ok");
}

/// A release that one job hands to the next.
const RELEASEFILE: &str = r#"
    task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
    task("testpypi").needs("build").effects("testpypi").environment("testpypi")
        .run(|t| pypi::publish(t.artifacts("build"), "testpypi"));
    task("look").needs("testpypi").run(|t| print(`looked at ${t.artifacts("build").len()}`));
    task("announce").needs("look").effects("github-release")
        .run(|t| github::release(#{ assets: t.artifacts("build") }));
    task("alert").needs("announce").on("failure").secrets("ALERT_URL").run(|t| print(`failed: ${t.result.failed}`));
    ci("release").on(#{ tags: "v*" }).run("announce");
"#;

fn small() -> Project {
    let project = Project::new(RELEASEFILE).file("make_dist.py", MAKE_DIST);
    project.rel("ci generate github").code(0);
    project.git().tag("v1.0")
}

const FILE: &str = ".github/workflows/release.yml";

fn text(project: &Project) -> String {
    std::fs::read_to_string(project.root().join(FILE)).unwrap()
}

#[test]
fn jobs_have_what_their_file_gives_them_and_nothing_else() {
    let project = small();
    let ran = project.rel("ci run release --output json").code(0);
    let wanted = ["build", "testpypi", "look", "announce"].map(|id| (id.into(), "success".into()));
    let alert = ("alert".to_owned(), "skipped".to_owned());
    assert_eq!(results(&ran), [&wanted[..], &[alert]].concat());
    let whole = text(&project);
    for (old, new, failed) in [
        (
            "      id-token: write # the job's identity, for trusted publishing\n",
            "      contents: read\n",
            "testpypi",
        ),
        ("environment:\n      name: testpypi\n", "environment:\n      name: other\n", "testpypi"),
        ("      contents: write # the release on GitHub\n", "      contents: read\n", "announce"),
        ("          GITHUB_TOKEN: ${{ github.token }}\n", "", "announce"),
        ("    needs:\n      - build\n", "", "testpypi"),
        ("${{ needs.build.outputs.bundle }}", "${{ needs.other.outputs.bundle }}", "testpypi"),
        ("      bundle: ${{ steps.bundle.outputs.sha256 }}\n", "      other: x\n", "testpypi"),
        ("fetch-depth: 0", "fetch-depth: 1", "build"),
        (" | shasum --algorithm 256 --check", "", "build"),
        (
            "          name: release-build\n          path: ${{ runner.temp }}/release.tar",
            "          name: release\n          path: ${{ runner.temp }}/release.tar",
            "testpypi",
        ),
    ] {
        assert!(whole.contains(old), "{old}");
        project.write(FILE, &whole.replacen(old, new, 1));
        let ran = project.rel("ci run release --output json");
        assert_ne!(ran.code, 0, "{new}");
        let found = results(&ran);
        assert!(found.contains(&(failed.into(), "failure".into())), "{new}: {found:?}");
        assert!(found.contains(&("alert".into(), "success".into())), "{new}: {found:?}");
    }
}

#[test]
fn an_input_is_what_its_type_makes_of_it() {
    let releasefile = r#"
        task("send").param("word", "true").effects("command").run(|t| remote("true"));
        ci("release").on(#{ dispatch: #{ live: true } }).run("send");
    "#;
    let project = Project::new(releasefile);
    project.rel("ci generate github").code(0);
    let project = project.git();
    let whole = text(&project);
    let old = "    if: inputs.live\n";
    assert!(whole.contains(old));
    for (condition, result) in [
        ("inputs.live", "success"),
        ("inputs.live == true", "success"),
        // A box that is ticked is no text.
        ("inputs.live == 'true'", "skipped"),
        ("inputs.word == 'true'", "success"),
        ("inputs.word == true", "skipped"),
    ] {
        let file = whole.replace(old, &format!("    if: {condition}\n"));
        project.write(FILE, &file);
        let ran = project.rel("ci run release --output json");
        let found = results(&ran);
        assert!(found.contains(&("send".into(), result.into())), "{condition}: {found:?}");
    }
}

#[test]
fn s5_2_a_job_that_is_not_the_planned_one_is_refused_before_anything_is_asked() {
    let project = small();
    let whole = text(&project);
    let refused = |old: &str, new: &str| {
        assert!(whole.contains(old), "{old}");
        project.write(FILE, &whole.replacen(old, new, 1));
        let ran = project.rel("ci run release").code(3);
        ran.never_says("proven  testpypi").says("release/testpypi: FAILED")
    };
    refused("environment:\n      name: testpypi\n", "environment:\n      name: other\n")
        .says("this job has the environment `other`, and `testpypi` is planned for `testpypi`")
        .says("it is told by the claim `environment` of its token");
    refused("    environment:\n      name: testpypi\n", "")
        .says("this job has no environment, and `testpypi` is planned for");
}

#[test]
fn a_bundle_is_applied_and_built_by_the_workflow_that_it_is_for() {
    let project = small()
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_REPOSITORY", "acme/demo")
        .env("GITHUB_EVENT_NAME", "push")
        .env("GITHUB_REF", "refs/tags/v1.0")
        .env("GITHUB_WORKFLOW_REF", "acme/demo/.github/workflows/other.yml@refs/tags/v1.0");
    project.run_git(&["remote", "add", "origin", "https://github.com/acme/demo.git"]);
    let build = "run announce --offline --strict -o ../plan.json";
    let ran = project.rel(build).code(3);
    ran.says("`announce` is released by release.yml, and other.yml has started this");
    let release = "acme/demo/.github/workflows/release.yml@refs/tags/v1.0";
    let project = project.env("GITHUB_WORKFLOW_REF", release);
    project.rel(build).code(0);
    project.rel("pack ../release.tar --plan ../plan.json").code(0);
    let project = project.env("GITHUB_EVENT_NAME", "pull_request");
    let ran = project.rel("apply ../release.tar testpypi --yes").code(3);
    ran.says("this job's event is `pull_request`, and the plan was made for `push`")
        .says("it is told by GITHUB_EVENT_NAME");
    let ran = project.rel("apply ../plan.json testpypi --yes").code(3);
    ran.says("this job's event is `pull_request`");
    let project = project.env("GITHUB_REPOSITORY", "acme/fork");
    let ran = project.rel("apply ../release.tar testpypi --yes").code(3);
    ran.says("this job's repository is `acme/fork`, and the plan was made for `acme/demo`");
    let fork = "acme/fork/.github/workflows/release.yml@refs/tags/v1.0";
    let ran = project.env("GITHUB_WORKFLOW_REF", fork).rel(build).code(3);
    ran.says("this run is one of acme/fork, and its checkout is of acme/demo");
}

#[test]
fn a_bundle_that_was_swapped_on_its_way_is_refused() {
    let project = small();
    // Another job keeps its own file under the name that the next one takes.
    let old = "\n  testpypi:\n";
    let more = "\n  swap:\n    needs: build\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n    permissions: {}\n    steps:\n      - name: Swap\n        uses: actions/download-artifact@v7\n        with:\n          name: release-build\n          path: ${{ runner.temp }}\n      - name: Fill\n        run: |\n          echo \"more\" >> \"$RUNNER_TEMP/release.tar\"\n      - name: Keep\n        uses: actions/upload-artifact@v6\n        with:\n          name: release-build\n          path: ${{ runner.temp }}/release.tar\n\n  testpypi:\n";
    let whole = text(&project);
    assert!(whole.contains(old));
    let swapped = whole.replacen(old, more, 1).replacen(
        "    needs:\n      - build\n",
        "    needs:\n      - build\n      - swap\n",
        1,
    );
    project.write(FILE, &swapped);
    let ran = project.rel("ci run release").code(3);
    ran.says("release/swap: ok").says("is not the bundle that was packed");
}

#[test]
fn what_cannot_be_played_is_told() {
    let project = small();
    let ran = project.rel("ci run release level=x").code(2);
    ran.says("nobody is asked for an input `level`");
    project.rel("ci run release level").code(2).says("`level` is no input");
    project.rel("ci run other").code(2).says("there is no CI workflow `other`");
    project.write(FILE, "on: {}\njobs: {}\n");
    project.rel("ci run release").code(2).says("nothing starts this workflow that could be played");
}

#[test]
fn what_users_own_is_left_out_and_told() {
    let text = r#"
        task("check").run(|t| { if env("LEVEL") != "high" { throw "no level"; } });
        ci("check").on(#{ push: ["main"] })
            .step(#{ name: "Install libpq", run: "sudo apt-get install --yes libpq-dev" })
            .step(#{ run: "echo \"A=1\" >> \"$GITHUB_ENV\"" })
            .step(#{ run: "echo \"note\" >> notes.txt" })
            .step(#{ uses: "actions/setup-node@2028fbc5c25fe9cf00d9f06a71cc4710d4507903 # v6.0.0" })
            .service("redis", #{ image: "redis:8@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" })
            .env(#{ LEVEL: "high" })
            .run("check");
    "#;
    let project = Project::new(text);
    project.rel("ci generate github").code(0);
    let project = project.git();
    let ran = project.rel("ci run check").code(0).says("check/check: ok");
    for what in [
        "service redis",
        "sudo apt-get install",
        "echo A=1 >> ",
        "echo note >> ",
        "actions/setup-node",
    ] {
        assert!(ran.err.contains(&format!("left out: {what}")), "{what}: {}", ran.err);
    }
    assert!(!project.root().join("notes.txt").exists());
}

/// Six machines, of which five are of another kind than this one.
const MACHINES: &str = r#"
    for label in ["ubuntu-24.04-arm", "macos-15", "macos-15-intel", "windows-2025", "windows-11-arm"] {
        ci_rel(label, #{ url: "https://files.corp.example/rel.tar.gz",
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" });
    }
    task("lint").exec("true");
    task("wheel").needs("lint").matrix(#{ target: ["linux-x64", "linux-arm", "mac-arm", "mac-x64", "win-x64", "win-arm"] })
        .runner(#{ "linux-x64": "ubuntu-24.04", "linux-arm": "ubuntu-24.04-arm", "mac-arm": "macos-15",
            "mac-x64": "macos-15-intel", "win-x64": "windows-2025", "win-arm": "windows-11-arm" })
        .sh("echo {target} > $REL_OUT/{target}.whl.txt");
    task("sdist").needs("lint").sh("echo source > $REL_OUT/sdist.txt");
    task("fit").needs(["wheel", "sdist"]).run(|t| print(`gathered ${t.artifacts("wheel").len()}`));
    task("publish").needs("fit").effects("github-release")
        .run(|t| github::release(#{ assets: t.artifacts("wheel") + t.artifacts("sdist") }));
    ci("release").on(#{ tags: "v*" }).run("publish");
"#;

#[test]
fn s5_2_wheels_of_six_machines_are_gathered_in_one_release() {
    let project = Project::new(MACHINES);
    project.rel("ci generate github").code(0);
    let project = project.git().tag("v1.0");
    let ran = project.rel("ci run release").code(0);
    let ran = ran.says("simulated for windows-11-arm").says("simulated for macos-15");
    for target in ["linux-x64", "linux-arm", "mac-arm", "mac-x64", "win-x64", "win-arm"] {
        assert!(ran.err.contains(&format!("release/wheel-{target}: ok")), "{}", ran.err);
        assert!(
            ran.err.contains(&format!("proven  github-release  {target}.whl.txt")),
            "{}",
            ran.err
        );
    }
    let ran = ran.says("proven  github-release  sdist.txt");
    ran.says("release/build: ok");

    // A part that is not the one that was made there is refused.
    let whole = text(&project);
    let (old, new) = ("PART_1: ${{ needs.", "PART_1: ${{ nobody.");
    assert!(whole.contains(old));
    project.write(FILE, &whole.replacen(old, new, 1));
    let ran = project.rel("ci run release").code(3);
    ran.says("is not the bundle that was packed").says("release/publish: skipped");
}
