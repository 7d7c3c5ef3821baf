//! What is up to date is not run, and what is not, is: case by case, and in a long walk of random changes
//! that is held against a model and against clean runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::project::{Project, Ran};

const TWO: &str = r#"
    task("gen").inputs("src/*.txt").outputs("gen/all.txt")
        .sh("mkdir -p gen; cat src/*.txt > gen/all.txt; echo made with ${FLAVOUR:-none}");
    task("build").needs("gen").inputs("src/a.txt").param("level", 1)
        .run(|t| { sh("tr a-z A-Z < {} > {}/out.txt", t.artifacts("gen")[0], t.out); print("built"); });
"#;

fn two() -> Project {
    Project::new(TWO).file("src/a.txt", "a\n").file("src/b.txt", "b\n").git()
}

#[test]
fn what_is_up_to_date_is_not_run_and_says_again_what_it_said() {
    let project = two();
    project.rel("build").code(0).says("gen: ok").says("build: ok").says("made with none");
    let again = project.rel("build").code(0);
    let again = again.says("gen: up to date").says("build: up to date").says("made with none");
    again.says("built").says("+ out.txt").never_says("$ mkdir");
    let json = project.rel("--output json build").code(0);
    json.says("\"end\":\"up-to-date\"").says("\"line\":\"built\"");
}

#[test]
fn why_names_what_changed() {
    let project = two();
    project.rel("why build").code(0).says("gen: runs: it has not run well before");
    project.rel("build").code(0);
    project
        .rel("why build")
        .code(0)
        .says("gen: up to date since 20")
        .says("build: up to date since");
    project.write("src/a.txt", "other\n");
    project.write("src/c.txt", "c\n");
    fs::remove_file(project.root().join("src/b.txt")).unwrap();
    let why = project.rel("why build").code(0);
    why.says(
        "gen: runs: input `src/a.txt` changed; input `src/b.txt` is gone; input `src/c.txt` is new",
    )
    .says("build: runs: input `src/a.txt` changed");
    let json = project.rel("--output json why gen").code(0);
    json.says("\"runs\":true").says("\"reason\":\"input\"").says("\"name\":\"src/c.txt\"");
    project.rel("build").code(0);
    project.rel("why build level=2").code(0).says("build(level=2): runs: it has not run well");

    project.write("src/b.txt", "b\n");
    let reserve = "build: up to date since";
    project
        .rel("why build")
        .code(0)
        .says(reserve)
        .says("unless `gen`, which may run, makes other files");
    project.rel("gen").code(0);
    project.rel("why build").code(0).says("build: runs: `gen` made other files");
    project.write("Releasefile", &TWO.replace("made with", "done with"));
    let why = project.rel("why build").code(0);
    why.says("gen: runs: the command changed").says("the Releasefile changed");
    let flavoured = project.env("FLAVOUR", "mint");
    flavoured.rel("why gen").code(0).says("variable `FLAVOUR` is new");
    flavoured.rel("gen").code(0).says("done with mint");
    flavoured.rel("gen").code(0).says("gen: up to date");
}

#[test]
fn a_variable_that_usual_tools_obey_counts_and_a_sessions_does_not() {
    let project = two();
    project.rel("gen").code(0);
    let project = project.env("TERM", "vt100").env("SSH_AUTH_SOCK", "/x");
    project.rel("gen").code(0).says("gen: up to date");
    project.env("PYTHONPATH", "/x").rel("why gen").code(0).says("variable `PYTHONPATH` is new");
}

#[test]
fn outputs_are_put_back_and_what_stands_in_their_place_is_set_aside() {
    let project = two();
    project.rel("gen").code(0);
    let output = project.root().join("gen/all.txt");
    fs::remove_file(&output).unwrap();
    project.rel("gen").code(0).says("gen: up to date").says("gen: 1 of its outputs put back");
    assert_eq!(fs::read_to_string(&output).unwrap(), "a\nb\n");
    fs::write(&output, "mine\n").unwrap();
    project
        .rel("gen")
        .code(0)
        .says("gen: up to date")
        .says("older files of its outputs were set aside (1)");
    assert_eq!(fs::read_to_string(&output).unwrap(), "a\nb\n");
    fs::remove_dir_all(project.state().join("store")).unwrap();
    project.rel("why gen").code(0).says("`gen/all.txt`, which it made, is gone from the store");
    project.rel("gen").code(0).says("gen: ok");
}

#[test]
fn an_output_that_may_be_executed_comes_back_so() {
    let project = Project::new(
        "task(\"make\").inputs(\"in\").outputs(\"tool\").sh(\"cp in tool; chmod 755 tool\");\n",
    );
    let project = project.file("in", "#!/bin/sh\necho it runs\n").git();
    project.rel("make").code(0);
    fs::remove_file(project.root().join("tool")).unwrap();
    project.rel("make").code(0).says("make: up to date");
    let ran = std::process::Command::new(project.root().join("tool")).output().unwrap();
    assert_eq!(ran.stdout, b"it runs\n");
}

#[test]
fn only_what_depends_on_its_inputs_alone_is_remembered() {
    let project = Project::new(
        r#"
        task("plain").exec("true");
        task("secret").inputs("in").secrets("CORP_TOKEN").exec("true");
        task("terminal").inputs("in").tty().exec("true");
        task("asks").inputs("in").run(|| print(git::branch()));
        task("appends").inputs("in").sh("echo x >> in");
        task("fails").inputs("in").optional().exec("false");
        task("skips").inputs("in").run(|| skip("not today"));
        "#,
    );
    let project = project.file("in", "").git();
    let all = "plain secret terminal asks appends fails skips";
    project.rel(all).code(0);
    project.rel(all).code(0).never_says("up to date");
    let why = project.rel(&format!("why {all}")).code(0);
    why.says("plain: runs each time: it declares no `.inputs`")
        .says("secret: runs each time: it uses secrets")
        .says("terminal: runs each time: it talks with a person")
        .says("asks: runs: it asks `git::branch`, whose answer may be another one each time")
        .says("appends: runs: `in` changed while it ran")
        .says("fails: runs: it has not run well before");
}

