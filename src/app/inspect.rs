//! Commands that only look at the Releasefile: list, plan, validate, graph, show.

use std::sync::Arc;

use super::{Project, ci};
use crate::cli::COMMANDS;
use crate::diag::{Diagnostic, Exit};
use crate::goals;
use crate::graph::Graph;
use crate::guard::{self, GUARDS};
use crate::host::Host;
use crate::repo::Repo;
use crate::report::{Output, list as tables};
use crate::script::{self, Memo};

type Done = Result<Exit, Vec<Diagnostic>>;

/// Lists the tasks.
///
/// # Errors
/// What is wrong with the Releasefile.
pub fn list(host: &Arc<Host>, output: Output) -> Done {
    let file = super::find(&host.cwd)?;
    let state = file.parent().and_then(|root| Repo::new(host, root.to_owned()).state().ok());
    let memo = state.and_then(|state| Memo::new(host, &file, state.join("list")));
    let memo = memo.filter(|_| output != Output::Json);
    let text = |bytes, _| String::from_utf8(bytes).ok();
    if let Some(known) = memo.as_ref().and_then(|memo| memo.known(text)) {
        host.out(&known);
        return Ok(Exit::OK);
    }
    let project = Project::open(host)?.keep();
    let declared = &project.script.declared;
    let graph = Graph::build_all(&declared.tasks)?;
    if output == Output::Json {
        host.out_json(tables::intent_json(declared, &graph));
        return Ok(Exit::OK);
    }
    let text = tables::tasks(declared, &graph);
    host.out(&text);
    if let (Some(memo), Some(reads)) = (memo, &project.script.reads) {
        memo.keep(reads, text.as_bytes());
    }
    Ok(Exit::OK)
}

/// The graph of what is asked for; of everything if nothing is.
fn asked(
    project: &Project<'_>,
    words: &[String],
    rest: &[String],
) -> Result<Graph, Vec<Diagnostic>> {
    let tasks = &project.script.declared.tasks;
    if words.is_empty() && rest.is_empty() {
        return Graph::build_all(tasks);
    }
    let goals = goals::parse(words, rest, tasks, COMMANDS).map_err(|wrong| vec![*wrong])?;
    Graph::build(tasks, &goals)
}

/// Shows what a run would do.
///
/// # Errors
/// What is wrong with the Releasefile or the words.
pub fn plan(host: &Arc<Host>, output: Output, words: &[String], rest: &[String]) -> Done {
    let project = Project::open(host)?;
    let default: Vec<String> =
        project.script.declared.default_task.iter().map(|word| word.text.clone()).collect();
    let words = if words.is_empty() { &default } else { words };
    let graph = asked(&project, words, rest)?;
    let declared = &project.script.declared;
    match output {
        Output::Json => host.out_json(tables::intent_json(declared, &graph)),
        _ => host.out(&tables::intent(declared, &graph)),
    }
    Ok(Exit::OK)
}

/// Checks the Releasefile; as JSON for editors.
///
/// # Errors
/// What is wrong with it.
pub fn validate(host: &Arc<Host>, output: Output) -> Done {
    let checked = Project::open(host).and_then(|project| {
        let tasks = &project.script.declared.tasks;
        let graph = Graph::build_all(tasks)?;
        let refused = ci::refused(host, &project);
        if !refused.is_empty() {
            return Err(refused);
        }
        Ok((tasks.iter().map(|task| task.name.clone()).collect::<Vec<_>>(), graph.len()))
    });
    match (checked, output) {
        (checked, Output::Json) => {
            let wrong = checked.err().unwrap_or_default();
            host.out_json(serde_json::json!({ "v": 1, "diagnostics": wrong }));
            Ok(wrong.first().map_or(Exit::OK, |first| first.kind.exit()))
        }
        (Ok((names, instances)), _) => {
            for name in names.iter().filter(|name| COMMANDS.contains(&name.as_str())) {
                host.err(&format!(
                    "warning: task `{name}` is named like a command: run it with `rel run {name}`\n"
                ));
            }
            let plural = |count: usize| if count == 1 { "" } else { "s" };
            let (tasks, s) = (names.len(), plural(names.len()));
            host.out(&format!("ok: {tasks} task{s}, {instances} instance{}\n", plural(instances)));
            Ok(Exit::OK)
        }
        (Err(wrong), _) => Err(wrong),
    }
}

/// Prints the graph.
///
/// # Errors
/// What is wrong with the Releasefile or the words.
pub fn graph(host: &Arc<Host>, words: &[String], rest: &[String], mermaid: bool) -> Done {
    let project = Project::open(host)?;
    let graph = asked(&project, words, rest)?;
    host.out(&if mermaid { tables::mermaid(&graph) } else { tables::dot(&graph) });
    Ok(Exit::OK)
}

/// Shows one task, the guards, or a module's text.
///
/// # Errors
/// There is no such thing.
pub fn show(host: &Arc<Host>, name: &str) -> Done {
    if let Some(text) = script::stdlib_text(name) {
        host.out(text);
        return Ok(Exit::OK);
    }
    if name == "guards" {
        host.out(&guards());
        return Ok(Exit::OK);
    }
    let project = Project::open(host)?;
    let tasks = &project.script.declared.tasks;
    let graph = Graph::build_all(tasks)?;
    let Some(index) = tasks.iter().position(|task| task.name == name) else {
        let known = tasks
            .iter()
            .map(|task| task.name.as_str())
            .chain(script::stdlib_names().map(|name| -> &str { name }))
            .chain(["guards"]);
        return Err(Diagnostic::usage(format!("there is no `{name}` to show"))
            .suggest(name, known)
            .into());
    };
    let node = graph.order().find(|node| graph.instance(*node).task == index);
    let kind = node.map_or(crate::graph::Kind::Local, |node| graph.kind(node));
    host.out(&tables::task(&tasks[index], kind));
    Ok(Exit::OK)
}

fn guards() -> String {
    let row = |guard: &guard::Guard| {
        let when = if guard.always { " (always)" } else { "" };
        let option = |knob: &guard::Knob| format!("    `{}`: {}\n", knob.name, knob.doc);
        let options: String = guard.options.iter().map(option).collect();
        format!("{}{when}\n    {}\n{options}", guard.name, guard.doc)
    };
    GUARDS.iter().map(row).collect()
}
