//! Keys of the services: ECDSA on P-256 with SHA-256, as all of Sigstore's public instance.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::der;

/// A key pair.
pub(super) struct Key {
    pair: EcdsaKeyPair,
}

impl Key {
    pub(super) fn new() -> Result<Self, String> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        Ok(Self { pair: pair.map_err(|_| "no key could be made")? })
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let signature = self.pair.sign(&SystemRandom::new(), bytes);
        Ok(signature.map_err(|_| "the key does not sign")?.as_ref().to_vec())
    }

    /// `SubjectPublicKeyInfo`.
    pub(super) fn public(&self) -> Vec<u8> {
        info(self.pair.public_key().as_ref())
    }

    /// SHA-256 of the public key: how logs are named.
    pub(super) fn id(&self) -> [u8; 32] {
        sha256(&self.public())
    }
}

fn algorithm() -> Vec<u8> {
    der::sequence(&[der::oid("1.2.840.10045.2.1"), der::oid("1.2.840.10045.3.1.7")])
}

fn info(point: &[u8]) -> Vec<u8> {
    der::sequence(&[algorithm(), der::bits(point)])
}

/// The point of a `SubjectPublicKeyInfo` on P-256.
pub(super) fn point(info: &[u8]) -> Option<Vec<u8>> {
    let (whole, rest) = der::read(info)?;
    let parts = der::parts(whole.content)?;
    let [kind, key] = parts[..] else { return None };
    let (none, point) = key.content.split_first()?;
    let fits = rest.is_empty() && kind.whole == algorithm() && *none == 0 && point.len() == 65;
    fits.then(|| point.to_vec())
}

/// Whether `signature` is one of the key with this point over `bytes`.
pub(super) fn is_signed(point: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(bytes, signature).is_ok()
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Armour in lines of 64 letters, with a newline at the end.
pub(super) fn armoured(label: &str, der: &[u8]) -> String {
    let text = base64(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .filter_map(|at| text.get(at..text.len().min(at + 64)))
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// What armour of one of these labels holds.
pub(super) fn unarmoured(text: &str, labels: &[&str]) -> Option<Vec<u8>> {
    let label = labels.iter().find(|label| text.contains(&format!("-----BEGIN {label}-----")))?;
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    from_base64(&body.split_whitespace().collect::<String>())
}
