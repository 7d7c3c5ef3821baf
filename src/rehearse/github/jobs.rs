//! The jobs of a run, as a list: what the rehearsal said of them, in the form of GitHub's `job`.

use serde_json::{Value, json};

use super::actions::{Job, Run};
use super::paging::Page;
use super::rules::{Checked, missing};
use super::show::node;
use super::{Ask, Forge};
use crate::calendar::rfc3339;
use crate::rehearse::http::Response;

impl Forge {
    pub(super) fn list_jobs(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let id = ask.number(0)?;
        let run = self.runs.iter().find(|run| run.id == id).ok_or_else(missing)?;
        let all: Vec<Value> =
            (1..).zip(&run.jobs).map(|(at, job)| self.job(run, at, job)).collect();
        let (page, count) = (Page::of(ask), all.len());
        let body = json!({ "total_count": count, "jobs": page.cut(all) });
        let path = format!("actions/runs/{id}/jobs");
        Ok(self.linked(Response::json(200, &body), &page, &path, count))
    }

    /// A job (`job`), the one at this place of its run.
    fn job(&self, run: &Run, at: u64, job: &Job) -> Value {
        let id = run.id * 100 + at;
        let ended = job.conclusion.as_ref().map(|_| rfc3339(run.at));
        json!({
            "id": id,
            "run_id": run.id,
            "run_url": self.api(&format!("/actions/runs/{}", run.id)),
            "run_attempt": 1,
            "node_id": node("CR", id),
            "head_sha": run.sha,
            "url": self.api(&format!("/actions/jobs/{id}")),
            "html_url": self.web(&format!("/actions/runs/{}/job/{id}", run.id)),
            "status": if job.conclusion.is_some() { "completed" } else { "in_progress" },
            "conclusion": job.conclusion,
            "created_at": rfc3339(run.at),
            "started_at": rfc3339(run.at),
            "completed_at": ended,
            "name": job.name,
            "steps": [],
            "check_run_url": self.api(&format!("/check-runs/{id}")),
            "labels": [],
            "runner_id": null,
            "runner_name": null,
            "runner_group_id": null,
            "runner_group_name": null,
            "workflow_name": run.workflow,
            "head_branch": null,
        })
    }
}
