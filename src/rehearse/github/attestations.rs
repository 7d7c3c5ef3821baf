//! The store of attestations: bundles by the digests of what they are about.
//!
//! The form of a bundle is judged, not its signature: the real store leaves that to who reads it.
//! Neither are cursors kept, so that a list ends after one page. The newer version of the API names
//! bundles by an address only, where they are compressed (snappy).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::body::{Body, unsupplied};
use super::download::page;
use super::rules::{self, Checked, missing, refuse};
use super::{Ask, Forge, Visibility, is_newest};
use crate::rehearse::html;
use crate::rehearse::http::{Response, Rule};

/// An attestation in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Attestation {
    /// Its number.
    pub id: u64,
    /// Digests of what it is about, such as `sha256:…`.
    pub subjects: Vec<String>,
    /// What kind of statement it is.
    pub predicate_type: String,
    /// The bundle as it was sent.
    pub bundle: Value,
}

const FILES: &str = "/github-production-attestations/";
const MOST: usize = 1_024;
/// Short names of predicate types that a reader may ask for.
const SHORT: &[(&str, &[&str])] = &[
    ("provenance", &["https://slsa.dev/provenance/v1"]),
    ("sbom", &["https://spdx.dev/Document", "https://cyclonedx.org/bom"]),
    ("release", &["https://in-toto.io/attestation/release"]),
];

impl Forge {
    pub(super) fn create_attestation(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        if self.visibility == Visibility::Private {
            let message = "Feature not available for user-owned private repositories. To enable \
                           this feature, please make this repository public.";
            return Err(refuse(403, rules::ATTESTATION_PLAN, message));
        }
        let body = Body::of(ask.request)?;
        let bundle = body.object("bundle")?.ok_or_else(|| unsupplied("bundle"))?;
        let (subjects, predicate_type) = statement(bundle)?;
        let bundle = Value::Object(bundle.clone());
        let id = self.next();
        self.attestations.push(Attestation { id, subjects, predicate_type, bundle });
        Ok(Response::json(201, &json!({ "id": id })))
    }

    pub(super) fn list_attestations(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let kind = ask.request.query("predicate_type");
        let size = ask.request.query("per_page").and_then(|text| text.parse().ok()).unwrap_or(30);
        let fits = |one: &&Attestation| {
            one.subjects.iter().any(|subject| subject == ask.arg(0))
                && kind.is_none_or(|kind| is_of(&one.predicate_type, kind))
        };
        let shown = |one: &Attestation| {
            let address = format!("{}{FILES}{}.json.sn", self.settings.downloads, one.id);
            let mut shown = json!({
                "repository_id": self.settings.repository_id,
                "bundle_url": address,
                "initiator": "user",
            });
            if let (Value::Object(fields), false) = (&mut shown, is_newest(ask.request)) {
                fields.insert("bundle".into(), one.bundle.clone());
            }
            shown
        };
        let all: Vec<Value> =
            self.attestations.iter().rev().filter(fits).take(size).map(shown).collect();
        if all.is_empty() {
            return Err(missing());
        }
        Ok(Response::json(200, &json!({ "attestations": all })))
    }

    /// A bundle at the address that a list named; `None` if the path is none of a bundle.
    pub(super) fn answer_bundle(&self, path: &str) -> Option<Response> {
        let id = path.strip_prefix(FILES)?.strip_suffix(".json.sn")?.parse().ok();
        let found = self.attestations.iter().find(|one| Some(one.id) == id);
        Some(match found {
            Some(one) => {
                let packed = snappy(one.bundle.to_string().as_bytes());
                Response::of(200, "application/x-snappy", packed)
            }
            None => Response::text(404, "Not Found").by(rules::NOT_FOUND),
        })
    }

    /// The page of an attestation.
    pub(super) fn attestation_page(&self, id: &str) -> Checked<Response> {
        let found = self.attestations.iter().find(|one| one.id.to_string() == id);
        let one = found.ok_or_else(missing)?;
        let line = |subject: &String| format!("<li>{}</li>\n", html::escaped(subject));
        let lines: String = one.subjects.iter().map(line).collect();
        let kind = html::escaped(&one.predicate_type);
        Ok(page("Attestation", &format!("<p>{kind}</p>\n<ul>\n{lines}</ul>\n")))
    }
}

