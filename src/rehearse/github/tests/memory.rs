//! A repository in memory: commits in a row or with several parents, refs, and annotated tags.

use std::collections::{BTreeMap, BTreeSet};

use crate::rehearse::github::sha256;
use crate::rehearse::repository::{Commit, Object, Repository, Tag};

/// The repository.
#[derive(Default)]
pub(super) struct Memory {
    commits: BTreeMap<String, Commit>,
    tags: BTreeMap<String, Tag>,
    refs: BTreeMap<String, String>,
}

/// An object name for something that is called like this.
pub(super) fn sha(name: &str) -> String {
    sha256(name.as_bytes())[..40].to_owned()
}

impl Memory {
    /// Adds a commit with this message, which names it, made at `date`.
    pub(super) fn add(&mut self, message: &str, date: u64, parents: &[&str]) {
        let commit = Commit {
            sha: sha(message),
            message: message.to_owned(),
            author: "Ann".into(),
            date,
            parents: parents.iter().map(|parent| sha(parent)).collect(),
        };
        self.commits.insert(commit.sha.clone(), commit);
    }

    /// Lets a ref point at the commit with this message.
    pub(super) fn point(&mut self, name: &str, message: &str) {
        self.refs.insert(name.to_owned(), sha(message));
    }

    fn object(&self, sha: &str) -> Object {
        let kind = if self.tags.contains_key(sha) { "tag" } else { "commit" };
        Object { sha: sha.to_owned(), kind: kind.into() }
    }

    fn reached(&self, from: &str) -> BTreeSet<String> {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(sha) = next.pop() {
            if seen.insert(sha.clone()) {
                next.extend(self.commits[&sha].parents.iter().cloned());
            }
        }
        seen
    }
}

impl Repository for Memory {
    fn find(&self, name: &str) -> Option<Object> {
        self.refs.get(name).map(|sha| self.object(sha))
    }

    fn refs(&self, start: &str) -> Vec<(String, Object)> {
        let all = self.refs.iter().filter(|(name, _)| name.starts_with(start));
        all.map(|(name, sha)| (name.clone(), self.object(sha))).collect()
    }

    fn commit(&self, name: &str) -> Option<Commit> {
        let starts = ["", "refs/heads/", "refs/tags/"];
        let found = starts.iter().find_map(|start| self.refs.get(&format!("{start}{name}")));
        let sha = found.map_or(name, String::as_str);
        let sha = self.tags.get(sha).map_or(sha, |tag| &tag.object.sha);
        self.commits.get(sha).cloned()
    }

    fn log(&self, from: Option<&str>, to: &str) -> Vec<Commit> {
        let without = from.map(|from| self.reached(from)).unwrap_or_default();
        let reached = self.reached(to);
        let mut all: Vec<Commit> =
            reached.difference(&without).map(|sha| self.commits[sha].clone()).collect();
        all.sort_by_key(|commit| std::cmp::Reverse(commit.date));
        all
    }

    fn tag(&self, sha: &str) -> Option<Tag> {
        self.tags.get(sha).cloned()
    }

    fn make_tag(&mut self, tag: &Tag) -> Result<String, String> {
        if !self.commits.contains_key(&tag.object.sha) {
            return Err("no such object".into());
        }
        let sha = sha(&format!("{tag:?}"));
        self.tags.insert(sha.clone(), Tag { sha: sha.clone(), ..tag.clone() });
        Ok(sha)
    }

    fn set(&mut self, name: &str, sha: &str) -> Result<(), String> {
        if name.ends_with("/unwritable") {
            return Err("cannot lock ref".into());
        }
        self.refs.insert(name.to_owned(), sha.to_owned());
        Ok(())
    }

    fn delete(&mut self, name: &str) -> Result<(), String> {
        self.refs.remove(name).map(|_| ()).ok_or_else(|| "no such ref".into())
    }
}
