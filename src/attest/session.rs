//! A signing session: one key and one certificate, which live for ten minutes, for many statements.
//!
//! Sources: Fulcio's API v2 (<https://github.com/sigstore/fulcio>), DSSE
//! (<https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>), Rekor v1's `dsse` 0.0.1. Rekor v2
//! has no time of its own, and PEP 740 no place for another: an attestation with it could not be published.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::{PAYLOAD, base64, from_base64, from_pem, pem};

/// What stands before the point in a P-256 key's `SubjectPublicKeyInfo` (RFC 5480).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A key that no certificate was given for yet.
pub struct Key {
    pair: EcdsaKeyPair,
}

/// A key with its certificate.
pub struct Session {
    key: Key,
    certificate: Vec<u8>,
}

/// A statement with its signature.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The statement's bytes.
    pub statement: Vec<u8>,
    /// The signature (ECDSA P-256 with SHA-256, DER).
    pub signature: Vec<u8>,
    /// The certificate (DER).
    pub certificate: Vec<u8>,
}

impl Key {
    /// A new key, which never leaves the process.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new() -> Result<Self, String> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        Ok(Self { pair: pair.map_err(|_| "no key could be made")? })
    }

    fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let signature = self.pair.sign(&SystemRandom::new(), bytes);
        Ok(signature.map_err(|_| "the key does not sign")?.as_ref().to_vec())
    }

    /// The body of a request for a certificate. `subject` is the token's `sub`, by whose signature the
    /// key is shown to be ours.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn request(&self, token: &str, subject: &str) -> Result<Value, String> {
        let public = [P256.as_slice(), self.pair.public_key().as_ref()].concat();
        Ok(json!({
            "credentials": { "oidcIdentityToken": token },
            "publicKeyRequest": {
                "publicKey": { "algorithm": "ECDSA", "content": pem("PUBLIC KEY", &public) },
                "proofOfPossession": base64(&self.sign(subject.as_bytes())?),
            },
        }))
    }

    /// The session that the answer to such a request begins.
    ///
    /// # Errors
    /// The answer holds no certificate.
    pub fn certified(self, answer: &Value) -> Result<Session, String> {
        let chain = ["signedCertificateEmbeddedSct", "signedCertificateDetachedSct"]
            .iter()
            .find_map(|kind| answer[*kind]["chain"]["certificates"].as_array());
        let leaf = chain.and_then(|chain| from_pem("CERTIFICATE", chain.first()?.as_str()?));
        Ok(Session { key: self, certificate: leaf.ok_or("the answer holds no certificate")? })
    }
}

impl Session {
    /// Signs a statement.
    ///
    /// # Errors
    /// The key does not sign.
    pub fn sign(&self, statement: Vec<u8>) -> Result<Signed, String> {
        let signature = self.key.sign(&pre_authentication(&statement))?;
        Ok(Signed { statement, signature, certificate: self.certificate.clone() })
    }
}

/// What is signed instead of the statement itself (DSSE, "PAE").
fn pre_authentication(statement: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD} {} ", PAYLOAD.len(), statement.len());
    [head.as_bytes(), statement].concat()
}

impl Signed {
    /// The envelope (DSSE).
    pub fn envelope(&self) -> Value {
        json!({
            "payload": base64(&self.statement),
            "payloadType": PAYLOAD,
            "signatures": [{ "sig": base64(&self.signature) }],
        })
    }

    /// What was signed, from the body of a request to write it to the log.
    pub fn of_entry(entry: &Value) -> Option<Self> {
        let content = &entry["spec"]["proposedContent"];
        let envelope: Value = serde_json::from_str(content["envelope"].as_str()?).ok()?;
        let certificate =
            String::from_utf8(from_base64(content["verifiers"][0].as_str()?)?).ok()?;
        Some(Self {
            statement: from_base64(envelope["payload"].as_str()?)?,
            signature: from_base64(envelope["signatures"][0]["sig"].as_str()?)?,
            certificate: from_pem("CERTIFICATE", &certificate)?,
        })
    }

    /// The body of a request to write it to the log.
    pub fn entry(&self) -> Value {
        let certificate = pem("CERTIFICATE", &self.certificate);
        json!({
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": { "proposedContent": {
                "envelope": self.envelope().to_string(),
                "verifiers": [base64(certificate.as_bytes())],
            } },
        })
    }
}
