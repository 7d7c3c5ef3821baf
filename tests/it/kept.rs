//! What a Releasefile declares is kept, and so is the list of its tasks; neither is ever stale: whatever they were
//! made of is changed, and shows.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rel::diag::Diagnostic;
use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::term::Term;
use rel::model::flat;
use rel::model::task::Declared;
use rel::script::{self, Script};

use crate::project::Project;

/// The list for people, from the list that is kept, and for programs, from the table.
fn both(project: &Project) -> String {
    ["list", "list --output json"].map(|line| project.rel(line).code(0).out).concat()
}

/// Lists twice, so that the second may be what was kept, and tells it: it is what nothing kept would give.
fn listed(project: &Project) -> String {
    let (first, second) = (both(project), both(project));
    assert_eq!(first, second);
    for name in ["list", "table"] {
        let _ = fs::remove_file(project.state().join(name));
    }
    assert_eq!(both(project), second);
    second
}

fn loaded(project: &Project, kept: Option<&Path>) -> Result<Script, Vec<Diagnostic>> {
    let env = Env::new([]);
    let mut host =
        Host::new(project.root().to_owned(), env, Endpoints::default(), Term::captured().0);
    host.program = std::env::current_exe().ok();
    let file = project.root().join("Releasefile");
    script::load(&Arc::new(host), &project.root(), &file, kept.map(Path::to_owned))
}

