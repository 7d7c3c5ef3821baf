//! What the cache is asked about an instance: everything that a task says of itself, as marks.
//!
//! Needs no run: `rel why` asks the same questions.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cache::{Ask, Items, Machine, Mark, matters, set_by_task};
use crate::graph::{Graph, Kind, Node};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::command::{Cmd, Fill, Misfit, Template};
use crate::model::task::{Step, Task, Value};
use crate::repo::Repo;
use crate::script::Script;
use crate::tools::{Spec, Tools};

/// What questions are made of.
pub(super) struct Questions<'a> {
    pub(super) host: &'a Host,
    pub(super) script: &'a Script,
    pub(super) tasks: &'a [Arc<Task>],
    pub(super) graph: &'a Graph,
    pub(super) root: &'a Path,
    /// The commit's time.
    pub(super) epoch: Option<u64>,
    /// What [`system`] tells.
    pub(super) system: Mark,
}

/// The mark of this rel and the system that it runs on.
pub(super) fn system() -> Mark {
    let system = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    Mark::of(format!("{system:?}"))
}

/// The command of a step, with the values of its instance filled in.
///
/// # Errors
/// A value does not fit.
pub(super) fn filled(
    template: &Template,
    task: &Task,
    values: &BTreeMap<String, Value>,
    rest: &[String],
) -> Result<Cmd, Misfit> {
    template.fill(&[], &|name| match values.get(name) {
        Some(Value::Text(text)) => Some(Fill::One(text.clone())),
        Some(other) => Some(Fill::One(other.to_string())),
        None => (task.rest.as_deref() == Some(name)).then(|| Fill::Many(rest.to_vec())),
    })
}

impl Questions<'_> {
    fn task(&self, node: Node) -> &Task {
        &self.tasks[self.graph.instance(node).task]
    }

    /// The files that git tracks, if some task has globs for which that counts.
    pub(super) fn tracked(&self) -> Option<Arc<[String]>> {
        let has_signs = |node| self.task(node).inputs.iter().any(|glob| !fs::is_name(&glob.text));
        if !self.graph.order().any(has_signs) {
            return Some(Arc::default());
        }
        Repo::new(self.host, self.root.to_owned()).tracked().map(Into::into)
    }

    /// Why an instance runs each time, if it does.
    pub(super) fn always(&self, node: Node) -> Option<&'static str> {
        let task = self.task(node);
        match self.graph.kind(node) {
            Kind::Sending => return Some("it sends"),
            Kind::After => return Some("it comes after something that is sent"),
            Kind::Local => {}
        }
        if self.graph.follows(node) {
            Some("it follows a run")
        } else if task.inputs.is_empty() {
            Some("it declares no `.inputs`")
        } else if task.edits.is_some() {
            Some("it edits")
        } else if task.tty {
            Some("it talks with a person")
        } else if !task.secrets.is_empty() {
            Some("it uses secrets")
        } else {
            None
        }
    }

    /// What is asked of an instance that gets this from those it needs.
    pub(super) fn ask(&self, node: Node, needs: Items, tools: Option<&Path>) -> Ask {
        let (instance, task) = (self.graph.instance(node), self.task(node));
        let texts =
            |words: &[crate::diag::Word]| words.iter().map(|word| word.text.clone()).collect();
        Ask {
            id: instance.id.clone(),
            said: self.said(node),
            epoch: self.epoch.map(|epoch| Mark::of(epoch.to_le_bytes())),
            inputs: texts(&task.inputs),
            env_files: texts(&task.env_files),
            outputs: texts(&task.outputs),
            needs,
            path: self.path(task, tools),
            cwd: task.cwd.as_ref().map_or_else(|| self.root.to_owned(), |cwd| self.root.join(cwd)),
        }
    }

    fn path(&self, task: &Task, tools: Option<&Path>) -> String {
        if let Some(path) = task.env.get("PATH") {
            return path.clone();
        }
        let path = self.host.env.get("PATH").unwrap_or_default();
        tools.map_or_else(|| path.to_owned(), |bin| format!("{}:{path}", bin.display()))
    }

    fn said(&self, node: Node) -> Items {
        let (instance, task) = (self.graph.instance(node), self.task(node));
        let mut said = Items::new();
        let mut say = |name: String, mark: Mark| said.push((name, mark));
        let mut commands = String::new();
        let mut has_body = false;
        for step in &task.steps {
            match step {
                Step::Body(..) => has_body = true,
                Step::Command(template, _) => {
                    let cmd = filled(template, task, &instance.values, &instance.rest);
                    let _ = writeln!(commands, "{cmd:?}");
                }
            }
        }
        if !commands.is_empty() {
            say("the command".into(), Mark::of(commands));
        }
        if has_body {
            say("the Releasefile".into(), Mark::of(self.script.told.as_str()));
        }
        say("rel or the system".into(), self.system);
        for (name, value) in &instance.values {
            say(format!("value `{name}`"), Mark::of(format!("{value:?}")));
        }
        if !instance.rest.is_empty() {
            say("what stands after `--`".into(), Mark::of(format!("{:?}", instance.rest)));
        }
        for (name, value) in &task.env {
            say(set_by_task(name), Mark::of(value));
        }
        if let Some(cwd) = &task.cwd {
            say("its folder".into(), Mark::of(cwd));
        }
        if !task.outputs.is_empty() {
            let globs: Vec<&String> = task.outputs.iter().map(|word| &word.text).collect();
            say("what it makes".into(), Mark::of(format!("{globs:?}")));
        }
        if !self.script.declared.tools.is_empty() {
            let tools = format!("{:?}", self.script.declared.tools);
            say("the list of tools".into(), Mark::of(tools));
        }
        said.sort_unstable();
        said
    }
}

/// The programs of the environment with these packages, if that has been made.
pub(super) fn tools(host: &Host, root: &Path, packages: &[String]) -> Option<PathBuf> {
    if packages.is_empty() {
        return None;
    }
    let (spec, stop) = (Spec { packages: packages.to_vec(), ..Spec::default() }, Stop::default());
    let tools = Tools { host, root, stop: &stop, say: &|_| {} };
    tools.ready(&spec).map(|folder| folder.join("bin"))
}

/// The variables of this machine, as commands see them.
pub(super) struct Variables {
    all: BTreeMap<String, String>,
    mattering: Vec<String>,
    epoch: Option<u64>,
}

impl Variables {
    pub(super) fn of(host: &Host, epoch: Option<u64>) -> Self {
        let all = host.env.for_child(&[]);
        let mattering = all.keys().filter(|name| matters(name)).cloned().collect();
        Self { all, mattering, epoch }
    }
}

impl Machine for Variables {
    fn variable(&self, name: &str) -> Mark {
        match (self.all.get(name), self.epoch) {
            (Some(value), _) => Mark::of(value),
            (None, Some(epoch)) if name == "SOURCE_DATE_EPOCH" => Mark::of(epoch.to_string()),
            (None, _) => Mark::NONE,
        }
    }

    fn names(&self) -> &[String] {
        &self.mattering
    }
}
