//! Trusted publishing: why an index gives no token for the run's identity.

use std::sync::LazyLock;

use rel::rehearse::http::Request;
use rel::rehearse::oidc::{Claims, Issuer, unchecked};
use rel::rehearse::pypi::{Flag, Publisher, Registration};

use super::scene::{self, Scene, now, publisher};
use super::{Row, explained};

#[test]
fn s3_6_refusals_of_identities_are_explained() {
    explained("minting", ROWS);
}

/// A row whose tokens say something else.
macro_rules! claims {
    ($name:literal, $rule:literal, $($claim:literal: $value:expr),+) => {
        ($name, concat!("pypi.", $rule), |scene| {
            scene.registered(publisher());
            scene.claims = |_, claims| { $(claims.insert($claim.into(), $value.into());)+ };
        })
    };
}

/// A row with a publisher that differs.
macro_rules! publisher {
    ($name:literal, $rule:literal, $($field:ident: $value:expr),+) => {
        ($name, concat!("pypi.", $rule), |scene| {
            scene.registered(Publisher { $($field: $value.into(),)+ ..publisher() });
        })
    };
}

/// An issuer that calls itself like the true one.
static IMPOSTOR: LazyLock<Issuer> = LazyLock::new(scene::issuer);

const WORKFLOWS: &str = "acme/time-piece/.github/workflows";

pub const ROWS: &[Row] = &[
    publisher!("a publisher of another workflow", "no-publisher", workflow: "publish.yml"),
    publisher!("a publisher of another repository", "no-publisher", repository: "time_piece"),
    publisher!(
        "a publisher of an owner who had that name before",
        "no-publisher",
        owner_id: "77".to_owned()
    ),
    publisher!(
        "a publisher with an environment, and a job without",
        "no-publisher",
        environment: "pypi".to_owned()
    ),
    ("a publisher with another environment than the job's", "pypi.no-publisher", |scene| {
        scene.registered(Publisher { environment: Some("pypi".into()), ..publisher() });
        scene.claims = |_, claims| drop(claims.insert("environment".into(), "release".into()));
    }),
    publisher!(
        "a pending publisher that waited too long",
        "no-publisher",
        registration: Registration::Pending { since: now() - 31 * 86_400 }
    ),
    ("a pending publisher of a project that is there", "pypi.pending-project-exists", |scene| {
        pending(scene, "time-piece");
        scene.index.add_project("time-piece", true, now());
    }),
    ("a pending publisher of a forbidden name", "pypi.new-project-name", |scene| {
        pending(scene, "time-piece");
        scene.index.prohibit("time-piece");
    }),
    claims!("a token without the commit", "claim-missing", "sha": serde_json::Value::Null),
    claims!("an owner in another spelling", "claim-failed", "repository_owner": "Acme"),
    claims!("a run of no commit", "claim-failed", "ref": "", "sha": ""),
    claims!(
        "a job that no workflow file defines",
        "workflow-file",
        "job_workflow_ref": "acme/time-piece/release"
    ),
    claims!(
        "a reusable workflow at another ref",
        "workflow-ref",
        "job_workflow_ref": format!("{WORKFLOWS}/release.yml@refs/heads/main")
    ),
    claims!("a pull request from a fork", "event", "event_name": "pull_request_target"),
    claims!(
        "an issuer of another company",
        "mint-issuer",
        "iss": "https://token.actions.acme.example"
    ),
    claims!("a token for another index", "mint-signature", "aud": "testpypi"),
    claims!("a token of an hour ago", "mint-signature", "exp": now() - 3630),
    ("a token that somebody else has signed", "pypi.mint-signature", |scene| {
        scene.registered(publisher());
        scene.identity = |token| {
            let claims: Claims = unchecked(&token).unwrap();
            IMPOSTOR.sign(&claims).unwrap()
        };
    }),
    ("a token that is none", "pypi.mint-jwt", |scene| {
        scene.registered(publisher());
        scene.identity = |_| "no.such.token".into();
    }),
    ("a token that was used before", "pypi.mint-reuse", |scene| {
        scene.registered(publisher());
        scene.on_the_way = |request, meanwhile| {
            if mints(request) {
                let first = meanwhile.index.lock().unwrap().answer(request, now());
                assert_eq!(first.status, 200);
            }
        };
    }),
    ("a request that was altered", "pypi.mint-payload", |scene| {
        scene.registered(publisher());
        scene.on_the_way = |request, _| {
            if mints(request) {
                request.body = b"{}".to_vec();
            }
        };
    }),
    ("trusted publishing is off", "pypi.oidc-disabled", |scene| {
        scene.registered(publisher());
        scene.index.set_flag(Flag::NoTrustedPublishing, true);
    }),
    ("trusted publishing goes off in the midst of it", "pypi.oidc-disabled", |scene| {
        scene.registered(publisher());
        scene.on_the_way = |request, meanwhile| {
            if mints(request) {
                meanwhile.index.lock().unwrap().set_flag(Flag::NoTrustedPublishing, true);
            }
        };
    }),
];

fn mints(request: &Request) -> bool {
    request.path.ends_with("/mint-token")
}

/// Registers a publisher that waits for its project.
fn pending(scene: &mut Scene, project: &str) {
    scene.token = None;
    let registration = Registration::Pending { since: now() };
    scene.index.register(Publisher { project: Some(project.into()), registration, ..publisher() });
}