fn is_of(predicate_type: &str, asked: &str) -> bool {
    match SHORT.iter().find(|(short, _)| *short == asked) {
        Some((_, starts)) => starts.iter().any(|start| predicate_type.starts_with(start)),
        None => predicate_type == asked,
    }
}

fn invalid(rule: Rule, what: &str) -> Response {
    refuse(422, rule, format!("Invalid Argument - {what}"))
}

/// The digests and the predicate type of a bundle's statement.
fn statement(bundle: &Map<String, Value>) -> Checked<(Vec<String>, String)> {
    let wrong = |what: &str| invalid(rules::BUNDLE, what);
    let kind = bundle.get("mediaType").and_then(Value::as_str).unwrap_or_default();
    if !kind.starts_with("application/vnd.dev.sigstore.bundle") {
        return Err(wrong("unsupported media type of the bundle"));
    }
    if !bundle.get("verificationMaterial").is_some_and(Value::is_object) {
        return Err(wrong("missing verification material"));
    }
    let envelope = bundle.get("dsseEnvelope").ok_or_else(|| wrong("missing DSSE envelope"))?;
    let of = |name: &str| envelope.get(name);
    if of("payloadType").and_then(Value::as_str) != Some("application/vnd.in-toto+json") {
        return Err(wrong("unsupported payload type"));
    }
    if of("signatures").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(wrong("missing signature"));
    }
    let payload = of("payload").and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
    let statement: Value = payload
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| wrong("payload is no in-toto statement"))?;
    let subjects = digests(&statement)?;
    let predicate = statement.get("predicateType").and_then(Value::as_str);
    let predicate = predicate.ok_or_else(|| wrong("missing predicate type"))?;
    Ok((subjects, predicate.to_owned()))
}

fn digests(statement: &Value) -> Checked<Vec<String>> {
    let wrong = |what: &str| invalid(rules::BUNDLE_SUBJECTS, what);
    let subjects = statement.get("subject").and_then(Value::as_array);
    let subjects = subjects.filter(|list| !list.is_empty());
    let subjects = subjects.ok_or_else(|| wrong("missing subject in statement"))?;
    if subjects.len() > MOST {
        return Err(wrong(&format!("more than {MOST} subjects in statement")));
    }
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for subject in subjects {
        if !seen.insert(subject.to_string()) {
            return Err(wrong("duplicate subject in statement"));
        }
        let digests = subject.get("digest").and_then(Value::as_object);
        let digests = digests.filter(|digests| !digests.is_empty());
        for (kind, hex) in digests.ok_or_else(|| wrong("missing digest of subject"))? {
            all.push(format!("{kind}:{}", hex.as_str().unwrap_or_default()));
        }
    }
    Ok(all)
}

/// The block format of snappy, with nothing but literals
/// (<https://github.com/google/snappy/blob/main/format_description.txt>).
fn snappy(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(low(length) | 0x80);
        length >>= 7;
    }
    out.push(low(length));
    for chunk in bytes.chunks(0x1_0000) {
        let last = chunk.len() - 1;
        out.extend([61 << 2, low(last), low(last >> 8)]);
        out.extend(chunk);
    }
    out
}

/// The lowest byte of a number.
fn low(number: usize) -> u8 {
    number.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::snappy;

    #[test]
    fn snappy_has_its_length_before_its_literals() {
        assert_eq!(snappy(b"abc"), b"\x03\xf4\x02\x00abc");
        let long = vec![7; 0x1_0001];
        let packed = snappy(&long);
        assert_eq!(&packed[..6], b"\x81\x80\x04\xf4\xff\xff");
        assert_eq!(&packed[packed.len() - 4..], b"\xf4\x00\x00\x07");
        assert_eq!(packed.len(), 3 + 2 * 3 + long.len());
    }
}
