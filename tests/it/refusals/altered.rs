//! What rel itself never sends: requests that were altered on their way, so that their refusals are met too.

use rel::rehearse::http::Request;
use serde_json::{Value, json};

use super::scene::publisher;
use super::{Row, dists, explained};

#[test]
fn refusals_of_altered_uploads_are_explained() {
    explained("altered", ROWS);
}

/// A row whose uploads have something else in place of a text.
macro_rules! altered {
    ($name:literal, $rule:literal, $($from:expr => $to:expr),+) => {
        ($name, concat!("pypi.", $rule), |scene| {
            scene.on_the_way = |request, _| { $(swap(request, $from, $to);)+ };
        })
    };
}

/// Replaces a text in the body of an upload.
fn swap(request: &mut Request, from: &str, to: &str) {
    let body = &mut request.body;
    let at = body.windows(from.len()).position(|window| window == from.as_bytes());
    if let Some(at) = at.filter(|_| request.path == "/legacy/") {
        body.splice(at..at + from.len(), to.bytes());
    }
}

/// Replaces the form's attestations.
fn attestations(request: &mut Request, change: fn(Vec<Value>) -> Vec<Value>) {
    let text = String::from_utf8_lossy(&request.body).into_owned();
    let Some((_, rest)) = text.split_once("name=\"attestations\"\r\n\r\n") else { return };
    let (old, _) = rest.split_once("\r\n").unwrap();
    let new = Value::from(change(serde_json::from_str(old).unwrap()));
    swap(request, old, &new.to_string());
}

pub const ROWS: &[Row] = &[
    altered!("an action of old", "old-action", "file_upload" => "doc_upload"),
    altered!(
        "a field that is a file",
        "field-is-file",
        "name=\"protocol_version\"" => "name=\"protocol_version\"; filename=\"x\""
    ),
    altered!(
        "another protocol",
        "protocol-version",
        "name=\"protocol_version\"\r\n\r\n1" => "name=\"protocol_version\"\r\n\r\n2"
    ),
    altered!("a name of two words", "form-name", "\r\n\r\ntime-piece" => "\r\n\r\ntime piece"),
    altered!("a kind of file that is gone", "filetype", "bdist_wheel" => "bdist_egg"),
    altered!("a wheel for no Python", "pyversion", "name=\"pyversion\"" => "name=\"python\""),
    altered!(
        "a digest that is too long",
        "digest-form",
        "name=\"sha256_digest\"\r\n\r\n" => "name=\"sha256_digest\"\r\n\r\n00"
    ),
    altered!(
        "no digest",
        "no-digest",
        "sha256_digest" => "sha256", "blake2_256_digest" => "blake2"
    ),
    altered!(
        "no file",
        "no-file",
        "; filename=\"time_piece-1.0-py3-none-any.whl\"" => ""
    ),
    altered!(
        "a format of the day after tomorrow",
        "metadata-version",
        "name=\"metadata_version\"\r\n\r\n2.4" => "name=\"metadata_version\"\r\n\r\n2.6"
    ),
    altered!(
        "a version in words",
        "version",
        "name=\"version\"\r\n\r\n1.0" => "name=\"version\"\r\n\r\none"
    ),
    altered!(
        "a file name with a folder",
        "filename-letters",
        "filename=\"time_piece" => "filename=\"dist/time_piece"
    ),
    altered!("an egg", "extension", "any.whl\"" => "any.egg\""),
    altered!("a file that is a picture", "content-type", "application/octet-stream" => "image/png"),
    altered!("other bytes than those that were meant", "digest", "x = 1" => "x = 2"),
    altered!(
        "a wheel of another version",
        "wheel-version",
        "name=\"version\"\r\n\r\n1.0" => "name=\"version\"\r\n\r\n1.1"
    ),
    altered!(
        "a wheel without metadata",
        "metadata-file",
        "sha256_digest" => "md5_digest", "blake2_256_digest" => "blake2",
        ".dist-info/METADATA" => ".dist-info/METADATX",
        ".dist-info/METADATA" => ".dist-info/METADATX"
    ),
    ("a source distribution without a version", "pypi.sdist-name-form", |scene| {
        scene.files = vec![dists::usual_sdist()];
        scene.on_the_way = |request, _| swap(request, "time_piece-1.0.tar", "time_piece.tar");
    }),
    ("a file of another project", "pypi.filename-project", |scene| {
        scene.files = vec![dists::usual_sdist()];
        scene.on_the_way = |request, _| swap(request, "=\"time_piece-1", "=\"sun_dial-1");
    }),
    ("attestations beside an API token", "pypi.attestation-token", |scene| {
        scene.on_the_way = |request, _| swap(request, "protocol_version", "attestations");
    }),
    ("attestations that are none", "pypi.attestation-form", |scene| {
        scene.registered(publisher());
        scene.on_the_way = |request, _| swap(request, "protocol_version", "attestations");
    }),
    ("three attestations", "pypi.attestation-count", |scene| {
        scene.with_attestations();
        scene.on_the_way = |request, _| {
            attestations(request, |all| vec![all[0].clone(), all[1].clone(), all[0].clone()]);
        };
    }),
    ("one attestation twice", "pypi.attestation-twice", |scene| {
        scene.with_attestations();
        scene.on_the_way = |request, _| {
            attestations(request, |all| vec![all[0].clone(), all[0].clone()]);
        };
    }),
    ("an attestation with a changed statement", "pypi.attestation-verified", |scene| {
        scene.with_attestations();
        scene.on_the_way = |request, _| {
            attestations(request, |mut all| {
                all[0]["envelope"]["statement"] = json!("e30=");
                all
            });
        };
    }),
];
