//! A task as the Releasefile declares it, before any instance of it exists.
//!
//! Every option keeps the place where it was written, so that what is found wrong later (an
//! unknown need, a cycle) can still point at it. Bodies stay with `script`; a task holds a number.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::diag::{Site, Word};
use crate::model::command::Template;
use crate::model::workflow::{Download, Runner, Workflow};

/// A value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// A parameter of a task, given on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Its name, an identifier.
    pub name: String,
    /// The value when none is given; its type is the parameter's type. `None`: must be given.
    pub default: Option<Value>,
    /// The values allowed, if only some are; the first is the default.
    pub choices: Vec<String>,
}

/// The index of a body within its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyId(pub usize);

/// One step of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A command given with `.exec` or `.sh`; parameters are filled in when it runs.
    Command(Template, Site),
    /// A closure given with `.run`.
    Body(BodyId, Site),
}

/// How often and how far apart a failed body is called again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all, at least 1.
    pub times: u32,
    /// Pause between two tries.
    pub pause: Duration,
}

/// A place that effects reach, as named in `.effects(…)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Destination {
    /// The Python Package Index.
    Pypi,
    /// Its test instance.
    Testpypi,
    /// An index declared with `index("name", …)`.
    Index(String),
    /// Rust's registry.
    Crates,
    /// A release on GitHub.
    GithubRelease,
    /// GitHub's store of attestations.
    Attestations,
    /// The repository's remote: branches and tags.
    GitPush,
    /// Workflows on GitHub, which `rel ci dispatch` starts; no task does.
    Actions,
    /// A user's own sending command.
    Command,
    /// Others, who are told.
    Notify,
}

impl Destination {
    /// What `.effects` accepts, as shown in messages.
    pub const KNOWN: [&'static str; 9] = [
        "pypi",
        "testpypi",
        "index:NAME",
        "crates",
        "github-release",
        "attestations",
        "git-push",
        "command",
        "notify",
    ];

    /// Parses a destination's name.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "pypi" => Some(Self::Pypi),
            "testpypi" => Some(Self::Testpypi),
            "crates" => Some(Self::Crates),
            "github-release" => Some(Self::GithubRelease),
            "attestations" => Some(Self::Attestations),
            "git-push" => Some(Self::GitPush),
            "command" => Some(Self::Command),
            "notify" => Some(Self::Notify),
            other => other
                .strip_prefix("index:")
                .filter(|name| !name.is_empty())
                .map(|name| Self::Index(name.into())),
        }
    }

    /// The destination of an index by its name in scripts.
    pub fn of_index(name: &str) -> Self {
        match name {
            "pypi" => Self::Pypi,
            "testpypi" => Self::Testpypi,
            other => Self::Index(other.into()),
        }
    }

    /// Whether it is a part of GitHub.
    pub fn is_github(&self) -> bool {
        matches!(self, Self::GithubRelease | Self::Attestations | Self::Actions)
    }

    /// The name of the index that this is, if it is one.
    pub fn index(&self) -> Option<&str> {
        match self {
            Self::Pypi => Some("pypi"),
            Self::Testpypi => Some("testpypi"),
            Self::Index(name) => Some(name),
            Self::Crates
            | Self::GithubRelease
            | Self::Attestations
            | Self::GitPush
            | Self::Actions
            | Self::Command
            | Self::Notify => None,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pypi => f.write_str("pypi"),
            Self::Testpypi => f.write_str("testpypi"),
            Self::Index(name) => write!(f, "index:{name}"),
            Self::Crates => f.write_str("crates"),
            Self::GithubRelease => f.write_str("github-release"),
            Self::Actions => f.write_str("GitHub Actions"),
            Self::Attestations => f.write_str("attestations"),
            Self::GitPush => f.write_str("git-push"),
            Self::Command => f.write_str("command"),
            Self::Notify => f.write_str("notify"),
        }
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.to_string()
    }
}

impl TryFrom<String> for Destination {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("unknown destination `{text}`"))
    }
}

/// When a task that follows others runs, as said with `.on(…)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// Something that it needs is not done.
    Failure,
    /// The run has ended, however it did.
    Always,
}

