//! What an index does with an attestation: a real verification against the world's root, by a library
//! that this project has not written, and the publisher's identity in the certificate.
//!
//! Sources: PEP 740; pypi-attestations' policy for GitHub publishers. The statement itself is the
//! index's matter.

use serde_json::{Value, json};
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::types::{Artifact, Bundle, Sha256Hash};
use sigstore_verify::{VerificationPolicy, Verifier};

/// Whom the certificate has to be of.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The issuer of identities.
    pub issuer: String,
    /// The forge's address.
    pub server: String,
    /// `owner/name`.
    pub repository: String,
    /// File name of the workflow.
    pub workflow: String,
}

/// Verifies an attestation object (PEP 740) about a file with this digest, in hexadecimal digits.
///
/// # Errors
/// What does not hold.
pub fn verify(
    trusted_root: &Value,
    sha256: &str,
    attestation: &Value,
    expected: &Expected,
) -> Result<(), String> {
    let root =
        TrustedRoot::from_json(&trusted_root.to_string()).map_err(|error| error.to_string())?;
    let bundle =
        Bundle::from_json(&bundle(attestation).to_string()).map_err(|error| error.to_string())?;
    let digest = Sha256Hash::from_hex(sha256).map_err(|error| error.to_string())?;
    let policy = VerificationPolicy::any_identity().require_issuer(expected.issuer.clone());
    let verifier = Verifier::new(&root).map_err(|error| error.to_string())?;
    let verified = verifier
        .verify(Artifact::from_digest(digest), &bundle, &policy)
        .map_err(|error| error.to_string())?;
    let claims = &verified.certificate().ok_or("no certificate")?.ci_claims;
    let repository = format!("{}/{}", expected.server, expected.repository);
    if claims.source_repository_uri.as_deref() != Some(repository.as_str()) {
        return Err(format!(
            "Certificate's Source Repository URI does not match: {:?} != {repository:?}",
            claims.source_repository_uri.as_deref().unwrap_or_default()
        ));
    }
    let config = claims.build_config_uri.as_deref().unwrap_or_default();
    let workflow = format!("{repository}/.github/workflows/{}@", expected.workflow);
    let at = config.strip_prefix(&workflow);
    let refs = [&claims.source_repository_ref, &claims.source_repository_digest];
    if at.is_none_or(|at| !refs.iter().any(|known| known.as_deref() == Some(at))) {
        return Err(format!(
            "Certificate's Build Config URI {config:?} does not match expected Trusted Publisher ({} @ {})",
            expected.workflow, expected.repository
        ));
    }
    Ok(())
}

/// The attestation in the shape that verifiers read (Sigstore bundle v0.3).
fn bundle(attestation: &Value) -> Value {
    let (material, envelope) = (&attestation["verification_material"], &attestation["envelope"]);
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": { "rawBytes": material["certificate"] },
            "tlogEntries": material["transparency_entries"],
        },
        "dsseEnvelope": {
            "payload": envelope["statement"],
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{ "sig": envelope["signature"] }],
        },
    })
}
