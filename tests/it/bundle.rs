//! `rel pack` and `rel unpack`: a release that goes on on another machine, with the same bytes and the same ledger.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};

use expect_test::expect;
use rel::model::artifact::Digest;
use serde_json::Value;

use crate::adopt::{RELEASEFILE, builds, checkout, places};
use crate::places::{Running, SDIST, WHEEL, built, origin};
use crate::project::{Project, Ran};
use crate::refusals::dists;
use crate::setting::{Setting, records, released};

/// A second machine: a clone beside the project, where `line` is run.
fn there(running: &Running, project: &Project, line: &str) -> Ran {
    if !project.root().join("../other").exists() {
        project.run_git(&["clone", "--quiet", ".", "../other"]);
        project.run_git(&["-C", "../other", "remote", "set-url", "origin", &origin()]);
    }
    running.rel(project, &format!("-C ../other {line}"))
}

/// The requests that changed something so far, at one host.
fn writes(running: &Running, host: &str) -> usize {
    running.writes().iter().filter(|write| write.contains(host)).count()
}

#[test]
fn what_one_machine_has_begun_another_finishes_and_the_first_hears_of_it() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "publish --live --yes").code(0);
    let packed = running.rel(&project, "pack ../begun.tar").code(0);
    assert!(packed.out.ends_with("  ../begun.tar\n"), "{}", packed.out);
    let taken = there(&running, &project, "unpack ../begun.tar").code(0);
    assert!(taken.out.starts_with("2 artifacts of commit "), "{}", taken.out);
    assert!(taken.out.ends_with(", 2 effects of its ledger\n"), "{}", taken.out);

    let ended = there(&running, &project, "release --live --yes --output plain").code(0);
    ended.says("build: taken as sealed");
    assert_eq!((builds(&project), writes(&running, "pypi")), (1, 2));

    there(&running, &project, "pack ../done.tar").code(0);
    running.rel(&project, "unpack ../done.tar").code(0);
    running.rel(&project, "release --live").code(0).says("nothing had to be sent");
    let ledger = running.rel(&project, "ledger").code(0);
    assert_eq!(ledger.out, there(&running, &project, "ledger").out);
    // What is known already changes nothing.
    running.rel(&project, "unpack ../begun.tar").code(0);
    assert_eq!(ledger.out, running.rel(&project, "ledger").out);
}

#[test]
fn a_plan_is_applied_in_parts_where_it_was_not_made() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    let line = "pack ../release.tar --plan ../plan.json --output json";
    let packed: Value = serde_json::from_str(&running.rel(&project, line).code(0).out).unwrap();
    assert_eq!((&packed["artifacts"], &packed["effects"]), (&2.into(), &0.into()));
    let sha256 = packed["sha256"].as_str().unwrap();
    let line = format!("unpack ../release.tar --sha256 {sha256} -o plan-here.json");
    there(&running, &project, &line).code(0);

    let line = "apply plan-here.json publish --yes --output plain";
    let ran = there(&running, &project, line).code(0).never_says("release v1.0");
    ran.says("build: taken as sealed");
    assert_eq!((writes(&running, "pypi"), writes(&running, "github")), (2, 0));
    there(&running, &project, "apply plan-here.json --yes").code(0).says("release v1.0");
    assert_eq!((writes(&running, "pypi"), builds(&project)), (2, 1));
    let ran = there(&running, &project, "apply plan-here.json bild --yes").code(2);
    ran.says("unknown task `bild`");
}

#[test]
fn a_bundle_that_is_not_the_one_that_was_packed_is_refused() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    running.rel(&project, "pack ../release.tar --plan ../plan.json").code(0);
    let other = "0".repeat(64);
    let ran = there(&running, &project, &format!("unpack ../release.tar --sha256 {other}")).code(3);
    ran.says("error: ../release.tar is not the bundle that was packed")
        .says(&format!("note: wanted sha256 {other}"))
        .says("hint: find out who changed it; nothing was taken from it");

    let bundle = project.root().join("../release.tar");
    let mut bytes = std::fs::read(&bundle).unwrap();
    let at = bytes.windows(7).position(|part| part == b"time_pi").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    let ran = there(&running, &project, "unpack ../release.tar").code(3);
    ran.says("../release.tar cannot be taken: ").says("hint: pack it anew where");
    let state = project.root().join("../other/.git/rel/top");
    for part in ["seal", "store", "ledger", "plan"] {
        assert!(!state.join(part).exists(), "{part}");
    }
}