/// A task as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its name.
    pub name: String,
    /// Other names that it is asked for by.
    pub aliases: Vec<Word>,
    /// Where it is declared.
    pub site: Site,
    /// The comment directly above it, in one line.
    pub doc: Option<String>,
    /// The heading it is listed under.
    pub group: Option<String>,
    /// Left out of the list.
    pub hidden: bool,
    /// Tasks, or instances, that must be done before it.
    pub needs: Vec<Word>,
    /// It follows what it needs, instead of waiting for it to be done.
    pub on: Option<(Trigger, Site)>,
    /// A function that says whether it runs at all, asked when its turn comes.
    pub when: Option<(BodyId, Site)>,
    /// What it does, in order.
    pub steps: Vec<Step>,
    /// Globs below the project for files it reads.
    pub inputs: Vec<Word>,
    /// Globs below the project for files it writes outside its output folder.
    pub outputs: Vec<Word>,
    /// Its parameters, in the order of the command line.
    pub params: Vec<Param>,
    /// Axes in alphabetical order: one instance for each combination of values.
    pub matrix: BTreeMap<String, Vec<String>>,
    /// The name under which the words after `--` arrive.
    pub rest: Option<String>,
    /// Where its effects go.
    pub effects: Vec<(Destination, Site)>,
    /// It changes files of the tree, commits or tags: said here.
    pub edits: Option<Site>,
    /// The CI environment it runs in.
    pub environment: Option<String>,
    /// The machine it runs on in CI.
    pub runner: Option<Runner>,
    /// The question asked before it sends.
    pub confirm: Option<String>,
    /// Whether its bodies are called again after a failure.
    pub retry: Option<Retry>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Variables set for its commands.
    pub env: BTreeMap<String, String>,
    /// Files of variables for its commands, relative to the project.
    pub env_files: Vec<Word>,
    /// Secrets its commands may see.
    pub secrets: Vec<String>,
    /// The folder its commands start in, relative to the project.
    pub cwd: Option<String>,
    /// Its failure is shown and harms nobody.
    pub optional: bool,
    /// Its commands get the terminal, and it runs alone.
    pub tty: bool,
}

impl Task {
    /// A task that does nothing yet.
    pub fn new(name: String, site: Site, doc: Option<String>) -> Self {
        Self {
            name,
            aliases: Vec::new(),
            site,
            doc,
            group: None,
            hidden: false,
            needs: Vec::new(),
            on: None,
            when: None,
            steps: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            params: Vec::new(),
            matrix: BTreeMap::new(),
            rest: None,
            effects: Vec::new(),
            edits: None,
            environment: None,
            runner: None,
            confirm: None,
            retry: None,
            timeout: None,
            env: BTreeMap::new(),
            env_files: Vec::new(),
            secrets: Vec::new(),
            cwd: None,
            optional: false,
            tty: false,
        }
    }

    /// Whether it is asked for by this name.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias.text == name)
    }

    /// Names that `{name}` and `t.name` may use.
    pub fn names(&self) -> Vec<String> {
        let params = self.params.iter().map(|param| param.name.clone());
        params.chain(self.matrix.keys().cloned()).chain(self.rest.clone()).collect()
    }
}

/// An index that `pypi::publish` can send to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The name scripts use.
    pub name: String,
    /// Upload address (legacy upload API, form `file_upload`).
    pub upload: String,
    /// Root of the simple repository API (PEP 503, PEP 691), with a final slash.
    pub simple: String,
    /// Login name; `__token__` for API tokens.
    pub user: String,
    /// Names of the variables that may hold the password or token, in order.
    pub password: Vec<String>,
    /// Whether the password may travel over plain http to a host that is not this machine.
    pub insecure: bool,
    /// Base address of trusted publishing, with a final slash, if the index has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
}

impl Index {
    /// The destination this index is.
    pub fn destination(&self) -> Destination {
        Destination::of_index(&self.name)
    }
}

/// A guard that the Releasefile asks for with `guard("name")`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardCall {
    /// The guard's name.
    pub name: Word,
    /// Whether it only warns.
    pub warn: bool,
    /// It is asked only where one of these is sent to; wherever anything is sent if there are none.
    pub to: Vec<(Destination, Site)>,
    /// What it was given besides, each in the form that the guard wants.
    pub options: BTreeMap<String, serde_json::Value>,
}

/// Everything a Releasefile declares.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// Its tasks, in order.
    pub tasks: Vec<Task>,
    /// Its private indexes, by name.
    pub indexes: BTreeMap<String, (Index, Site)>,
    /// Its CI workflows.
    pub workflows: Vec<Workflow>,
    /// Where CI gets rel from.
    pub downloads: Vec<Download>,
    /// The image of jobs on GitLab.
    pub image: Option<String>,
    /// Requirements of the tool environment whose programs lead PATH.
    pub tools: Vec<String>,
    /// Guards it asks for.
    pub guards: Vec<GuardCall>,
    /// What it printed while it was read.
    pub printed: Vec<String>,
    /// The task of a bare `rel run`.
    pub default_task: Option<Word>,
}

impl Declared {
    /// Where any of its tasks sends.
    pub fn destinations(&self) -> BTreeSet<Destination> {
        let effects = self.tasks.iter().flat_map(|task| &task.effects);
        effects.map(|(destination, _)| destination.clone()).collect()
    }
}

/// The task of an instance's name: `test` of `test:3.11`, `bump` of `bump(level=minor)`.
pub fn task_of(id: &str) -> &str {
    id.split([':', '(']).next().unwrap_or(id)
}