/// Values of every kind, and places in a module.
const UNUSUAL: &str = r##"
import "./part" as part;
print("two\nlines");
part::declare();
task("all").needs("build").group("täglich").alias("a");
task("build").matrix(#{ py: ["a", "b"], n: ["1", "2"] }).inputs("src/**")
    .exec("cp 'a b' {py}-{n}").sh("echo {py} | tee x").env(#{ A: "ä" }).cwd("sub");
task("say").param("level", ["minor", "major"]).param("loud", false).param("times", -3).param("who").rest("words")
    .run(|t| print(t.level)).retry(3, "1500ms").timeout("10m").hidden().optional();
"##;

#[test]
fn everything_that_can_be_declared_comes_back() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let releasefile = |folder: fs::DirEntry| fs::read_to_string(folder.path().join("Releasefile"));
    let examples = fs::read_dir(examples).unwrap().map(|it| releasefile(it.unwrap()).unwrap());
    let builtins = script::builtins().map(|builtin| builtin.example.to_owned());
    let mut count = 0;
    for text in examples.chain(builtins).chain([UNUSUAL.to_owned()]) {
        let project = Project::new(&text).file("pyproject.toml", PYPROJECT).file("part.rhai", PART);
        // Some examples need more of a project than there is.
        let Ok(script) = loaded(&project, None) else { continue };
        count += 1;
        let (bytes, sources) = flat::to_bytes(&script.declared);
        let again = flat::from_bytes::<Declared>(&bytes, &sources).unwrap();
        assert_eq!(format!("{:#?}", script.declared), format!("{again:#?}"));
        for end in 0..bytes.len() {
            assert!(flat::from_bytes::<Declared>(&bytes[..end], &sources).is_none(), "{end}");
        }
        for at in 0..bytes.len() {
            // Whatever it makes of that, it comes to an end.
            let mut other = bytes.clone();
            other[at] ^= 0xff;
            let _ = flat::from_bytes::<Declared>(&other, &sources);
        }
    }
    assert!(count > 100, "{count}");
    let project = Project::new(UNUSUAL).file("part.rhai", PART);
    assert_eq!(loaded(&project, None).unwrap().declared.tasks.len(), 4);
}

const PART: &str = "fn declare() { task(\"parted\").exec(\"true\"); }";
const PYPROJECT: &str = "[project]\nname = \"demo\"\nversion = \"1.2.3\"\n";

#[test]
fn functions_are_called_as_before_when_only_their_tasks_are_kept() {
    let project = Project::new(
        "fn twice(text) { text + text }\n\
         task(\"good\").when(|| true).run(|t| print(twice(t.name)));\n\
         task(\"plain\").exec(\"sh -c 'exit 3'\");\n\
         task(\"bad\").run(|| {\n    exec(\"sh -c 'exit 4'\");\n});",
    )
    .git();
    for (line, code) in [("good", 0), ("plain", 1), ("bad", 1), ("good bad -k -j 1", 1)] {
        let runs = [(); 3].map(|()| {
            let ran = project.rel(line).code(code);
            ran.err
                .lines()
                .filter(|line| !line.contains(" s)"))
                .map(without_times)
                .collect::<Vec<_>>()
        });
        assert!(project.state().join("table").exists());
        assert_eq!(runs[0], runs[1], "{line}");
        assert_eq!(runs[1], runs[2], "{line}");
    }
    project.rel("good").code(0).says("goodgood");
    project.rel("bad").code(1).says("Releasefile:5:5");
    project.rel("plain").code(1).says("Releasefile:3:");
}

fn without_times(line: &str) -> String {
    line.split(", 0.").next().unwrap_or(line).to_owned()
}

#[test]
fn what_changed_since_it_was_read_is_not_called() {
    let project = Project::new("task(read(\"name\")).run(|| {});").file("name", "old");
    let place = project.root().join("kept");
    loaded(&project, Some(&place)).unwrap().keep(place.clone());
    let known = loaded(&project, Some(&place)).unwrap();
    project.write("name", "new");
    let wrong = known.prepare().unwrap_err();
    assert!(wrong.message.contains("has changed since"), "{wrong:?}");
    loaded(&project, Some(&place)).unwrap().prepare().unwrap();
}

fn kept(project: &Project) -> Option<String> {
    fs::read_to_string(project.state().join("list")).ok()
}

#[test]
fn what_is_unchanged_is_not_evaluated_again() {
    let project = Project::new("task(\"lint\").exec(\"true\");").git();
    assert!(listed(&project).contains("lint"));
    project.forge("list");
    assert!(project.rel("list").code(0).out.contains("kept"));
    let json = project.rel("list --output json").code(0).out;
    assert!(json.contains("lint") && !json.contains("kept"), "{json}");
}

#[test]
fn every_kind_of_reading_is_seen_to_change() {
    type Files = &'static [(&'static str, &'static str)];
    type Change = fn(&Project);
    let cases: &[(&str, Files, Change)] = &[
        ("task(\"old\");", &[], |project| project.write("Releasefile", "task(\"new\");")),
        (
            "import \"./part\" as part; task(part::NAME);",
            &[("part.rhai", "export const NAME = \"old\";")],
            |project| {
                project.write("part.rhai", "export const NAME = \"new\";");
            },
        ),
        (
            "import \"./part\" as part; task(part::NAME);",
            &[("part.rhai", "export const NAME = \"old\";")],
            |project| {
                project.write("part", "export const NAME = \"new\";");
            },
        ),
        ("task(read(\"name\"));", &[("name", "old")], |project| project.write("name", "new")),
        ("task(toml::read(\"name.toml\").name);", &[("name.toml", "name = \"old\"")], |project| {
            project.write("name.toml", "name = \"new\"");
        }),
        (
            "task(json::read(\"name.json\").name);",
            &[("name.json", "{\"name\":\"old\"}")],
            |project| {
                project.write("name.json", "{\"name\":\"new\"}");
            },
        ),
        (
            "for name in files(\"tasks/*\") { task(name.sub_string(6)); }",
            &[("tasks/old", "")],
            |project| {
                fs::rename(project.root().join("tasks/old"), project.root().join("tasks/new"))
                    .unwrap();
            },
        ),
        (
            "task(\"v\" + version().sub_string(0, 1));",
            &[("Cargo.toml", "[package]\nname = \"x\"\nversion = \"1.0.0\"")],
            |project| {
                project.write("pyproject.toml", "[project]\nname = \"x\"\nversion = \"2.0.0\"");
            },
        ),
        ("task(git::branch());", &[], |project| {
            project.run_git(&["switch", "--quiet", "--create", "new"])
        }),
        (
            "let name = \"old\"; try { import \"./none\" as part; name = \"new\"; } catch { } task(name);",
            &[],
            |project| {
                project.write("none.rhai", "");
            },
        ),
        (
            "let name = \"old\"; try { import \"./bad\" as part; name = \"new\"; } catch { } task(name);",
            &[("bad.rhai", "let x = ;")],
            |project| {
                project.write("bad.rhai", "");
            },
        ),
        (
            "let name = \"old\"; try { read(\"none\"); name = \"new\"; } catch { } task(name);",
            &[],
            |project| {
                project.write("none", "there");
            },
        ),
    ];
    for (releasefile, files, change) in cases {
        let project = Project::new(releasefile);
        files.iter().for_each(|(path, text)| project.write(path, text));
        let project = project.git();
        let before = listed(&project);
        change(&project);
        assert_ne!(listed(&project), before, "{releasefile}");
    }
}

#[test]
fn a_variable_is_seen_to_change() {
    let releasefile = "task(env(\"MODE\", \"old\"));";
    let project = Project::new(releasefile).git();
    assert!(listed(&project).contains("old"));
    let project = project.env("MODE", "new");
    assert!(listed(&project).contains("new"));
}

#[test]
fn what_cannot_be_read_counts_as_nothing_kept() {
    let project = Project::new("task(\"lint\").exec(\"true\");").git();
    let list = listed(&project);
    for name in ["list", "table"] {
        let place = project.state().join(name);
        let good = fs::read(&place).unwrap();
        let torn = &good[..good.len() - 3];
        let text = String::from_utf8_lossy(&good).into_owned();
        let other = text.replacen("\"rel\":\"", "\"rel\":\"/another", 1).into_bytes();
        for bad in [b"".as_slice(), b"\n", b"{}\nlint", torn, &other, b"\0\0"] {
            fs::write(&place, bad).unwrap();
            assert_eq!(both(&project), list, "{name}: {}", String::from_utf8_lossy(bad));
            assert_eq!(fs::read(&place).unwrap(), good, "{name}");
        }
    }
}

#[test]
fn neither_a_broken_file_nor_a_secret_is_kept() {
    let project = Project::new("task(\"lint\").needs(\"typo\");").git();
    project.rel("list").code(2);
    assert_eq!(kept(&project), None);
    project.write(
        "Releasefile",
        "secret(\"LOGIN\");\n// uses opensesame\ntask(\"lint\").exec(\"true\");",
    );
    let project = project.env("LOGIN", "opensesame");
    project.rel("list").code(0).says("***").never_says("opensesame");
    assert_eq!(kept(&project), None);
    let project = project.env("LOGIN", "something-else");
    assert!(listed(&project).contains("opensesame"));
    let project = project.env("LOGIN", "opensesame");
    project.rel("list").code(0).says("***").never_says("opensesame");
}

#[test]
fn what_reads_variables_and_globs_is_kept_too() {
    let releasefile = "import \"std/checks\" as checks; let mode = env(\"MODE\", \"\"); files(\"src/*\"); read(\"name\");\n\
        task(\"lint\").exec(\"true\").group(`m${mode}`);";
    let project = Project::new(releasefile).file("src/a", "").file("name", "\u{feff}x").git();
    let before = listed(&project);
    project.forge("table");
    assert!(project.rel("list --output json").code(0).out.contains("kept"));
    project.write("src/b", "");
    assert_eq!(listed(&project), before);
}

#[test]
fn a_variable_that_becomes_a_secret_after_it_was_read_costs_only_the_keeping() {
    let releasefile =
        "let on = env(\"LOGIN\", \"\") != \"\"; task(\"a\").secrets(\"LOGIN\").run(|| print(on));";
    let project = Project::new(releasefile).git().env("LOGIN", "opensesame");
    for _ in 0..3 {
        project.rel("a").code(0).says("true");
        project.rel("list").code(0);
    }
    assert!(!project.state().join("table").exists());
}

#[test]
fn a_secret_in_what_was_read_is_not_kept() {
    let hides = [
        (
            "let g = env(\"FOO\", \"\"); try { import `./${g}` as x; } catch { } secret(\"FOO\");",
            "FOO",
        ),
        ("let g = env(\"FOO\", \"\"); files(`${g}/*`); secret(\"FOO\");", "FOO"),
        ("files(env(\"URL\", \"\"));", "URL"),
    ];
    for (text, name) in hides {
        let project = Project::new(&format!("{text}\ntask(\"a\").exec(\"true\");")).git();
        let project = project.env(name, "https://user:opensesame@host.example/x");
        project.rel("list").code(0);
        project.rel("a").code(0);
        for name in ["list", "table"] {
            let kept = fs::read(project.state().join(name)).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&kept).contains("opensesame"), "{text}");
        }
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_not_waited_for() {
    let project = Project::new("task(\"lint\").exec(\"true\");").git();
    let list = listed(&project);
    for name in ["list", "table"] {
        let place = project.state().join(name);
        fs::remove_file(&place).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&place).status().unwrap();
        assert!(made.success());
        assert_eq!(both(&project), list);
        fs::File::create(&place).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(both(&project), list);
    }
}

#[test]
fn what_is_told_of_texts_is_told_of_kept_ones_too() {
    let project = Project::new(
        "import \"./part\" as part; let mode = env(\"MODE\", \"\");\n\
         task(\"rel\").effects(\"command\").run(|| part::send());",
    )
    .file("part.rhai", "fn send() { let token = secret(\"MY_OWN_TOKEN\"); remote(\"true\"); }")
    .git();
    let cold = project.rel("doc --runbook rel").code(0).out;
    assert!(cold.contains("MY_OWN_TOKEN"), "{cold}");
    project.rel("list").code(0);
    assert!(project.state().join("table").exists());
    assert_eq!(project.rel("doc --runbook rel").code(0).out, cold);
}
