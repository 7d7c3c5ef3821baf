//! Clap's types, and what they mean.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::options::{
    Chaos, DistCheck, DistOptions, DoctorOptions, LogOptions, RehearseOptions, RunOptions,
    ShowOptions, Signer, VerifyOptions,
};
use super::workflows::CiSub;
use crate::door::Doubt;

/// A task runner made for releases: every run is dry until `--live`.
#[derive(Parser)]
#[command(
    name = "rel",
    version,
    disable_help_subcommand = true,
    after_help = "`rel TASK…` is short for `rel run TASK…`; a bare `rel` lists the tasks.\n\
                  `rel help TASK` tells of a task, as `rel TASK --help` does."
)]
pub(super) struct Cli {
    /// Start in this folder.
    #[arg(short = 'C', value_name = "DIR", global = true, value_hint = ValueHint::DirPath)]
    pub(super) directory: Option<PathBuf>,
    /// How to show what happens.
    #[arg(long, value_enum, default_value_t = OutputArg::Auto, global = true)]
    pub(super) output: OutputArg,
    #[command(subcommand)]
    pub(super) command: Sub,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum OutputArg {
    /// What fits: `github` in GitHub Actions, `bar` on a terminal, else `plain`.
    Auto,
    /// Progress on a terminal; the output of what failed.
    Bar,
    /// Lines, one task at a time.
    Plain,
    /// One JSON object per line.
    Json,
    /// Groups, annotations and a job summary in GitHub Actions.
    Github,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum GraphArg {
    Dot,
    Mermaid,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ShellArg {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ChaosArg {
    /// Kill the run, before and after the service has acted.
    Kill,
    /// Let the service fail in each way.
    Faults,
}

#[derive(Subcommand)]
#[command(defer = true)]
pub(super) enum Sub {
    /// Run tasks and all that they need.
    Run(RunArgs),
    /// List the tasks.
    List,
    /// Show what a run would do, and start nothing.
    Plan(Words),
    /// Send exactly what a plan made with `rel run … -o plan.json` holds.
    Apply(ApplyArgs),
    /// Write what this commit's release consists of into one file, for another machine.
    Pack(PackArgs),
    /// Take a release out of such a file: this machine goes on with it.
    Unpack(UnpackArgs),
    /// Take files of a release that was left half done; live runs send them instead of building.
    Adopt(AdoptArgs),
    /// Release for real into a world on this machine: every service on loopback, nothing leaves.
    Rehearse(RehearseArgs),
    /// Tell which tasks would run, and why; the others are up to date.
    Why(Words),
    /// Tell what a live run would meet, before anything is built: tools, git, identity, forms to fill in.
    Doctor(DoctorArgs),
    /// Check the Releasefile.
    Validate,
    /// Check who signed files: the attestations beside them, on an index, or on GitHub.
    Verify(VerifyArgs),
    /// Check wheels and sdists as PyPI would, before they are uploaded; list what is in them.
    Dist(DistArgs),
    /// Show where a release stands: on PyPI, TestPyPI, crates.io, GitHub, as a tag, in the ledger.
    Status {
        /// NAME==VERSION [default: the project here, as HEAD is tagged, else its newest version].
        #[arg(value_name = "RELEASE")]
        release: Option<String>,
    },
    /// Show what was sent from here for a commit, and what came of it.
    Ledger {
        /// A commit or a tag [default: HEAD].
        commit: Option<String>,
    },
    /// List the runs of this project; tell of one, with the output of what failed.
    Log(LogArgs),
    /// Print the graph of tasks.
    Graph(GraphArgs),
    /// Show a task, the table of `guards`, a module such as `std/python`, or what a plan would send.
    Show(ShowArgs),
    /// Explain what a Releasefile may use: builtins and the standard library.
    Doc {
        /// One of them: `exec`, `.needs`, `pypi::publish`, `test`; for `--runbook` a task.
        name: Option<String>,
        /// Print declarations for editors (`.d.rhai`).
        #[arg(long, conflicts_with = "name")]
        definitions: bool,
        /// Print how this project is released, as Markdown: set-up, commands, what to do after a failure.
        #[arg(long, conflicts_with = "definitions")]
        runbook: bool,
    },
    /// CI workflows: write those that the Releasefile declares, compare them, or judge others.
    Ci {
        #[command(subcommand)]
        command: CiSub,
    },
    /// Write a first Releasefile for this project.
    Init {
        /// Write its text to standard output, and no file.
        #[arg(long)]
        print: bool,
    },
    /// Remove what is kept for this project and nothing needs any more.
    Clean(CleanArgs),
    /// Tell of a task or a command.
    Help {
        /// A task or a command; without one, all of rel.
        topic: Option<String>,
    },
    /// Print a script that completes rel's words in a shell.
    Completions {
        /// The shell.
        shell: ShellArg,
    },
}

#[derive(Args)]
pub(super) struct Words {
    /// Tasks, each with its parameters.
    pub(super) words: Vec<String>,
    /// Words for the task that takes a rest.
    #[arg(last = true)]
    pub(super) rest: Vec<String>,
}

#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct Common {
    /// Tasks at the same time [default: the number of cores].
    #[arg(short, long, value_name = "N")]
    pub(super) jobs: Option<std::num::NonZeroUsize>,
    /// After a failure go on with what does not need it.
    #[arg(short, long)]
    pub(super) keep_going: bool,
    /// What would be skipped, or would stop a live run, is an error.
    #[arg(long)]
    pub(super) strict: bool,
    /// Answer the gate's question with yes, and that of TASK too.
    #[arg(long, value_name = "TASK", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(super) yes: Vec<String>,
    /// Take a sending command of which it is not known whether it ran as done.
    #[arg(long, conflicts_with = "redo")]
    pub(super) assume_done: bool,
    /// Do again what is not known to have happened, or is no longer to be seen.
    #[arg(long)]
    pub(super) redo: bool,
    /// Fetch what a shallow clone lacks, before anything else.
    #[arg(long)]
    pub(super) fix: bool,
}

#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) words: Words,
    #[command(flatten)]
    pub(super) common: Common,
    /// Send for real. Without it nothing leaves the machine.
    #[arg(long)]
    pub(super) live: bool,
    /// Ask no remote.
    #[arg(long, conflicts_with_all = ["live", "fix"])]
    pub(super) offline: bool,
    /// Drop the sealed artifacts of this commit and build anew.
    #[arg(long)]
    pub(super) rebuild: bool,
    /// Run what is up to date, too.
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Tell which files tasks with `.inputs` write without declaring them; runs what is up to date, too.
    #[arg(long, conflicts_with = "live")]
    pub(super) audit: bool,
    /// Write the plan of a dry run to a file.
    #[arg(short = 'o', value_name = "FILE", conflicts_with = "live")]
    pub(super) plan: Option<PathBuf>,
    /// Copy the artifacts of the tasks asked for to a folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) export: Option<PathBuf>,
    /// Run again whenever files of the project change, until Ctrl-C.
    #[arg(long)]
    pub(super) watch: bool,
}

#[derive(Args)]
pub(super) struct RehearseArgs {
    #[command(flatten)]
    pub(super) words: Words,
    /// Release these tasks before, live in the same world: `--after "release version=1.2.0"`.
    #[arg(long, value_name = "TASKS", conflicts_with = "chaos")]
    pub(super) after: Option<String>,
    /// Take changes along that are not committed.
    #[arg(long)]
    pub(super) dirty: bool,
    /// The tag to release [default: that of HEAD, else the next patch].
    #[arg(long, value_name = "TAG")]
    pub(super) tag: Option<String>,
    /// Ask nothing outside: registries answer as they did in rehearsals before.
    #[arg(long)]
    pub(super) offline: bool,
    /// Keep the world up afterwards, to look at it in a browser.
    #[arg(long)]
    pub(super) serve: bool,
    /// Then, in a world for each, kill it at every request, or let that fail; the same command has to finish it.
    #[arg(
        long,
        value_name = "BY",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "kill",
        conflicts_with_all = ["serve", "faults"]
    )]
    pub(super) chaos: Option<ChaosArg>,
    /// Strike at so many of these requests only, evenly spread.
    #[arg(long, value_name = "N", requires = "chaos")]
    pub(super) points: Option<std::num::NonZeroUsize>,
    /// Let a service fail, written SERVICE.OPERATION=KIND[xN][@K]: `pypi.upload=503x2`.
    #[arg(long = "fault", value_name = "FAULT")]
    pub(super) faults: Vec<String>,
    /// Tasks at the same time [default: the number of cores].
    #[arg(short, long, value_name = "N")]
    pub(super) jobs: Option<std::num::NonZeroUsize>,
}

