//! Runs on a real terminal, as a person sees them: what moves, what stays, questions, Ctrl-C.
//!
//! Tasks wait at a pipe until the test has seen what it wants to see: nothing here depends on time.

use std::process::Command;

use crate::project::Project;
use crate::pty::Pty;

/// A project with pipes at which its tasks can wait: `read x < NAME`.
fn project(releasefile: &str, pipes: &[&str]) -> Project {
    let project = Project::new(releasefile).env("TERM", "xterm-256color");
    for pipe in pipes {
        let made = Command::new("mkfifo").arg(project.root().join(pipe)).status().unwrap();
        assert!(made.success());
    }
    project
}

/// Lets the task go on that waits at a pipe.
fn release(project: &Project, pipe: &str) {
    std::fs::write(project.root().join(pipe), "go\n").unwrap();
}

fn start(project: &Project, line: &str, rows: u16, columns: u16) -> Pty {
    Pty::spawn(project.command(line), rows, columns)
}

/// The rows that show something.
fn rows(screen: &str) -> Vec<&str> {
    screen.lines().filter(|row| !row.trim().is_empty()).collect()
}

const ONE: &str = r#"
    task("quick").sh("echo quick output");
    task("slow").needs("quick").sh("echo slow output; read x < gate; echo more output");
"#;

#[test]
fn what_runs_moves_below_what_has_ended() {
    let project = project(ONE, &["gate"]);
    let mut pty = start(&project, "slow", 24, 80);
    pty.wait_for("slow  slow output");
    pty.wait_for("1/2");
    let running = pty.screen();
    let found = rows(&running);
    assert!(found[0].starts_with("ok quick 0."), "{running}");
    assert!(found[1].ends_with("slow  slow output"), "{running}");
    assert!(found[2].contains("1/2  "), "{running}");
    release(&project, "gate");
    assert_eq!(pty.wait_exit(), 0);
    let ended = pty.screen();
    let found = rows(&ended);
    assert!(found[1].starts_with("ok slow ") && found[2].starts_with("done ("), "{ended}");
    assert_eq!(found.len(), 3, "what moved is gone: {ended}");
    assert!(!pty.state().hide_cursor());
}

#[test]
fn the_log_of_a_failed_task_comes_last_then_what_is_wrong() {
    let project = project(
        r#"
        task("good").run(|| { exec("echo nobody reads this"); print("printed"); });
        task("bad").sh("echo one; echo two; exit 3");
        task("all").needs(["good", "bad"]);
        "#,
        &[],
    );
    let mut pty = start(&project, "all --keep-going", 40, 80);
    assert_eq!(pty.wait_exit(), 1);
    let screen = pty.screen();
    assert!(!screen.contains("nobody reads this\n"), "{screen}");
    let at = |text: &str| screen.find(text).unwrap_or_else(|| panic!("no `{text}` in {screen}"));
    let order = ["FAILED bad", "output of bad:", "  one\n  two", "error: `echo one", "failed ("];
    let order = order.map(at);
    assert!(order.is_sorted(), "{order:?} {screen}");
    assert!(at("good: printed") < at("ok good"), "{screen}");
}

#[test]
fn a_terminal_may_change_its_size() {
    let project = project(
        r#"task("slow").sh("echo ................................................................end; read x < gate");"#,
        &["gate"],
    );
    let mut pty = start(&project, "slow", 24, 80);
    pty.wait_for("....end");
    pty.resize(8, 24);
    pty.wait_until("a short row", |screen| {
        rows(screen).iter().any(|row| row.ends_with("slow  ..............."))
    });
    pty.resize(30, 120);
    pty.wait_for("....end");
    release(&project, "gate");
    assert_eq!(pty.wait_exit(), 0);
    let screen = pty.screen();
    let ends: Vec<&str> =
        rows(&screen).into_iter().filter(|row| row.starts_with("ok slow")).collect();
    assert_eq!(ends.len(), 1, "{screen}");
}

