//! Each guard where it holds, and where it refuses, with what it says then; before the first task and at the gate, in
//! checkouts and worlds made for it.

use expect_test::{Expect, expect};
use rel::rehearse::github::{Branches, Environment, Token, Visibility};

use crate::adopt::{checkout, places};
use crate::halves::krate;
use crate::places::{Places, SDIST, TOKEN, WHEEL, now, python, steady};
use crate::project::{MAKE_DIST, Project, Ran};

/// A release to PyPI, with another line before it.
fn release(line: &str) -> String {
    format!(
        "{line}\ntask(\"build\").run(|t| exec(\"python3 make_dist.py {{}} 1.0\", t.out));\n\
         task(\"publish\").needs(\"build\").effects(\"pypi\").environment(\"pypi\")\n    \
         .run(|t| pypi::publish(t.artifacts(\"build\"), \"pypi\"));\n"
    )
}

/// Errors and warnings of a run, without its commit and its folder.
fn said(project: &Project, ran: &Ran) -> String {
    let starts = ["error", "warning", "would stop", " ", "1 |", "2 |"];
    // Commands, artifacts and what was sent are no matter here.
    let others = ["  $", "  +", "  sent"];
    let shown = |line: &&str| {
        let begins = |all: &[&str]| all.iter().any(|start| line.starts_with(start));
        begins(&starts) && !begins(&others)
    };
    let text: Vec<&str> = ran.err.lines().filter(shown).collect();
    steady(project, &project.steady(&format!("{}\n", text.join("\n"))))
}

/// A live run in these places that stops before anything is sent, in these words.
#[track_caller]
fn refused(places: Places, project: &Project, code: i32, words: Expect) {
    let running = places.start();
    let ran = running.rel(project, "publish --live --yes --output plain").code(code);
    assert_eq!(running.writes(), [""; 0], "nothing is sent");
    words.assert_eq(&said(project, &ran));
}

/// A live run in these places that comes to its end.
#[track_caller]
fn held(places: Places, project: &Project) -> Ran {
    let running = places.start();
    running.rel(project, "publish --live --yes --output plain").code(0).never_says("warning:")
}

