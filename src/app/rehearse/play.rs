//! The jobs of one workflow, each after those that it needs; what they hand on; and what came of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::ground::Ground;
use super::job::{Ended, Room};
use super::machine;
use super::setting::Setting;
use crate::ci::expression::{self, Context};
use crate::ci::said::{Said, SaidJob};
use crate::diag::{Exit, Outcome};
use crate::host::fs;
use crate::rehearse::services::Login;
use crate::report::Output;
use crate::report::ci as words;

/// A workflow that is played.
pub(super) struct Play<'a> {
    pub(super) ground: &'a Ground<'a>,
    pub(super) setting: &'a Setting<'a>,
    name: &'a str,
    said: &'a Said,
    inputs: BTreeMap<String, String>,
    /// Jobs that have ended.
    done: BTreeMap<String, Ended>,
    /// Where files wait for other jobs.
    pub(super) kept: PathBuf,
    place: PathBuf,
}

impl<'a> Play<'a> {
    pub(super) fn new(
        ground: &'a Ground<'a>,
        setting: &'a Setting<'a>,
        name: &'a str,
        said: &'a Said,
        inputs: BTreeMap<String, String>,
    ) -> Self {
        let place = ground.place.join("jobs");
        let (done, kept) = (BTreeMap::new(), place.join("kept"));
        Self { ground, setting, name, said, inputs, done, kept, place }
    }

    /// Plays all jobs, and ends as the first did that failed.
    ///
    /// # Errors
    /// A folder cannot be made, or rel not be started.
    pub(super) fn all(mut self) -> Outcome<Exit> {
        let emptied = if fs::exists(&self.place) { fs::remove_dir(&self.place) } else { Ok(()) };
        emptied
            .and_then(|()| fs::make_dir(&self.kept))
            .map_err(|error| machine("cannot make a folder", &error))?;
        let mut exit = Exit::OK;
        let mut open: Vec<usize> = (0..self.said.jobs.len()).collect();
        while !self.ground.stop.fired() {
            let ready = |at: &usize| {
                let needs = &self.said.jobs[*at].needs;
                needs.iter().all(|need| self.done.contains_key(need))
            };
            let Some(next) = open.iter().position(ready) else { break };
            let at = open.remove(next);
            let ended = self.job(at)?;
            if exit == Exit::OK && ended.result == "failure" {
                exit = ended.exit;
            }
            self.tell(&self.said.jobs[at], &ended);
            self.done.insert(self.said.jobs[at].id.clone(), ended);
        }
        if self.ground.stop.fired() {
            return Ok(Exit::INTERRUPTED);
        }
        for at in open {
            let job = &self.said.jobs[at];
            let needs = job.needs.join(", ");
            self.tell(job, &Ended::failed(format!("it waits for jobs that never come: {needs}")));
            exit = if exit == Exit::OK { Exit::TASK } else { exit };
        }
        Ok(exit)
    }

    fn job(&self, at: usize) -> Outcome<Ended> {
        let job = &self.said.jobs[at];
        let context = Context {
            values: self.values(job, None),
            failed: self.before(job).iter().any(|id| self.result(id) == "failure"),
            skipped: job.needs.iter().any(|id| self.result(id) == "skipped"),
        };
        match expression::runs(job.condition.as_deref(), &context) {
            Ok(true) => {}
            Ok(false) => return Ok(Ended::skipped()),
            Err(why) => return Ok(Ended::failed(format!("its condition: {why}"))),
        }
        let logins = self.ground.played.as_ref().map(|played| &played.jobs);
        let login = logins.and_then(|jobs| jobs.get(at)).cloned().unwrap_or_default();
        let room = Room::new(self, job, login, &self.place.join(&job.id))?;
        room.played()
    }

    fn result(&self, id: &str) -> &str {
        self.done.get(id).map_or("", |ended| ended.result)
    }

    /// All jobs that one waits for, directly or not.
    fn before(&self, job: &SaidJob) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open = job.needs.clone();
        while let Some(next) = open.pop() {
            let needs = self.said.jobs.iter().find(|job| job.id == next).map(|job| &job.needs);
            if seen.insert(next) {
                open.extend(needs.into_iter().flatten().cloned());
            }
        }
        seen
    }

    /// What a job's expressions can look up: of other jobs only what it needs itself.
    pub(super) fn values(&self, job: &SaidJob, login: Option<&Login>) -> Value {
        let env = self.setting.inner.env();
        let of_env = |name: &str| env.get(name).cloned().unwrap_or_default();
        let token = login.map(|login| login.token.clone()).unwrap_or_default();
        let need = |id: &String| {
            let ended = self.done.get(id)?;
            Some((id.clone(), json!({ "result": ended.result, "outputs": ended.outputs })))
        };
        let mut secrets: Map<String, Value> =
            self.setting.secrets.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
        secrets.insert("GITHUB_TOKEN".into(), json!(token));
        let typed = |(name, value): (&String, &String)| {
            let truth = self.said.inputs.get(name).is_some_and(|input| input.truth);
            let value = match value.as_str() {
                "true" | "false" if truth => json!(value == "true"),
                text => json!(text),
            };
            (name.clone(), value)
        };
        let inputs: Map<String, Value> = self.inputs.iter().map(typed).collect();
        json!({
            "github": {
                "actor": of_env("GITHUB_ACTOR"), "actor_id": crate::rehearse::oidc::OWNER,
                "event_name": of_env("GITHUB_EVENT_NAME"), "ref": of_env("GITHUB_REF"),
                "ref_name": of_env("GITHUB_REF_NAME"), "repository": of_env("GITHUB_REPOSITORY"),
                "run_id": of_env("GITHUB_RUN_ID"), "server_url": of_env("GITHUB_SERVER_URL"),
                "sha": of_env("GITHUB_SHA"), "token": token, "workflow": self.name,
            },
            "inputs": inputs,
            "needs": job.needs.iter().filter_map(need).collect::<Map<String, Value>>(),
            "secrets": secrets,
        })
    }

    fn tell(&self, job: &SaidJob, ended: &Ended) {
        let host = self.ground.host;
        let told = words::Played {
            workflow: self.name,
            job: &job.id,
            result: ended.result,
            why: ended.why.as_deref(),
            took: ended.took,
            permissions: &job.permissions,
            environment: job.environment.as_deref(),
            runner: &job.runner,
            said: &ended.said,
        };
        match self.ground.output {
            Output::Json => host.out_json(told.json()),
            _ => host.err(&told.text()),
        }
    }
}