#[test]
fn what_failed_since_is_not_up_to_date() {
    let project = Project::new("task(\"a\").inputs(\"in\").sh(\"test ! -e $HOME/bad\");\n");
    let project = project.file("in", "").git();
    project.rel("a").code(0);
    let bad = PathBuf::from(&project.variables()["HOME"]).join("bad");
    fs::write(&bad, "").unwrap();
    project.rel("a").code(0).says("a: up to date");
    project.rel("a --no-cache").code(1);
    fs::remove_file(bad).unwrap();
    project.rel("why a").code(0).says("a: runs: its last run failed");
    project.rel("a").code(0).says("a: ok");
}

#[test]
fn many_that_are_up_to_date_are_counted() {
    let text = "for i in 0..30 { task(`t${i}`).inputs(\"in\").exec(\"true\"); }\ntask(\"all\").needs(\"t*\");\n";
    let project = Project::new(text).file("in", "").git();
    project.rel("all").code(0).says("t29: ok");
    project.rel("all").code(0).says("30 tasks are up to date").never_says("t29");
    project.rel("t1 t2").code(0).says("t1: up to date\nt2: up to date\n");
}

#[test]
fn a_live_run_and_a_plan_to_be_sent_repeat_what_is_up_to_date() {
    let project = Project::new(
        r#"
        task("build").inputs("in").run(|t| sh("cp in {}/made", t.out));
        task("send").needs("build").effects("command").run(|t| { t.artifacts("build"); remote("true"); });
        "#,
    );
    let project = project.file("in", "x").git();
    project.rel("send").code(0).says("build: ok");
    project.rel("send").code(0).says("build: up to date");
    project.rel("send -o ../plan.json").code(0).says("build: ok");
    project.rel("send --live --yes").code(0).says("build: ok").never_says("up to date");
    project.rel("send").code(0).says("build: taken as sealed");
    project.rel("build --no-cache").code(0).says("build: ok");
    project.rel("build").code(0).says("build: up to date");
}

#[test]
fn bodies_are_known_by_what_they_ask() {
    let project = Project::new(
        r#"
        task("body").inputs("in").run(|t| {
            let notes = read("notes");
            notes.trim();
            print(`${notes} ${env("FLAVOUR", "plain")} ${files("more/*").len()}`);
        });
        "#,
    );
    let project = project.file("in", "").file("notes", "first\n").file("more/a", "").git();
    project.rel("body").code(0).says("first plain 1");
    project.rel("body").code(0).says("body: up to date").says("first plain 1");
    project.write("notes", "second\n");
    project.rel("why body").code(0).says("`notes`, which it reads, changed");
    project.rel("body").code(0).says("second plain 1");
    project.write("more/b", "");
    project.rel("why body").code(0).says("`files more/*`, which it reads, changed");
    project.rel("body").code(0).says("second plain 2");
    let project = project.env("FLAVOUR", "mint");
    project.rel("why body").code(0).says("variable `FLAVOUR` is new");
    project.rel("body").code(0).says("second mint 2");
    project.rel("body").code(0).says("body: up to date");
}

#[test]
fn what_git_said_while_the_file_was_read_is_part_of_its_bodies() {
    let project = Project::new(
        "let branch = git::branch();\ntask(\"a\").inputs(\"in\").run(|| print(`on ${branch}`));\n",
    );
    let project = project.file("in", "").git();
    project.rel("a").code(0).says("on main");
    project.rel("a").code(0).says("a: up to date");
    project.run_git(&["checkout", "--quiet", "-b", "other"]);
    project.rel("a").code(0).says("on other").says("a: ok");
}

#[test]
fn a_condition_is_asked_each_time() {
    let project = Project::new(
        "task(\"a\").inputs(\"in\").when(|| env(\"GO\", \"\") != \"no\").sh(\"echo it ran\");\n",
    );
    let project = project.file("in", "").git();
    project.rel("a").code(0).says("a: ok");
    project.rel("a").code(0).says("a: up to date").says("it ran");
    project.env("GO", "no").rel("a").code(0).says("a: skipped");
}

#[test]
fn what_git_ignores_is_no_input_unless_it_is_named() {
    let project = Project::new(
        "task(\"a\").inputs(\"src/**\").exec(\"true\");\ntask(\"b\").inputs(\"dist/*\").exec(\"true\");\n",
    );
    let project =
        project.file(".gitignore", "*.pyc\ndist/\n").file("src/a.py", "").file("dist/x", "");
    let project = project.git();
    project.rel("a b").code(0);
    project.write("src/a.pyc", "x");
    project.rel("a").code(0).says("a: up to date");
    project.write("dist/y", "x");
    project.rel("why b").code(0).says("input `dist/y` is new");
    project.write("src/.hidden", "x");
    project.rel("why a").code(0).says("input `src/.hidden` is new");
}

/// Runs tasks until they are up to date: what was changed a moment ago is read again.
fn come_to_rest(project: &Project, tasks: &str) {
    let calm = |_| !project.rel(&format!("run {tasks}")).code(0).err.contains(": ok");
    assert!((0..50).any(calm), "{tasks} never come to rest");
}

