//! The index, downloads, yanking and other reads.

use serde_json::json;

use super::world::*;

#[test]
fn the_configuration_of_the_index_names_the_other_two_and_asks_for_no_login() {
    let answer = world().index("/config.json");
    let expected =
        json!({ "dl": "https://static.crates.example/crates", "api": "https://crates.example" });
    assert_eq!((answer.status, body(&answer)), (200, expected));
}

#[test]
fn the_index_shows_versions_and_yanks_late() {
    let mut world = world();
    world.registry.set_lag(45);
    assert_eq!(world.publish("late", "1.0.0").status, 200);
    assert_eq!(world.send(&api("GET", "crates/late/1.0.0")).status, 200);
    world.at = NOW + 44;
    assert_eq!(world.index("/la/te/late").status, 404);
    world.at = NOW + 45;
    assert_eq!(body(&world.index("/la/te/late"))["yanked"], false);
    assert_eq!(world.send(&api("DELETE", "crates/late/1.0.0/yank").with(ANN)).status, 200);
    world.at = NOW + 89;
    assert_eq!(body(&world.index("/la/te/late"))["yanked"], false);
    assert_eq!(body(&world.send(&api("GET", "crates/late/1.0.0")))["version"]["yanked"], true);
    world.at = NOW + 90;
    assert_eq!(body(&world.index("/la/te/late"))["yanked"], true);
}

#[test]
fn an_unchanged_file_of_the_index_is_not_sent_again() {
    let mut world = world();
    let first = world.index("/kn/ow/known");
    assert_eq!(lines(&first), 2);
    let tag = header(&first, "etag").unwrap().to_owned();
    let mut again = request("GET", "index.crates.example", "/kn/ow/known");
    again.headers.push(("if-none-match".into(), format!("\"other\", W/{tag}")));
    let answer = world.send(&again);
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    assert_eq!(header(&answer, "etag"), Some(tag.as_str()));
    assert_eq!(world.publish("known", "1.2.0").status, 200);
    assert_eq!(world.send(&again).status, 200);
}

#[test]
fn a_browser_sees_versions_with_checksums() {
    let mut world = world();
    assert_eq!(world.publish("seen", "1.2.0").status, 200);
    let told = body(&world.send(&api("GET", "crates/seen/1.2.0")));
    let checksum = told["version"]["checksum"].as_str().unwrap().to_owned();
    let mut look = |path: &str, accept: &str| {
        let mut request = request("GET", "crates.example", path);
        request.headers.push(("accept".into(), accept.into()));
        let answer = world.send(&request);
        (answer.status, String::from_utf8(answer.body).unwrap())
    };
    for path in ["/crates/seen", "/crates/seen/1.2.0"] {
        let (status, page) = look(path, "text/html, */*;q=0.1");
        assert_eq!(status, 200);
        let file = "https://static.crates.example/crates/seen/seen-1.2.0.crate";
        for part in ["<h1>seen</h1>", ">1.2.0</a>", &checksum, file] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(look(path, "*/*").0, 404);
    }
    for path in ["/crates/seen/1.3.0", "/crates/unseen", "/seen"] {
        assert_eq!(look(path, "text/html").0, 404, "{path}");
    }
}

#[test]
fn the_index_has_nothing_in_other_places() {
    let mut world = world();
    for path in ["/kn/ow/Known", "/known", "/no/ne/none", "/", "/kn/ow/known/"] {
        assert_eq!(world.index(path).status, 404, "{path}");
    }
    let put = request("PUT", "index.crates.example", "/kn/ow/known");
    assert_eq!(world.send(&put).status, 405);
    let elsewhere = request("GET", "other.example", "/config.json");
    assert_eq!(world.send(&elsewhere).status, 404);
}

#[test]
fn one_host_can_have_all_three_below_folders() {
    let issuer = crate::rehearse::oidc::tests::issuer();
    let mut registry = crate::rehearse::crates::Registry::new(crate::rehearse::crates::Settings {
        api: "http://127.0.0.1:8080".into(),
        index: "http://127.0.0.1:8080/index".into(),
        downloads: "http://127.0.0.1:8080/files".into(),
        audience: "crates.example".into(),
        issuer: issuer.verifier(),
    });
    let bytes = crated("some", "1.0.0", "");
    registry.add_version("some", "1.0.0", &bytes).unwrap();
    for path in [
        "/index/config.json",
        "/index/so/me/some",
        "/api/v1/crates/some",
        "/files/crates/some/some-1.0.0.crate",
    ] {
        assert_eq!(registry.answer(&request("GET", "127.0.0.1", path), NOW).status, 200, "{path}");
    }
}

#[test]
fn the_bytes_come_back_as_they_were() {
    let mut world = world();
    let bytes = crated("some", "1.0.0+a", "");
    assert_eq!(world.send(&put("some", "1.0.0+a", &bytes).with(ANN)).status, 200);
    let mut at = api("GET", "crates/some/1.0.0+a/download");
    at.headers.clear();
    let answer = world.send(&at);
    let place = "https://static.crates.example/crates/some/some-1.0.0%2Ba.crate";
    assert_eq!((answer.status, header(&answer, "location")), (302, Some(place)));
    at.headers.push(("accept".into(), "application/json".into()));
    assert_eq!(body(&world.send(&at)), json!({ "url": place }));
    for path in ["/crates/some/some-1.0.0%2Ba.crate", "/crates/some/1.0.0+a/download"] {
        let answer = world.send(&request("GET", "static.crates.example", path));
        assert_eq!((answer.status, answer.body == bytes), (200, true), "{path}");
    }
    for path in ["/crates/some/some-2.0.0.crate", "/crates/known/known-1.0.0.crate", "/crates/some"]
    {
        assert_eq!(
            world.send(&request("GET", "static.crates.example", path)).status,
            404,
            "{path}"
        );
    }
}

#[test]
fn yanking_can_be_taken_back() {
    let mut world = world();
    for (method, what, yanked) in
        [("DELETE", "yank", true), ("DELETE", "yank", true), ("PUT", "unyank", false)]
    {
        let answer = world.send(&api(method, &format!("crates/known/1.0.0/{what}")).with(ANN));
        assert_eq!((answer.status, body(&answer)), (200, json!({ "ok": true })));
        let shown = body(&world.send(&api("GET", "crates/known/1.0.0")));
        assert_eq!(shown["version"]["yanked"], yanked);
    }
}

#[test]
fn crates_are_shown_and_found() {
    let mut world = world();
    let shown = body(&world.send(&api("GET", "crates/KNOWN")));
    assert_eq!(shown["crate"]["max_version"], "1.1.0+old");
    assert_eq!(shown["versions"][1]["num"], "1.0.0");
    assert_eq!(shown["crate"]["id"], "known");
    let mut search = api("GET", "crates");
    search.query = vec![("q".into(), "NOW".into())];
    let found = body(&world.send(&search));
    assert_eq!(
        (&found["meta"]["total"], &found["crates"][0]["name"]),
        (&json!(1), &json!("known"))
    );
    assert_eq!(world.send(&api("GET", "nothing")).status, 404);
    assert_eq!(world.send(&api("PATCH", "crates/known")).status, 405);
}
