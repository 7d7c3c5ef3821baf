//! Whether an attestation of a file holds: a pure function of the root of trust, the file's digest, the
//! attestation, and who has to have signed it.
//!
//! Signature, certificate chain, certificate log, transparency log and times are checked by the crate
//! `sigstore-verify`; what is stricter here are PEP 740's rules (one subject, of the file's own name), that
//! there is a log entry with its proof at all, and that nothing holds before somebody has said who has to
//! have signed. The public root is the one that the crate was released with: verifying asks nobody.

use serde::Serialize;
use serde_json::Value;
use sigstore_verify::crypto::CertificateInfo;
use sigstore_verify::trust_root::{SigstoreInstance, TrustedRoot};
use sigstore_verify::types::{Artifact, Bundle, Sha256Hash};
use sigstore_verify::{
    CertificateError, Error, TransparencyLogError, VerificationPolicy, VerificationResult, Verifier,
};

use super::facts::Facts;
use super::identity::{Expected, Other};
use super::read::{Form, Given};

/// Whom to trust: authorities and logs.
pub struct Root {
    verifier: Verifier,
    /// Names of the transparency logs.
    logs: Vec<Vec<u8>>,
}

impl Root {
    /// The public instance of Sigstore.
    ///
    /// # Errors
    /// Never, unless the crate was released with a broken one.
    pub fn public() -> Result<Self, String> {
        Self::from_json(SigstoreInstance::PublicGood.embedded_trusted_root_json())
    }

    /// Another one (`trusted_root.json`, protobuf-specs).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let root = TrustedRoot::from_json(text).map_err(|error| error.to_string())?;
        let verifier = Verifier::new(&root).map_err(|error| error.to_string())?;
        let logs = root.tlogs.iter().map(|log| log.log_id.key_id.as_bytes().to_vec()).collect();
        Ok(Self { verifier, logs })
    }

    /// Whether it knows the logs of all entries; the verifier tells that like a wrong signature.
    fn knows(&self, bundle: &Value) -> Result<(), Why> {
        let entries = bundle["verificationMaterial"]["tlogEntries"].as_array();
        for entry in entries.into_iter().flatten() {
            let id = entry["logId"]["keyId"].as_str().unwrap_or_default();
            if !super::from_base64(id).is_some_and(|id| self.logs.contains(&id)) {
                return Err(Why::new(
                    Check::Root,
                    format!("the transparency log {id} is not in it"),
                ));
            }
        }
        Ok(())
    }
}

/// The file that an attestation has to be about.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Its name, without folder.
    pub name: &'a str,
    /// Its SHA-256 as 64 lower-case hex digits.
    pub sha256: &'a str,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// It can be read.
    Form,
    /// It is about this file.
    Subject,
    /// The signature fits.
    Signature,
    /// The certificate is of an authority of the root, and was valid when it signed.
    Certificate,
    /// The certificate stands in a certificate log.
    CertificateLog,
    /// The signature stands in a transparency log, and when.
    Log,
    /// The root knows who vouches.
    Root,
    /// The signer is whom one expects.
    Identity,
    /// Somebody is expected at all.
    Expectation,
}

impl Check {
    /// What a failure means, in one clause.
    pub fn failed(self) -> &'static str {
        match self {
            Self::Form => "the attestation cannot be read",
            Self::Subject => "the attestation is about another file",
            Self::Signature => "the signature does not fit",
            Self::Certificate => "the certificate is not good",
            Self::CertificateLog => "no certificate log vouches for the certificate",
            Self::Log => "no log entry proves when it was signed",
            Self::Root => "the trusted root does not know who vouches for it",
            Self::Identity => "it was signed by somebody else",
            Self::Expectation => "it is signed, and nobody said who has to have signed it",
        }
    }
}

/// Why an attestation does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// What failed.
    pub check: Check,
    /// More of it.
    pub detail: Option<String>,
    /// What it should be.
    pub wanted: Option<String>,
    /// What it is.
    pub found: Option<String>,
    /// Where only the signer is in question: what is verified nevertheless.
    pub facts: Option<Box<Facts>>,
}

impl Why {
    /// There is something else in its place.
    pub fn unreadable(what: &str) -> Self {
        Self::new(Check::Form, format!("it is {what}"))
    }

    fn new(check: Check, detail: impl Into<String>) -> Self {
        let detail = Some(detail.into());
        Self { check, detail, wanted: None, found: None, facts: None }
    }

    fn differs(check: Check, what: &str, wanted: &str, found: Option<&str>) -> Self {
        let (wanted, found) = (Some(wanted.to_owned()), Some(found.unwrap_or("none").to_owned()));
        Self { wanted, found, ..Self::new(check, format!("its {what} differs")) }
    }
}

/// Verifies an attestation of `file`. It never holds without somebody `expected`.
///
/// # Errors
/// The first check that fails.
pub fn verify(
    root: &Root,
    file: File<'_>,
    given: &Given,
    expected: Option<&Expected>,
) -> Result<Facts, Why> {
    let statement = statement(given)?;
    about(file, given, statement.as_ref())?;
    logged(&given.bundle)?;
    root.knows(&given.bundle)?;
    let unreadable = |error: &dyn ToString| Why::new(Check::Form, error.to_string());
    let bundle =
        Bundle::from_json(&given.bundle.to_string()).map_err(|error| unreadable(&error))?;
    let digest = Sha256Hash::from_hex(file.sha256).map_err(|error| unreadable(&error))?;
    let policy = VerificationPolicy::any_identity();
    let verified = root
        .verifier
        .verify(Artifact::from_digest(digest), &bundle, &policy)
        .map_err(|error| why(&error))?;
    let facts = facts(given, statement.as_ref(), &verified)?;
    let Some(expected) = expected else {
        let facts = Some(Box::new(facts));
        let check = Check::Expectation;
        return Err(Why { check, detail: None, wanted: None, found: None, facts });
    };
    match expected.check(&facts) {
        Ok(()) => Ok(facts),
        Err(Other { what, wanted, found }) => {
            let why = Why::differs(Check::Identity, what, &wanted, found.as_deref());
            Err(Why { facts: Some(Box::new(facts)), ..why })
        }
    }
}

