//! What a Releasefile declared when it was last read, so that a run whose tasks only start commands needs no
//! engine, and one whose tasks are up to date.
//!
//! The memo holds a line with the texts that it was made of, and the table of all that they declare. Turned
//! down: to keep the compiled script, which has no form outside of memory.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::cx::Sources;
use super::memo::Memo;
use super::stdlib;
use super::{Origin, Script};
use crate::diag::Source;
use crate::host::fs;
use crate::model::artifact::Digest;
use crate::model::flat;

/// What stands before the table.
#[derive(Serialize, Deserialize)]
struct Texts {
    /// The Releasefile, modules and other files that were read, each with the digest of its text.
    all: Vec<(String, Digest)>,
    /// Those that places in the table point into, by their number there.
    sources: Vec<String>,
    digest: Digest,
    told: Digest,
}

fn memo(origin: &Origin, place: PathBuf) -> Option<Memo<'_>> {
    Memo::new(&origin.host, &origin.file, place)
}

/// The text of a module of the standard library or of a file, as scripts are read.
fn text_of(origin: &Origin, name: &str) -> Option<String> {
    let text = match stdlib::text(name) {
        Some(text) => text.to_owned(),
        None => fs::read_text(&origin.root.join(name)).ok()?,
    };
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

/// The script that was kept in `place`, if nothing that it was made of has changed.
pub(super) fn known(origin: &Origin, place: PathBuf) -> Option<Script> {
    memo(origin, place)?.known(|bytes, reads| {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let texts: Texts = serde_json::from_slice(bytes.get(..end)?).ok()?;
        let sources = Arc::new(Sources::default());
        for (name, digest) in texts.all {
            let text = text_of(origin, &name).filter(|text| Digest::of(text) == digest)?;
            sources.add(&name, text);
        }
        let named: Option<Vec<_>> = texts.sources.iter().map(|name| sources.get(name)).collect();
        let declared = flat::from_bytes(bytes.get(end + 1..)?, &named?)?;
        let (origin, interpreter, reads) = (origin.clone(), OnceLock::new(), Some(reads));
        let (digest, told) = (texts.digest, texts.told);
        Some(Script { origin, interpreter, sources, declared, digest, told, reads })
    })
}

/// Keeps what a script declares.
pub(super) fn keep(script: &Script, place: PathBuf) {
    let (Some(memo), Some(reads)) = (memo(&script.origin, place), &script.reads) else { return };
    let (bytes, sources) = flat::to_bytes(&script.declared);
    // Variables and globs stand there too, and are no texts.
    let is_text = |it: &Arc<Source>| text_of(&script.origin, &it.name).as_ref() == Some(&it.text);
    let all = script.sources.all().into_iter().filter(is_text);
    let texts = Texts {
        all: all.map(|source| (source.name.clone(), Digest::of(&source.text))).collect(),
        sources: sources.iter().map(|source| source.name.clone()).collect(),
        digest: script.digest.clone(),
        told: script.told.clone(),
    };
    if let Ok(texts) = serde_json::to_vec(&texts) {
        memo.keep(reads, &[&texts, b"\n".as_slice(), &bytes].concat());
    }
}
