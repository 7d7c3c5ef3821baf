//! The store of attestations: bundles by the digest of what they are about.
//!
//! The store keeps what it is given, and judges no signature: who reads does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::access::{Area, Level, Token};
use super::rules::{self, Checked, not_found, refuse};
use super::{Forge, object};
use crate::rehearse::http::{Request, Response};

/// A bundle, with the digests that it is about.
pub(super) struct Stored {
    digests: Vec<String>,
    predicate: String,
    bundle: Value,
    by: String,
}

impl Forge {
    pub(super) fn of_attestations(
        &mut self,
        request: &Request,
        method: &str,
        path: &[&str],
        token: Option<&Token>,
    ) -> Checked<Response> {
        match (method, path) {
            ("POST", []) => {
                let by = Self::may(token, Area::Attestations, Level::Write)?.login.clone();
                if self.visibility != "public" {
                    let message = "Feature not available for the user";
                    return Err(refuse(403, rules::ATTESTATION_PLAN, message));
                }
                let told = object(request)?;
                let bundle = told.get("bundle").cloned().unwrap_or_default();
                let stored = read(bundle, by).ok_or_else(|| {
                    refuse(422, rules::BUNDLE, "Invalid request.\n\nInvalid bundle.")
                })?;
                self.stored.push(stored);
                let id = self.next_id();
                Ok(Response::json(201, &json!({ "id": id })))
            }
            ("GET", [digest]) => self.attested(request, digest),
            _ => Err(not_found()),
        }
    }

    fn attested(&self, request: &Request, digest: &str) -> Checked<Response> {
        let kind = request.query("predicate_type");
        let is_it = |one: &&Stored| {
            one.digests.iter().any(|known| known == digest)
                && kind.is_none_or(|kind| one.predicate == kind)
        };
        let found: Vec<Value> = self
            .stored
            .iter()
            .filter(is_it)
            .map(|one| {
                json!({
                    "bundle": one.bundle,
                    "repository_id": 2002,
                    "bundle_url": "",
                    "initiator": one.by,
                })
            })
            .collect();
        if found.is_empty() {
            return Err(not_found());
        }
        Ok(Response::json(200, &json!({ "attestations": found })))
    }
}

/// A bundle that is one: a signed statement with its proof.
fn read(bundle: Value, by: String) -> Option<Stored> {
    let media = bundle["mediaType"].as_str()?;
    if !media.starts_with("application/vnd.dev.sigstore.bundle") {
        return None;
    }
    bundle["verificationMaterial"].as_object()?;
    bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str()?;
    let payload = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str()?).ok()?;
    let statement: Value = serde_json::from_slice(&payload).ok()?;
    let digest =
        |subject: &Value| Some(format!("sha256:{}", subject["digest"]["sha256"].as_str()?));
    let digests: Vec<String> = statement["subject"].as_array()?.iter().filter_map(digest).collect();
    let predicate = statement["predicateType"].as_str()?.to_owned();
    (!digests.is_empty()).then_some(Stored { digests, predicate, bundle, by })
}
