//! `rel ledger`: what was sent from this checkout for a commit. It holds nothing, changes nothing, and
//! needs no Releasefile.

use std::path::PathBuf;
use std::sync::Arc;

use super::find;
use super::session::Done;
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::host::Host;
use crate::ledger::{self, Told};
use crate::model::effect::Release;
use crate::repo::Repo;
use crate::report::{Output, clean, ledger as tables};

/// Shows the ledger of HEAD, or of another commit.
///
/// # Errors
/// There is no such commit, or the ledger cannot be read or is damaged.
pub(super) fn run(host: &Arc<Host>, output: Output, commit: Option<&str>) -> Done {
    let repo = Repo::new(host, root(host));
    let Some(found) = repo.commit_of(commit.unwrap_or("HEAD")) else {
        return Err(no_commit(commit).into());
    };
    let told = of_commit(&repo, &found).map_err(|wrong| vec![*wrong])?;
    match output {
        Output::Json => host.out_json(tables::json(&found, told.as_ref())),
        _ => host.out(&clean::text(&tables::text(&found, told.as_ref()), false)),
    }
    Ok(Exit::OK)
}

/// The project's folder: that of its Releasefile, else where rel was started.
pub(super) fn root(host: &Host) -> PathBuf {
    let file = find(&host.cwd).ok();
    let folder = file.and_then(|file| file.parent().map(ToOwned::to_owned));
    folder.unwrap_or_else(|| host.cwd.clone())
}

/// What the ledger of a commit tells, if there is one.
///
/// # Errors
/// It cannot be read, or is damaged.
pub(super) fn of_commit(repo: &Repo<'_>, commit: &str) -> Outcome<Option<Told>> {
    let Some(release) = repo.release() else { return Ok(None) };
    let release = Release { commit: commit.to_owned(), ..release };
    ledger::read(&repo.state()?.join("ledger"), &release)
}

fn no_commit(commit: Option<&str>) -> Diagnostic {
    match commit {
        Some(name) => Diagnostic::usage(format!("`{name}` is no commit of this repository"))
            .hint("give a commit, a branch or a tag; without one it is HEAD"),
        None => Diagnostic::usage("there is no repository with a commit here")
            .hint("a ledger belongs to a commit: start in a checkout, or give it with `-C DIR`"),
    }
}
