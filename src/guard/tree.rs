//! What is built must be what the commit holds, else the sealed artifacts would lie.

use super::{Ground, Wants};
use crate::diag::Diagnostic;

/// How many changes are told.
const SHOWN: usize = 8;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    if ground.repo.head().is_none() {
        return Vec::new();
    }
    let Some(changes) = ground.repo.changes(ground.except) else {
        let wrong =
            Diagnostic::refused("git cannot tell whether the work tree is what the commit holds");
        return vec![wrong.hint("run `git status` and mend what it says")];
    };
    told(&changes, ground.host.way.is_some()).into_iter().collect()
}

/// What is said of changes, if there are any.
fn told(changes: &[String], in_rehearsal: bool) -> Option<Diagnostic> {
    let count = changes.len();
    let what = match count {
        0 => return None,
        1 => "the work tree has 1 change".to_owned(),
        _ => format!("the work tree has {count} changes"),
    };
    let mut wrong = Diagnostic::refused(what);
    for line in changes.iter().take(SHOWN) {
        wrong = wrong.note(line.clone());
    }
    if count > SHOWN {
        wrong = wrong.note(format!("… {} more", count - SHOWN));
    }
    // A rehearsal's copy is as committed when it begins.
    Some(wrong.hint(if in_rehearsal {
        "tasks made that in the rehearsed copy: commit what belongs to the project, or put it into .gitignore"
    } else {
        "commit them, or ignore what does not belong to the release"
    }))
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn few_changes_are_told_of_many() {
        let said = |count| told(&vec!["?? new".to_owned(); count], false);
        assert!(said(0).is_none());
        for (count, message, last) in [
            (1, "the work tree has 1 change", "?? new"),
            (8, "the work tree has 8 changes", "?? new"),
            (10, "the work tree has 10 changes", "… 2 more"),
        ] {
            let wrong = said(count).unwrap();
            assert_eq!((wrong.message.as_str(), wrong.notes.len()), (message, count.min(9)));
            assert_eq!(wrong.notes.last().unwrap(), last);
        }
        assert_ne!(said(1).unwrap().hints, told(&["?? new".to_owned()], true).unwrap().hints);
    }
}
