//! rel beside make, ninja, just and Task at the same loads, and beside a loop in C that only starts
//! programs (`runners/floor.c`): processor time of each with all that it started, in turns.
//!
//! Processor time and no clock, since machines that build are never quiet. Of each load the ratio to the
//! one that it is held against is printed with the most that it shall be; nothing is asserted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::peers;
use crate::rounds::{self, Sample};

const PEERS: &[&str] = &["ninja==1.13.2", "rust-just==1.59.0", "go-task-bin==3.54.0"];

/// Another rel than this one: its path. So the one that is shipped is measured without building the
/// bench that way too.
const OTHER: &str = "REL_MEASURED";

/// A load: its tasks, each with what it needs.
type Tasks = Vec<(String, Vec<String>)>;

/// What is run of a load.
#[derive(Clone, Copy)]
enum Act {
    List,
    /// The list, with nothing kept of the last one.
    ListCold,
    /// All tasks, two at a time.
    All,
    /// The first task.
    One,
    /// All tasks, each of which copies a file and has done so before.
    Fresh,
}

/// A row: a load, what is run of it, and by whom, each with the most that rel's ratio to it shall be.
struct Row {
    title: &'static str,
    tasks: fn() -> Tasks,
    act: Act,
    beside: &'static [(&'static str, f64)],
}

const ROWS: &[Row] = &[
    Row {
        title: "list, 1 task",
        tasks: || wide(1),
        act: Act::List,
        beside: &[("just", 0.9), ("task", 1.0)],
    },
    Row {
        title: "list, 16 tasks",
        tasks: || wide(16),
        act: Act::List,
        beside: &[("just", 0.9), ("task", 1.0)],
    },
    Row {
        title: "1 no-op task",
        tasks: || wide(1),
        act: Act::One,
        beside: &[("make", 1.2), ("ninja", 1.0), ("just", 1.0), ("task", 1.0)],
    },
    Row {
        title: "1,000 tasks",
        tasks: || wide(1_000),
        act: Act::All,
        beside: &[("floor", 1.2), ("make", 1.0), ("ninja", 1.0), ("just", 1.0), ("task", 1.0)],
    },
    Row {
        title: "10,000 tasks",
        tasks: || wide(10_000),
        act: Act::All,
        beside: &[("floor", 1.2), ("make", 1.0), ("ninja", 1.0)],
    },
    Row {
        title: "a chain of 1,000",
        tasks: chain,
        act: Act::All,
        beside: &[("make", 1.0), ("floor", 1.15), ("ninja", 1.0)],
    },
    Row {
        title: "50 layers of 40",
        tasks: layers,
        act: Act::All,
        beside: &[("make", 1.0), ("floor", 1.15), ("ninja", 1.0)],
    },
    Row {
        title: "5,000 up to date",
        tasks: || wide(5_000),
        act: Act::Fresh,
        beside: &[("ninja", 1.0)],
    },
    Row {
        title: "list of 10,000, cold",
        tasks: || wide(10_000),
        act: Act::ListCold,
        beside: &[("just", 1.0)],
    },
    Row {
        title: "list of 10,000, warm",
        tasks: || wide(10_000),
        act: Act::List,
        beside: &[("ninja", 1.0)],
    },
];

/// Rounds of a load that takes milliseconds.
const MANY: usize = 60;

/// The most memory that rel may take for all of 10,000 tasks, in MiB.
const MEMORY: f64 = 40.0;

fn wide(count: usize) -> Tasks {
    (0..count).map(|at| (format!("t{at}"), Vec::new())).collect()
}

fn chain() -> Tasks {
    let before = |at: usize| at.checked_sub(1).map(|at| format!("t{at}"));
    (0..1_000).map(|at| (format!("t{at}"), before(at).into_iter().collect())).collect()
}

fn layers() -> Tasks {
    let layer = |at: usize| (0..40).map(move |of| format!("t{at}_{of}"));
    let needs = |at: usize| at.checked_sub(1).map(|at| layer(at).collect()).unwrap_or_default();
    (0..50).flat_map(|at| layer(at).map(move |name| (name, needs(at)))).collect()
}

/// The programs, each by its name in the rows.
struct Programs {
    floor: PathBuf,
    rel: PathBuf,
    venv: PathBuf,
    _folder: TempDir,
}