#[test]
fn a_narrow_terminal_never_wraps() {
    let task = |at: &str| {
        let line = format!("echo 日本語 a long line of output 日本語; read x < {at}");
        format!("task(\"a-task-with-a-long-name-{at}\").sh(\"{line}\");\n")
    };
    let text = ["a", "b", "c", "d"].map(task).concat();
    let all = ["a", "b", "c", "d"].map(|at| format!("\"a-task-with-a-long-name-{at}\"")).join(", ");
    let text = format!("{text}task(\"all\").needs([{all}]);");
    let project = project(&text, &["a", "b", "c", "d"]);
    let mut pty = start(&project, "all -j 4", 6, 20);
    pty.wait_for("+3 more");
    pty.wait_for("0/5");
    assert!((0..6).all(|row| !pty.state().row_wrapped(row)), "{}", pty.screen());
    ["a", "b", "c", "d"].iter().for_each(|pipe| release(&project, pipe));
    assert_eq!(pty.wait_exit(), 0);
}

#[test]
fn a_tiny_terminal_gets_plain_lines_and_does_not_break_bars() {
    let project = project(r#"task("t").sh("echo a line; read x < gate");"#, &["gate"]);
    let mut pty = start(&project, "t", 3, 20);
    pty.wait_for("  a line");
    release(&project, "gate");
    assert_eq!(pty.wait_exit(), 0);
    let mut pty = start(&project, "t --output bar", 2, 2);
    release(&project, "gate");
    assert_eq!(pty.wait_exit(), 0);
}

#[test]
fn ctrl_c_leaves_no_process_and_a_usable_terminal() {
    let project =
        project(r#"task("slow").sh("echo $$ > pid; echo begun; read x < gate");"#, &["gate"]);
    for keys in ["\u{3}", "hang up"] {
        let mut pty = start(&project, "slow", 24, 80);
        pty.wait_for("slow  begun");
        let child = std::fs::read_to_string(project.root().join("pid")).unwrap();
        if keys == "\u{3}" {
            pty.send(keys);
        } else {
            let sent = Command::new("kill").args(["-HUP", &pty.pid().to_string()]).status();
            assert!(sent.unwrap().success());
        }
        assert_eq!(pty.wait_exit(), 130);
        assert!(!pty.state().hide_cursor());
        let screen = pty.screen();
        assert!(
            rows(&screen).last().unwrap().starts_with("interrupted: nothing was sent"),
            "{screen}"
        );
        assert!(!screen.contains("  begun"), "{screen}");
        let alive = Command::new("kill").args(["-0", child.trim()]).output().unwrap();
        assert!(!alive.status.success(), "{child} is still there");
    }
}

const SENDS: &str = r#"
    task("one").effects("command").run(|| remote("sh one.sh"));
    task("two").effects("command").confirm("Really?").run(|| remote("touch ../sent"));
    task("both").needs(["one", "two"]);
"#;

#[test]
fn a_question_has_the_screen_for_itself() {
    for (answer, code) in [("y", 0), ("n", 5)] {
        let project = project(SENDS, &["gate"]).file("one.sh", "echo $0 goes on; read x < gate");
        // What git does not take into a commit would make the tree unclean.
        let project = project.file(".gitignore", "gate\n").git();
        let mut pty = start(&project, "both --live -j 2", 24, 80);
        pty.wait_for("Send 2 effects to command? [y/N]");
        pty.send("y\n");
        pty.wait_for("two: Really? [y/N]");
        release(&project, "gate");
        // The other task ends while the question stands: nothing may be written over it.
        while !sent(&project) {
            std::thread::yield_now();
        }
        pty.send(answer);
        let asked = format!("two: Really? [y/N] {answer}");
        pty.wait_for(&asked);
        assert_eq!(rows(&pty.screen()).last(), Some(&asked.as_str()));
        pty.send("\n");
        assert_eq!(pty.wait_exit(), code, "{}", pty.screen());
        let screen = pty.screen();
        assert!(screen.contains("one: sent: "), "{screen}");
        assert!(screen.contains("ok one"), "{screen}");
        assert_eq!(project.root().join("../sent").exists(), answer == "y");
    }
}

#[test]
fn a_command_may_have_the_terminal_for_itself() {
    let project = project(
        r#"
        task("first").exec("true");
        task("talk").needs("first").tty().sh("echo your name; read name; echo hello $name");
        task("next").needs("talk").sh("echo moving; read x < gate");
        "#,
        &["gate"],
    );
    let mut pty = start(&project, "next", 24, 80);
    pty.wait_for("your name");
    pty.send("Ann");
    pty.wait_for("your name\nAnn");
    assert!(!pty.screen().contains("1/3"), "{}", pty.screen());
    pty.send("\n");
    pty.wait_for("hello Ann");
    pty.wait_for("next  moving");
    release(&project, "gate");
    assert_eq!(pty.wait_exit(), 0);
    assert!(pty.screen().contains("your name\nAnn\nhello Ann\nok talk"), "{}", pty.screen());
}

/// Whether the ledger holds an outcome: the first command has ended.
fn sent(project: &Project) -> bool {
    let folder = project.state().join("ledger");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = files.map(|file| std::fs::read_to_string(file.path()).unwrap_or_default());
    texts.into_iter().any(|text| text.contains("\"done\""))
}

#[test]
fn colours_only_where_they_are_wanted() {
    let project = project(r#"task("t").sh("printf '\\033[31mred\\033[0m\\n'; exit 1");"#, &[]);
    let mut pty = start(&project, "t", 24, 80);
    pty.wait_exit();
    let red = |pty: &Pty| {
        (0..24).flat_map(|row| (0..80).map(move |column| (row, column))).any(|(row, column)| {
            let cell = pty.state().cell(row, column);
            cell.is_some_and(|cell| cell.fgcolor() == vt100::Color::Idx(1))
        })
    };
    assert!(red(&pty), "{}", pty.screen());
    let project = project.env("NO_COLOR", "1");
    let mut pty = start(&project, "t", 24, 80);
    pty.wait_exit();
    assert!(
        pty.screen().contains("FAILED t ") && pty.screen().contains("  red"),
        "{}",
        pty.screen()
    );
    let raw = String::from_utf8_lossy(&pty.raw).into_owned();
    let ends =
        raw.split("\u{1b}[").skip(1).filter_map(|rest| rest.chars().find(|c| c.is_alphabetic()));
    let ends: Vec<char> = ends.collect();
    assert!(!ends.is_empty() && !ends.contains(&'m'), "bars, but no colour: {ends:?}");
}

#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let project = project(r#"task("t").exec("echo hello");"#, &[]).env("TERM", "dumb");
    let mut pty = start(&project, "t", 24, 80);
    assert_eq!(pty.wait_exit(), 0);
    assert!(pty.screen().contains("  hello\nt: ok, 0."), "{}", pty.screen());
    assert!(!pty.raw.contains(&0x1b));
}

#[test]
fn children_cannot_write_over_what_has_been_said() {
    let project = project(
        r#"
        task("first").exec("true");
        task("evil").needs("first").sh("printf '\\033[2J\\033[H\\033]0;title\\007evil one\\n'; read x < gate; exit 1");
        "#,
        &["gate"],
    );
    let mut pty = start(&project, "evil", 24, 80);
    pty.wait_for("evil  evil one");
    assert!(pty.screen().contains("ok first"), "{}", pty.screen());
    release(&project, "gate");
    assert_eq!(pty.wait_exit(), 1);
    assert!(pty.screen().contains("ok first"), "{}", pty.screen());
    let raw = String::from_utf8_lossy(&pty.raw).into_owned();
    assert!(!raw.contains("\u{1b}]") && !raw.contains("\u{1b}[2J"), "{raw:?}");
}