/// What an attestation says of itself before anything is checked: digests of the files it is about.
pub fn subjects(given: &Given) -> Vec<String> {
    let digests = |statement: Value| {
        let subjects = statement["subject"].as_array().cloned().unwrap_or_default();
        let digest = |one: &Value| Some(one["digest"]["sha256"].as_str()?.to_ascii_lowercase());
        subjects.iter().filter_map(digest).collect()
    };
    match statement(given) {
        Ok(Some(statement)) => digests(statement),
        _ => signed_digest(&given.bundle).into_iter().collect(),
    }
}

/// The statement within the envelope, if there is one.
fn statement(given: &Given) -> Result<Option<Value>, Why> {
    let Some(payload) = given.bundle["dsseEnvelope"]["payload"].as_str() else { return Ok(None) };
    let bytes = super::from_base64(payload);
    let read = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.map(Some).ok_or_else(|| Why::new(Check::Form, "its statement is no JSON"))
}

/// The digest in a bundle that signs the file itself.
fn signed_digest(bundle: &Value) -> Option<String> {
    let digest = &bundle["messageSignature"]["messageDigest"];
    let is_sha256 = digest["algorithm"] == "SHA2_256";
    let raw = super::from_base64(digest["digest"].as_str().filter(|_| is_sha256)?)?;
    Some(crate::model::artifact::hex(&raw))
}

fn about(file: File<'_>, given: &Given, statement: Option<&Value>) -> Result<(), Why> {
    let digests = subjects(given);
    let named = statement.map(|statement| statement["subject"].as_array());
    let other = |found: &str| Why::differs(Check::Subject, "digest", file.sha256, Some(found));
    match (digests.as_slice(), named) {
        ([], Some(_)) => return Err(other("none of kind sha256")),
        ([], None) => {}
        ([one], _) if one != file.sha256 => return Err(other(one)),
        (all, _) if !all.iter().any(|one| one == file.sha256) => {
            return Err(other(&format!("{} others", all.len())));
        }
        _ => {}
    }
    if given.form != Form::Index {
        return Ok(());
    }
    match named.flatten().map(Vec::as_slice) {
        Some([subject]) => {
            let name = subject["name"].as_str().unwrap_or_default();
            if spelling(name) == spelling(file.name) {
                return Ok(());
            }
            Err(Why::differs(Check::Subject, "name", file.name, Some(name)))
        }
        _ => Err(Why::new(Check::Form, "it has to be about exactly one file")),
    }
}

/// A file name with what indexes take as the same in one spelling.
fn spelling(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '.'], "_")
}

/// There has to be an entry, and each has to come with its proof: a verifier checks what is there.
fn logged(bundle: &Value) -> Result<(), Why> {
    let entries = bundle["verificationMaterial"]["tlogEntries"].as_array();
    match entries.map(Vec::as_slice) {
        None | Some([]) => Err(Why::new(Check::Log, "there is none")),
        Some(all) if all.iter().any(|one| !one["inclusionProof"].is_object()) => {
            Err(Why::new(Check::Log, "the entry comes without its proof"))
        }
        Some(_) => Ok(()),
    }
}

fn facts(
    given: &Given,
    statement: Option<&Value>,
    verified: &VerificationResult,
) -> Result<Facts, Why> {
    let all =
        verified.certificate_verified() && verified.sct_verified() && verified.tlog_verified();
    let certificate = verified.certificate().filter(|_| all);
    let CertificateInfo { identity, issuer, ci_claims: claims, .. } =
        certificate.ok_or_else(|| Why::new(Check::Certificate, "there is none"))?;
    let entry = &given.bundle["verificationMaterial"]["tlogEntries"][0];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Ok(Facts {
        predicate: statement.and_then(|statement| text(&statement["predicateType"])),
        identity: identity.as_ref().map(ToString::to_string),
        issuer: issuer.clone(),
        repository: claims.source_repository_uri.clone(),
        workflow: claims.build_config_uri.clone(),
        reference: claims.source_repository_ref.clone(),
        commit: claims.source_repository_digest.clone(),
        environment: claims.deployment_environment.clone(),
        run: claims.run_invocation_uri.clone(),
        signed_at: verified.verified_timestamps().iter().min().map(ToString::to_string),
        log_index: text(&entry["logIndex"]),
    })
}

/// The verifier's reason among our checks.
fn why(error: &Error) -> Why {
    let check = match error {
        Error::SignatureInvalid(_) | Error::Crypto(_) => Check::Signature,
        Error::ArtifactMismatch(_) => Check::Subject,
        Error::Certificate(CertificateError::Sct(_)) => Check::CertificateLog,
        Error::Certificate(CertificateError::NoValidAuthority { .. })
        | Error::TransparencyLog(TransparencyLogError::UnknownLog { .. })
        | Error::InvalidTrustRoot(_)
        | Error::TrustRoot(_)
        | Error::TrustedCertificate(_) => Check::Root,
        Error::Certificate(_) => Check::Certificate,
        Error::TransparencyLog(_) | Error::Timestamp(_) | Error::Bundle(_) => Check::Log,
        _ => Check::Form,
    };
    Why::new(check, error.to_string())
}
