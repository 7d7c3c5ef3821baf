//! crates.io: who may publish what, what is there already, and requests that were changed on their way.

use rel::rehearse::crates::{ApiToken, Scope};
use rel::rehearse::http::Request;

use super::packages::{self, NAME};
use super::scene::{Scene, configuration, now};
use super::{Row, explained_in};

#[test]
fn refusals_of_crates_are_explained() {
    explained_in(Scene::of_crates, "registry", ROWS);
}

/// A row in which a header field of the upload gets another value, or none.
macro_rules! header {
    ($name:literal, $rule:literal, $field:literal, $value:expr) => {
        ($name, concat!("crates.", $rule), |scene| {
            scene.on_the_way = |request, _| set(request, $field, $value);
        })
    };
}

fn set(request: &mut Request, field: &str, value: Option<&str>) {
    if uploads(request) {
        request.headers.retain(|(name, _)| name != field);
        request.headers.extend(value.map(|value| (field.to_owned(), value.to_owned())));
    }
}

fn uploads(request: &Request) -> bool {
    request.path == "/api/v1/crates/new"
}

/// Publishes a further version with a token that is good for some things only.
fn limited(scene: &mut Scene, scopes: Option<Vec<Scope>>, crates: &[&str]) {
    let crates = crates.iter().map(|&name| name.to_owned()).collect();
    let (secret, user) = ("cioSome".to_owned(), "acme".to_owned());
    scene.registry.assume_crate(NAME);
    scene.registry.add_token(ApiToken { secret, user, scopes, crates });
    scene.token = Some("cioSome");
}

pub const ROWS: &[Row] = &[
    ("a token of another place", "crates.token-format", |scene| scene.token = Some("pypi-AgE")),
    ("a token that was revoked", "crates.authentication-failed", |scene| {
        scene.token = Some("cioNobody");
    }),
    ("a token for first versions", "crates.token-scope", |scene| {
        limited(scene, Some(vec![Scope::PublishNew]), &[]);
    }),
    ("a token for other crates", "crates.token-scope", |scene| {
        limited(scene, None, &["sun-dial", "clock-*"]);
    }),
    ("half a token of a run", "crates.trusted-token-form", |scene| {
        scene.token = Some("cio_tp_half");
    }),
    ("a run's token for another crate", "crates.trusted-token-crate", |scene| {
        scene.configured(configuration());
        scene.registry.assume_crate("sun-dial");
        scene.files = vec![packages::first("sun-dial")];
    }),
    ("a run's token for a first version", "crates.trusted-token-new-crate", |scene| {
        scene.token = None;
        scene.registry.add_publisher(configuration());
    }),
    ("a run's token that has ended", "crates.trusted-token-dead", |scene| {
        scene.configured(configuration());
        scene.on_the_way = |request, meanwhile| {
            if uploads(request) {
                meanwhile.later(1801);
            }
        };
    }),
    ("a crate that takes runs only", "crates.trusted-only", |scene| {
        scene.registry.require_trusted_publishing(NAME);
    }),
    ("an account without an e-mail address", "crates.verified-email", |scene| {
        scene.registry.leave_unverified("acme");
    }),
    ("a crate of somebody else", "crates.not-owner", |scene| {
        scene.registry.add_crate(NAME, &["umbrella"], &["0.9.0"]);
    }),
    ("a version that others own, yanked", "crates.yank-owner", |scene| {
        scene.registry.add_crate("sun-dial", &["umbrella"], &["0.9.0"]);
        scene.first = "crates::yank(\"sun-dial\", \"0.9.0\");";
    }),
    ("a name that was written another way", "crates.previous-name", |scene| {
        scene.registry.add_crate("Time_Piece", &["acme"], &["0.9.0"]);
    }),
    ("a name that is reserved", "crates.reserved-name", |scene| {
        scene.files = vec![packages::first("std")];
    }),
    ("a name that was deleted", "crates.deleted-name", |scene| {
        // Far away, so that what rel says stays the same.
        scene.registry.delete_name(NAME, 4_102_444_800);
        assert!(now() < 4_102_444_800);
    }),
    ("a version that somebody else was quicker with", "crates.duplicate-version", |scene| {
        scene.on_the_way = |request, meanwhile| {
            if uploads(request) {
                let (_, other) = packages::usual("keywords = ['time']");
                let mut registry = meanwhile.registry.lock().unwrap();
                registry.add_version(NAME, "1.0.0", &other).unwrap();
            }
        };
    }),
    ("a crate with too many versions of today", "crates.daily-versions", |scene| {
        scene.registry.add_crate(NAME, &["acme"], &["0.9.0"]);
        scene.registry.limit_daily(0);
    }),
    ("six new crates at once", "crates.rate-limit", |scene| {
        scene.files = ["one", "two", "three", "four", "five", "six"].map(packages::first).into();
    }),
    ("a client that is turned away", "crates.blocked-traffic", |scene| {
        scene.registry.block_agent(concat!("rel/", env!("CARGO_PKG_VERSION")));
    }),
    header!("a request of nobody", "user-agent", "user-agent", None),
    header!("a request without a login", "authentication-required", "authorization", None),
    header!("a login of another kind", "authorization-scheme", "authorization", Some("Basic YTpi")),
    ("a request that ends early", "crates.metadata-length", |scene| {
        scene.on_the_way = |request, _| {
            if uploads(request) {
                request.body.truncate(40);
            }
        };
    }),
    ("a request that ends within the crate", "crates.tarball-length", |scene| {
        scene.on_the_way = |request, _| {
            if uploads(request) {
                request.body.truncate(request.body.len() - 1);
            }
        };
    }),
];
