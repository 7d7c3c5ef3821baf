//! The whole way of an attestation, and what must not get through.

use serde_json::{Value, json};

use super::verify::{Expected, verify};
use super::*;
use crate::attest::session::{Key as Signer, Session, Signed};
use crate::attest::{attestation, statement::statement};
use crate::model::effect::Predicate;
use crate::rehearse::oidc::{Issuer, tests::issuer};

const AT: u64 = 1_795_219_200;
const SHA: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

struct Lab {
    issuer: Issuer,
    sigstore: Sigstore,
}

fn lab() -> Lab {
    let issuer = issuer();
    let addresses = Addresses {
        fulcio: "https://fulcio.example".into(),
        rekor: "https://rekor.example".into(),
        server: "https://forge.example".into(),
    };
    let sigstore = Sigstore::new(addresses, issuer.verifier(), AT).unwrap();
    Lab { issuer, sigstore }
}

fn expected() -> Expected {
    Expected {
        issuer: "https://issuer.example".into(),
        server: "https://forge.example".into(),
        repository: "acme/widget".into(),
        workflow: "release.yml".into(),
    }
}

impl Lab {
    fn post(&mut self, path: &str, body: &Value, at: u64) -> Response {
        let request = Request {
            method: "POST".into(),
            path: path.into(),
            body: body.to_string().into_bytes(),
            ..Request::default()
        };
        self.sigstore.answer(&request, at)
    }

    fn certificate(&mut self, body: &Value, at: u64) -> Response {
        self.post("/api/v2/signingCert", body, at)
    }

    fn log(&mut self, body: &Value, at: u64) -> Response {
        self.post("/api/v1/log/entries", body, at)
    }

    fn session(&mut self) -> Session {
        let token = self.issuer.token("sigstore", AT).unwrap();
        let key = Signer::new().unwrap();
        let subject = self.issuer.claims(AT)["sub"].as_str().unwrap().to_owned();
        let answer = self.certificate(&key.request(&token, &subject).unwrap(), AT);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        key.certified(&json_of(&answer)).unwrap()
    }

    fn attested(&mut self, session: &Session, predicate: Predicate, name: &str) -> Value {
        let signed = self.signed(session, predicate, name);
        let answer = self.log(&signed.entry(), AT + 5);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        attestation(&signed, &json_of(&answer)).unwrap()
    }

    fn signed(&self, session: &Session, predicate: Predicate, name: &str) -> Signed {
        let claims = self.issuer.claims(AT);
        session.sign(statement(predicate, name, SHA, &claims, "https://forge.example")).unwrap()
    }
}

