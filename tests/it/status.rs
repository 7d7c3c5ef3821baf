//! `rel status` and `rel ledger`, in a world of the rehearsal's services: releases that stopped half-way,
//! one by one.

use std::path::PathBuf;

use expect_test::expect;
use rel::ledger::{Ledger, Record};
use rel::model::artifact::Digest;
use rel::model::effect::{Key, Receipt, Release};
use serde_json::{Value, json};

use crate::places::{BOTH, Places, REPOSITORY, SDIST, TOKEN, WHEEL, project, python, steady};
use crate::project::{MAKE_DIST, Project, Ran};

#[test]
fn a_whole_release_is_shown_place_by_place() {
    let project = python();
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH);
    Places::upload(&mut places.testpypi, &BOTH);
    places.release("v1.0", &BOTH, true);
    let ran = places.status(&project, 0).never_says("hidden").never_says(TOKEN);
    expect![[r#"
        time-piece 1.0, tag v1.0, repository acme/time-piece

                                         pypi          testpypi      tag           github
        release                          2 files       2 files       [_commit_]__  public
        time_piece-1.0-py3-none-any.whl  ba59926159d2  ba59926159d2                ba59926159d2
        time_piece-1.0.tar.gz            714772a9f82b  714772a9f82b                714772a9f82b

        next: nothing; final: cannot be changed on pypi, testpypi
    "#]]
    .assert_eq(&steady(&project, &ran.out));
}

#[test]
fn other_bytes_under_one_name_are_told_first() {
    let project = python();
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH);
    places.release("v1.0", &[(WHEEL, "wheel"), (SDIST, "another")], true);
    let ran = places.status(&project, 3);
    expect![[r#"
        time-piece 1.0, tag v1.0, repository acme/time-piece

                                         pypi            tag           github
        release                          2 files         [_commit_]__  public
        time_piece-1.0-py3-none-any.whl  ba59926159d2                  ba59926159d2
        time_piece-1.0.tar.gz            714772a9f82b !                ae448ac86c4e !

        DIFFERS  time_piece-1.0.tar.gz is not the same: pypi has 714772a9f82b, github has ae448ac86c4e

        next: find out which bytes of time_piece-1.0.tar.gz are right; final: what pypi has cannot be changed, so replace the others, or make a new version
    "#]].assert_eq(&steady(&project, &ran.out));
}

#[test]
fn a_wheel_alone_and_a_version_without_its_release_are_half_done() {
    let project = python();
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH[..1]);
    places.release("v0.9", &[], true);
    let ran = places.status(&project, 3);
    expect![[r#"
        time-piece 1.0, tag v1.0, repository acme/time-piece

                                         pypi          tag           github
        release                          1 file        [_commit_]__  -
        time_piece-1.0-py3-none-any.whl  ba59926159d2                -

        missing  pypi has wheels of 1.0, but no sdist, and the version before had one
        missing  github has no release of 1.0, which is on pypi and tagged

        next: send the sdist that was built with the others to pypi; if it is lost, make a new version
    "#]].assert_eq(&steady(&project, &ran.out));
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH[..1]);
    Places::upload(&mut places.testpypi, &BOTH);
    places
        .status(&project, 3)
        .says(&format!("missing  pypi lacks {SDIST}, which testpypi has"))
        .says("do not build it anew, `rel adopt --from testpypi` takes it over");
}

#[test]
fn a_tag_that_nobody_pushed_and_one_without_a_release_are_missed() {
    let project = python();
    let places = Places::new(&project);
    places.status(&project, 3).says("missing  pypi has nothing of 1.0, which is tagged");
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH);
    for name in ["time_piece-1.1-py3-none-any.whl", "time_piece-1.1.tar.gz"] {
        places.pypi.add_file("time-piece", "1.1", name, b"x", 0).unwrap();
    }
    project.commit();
    let project = project.tag("v1.1");
    let ran = places.status(&project, 3);
    ran.says("missing  tag v1.1 is in this checkout, and not on the remote")
        .says("next: push the tag: `git push origin v1.1`");
}

#[test]
fn a_tag_on_another_commit_is_told() {
    let project = python();
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH);
    project.commit();
    project.run_git(&["tag", "--force", "v1.0"]);
    places.status(&project, 3).says("DIFFERS  tag v1.0 is not the same: the remote has ");
}

