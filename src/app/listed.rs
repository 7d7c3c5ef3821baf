//! The last list of tasks, kept with all that it was made of: what is the same is not evaluated again.
//!
//! It is checked by content before it is shown (`script::reads`); anything unknown in its file, also
//! another rel's, counts as nothing kept. A broken Releasefile is never kept, nor is what would show a
//! secret.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::repo::Repo;
use crate::script::Script;
use crate::script::reads::Read;

/// The version of the file's form.
const VERSION: u32 = 1;

/// The first line of the file; the list follows.
#[derive(Serialize, Deserialize)]
struct Head {
    v: u32,
    /// The program that made it.
    rel: String,
    /// The Releasefile.
    file: PathBuf,
    reads: Vec<Read>,
    /// Variables that the Releasefile made secrets.
    secrets: Vec<String>,
    /// Of the list.
    digest: Digest,
}

/// Where the list of a project is kept.
pub(super) struct Listed<'a> {
    host: &'a Host,
    file: &'a Path,
    root: &'a Path,
    rel: String,
    kept: PathBuf,
}

impl<'a> Listed<'a> {
    /// The place for the list of the project of this Releasefile; there is none in a rehearsal.
    pub(super) fn of(host: &'a Host, file: &'a Path) -> Option<Self> {
        let rel = fs::stamp(host.program.as_deref().filter(|_| host.way.is_none())?).ok()?;
        let root = file.parent()?;
        let kept = Repo::new(host, root.to_owned()).state().ok()?.join("list");
        Some(Self { host, file, root, rel, kept })
    }

    /// The list, if nothing that it was made of has changed.
    pub(super) fn known(&self) -> Option<String> {
        let mut whole = fs::read_text(&self.kept).ok()?;
        let end = whole.find('\n')?;
        let head: Head = serde_json::from_str(&whole[..end]).ok()?;
        let text = whole.split_off(end + 1);
        let same = head.v == VERSION
            && head.rel == self.rel
            && head.file == self.file
            && head.digest == Digest::of(&text)
            && head.reads.iter().all(|read| read.holds(self.host, self.root));
        if !same {
            return None;
        }
        head.secrets.iter().for_each(|name| self.host.env.declare_secret(name));
        Some(text)
    }

    /// Keeps a list. That this fails is no reason to fail: it is made anew the next time.
    pub(super) fn keep(&self, script: &Script, text: &str) {
        let Some(reads) = script.reads.clone() else { return };
        if self.host.env.masked(text) != text {
            return;
        }
        let head = Head {
            v: VERSION,
            rel: self.rel.clone(),
            file: self.file.to_owned(),
            reads,
            secrets: self.host.env.declared(),
            digest: Digest::of(text),
        };
        if let Ok(head) = serde_json::to_string(&head) {
            let _ = fs::replace_spare(&self.kept, format!("{head}\n{text}").as_bytes());
        }
    }
}
