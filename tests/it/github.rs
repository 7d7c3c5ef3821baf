//! Runs in GitHub Actions: groups, annotations, the job summary, and commands that nobody smuggles.
//!
//! [`Runner`] reads a log as GitHub's runner does (`ActionCommand`, `ActionCommandManager`).

use std::path::PathBuf;

use crate::project::{Project, Ran};

/// What the runner made of a log.
#[derive(Debug, Default)]
struct Runner {
    /// Commands that counted, with their properties and data, unescaped.
    commands: Vec<(String, String, String)>,
    /// Lines that were no commands, with the group they stand in.
    text: Vec<(String, String)>,
}

impl Runner {
    fn read(log: &str) -> Self {
        let mut runner = Self::default();
        let (mut token, mut group) = (None::<String>, String::new());
        for line in log.split(['\n', '\r']) {
            let Some((name, properties, data)) = command(line) else {
                runner.text.push((group.clone(), line.to_owned()));
                continue;
            };
            match (&token, name.as_str()) {
                (Some(known), name) if name == known => token = None,
                (Some(_), _) => runner.text.push((group.clone(), line.to_owned())),
                (None, "stop-commands") => token = Some(data),
                (None, "group") => {
                    assert_eq!(group, "", "groups do not nest");
                    group.clone_from(&data);
                    runner.commands.push((name, properties, data));
                }
                (None, "endgroup") => group.clear(),
                (None, _) => runner.commands.push((name, properties, data)),
            }
        }
        assert!(token.is_none() && group.is_empty(), "all is closed");
        runner
    }

    fn named(&self, name: &str) -> Vec<String> {
        let named = self.commands.iter().filter(|(known, ..)| known == name);
        named.map(|(_, properties, data)| format!("{properties}: {data}")).collect()
    }

    /// The lines of a group.
    fn group(&self, name: &str) -> Vec<&str> {
        let lines = self.text.iter().filter(|(group, _)| group == name);
        lines.map(|(_, line)| line.as_str()).collect()
    }
}

/// A command in a line: of the newer form at its beginning, of the older one anywhere.
fn command(line: &str) -> Option<(String, String, String)> {
    let plain = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":");
        text.replace("%2C", ",").replace("%25", "%")
    };
    // .NET compares as a reader would: what has no width is not there.
    let line = line.replace(['\u{200b}', '\u{feff}', '\u{ad}'], "");
    let split = match line.trim_start().strip_prefix("::") {
        Some(rest) => rest.split_once("::"),
        None => line.split_once("##[").and_then(|(_, rest)| rest.split_once(']')),
    };
    let (info, data) = split?;
    let (name, properties) = info.split_once(' ').unwrap_or((info, ""));
    Some((name.to_owned(), plain(properties), plain(data)))
}

/// A project below the folder of a repository's checkout, on a runner.
fn project(releasefile: &str) -> Project {
    let project = Project::new(releasefile).env("GITHUB_ACTIONS", "true");
    let workspace = project.root().parent().unwrap().to_string_lossy().into_owned();
    let summary = summary_file(&project).to_string_lossy().into_owned();
    project.env("GITHUB_WORKSPACE", &workspace).env("GITHUB_STEP_SUMMARY", &summary)
}

fn summary_file(project: &Project) -> PathBuf {
    project.root().join("../summary.md")
}

fn read(ran: &Ran) -> Runner {
    Runner::read(&ran.out);
    Runner::read(&ran.err)
}

#[test]
fn each_task_is_a_group_of_its_own() {
    let project = project(
        r#"
        for name in ["a", "b", "c"] {
            task(name).param("n", name).sh("for i in 1 2 3 4 5; do echo {n}$i; done");
        }
        task("all").needs(["a", "b", "c"]);
        "#,
    );
    let ran = project.rel("all -j 3").code(0);
    let runner = read(&ran);
    assert_eq!(runner.named("group").len(), 3);
    for name in ["a", "b", "c"] {
        let lines = runner.group(name);
        let expected: Vec<String> = (1..6).map(|i| format!("  {name}{i}")).collect();
        assert_eq!(lines[1..], expected, "{}", ran.err);
        assert!(ran.err.contains(&format!("\n{name}: ok, ")), "{}", ran.err);
    }
}

#[test]
fn nothing_that_others_write_is_a_command() {
    let project = project(
        r###"
        print("::error::from the file");
        task("evil").sh("printf '::error::a\\n  ::add-path::/b\\n\\033[0m::warning::c\\nd\\r::error::e\\n##[add-path]f\\ng ##[group]h\\n::endgroup::\\n::stop-commands::i\\n'; cat smuggle >&2; exit 1");
        task("thrown").run(|| { print("::notice::j\n\t::debug::k"); throw "x\n::add-path::/l\n##[add-path]/m\n:\u200b:error::q\n#\u200b#[add-path]r"; });
        task("all").needs(["evil", "thrown"]);
        "###,
    )
    .file("smuggle", "\u{a0}::error::n\n\u{2028}::error::o\n%0A::error::p\n:\u{200b}:error::s\n\u{feff}::error::t\n");
    let ran = project.rel("all --keep-going").code(1);
    let runner = read(&ran);
    let names: Vec<&str> = runner.commands.iter().map(|(name, ..)| name.as_str()).collect();
    let count = |name: &str| names.iter().filter(|known| **known == name).count();
    assert_eq!((count("group"), count("error"), names.len()), (2, 2, 4), "{names:?} {}", ran.err);
    assert_eq!(runner.group("evil").len(), 14, "all is shown: {:?}", runner.group("evil"));
    let tokens: Vec<&str> =
        ran.err.lines().filter_map(|line| line.strip_prefix("::stop-commands::")).collect();
    let own = |token: &&&str| token.len() == 32;
    let own: Vec<_> = tokens.iter().filter(own).collect();
    assert!(own.len() == 2 && own[0] != own[1], "{tokens:?}");
}