#[test]
fn a_draft_with_a_broken_upload_is_half_done() {
    let project = python();
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH);
    places.forge.break_next_upload();
    places.release("v1.0", &BOTH, false);
    let ran = places.status(&project, 3);
    expect![[r#"
        time-piece 1.0, tag v1.0, repository acme/time-piece

                                         pypi          tag           github
        release                          2 files       [_commit_]__  draft
        time_piece-1.0-py3-none-any.whl  ba59926159d2                half
        time_piece-1.0.tar.gz            714772a9f82b                714772a9f82b

        half     the upload of time_piece-1.0-py3-none-any.whl to release v1.0 broke off
        half     release v1.0 is a draft, which only its makers see

        next: delete the half file time_piece-1.0-py3-none-any.whl from release v1.0 and attach it again
    "#]].assert_eq(&steady(&project, &ran.out));
}

#[test]
fn an_immutable_release_without_files_stays_so() {
    let project = python();
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH);
    places.forge.set_immutable_releases(true);
    places.release("v1.0", &[], true);
    let ran = places.status(&project, 3);
    ran.says("half     release v1.0 is immutable and has no files").says(
        "next: final: cannot be changed, since release v1.0 is immutable; make a new version",
    );
}

#[test]
fn of_an_untagged_checkout_it_is_the_newest_version_that_is_out() {
    let project =
        project(("Cargo.toml", "[package]\nname = \"time-piece\"\nversion = \"1.1.0\"\n"));
    let mut places = Places::new(&project);
    project.commit();
    places.crates.add_crate("time-piece", &["acme"], &["0.9.0", "1.1.0", "2.0.0-rc.1"]);
    let ran = places.status(&project, 3);
    expect![[r#"
        time-piece 1.1.0, repository acme/time-piece

                                crates.io     tag  github
        release                 1 file        -    -
        time-piece-1.1.0.crate  e3b0c44298fc       -

        missing  the remote has no tag of 1.1.0, which is on crates.io
        note     github has no release of 1.1.0, which is on crates.io, and none of any other version

        next: tag the commit that 1.1.0 was built from, and push the tag
    "#]].assert_eq(&steady(&project, &ran.out));
}

#[test]
fn a_place_that_does_not_answer_keeps_nobody_else_from_being_shown() {
    let project = python();
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH);
    places.silent = vec!["test.pypi.org", "api.github.com"];
    let ran = places.status(&project, 4);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines[3],
        "release                          2 files       no answer  no answer  no answer"
    );
    assert!(lines[4].starts_with(&format!("{WHEEL}  ba59926159d2")), "{}", ran.out);
    ran.says("unknown  testpypi could not be asked: ").says("next: ask again: of testpypi nothing");
}

#[test]
fn a_project_of_others_is_found_by_its_name_and_its_repository_by_the_index() {
    let project = python();
    let empty = Project::new("");
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH);
    places.release("v1.0", &BOTH, true);
    let repository = format!("https://github.com/{REPOSITORY}");
    // A crate of the same name is somebody else's.
    places.crates.add_crate("time-piece", &["else"], &["0.1.0", "4.0.0"]);
    places.pypi.add_file("time-piece", "2.0", "time_piece-2.0.tar.gz", b"bad", 0).unwrap();
    places.pypi.yank("time-piece", "2.0", "it was bad");
    places.urls = json!({ "Home": "https://time-piece.example", "Source": repository });
    let lines = [
        "status time-piece==1.0 --output json",
        "status Time_Piece --output plain",
        "status time-piece==3.0 --output plain",
        "status time-piece== --output plain",
        "status --output plain",
        "status unknown-piece --output plain",
        "status time-piece==4.0.0 --output plain",
        "status time-piece==2.0 --output plain",
    ];
    let ran = places.rel(&empty, &lines);
    let [json, newest, nowhere, wrong, nothing, unknown, krate, yanked] =
        <[Ran; 8]>::try_from(ran).unwrap();
    let told: Value = serde_json::from_str(&json.code(0).out).unwrap();
    assert_eq!((&told["v"], &told["event"]), (&json!(1), &json!("status")));
    assert_eq!(told["verdict"], "agree");
    assert_eq!(told["repository"], REPOSITORY);
    let places: Vec<&str> = told["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["place"].as_str().unwrap())
        .collect();
    assert_eq!(places, ["pypi", "tag", "github"]);
    let sdist = told["places"][0]["files"].as_array().unwrap().iter().find(|f| f["name"] == SDIST);
    let digest = Digest::of("sdist");
    assert_eq!(sdist.unwrap()["sha256"], digest.as_str());
    assert_eq!(
        (&told["places"][2]["draft"], &told["places"][2]["immutable"]),
        (&json!(false), &json!(false))
    );
    newest.code(0).says("Time_Piece 1.0, tag v1.0, repository acme/time-piece");
    nowhere.code(3).says("missing  time-piece 3.0 is nowhere");
    wrong.code(2).says("`time-piece==` is no release");
    nothing.code(2).says("no project is here");
    unknown.code(3).says("no version of unknown-piece is out");
    let krate = krate.code(0).says("time-piece-4.0.0.crate").never_says("pypi");
    krate.says("no repository is known");
    yanked.code(3).says("1 file, yanked").says("note     2.0 is yanked on pypi");
}

