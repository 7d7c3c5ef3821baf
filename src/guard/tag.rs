//! A release is made from a tag, never from wherever a branch happens to be.

use super::{Ground, Wants};
use crate::diag::Diagnostic;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    let Some(head) = ground.tagged.and_then(|repo| repo.head()) else {
        return Vec::new();
    };
    if !head.tags.is_empty() {
        return Vec::new();
    }
    let short: String = head.commit.chars().take(12).collect();
    let wrong = Diagnostic::refused(format!("HEAD carries no tag (commit {short})"));
    vec![wrong.hint("tag the release, for example with `git tag v1.2.3`")]
}
