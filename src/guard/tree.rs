//! What is built must be what the commit holds, else the sealed artifacts would lie.

use super::{Ground, Wants};
use crate::diag::Diagnostic;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    if ground.repo.head().is_none() {
        return Vec::new();
    }
    let Some(changes) = ground.repo.changes(ground.except) else {
        let wrong =
            Diagnostic::refused("git cannot tell whether the work tree is what the commit holds");
        return vec![wrong.hint("run `git status` and mend what it says")];
    };
    if changes.is_empty() {
        return Vec::new();
    }
    let count = changes.len();
    let mut wrong = Diagnostic::refused(format!(
        "the work tree has {count} change{}",
        if count == 1 { "" } else { "s" }
    ));
    for line in changes.iter().take(8) {
        wrong = wrong.note(line.clone());
    }
    if count > 8 {
        wrong = wrong.note(format!("… {} more", count - 8));
    }
    // A rehearsal's copy is as committed when it begins.
    vec![wrong.hint(if ground.host.way.is_some() {
        "tasks made that in the rehearsed copy: commit what belongs to the project, or put it into .gitignore"
    } else {
        "commit them, or ignore what does not belong to the release"
    })]
}
