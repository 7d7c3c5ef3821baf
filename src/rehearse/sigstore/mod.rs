//! Sigstore of the rehearsal: Fulcio, the log of its certificates, and Rekor v1, under a root of its own.
//!
//! Bytes as the public instance's, so that unmodified verifiers accept them with this root. No
//! timestamp authority and no Rekor v2: attestations on indexes have no place for them. Turned down:
//! a mock that takes any token and any signature, which would rehearse nothing.

mod der;
mod fulcio;
mod keys;
mod rekor;
mod rules;
#[cfg(test)]
mod tests;
pub mod verify;

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::oidc::Verifier;
use crate::calendar;
use fulcio::{Fulcio, raw};
use keys::{Key, base64};
use rekor::Rekor;

pub use rules::RULES;

/// Addresses that belong to it.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// Fulcio.
    pub fulcio: String,
    /// Rekor.
    pub rekor: String,
    /// The forge whose runs it knows.
    pub server: String,
}

/// The services.
pub struct Sigstore {
    addresses: Addresses,
    fulcio: Fulcio,
    rekor: Rekor,
    /// Seconds since 1970 from when on its keys count.
    since: u64,
}

impl Sigstore {
    /// Services with new keys, for identities that `issuer` checks.
    ///
    /// # Errors
    /// No key could be made.
    pub fn new(addresses: Addresses, issuer: Verifier, at: u64) -> Result<Self, String> {
        let host = addresses.rekor.split("://").last().unwrap_or_default();
        let rekor = Rekor::new(host.trim_end_matches('/'))?;
        let fulcio = Fulcio::new(issuer, &addresses.server, at)?;
        Ok(Self { addresses, fulcio, rekor, since: at.saturating_sub(3600) })
    }

    /// Answers a request that is made at `at`, in seconds since 1970.
    pub fn answer(&mut self, request: &Request, at: u64) -> Response {
        if request.path.starts_with("/api/v1/log") {
            return self.rekor.answer(request, &self.fulcio.given, at);
        }
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/api/v2/signingCert") => self.fulcio.answer(request, at),
            _ => Response::json(404, &json!({ "code": 5, "message": "Not Found", "details": [] })),
        }
    }

    /// How many statements the log was given.
    pub fn entries(&self) -> usize {
        self.rekor.count()
    }

    /// SHA-256 of each statement in the log, in hexadecimal digits: twice for one that is there twice.
    pub fn statements(&self) -> impl Iterator<Item = String> + '_ {
        self.rekor.statements()
    }

    /// The trusted root of all this (`trusted_root.json`, protobuf-specs).
    pub fn trusted_root(&self) -> Value {
        let since = json!({ "start": calendar::rfc3339(self.since) });
        let log = |key: &Key, address: &str| {
            json!({
                "baseUrl": address,
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": base64(&key.public()),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": since,
                },
                "logId": { "keyId": base64(&key.id()) },
            })
        };
        let chain: Vec<Value> = self.fulcio.chain().into_iter().map(raw).collect();
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&self.rekor.key, &self.addresses.rekor)],
            "certificateAuthorities": [{
                "subject": { "organization": "rel rehearsal", "commonName": "root" },
                "uri": self.addresses.fulcio,
                "certChain": { "certificates": chain },
                "validFor": since,
            }],
            "ctlogs": [log(&self.fulcio.ct, &self.addresses.fulcio)],
            "timestampAuthorities": [],
        })
    }

    /// Where clients find the services (`signing_config.v0.2.json`, protobuf-specs).
    pub fn signing_config(&self) -> Value {
        let service = |address: &str| {
            json!([{
                "url": address,
                "majorApiVersion": 1,
                "validFor": { "start": calendar::rfc3339(self.since) },
                "operator": "rel rehearsal",
            }])
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": service(&self.addresses.fulcio),
            "oidcUrls": [],
            "rekorTlogUrls": service(&self.addresses.rekor),
            "tsaUrls": [],
            "rekorTlogConfig": { "selector": "ANY" },
            "tsaConfig": { "selector": "ANY" },
        })
    }
}
