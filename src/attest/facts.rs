//! What a verified attestation says: of its signer, and of the run that signed.

use serde::Serialize;

/// What a verified attestation says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The type of its statement; none if the file itself is signed.
    pub predicate: Option<String>,
    /// The signer's one name (subject alternative name).
    pub identity: Option<String>,
    /// Who knows the signer by that name.
    pub issuer: Option<String>,
    /// Address of the repository whose run signed.
    pub repository: Option<String>,
    /// Address of the run's workflow, with its ref.
    pub workflow: Option<String>,
    /// The ref that the run was for.
    pub reference: Option<String>,
    /// The commit that the run was for.
    pub commit: Option<String>,
    /// The job's environment.
    pub environment: Option<String>,
    /// Address of the run.
    pub run: Option<String>,
    /// When it was signed, as the log or a timestamp proves it (RFC 3339).
    pub signed_at: Option<String>,
    /// Number of its entry in the log.
    pub log_index: Option<String>,
}
