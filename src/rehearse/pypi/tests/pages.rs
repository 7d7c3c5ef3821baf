//! What the index shows, and when.
//!
//! Pages are read as a client reads them. Turned down: whole pages as snapshots, which hide what
//! matters.

use serde_json::{Value, json};

use super::super::{Flag, Index, Standing};
use super::{AT, Attempt, SDIST, WHEEL, body, get, index, parcels};
use crate::rehearse::http::Response;

/// Rules that are broken below.
pub(super) const RULES: [&str; 3] = ["integrity-accept", "integrity-disabled", "integrity-none"];

const JSON: &str = "application/vnd.pypi.simple.v1+json";

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// An index with a wheel from now and a source distribution of an older, yanked release.
fn filled() -> Index {
    let mut index = index();
    index.add_file("widget", "1.0", "widget-1.0.tar.gz", b"old", AT - 1_000_000).unwrap();
    index.yank("widget", "1.0.0", "it is <broken>");
    let mut attempt = Attempt::new(index);
    attempt.add("requires_python", ">=3.9");
    attempt.add("license_file", "");
    assert_eq!(attempt.send().status, 200);
    attempt.index
}

#[test]
fn the_json_page_lists_files_by_version() {
    let mut index = filled();
    let answer = index.answer(&get("/simple/widget/", Some(JSON)), AT);
    assert_eq!(header(&answer, "content-type"), Some(JSON));
    assert_eq!(header(&answer, "x-pypi-last-serial"), Some("2"));
    let page = body(&answer);
    assert_eq!(page["meta"], json!({ "api-version": "1.4", "_last-serial": 2 }));
    assert_eq!(page["project-status"], json!({ "status": "active" }));
    assert_eq!(page["versions"], json!(["1.0", "1.2.3"]));
    let files = page["files"].as_array().unwrap();
    assert_eq!(files[0]["yanked"], "it is <broken>");
    assert_eq!(files[0]["core-metadata"], false);
    let wheel = &files[1];
    assert_eq!(wheel["filename"], WHEEL);
    assert_eq!(wheel["hashes"]["sha256"], index.holds(WHEEL).unwrap());
    assert_eq!(wheel["requires-python"], ">=3.9");
    assert_eq!(wheel["size"], parcels::wheel(&[]).len());
    assert_eq!(wheel["upload-time"], "2027-01-15T08:00:00Z");
    assert_eq!(wheel["yanked"], false);
    assert_eq!(wheel["provenance"], Value::Null);
    assert_eq!(wheel["core-metadata"], wheel["data-dist-info-metadata"]);
}

#[test]
fn files_and_metadata_are_downloaded_from_where_the_page_says() {
    let mut index = filled();
    let page = body(&index.answer(&get("/simple/widget/", Some(JSON)), AT));
    let place = |at: usize| {
        let url = page["files"][at]["url"].as_str().unwrap();
        url.strip_prefix("https://pypi.example").unwrap().to_owned()
    };
    assert_eq!(index.answer(&get(&place(0), None), AT).body, b"old");
    assert_eq!(index.answer(&get(&place(1), None), AT).body, parcels::wheel(&[]));
    let metadata = index.answer(&get(&format!("{}.metadata", place(1)), None), AT);
    assert!(metadata.body.starts_with(b"Metadata-Version: 2.4"));
    let digest = super::Digests::of(&metadata.body).sha256;
    assert_eq!(page["files"][1]["core-metadata"]["sha256"], digest);
    assert_eq!(index.answer(&get(&format!("{}.metadata", place(0)), None), AT).status, 404);
    let mut head = get(&place(1), None);
    head.method = "HEAD".into();
    let answer = index.answer(&head, AT);
    assert_eq!((answer.status, answer.body.len()), (200, 0));
}

#[test]
fn the_html_page_links_with_hashes() {
    let mut index = filled();
    let answer = index.answer(&get("/simple/widget/", None), AT);
    assert_eq!(header(&answer, "content-type"), Some("text/html"));
    let page = String::from_utf8(answer.body).unwrap();
    let hash = index.holds(WHEEL).unwrap();
    assert!(page.contains(&format!("{WHEEL}#sha256={hash}\" data-requires-python=\"&gt;=3.9\"")));
    assert!(page.contains("data-yanked=\"it is &lt;broken&gt;\""));
    assert!(page.contains("<meta name=\"pypi:project-status\" content=\"active\">"));
    let list = index.answer(&get("/simple/", None), AT).body;
    assert!(String::from_utf8(list).unwrap().contains("<a href=\"/simple/widget/\">widget</a>"));
    let list = body(&index.answer(&get("/simple/", Some(JSON)), AT));
    assert_eq!(list["projects"], json!([{ "name": "widget" }]));
}