pub fn measure() {
    let folder = TempDir::new().unwrap();
    let floor = folder.path().join("floor");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/runners/floor.c");
    let compiled = Command::new("cc").arg("-O2").arg(source).arg("-o").arg(&floor).status();
    if !compiled.is_ok_and(|status| status.success()) {
        println!("\nrel beside other runners: not measured, there is no C compiler `cc`");
        return;
    }
    let built =
        std::env::var_os(OTHER).map_or_else(|| env!("CARGO_BIN_EXE_rel").into(), PathBuf::from);
    // Written as whoever installs a program writes it: pages of a file that a linker has just made are
    // loaded in smaller pieces.
    let rel = folder.path().join("rel");
    std::fs::write(&rel, std::fs::read(&built).unwrap()).unwrap();
    std::fs::set_permissions(&rel, std::fs::metadata(&built).unwrap().permissions()).unwrap();
    let programs = Programs { floor, rel, venv: peers::venv("runners", PEERS), _folder: folder };
    let rounds = rounds::ROUNDS;
    println!(
        "\nrel beside other runners: processor time, medians of {rounds} rounds, of {MANY} up to 16 tasks"
    );
    println!("  {:<24} {:>11}  {:<6} {:>11} {:>7} {:>7}", "", "rel", "", "", "ratio", "at most");
    for row in ROWS {
        programs.row(row);
    }
}

impl Programs {
    fn row(&self, row: &Row) {
        let tasks = (row.tasks)();
        let load = load(&tasks, row.act);
        let names: Vec<&str> =
            std::iter::once("rel").chain(row.beside.iter().map(|(name, _)| *name)).collect();
        let mut samples: BTreeMap<&str, Vec<Sample>> = BTreeMap::new();
        // What takes milliseconds is told only by many.
        let rounds = if tasks.len() < 100 { MANY } else { rounds::ROUNDS };
        for round in 0..=rounds {
            for turn in 0..names.len() {
                let name = names[(round + turn) % names.len()];
                let sample = self.sample(name, row.act, &tasks, load.path());
                // The first round only warms.
                if round > 0 {
                    samples.entry(name).or_default().push(sample);
                }
            }
        }
        let time = |name: &str| rounds::median(&samples[name], "time");
        let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
        for (name, limit) in row.beside {
            let ratio = time("rel").as_secs_f64() / time(name).as_secs_f64();
            let (ours, theirs) = (millis(time("rel")), millis(time(name)));
            println!(
                "  {:<24} {ours:>11}  {name:<6} {theirs:>11} {ratio:>7.2} {limit:>7.2}",
                row.title
            );
        }
        if tasks.len() == 10_000 && matches!(row.act, Act::All) {
            // A sample holds times: a second stands for a MiB.
            let memory = rounds::median(&samples["rel"], "memory").as_secs_f64();
            println!("  {:<24} {memory:>7.1} MiB {:>35.1}", "memory of that", MEMORY);
        }
    }

