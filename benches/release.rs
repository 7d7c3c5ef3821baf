//! What a rehearsal takes besides the tools that it runs: `rel rehearse publish` of an example, warm.
//!
//! Events say when a command begins and not when it ends: it is taken to run until the next event of
//! its task that is no line of output. What is left is given to the event that ended it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::host::env::Env;
use rel::host::term::Term;
use rel::rehearse::scratch::{self, Wanted};
use serde_json::Value;

use crate::project::Project;
use crate::rounds::{self, Sample};
use crate::stage::Stage;

/// An event with when it was read.
type Told = (Instant, Value);

const WHOLE: &str = "the whole rehearsal";
const TOOLS: &str = "commands of its tasks";
const REST: &str = "besides commands";
/// Parts of what comes before the run inside, each measured alone in the same round.
const CLONE: &str = "  a clone with its tag";
const WORLD: &str = "  a world with its keys";
const START: &str = "  rel's start (rel list)";

pub fn measure() {
    let project = Project::new("");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hatch-vcs"), &project, "");
    let project = project.git().tag("v0.2.0");
    let [samples, alone] = rounds::in_turns([&mut || rehearsed(&project), &mut || begun(&project)]);
    let rows = [WHOLE, TOOLS, REST].map(str::to_owned);
    rounds::alone("a rehearsal of examples/hatch-vcs (aim: 2 s besides commands)", &rows, &samples);
    let mut parts = rounds::rows(&samples);
    parts.retain(|row| !rows.contains(row));
    rounds::alone("  of which, by what it led to", &parts, &samples);
    let rows = [CLONE, WORLD, START].map(str::to_owned);
    rounds::alone("  before the run inside, each alone", &rows, &alone);
}

/// What stands before the run inside, part by part.
fn begun(project: &Project) -> Sample {
    let (term, _) = Term::captured();
    let env = Env::new(project.variables());
    let host = Host::new(project.root(), env, Endpoints::default(), term);
    let place = project.root().with_extension("place");
    std::fs::create_dir_all(&place).unwrap();
    let github = &host.endpoints.github;
    let timed = |act: &dyn Fn()| {
        let begun = Instant::now();
        act();
        begun.elapsed()
    };
    let clone = || {
        let commit = scratch::head(&host, &project.root()).unwrap();
        let wanted = Wanted { commit, dirty: false, tag: None, edits: false };
        scratch::make(&host, &project.root(), &place, github, &wanted).unwrap();
    };
    let world = || drop(Stage::new());
    let start = || drop(project.rel("list").code(0));
    Sample::from([
        (CLONE.into(), timed(&clone)),
        (WORLD.into(), timed(&world)),
        (START.into(), timed(&start)),
    ])
}

fn rehearsed(project: &Project) -> Sample {
    let said = project.root().with_extension("stderr");
    let begun = Instant::now();
    let mut command = project.command("rehearse publish --output json");
    command.stdout(Stdio::piped()).stderr(File::create(&said).unwrap());
    let mut rel = command.spawn().unwrap();
    let lines = BufReader::new(rel.stdout.take().unwrap()).lines();
    let told: Vec<Told> =
        lines.map(|line| (Instant::now(), serde_json::from_str(&line.unwrap()).unwrap())).collect();
    let ended = rel.wait().unwrap();
    let whole = begun.elapsed();
    let errors = told.iter().filter(|(_, event)| event["event"] == "error");
    let errors: Vec<&Value> = errors.map(|(_, event)| event).collect();
    let err = std::fs::read_to_string(&said).unwrap();
    assert!(ended.success(), "{errors:#?}\n{err}");
    let mut sample = divided(begun, &told);
    let rest: Duration = sample.values().sum();
    sample.insert(WHOLE.into(), whole);
    sample.insert(TOOLS.into(), told.last().unwrap().0 - begun - rest);
    sample.insert(REST.into(), rest + (begun + whole - told.last().unwrap().0));
    sample
}

/// The time in which no command runs, by what it led to.
fn divided(begun: Instant, told: &[Told]) -> Sample {
    let mut parts = Sample::new();
    let mut last = begun;
    let mut running: BTreeSet<String> = BTreeSet::new();
    for (at, event) in told {
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let (kind, task) = (text("event"), text("task"));
        if running.is_empty() {
            *parts.entry(led_to(&kind, &task, &text("summary"))).or_default() += *at - last;
        }
        last = *at;
        match kind.as_str() {
            "command" if event["noted"] != true => _ = running.insert(task),
            "output" => {}
            _ => _ = running.remove(&task),
        }
    }
    parts
}

/// What the time before an event was for.
fn led_to(kind: &str, task: &str, summary: &str) -> String {
    match (kind, summary.split(' ').next().unwrap_or_default()) {
        ("run-started", _) => "the run inside: a clone, a world, its start".into(),
        ("sent", "sign") => "signing".into(),
        ("sent", "upload") => "uploads".into(),
        ("sent", _) => "the release on GitHub".into(),
        ("plan", _) => "the plan, and a look at the remotes".into(),
        ("proof", _) => "the proof".into(),
        (_, _) if task.is_empty() => "between tasks".into(),
        _ => format!("in task {task}"),
    }
}

fn copy(from: &Path, project: &Project, prefix: &str) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let inner = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            copy(&entry.path(), project, &format!("{inner}/"));
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            project.write(&inner, &text);
        }
    }
}
