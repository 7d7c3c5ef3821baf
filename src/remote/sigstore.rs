//! Signing with the run's identity: a certificate from Fulcio, an entry in Rekor, an attestation on disk.
//!
//! Sources: Fulcio's API v2, Rekor's API v1; the formats are in `attest`. An entry in the public log
//! stays for ever, so each statement is signed once and kept: whoever asks for it again gets the same.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::{Errand, Trouble, oidc};
use crate::attest::session::{Key, Session, Signed};
use crate::attest::{attestation, statement::statement};
use crate::host::net::{Answer, NoAnswer};
use crate::host::{Host, fs};
use crate::model::artifact::{Artifact, Digest};
use crate::model::effect::{Predicate, Presence, Sign};

/// The audience that Fulcio wants.
const AUDIENCE: &str = "sigstore";
/// How long a certificate is begun with, in seconds; it lives for ten minutes.
const FRESH: u64 = 300;

/// What this run signs with.
#[derive(Default)]
pub struct Signer {
    session: Mutex<Option<Signing>>,
}

struct Signing {
    session: Session,
    claims: Map<String, Value>,
    since: u64,
}

/// Whether this run has an identity to sign with.
pub fn is_offered(host: &Host) -> bool {
    oidc::is_offered(host, AUDIENCE)
}

/// Whether the statement was signed already, and stands in the log.
///
/// # Errors
/// The log cannot be asked.
pub fn probe(errand: &Errand<'_>, sign: &Sign) -> Result<Presence, Trouble> {
    let Some(kept) = kept(errand, &sign.file.sha256, sign.predicate) else {
        return Ok(Presence::Absent);
    };
    let ours = &kept["verification_material"]["transparency_entries"][0];
    let index = ours["logIndex"].as_str().unwrap_or_default();
    let log = &errand.host.endpoints.sigstore.rekor;
    let url = format!("{log}/api/v1/log/entries?logIndex={index}");
    let answer = errand.host.net().get(&url, "application/json", None, errand.stop);
    let answer = answer.map_err(unclear)?;
    match answer.status {
        200 => {
            let logged = json_of(&answer)?;
            let entry = logged.as_object().and_then(|entries| entries.values().next());
            let same = entry.is_some_and(|entry| entry["body"] == ours["canonicalizedBody"]);
            Ok(if same { Presence::Same } else { Presence::Absent })
        }
        404 => Ok(Presence::Absent),
        status => Err(Trouble::Unclear(format!("{url} answered {status}"))),
    }
}

/// The attestation object (PEP 740) that was signed for a file, if it was.
pub fn kept(errand: &Errand<'_>, sha256: &Digest, predicate: Predicate) -> Option<Value> {
    let text = fs::read_text(&place(errand, sha256, predicate)).ok()?;
    serde_json::from_str(&text).ok()
}

fn place(errand: &Errand<'_>, sha256: &Digest, predicate: Predicate) -> PathBuf {
    errand.ties.attestations.join(format!("{sha256}.{}.json", predicate.name()))
}

/// Signs the statement and keeps it.
///
/// # Errors
/// `Refused` with the reason of whoever said no, `Unclear` without an answer.
pub fn apply(errand: &Errand<'_>, sign: &Sign) -> Result<(), Trouble> {
    let signed = signed(errand, &sign.file, sign.predicate)?;
    let url = format!("{}/api/v1/log/entries", errand.host.endpoints.sigstore.rekor);
    let answer = post(errand, &url, &signed.entry())?;
    let logged = match (answer.status, answer.fields.get("location")) {
        (201, _) => json_of(&answer)?,
        // The very same entry stands there already.
        (409, Some(place)) => {
            let url = crate::host::net::join_url(&url, place).map_err(unclear)?;
            let found = errand.host.net().get(&url, "application/json", None, errand.stop);
            json_of(&found.map_err(unclear)?)?
        }
        _ => return Err(said_no("the transparency log", &answer)),
    };
    let attestation = attestation(&signed, &logged).map_err(Trouble::Unclear)?;
    let path = place(errand, &sign.file.sha256, sign.predicate);
    let kept = fs::make_dir(&errand.ties.attestations)
        .and_then(|()| fs::replace(&path, &attestation.to_string()));
    kept.map_err(|error| Trouble::Unclear(format!("cannot keep {}: {error}", path.display())))
}

fn signed(errand: &Errand<'_>, file: &Artifact, predicate: Predicate) -> Result<Signed, Trouble> {
    let now = errand.host.clock.now();
    // Held over the request: statements side by side share one certificate.
    let mut session = errand.ties.signer.session.lock().unwrap_or_else(PoisonError::into_inner);
    let signing = match session.take().filter(|known| now < known.since + FRESH) {
        Some(known) => known,
        None => certified(errand, now)?,
    };
    let server = &errand.host.endpoints.github.web;
    let text =
        statement(predicate, file.file_name(), file.sha256.as_str(), &signing.claims, server);
    let signed = signing.session.sign(text).map_err(Trouble::Unsent);
    *session = Some(signing);
    signed
}

/// A certificate for the run's identity. The log is public: what it would tell of a repository that
/// is not, is never written to it.
fn certified(errand: &Errand<'_>, now: u64) -> Result<Signing, Trouble> {
    let token = oidc::token(errand.host, AUDIENCE, errand.stop)?;
    let claims = oidc::claims(&token);
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let visibility = claim("repository_visibility");
    if !matches!(visibility, "public" | "") {
        return Err(Trouble::Refused {
            reason: format!("the repository is {visibility}, and the transparency log is public"),
            hint: "publish without: `pypi::publish(files, index, #{ attestations: false })`".into(),
        });
    }
    let key = Key::new().map_err(Trouble::Unsent)?;
    let request = key.request(token.reveal(), claim("sub")).map_err(Trouble::Unsent)?;
    let url = format!("{}/api/v2/signingCert", errand.host.endpoints.sigstore.fulcio);
    let answer = post(errand, &url, &request)?;
    if !matches!(answer.status, 200 | 201) {
        return Err(said_no("the certificate authority", &answer));
    }
    let session = key.certified(&json_of(&answer)?).map_err(Trouble::Unclear)?;
    Ok(Signing { session, claims, since: now })
}

fn post(errand: &Errand<'_>, url: &str, body: &Value) -> Result<Answer, Trouble> {
    errand.host.net().post_json(url, None, body, errand.stop).map_err(unclear)
}

fn unclear(NoAnswer(why): NoAnswer) -> Trouble {
    Trouble::Unclear(why)
}

fn json_of(answer: &Answer) -> Result<Value, Trouble> {
    serde_json::from_str(&answer.body)
        .map_err(|_| Trouble::Unclear(format!("{} answered no JSON", answer.url)))
}

fn said_no(who: &str, answer: &Answer) -> Trouble {
    let said: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let message = said["message"].as_str().unwrap_or_default();
    let reason = format!("{who} refused: {} {message}", answer.status);
    match answer.status {
        408 | 425 | 429 | 500..=599 => Trouble::Unclear(reason),
        _ => Trouble::Refused {
            reason,
            hint: "read the reason; the same command again goes on from here".into(),
        },
    }
}
