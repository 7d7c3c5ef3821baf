//! Uploads that go through, and what is seen of them.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::world::*;
use crate::rehearse::crates::Held;

#[test]
fn a_new_crate_is_published_and_seen_everywhere() {
    let mut world = world();
    let bytes = crated("hproto-demo", "0.1.0", "");
    let answer = world.send(&put("hproto-demo", "0.1.0", &bytes).with(ANN));
    assert_eq!(answer.status, 200, "{}", detail(&answer));
    assert_eq!(answer.rule, None);
    let said = body(&answer);
    let nothing = json!({ "invalid_categories": [], "invalid_badges": [], "other": [] });
    assert_eq!(said["warnings"], nothing);
    assert_eq!(said["crate"]["max_version"], "0.1.0");

    let checksum = format!("{:x}", Sha256::digest(&bytes));
    let line = world.index("/hp/ro/hproto-demo");
    let expected = json!({
        "name": "hproto-demo", "vers": "0.1.0", "deps": [], "cksum": checksum, "features": {},
        "yanked": false, "pubtime": "2026-07-14T03:33:20Z",
    });
    assert_eq!(String::from_utf8(line.body).unwrap(), format!("{expected}\n"));

    let version = body(&world.send(&api("GET", "crates/hproto_demo/0.1.0")));
    assert_eq!(version["version"]["checksum"], checksum.as_str());
    assert_eq!(version["version"]["published_by"]["login"], "ann");
    assert_eq!(version["version"]["trustpub_data"], json!(null));
    let owners = body(&world.send(&api("GET", "crates/hproto-demo/owners")));
    assert_eq!(owners["users"][0]["login"], "ann");
    let all = world.registry.held_versions();
    let held = Held { name: "hproto-demo".into(), version: "0.1.0".into(), checksum, at: NOW };
    assert!(all.contains(&held), "{all:?}");
}

#[test]
fn the_line_of_the_index_comes_from_the_manifest() {
    let mut world = world();
    let more = "links = \"z\"\nrust-version = \"1.89\"\nlicense-file = \"L\"\n\
        [features]\nold = []\nnew = [\"dep:dep\"]\n\
        [dependencies.renamed]\npackage = \"dep\"\nversion = \"1.2\"\noptional = true\n\
        [dev-dependencies]\ndep = \"1\"\n\
        [target.'cfg(unix)'.dependencies]\nknown = { version = \"=1.0.0\", default-features = false, \
        features = [\"x\"] }\n";
    let answer =
        world.send(&put("abc", "1.0.0-rc.1+b", &crated("abc", "1.0.0-rc.1+b", more)).with(ANN));
    assert_eq!(answer.status, 200, "{}", detail(&answer));
    let line = body(&world.index("/3/a/abc"));
    assert_eq!(line["vers"], "1.0.0-rc.1+b");
    assert_eq!(line["features"], json!({ "old": [] }));
    assert_eq!(line["features2"], json!({ "new": ["dep:dep"] }));
    assert_eq!(
        (&line["v"], &line["links"], &line["rust_version"]),
        (&json!(2), &json!("z"), &json!("1.89"))
    );
    let entry = |name: &str, req: &str, kind: &str| {
        json!({ "name": name, "req": req, "features": [], "optional": false,
                "default_features": true, "target": null, "kind": kind })
    };
    let mut known = entry("known", "=1.0.0", "normal");
    known["features"] = json!(["x"]);
    known["default_features"] = false.into();
    known["target"] = "cfg(unix)".into();
    let mut renamed = entry("renamed", "^1.2", "normal");
    renamed["optional"] = true.into();
    renamed["package"] = "dep".into();
    assert_eq!(line["deps"], json!([entry("dep", "^1", "dev"), known, renamed]));
}

