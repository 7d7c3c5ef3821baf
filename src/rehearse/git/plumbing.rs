//! Git itself, started for one bare repository in an environment of its own.
//!
//! Nothing of the user's is seen: no configuration, no hooks, no keys. What a push brings goes through a
//! file, so that git reads it at its own pace.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::host::proc::{self, Ended, Launch};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::command::Cmd;

/// What GitHub allows, and what would go on after an answer.
const CONFIG: &[&str] = &[
    "core.hooksPath=/dev/null",
    "gc.auto=0",
    "maintenance.auto=false",
    "receive.autogc=false",
    "receive.advertisePushOptions=true",
    "receive.hideRefs=refs/pull",
    "uploadpack.allowAnySHA1InWant=true",
    "uploadpack.allowFilter=true",
];

/// Who makes the tags that the API is asked for.
const IDENTITY: &[(&str, &str)] =
    &[("GIT_COMMITTER_NAME", "rehearsal"), ("GIT_COMMITTER_EMAIL", "rehearsal@localhost")];

/// Starts git in a folder.
pub(super) struct Git {
    /// The bare repository.
    pub(super) repository: PathBuf,
    /// Where input is kept while git reads it.
    drafts: PathBuf,
    env: BTreeMap<String, String>,
}

impl Git {
    /// Git for the repository at `folder/name`.
    pub(super) fn new(host: &Host, folder: &Path, name: &str) -> Self {
        let mut env: BTreeMap<String, String> = [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("LC_ALL", "C"),
        ]
        .iter()
        .chain(IDENTITY)
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        env.insert("HOME".into(), folder.to_string_lossy().into_owned());
        env.extend(host.env.get("PATH").map(|path| ("PATH".to_owned(), path.to_owned())));
        Self { repository: folder.join(name), drafts: folder.to_owned(), env }
    }

    /// What a command prints.
    ///
    /// # Errors
    /// The last line of what it says when it fails.
    pub(super) fn ask(&self, words: &[&str]) -> Result<String, String> {
        self.ask_in(&self.repository, words)
    }

    /// The same in another folder.
    ///
    /// # Errors
    /// As [`Git::ask`].
    pub(super) fn ask_in(&self, cwd: &Path, words: &[&str]) -> Result<String, String> {
        let cmd = command(words);
        let launch = Launch::own(&cmd, cwd, &self.env);
        let mut said = String::new();
        match proc::capture(&launch, &Stop::default(), |line| said = line) {
            Ok((Ended::Ok, text)) => Ok(text.trim_end_matches('\n').to_owned()),
            Ok(_) => Err(said),
            Err(error) => Err(format!("git cannot be started: {error:?}")),
        }
    }

    /// Whether a command ends well.
    pub(super) fn holds(&self, words: &[&str]) -> bool {
        self.ask(words).is_ok()
    }

    /// What a command makes of `input`, and whether it ended well. `protocol` is the version that the
    /// client would like to speak.
    ///
    /// # Errors
    /// It could not be started.
    pub(super) fn feed(
        &self,
        words: &[&str],
        input: &[u8],
        protocol: Option<&str>,
    ) -> Result<(bool, Vec<u8>), String> {
        let cmd = command(words);
        let mut env = self.env.clone();
        env.extend(protocol.map(|version| ("GIT_PROTOCOL".to_owned(), version.to_owned())));
        let launch = Launch::own(&cmd, &self.repository, &env);
        let draft = self.drafts.join("request");
        fs::replace_with(&draft, |file| file.write_all(input))
            .map_err(|error| format!("cannot write {}: {error}", draft.display()))?;
        let filtered = proc::filter(&launch, &draft, &Stop::default(), |_| {});
        // What stays behind is written over by the next request.
        let _ = fs::remove_file(&draft);
        filtered
            .map(|(ended, bytes)| (ended == Ended::Ok, bytes))
            .map_err(|error| format!("git cannot be started: {error:?}"))
    }
}

fn command(words: &[&str]) -> Cmd {
    let settings = CONFIG.iter().flat_map(|setting| ["-c", setting]);
    Cmd::Argv(
        ["git"]
            .into_iter()
            .chain(settings)
            .chain(words.iter().copied())
            .map(str::to_owned)
            .collect(),
    )
}
