//! What rel keeps for a project, and that cleaning never takes what is still needed.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::project::Project;

/// A build of which no two give the same bytes, and two commands that send.
const RELEASEFILE: &str = r#"
    task("lint").exec("true");
    task("build").run(|t| sh("date +%N > {}/made", t.out));
    task("first").needs("build").effects("command").run(|t| { t.artifacts("build"); remote("true") });
    task("second").needs("build").effects("command")
        .run(|t| { t.artifacts("build"); remote("test -e ../ready") });
    task("publish").needs(["first", "second"]);
"#;

fn project() -> Project {
    Project::new(RELEASEFILE).git()
}

/// Makes everything below a folder look as if it had been changed last so many days ago.
fn age(path: &Path, days: u64) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            age(&entry.unwrap().path(), days);
        }
    }
    let then = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
    File::open(path).unwrap().set_modified(then).unwrap();
}

/// How many things lie in a folder of the project's state.
fn count(project: &Project, part: &str) -> usize {
    let names = fs::read_dir(project.state().join(part)).into_iter().flatten().flatten();
    names.filter(|entry| entry.file_name() != "drafts").count()
}

#[test]
fn what_nothing_names_goes_and_a_look_removes_nothing() {
    let project = project();
    project.rel("clean").code(0).says("nothing is kept for this project");
    assert!(!project.state().exists());
    project.rel("build").code(0);
    project.rel("build").code(0);
    assert_eq!(count(&project, "store"), 2);
    project.rel("clean --list").code(0).says("would remove store/").says("/made (10 B)");
    assert_eq!(count(&project, "store"), 2);
    project.rel("clean").code(0).says("removed store/").says("no seal, ledger or plan names it");
    assert_eq!(count(&project, "store"), 0);
}

#[test]
fn what_a_gate_has_sealed_stays() {
    let project = project();
    project.rel("first --live --yes").code(0);
    project.rel("clean").code(0).says("kept seal/").says("its release is finished");
    assert_eq!(count(&project, "store"), 1);
    project
        .rel("first --live")
        .code(0)
        .says("build: taken as sealed")
        .says("nothing had to be sent");
}

#[test]
fn a_release_that_is_not_finished_keeps_all_it_needs_for_ever() {
    let project = project();
    project.rel("publish --live --yes -j 1").code(5);
    age(&project.state(), 400);
    project.rel("clean --all").code(0).says("its release is not finished");
    assert_eq!((count(&project, "seal"), count(&project, "store")), (1, 1));

    fs::write(project.root().join("../ready"), "").unwrap();
    project.rel("publish --live --yes --redo").code(0).says("build: taken as sealed");
    age(&project.state(), 29);
    project.rel("clean --all").code(0).says("kept seal/");
    age(&project.state(), 31);
    project.rel("clean").code(0).says("kept seal/");
    project.rel("clean --all").code(0).says("removed seal/").says("removed store/");
    assert_eq!((count(&project, "seal"), count(&project, "store")), (0, 0));
    assert_eq!(count(&project, "ledger"), 1, "the memory of what was sent");
}

#[test]
fn effects_that_were_planned_and_never_begun_count_too() {
    let project = Project::new(
        r#"
        task("build").run(|t| sh("date +%N > {}/made", t.out));
        task("first").needs("build").effects("command").run(|| remote("touch went"));
        task("second").needs("first").effects("command").run(|| {
            if files("went").len() > 0 { throw "not now" }
            remote("true");
        });
        "#,
    )
    .file(".gitignore", "went")
    .git();
    project.rel("second --live --yes").code(5).says("not now");
    project.rel("first --live --yes").code(0);
    age(&project.state(), 400);
    project.rel("clean --all").code(0).says("its release is not finished");
    assert_eq!(count(&project, "store"), 1);
}

#[test]
fn a_seal_that_cannot_be_read_keeps_what_it_mentions() {
    let project = project();
    project.rel("first --live --yes").code(0);
    let seal = fs::read_dir(project.state().join("seal")).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&seal).unwrap();
    fs::write(&seal, format!("{{ {text}")).unwrap();
    age(&project.state(), 400);
    project.rel("clean --all").code(0).says("its release is not finished");
    assert_eq!((count(&project, "seal"), count(&project, "store")), (1, 1));
    fs::write(&seal, b"\xff\xfe").unwrap();
    project
        .rel("clean --all")
        .code(1)
        .says("what is kept cannot be read")
        .says("nothing was removed");
    assert_eq!(count(&project, "store"), 1);
}

