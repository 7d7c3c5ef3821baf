//! Trusted publishing: every refusal of a token, and what a good one may do.
//!
//! Claims are changed one by one in a good set. Turned down: tokens from a list of texts, which would
//! expire.

use serde_json::{Value, json};

use super::super::{Flag, Index, Publisher, Registration, Standing};
use super::{
    AT, Attempt, ISSUER, PROVENANCE, PUBLISH, WHEEL, assert_refused, attestation, body, claims,
    get, index, post, runner_token,
};
use crate::rehearse::http::Response;
use crate::rehearse::oidc::Claims;
use crate::rehearse::oidc::tests::issuer;

/// The publisher of the tests' issuer, for a project.
fn publisher(project: &str) -> Publisher {
    let owner_id = Some("1001".into());
    Publisher { project: Some(project.into()), owner_id, ..Publisher::assumed(ISSUER.identity()) }
}

fn pending(project: &str, since: u64) -> Publisher {
    Publisher { registration: Registration::Pending { since }, ..publisher(project) }
}

fn mint(index: &mut Index, token: &str, at: u64) -> Response {
    index.answer(&post("/_/oidc/mint-token", &json!({ "token": token })), at)
}

fn upload_token(response: &Response) -> String {
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    body(response)["token"].as_str().unwrap().to_owned()
}

/// An index with a publisher for `widget`, and a token of it.
pub(super) fn minted() -> (Index, String) {
    let mut index = index();
    index.add_project("widget", true, AT);
    index.register(publisher("widget"));
    let token = upload_token(&mint(&mut index, &runner_token(), AT));
    (index, token)
}

/// What goes wrong, and what is sent.
struct Mint {
    index: Index,
    claims: Claims,
    /// What is sent instead of the signed claims.
    body: Option<Value>,
    at: u64,
}

impl Mint {
    fn claim(&mut self, name: &str, value: &str) {
        self.claims.insert(name.into(), value.into());
    }

    fn send(&mut self) -> Response {
        let signed = json!({ "token": ISSUER.sign(&self.claims).unwrap() });
        let body = self.body.clone().unwrap_or(signed);
        self.index.answer(&post("/_/oidc/mint-token", &body), self.at)
    }
}

type Case = (&'static str, &'static str, &'static str, fn(&mut Mint));

/// The rules that are broken in this file.
pub(super) fn rules() -> Vec<&'static str> {
    let uploads = ["token-expired", "new-project-identity"];
    REFUSALS.iter().map(|case| case.0).chain(uploads).collect()
}

