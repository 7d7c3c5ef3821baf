//! GitHub: why there is no release, no file of it and no attestation, and why git may not push.

use rel::rehearse::git::{self, Forbidden};
use rel::rehearse::github::{Forge, Level, Visibility};
use rel::rehearse::http::Request;
use serde_json::{Value, json};

use super::scene::{Kind, Scene, ask, of_run};
use super::{Row, explained_in};

#[test]
fn refusals_of_github_are_explained() {
    explained_in(Scene::of_github, "github", ROWS);
}

/// A row whose requests of this method, to a path with this end, are changed on their way.
macro_rules! altered {
    ($name:literal, $rule:literal, $method:literal $end:literal, $change:expr) => {
        ($name, concat!("github.", $rule), |scene| {
            scene.on_the_way = |request, _| {
                if is(request, $method, $end) {
                    $change(request);
                }
            };
        })
    };
}

const API: &str = "api.github.com";
const UPLOADS: &str = "uploads.github.com";

fn is(request: &Request, method: &str, end: &str) -> bool {
    request.method == method && request.path.ends_with(end)
}

fn without(request: &mut Request, field: &str) {
    request.headers.retain(|(name, _)| name != field);
}

/// The release of the tag is there, as a draft or not.
fn released(forge: &mut Forge, draft: bool) -> u64 {
    let told = json!({ "tag_name": "v1.0", "draft": draft }).to_string();
    ask(forge, "POST", API, "/releases", told.as_bytes())["id"].as_u64().unwrap()
}

/// Attests instead.
fn attests(scene: &mut Scene) {
    scene.kind = Kind::Attestations;
}

/// Pushes a tag instead.
fn pushes(scene: &mut Scene) {
    scene.kind = Kind::Push;
}

pub const ROWS: &[Row] = &[
    ("a token that was revoked", "github.credentials", |scene| scene.token = Some("ghs-gone")),
    ("a token that may only read", "github.permission", |scene| {
        scene.token = Some("ghs-reads");
        scene.forge = |forge| forge.add_token(of_run("ghs-reads", Level::Read, Level::Read));
    }),
    ("a repository that is not there", "github.not-found", |scene| {
        scene.options = ", repository: \"acme/sun-dial\"";
    }),
    ("a tag that an immutable release had", "github.tag-burned", |scene| {
        scene.forge = |forge| {
            forge.set_immutable_releases(true);
            let id = released(forge, false);
            ask(forge, "DELETE", API, &format!("/releases/{id}"), b"");
        };
    }),
    ("a release that is immutable", "github.locked-assets", |scene| {
        scene.forge = |forge| {
            forge.set_immutable_releases(true);
            released(forge, false);
        };
    }),
    ("a commit that was not pushed", "github.target", |scene| scene.ahead = true),
    ("a release of the same tag by somebody else", "github.tag-taken", |scene| {
        scene.on_the_way = |request, meanwhile| {
            if request.method == "PATCH" {
                let mut other = request.clone();
                other.method = "POST".into();
                other.path = "/repos/acme/time-piece/releases".into();
                other.body = json!({ "tag_name": "v1.0" }).to_string().into();
                assert_eq!(meanwhile.world.answer(&other).status, 201);
            }
        };
    }),
    ("a file of the same name by somebody else", "github.asset-taken", |scene| {
        scene.on_the_way = |request, meanwhile| {
            if request.host == UPLOADS {
                let other = Request { body: b"other".into(), ..request.clone() };
                assert_eq!(meanwhile.world.answer(&other).status, 201);
            }
        };
    }),
    ("a file with nothing in it", "github.asset-empty", |scene| {
        scene.files = vec![("time-piece.txt".into(), Vec::new())];
    }),
    ("a thousand files and one", "github.asset-count", |scene| {
        scene.forge = |forge| {
            forge.limit_requests(5000);
            forge.limit_content(5000, 5000);
            let id = released(forge, true);
            for at in 0..1000 {
                ask(forge, "POST", UPLOADS, &format!("/releases/{id}/assets?name=f{at}"), b"x");
            }
        };
    }),
    ("an hour with too many requests", "github.primary-rate-limit", |scene| {
        scene.forge = |forge| forge.limit_requests(3);
    }),
    altered!("a request without a login", "authentication", "POST" "/releases", |request| {
        without(request, "authorization");
    }),
    altered!("a request of nobody", "user-agent", "POST" "/releases", |request| {
        without(request, "user-agent");
    }),
    altered!("a version of the API that is gone", "api-version", "POST" "/releases", |request: &mut Request| {
        without(request, "x-github-api-version");
        request.headers.push(("x-github-api-version".into(), "2020-01-01".into()));
    }),
    altered!("half a request", "json", "POST" "/releases", |request: &mut Request| {
        request.body.truncate(9);
    }),
    altered!("a request without a tag", "schema", "POST" "/releases", |request: &mut Request| {
        request.body = b"{}".into();
    }),
    altered!("a file without a name", "asset-name", "POST" "/assets", |request: &mut Request| {
        request.query.clear();
    }),
    ("an attestation of a private repository", "github.attestation-plan", |scene| {
        attests(scene);
        scene.forge = |forge| forge.set_visibility(Visibility::Private);
    }),
    ("an attestation without the permission", "github.permission", |scene| {
        attests(scene);
        scene.token = Some("ghs-releases");
        scene.forge = |forge| forge.add_token(of_run("ghs-releases", Level::Write, Level::Read));
    }),
    ("an attestation that was changed", "github.bundle-subjects", |scene| {
        attests(scene);
        scene.on_the_way = |request, _| {
            if is(request, "POST", "/attestations") {
                let mut told: Value = request.json().unwrap();
                told["bundle"]["dsseEnvelope"]["payload"] = "e30=".into();
                request.body = told.to_string().into();
            }
        };
    }),
    ("a push of a tag that a ruleset forbids", "git.creation-restricted", |scene| {
        pushes(scene);
        scene.remote = |remote| remote.protect("refs/tags/v*", Forbidden::Creation).unwrap();
    }),
    ("a push with a token that may only read", "git.write-access", |scene| {
        pushes(scene);
        scene.token = Some("ghs-reads");
        scene.remote = |remote| remote.add_token(git::Token::of_actions("ghs-reads", false));
    }),
];
