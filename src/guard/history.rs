//! Versions that come from tags need the whole history: a shallow clone builds 0.0.0.

use super::{Ground, Wants};
use crate::diag::{Diagnostic, Outcome};
use crate::host::stop::Stop;
use crate::repo::Repo;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    if ground.repo.head().is_none() || ground.repo.is_shallow() == Some(false) {
        return Vec::new();
    }
    let wrong = Diagnostic::refused("the history is cut off: this is a shallow clone");
    let wrong =
        wrong.hint("run `git fetch --unshallow --tags`; in CI check out with `fetch-depth: 0`");
    vec![wrong.hint("give `--fix` to let rel fetch it")]
}

/// Fetches the rest of a history that is cut off; whether there was need to.
///
/// # Errors
/// The remote does not give it.
pub fn mend(repo: &Repo<'_>, stop: &Stop) -> Outcome<bool> {
    if repo.is_shallow() != Some(true) {
        return Ok(false);
    }
    repo.unshallow(stop).map(|()| true).map_err(|said| {
        let mut wrong = Diagnostic::refused("the rest of the history cannot be fetched");
        for line in said.into_iter().take(4) {
            wrong = wrong.note(line);
        }
        Box::new(
            wrong.hint("check the remote and the login to it, or clone anew without `--depth`"),
        )
    })
}
