//! The command line: clap's types in, a plain [`Command`] out. No clap type leaves this module.
//!
//! `rel TASK…` is short for `rel run TASK…`, a bare `rel` for `rel list`.

use clap::{CommandFactory as _, Parser as _, ValueHint};

use crate::complete::line::Shell;
use crate::complete::{self, Expect, Flag, Surface};
use crate::report::Output;

mod args;
mod options;
mod workflows;

use args::{
    AdoptArgs, CleanArgs, Cli, GraphArg, OutputArg, PackArgs, ShellArg, Sub, UnpackArgs, common,
    dist_options, doctor_options, log_options, rehearse_options, run_options, show_options,
    verify_options,
};
pub use options::{
    AdoptOptions, CarriedOptions, Chaos, Ci, CiRunOptions, CleanOptions, Command, DispatchOptions,
    DistCheck, DistOptions, DoctorOptions, Invocation, LintOptions, LogOptions, PackOptions,
    RehearseOptions, RunOptions, Said, ShowOptions, Signer, UnpackOptions, VerifyOptions,
};

/// Names of the commands.
pub const COMMANDS: &[&str] = &[
    "run",
    "list",
    "plan",
    "apply",
    "pack",
    "unpack",
    "adopt",
    "rehearse",
    "why",
    "doctor",
    "validate",
    "verify",
    "dist",
    "status",
    "ledger",
    "log",
    "graph",
    "show",
    "doc",
    "ci",
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
const TAKES_VALUE: &[&str] = &[
    "-C", "--output", "-j", "--jobs", "-o", "--export", "--tag", "--fault", "--points", "--needs",
];

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
    Ok(Invocation { directory: cli.directory, output, command: command(cli.command) })
}

/// What a command of clap's is.
fn command(given: Sub) -> Command {
    match given {
        Sub::Run(args) => Command::Run(run_options(args)),
        Sub::List => Command::List,
        Sub::Plan(words) => Command::Plan(words.words, words.rest),
        Sub::Apply(args) => {
            let options = common(args.common);
            let options = RunOptions { live: true, words: args.words, ..options };
            let carried = CarriedOptions { sha256: args.sha256, to: args.to };
            Command::Apply(args.plan, options, carried)
        }
        Sub::Pack(PackArgs { file, plan }) => Command::Pack(PackOptions { file, plan }),
        Sub::Unpack(UnpackArgs { file, sha256, plan }) => {
            Command::Unpack(UnpackOptions { file, sha256, plan })
        }
        Sub::Adopt(AdoptArgs { words, from, task }) => {
            Command::Adopt(AdoptOptions { words, from, task })
        }
        Sub::Rehearse(args) => Command::Rehearse(rehearse_options(args)),
        Sub::Why(words) => Command::Why(words.words, words.rest),
        Sub::Doctor(args) => Command::Doctor(doctor_options(args)),
        Sub::Validate => Command::Validate,
        Sub::Verify(args) => Command::Verify(verify_options(args)),
        Sub::Dist(args) => Command::Dist(dist_options(args)),
        Sub::Status { release } => Command::Status(release),
        Sub::Ledger { commit } => Command::Ledger(commit),
        Sub::Log(args) => Command::Log(log_options(args)),
        Sub::Graph(args) => Command::Graph(
            args.words.words,
            args.words.rest,
            matches!(args.format, GraphArg::Mermaid),
        ),
        Sub::Show(args) => Command::Show(show_options(args)),
        Sub::Doc { definitions: true, .. } => Command::Definitions,
        Sub::Doc { name, runbook: true, .. } => Command::Runbook(name),
        Sub::Doc { name, .. } => Command::Doc(name),
        Sub::Ci { command } => Command::Ci(workflows::ci(command)),
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
    }
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
        word: word(command),
        flags: command
            .get_arguments()
            .filter(|arg| !arg.is_positional())
            .map(|arg| flag(arg, text(arg.get_help())))
            .collect(),
    };
    Surface { commands: cli.get_subcommands().map(command).collect() }
}

/// What the first word behind a command may be: one of its own commands, if it has any.
fn word(command: &clap::Command) -> Expect {
    let own: Vec<String> = command.get_subcommands().map(|own| own.get_name().to_owned()).collect();
    if own.is_empty() {
        return command.get_positionals().next().map_or(Expect::Unknown, expect);
    }
    Expect::OneOf(own)
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
