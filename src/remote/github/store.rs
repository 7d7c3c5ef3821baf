//! GitHub's store of attestations, where `gh attestation verify` looks.
//!
//! Source: <https://docs.github.com/rest/repos/attestations>.

use serde_json::{Value, json};

use super::api::Api;
use crate::attest;
use crate::model::effect::{Presence, StoreAttestation};
use crate::remote::{Errand, Trouble, sigstore};

/// Whether the store has the very statement that was signed.
///
/// # Errors
/// GitHub cannot be asked.
pub fn probe(errand: &Errand<'_>, store: &StoreAttestation) -> Result<Presence, Trouble> {
    let Some(kept) = sigstore::kept(errand, &store.file.sha256, store.predicate) else {
        return Ok(Presence::Absent);
    };
    let ours = &kept["envelope"]["signature"];
    let api = Api::of(errand, &store.repository);
    let path = format!("/attestations/sha256:{}?per_page=100", store.file.sha256);
    let found = api.get(&path)?.unwrap_or_default();
    let bundles = found["attestations"].as_array().cloned().unwrap_or_default();
    let same = |one: &Value| one["bundle"]["dsseEnvelope"]["signatures"][0]["sig"] == *ours;
    Ok(if bundles.iter().any(same) {
        Presence::Same
    } else if bundles.iter().any(|one| one["bundle"].is_null()) {
        // It is told only where the bundle lies.
        Presence::Unknowable
    } else {
        Presence::Absent
    })
}

/// Stores the statement.
///
/// # Errors
/// It was not signed, or GitHub says no.
pub fn apply(errand: &Errand<'_>, store: &StoreAttestation) -> Result<(), Trouble> {
    let kept = sigstore::kept(errand, &store.file.sha256, store.predicate);
    let kept = kept.ok_or_else(|| {
        Trouble::Unsent(format!("its {} attestation is not there", store.predicate.name()))
    })?;
    let api = Api::of(errand, &store.repository);
    api.send("POST", "/attestations", &json!({ "bundle": attest::bundle(&kept) })).map(|_| ())
}
