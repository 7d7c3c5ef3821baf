//! The one file of GitLab: which workflows are in it, and whether it is there to be compared.
//!
//! Its first line tells for which workflows it was written, so that the same ones are compared. A project on
//! GitLab alone has no files for GitHub, and is not asked for them; nor is one for those that were written by name.

use std::path::Path;

use super::{OURS, Wanted, exists};
use crate::ci::{self, Places};
use crate::diag::Diagnostic;
use crate::host::fs;
use crate::model::task::Declared;
use crate::model::workflow::Workflow;

const COMMAND: &str = "rel ci generate gitlab";

/// The file, for these workflows.
///
/// # Errors
/// All that stands against it.
pub(super) fn wanted(
    declared: &Declared,
    chosen: &[&Workflow],
    places: &Places,
    root: &Path,
) -> Result<Wanted, Vec<Diagnostic>> {
    let text = ci::pipeline(declared, chosen, places)?;
    let all = chosen.len() == declared.workflows.len();
    let names: Vec<&str> = chosen.iter().map(|workflow| workflow.name.as_str()).collect();
    let command = if all { COMMAND.to_owned() } else { format!("{COMMAND} {}", names.join(" ")) };
    let text = text.replacen(&format!("`{COMMAND}`"), &format!("`{command}`"), 1);
    Ok(Wanted { command, file: ci::GITLAB.into(), path: root.join(ci::GITLAB), text })
}

/// What the file that is there was written for.
pub(super) struct Written<'a> {
    /// The workflows.
    pub(super) workflows: Vec<&'a Workflow>,
    /// Whether they were named, so that the others are somewhere else.
    by_name: bool,
}

impl Written<'_> {
    /// Whether a workflow was written here, and only here.
    pub(super) fn has_alone(&self, workflow: &Workflow, root: &Path) -> bool {
        let is_here = || self.workflows.iter().any(|known| known.name == workflow.name);
        self.by_name && is_here() && !exists(root, workflow)
    }
}

/// What the file that is there was written for; `None` if it is not to be compared. `named` is the only workflow
/// that is asked for.
pub(super) fn compared<'a>(
    declared: &'a Declared,
    root: &Path,
    named: Option<&Workflow>,
) -> Option<Written<'a>> {
    let path = root.join(ci::GITLAB);
    let text = fs::exists(&path).then(|| fs::read_text(&path).unwrap_or_default())?;
    let only = !declared.workflows.iter().any(|workflow| exists(root, workflow));
    if !only && !text.starts_with(OURS) {
        return None;
    }
    let words = text.lines().next().and_then(|line| line.split('`').nth(1)).unwrap_or_default();
    let words: Vec<&str> = words.strip_prefix(COMMAND).unwrap_or_default().split(' ').collect();
    let is_named = |workflow: &&Workflow| words.contains(&workflow.name.as_str());
    let all: Vec<&Workflow> = declared.workflows.iter().collect();
    let some: Vec<&Workflow> = all.iter().copied().filter(is_named).collect();
    let by_name = !some.is_empty();
    let written = Written { workflows: if by_name { some } else { all }, by_name };
    let is_asked_for = only || named.is_none_or(|workflow| written.has_alone(workflow, root));
    is_asked_for.then_some(written)
}
