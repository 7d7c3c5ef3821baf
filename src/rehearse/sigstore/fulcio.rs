//! Fulcio: certificates that live for ten minutes, for whoever shows an identity token and a key.
//!
//! Sources: <https://github.com/sigstore/fulcio> (`docs/oid-info.md`, `docs/certificate-specification.md`),
//! RFC 5280, RFC 6962 for the timestamp of the certificate log within. Only identities of GitHub's
//! runners; the log of certificates keeps none of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::keys::{self, Key, armoured, base64, from_base64, point, sha256, unarmoured};
use super::{der, rules};
use crate::rehearse::http::{Request, Response, Rule};
use crate::rehearse::oidc::{Claims, Verifier};

/// Seconds that a certificate is good for.
const LIFETIME: u64 = 600;
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const TIMESTAMPS: &str = "1.3.6.1.4.1.11129.2.4.2";

/// A certificate that was given out.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) point: Vec<u8>,
    pub(super) from: u64,
    pub(super) until: u64,
}

pub(super) struct Fulcio {
    verifier: Verifier,
    server: String,
    root: Vec<u8>,
    intermediate: Vec<u8>,
    key: Key,
    pub(super) ct: Key,
    serial: u64,
    /// Certificates that were given out, by the SHA-256 of their bytes.
    pub(super) given: BTreeMap<[u8; 32], Given>,
}

impl Fulcio {
    pub(super) fn new(verifier: Verifier, server: &str, at: u64) -> Result<Self, String> {
        let (top, key, ct) = (Key::new()?, Key::new()?, Key::new()?);
        let (from, until) = (at.saturating_sub(86_400), at + 10 * 365 * 86_400);
        let names = ["root", "intermediate"].map(name);
        let root =
            authority(&Issuing { key: &top, name: &names[0] }, &top, &names[0], 1, (from, until))?;
        let intermediate =
            authority(&Issuing { key: &top, name: &names[0] }, &key, &names[1], 2, (from, until))?;
        let server = server.to_owned();
        Ok(Self {
            verifier,
            server,
            root,
            intermediate,
            key,
            ct,
            serial: 2,
            given: BTreeMap::new(),
        })
    }

    /// The authority's certificates, leaf-most first.
    pub(super) fn chain(&self) -> [&[u8]; 2] {
        [&self.intermediate, &self.root]
    }

    pub(super) fn answer(&mut self, request: &Request, at: u64) -> Response {
        self.certificate(request, at).unwrap_or_else(|(text, rule)| {
            Response::json(400, &json!({ "code": 3, "message": text, "details": [] })).by(rule)
        })
    }

    fn certificate(&mut self, request: &Request, at: u64) -> Result<Response, (String, Rule)> {
        let malformed =
            || ("There was an error processing the request body".to_owned(), rules::BODY);
        let body = request.json().ok_or_else(malformed)?;
        let token = body["credentials"]["oidcIdentityToken"].as_str();
        let token = token.or_else(|| request.authorization("bearer")).ok_or_else(malformed)?;
        let claims = self.verifier.check(token, "sigstore", at, 0).map_err(|_| {
            ("There was an error processing the identity token".to_owned(), rules::TOKEN)
        })?;
        let point = proven_key(&body, &claims)?;
        let leaf = self.leaf(&point, &claims, at).map_err(|why| (why, rules::BODY))?;
        self.given.insert(sha256(&leaf), Given { point, from: at, until: at + LIFETIME });
        let chain = [leaf.as_slice(), &self.intermediate, &self.root];
        let chain: Vec<String> = chain.iter().map(|one| armoured("CERTIFICATE", one)).collect();
        Ok(Response::json(
            200,
            &json!({ "signedCertificateEmbeddedSct": { "chain": { "certificates": chain } } }),
        ))
    }