fn json_of(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

#[test]
fn one_certificate_serves_many_statements_which_all_verify() {
    let mut lab = lab();
    let session = lab.session();
    for name in ["widget-1.0-py3-none-any.whl", "widget-1.0.tar.gz"] {
        for predicate in Predicate::ALL {
            let attestation = lab.attested(&session, predicate, name);
            verify(&lab.sigstore.trusted_root(), SHA, &attestation, &expected()).unwrap();
        }
    }
    assert_eq!((lab.sigstore.entries(), lab.sigstore.fulcio.given.len()), (4, 1));
}

/// Replaces what stands at a path by what `change` makes of it.
fn with(attestation: &Value, path: &str, change: impl Fn(&str) -> String) -> Value {
    let mut other = attestation.clone();
    let place = other.pointer_mut(path).unwrap();
    *place = change(place.as_str().unwrap()).into();
    other
}

/// The same base64 text with one letter in the middle changed.
fn bent(text: &str) -> String {
    let at = text.len() / 2;
    let letter = if &text[at..=at] == "A" { "B" } else { "A" };
    format!("{}{letter}{}", &text[..at], &text[at + 1..])
}

#[test]
fn whatever_is_changed_no_longer_verifies() {
    let mut lab = lab();
    let session = lab.session();
    let good = lab.attested(&session, Predicate::Publish, "widget-1.0.tar.gz");
    let root = lab.sigstore.trusted_root();
    verify(&root, SHA, &good, &expected()).unwrap();
    let entry = "/verification_material/transparency_entries/0";
    let at = |rest: &str| format!("{entry}{rest}");
    let changed = [
        with(&good, "/envelope/statement", bent),
        with(&good, "/envelope/signature", bent),
        with(&good, "/verification_material/certificate", bent),
        with(&good, &at("/inclusionPromise/signedEntryTimestamp"), bent),
        with(&good, &at("/integratedTime"), |_| (AT + 6).to_string()),
        with(&good, &at("/logIndex"), |_| "1".into()),
        with(&good, &at("/inclusionProof/rootHash"), bent),
        with(&good, &at("/inclusionProof/hashes/0"), bent),
        with(&good, &at("/inclusionProof/checkpoint/envelope"), |text| text.replace("6\n", "7\n")),
        with(&good, &at("/canonicalizedBody"), bent),
    ];
    for (number, other) in changed.iter().enumerate() {
        assert_ne!(other, &good, "change {number}");
        assert!(verify(&root, SHA, other, &expected()).is_err(), "change {number}");
    }
    let other_file = SHA.replace("9f86", "9f87");
    assert!(verify(&root, &other_file, &good, &expected()).is_err());
    let other_lab = super::tests::lab().sigstore.trusted_root();
    assert!(verify(&other_lab, SHA, &good, &expected()).is_err());
    for other in [
        Expected { repository: "acme/gadget".into(), ..expected() },
        Expected { workflow: "ci.yml".into(), ..expected() },
        Expected { issuer: "https://other.example".into(), ..expected() },
    ] {
        assert!(verify(&root, SHA, &good, &other).is_err(), "{other:?}");
    }
}

#[test]
fn each_refusal_has_its_text_and_its_rule() {
    let mut lab = lab();
    let session = lab.session();
    let signed = lab.signed(&session, Predicate::Publish, "x.tar.gz");
    let entry = signed.entry();
    let key = Signer::new().unwrap();
    let token = |lab: &mut Lab, audience: &str, at: u64| lab.issuer.token(audience, at).unwrap();
    let subject = "repo:acme/widget:environment:pypi";
    let mut seen = Vec::new();
    let mut refused = |answer: Response, status: u16, text: &str| {
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status == status && said.contains(text), "{} {said}", answer.status);
        seen.push(answer.rule.unwrap());
    };
    refused(lab.certificate(&json!([]), AT), 400, "processing the request body");
    for (audience, at) in [("pypi", AT), ("sigstore", AT - 301)] {
        let token = token(&mut lab, audience, at);
        let answer = lab.certificate(&key.request(&token, subject).unwrap(), AT);
        refused(answer, 400, "processing the identity token");
    }
    let good = key.request(&token(&mut lab, "sigstore", AT), subject).unwrap();
    let changed = |path: &str, value: &str| {
        let mut other = good.clone();
        *other.pointer_mut(path).unwrap() = value.into();
        other
    };
    let content = "/publicKeyRequest/publicKey/content";
    refused(lab.certificate(&changed(content, "x"), AT), 400, "could not be parsed");
    let rsa = keys::armoured("PUBLIC KEY", &der::sequence(&[der::sequence(&[]), der::bits(&[1])]));
    refused(lab.certificate(&changed(content, &rsa), AT), 400, "unsupported type");
    let proof = key.request(good["credentials"]["oidcIdentityToken"].as_str().unwrap(), "other");
    refused(lab.certificate(&proof.unwrap(), AT), 400, "could not be verified");

    let with = |path: &str, change: &dyn Fn(&str) -> String| {
        let mut other = entry.clone();
        let place = other.pointer_mut(path).unwrap();
        *place = change(place.as_str().unwrap()).into();
        other
    };
    refused(lab.log(&with("/kind", &|_| "rekord".into()), AT), 400, "only `dsse`");
    let envelope = "/spec/proposedContent/envelope";
    let unsigned = with(envelope, &|text| text.replace("\"sig\":\"", "\"sig\":\"AAAA"));
    refused(lab.log(&unsigned, AT), 400, "the signature does not fit");
    let strange = super::tests::lab();
    let foreign = {
        let mut strange = strange;
        let session = strange.session();
        strange.signed(&session, Predicate::Publish, "x.tar.gz").entry()
    };
    refused(lab.log(&foreign, AT), 400, "of another authority");
    refused(lab.log(&entry, AT + 601), 400, "not valid at this time");
    assert_eq!(lab.log(&entry, AT).status, 201);
    refused(lab.log(&entry, AT), 409, "an equivalent entry already exists");
    for rule in RULES {
        assert!(seen.contains(rule), "{} is tested nowhere", rule.name);
    }
}

#[test]
fn a_proposed_entry_is_found_if_it_is_there() {
    let mut lab = lab();
    let session = lab.session();
    let entry = lab.signed(&session, Predicate::Publish, "x.tar.gz").entry();
    let asked = json!({ "entries": [entry] });
    let ask = |lab: &mut Lab| lab.post("/api/v1/log/entries/retrieve", &asked, AT + 10_000);
    assert_eq!(json_of(&ask(&mut lab)), json!([]));
    let logged = json_of(&lab.log(&entry, AT));
    let found = json_of(&ask(&mut lab));
    let (id, told) = logged.as_object().unwrap().iter().next().unwrap();
    assert_eq!(found[0][id]["body"], told["body"]);
    assert_eq!(lab.sigstore.statements().count(), 1);
}

#[test]
fn a_logged_entry_can_be_looked_up_again() {
    let mut lab = lab();
    let session = lab.session();
    let signed = lab.signed(&session, Predicate::Publish, "x.tar.gz");
    let first = lab.log(&signed.entry(), AT);
    let again = lab.log(&signed.entry(), AT);
    let place = again.headers.iter().find(|(name, _)| name == "location").unwrap().1.clone();
    let get = Request { method: "GET".into(), path: place, ..Request::default() };
    let found = lab.sigstore.answer(&get, AT);
    assert_eq!(
        json_of(&found).as_object().unwrap().keys().next(),
        json_of(&first).as_object().unwrap().keys().next()
    );
    verify(
        &lab.sigstore.trusted_root(),
        SHA,
        &attestation(&signed, &json_of(&found)).unwrap(),
        &expected(),
    )
    .unwrap();
}