#[derive(Args)]
pub(super) struct PackArgs {
    /// The bundle to write.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    /// The plan that goes with it.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) plan: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct UnpackArgs {
    /// The bundle.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
    /// Refuse any other bundle than the one with this digest.
    #[arg(long, value_name = "DIGEST")]
    pub(super) sha256: Option<String>,
    /// Write the plan that is in it here.
    #[arg(short = 'o', value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub(super) plan: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct DoctorArgs {
    /// Tasks, each with its parameters [default: the one that releases].
    pub(super) words: Vec<String>,
    /// Ask no remote.
    #[arg(long)]
    pub(super) offline: bool,
}

#[derive(Args)]
pub(super) struct ApplyArgs {
    /// The plan, or a bundle that holds one: then neither checkout nor Releasefile is needed.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) plan: PathBuf,
    /// Only what these tasks of it send, and what they need.
    pub(super) words: Vec<String>,
    /// Refuse any other bundle than the one with this digest.
    #[arg(long, value_name = "DIGEST")]
    pub(super) sha256: Option<String>,
    /// Write the bundle here again, with what was sent.
    #[arg(short = 'o', value_name = "BUNDLE", value_hint = ValueHint::FilePath)]
    pub(super) to: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Args)]
pub(super) struct AdoptArgs {
    /// Wheels, sdists and crates; with `--from` also `name==version`.
    #[arg(required_unless_present = "from", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) words: Vec<String>,
    /// Take what was published there: `pypi`, `testpypi`, `crates.io`, `github`, or a declared index.
    #[arg(long, value_name = "WHERE")]
    pub(super) from: Option<String>,
    /// The task whose artifacts they are [default: the one that sending tasks take them from].
    #[arg(long, value_name = "TASK")]
    pub(super) task: Option<String>,
}

