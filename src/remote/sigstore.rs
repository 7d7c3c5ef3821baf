//! Signing with the run's identity: a certificate from Fulcio, an entry in Rekor, an attestation on disk.
//!
//! Sources: Fulcio's API v2, Rekor's API v1; the formats are in `attest`. An entry in the public log
//! stays for ever, so each statement is signed once and kept: whoever asks for it again gets the same.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::cures::{self, Cures};
use super::simple::plain_text;
use super::{Errand, Trouble, json_of, oidc};
use crate::attest::session::{Key, Session, Signed};
use crate::attest::{attestation, statement::statement};
use crate::host::net::Answer;
use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::model::effect::{Predicate, Presence, Sign};
use crate::model::task::Destination;

mod log;

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
    let answer = answer?;
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
    let path = place(errand, &sign.file.sha256, sign.predicate);
    let (signed, logged) = match log::found(errand, &path)? {
        Some(found) => found,
        None => {
            let signed = log::unsent(errand, &path).map_or_else(|| signed(errand, sign), Ok)?;
            let logged = log::write(errand, sign, &signed, &path)?;
            (signed, logged)
        }
    };
    let attestation = attestation(&signed, &logged).map_err(Trouble::Unclear)?;
    let kept = fs::make_lasting_dir(&errand.ties.attestations)
        .and_then(|()| fs::replace(&path, &attestation.to_string()));
    kept.map_err(|error| Trouble::Unclear(format!("cannot keep {}: {error}", path.display())))?;
    log::settle(&path);
    Ok(())
}

fn signed(errand: &Errand<'_>, sign: &Sign) -> Result<Signed, Trouble> {
    let now = errand.host.clock.now();
    // Held over the request: statements side by side share one certificate.
    let mut session = errand.ties.signer.session.lock().unwrap_or_else(PoisonError::into_inner);
    let signing = match session.take().filter(|known| now < known.since + FRESH) {
        Some(known) => known,
        None => certified(errand, sign, now)?,
    };
    let server = &errand.host.endpoints.github.web;
    let (name, sha256) = (sign.file.file_name(), sign.file.sha256.as_str());
    let text = statement(sign.predicate, name, sha256, &signing.claims, server);
    let signed = signing.session.sign(text).map_err(Trouble::Unsent);
    *session = Some(signing);
    signed
}

/// A certificate for the run's identity. The log is public: what it would tell of a repository that
/// is not, is never written to it.
fn certified(errand: &Errand<'_>, sign: &Sign, now: u64) -> Result<Signing, Trouble> {
    let token = oidc::token(errand.host, AUDIENCE, errand.stop)?;
    let claims = oidc::claims(&token);
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let visibility = claim("repository_visibility");
    if !matches!(visibility, "public" | "") {
        return Err(Trouble::Refused {
            reason: format!("the repository is {visibility}, and the transparency log is public"),
            hint: without(sign).into(),
        });
    }
    let key = Key::new().map_err(Trouble::Unsent)?;
    let request = key.request(token.reveal(), claim("sub")).map_err(Trouble::Unsent)?;
    let url = format!("{}/api/v2/signingCert", errand.host.endpoints.sigstore.fulcio);
    let answer = post(errand, &url, &request)?;
    if !matches!(answer.status, 200 | 201) {
        let fault = oidc::fault(&claims, AUDIENCE, now);
        let known = [("{fault}", fault.as_str()), ("{sub}", claim("sub"))];
        return Err(said_no("no certificate for this run", &answer, &known, sign));
    }
    let session = key.certified(&json_of(&answer)?).map_err(Trouble::Unclear)?;
    Ok(Signing { session, claims, since: now })
}

fn post(errand: &Errand<'_>, url: &str, body: &Value) -> Result<Answer, Trouble> {
    Ok(errand.host.net().post_json(url, None, body, errand.stop)?)
}

/// Words of a refusal by Fulcio or Rekor, and what to do. `{fault}` stands for what the token's claims
/// say against it, `{sub}` for whom it names, `{without}` for how to do without.
const CURES: Cures = &[
    ("the identity token", "{fault}; the same command again takes a new one; or {without}"),
    (
        "signature supplied in the request",
        "run the same command again; if it stays, the authority reads another `sub` than {sub}: {without}",
    ),
    ("supplied in the request", DAMAGED),
    ("the request body", DAMAGED),
    ("could not verify envelope", DAMAGED),
    ("not valid at this time", "run the same command again: it gets a new certificate"),
    ("of another authority", "authority and log are of two instances of Sigstore: {without}"),
    ("max_request_body_size", "the statement is too large for the log: {without}"),
    ("Too Large", "the statement is too large for the log: {without}"),
    ("error processing entry", "the log does not take what rel writes: {without}"),
];

const DAMAGED: &str =
    "run the same command again: the request was damaged on its way; if it stays, {without}";

fn without(sign: &Sign) -> &'static str {
    match sign.wanted_by {
        Destination::Attestations => "leave out `github::attest`",
        _ => "publish with `pypi::publish(files, index, #{ attestations: false })`",
    }
}

fn said_no(what: &str, answer: &Answer, known: &[(&str, &str)], sign: &Sign) -> Trouble {
    let json: Value = answer.json();
    // What stands between may answer with a page.
    let message = json["message"].as_str().map_or_else(|| plain_text(&answer.body), str::to_owned);
    let message: String = message.chars().take(300).collect();
    let reason = format!("{what}: {} {}", answer.status, message.trim());
    if matches!(answer.status, 200..=299 | 408 | 425 | 429 | 500..=599) {
        return Trouble::Unclear(reason);
    }
    let cure = cures::of(CURES, &reason).unwrap_or("read the reason, or {without}");
    let mut hint = cure.replace("{without}", without(sign));
    for (word, text) in known {
        hint = hint.replace(word, text);
    }
    Trouble::Refused { reason, hint }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::net::Fields;
    use crate::model::artifact::Artifact;

    fn told(status: u16, body: &str, wanted_by: Destination) -> Trouble {
        let answer = Answer {
            status,
            reason: String::new(),
            fields: Fields::default(),
            url: String::new(),
            body: body.into(),
        };
        let file = Artifact {
            name: "x.whl".into(),
            size: 1,
            sha256: Digest::from_raw(&[0; 32]),
            blake2b_256: String::new(),
            executable: false,
        };
        let sign = Sign { predicate: Predicate::Publish, file, wanted_by };
        said_no("no entry", &answer, &[], &sign)
    }

    #[test]
    fn no_row_hides_a_later_one() {
        crate::remote::cures::each_counts(CURES.iter().map(|(words, _)| *words));
    }

    #[test]
    fn a_page_that_says_too_large_is_understood() {
        let page =
            "<html><body><center><h1>413 Request Entity Too Large</h1></center></body></html>";
        let Trouble::Refused { reason, hint } = told(413, page, Destination::Attestations) else {
            panic!("no refusal");
        };
        assert_eq!(reason, "no entry: 413 413 Request Entity Too Large");
        assert_eq!(hint, "the statement is too large for the log: leave out `github::attest`");
    }

    #[test]
    fn what_is_the_servers_own_trouble_is_no_refusal() {
        for status in [429, 500, 503] {
            let said = r#"{ "code": 13, "message": "error communicating with CA backend" }"#;
            let text = format!("no entry: {status} error communicating with CA backend");
            assert_eq!(told(status, said, Destination::Pypi), Trouble::Unclear(text));
        }
    }
}
