//! `rel doctor`: what a live run would meet, told before anything is built.
//!
//! It runs no task, writes nothing and sends nothing; with `--offline` it asks nobody. Guards are asked as
//! before the first task, so what has to be built first is no matter here. The thinking is `doctor`'s,
//! `scene` gathers what it thinks about.

mod scene;

use std::sync::Arc;

use self::scene::{Place, git};
use super::session::{Done, indexes, listening, sent_to};
use super::{Project, onward};
use crate::cli::{COMMANDS, DoctorOptions};
use crate::diag::{Diagnostic, Exit, Kind as Wrong};
use crate::doctor::forms::{self, Form};
use crate::doctor::traps;
use crate::goals;
use crate::graph::{Graph, Kind, Node};
use crate::guard::{self, Ground};
use crate::host::{Host, fs};
use crate::model::task::{Declared, Task};
use crate::repo::Repo;
use crate::report::doctor::{self as tables, Report, Tool};
use crate::report::{Output, clean};
use crate::script::Script;

/// Tells what a live run of tasks would meet.
///
/// # Errors
/// The Releasefile or the words are wrong, or nothing is sent.
pub(super) fn run(host: &Arc<Host>, output: Output, options: &DoctorOptions) -> Done {
    let project = Project::open(host)?;
    let stop = listening(host)?;
    let declared = &project.script.declared;
    let (words, graph) = asked(declared, options)?;
    let task = |node: Node| &declared.tasks[graph.instance(node).task];
    let of_kind = graph.order().filter(|node| graph.kind(*node) == Kind::Sending);
    let sending: Vec<&Task> = of_kind.map(task).collect();
    if sending.is_empty() {
        let wrong = Diagnostic::usage(format!("`{}` sends nothing", words.join(" ")));
        return Err(wrong.hint("name a task that does: `rel doctor TASK`").into());
    }
    let repo = Repo::new(host, project.root.clone());
    let release = repo.release();
    let indexes = indexes(host, declared);
    let edits = graph.order().any(|node| task(node).edits.is_some());
    let ground = Ground {
        host,
        stop: &stop,
        repo: &repo,
        // What tasks commit and tag is not there yet.
        tagged: (!edits).then_some(&repo),
        release: release.as_ref(),
        except: None,
        indexes: sent_to(&sending, &indexes),
        sending,
        store: None,
        effects: &[],
        offline: options.offline,
        elsewhere: false,
    };
    let report = examined(&ground, &project.script, words);
    if stop.fired() {
        return Err(Diagnostic::new(Wrong::Interrupted, stop.reason()).into());
    }
    Ok(tell(host, output, &report))
}

/// The forms of trusted publishers that releases by `task` need.
pub(super) fn forms(ground: &Ground<'_>, task: &str) -> Vec<Form> {
    let scene = Place { ground, task }.scene();
    scene.registries.iter().flat_map(|one| forms::forms(one, &scene.identity)).collect()
}

fn examined(ground: &Ground<'_>, script: &Script, words: Vec<String>) -> Report {
    let findings = guard::check(ground, &script.declared.guards);
    let task = words.first().map(String::as_str).unwrap_or_default();
    let scene = Place { ground, task }.scene();
    let forms = scene.registries.iter().flat_map(|one| forms::forms(one, &scene.identity));
    Report {
        words,
        tools: tools(ground.host, script, ground.repo),
        git: git(ground),
        forms: forms.collect(),
        traps: traps::traps(&scene),
        scene,
        findings,
    }
}

fn tell(host: &Host, output: Output, report: &Report) -> Exit {
    match output {
        Output::Json => host.out_json(tables::json(report)),
        _ => host.out(&clean::text(&tables::text(report), false)),
    }
    let first = report.findings.stops.first();
    first.map_or(Exit::OK, |first| first.kind.exit())
}

/// What is asked for: the words, else the task that releases.
fn asked(
    declared: &Declared,
    options: &DoctorOptions,
) -> Result<(Vec<String>, Graph), Vec<Diagnostic>> {
    let tasks = &declared.tasks;
    let words = if options.words.is_empty() {
        let all = Graph::build_all(tasks)?;
        // One that only groups is what a person would start.
        let group = tasks.iter().find(|task| task.name == "publish").map(|task| task.name.as_str());
        let name = group.or_else(|| onward::task(&all, tasks, |_| true)).ok_or_else(|| {
            let wrong = Diagnostic::usage("no task here sends anything");
            wrong.hint("give one `.effects(…)`; `rel init` writes a release")
        })?;
        vec![name.to_owned()]
    } else {
        options.words.clone()
    };
    let goals = goals::parse(&words, &[], tasks, COMMANDS).map_err(|wrong| vec![*wrong])?;
    let graph = Graph::build(tasks, &goals)?;
    Ok((words, graph))
}

/// The programs that commands start, and where they are.
fn tools(host: &Host, script: &Script, repo: &Repo<'_>) -> Vec<Tool> {
    let declared = &script.declared;
    let path = host.env.get("PATH");
    let look = |name: &str, wanted: String| {
        let requirement = declared.tools.iter().find(|tool| is_of(tool, name));
        let found = fs::which(name, path, repo.root()).map(|at| at.display().to_string());
        let brought = requirement.map(|tool| format!("brought by tools(\"{tool}\")"));
        Tool { name: name.to_owned(), found: brought.or(found), wanted }
    };
    let mut all = vec![look("git", "rel".to_owned())];
    let recipes = ["std/python", "std/checks"].into_iter().find(|name| script.imports(name));
    if let Some(why) = Some("tools(…)").filter(|_| !declared.tools.is_empty()).or(recipes) {
        all.push(look("python3", why.to_owned()));
    }
    if script.imports("std/rust") {
        all.push(look("cargo", "std/rust".to_owned()));
    }
    let own = script.programs().into_iter();
    // What stands in a folder may be made by a task.
    let own = own.filter(|word| !word.text.contains('/'));
    for word in own {
        if all.iter().all(|tool| tool.name != word.text) {
            all.push(look(&word.text, word.site.to_string()));
        }
    }
    all
}

/// Whether a requirement is that of a program: `ruff==0.17.5` of `ruff`.
fn is_of(requirement: &str, program: &str) -> bool {
    let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    let name = &requirement[..end.unwrap_or(requirement.len())];
    name.eq_ignore_ascii_case(program)
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn a_requirement_brings_the_program_of_its_name() {
        assert!(is_of("ruff==0.17.5", "ruff") && is_of("Ruff", "ruff") && is_of("a-b[x]", "a-b"));
        assert!(!is_of("ruff-lsp", "ruff") && !is_of("ruff", "ruf"));
    }
}
