//! What has to be released before: what the user names, else what makes the release on GitHub whose event starts
//! the goal (`ci("publish").on(#{ release: "published" })`).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::Project;
use crate::cli::{COMMANDS, RehearseOptions};
use crate::diag::Diagnostic;
use crate::goals;
use crate::graph::Graph;
use crate::host::Host;
use crate::model::task::{Destination, Task};
use crate::rehearse::scratch;

/// The options with what comes before.
///
/// # Errors
/// The goal's words are wrong.
pub(super) fn with(
    host: &Arc<Host>,
    project: &Project<'_>,
    options: &RehearseOptions,
) -> Result<RehearseOptions, Vec<Diagnostic>> {
    let mut options = options.clone();
    if !options.after.is_empty() {
        return Ok(options);
    }
    let declared = &project.script.declared;
    let goals = goals::parse(&options.words, &options.rest, &declared.tasks, COMMANDS)
        .map_err(|wrong| vec![*wrong])?;
    let named: BTreeSet<&str> =
        goals.iter().map(|goal| declared.tasks[goal.task].name.as_str()).collect();
    let mut workflows = declared.workflows.iter();
    let follows = workflows.any(|workflow| {
        !workflow.on.release.is_empty()
            && workflow.run.iter().any(|task| named.contains(task.text.as_str()))
    });
    let graph = Graph::build(&declared.tasks, &goals)?;
    let own: BTreeSet<usize> = graph.order().map(|node| graph.instance(node).task).collect();
    let releases =
        |task: &Task| task.effects.iter().any(|(place, _)| *place == Destination::GithubRelease);
    // What makes its release itself waits for nobody's.
    if !follows || own.iter().any(|at| releases(&declared.tasks[*at])) {
        return Ok(options);
    }
    let Some(task) = declared.tasks.iter().find(|task| releases(task)) else {
        return Ok(options);
    };
    let version = || scratch::next_version(host, &project.root);
    let lacking = task.params.iter().filter(|param| param.default.is_none());
    let values = lacking.map(|param| match param.name.as_str() {
        "version" => Some(format!("version={}", version())),
        _ => None,
    });
    // A value that nobody can guess has to be said with `--after`.
    if let Some(values) = values.collect::<Option<Vec<String>>>() {
        options.after = [vec![task.name.clone()], values].concat();
        host.err(&format!(
            "rehearsal: `{}` follows on a release, which `{}` makes first (`--after` names another)\n",
            options.words.join(" "),
            options.after.join(" ")
        ));
    }
    Ok(options)
}
