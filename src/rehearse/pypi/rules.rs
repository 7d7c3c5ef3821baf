//! Every rule that the index can refuse by, with the place it is known from.
//!
//! What the server says then stands where it is checked. Turned down: rules next to their checks, since
//! the list is documentation, and a test holds every one of them to have been broken once.

use crate::rehearse::http::Rule;

/// Stands in texts for the address of the help page.
pub(super) const HELP: &str = "{help}";

/// Stands in texts for the address of the user documentation.
pub(super) const DOCS: &str = "{docs}";

const LEGACY: &str = "warehouse/forklift/legacy.py";
const FORMS: &str = "warehouse/forklift/forms.py";
const METADATA: &str = "warehouse/forklift/metadata.py";
const PACKAGING: &str = "packaging.metadata; core metadata specification";
const VIEWS: &str = "warehouse/oidc/views.py";
const CLAIMS: &str = "warehouse/oidc/models/github.py";
const TROUBLE: &str = "PyPI user documentation: trusted publishers, troubleshooting";
const MACAROONS: &str = "warehouse/macaroons/caveats";
const ARCHIVES: &str = "PyPI user documentation: archives";
const PEP740: &str = "PEP 740; warehouse/attestations/services.py";

macro_rules! rules {
    ($($id:ident: $name:literal, $source:expr;)*) => {
        $(pub(super) const $id: Rule = Rule { name: concat!("pypi.", $name), source: $source };)*

        /// All rules of the index.
        pub const RULES: &[Rule] = &[$($id),*];
    };
}

