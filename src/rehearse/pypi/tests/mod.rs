//! Tests of the whole index: small wheels and source distributions, made here, against its answers.
//!
//! Tables name the rule, the status and the text of each refusal. Turned down: files on disk, since a
//! broken archive is best told by the bytes that were changed.

mod contents;
mod minting;
mod pages;
mod parcels;
mod requests;
mod uploads;

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::catalog::Digests;
use super::{Index, RULES, Settings};
use crate::rehearse::http::{Request, Response};
use crate::rehearse::oidc::{Claims, Issuer};

/// The instant of the tests.
const AT: u64 = 1_800_000_000;

const WHEEL: &str = "widget-1.2.3-py3-none-any.whl";
const SDIST: &str = "widget-1.2.3.tar.gz";

/// One issuer for all tests: making its key is slow.
static ISSUER: LazyLock<Issuer> = LazyLock::new(crate::rehearse::oidc::tests::issuer);

/// What is done to a good upload.
type Change = fn(&mut Attempt);

/// A rule, the status, the text and what is done to a good upload.
type Case = (&'static str, u16, &'static str, Change);

/// The claims of a good token, which was never used.
fn claims() -> Claims {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let mut claims = ISSUER.claims(AT);
    claims.insert("aud".into(), "pypi".into());
    claims.insert("jti".into(), MADE.fetch_add(1, Ordering::Relaxed).to_string().into());
    claims
}

/// A good token of the runner, which was never used.
fn runner_token() -> String {
    ISSUER.sign(&claims()).unwrap()
}

/// An empty index that takes attestations unless their signature is `AAAA`.
fn index() -> Index {
    let mut index = Index::new(Settings {
        name: "pypi".into(),
        base: "https://pypi.example".into(),
        docs: "https://docs.example".into(),
        issuer: ISSUER.verifier(),
        attest: Box::new(|artifact| {
            if artifact.attestation["envelope"]["signature"] == "AAAA" {
                return Err("Signature is invalid".into());
            }
            Ok(())
        }),
    });
    index.add_token("user", None);
    index
}

fn get(path: &str, accept: Option<&str>) -> Request {
    let accept = accept.map(|accept| ("accept".to_owned(), accept.to_owned()));
    Request {
        method: "GET".into(),
        path: path.into(),
        headers: accept.into_iter().collect(),
        ..Request::default()
    }
}

fn post(path: &str, body: &Value) -> Request {
    let body = body.to_string().into_bytes();
    Request { method: "POST".into(), path: path.into(), body, ..Request::default() }
}

fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

/// An upload to be spoilt and sent.
struct Attempt {
    index: Index,
    request: Request,
    fields: Vec<(String, String)>,
    filename: Option<String>,
    media_type: String,
    bytes: Vec<u8>,
    at: u64,
}

impl Attempt {
    /// A good wheel for an index.
    fn new(index: Index) -> Self {
        let mut attempt = Self {
            index,
            request: Request {
                method: "POST".into(),
                path: "/legacy/".into(),
                headers: vec![
                    ("accept".into(), "application/json;q=0.9, text/plain;q=0.8".into()),
                    ("content-type".into(), "multipart/form-data; boundary=\"=B=\"".into()),
                ],
                ..Request::default()
            },
            fields: Vec::new(),
            filename: Some(WHEEL.into()),
            media_type: "application/octet-stream".into(),
            bytes: parcels::wheel(&[]),
            at: AT,
        };
        for (name, value) in [
            (":action", "file_upload"),
            ("protocol_version", "1"),
            ("metadata_version", "2.4"),
            ("name", "widget"),
            ("version", "1.2.3"),
            ("filetype", "bdist_wheel"),
            ("pyversion", "py3"),
        ] {
            attempt.set(name, value);
        }
        attempt.token("user");
        attempt
    }

