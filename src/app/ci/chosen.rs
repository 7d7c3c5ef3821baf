//! Which of a project's workflows are meant.

use crate::diag::Diagnostic;
use crate::model::task::Declared;
use crate::model::workflow::Workflow;

/// The workflows that names ask for; all without one.
///
/// # Errors
/// There is none of a name, or none at all.
pub(in crate::app) fn chosen<'a>(
    declared: &'a Declared,
    names: &[String],
) -> Result<Vec<&'a Workflow>, Diagnostic> {
    let all = &declared.workflows;
    if all.is_empty() {
        let wrong = Diagnostic::usage("the Releasefile declares no CI workflow");
        return Err(
            wrong.hint("write one: ci(\"check\").on(#{ pull_request: true }).run(\"check\")")
        );
    }
    let is_known = |name: &&String| all.iter().any(|workflow| workflow.name == **name);
    if let Some(name) = names.iter().find(|name| !is_known(name)) {
        let known = all.iter().map(|workflow| workflow.name.as_str());
        return Err(
            Diagnostic::usage(format!("there is no CI workflow `{name}`")).suggest(name, known)
        );
    }
    let is_chosen = |workflow: &&Workflow| names.is_empty() || names.contains(&workflow.name);
    Ok(all.iter().filter(is_chosen).collect())
}
