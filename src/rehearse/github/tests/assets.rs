//! Assets from upload to download.

use serde_json::{Value, json};

use super::world::*;
use crate::rehearse::github::Visibility;

fn draft(world: &mut World) -> Value {
    world.release(&json!({ "tag_name": "v1.0.0", "draft": true }))
}

fn publish(world: &mut World, release: &Value) {
    let path = format!("releases/{}", release["id"]);
    world.ask(&api("PATCH", &path).with(RUN).json(&json!({ "draft": false })));
}

#[test]
fn an_upload_is_shown_with_its_digest_and_under_the_name_that_it_got() {
    let mut w = world();
    let draft = draft(&mut w);
    let answer = w.upload(&draft, "my wheel+local.whl", b"abc");
    assert_eq!(answer.status, 201);
    let asset = body(&answer);
    assert_eq!(asset["name"], "my.wheel+local.whl");
    assert_eq!((&asset["state"], &asset["size"]), (&json!("uploaded"), &json!(3)));
    assert_eq!(
        asset["digest"],
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    assert_eq!(asset["uploader"]["login"], "github-actions[bot]");
    let path = format!("releases/{}/assets", draft["id"]);
    assert_eq!(w.ask(&api("GET", &path).with(RUN)), json!([asset]));
    let path = format!("releases/assets/{}", asset["id"]);
    assert_eq!(w.send(&api("GET", &path)).status, 404, "its release is a draft");
    publish(&mut w, &draft);
    let public = w.ask(&api("GET", &path));
    assert_eq!(
        public["browser_download_url"],
        "https://forge.example/acme/widget/releases/download/v1.0.0/my.wheel%2Blocal.whl"
    );
}

#[test]
fn a_broken_upload_leaves_a_starter_that_holds_the_name_until_it_is_deleted() {
    let mut w = world();
    let draft = draft(&mut w);
    w.forge.break_next_upload();
    assert_eq!(w.upload(&draft, "a.whl", b"abc").status, 502);
    assert_eq!(w.upload(&draft, "a.whl", b"abc").status, 422);
    let list = w.ask(&api("GET", &format!("releases/{}/assets", draft["id"])).with(RUN));
    let starter = &list[0];
    assert_eq!((&starter["state"], &starter["size"]), (&json!("starter"), &json!(0)));
    assert_eq!(starter["digest"], Value::Null);
    let path = format!("releases/assets/{}", starter["id"]);
    let bytes = api("GET", &path).with(RUN).field("accept", "application/octet-stream");
    assert_eq!(w.send(&bytes).status, 404);
    assert_eq!(w.send(&api("DELETE", &path).with(RUN)).status, 204);
    assert_eq!(w.upload(&draft, "a.whl", b"abc").status, 201);
}

#[test]
fn bytes_are_found_at_a_signed_address_for_a_while() {
    let mut w = world();
    let draft = draft(&mut w);
    let id = body(&w.upload(&draft, "a.whl", b"abc"))["id"].clone();
    let path = format!("releases/assets/{id}");
    let answer = w.send(&api("GET", &path).with(RUN).field("accept", "application/octet-stream"));
    assert_eq!(answer.status, 302);
    let signed = at(header(&answer, "location").unwrap());
    assert_eq!(signed.host, "files.example");
    let file = w.send(&signed);
    assert_eq!((file.status, file.body.as_slice()), (200, &b"abc"[..]));
    assert_eq!(header(&file, "content-disposition"), Some("attachment; filename=a.whl"));
    w.at += 301;
    assert_eq!(w.send(&signed).status, 403);
    let shown = w.ask(&api("GET", &path).with(RUN));
    assert_eq!(shown["download_count"], 1);
}

#[test]
fn pages_lead_to_files_of_published_releases() {
    let mut w = world();
    let draft = draft(&mut w);
    w.upload(&draft, "a+b.whl", b"abc");
    let file = "/releases/download/v1.0.0/a%2Bb.whl";
    assert_eq!(w.send(&web(file)).status, 404);
    publish(&mut w, &draft);
    let answer = w.send(&web(file));
    assert_eq!(answer.status, 302);
    assert_eq!(w.send(&at(header(&answer, "location").unwrap())).body, b"abc");
    let answer = w.send(&web("/releases/latest/download/a%2Bb.whl"));
    assert_eq!(
        header(&answer, "location").unwrap(),
        format!("https://forge.example/acme/widget{file}")
    );
    let page = w.send(&web("/releases/tag/v1.0.0"));
    let text = String::from_utf8(page.body).unwrap();
    assert!(text.contains("<h1>v1.0.0</h1>") && text.contains(file), "{text}");
    assert_eq!(
        header(&w.send(&web("/releases/latest")), "location"),
        Some("https://forge.example/acme/widget/releases/tag/v1.0.0")
    );
    assert_eq!(w.send(&web("")).status, 200);
    w.forge.set_visibility(Visibility::Private);
    assert_eq!(w.send(&web(file)).status, 404);
}

#[test]
fn pages_show_words_and_not_their_markup() {
    let mut w = world();
    w.release(&json!({ "tag_name": "v1.0.0", "name": "<b>\"&", "body": "<script>" }));
    let text = String::from_utf8(w.send(&web("/releases/tag/v1.0.0")).body).unwrap();
    assert!(text.contains("<h1>&lt;b&gt;&quot;&amp;</h1>") && !text.contains("<script>"), "{text}");
}

#[test]
fn names_and_labels_can_be_changed() {
    let mut w = world();
    let draft = draft(&mut w);
    let id = body(&w.upload(&draft, "a.whl", b"abc"))["id"].clone();
    let fields = json!({ "name": "b c.whl", "label": "The wheel" });
    let path = format!("releases/assets/{id}");
    let asset = w.ask(&api("PATCH", &path).with(RUN).json(&fields));
    assert_eq!((&asset["name"], &asset["label"]), (&json!("b.c.whl"), &json!("The wheel")));
    let again = w.ask(&api("PATCH", &path).with(RUN).json(&json!({ "name": "b.c.whl" })));
    assert_eq!(again["label"], "The wheel");
}
