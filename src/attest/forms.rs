//! The forms that a signed statement with its log entry is passed on in.
//!
//! Sources: Sigstore bundle v0.3 (<https://github.com/sigstore/protobuf-specs>), as protobuf's JSON has it;
//! PEP 740's attestation object, which is the same in another shape.

use serde_json::{Value, json};

use super::session::Signed;
use super::{base64, from_hex};

/// The attestation object of PEP 740. `logged` is the log's answer.
///
/// # Errors
/// The log's answer lacks something.
pub fn attestation(signed: &Signed, logged: &Value) -> Result<Value, String> {
    Ok(json!({
        "version": 1,
        "verification_material": {
            "certificate": base64(&signed.certificate),
            "transparency_entries": [entry(logged)?],
        },
        "envelope": {
            "statement": base64(&signed.statement),
            "signature": base64(&signed.signature),
        },
    }))
}

/// The Sigstore bundle (v0.3) of an attestation object.
pub fn bundle(attestation: &Value) -> Value {
    let material = &attestation["verification_material"];
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": { "rawBytes": material["certificate"] },
            "tlogEntries": material["transparency_entries"],
        },
        "dsseEnvelope": {
            "payload": attestation["envelope"]["statement"],
            "payloadType": super::PAYLOAD,
            "signatures": [{ "sig": attestation["envelope"]["signature"] }],
        },
    })
}

/// The log's one entry in the form of the bundle. Numbers become texts, and zeros are written too:
/// readers demand them.
fn entry(logged: &Value) -> Result<Value, String> {
    let one = logged.as_object().and_then(|entries| entries.values().next());
    let read = || {
        let entry = one?;
        let proof = &entry["verification"]["inclusionProof"];
        let raw = |value: &Value| Some(base64(&from_hex(value.as_str()?)?));
        let number = |value: &Value| Some(value.as_u64()?.to_string());
        let hashes: Option<Vec<String>> = proof["hashes"].as_array()?.iter().map(raw).collect();
        Some(json!({
            "logIndex": number(&entry["logIndex"])?,
            "logId": { "keyId": raw(&entry["logID"])? },
            "kindVersion": { "kind": "dsse", "version": "0.0.1" },
            "integratedTime": number(&entry["integratedTime"])?,
            "inclusionPromise": {
                "signedEntryTimestamp": entry["verification"]["signedEntryTimestamp"].as_str()?,
            },
            "inclusionProof": {
                "logIndex": number(&proof["logIndex"])?,
                "rootHash": raw(&proof["rootHash"])?,
                "treeSize": number(&proof["treeSize"])?,
                "hashes": hashes?,
                "checkpoint": { "envelope": proof["checkpoint"].as_str()? },
            },
            "canonicalizedBody": entry["body"].as_str()?,
        }))
    };
    read().ok_or_else(|| "the log's answer is no entry with a proof".into())
}