#[derive(Args)]
pub(super) struct VerifyArgs {
    /// Files; with `--from` an index also `name==version`.
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<String>,
    /// Take the attestations in this file, not those beside FILE.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) attestation: Vec<PathBuf>,
    /// Ask there too: `pypi`, `testpypi`, an index's address, or `github`.
    #[arg(long, value_name = "WHERE")]
    pub(super) from: Option<String>,
    /// The GitHub repository whose run has to have signed.
    #[arg(long, value_name = "OWNER/NAME", conflicts_with_all = ["identity", "issuer"])]
    pub(super) repository: Option<String>,
    /// The workflow of that run, such as `release.yml`.
    #[arg(long, value_name = "FILE", requires = "repository")]
    pub(super) workflow: Option<String>,
    /// The environment of that run's job.
    #[arg(long, value_name = "NAME", requires = "repository")]
    pub(super) environment: Option<String>,
    /// Who has to have signed, as the certificate names them.
    #[arg(long, value_name = "NAME", requires = "issuer")]
    pub(super) identity: Option<String>,
    /// Who knows them by that name.
    #[arg(long, value_name = "URL", requires = "identity")]
    pub(super) issuer: Option<String>,
    /// Trust this root of Sigstore, not the public one.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) trusted_root: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct DistArgs {
    #[command(subcommand)]
    pub(super) what: DistSub,
}

#[derive(Subcommand)]
pub(super) enum DistSub {
    /// Tell what PyPI would refuse, as errors, and what its users may regret, as warnings.
    Check(DistCheckArgs),
    /// List the files in wheels, sdists and crates.
    List {
        /// Wheels, sdists and crates.
        #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
        /// Tell what is new since these, of an earlier release.
        #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
        against: Vec<PathBuf>,
    },
    /// List the rules, with where each is known from.
    Rules,
}

#[derive(Args)]
pub(super) struct DistCheckArgs {
    /// Wheels and sdists.
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,
    /// Files that are larger stop.
    #[arg(long, value_name = "SIZE")]
    pub(super) max_size: Option<String>,
    /// Files in an archive with such a name stop: `*.c`, `docs/**`.
    #[arg(long, value_name = "GLOB")]
    pub(super) forbid: Vec<String>,
    /// Files in an archive with such a name are warned of.
    #[arg(long, value_name = "GLOB")]
    pub(super) warn: Vec<String>,
    /// Warnings of this rule stop; `all` for each.
    #[arg(long, value_name = "RULE")]
    pub(super) stop: Vec<String>,
    /// Warnings of this rule are left out.
    #[arg(long, value_name = "RULE")]
    pub(super) allow: Vec<String>,
}

#[derive(Args)]
pub(super) struct ShowArgs {
    /// A task, `guards`, a module, or the file of a plan (`….json`).
    pub(super) name: String,
    /// Show the plan as Markdown, for a job summary.
    #[arg(long)]
    pub(super) markdown: bool,
    /// Tell what is new in the plan's files since these, of an earlier release.
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    pub(super) against: Vec<PathBuf>,
    /// Ask the plan's indexes for the files of the release before; only reads, without a login.
    #[arg(long)]
    pub(super) online: bool,
}

