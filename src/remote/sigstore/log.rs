//! Rekor's side of signing: an entry is written once, whatever happens to the request or to rel.
//!
//! Source: Rekor's API v1 (<https://github.com/sigstore/rekor>, `openapi.yaml`: `createLogEntry`,
//! `searchLogQuery`). What is about to be sent is on disk before, so that a later run asks the log for that very
//! entry and does not sign again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{FRESH, post, said_no};
use crate::attest::session::Signed;
use crate::host::fs;
use crate::host::net::join_url;
use crate::model::effect::Sign;
use crate::remote::{Errand, Trouble, json_of};

/// A request to the log of which it is not known whether it arrived.
#[derive(Serialize, Deserialize)]
struct Open {
    /// When it was signed, in seconds since 1970.
    at: u64,
    /// What is sent.
    entry: Value,
}

/// What was signed and sent before, with what the log holds of it by now, if it does.
///
/// # Errors
/// The log cannot be asked.
pub(super) fn found(errand: &Errand<'_>, kept: &Path) -> Result<Option<(Signed, Value)>, Trouble> {
    let Some((open, signed)) = open(kept) else { return Ok(None) };
    let url = format!("{}/retrieve", address(errand));
    let answer = post(errand, &url, &json!({ "entries": [open.entry] }))?;
    match answer.status {
        200 => Ok(json_of(&answer)?.get(0).cloned().map(|logged| (signed, logged))),
        404 => Ok(None),
        status => Err(Trouble::Unclear(format!("{url} answered {status}"))),
    }
}

/// What was signed before, never arrived, and can be sent as long as its certificate is good.
pub(super) fn unsent(errand: &Errand<'_>, kept: &Path) -> Option<Signed> {
    let (open, signed) = open(kept)?;
    (errand.host.clock.now() < open.at + FRESH).then_some(signed)
}

/// Writes an entry, and gives what the log says of it.
///
/// # Errors
/// `Refused` with the log's reason, `Unclear` without an answer.
pub(super) fn write(
    errand: &Errand<'_>,
    sign: &Sign,
    signed: &Signed,
    kept: &Path,
) -> Result<Value, Trouble> {
    let open = Open { at: errand.host.clock.now(), entry: signed.entry() };
    let text = serde_json::to_string(&open).unwrap_or_default();
    let path = place(kept);
    fs::make_lasting_dir(&errand.ties.attestations)
        .and_then(|()| fs::replace(&path, &text))
        .map_err(|error| Trouble::Unsent(format!("cannot write {}: {error}", path.display())))?;
    let url = address(errand);
    let answer = post(errand, &url, &open.entry)?;
    match (answer.status, answer.fields.get("location")) {
        (201, _) => json_of(&answer),
        // The very same entry stands there already.
        (409, Some(place)) => {
            let url = join_url(&url, place)?;
            json_of(&errand.host.net().get(&url, "application/json", None, errand.stop)?)
        }
        _ => Err(said_no("no entry in the transparency log", &answer, &[], sign)),
    }
}

/// Forgets what was sent: what came of it is kept by now.
pub(super) fn settle(kept: &Path) {
    // If it stays, it is only asked for in vain.
    let _ = fs::remove_file(&place(kept));
}

fn open(kept: &Path) -> Option<(Open, Signed)> {
    let open: Open = serde_json::from_str(&fs::read_text(&place(kept)).ok()?).ok()?;
    let signed = Signed::of_entry(&open.entry)?;
    Some((open, signed))
}

/// Beside what will be kept.
fn place(kept: &Path) -> PathBuf {
    kept.with_extension("sent.json")
}

fn address(errand: &Errand<'_>) -> String {
    format!("{}/api/v1/log/entries", errand.host.endpoints.sigstore.rekor)
}