    fn sample(&self, name: &str, act: Act, tasks: &Tasks, load: &Path) -> Sample {
        if name == "rel" && matches!(act, Act::ListCold) {
            for kept in ["list", "table"] {
                let _ = std::fs::remove_file(load.join(".git/rel/top").join(kept));
            }
        }
        let mut command = Command::new(&self.floor);
        command.arg("meter").args(self.words(name, act, tasks)).current_dir(load);
        let ran = command.stdin(Stdio::null()).stdout(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{name}: {said}");
        let last = said.lines().last().unwrap_or_default();
        let (micros, kib) = last.split_once(' ').unwrap();
        let memory = Duration::from_secs_f64(kib.parse::<f64>().unwrap() / 1024.0);
        let time = Duration::from_micros(micros.parse().unwrap());
        Sample::from([("time".into(), time), ("memory".into(), memory)])
    }

    fn words(&self, name: &str, act: Act, tasks: &Tasks) -> Vec<String> {
        let installed = |name: &str| self.venv.join("bin").join(name).display().to_string();
        let first = tasks[0].0.as_str();
        let program = match name {
            "rel" => self.rel.display().to_string(),
            "floor" => self.floor.display().to_string(),
            "make" => name.to_owned(),
            _ => installed(name),
        };
        let count = tasks.len().to_string();
        let room = if tasks.get(1).is_some_and(|(_, needs)| needs == &["t0"]) { "1" } else { "2" };
        let words: Vec<&str> = match (name, act) {
            ("floor", _) => vec!["run", &count, room],
            ("rel", Act::List | Act::ListCold) => vec!["list"],
            ("rel", Act::All | Act::Fresh) => vec!["all", "-j", "2"],
            ("just", Act::List | Act::ListCold) => vec!["--list"],
            ("just", Act::All) => vec!["--jobs", "2", "all"],
            ("task", Act::List | Act::ListCold) => vec!["--list-all"],
            ("task", Act::All) => vec!["-C", "2", "all"],
            ("ninja", Act::List | Act::ListCold) => vec!["-n", first],
            (_, Act::List | Act::ListCold) => vec!["-n", first],
            (_, Act::All | Act::Fresh) => vec!["-j2", "all"],
            (_, Act::One) => vec![first],
        };
        std::iter::once(program).chain(words.into_iter().map(str::to_owned)).collect()
    }
}

/// A repository with the same tasks in the words of each.
fn load(tasks: &Tasks, act: Act) -> TempDir {
    let copies = matches!(act, Act::Fresh);
    let folder = TempDir::new().unwrap();
    let all: Vec<&str> = tasks.iter().map(|(name, _)| name.as_str()).collect();
    let with = |each: &dyn Fn(&str, &[String]) -> String| {
        tasks.iter().map(|(name, needs)| each(name, needs)).collect::<String>()
    };
    let quoted = |names: &[&str]| {
        names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
    };
    let texts = |needs: &[String]| quoted(&needs.iter().map(String::as_str).collect::<Vec<_>>());
    let rel = |name: &str, needs: &[String]| {
        if copies {
            let (from, to) = (format!("in/{name}"), format!("out/{name}"));
            return format!(
                "task({name:?}).inputs({from:?}).outputs({to:?}).exec(\"cp {from} {to}\");\n"
            );
        }
        let needs =
            if needs.is_empty() { String::new() } else { format!(".needs([{}])", texts(needs)) };
        format!("task(\"{name}\").exec(\"/bin/true\"){needs};\n")
    };
    let make =
        |name: &str, needs: &[String]| format!("{name}: {}\n\t@/bin/true\n", needs.join(" "));
    let ninja = |name: &str, needs: &[String]| {
        if copies {
            return format!("build out/{name}: copy in/{name}\n");
        }
        format!("build {name}: run {}\n", needs.join(" "))
    };
    let just = |name: &str, needs: &[String]| {
        format!("[parallel]\n{name}: {}\n    @/bin/true\n", needs.join(" "))
    };
    let task = |name: &str, needs: &[String]| {
        format!("  {name}:\n    run: once\n    deps: [{}]\n    cmds: [/bin/true]\n", texts(needs))
    };
    let files = [
        ("Releasefile", format!("{}task(\"all\").needs([{}]);\n", with(&rel), quoted(&all))),
        ("Makefile", format!(".PHONY: all {0}\nall: {0}\n{1}", all.join(" "), with(&make))),
        (
            "build.ninja",
            format!(
                "rule run\n  command = /bin/true\nrule copy\n  command = cp $in $out\n{}build all: phony {}\n",
                with(&ninja),
                if copies { format!("out/{}", all.join(" out/")) } else { all.join(" ") }
            ),
        ),
        ("justfile", format!("[parallel]\nall: {}\n{}", all.join(" "), with(&just))),
        (
            "Taskfile.yml",
            format!(
                "version: '3'\nsilent: true\ntasks:\n  all:\n    deps: [{}]\n{}",
                quoted(&all),
                with(&task)
            ),
        ),
    ];
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    if copies {
        for place in ["in", "out"] {
            std::fs::create_dir(folder.path().join(place)).unwrap();
        }
        for name in &all {
            let text = format!("{name}\n").repeat(200);
            std::fs::write(folder.path().join("in").join(name), text).unwrap();
        }
        std::fs::write(folder.path().join(".gitignore"), "/out/\n/.ninja*\n").unwrap();
    }
    let own = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"];
    for words in [&["init", "-q"][..], &["add", "."], &["commit", "-qm", "load"]] {
        let git = Command::new("git").args(own).args(words).current_dir(folder.path()).status();
        assert!(git.unwrap().success());
    }
    folder
}
