//! What releases of this project have put somewhere, whichever commit they were of.
//!
//! A release that makes its own commit is written down under the one that it began with; who takes its
//! files later stands at the other one. Takes no lock and writes nothing.

use std::path::Path;

use super::{State, damaged, replay};
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::model::artifact::Digest;

/// The files that were put at an address, by all ledgers in `folder`: names, with their digests.
///
/// # Errors
/// A ledger cannot be read or is damaged.
pub fn put_at(folder: &Path, endpoint: &str) -> Outcome<Vec<(String, Digest)>> {
    let mut all = Vec::new();
    for name in fs::names(folder).iter().filter(|name| name.ends_with(".jsonl")) {
        let path = folder.join(name);
        let text = fs::read(&path).map_err(|error| {
            Diagnostic::machine(format!("the ledger cannot be read: {error}"))
                .note(path.display().to_string())
        })?;
        let told = replay(&text).map_err(|why| damaged(&path, &why))?;
        let is_done = |key| matches!(told.states.get(key), Some(State::Done(_)));
        let done = told.files.iter().filter(|(key, (place, ..))| place == endpoint && is_done(key));
        all.extend(done.map(|(_, (_, name, digest))| (name.clone(), digest.clone())));
    }
    all.sort();
    all.dedup();
    Ok(all)
}
