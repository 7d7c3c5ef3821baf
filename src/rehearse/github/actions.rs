//! Workflows that can be dispatched, and the runs that come of it.
//!
//! Nothing is run: a run stays queued until the rehearsal says how it ended. Which inputs a workflow
//! has is told by the rehearsal, since the forge reads no files.

use serde_json::{Value, json};

use super::access::Holder;
use super::body::{Body, bad};
use super::paging::Page;
use super::rules::{self, Checked, missing, refuse};
use super::show::node;
use super::{Ask, Forge, is_newest};
use crate::calendar::rfc3339;
use crate::rehearse::http::Response;

/// A workflow on the default branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Its file, such as `release.yml`.
    pub file: String,
    /// Its name.
    pub name: String,
    /// What a dispatch takes; without it, the workflow cannot be dispatched.
    pub inputs: Option<Vec<Input>>,
}

/// An input of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Whether it has to be given.
    pub required: bool,
}

/// A run of a workflow that was dispatched.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its number.
    pub id: u64,
    /// Its workflow's file.
    pub workflow: String,
    /// Whole name of the ref that it is for.
    pub reference: String,
    /// The commit.
    pub sha: String,
    /// The inputs that were given.
    pub inputs: Vec<(String, Value)>,
    /// When it was dispatched.
    pub at: u64,
    /// How it ended, such as `success`; nothing, while it is queued.
    pub conclusion: Option<String>,
    /// Its jobs so far.
    pub jobs: Vec<Job>,
    /// Who dispatched it.
    pub(super) actor: Holder,
}

/// A job of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// How it ended, such as `success`; nothing, while it runs.
    pub conclusion: Option<String>,
}

const MOST: usize = 25;

impl Forge {
    /// A workflow by its file or its number.
    fn workflow(&self, name: &str) -> Checked<(u64, &Workflow)> {
        let mut all = (1..).zip(&self.workflows);
        let same = |id: u64, one: &Workflow| one.file == name || id.to_string() == name;
        all.find(|(id, workflow)| same(*id, workflow)).ok_or_else(missing)
    }

    pub(super) fn dispatch(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let body = Body::of(ask.request)?;
        let reference = body.needed("ref")?;
        let given: Vec<(String, Value)> = match body.object("inputs")? {
            Some(inputs) => inputs.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
            None => Vec::new(),
        };
        if given.len() > MOST {
            let count = given.len();
            return Err(bad(&format!(
                "No more than {MOST} properties are allowed; {count} were supplied."
            )));
        }
        let details = body.flag("return_run_details")?.unwrap_or_default();
        let (_, workflow) = self.workflow(ask.arg(0))?;
        let (reference, sha) = self.dispatched(reference)?;
        check_inputs(workflow, &given)?;
        let workflow = workflow.file.clone();
        let (id, actor) = (self.next(), ask.holder());
        let (inputs, at) = (given, ask.at);
        self.runs.push(Run {
            id,
            workflow,
            reference,
            sha,
            inputs,
            at,
            conclusion: None,
            jobs: Vec::new(),
            actor,
        });
        if !details && !is_newest(ask.request) {
            return Ok(Response::empty(204));
        }
        let body = json!({
            "workflow_run_id": id,
            "run_url": self.api(&format!("/actions/runs/{id}")),
            "html_url": self.web(&format!("/actions/runs/{id}")),
        });
        Ok(Response::json(200, &body))
    }

    /// The ref and the commit that a dispatch is for: a branch or a tag, in that order.
    fn dispatched(&self, name: &str) -> Checked<(String, String)> {
        let git = self.git();
        let whole = ["refs/heads/", "refs/tags/", ""].map(|start| format!("{start}{name}"));
        let found = whole.iter().filter(|whole| whole.starts_with("refs/"));
        let mut found = found.filter_map(|whole| Some((whole, git.commit(whole)?)));
        match found.find(|(whole, _)| git.find(whole).is_some()) {
            Some((whole, commit)) => Ok((whole.clone(), commit.sha)),
            None => Err(refuse(422, rules::DISPATCH_REF, format!("No ref found for: {name}"))),
        }
    }

    pub(super) fn list_workflows(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let all: Vec<Value> =
            (1..).zip(&self.workflows).map(|(id, one)| self.shown_workflow(id, one)).collect();
        let (page, count) = (Page::of(ask), all.len());
        let body = json!({ "total_count": count, "workflows": page.cut(all) });
        Ok(self.linked(Response::json(200, &body), &page, "actions/workflows", count))
    }

    pub(super) fn show_workflow(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let (id, workflow) = self.workflow(ask.arg(0))?;
        Ok(Response::json(200, &self.shown_workflow(id, workflow)))
    }

