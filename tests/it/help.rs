//! The help of tasks and commands: what it says, and that its examples are true.

use expect_test::expect;

use crate::project::Project;

const RELEASEFILE: &str = r#"
    // Style
    task("lint").exec("true");
    // Unit tests, one per Python
    task("test").matrix(#{ python: ["3.11", "3.12"] }).rest("args").exec("true");
    // Raises the version
    task("bump").needs("lint").param("level", ["minor", "release candidate"])
        .param("dry_run", false).param("times", 3).param("part", ["a", "b"]).exec("true");
    task("tag").param("version").param("note", "none").exec("true");
    // Sends it
    task("publish").needs("test").effects("command").secrets("X_TOKEN").confirm("Really?")
        .run(|| remote("true"));
    task("smoke").needs("publish").exec("true");
    task("all").alias("a").needs(["lint", "test"]);
    task("alert").needs("test").on("failure").when(|| true).exec("true");
    task("list").exec("true");
"#;

fn project() -> Project {
    Project::new(RELEASEFILE)
}

#[test]
fn the_help_of_a_task_says_how_to_call_it() {
    expect![[r#"
        Raises the version

        Usage: rel bump [LEVEL] [DRY_RUN] [TIMES] [PART]

        Parameters:
          level    minor, release candidate [default: minor]
          dry_run  true or false [default: false]
          times    a whole number [default: 3]
          part     a, b [default: a]

        Does:      runs for real, dry or live
        Needs:     lint
        Declared:  Releasefile:7:5
        Example:   rel bump 'release candidate' dry_run=true part=b
    "#]]
    .assert_eq(&project().rel("help bump").code(0).out);
    expect![[r#"
        Unit tests, one per Python

        Usage: rel test [-- WORDS…]

        Parameters:
          args  the words after `--`

        Does:      runs for real, dry or live
        Matrix:    python: 3.11, 3.12
        Declared:  Releasefile:5:5
        Example:   rel test:3.11 -- WORDS
    "#]]
    .assert_eq(&project().rel("help test:3.12").code(0).out);
}

#[test]
fn the_help_of_a_task_says_what_it_sends_and_asks() {
    expect![[r#"
        Sends it

        Usage: rel publish

        Does:      sends to command, only with --live
        Needs:     test
        Asks:      Really? (answered beforehand with `--yes=publish`)
        Secrets:   X_TOKEN
        Declared:  Releasefile:11:5
        Example:   rel publish
                   rel publish --live
    "#]]
    .assert_eq(&project().rel("help publish").code(0).out);
    project().rel("help smoke").code(0).says("runs only live, after something was sent");
    project().rel("help all").code(0).says("Does:      only what it needs");
    project().rel("help a").code(0).says("Also:      a");
    let when =
        "When:      something that it needs is not done; the function at Releasefile:15:47 says so";
    project().rel("help alert").code(0).says(when);
    project().rel("help tag").code(0).says("version  text, must be given");
}

#[test]
fn the_examples_are_true() {
    for task in ["lint", "test", "bump", "tag", "publish", "smoke", "all", "alert"] {
        let help = project().rel(&format!("help {task}")).code(0).out;
        let example = help.split("Example:").nth(1).unwrap().lines().next().unwrap().trim();
        let words = shell_words::split(example.strip_prefix("rel ").unwrap()).unwrap();
        let project = project();
        let done = project.command("plan").args(words).output().unwrap();
        assert!(done.status.success(), "{example}: {done:?}");
    }
}

#[test]
fn the_option_asks_for_the_same_as_the_command() {
    let project = project();
    let said = |line: &str| project.rel(line).code(0).out;
    assert_eq!(said("bump --help"), said("help bump"));
    assert_eq!(said("bump minor --live -h"), said("help bump"));
    assert_eq!(said("--help"), said("help"));
    assert_eq!(said("run --help"), said("help run"));
    assert_eq!(said("list --help"), said("help list"), "a command goes before a task");
    assert!(said("help list").starts_with("List the tasks"));
    project.write("below/x", "");
    let below = project.root().join("below").to_string_lossy().into_owned();
    assert_eq!(said(&format!("-C {below} bump --help")), said("help bump"));
}

#[test]
fn without_a_releasefile_commands_are_still_explained() {
    let project = project();
    std::fs::remove_file(project.root().join("Releasefile")).unwrap();
    project.rel("help run").code(0);
    project.rel("help vlidate").code(2).says("did you mean `validate`?");
    project.rel("help lint").code(2).says("did you mean `list`?");
    project.rel("help something").code(2).says("no Releasefile");
}
