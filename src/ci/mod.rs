//! CI workflows made from the graph: which jobs, with what they may do, and whether the file that is there
//! still says so. Pure; files are `app::ci`'s.
//!
//! | file | what |
//! |---|---|
//! | `jobs` | which instance runs in which job |
//! | `privilege` | what a destination takes: permissions, token |
//! | `triggers` | what starts a workflow, and what it asks for |
//! | `refusals` | what stands against a workflow |
//! | `github`, `steps` | jobs as a workflow of GitHub Actions |
//! | `overlay` | what users own in the jobs that hold nothing |
//! | `gitlab` | jobs of all workflows as a pipeline of GitLab |
//! | `actions`, `install` | what jobs fetch, by digest |
//! | `yaml` | a tree, and its text |
//! | `read`, `compare` | a text's tree with places, and where it differs from ours |
//! | `said`, `expression`, `script` | what a file says, for who plays its jobs |
//!
//! A job that sends has no checkout and runs nobody's code but rel: what it sends comes from the job before,
//! in a bundle whose digest travels apart from it, as a job's output.
//!
//! Turned down: one job for everything, whose build could use the token of the release; a template that
//! users change, which no tool can compare any more; comparing bytes, which breaks on each update of a pin.

mod actions;
mod compare;
pub mod expression;
mod github;
mod gitlab;
mod install;
mod jobs;
mod overlay;
mod privilege;
mod read;
mod refusals;
pub mod said;
mod scene;
pub mod script;
mod steps;
mod triggers;
mod yaml;

pub use compare::{compare, compare_gitlab};
pub use github::workflow;
pub use gitlab::{FILE as GITLAB, pipeline};
pub use privilege::Places;
pub use scene::Scene;
pub use triggers::inputs;

use crate::diag::Diagnostic;
use crate::goals::{self, Goal};
use crate::graph::Graph;
use crate::model::task::Task;
use crate::model::workflow::Workflow;

/// The graph of what a workflow runs, with parameters at their defaults.
///
/// # Errors
/// It runs nothing, or what is wrong with the graph.
pub fn graph(tasks: &[Task], workflow: &Workflow) -> Result<Graph, Vec<Diagnostic>> {
    let mut goals = Vec::new();
    for word in &workflow.run {
        match tasks.iter().position(|task| task.is_called(&word.text)) {
            Some(task) => goals.push(Goal::plain(task)),
            None => {
                let words = std::slice::from_ref(&word.text);
                goals.extend(goals::parse(words, &[], tasks, &[]).map_err(|wrong| vec![*wrong])?);
            }
        }
    }
    if goals.is_empty() {
        let wrong = Diagnostic::usage(format!("CI workflow `{}` runs nothing", workflow.name));
        return Err(wrong.at(&workflow.site).hint("name its tasks: .run(\"check\")").into());
    }
    Graph::build(tasks, &goals)
}