#[test]
fn a_plan_keeps_its_artifacts_as_long_as_it_may_be_applied() {
    let project = project();
    project.rel("run first -o ../plan.json").code(0);
    age(&project.state(), 29);
    project.rel("clean --all").code(0).never_says("removed plan/");
    assert_eq!((count(&project, "plan"), count(&project, "store")), (1, 1));
    project.rel("apply ../plan.json --yes").code(0);

    let project = self::project();
    project.rel("run first -o ../plan.json").code(0);
    age(&project.state(), 31);
    project.rel("clean").code(0).says("removed plan/").says("removed store/");
    assert_eq!((count(&project, "plan"), count(&project, "store")), (0, 0));
}

#[test]
fn nothing_is_removed_beside_a_run() {
    let releasefile = format!("{RELEASEFILE} task(\"wait\").exec(\"cat ../fifo\");");
    let project = Project::new(&releasefile).git();
    project.rel("build").code(0);
    age(&project.state(), 400);
    fs::remove_file(project.state().join("swept")).unwrap();
    let fifo = project.root().join("../fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut waiting = project.command("wait").stderr(Stdio::null()).spawn().unwrap();
    // Opening it waits until the task's command has opened it too.
    let open = File::create(&fifo).unwrap();
    project.rel("clean").code(3).says("another rel is at work in this project");
    project.rel("clean --list").code(0).says("its run, or something").says("would remove store/");
    project.rel("lint").code(0);
    assert_eq!(count(&project, "store"), 1, "the run beside it keeps its hands off, too");
    drop(open);
    assert!(waiting.wait().unwrap().success());
    assert_eq!(count(&project, "store"), 0, "the last run to end has swept");
}

#[test]
fn what_killed_runs_left_goes() {
    let project = project();
    project.rel("lint").code(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let young = project.state().join(format!("aside/{now}-1/old.whl"));
    let old = project.state().join("aside/1000-1/old.whl");
    let out = project.state().join("out/4194999/build/half");
    let draft = project.state().join("store/drafts/half");
    for path in [&young, &old, &out, &draft] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "0123456789").unwrap();
    }
    let ran = project
        .rel("clean")
        .code(0)
        .says("removed out/4194999 (10 B)")
        .says("removed aside/1000-1");
    ran.says("removed store/drafts (10 B)");
    assert!(young.exists() && !old.exists() && !out.exists() && !draft.exists());
}

#[test]
fn a_run_sweeps_once_a_day_what_nothing_has_named_for_two_weeks() {
    let project = project();
    project.rel("build").code(0);
    let store = project.state().join("store");
    age(&store, 13);
    let sweep = |project: &Project| {
        fs::remove_file(project.state().join("swept")).unwrap();
        project.rel("lint").code(0).never_says("removed");
    };
    sweep(&project);
    assert_eq!(count(&project, "store"), 1);
    age(&store, 15);
    project.rel("lint").code(0);
    assert_eq!(count(&project, "store"), 1, "it has looked today");
    sweep(&project);
    assert_eq!(count(&project, "store"), 0);

    project.rel("first --live --yes").code(0);
    age(&project.state(), 400);
    sweep(&project);
    assert_eq!((count(&project, "store"), count(&project, "seal")), (1, 1));
}

#[test]
fn tool_environments_go_only_if_asked_for() {
    let cache = tempfile::tempdir().unwrap();
    let project = project().env("XDG_CACHE_HOME", &cache.path().to_string_lossy());
    for name in ["env/0123456789ab", "uv-0.13.8"] {
        let folder = cache.path().join("rel").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("ready"), "x").unwrap();
    }
    fs::create_dir_all(cache.path().join("other")).unwrap();
    project.rel("clean").code(0);
    project.rel("clean --tools --list").code(0).says("would remove tools/uv-0.13.8 (1 B)");
    assert!(cache.path().join("rel/env/0123456789ab/ready").exists());
    project.rel("clean --tools").code(0).says("removed tools/0123456789ab");
    let left = fs::read_dir(cache.path().join("rel/env")).unwrap().flatten();
    assert!(left.into_iter().all(|entry| entry.file_type().unwrap().is_file()));
    assert!(!cache.path().join("rel/uv-0.13.8").exists() && cache.path().join("other").exists());
}

#[test]
fn it_is_told_as_json_too() {
    let project = project();
    project.rel("build").code(0);
    let told = project.rel("clean --list --output json").code(0).out;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let entry = &told["entries"][0];
    assert_eq!((entry["part"].as_str(), entry["bytes"].as_u64()), (Some("store"), Some(10)));
    assert_eq!((entry["spare"].as_bool(), entry["removed"].as_bool()), (Some(true), Some(false)));
}

#[test]
fn half_written_files_of_killed_runs_go() {
    let project = project();
    project.rel("lint").code(0);
    let [old, young] = [".tmpOld", ".tmpYoung"].map(|name| project.state().join(name));
    for draft in [&old, &young] {
        fs::write(draft, "half").unwrap();
    }
    age(&old, 2);
    fs::remove_file(project.state().join("swept")).unwrap();
    project.rel("lint").code(0);
    assert!(!old.exists() && young.exists());
}
