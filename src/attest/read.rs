//! What a text of attestations holds, in each of the forms that they are passed on in.
//!
//! Sources: PEP 740 (attestation and provenance objects), Sigstore bundles
//! (<https://github.com/sigstore/protobuf-specs>), alone or one on each line, and GitHub's answer to
//! who asks for attestations of a digest. Nothing is checked here: a text says what it likes.

use serde_json::Value;

/// The forms of an attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// PEP 740: one file, one statement.
    Index,
    /// A Sigstore bundle, which may be about many files.
    Bundle,
}

/// What a bundle may hold, in both spellings of Protocol Buffers' JSON: one of them.
const CONTENTS: [&str; 4] =
    ["dsseEnvelope", "dsse_envelope", "messageSignature", "message_signature"];

/// One attestation as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// In the shape of a Sigstore bundle.
    pub bundle: Value,
    /// How it was written.
    pub form: Form,
    /// Whom the text names as publisher.
    pub publisher: Option<Publisher>,
}

/// A publisher as a provenance object (PEP 740) names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// Such as `GitHub`.
    pub kind: String,
    /// `owner/name`.
    pub repository: String,
    /// File name of the workflow.
    pub workflow: String,
}

/// The attestations in a text; none in a list that is empty.
///
/// # Errors
/// It is something else; what, to follow "it is ".
pub fn read(text: &str) -> Result<Vec<Given>, String> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => of_value(&value),
        Err(_) => of_lines(text),
    }
}

fn of_lines(text: &str) -> Result<Vec<Given>, String> {
    if text.trim().is_empty() {
        return Err("empty".into());
    }
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let value: Value = serde_json::from_str(line).map_err(|_| nature(text))?;
        found.extend(of_value(&value)?);
    }
    Ok(found)
}

fn of_value(value: &Value) -> Result<Vec<Given>, String> {
    let given = |bundle: Value, form| Given { bundle, form, publisher: None };
    if is_attestation(value) {
        return Ok(vec![given(super::bundle(value), Form::Index)]);
    }
    if let Some(bundles) = value["attestation_bundles"].as_array() {
        return of_provenance(bundles);
    }
    if let Some(kept) = value["attestations"].as_array() {
        let bundles = kept.iter().map(|one| match &one["bundle"] {
            Value::Null => Err("a list of attestations that are kept elsewhere".to_owned()),
            bundle => of_value(bundle),
        });
        return Ok(bundles.collect::<Result<Vec<_>, _>>()?.concat());
    }
    let media = value["mediaType"].as_str().unwrap_or_default();
    if media.starts_with("application/vnd.dev.sigstore.bundle") {
        if CONTENTS.iter().filter(|key| value.get(key).is_some()).count() > 1 {
            return Err("a bundle with two contents, of which only one is signed".into());
        }
        return Ok(vec![given(value.clone(), Form::Bundle)]);
    }
    let known = KEYS.iter().find(|(key, _)| value.get(key).is_some());
    Err(known.map_or("JSON, and no attestation", |(_, what)| what).to_owned())
}

fn of_provenance(bundles: &[Value]) -> Result<Vec<Given>, String> {
    let mut found = Vec::new();
    for bundle in bundles {
        let text = |key: &str| bundle["publisher"][key].as_str().unwrap_or_default().to_owned();
        let publisher = Publisher {
            kind: text("kind"),
            repository: text("repository"),
            workflow: text("workflow"),
        };
        for attestation in bundle["attestations"].as_array().into_iter().flatten() {
            if !is_attestation(attestation) {
                return Err("a provenance object with something else than attestations".into());
            }
            found.push(Given {
                bundle: super::bundle(attestation),
                form: Form::Index,
                publisher: Some(publisher.clone()),
            });
        }
    }
    Ok(found)
}

fn is_attestation(value: &Value) -> bool {
    value["version"] == 1
        && value["verification_material"].is_object()
        && value["envelope"].is_object()
}

