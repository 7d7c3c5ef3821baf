//! Trusted publishing: tokens that are minted, used, worn out and revoked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::world::*;
use crate::rehearse::crates::Scope;
use crate::rehearse::http::Request;

fn ready() -> World {
    let mut world = world();
    world.registry.add_publisher(publisher(Some("known")));
    world
}

#[test]
fn a_minted_token_publishes_for_half_an_hour_and_no_other_crate() {
    let mut world = ready();
    let token = world.mint();
    let upload = |number: &str| put("known", number, &crated("known", number, ""));
    let answer = world.send(&upload("2.0.0").with(&token));
    assert_eq!(answer.status, 200, "{}", detail(&answer));
    let shown = body(&world.send(&api("GET", "crates/known/2.0.0")));
    assert_eq!(
        shown["version"]["trustpub_data"],
        json!({ "provider": "github", "repository": "acme/widget", "run_id": "3003",
                "sha": "0123456789abcdef0123456789abcdef01234567" })
    );
    assert_eq!(shown["version"]["published_by"], json!(null));
    world.at = NOW + 1_799;
    assert_eq!(world.send(&upload("2.0.1").with(&format!("Bearer {token}"))).status, 200);
    world.at = NOW + 1_800;
    let late = world.send(&upload("2.0.2").with(&token));
    assert_refused(&late, 403, "trusted-token-dead", "Invalid authentication token");
}

#[test]
fn a_revoked_token_is_dead() {
    let mut world = ready();
    let token = world.mint();
    let revoke = api("DELETE", "trusted_publishing/tokens").with(&format!("Bearer {token}"));
    assert_eq!(world.send(&revoke).status, 204);
    assert_eq!(world.send(&revoke).status, 204);
    let upload = put("known", "2.0.0", &crated("known", "2.0.0", "")).with(&token);
    assert_eq!(rule(&world.send(&upload)), "crates.trusted-token-dead");
}

#[test]
fn a_configuration_without_a_crate_is_for_all_that_exist() {
    let mut world = world();
    world.registry.add_publisher(publisher(None));
    world.registry.assume_crate("ours");
    world.registry.require_trusted_publishing("ours");
    let token = world.mint();
    for (name, status) in [("ours", 200), ("known", 200), ("unborn", 403)] {
        let upload = put(name, "9.0.0", &crated(name, "9.0.0", "")).with(&token);
        assert_eq!(world.send(&upload).status, status, "{name}");
    }
}

#[test]
fn uploads_by_runs_are_not_counted() {
    let mut world = ready();
    let token = world.mint();
    for count in 0..40 {
        let number = format!("3.0.{count}");
        let upload = put("known", &number, &crated("known", &number, "")).with(&token);
        assert_eq!(world.send(&upload).status, 200);
    }
}

#[test]
fn a_refusal_does_not_use_the_token_up_but_success_does() {
    let mut world = world();
    let jwt = world.issuer.token("crates.example", NOW).unwrap();
    let refused = world.send(&exchange(&jwt));
    let wanted = "No Trusted Publishing config found for repository `acme/widget`.";
    assert_refused(&refused, 400, "trusted-repository", wanted);
    world.registry.add_publisher(publisher(Some("known")));
    assert_eq!(world.send(&exchange(&jwt)).status, 200);
    assert_refused(&world.send(&exchange(&jwt)), 400, "jwt-reused", "JWT has already been used");
}

/// The refusals of trusted publishing.
pub(super) fn cases() -> Vec<Case> {
    [claims(), tokens(), bodies(), configs()].into_iter().flatten().collect()
}

