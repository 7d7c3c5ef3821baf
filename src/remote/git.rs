//! Git remotes: what they hold is asked with `git ls-remote`, and changed with one atomic `git push`.
//!
//! Sources: <https://git-scm.com/docs/git-push>, <https://git-scm.com/docs/git-ls-remote>. Git itself is
//! started, so that logins, proxies, SSH and a pre-push hook are the user's own; it asks nobody anything,
//! and never forces. A branch that has gone on beyond what was pushed counts as pushed. A tag that is deleted
//! before its turn comes (`PushGit::anew`) does not stand in the way; if it is still there then, git refuses.
//! Turned down: the forge's API for refs, which knows no push of several at once.

mod cures;

use std::collections::BTreeMap;

use super::{Errand, Trouble};
use crate::host::proc::{self, Ended, Launch, StartError};
use crate::model::command::Cmd;
use crate::model::effect::{Presence, PushGit, PushedRef};

/// Words of a fetch that takes objects and moves nothing.
const OBJECTS_ONLY: [&str; 8] = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-prune",
    "--refmap=",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--recurse-submodules=no",
];

/// What the remote holds of the refs together.
///
/// # Errors
/// The remote cannot be asked.
pub fn probe(errand: &Errand<'_>, push: &PushGit) -> Result<Presence, Trouble> {
    if push.url.is_empty() || push.refs.iter().any(|at| at.object.is_empty()) {
        return Ok(Presence::Absent);
    }
    let git = Git { errand, env: errand.host.env.for_child(&[]) };
    let address = git.address(push)?;
    let there = git.refs(&address, push)?;
    let mut all = Presence::Same;
    for wanted in &push.refs {
        match git.standing(&address, push, wanted, there.get(&wanted.name))? {
            Presence::Same => {}
            Presence::Absent => all = Presence::Absent,
            other => return Ok(other),
        }
    }
    Ok(all)
}

/// Pushes what is not there yet, all or nothing.
///
/// # Errors
/// `Refused` with the remote's reason, `Unclear` if it is not known what happened.
pub fn apply(errand: &Errand<'_>, push: &PushGit) -> Result<(), Trouble> {
    let env = (errand.env)().map_err(|wrong| Trouble::Unsent(wrong.message))?;
    let git = Git { errand, env };
    let address = git.address(push)?;
    let there = git.refs(&address, push)?;
    let mut words: Vec<String> =
        ["push", "--atomic", "--porcelain", "--no-follow-tags", "--recurse-submodules=no"]
            .map(str::to_owned)
            .to_vec();
    words.push(push.remote.clone());
    for wanted in &push.refs {
        if git.standing(&address, push, wanted, there.get(&wanted.name))? != Presence::Same {
            words.push(format!("{}:{}", wanted.object, wanted.name));
        }
    }
    let mut said = Vec::new();
    let launch = git.launch(&words);
    let ended = proc::run(&launch.as_launch(errand), errand.stop, |line| {
        (errand.say)(line.clone());
        said.push(line);
    });
    match ended {
        Ok(Ended::Ok) => Ok(()),
        Ok(Ended::Failed(_)) => Err(cures::told(&said, true)),
        Err(error) => Err(Trouble::Unsent(not_started(&error))),
    }
}

/// Git, as it is started for one errand.
struct Git<'a> {
    errand: &'a Errand<'a>,
    env: BTreeMap<String, String>,
}

/// A command with its variables.
struct Started {
    cmd: Cmd,
    env: BTreeMap<String, String>,
}

impl Started {
    fn as_launch<'a>(&'a self, errand: &'a Errand<'_>) -> Launch<'a> {
        Launch::own(&self.cmd, errand.root, &self.env)
    }
}

impl Git<'_> {
    /// The address that is pushed to.
    fn address(&self, push: &PushGit) -> Result<String, Trouble> {
        let found = self.ask(&["remote", "get-url", "--push", "--", &push.remote]);
        let address = found.unwrap_or_default().trim().to_owned();
        if PushGit::without_login(&address) == push.url {
            return Ok(address);
        }
        Err(Trouble::Refused {
            reason: format!("the remote `{}` does not lead to {}", push.remote, push.url),
            hint: "set its address as it was, or begin anew".into(),
        })
    }

    /// The refs of a push that the remote has, each with its object.
    fn refs(&self, address: &str, push: &PushGit) -> Result<BTreeMap<String, String>, Trouble> {
        let mut words = vec!["ls-remote", "--quiet", "--", address];
        words.extend(push.refs.iter().map(|at| at.name.as_str()));
        let text = self.read(&words)?;
        let pairs = text.lines().filter_map(|line| line.split_once('\t'));
        Ok(pairs.map(|(object, name)| (name.to_owned(), object.to_owned())).collect())
    }

    /// What a ref of the remote is to the one wanted.
    fn standing(
        &self,
        address: &str,
        push: &PushGit,
        wanted: &PushedRef,
        there: Option<&String>,
    ) -> Result<Presence, Trouble> {
        let Some(there) = there else { return Ok(Presence::Absent) };
        if *there == wanted.object {
            return Ok(Presence::Same);
        }
        let other = || {
            let short = there.get(..12).unwrap_or(there);
            Ok(Presence::Other(format!("{} is at {short}", wanted.shown())))
        };
        if wanted.as_branch().is_none() {
            return if push.anew.is_some() { Ok(Presence::Absent) } else { other() };
        }
        if self.ask(&["cat-file", "-e", there]).is_none() {
            self.read(&[&OBJECTS_ONLY[..], &["--", address, &wanted.name]].concat())?;
        }
        let leads =
            |from: &str, to: &str| self.ask(&["merge-base", "--is-ancestor", from, to]).is_some();
        if leads(&wanted.object, there) {
            return Ok(Presence::Same);
        }
        if leads(there, &wanted.object) { Ok(Presence::Absent) } else { other() }
    }

    /// Git's output, if it ends well.
    fn ask(&self, words: &[&str]) -> Option<String> {
        self.read(words).ok()
    }

    fn read(&self, words: &[&str]) -> Result<String, Trouble> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let mut said = Vec::new();
        let launch = self.launch(&words);
        let ended =
            proc::capture(&launch.as_launch(self.errand), self.errand.stop, |line| said.push(line));
        match ended {
            Ok((Ended::Ok, text)) => Ok(text),
            Ok(_) => Err(cures::told(&said, false)),
            Err(error) => Err(Trouble::Unsent(not_started(&error))),
        }
    }

    /// Nobody is there to answer a question, and what it says is read.
    fn launch(&self, words: &[String]) -> Started {
        let git = ["git", "--no-optional-locks"].map(str::to_owned);
        let cmd = Cmd::Argv(git.into_iter().chain(words.iter().cloned()).collect());
        let mut env = self.env.clone();
        env.insert("GIT_TERMINAL_PROMPT".into(), "0".into());
        env.insert("LC_ALL".into(), "C".into());
        // What asks in a window of its own may; `ssh` too must not ask on the terminal.
        env.entry("SSH_ASKPASS".into()).or_insert_with(|| "false".into());
        env.insert("SSH_ASKPASS_REQUIRE".into(), "force".into());
        Started { cmd, env }
    }
}

fn not_started(error: &StartError) -> String {
    match error {
        StartError::NotFound(name) => format!("no program `{name}` on PATH"),
        StartError::NoFolder => "the project's folder is gone".into(),
        StartError::Io(error) => error.to_string(),
    }
}
