//! The rules by which the forge refuses, each with the page that it is known from.
//!
//! The texts of the refusals stand where the checks are: most name what was asked for.

use serde_json::{Value, json};

use crate::rehearse::http::{Response, Rule};

/// What a check gives, or the refusal.
pub(super) type Checked<T> = Result<T, Response>;

const AUTH: &str = "https://docs.github.com/rest/authentication/authenticating-to-the-rest-api";
const TROUBLE: &str =
    "https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api";
const LIMITS: &str = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";
const RELEASES: &str = "https://docs.github.com/rest/releases/releases";
const ASSETS: &str = "https://docs.github.com/rest/releases/assets";
const REFS: &str = "https://docs.github.com/rest/git/refs";
const ATTESTATIONS: &str = "https://docs.github.com/rest/repos/attestations";
const IMMUTABLE: &str =
    "https://docs.github.com/code-security/concepts/supply-chain-security/immutable-releases";
const WORKFLOWS: &str = "https://docs.github.com/rest/actions/workflows";
const GETTING_STARTED: &str =
    "https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api";

macro_rules! rules {
    ($($id:ident = $name:literal, $source:expr;)*) => {
        $(pub(super) const $id: Rule = Rule { name: concat!("github.", $name), source: $source };)*

        /// All of them.
        pub const RULES: &[Rule] = &[$($id),*];
    };
}

rules! {
    USER_AGENT = "user-agent", GETTING_STARTED;
    API_VERSION = "api-version", GETTING_STARTED;
    CREDENTIALS = "credentials", AUTH;
    AUTHENTICATION = "authentication", AUTH;
    PERMISSION = "permission", AUTH;
    NOT_FOUND = "not-found", TROUBLE;
    JSON = "json", TROUBLE;
    PRIMARY_LIMIT = "primary-limit", LIMITS;
    SECONDARY_LIMIT = "secondary-limit", LIMITS;
    TAG_MISSING = "tag-missing", RELEASES;
    RELEASE_EXISTS = "release-exists", RELEASES;
    TARGET = "target", RELEASES;
    BODY_LENGTH = "body-length", RELEASES;
    ASSET_NAME = "asset-name", ASSETS;
    ASSET_EXISTS = "asset-exists", ASSETS;
    ASSET_EMPTY = "asset-empty", ASSETS;
    ASSET_SIZE = "asset-size", ASSETS;
    ASSET_COUNT = "asset-count", ASSETS;
    ASSET_BROKEN = "asset-broken", ASSETS;
    IMMUTABLE_RELEASE = "immutable-release", IMMUTABLE;
    IMMUTABLE_TAG = "immutable-tag", IMMUTABLE;
    REF_NAME = "ref-name", REFS;
    REF_EXISTS = "ref-exists", REFS;
    REF_OBJECT = "ref-object", REFS;
    REF_FORWARD = "ref-forward", REFS;
    REF_RULESET = "ref-ruleset", REFS;
    BUNDLE = "bundle", ATTESTATIONS;
    ATTESTATION_PLAN = "attestation-plan", ATTESTATIONS;
    DISPATCH_TRIGGER = "dispatch-trigger", WORKFLOWS;
    DISPATCH_INPUTS = "dispatch-inputs", WORKFLOWS;
}

/// A refusal in the forge's form.
pub(super) fn refuse(status: u16, rule: Rule, message: impl Into<String>) -> Response {
    let body = json!({
        "message": message.into(),
        "documentation_url": rule.source,
        "status": status.to_string(),
    });
    Response::json(status, &body).by(rule)
}

/// A field of something that cannot be taken: `code` is one of the forge's words.
pub(super) fn invalid(rule: Rule, resource: &str, field: &str, code: &str) -> Response {
    of_errors(rule, &json!([{ "resource": resource, "code": code, "field": field }]))
}

/// Something that cannot be taken, in the forge's words.
pub(super) fn custom(rule: Rule, resource: &str, field: &str, message: &str) -> Response {
    let error =
        json!({ "resource": resource, "code": "custom", "field": field, "message": message });
    of_errors(rule, &json!([error]))
}

fn of_errors(rule: Rule, errors: &Value) -> Response {
    let body = json!({
        "message": "Validation Failed",
        "errors": errors,
        "documentation_url": rule.source,
        "status": "422",
    });
    Response::json(422, &body).by(rule)
}

/// That there is nothing, or that nobody is told.
pub(super) fn not_found() -> Response {
    refuse(404, NOT_FOUND, "Not Found")
}