#[test]
fn what_git_tracks_is_an_input_even_where_it_would_be_ignored() {
    let project = Project::new(
        "task(\"a\").inputs(\"src/**\").exec(\"true\");\ntask(\"b\").inputs(\"src/*.log\").exec(\"true\");\n",
    );
    let ignore = "*.log\nbuild/\n";
    let project = project.file("src/a", "").file("src/keep.log", "1").file("src/build/x", "1");
    let project = project.git();
    project.write(".gitignore", ignore);
    project.write("src/other.log", "1");
    let calm = || come_to_rest(&project, "a b");
    for (name, tasks) in [("src/keep.log", "a b"), ("src/build/x", "a"), ("src/a", "a")] {
        calm();
        project.write(name, "2");
        let why = project.rel(&format!("why {tasks}")).code(0);
        why.says(&format!("input `{name}` changed")).never_says("up to date");
        project.rel("a b").code(0).says("a: ok");
    }
    calm();
    project.write("src/other.log", "2");
    project.write("src/build/y", "1");
    project.rel("a b").code(0).never_says(": ok");
    project.run_git(&["add", "-f", "src/other.log"]);
    project.rel("why a b").code(0).says("input `src/other.log` is new").never_says("up to date");
    calm();
    fs::remove_file(project.root().join("src/keep.log")).unwrap();
    project.rel("why a b").code(0).says("input `src/keep.log` is gone").never_says("up to date");
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_unicode_counts_only_where_it_matches() {
    use std::os::unix::ffi::OsStrExt as _;

    let project = Project::new(
        r#"
        task("beside").inputs("odd/sp*.txt").run(|| print(`${files("odd/sp*.txt").len()} found`));
        task("all").inputs("odd/*").exec("true");
        task("body").run(|| print(files("odd/*").len()));
        "#,
    );
    let project = project.file("odd/sp ace.txt", "").git();
    let odd = std::ffi::OsStr::from_bytes(b"odd/non\xffutf.txt");
    fs::write(project.root().join(odd), "").unwrap();
    project.rel("beside").code(0).says("1 found");
    let hint = "hint: rename it; then run the same command";
    let named = "a file name is not Unicode: odd/non";
    project.rel("all").says(named).says(hint);
    project.rel("body").code(1).says(named).says(hint);
}

/// Makes its output in two steps, between which it waits for a line.
const SLOW: &str = r#"
    task("calm").exec("true");
    task("slow").inputs("src/*").outputs("out/o.txt")
        .sh("mkdir -p out; cat src/a > out/o.txt; read -r _ < go; cat src/a >> out/o.txt");
"#;

fn slow() -> (Project, PathBuf) {
    let project = Project::new(SLOW).file("src/a", "1\n").git();
    let go = project.root().join("go");
    assert!(std::process::Command::new("mkfifo").arg(&go).status().unwrap().success());
    (project, go)
}

#[test]
fn of_two_runs_that_make_the_same_file_one_waits() {
    let (project, go) = slow();
    let quiet = |words: &str| {
        let mut command = project.command(words);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut first = quiet("slow");
    // Opened as soon as the task reads from it.
    let gate = fs::OpenOptions::new().write(true).open(&go).unwrap();
    let mut second = quiet("slow");
    let said = BufReader::new(second.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut said = said.skip_while(|line| !line.contains("waits for another run"));
    assert!(said.next().is_some());
    fs::write(&go, "go on\n").unwrap();
    drop(gate);
    assert!(first.wait().unwrap().success());
    fs::write(&go, "go on\n").unwrap();
    assert_eq!(said.last().map(|line| line.starts_with("done")), Some(true));
    assert!(second.wait().unwrap().success());
    assert_eq!(fs::read_to_string(project.root().join("out/o.txt")).unwrap(), "1\n1\n");
    project.rel("slow").code(0).says("slow: up to date");
}

#[test]
fn while_what_a_killed_run_left_may_write_to_an_output_it_is_not_made() {
    let (project, go) = slow();
    let mut killed = project.command("slow").stderr(Stdio::null()).spawn().unwrap();
    let gate = fs::OpenOptions::new().write(true).open(&go).unwrap();
    killed.kill().unwrap();
    killed.wait().unwrap();
    project.write("src/a", "2\n");
    let refused = project.rel("slow").code(1);
    refused.says("what a killed run of `slow` left running may write to its outputs");
    project.rel("calm").code(0).says("calm: ok");
    fs::write(&go, "go on\n").unwrap();
    drop(gate);
    while project.rel("calm").code(0).err.contains("left") {}
    let opened = std::thread::spawn(move || fs::write(go, "go on\n").unwrap());
    project.rel("slow").code(0).says("slow: ok");
    opened.join().unwrap();
    assert_eq!(fs::read_to_string(project.root().join("out/o.txt")).unwrap(), "2\n2\n");
}

#[test]
fn a_run_that_waited_for_one_that_was_killed_makes_nothing_beside_what_that_left() {
    let (project, go) = slow();
    let mut killed = project.command("slow").stderr(Stdio::null()).spawn().unwrap();
    let gate = fs::OpenOptions::new().write(true).open(&go).unwrap();
    let mut waiting = project.command("slow");
    let mut waiting = waiting.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(waiting.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut said = said.skip_while(|line| !line.contains("waits for another run"));
    assert!(said.next().is_some());
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(said.any(|line| line.contains("left running may write to its outputs")));
    assert_eq!(waiting.wait().unwrap().code(), Some(1));
    fs::write(&go, "go on\n").unwrap();
    drop(gate);
    while project.rel("calm").code(0).err.contains("left") {}
}

#[test]
fn a_task_may_call_rel_for_another_output() {
    let rel = env!("CARGO_BIN_EXE_rel");
    let text = format!(
        "task(\"inner\").outputs(\"inner.txt\").sh(\"echo x > inner.txt\");\n\
         task(\"outer\").outputs(\"outer.txt\").sh(\"{rel} inner; cp inner.txt outer.txt\");\n\
         task(\"apart\").outputs(\"apart.txt\").sh(\"env -u REL_OUT {rel} inner; cp inner.txt apart.txt\");\n"
    );
    let project = Project::new(&text).git();
    for outer in ["outer", "apart"] {
        project.rel(outer).code(0).says("inner: ok").says(&format!("{outer}: ok"));
    }
}

#[test]
fn what_rel_and_git_keep_is_no_output() {
    let project = Project::new(
        "task(\"a\").inputs(\"in\").outputs(\"**/x.json\").sh(\"cat in > x.json\");\n\
         task(\"b\").outputs(\"**/index\").exec(\"git add index\").sh(\"echo x > index\");\n",
    );
    let project = project.file("in", "1").git();
    for text in ["1", "2", "3"] {
        project.write("in", text);
        project.rel("a").code(0).says("a: ok").never_says(".git/rel/top/store");
        project.rel("a").code(0).says("a: up to date").never_says("set aside");
    }
    project.write("index", "mine");
    project.rel("b").code(1).says("git add index").says("1 of them put back");
    assert_eq!(fs::read_to_string(project.root().join("index")).unwrap(), "mine");
}

#[test]
fn what_cannot_be_set_aside_stays() {
    let project = Project::new("task(\"a\").outputs(\"x\").exec(\"touch x\");\n").git();
    project.rel("a").code(0);
    fs::remove_dir_all(project.state().join("aside")).ok();
    project.write("x", "mine");
    fs::write(project.state().join("aside"), "").unwrap();
    project.rel("a").says("cannot set `x` aside").says("a: FAILED");
    assert_eq!(fs::read_to_string(project.root().join("x")).unwrap(), "mine");
}

#[test]
fn where_git_does_not_tell_what_it_tracks_nothing_is_up_to_date() {
    let project = Project::new("task(\"a\").inputs(\"src/*\").exec(\"true\");\n");
    let project = project.file("src/a", "").git().env("GIT_INDEX_FILE", "src/a");
    project.rel("a").code(0).says("a: ok");
    project.rel("a").code(0).says("a: ok");
    project.rel("why a").code(0).says("git does not tell which files it tracks");
}

#[test]
fn files_of_a_module_of_git_are_tracked_there() {
    let inner = Project::new("").file("keep.txt", "1").git();
    let project = Project::new("task(\"a\").inputs(\"**/*.txt\").exec(\"true\");\n");
    let project = project.file("b.txt", "").git();
    let from = inner.root().display().to_string();
    project.run_git(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", &from, "sm"]);
    project.write("sm/.gitignore", "*.txt\n");
    come_to_rest(&project, "a");
    project.write("sm/keep.txt", "2");
    project.rel("why a").code(0).says("input `sm/keep.txt` changed");
}

#[test]
fn what_a_task_makes_is_no_input_of_it_and_what_comes_while_it_runs_is_named() {
    let project = Project::new(
        r#"
        task("all").inputs("**").outputs("dist/*").sh("mkdir -p dist; cat a.txt > dist/a");
        task("adds").inputs("*.txt").sh("touch b.txt");
        task("writes").inputs(["a.txt", "lock"]).outputs("lock").sh("echo x > lock");
        "#,
    );
    let project = project.file("a.txt", "a").file("c.txt", "c").file("lock", "x\n").git();
    project.rel("all").code(0).says("all: ok");
    project.rel("all").code(0).says("all: up to date");
    project.write("dist/other", "");
    project.rel("all").code(0).says("all: up to date").says("set aside (1)");
    project.write("c.txt", "d");
    project.rel("why all").code(0).says("input `c.txt` changed");
    project.rel("adds").code(0);
    project.rel("why adds").code(0).says("`b.txt` changed while it ran");
    project.rel("writes").code(0);
    project.rel("why writes").code(0).says("`lock` changed while it ran");
}

#[test]
fn a_task_that_fails_leaves_what_its_outputs_name() {
    let project = Project::new(
        "task(\"edits\").outputs(\"src/*\").sh(\"sed s/1/2/ src/a > src/b\");\n\
         task(\"makes\").outputs(\"doc/*\").sh(\"echo new > doc/new\");\n",
    );
    let project = project.file("src/a", "1").file("doc/old", "").file("doc/older", "").git();
    project.write("src/a", "1, not committed");
    project.rel("edits").code(1).says("edits: 1 of them put back");
    assert_eq!(fs::read_to_string(project.root().join("src/a")).unwrap(), "1, not committed");
    let made = project.rel("makes").code(0);
    made.says("warning: `makes` has not made `doc/old` and 1 more, which its outputs name and git");
    project.rel("makes").code(0).never_says("warning");
}

#[test]
fn an_audit_names_what_is_not_declared() {
    let project = Project::new(
        r#"
        task("tidy").inputs("in").outputs("out/x").sh("mkdir -p out __pycache__; cp in out/x; cp in __pycache__/y");
        task("untidy").inputs("in").sh("echo x > left.txt; echo y > ignored.txt");
        "#,
    );
    let project = project.file("in", "x").file(".gitignore", "ignored.txt\n").git();
    project.rel("tidy untidy").code(0).never_says("does not declare");
    let audited = project.rel("tidy untidy --audit").code(0).never_says("task `tidy` writes");
    audited.says("task `untidy` writes what it does not declare: `ignored.txt`, `left.txt`");
}

/// The one file in which a project's cache is.
fn cache_file(project: &Project) -> PathBuf {
    let files = fs::read_dir(project.state().join("cache")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "one file, and no drafts: {files:?}");
    files.remove(0)
}

#[test]
fn a_file_of_another_version_or_half_a_file_is_as_good_as_none() {
    let project = two();
    project.rel("gen").code(0);
    let file = cache_file(&project);
    let good = fs::read(&file).unwrap();
    let mut other = good.clone();
    other[8] += 1;
    for bad in [other, good[..good.len() / 2].to_vec(), Vec::new(), b"something else".to_vec()] {
        fs::write(&file, bad).unwrap();
        project.rel("why gen").code(0).says("it has not run well before");
        project.rel("gen").code(0).says("gen: ok");
        project.rel("gen").code(0).says("gen: up to date");
    }
}

#[test]
fn runs_side_by_side_forget_nothing_of_each_other() {
    let mut text = String::new();
    for at in 0..8 {
        text += &format!("task(\"t{at}\").inputs(\"in/{at}\").sh(\"cat in/{at}\");\n");
    }
    let project =
        (0..8).fold(Project::new(&text), |project, at| project.file(&format!("in/{at}"), "x"));
    let project = project.git();
    for _ in 0..3 {
        let mut runs: Vec<_> = (0..8)
            .map(|at| {
                let mut command = project.command(&format!("t{at} --no-cache"));
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        assert!(runs.iter_mut().all(|run| run.wait().unwrap().success()));
        cache_file(&project);
    }
    // Two that write within the same moment may lose a record, but never the file.
    let all: Vec<String> = (0..8).map(|at| format!("t{at}")).collect();
    project.rel(&all.join(" ")).code(0).never_says(": ok");
}

#[test]
fn of_runs_that_fail_side_by_side_each_is_remembered() {
    let mut text = String::new();
    for at in 0..8 {
        text += &format!("task(\"t{at}\").inputs(\"in\").sh(\"test ! -e fail\");\n");
    }
    let project = Project::new(&text).file("in", "x").git();
    let names: Vec<String> = (0..8).map(|at| format!("t{at}")).collect();
    for _ in 0..3 {
        fs::remove_file(project.root().join("fail")).ok();
        project.rel(&names.join(" ")).code(0);
        project.write("fail", "");
        let mut runs: Vec<_> = names
            .iter()
            .map(|name| {
                let mut command = project.command(&format!("{name} --no-cache"));
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
            })
            .collect();
        assert!(runs.iter_mut().all(|run| run.wait().unwrap().code() == Some(1)));
        project.rel(&format!("why {}", names.join(" "))).code(0).never_says("up to date");
    }
}

#[test]
fn what_a_body_catches_may_go_well_the_next_time() {
    for (body, then, says) in [
        ("try { print(env(\"LATE\")) } catch { print(\"none\") }", "", "set"),
        ("try { print(read(\"late\")) } catch { print(\"none\") }", "late", "here"),
        ("try { print(toml::read(\"late\").v) } catch { print(\"none\") }", "late", "7"),
        (
            "try { print(changelog::section(\"1.0\", \"late\")) } catch { print(\"none\") }",
            "late",
            "first",
        ),
        ("try { print(git::log(\"v9..HEAD\").len()) } catch { print(\"none\") }", "tag", "0"),
    ] {
        let project = Project::new(&format!("task(\"a\").inputs(\"in\").run(|| {{ {body} }});\n"));
        let mut project = project.file("in", "").git();
        project.rel("a").code(0).says("none");
        match then {
            "" => project = project.env("LATE", "set"),
            "tag" => project.run_git(&["tag", "v9"]),
            _ if says == "here" => project.write("late", "here\n"),
            _ if says == "7" => project.write("late", "v = 7\n"),
            _ => project.write("late", "# Changelog\n\n## [1.0] - 2024-01-01\n\n- first\n"),
        }
        project.rel("a").code(0).says(says).says("a: ok");
    }
}

#[test]
fn what_took_too_long_is_not_up_to_date() {
    let project = Project::new(
        "task(\"slow\").inputs(\"in\").timeout(\"1s\").sh(\"test ! -e wait || sleep 60\");\n",
    );
    let project = project.file("in", "").git();
    project.rel("slow").code(0);
    project.write("wait", "");
    project.rel("slow --no-cache").code(1).says("took longer than 1 s");
    project.rel("why slow").code(0).says("its last run failed");
}

#[test]
fn what_is_behind_a_link_to_a_folder_is_not_taken_for_known() {
    let project = Project::new("task(\"a\").inputs(\"data\").sh(\"cat data/a\");\n");
    let project = project.file("other/a", "first\n").git();
    std::os::unix::fs::symlink("other", project.root().join("data")).unwrap();
    project.rel("a").code(0).says("first");
    project.write("other/a", "second\n");
    project.rel("why a").code(0).says("its input `data` leads to a folder");
    project.rel("a").code(0).says("second");
}

#[test]
fn a_file_that_goes_while_it_is_read_counts_as_changed() {
    let project = Project::new(
        "task(\"a\").inputs(\"in\").run(|| { print(read(\"once\")); sh(\"rm once\"); });\n",
    );
    let project = project.file("in", "").file("once", "here\n").git();
    project.rel("a").code(0).says("here");
    project.rel("why a").code(0).says("`once` changed while it ran");
    project.rel("a").code(1).says("cannot read once");
}

#[test]
fn beside_a_task_that_edits_why_tells_what_a_run_does() {
    let project = Project::new(
        "task(\"bump\").edits().sh(\"true\");\ntask(\"lint\").inputs(\"in\").sh(\"cat in\");\n",
    );
    let project = project.file("in", "").git();
    project.rel("lint").code(0);
    project.rel("why lint").code(0).says("lint: up to date since");
    project.rel("why bump lint").code(0).says("lint: runs each time: it runs in a stage");
    project.rel("bump lint").code(0).says("lint: ok");
}

#[test]
fn artifacts_of_what_is_up_to_date_stay_and_all_of_it_can_go() {
    let project = two();
    project.rel("build").code(0);
    project.rel("clean").code(0).says("cache: 1 kept").says("store: 2 kept");
    project.rel("build").code(0).says("gen: up to date").says("build: up to date");
    project.rel("clean --all").code(0).says("removed cache/").says("removed store/");
    project.rel("build").code(0).says("gen: ok").says("build: ok");
}

#[test]
fn an_input_that_matches_nothing_fails_a_task_that_was_up_to_date() {
    let project = two();
    project.rel("build").code(0);
    fs::remove_file(project.root().join("src/a.txt")).unwrap();
    project.rel("build").code(1).says("no file matches the input `src/a.txt`");
}

// --- The walk.

/// Steps of each walk, and their seeds; `REL_CACHE=all` takes longer ones, and more.
const STEPS: usize = 90;
const SEEDS: &[u64] = &[1, 20, 300];

/// A generator of Marsaglia's (xorshift64), so that a walk can be taken again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// What a project holds, as the walk has left it.
#[derive(Clone)]
struct Model {
    files: BTreeMap<String, String>,
    word: usize,
    level: usize,
    flavour: usize,
    tool: usize,
}

/// What an instance depends on, spelt out.
type Key = String;

/// What is known of the last good run of a task.
#[derive(Clone, PartialEq)]
enum Last {
    Never,
    Key(Key),
    /// A run was killed: it was remembered, or was not.
    One(Vec<Option<Key>>),
}

const TASKS: [&str; 4] = ["gen", "tool", "build", "sum"];

impl Model {
    fn new() -> Self {
        let files = [("src/a.txt", "a0"), ("src/b.txt", "b0"), ("conf", "c0"), ("extra/x/y", "e0")];
        let files = files.map(|(name, text)| (name.to_owned(), format!("{text}\n")));
        Self { files: files.into(), word: 0, level: 0, flavour: 0, tool: 0 }
    }

    fn releasefile(&self) -> String {
        let word = self.word;
        r#"
        task("gen").inputs(["src/*.txt", "conf"]).outputs("gen/all.txt")
            .sh("mkdir -p gen; cat src/*.txt conf > gen/all.txt; echo wordWORD >> gen/all.txt; echo gen >> $LOG; echo gen done");
        task("tool").inputs("src/a.txt").exec("some-tool src/a.txt");
        task("build").needs("gen").param("level", "0").inputs("conf")
            .run(|t| sh("(tr a-z A-Z < {}; echo ${FLAVOUR-} {}) > {}/out.txt; echo build >> $LOG", t.artifacts("gen")[0], t.level, t.out));
        task("sum").needs(["build", "tool"]).inputs("extra/**").param("level", "0")
            .run(|t| sh("(cat {}; find extra -type f | sort | xargs cat) > {}/sum; echo sum >> $LOG", t.artifacts("build")[0], t.out));
        "#
        .replace("WORD", &word.to_string())
    }

    fn below(&self, start: &str) -> Vec<(&String, &String)> {
        let counts = |name: &str| name.starts_with(start) && !name.ends_with(".md");
        self.files.iter().filter(|(name, _)| counts(name)).collect()
    }

    /// What `gen` makes, `build`, and `sum`.
    fn made(&self) -> [String; 3] {
        let text = |all: Vec<(&String, &String)>| -> String {
            all.into_iter().map(|(_, text)| text.as_str()).collect()
        };
        let generated =
            format!("{}{}word{}\n", text(self.below("src/")), self.files["conf"], self.word);
        let flavour = if self.flavour == 0 { String::new() } else { format!("f{}", self.flavour) };
        let line = format!("{flavour} {}\n", self.level);
        let line = if flavour.is_empty() { line.trim_start().to_owned() } else { line };
        let built = format!("{}{line}", generated.to_uppercase());
        let sum = format!("{built}{}", text(self.below("extra/")));
        [generated, built, sum]
    }

    /// The instance of a task: each level is one of its own.
    fn id(&self, task: &str) -> String {
        if ["build", "sum"].contains(&task) {
            format!("{task} {}", self.level)
        } else {
            task.into()
        }
    }

    fn keys(&self) -> [Key; 4] {
        let [generated, built, _] = self.made();
        let text = self.releasefile();
        let conf = &self.files["conf"];
        [
            format!("{:?} {conf} {}", self.below("src/"), self.word),
            format!("{} {}", self.files["src/a.txt"], self.tool),
            format!("{generated} {conf} {text} {} {}", self.level, self.flavour),
            format!("{built} {:?} {text} {}", self.below("extra/"), self.level),
        ]
    }
}

/// A project on disk that a walk goes through.
struct Walk {
    project: Project,
    model: Model,
    last: BTreeMap<String, Last>,
    dice: Dice,
    told: Vec<String>,
}

/// A file that git tracks is among them, and counts.
const IGNORED: &str = "gen/\n/extra/x/y\n";

const TOOL: &str = "#!/bin/sh\n# VERSION\ncat \"$1\"\necho tool >> \"$LOG\"\n";

impl Walk {
    fn new(seed: u64) -> Self {
        let model = Model::new();
        let project = Project::new(&model.releasefile());
        let home = project.root().parent().unwrap().to_owned();
        let path = format!("{}:{}", home.join("bin").display(), project.variables()["PATH"]);
        let log = home.join("log").display().to_string();
        let project = project.env("PATH", &path).env("LOG", &log).file(".gitignore", IGNORED).git();
        let walk =
            Self { project, model, last: BTreeMap::new(), dice: Dice(seed), told: Vec::new() };
        walk.model.files.iter().for_each(|(name, text)| walk.project.write(name, text));
        walk.project.run_git(&["add", "-f", "extra/x/y"]);
        walk.write_tool();
        walk
    }

    fn home(&self) -> PathBuf {
        self.project.root().parent().unwrap().to_owned()
    }

    fn write_tool(&self) {
        let path = self.home().join("bin/some-tool");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        // Another file, as installers write them: one that is being started cannot be written to.
        let draft = path.with_extension("new");
        fs::write(&draft, TOOL.replace("VERSION", &self.model.tool.to_string())).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&draft, mode).unwrap();
        fs::rename(draft, path).unwrap();
    }

    fn any_file(&mut self) -> String {
        let at = self.dice.below(self.model.files.len());
        self.model.files.keys().nth(at).unwrap().clone()
    }

    fn set_time(&mut self, path: &Path) {
        let skew = Duration::from_secs(60 * (1 + self.dice.below(1_000_000) as u64));
        let now = SystemTime::now();
        let then = if self.dice.below(2) == 0 { now - skew } else { now + skew };
        fs::File::open(path).unwrap().set_modified(then).unwrap();
    }

    fn put(&mut self, name: &str, text: String) {
        self.project.write(name, &text);
        self.model.files.insert(name.to_owned(), text);
    }

    /// One change, and what it is called.
    fn change(&mut self, at: usize) -> String {
        let name = self.any_file();
        let path = self.project.root().join(&name);
        let kind = self.dice.below(17);
        match kind {
            0 | 1 => self.put(&name, format!("x{at}\n")),
            2 => {
                // The same length, the same time: only the system's own time tells.
                let (old, time) = (
                    self.model.files[&name].clone(),
                    fs::metadata(&path).unwrap().modified().unwrap(),
                );
                let last = if old.starts_with('q') { "r" } else { "q" };
                self.put(&name, format!("{last}{}", &old[1..]));
                fs::File::open(&path).unwrap().set_modified(time).unwrap();
            }
            3 => self.set_time(&path),
            4 => {
                // Written anew with what it held.
                let text = self.model.files[&name].clone();
                fs::remove_file(&path).unwrap();
                self.put(&name, text);
            }
            5 if !["src/a.txt", "conf", "extra/x/y"].contains(&name.as_str()) => {
                fs::remove_file(&path).unwrap();
                self.model.files.remove(&name);
            }
            6 if name.starts_with("src/") && name != "src/a.txt" => {
                let to = format!("src/r{at}.txt");
                fs::rename(&path, self.project.root().join(&to)).unwrap();
                let text = self.model.files.remove(&name).unwrap();
                self.model.files.insert(to, text);
            }
            7 => self.put(&format!("src/n{at}.txt"), format!("n{at}\n")),
            8 => self.put(&format!("extra/n{at}/f"), format!("f{at}\n")),
            9 => {
                self.model.word += 1;
                self.project.write("Releasefile", &self.model.releasefile());
            }
            10 => self.model.level = self.dice.below(3),
            11 => self.model.flavour = self.dice.below(3),
            12 => {
                self.model.tool += self.dice.below(2);
                self.write_tool();
            }
            13 => {
                let output = self.project.root().join("gen/all.txt");
                match self.dice.below(2) {
                    0 => drop(fs::remove_file(output)),
                    _ => self.project.write("gen/all.txt", "somebody else's\n"),
                }
            }
            14 if self.dice.below(3) == 0 => {
                drop(fs::remove_dir_all(self.project.state().join("store")));
                let makes = self.last.iter_mut().filter(|(id, _)| *id != "tool");
                makes.for_each(|(_, last)| *last = Last::Never);
                return "the store is gone".into();
            }
            15 => self.put("src/unmatched.md", format!("u{at}\n")),
            16 => return self.killed(),
            _ => return "nothing".into(),
        }
        format!("change {kind}, {name}")
    }

    fn command(&self, more: &str) -> std::process::Command {
        let line = format!("--output plain run sum level={} {more}", self.model.level);
        let mut command = self.project.command(&line);
        match self.model.flavour {
            0 => command.env_remove("FLAVOUR"),
            number => command.env("FLAVOUR", format!("f{number}")),
        };
        command
    }

    /// A run of something new that is killed somewhere in its middle.
    fn killed(&mut self) -> String {
        self.put("conf", format!("k{}\n", self.told.len()));
        let lines = self.dice.below(8);
        let mut run =
            self.command("").stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let told = BufReader::new(run.stderr.take().unwrap()).lines();
        told.take(lines).for_each(drop);
        run.kill().unwrap();
        run.wait().unwrap();
        self.wait_for_strays();
        for (task, key) in TASKS.into_iter().zip(self.model.keys()) {
            let id = self.model.id(task);
            let mut maybe = match self.last.get(&id) {
                None | Some(Last::Never) => vec![None],
                Some(Last::Key(key)) => vec![Some(key.clone())],
                Some(Last::One(keys)) => keys.clone(),
            };
            maybe.push(Some(key));
            self.last.insert(id, Last::One(maybe));
        }
        drop(fs::remove_file(self.home().join("log")));
        format!("killed after {lines} lines")
    }

    /// What a killed run had started ends by itself; until then it may still write.
    fn wait_for_strays(&self) {
        let root = fs::canonicalize(self.project.root()).unwrap();
        let works_here = |entry: fs::DirEntry| {
            fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&root))
        };
        while fs::read_dir("/proc").unwrap().flatten().any(works_here) {
            std::thread::yield_now();
        }
    }

    /// The tasks that have run since this was last asked.
    fn ran(&self) -> BTreeSet<String> {
        let log = self.home().join("log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        drop(fs::remove_file(log));
        text.lines().map(str::to_owned).collect()
    }

    fn fail(&self, why: &str, ran: &Ran) -> ! {
        panic!(
            "{why}\n--- walk\n{}\n--- out\n{}\n--- err\n{}",
            self.told.join("\n"),
            ran.out,
            ran.err
        )
    }

    /// One run that goes well.
    fn run(&self, more: &str) -> Ran {
        let ran = Ran::of(self.command(more).output().unwrap());
        if ran.code != 0 {
            self.fail("it failed", &ran);
        }
        ran
    }

    /// Runs until there is nothing to do, and all that was looked at is written down.
    fn come_to_rest(&mut self) {
        let still = self.project.state().join("still");
        drop(fs::remove_dir_all(&still));
        let rests = (0..500).any(|_| {
            let ran = self.run("");
            still.exists() || ran.code != 0
        });
        assert!(rests, "{}", self.told.join("\n"));
        drop(self.ran());
        let ids = TASKS.map(|task| self.model.id(task));
        self.last.extend(ids.into_iter().zip(self.model.keys().map(Last::Key)));
        self.told.push("came to rest".into());
    }

    fn step(&mut self, at: usize) {
        let rests = self.dice.below(4) == 0;
        if rests {
            self.come_to_rest();
        }
        let changed = self.change(at);
        self.told.push(format!("{at}: {changed}"));
        drop(fs::remove_dir_all(self.home().join("made")));
        let first = rests.then(|| (self.run(""), self.ran()));
        let ran = self.run("--export ../made");
        let [generated, _, sum] = self.model.made();
        let held = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
        if held(self.home().join("made/sum")) != sum {
            self.fail(&format!("stale: `sum` should hold {sum:?}"), &ran);
        }
        if held(self.project.root().join("gen/all.txt")) != generated {
            self.fail(&format!("stale: `gen` should have made {generated:?}"), &ran);
        }
        let mut did_run = self.ran();
        if let Some((first, did)) = first {
            if !did_run.is_empty() {
                self.fail("a run that looked at everything at once has missed it", &first);
            }
            did_run = did;
        }
        for (task, key) in TASKS.into_iter().zip(self.model.keys()) {
            let runs = did_run.contains(task);
            let id = self.model.id(task);
            let fits = match self.last.get(&id) {
                None | Some(Last::Never) => runs,
                Some(Last::Key(last)) => runs == (*last != key),
                Some(Last::One(last)) => runs || last.contains(&Some(key.clone())),
            };
            if !fits {
                let word = if runs { "needlessly run" } else { "not run" };
                self.fail(&format!("{task} was {word}"), &ran);
            }
            self.last.insert(id, Last::Key(key));
        }
    }

    /// A clean run in a copy makes the same.
    fn compare_with_a_clean_run(&self) {
        let copy = Project::new(&self.model.releasefile()).git();
        self.model.files.iter().for_each(|(name, text)| copy.write(name, text));
        let home = copy.root().parent().unwrap().to_owned();
        let mut command =
            copy.command(&format!("run sum level={} --export ../made", self.model.level));
        let path = format!("{}:{}", self.home().join("bin").display(), copy.variables()["PATH"]);
        command.env("PATH", path).env("LOG", home.join("log"));
        if self.model.flavour > 0 {
            command.env("FLAVOUR", format!("f{}", self.model.flavour));
        }
        assert!(command.output().unwrap().status.success());
        let sum = |home: &Path| fs::read(home.join("made/sum")).unwrap();
        assert_eq!(sum(&home), sum(&self.home()), "{}", self.told.join("\n"));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn through_random_changes_nothing_is_stale_and_nothing_runs_needlessly() {
    let all = std::env::var("REL_CACHE").is_ok_and(|which| which == "all");
    let (steps, seeds) =
        if all { (1000, (1..9).map(|at| at * 7919).collect()) } else { (STEPS, SEEDS.to_vec()) };
    std::thread::scope(|scope| {
        for seed in seeds {
            scope.spawn(move || {
                let mut walk = Walk::new(seed);
                for at in 0..steps {
                    walk.step(at);
                    if at % 15 == 14 {
                        walk.compare_with_a_clean_run();
                    }
                }
            });
        }
    });
}

#[test]
fn what_a_condition_does_to_files_is_seen() {
    let project = Project::new(
        r#"
        task("z").inputs("in").outputs("oz").sh("cp in oz");
        task("a").needs("z").inputs("in").outputs("o").when(|| { sh("test ! -e ../do || sh ../do"); true }).sh("cp in o");
        task("b").needs("a").inputs("o").sh("cat o");
        "#,
    )
    .file("in", "good\n");
    project.rel("b").code(0);
    let output = project.root().join("o");
    for does in ["rm -f o", "echo other > o"] {
        project.write("../do", does);
        project.rel("b").code(0).says("a: up to date");
        assert_eq!(fs::read_to_string(&output).unwrap(), "good\n", "{does}");
    }
}