#[test]
fn what_is_wrong_is_annotated_where_it_is() {
    let project = project(r#"task("t").sh("exit 3"); task("u").neds("t");"#);
    let ran = project.rel("t").code(2);
    let [error] = &read(&ran).named("error")[..] else { panic!("{}", ran.err) };
    assert!(error.starts_with("file=project/Releasefile,line=1,col=35,endColumn=39,title=rel: "));
    assert!(error.ends_with("\nhint: did you mean `needs`?"), "{error}");
    project.write("Releasefile", "// A comment\ntask(\"t\").sh(\"exit 3\");");
    std::fs::create_dir(project.root().join("deep")).unwrap();
    let ran = project.rel("-C deep t").code(1).says(" --> Releasefile:2:14").says("t: FAILED");
    let [error] = &read(&ran).named("error")[..] else { panic!("{}", ran.err) };
    assert!(error.starts_with("file=project/Releasefile,line=2,col=14,"), "{error}");
    assert!(error.ends_with("title=rel: `exit 3` ended with exit code 3"), "{error}");
}

#[test]
fn findings_of_tools_are_annotated_but_not_more_than_github_shows() {
    let noisy = "for i in $(seq 30); do echo a.py:$i:2: error: no $i; done";
    let project = project(&format!(
        r#"
        task("fails").sh("{noisy}; echo gone.py:1: error: no such file; exit 1");
        task("below").cwd("sub").sh("echo 'b.py:7: warning: old  [rule]'; echo b.py:8: error: no error");
        "#
    ))
    .file("a.py", "")
    .file("sub/b.py", "");
    let ran = project.rel("below").code(0);
    let runner = read(&ran);
    let expected = "file=project/sub/b.py,line=7,title=rule: old";
    assert_eq!(runner.named("warning"), [expected]);
    assert_eq!(runner.named("error"), [""; 0], "a task that does not fail has no errors");
    let ran = project.rel("fails").code(1).says("not annotated, since GitHub shows no more: 23");
    let errors = read(&ran).named("error");
    assert_eq!(errors.len(), 8, "{errors:?}");
    assert_eq!(errors[0], "file=project/a.py,line=1,col=2,title=found: no 1");
    assert!(errors[7].contains("title=rel: "), "what ended the run has its place: {errors:?}");
}

#[test]
fn a_real_compiler_is_understood() {
    let rustc = PathBuf::from(std::env::var("CARGO").unwrap()).with_file_name("rustc");
    let text = "task(\"build\").exec(\"RUSTC --crate-type lib --color always src/lib.rs\");";
    let project = project(&text.replace("RUSTC", &rustc.to_string_lossy()))
        .file("src/lib.rs", "fn f() -> u32 {\n    let unused = 1;\n    missing\n}\n");
    let ran = project.rel("build").code(1);
    let errors = read(&ran).named("error");
    let place = "file=project/src/lib.rs,line=3,col=5,title=E0425: cannot find value `missing`";
    assert!(errors[0].starts_with(place), "{errors:?}");
}

#[test]
fn the_job_summary_tells_what_was_done() {
    let project = project(
        r#"
        task("build").run(|t| exec("cp made {}/a|b.txt", t.out));
        task("lint").run(|| throw `<b>` + "bad | thing");
        task("later").needs("lint").exec("true");
        task("send").needs("build").effects("command").run(|| remote("touch sent"));
        "#,
    )
    .file("made", "x");
    project.rel("build send --offline").code(0);
    let text = std::fs::read_to_string(summary_file(&project)).unwrap();
    let digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert!(text.contains("| build | ok | 0."));
    assert!(
        text.contains(&format!("a&#124;b&#46;txt (1 B, sha256 <code>{digest}</code>)")),
        "{text}"
    );
    assert!(text.contains("#### plan: 1 effect (dry run: nothing was sent)"), "{text}");
    project.rel("build later --keep-going").code(1);
    let both = std::fs::read_to_string(summary_file(&project)).unwrap();
    let second = both.strip_prefix(&text).expect("it is appended");
    assert!(second.contains("<pre>error: &#60;b&#62;bad | thing"), "{second}");
    assert!(second.contains("| later | not run: something it needs failed |  |  |"), "{second}");
}

#[test]
fn a_full_summary_gets_no_more_and_harms_nobody() {
    let project = project(r#"task("t").exec("true");"#);
    let full = "x".repeat((1 << 20) - 10);
    std::fs::write(summary_file(&project), &full).unwrap();
    project.rel("t").code(0);
    assert_eq!(std::fs::read_to_string(summary_file(&project)).unwrap(), full);
    let project = project.env("GITHUB_STEP_SUMMARY", "/dev/null/x");
    project.rel("t").code(0).says("note: the job summary cannot be written");
}

#[test]
fn secrets_are_masked_before_they_are_escaped() {
    let project = project(
        r#"task("t").secrets("CORP_TOKEN").sh("echo a.py:1: error: $CORP_TOKEN; exit 1"); task("u").run(|| throw "s:e,c%r-e|t");"#,
    )
    .file("a.py", "")
    .env("CORP_TOKEN", "s:e,c%r-e|t");
    for task in ["t", "u"] {
        let ran = project.rel(task).code(1).says("***");
        let summary = std::fs::read_to_string(summary_file(&project)).unwrap();
        for text in [&ran.err, &summary] {
            assert!(
                !text.contains("c%25r") && !text.contains("c&#37;r") && !text.contains("c%r"),
                "{text}"
            );
        }
        let all = format!("{:?}", read(&ran));
        assert!(!all.contains("c%r"), "{all}");
    }
}