    /// The certificate with the timestamp of the certificate log within (RFC 6962, 3.3).
    fn leaf(&mut self, point: &[u8], claims: &Claims, at: u64) -> Result<Vec<u8>, String> {
        self.serial += 1;
        let issuing = Issuing { key: &self.key, name: &name("intermediate") };
        let key = der::sequence(&[
            der::sequence(&[der::oid("1.2.840.10045.2.1"), der::oid("1.2.840.10045.3.1.7")]),
            der::bits(point),
        ]);
        let mut extensions = vec![
            extension("2.5.29.15", true, &[0x03, 0x02, 0x07, 0x80]),
            extension("2.5.29.37", false, &der::sequence(&[der::oid("1.3.6.1.5.5.7.3.3")])),
            extension("2.5.29.14", false, &der::octets(&sha256(point)[..20])),
            identifier_of(issuing.key),
        ];
        extensions.extend(identity(claims, &self.server));
        let about = |extensions: &[Vec<u8>]| {
            to_be_signed(
                &issuing,
                &der::sequence(&[]),
                &key,
                self.serial + 1000,
                (at, at + LIFETIME),
                extensions,
            )
        };
        let before = about(&extensions);
        let millis = (at * 1000).to_be_bytes();
        let issuer = sha256(&issuing.key.public());
        let length = u32::try_from(before.len()).unwrap_or_default().to_be_bytes();
        let logged =
            [&[0, 0], &millis[..], &[0, 1], &issuer, &length[1..], &before, &[0, 0]].concat();
        let signature = self.ct.sign(&logged)?;
        let size = u16::try_from(signature.len()).unwrap_or_default().to_be_bytes();
        let one = [&[0], &self.ct.id()[..], &millis, &[0, 0, 4, 3], &size, &signature].concat();
        let size = |length: usize| u16::try_from(length).unwrap_or_default().to_be_bytes();
        let list = [&size(one.len() + 2)[..], &size(one.len()), &one].concat();
        extensions.push(extension(TIMESTAMPS, false, &der::octets(&list)));
        signed(issuing.key, about(&extensions))
    }
}

/// Who issues a certificate.
struct Issuing<'a> {
    key: &'a Key,
    name: &'a [u8],
}

/// The point of the key in a request, if whoever asks has shown to hold it.
fn proven_key(body: &Value, claims: &Claims) -> Result<Vec<u8>, (String, Rule)> {
    let wrong = |text: &str, rule: Rule| (text.to_owned(), rule);
    if let Some(request) = body["certificateSigningRequest"].as_str() {
        let raw = from_base64(request).and_then(|raw| String::from_utf8(raw).ok());
        let raw = raw.and_then(|text| unarmoured(&text, &["CERTIFICATE REQUEST"]));
        let (point, about, signature) =
            raw.as_deref().and_then(signing_request).ok_or_else(|| {
                wrong("The certificate signing request could not be parsed", rules::KEY)
            })?;
        return if keys::is_signed(&point, &about, &signature) {
            Ok(point)
        } else {
            Err(wrong("The signature of the certificate signing request is invalid", rules::PROOF))
        };
    }
    let key = &body["publicKeyRequest"];
    let content = key["publicKey"]["content"].as_str().unwrap_or_default();
    let info = unarmoured(content, &["PUBLIC KEY"]).ok_or_else(|| {
        wrong("The public key supplied in the request could not be parsed", rules::KEY)
    })?;
    let point = point(&info).ok_or_else(|| {
        wrong("The public key supplied in the request is of an unsupported type", rules::KEY_TYPE)
    })?;
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let proof = key["proofOfPossession"].as_str().and_then(from_base64).unwrap_or_default();
    if keys::is_signed(&point, subject.as_bytes(), &proof) {
        Ok(point)
    } else {
        Err(wrong("The signature supplied in the request could not be verified", rules::PROOF))
    }
}

/// Point, signed part and signature of a PKCS #10 request (RFC 2986).
fn signing_request(raw: &[u8]) -> Option<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    let (whole, _) = der::read(raw)?;
    let parts = der::parts(whole.content)?;
    let [about, _, signature] = parts[..] else { return None };
    let key = *der::parts(about.content)?.get(2)?;
    let signature = signature.content.split_first()?.1;
    Some((point(key.whole)?, about.whole.to_vec(), signature.to_vec()))
}

