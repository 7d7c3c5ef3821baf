//! Trusted publishing of crates: why crates.io gives no token for the run's identity.

use rel::rehearse::crates::TrustedPublisher;
use rel::rehearse::http::Request;
use serde_json::Value;

use super::scene::{Scene, configuration, now};
use super::{Row, explained_in};

#[test]
fn refusals_of_runs_by_crates_io_are_explained() {
    explained_in(Scene::of_crates, "configs", ROWS);
}

/// A row whose tokens say something else.
macro_rules! claims {
    ($name:literal, $rule:literal, $claim:literal: $value:expr) => {
        ($name, concat!("crates.", $rule), |scene| {
            scene.configured(configuration());
            scene.claims = |_, claims| drop(claims.insert($claim.into(), $value.into()));
        })
    };
}

/// A row with a configuration that differs.
macro_rules! configured {
    ($name:literal, $rule:literal, $field:ident: $value:expr) => {
        ($name, concat!("crates.", $rule), |scene| {
            scene.configured(TrustedPublisher { $field: $value, ..configuration() });
        })
    };
}

/// A row with a damaged request.
macro_rules! altered {
    ($name:literal, $change:expr) => {
        ($name, "crates.exchange-body", |scene| {
            scene.configured(configuration());
            scene.on_the_way = |request, _| {
                if exchanges(request) {
                    $change(request);
                }
            };
        })
    };
}

fn exchanges(request: &Request) -> bool {
    request.path == "/api/v1/trusted_publishing/tokens" && request.method == "POST"
}

pub const ROWS: &[Row] = &[
    configured!(
        "a configuration of another repository",
        "trusted-repository",
        repository: "acme/time_piece".into()
    ),
    configured!("a configuration of an owner who had that name before", "trusted-owner", owner_id: 77),
    configured!(
        "a configuration of another workflow",
        "trusted-workflow",
        workflow: "publish.yml".into()
    ),
    configured!(
        "a configuration with an environment, and a job without",
        "trusted-environment",
        environment: Some("crates".into())
    ),
    ("a configuration with another environment", "crates.trusted-environment", |scene| {
        scene
            .configured(TrustedPublisher { environment: Some("crates".into()), ..configuration() });
        scene.claims = |_, claims| drop(claims.insert("environment".into(), "release".into()));
    }),
    claims!("a pull request from a fork", "trusted-event", "event_name": "pull_request_target"),
    claims!("a run of no workflow file", "jwt-claim", "workflow_ref": "acme/time-piece"),
    claims!("a token for another place", "jwt-decode", "aud": "pypi"),
    claims!("a token of an hour ago", "jwt-decode", "exp": now() - 3630),
    claims!("a token without the commit", "jwt-decode", "sha": Value::Null),
    claims!("an issuer of another company", "jwt-issuer", "iss": "https://token.actions.acme.example"),
    ("a token that is none", "crates.jwt-decode", |scene| {
        scene.configured(configuration());
        scene.identity = |_| "no.such.token".into();
    }),
    ("a key that the issuer has no more", "crates.jwt-key", |scene| {
        scene.configured(configuration());
        scene.registry.set_keys(&["another"]);
    }),
    ("a token that was used before", "crates.jwt-reused", |scene| {
        scene.configured(configuration());
        scene.on_the_way = |request, meanwhile| {
            if exchanges(request) {
                let first = meanwhile.registry.lock().unwrap().answer(request, now());
                assert_eq!(first.status, 200);
            }
        };
    }),
    altered!("a request that is no JSON", |request: &mut Request| request.body.truncate(4)),
    altered!("a request with nothing in it", |request: &mut Request| request.body = b"{}".into()),
    altered!("a request of another kind", |request: &mut Request| {
        request.headers.retain(|(name, _)| name != "content-type");
    }),
];
