//! Attestations that come with a file (PEP 740): how many, of what form, about what.
//!
//! Signatures, certificates and the log are judged by what is plugged in. Turned down: leaving the
//! statement to that too, because the subject and the predicate are rules of the index.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::filename::{WheelName, sdist_name};
use super::form::Form;
use super::publishers::Publisher;
use super::refusal::{Checked, bad};
use super::rules;
use super::tokens::Token;
use crate::rehearse::http::Rule;

/// What an attestation has to be true of.
#[derive(Debug, Clone, Copy)]
pub struct Artifact<'a> {
    /// The attestation object, whose form is known to be right.
    pub attestation: &'a Value,
    /// Name of the file.
    pub filename: &'a str,
    /// SHA-256 in hexadecimal digits: of the file that the statement names, since whether that is the
    /// uploaded one is judged after all else.
    pub sha256: &'a str,
    /// The publisher of the token that uploads.
    pub publisher: &'a Publisher,
}

/// Verifies one attestation's signature, certificate and log entry, and that the certificate is of
/// the publisher's repository and workflow. The statement is checked after it, by the index. An error
/// is what the server says after "Could not verify the uploaded artifact using the included
/// attestation: ".
pub type Attest = Box<dyn Fn(&Artifact<'_>) -> Result<(), String> + Send>;

/// How an index judges attestations.
pub(super) struct Judge<'a> {
    /// What verifies signatures.
    pub(super) attest: &'a Attest,
    /// The kinds of statements that it takes: one of each for a file.
    pub(super) predicates: [String; 2],
}

fn invalid<T>(why: &str, rule: Rule) -> Checked<T> {
    bad(format!("Invalid attestations supplied during upload: {why}"), rule)
}

impl Judge<'_> {
    /// The provenance object for a file's attestations, if it came with any.
    pub(super) fn check(
        &self,
        form: &Form,
        token: &Token,
        filename: &str,
        sha256: &str,
    ) -> Checked<Option<Value>> {
        let Some(text) = form.all("attestations").last().copied() else {
            return Ok(None);
        };
        let Some((publisher, _)) = &token.publisher else {
            let why = "Attestations are only supported when using Trusted Publishing";
            return invalid(why, rules::ATTESTATION_TOKEN);
        };
        let attestations = parsed(text)?;
        let mut seen = Vec::new();
        for attestation in &attestations {
            let artifact = Artifact { attestation, filename, sha256, publisher };
            let checked = self.verified(&artifact).and_then(|()| self.statement(&artifact));
            let predicate = checked.or_else(|why| {
                let why = format!(
                    "Could not verify the uploaded artifact using the included attestation: {why}"
                );
                invalid(&why, rules::ATTESTATION_VERIFIED)
            })?;
            if seen.contains(&predicate) {
                let why = format!(
                    "Multiple attestations for the same file with the same predicate type ({predicate}) are not supported"
                );
                return invalid(&why, rules::ATTESTATION_TWICE);
            }
            seen.push(predicate);
        }
        Ok(Some(provenance(publisher, &attestations)))
    }

    /// Checks that the statement was made, about whatever file it names.
    fn verified(&self, artifact: &Artifact<'_>) -> Result<(), String> {
        let statement = stated(artifact.attestation).unwrap_or_default();
        let named = statement["subject"][0]["digest"]["sha256"].as_str();
        (self.attest)(&Artifact { sha256: named.unwrap_or(artifact.sha256), ..*artifact })
    }

    /// Checks the statement, and gives its predicate type.
    fn statement(&self, artifact: &Artifact<'_>) -> Result<String, String> {
        let statement = stated(artifact.attestation)?;
        if statement["_type"] != "https://in-toto.io/Statement/v1" {
            return Err("invalid statement: not an in-toto statement".into());
        }
        let subjects = statement["subject"].as_array().map(Vec::as_slice);
        let [subject] = subjects.unwrap_or_default() else {
            return Err("too many subjects in statement (must be exactly one)".into());
        };
        let name = subject["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            return Err("invalid subject: missing name".into());
        }
        if !same_name(name, artifact.filename)? {
            let wrong = format!("{name} != {}", artifact.filename);
            return Err(format!("subject does not match distribution name: {wrong}"));
        }
        if subject["digest"]["sha256"] != artifact.sha256 {
            return Err("subject does not match distribution digest".into());
        }
        let given = statement["predicateType"].as_str().unwrap_or_default();
        let known = self.predicates.iter().find(|kind| *kind == given);
        known.cloned().ok_or_else(|| format!("unknown attestation type: {given}"))
    }
}