/// Tokens of the runner, by what they claim.
fn claims() -> Vec<Case> {
    let cases = [
        (
            "trusted-event",
            "event_name",
            json!("workflow_run"),
            "Trusted Publishing does not support the `workflow_run` event trigger due to security concerns. Please use a different trigger such as `push`, `release`, or `workflow_dispatch`.",
        ),
        (
            "trusted-event",
            "event_name",
            json!("pull_request_target"),
            "Trusted Publishing does not support the `pull_request_target` event…",
        ),
        ("jwt-claim", "repository", json!("widget"), "Unexpected `repository` value"),
        ("jwt-claim", "workflow_ref", json!("widget"), "Unexpected `workflow_ref` value"),
        ("jwt-claim", "repository_owner_id", json!("me"), "Unexpected `repository_owner_id` value"),
        (
            "trusted-owner",
            "repository_owner_id",
            json!("7"),
            "The Trusted Publishing config for repository `acme/widget` does not match the repository owner ID (7) in the JWT. Expected owner IDs: 1001. Please recreate the Trusted Publishing config to update the repository owner ID.",
        ),
        (
            "trusted-workflow",
            "workflow_ref",
            json!("acme/widget/.github/workflows/ci.yml@refs/heads/main"),
            "The Trusted Publishing config for repository `acme/widget` does not match the workflow filename `ci.yml` in the JWT. Expected workflow filenames: `release.yml`",
        ),
        (
            "trusted-environment",
            "environment",
            json!("other"),
            "The Trusted Publishing config for repository `acme/widget` does not match the environment `other` in the JWT. Expected environments: `PyPI`",
        ),
        (
            "trusted-environment",
            "environment",
            json!(null),
            "The Trusted Publishing config for repository `acme/widget` requires an environment, but the JWT does not specify one. Expected environments: `PyPI`",
        ),
        ("jwt-decode", "aud", json!("pypi"), "Failed to decode JWT"),
        ("jwt-decode", "exp", json!(NOW - 61), "Failed to decode JWT"),
        ("jwt-decode", "iat", json!(NOW + 61), "Failed to decode JWT"),
        ("jwt-decode", "sha", json!(null), "Failed to decode JWT"),
        (
            "jwt-issuer",
            "iss",
            json!("https://other.example"),
            "Unsupported JWT issuer: https://other.example",
        ),
    ];
    let act = |key: &'static str, value: Value| {
        move |world: &mut World| {
            world.registry.add_publisher(publisher(Some("known")));
            let mut claims = world.issuer.claims(NOW);
            claims.insert("aud".into(), "crates.example".into());
            claims.insert("jti".into(), "one".into());
            claims.insert(key.into(), value.clone());
            claims.retain(|_, value| !value.is_null());
            let jwt = world.issuer.sign(&claims).unwrap();
            world.send(&exchange(&jwt))
        }
    };
    cases
        .into_iter()
        .map(|(rule, key, value, wanted)| case(400, rule, wanted, act(key, value)))
        .collect()
}

/// What is no token of the issuer, and tokens of the registry in the wrong place.
fn tokens() -> Vec<Case> {
    let coded = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let (header, claims) = (json!({ "alg": "RS256" }), json!({ "iss": "https://issuer.example" }));
    let forged = format!("{}.{}.eA", coded(header), coded(claims));
    let publish = |name: &'static str| {
        move |world: &mut World| {
            world.registry.add_publisher(publisher(Some("known")));
            let token = world.mint();
            world.send(&put(name, "2.0.0", &crated(name, "2.0.0", "")).with(&token))
        }
    };
    let undecodable = "Failed to decode JWT";
    vec![
        case(400, "jwt-decode", undecodable, |w| w.send(&exchange("x"))),
        case(400, "jwt-decode", undecodable, |w| {
            let good = w.issuer.token("crates.example", NOW).unwrap();
            w.send(&exchange(&format!("{}.AAAA", good.rsplit_once('.').unwrap().0)))
        }),
        case(400, "jwt-key", "Missing JWT key ID", move |w| w.send(&exchange(&forged))),
        case(400, "jwt-key", "Invalid JWT key ID", |w| {
            w.registry.set_keys(&["another"]);
            let good = w.issuer.token("crates.example", NOW).unwrap();
            w.send(&exchange(&good))
        }),
        case(400, "jwt-reused", "JWT has already been used", |w| {
            w.registry.add_publisher(publisher(None));
            let jwt = w.issuer.token("crates.example", NOW).unwrap();
            assert_eq!(w.send(&exchange(&jwt)).status, 200);
            w.send(&exchange(&jwt))
        }),
        case(
            403,
            "trusted-token-crate",
            "The provided access token is not valid for crate `dep`",
            publish("dep"),
        ),
        case(
            403,
            "trusted-token-new-crate",
            "Trusted Publishing tokens do not support creating new crates. Publish the crate manually, first",
            publish("unborn"),
        ),
        case(403, "trusted-token-dead", "Invalid authentication token", |w| {
            w.registry.add_publisher(publisher(None));
            let token = w.mint();
            w.at += 1_800;
            w.send(&put("known", "2.0.0", b"").with(&token))
        }),
        case(403, "trusted-token-elsewhere", "authentication failed", |w| {
            w.registry.add_publisher(publisher(None));
            let token = w.mint();
            w.send(&api("DELETE", "crates/known/1.0.0/yank").with(&token))
        }),
        case(
            400,
            "trusted-repository",
            "No Trusted Publishing config found for repository `acme/widget`.",
            |w| {
                let jwt = w.issuer.token("crates.example", NOW).unwrap();
                w.send(&exchange(&jwt))
            },
        ),
    ]
}

