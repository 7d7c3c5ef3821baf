//! Sigstore: why there is no certificate for the run's identity, or no entry in the log.

use rel::rehearse::http::Request;
use serde_json::Value;

use super::scene::{Scene, now};
use super::{Row, explained};

#[test]
fn refusals_of_signatures_are_explained() {
    explained("signing", ROWS);
}

/// A row whose tokens for Sigstore say something else.
macro_rules! claims {
    ($name:literal, $claim:literal, $value:expr) => {
        ($name, "fulcio.token", |scene| {
            scene.with_attestations();
            scene.claims = |audience, claims| {
                if audience == "sigstore" {
                    claims.insert($claim.into(), $value.into());
                }
            };
        })
    };
}

/// A row with another value at a place of the requests to this path.
macro_rules! altered {
    ($name:literal, $rule:literal, $path:expr, $place:literal, $change:expr) => {
        ($name, $rule, |scene| {
            scene.with_attestations();
            scene.on_the_way = |request, _| alter(request, $path, $place, $change);
        })
    };
}

const CERTIFY: &str = "/api/v2/signingCert";
const LOG: &str = "/api/v1/log/entries";

/// Changes the text at a place of a request's JSON.
fn alter(request: &mut Request, path: &str, place: &str, change: fn(&str) -> String) {
    if request.path != path || request.method != "POST" {
        return;
    }
    let mut body: Value = request.json().unwrap();
    let text = body.pointer_mut(place).unwrap();
    *text = change(text.as_str().unwrap()).into();
    request.body = body.to_string().into_bytes();
}

/// A key of a kind that nobody uses.
const STRANGE_KEY: &str = "-----BEGIN PUBLIC KEY-----\nMAYwAAMCAAE=\n-----END PUBLIC KEY-----\n";

pub const ROWS: &[Row] = &[
    claims!("a token for another audience", "aud", "pypi"),
    claims!("a token of an hour ago", "exp", now() - 3630),
    claims!("an issuer that is not known", "iss", "https://token.actions.acme.example"),
    ("a token that is none", "fulcio.token", |scene| {
        scene.with_attestations();
        scene.identity = |_| "no.such.token".into();
    }),
    ("a request without anything", "fulcio.body", |scene| {
        scene.with_attestations();
        scene.on_the_way = |request, _| {
            if request.path == CERTIFY {
                request.body.clear();
            }
        };
    }),
    altered!("no key", "fulcio.key", CERTIFY, "/publicKeyRequest/publicKey/content", |_| {
        "x".into()
    }),
    altered!(
        "a key of another kind",
        "fulcio.key-type",
        CERTIFY,
        "/publicKeyRequest/publicKey/content",
        |_| STRANGE_KEY.into()
    ),
    altered!(
        "a proof for another subject",
        "fulcio.proof-of-possession",
        CERTIFY,
        "/publicKeyRequest/proofOfPossession",
        |text| text.replace(&text[20..24], "AAAA")
    ),
    altered!("an entry of a kind that is not known", "rekor.entry", LOG, "/kind", |_| {
        "hashedrekord".into()
    }),
    altered!(
        "an entry with another signature",
        "rekor.signature",
        LOG,
        "/spec/proposedContent/envelope",
        |text| text.replace("\"sig\":\"", "\"sig\":\"AAAA")
    ),
    ("a certificate of another authority", "rekor.authority", |scene| {
        scene.with_attestations();
        scene.strange_authority = true;
    }),
    ("a certificate that has ended", "rekor.certificate-time", |scene| {
        scene.with_attestations();
        scene.on_the_way = |request, meanwhile| {
            if request.path == LOG {
                meanwhile.later(601);
            }
        };
    }),
];

/// An answer of the log is lost, and the very same entry is sent again.
#[test]
fn an_entry_that_stands_in_the_log_already_is_taken_from_there() {
    let mut scene = Scene::new();
    scene.with_attestations();
    scene.on_the_way = |request, meanwhile| {
        if request.path == LOG && request.method == "POST" {
            meanwhile.world.answer(request);
        }
    };
    let told = scene.run();
    assert_eq!(told.code, 0, "{}", told.text);
    let rules = told.record.iter().filter_map(|exchange| exchange.rule);
    assert_eq!(rules.filter(|(name, _)| *name == "rekor.duplicate").count(), 2);
}
