//! What a workflow's file says, for who plays its jobs.
//!
//! Read from the file and not taken from the graph: what was weakened in the file is weak here too. Keys
//! that change nothing of what is played are left out.

use std::collections::BTreeMap;

use super::actions::{CHECKOUT, DOWNLOAD, UPLOAD};
use super::install;
use super::read::{self, Node, Value};
use crate::diag::{Diagnostic, Site, Source};

/// Keys with texts.
pub type Texts = BTreeMap<String, String>;

/// A workflow.
#[derive(Debug)]
pub struct Said {
    /// Events that start it.
    pub events: Vec<String>,
    /// Inputs of who starts it by hand.
    pub inputs: BTreeMap<String, SaidInput>,
    /// Its jobs, in the file's order.
    pub jobs: Vec<SaidJob>,
}

/// An input.
#[derive(Debug, PartialEq, Eq)]
pub struct SaidInput {
    /// What it is if nothing is given; nothing if it has to be.
    pub default: Option<String>,
    /// Whether it is a truth, and no text that says `true`.
    pub truth: bool,
}

/// A job.
#[derive(Debug)]
pub struct SaidJob {
    /// Its id.
    pub id: String,
    /// Jobs before it.
    pub needs: Vec<String>,
    /// When it runs.
    pub condition: Option<String>,
    /// The machine's label.
    pub runner: String,
    /// The environment that it is in.
    pub environment: Option<String>,
    /// What its token may: `read` or `write` by scope.
    pub permissions: Texts,
    /// Containers beside it.
    pub services: Vec<String>,
    /// What it hands on.
    pub outputs: Texts,
    /// Its steps.
    pub steps: Vec<SaidStep>,
}

/// A step.
#[derive(Debug)]
pub struct SaidStep {
    /// What it is called.
    pub name: String,
    /// By which others ask for its outputs.
    pub id: Option<String>,
    /// When it runs.
    pub condition: Option<String>,
    /// Its variables, and those of job and workflow.
    pub env: Texts,
    /// What it does.
    pub does: Does,
}

/// What a step does.
#[derive(Debug, PartialEq, Eq)]
pub enum Does {
    /// Fetches the repository.
    CheckOut {
        /// With the whole history.
        whole: bool,
        /// Its login stays, so that git may push.
        login: bool,
    },
    /// Fetches rel.
    Install,
    /// Keeps a file for other jobs.
    Upload(Texts),
    /// Takes it.
    Download(Texts),
    /// Uses another action.
    Action(String),
    /// Runs a script.
    Run(String),
}

/// Reads a workflow's file.
///
/// # Errors
/// It is no workflow.
pub fn said(source: &std::sync::Arc<Source>) -> Result<Said, Diagnostic> {
    let root = read::parse(&source.text).map_err(|error| {
        let (line, column) = (error.line.max(1), error.column);
        let site = Site { source: source.clone(), line, column };
        let wrong = Diagnostic::usage(format!("this is no workflow: {}", error.why));
        wrong.at(&site).hint("mend it, or generate it again")
    })?;
    let on = root.get("on");
    let named = on.map(Node::entries).unwrap_or_default().iter().map(|(name, _)| name.clone());
    let listed = list(on);
    let dispatch = on.and_then(|on| on.get("workflow_dispatch")?.get("inputs"));
    let input = |(name, how): &(String, Node)| {
        let text = |key: &str| how.get(key).and_then(Node::text);
        let truth = text("type").as_deref() == Some("boolean");
        (name.clone(), SaidInput { default: text("default"), truth })
    };
    let jobs = root.get("jobs").map(Node::entries).unwrap_or_default();
    Ok(Said {
        events: named.chain(listed).collect(),
        inputs: dispatch.map(Node::entries).unwrap_or_default().iter().map(input).collect(),
        jobs: jobs.iter().map(|(id, of)| job(id, of, &root)).collect(),
    })
}

