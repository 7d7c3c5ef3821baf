//! A ledger that travels: its text, and what another machine has written on since.

use std::io::Write as _;

use super::{Ledger, Replay, damaged, disk, drop_tail, file_of, replay};
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::model::effect::Key;

/// The effects that a ledger's text knows of.
///
/// # Errors
/// It is no ledger, or not a whole one: why.
pub fn keys(text: &str) -> Result<Vec<Key>, String> {
    Ok(whole(text)?.states.into_keys().collect())
}

/// What a text says that was written to its end.
fn whole(text: &str) -> Result<Replay, String> {
    let replay = replay(text.as_bytes())?;
    if replay.whole < text.len() { Err("its last line is torn".into()) } else { Ok(replay) }
}

impl Ledger {
    /// Its whole records, as they stand on disk.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn text(&self) -> Outcome<String> {
        let inner = self.lock();
        fs::read_text(&inner.path).map_err(|error| disk(&inner.path, &error))
    }

    /// The effects that it knows of.
    pub fn keys(&self) -> Vec<Key> {
        self.lock().states.keys().cloned().collect()
    }

    /// Makes sure that a ledger's text may be taken over.
    ///
    /// # Errors
    /// The text is none of this release; both have gone on, each by itself.
    pub fn may_go_on(&self, text: &str) -> Outcome<()> {
        self.compared(text).map(|_| ())
    }

    /// What a ledger's text says, and what it has besides; `None` where this one is the longer.
    fn compared<'a>(&self, text: &'a str) -> Outcome<Option<(Replay, &'a str)>> {
        let (ours, path) = (self.text()?, self.lock().path.clone());
        let theirs = whole(text).map_err(|why| damaged(&path, &why))?;
        if ours.starts_with(text) {
            return Ok(None);
        }
        text.strip_prefix(&ours).map(|more| Some((theirs, more))).ok_or_else(|| {
            let wrong = Diagnostic::refused("this release was sent from here, and from elsewhere");
            Box::new(wrong.note(path.display().to_string()).hint(
                "finish it where it has gone on further: `rel ledger` tells how far it is here",
            ))
        })
    }

    /// Takes over what a ledger of the same release has besides; where this one is the longer, it stays.
    ///
    /// # Errors
    /// The text is none of this release; both have gone on, each by itself; the disk fails.
    pub fn go_on(&self, text: &str) -> Outcome<()> {
        let Some((theirs, more)) = self.compared(text)? else { return Ok(()) };
        let mut inner = self.lock();
        let written = inner.file.write_all(more.as_bytes()).and_then(|()| inner.file.sync_data());
        if let Err(error) = written {
            inner.broken = true;
            let whole = inner.whole;
            let _ = drop_tail(&mut inner.file, whole);
            return Err(disk(&inner.path, &error));
        }
        inner.whole = text.len() as u64;
        inner.files.extend(theirs.records.iter().filter_map(file_of));
        inner.states = theirs.states;
        inner.last = theirs.last;
        Ok(())
    }
}
