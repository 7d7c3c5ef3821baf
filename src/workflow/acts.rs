//! What a step does that matters to a release: it builds, runs other people's code, publishes, signs.
//!
//! Two tables (`known`) tell it by the names of actions and of programs; what is not in them counts as
//! nothing, so that a finding always rests on something that is known. Turned down: looking into scripts
//! and tasks of the repository, which only running them would tell.

mod known;

use std::sync::Arc;

use known::{ACTIONS, COMMANDS, Command, Kind, MATURIN, Publisher, UPLOADERS};

use super::place::{Place, Uses};
use super::project::Project;
use super::script::{Call, calls};
use super::yaml::Node;
use crate::diag::Source;

/// Something that a step does.
#[derive(Debug)]
pub struct Deed<'a> {
    /// What.
    pub act: Act<'a>,
    /// Where that is written.
    pub at: Place,
    /// The command, if it is one.
    pub call: Option<Call>,
    /// What follows the command is run if it fails: `|| true`.
    pub forgiven: bool,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act<'a> {
    /// Takes the repository, or another one.
    Checkout,
    /// Makes what could be published.
    Build,
    /// Runs code of the project, or of others that it asks for.
    Foreign,
    /// Sends files to an index.
    Publish {
        /// Which.
        to: Index,
        /// By what login.
        login: Login<'a>,
        /// It builds what it sends itself.
        builds: bool,
    },
    /// Makes a release on GitHub.
    Release {
        /// It is not public before a person says so.
        draft: bool,
        /// With the token that GitHub gives to each run, which starts no other workflow.
        by_run: bool,
    },
    /// Signs where files come from.
    Attest,
    /// Gets a short-lived login for crates.io.
    LogIn,
    /// Keeps files for other jobs.
    Store,
    /// Takes such files.
    Fetch,
    /// Takes what earlier runs have left.
    Cache,
    /// Pushes with git.
    Push,
    /// Starts another workflow.
    Start,
}

/// Where files go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Index {
    /// The Python Package Index.
    PyPI,
    /// Its test instance.
    TestPyPI,
    /// Rust's registry.
    Crates,
    /// npm's registry.
    Npm,
    /// Another one.
    Other,
}

impl Index {
    /// Whether what is there stays for good, and everybody takes it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::PyPI | Self::Crates | Self::Npm)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::PyPI => "PyPI",
            Self::TestPyPI => "TestPyPI",
            Self::Crates => "crates.io",
            Self::Npm => "npm",
            Self::Other => "an index",
        }
    }
}

/// By what something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login<'a> {
    /// The run's identity: trusted publishing.
    Identity,
    /// A token that somebody has stored; where it is named.
    Stored(&'a Node),
    /// It cannot be told.
    Unknown,
}

/// Where a step stands: what its variables and logins are told by.
struct Around<'a, 'b> {
    source: &'b Arc<Source>,
    scopes: [&'a Node; 3],
    project: &'b Project,
    step: &'a Node,
}

/// All that a step does.
pub fn deeds<'a>(
    source: &Arc<Source>,
    root: &'a Node,
    job: &'a Node,
    step: &'a Node,
    project: &Project,
) -> Vec<Deed<'a>> {
    let around = Around { source, scopes: [step, job, root], project, step };
    let mut found = Vec::new();
    if let Some(uses) = Uses::read(step) {
        let known = ACTIONS.iter().find(|(name, _)| *name == uses.name);
        let act = known.map(|(_, kind)| around.action(*kind));
        let deed = |act| Deed { act, at: uses.node.into(), call: None, forgiven: false };
        found.extend(act.map(deed));
        found.extend(around.signs().then(|| deed(Act::Attest)));
    }
    if let Some((node, script)) = step.get("run").and_then(|node| Some((node, node.text()?))) {
        found.extend(around.script(node, script));
    }
    found
}