/// A rule, the code, the text and what is done to a good exchange.
const REFUSALS: &[Case] = &[
    (
        "mint-payload",
        "invalid-payload",
        "1 validation error for TokenPayload\ntoken\n  Field required",
        |m| m.body = Some(json!({})),
    ),
    (
        "mint-payload",
        "invalid-payload",
        "1 validation error for TokenPayload\ntoken\n  Input should be a valid string",
        |m| m.body = Some(json!({ "token": 1 })),
    ),
    ("mint-jwt", "invalid-payload", "malformed JWT", |m| {
        m.body = Some(json!({ "token": "x.y.z" }))
    }),
    ("mint-jwt", "invalid-payload", "malformed JWT", |m| drop(m.claims.remove("iss"))),
    ("mint-issuer", "invalid-payload", "unknown trusted publishing issuer", |m| {
        m.claim("iss", "https://other.example")
    }),
    ("oidc-disabled", "not-enabled", "github trusted publishing functionality not enabled", |m| {
        m.index.set_flag(Flag::NoTrustedPublishing, true)
    }),
    ("mint-signature", "invalid-token", "malformed or invalid token", |m| {
        m.claim("aud", "testpypi")
    }),
    ("mint-signature", "invalid-token", "malformed or invalid token", |m| {
        drop(m.claims.insert("aud".into(), json!(["pypi"])))
    }),
    ("mint-signature", "invalid-token", "malformed or invalid token", |m| m.at += 330),
    ("mint-signature", "invalid-token", "malformed or invalid token", |m| {
        drop(m.claims.remove("iat"))
    }),
    ("mint-signature", "invalid-token", "malformed or invalid token", |m| {
        let other = issuer().sign(&m.claims).unwrap();
        m.body = Some(json!({ "token": other }));
    }),
    ("mint-reuse", "invalid-reuse-token", "invalid token: already used", |m| {
        assert_eq!(m.send().status, 200)
    }),
    (
        "pending-project-exists",
        "invalid-pending-publisher",
        "valid token, but project already exists",
        |m| {
            let pending = pending("Widget", AT);
            m.index.register(pending);
        },
    ),
    (
        "new-project-name",
        "invalid-payload",
        "The name 'json' isn't allowed (conflict with Python Standard Library module name). See https://pypi.example/help/#project-name for more information.",
        |m| {
            let pending = pending("json", AT);
            m.index.register(pending);
        },
    ),
    ("claim-missing", "invalid-publisher", "Missing claim 'event_name'", |m| {
        drop(m.claims.remove("event_name"))
    }),
    ("claim-missing", "invalid-publisher", "Missing claim 'sha'", |m| {
        drop(m.claims.insert("sha".into(), Value::Null))
    }),
    (
        "claim-failed",
        "invalid-publisher",
        "Check failed for required claim 'repository_owner'",
        |m| m.claim("repository_owner", "Acme"),
    ),
    ("claim-failed", "invalid-publisher", "The ref and sha claims are empty", |m| {
        m.claim("ref", "");
        m.claim("sha", "");
    }),
    (
        "workflow-file",
        "invalid-publisher",
        "Could not job extract workflow filename from OIDC claims",
        |m| m.claim("job_workflow_ref", "acme/widget/release.yml"),
    ),
    (
        "workflow-ref",
        "invalid-publisher",
        "The job_workflow_ref claim does not match, expecting one of ['acme/widget/.github/workflows/release.yml@0123456789abcdef0123456789abcdef01234567', 'acme/widget/.github/workflows/release.yml@refs/tags/v1.2.3'], got 'acme/shared/.github/workflows/release.yml@refs/heads/main'",
        |m| {
            m.claim("job_workflow_ref", "acme/shared/.github/workflows/release.yml@refs/heads/main")
        },
    ),
    (
        "event",
        "invalid-publisher",
        "Publishing from a workflow invoked via 'pull_request_target' is not supported.",
        |m| m.claim("event_name", "pull_request_target"),
    ),
    ("no-publisher", "invalid-publisher", "Publisher with matching claims was not found", |m| {
        m.claim("repository", "acme/Widget")
    }),
    ("no-publisher", "invalid-publisher", "Publisher with matching claims was not found", |m| {
        m.claim("repository_owner_id", "1002")
    }),
    ("no-publisher", "invalid-publisher", "Publisher with matching claims was not found", |m| {
        m.claim("environment", "testpypi")
    }),
    ("no-publisher", "invalid-publisher", "Publisher with matching claims was not found", |m| {
        drop(m.claims.remove("environment"))
    }),
    ("no-publisher", "invalid-publisher", "Publisher with matching claims was not found", |m| {
        m.claim("job_workflow_ref", "acme/widget/.github/workflows/other.yml@refs/tags/v1.2.3")
    }),
];

#[test]
fn each_token_is_refused_by_its_rule_and_code() {
    for (rule, code, text, change) in REFUSALS.iter().copied() {
        let mut index = index();
        index.add_project("widget", true, AT);
        index.register(publisher("widget"));
        let mut exchange = Mint { index, claims: claims(), body: None, at: AT };
        change(&mut exchange);
        let answer = exchange.send();
        let shown = match code {
            "invalid-publisher" => format!("valid token, but no corresponding publisher ({text})"),
            _ => text.to_owned(),
        };
        let error = json!({ "code": code, "description": shown });
        let expected = json!({ "message": "Token request failed", "errors": [error] });
        assert_eq!(body(&answer), expected);
        assert_eq!(answer.status, 422);
        assert_eq!(answer.rule.unwrap().name, format!("pypi.{rule}"), "{text}");
    }
}