#[derive(Args)]
pub(super) struct LogArgs {
    /// A run: 1 for the newest, as the list numbers them, or its name.
    #[arg(value_name = "N", conflicts_with = "last_failed")]
    pub(super) run: Option<String>,
    /// Tell of the newest run that failed, or was killed.
    #[arg(long)]
    pub(super) last_failed: bool,
    /// Write a page of the run [default: the newest] to a file that needs nothing else.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) html: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct CleanArgs {
    /// Only show what is kept, and what would be removed.
    #[arg(long)]
    pub(super) list: bool,
    /// Also what was sealed for releases that are finished, or were never begun, for 30 days.
    #[arg(long)]
    pub(super) all: bool,
    /// Also the tool environments, which all projects share.
    #[arg(long)]
    pub(super) tools: bool,
}

#[derive(Args)]
pub(super) struct GraphArgs {
    #[command(flatten)]
    pub(super) words: Words,
    /// Its language.
    #[arg(long, value_enum, default_value_t = GraphArg::Dot)]
    pub(super) format: GraphArg,
}

pub(super) fn common(args: Common) -> RunOptions {
    let doubt = match (args.assume_done, args.redo) {
        (true, _) => Doubt::AssumeDone,
        (_, true) => Doubt::Redo,
        _ => Doubt::Ask,
    };
    RunOptions {
        jobs: args.jobs.map(usize::from),
        keep_going: args.keep_going,
        strict: args.strict,
        yes: !args.yes.is_empty(),
        yes_to: args.yes.into_iter().filter(|task| !task.is_empty()).collect(),
        doubt,
        fix: args.fix,
        ..RunOptions::default()
    }
}

pub(super) fn run_options(args: RunArgs) -> RunOptions {
    RunOptions {
        words: args.words.words,
        rest: args.words.rest,
        live: args.live,
        offline: args.offline,
        rebuild: args.rebuild,
        no_cache: args.no_cache,
        audit: args.audit,
        plan_file: args.plan,
        export: args.export,
        watch: args.watch,
        ..common(args.common)
    }
}

pub(super) fn doctor_options(args: DoctorArgs) -> DoctorOptions {
    let DoctorArgs { words, offline } = args;
    DoctorOptions { words, offline }
}

pub(super) fn verify_options(args: VerifyArgs) -> VerifyOptions {
    let VerifyArgs { repository, workflow, environment, identity, issuer, .. } = args;
    let by_repository = repository.map(|name| Signer::Repository { name, workflow, environment });
    let by_name = identity.zip(issuer).map(|(name, issuer)| Signer::Identity { name, issuer });
    VerifyOptions {
        files: args.files,
        attestations: args.attestation,
        from: args.from,
        signer: by_repository.or(by_name),
        trusted_root: args.trusted_root,
    }
}

pub(super) fn dist_options(args: DistArgs) -> DistOptions {
    match args.what {
        DistSub::Check(args) => {
            let DistCheckArgs { files, max_size, forbid, warn, stop, allow } = args;
            DistOptions::Check(DistCheck { files, max_size, forbid, warn, stop, allow })
        }
        DistSub::List { files, against } => DistOptions::List(files, against),
        DistSub::Rules => DistOptions::Rules,
    }
}

pub(super) fn log_options(args: LogArgs) -> LogOptions {
    let LogArgs { run, last_failed, html } = args;
    LogOptions { run, last_failed, html }
}

pub(super) fn show_options(args: ShowArgs) -> ShowOptions {
    let ShowArgs { name, markdown, against, online } = args;
    ShowOptions { name, markdown, against, online }
}

pub(super) fn rehearse_options(args: RehearseArgs) -> RehearseOptions {
    RehearseOptions {
        words: args.words.words,
        rest: args.words.rest,
        after: args
            .after
            .iter()
            .flat_map(|text| text.split_whitespace())
            .map(str::to_owned)
            .collect(),
        dirty: args.dirty,
        tag: args.tag,
        offline: args.offline,
        serve: args.serve,
        faults: args.faults,
        chaos: args.chaos.map(|by| match by {
            ChaosArg::Kill => Chaos::Kill,
            ChaosArg::Faults => Chaos::Faults,
        }),
        points: args.points.map(usize::from),
        jobs: args.jobs.map(usize::from),
    }
}
