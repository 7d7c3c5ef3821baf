//! `rel pack` and `rel unpack`: a release that goes on on another machine, with the same bytes and the same ledger.

use serde_json::Value;

use crate::adopt::{RELEASEFILE, builds, checkout, places};
use crate::places::{Running, SDIST, WHEEL, built, origin};
use crate::project::{Project, Ran};

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
    let at = bytes.windows(7).position(|part| part == b"UEsDBBQ" || part == b"time_pi").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&bundle, bytes).unwrap();
    let ran = there(&running, &project, "unpack ../release.tar").code(3);
    ran.says("../release.tar cannot be taken: ").says("hint: pack it anew where");
    assert!(!project.root().join("../other/.git/rel/top/seal").exists());
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

#[test]
fn what_deletes_needs_the_checkout() {
    let text = RELEASEFILE.replace("notes: \"One.\"", "notes: \"One.\", force_recreate: true");
    assert_ne!(text, RELEASEFILE);
    let project = checkout(&text);
    let running = places(&project).start();
    running.rel(&project, "run release -o ../plan.json").code(0);
    running.rel(&project, "pack ../anew.tar --plan ../plan.json").code(0);
    let ran = nowhere(&running, &project, "apply ../anew.tar --yes --yes=release").code(2);
    ran.says("error: this needs the project's checkout: make room for ");
    assert!(running.writes().is_empty(), "{:?}", running.writes());
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
    let digest = rel::model::artifact::Digest::of(
        std::fs::read(project.root().join("../corp.tar")).unwrap(),
    );
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