type Members = std::collections::BTreeMap<String, Vec<u8>>;

/// A bundle whose members were changed by somebody who knows how bundles are made.
fn forged(project: &Project, from: &str, to: &str, change: impl FnOnce(&mut Members)) {
    let place = |name: &str| project.root().join("..").join(name);
    let mut archive = tar::Archive::new(std::fs::File::open(place(from)).unwrap());
    let mut all = Members::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        all.insert(entry.path().unwrap().display().to_string(), bytes);
    }
    change(&mut all);
    let mut manifest: Value = serde_json::from_slice(&all["bundle.json"]).unwrap();
    for (name, bytes) in all.iter().filter(|(name, _)| *name != "bundle.json") {
        manifest["members"][name]["sha256"] = Digest::of(bytes).to_string().into();
        manifest["members"][name]["size"] = bytes.len().into();
    }
    if let Some(plan) = all.get("plan.json") {
        manifest["plan"] = Digest::of(plan).to_string().into();
    }
    all.insert("bundle.json".into(), serde_json::to_vec(&manifest).unwrap());
    let mut builder = tar::Builder::new(std::fs::File::create(place(to)).unwrap());
    for (name, bytes) in &all {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    builder.finish().unwrap();
}

/// Changes a text of a member.
fn edited(all: &mut Members, member: &str, from: &str, to: &str) {
    let text = String::from_utf8(all[member].clone()).unwrap();
    assert!(text.contains(from), "{text}");
    all.insert(member.into(), text.replace(from, to).into_bytes());
}

#[test]
fn what_a_bundle_names_lies_where_bundles_are_kept_and_nowhere_else() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    running.rel(&project, "pack ../fine.tar --plan ../plan.json").code(0);
    let escaped = project.root().join("../ESCAPED");
    let fine = rel::bundle::manifest(&project.root().join("../fine.tar")).unwrap();
    forged(&project, "fine.tar", "evil.tar", |all| {
        edited(all, "bundle.json", &fine.release.commit, &escaped.display().to_string());
    });
    let applied = nowhere(&running, &project, "apply ../evil.tar --yes");
    let unpacked = there(&running, &project, "unpack ../evil.tar");
    for ran in [applied, unpacked] {
        ran.code(3).says("error: ../evil.tar cannot be taken: it belongs to no commit");
    }
    forged(&project, "fine.tar", "evil.tar", |all| {
        let mut plan: Value = serde_json::from_slice(&all["plan.json"]).unwrap();
        for file in plan["artifacts"]["build"].as_array_mut().unwrap() {
            file["name"] = format!("../../ESCAPED/{}", file["name"].as_str().unwrap()).into();
        }
        all.insert("plan.json".into(), serde_json::to_vec(&plan).unwrap());
    });
    let ran = there(&running, &project, "unpack ../evil.tar").code(3);
    ran.says("error: ../evil.tar cannot be taken: `../../ESCAPED/")
        .says("would lie outside of its folder");
    let around = std::fs::read_dir(project.root().join("..")).unwrap();
    let mut around = around.map(|one| one.unwrap().file_name().to_string_lossy().into_owned());
    assert!(!around.any(|name| name.starts_with("ESCAPED")));
}

#[test]
fn a_bundle_with_a_torn_ledger_is_blamed_and_not_the_ledger_that_is_here() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "publish --live --yes").code(0);
    running.rel(&project, "pack ../whole.tar").code(0);
    forged(&project, "whole.tar", "torn.tar", |all| {
        all.get_mut("ledger.jsonl").unwrap().truncate(700);
    });
    for line in ["rel", "there"] {
        let ran = match line {
            "rel" => running.rel(&project, "unpack ../torn.tar"),
            _ => there(&running, &project, "unpack ../torn.tar"),
        };
        ran.code(3)
            .says(
                "error: ../torn.tar cannot be taken: its ledger is damaged: its last line is torn",
            )
            .says("hint: pack it anew where the release was begun")
            .never_says("move it away");
    }
}

#[test]
fn what_was_unpacked_stays_until_it_is_applied() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    running.rel(&project, "pack ../release.tar --plan ../plan.json").code(0);
    there(&running, &project, "unpack ../release.tar -o plan-here.json").code(0);
    let out = project.root().join("../other/.git/rel/top/out");
    assert_eq!(std::fs::read_dir(out).unwrap().count(), 0, "what it was unpacked in is gone");
    there(&running, &project, "clean").code(0).says("store: 2 kept");
    there(&running, &project, "apply plan-here.json publish --yes").code(0);
    assert_eq!(builds(&project), 1);
}