#[test]
fn the_audience_is_told_unless_trusted_publishing_is_off() {
    let mut index = index();
    let ask = get("/_/oidc/audience", None);
    assert_eq!(body(&index.answer(&ask, AT)), json!({ "audience": "pypi" }));
    index.set_flag(Flag::NoTrustedPublishing, true);
    let answer = index.answer(&ask, AT);
    assert_eq!((answer.status, answer.rule.unwrap().name), (403, "pypi.oidc-disabled"));
    assert_eq!(body(&answer)["message"], "Trusted publishing functionality not enabled");
}

#[test]
fn a_minted_token_uploads_for_fifteen_minutes_to_its_project_only() {
    let (index, token) = minted();
    let mut attempt = Attempt::new(index);
    attempt.token(&token);
    attempt.at = AT + 900;
    let expired = "Invalid API Token: token is expired";
    assert_refused(&attempt.send(), 403, expired, "token-expired");
    attempt.set("version", "1.2.3+x");
    let rule = attempt.send().rule.unwrap().name;
    assert_eq!(rule, "pypi.local-version", "age is judged after the metadata");
    attempt.set("version", "1.2.3");
    attempt.index.add_project("gadget", true, AT);
    attempt.set("name", "gadget");
    let foreign = "Invalid API Token: OIDC scoped token is not valid for project 'gadget'";
    assert_refused(&attempt.send(), 403, foreign, "token-scope");
    attempt.set("name", "sprocket");
    let unknown = "Non-user identities cannot create new projects. This was probably caused by successfully using a pending publisher but specifying the project name incorrectly…";
    assert_refused(&attempt.send(), 400, unknown, "new-project-identity");
    attempt.set("name", "widget");
    attempt.at = AT + 899;
    attempt.index.set_standing("widget", Standing::Quarantined);
    let closed = "The given token isn't allowed to upload to project 'widget'. See https://pypi.example/help/#project-name for more information.";
    assert_refused(&attempt.send(), 403, closed, "closed-project");
    attempt.index.set_standing("widget", Standing::Deprecated);
    assert_eq!(attempt.send().status, 200);
}

#[test]
fn a_burnt_token_is_dead_and_an_api_token_cannot_be_burnt() {
    let (mut index, token) = minted();
    for body in [json!({ "token": "user" }), json!({ "token": token }), json!(null)] {
        assert_eq!(index.answer(&post("/_/oidc/burn-token", &body), AT).status, 202);
    }
    let mut attempt = Attempt::new(index);
    attempt.token(&token);
    let unknown = "Invalid or non-existent authentication information. …";
    assert_refused(&attempt.send(), 403, unknown, "authentication");
    let login =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "__token__:user\n");
    attempt.authorization(&format!("Basic {login}"));
    assert_eq!(attempt.send().status, 200);
}

#[test]
fn a_pending_publisher_makes_its_project_once_and_within_thirty_days() {
    let day = 24 * 3600;
    let mut late = index();
    late.register(pending("widget", AT - 30 * day - 1));
    let answer = mint(&mut late, &runner_token(), AT);
    assert_eq!(body(&answer)["errors"][0]["code"], "invalid-publisher");

    let mut index = index();
    index.register(pending("widget", AT - 30 * day));
    let page = get("/simple/widget/", None);
    assert_eq!(index.answer(&page, AT).status, 404);
    let first = mint(&mut index, &runner_token(), AT);
    assert_eq!(body(&first)["expires"], AT + 900);
    assert_eq!(index.answer(&page, AT).status, 200, "the project exists before any upload");
    let token = upload_token(&mint(&mut index, &runner_token(), AT));
    assert_ne!(upload_token(&first), token);
    let mut attempt = Attempt::new(index);
    attempt.token(&token);
    assert_eq!(attempt.send().status, 200);
}