/// The statement of an attestation.
fn stated(attestation: &Value) -> Result<Value, String> {
    let text = attestation.pointer("/envelope/statement").and_then(Value::as_str);
    let bytes = STANDARD.decode(text.unwrap_or_default().trim()).unwrap_or_default();
    serde_json::from_slice(&bytes)
        .map_err(|error| format!("invalid statement: Invalid JSON: {error}"))
}

/// The attestations of the form's field.
fn parsed(text: &str) -> Checked<Vec<Value>> {
    let malformed =
        |why: &str| invalid(&format!("Malformed attestations: {why}"), rules::ATTESTATION_FORM);
    let attestations = match serde_json::from_str(text) {
        Ok(Value::Array(list)) => list,
        Ok(_) => return malformed("Input should be a valid array"),
        Err(error) => return malformed(&format!("Invalid JSON: {error}")),
    };
    if let Some(field) = attestations.iter().find_map(wrong_field) {
        return malformed(&format!("invalid or missing {field}"));
    }
    if attestations.is_empty() {
        return malformed("an empty attestation set is not permitted");
    }
    if attestations.len() > 2 {
        let why = "A maximum of 2 attestations per file are supported";
        return invalid(why, rules::ATTESTATION_COUNT);
    }
    Ok(attestations)
}

/// The provenance object that the index serves.
fn provenance(publisher: &Publisher, attestations: &[Value]) -> Value {
    let environment = publisher.environment();
    json!({ "version": 1, "attestation_bundles": [{
        "publisher": {
            "kind": "GitHub",
            "claims": null,
            "repository": format!("{}/{}", publisher.owner, publisher.repository),
            "workflow": publisher.workflow,
            "environment": (!environment.is_empty()).then_some(environment),
        },
        "attestations": attestations,
    }] })
}

/// A field of an attestation that is missing or of the wrong kind.
fn wrong_field(attestation: &Value) -> Option<&'static str> {
    let base64 = |place: &str| {
        let text = attestation.pointer(place).and_then(Value::as_str);
        text.is_some_and(|text| STANDARD.decode(text.trim()).is_ok())
    };
    let entries = attestation.pointer("/verification_material/transparency_entries");
    let logged = entries.and_then(Value::as_array).is_some_and(|entries| !entries.is_empty());
    [
        ("version", attestation["version"] == json!(1)),
        ("verification_material.certificate", base64("/verification_material/certificate")),
        ("verification_material.transparency_entries", logged),
        ("envelope.statement", base64("/envelope/statement")),
        ("envelope.signature", base64("/envelope/signature")),
    ]
    .into_iter()
    .find_map(|(field, good)| (!good).then_some(field))
}

/// Whether a subject's name is that of the file, in whatever spelling.
fn same_name(subject: &str, filename: &str) -> Result<bool, String> {
    if subject.ends_with(".whl") {
        let one = WheelName::parse(subject).map_err(|why| format!("invalid subject: {why}"))?;
        return Ok(WheelName::parse(filename).is_ok_and(|other| one == other));
    }
    let one = sdist_name(subject)
        .ok_or_else(|| format!("invalid subject: unknown distribution format: {subject}"))?;
    Ok(sdist_name(filename).is_some_and(|other| one == other))
}