#[test]
fn a_bundle_of_another_commit_and_what_is_none_are_refused() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    let none = running.rel(&project, "pack ../release.tar").code(2);
    none.says("error: nothing is kept of commit ").says("hint: make a plan with `rel run TASK -o");
    running.rel(&project, "run release -o ../plan.json").code(0);
    running.rel(&project, "pack ../second.tar --plan ../plan.json").code(0);
    project.run_git(&["commit", "--allow-empty", "--quiet", "--message", "on"]);
    let ran = running.rel(&project, "unpack ../second.tar").code(3);
    ran.says("error: ../second.tar belongs to another release").says("hint: check that commit out");
    let ran = running.rel(&project, "unpack ../plan.json").code(3);
    ran.says("../plan.json cannot be taken: it is no bundle");
    let ran = running.rel(&project, "unpack ../nowhere.tar").code(2);
    ran.says("cannot read ../nowhere.tar").says("hint: name a bundle that `rel pack` wrote");
}

#[test]
fn a_bundle_with_other_bytes_than_were_sealed_here_is_refused() {
    let project = checkout(RELEASEFILE);
    built(&project, "dist", "1.0");
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    running.rel(&project, "pack ../release.tar --plan ../plan.json").code(0);
    there(&running, &project, &format!("adopt ../dist/{WHEEL} ../dist/{SDIST}")).code(0);
    let ran = there(&running, &project, "unpack ../release.tar").code(0);
    ran.never_says("error");
    running.rel(&project, "apply ../plan.json publish --yes").code(0);
    running.rel(&project, "pack ../release.tar").code(0);
    let ran = there(&running, &project, "unpack ../release.tar").code(3);
    ran.says("error: `build` was built here too, with other bytes")
        .says("hint: if nothing was sent from here, drop what was built with `--rebuild`");
}

/// rel in a folder that holds nothing of the project.
fn nowhere(running: &Running, project: &Project, line: &str) -> Ran {
    let _ = std::fs::create_dir(project.root().join("../nowhere"));
    running.rel(project, &format!("-C ../nowhere {line}"))
}

