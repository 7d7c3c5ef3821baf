//! The rules by which the registry refuses, each with the place that it is known from.
//!
//! The texts of the refusals stand where the checks are. Turned down: one list with the texts in it,
//! because most texts name what was sent.

use serde_json::json;

use crate::rehearse::http::{Response, Rule};

/// What a check gives, or the refusal.
pub(super) type Checked<T> = Result<T, Response>;

/// A refusal in the registry's form.
pub(super) fn refuse(status: u16, rule: Rule, detail: impl Into<String>) -> Response {
    Response::json(status, &json!({ "errors": [{ "detail": detail.into() }] })).by(rule)
}

/// A refusal with status 400.
pub(super) fn bad(rule: Rule, detail: impl Into<String>) -> Response {
    refuse(400, rule, detail)
}

const PUBLISH: &str = "rust-lang/crates.io src/controllers/krate/publish.rs";
const AUTH: &str = "rust-lang/crates.io src/auth.rs";
const TARBALL: &str = "rust-lang/crates.io crates/crates_io_tarball/src/lib.rs";
const MANIFEST: &str = "rust-lang/crates.io crates/crates_io_tarball/src/manifest.rs";
const NAMES: &str = "rust-lang/crates.io crates/crates_io_validation/src/lib.rs";
const EXCHANGE: &str = "rust-lang/crates.io src/controllers/trustpub/tokens/exchange/mod.rs";
const REVOKE: &str = "rust-lang/crates.io src/controllers/trustpub/tokens/revoke/mod.rs";
const CONFIGS: &str = "rust-lang/crates.io src/controllers/trustpub/github_configs/list.rs";
const AGENT: &str = "rust-lang/crates.io src/middleware/require_user_agent.rs";
const TRAFFIC: &str = "rust-lang/crates.io src/middleware/block_traffic.rs";
const RATES: &str = "rust-lang/crates.io src/rate_limiter.rs";
const ERRORS: &str = "rust-lang/crates.io src/util/errors.rs";
const YANK: &str = "rust-lang/crates.io src/controllers/version/update.rs";

macro_rules! rules {
    ($($id:ident = $name:literal, $source:expr;)*) => {
        $(pub(super) const $id: Rule = Rule { name: concat!("crates.", $name), source: $source };)*

        /// Every rule by which the registry refuses.
        pub const RULES: &[Rule] = &[$($id),*];
    };
}

rules! {
    USER_AGENT = "user-agent", AGENT;
    BLOCKED = "blocked-traffic", TRAFFIC;

    METADATA_LENGTH = "metadata-length", PUBLISH;
    METADATA_SIZE = "metadata-size", PUBLISH;
    METADATA_JSON = "metadata-json", PUBLISH;
    CRATE_NAME = "crate-name", NAMES;
    VERSION_SYNTAX = "version-syntax", PUBLISH;
    VERSION_LENGTH = "version-length", PUBLISH;
    DELETED_NAME = "deleted-name", PUBLISH;

    AUTHORIZATION_MISSING = "authorization-missing", AUTH;
    AUTHORIZATION_SCHEME = "authorization-scheme", AUTH;
    AUTHENTICATION_REQUIRED = "authentication-required", AUTH;
    AUTHENTICATION_FAILED = "authentication-failed", AUTH;
    TOKEN_FORMAT = "token-format", AUTH;
    TOKEN_SCOPE = "token-scope", AUTH;
    TRUSTED_TOKEN_FORM = "trusted-token-form", REVOKE;
    TRUSTED_TOKEN_DEAD = "trusted-token-dead", PUBLISH;
    TRUSTED_TOKEN_CRATE = "trusted-token-crate", PUBLISH;
    TRUSTED_TOKEN_NEW_CRATE = "trusted-token-new-crate", PUBLISH;
    TRUSTED_TOKEN_ELSEWHERE = "trusted-token-elsewhere", AUTH;
    TRUSTED_ONLY = "trusted-only", PUBLISH;
    VERIFIED_EMAIL = "verified-email", PUBLISH;
    RATE_LIMIT = "rate-limit", RATES;

    TARBALL_LENGTH = "tarball-length", PUBLISH;
    TARBALL_SIZE = "tarball-size", PUBLISH;
    TARBALL_MALFORMED = "tarball-malformed", TARBALL;
    TARBALL_PATH = "tarball-path", TARBALL;
    TARBALL_ENTRY = "tarball-entry", TARBALL;
    MANIFEST_MISSING = "manifest-missing", TARBALL;
    MANIFEST_CASE = "manifest-case", TARBALL;
    MANIFEST_MANY = "manifest-many", TARBALL;
    MANIFEST_INVALID = "manifest-invalid", MANIFEST;

    NAME_MISMATCH = "name-mismatch", PUBLISH;
    VERSION_MISMATCH = "version-mismatch", PUBLISH;
    REQUIRED_FIELDS = "required-fields", PUBLISH;
    DESCRIPTION_LENGTH = "description-length", PUBLISH;
    LICENSE = "license", PUBLISH;
    URL = "url", PUBLISH;
    RUST_VERSION = "rust-version", PUBLISH;
    KEYWORD_COUNT = "keyword-count", PUBLISH;
    KEYWORD = "keyword", PUBLISH;
    CATEGORY_COUNT = "category-count", PUBLISH;
    CATEGORY = "category", PUBLISH;
    FEATURE_COUNT = "feature-count", PUBLISH;
    FEATURE_NAME = "feature-name", NAMES;
    DEPENDENCY_COUNT = "dependency-count", PUBLISH;
    DEPENDENCY_NAME = "dependency-name", NAMES;
    DEPENDENCY_REGISTRY = "dependency-registry", PUBLISH;
    DEPENDENCY_REQUIREMENT = "dependency-requirement", PUBLISH;
    DEPENDENCY_WILDCARD = "dependency-wildcard", PUBLISH;
    DEPENDENCY_UNKNOWN = "dependency-unknown", PUBLISH;

    RESERVED_NAME = "reserved-name", PUBLISH;
    NOT_OWNER = "not-owner", PUBLISH;
    PREVIOUS_NAME = "previous-name", PUBLISH;
    DAILY_VERSIONS = "daily-versions", PUBLISH;
    DUPLICATE = "duplicate-version", PUBLISH;

    NO_CRATE = "no-such-crate", ERRORS;
    NO_VERSION = "no-such-version", ERRORS;
    YANK_OWNER = "yank-owner", YANK;

    EXCHANGE_BODY = "exchange-body", "rust-lang/crates.io src/controllers/trustpub/tokens/json.rs";
    JWT_DECODE = "jwt-decode", EXCHANGE;
    JWT_ISSUER = "jwt-issuer", EXCHANGE;
    JWT_KEY = "jwt-key", EXCHANGE;
    JWT_REUSED = "jwt-reused", EXCHANGE;
    JWT_CLAIM = "jwt-claim", EXCHANGE;
    TRUSTED_EVENT = "trusted-event", EXCHANGE;
    TRUSTED_REPOSITORY = "trusted-repository", EXCHANGE;
    TRUSTED_OWNER = "trusted-owner", EXCHANGE;
    TRUSTED_WORKFLOW = "trusted-workflow", EXCHANGE;
    TRUSTED_ENVIRONMENT = "trusted-environment", EXCHANGE;
    CONFIGS_QUERY = "configs-query", CONFIGS;
    CONFIGS_OWNER = "configs-owner", CONFIGS;
}
