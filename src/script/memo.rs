//! What came of reading a Releasefile, kept with all that this depended on: what is the same is not worked out
//! again.
//!
//! It is checked by content before it is used (`reads`); anything unknown in the file, also another rel's,
//! counts as nothing kept. Nothing is kept of a broken Releasefile, in a rehearsal, or of what would
//! show a secret.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::reads::Read;
use crate::host::{Host, fs};
use crate::model::artifact::Digest;

/// So much is read at most, in bytes: no memo is larger.
const MOST: u64 = 256 << 20;

/// The first line of the file; what is kept follows.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The program that made it, which alone knows its form.
    rel: String,
    /// The Releasefile.
    file: PathBuf,
    reads: Vec<Read>,
    /// Variables that the Releasefile made secrets.
    secrets: Vec<String>,
    /// Of what follows.
    digest: Digest,
}

/// The place for one thing that comes of a Releasefile.
pub struct Memo<'a> {
    host: &'a Host,
    /// The Releasefile.
    file: &'a Path,
    root: &'a Path,
    rel: String,
    place: PathBuf,
}

impl<'a> Memo<'a> {
    /// The place at this path for something of this Releasefile; there is none in a rehearsal.
    pub fn new(host: &'a Host, file: &'a Path, place: PathBuf) -> Option<Self> {
        let rel = fs::stamp(host.program.as_deref().filter(|_| host.way.is_none())?).ok()?;
        Some(Self { host, file, root: file.parent()?, rel, place })
    }

    /// What `take` makes of what is kept and of all that was read for it, if nothing of that has changed.
    pub fn known<T>(&self, take: impl FnOnce(Vec<u8>, Vec<Read>) -> Option<T>) -> Option<T> {
        let mut whole = fs::read_plain(&self.place, MOST).ok()?;
        let end = whole.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(whole.get(..end)?).ok()?;
        let bytes = whole.split_off(end + 1);
        let same = head.rel == self.rel
            && head.file == self.file
            && head.digest == Digest::of(&bytes)
            && head.reads.iter().all(|read| read.holds(self.host, self.root));
        if !same {
            return None;
        }
        head.secrets.iter().for_each(|name| self.host.env.declare_secret(name));
        take(bytes, head.reads)
    }

    /// Keeps something, unless a secret would show in it. That this fails is no reason to fail: it is made anew
    /// the next time.
    pub fn keep(&self, reads: &[Read], bytes: &[u8]) {
        let env = &self.host.env;
        // A variable that became a secret after it was read is refused to whoever reads it once more.
        let is_secret =
            |read: &Read| matches!(read, Read::Variable { name, .. } if env.is_secret(name));
        if reads.iter().any(is_secret) {
            return;
        }
        let head = Head {
            rel: self.rel.clone(),
            file: self.file.to_owned(),
            reads: reads.to_vec(),
            secrets: env.declared(),
            digest: Digest::of(bytes),
        };
        let (text, Ok(value)) = (String::from_utf8_lossy(bytes), serde_json::to_value(&head))
        else {
            return;
        };
        if env.masked(&text) == text && env.masked_json(value.clone()) == value {
            let whole = [value.to_string().as_bytes(), b"\n", bytes].concat();
            let _ = fs::replace_spare(&self.place, &whole);
        }
    }
}