#[test]
fn pages_are_at_the_normalised_name_only() {
    let mut index = filled();
    let mut ask = |path: &str| {
        let answer = index.answer(&get(path, None), AT);
        (answer.status, header(&answer, "location").map(str::to_owned))
    };
    assert_eq!(ask("/simple/widget"), (301, Some("/simple/widget/".into())));
    assert_eq!(ask("/simple/Widget/"), (301, Some("/simple/widget/".into())));
    assert_eq!(ask("/pypi/Widget/json"), (301, Some("/pypi/widget/json".into())));
    assert_eq!(ask("/pypi/Widget/1.0/json"), (301, Some("/pypi/widget/1.0/json".into())));
    assert_eq!(ask("/simple/gadget/"), (404, None));
    assert_eq!(ask("/pypi/gadget/json"), (404, None));
    assert_eq!(ask("/pypi/widget/9/json"), (404, None));
    assert_eq!(ask("/legacy/"), (200, None));
}

#[test]
fn a_file_is_listed_after_the_lag_and_a_quarantined_project_lists_none() {
    let mut index = filled();
    index.set_lag(60);
    let versions = |index: &mut Index, at| {
        body(&index.answer(&get("/simple/widget/", Some(JSON)), at))["versions"].clone()
    };
    assert_eq!(versions(&mut index, AT + 59), json!(["1.0"]));
    assert_eq!(index.answer(&get("/pypi/widget/1.2.3/json", None), AT + 59).status, 404);
    assert_eq!(versions(&mut index, AT + 60), json!(["1.0", "1.2.3"]));
    let mut attempt = Attempt::new(index);
    assert_eq!(attempt.send().status, 200, "the same file is known before it is listed");
    attempt.index.set_standing("widget", Standing::Quarantined);
    assert_eq!(versions(&mut attempt.index, AT + 60), json!([]));
    let list = body(&attempt.index.answer(&get("/simple/", Some(JSON)), AT + 60));
    assert_eq!(list["projects"], json!([]));
}

#[test]
fn the_json_api_tells_the_newest_release_that_is_not_yanked() {
    let mut index = filled();
    index.add_file("widget", "2.0rc1", "widget-2.0rc1.tar.gz", b"rc", AT).unwrap();
    let page = body(&index.answer(&get("/pypi/widget/json", None), AT));
    assert_eq!(page["info"]["version"], "1.2.3");
    assert_eq!(page["info"]["requires_python"], ">=3.9");
    assert_eq!(page["urls"][0]["filename"], WHEEL);
    assert_eq!(page["urls"][0]["packagetype"], "bdist_wheel");
    assert_eq!(page["urls"][0]["digests"]["sha256"], index.holds(WHEEL).unwrap());
    assert_eq!(page["releases"].as_object().unwrap().len(), 3);
    assert_eq!(page["releases"]["1.0"][0]["yanked_reason"], "it is <broken>");
    let page = body(&index.answer(&get("/pypi/widget/1.0.0/json", None), AT));
    assert_eq!((&page["info"]["version"], &page["info"]["yanked"]), (&json!("1.0"), &json!(true)));
    assert_eq!(page.get("releases"), None);
}

#[test]
fn provenance_that_is_not_there_is_refused() {
    let mut index = filled();
    let path = format!("/integrity/widget/1.2.3/{WHEEL}/provenance");
    let refused = |index: &mut Index, accept| {
        let answer = index.answer(&get(&path, accept), AT);
        let message = body(&answer)["message"].as_str().unwrap().to_owned();
        (answer.status, answer.rule.unwrap().name, message)
    };
    let none = format!("No provenance available for {WHEEL}");
    assert_eq!(refused(&mut index, None), (404, "pypi.integrity-none", none));
    let unfit = "Request not acceptable".to_owned();
    assert_eq!(refused(&mut index, Some("text/html")), (406, "pypi.integrity-accept", unfit));
    index.set_flag(Flag::NoProvenance, true);
    let off = "Attestations temporarily disabled".to_owned();
    assert_eq!(refused(&mut index, None), (403, "pypi.integrity-disabled", off));
    let other = format!("/integrity/widget/1.2.3/{SDIST}/provenance");
    assert_eq!(index.answer(&get(&other, None), AT).status, 404);
}
