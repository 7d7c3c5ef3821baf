//! Rekor v1: a log that only grows, with a signed time and a proof of inclusion for each entry.
//!
//! Sources: Rekor's API v1 (<https://github.com/sigstore/rekor>, type `dsse` 0.0.1), RFC 6962 for the
//! tree, <https://github.com/transparency-dev/formats> for checkpoints. Only entries of type `dsse`. It
//! begins with some entries, since a tree of one leaf hides mistakes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fulcio::Given;
use super::keys::{Key, armoured, base64, from_base64, hex, is_signed, sha256, unarmoured};
use super::rules;
use crate::rehearse::http::{Request, Response, Rule};

/// How many entries stand in shards before this one.
const EARLIER: usize = 1000;
/// The number of this shard's tree.
const TREE: u64 = 0x0072_656c_7265_6865;

pub(super) struct Rekor {
    pub(super) key: Key,
    host: String,
    leaves: Vec<[u8; 32]>,
    entries: BTreeMap<String, Entry>,
}

struct Entry {
    body: String,
    at: u64,
    index: usize,
}

impl Rekor {
    pub(super) fn new(host: &str) -> Result<Self, String> {
        let leaves = (0..5_u8).map(|seed| sha256(&[0, seed])).collect();
        Ok(Self { key: Key::new()?, host: host.to_owned(), leaves, entries: BTreeMap::new() })
    }

    /// How many statements were written to the log.
    pub(super) fn count(&self) -> usize {
        self.entries.len()
    }

    /// Digests of the statements that were written.
    pub(super) fn statements(&self) -> impl Iterator<Item = String> + '_ {
        let digest = |entry: &Entry| {
            let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
            body["spec"]["payloadHash"]["value"].as_str().unwrap_or_default().to_owned()
        };
        self.entries.values().map(digest)
    }

    pub(super) fn answer(
        &mut self,
        request: &Request,
        given: &BTreeMap<[u8; 32], Given>,
        at: u64,
    ) -> Response {
        let segments = request.segments();
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        let found = match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["api", "v1", "log", "entries"]) => self.write(request, given, at),
            ("POST", ["api", "v1", "log", "entries", "retrieve"]) => self.search(request, given),
            ("GET" | "HEAD", ["api", "v1", "log", "entries", id]) => Ok(self.read(id)),
            ("GET" | "HEAD", ["api", "v1", "log", "entries"]) => {
                let index = request.query("logIndex").and_then(|text| text.parse::<usize>().ok());
                let at = |entry: &&Entry| index == Some(entry.index + EARLIER);
                let id = self.entries.iter().find(|(_, entry)| at(entry)).map(|(id, _)| id.clone());
                Ok(id.map_or_else(not_found, |id| self.read(&id)))
            }
            ("GET" | "HEAD", ["api", "v1", "log", "publicKey"]) => {
                let key = armoured("PUBLIC KEY", &self.key.public());
                Ok(Response::of(200, "application/x-pem-file", key.into_bytes()))
            }
            ("GET" | "HEAD", ["api", "v1", "log"]) => self.state(),
            _ => Ok(not_found()),
        };
        found.unwrap_or_else(|(text, rule)| {
            Response::json(400, &json!({ "code": 400, "message": text })).by(rule)
        })
    }

    fn state(&self) -> Result<Response, (String, Rule)> {
        let size = self.leaves.len();
        let checkpoint = self.checkpoint(size).map_err(|why| (why, rules::ENTRY))?;
        Ok(Response::json(
            200,
            &json!({
                "rootHash": hex(&root(&self.leaves)),
                "treeSize": size,
                "signedTreeHead": checkpoint,
                "treeID": TREE.to_string(),
                "inactiveShards": [],
            }),
        ))
    }

    fn write(
        &mut self,
        request: &Request,
        given: &BTreeMap<[u8; 32], Given>,
        at: u64,
    ) -> Result<Response, (String, Rule)> {
        let proposed = request.json().unwrap_or_default();
        let body = canonical(&proposed, given, Some(at))?;
        let (id, leaf) = identity(&body);
        let place = format!("/api/v1/log/entries/{id}");
        if self.entries.contains_key(&id) {
            let text = format!(
                "an equivalent entry already exists in the transparency log with UUID {id}"
            );
            let said = json!({ "code": 409, "message": text });
            return Ok(Response::json(409, &said).with("location", place).by(rules::DUPLICATE));
        }
        self.entries.insert(id.clone(), Entry { body, at, index: self.leaves.len() });
        self.leaves.push(leaf);
        let shown = self.shown(&id).map_err(|why| (why, rules::ENTRY))?;
        Ok(Response::json(201, &shown).with("location", place).with("etag", id))
    }

    /// Those of the proposed entries that are there.
    fn search(
        &self,
        request: &Request,
        given: &BTreeMap<[u8; 32], Given>,
    ) -> Result<Response, (String, Rule)> {
        let asked = request.json().unwrap_or_default();
        let mut found = Vec::new();
        for proposed in asked["entries"].as_array().into_iter().flatten() {
            let id = identity(&canonical(proposed, given, None)?).0;
            if self.entries.contains_key(&id) {
                found.push(self.shown(&id).map_err(|why| (why, rules::ENTRY))?);
            }
        }
        Ok(Response::json(200, &Value::from(found)))
    }

    fn read(&self, id: &str) -> Response {
        let full =
            self.entries.keys().find(|known| *known == id || known.ends_with(id) && id.len() == 64);
        match full.map(|id| self.shown(id)) {
            Some(Ok(shown)) => Response::json(200, &shown),
            Some(Err(why)) => Response::text(500, why),
            None => not_found(),
        }
    }

    fn shown(&self, id: &str) -> Result<Value, String> {
        let entry = self.entries.get(id).ok_or("no such entry")?;
        let size = self.leaves.len();
        let body = base64(entry.body.as_bytes());
        let (log, global) = (hex(&self.key.id()), entry.index + EARLIER);
        // The very bytes that are signed: keys in order, nothing between (RFC 8785).
        let promised = format!(
            r#"{{"body":"{body}","integratedTime":{},"logID":"{log}","logIndex":{global}}}"#,
            entry.at
        );
        let promise = self.key.sign(promised.as_bytes())?;
        let hashes: Vec<String> =
            path(entry.index, &self.leaves).iter().map(|hash| hex(hash)).collect();
        Ok(json!({ id: {
            "body": body,
            "integratedTime": entry.at,
            "logID": log,
            "logIndex": global,
            "verification": {
                "signedEntryTimestamp": base64(&promise),
                "inclusionProof": {
                    "logIndex": entry.index,
                    "treeSize": size,
                    "rootHash": hex(&root(&self.leaves)),
                    "hashes": hashes,
                    "checkpoint": self.checkpoint(size)?,
                },
            },
        } }))
    }

    fn checkpoint(&self, size: usize) -> Result<String, String> {
        let note = format!("{} - {TREE}\n{size}\n{}\n", self.host, base64(&root(&self.leaves)));
        let signature = self.key.sign(note.as_bytes())?;
        let signed = base64(&[&self.key.id()[..4], &signature].concat());
        Ok(format!("{note}\n\u{2014} {} {signed}\n", self.host))
    }
}

