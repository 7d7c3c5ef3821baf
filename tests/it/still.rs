//! A run of which nothing has changed since the last one is known at once: it says what that one said. Whatever
//! changes is noticed all the same, one by one.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use rel::model::artifact::Digest;

use crate::project::{Project, Ran};

const ALL: &str = r#"
    print("hello");
    default_task("all");
    task("all").needs(["gen", "lint", "copy"]);
    task("gen").inputs("src/*.txt").outputs("gen/*")
        .sh("mkdir -p gen; cat src/*.txt > gen/all.txt; some-tool; echo ${FLAVOUR-} > gen/flavour");
    task("copy").inputs("conf").run(|t| {
        print(`read ${read("extra.txt")} beside ${files("more/*").len()}`);
        sh("cp conf {}/copy", t.out);
    });
    task("lint").needs("gen").inputs("conf*").env_file("lint.env").exec("some-lint");
"#;

fn project() -> Project {
    let project = Project::new(ALL).file("src/a.txt", "a\n").file("src/b.txt", "b\n");
    let project = project.file("conf", "c\n").file("extra.txt", "e").file("more/x", "").git();
    project.write("lint.env", "LEVEL=1\n");
    let bin = |name: &str| tools(&project, name).display().to_string();
    let path = format!("{}:{}:{}", bin("first"), bin("second"), project.variables()["PATH"]);
    write_tool(&project, "second", "some-tool", "echo tool one");
    write_tool(&project, "second", "some-lint", "test -z \"$BROKEN\" && echo lint");
    project.env("PATH", &path)
}

fn tools(project: &Project, name: &str) -> PathBuf {
    project.root().parent().unwrap().join(name)
}

fn write_tool(project: &Project, folder: &str, name: &str, script: &str) {
    let folder = tools(project, folder);
    fs::create_dir_all(&folder).unwrap();
    let tool = folder.join(name);
    fs::write(&tool, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
}

/// What is kept of runs.
fn kept(project: &Project) -> Vec<PathBuf> {
    let Ok(all) = fs::read_dir(project.state().join("still")) else { return Vec::new() };
    all.map(|entry| entry.unwrap().path()).collect()
}

fn forge(project: &Project) {
    let kept = kept(project);
    assert_eq!(kept.len(), 1);
    project.forge(&format!("still/{}", kept[0].file_name().unwrap().display()));
}

/// More runs than it takes for files to be older than a tick.
const MOST: usize = 300;

/// Runs until what was looked at is written down; the last run found everything up to date.
fn come_to_rest(project: &Project) -> Ran {
    let _ = fs::remove_dir_all(project.state().join("still"));
    let runs = std::iter::repeat_with(|| project.rel("all").code(0)).take(MOST);
    let last = runs.into_iter().find(|_| !kept(project).is_empty());
    last.expect("it comes to rest").says("lint: up to date")
}

/// The events of a run but for times, and for the chain that took longest of nothing.
fn events(project: &Project, goals: &str) -> Vec<serde_json::Value> {
    let ran = project.rel(&format!("run {goals} --output json")).code(0);
    let events = ran.out.lines().map(|line| serde_json::from_str(line).unwrap());
    let timeless = |mut event: serde_json::Value| {
        for name in ["millis", "critical_path"] {
            event.as_object_mut().unwrap().remove(name);
        }
        event
    };
    let mut events: Vec<_> = events.map(timeless).collect();
    // Tasks that do not need each other end in any order.
    events.sort_by_key(|event| event.to_string());
    events
}

#[test]
fn the_same_run_says_the_same() {
    let project = project();
    let before = come_to_rest(&project);
    let again = project.rel("all").code(0);
    let sorted = |ran: &Ran| {
        let mut lines: Vec<String> = project.steady(&ran.err).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&before), sorted(&again));
    again.says("note: hello").says("read e beside 1").says("+ copy");
    let told = project.rel("log 1").code(0).out;
    for task in ["gen", "copy", "lint"] {
        assert!(told.contains(task), "{told}");
    }

    let known = events(&project, "all");
    for _ in 0..2 {
        assert_eq!(events(&project, ""), known, "the default");
    }
    come_to_rest(&project);
    assert_eq!(events(&project, "all"), known);
    forge(&project);
    project.rel("all").code(0).says("kept").says("lint: up to date");
    fs::remove_dir_all(project.state().join("still")).unwrap();
    assert_eq!(events(&project, "all"), known);
}