#[test]
fn the_same_bytes_are_refused_the_second_time() {
    let mut world = world();
    let upload = put("twice", "1.0.0", &crated("twice", "1.0.0", "")).with(ANN);
    assert_eq!(world.send(&upload).status, 200);
    let again = world.send(&upload);
    assert_refused(&again, 400, "duplicate-version", "crate version `1.0.0` is already uploaded");
    // What says how it was built does not make another version, on either side.
    for (held, sent) in [("2.0.0+a", "2.0.0+b"), ("3.0.0+a", "3.0.0"), ("4.0.0-b.1", "4.0.0-b.1+2")]
    {
        assert_eq!(world.publish("twice", held).status, 200);
        assert_eq!(rule(&world.publish("twice", sent)), "crates.duplicate-version", "{sent}");
    }
    assert_eq!(world.registry.held_versions().iter().filter(|one| one.name == "twice").count(), 4);
}

#[test]
fn a_workspace_goes_up_in_the_order_of_its_dependencies() {
    let mut world = world();
    let app = put(
        "app",
        "1.0.0",
        &crated("app", "1.0.0", "[dependencies]\napp-core = \"1\"\nserde = \"1\"\n"),
    );
    let app = app.with(ANN);
    assert_refused(&world.send(&app), 400, "dependency-unknown", "no known crate named `app-core`");
    world.registry.assume_dependencies(&["app", "app_core"]);
    assert_refused(&world.send(&app), 400, "dependency-unknown", "no known crate named `app-core`");
    assert_eq!(world.publish("app-core", "1.0.0").status, 200);
    assert_eq!(world.send(&app).status, 200);
}

#[test]
fn tokens_are_taken_with_and_without_their_scheme() {
    let mut world = world();
    for (name, sent) in [("bare", ANN.to_owned()), ("bear", format!("bearer {ANN}"))] {
        let answer = world.send(&put(name, "1.0.0", &crated(name, "1.0.0", "")).with(&sent));
        assert_eq!(answer.status, 200, "{}", detail(&answer));
    }
}

#[test]
fn an_assumed_crate_takes_a_version_from_anyone() {
    let mut world = world();
    world.registry.assume_crate("ours");
    assert_eq!(world.index("/ou/rs/ours").status, 404);
    let answer = world.send(&put("ours", "5.0.0", &crated("ours", "5.0.0", "")).with(BOB));
    assert_eq!(answer.status, 200, "{}", detail(&answer));
    assert_eq!(world.index("/ou/rs/ours").status, 200);
}

#[test]
fn a_version_can_be_there_from_the_beginning_with_its_bytes() {
    let mut world = world();
    world.registry.set_lag(60);
    let bytes = crated("known", "2.0.0", "[dependencies]\ndep = \"1\"\n");
    world.registry.add_version("known", "2.0.0", &bytes).unwrap();
    assert_eq!(lines(&world.index("/kn/ow/known")), 3);
    assert!(world.registry.add_version("known", "2.0.1", &bytes).is_err());
    assert_eq!(rule(&world.publish("known", "2.0.0")), "crates.duplicate-version");
}

#[test]
fn limits_stop_a_burst_and_say_until_when() {
    let mut world = world();
    for count in 0..5 {
        assert_eq!(world.publish(&format!("new{count}"), "1.0.0").status, 200);
    }
    let answer = world.publish("new5", "1.0.0");
    assert_refused(
        &answer,
        429,
        "rate-limit",
        "You have published too many new crates in a short period of time. Please try again after \
         Tue, 14 Jul 2026 03:43:20 GMT and see https://crates.io/docs/rate-limits for more details.",
    );
    assert_eq!(header(&answer, "retry-after"), Some("Tue, 14 Jul 2026 03:43:20 GMT"));
    world.at += 600;
    assert_eq!(world.publish("new5", "1.0.0").status, 200);
    world.registry.limit_daily(1);
    let answer = world.publish("new5", "1.0.1");
    let wanted = "You have published too many versions of this crate in the last 24 hours";
    assert_refused(&answer, 429, "daily-versions", wanted);
    assert_eq!(header(&answer, "retry-after"), None);
    world.at += 86_400;
    assert_eq!(world.publish("new5", "1.0.1").status, 200);
}