#[test]
fn a_pending_publisher_of_a_taken_name_is_dropped_at_its_first_use() {
    let mut index = index();
    index.add_project("widget", false, AT);
    index.register(pending("widget", AT));
    let answer = mint(&mut index, &runner_token(), AT);
    assert_eq!(body(&answer)["errors"][0]["code"], "invalid-pending-publisher");
    let answer = mint(&mut index, &runner_token(), AT);
    assert_eq!(body(&answer)["errors"][0]["code"], "invalid-publisher");
}

#[test]
fn one_workflow_serves_many_projects_and_the_closest_environment_wins() {
    let mut index = index();
    for name in ["widget", "gadget", "sprocket"] {
        index.add_project(name, true, AT);
    }
    let anywhere = Publisher { environment: None, ..publisher("sprocket") };
    let exact = Publisher { environment: Some("PyPI".into()), ..publisher("gadget") };
    index.register(anywhere);
    index.register(exact);
    index.register(publisher("widget"));
    let token = upload_token(&mint(&mut index, &runner_token(), AT));
    let mut attempt = Attempt::new(index);
    attempt.token(&token);
    let rule = |attempt: &mut Attempt, name: &str| {
        attempt.set("name", name);
        attempt.send().rule.map(|rule| rule.name)
    };
    assert_eq!(rule(&mut attempt, "sprocket"), Some("pypi.token-scope"));
    assert_eq!(rule(&mut attempt, "gadget"), Some("pypi.filename-project"));
    let mut bare = claims();
    bare.remove("environment");
    let bare = mint(&mut attempt.index, &ISSUER.sign(&bare).unwrap(), AT);
    attempt.token(&upload_token(&bare));
    assert_eq!(rule(&mut attempt, "sprocket"), Some("pypi.filename-project"));
    assert_eq!(rule(&mut attempt, "gadget"), Some("pypi.token-scope"));
    attempt.token(&token);
    assert_eq!(rule(&mut attempt, "widget"), None);
}

#[test]
fn an_assumed_publisher_may_make_any_project_that_is_not_taken() {
    let mut index = index();
    index.register(Publisher::assumed(ISSUER.identity()));
    let old = post("/_/oidc/github/mint-token", &json!({ "token": runner_token() }));
    let token = upload_token(&index.answer(&old, AT));
    let mut attempt = Attempt::new(index);
    attempt.token(&token);
    attempt.set("name", "json");
    assert_eq!(attempt.send().rule.unwrap().name, "pypi.new-project-name");
    attempt.set("name", "widget");
    assert_eq!(attempt.send().status, 200);
}

#[test]
fn provenance_is_served_for_files_with_attestations() {
    let (index, token) = minted();
    let mut attempt = Attempt::new(index);
    attempt.token(&token);
    // The subject's spelling may differ, if it is the same name.
    let given = json!([
        attestation("Widget-1.2.3.0-py3-none-any.whl", &attempt.bytes, PUBLISH),
        attestation(WHEEL, &attempt.bytes, PROVENANCE),
    ]);
    attempt.add("attestations", &given.to_string());
    assert_eq!(attempt.send().status, 200);
    let json = "application/vnd.pypi.simple.v1+json";
    let page = attempt.index.answer(&get("/simple/widget/", Some(json)), AT);
    let address = body(&page)["files"][0]["provenance"].as_str().unwrap().to_owned();
    let path = format!("/integrity/widget/1.2.3/{WHEEL}/provenance");
    assert_eq!(address, format!("https://pypi.example{path}"));
    let answer = attempt.index.answer(&get(&path, None), AT);
    let bundle = &body(&answer)["attestation_bundles"][0];
    assert_eq!(bundle["attestations"], given);
    let publisher = json!({ "kind": "GitHub", "claims": null, "repository": "acme/widget", "workflow": "release.yml", "environment": "pypi" });
    assert_eq!(bundle["publisher"], publisher);
    let status = |index: &mut Index, accept| index.answer(&get(&path, Some(accept)), AT).status;
    assert_eq!(status(&mut attempt.index, "application/json"), 200);
    assert_eq!(status(&mut attempt.index, "text/html"), 406);
}
