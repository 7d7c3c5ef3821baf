//! The repository as the forge's API sees it: the same refs and objects that pushes change.
//!
//! Rules of the remote do not stand in the API's way here: whoever serves it refuses by its own.

use super::Remote;
use crate::rehearse::repository::{Commit, Object, Repository, Tag};

/// Fields of a commit, each ended by a zero byte.
const COMMIT: &str = "--format=tformat:%H%x00%an%x00%at%x00%P%x00%B";
const FIELDS: usize = 5;

impl Remote {
    fn commits(&self, words: &[&str]) -> Vec<Commit> {
        let words = [&["log", "-z", COMMIT], words, &["--"]].concat();
        let text = self.git.ask(&words).unwrap_or_default();
        let fields: Vec<&str> = text.split('\0').collect();
        let commit = |fields: &[&str]| {
            let &[sha, author, date, parents, message] = fields else { return None };
            Some(Commit {
                sha: sha.to_owned(),
                message: message.trim_end().to_owned(),
                author: author.to_owned(),
                date: date.parse().unwrap_or_default(),
                parents: parents.split_whitespace().map(str::to_owned).collect(),
            })
        };
        fields.chunks_exact(FIELDS).filter_map(commit).collect()
    }
}

/// A name as git takes it, if it is one: neither empty nor an expression that leads elsewhere.
fn commit_of(name: &str) -> Option<String> {
    let plain = !name.is_empty() && !name.starts_with('^') && !name.contains("..");
    plain.then(|| format!("{name}^{{commit}}"))
}

impl Repository for Remote {
    fn find(&self, name: &str) -> Option<Object> {
        let found = self.refs(name).into_iter().find(|(found, _)| found == name);
        found.map(|(_, object)| object)
    }

    fn refs(&self, start: &str) -> Vec<(String, Object)> {
        let folder = start.rfind('/').map_or("refs", |end| &start[..end]);
        let format = "--format=%(objectname) %(objecttype) %(refname)";
        let text = self.git.ask(&["for-each-ref", format, folder]).unwrap_or_default();
        let read = |line: &str| {
            let (sha, rest) = line.split_once(' ')?;
            let (kind, name) = rest.split_once(' ')?;
            let object = Object { sha: sha.to_owned(), kind: kind.to_owned() };
            name.starts_with(start).then(|| (name.to_owned(), object))
        };
        text.lines().filter_map(read).collect()
    }

    fn commit(&self, name: &str) -> Option<Commit> {
        let words = ["--no-walk", "--end-of-options", &commit_of(name)?];
        self.commits(&words).into_iter().next()
    }

    fn log(&self, from: Option<&str>, to: &str) -> Vec<Commit> {
        let Some(to) = commit_of(to) else { return Vec::new() };
        match from.map(commit_of) {
            None => self.commits(&["--end-of-options", &to]),
            Some(Some(from)) => self.commits(&["--end-of-options", &format!("{from}..{to}")]),
            Some(None) => Vec::new(),
        }
    }

    fn tag(&self, sha: &str) -> Option<Tag> {
        let text = self.git.ask(&["cat-file", "tag", sha]).ok()?;
        let (head, message) = text.split_once("\n\n")?;
        let field =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Some(Tag {
            sha: sha.to_owned(),
            name: field("tag")?.to_owned(),
            message: message.trim_end().to_owned(),
            object: Object { sha: field("object")?.to_owned(), kind: field("type")?.to_owned() },
        })
    }

    fn make_tag(&mut self, tag: &Tag) -> Result<String, String> {
        let Tag { name, message, object: Object { sha, kind }, .. } = tag;
        let tagger = self.git.ask(&["var", "GIT_COMMITTER_IDENT"])?;
        let text = format!("object {sha}\ntype {kind}\ntag {name}\ntagger {tagger}\n\n{message}\n");
        match self.git.feed(&["mktag"], text.as_bytes(), None)? {
            (true, made) => Ok(String::from_utf8_lossy(&made).trim().to_owned()),
            (false, _) => Err(format!("git makes no tag of {kind} {sha}")),
        }
    }

    fn set(&mut self, name: &str, sha: &str) -> Result<(), String> {
        self.git.ask(&["update-ref", "--end-of-options", name, sha]).map(drop)
    }

    fn delete(&mut self, name: &str) -> Result<(), String> {
        if self.find(name).is_none() {
            return Err(format!("there is no {name}"));
        }
        self.git.ask(&["update-ref", "-d", "--end-of-options", name]).map(drop)
    }
}
