//! Completion, typed into real shells on a real terminal. bash is everywhere; zsh, fish and
//! PowerShell are judges that may be absent.

use std::path::Path;
use std::process::Command;

use crate::peers::judge;
use crate::project::Project;
use crate::pty::Pty;

const RELEASEFILE: &str = r#"
    // Style
    task("lint").exec("true");
    // Unit tests
    task("test").matrix(#{ python: ["3.11", "3.12"] }).rest("args").exec("true");
    task("bump").param("level", ["minor", "major", "release candidate", "$(touch ../hit)"])
        .param("dry_run", false).exec("true");
    task("tag").param("version").exec("true");
    task("setup").hidden().exec("true");
    task("publish").effects("command").confirm("Really?").run(|| remote("true"));
    print("said while it is read");
"#;

fn project() -> Project {
    Project::new(RELEASEFILE).file("plans/one plan.json", "{}")
}

/// A shell with rel on its PATH and its completion script loaded.
fn shell(project: &Project, program: &Path, words: &[&str]) -> Command {
    let rel = Path::new(env!("CARGO_BIN_EXE_rel"));
    let path = format!("{}:{}", rel.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let like = project.command("");
    let mut shell = Command::new(program);
    shell.args(words).current_dir(project.root()).env_clear();
    shell.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("PATH", path).env("TERM", "xterm");
    shell
}

fn bash(project: &Project) -> Pty {
    project.write(
        "rc",
        r#"
        PS1='ready> '; unset HISTFILE
        bind 'set bell-style none'; bind 'set show-all-if-ambiguous on'
        bind 'set completion-query-items 0'; bind 'set page-completions off'
        bind 'set enable-bracketed-paste off'
        source <(rel completions bash)
        "#,
    );
    let words = ["--noprofile", "--rcfile", "rc", "-i"];
    let mut pty = Pty::spawn(shell(project, Path::new("bash"), &words), 24, 100);
    pty.wait_for("ready>");
    pty
}

/// Types `line` and a tab; waits until the line is `wanted`, up to the sign that is typed next.
#[track_caller]
fn completes(pty: &mut Pty, line: &str, wanted: &str) {
    pty.send(&format!("{line}\t#"));
    pty.wait_until(&format!("{line} -> {wanted}"), |screen| {
        screen.ends_with(&format!("> {wanted}#"))
    });
    clear(pty);
}

/// Types `line` and a tab; waits until all of `wanted` are listed, and none of `never`.
#[track_caller]
fn lists(pty: &mut Pty, line: &str, wanted: &[&str], never: &[&str]) {
    pty.send(&format!("{line}\t#"));
    pty.wait_until(&format!("{line} -> {wanted:?}"), |screen| screen.ends_with('#'));
    let screen = pty.screen();
    let shown: Vec<&str> = screen.split_whitespace().collect();
    for word in wanted {
        assert!(shown.contains(word), "{line}: `{word}` is missing\n{screen}");
    }
    for word in never {
        assert!(!shown.contains(word), "{line}: `{word}` is there\n{screen}");
    }
    clear(pty);
}

/// Drops the line, and what stands on the screen.
fn clear(pty: &mut Pty) {
    pty.send("\u{15}\u{c}");
    pty.wait_until("an empty line", |screen| screen.trim() == "ready>");
}

#[test]
fn bash_completes_words_that_it_cuts_itself() {
    let project = project();
    let mut pty = bash(&project);
    completes(&mut pty, "rel li", "rel li");
    completes(&mut pty, "rel lin", "rel lint ");
    completes(&mut pty, "rel test:3", "rel test:3.1");
    completes(&mut pty, "rel test:3.12", "rel test:3.12 ");
    completes(&mut pty, "rel \"test:3.12", "rel \"test:3.12\"");
    completes(&mut pty, "rel bump level=ma", "rel bump level=major ");
    completes(&mut pty, "rel bump lev", "rel bump level=");
    completes(&mut pty, "rel bump major t", "rel bump major t");
    completes(&mut pty, "rel bump major tr", "rel bump major true ");
    completes(&mut pty, "rel bump major true lin", "rel bump major true lint ");
    completes(&mut pty, "rel publish --yes=p", "rel publish --yes=publish ");
    completes(&mut pty, "rel --output=j", "rel --output=json ");
    completes(&mut pty, "rel set", "rel setup ");
    completes(&mut pty, "rel test -- li", "rel test -- li");
    lists(&mut pty, "rel test:", &["3.11", "3.12"], &["lint"]);
    lists(&mut pty, "rel bump ", &["minor", "major", "level=", "lint"], &["run", "setup"]);
    lists(&mut pty, "rel tag ", &[], &["lint"]);
    lists(&mut pty, "rel ", &["lint", "test", "run", "completions"], &["setup", "__complete"]);
    lists(&mut pty, "rel help ", &["lint", "run"], &["setup"]);
    lists(&mut pty, "rel show ", &["lint", "std/python", "guards"], &["run"]);
    lists(&mut pty, "rel doc git::", &["commit", "tag"], &["lint"]);
    lists(&mut pty, "rel run lint --", &["--live", "--offline"], &["said", "-C"]);
}

#[test]
fn what_bash_inserts_is_one_word_whatever_is_in_it() {
    let project = project();
    let mut pty = bash(&project);
    completes(&mut pty, "rel bump rel", "rel bump release\\ candidate ");
    completes(&mut pty, "rel bump release\\ c", "rel bump release\\ candidate ");
    completes(&mut pty, "rel bump 'rel", "rel bump 'release candidate'");
    completes(&mut pty, "rel bump level=rel", "rel bump level=release\\ candidate ");
    completes(&mut pty, "rel bump \\$", "rel bump \\$\\(touch\\ ../hit\\) ");
    pty.send("rel bump \\$\t\u{1}echo \n");
    pty.wait_until("the whole value", |screen| screen.contains("\nrel bump $(touch ../hit)"));
    assert!(!project.root().join("../hit").exists());
}

#[test]
fn bash_offers_folders_and_files_where_these_are_meant() {
    let project = project();
    std::fs::create_dir(project.root().join("plan b")).unwrap();
    project.write("elsewhere/Releasefile", "task(\"other-task\").exec(\"true\");");
    let mut pty = bash(&project);
    completes(&mut pty, "rel -C else", "rel -C elsewhere/");
    completes(&mut pty, "rel -C elsewhere oth", "rel -C elsewhere other-task ");
    completes(&mut pty, "rel lint --export=pla", "rel lint --export=plan");
    completes(&mut pty, "rel -C Rel", "rel -C Rel");
    completes(&mut pty, "rel apply plans/o", "rel apply plans/one\\ plan.json ");
    completes(&mut pty, "rel lint 2> Rel", "rel lint 2> Releasefile ");
}

#[test]
fn a_broken_releasefile_leaves_commands_and_options() {
    let project = Project::new("task(\"lint\").exec(");
    let mut pty = bash(&project);
    lists(&mut pty, "rel ", &["run", "validate"], &["lint", "error:"]);
    completes(&mut pty, "rel --stri", "rel --strict ");
    std::fs::remove_file(project.root().join("Releasefile")).unwrap();
    completes(&mut pty, "rel vali", "rel validate ");
}

/// What the hidden command prints, with a PATH that holds no program.
fn answer(project: Project, words: &[&str]) -> String {
    let mut rel = project.command("");
    let output = rel.args(words).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_answer_starts_no_program_and_writes_nothing() {
    let project = Project::new(RELEASEFILE);
    let home = project.root().join("../home");
    assert_eq!(answer(project, &["__complete", "fish", "lin"]), "words\nlint\tStyle\n");
    assert!(!home.join(".local").exists());
    let broken = || Project::new("task(");
    assert_eq!(answer(broken(), &["__complete", "fish", "li"]), "words\nlist\tList the tasks\n");
    for words in [&["__complete"][..], &["__complete", "csh", "l"], &["__complete", "bash"]] {
        let said = answer(broken(), words);
        assert!(said.is_empty() || said.starts_with("words\n"), "{said}");
    }
}

#[test]
fn the_hidden_command_is_in_no_help() {
    Project::new("").rel("--help").code(0).says("completions").never_says("__complete");
    Project::new("").rel("completions tcsh").code(2).says("powershell");
}

#[test]
fn zsh_describes_what_it_offers() {
    let Some(zsh) = judge("zsh") else { return };
    let project = project();
    let rc = "PS1='ready> '; unsetopt zle_bracketed_paste; autoload -U compinit; compinit -u -D
        unsetopt list_beep; LISTMAX=0; bindkey -e; eval \"$(rel completions zsh)\"";
    project.write(".zshrc", rc);
    let mut command = shell(&project, &zsh, &["-i"]);
    command.env("ZDOTDIR", project.root()).arg("--no-global-rcs");
    let mut pty = Pty::spawn(command, 40, 100);
    pty.wait_for("ready>");
    completes(&mut pty, "rel lin", "rel lint ");
    completes(&mut pty, "rel test:3.12", "rel test:3.12 ");
    completes(&mut pty, "rel bump level=ma", "rel bump level=major ");
    completes(&mut pty, "rel bump lev", "rel bump level=");
    completes(&mut pty, "rel bump rel", "rel bump release\\ candidate ");
    completes(&mut pty, "rel bump 'release c", "rel bump 'release candidate' ");
    completes(&mut pty, "rel apply plans/o", "rel apply plans/one\\ plan.json ");
    completes(&mut pty, "rel -C pla", "rel -C plans/");
    completes(&mut pty, "rel lint --export=pla", "rel lint --export=plans/");
    pty.send("rel li\t");
    pty.wait_for("-- Style");
    pty.wait_for("-- List the tasks");
}

#[test]
fn fish_describes_what_it_offers() {
    let Some(fish) = judge("fish") else { return };
    let project = project();
    let offered = |line: &str| {
        let script = format!("rel completions fish | source; complete -C '{line}'");
        let mut fish = shell(&project, &fish, &["--no-config", "-c", &script]);
        String::from_utf8(fish.output().unwrap().stdout).unwrap()
    };
    assert_eq!(offered("rel lin"), "lint\tStyle\n");
    assert_eq!(offered("rel test:"), "test:3.11\tUnit tests\ntest:3.12\tUnit tests\n");
    assert_eq!(offered("rel bump level=ma"), "level=major\tlevel\n");
    assert_eq!(offered("rel bump \"release c"), "release candidate\tlevel\n");
    assert_eq!(offered("rel --yes="), "--yes=publish\tReally?\n");
    assert!(offered("rel apply plans/").contains("plans/one plan.json"));
    assert!(offered("rel -C pla").contains("plans/"));
    assert!(offered("rel lint --export=pla").contains("--export=plans/"));
    assert_eq!(offered("rel test -- "), "");
}

#[test]
fn powershell_describes_what_it_offers() {
    let Some(pwsh) = judge("pwsh") else { return };
    let project = project();
    let offered = |line: &str| {
        let script = format!(
            "rel completions powershell | Out-String | Invoke-Expression
             (TabExpansion2 '{line}' {}).CompletionMatches | ForEach-Object {{ $_.CompletionText + '|' + $_.ToolTip }}",
            line.chars().count()
        );
        let mut pwsh =
            shell(&project, &pwsh, &["-NoProfile", "-NonInteractive", "-Command", &script]);
        String::from_utf8(pwsh.output().unwrap().stdout).unwrap()
    };
    assert_eq!(offered("rel lin"), "lint|Style\n");
    assert_eq!(offered("rel test:3.12"), "test:3.12|Unit tests\n");
    assert_eq!(offered("rel bump level=ma"), "level=major|level\n");
    assert_eq!(offered("rel bump rel"), "'release candidate'|level\n");
    assert!(offered("rel bump ").contains("minor|level (default)"));
}
