//! Running tasks: order, parameters, parallel work, failures, output, artifacts.

use expect_test::expect;

use crate::project::Project;

#[test]
fn needs_run_first_and_each_once() {
    let project = Project::new(
        r#"
        task("a").sh("echo a >> log");
        task("b").needs("a").sh("echo b >> log");
        task("c").needs("a").sh("echo c >> log");
        task("d").needs(["b", "c"]).sh("echo d >> log");
        "#,
    );
    project.rel("d b -j 1").code(0);
    assert_eq!(std::fs::read_to_string(project.root().join("log")).unwrap(), "a\nb\nc\nd\n");
}

#[test]
fn a_failure_stops_new_work_and_names_the_command() {
    let project = Project::new(
        r#"
        // Style
        task("lint").exec("false");
        task("test").needs("lint").exec("true");
        "#,
    );
    let ran = project.rel("test").code(1);
    expect![[r#"
        lint: FAILED, [t] s
          $ false
        test: not run: something it needs failed
        error: `false` ended with exit code 1
         --> Releasefile:3:27
          |
        3 |         task("lint").exec("false");
          |                           ^^^^^^^
        failed ([t] s)
    "#]]
    .assert_eq(&sorted_block(&project.steady(&ran.err)));
}

/// The lines with the command below its task's status, whatever was flushed first.
fn sorted_block(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    if lines.len() > 1 && lines[0].starts_with("  $") {
        lines.swap(0, 1);
    }
    if let Some(at) = lines.iter().position(|line| line.starts_with("test:")) {
        let line = lines.remove(at);
        lines.insert(2, line);
    }
    lines.join("\n") + "\n"
}

#[test]
fn keep_going_runs_what_does_not_need_the_failed() {
    let project = Project::new(
        r#"
        task("bad").exec("false");
        task("after-bad").needs("bad").run(|| print("never"));
        task("good").run(|| print("good ran"));
        task("all").needs(["bad", "after-bad", "good"]);
        "#,
    );
    project.rel("all -j 1").code(1).never_says("good ran");
    project.rel("all -j 1 --keep-going").code(1).says("good ran").never_says("  never");
}

#[test]
fn optional_failures_harm_nobody() {
    let project = Project::new(
        r#"task("may").optional().exec("false"); task("next").needs("may").run(|| print("went on"));"#,
    );
    project.rel("next").code(0).says("went on").says("optional");
}

#[test]
fn a_value_goes_to_the_tasks_that_are_needed_and_have_a_parameter_of_its_name() {
    let text = r#"
        task("note").param("version", "").exec("echo note {version}");
        task("build").needs("note").exec("echo build");
        task("release").needs("build").param("version").exec("echo release {version}");
    "#;
    let project = Project::new(text);
    let notes = |line: &str| {
        let ran = project.rel(line).code(0);
        let said = ran.out.lines().chain(ran.err.lines()).map(str::trim);
        said.filter(|line| line.starts_with("note ")).map(str::to_owned).collect::<Vec<_>>()
    };
    for (line, version) in [
        ("release version=1.0", "note 1.0"),
        ("release 1.0", "note 1.0"),
        ("note 2.0 build", "note 2.0"),
        ("note 2.0 release 1.0", "note 2.0"),
    ] {
        assert_eq!(notes(line), [version], "{line}");
    }
}

#[test]
fn words_name_tasks_and_their_parameters() {
    let project = Project::new(
        r#"
        task("bump").param("level", ["patch", "minor"]).param("pre", false).exec("echo bump {level} {pre}");
        task("say").rest("args").exec("echo said {args}");
        task("ship").needs("bump").exec("echo shipped");
        "#,
    );
    let once = "what is needed has the values that it was asked for with";
    let ran = project.rel("bump minor ship").code(0).says("bump minor false").says("shipped");
    assert!(!ran.err.contains("bump patch") && !ran.out.contains("bump patch"), "{once}");
    project.rel("ship").code(0).says("bump patch false");
    project.rel("bump minor say").code(0).says("bump minor false").says("said");
    project.rel("bump pre=true").code(0).says("bump patch true");
    project.rel("say -- -k 'x'").code(0).says("said -k x");
    project.rel("bump major").code(2).says("`major` is no value of parameter `level`");
}

#[test]
fn a_matrix_makes_instances_that_can_be_named() {
    let project = Project::new(
        r#"
        task("test").matrix(#{ python: ["3.11", "3.12"], os: ["a"] }).run(|t| print(`${t.name}: ${t.python} on ${t.os}`));
        task("all").needs("test");
        task("one").needs("test:a,3.12");
        "#,
    );
    project.rel("all").code(0).says("test:a,3.11: 3.11 on a").says("test:a,3.12: 3.12 on a");
    project.rel("one").code(0).never_says("3.11");
    project.rel("test:a,3.11").code(0).never_says("3.12");
}

#[test]
fn bodies_see_values_as_of_their_run() {
    let project = Project::new(
        r#"
        let n = 1;
        for v in ["x", "y"] { task(`t-${v}`).run(|| { n += 1; print(`${v} ${n}`); }); }
        n = 100;
        task("all").needs(["t-x", "t-y"]);
        "#,
    );
    project.rel("all").code(0).says("x 2").says("y 2");
}

#[test]
fn artifacts_pass_by_digest_from_an_own_empty_folder() {
    let project = Project::new(
        r#"
        task("build").run(|t| { sh("ls -A {} > {}/listing; echo data > {}/data.txt; chmod +x {}/data.txt", t.out, t.out, t.out, t.out); });
        task("use").needs("build").run(|t| {
            for file in t.artifacts("build") { print(`${file.name} ${file.size} ${file.sha256}`); exec("cat {}", file); }
        });
        "#,
    );
    let digest = "6667b2d1aab6a00caa5aee5af8ad9f1465e567abf1c209d15727d57b3e8f6e5f";
    project.rel("use").code(0).says(&format!("data.txt 5 {digest}")).says("listing 8 ");
}

#[test]
fn what_a_task_leaves_running_writes_into_no_other_tasks_folder() {
    // What has left its group finds its folder there if something is in it.
    for apart in ["", "touch here; setsid"] {
        let project = Project::new(&format!(
            r#"
            task("server").sh(`mkfifo $HOME/go $HOME/done; cd $REL_OUT
                {apart} sh -c 'read x < $HOME/go; echo late > late.txt; cat late.txt > $HOME/done' > /dev/null 2>&1 &`);
            task("build").needs("server")
                .sh("echo > $HOME/go; read x < $HOME/done; echo $x > $REL_OUT/good-$x.txt");
            "#
        ));
        project.rel("build").code(0).says("+ good-late.txt").never_says("+ late.txt");
    }
}

#[test]
fn a_link_in_place_of_a_tasks_folder_leads_nowhere() {
    let project = Project::new(r#"task("a").sh("rmdir $REL_OUT; ln -s /etc $REL_OUT");"#);
    let ran = project.rel("a").code(1);
    ran.says("the task has put a link in place of its folder").never_says("+ ");
}

#[test]
fn what_was_set_aside_stays_when_the_task_is_tried_again() {
    let project = Project::new(
        "task(\"flaky\").outputs(\"dist/*\").retry(3, \"1ms\").sh(\"mkdir -p dist; echo half >> dist/a.txt; \\
            test $(find .rel .git -path '*aside*' -name a.txt 2>/dev/null | wc -l) = 3\");\n",
    );
    let project = project.file(".gitignore", "dist\n").git();
    project.write("dist/a.txt", "precious\n");
    project.rel("flaky").code(0).says("flaky: ok");
    let aside = std::fs::read_dir(project.state().join("aside")).unwrap();
    let texts: Vec<String> = aside
        .map(|tried| {
            std::fs::read_to_string(tried.unwrap().path().join("flaky/dist/a.txt")).unwrap()
        })
        .collect();
    assert_eq!(texts.iter().filter(|text| *text == "precious\n").count(), 1, "{texts:?}");
    assert_eq!(texts.len(), 3);
}

#[test]
fn outputs_are_taken_fresh_and_old_files_are_set_aside() {
    let project = Project::new(
        r#"task("build").outputs("dist/*").sh("mkdir -p dist; echo new > dist/new.txt");"#,
    )
    .file("dist/old.txt", "old");
    let ran =
        project.rel("run build --export out").code(0).says("+ dist/new.txt").says("set aside");
    assert!(!ran.err.contains("+ dist/old.txt"));
    assert_eq!(std::fs::read_to_string(project.root().join("out/dist/new.txt")).unwrap(), "new\n");
    assert!(!project.root().join("dist/old.txt").exists());
}

#[test]
fn what_cannot_be_started_is_told_as_it_is() {
    let project = Project::new(
        r#"
        task("plain").exec("./plain.txt");
        task("nowhere").exec("no-such-program").env(#{ PATH: "/nowhere" });
        task("file").cwd("plain.txt").exec("true");
        "#,
    );
    let project = project.file("plain.txt", "text").git();
    let plain = project.rel("plain").code(1).says("`./plain.txt` may not be executed");
    plain.says("hint: allow it: chmod +x ./plain.txt");
    project
        .rel("nowhere")
        .code(1)
        .says("no program `no-such-program` on PATH")
        .says(": PATH is /nowhere");
    project.rel("file").code(1).says("there is no folder ");
}

#[test]
fn a_task_sees_only_the_secrets_it_names() {
    let project = Project::new(
        r#"
        task("blind").sh("echo token=${CORP_TOKEN:-none} path=${PATH:+set}");
        task("seeing").secrets("CORP_TOKEN").sh("test \"$CORP_TOKEN\" = hunter22-secret && echo has it: $CORP_TOKEN");
        "#,
    )
    .env("CORP_TOKEN", "hunter22-secret");
    project.rel("blind").code(0).says("token=none path=set");
    project.rel("seeing").code(0).says("has it: ***").never_says("hunter22");
}

#[test]
fn a_declared_secret_is_withheld_whatever_it_is_called() {
    let project = Project::new(
        r#"
        index("corp", #{ upload: "https://localhost/", simple: "https://localhost/", password: secret("CORP_PW") });
        task("blind").sh("env");
        task("seeing").secrets("PLAIN_NAME").sh("echo $PLAIN_NAME");
        "#,
    )
    .env("CORP_PW", "opensesame")
    .env("PLAIN_NAME", "swordfish");
    project.rel("blind").code(0).says("HOME=").never_says("CORP_PW").never_says("PLAIN_NAME");
    project.rel("seeing").code(0).says("  ***").never_says("swordfish");
}

#[test]
fn a_timeout_ends_the_whole_group() {
    let project = Project::new(
        r#"
        task("slow").timeout("300ms").sh("sleep 7331 & echo $! > pid; sleep 7331");
        task("deaf").timeout("300ms").sh("trap '' TERM; sleep 7331 & echo $! > pid; wait; sleep 7331");
        "#,
    );
    for task in ["slow", "deaf"] {
        let started = std::time::Instant::now();
        project.rel(task).code(1).says("took longer than 0.3 s");
        let pid = std::fs::read_to_string(project.root().join("pid")).unwrap();
        while is_running(pid.trim()) {
            assert!(started.elapsed().as_secs() < 30, "{task} left {pid}");
            std::thread::yield_now();
        }
    }
}

/// Whether a process is there and is no zombie, as Linux tells it.
fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')')
        .next()
        .is_some_and(|rest| !rest.trim_start().starts_with('Z') && !rest.is_empty())
}

#[test]
fn a_failed_task_is_tried_again() {
    let project = Project::new(
        r#"task("flaky").retry(3, "1ms").sh("echo x >> tries; test $(wc -l < tries) -ge 3");"#,
    );
    project.rel("flaky").code(0).says("try 3 of 3");
}

#[test]
fn a_body_may_ask_to_be_left_out_but_not_in_ci() {
    let text = r#"task("t").run(|| skip("no compiler here")); task("u").needs("t").run(|| print("went on"));"#;
    Project::new(text).rel("u").code(0).says("t: skipped: no compiler here").says("went on");
    Project::new(text).rel("u --strict").code(1).says("not to be skipped here: no compiler here");
    Project::new(text).env("GITHUB_ACTIONS", "true").rel("u").code(1);
}

#[test]
fn the_releasefile_is_found_upward_and_with_dash_c() {
    let project = Project::new(r#"task("where").exec("cat marker");"#)
        .file("marker", "found it")
        .file("a/b/x", "");
    project.rel("-C a/b where").code(0).says("found it");
    project.rel("-C a list").code(0).says("where");
}

#[test]
fn a_project_imports_its_own_files_and_no_others() {
    let helper = r#"
        import "../other" as other;
        const WHAT = "notes";
        fn notes(name) { task(name).run(|t| { print(`${global::WHAT} for ${t.name} ${other::twice(2)}`); }); }
    "#;
    let project = Project::new("import \"./release/notes\" as notes; notes::notes(\"a\");");
    let project =
        project.file("release/notes.rhai", helper).file("other.rhai", "fn twice(x) { x * 2 }");
    project.rel("a").code(0).says("notes for a 4");
    project.write("other.rhai", "fn twice(x) { exce(x) }");
    project
        .rel("a")
        .code(2)
        .says("unknown function `exce`")
        .says("other.rhai:1:15")
        .says("in module `release/notes.rhai`");
    project.write("other.rhai", "import \"./release/notes\" as notes;");
    project.rel("a").code(2).says("`release/notes.rhai` imports itself");
    project.write("Releasefile", "import \"../outside\" as outside;");
    project.write("../outside.rhai", "fn x() {}");
    project.rel("list").code(2).says("`../outside` leads out of the project");
}

#[test]
fn json_lines_carry_a_version_and_are_all_there_is_on_stdout() {
    let project = Project::new(r#"task("t").exec("echo hello");"#);
    let ran = project.rel("t --output json").code(0);
    let events: Vec<serde_json::Value> =
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().all(|event| event["v"] == 1));
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["run-started", "task-started", "command", "output", "task-finished", "run-finished"]
    );
    assert_eq!(ran.err, "");
}

#[test]
fn a_long_run_of_many_tasks_tells_its_slowest_chain() {
    let project = Project::new(
        r#"
        task("first").sh("sleep 0.6");
        task("beside").exec("true");
        task("second").needs("first").sh("sleep 0.6");
        task("all").needs(["second", "beside"]);
        "#,
    );
    let ran = project.rel("all -j 4").code(0).says("tasks: 3 ok\n");
    let ran = ran.says("critical path: first ").says(" s → second ").never_says("beside 0");
    assert!(ran.err.ends_with(" s)\n"), "the end is said last: {}", ran.err);
    project.rel("beside first").code(0).never_says("critical path");
    let ran = project.rel("second --output json").code(0);
    let last: serde_json::Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["tally"], serde_json::json!({ "ok": 2, "failed": 0, "left_out": 0 }));
    let tasks = last["critical_path"].as_array().unwrap().iter().map(|leg| leg["task"].clone());
    assert_eq!(tasks.collect::<Vec<_>>(), ["first", "second"]);
}

#[test]
fn children_cannot_disturb_the_screen() {
    let project = Project::new(
        r#"task("t").sh("printf 'one\\033[1Atwo\\033]0;title\\007 three\\n10%%\\r99%%\\n\\033[31mred\\n'");"#,
    );
    project.rel("t").code(0).says("  onetwo three\n  99%\n  red\n").never_says("\u{1b}");
}

#[test]
fn closed_streams_are_no_failure() {
    let project = Project::new(r#"task("t").sh("echo a; echo b; touch ran");"#);
    for output in ["plain", "bar", "json", "github"] {
        let mut command = project.command(&format!("t --output {output}"));
        let piped = std::process::Stdio::piped;
        let mut rel = command.stdout(piped()).stderr(piped()).spawn().unwrap();
        drop((rel.stdout.take(), rel.stderr.take()));
        assert_eq!(rel.wait().unwrap().code(), Some(0), "{output}");
        std::fs::remove_file(project.root().join("ran")).unwrap();
    }
}

#[test]
fn the_list_shows_groups_kinds_and_descriptions() {
    let project = Project::new(
        r#"
        // Static checks
        task("lint").group("check").exec("true");
        task("secret-helper").hidden();
        // Send it away
        task("publish").needs("lint").effects("pypi").run(|| ());
        // Look at it
        task("look").needs("publish").exec("true");
        task("bump").param("level", ["patch", "minor"]).param("why");
        default_task("lint");
        "#,
    );
    expect![[r#"
        check:
          lint                    local  Static checks (default)

        tasks:
          publish                 sends  [pypi] Send it away
          look                    after  Look at it
          bump [level=patch] why  local
    "#]]
    .assert_eq(&project.rel("").code(0).out);
}

#[test]
fn plan_graph_and_show_start_nothing() {
    let project = Project::new(
        r#"task("a").sh("touch ran"); task("b").needs("a").effects("command").run(|| remote("touch sent"));"#,
    );
    project
        .rel("plan b")
        .code(0)
        .says("a: runs for real")
        .says("b: sends to command, only with --live");
    project.rel("graph b").code(0).says("\"a\" -> \"b\";");
    project.rel("graph --format mermaid").code(0).says("flowchart LR");
    project.rel("show b").code(0).says("effects      command");
    project.rel("show std/python").code(0).says("fn smoke_install");
    project.rel("doc").code(0).says("pypi::publish").says("Recipes of std/python");
    project
        .rel("doc exec")
        .code(0)
        .says("exec(\"uv venv {}\", dir)")
        .says(".exec(\"ruff check {}\", dir)");
    project.rel("doc pypi::publish").code(0).says("task(\"publish\").needs(\"build\")");
    project.rel("doc --definitions").code(0).says("module pypi {");
    project.rel("validate").code(0).says("ok: 2 tasks");
    assert!(!project.root().join("ran").exists());
}