fn not_found() -> Response {
    Response::json(404, &json!({ "code": 404, "message": "entry not found" }))
}

/// An entry's name, and its leaf in the tree.
fn identity(body: &str) -> (String, [u8; 32]) {
    let leaf = sha256(&[&[0], body.as_bytes()].concat());
    (format!("{TREE:016x}{}", hex(&leaf)), leaf)
}

/// The entry as it is written: the envelope is checked, and only its hashes are kept. Who writes does it
/// at an instant; who searches does not.
fn canonical(
    proposed: &Value,
    given: &BTreeMap<[u8; 32], Given>,
    at: Option<u64>,
) -> Result<String, (String, Rule)> {
    let wrong = |text: &str, rule: Rule| (format!("error processing entry: {text}"), rule);
    if !proposed.is_object() {
        return Err(wrong("no JSON", rules::ENTRY));
    }
    if proposed["kind"] != "dsse" || proposed["apiVersion"] != "0.0.1" {
        return Err(wrong("only `dsse` 0.0.1 is rehearsed", rules::ENTRY));
    }
    let content = &proposed["spec"]["proposedContent"];
    let text = content["envelope"].as_str().ok_or_else(|| wrong("no envelope", rules::ENTRY))?;
    let envelope: Value =
        serde_json::from_str(text).map_err(|_| wrong("envelope is no JSON", rules::ENTRY))?;
    let payload = envelope["payload"].as_str().and_then(from_base64);
    let payload = payload.ok_or_else(|| wrong("no payload", rules::ENTRY))?;
    let kind = envelope["payloadType"].as_str().unwrap_or_default();
    let signature = envelope["signatures"][0]["sig"].as_str().unwrap_or_default();
    let verifier = content["verifiers"][0].as_str().unwrap_or_default();
    let leaf = from_base64(verifier).and_then(|raw| String::from_utf8(raw).ok());
    let leaf = leaf.and_then(|text| unarmoured(&text, &["CERTIFICATE"]));
    let leaf = leaf.ok_or_else(|| wrong("the verifier is no certificate", rules::ENTRY))?;
    let known = given.get(&sha256(&leaf));
    let known =
        known.ok_or_else(|| wrong("the certificate is of another authority", rules::AUTHORITY))?;
    if at.is_some_and(|at| !(known.from..=known.until).contains(&at)) {
        return Err(wrong("the certificate is not valid at this time", rules::EXPIRED));
    }
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    let signed = [head.as_bytes(), &payload].concat();
    if !is_signed(&known.point, &signed, &from_base64(signature).unwrap_or_default()) {
        return Err(wrong(
            "could not verify envelope: the signature does not fit",
            rules::SIGNATURE,
        ));
    }
    Ok(format!(
        r#"{{"apiVersion":"0.0.1","kind":"dsse","spec":{{"envelopeHash":{{"algorithm":"sha256","value":"{}"}},"payloadHash":{{"algorithm":"sha256","value":"{}"}},"signatures":[{{"signature":"{signature}","verifier":"{}"}}]}}}}"#,
        hex(&sha256(text.as_bytes())),
        hex(&sha256(&payload)),
        base64(armoured("CERTIFICATE", &leaf).as_bytes()),
    ))
}

/// Where a tree of `size` leaves is split: at the largest power of two below its size.
fn split(size: usize) -> usize {
    let half = size.next_power_of_two() / 2;
    if half == size { size / 2 } else { half }
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    sha256(&[&[1], &left[..], right].concat())
}

/// The root of a tree (RFC 6962, 2.1).
fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The proof that a leaf is in a tree, from the leaf upward (RFC 6962, 2.1.1).
fn path(index: usize, leaves: &[[u8; 32]]) -> Vec<[u8; 32]> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut below, sibling) = if index < at {
        (path(index, left), root(right))
    } else {
        (path(index - at, right), root(left))
    };
    below.push(sibling);
    below
}
