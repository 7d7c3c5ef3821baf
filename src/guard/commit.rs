//! A release is named by a commit; without one nothing could be resumed, so nothing is sent.
//! And it stays that commit's release: HEAD must not move while it is being made. A checkout that belongs
//! to another user is looked at by no git (`safe.directory` in `git-config(1)`), as in many containers.

use super::{Ground, Wants};
use crate::diag::Diagnostic;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    let Some(head) = ground.repo.head() else { return vec![unnamed(ground)] };
    match ground.release {
        Some(release) if release.commit != head.commit => {
            let wrong = Diagnostic::refused("HEAD has moved since this run began");
            vec![
                wrong
                    .note(format!("from {} to {}", release.commit, head.commit))
                    .hint("run the same command again"),
            ]
        }
        _ => Vec::new(),
    }
}

fn unnamed(ground: &Ground<'_>) -> Diagnostic {
    if let Some(folder) = ground.repo.distrusted() {
        let wrong =
            Diagnostic::refused("git does not look at this repository: it belongs to another user");
        let word = shell_words::quote(&folder).into_owned();
        return wrong
            .note("git calls that dubious ownership; containers in CI often have it")
            .hint(format!("run `git config --global --add safe.directory {word}`"));
    }
    let wrong = Diagnostic::refused("there is no commit to name the release by");
    wrong.hint("run `git init`, `git add` and `git commit` in the project")
}
