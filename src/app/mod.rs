//! The program's commands, which wire layers together: `run` begins a dry or a live run, `pass` runs
//! instances, `gate` stands before what is sent, `proof` after it; `look` asks remotes, `stale` says what
//! overtook a plan, `page` shows one; `staging` has what tasks edit; `fresh` takes what is up to date as it
//! was, `still` a whole run, `questions` says what that depends on, `audit` looks at what such tasks write,
//! `why` explains; `making` guards the places of outputs; `inspect` only looks, `init` writes a first Releasefile,
//! `doctor` examines, `help` explains, `clean` removes, `complete` answers a shell, `verify` checks files, `dist` distributions,
//! `status` and `ledger` tell how far a release has come, `adopt` takes one over, `bundle` carries one to
//! another machine, `carried` sends one from there, `ci` writes workflows and compares them, `onward` names
//! the command that goes on with it, `lint` judges workflows written by hand, `watch` runs again when files
//! change, `log` tells what runs came to.

mod adopt;
mod audit;
mod bundle;
mod carried;
mod ci;
mod clean;
mod complete;
mod dist;
pub mod doc;
mod doctor;
mod dry;
mod edited;
mod ending;
mod followers;
mod fresh;
mod gate;
mod help;
mod identity;
mod init;
pub mod inspect;
mod ledger;
mod leftovers;
mod lint;
mod live;
mod log;
mod look;
mod making;
mod onward;
mod out_there;
mod page;
mod pass;
mod proof;
mod questions;
mod rehearse;
pub mod run;
mod session;
mod staging;
mod stale;
mod status;
mod still;
mod verify;
mod watch;
mod why;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::{self, Command};
use crate::diag::{Diagnostic, Exit, nearest};
use crate::host::{Host, fs};
use crate::model::event::{Event, Events};
use crate::repo::Repo;
use crate::report;
use crate::script::{self, Script};

/// Runs a command line on a machine. Everything that the program does begins here.
pub fn run(words: &[String], mut host: Host) -> Exit {
    let invocation = match cli::parse(words) {
        Ok(invocation) => invocation,
        Err(said) if said.wrong => {
            host.err(&report::clean::text(&said.text, host.term.colour));
            return Exit::USAGE;
        }
        Err(said) => {
            host.out(&said.text);
            return Exit::OK;
        }
    };
    if let Some(directory) = &invocation.directory {
        host.cwd = host.cwd.join(directory);
    }
    let host = Arc::new(host);
    let events = report::events(&host, invocation.output);
    let exit = dispatch(invocation.command, invocation.output, &host, &events)
        .unwrap_or_else(|wrong| fail(&events, wrong));
    if host.term.lost_data() && exit == Exit::OK {
        let wrong = Diagnostic::machine("standard output could not be written");
        return fail(&events, vec![wrong.hint("make room, or give it somewhere to go")]);
    }
    exit
}

fn dispatch(
    command: Command,
    output: report::Output,
    host: &Arc<Host>,
    events: &Events,
) -> Result<Exit, Vec<Diagnostic>> {
    match command {
        Command::Run(options) if options.watch => watch::run(host, output, &options),
        Command::Run(options) => run::run(host, events, options),
        Command::Apply(plan, options, carried) => {
            run::apply(host, (events, output), &plan, options, &carried)
        }
        Command::Pack(options) => bundle::pack(host, output, &options),
        Command::Unpack(options) => bundle::unpack(host, output, &options),
        Command::Adopt(options) => adopt::run(host, output, &options),
        Command::Rehearse(options) => rehearse::run(host, output, &options),
        Command::List => inspect::list(host, output),
        Command::Plan(words, rest) => inspect::plan(host, output, &words, &rest),
        Command::Why(words, rest) => why::run(host, output, words, &rest),
        Command::Doctor(options) => doctor::run(host, output, &options),
        Command::Validate => inspect::validate(host, output),
        Command::Verify(options) => verify::run(host, output, &options),
        Command::Dist(options) => dist::run(host, output, options),
        Command::Status(release) => status::run(host, output, release.as_deref()),
        Command::Ledger(commit) => ledger::run(host, output, commit.as_deref()),
        Command::Log(options) => log::run(host, output, &options),
        Command::Graph(words, rest, mermaid) => inspect::graph(host, &words, &rest, mermaid),
        Command::Show(options) => page::show(host, &options),
        Command::Doc(name) => doc::explain(host, name.as_deref()),
        Command::Runbook(task) => doc::runbook::print(host, task.as_deref()),
        Command::Definitions => Ok(doc::definitions(host)),
        Command::Ci(ci) => ci::run(host, events, output, ci),
        Command::Init(print) => init::run(host, output, print),
        Command::Clean(options) => clean::run(host, output, &options),
        Command::Help(topic) => help::run(host, topic.as_deref()),
        Command::Completions(shell) => {
            host.out(shell.script());
            Ok(Exit::OK)
        }
        Command::Complete(told) => Ok(complete::run(host, &told)),
        Command::Inside(words) => rehearse::inside::run(host, &words),
    }
}

