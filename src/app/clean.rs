//! `rel clean`: shows what is kept for this project, and removes what nothing needs.
//!
//! It holds the project's state alone while it removes, so never beside a run; the Releasefile is not
//! read, so that a broken one does not matter.

use std::path::Path;
use std::sync::Arc;

use super::find;
use super::session::Done;
use crate::cli::CleanOptions;
use crate::diag::{Diagnostic, Exit};
use crate::host::{Host, fs};
use crate::repo::Repo;
use crate::report::{Output, kept as tables};
use crate::retention::{self, Entry, Part};
use crate::stage;
use crate::tools;

/// Cleans, or only shows.
///
/// # Errors
/// A run is at work, or something cannot be read or removed.
pub(super) fn run(host: &Arc<Host>, output: Output, options: &CleanOptions) -> Done {
    let file = find(&host.cwd)?;
    let root = file.parent().unwrap_or(&host.cwd).to_owned();
    let state = Repo::new(host, root).state().map_err(|wrong| vec![*wrong])?;
    let exists = fs::exists(&state);
    let _alone = if exists && !options.list { Some(alone(&state)?) } else { None };
    let mut entries = if exists {
        let unread = |error: std::io::Error| {
            let wrong = Diagnostic::machine(format!("what is kept cannot be read: {error}"));
            vec![
                wrong
                    .note(state.display().to_string())
                    .hint("nothing was removed; mend that folder first"),
            ]
        };
        retention::survey(&state, host.clock.unix(), options.all).map_err(unread)?
    } else {
        Vec::new()
    };
    if options.tools {
        let found = tools::environments(host).map_err(|wrong| vec![*wrong])?;
        let why = "made anew when needed";
        entries.extend(
            found.into_iter().map(|(name, path)| Entry::new(Part::Tools, name, path, true, why)),
        );
    }
    let wrong = if options.list { Vec::new() } else { remove(&mut entries) };
    if exists && !options.list {
        stage::sweep(host, &state);
    }
    match output {
        Output::Json => host.out_json(tables::kept_json(&entries, options.list)),
        _ => host.out(&tables::kept(&entries, options.list)),
    }
    if wrong.is_empty() { Ok(Exit::OK) } else { Err(wrong) }
}

/// Removes what is spare. What cannot be removed stays in the list as kept.
fn remove(entries: &mut [Entry]) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    for entry in entries.iter_mut().filter(|entry| entry.spare) {
        let removed = match entry.part {
            Part::Tools => tools::remove(&entry.path),
            _ => entry.remove(),
        };
        if let Err(error) = removed {
            entry.spare = false;
            let found =
                Diagnostic::machine(format!("cannot remove {}: {error}", entry.path.display()));
            wrong.push(found.hint("see who may write there, then run `rel clean` again"));
        }
    }
    wrong
}

fn alone(state: &Path) -> Result<std::fs::File, Vec<Diagnostic>> {
    let held = retention::alone(state).map_err(|error| {
        let wrong =
            Diagnostic::machine(format!("the state of this project cannot be held: {error}"));
        vec![wrong.note(state.display().to_string())]
    })?;
    held.ok_or_else(|| {
        let wrong = Diagnostic::refused("another rel is at work in this project");
        wrong.hint("wait until it has ended; `rel clean --list` only shows").into()
    })
}