/// What the token says of the run, as extensions (`oid-info.md`).
fn identity(claims: &Claims, server: &str) -> Vec<Vec<u8>> {
    let claim =
        |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let at = |path: String| format!("{server}/{path}");
    let place = |number: u32| format!("1.3.6.1.4.1.57264.1.{number}");
    let signer = at(claim("job_workflow_ref"));
    let names = der::sequence(&[der::tagged(0x86, signer.as_bytes())]);
    let mut all = vec![extension("2.5.29.17", true, &names)];
    let raw =
        [(1, "iss"), (2, "event_name"), (3, "sha"), (4, "workflow"), (5, "repository"), (6, "ref")];
    all.extend(raw.map(|(number, name)| extension(&place(number), false, claim(name).as_bytes())));
    let run = format!(
        "{}/actions/runs/{}/attempts/{}",
        claim("repository"),
        claim("run_id"),
        claim("run_attempt")
    );
    let texts = [
        (8, claim("iss")),
        (9, signer),
        (10, claim("job_workflow_sha")),
        (11, claim("runner_environment")),
        (12, at(claim("repository"))),
        (13, claim("sha")),
        (14, claim("ref")),
        (15, claim("repository_id")),
        (16, at(claim("repository_owner"))),
        (17, claim("repository_owner_id")),
        (18, at(claim("workflow_ref"))),
        (19, claim("workflow_sha")),
        (20, claim("event_name")),
        (21, at(run)),
        (22, claim("repository_visibility")),
        (23, claim("environment")),
        (24, claim("sub")),
    ];
    let told = texts.into_iter().filter(|(_, text)| !text.is_empty());
    all.extend(told.map(|(number, text)| extension(&place(number), false, &der::utf8(&text))));
    all
}

fn name(common: &str) -> Vec<u8> {
    let part =
        |kind: &str, text: &str| der::set(&[der::sequence(&[der::oid(kind), der::utf8(text)])]);
    der::sequence(&[part("2.5.4.10", "rel rehearsal"), part("2.5.4.3", common)])
}

/// A certificate of the authority itself: the root may have one below it, which has none.
fn authority(
    issuing: &Issuing<'_>,
    key: &Key,
    subject: &[u8],
    serial: u64,
    validity: (u64, u64),
) -> Result<Vec<u8>, String> {
    let is_root = issuing.name == subject;
    let below = der::integer(&[u8::from(is_root)]);
    let mut extensions = vec![
        extension("2.5.29.19", true, &der::sequence(&[vec![0x01, 0x01, 0xff], below])),
        extension("2.5.29.15", true, &[0x03, 0x02, 0x01, 0x06]),
        extension("2.5.29.14", false, &der::octets(&key.id()[..20])),
        identifier_of(issuing.key),
    ];
    if !is_root {
        let purpose = der::sequence(&[der::oid("1.3.6.1.5.5.7.3.3")]);
        extensions.push(extension("2.5.29.37", false, &purpose));
    }
    signed(
        issuing.key,
        to_be_signed(issuing, subject, &key.public(), serial, validity, &extensions),
    )
}

fn identifier_of(key: &Key) -> Vec<u8> {
    extension("2.5.29.35", false, &der::sequence(&[der::tagged(0x80, &key.id()[..20])]))
}

fn extension(id: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let mark = if critical { vec![0x01, 0x01, 0xff] } else { Vec::new() };
    der::sequence(&[der::oid(id), mark, der::octets(value)])
}

fn to_be_signed(
    issuing: &Issuing<'_>,
    subject: &[u8],
    key: &[u8],
    serial: u64,
    (from, until): (u64, u64),
    extensions: &[Vec<u8>],
) -> Vec<u8> {
    der::sequence(&[
        der::tagged(0xa0, &der::integer(&[2])),
        der::integer(&serial.to_be_bytes()),
        der::sequence(&[der::oid(ECDSA_SHA256)]),
        issuing.name.to_vec(),
        der::sequence(&[der::utc_time(from), der::utc_time(until)]),
        subject.to_vec(),
        key.to_vec(),
        der::tagged(0xa3, &der::sequence(extensions)),
    ])
}

fn signed(key: &Key, about: Vec<u8>) -> Result<Vec<u8>, String> {
    let signature = key.sign(&about)?;
    Ok(der::sequence(&[about, der::sequence(&[der::oid(ECDSA_SHA256)]), der::bits(&signature)]))
}

/// What a log's or authority's part of the trusted root is made of.
pub(super) fn raw(bytes: &[u8]) -> Value {
    json!({ "rawBytes": base64(bytes) })
}