impl<'a> Around<'a, '_> {
    /// What the commands of a script do.
    fn script(&self, node: &'a Node, script: &str) -> Vec<Deed<'a>> {
        let mut found = Vec::new();
        let mut calls = calls(script).into_iter().peekable();
        while let Some(call) = calls.next() {
            let Some(act) = self.command(&call) else { continue };
            let next =
                calls.peek().filter(|next| next.words.first().is_some_and(|word| word == "||"));
            let forgiven = next.is_some_and(|next| !next.has("exit"));
            found.push(Deed { act, at: self.place(node, &call), call: Some(call), forgiven });
        }
        if !found.iter().any(|deed| matches!(deed.act, Act::Publish { .. })) {
            let at = found.first().map_or(node.into(), |deed| deed.at);
            let hidden = self.hidden();
            found.extend(hidden.map(|act| Deed { act, at, call: None, forgiven: false }));
        }
        found
    }

    /// A publish that cannot be seen, as in `tox -e release`: its login is in this step's variables.
    fn hidden(&self) -> Option<Act<'a>> {
        let variables = self.step.get("env")?;
        let publishers = COMMANDS.iter().filter_map(|(_, _, command)| match command {
            Command::Publish(publisher) => Some(*publisher),
            _ => None,
        });
        publishers.into_iter().find_map(|publisher| {
            let value = publisher.variables.iter().find_map(|name| variables.get(name))?;
            matches!(Self::login(value), Login::Stored(_)).then(|| self.publish(publisher, None))
        })
    }

    /// Whether an action that does something else signs besides.
    fn signs(&self) -> bool {
        let input = self.input("attest-build-provenance-github");
        input.is_some_and(|node| node.text() == Some("true"))
    }

    /// Where a command of a script is written.
    fn place(&self, script: &Node, call: &Call) -> Place {
        let first = call.words.first().map_or("", String::as_str);
        let lines =
            (script.line + call.line..=script.last).chain(script.line..script.line + call.line);
        let found = lines.into_iter().find_map(|line| {
            let text = self.source.line(line);
            let from = if line == script.line { script.column - 1 } else { 0 };
            let rest: String = text.chars().skip(from).collect();
            let at = rest.find(first).filter(|_| !rest.trim_start().starts_with('#'))?;
            Some(Place { line, column: from + rest[..at].chars().count() + 1 })
        });
        found.unwrap_or_else(|| script.into())
    }

    fn variable(&self, name: &str) -> Option<&'a Node> {
        self.scopes.iter().find_map(|scope| scope.get("env")?.get(name))
    }

    fn input(&self, name: &str) -> Option<&'a Node> {
        self.step.get("with")?.get(name)
    }

    /// The variable that `$NAME` or `${NAME}` stands for.
    fn expanded(&self, word: &str) -> Option<&'a Node> {
        let name = word.strip_prefix('$')?;
        self.variable(name.trim_start_matches('{').trim_end_matches('}'))
    }

    /// What a stored login is, and what is handed on from an earlier step.
    fn login(value: &'a Node) -> Login<'a> {
        match value.text() {
            Some(text) if text.contains("secrets.") => Login::Stored(value),
            Some(text) if text.contains("steps.") || text.contains("needs.") => Login::Identity,
            _ => Login::Unknown,
        }
    }

    fn index(&self, target: &str) -> Index {
        let is =
            |host: &str, name: &str| target == name || !host.is_empty() && target.contains(host);
        if is(&self.project.testpypi, "testpypi") {
            Index::TestPyPI
        } else if is(&self.project.pypi, "pypi") {
            Index::PyPI
        } else {
            Index::Other
        }
    }

    fn action(&self, kind: Kind) -> Act<'a> {
        match kind {
            Kind::Is(act) => act,
            Kind::PyPIPublish => {
                let url = self.input("repository-url").or_else(|| self.input("repository_url"));
                let to = url.and_then(Node::text).map_or(Index::PyPI, |url| self.index(url));
                let login = match self.input("password") {
                    Some(password) => Self::login(password),
                    None => Login::Identity,
                };
                Act::Publish { to, login, builds: false }
            }
            Kind::Maturin => match self.input("command").and_then(Node::text) {
                Some("upload") => self.publish(&MATURIN, None),
                Some("publish") => self.publish(&Publisher { builds: true, ..MATURIN }, None),
                _ => Act::Build,
            },
            Kind::Release => {
                let token = ["token", "repo-token"].iter().find_map(|name| self.input(name));
                let draft = self.input("draft").is_some_and(|draft| draft.text() != Some("false"));
                Act::Release { draft, by_run: self.by_run(token) }
            }
            Kind::Publish(to, input) => {
                let login = self.input(input).map_or(Login::Unknown, Self::login);
                Act::Publish { to, login, builds: false }
            }
        }
    }

    /// Whether what acts on GitHub does so with the run's own token.
    fn by_run(&self, token: Option<&Node>) -> bool {
        let named =
            token.or_else(|| self.variable("GH_TOKEN")).or_else(|| self.variable("GITHUB_TOKEN"));
        let own =
            |text: &str| text.contains("secrets.GITHUB_TOKEN") || text.contains("github.token");
        named.and_then(Node::text).is_none_or(own)
    }

    fn command(&self, call: &Call) -> Option<Act<'a>> {
        // The first word that is a program decides: what follows may be told to it, as in `pip install build`.
        let (words, command) = call.starts().into_iter().find_map(|at| {
            COMMANDS
                .iter()
                .find_map(|(program, first, command)| Some((call.at(at, program, first)?, command)))
        })?;
        Some(match command {
            Command::Is(act) => *act,
            Command::Install => {
                let known = |word: &String| {
                    let name = word.split(['=', '<', '>', '~', '[', '!']).next().unwrap_or(word);
                    UPLOADERS.contains(&name)
                };
                if words.iter().all(known) {
                    return None;
                }
                Act::Foreign
            }
            Command::Release => {
                let draft = call.has("--draft") || call.has("-d");
                Act::Release { draft, by_run: self.by_run(None) }
            }
            Command::Publish(publisher) => {
                if call.has("--dry-run") {
                    return None;
                }
                let builds = publisher.builds || call.has("--build");
                let act = self.publish(publisher, Some(call));
                let Act::Publish { to, login, .. } = act else { return Some(act) };
                Act::Publish { to, login, builds: builds && !call.has("--no-build") }
            }
        })
    }

    fn publish(&self, publisher: &Publisher, call: Option<&Call>) -> Act<'a> {
        let named = publisher.targets.iter().find_map(|name| self.variable(name)?.text());
        let target = call.and_then(|call| call.option(publisher.target_options)).or(named);
        let to = match (target, publisher.to) {
            (None, to) => to,
            (Some(target), Index::PyPI) => self.index(target),
            (Some(_), _) => Index::Other,
        };
        let written = call.and_then(|call| call.option(publisher.options));
        let variable = publisher.variables.iter().find_map(|name| self.variable(name));
        let stored = || Login::Stored(self.step.get("run").unwrap_or(self.step));
        let login = match (written, variable) {
            (Some(text), _) if text.contains("secrets.") => stored(),
            (Some(text), _) => self.expanded(text).map_or(Login::Unknown, Self::login),
            (None, Some(value)) => Self::login(value),
            (None, None) if publisher.by_identity && to != Index::Other => Login::Identity,
            (None, None) => Login::Unknown,
        };
        Act::Publish { to, login, builds: publisher.builds }
    }
}