    /// A workflow (`workflow`).
    fn shown_workflow(&self, id: u64, workflow: &Workflow) -> Value {
        let path = format!(".github/workflows/{}", workflow.file);
        json!({
            "id": id,
            "node_id": node("W", id),
            "name": workflow.name,
            "path": path,
            "state": "active",
            "created_at": rfc3339(0),
            "updated_at": rfc3339(0),
            "url": self.api(&format!("/actions/workflows/{id}")),
            "html_url": self.web(&format!("/blob/{}/{path}", self.default_branch)),
            "badge_url": self.web(&format!("/workflows/{}/badge.svg", workflow.name)),
        })
    }

    pub(super) fn list_runs(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        Ok(self.shown_runs(ask, "actions/runs", |_| true))
    }

    pub(super) fn list_workflow_runs(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let (id, workflow) = self.workflow(ask.arg(0))?;
        let path = format!("actions/workflows/{id}/runs");
        Ok(self.shown_runs(ask, &path, |run| run.workflow == workflow.file))
    }

    /// The newest first, as far as they fit what is asked for.
    fn shown_runs(&self, ask: &Ask<'_>, path: &str, of: impl Fn(&Run) -> bool) -> Response {
        let asked = |name: &str, is: &str| ask.request.query(name).is_none_or(|want| want == is);
        let fits = |run: &&Run| {
            of(run)
                && asked("event", "workflow_dispatch")
                && asked("head_sha", &run.sha)
                && asked("branch", short(&run.reference))
                && (asked("status", status(run))
                    || run.conclusion.as_deref().is_some_and(|end| asked("status", end)))
        };
        let all: Vec<Value> =
            self.runs.iter().rev().filter(fits).map(|run| self.run(run)).collect();
        let (page, count) = (Page::of(ask), all.len());
        let body = json!({ "total_count": count, "workflow_runs": page.cut(all) });
        self.linked(Response::json(200, &body), &page, path, count)
    }

    pub(super) fn show_run(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let id = ask.number(0)?;
        let run = self.runs.iter().find(|run| run.id == id).ok_or_else(missing)?;
        Ok(Response::json(200, &self.run(run)))
    }

    /// A run (`workflow-run`).
    fn run(&self, run: &Run) -> Value {
        let id = run.id;
        let (number, workflow) = self
            .workflow(&run.workflow)
            .map_or((0, None), |(number, one)| (number, Some(one.name.as_str())));
        let url = self.api(&format!("/actions/runs/{id}"));
        let nth = self.runs.iter().filter(|one| one.workflow == run.workflow && one.id <= id);
        json!({
            "id": id,
            "name": workflow,
            "display_title": workflow.unwrap_or_default(),
            "node_id": node("WFR", id),
            "head_branch": short(&run.reference),
            "head_sha": run.sha,
            "path": format!(".github/workflows/{}@{}", run.workflow, run.reference),
            "run_number": nth.count(),
            "run_attempt": 1,
            "event": "workflow_dispatch",
            "status": status(run),
            "conclusion": run.conclusion,
            "workflow_id": number,
            "url": url,
            "html_url": self.web(&format!("/actions/runs/{id}")),
            "pull_requests": [],
            "created_at": rfc3339(run.at),
            "updated_at": rfc3339(run.at),
            "run_started_at": rfc3339(run.at),
            "actor": self.account(&run.actor),
            "triggering_actor": self.account(&run.actor),
            "jobs_url": format!("{url}/jobs"),
            "logs_url": format!("{url}/logs"),
            "check_suite_url": self.api(&format!("/check-suites/{id}")),
            "artifacts_url": format!("{url}/artifacts"),
            "cancel_url": format!("{url}/cancel"),
            "rerun_url": format!("{url}/rerun"),
            "previous_attempt_url": null,
            "workflow_url": self.api(&format!("/actions/workflows/{number}")),
            "head_commit": null,
            "repository": self.repository(),
            "head_repository": self.repository(),
        })
    }
}

fn check_inputs(workflow: &Workflow, given: &[(String, Value)]) -> Checked<()> {
    let Some(inputs) = &workflow.inputs else {
        let message = "Workflow does not have 'workflow_dispatch' trigger";
        return Err(refuse(422, rules::DISPATCH_TRIGGER, message));
    };
    let known = |name: &String| inputs.iter().any(|input| input.name == *name);
    let unknown: Vec<&String> = given.iter().map(|(name, _)| name).filter(|n| !known(n)).collect();
    if !unknown.is_empty() {
        let message = format!("Unexpected inputs provided: {unknown:?}");
        return Err(refuse(422, rules::DISPATCH_INPUTS, message));
    }
    let lacks =
        |input: &&Input| input.required && !given.iter().any(|(name, _)| *name == input.name);
    match inputs.iter().find(lacks) {
        Some(input) => {
            let message = format!("Required input '{}' not provided", input.name);
            Err(refuse(422, rules::DISPATCH_REQUIRED, message))
        }
        None => Ok(()),
    }
}

fn status(run: &Run) -> &'static str {
    if run.conclusion.is_some() { "completed" } else { "queued" }
}

fn short(reference: &str) -> &str {
    let short = reference.strip_prefix("refs/heads/");
    short.or_else(|| reference.strip_prefix("refs/tags/")).unwrap_or(reference)
}
