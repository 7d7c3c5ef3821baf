//! The command line: clap's types in, a plain [`Command`] out. No clap type leaves this file.
//!
//! `rel TASK…` is short for `rel run TASK…`, a bare `rel` for `rel list`.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum, ValueHint};

use crate::complete::line::Shell;
use crate::complete::{self, Expect, Flag, Surface};
use crate::door::Doubt;
use crate::report::Output;

/// A task runner made for releases: every run is dry until `--live`.
#[derive(Parser)]
#[command(
    name = "rel",
    version,
    disable_help_subcommand = true,
    after_help = "`rel TASK…` is short for `rel run TASK…`; a bare `rel` lists the tasks.\n\
                  `rel help TASK` tells of a task, as `rel TASK --help` does."
)]
struct Cli {
    /// Start in this folder.
    #[arg(short = 'C', value_name = "DIR", global = true, value_hint = ValueHint::DirPath)]
    directory: Option<PathBuf>,
    /// How to show what happens.
    #[arg(long, value_enum, default_value_t = OutputArg::Auto, global = true)]
    output: OutputArg,
    #[command(subcommand)]
    command: Sub,
}

#[derive(Clone, Copy, ValueEnum)]
enum OutputArg {
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
enum GraphArg {
    Dot,
    Mermaid,
}

#[derive(Clone, Copy, ValueEnum)]
enum ShellArg {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

#[derive(Subcommand)]
enum Sub {
    /// Run tasks and all that they need.
    Run(RunArgs),
    /// List the tasks.
    List,
    /// Show what a run would do, and start nothing.
    Plan(Words),
    /// Send exactly what a plan made with `rel run … -o plan.json` holds.
    Apply(ApplyArgs),
    /// Release for real into a world on this machine: every service on loopback, nothing leaves.
    Rehearse(RehearseArgs),
    /// Check the Releasefile.
    Validate,
    /// Check who signed files: the attestations beside them, on an index, or on GitHub.
    Verify(VerifyArgs),
    /// Print the graph of tasks.
    Graph(GraphArgs),
    /// Show a task, the table of `guards`, or a module such as `std/python`.
    Show {
        /// A task, `guards`, or a module.
        name: String,
    },
    /// Explain what a Releasefile may use: builtins and the standard library.
    Doc {
        /// One of them: `exec`, `.needs`, `pypi::publish`, `test`.
        name: Option<String>,
        /// Print declarations for editors (`.d.rhai`).
        #[arg(long, conflicts_with = "name")]
        definitions: bool,
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
struct Words {
    /// Tasks, each with its parameters.
    words: Vec<String>,
    /// Words for the task that takes a rest.
    #[arg(last = true)]
    rest: Vec<String>,
}

#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
struct Common {
    /// Tasks at the same time [default: the number of cores].
    #[arg(short, long, value_name = "N")]
    jobs: Option<std::num::NonZeroUsize>,
    /// After a failure go on with what does not need it.
    #[arg(short, long)]
    keep_going: bool,
    /// What would be skipped, or would stop a live run, is an error.
    #[arg(long)]
    strict: bool,
    /// Answer the gate's question with yes, and that of TASK too.
    #[arg(long, value_name = "TASK", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    yes: Vec<String>,
    /// Take a sending command of which it is not known whether it ran as done.
    #[arg(long, conflicts_with = "redo")]
    assume_done: bool,
    /// Do again what is not known to have happened, or is no longer to be seen.
    #[arg(long)]
    redo: bool,
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    words: Words,
    #[command(flatten)]
    common: Common,
    /// Send for real. Without it nothing leaves the machine.
    #[arg(long)]
    live: bool,
    /// Ask no remote.
    #[arg(long, conflicts_with = "live")]
    offline: bool,
    /// Drop the sealed artifacts of this commit and build anew.
    #[arg(long)]
    rebuild: bool,
    /// Write the plan of a dry run to a file.
    #[arg(short = 'o', value_name = "FILE", conflicts_with = "live")]
    plan: Option<PathBuf>,
    /// Copy the artifacts of the tasks asked for to a folder.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    export: Option<PathBuf>,
}

#[derive(Args)]
struct RehearseArgs {
    #[command(flatten)]
    words: Words,
    /// Take changes along that are not committed.
    #[arg(long)]
    dirty: bool,
    /// The tag to release [default: that of HEAD, else the next patch].
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Ask nothing outside: registries answer as they did in rehearsals before.
    #[arg(long)]
    offline: bool,
    /// Keep the world up afterwards, to look at it in a browser.
    #[arg(long)]
    serve: bool,
    /// Let a service fail, written SERVICE.OPERATION=KIND[xN][@K]: `pypi.upload=503x2`.
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<String>,
    /// Tasks at the same time [default: the number of cores].
    #[arg(short, long, value_name = "N")]
    jobs: Option<std::num::NonZeroUsize>,
}

#[derive(Args)]
struct ApplyArgs {
    /// The plan.
    plan: PathBuf,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct VerifyArgs {
    /// Files; with `--from` an index also `name==version`.
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<String>,
    /// Take the attestations in this file, not those beside FILE.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    attestation: Vec<PathBuf>,
    /// Ask there too: `pypi`, `testpypi`, an index's address, or `github`.
    #[arg(long, value_name = "WHERE")]
    from: Option<String>,
    /// The GitHub repository whose run has to have signed.
    #[arg(long, value_name = "OWNER/NAME", conflicts_with_all = ["identity", "issuer"])]
    repository: Option<String>,
    /// The workflow of that run, such as `release.yml`.
    #[arg(long, value_name = "FILE", requires = "repository")]
    workflow: Option<String>,
    /// The environment of that run's job.
    #[arg(long, value_name = "NAME", requires = "repository")]
    environment: Option<String>,
    /// Who has to have signed, as the certificate names them.
    #[arg(long, value_name = "NAME", requires = "issuer")]
    identity: Option<String>,
    /// Who knows them by that name.
    #[arg(long, value_name = "URL", requires = "identity")]
    issuer: Option<String>,
    /// Trust this root of Sigstore, not the public one.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    trusted_root: Option<PathBuf>,
}

#[derive(Args)]
struct CleanArgs {
    /// Only show what is kept, and what would be removed.
    #[arg(long)]
    list: bool,
    /// Also what was sealed for releases that are finished, or were never begun, for 30 days.
    #[arg(long)]
    all: bool,
    /// Also the tool environments, which all projects share.
    #[arg(long)]
    tools: bool,
}

#[derive(Args)]
struct GraphArgs {
    #[command(flatten)]
    words: Words,
    /// Its language.
    #[arg(long, value_enum, default_value_t = GraphArg::Dot)]
    format: GraphArg,
}

/// How to run tasks.
#[derive(Debug, Default)]
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
    /// The gate's question is answered with yes.
    pub yes: bool,
    /// Questions of these tasks are answered with yes.
    pub yes_to: Vec<String>,
    /// What to do where it is not known whether an effect happened.
    pub doubt: Doubt,
    /// Where to write the plan.
    pub plan_file: Option<PathBuf>,
    /// Where to copy the goals' artifacts.
    pub export: Option<PathBuf>,
}

/// What to rehearse.
#[derive(Debug, Default)]
pub struct RehearseOptions {
    /// Tasks with their parameters.
    pub words: Vec<String>,
    /// Words after `--`.
    pub rest: Vec<String>,
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
    /// Bodies at the same time; `None` for one per core.
    pub jobs: Option<usize>,
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

/// What to do.
#[derive(Debug)]
pub enum Command {
    /// Run tasks.
    Run(RunOptions),
    /// Apply a plan from a file.
    Apply(PathBuf, RunOptions),
    /// List tasks.
    List,
    /// Show what a run would do.
    Plan(Vec<String>, Vec<String>),
    /// Release into a world on this machine.
    Rehearse(RehearseOptions),
    /// Check the file.
    Validate,
    /// Check who signed files.
    Verify(VerifyOptions),
    /// Print the graph; whether in Mermaid's language.
    Graph(Vec<String>, Vec<String>, bool),
    /// Show one thing.
    Show(String),
    /// Explain one builtin or all.
    Doc(Option<String>),
    /// Print declarations for editors.
    Definitions,
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

/// Names of the commands.
pub const COMMANDS: &[&str] = &[
    "run",
    "list",
    "plan",
    "apply",
    "rehearse",
    "validate",
    "verify",
    "graph",
    "show",
    "doc",
    "init",
    "clean",
    "help",
    "completions",
];
/// The word with which a shell's script asks. No command of its own: it is read before all else,
/// since what follows are words of a line that is not finished yet.
const COMPLETE: &str = "__complete";
/// The word by which a rehearsal starts rel within a network namespace. No command of anybody's.
pub const INSIDE: &str = "__inside";
/// Options that take the next word.
const TAKES_VALUE: &[&str] =
    &["-C", "--output", "-j", "--jobs", "-o", "--export", "--tag", "--fault"];

/// Parses the words after the program's name.
///
/// # Errors
/// What clap has to say instead.
pub fn parse(words: &[String]) -> Result<Invocation, Said> {
    let first = words.split_first().and_then(|(first, told)| match first.as_str() {
        COMPLETE => Some(Command::Complete(told.to_vec())),
        INSIDE => Some(Command::Inside(told.to_vec())),
        _ => None,
    });
    if let Some(command) = first {
        return Ok(Invocation { directory: None, output: Output::Plain, command });
    }
    let args = std::iter::once("rel".to_owned()).chain(expand(words));
    let said = |error: clap::Error| Said {
        text: without_risky_tips(&error.render().to_string()),
        wrong: error.use_stderr(),
    };
    let cli = Cli::try_parse_from(args).map_err(said)?;
    let output = match cli.output {
        OutputArg::Auto => Output::Auto,
        OutputArg::Bar => Output::Bar,
        OutputArg::Plain => Output::Plain,
        OutputArg::Json => Output::Json,
        OutputArg::Github => Output::Github,
    };
    let command = match cli.command {
        Sub::Run(args) => Command::Run(run_options(args)),
        Sub::List => Command::List,
        Sub::Plan(words) => Command::Plan(words.words, words.rest),
        Sub::Apply(args) => {
            let options = common(args.common);
            Command::Apply(args.plan, RunOptions { live: true, ..options })
        }
        Sub::Rehearse(args) => Command::Rehearse(rehearse_options(args)),
        Sub::Validate => Command::Validate,
        Sub::Verify(args) => Command::Verify(verify_options(args)),
        Sub::Graph(args) => Command::Graph(
            args.words.words,
            args.words.rest,
            matches!(args.format, GraphArg::Mermaid),
        ),
        Sub::Show { name } => Command::Show(name),
        Sub::Doc { definitions: true, .. } => Command::Definitions,
        Sub::Doc { name, .. } => Command::Doc(name),
        Sub::Init { print } => Command::Init(print),
        Sub::Clean(CleanArgs { list, all, tools }) => {
            Command::Clean(CleanOptions { list, all, tools })
        }
        Sub::Help { topic } => Command::Help(topic),
        Sub::Completions { shell } => Command::Completions(match shell {
            ShellArg::Bash => Shell::Bash,
            ShellArg::Zsh => Shell::Zsh,
            ShellArg::Fish => Shell::Fish,
            ShellArg::Powershell => Shell::Powershell,
        }),
    };
    Ok(Invocation { directory: cli.directory, output, command })
}

/// Options that let something be sent: a typo is never answered with one of them.
const RISKY: [&str; 4] = ["--live", "--yes", "--redo", "--assume-done"];

fn without_risky_tips(text: &str) -> String {
    let tips = |line: &str| {
        let is_tip = line.trim_start().starts_with("tip:");
        is_tip && RISKY.iter().any(|word| line.contains(&format!("'{word}'")))
    };
    if !text.lines().any(tips) {
        return text.to_owned();
    }
    let safe = "  tip: every run is dry until `--live`; a task's parameter is set by `name=value`";
    let mended = text.lines().map(|line| match line {
        line if tips(line) => safe.to_owned(),
        // What is suggested stands in the usage too.
        line if line.starts_with("Usage:") => RISKY
            .iter()
            .fold(line.to_owned(), |line, word| line.replace(&format!(" {word} "), " [OPTIONS] ")),
        line => line.to_owned(),
    });
    mended.collect::<Vec<_>>().join("\n") + "\n"
}

/// Puts in the command that is left out: `run` before a task, `list` if there is nothing, `help`
/// for a task that is followed by `--help`.
fn expand(words: &[String]) -> Vec<String> {
    let is_help = |word: &String| matches!(word.as_str(), "-h" | "--help");
    let (mut at, mut folder) = (0, &words[..0]);
    while at < words.len() {
        let word = words[at].as_str();
        if is_help(&words[at]) || matches!(word, "-V" | "--version") {
            return words.to_vec();
        }
        if word == "--" || !word.starts_with('-') {
            break;
        }
        let next = at + if TAKES_VALUE.contains(&word) { 2 } else { 1 };
        if word.starts_with("-C") {
            folder = &words[at..next.min(words.len())];
        }
        at = next;
    }
    let command = match words.get(at) {
        Some(word) if COMMANDS.contains(&word.as_str()) => return words.to_vec(),
        Some(word) if words[at..].iter().take_while(|word| *word != "--").any(is_help) => {
            return [folder, &["help".to_owned(), word.clone()]].concat();
        }
        None if words.iter().all(|word| word != "--live") => "list",
        _ => "run",
    };
    std::iter::once(command.to_owned()).chain(words.iter().cloned()).collect()
}

/// What clap tells of a command, of rel without one; `None` if there is no such command.
pub fn help(command: Option<&str>) -> Option<String> {
    if command.is_some_and(|name| !COMMANDS.contains(&name)) {
        return None;
    }
    let words = ["rel"].into_iter().chain(command).chain(["--help"]);
    Cli::try_parse_from(words).err().map(|said| said.render().to_string())
}

fn common(args: Common) -> RunOptions {
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
        ..RunOptions::default()
    }
}

fn run_options(args: RunArgs) -> RunOptions {
    RunOptions {
        words: args.words.words,
        rest: args.words.rest,
        live: args.live,
        offline: args.offline,
        rebuild: args.rebuild,
        plan_file: args.plan,
        export: args.export,
        ..common(args.common)
    }
}

fn verify_options(args: VerifyArgs) -> VerifyOptions {
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

fn rehearse_options(args: RehearseArgs) -> RehearseOptions {
    RehearseOptions {
        words: args.words.words,
        rest: args.words.rest,
        dirty: args.dirty,
        tag: args.tag,
        offline: args.offline,
        serve: args.serve,
        faults: args.faults,
        jobs: args.jobs.map(usize::from),
    }
}

/// The commands and options, for completion.
pub fn surface() -> Surface {
    let mut cli = Cli::command();
    cli.build();
    let text = |styled: Option<&clap::builder::StyledStr>| {
        styled.map(|text| text.to_string().trim_end_matches('.').to_owned()).unwrap_or_default()
    };
    let command = |command: &clap::Command| complete::Command {
        name: command.get_name().to_owned(),
        doc: text(command.get_about()),
        word: command.get_positionals().next().map_or(Expect::Unknown, expect),
        flags: command
            .get_arguments()
            .filter(|arg| !arg.is_positional())
            .map(|arg| flag(arg, text(arg.get_help())))
            .collect(),
    };
    Surface { commands: cli.get_subcommands().map(command).collect() }
}

fn flag(arg: &clap::Arg, doc: String) -> Flag {
    let long = arg.get_long().map(|name| format!("--{name}"));
    let short = arg.get_short().map(|name| format!("-{name}"));
    let value = arg.get_action().takes_values().then(|| expect(arg));
    let attached = arg.is_require_equals_set();
    Flag { names: long.into_iter().chain(short).collect(), doc, value, attached }
}

/// What a value may be, told by what help calls it.
fn expect(arg: &clap::Arg) -> Expect {
    let values = arg.get_possible_values();
    if !values.is_empty() && arg.get_action().takes_values() {
        return Expect::OneOf(values.iter().map(|value| value.get_name().to_owned()).collect());
    }
    match (arg.get_value_hint(), arg.get_id().as_str()) {
        (ValueHint::DirPath, _) => Expect::Folder,
        (ValueHint::AnyPath | ValueHint::FilePath, _) => Expect::File,
        (_, "words") => Expect::Goals,
        (_, "yes") => Expect::Asking,
        (_, "name") if arg.is_required_set() => Expect::Subject,
        (_, "name") => Expect::Language,
        (_, "topic") => Expect::Topic,
        _ => Expect::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(line: &str) -> String {
        expand(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).join(" ")
    }

    #[test]
    fn run_and_list_may_be_left_out() {
        assert_eq!(expanded(""), "list");
        assert_eq!(expanded("-C x"), "list -C x");
        assert_eq!(expanded("lint test -j 2"), "run lint test -j 2");
        assert_eq!(expanded("-j 2 publish --live"), "run -j 2 publish --live");
        assert_eq!(expanded("-C examples/x publish"), "run -C examples/x publish");
        assert_eq!(expanded("--live"), "run --live");
        assert_eq!(expanded("plan publish"), "plan publish");
        assert_eq!(expanded("--version"), "--version");
        assert_eq!(expanded("test -- --help"), "run test -- --help");
        assert_eq!(expanded("bump minor --help"), "help bump");
        assert_eq!(expanded("-C x --live lint -h"), "-C x help lint");
        assert_eq!(expanded("plan lint --help"), "plan lint --help");
        assert_eq!(expanded("run lint --help"), "run lint --help");
    }

    #[test]
    fn the_list_of_commands_is_claps() {
        let command = Cli::command();
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names, COMMANDS);
        Cli::command().debug_assert();
    }
}
