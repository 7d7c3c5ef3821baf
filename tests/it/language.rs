//! The language: what each option of a task does when it runs.

use crate::project::Project;

fn log(project: &Project) -> String {
    std::fs::read_to_string(project.root().join("log")).unwrap_or_default()
}

#[test]
fn a_need_may_be_a_glob_over_tasks_declared_later() {
    let project = Project::new(
        r#"
        task("test").needs(["test-*", "lint"]).sh("echo all >> log");
        task("test-b").sh("echo b >> log");
        task("lint").sh("echo lint >> log");
        task("test-a").sh("echo a >> log");
        "#,
    );
    project.rel("test -j 1").code(0);
    assert_eq!(log(&project), "b\nlint\na\nall\n");
}

#[test]
fn an_alias_is_a_name_everywhere() {
    let project = Project::new(
        r#"
        task("test").alias(["t", "tests"]).matrix(#{ python: ["3.11", "3.12"] }).sh("echo {python} >> log");
        task("check").needs("t:3.12");
        default_task("tests");
        "#,
    );
    project.rel("check").code(0);
    assert_eq!(log(&project), "3.12\n");
    project.rel("t:3.11").code(0).says("test:3.11: ok");
    assert_eq!(log(&project), "3.12\n3.11\n");
}

#[test]
fn a_condition_is_asked_when_its_turn_comes() {
    let project = Project::new(
        r#"
        task("make").sh("touch made");
        task("use").needs("make").when(|| files("made").len() == 1).sh("echo used >> log");
        task("other").needs("make").when(|t| t.name == "no").sh("echo other >> log");
        task("all").needs(["use", "other"]).sh("echo all >> log");
        "#,
    );
    project.rel("all -j 1").code(0).says("other: skipped: its condition does not hold");
    assert_eq!(log(&project), "used\nall\n");
    let bad = Project::new("task(\"a\").when(|| \"yes\").exec(\"true\");\n");
    bad.rel("a").code(2).says("a condition must be true or false, not text");
}

#[test]
fn followers_run_once_it_is_over_and_change_nothing() {
    let text = r#"
        task("good").exec("true");
        task("bad").exec("false");
        task("both").needs(["good", "bad"]);
        task("tidy").needs("both").on("always").run(|t| sh("echo tidy {} >> log", t.result.failed));
        task("alert").needs("both").on("failure").run(|t| { sh("echo {} {} >> log", t.result.exit, t.result.message); throw "no net"; });
        task("cheer").needs("good").on("failure").sh("echo never >> log");
        "#;
    let project = Project::new(text);
    let ran = project.rel("both -k -j 1").code(1);
    assert_eq!(log(&project), "tidy bad\n1 `false` ended with exit code 1\n");
    ran.says("alert: FAILED").says("it follows the run, whose end stands").says("no net");
    let calm = Project::new(text);
    calm.rel("good").code(0).never_says("tidy");
    assert_eq!(log(&calm), "");
    let green = Project::new(&text.replace("exec(\"false\")", "exec(\"true\")"));
    green.rel("both").code(0).says("tidy: ok").never_says("alert");
    assert_eq!(log(&green), "tidy\n");
}

#[test]
fn what_follows_a_release_follows_only_a_live_one() {
    let text = r#"
        task("send").effects("command").run(|| remote("false"));
        task("alert").needs("send").on("failure").run(|t| sh("echo {} >> ../log", t.result.exit));
        "#;
    let project = Project::new(text).git();
    project.rel("send").code(0).never_says("alert");
    project.rel("send --live --yes").code(5).says("alert: ok");
    assert_eq!(std::fs::read_to_string(project.root().join("../log")).unwrap(), "5\n");
}

#[test]
fn variables_come_from_a_file_if_it_is_there() {
    let text = "task(\"a\").env_file(\".env\").sh(\"echo got $GREETING $API_KEY $HOME_SET\");\n";
    let project = Project::new(text).env("HOME_SET", "outside");
    project
        .file(".env", "GREETING='good day'\nAPI_KEY=hunter2hunter2\nHOME_SET=inside\n")
        .rel("a")
        .code(0)
        .says("got good day *** outside")
        .never_says("hunter2");
    let bad = Project::new(text).file(".env", "A=1\nnonsense\n");
    bad.rel("a").code(1).says("cannot take variables from .env: line 2: it has no `=`");
    let set = Project::new("task(\"a\").env_file(\".env\").sh(\"echo ${GREETING-none}\");\n");
    set.rel("a").code(0).says("none");
}

#[test]
fn inputs_must_be_there() {
    let project = Project::new("task(\"a\").inputs([\"src/**\", \"x.toml\"]).exec(\"true\");\n")
        .file("src/a.py", "");
    project.rel("a").code(1).says("no file matches the input `x.toml`");
    project.write("x.toml", "");
    project.rel("a").code(0);
}

#[test]
fn a_task_with_a_terminal_runs_alone_and_without_one_as_any_other() {
    let project = Project::new(
        r#"
        task("a").sh("echo a+ >> log; echo a- >> log");
        task("b").tty().sh("test ! -e busy; touch busy; echo b+ >> log; echo b- >> log; rm busy");
        task("c").sh("echo c+ >> log; echo c- >> log");
        task("all").needs(["a", "b", "c"]);
        "#,
    );
    project.rel("all -j 3").code(0);
    let lines: Vec<String> = log(&project).lines().map(str::to_owned).collect();
    let at = lines.iter().position(|line| line == "b+").unwrap();
    assert_eq!(lines[at + 1], "b-");
}

#[test]
fn a_sending_command_gets_the_tasks_variables_too() {
    let project = Project::new(
        r#"
        task("send").effects("command").env(#{ GREETING: "good day" })
            .run(|| remote_sh("echo $GREETING > ../sent"));
        "#,
    )
    .git();
    project.rel("send --live --yes").code(0);
    assert_eq!(std::fs::read_to_string(project.root().join("../sent")).unwrap(), "good day\n");
}

#[test]
fn what_a_script_makes_is_the_same_each_time() {
    let project = Project::new(
        r#"
        task("pack").run(|t| {
            archive::tar_gz(t.out + "/a.tar.gz", files("src/**"), "demo-1.0");
            archive::zip(t.out + "/a.zip", files("src/**"));
        });
        task("sums").needs("pack").run(|t| archive::sha256sums(t.out + "/SHA256SUMS", t.artifacts("pack")));
        task("note").run(|t| {
            write("notes/new.md", `v${version()} ${read("VERSION").len()} ${json::parse(json::text(#{ a: [1, ()] })).a.len()}`);
        });
        "#,
    )
    .file("src/b.txt", "b")
    .file("src/a b.txt", "a")
    .file("VERSION", "1.0")
    .file("Cargo.toml", "[package]\nname = \"demo\"\nversion = \"1.0.0\"\n")
    .git();
    let made = |folder: &str| {
        project.rel(&format!("run pack sums --export {folder}")).code(0);
        ["a.tar.gz", "a.zip"]
            .map(|name| std::fs::read(project.root().join(folder).join(name)).unwrap())
    };
    assert_eq!(made("../one"), made("../other"));
    let listed = std::process::Command::new("tar")
        .args(["tzf", "../one/a.tar.gz"])
        .current_dir(project.root())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(listed.stdout).unwrap(),
        "demo-1.0/src/a b.txt\ndemo-1.0/src/b.txt\n"
    );
    project.rel("sums --export ../one").code(0);
    let checked = std::process::Command::new("sha256sum")
        .args(["--check", "SHA256SUMS"])
        .current_dir(project.root().join("../one"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    project.rel("note").code(0);
    assert_eq!(std::fs::read_to_string(project.root().join("notes/new.md")).unwrap(), "v1.0.0 3 2");
}

#[test]
fn git_is_asked_for_what_it_knows() {
    let project = Project::new(
        r#"
        task("look").run(|| {
            print(`${git::tag()} of ${git::tags().len()} on ${git::branch()}, ${git::is_clean()}`);
            print(git::log("HEAD")[0].subject + " " + (git::log("HEAD")[0].commit == git::commit()));
        });
        "#,
    )
    .git()
    .tag("v1.9.0")
    .tag("v1.10.0");
    project.rel("look").code(0).says("v1.10.0 of 2 on main, true").says("change true");
    project.file("new", "x").rel("look").code(0).says("on main, false");
}