type Change = fn(&Project) -> Ran;

/// What is changed, how, and what the next run says of it.
const CHANGES: &[(&str, Change, &str)] = &[
    (
        "an input, but for its length and time",
        |project| {
            let path = project.root().join("src/a.txt");
            let time = fs::metadata(&path).unwrap().modified().unwrap();
            fs::write(&path, "A\n").unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
            project.rel("all")
        },
        "gen: ok",
    ),
    (
        "an input that comes",
        |project| {
            project.write("src/c.txt", "c\n");
            project.rel("all")
        },
        "gen: ok",
    ),
    (
        "an input that goes",
        |project| {
            fs::remove_file(project.root().join("src/b.txt")).unwrap();
            project.rel("all")
        },
        "gen: ok",
    ),
    (
        "who may execute an input",
        |project| {
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(project.root().join("src/a.txt"), mode).unwrap();
            project.rel("all")
        },
        "gen: ok",
    ),
    (
        "a file of variables",
        |project| {
            project.write("lint.env", "LEVEL=2\n");
            project.rel("all")
        },
        "lint: ok",
    ),
    (
        "an input that becomes a link",
        |project| {
            let conf = project.root().join("conf");
            let moved = project.root().join("moved");
            fs::rename(&conf, &moved).unwrap();
            symlink("moved", &conf).unwrap();
            let ran = project.rel("all");
            fs::rename(&moved, &conf).unwrap();
            ran
        },
        "lint: ok",
    ),
    (
        "an output",
        |project| {
            project.write("gen/all.txt", "mine\n");
            project.rel("all")
        },
        "older files of its outputs were set aside (1)",
    ),
    (
        "an output that is gone",
        |project| {
            fs::remove_file(project.root().join("gen/all.txt")).unwrap();
            project.rel("all")
        },
        "1 of its outputs put back",
    ),
    (
        "a file where outputs are",
        |project| {
            project.write("gen/stray", "mine\n");
            project.rel("all")
        },
        "older files of its outputs were set aside (1)",
    ),
    (
        "a file that a body reads",
        |project| {
            project.write("extra.txt", "f");
            project.rel("all")
        },
        "read f beside",
    ),
    (
        "files that a body asks for",
        |project| {
            project.write("more/y", "");
            project.rel("all")
        },
        "beside 2",
    ),
    (
        "a program",
        |project| {
            write_tool(project, "second", "some-tool", "echo tool two");
            project.rel("all")
        },
        "tool two",
    ),
    (
        "a program that stands before it in PATH",
        |project| {
            write_tool(project, "first", "some-tool", "echo tool three");
            project.rel("all")
        },
        "tool three",
    ),
    (
        "PATH",
        |project| {
            write_tool(project, "third", "some-tool", "echo tool four");
            let third = tools(project, "third").display().to_string();
            let path = format!("{third}:{}", project.variables()["PATH"]);
            Ran::of(project.command("all").env("PATH", path).output().unwrap())
        },
        "tool four",
    ),
    (
        "a variable that a command names",
        |project| Ran::of(project.command("all").env("FLAVOUR", "mint").output().unwrap()),
        "gen: ok",
    ),
    (
        "a variable that tools obey",
        |project| Ran::of(project.command("all").env("RUSTFLAGS", "-g").output().unwrap()),
        "gen: ok",
    ),
    (
        "an artifact in the store",
        |project| {
            let made = fs::read(project.root().join("gen/all.txt")).unwrap();
            let stored = project.state().join("store").join(Digest::of(made).to_string());
            fs::remove_dir_all(stored).unwrap();
            project.rel("all")
        },
        "gen: ok",
    ),
    (
        "the Releasefile",
        |project| {
            project.write("Releasefile", &ALL.replace("some-lint", "echo other"));
            project.rel("all")
        },
        "lint: ok",
    ),
    (
        "the Releasefile back",
        |project| {
            project.write("Releasefile", ALL);
            project.rel("all")
        },
        "lint: ok",
    ),
    (
        "the release's time, which counts for what makes files",
        |project| {
            project.write("unrelated", "");
            project.commit();
            project.rel("all")
        },
        "gen: ",
    ),
    ("what is asked for", |project| project.rel("lint"), "lint: up to date"),
    ("how", |project| project.rel("all --no-cache"), "lint: ok"),
    (
        "a failure in between, after which all is as it was",
        |project| {
            project.write("conf2", "");
            let broken = project.command("lint").env("BROKEN", "1").output().unwrap();
            assert_eq!(Ran::of(broken).code, 1);
            fs::remove_file(project.root().join("conf2")).unwrap();
            project.rel("all")
        },
        "lint: ok",
    ),
    (
        "half of what is kept",
        |project| {
            let still = &kept(project)[0];
            let whole = fs::read(still).unwrap();
            fs::write(still, &whole[..whole.len() / 2]).unwrap();
            project.rel("all")
        },
        "lint: up to date",
    ),
];

