//! What `rel doctor` found, in parts for people and as one value for programs.
//!
//! Names of refs, files and projects are somebody else's words: they stay on their line.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::json::VERSION;
use super::verified::flat;
use crate::diag::Diagnostic;
use crate::doctor::forms::Form;
use crate::doctor::traps::{Scene, Trap};
use crate::guard::Findings;

/// All that was found.
pub struct Report {
    /// What was asked for.
    pub words: Vec<String>,
    /// Programs.
    pub tools: Vec<Tool>,
    /// The checkout.
    pub git: Git,
    /// Who the run is, and what else is seen.
    pub scene: Scene,
    /// What to fill in once.
    pub forms: Vec<Form>,
    /// What to beware of.
    pub traps: Vec<Trap>,
    /// What guards found.
    pub findings: Findings,
}

/// A program.
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Where it is, if it is found.
    pub found: Option<String>,
    /// Who wants it.
    pub wanted: String,
}

/// The checkout.
pub struct Git {
    /// The commit of HEAD.
    pub commit: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The branch, if one is checked out.
    pub branch: Option<String>,
    /// `owner/name` on GitHub.
    pub repository: Option<String>,
    /// Whether the history is cut off.
    pub shallow: bool,
    /// How many files differ from the commit, if that is known.
    pub changes: Option<usize>,
}

/// The lines for people.
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    part(&mut text, "tools", tools(&report.tools));
    part(&mut text, "git", git(&report.git));
    part(&mut text, "the run is seen as", identity(&report.scene));
    for form in &report.forms {
        part(&mut text, &title(form), form_lines(form));
    }
    part(&mut text, "known traps", traps(&report.traps));
    let Findings { stops, warnings, unasked, .. } = &report.findings;
    part(&mut text, "a live run would stop", stops.iter().flat_map(told).collect());
    part(&mut text, "a live run would warn", warnings.iter().flat_map(told).collect());
    if !unasked.is_empty() {
        let _ = writeln!(text, "not asked: the guards {}", unasked.join(", "));
    }
    let words = report.words.join(" ");
    let _ = match stops.len() {
        0 => writeln!(
            text,
            "{words}: nothing stands in the way so far; the rest is looked at after the build"
        ),
        1 => writeln!(text, "{words}: a live run would be refused, for 1 reason"),
        count => writeln!(text, "{words}: a live run would be refused, for {count} reasons"),
    };
    text
}

fn part(text: &mut String, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}", flat(title));
    for line in lines {
        let _ = writeln!(text, "  {}", flat(&line));
    }
    text.push('\n');
}

/// Lines of two columns.
fn columns(rows: &[(&str, String)]) -> Vec<String> {
    let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(label, value)| format!("{label:<width$}  {value}")).collect()
}

fn tools(tools: &[Tool]) -> Vec<String> {
    let row = |tool: &'_ Tool| match &tool.found {
        Some(found) => found.clone(),
        None => format!("NOT FOUND, wanted by {}", tool.wanted),
    };
    let rows: Vec<(&str, String)> =
        tools.iter().map(|tool| (tool.name.as_str(), row(tool))).collect();
    columns(&rows)
}

fn git(git: &Git) -> Vec<String> {
    let none = || "none".to_owned();
    let commit = git.commit.as_deref().map(|commit| commit.chars().take(12).collect());
    let changes = match git.changes {
        None => "not known".to_owned(),
        Some(0) => "as committed".to_owned(),
        Some(count) => format!("{count} changed"),
    };
    let history = if git.shallow { "cut off (shallow clone)" } else { "whole" };
    let mut rows = vec![
        ("commit", commit.unwrap_or_else(none)),
        ("tags", if git.tags.is_empty() { none() } else { git.tags.join(", ") }),
        ("branch", git.branch.clone().unwrap_or_else(none)),
        ("repository", git.repository.clone().unwrap_or_else(none)),
    ];
    if git.commit.is_some() {
        rows.extend([("files", changes), ("history", history.to_owned())]);
    }
    columns(&rows)
}

