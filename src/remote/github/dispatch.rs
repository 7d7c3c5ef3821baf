//! Starting a workflow on GitHub, and how its run goes.
//!
//! Sources: <https://docs.github.com/rest/actions/workflows>, <https://docs.github.com/rest/actions/workflow-runs>,
//! <https://docs.github.com/rest/actions/workflow-jobs>. Not every version of the API tells which run has come of
//! a start, so it is looked for: of the runs by hand of this commit the first that is newer than all before.

use serde_json::{Value, json};

use super::Drafts;
use super::api::{Api, in_path};
use crate::host::Host;
use crate::host::stop::Stop;
use crate::model::effect::{Dispatch, Presence};
use crate::remote::{Errand, Trouble};

const BY_HAND: &str = "event=workflow_dispatch";

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: u64,
    /// Its page.
    pub url: String,
    /// How it ended, as `success`; nothing before.
    pub conclusion: Option<String>,
}

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// How it ended, or what it does: `queued`, `waiting`, `in_progress`.
    pub state: String,
}

/// The runs of one repository.
pub struct Runs<'a> {
    host: &'a Host,
    stop: &'a Stop,
    repository: &'a str,
    drafts: Drafts,
}

impl<'a> Runs<'a> {
    /// Those of `owner/name`.
    pub fn new(host: &'a Host, repository: &'a str, stop: &'a Stop) -> Self {
        Self { host, stop, repository, drafts: Drafts::default() }
    }

    fn api(&self) -> Api<'_> {
        Api::new(self.host, &self.drafts, self.repository, self.stop)
    }

    /// The commit of a branch or tag; `None` if GitHub has no such ref.
    ///
    /// # Errors
    /// GitHub cannot be asked.
    pub fn commit(&self, reference: &str) -> Result<Option<String>, Trouble> {
        match self.api().get(&format!("/commits/{}", in_path(reference))) {
            Ok(found) => Ok(found.and_then(|found| Some(found["sha"].as_str()?.to_owned()))),
            // "No commit found for SHA", whatever was asked for.
            Err(Trouble::Refused { reason, .. }) if reason.starts_with("422") => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// The number of a workflow's newest run by hand, 0 if there is none; `None` if GitHub knows no such workflow.
    ///
    /// # Errors
    /// GitHub cannot be asked.
    pub fn newest(&self, workflow: &str) -> Result<Option<u64>, Trouble> {
        let path = format!("/actions/workflows/{workflow}/runs?{BY_HAND}&per_page=100");
        let found = self.api().get(&path)?;
        Ok(found.map(|found| runs(&found).iter().map(|run| run.id).max().unwrap_or_default()))
    }

    /// How a run is.
    ///
    /// # Errors
    /// GitHub cannot be asked.
    pub fn run(&self, id: u64) -> Result<Run, Trouble> {
        let found = self.api().get(&format!("/actions/runs/{id}"))?;
        let found = found.as_ref().and_then(run);
        found.ok_or_else(|| Trouble::Unclear(format!("GitHub shows no run {id}")))
    }

    /// The jobs of a run so far.
    ///
    /// # Errors
    /// GitHub cannot be asked.
    pub fn jobs(&self, id: u64) -> Result<Vec<Job>, Trouble> {
        let found = self.api().get(&format!("/actions/runs/{id}/jobs?per_page=100"))?;
        let found = found.unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let one = |job: &Value| {
            let state = text(&job["conclusion"]).or_else(|| text(&job["status"]))?;
            Some(Job { name: text(&job["name"])?, state })
        };
        Ok(found["jobs"].as_array().into_iter().flatten().filter_map(one).collect())
    }
}

fn run(found: &Value) -> Option<Run> {
    let conclusion = found["conclusion"].as_str().map(str::to_owned);
    Some(Run {
        id: found["id"].as_u64()?,
        url: found["html_url"].as_str()?.to_owned(),
        conclusion: conclusion.filter(|_| found["status"] == "completed"),
    })
}

fn runs(found: &Value) -> Vec<Run> {
    found["workflow_runs"].as_array().into_iter().flatten().filter_map(run).collect()
}

/// The run that has come of a start, once GitHub shows it.
///
/// # Errors
/// GitHub cannot be asked.
pub fn started(host: &Host, dispatch: &Dispatch, stop: &Stop) -> Result<Option<Run>, Trouble> {
    let all = Runs::new(host, &dispatch.repository, stop);
    let Dispatch { workflow, commit, after, .. } = dispatch;
    let path =
        format!("/actions/workflows/{workflow}/runs?{BY_HAND}&head_sha={commit}&per_page=100");
    let found = all.api().get(&path)?.unwrap_or_default();
    Ok(runs(&found).into_iter().filter(|run| run.id > *after).min_by_key(|run| run.id))
}

/// Whether a run has come of it; GitHub shows one only some time after it was started.
///
/// # Errors
/// GitHub cannot be asked.
pub fn probe(errand: &Errand<'_>, dispatch: &Dispatch) -> Result<Presence, Trouble> {
    let found = started(errand.host, dispatch, errand.stop)?;
    Ok(if found.is_some() { Presence::Same } else { Presence::Absent })
}

/// Starts it.
///
/// # Errors
/// GitHub says no, or nothing.
pub fn apply(errand: &Errand<'_>, dispatch: &Dispatch) -> Result<(), Trouble> {
    let path = format!("/actions/workflows/{}/dispatches", dispatch.workflow);
    let body = json!({ "ref": dispatch.reference, "inputs": dispatch.inputs });
    Api::of(errand, &dispatch.repository).send("POST", &path, &body).map(|_| ())
}