/// The digest that a command has printed for its bundle.
fn digest(ran: &Ran) -> String {
    let last = ran.out.lines().rfind(|line| line.ends_with(".tar")).unwrap();
    last.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn what_may_publish_needs_neither_the_checkout_nor_its_code() {
    let text = RELEASEFILE.replace(
        ".effects(\"github-release\")",
        ".effects(\"github-release\").confirm(\"Tell the world?\")",
    );
    let project = checkout(&text);
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    let packed = running.rel(&project, "pack ../nowhere.tar --plan ../plan.json").code(0);
    let first = digest(&packed);

    let early = nowhere(&running, &project, "apply ../nowhere.tar release --yes").code(3);
    early.says("error: `release` comes after `publish`, which is not done");
    let unasked = nowhere(&running, &project, "apply ../nowhere.tar publish").code(3);
    unasked.says("hint: answer beforehand with `--yes`");
    let typo = nowhere(&running, &project, "apply ../nowhere.tar publis --yes").code(2);
    typo.says("error: no task `publis` sends anything in this plan")
        .says("did you mean `publish`?");
    assert!(running.writes().is_empty(), "{:?}", running.writes());

    let line = format!(
        "apply ../nowhere.tar --sha256 {first} publish --yes -o ../sent.tar --output plain"
    );
    let sent = nowhere(&running, &project, &line).code(0);
    let sent = sent.says("sent: upload time_piece-1.0").says("proven");
    assert_eq!((writes(&running, "pypi"), writes(&running, "github")), (2, 0));
    let second = digest(&sent);
    let other = nowhere(&running, &project, &format!("apply ../sent.tar --sha256 {first} --yes"));
    other.code(3).says("is not the bundle that was packed");

    let line = format!("apply ../sent.tar --sha256 {second} release --yes -o ../done.tar");
    let unasked = nowhere(&running, &project, &line).code(5);
    unasked.says("release: Tell the world?").says("hint: answer beforehand with `--yes=release`");
    let line = format!("{line} --yes=release --output plain");
    nowhere(&running, &project, &line).code(0).says("sent: publish release v1.0");
    assert_eq!(writes(&running, "pypi"), 2);
    let again = nowhere(&running, &project, "apply ../done.tar --yes=release --yes").code(0);
    again.says("already");
    running.rel(&project, "unpack ../done.tar").code(0);
    running.rel(&project, "release --live --yes").code(0).says("nothing had to be sent");
    assert_eq!(builds(&project), 1);
}

#[test]
fn what_was_sent_before_a_refusal_is_in_the_bundle_all_the_same() {
    let project = checkout(RELEASEFILE);
    let mut places = places(&project);
    places.forge.set_immutable_releases(true);
    let files = built(&project, "dist", "1.0");
    places.release_of("v1.0", &files, true);
    let running = places.start();
    running.rel(&project, "run release -o ../plan.json");
    running.rel(&project, "pack ../nowhere.tar --plan ../plan.json").code(0);
    let ran = nowhere(&running, &project, "apply ../nowhere.tar publish --yes -o ../half.tar");
    ran.code(0);
    let ran =
        nowhere(&running, &project, "apply ../half.tar release --yes -o ../still.tar").code(5);
    ran.says("holds other bytes");
    let opened = rel::bundle::manifest(&project.root().join("../still.tar")).unwrap();
    assert!(opened.plan.is_some());
    there(&running, &project, "unpack ../still.tar").code(0);
    let ledger = there(&running, &project, "ledger").code(0);
    assert_eq!(ledger.out.matches("  done  ").count(), 2, "{}", ledger.out);
}

/// A project whose release is made anew, packed with its plan.
fn anew(ready: impl FnOnce(&mut crate::places::Places, &Project)) -> (Project, Running) {
    let text = RELEASEFILE
        .replace("notes: \"One.\"", "notes: \"One.\", force_recreate: true")
        .replace(".needs([\"build\", \"publish\"])", ".needs(\"build\")")
        .replace(
            "needs(\"build\").effects(\"pypi\")",
            "needs([\"build\", \"release\"]).effects(\"pypi\")",
        );
    let project = checkout(&text);
    let mut places = places(&project);
    ready(&mut places, &project);
    let running = places.start();
    running.rel(&project, "run publish -o ../plan.json").code(0);
    running.rel(&project, "pack ../anew.tar --plan ../plan.json").code(0);
    (project, running)
}

#[test]
fn what_is_deleted_needs_the_checkout() {
    let (project, running) =
        anew(|places, _| places.release("v1.0", &[("notes.txt", "old")], false));
    let line = "apply ../anew.tar --yes --yes=release -o ../after.tar";
    let ran = nowhere(&running, &project, line).code(3);
    ran.says("error: this needs the project's checkout: make room for release v1.0")
        .says("note: it would delete the draft of v1.0 (id ")
        .says("hint: there: `rel unpack BUNDLE -o plan.json`");
    assert!(running.writes().is_empty(), "{:?}", running.writes());
}

#[test]
fn where_nothing_is_in_the_way_a_release_made_anew_needs_no_checkout() {
    let (project, running) = anew(|_, _| ());
    let line = "apply ../anew.tar release --yes -o ../made.tar --output plain";
    let ran = nowhere(&running, &project, line).code(0);
    ran.says("sent: publish release v1.0").says("no other release v1.0");
    // The task after it is not held back by what there was no need to delete.
    let line = "apply ../made.tar publish --yes -o ../done.tar";
    nowhere(&running, &project, line).code(0);
    assert_eq!(writes(&running, "pypi"), 2);
    assert!(running.writes().iter().all(|write| !write.contains("DELETE")));
}

#[test]
fn what_a_bundle_cannot_do_with_an_option_is_said() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    running.rel(&project, "pack ../release.tar --plan ../plan.json").code(0);
    let mut said = String::new();
    for option in ["--strict", "--fix", "-j 2", "-k"] {
        let ran = nowhere(&running, &project, &format!("apply ../release.tar --yes {option}"));
        said += &ran.code(2).err;
    }
    assert!(running.writes().is_empty(), "{:?}", running.writes());
    expect![[r#"
        error: `--strict` does nothing where a bundle is applied
         |
         = hint: leave it out: it is for runs of the project's tasks
        error: `--fix` does nothing where a bundle is applied
         |
         = hint: leave it out: it is for runs of the project's tasks
        error: `--jobs` does nothing where a bundle is applied
         |
         = hint: leave it out: it is for runs of the project's tasks
        error: `--keep-going` does nothing where a bundle is applied
         |
         = hint: leave it out: it is for runs of the project's tasks
    "#]]
    .assert_eq(&said);
}

#[test]
fn a_bundle_that_is_being_applied_or_cannot_be_noted_is_left_alone() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    let packed = running.rel(&project, "pack ../release.tar --plan ../plan.json").code(0);
    let home = project.variables()["HOME"].clone();
    let place = std::path::Path::new(&home).join(".local/state/rel/carried").join(digest(&packed));
    std::fs::create_dir_all(&place).unwrap();
    let held = std::fs::File::create(place.join("lock")).unwrap();
    held.lock().unwrap();
    let ran = nowhere(&running, &project, "apply ../release.tar --yes").code(3);
    expect![[r#"
        error: another rel is applying this bundle
         |
         = hint: wait until it has ended, then run the same command
    "#]]
    .assert_eq(&ran.err);
    drop(held);
    let project = project.env("HOME", "");
    let ran = nowhere(&running, &project, "apply ../release.tar --yes").code(1);
    expect![[r#"
        error: there is no place for a ledger
         |
         = hint: set HOME or XDG_STATE_HOME to a folder that may be written to
    "#]]
    .assert_eq(&ran.err);
    assert!(running.writes().is_empty(), "{:?}", running.writes());
}

#[test]
fn programs_are_told_of_the_bundle_that_was_written() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    running.rel(&project, "pack ../release.tar --plan ../plan.json").code(0);
    let line = "apply ../release.tar publish --yes -o ../sent.tar --output json";
    let ran = nowhere(&running, &project, line).code(0);
    let events: Vec<Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let [.., finished, bundle] = events.as_slice() else { panic!("{}", ran.out) };
    assert_eq!((&finished["event"], &bundle["event"]), (&"run-finished".into(), &"bundle".into()));
    let written = std::fs::read(project.root().join("../sent.tar")).unwrap();
    assert_eq!(bundle["sha256"], Digest::of(written).to_string());
    assert_eq!((&bundle["artifacts"], &bundle["effects"]), (&2.into(), &2.into()));
}

#[test]
fn a_command_of_a_users_own_needs_the_checkout() {
    let text = "task(\"tell\").effects(\"command\").run(|| remote(\"true\"));\n";
    let project = checkout(text);
    let running = places(&project).start();
    running.rel(&project, "run tell -o ../plan.json").code(0);
    running.rel(&project, "pack ../tell.tar --plan ../plan.json").code(0);
    let ran = nowhere(&running, &project, "apply ../tell.tar --yes").code(2);
    ran.says("error: this needs the project's checkout: ").says("`rel apply plan.json`");
    let ran = running.rel(&project, "apply ../plan.json --sha256 00 --yes").code(2);
    ran.says("error: ../plan.json is no bundle");
}

#[test]
fn what_is_secret_stays_so_where_no_releasefile_says_it() {
    let text = r#"
        index("corp", #{ upload: "https://upload.pypi.org/legacy/", simple: "https://pypi.org/simple/",
            user: "hunter", password: secret("CORP_PW") });
        task("build").run(|t| sh("python3 make_dist.py {} 1.0; printf x > {}/.hidden; chmod +x {}/.hidden", t.out, t.out, t.out));
        task("publish").needs("build").effects("index:corp").run(|t| {
            pypi::publish(t.artifacts("build").filter(|file| file.name.ends_with(".whl")), "corp");
        });
    "#;
    let project = checkout(text).env("CORP_PW", "hunter-2-in-the-clear");
    let running = places(&project).start();
    running.rel(&project, "run publish -o ../plan.json").code(0);
    running.rel(&project, "pack ../corp.tar --plan ../plan.json").code(0);
    let line = "apply ../corp.tar --yes -o ../after.tar --output plain";
    let ran = nowhere(&running, &project, line).code(4).never_says("hunter-2-in-the-clear");
    ran.says("corp refused: ");
    let after = std::fs::read(project.root().join("../after.tar")).unwrap();
    let after = String::from_utf8_lossy(&after);
    assert!(!after.contains("hunter-2-in-the-clear"));

    let blind = nowhere(&running, &project, "apply ../corp.tar --yes -o ../no/where.tar").code(1);
    blind.says("cannot write ../no/where.tar").never_says("corp refused");
    // A name that begins with a dot, and the mode, come along.
    let digest = Digest::of(std::fs::read(project.root().join("../corp.tar")).unwrap());
    let line = format!("unpack ../corp.tar --sha256 sha256:{}", digest.to_string().to_uppercase());
    there(&running, &project, &line).code(0).says("artifacts of commit");
}

#[test]
fn a_bundle_with_another_past_is_refused_and_has_changed_nothing() {
    let project = checkout(RELEASEFILE);
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    running.rel(&project, "pack ../first.tar --plan ../plan.json").code(0);
    there(&running, &project, "unpack ../first.tar -o plan-here.json").code(0);
    // Both go on, each by itself.
    running.rel(&project, "apply ../plan.json publish --yes").code(0);
    there(&running, &project, "apply plan-here.json --yes").code(0);
    running.rel(&project, "pack ../second.tar").code(0);
    let state = project.root().join("../other/.git/rel/top");
    let all = |folder: &str| {
        let names = std::fs::read_dir(state.join(folder)).unwrap().map(|one| one.unwrap().path());
        let text = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap_or_default();
        names.map(text).collect::<Vec<_>>()
    };
    let before = (all("seal"), all("ledger"));
    let ran = there(&running, &project, "unpack ../second.tar").code(3);
    ran.says("error: this release was sent from here, and from elsewhere")
        .says("hint: finish it where it has gone on further");
    assert_eq!((all("seal"), all("ledger")), before);
    let ran = there(&running, &project, "unpack ../second.tar -o plan-here.json").code(2);
    ran.says("error: ../second.tar holds no plan");
}

/// Where bundles are kept while they are applied.
fn carried(setting: &Setting) -> Vec<std::path::PathBuf> {
    let place = setting.home().join(".local/state/rel/carried");
    let all = std::fs::read_dir(place).into_iter().flatten();
    all.map(|one| one.unwrap().path()).collect()
}

#[test]
fn what_a_killed_run_set_out_to_do_is_known_to_the_next_with_the_same_bundle() {
    let text = r#"
        task("build").run(|t| { sh("cp dist/* {}", t.out); });
        task("publish").needs("build").effects("pypi").run(|t| pypi::publish(t.artifacts("build"), "pypi"));
    "#;
    let (tell, told) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let (struck, gone) = (AtomicBool::new(false), Mutex::new(gone));
    let project = released(Project::new(text), &[dists::wheel("")]);
    let setting = Setting::watched(&project, move |request, _| {
        if request.host == "upload.pypi.org" && !struck.swap(true, Ordering::SeqCst) {
            tell.send(()).unwrap();
            gone.lock().unwrap().recv().unwrap();
        }
    });
    let (plan, bundle) = (setting.beside("plan.json"), setting.beside("release.tar"));
    let (plan, bundle) = (plan.display(), bundle.display());
    setting.rel(&format!("run publish -o {plan}")).code(0);
    setting.rel(&format!("pack {bundle} --plan {plan}")).code(0);
    std::fs::create_dir(setting.beside("nowhere")).unwrap();
    let apply = format!("-C {} apply {bundle}", setting.beside("nowhere").display());

    // What sends nothing leaves nothing.
    setting.rel(&format!("{apply} publish")).code(3);
    assert_eq!(carried(&setting).len(), 0);
    let mut rel = setting.command(&[], &format!("{apply} --yes"));
    let mut rel = rel.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    told.recv().unwrap();
    rel.kill().unwrap();
    rel.wait().unwrap();
    go.send(()).unwrap();
    assert_eq!(carried(&setting).len(), 1);

    let unasked = setting.rel(&apply).code(5);
    unasked.says("hint: answer beforehand with `--yes`");
    let parts = std::fs::read_dir(&carried(&setting)[0]).unwrap();
    let parts: Vec<_> = parts.map(|one| one.unwrap().file_name()).collect();
    assert!(parts.iter().any(|part| part == "ledger"), "{parts:?}");
    assert!(parts.iter().all(|part| part != "store"), "bytes are in the bundle: {parts:?}");
    let after = setting.beside("after.tar");
    setting.rel(&format!("{apply} --yes -o {}", after.display())).code(0).says("proven");
    assert_eq!(carried(&setting).len(), 0);
    setting.rel(&format!("unpack {}", after.display())).code(0);
    let intents = records(&setting.ledger);
    assert!(intents.iter().any(|record| record["record"] == "intent"), "{intents:?}");
}
