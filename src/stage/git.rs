//! Git, as a stage uses it: in one folder, with no one to ask.

use std::path::Path;

use crate::diag::{Diagnostic, Outcome};
use crate::host::Host;
use crate::host::proc::{self, Ended, Launch};
use crate::host::stop::Stop;
use crate::model::command::Cmd;

/// Words of a fetch from another repository of this machine, which leaves no trace but its refs.
pub(super) const FETCH: [&str; 7] = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--recurse-submodules=no",
    "--refmap=",
];

/// Git in a folder.
pub(super) struct Git<'a> {
    pub(super) host: &'a Host,
    pub(super) at: &'a Path,
}

impl Git<'_> {
    fn run(&self, words: &[&str]) -> Result<String, String> {
        let argv = ["git", "--no-optional-locks"];
        let cmd = Cmd::Argv(argv.iter().chain(words).map(ToString::to_string).collect());
        let env = self.host.env.for_child(&[]);
        let launch = Launch::own(&cmd, self.at, &env);
        let mut said = String::new();
        match proc::capture(&launch, &Stop::default(), |line| said = line) {
            Ok((Ended::Ok, text)) => Ok(text.trim_end_matches('\n').to_owned()),
            Ok(_) => Err(said),
            Err(error) => Err(format!("git cannot be started: {error:?}")),
        }
    }

    /// What git prints, if it ends well.
    pub(super) fn ask(&self, words: &[&str]) -> Option<String> {
        self.run(words).ok()
    }

    /// The lines that it prints; none if it fails.
    pub(super) fn lines(&self, words: &[&str]) -> Vec<String> {
        self.ask(words).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// What git prints.
    ///
    /// # Errors
    /// It fails.
    pub(super) fn must(&self, words: &[&str]) -> Outcome<String> {
        self.run(words).map_err(|why| {
            let message = format!("`git {}` failed: {why}", words.first().unwrap_or(&""));
            Box::new(Diagnostic::machine(message))
        })
    }
}
