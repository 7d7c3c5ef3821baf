//! Tables about a Releasefile: its tasks, what a run would do, the graph, one task.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diag::Word;
use crate::graph::{Graph, Kind, Node};
use crate::model::command::Cmd;
use crate::model::task::{Declared, Param, Step, Task, Trigger};

/// The word for a kind.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Local => "local",
        Kind::Sending => "sends",
        Kind::After => "after",
    }
}

/// The kind of each task: that of its first instance.
fn kinds(declared: &Declared, graph: &Graph) -> Vec<Kind> {
    let mut kinds = vec![Kind::Local; declared.tasks.len()];
    for node in graph.order() {
        kinds[graph.instance(node).task] = graph.kind(node);
    }
    kinds
}

/// All tasks that are not hidden, by group, with kinds and descriptions.
pub fn tasks(declared: &Declared, graph: &Graph) -> String {
    let kinds = kinds(declared, graph);
    let shown: Vec<(usize, &Task)> =
        declared.tasks.iter().enumerate().filter(|(_, task)| !task.hidden).collect();
    if shown.is_empty() {
        return "no tasks yet: write task(\"check\").exec(\"…\"); into the Releasefile\n".into();
    }
    let width = shown.iter().map(|(_, task)| usage(task).chars().count()).max().unwrap_or(0);
    let mut groups: Vec<(&str, String)> = Vec::new();
    for (index, task) in shown {
        let default = declared.default_task.as_ref().is_some_and(|word| word.text == task.name);
        let doc = task.doc.clone().unwrap_or_default() + if default { " (default)" } else { "" };
        let places: Vec<String> =
            task.effects.iter().map(|(destination, _)| destination.to_string()).collect();
        let places =
            if places.is_empty() { String::new() } else { format!("[{}] ", places.join(", ")) };
        let line = format!("  {:width$}  {:5}  {places}{doc}", usage(task), kind(kinds[index]));
        let group = task.group.as_deref().unwrap_or("");
        let at = groups.iter().position(|(name, _)| *name == group).unwrap_or_else(|| {
            groups.push((group, String::new()));
            groups.len() - 1
        });
        let _ = writeln!(groups[at].1, "{}", line.trim_end());
    }
    let heading = |name: &str| {
        if name.is_empty() { "tasks".to_owned() } else { name.to_owned() }
    };
    groups
        .into_iter()
        .map(|(name, lines)| format!("{}:\n{lines}", heading(name)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A task's name with its parameters.
fn usage(task: &Task) -> String {
    let mut text = task.name.clone();
    for param in &task.params {
        let _ = match &param.default {
            None => write!(text, " {}", param.name),
            Some(default) => write!(text, " [{}={default}]", param.name),
        };
    }
    text
}

/// When a task of this kind does what.
pub(super) fn what(task: &Task, kind: Kind) -> String {
    match kind {
        Kind::Local => "runs for real, dry or live".to_owned(),
        Kind::After => "runs only live, after something was sent".to_owned(),
        Kind::Sending => {
            let places: Vec<String> =
                task.effects.iter().map(|(destination, _)| destination.to_string()).collect();
            format!("sends to {}, only with --live", places.join(", "))
        }
    }
}

/// What a run of `graph` would do, without doing any of it.
pub fn intent(declared: &Declared, graph: &Graph) -> String {
    let mut text = String::new();
    for node in graph.order() {
        let task = &declared.tasks[graph.instance(node).task];
        if task.steps.is_empty() && graph.kind(node) == Kind::Local {
            continue;
        }
        let what = what(task, graph.kind(node));
        let _ = writeln!(text, "{}: {what}", graph.instance(node).id);
        for step in &task.steps {
            let _ = writeln!(text, "  {}", step_text(step));
        }
        if let Some(question) = &task.confirm {
            let _ = writeln!(text, "  asks: {question}");
        }
    }
    for call in &declared.guards {
        let _ = writeln!(
            text,
            "guard: {}{}",
            call.name.text,
            if call.warn { " (only warns)" } else { "" }
        );
    }
    text
}

fn step_text(step: &Step) -> String {
    match step {
        Step::Body(_, site) => format!("calls the function at {site}"),
        Step::Command(template, site) => match template.shown() {
            Cmd::Argv(words) => format!("$ {}", shell_words::join(words)),
            Cmd::Script(script) => {
                format!("$ sh: {} ({site})", script.lines().next().unwrap_or_default())
            }
        },
    }
}

/// The intent as JSON.
pub fn intent_json(declared: &Declared, graph: &Graph) -> serde_json::Value {
    let tasks: Vec<_> = graph.order().map(|node| node_json(declared, graph, node)).collect();
    serde_json::json!({ "v": 1, "tasks": tasks })
}

fn node_json(declared: &Declared, graph: &Graph, node: Node) -> serde_json::Value {
    let instance = graph.instance(node);
    let task = &declared.tasks[instance.task];
    let needs: Vec<&str> = graph.needs(node).map(|need| graph.instance(need).id.as_str()).collect();
    let effects: Vec<String> =
        task.effects.iter().map(|(destination, _)| destination.to_string()).collect();
    let params: BTreeMap<&str, String> =
        instance.values.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
    serde_json::json!({
        "id": instance.id, "task": task.name, "kind": graph.kind(node), "doc": task.doc, "group": task.group,
        "needs": needs, "effects": effects, "values": params, "environment": task.environment, "confirm": task.confirm,
        "hidden": task.hidden, "aliases": texts(&task.aliases), "matrix": task.matrix, "params": params_json(task),
        "rest": task.rest, "inputs": texts(&task.inputs), "outputs": texts(&task.outputs),
        "on": task.on.as_ref().map(|(trigger, _)| trigger), "optional": task.optional, "secrets": task.secrets,
        "file": task.site.source.name, "line": task.site.line,
    })
}

fn texts(words: &[Word]) -> Vec<&str> {
    words.iter().map(|word| word.text.as_str()).collect()
}

fn params_json(task: &Task) -> Vec<serde_json::Value> {
    let param = |param: &Param| serde_json::json!({ "name": param.name, "default": param.default, "choices": param.choices });
    task.params.iter().map(param).collect()
}

/// The graph in Graphviz' language.
pub fn dot(graph: &Graph) -> String {
    let mut text = String::from("digraph rel {\n  rankdir=LR;\n  node [shape=box];\n");
    for node in graph.order() {
        let style = match graph.kind(node) {
            Kind::Local => "",
            Kind::Sending => " style=filled fillcolor=lightsalmon",
            Kind::After => " style=dashed",
        };
        let _ = writeln!(
            text,
            "  {:?} [label={:?}{style}];",
            graph.instance(node).id,
            graph.instance(node).id
        );
    }
    for (from, to) in graph.edges() {
        let _ = writeln!(text, "  {:?} -> {:?};", graph.instance(from).id, graph.instance(to).id);
    }
    text + "}\n"
}

/// The graph in Mermaid's language.
pub fn mermaid(graph: &Graph) -> String {
    let mut text = String::from("flowchart LR\n");
    for node in graph.order() {
        let id = graph.instance(node).id.replace('"', "#quot;");
        let _ = match graph.kind(node) {
            Kind::Local => writeln!(text, "  n{node}[\"{id}\"]"),
            Kind::Sending => writeln!(text, "  n{node}[/\"{id}\"/]:::sends"),
            Kind::After => writeln!(text, "  n{node}([\"{id}\"])"),
        };
    }
    for (from, to) in graph.edges() {
        let _ = writeln!(text, "  n{from} --> n{to}");
    }
    text + "  classDef sends fill:#ffa07a\n"
}

/// One task, in full.
pub fn task(task: &Task, kind_of: Kind) -> String {
    let mut text = format!("{}  ({}, {})\n", usage(task), kind(kind_of), task.site);
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {name:12} {value}");
        }
    };
    row("about", task.doc.clone().unwrap_or_default());
    row("needs", task.needs.iter().map(|need| need.text.clone()).collect::<Vec<_>>().join(", "));
    for (axis, values) in &task.matrix {
        row("matrix", format!("{axis}: {}", values.join(", ")));
    }
    for param in &task.params {
        let choices = if param.choices.is_empty() {
            String::new()
        } else {
            format!(" of {}", param.choices.join(", "))
        };
        let default =
            param.default.as_ref().map_or("required".into(), |value| format!("default {value}"));
        row("param", format!("{}{choices} ({default})", param.name));
    }
    row("rest", task.rest.clone().unwrap_or_default());
    row(
        "effects",
        task.effects
            .iter()
            .map(|(destination, _)| destination.to_string())
            .collect::<Vec<_>>()
            .join(", "),
    );
    row("environment", task.environment.clone().unwrap_or_default());
    row("confirm", task.confirm.clone().unwrap_or_default());
    row(
        "outputs",
        task.outputs.iter().map(|glob| glob.text.clone()).collect::<Vec<_>>().join(", "),
    );
    row("inputs", texts(&task.inputs).join(", "));
    row("secrets", task.secrets.join(", "));
    row("env files", texts(&task.env_files).join(", "));
    row("aliases", texts(&task.aliases).join(", "));
    row("when", task.when.as_ref().map_or_else(String::new, |(_, site)| format!("asks {site}")));
    let trigger = |trigger| match trigger {
        Trigger::Failure => "failure",
        Trigger::Always => "always",
    };
    row("on", task.on.as_ref().map_or("", |(on, _)| trigger(*on)).to_owned());
    row(
        "edits",
        if task.edits.is_some() { "files, commits or tags, in a stage" } else { "" }.to_owned(),
    );
    row("terminal", if task.tty { "its own" } else { "" }.to_owned());
    for step in &task.steps {
        row("step", step_text(step));
    }
    text
}
