//! A release is named by a commit; without one nothing could be resumed, so nothing is sent.
//! And it stays that commit's release: HEAD must not move while it is being made.

use super::Ground;
use crate::diag::Diagnostic;

pub(super) fn check(ground: &Ground<'_>) -> Vec<Diagnostic> {
    let Some(head) = ground.repo.head() else {
        let wrong = Diagnostic::refused("there is no commit to name the release by");
        let hint = "run `git init`, `git add` and `git commit` in the project";
        return vec![wrong.hint(hint)];
    };
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
