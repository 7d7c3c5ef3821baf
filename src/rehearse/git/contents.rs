//! What GitHub looks for in the commits of a push: files that are too large, and workflow files.
//!
//! Workflow files may only be brought by tokens that may change them. What counts is what the commit
//! holds, not what the push brings: a tag on an old commit is refused too, once no branch has the same
//! workflow files any more.

use super::access::{Holder, Token};
use super::plumbing::Git;
use super::push::{Command, is_zero};
use super::rules;
use crate::rehearse::http::Rule;

/// The largest file that GitHub takes, in bytes.
const LARGEST: u64 = 100 << 20;
const FOLDER: &str = ".github/workflows";

/// Files of new commits that are too large, with their size.
pub(super) fn large_files(git: &Git, commands: &[Command]) -> Vec<(String, u64)> {
    let news: Vec<&str> =
        commands.iter().map(|command| command.new.as_str()).filter(|new| !is_zero(new)).collect();
    if news.is_empty() {
        return Vec::new();
    }
    let filter = format!("--filter=blob:limit={}", LARGEST + 1);
    let walk = |more: &[&str]| {
        let words = [&["rev-list", "--objects"], more, &news, &["--not", "--all"]].concat();
        git.ask(&words).unwrap_or_default()
    };
    let printed = walk(&["--no-object-names", "--filter-print-omitted", &filter]);
    let large: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix('~')).collect();
    if large.is_empty() {
        return Vec::new();
    }
    let named = walk(&[]);
    let found = named.lines().filter_map(|line| line.split_once(' '));
    let found = found.filter(|(sha, _)| large.contains(sha));
    found
        .filter_map(|(sha, name)| {
            let size = git.ask(&["cat-file", "-s", sha]).ok()?.parse().ok()?;
            Some((name.to_owned(), size))
        })
        .collect()
}

/// What GitHub says of such files.
pub(super) fn large_files_said(files: &[(String, u64)]) -> String {
    let hundredths = |size: u64| (size * 100 + (1 << 19)) >> 20;
    let shown = |size: u64| format!("{}.{:02}", hundredths(size) / 100, hundredths(size) % 100);
    let limit = shown(LARGEST);
    let line = |(name, size): &(String, u64)| {
        let size = shown(*size);
        format!("File {name} is {size} MB; this exceeds GitHub's file size limit of {limit} MB")
    };
    let mut lines = vec!["See https://gh.io/lfs for more information.".to_owned()];
    lines.extend(files.iter().map(line));
    lines.push(format!("GH001: Large files detected. {ELSEWHERE}"));
    lines.iter().flat_map(|line| ["error: ", line, "\n"]).collect()
}

const ELSEWHERE: &str = "You may want to try Git Large File Storage - https://git-lfs.github.com.";

/// Why the token must not bring this commit, if it must not.
pub(super) fn workflow(
    git: &Git,
    command: &Command,
    token: &Token,
    branch: &str,
) -> Option<(String, Rule)> {
    if token.workflows || is_zero(&command.new) {
        return None;
    }
    let at = |tip: &str| git.ask(&["rev-parse", "--verify", "--quiet", &format!("{tip}:{FOLDER}")]);
    let folder = at(&format!("{}^{{commit}}", command.new)).ok()?;
    let tips = git.ask(&["for-each-ref", "--format=%(objectname)", "refs/heads/"]).ok()?;
    if tips.lines().any(|tip| at(tip).as_ref() == Ok(&folder)) {
        return None;
    }
    let was = at(branch).or_else(|_| git.ask(&["hash-object", "-t", "tree", "/dev/null"])).ok()?;
    let words = ["diff", "--name-only", "--no-renames", "--diff-filter=d", "-z", &was, &folder];
    let changed = git.ask(&words).ok()?;
    let name = changed.split('\0').next().filter(|name| !name.is_empty())?;
    let (whom, what, rule) = match token.holder {
        Holder::App => ("GitHub App", "`workflows` permission", rules::WORKFLOW),
        Holder::Classic | Holder::FineGrained => {
            ("Personal Access Token", "`workflow` scope", rules::WORKFLOW_SCOPE)
        }
    };
    let text = format!(
        "refusing to allow a {whom} to create or update workflow `{FOLDER}/{name}` without {what}"
    );
    Some((text, rule))
}
