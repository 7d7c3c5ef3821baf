//! The one file of GitLab: which workflows are in it, and whether it is there to be compared.
//!
//! Its first line tells for which workflows it was written, so that the same ones are compared. A project on
//! GitLab alone has no files for GitHub, and is not asked for them.

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

/// The workflows for which the file that is there was written; `None` if it is not to be compared.
pub(super) fn compared<'a>(
    declared: &'a Declared,
    root: &Path,
    named: bool,
) -> Option<Vec<&'a Workflow>> {
    let path = root.join(ci::GITLAB);
    let text = fs::exists(&path).then(|| fs::read_text(&path).unwrap_or_default())?;
    let only = !declared.workflows.iter().any(|workflow| exists(root, workflow));
    if !only && (named || !text.starts_with(OURS)) {
        return None;
    }
    let words = text.lines().next().and_then(|line| line.split('`').nth(1)).unwrap_or_default();
    let words: Vec<&str> = words.strip_prefix(COMMAND).unwrap_or_default().split(' ').collect();
    let is_named = |workflow: &&Workflow| words.contains(&workflow.name.as_str());
    let all: Vec<&Workflow> = declared.workflows.iter().collect();
    let some: Vec<&Workflow> = all.iter().copied().filter(is_named).collect();
    Some(if some.is_empty() { all } else { some })
}
