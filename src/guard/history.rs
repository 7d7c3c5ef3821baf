//! Versions that come from tags need the whole history: a shallow clone builds 0.0.0.

use super::Ground;
use crate::diag::Diagnostic;

pub(super) fn check(ground: &Ground<'_>) -> Vec<Diagnostic> {
    if ground.repo.head().is_none() || ground.repo.is_shallow() == Some(false) {
        return Vec::new();
    }
    let wrong = Diagnostic::refused("the history is cut off: this is a shallow clone");
    vec![wrong.hint("run `git fetch --unshallow --tags`; in CI check out with `fetch-depth: 0`")]
}