    /// A good source distribution instead.
    fn sdist(&mut self) {
        self.named(SDIST);
        self.set("filetype", "sdist");
        self.set("pyversion", "source");
        self.bytes = parcels::sdist("widget-1.2.3", &[]);
    }

    fn set(&mut self, name: &str, value: &str) {
        self.drop(name);
        self.add(name, value);
    }

    fn add(&mut self, name: &str, value: &str) {
        self.fields.push((name.into(), value.into()));
    }

    fn drop(&mut self, name: &str) {
        self.fields.retain(|(field, _)| field != name);
    }

    fn named(&mut self, filename: &str) {
        self.filename = Some(filename.into());
    }

    /// The token, by `Bearer`.
    fn token(&mut self, token: &str) {
        self.authorization(&format!("Bearer {token}"));
    }

    fn authorization(&mut self, value: &str) {
        self.request.headers.retain(|(name, _)| name != "authorization");
        self.request.headers.push(("authorization".into(), value.into()));
    }

    fn send(&mut self) -> Response {
        let digests = Digests::of(&self.bytes);
        let mut fields = self.fields.clone();
        for (name, value) in
            [("sha256_digest", &digests.sha256), ("blake2_256_digest", &digests.blake2)]
        {
            if !fields.iter().any(|(field, _)| field == name) {
                fields.push((name.into(), value.clone()));
            }
        }
        let mut body = Vec::new();
        let mut part = |head: String, bytes: &[u8]| {
            let head = format!("--=B=\r\nContent-Disposition: form-data; {head}\r\n\r\n");
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        };
        for (name, value) in &fields {
            // A name with a file's marks is how a field becomes a file.
            let (name, mark) = name.split_once('@').unwrap_or((name, ""));
            let mark =
                if mark.is_empty() { String::new() } else { format!("; filename=\"{mark}\"") };
            part(format!("name=\"{name}\"{mark}"), value.as_bytes());
        }
        if let Some(filename) = &self.filename {
            let kind = &self.media_type;
            part(
                format!("name=\"content\"; filename=\"{filename}\"\r\nContent-Type: {kind}"),
                &self.bytes,
            );
        }
        body.extend(b"--=B=--\r\n");
        self.request.body = body;
        self.index.answer(&self.request, self.at)
    }
}

/// Checks a refusal's status, text and rule. A text that ends in `…` is only begun.
fn assert_refused(response: &Response, status: u16, text: &str, rule: &str) {
    let found = response.rule.map_or("none", |rule| rule.name);
    let said = response.reason.clone().unwrap_or_default();
    let same = match text.strip_suffix('…') {
        Some(begun) => said.starts_with(begun),
        None => said == text,
    };
    let right = found == format!("pypi.{rule}") && response.status == status && same;
    assert!(
        right,
        "wanted {status} {text} by {rule}\n   got {} {said} by {found}",
        response.status
    );
}

#[test]
fn every_rule_was_broken_once() {
    let tables = [uploads::rules(), minting::rules(), pages::RULES.to_vec()];
    let broken: BTreeSet<String> =
        tables.iter().flatten().map(|name| format!("pypi.{name}")).collect();
    let known: BTreeSet<String> = RULES.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(broken, known);
    assert_eq!(known.len(), RULES.len(), "no name twice");
}

/// A statement about a file, as the content of an attestation.
fn attestation(filename: &str, bytes: &[u8], predicate: &str) -> Value {
    use base64::Engine as _;
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": filename, "digest": { "sha256": Digests::of(bytes).sha256 } }],
        "predicateType": predicate,
        "predicate": null,
    });
    let statement = base64::engine::general_purpose::STANDARD.encode(statement.to_string());
    json!({
        "version": 1,
        "verification_material": { "certificate": "Y2VydA==", "transparency_entries": [{}] },
        "envelope": { "statement": statement, "signature": "c2ln" },
    })
}

const PUBLISH: &str = "https://docs.example/attestations/publish/v1";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
