//! Everybody may see the repository: attestations name it in a public log for ever, GitHub's store of
//! attestations is not there for private ones of most plans, and users want to look.

use super::ground::silent;
use super::{Ground, Wants};
use crate::diag::Diagnostic;
use crate::remote::github::settings;

pub(super) fn check(ground: &Ground<'_>, _: Wants<'_>) -> Vec<Diagnostic> {
    let Some(name) = ground.repository() else { return vec![unknown()] };
    match settings::repository(ground.host, &name, ground.stop) {
        Ok(Some(found)) if !found.private => Vec::new(),
        Ok(found) => {
            let wrong = Diagnostic::refused(match found {
                Some(_) => format!("{name} is private"),
                None => format!("GitHub shows no {name}: it is private, or not there"),
            });
            vec![wrong.hint("make it public in its settings, or release from one that is")]
        }
        Err(why) => vec![silent("GitHub", &name, &why)],
    }
}

/// Which repository this is cannot be told.
pub(super) fn unknown() -> Diagnostic {
    let wrong = Diagnostic::refused("it is not known which repository on GitHub this is");
    wrong.hint("add it: `git remote add origin URL`; in CI GITHUB_REPOSITORY tells")
}
