//! What a command line asks for, in plain types.

use std::path::PathBuf;

use crate::complete::line::Shell;
use crate::door::Doubt;
use crate::report::Output;

/// How to run tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct RunOptions {
    /// Tasks with their parameters.
    pub words: Vec<String>,
    /// Words after `--`.
    pub rest: Vec<String>,
    /// Bodies at the same time; `None` for one per core.
    pub jobs: Option<usize>,
    /// Go on after a failure with what does not need it.
    pub keep_going: bool,
    /// Send for real.
    pub live: bool,
    /// Ask no remote.
    pub offline: bool,
    /// What would be skipped, or would stop, is an error.
    pub strict: bool,
    /// Drop the seal and build anew.
    pub rebuild: bool,
    /// What is up to date runs, too.
    pub no_cache: bool,
    /// What tasks write without declaring it is told.
    pub audit: bool,
    /// The gate's question is answered with yes.
    pub yes: bool,
    /// Questions of these tasks are answered with yes.
    pub yes_to: Vec<String>,
    /// What to do where it is not known whether an effect happened.
    pub doubt: Doubt,
    /// What a shallow clone lacks is fetched first.
    pub fix: bool,
    /// Where to write the plan.
    pub plan_file: Option<PathBuf>,
    /// Where to copy the goals' artifacts.
    pub export: Option<PathBuf>,
    /// Run again whenever files of the project change.
    pub watch: bool,
}

/// Which runs to tell of, and how.
#[derive(Debug, Default)]
pub struct LogOptions {
    /// One run: how many are newer, from 1, or its name.
    pub run: Option<String>,
    /// The newest that failed.
    pub last_failed: bool,
    /// Where its page goes.
    pub html: Option<PathBuf>,
}

/// What to pack.
#[derive(Debug)]
pub struct PackOptions {
    /// Where to.
    pub file: PathBuf,
    /// The plan to which it is bound.
    pub plan: Option<PathBuf>,
}

/// How to apply a plan that comes in a bundle.
#[derive(Debug, Default)]
pub struct CarriedOptions {
    /// The digest that the bundle has to have.
    pub sha256: Option<String>,
    /// Where the bundle goes with what was sent.
    pub to: Option<PathBuf>,
}

/// What to unpack.
#[derive(Debug)]
pub struct UnpackOptions {
    /// The bundle.
    pub file: PathBuf,
    /// The digest that it has to have.
    pub sha256: Option<String>,
    /// Where its plan goes.
    pub plan: Option<PathBuf>,
}

/// What strikes a release at its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chaos {
    /// The run is killed.
    Kill,
    /// The service fails.
    Faults,
}

/// What to rehearse.
#[derive(Debug, Clone, Default)]
pub struct RehearseOptions {
    /// Tasks with their parameters.
    pub words: Vec<String>,
    /// Words after `--`.
    pub rest: Vec<String>,
    /// Tasks that are released before, in the same world.
    pub after: Vec<String>,
    /// Changes that are not committed come along.
    pub dirty: bool,
    /// The tag to release.
    pub tag: Option<String>,
    /// Nothing is asked outside.
    pub offline: bool,
    /// The world stays up.
    pub serve: bool,
    /// How services fail.
    pub faults: Vec<String>,
    /// It is struck at each of its requests, and has to be finished.
    pub chaos: Option<Chaos>,
    /// At how many of them; `None` for all.
    pub points: Option<usize>,
    /// Bodies at the same time; `None` for one per core.
    pub jobs: Option<usize>,
}

/// What to adopt.
#[derive(Debug)]
pub struct AdoptOptions {
    /// Files, or `name==version`.
    pub words: Vec<String>,
    /// Where more are published.
    pub from: Option<String>,
    /// The task whose artifacts they are, if that was said.
    pub task: Option<String>,
}

/// Which workflows to judge, and how to tell.
#[derive(Debug)]
pub struct LintOptions {
    /// Files; none for all of the repository.
    pub files: Vec<PathBuf>,
    /// Warnings are errors.
    pub strict: bool,
    /// Where SARIF goes; `-` is standard output.
    pub sarif: Option<PathBuf>,
}

/// What to clean.
#[derive(Debug)]
pub struct CleanOptions {
    /// Only show.
    pub list: bool,
    /// Also seals of releases that are over.
    pub all: bool,
    /// Also tool environments.
    pub tools: bool,
}

/// Who has to have signed.
#[derive(Debug, PartialEq, Eq)]
pub enum Signer {
    /// A run of a GitHub repository.
    Repository {
        /// `owner/name`.
        name: String,
        /// File name of its workflow.
        workflow: Option<String>,
        /// Its job's environment.
        environment: Option<String>,
    },
    /// Whoever has this name.
    Identity {
        /// As the certificate has it.
        name: String,
        /// Who knows it.
        issuer: String,
    },
}

/// What to verify.
#[derive(Debug)]
pub struct VerifyOptions {
    /// Files, or `name==version`.
    pub files: Vec<String>,
    /// Files with attestations.
    pub attestations: Vec<PathBuf>,
    /// Where to ask for more.
    pub from: Option<String>,
    /// Who has to have signed, if that was said.
    pub signer: Option<Signer>,
    /// The root to trust instead of the public one.
    pub trusted_root: Option<PathBuf>,
}