/// Exchanges that are no JSON with a `jwt`.
fn bodies() -> Vec<Case> {
    let sent = |kind: &'static str, text: &'static str| {
        move |w: &mut World| {
            let mut exchange = exchange("x");
            exchange.headers.retain(|(name, _)| name != "content-type");
            exchange.headers.push(("content-type".into(), kind.into()));
            exchange.body = text.into();
            w.send(&exchange)
        }
    };
    let expected = "Expected request with `Content-Type: application/json`";
    let json = "application/json; charset=utf-8";
    vec![
        case(415, "exchange-body", expected, sent("text/plain", "{}")),
        case(400, "exchange-body", "Failed to parse the request body as JSON…", sent(json, "{")),
        case(
            422,
            "exchange-body",
            "Failed to deserialize the JSON body…",
            sent(json, "{\"jwt\":1}"),
        ),
    ]
}

/// Configurations that are not shown.
fn configs() -> Vec<Case> {
    let list = |fields: &'static [(&str, &str)], sent: &'static str| {
        move |w: &mut World| {
            let scopes = Some(vec![Scope::PublishUpdate]);
            w.registry.add_token(token("cioPub", "ann", scopes, &[]));
            w.send(&listing(fields).with(sent))
        }
    };
    let permission = "this token does not have the required permissions to perform this action";
    let known = &[("crate", "known")];
    vec![
        case(
            400,
            "configs-query",
            "Must specify either `crate` or `user_id` query parameter",
            list(&[], ANN),
        ),
        case(
            400,
            "configs-query",
            "Cannot specify both `crate` and `user_id` query parameters",
            list(&[("crate", "known"), ("user_id", "1")], ANN),
        ),
        case(400, "configs-owner", "You are not an owner of this crate", list(known, BOB)),
        case(403, "token-scope", permission, list(known, "cioPub")),
        case(404, "no-such-crate", "crate `none` does not exist", list(&[("crate", "none")], ANN)),
    ]
}

fn listing(fields: &[(&str, &str)]) -> Request {
    let mut list = api("GET", "trusted_publishing/github_configs");
    list.query = fields.iter().map(|&(key, value)| (key.into(), value.into())).collect();
    list
}

#[test]
fn owners_list_the_configurations_of_a_crate() {
    let mut world = ready();
    let scopes = Some(vec![Scope::TrustedPublishing]);
    world.registry.add_token(token("cioOwn", "ann", scopes, &["known"]));
    let answer = world.send(&listing(&[("crate", "known")]).with("cioOwn"));
    let shown = body(&answer);
    assert_eq!(shown["meta"], json!({ "total": 1, "next_page": null }));
    assert_eq!(
        shown["github_configs"][0],
        json!({ "id": 1, "crate": "known", "repository_owner": "Acme", "repository_owner_id": 1001,
                "repository_name": "Widget", "workflow_filename": "release.yml",
                "environment": "PyPI", "created_at": "1970-01-01T00:00:00Z" })
    );
}