/// Shows what is wrong; the first finding decides the exit code.
fn fail(events: &Events, wrong: Vec<Diagnostic>) -> Exit {
    let exit = wrong.first().map_or(Exit::USAGE, |first| first.kind.exit());
    for diagnostic in wrong {
        events.emit(Event::Error { diagnostic: Box::new(diagnostic) });
    }
    exit
}

/// A project: the folder of its Releasefile, and what that declares.
pub struct Project<'a> {
    /// The folder.
    pub root: PathBuf,
    /// The repository around it.
    pub repo: Repo<'a>,
    /// The loaded Releasefile.
    pub script: Script,
}

/// Where a project is.
pub struct Located<'a> {
    /// Its Releasefile.
    pub file: PathBuf,
    /// The folder of that.
    pub root: PathBuf,
    /// The repository around it.
    pub repo: Repo<'a>,
}

impl<'a> Located<'a> {
    /// Finds the Releasefile upward from a folder.
    ///
    /// # Errors
    /// There is none.
    pub fn above(host: &'a Arc<Host>, folder: &Path) -> Result<Self, Vec<Diagnostic>> {
        let file = find(folder)?;
        let root = file.parent().unwrap_or(folder).to_owned();
        Ok(Self { repo: Repo::new(host, root.clone()), file, root })
    }

    /// Loads the Releasefile, or takes what is kept of it.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn load(self, host: &Arc<Host>, take_kept: bool) -> Result<Project<'a>, Vec<Diagnostic>> {
        let Self { file, root, repo } = self;
        let kept = table(&repo).filter(|_| take_kept);
        let script = script::load(host, &root, &file, kept)?;
        Ok(Project { root, repo, script })
    }
}

impl<'a> Project<'a> {
    /// Finds the Releasefile upward from where rel was started, and loads it.
    ///
    /// # Errors
    /// There is none, or all that is wrong with it.
    pub fn open(host: &'a Arc<Host>) -> Result<Self, Vec<Diagnostic>> {
        Self::open_from(host, &host.cwd)
    }

    /// The same, upward from another folder.
    ///
    /// # Errors
    /// As [`Project::open`].
    pub fn open_from(host: &'a Arc<Host>, folder: &Path) -> Result<Self, Vec<Diagnostic>> {
        Located::above(host, folder)?.load(host, true)
    }

    /// The same as [`Project::open`], with whatever is kept left alone.
    ///
    /// # Errors
    /// As [`Project::open`].
    pub fn open_anew(host: &'a Arc<Host>) -> Result<Self, Vec<Diagnostic>> {
        Located::above(host, &host.cwd)?.load(host, false)
    }

    /// Keeps what the Releasefile declares for the next call, which is for commands that may leave something.
    #[must_use]
    pub fn keep(self) -> Self {
        if let Some(place) = table(&self.repo) {
            self.script.keep(place);
        }
        self
    }
}

/// Where the table of what is declared is kept.
fn table(repo: &Repo<'_>) -> Option<PathBuf> {
    Some(repo.state().ok()?.join("table"))
}

const NAMES: [&str; 2] = ["Releasefile", "Releasefile.rhai"];

/// The Releasefile of the project that a folder is in.
fn find(from: &Path) -> Result<PathBuf, Diagnostic> {
    let start = fs::real(from).map_err(|error| {
        let wrong = Diagnostic::usage(format!("cannot start in {}: {error}", from.display()));
        wrong.hint("give a folder that exists with `-C DIR`")
    })?;
    let mut folder = Some(start.as_path());
    while let Some(at) = folder {
        if let Some(found) = NAMES.iter().map(|name| at.join(name)).find(|path| fs::is_file(path)) {
            return Ok(found);
        }
        folder = at.parent();
    }
    let wrong = Diagnostic::usage(format!("no Releasefile in {} or above it", start.display()));
    let near = fs::names(&start)
        .into_iter()
        .filter(|name| !NAMES.contains(&name.as_str()))
        .find(|name| nearest(&name.to_lowercase(), ["releasefile"]).is_some());
    Err(match near {
        Some(near) => wrong.hint(format!("rename `{near}` to `Releasefile`")),
        None => wrong.hint("run `rel init`, which writes one for this project"),
    })
}