/// A dry run that asks nobody, and what it says would stop a live one.
#[track_caller]
fn would_stop(project: &Project) -> Vec<String> {
    let ran = project.rel("publish --offline --output json").code(0);
    let events =
        ran.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let plan = events.into_iter().find(|event| event["event"] == "plan").unwrap();
    let stops = plan["stops"].as_array().unwrap().iter();
    stops.map(|stop| stop["message"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_checkout_of_another_user_is_told_as_such() {
    let project = checkout(&release("")).env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    let ran = project.rel("publish --live --yes --output plain").code(3);
    expect![[r#"
        error: git does not look at this repository: it belongs to another user
         |
         = note: git calls that dubious ownership; containers in CI often have it
         = hint: run `git config --global --add safe.directory [dir]/project`
    "#]]
    .assert_eq(&said(&project, &ran));
}

#[test]
fn logins_for_crates_and_github_are_missed_before_the_first_task() {
    let text = "task(\"build\").sh(\"touch ../ran\");\n\
                task(\"publish\").needs(\"build\").effects([\"crates\", \"github-release\"]).run(|| ());\n";
    let project = Project::new(text).git();
    let ran = project.rel("publish --live --yes --output plain").code(3);
    assert!(!project.root().join("../ran").exists());
    expect![[r#"
        error: no login for crates.io
         |
         = hint: set CARGO_REGISTRY_TOKEN to a token that may publish there
        error: no login for GitHub
         |
         = hint: set GITHUB_TOKEN: `gh auth token` prints one, in a job it is `github.token`
    "#]]
    .assert_eq(&said(&project, &ran));
    let project = project.env("CARGO_REGISTRY_TOKEN", "x").env("GH_TOKEN", "y");
    project.rel("publish --live --yes").code(2).says("`publish` sends nothing");
}

#[test]
fn on_a_runner_the_identity_is_one_permission_away() {
    let project = checkout(&release("")).env("PYPI_TOKEN", "").env("GITHUB_ACTIONS", "true");
    let ran = project.rel("publish --live --yes --output plain").code(3);
    expect![[r#"
        error: no login for index `pypi`
         |
         = hint: set PYPI_TOKEN or PYPI_API_TOKEN or UV_PUBLISH_TOKEN or TWINE_PASSWORD to an API token that may upload there
         = hint: `.pypirc` and keyrings are never read
         = hint: or give the job the permission `id-token: write`; pull requests of forks get none
    "#]]
    .assert_eq(&said(&project, &ran));
    let project = on_a_runner(project);
    assert!(would_stop(&project).is_empty());
}

#[test]
fn a_shallow_clone_is_refused_and_made_whole_on_request() {
    let whole = checkout(&release("guard(\"full-history\");"));
    whole.commit();
    assert!(would_stop(&whole).is_empty());
    let address = format!("file://{}", whole.root().display());
    let project = Project::new("");
    std::fs::remove_dir_all(project.root()).unwrap();
    let clone = ["clone", "--quiet", "--depth=1", &address, "project"];
    let mut git = std::process::Command::new("git");
    git.args(clone).current_dir(project.root().parent().unwrap());
    assert!(git.status().unwrap().success());
    let project = project.env("PYPI_TOKEN", "x");
    let ran = project.rel("publish --live --yes --output plain").code(3);
    expect![[r#"
        error: the history is cut off: this is a shallow clone
         --> Releasefile:1:7
          |
        1 | guard("full-history");
          |       ^^^^^^^^^^^^^^
          |
          = hint: run `git fetch --unshallow --tags`; in CI check out with `fetch-depth: 0`
          = hint: give `--fix` to let rel fetch it
    "#]]
    .assert_eq(&said(&project, &ran));
    let ran = project.rel("publish --output plain --fix --strict --live").code(3);
    ran.says("the rest of the history was fetched").never_says("cut off");
    assert!(would_stop(&project).is_empty());
    project.rel("publish --offline --fix").code(2);
}

#[test]
fn a_history_that_cannot_be_fetched_is_told() {
    let project = checkout(&release("guard(\"full-history\");"));
    let commit = "git rev-parse HEAD > .git/shallow";
    let mut shell = std::process::Command::new("sh");
    assert!(shell.args(["-c", commit]).current_dir(project.root()).status().unwrap().success());
    project.run_git(&["remote", "set-url", "origin", "/nonexistent"]);
    let ran = project.rel("publish --fix").code(3);
    ran.says("the rest of the history cannot be fetched").says("hint: check the remote");
}

/// A key of SSH, by which tags of the project are signed; whether git trusts it.
fn signing(project: &Project, trusted: bool) {
    let home = project.root().join("../home");
    let key = home.join("key");
    let mut make = std::process::Command::new("ssh-keygen");
    let words = ["-q", "-t", "ed25519", "-N", "", "-C", "test@localhost", "-f"];
    assert!(make.args(words).arg(&key).status().unwrap().success());
    let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
    let signers = if trusted { format!("test@localhost {public}") } else { String::new() };
    std::fs::write(home.join("signers"), signers).unwrap();
    for (name, value) in [
        ("gpg.format", "ssh".to_owned()),
        ("user.signingkey", key.display().to_string()),
        ("gpg.ssh.allowedSignersFile", home.join("signers").display().to_string()),
    ] {
        project.run_git(&["config", name, &value]);
    }
    project.run_git(&["tag", "--force", "--sign", "--message=one", "v1.0"]);
}

#[test]
fn a_tag_is_signed_with_a_key_that_git_trusts() {
    let text = release("guard(\"signed-tag\");");
    let project = checkout(&text);
    signing(&project, true);
    project.run_git(&["tag", "latest"]);
    assert!(would_stop(&project).is_empty());
    project.run_git(&["tag", "--force", "v1.0"]);
    let ran = project.rel("publish --live --yes --output plain").code(3);
    expect![[r#"
        error: the tag `v1.0` is not signed
         --> Releasefile:1:7
          |
        1 | guard("signed-tag");
          |       ^^^^^^^^^^^^
          |
          = hint: sign it: `git tag --force -s v1.0 v1.0^{}`
    "#]]
    .assert_eq(&said(&project, &ran));
    project.run_git(&["tag", "--delete", "v1.0"]);
    project.run_git(&["tag", "--delete", "latest"]);
    assert_eq!(would_stop(&project), ["HEAD carries no signed tag"]);

    let project = checkout(&text);
    signing(&project, false);
    let ran = project.rel("publish --live --yes --output plain").code(3);
    let told = said(&project, &ran);
    assert!(told.contains("error: git does not trust the signature of `v1.0`"), "{told}");
    assert!(told.contains("note: ") && told.contains("gpg.ssh.allowedSignersFile"), "{told}");
}

/// A checkout whose `origin` is a repository beside it, with all that is in it.
fn with_remote() -> Project {
    let project = checkout(&release("guard(\"up-to-date\");"));
    let remote = project.root().join("../origin");
    project.run_git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
    project.run_git(&["remote", "set-url", "origin", remote.to_str().unwrap()]);
    project.run_git(&["push", "--quiet", "origin", "main", "--tags"]);
    project
}

#[test]
fn head_is_what_the_remote_has() {
    let project = with_remote();
    let at = |line: &str| project.rel(line).code(3);
    let line = "publish --live --output plain";
    // There is nobody to ask: all that is wrong is said before.
    at(line).says("there is nobody to ask").never_says("`origin`");
    project.commit();
    let ran = at(line);
    expect![[r#"
        error: `main` has commits that `origin` lacks
         --> Releasefile:1:7
          |
        1 | guard("up-to-date");
          |       ^^^^^^^^^^^^
          |
          = hint: push it: `git push origin main`
        error: there is nobody to ask, and not all is answered
         |
         = hint: answer beforehand with `--yes`
    "#]]
    .assert_eq(&said(&project, &ran));
    project.run_git(&["push", "--quiet", "origin", "main"]);
    project.run_git(&["reset", "--quiet", "--hard", "HEAD~"]);
    at(line).says("`main` lacks commits that `origin` has");
    project.run_git(&["checkout", "--quiet", "--detach"]);
    at(line).never_says("`origin`");
    project.run_git(&["tag", "--force", "--annotate", "--message=x", "v1.0", "HEAD~"]);
    project.run_git(&["push", "--quiet", "--force", "origin", "v1.0"]);
    project.run_git(&["tag", "--force", "v1.0", "HEAD"]);
    at(line).says("`origin` has the tag `v1.0` at another commit");
    project.run_git(&["commit", "--quiet", "--allow-empty", "--message=alone"]);
    at(line).says("HEAD is on no branch that `origin` has");
    project.run_git(&["remote", "set-url", "origin", "/nonexistent"]);
    let ran = project.rel(line).code(4);
    ran.says("origin could not be asked for its branches and tags");
    project.run_git(&["remote", "remove", "origin"]);
    at(line).says("there is no remote `origin` to compare HEAD with");
}

#[test]
fn without_the_network_it_is_said_which_guards_were_not_asked() {
    let project = checkout(&release("guard(\"up-to-date\"); guard(\"sizes\"); guard(\"tag\");"));
    let ran = project.rel("publish --offline").code(0);
    ran.says("not asked with `--offline`: the guards up-to-date, sizes");
    checkout(&release("guard(\"tag\");")).rel("publish --offline").code(0).never_says("not asked");
}

#[test]
fn a_private_repository_is_refused() {
    let project = checkout(&release("guard(\"public-repository\");"));
    let mut private = places(&project);
    private.forge.set_visibility(Visibility::Private);
    refused(
        private,
        &project,
        3,
        expect![[r#"
            error: acme/time-piece is private
             --> Releasefile:1:7
              |
            1 | guard("public-repository");
              |       ^^^^^^^^^^^^^^^^^^^
              |
              = hint: make it public in its settings, or release from one that is
        "#]],
    );
    let mut silent = places(&project);
    silent.silent.push("api.github.com");
    let ran = silent.start().rel(&project, "publish --live --yes").code(4);
    ran.says("GitHub could not be asked for acme/time-piece");
    let origin = |url: &str| project.run_git(&["remote", "set-url", "origin", url]);
    origin("https://github.com/acme/other.git");
    let ran = places(&project).start().rel(&project, "publish --live --yes").code(3);
    ran.says("GitHub shows no acme/other: it is private, or not there");
    origin("https://forge.example/acme/other.git");
    let ran = places(&project).start().rel(&project, "publish --live --yes").code(3);
    ran.says("it is not known which repository on GitHub this is");
    origin("https://github.com/acme/time-piece.git");
    held(places(&project), &project);
}

/// Places with the environment `pypi`, and a token that may see it.
fn with_environment(project: &Project, wait_minutes: u64) -> Places {
    let mut places = places(project);
    places.forge.add_token(Token::of_user(TOKEN, "acme"));
    places.forge.add_environment(Environment {
        name: "pypi".into(),
        reviewers: Vec::new(),
        prevent_self_review: false,
        wait_minutes,
        branches: Branches::All,
    });
    places
}

#[test]
fn environments_of_sending_tasks_are_protected() {
    let project = checkout(&release("guard(\"protected-environment\");"));
    refused(
        with_environment(&project, 0),
        &project,
        3,
        expect![[r#"
            error: the environment `pypi` has no protection rule
             --> Releasefile:1:7
              |
            1 | guard("protected-environment");
              |       ^^^^^^^^^^^^^^^^^^^^^^^
              |
              = hint: add required reviewers in the settings of acme/time-piece, under Environments
        "#]],
    );
    refused(
        places(&project),
        &project,
        3,
        expect![[r#"
            error: acme/time-piece shows no environment `pypi`, which `publish` declares
             --> Releasefile:1:7
              |
            1 | guard("protected-environment");
              |       ^^^^^^^^^^^^^^^^^^^^^^^
              |
              = note: GitHub shows those of a private repository only to a token that may read it
              = hint: make it in the settings of acme/time-piece, under Environments, with required reviewers
        "#]],
    );
    held(with_environment(&project, 5), &project);
    let rules = "guard(\"protected-environment\", #{ rules: \"required_reviewers\" });";
    let project = checkout(&release(rules));
    refused(
        with_environment(&project, 5),
        &project,
        3,
        expect![[r#"
            error: the environment `pypi` has no rule `required_reviewers`
             --> Releasefile:1:7
              |
            1 | guard("protected-environment", #{ rules: "required_reviewers" });
              |       ^^^^^^^^^^^^^^^^^^^^^^^
              |
              = note: it has wait_timer
              = hint: add it in the settings of acme/time-piece, under Environments
        "#]],
    );
    let other = "guard(\"protected-environment\", #{ environments: [\"docs\"] });";
    let project = checkout(&release(other));
    refused(
        with_environment(&project, 0),
        &project,
        3,
        expect![[r#"
            error: no task that sends declares the environment `docs`
             --> Releasefile:1:7
              |
            1 | guard("protected-environment", #{ environments: ["docs"] });
              |       ^^^^^^^^^^^^^^^^^^^^^^^
              |
              = hint: give it to the task: `.environment("docs")`
        "#]],
    );
    let none = release("guard(\"protected-environment\");").replace(".environment(\"pypi\")", "");
    let project = checkout(&none);
    refused(
        places(&project),
        &project,
        3,
        expect![[r#"
            error: no task that sends declares an environment
             --> Releasefile:1:7
              |
            1 | guard("protected-environment");
              |       ^^^^^^^^^^^^^^^^^^^^^^^
              |
              = hint: give it one: `.environment("pypi")`
        "#]],
    );
}

#[test]
fn names_are_there_and_ours() {
    let project = checkout(&release("guard(\"names\");"));
    let mut foreign = places(&project);
    foreign.urls = serde_json::json!({ "Source": "https://github.com/other/time-piece" });
    refused(
        foreign,
        &project,
        3,
        expect![[r#"
            error: `time-piece` on pypi names another repository: other/time-piece, and this is acme/time-piece
             --> Releasefile:1:7
              |
            1 | guard("names");
              |       ^^^^^^^
              |
              = hint: choose another name if it is not yours; else correct the address in the project's metadata and release with `guard("names", "warn")`
        "#]],
    );
    let mut archived = places(&project);
    archived.pypi.set_standing("time-piece", rel::rehearse::pypi::Standing::Archived);
    refused(
        archived,
        &project,
        3,
        expect![[r#"
            error: pypi takes nothing for `time-piece`: it is archived
             --> Releasefile:1:7
              |
            1 | guard("names");
              |       ^^^^^^^
              |
              = hint: take it out of the archive in its settings
        "#]],
    );
    let mut ours = places(&project);
    ours.urls = serde_json::json!({ "Source": "https://github.com/Acme/Time-Piece" });
    held(ours, &project);
}

/// The project on a runner that gives it an identity.
fn on_a_runner(project: Project) -> Project {
    let project = project.env("GITHUB_ACTIONS", "true");
    let project = project.env("ACTIONS_ID_TOKEN_REQUEST_URL", "http://127.0.0.1:9/x?y");
    project.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "z")
}

#[test]
fn a_new_name_is_prepared_for_or_made_with_a_token() {
    let new = |options: &str| {
        let text = format!(
            "guard(\"names\"{options});\n\
             task(\"publish\").effects([\"testpypi\", \"crates\"]).run(|| ());\n"
        );
        let manifest = "[package]\nname = \"tide-piece\"\nversion = \"1.0.0\"\n";
        let project = python().file("Releasefile", &text).file("Cargo.toml", manifest);
        project.commit();
        project
    };
    let project = on_a_runner(new(""));
    refused(
        places(&project),
        &project,
        3,
        expect![[r#"
            error: crates.io has no crate `tide-piece` yet
             --> Releasefile:1:7
              |
            1 | guard("names");
              |       ^^^^^^^
              |
              = note: the run's identity cannot make a crate
              = hint: publish its first version with a token: set CARGO_REGISTRY_TOKEN outside of CI
            error: testpypi has no project `time-piece` yet
             --> Releasefile:1:7
              |
            1 | guard("names");
              |       ^^^^^^^
              |
              = note: the run's identity makes it only by a pending publisher, which ends after 30 days
              = hint: fill in its form as `rel doctor` shows it
              = hint: then say so: `guard("names", #{ prepared: ["time-piece"] })`
        "#]],
    );
    let line = "publish --live --yes --output plain";
    let said = on_a_runner(new(", #{ prepared: [\"Time_Piece\", \"tide-piece\"] }"));
    places(&said).start().rel(&said, line).code(2).says("`publish` sends nothing");
    let half = on_a_runner(new(", #{ prepared: \"tide-piece\" }"));
    let ran = places(&half).start().rel(&half, line).code(3);
    ran.says("testpypi has no project `time-piece` yet").never_says("has no crate");
    let token = new("").env("TESTPYPI_TOKEN", "x").env("CARGO_REGISTRY_TOKEN", "y");
    places(&token).start().rel(&token, line).code(2).says("`publish` sends nothing");
    let mut there = places(&project);
    there.testpypi.add_project("time-piece", true, 0);
    there.crates.add_crate("tide-piece", &["acme"], &["0.9.0"]);
    there.start().rel(&project, line).code(2).says("`publish` sends nothing");
}

#[test]
fn a_crate_that_is_out_with_other_bytes_is_told() {
    let text = "guard(\"unreleased\");\n\
                task(\"build\").run(|t| exec(\"cp ../time-piece-1.0.0.crate {}\", t.out));\n\
                task(\"publish\").needs(\"build\").effects(\"crates\")\n    \
                .run(|t| crates::publish(t.artifacts(\"build\")));\n";
    let project = Project::new(text).git().env("CARGO_REGISTRY_TOKEN", "x");
    let ours = krate("time-piece", &["other"]);
    std::fs::write(project.root().join("../time-piece-1.0.0.crate"), ours).unwrap();
    let line = "publish --live --yes --output plain";
    let mut out = Places::new(&project);
    out.crates.add_version("time-piece", "1.0.0", &krate("time-piece", &[])).unwrap();
    out.start().rel(&project, line).code(3).says("crates.io has time-piece 1.0.0 already");
    let mut before = Places::new(&project);
    before.crates.add_crate("time-piece", &["acme"], &["0.9.0"]);
    let ran = before.start().rel(&project, line);
    ran.never_says("has time-piece 1.0.0 already").never_says("could not be asked");
}

#[test]
fn what_is_released_already_has_other_files() {
    let project = checkout(&release("guard(\"unreleased\");"));
    let other = "time_piece-1.0-py2-none-any.whl";
    let mut out = places(&project);
    out.pypi.add_file("time-piece", "1.0", other, b"other", now()).unwrap();
    refused(
        out,
        &project,
        3,
        expect![[r#"
            error: pypi has time-piece 1.0 already
             --> Releasefile:1:7
              |
            1 | guard("unreleased");
              |       ^^^^^^^^^^^^
              |
              = note: time_piece-1.0-py2-none-any.whl is not what is sent now
              = hint: give it a new version; or take over what is there with `rel adopt`
        "#]],
    );
    held(places(&project), &project);
}

#[test]
fn the_changelog_tells_of_the_version() {
    let text = release("guard(\"changelog\");");
    let project = checkout(&text);
    assert_eq!(would_stop(&project), ["CHANGELOG.md is not there, or empty"]);
    project.write("CHANGELOG.md", "# Changes\n\n## [Unreleased]\n\n## 0.9\n");
    project.commit();
    project.run_git(&["tag", "--force", "v1.0"]);
    let ran = project.rel("publish --live --yes --output plain").code(3);
    expect![[r#"
        error: CHANGELOG.md has no heading of version 1.0
         --> Releasefile:1:7
          |
        1 | guard("changelog");
          |       ^^^^^^^^^^^
          |
          = hint: write what is new below `## 1.0`, and commit it
    "#]]
    .assert_eq(&said(&project, &ran));
    project.write("CHANGELOG.md", "# Changes\n\n## [1.0.0]\n");
    project.commit();
    assert!(would_stop(&project).is_empty());
    let project = checkout(&release("guard(\"changelog\", #{ file: \"NEWS.rst\" });"));
    assert_eq!(would_stop(&project), ["NEWS.rst is not there, or empty"]);
}

#[test]
fn the_set_of_files_is_whole() {
    assert!(would_stop(&checkout(&release("guard(\"artifacts\");"))).is_empty());
    let lone = "sh(\"python3 make_dist.py {} 1.0; rm {}/*.tar.gz\", t.out, t.out)";
    let whole = "exec(\"python3 make_dist.py {} 1.0\", t.out)";
    let project = checkout(&release("guard(\"artifacts\");").replace(whole, lone));
    refused(
        places(&project),
        &project,
        3,
        expect![[r#"
            error: no sdist of time-piece 1.0 goes to pypi
             --> Releasefile:1:7
              |
            1 | guard("artifacts");
              |       ^^^^^^^^^^^
              |
              = hint: build it in the same task, and hand all of its artifacts over
              = hint: if that is meant: name the files, as in `guard("artifacts", #{ files: ["*.whl"] })`
        "#]],
    );
    let files = "guard(\"artifacts\", #{ files: [\"*.whl\", \"*-macosx_*.whl\"] });";
    let project = checkout(&release(files));
    refused(
        places(&project),
        &project,
        3,
        expect![[r#"
            error: no file of time-piece 1.0 that goes to pypi is `*-macosx_*.whl`
             --> Releasefile:1:7
              |
            1 | guard("artifacts", #{ files: ["*.whl", "*-macosx_*.whl"] });
              |       ^^^^^^^^^^^
              |
              = hint: build it, or take the pattern away
            error: time_piece-1.0.tar.gz goes to pypi, and no pattern wants it
             --> Releasefile:1:7
              |
            1 | guard("artifacts", #{ files: ["*.whl", "*-macosx_*.whl"] });
              |       ^^^^^^^^^^^
              |
              = hint: leave it out, or add a pattern for it
        "#]],
    );
    let files = "guard(\"artifacts\", #{ files: [\"*-none-any.whl\", \"*.tar.gz\"] });";
    assert!(would_stop(&checkout(&release(files))).is_empty());
}

#[test]
fn nothing_unwanted_is_in_an_archive() {
    let text = release("guard(\"contents\");");
    assert!(would_stop(&checkout(&text)).is_empty());
    let dirty = MAKE_DIST.replace(
        "\"time_piece.py\": f\"MADE",
        "\"__pycache__/x.pyc\": \"\", \"time_piece.py\": f\"MADE",
    );
    let project = checkout(&text).file("make_dist.py", &dirty);
    project.commit();
    project.run_git(&["tag", "--force", "v1.0"]);
    refused(
        places(&project),
        &project,
        3,
        expect![[r#"
            error: time_piece-1.0-py3-none-any.whl holds __pycache__/x.pyc, which nobody wants
             --> Releasefile:1:7
              |
            1 | guard("contents");
              |       ^^^^^^^^^^
              |
              = hint: leave them out in the settings of the build back end, and build anew
            error: time_piece-1.0.tar.gz holds time_piece-1.0/__pycache__/x.pyc, which nobody wants
             --> Releasefile:1:7
              |
            1 | guard("contents");
              |       ^^^^^^^^^^
              |
              = hint: leave them out in the settings of the build back end, and build anew
        "#]],
    );
    let more = release("guard(\"contents\", \"warn\", #{ forbid: \"time_*.py\" });");
    let project = checkout(&more);
    let ran = places(&project).start().rel(&project, "publish --live --yes --output plain").code(0);
    expect![[r#"
        warning: time_piece-1.0-py3-none-any.whl holds time_piece.py, which nobody wants
         --> Releasefile:1:7
          |
        1 | guard("contents", "warn", #{ forbid: "time_*.py" });
          |       ^^^^^^^^^^
          |
          = hint: leave them out in the settings of the build back end, and build anew
        warning: time_piece-1.0.tar.gz holds time_piece-1.0/time_piece.py, which nobody wants
         --> Releasefile:1:7
          |
        1 | guard("contents", "warn", #{ forbid: "time_*.py" });
          |       ^^^^^^^^^^
          |
          = hint: leave them out in the settings of the build back end, and build anew
    "#]]
    .assert_eq(&said(&project, &ran));
}

#[test]
fn a_version_is_open_for_fourteen_days() {
    let project = checkout(&release("guard(\"sizes\");"));
    let mut old = places(&project);
    let other = "time_piece-1.0-py2-none-any.whl";
    old.pypi.add_file("time-piece", "1.0", other, b"other", now() - 15 * 86_400).unwrap();
    refused(
        old,
        &project,
        3,
        expect![[r#"
            error: pypi takes no new files for time-piece 1.0: it is 15 days old
             --> Releasefile:1:7
              |
            1 | guard("sizes");
              |       ^^^^^^^
              |
              = note: a version is open for 14 days after its first file
              = hint: give it a new version
        "#]],
    );
    let mut silent = places(&project);
    silent.silent.push("pypi.org");
    let ran = silent.start().rel(&project, "publish --live --yes --output plain").code(4);
    ran.says("pypi could not be asked for time-piece");
    let mut young = places(&project);
    young.pypi.add_file("time-piece", "1.0", other, b"other", now() - 13 * 86_400).unwrap();
    held(young, &project);
}

#[test]
fn a_file_may_be_as_large_as_is_said_and_one_guard_is_asked_twice() {
    let big = MAKE_DIST.replace(
        "f\"MADE = {now!r}\\n\"",
        "__import__(\"random\").Random(1).randbytes(1100000).hex()",
    );
    let text = release("guard(\"sizes\");\nguard(\"sizes\", \"warn\", #{ file_mib: 1 });");
    let project = checkout(&text).file("make_dist.py", &big);
    project.commit();
    project.run_git(&["tag", "--force", "v1.0"]);
    let ran = places(&project).start().rel(&project, "publish --live --yes --output plain").code(0);
    let told = said(&project, &ran);
    for file in [WHEEL, SDIST] {
        assert_eq!(told.matches(&format!("warning: {file} has ")).count(), 1, "{told}");
    }
}

#[test]
fn notes_are_not_longer_than_github_takes() {
    let release = |length: usize| {
        let text = "task(\"publish\").effects(\"github-release\")\n    \
                    .run(|| github::release(#{ notes: read(\"notes\") }));\n";
        let project = python().file("Releasefile", text).file("notes", &"x".repeat(length));
        project.commit();
        project.run_git(&["tag", "--force", "v1.0"]);
        project
    };
    let project = release(125_001);
    let running = Places::new(&project).start();
    let ran = running.rel(&project, "publish --live --yes --output plain").code(3);
    ran.says("the notes of v1.0 have 125001 characters, and GitHub takes 125000");
    assert_eq!(running.writes(), [""; 0]);
    let project = release(125_000);
    assert!(would_stop(&project.env("GITHUB_TOKEN", "x")).is_empty());
}

#[test]
fn the_table_is_shown_with_what_guards_take() {
    let ran = Project::new("").rel("show guards").code(0);
    for line in ["notes (always)", "sizes\n", "    `file_mib`: the most that one file may have"] {
        assert!(ran.out.contains(line), "{}", ran.out);
    }
}