#[test]
fn whatever_changes_is_noticed() {
    let project = project();
    for (what, change, says) in CHANGES {
        come_to_rest(&project);
        forge(&project);
        let told = project.rel("all").code(0).err;
        assert!(told.contains("kept"), "{what}: nothing was kept\n{told}");
        let ran = change(&project);
        assert_eq!(ran.code, 0, "{what}: {}", ran.err);
        assert!(ran.err.contains(says), "{what}: {}", ran.err);
        assert!(!ran.err.contains("kept"), "{what} was missed: {}", ran.err);
    }
}

/// What would not show the next time is not kept: the runs come to an end without it.
#[test]
fn what_no_look_can_tell_is_asked_each_time() {
    for (why, releasefile) in [
        ("a condition", "task(\"all\").when(|| true).inputs(\"conf\").exec(\"true\");"),
        (
            "no inputs",
            "task(\"all\").needs(\"a\").inputs(\"conf\").exec(\"true\"); task(\"a\").exec(\"true\");",
        ),
        ("a link", "task(\"all\").inputs(\"link\").exec(\"true\");"),
        (
            "it sends",
            "task(\"all\").inputs(\"conf\").exec(\"true\"); task(\"s\").needs(\"all\").effects(\"pypi\").run(|t| ());",
        ),
    ] {
        let project = Project::new(releasefile).file("conf", "c\n").git();
        symlink("conf", project.root().join("link")).unwrap();
        let goal = if why == "it sends" { "s --offline" } else { "all" };
        let plain = Project::new("task(\"all\").inputs(\"conf\").exec(\"true\");")
            .file("conf", "c\n")
            .git();
        // As long as it takes a plain one to come to rest.
        let rests = (0..MOST).any(|_| {
            plain.rel("all").code(0);
            project.rel(goal).code(0);
            !kept(&plain).is_empty()
        });
        assert!(rests, "{why}");
        project.rel(goal).code(0);
        assert!(kept(&project).is_empty(), "{why}");
    }
}

#[test]
fn a_program_without_a_name_in_unicode_is_asked_each_time() {
    let project = Project::new("task(\"all\").inputs(\"conf\").exec(\"some-tool\");");
    let project = project.file("conf", "c\n").git();
    let folder = project.root().parent().unwrap().join(OsStr::from_bytes(b"caf\xe9"));
    let bin = tools(&project, "bin");
    write_tool(&project, "bin", "some-tool", "echo tool one");
    fs::create_dir(&folder).unwrap();
    fs::rename(bin.join("some-tool"), folder.join("some-tool")).unwrap();
    symlink(folder.join("some-tool"), bin.join("some-tool")).unwrap();
    let path = format!("{}:{}", bin.display(), project.variables()["PATH"]);
    let project = project.env("PATH", &path);
    let plain = self::project();
    let rests = (0..MOST).any(|_| {
        plain.rel("all").code(0);
        project.rel("all").code(0);
        !kept(&plain).is_empty()
    });
    assert!(rests && kept(&project).is_empty());
    fs::write(folder.join("some-tool"), "#!/bin/sh\necho tool two\n").unwrap();
    project.rel("all").code(0).says("tool two");
}

#[test]
fn it_goes_with_the_memory_of_what_is_up_to_date() {
    let project = project();
    come_to_rest(&project);
    project.rel("clean").code(0);
    assert!(!kept(&project).is_empty());
    project.rel("clean --all").code(0);
    assert!(kept(&project).is_empty());
}
