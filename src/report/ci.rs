//! What is said about workflows: which files were written, and whether they still do what they should.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::verified::flat;
use crate::diag::Diagnostic;
use crate::model::effect::Effect;

/// Of each file whether it was written, or is as it was.
pub fn written(files: &[(&str, bool)]) -> String {
    let line = |(file, changed): &(&str, bool)| {
        let what = if *changed { "wrote" } else { "unchanged:" };
        format!("{what} {file}\n")
    };
    files.iter().map(line).collect()
}

/// The same as JSON.
pub fn written_json(files: &[(&str, bool)]) -> Value {
    let files: Vec<Value> =
        files.iter().map(|(file, changed)| json!({ "file": file, "changed": changed })).collect();
    json!({ "v": 1, "event": "workflows", "files": files })
}

/// That files do what they should.
pub fn checked(files: &[&str]) -> String {
    let lines: Vec<String> = files.iter().map(|file| format!("ok: {file}\n")).collect();
    lines.concat()
}

/// Files that were compared, and all differences.
pub fn checked_json(files: &[&str], wrong: &[Diagnostic]) -> Value {
    json!({ "v": 1, "event": "drift", "files": files, "diagnostics": wrong })
}

/// What would be started, without `--live`.
pub fn would_start(effect: &Effect) -> String {
    format!("would {}\nadd --live to start it\n", flat(&effect.summary()))
}

/// The same as JSON.
pub fn would_start_json(effect: &Effect) -> Value {
    json!({ "v": 1, "event": "would-start", "effect": effect })
}

/// How a run ended.
pub fn ended(conclusion: &str, url: &str) -> String {
    flat(&format!("{conclusion}: {url}")) + "\n"
}

/// The same as JSON, with its jobs and how each is.
pub fn ended_json(conclusion: &str, url: &str, jobs: &[(&str, &str)]) -> Value {
    let jobs: Vec<Value> =
        jobs.iter().map(|(name, state)| json!({ "name": name, "state": state })).collect();
    json!({ "v": 1, "event": "workflow-run", "url": url, "conclusion": conclusion, "jobs": jobs })
}

/// A job that was played.
pub struct Played<'a> {
    /// The workflow's name.
    pub workflow: &'a str,
    /// The job's id.
    pub job: &'a str,
    /// `success`, `failure` or `skipped`.
    pub result: &'a str,
    /// Why it failed, where rel has not said it itself.
    pub why: Option<&'a str>,
    /// How long it took.
    pub took: Duration,
    /// What its token may.
    pub permissions: &'a BTreeMap<String, String>,
    /// Its environment.
    pub environment: Option<&'a str>,
    /// The label of its machine.
    pub runner: &'a str,
    /// What rel said in it.
    pub said: &'a [String],
}

impl Played<'_> {
    /// A line, then what was proven, or all that was said if it failed.
    pub fn text(&self) -> String {
        let word = match self.result {
            "success" => "ok",
            "failure" => "FAILED",
            other => other,
        };
        let mut line = format!("{}/{}: {word}", self.workflow, self.job);
        if self.result != "skipped" {
            let _ = write!(line, ", {:.1} s", self.took.as_secs_f64());
        }
        let rights = self.permissions.iter().map(|(scope, level)| format!("{scope}: {level}"));
        let rights: Vec<String> = rights.collect();
        let _ = write!(line, " ({})", self.conditions(&rights).join("; "));
        let mut lines = vec![line];
        let is_proof = |line: &&String| {
            let line = line.trim_start();
            line.starts_with("proven ")
                || line.starts_with("MISSING ")
                || line.starts_with("left out: ")
        };
        let shown = self.said.iter().filter(|line| self.result == "failure" || is_proof(line));
        lines.extend(shown.map(|line| format!("  {}", line.trim_end())));
        lines.extend(self.why.map(|why| format!("  {why}")));
        lines.join("\n") + "\n"
    }

    /// What it ran under.
    fn conditions(&self, rights: &[String]) -> Vec<String> {
        let rights = if rights.is_empty() { "no permissions".into() } else { rights.join(", ") };
        let environment = self.environment.map(|name| format!("environment {name}"));
        let simulated = self.is_simulated().then(|| format!("simulated for {}", self.runner));
        [Some(rights), environment, simulated].into_iter().flatten().collect()
    }

    /// Whether its machine is of another kind than this one.
    fn is_simulated(&self) -> bool {
        let label = self.runner.to_ascii_lowercase();
        ["macos", "windows", "arm", "aarch64"].iter().any(|other| label.contains(other))
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        json!({
            "v": 1, "event": "ci-job", "workflow": self.workflow, "job": self.job,
            "result": self.result, "why": self.why, "millis": self.took.as_millis(),
            "permissions": self.permissions, "environment": self.environment,
            "runner": self.runner, "simulated": self.is_simulated(), "said": self.said,
        })
    }
}
