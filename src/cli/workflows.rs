//! The arguments of `rel ci`, and what they mean.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::options::{Ci, CiRunOptions, DispatchOptions, LintOptions};

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum ServiceArg {
    /// GitHub Actions: a file for each workflow.
    Github,
    /// GitLab: one file for all.
    Gitlab,
}

#[derive(Subcommand)]
pub(super) enum CiSub {
    /// Write the workflows that `ci(…)` declares.
    Generate {
        /// The service that runs them.
        service: ServiceArg,
        /// Some of them [default: all].
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Write them to standard output, and no file.
        #[arg(long)]
        print: bool,
    },
    /// Tell whether the files of workflows still do what the Releasefile says.
    Check {
        /// One of them [default: all].
        name: Option<String>,
    },
    /// Play the jobs of workflows on this machine, each with what its file gives it: nothing leaves.
    Run(CiRunArgs),
    /// Start a workflow on GitHub, and follow its run; without `--live` only tell what would be started.
    Dispatch(DispatchArgs),
    /// Find what goes wrong with releases in workflows that were written by hand; needs no Releasefile.
    Lint(LintArgs),
    /// Call tasks that follow a release, at the end of the workflow that made it.
    #[command(hide = true)]
    Follow {
        /// The tasks.
        #[arg(required = true)]
        words: Vec<String>,
        /// How the jobs before ended: `toJSON(needs)`.
        #[arg(long, value_name = "JSON")]
        needs: String,
    },
}

#[derive(Args)]
pub(super) struct DispatchArgs {
    /// The workflow.
    pub(super) name: String,
    /// What it is given.
    #[arg(value_name = "NAME=VALUE")]
    pub(super) inputs: Vec<String>,
    /// The branch or tag that it runs on [default: that of HEAD].
    #[arg(long = "ref", value_name = "REF")]
    pub(super) reference: Option<String>,
    /// Start it; else only tell what would be started.
    #[arg(long)]
    pub(super) live: bool,
}

#[derive(Args)]
pub(super) struct CiRunArgs {
    /// One of them [default: all].
    pub(super) name: Option<String>,
    /// Inputs of who starts it by hand, as `level=minor`.
    #[arg(value_name = "INPUT=VALUE")]
    pub(super) inputs: Vec<String>,
    /// The tag that starts it [default: that of HEAD, else the next patch].
    #[arg(long, value_name = "TAG")]
    pub(super) tag: Option<String>,
    /// Ask nothing outside: registries answer as they did in rehearsals before.
    #[arg(long)]
    pub(super) offline: bool,
}

#[derive(Args)]
pub(super) struct LintArgs {
    /// Workflows [default: all in `.github/workflows`].
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,
    /// Warnings are errors.
    #[arg(long)]
    pub(super) strict: bool,
    /// Write the findings as SARIF 2.1.0 too; `-` for standard output, and nothing else there.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) sarif: Option<PathBuf>,
}

/// What `rel ci` is asked for.
pub(super) fn ci(given: CiSub) -> Ci {
    match given {
        CiSub::Generate { service, names, print } => {
            Ci::Generate { gitlab: matches!(service, ServiceArg::Gitlab), names, print }
        }
        CiSub::Check { name } => Ci::Check { name },
        CiSub::Run(CiRunArgs { name, inputs, tag, offline }) => {
            Ci::Run(CiRunOptions { name, inputs, tag, offline })
        }
        CiSub::Dispatch(DispatchArgs { name, inputs, reference, live }) => {
            Ci::Dispatch(DispatchOptions { name, inputs, reference, live })
        }
        CiSub::Lint(LintArgs { files, strict, sarif }) => {
            Ci::Lint(LintOptions { files, strict, sarif })
        }
        CiSub::Follow { words, needs } => Ci::Follow { words, needs },
    }
}