/// What to look at of distributions.
#[derive(Debug)]
pub enum DistOptions {
    /// Check files.
    Check(DistCheck),
    /// List what is in files, and what is new since others.
    List(Vec<PathBuf>, Vec<PathBuf>),
    /// List the rules.
    Rules,
}

/// Which distributions to check, and for what besides PyPI's rules.
#[derive(Debug, Default)]
pub struct DistCheck {
    /// The files.
    pub files: Vec<PathBuf>,
    /// The largest size.
    pub max_size: Option<String>,
    /// Globs of names that stop.
    pub forbid: Vec<String>,
    /// Globs of names that are warned of.
    pub warn: Vec<String>,
    /// Rules whose warnings stop.
    pub stop: Vec<String>,
    /// Rules whose warnings are left out.
    pub allow: Vec<String>,
}

/// A workflow to start.
#[derive(Debug)]
pub struct DispatchOptions {
    /// Its name.
    pub name: String,
    /// What it is given, as `name=value`.
    pub inputs: Vec<String>,
    /// The branch or tag that it runs on.
    pub reference: Option<String>,
    /// Start it.
    pub live: bool,
}

/// Which workflows to play, and how.
#[derive(Debug)]
pub struct CiRunOptions {
    /// One of them.
    pub name: Option<String>,
    /// Inputs, as `name=value`.
    pub inputs: Vec<String>,
    /// The tag that starts it.
    pub tag: Option<String>,
    /// Nothing is asked outside.
    pub offline: bool,
}

/// What to do about CI workflows.
#[derive(Debug)]
pub enum Ci {
    /// Write them.
    Generate {
        /// For GitLab.
        gitlab: bool,
        /// Some of them; none for all.
        names: Vec<String>,
        /// Only to standard output.
        print: bool,
    },
    /// Compare them with the files.
    Check {
        /// One of them.
        name: Option<String>,
    },
    /// Play their jobs.
    Run(CiRunOptions),
    /// Start one.
    Dispatch(DispatchOptions),
    /// Judge what was written by hand.
    Lint(LintOptions),
    /// Call what follows a release.
    Follow {
        /// The tasks.
        words: Vec<String>,
        /// How the jobs before ended, as JSON.
        needs: String,
    },
}

/// What to show, and of a plan how.
#[derive(Debug, Default)]
pub struct ShowOptions {
    /// A task, `guards`, a module, or the file of a plan.
    pub name: String,
    /// As Markdown.
    pub markdown: bool,
    /// Files of an earlier release to compare with.
    pub against: Vec<PathBuf>,
    /// Indexes are asked for files of an earlier release.
    pub online: bool,
}

/// What to examine before a release.
#[derive(Debug)]
pub struct DoctorOptions {
    /// Tasks with their parameters; none for the one that releases.
    pub words: Vec<String>,
    /// Ask nobody.
    pub offline: bool,
}

/// What to do.
#[derive(Debug)]
pub enum Command {
    /// Run tasks.
    Run(RunOptions),
    /// Apply a plan from a file.
    Apply(PathBuf, RunOptions, CarriedOptions),
    /// Write a release into one file.
    Pack(PackOptions),
    /// Take a release out of one.
    Unpack(UnpackOptions),
    /// Take over files of a release that was left half done.
    Adopt(AdoptOptions),
    /// List tasks.
    List,
    /// Show what a run would do.
    Plan(Vec<String>, Vec<String>),
    /// Tell which tasks would run, and why.
    Why(Vec<String>, Vec<String>),
    /// Release into a world on this machine.
    Rehearse(RehearseOptions),
    /// Tell what a live run would meet.
    Doctor(DoctorOptions),
    /// Check the file.
    Validate,
    /// Check who signed files.
    Verify(VerifyOptions),
    /// Check or list distributions.
    Dist(DistOptions),
    /// Show where a release stands: that of this project, or `name==version`.
    Status(Option<String>),
    /// Show the ledger of HEAD, or of another commit.
    Ledger(Option<String>),
    /// Tell what runs came to.
    Log(LogOptions),
    /// Print the graph; whether in Mermaid's language.
    Graph(Vec<String>, Vec<String>, bool),
    /// Show one thing.
    Show(ShowOptions),
    /// Explain one builtin or all.
    Doc(Option<String>),
    /// Print how the project is released, by a task.
    Runbook(Option<String>),
    /// Print declarations for editors.
    Definitions,
    /// Write CI workflows, or look at them.
    Ci(Ci),
    /// Write a first Releasefile; whether only to standard output.
    Init(bool),
    /// Remove what nothing needs.
    Clean(CleanOptions),
    /// Tell of a task or a command.
    Help(Option<String>),
    /// Print the script that completes words in a shell.
    Completions(Shell),
    /// Answer that script: the shell's name, then what it tells of the line.
    Complete(Vec<String>),
    /// Stand between the two halves of a rehearsal.
    Inside(Vec<String>),
}

/// A parsed command line.
#[derive(Debug)]
pub struct Invocation {
    /// The folder to start in, if given.
    pub directory: Option<PathBuf>,
    /// How to show what happens.
    pub output: Output,
    /// What to do.
    pub command: Command,
}

/// What clap has to say instead: help, a version, or an error, with where it goes.
#[derive(Debug)]
pub struct Said {
    /// The text.
    pub text: String,
    /// Whether it is an error.
    pub wrong: bool,
}