fn job(id: &str, of: &Node, root: &Node) -> SaidJob {
    let text = |key: &str| of.get(key).and_then(Node::text);
    let steps = of.get("steps").map(Node::items).unwrap_or_default();
    let environment = of.get("environment");
    let services = of.get("services").map(Node::entries).unwrap_or_default();
    let around = texts(root.get("env")).into_iter().chain(texts(of.get("env")));
    let around: Texts = around.collect();
    SaidJob {
        id: id.to_owned(),
        needs: list(of.get("needs")),
        condition: text("if"),
        runner: text("runs-on").unwrap_or_default(),
        environment: environment.and_then(|node| node.text().or_else(|| node.get("name")?.text())),
        permissions: permissions(of.get("permissions").or_else(|| root.get("permissions"))),
        services: services.iter().map(|(name, _)| name.clone()).collect(),
        outputs: texts(of.get("outputs")),
        steps: steps.iter().map(|found| step(found, &around)).collect(),
    }
}

fn step(of: &Node, around: &Texts) -> SaidStep {
    let text = |key: &str| of.get(key).and_then(Node::text);
    let with = texts(of.get("with"));
    let script = text("run").unwrap_or_default();
    let does = match text("uses") {
        Some(action) => action_of(&action, with),
        None if install::is(&script) => Does::Install,
        None => Does::Run(script.clone()),
    };
    let mut env = around.clone();
    env.extend(texts(of.get("env")));
    let line = script.lines().next().unwrap_or_default().to_owned();
    let name = text("name").or_else(|| text("uses")).unwrap_or(line);
    SaidStep { name, id: text("id"), condition: text("if"), env, does }
}

fn action_of(action: &str, with: Texts) -> Does {
    let name = action.split('@').next().unwrap_or(action);
    let is = |key: &str, value: &str| with.get(key).map(String::as_str) == Some(value);
    if name == CHECKOUT.name {
        // The action fetches one commit, and leaves its login behind, unless told otherwise.
        let login = !is("persist-credentials", "false");
        return Does::CheckOut { whole: is("fetch-depth", "0"), login };
    }
    match name {
        name if name == UPLOAD.name => Does::Upload(with),
        name if name == DOWNLOAD.name => Does::Download(with),
        other => Does::Action(other.to_owned()),
    }
}

/// Permissions by scope; `write-all` is what a release could use.
fn permissions(node: Option<&Node>) -> Texts {
    match node.map(|node| (&node.value, node.text())) {
        Some((Value::Text(..), Some(all))) => {
            let level = all.trim_end_matches("-all");
            let scopes = ["attestations", "contents", "id-token"];
            scopes.iter().map(|scope| ((*scope).to_owned(), level.to_owned())).collect()
        }
        _ => texts(node),
    }
}

fn texts(node: Option<&Node>) -> Texts {
    let entries = node.map(Node::entries).unwrap_or_default().iter();
    entries.filter_map(|(key, value)| Some((key.clone(), value.text()?))).collect()
}

fn list(node: Option<&Node>) -> Vec<String> {
    let Some(node) = node else { return Vec::new() };
    node.text().into_iter().chain(node.items().iter().filter_map(Node::text)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const RELEASE: &str = include_str!("../../examples/hatch-vcs/.github/workflows/release.yml");

    #[test]
    fn what_is_written_is_read_back() {
        let said = said(&Arc::new(Source::new("release.yml", RELEASE))).unwrap();
        assert_eq!(said.events, ["push", "workflow_dispatch"]);
        let ids: Vec<&str> = said.jobs.iter().map(|job| job.id.as_str()).collect();
        assert_eq!(ids[..2], ["build", "publish-testpypi"]);
        let build = &said.jobs[0];
        assert_eq!(build.permissions, [("contents".to_owned(), "read".to_owned())].into());
        assert_eq!(build.steps[0].does, Does::CheckOut { whole: true, login: false });
        assert!(build.steps.iter().any(|step| step.does == Does::Install));
        let publish = &said.jobs[1];
        assert_eq!(publish.environment.as_deref(), Some("testpypi"));
        assert_eq!(publish.needs, ["build"]);
        let send = publish.steps.iter().find(|step| step.id.as_deref() == Some("bundle")).unwrap();
        assert_eq!(send.env["BUNDLE"], "${{ needs.build.outputs.bundle }}");
    }
}