rules! {
    // Routes.
    METHOD: "method", "warehouse/csrf.py; RFC 9110, 15.5.6";
    NOT_FOUND: "not-found", "PEP 503";
    TRAILING_SLASH: "trailing-slash", LEGACY;
    OLD_ACTION: "old-action", LEGACY;
    // Who asks.
    TUPLE: "field-is-file", "warehouse/forklift/decorators.py";
    READ_ONLY: "read-only", "warehouse/forklift/decorators.py";
    NO_UPLOADS: "uploads-disabled", "warehouse/forklift/decorators.py";
    PASSWORD: "password", "warehouse/accounts/security_policy.py";
    AUTHENTICATION: "authentication", "warehouse/forklift/decorators.py";
    TOKEN_SCOPE: "token-scope", MACAROONS;
    TOKEN_EXPIRED: "token-expired", MACAROONS;
    NOT_OURS: "not-a-maintainer", LEGACY;
    CLOSED_PROJECT: "closed-project", "PEP 792; warehouse/packaging/models.py";
    // The form.
    PROTOCOL: "protocol-version", LEGACY;
    FORM_NAME: "form-name", FORMS;
    FILETYPE: "filetype", FORMS;
    PYVERSION: "pyversion", FORMS;
    DIGEST_FORM: "digest-form", FORMS;
    NO_DIGEST: "no-digest", FORMS;
    NO_FILE: "no-file", LEGACY;
    // Metadata.
    REPEATED: "repeated-field", METADATA;
    METADATA_VERSION: "metadata-version", METADATA;
    FIELD_AGE: "field-too-new", PACKAGING;
    VERSION: "version", "PEP 440";
    LOCAL_VERSION: "local-version", METADATA;
    SUMMARY_LINE: "summary-lines", PACKAGING;
    SUMMARY_LENGTH: "summary-length", METADATA;
    CONTENT_TYPE: "description-content-type", PACKAGING;
    DYNAMIC: "dynamic", "PEP 643";
    EXTRA: "provides-extra", PACKAGING;
    REQUIRES_PYTHON: "requires-python", PACKAGING;
    REQUIREMENT: "requirement", "PEP 508";
    DIRECT: "direct-dependency", METADATA;
    LICENSE_EXPRESSION: "license-expression", "PEP 639";
    LICENSE_PATH: "license-file-path", "PEP 639";
    TWO_LICENSES: "two-licenses", "PEP 639";
    IMPORT_NAME: "import-name", "PEP 794";
    EMAIL: "email", METADATA;
    CLASSIFIER: "classifier", METADATA;
    URL: "url", METADATA;
    PROJECT_URL: "project-url", METADATA;
    // The project.
    NEW_PROJECT: "new-project-identity", TROUBLE;
    NEW_NAME: "new-project-name", "warehouse/packaging/services.py";
    MANY_PROJECTS: "too-many-projects", LEGACY;
    NO_PROJECTS: "projects-disabled", "warehouse/packaging/services.py";
    // The file.
    FILENAME_LETTERS: "filename-letters", LEGACY;
    EXTENSION: "extension", "PEP 527";
    MEDIA_TYPE: "content-type", LEGACY;
    FILE_SIZE: "file-size", "PyPI user documentation: storage limits";
    PROJECT_SIZE: "project-size", "PyPI user documentation: storage limits";
    DIGEST: "digest", LEGACY;
    FILE_EXISTS: "file-exists", LEGACY;
    FILENAME_USED: "filename-used", LEGACY;
    RELEASE_AGE: "release-age", LEGACY;
    ONE_SDIST: "one-sdist", "PEP 527";
    // What is in it.
    ARCHIVE_KIND: "archive-kind", LEGACY;
    ARCHIVE_BROKEN: "archive-broken", LEGACY;
    ZIP_RATIO: "zip-ratio", LEGACY;
    ZIP_METHOD: "zip-method", LEGACY;
    ZIP_FRAMING: "zip-framing", ARCHIVES;
    WHEEL_FILE: "wheel-file", "PEP 427";
    TAR_SPARSE: "tar-sparse", ARCHIVES;
    TOP_LEVEL: "top-level", "PEP 625";
    PKG_INFO: "pkg-info", "PEP 625";
    SDIST_NAME_FORM: "sdist-name-form", "PEP 625";
    SDIST_NAME: "sdist-name", "PEP 625";
    WHEEL_NAME_FORM: "wheel-name-form", "PEP 427";
    PLATFORM: "platform-tag", LEGACY;
    FILENAME_PROJECT: "filename-project", LEGACY;
    WHEEL_NAME: "wheel-name", "binary distribution format specification";
    WHEEL_VERSION: "wheel-version", LEGACY;
    LICENSE_MISSING: "license-file-missing", "PEP 639";
    RECORD: "record", "PEP 427; warehouse/utils/wheel.py";
    ENTRY_POINTS: "entry-points", "entry points specification; warehouse/utils/wheel.py";
    METADATA_FILE: "metadata-file", "PEP 427";
    // Attestations.
    ATTESTATION_TOKEN: "attestation-token", PEP740;
    ATTESTATION_FORM: "attestation-form", PEP740;
    ATTESTATION_COUNT: "attestation-count", PEP740;
    ATTESTATION_VERIFIED: "attestation-verified", "PEP 740; pypi-attestations";
    ATTESTATION_TWICE: "attestation-twice", PEP740;
    NOT_ACCEPTABLE: "integrity-accept", "warehouse/api/integrity.py";
    NO_PROVENANCE: "integrity-disabled", "warehouse/api/integrity.py";
    WITHOUT_PROVENANCE: "integrity-none", "warehouse/api/integrity.py";
    // Trusted publishing.
    OIDC_DISABLED: "oidc-disabled", VIEWS;
    MINT_PAYLOAD: "mint-payload", VIEWS;
    MALFORMED_JWT: "mint-jwt", VIEWS;
    UNKNOWN_ISSUER: "mint-issuer", VIEWS;
    INVALID_TOKEN: "mint-signature", "warehouse/oidc/services.py";
    REUSED_TOKEN: "mint-reuse", "warehouse/oidc/services.py";
    PENDING_EXISTS: "pending-project-exists", TROUBLE;
    NO_PUBLISHER: "no-publisher", TROUBLE;
    CLAIM_MISSING: "claim-missing", "warehouse/oidc/models/_core.py";
    CLAIM_FAILED: "claim-failed", "warehouse/oidc/models/_core.py";
    WORKFLOW_FILE: "workflow-file", CLAIMS;
    WORKFLOW_REF: "workflow-ref", "PyPI user documentation: trusted publishers; warehouse/oidc/models/github.py";
    EVENT: "event", CLAIMS;
}