/// Objects that are near, by a key that they have.
const KEYS: &[(&str, &str)] = &[
    ("verification_material", "an attestation of another version than 1"),
    ("payloadType", "a DSSE envelope alone, without certificate and log entry"),
    ("_type", "a statement that nobody has signed"),
    ("base64Signature", "a bundle of an old cosign, without proof of its log entry"),
    ("tlogs", "a trusted root"),
];

/// Texts that are none, by how they begin.
const BEGINNINGS: &[(&str, &str)] = &[
    ("-----BEGIN PGP", "a PGP signature"),
    ("-----BEGIN CERTIFICATE", "a certificate"),
    ("-----BEGIN SSH SIGNATURE", "an SSH signature"),
    ("untrusted comment:", "a minisign signature"),
    ("<", "a web page"),
    ("{", "no whole JSON"),
    ("[", "no whole JSON"),
];

fn nature(text: &str) -> String {
    let known = BEGINNINGS.iter().find(|(begins, _)| text.trim_start().starts_with(begins));
    known.map_or("no JSON", |(_, what)| what).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attestation() -> Value {
        json!({
            "version": 1,
            "verification_material": { "certificate": "YQ==", "transparency_entries": [{}] },
            "envelope": { "statement": "e30=", "signature": "Yg==" },
        })
    }

    #[test]
    fn a_bundle_holds_one_thing() {
        let media = "application/vnd.dev.sigstore.bundle.v0.3+json";
        for other in ["dsseEnvelope", "dsse_envelope"] {
            let two = json!({ "mediaType": media, "messageSignature": {}, other: {} });
            assert!(read(&two.to_string()).unwrap_err().starts_with("a bundle with two contents"));
        }
    }

    #[test]
    fn each_form_is_brought_to_the_shape_of_a_bundle() {
        let one = read(&attestation().to_string()).unwrap();
        assert_eq!(one[0].bundle["dsseEnvelope"]["payload"], "e30=");
        let provenance = json!({ "version": 1, "attestation_bundles": [{
            "publisher": { "kind": "GitHub", "repository": "acme/widget", "workflow": "release.yml" },
            "attestations": [attestation(), attestation()],
        }] });
        let two = read(&provenance.to_string()).unwrap();
        assert_eq!((two.len(), &two[1].bundle), (2, &one[0].bundle));
        assert_eq!(two[1].publisher.as_ref().unwrap().repository, "acme/widget");
        let bundle = json!({ "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json" });
        let lines = read(&format!("{bundle}\n\n{bundle}\n")).unwrap();
        assert_eq!((lines.len(), lines[0].form), (2, Form::Bundle));
        let stored = json!({ "attestations": [{ "bundle": bundle, "repository_id": 1 }] });
        assert_eq!(read(&stored.to_string()).unwrap(), lines[..1]);
        assert_eq!(read(r#"{"attestations":[]}"#), Ok(Vec::new()));
        assert_eq!(read(r#"{"attestation_bundles":[]}"#), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_attestation_is_called_by_its_name() {
        let mut newer = attestation();
        newer["version"] = 2.into();
        for (text, what) in [
            (newer.to_string().as_str(), "an attestation of another version than 1"),
            ("-----BEGIN PGP SIGNATURE-----\n", "a PGP signature"),
            (r#"{"payloadType":"x","payload":"","signatures":[]}"#, KEYS[1].1),
            (
                r#"{"_type":"https://in-toto.io/Statement/v1"}"#,
                "a statement that nobody has signed",
            ),
            (
                r#"{"attestations":[{"bundle":null,"bundle_url":"x"}]}"#,
                "a list of attestations that are kept elsewhere",
            ),
            (
                r#"{"attestation_bundles":[{"attestations":[{}]}]}"#,
                "a provenance object with something else than attestations",
            ),
            ("[1]", "JSON, and no attestation"),
            ("{\"version\": 1,", "no whole JSON"),
            ("hello", "no JSON"),
            (" \n", "empty"),
            ("", "empty"),
        ] {
            assert_eq!(read(text).unwrap_err(), what, "{text}");
        }
    }
}