#[test]
fn tags_of_a_remote_that_is_not_on_github_are_asked_of_git() {
    let project = python();
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH);
    let bare = project.root().join("../bare.git").to_string_lossy().into_owned();
    project.run_git(&["clone", "--quiet", "--bare", ".", &bare]);
    project.run_git(&["remote", "set-url", "origin", &bare]);
    let ran = places.status(&project, 0);
    expect![[r#"
        time-piece 1.0, tag v1.0

                                         pypi          tag
        release                          2 files       [_commit_]__
        time_piece-1.0-py3-none-any.whl  ba59926159d2
        time_piece-1.0.tar.gz            714772a9f82b

        note     no repository on GitHub is known: nobody was asked for its release

        next: nothing; final: cannot be changed on pypi
    "#]]
    .assert_eq(&steady(&project, &ran.out));
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH);
    project.run_git(&["remote", "set-url", "origin", "../gone-with-hidden.git"]);
    let ran = places.status(&project, 4).never_says("hidden");
    ran.says("unknown  the git remote could not be asked: `git ls-remote origin` does not answer");
}

/// A checkout with a ledger of a release that stopped: one effect done, one open, one refused.
fn stopped(project: &Project) -> (Release, PathBuf) {
    let mut git = std::process::Command::new("git");
    let out = git.args(["rev-parse", "HEAD"]).current_dir(project.root()).output().unwrap().stdout;
    let commit = String::from_utf8(out).unwrap().trim().to_owned();
    let release = Release { commit, project: ".".into() };
    let folder = project.state().join("ledger");
    std::fs::create_dir_all(&folder).unwrap();
    let ledger = Ledger::open(&folder, &release).unwrap();
    let intent = |name: &str, bytes: &str| Record::Intent {
        key: Key(Digest::of(name)),
        summary: format!("upload {name} to pypi"),
        endpoint: "https://upload.pypi.org/legacy/".into(),
        name: name.into(),
        digest: Some(Digest::of(bytes)),
        at: 1_767_323_045,
    };
    let url = Some("https://pypi.org/simple/time-piece/".to_owned());
    let receipt = Receipt { name: WHEEL.into(), digest: Some(Digest::of("wheel")), url };
    let refused = "403 you may\nnot \u{1b}[2Jdo that";
    for record in [
        intent(WHEEL, "wheel"),
        Record::Done { key: Key(Digest::of(WHEEL)), receipt, found: false },
        intent(SDIST, "sdist"),
        intent("extra", "extra"),
        Record::Refused { key: Key(Digest::of("extra")), reason: refused.into() },
    ] {
        ledger.record(&record).unwrap();
    }
    let path = folder.join(format!("{}.jsonl", release.commit));
    (release, path)
}

