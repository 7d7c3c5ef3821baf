//! The rules by which the forge refuses, each with the place that it is known from.
//!
//! The texts stand where the checks are, since most name what was sent. Where the documentation is
//! silent, the source is a public report that quotes the real answer. Turned down: one status for all
//! that is wrong, because clients tell 401, 403, 404 and 422 apart.

use serde_json::{Value, json};

use crate::rehearse::http::{Response, Rule};

/// What a check gives, or the refusal.
pub(super) type Checked<T> = Result<T, Response>;

/// A refusal with this message; where it is documented is put in when the answer leaves.
pub(super) fn refuse(status: u16, rule: Rule, message: impl Into<String>) -> Response {
    Response::json(status, &json!({ "message": message.into() })).by(rule)
}

/// What the forge says of what it has not, and of what it does not want to be known.
pub(super) fn missing() -> Response {
    refuse(404, NOT_FOUND, "Not Found")
}

/// One thing that is wrong with what was sent.
pub(super) struct Wrong {
    rule: Rule,
    error: Value,
}

impl Wrong {
    /// A field with a code of the API, such as `already_exists`.
    pub(super) fn code(rule: Rule, resource: &str, code: &str, field: &str) -> Self {
        Self { rule, error: json!({ "resource": resource, "code": code, "field": field }) }
    }

    /// A field with a message of its own, which begins with the field's name.
    pub(super) fn custom(rule: Rule, resource: &str, field: &str, message: &str) -> Self {
        let message = format!("{field} {message}");
        let error = json!({
            "resource": resource, "code": "custom", "field": field, "message": message,
        });
        Self { rule, error }
    }

    /// Something that belongs to no field.
    pub(super) fn whole(rule: Rule, resource: &str, message: &str) -> Self {
        let error = json!({ "resource": resource, "code": "custom", "message": message });
        Self { rule, error }
    }
}

/// All that is wrong, in one refusal by the first rule.
pub(super) fn judged(wrong: Vec<Wrong>) -> Checked<()> {
    let Some(rule) = wrong.first().map(|first| first.rule) else { return Ok(()) };
    let errors: Vec<Value> = wrong.into_iter().map(|one| one.error).collect();
    let body = json!({ "message": "Validation Failed", "errors": errors });
    Err(Response::json(422, &body).by(rule))
}

const START: &str =
    "https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api";
const TROUBLE: &str =
    "https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api";
const LIMITS: &str = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";
const VERSIONS: &str = "https://docs.github.com/rest/about-the-rest-api/api-versions";
const RELEASES: &str = "https://docs.github.com/rest/releases/releases";
const ASSETS: &str = "https://docs.github.com/rest/releases/assets";
const QUOTAS: &str =
    "https://docs.github.com/repositories/releasing-projects-on-github/about-releases";
const IMMUTABLE: &str =
    "https://docs.github.com/code-security/concepts/supply-chain-security/immutable-releases";
const REFS: &str = "https://docs.github.com/rest/git/refs";
const TAGS: &str = "https://docs.github.com/rest/git/tags";
const COMMITS: &str = "https://docs.github.com/rest/commits/commits";
const RULESETS: &str = "https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets";
const WORKFLOWS: &str = "https://docs.github.com/rest/actions/workflows";
const ATTESTATIONS: &str = "https://docs.github.com/rest/repos/attestations";
const GRAPHQL: &str = "https://docs.github.com/graphql/guides/forming-calls-with-graphql";

macro_rules! rules {
    ($($id:ident = $name:literal, $source:expr;)*) => {
        $(pub(super) const $id: Rule = Rule { name: concat!("github.", $name), source: $source };)*

        /// Every rule by which the forge refuses.
        pub const RULES: &[Rule] = &[$($id),*];
    };
}

rules! {
    USER_AGENT = "user-agent", START;
    API_VERSION = "api-version", VERSIONS;
    CREDENTIALS = "credentials", TROUBLE;
    AUTHENTICATION = "authentication", TROUBLE;
    NOT_FOUND = "not-found", TROUBLE;
    PERMISSION = "permission", TROUBLE;
    PRIMARY_LIMIT = "primary-rate-limit", LIMITS;
    SECONDARY_LIMIT = "secondary-rate-limit", LIMITS;
    JSON = "json", TROUBLE;
    SCHEMA = "schema", TROUBLE;

    TAG_MISSING = "tag-missing", RELEASES;
    TAG_FORM = "tag-form", "https://github.com/yegor256/rultor/issues/856";
    TAG_TAKEN = "tag-taken", RELEASES;
    TAG_BURNED = "tag-burned", "https://github.com/microsoft/hve-core/pull/554";
    TARGET = "target", "https://github.com/softprops/action-gh-release/issues/213";
    BODY_LENGTH = "body-length", "https://github.com/softprops/action-gh-release/issues/374";
    LATEST = "latest", RELEASES;
    DISCUSSION = "discussion", RELEASES;
    LOCKED_TAG = "locked-tag", IMMUTABLE;
    LOCKED_STATE = "locked-state", "https://github.com/microsoft/hve-core/pull/550";
    PREVIOUS_TAG = "previous-tag", "https://github.com/googleapis/release-please/issues/1787";
    NOTES_TARGET = "notes-target", "https://github.com/concourse/github-release-resource/pull/144";

    ASSET_NAME = "asset-name", ASSETS;
    ASSET_TYPE = "asset-type", ASSETS;
    ASSET_EMPTY = "asset-empty", "https://github.com/svenstaro/upload-release-action/issues/94";
    ASSET_SIZE = "asset-size", QUOTAS;
    ASSET_COUNT = "asset-count", QUOTAS;
    ASSET_TAKEN = "asset-taken", ASSETS;
    LOCKED_ASSETS = "locked-assets", IMMUTABLE;
    UPSTREAM = "upstream-failure", ASSETS;
    SIGNATURE = "download-signature", ASSETS;

    REF_NAME = "ref-name", "https://github.com/octokit/octokit.rb/issues/675";
    REF_EXISTS = "ref-exists", REFS;
    REF_MISSING = "ref-missing", REFS;
    OBJECT_MISSING = "object-missing", REFS;
    FAST_FORWARD = "fast-forward", REFS;
    DEFAULT_BRANCH = "default-branch", REFS;
    REF_FAILED = "ref-failed", "https://github.com/github/rest-api-description/issues/4887";
    RULE_CREATION = "rule-creation", RULESETS;
    RULE_UPDATE = "rule-update", RULESETS;
    RULE_DELETION = "rule-deletion", RULESETS;
    TAG_OBJECT = "tag-object", TAGS;
    NO_COMMIT = "no-commit", COMMITS;

    DISPATCH_TRIGGER = "dispatch-trigger", WORKFLOWS;
    DISPATCH_REF = "dispatch-ref", WORKFLOWS;
    DISPATCH_INPUTS = "dispatch-inputs", WORKFLOWS;
    DISPATCH_REQUIRED = "dispatch-required", WORKFLOWS;

    BUNDLE = "bundle", ATTESTATIONS;
    BUNDLE_SUBJECTS = "bundle-subjects", "https://github.com/actions/attest-build-provenance/issues/762";
    ATTESTATION_PLAN = "attestation-plan", "https://github.com/github/docs/issues/35835";

    GRAPHQL_LOGIN = "graphql-login", GRAPHQL;
    GRAPHQL_QUERY = "graphql-query", GRAPHQL;
}