/// What registries go by.
fn identity(scene: &Scene) -> Vec<String> {
    if scene.registries.is_empty() {
        return Vec::new();
    }
    let identity = &scene.identity;
    let known = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".to_owned());
    let mut rows = vec![
        ("repository", known(&identity.repository)),
        ("workflow", known(&identity.workflow)),
        ("ref", known(&identity.reference)),
    ];
    let places: Vec<(String, String)> = scene
        .registries
        .iter()
        .map(|registry| {
            let environment = registry.environment.clone().unwrap_or_else(|| "none".to_owned());
            (format!("environment for {}", registry.name), environment)
        })
        .collect();
    rows.extend(places.iter().map(|(label, value)| (label.as_str(), value.clone())));
    if let Some(event) = &identity.event {
        rows.push(("event", event.clone()));
    }
    let state = match (scene.offered, scene.on_github) {
        (true, _) => "yes",
        (false, true) => "no: this job has none",
        (false, false) => "no: this is no run of a CI service that gives one",
    };
    rows.push(("identity here", state.to_owned()));
    columns(&rows)
}

fn title(form: &Form) -> String {
    let state = match form.pending {
        Some(true) => "is new",
        Some(false) => "is there",
        None => "was not asked for",
    };
    format!("trusted publisher: {} on {} ({state})", form.project, form.registry)
}

fn form_lines(form: &Form) -> Vec<String> {
    let first = form.first.map(str::to_owned);
    let at = format!("fill in once at {}", form.address);
    first.into_iter().chain([at]).chain(columns(&form.fields)).collect()
}

fn traps(traps: &[Trap]) -> Vec<String> {
    traps.iter().flat_map(|trap| [trap.what.clone(), format!("  hint: {}", trap.hint)]).collect()
}

fn told(wrong: &Diagnostic) -> Vec<String> {
    let notes = wrong.notes.iter().map(|note| format!("  note: {note}"));
    let hints = wrong.hints.iter().map(|hint| format!("  hint: {hint}"));
    [wrong.message.clone()].into_iter().chain(notes).chain(hints).collect()
}

/// The one line for programs.
pub fn json(report: &Report) -> Value {
    let tool =
        |tool: &Tool| json!({ "name": tool.name, "found": tool.found, "wanted_by": tool.wanted });
    let form = |form: &Form| {
        let fields: Vec<Value> = form
            .fields
            .iter()
            .map(|(label, value)| json!({ "label": label, "value": value }))
            .collect();
        json!({
            "registry": form.registry,
            "project": form.project,
            "address": form.address,
            "pending": form.pending,
            "first": form.first,
            "fields": fields,
        })
    };
    let trap = |trap: &Trap| json!({ "name": trap.name, "message": trap.what, "hint": trap.hint });
    let (git, identity) = (&report.git, &report.scene.identity);
    let environments: serde_json::Map<String, Value> = report
        .scene
        .registries
        .iter()
        .map(|registry| (registry.name.clone(), json!(registry.environment)))
        .collect();
    json!({
        "v": VERSION,
        "event": "doctor",
        "goals": report.words,
        "tools": report.tools.iter().map(tool).collect::<Vec<_>>(),
        "git": {
            "commit": git.commit,
            "tags": git.tags,
            "branch": git.branch,
            "repository": git.repository,
            "shallow": git.shallow,
            "changes": git.changes,
        },
        "identity": {
            "repository": identity.repository,
            "workflow": identity.workflow,
            "ref": identity.reference,
            "event": identity.event,
            "environments": environments,
            "offered": report.scene.offered,
        },
        "forms": report.forms.iter().map(form).collect::<Vec<_>>(),
        "traps": report.traps.iter().map(trap).collect::<Vec<_>>(),
        "stops": report.findings.stops,
        "warnings": report.findings.warnings,
        "unasked": report.findings.unasked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_too_what_has_to_be_done_before_a_form() {
        let form = |first| Form {
            registry: "crates.io".into(),
            project: "demo".into(),
            address: String::new(),
            pending: Some(true),
            fields: Vec::new(),
            first,
        };
        let git = Git {
            commit: None,
            tags: Vec::new(),
            branch: None,
            repository: None,
            shallow: false,
            changes: None,
        };
        let report = Report {
            words: Vec::new(),
            tools: Vec::new(),
            git,
            scene: Scene::default(),
            forms: vec![form(Some("publish once")), form(None)],
            traps: Vec::new(),
            findings: Findings::default(),
        };
        let told = json(&report);
        assert_eq!(told["forms"][0]["first"], "publish once");
        assert_eq!(told["forms"][1].get("first"), Some(&Value::Null));
        assert!(text(&report).contains("publish once"));
    }
}
