//! `rel ci follow`: tasks with `.on(…)` after a release that was made by several jobs, none of which has seen
//! how it ended. GitHub tells that in `needs`; what failed are jobs here, not tasks.
//!
//! They may notify and cannot change how the release ended, as everywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::app::followers;
use crate::app::pass::Pass;
use crate::app::session::{Done, Session};
use crate::cli::RunOptions;
use crate::diag::{Diagnostic, Exit};
use crate::door::Door;
use crate::host::Host;
use crate::model::event::Events;

/// A job of GitHub's `needs`.
#[derive(Deserialize)]
struct Job {
    /// `success`, `failure`, `cancelled` or `skipped`.
    result: String,
}

/// Calls these tasks.
///
/// # Errors
/// One of them follows nothing, or the jobs cannot be read.
pub(super) fn run(host: &Arc<Host>, events: &Events, words: Vec<String>, needs: &str) -> Done {
    let (exit, failed, message) = ended(needs)?;
    let session =
        Session::open(host, events, RunOptions { words, live: true, ..RunOptions::default() })?;
    let strange = session.graph.asked().find(|node| !session.graph.follows(*node));
    if let Some(node) = strange {
        let task = session.task(node);
        let wrong = Diagnostic::usage(format!("task `{}` follows nothing", task.name));
        return Err(wrong
            .at(&task.site)
            .hint("name tasks with `.on(\"failure\")` or `.on(\"always\")`")
            .into());
    }
    session.begin();
    let door = Arc::new(Door::following(session.release.clone(), session.notices()));
    let followed = followers::told(&session, exit, failed, message);
    let pass = Pass {
        sends: true,
        followed: Some(Arc::new(followed)),
        ..Pass::before_gate(&session, &door)
    };
    let asked: Vec<_> = session.graph.asked().collect();
    pass.run_all(true, |node| asked.contains(&node))?;
    Ok(session.finish(Ok(Exit::OK)))
}

/// How the jobs before ended.
fn ended(needs: &str) -> Result<(Exit, Vec<String>, String), Diagnostic> {
    let jobs: BTreeMap<String, Job> = serde_json::from_str(needs).map_err(|error| {
        let wrong = Diagnostic::usage(format!("`--needs` cannot be read: {error}"));
        wrong.hint("give it `${{ toJSON(needs) }}`")
    })?;
    let bad = |job: &&(String, Job)| matches!(job.1.result.as_str(), "failure" | "cancelled");
    let jobs: Vec<(String, Job)> = jobs.into_iter().collect();
    let failed: Vec<String> = jobs.iter().filter(bad).map(|(name, _)| name.clone()).collect();
    let said = |(name, job): &(String, Job)| format!("job `{name}` ended as {}", job.result);
    let message = jobs.iter().find(bad).map(said).unwrap_or_default();
    let exit = if failed.is_empty() { Exit::OK } else { Exit::TASK };
    Ok((exit, failed, message))
}