#[test]
fn what_the_ledger_has_open_is_shown_and_goes_first() {
    let project = python();
    let mut places = Places::new(&project);
    Places::upload(&mut places.pypi, &BOTH[..1]);
    places.release("v0.9", &[], true);
    let releasefile = "task(\"publish\").effects(\"command\").run(|| remote(\"true\"));\n";
    project.write("Releasefile", releasefile);
    stopped(&project);
    let ran = places.status(&project, 3);
    expect![[r#"
        time-piece 1.0, tag v1.0, repository acme/time-piece

                                         pypi          tag           github  ledger
        release                          1 file        [_commit_]__  -       2 not done
        extra                                                        -       refused
        time_piece-1.0-py3-none-any.whl  ba59926159d2                -       done
        time_piece-1.0.tar.gz            -                           -       open

        half     begun and not known to be done: upload time_piece-1.0.tar.gz to pypi
        half     refused by the remote: upload extra to pypi: 403 you may not  [2Jdo that
        missing  pypi has wheels of 1.0, but no sdist, and the version before had one
        missing  github has no release of 1.0, which is on pypi and tagged

        next: `rel run publish --live` on commit [_commit_]__ goes on where it stopped, with the same bytes
    "#]].assert_eq(&steady(&project, &ran.out));
}

#[test]
fn what_an_index_has_refused_in_a_live_run_is_shown_with_the_command_that_goes_on() {
    let releasefile = r#"
        task("build").run(|t| sh("python3 make_dist.py {} 1.0", t.out));
        task("publish").needs("build").effects("pypi")
            .run(|t| pypi::publish(t.artifacts("build"), "pypi"));
        task("later").needs("publish").exec("true");
    "#;
    let project = python().file("Releasefile", releasefile).file("make_dist.py", MAKE_DIST);
    project.commit();
    project.run_git(&["tag", "--force", "v1.0"]);
    let project = project.env("PYPI_TOKEN", "nobody-knows-it");
    let places = Places::new(&project);
    let lines = ["publish --live --yes --output plain", "status --output plain", "ledger"];
    let [live, status, ledger] = <[Ran; 3]>::try_from(places.rel(&project, &lines)).unwrap();
    live.code(4);
    let head = "                                 pypi  tag           github  ledger\n";
    let status = status.code(3).says(head).never_says("nobody-knows-it");
    status
        .says("half     refused by the remote: upload time_piece-1.0")
        .says("missing  pypi has nothing of 1.0, which is tagged")
        .says("next: `rel run publish --live` on commit ");
    ledger.code(0).says("  refused  upload time_piece-1.0").says("because: 403 ");
}

#[test]
fn s4_6_a_ledger_is_told_line_by_line_and_stays_as_it_is() {
    let project = python();
    let none = project.rel("ledger").code(0);
    assert!(none.out.starts_with("there is no ledger: nothing was sent"), "{}", none.out);
    let (release, path) = stopped(&project);
    let text = std::fs::read_to_string(&path).unwrap();
    // A run that is at work holds it.
    let held = Ledger::open(path.parent().unwrap(), &release).unwrap();
    let ran = project.rel("ledger v1.0").code(0);
    expect![[r#"
        ledger of commit [commit]
          2026-01-02T03:04:05Z  done     upload time_piece-1.0-py3-none-any.whl to pypi
                                         at https://upload.pypi.org/legacy/
          2026-01-02T03:04:05Z  open     upload time_piece-1.0.tar.gz to pypi
                                         at https://upload.pypi.org/legacy/
          2026-01-02T03:04:05Z  refused  upload extra to pypi
                                         at https://upload.pypi.org/legacy/
                                         because: 403 you may not  [2Jdo that
    "#]]
    .assert_eq(&ran.out.replace(&release.commit, "[commit]"));
    drop(held);
    let told: Value =
        serde_json::from_str(&project.rel("ledger --output json").code(0).out).unwrap();
    assert_eq!((&told["event"], &told["torn"]), (&json!("ledger"), &json!(false)));
    let states: Vec<&str> = told["effects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["done", "open", "refused"]);
    std::fs::write(&path, format!("{text}{{\"record\"")).unwrap();
    project.rel("ledger").code(0).says("its last line is torn");
    std::fs::write(&path, text.replace("upload", "uploed")).unwrap();
    let before = std::fs::read(&path).unwrap();
    project.rel("ledger").code(1).says("the ledger is damaged: line 2");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    project.rel("ledger v7").code(2).says("`v7` is no commit of this repository");
    std::fs::remove_dir_all(project.root().join(".git")).unwrap();
    project.rel("ledger").code(2).says("there is no repository with a commit here");
}
