//! Uploads, refused and stored.
//!
//! The rows of refusals are in `requests` and `contents`. Turned down: comparing whole answers, whose
//! frame has a test of its own.

use super::super::Standing;
use super::contents::{ATTESTATIONS, CONTENTS};
use super::requests::{BEFORE, FILE, METADATA, PROJECT};
use super::{AT, Attempt, Change, SDIST, assert_refused, body, get, index, parcels};
use crate::rehearse::http::Response;

/// The rules that are broken in this file.
pub(super) fn rules() -> Vec<&'static str> {
    let tables = [BEFORE, METADATA, PROJECT, FILE, CONTENTS, ATTESTATIONS];
    tables.concat().into_iter().map(|case| case.0).chain(["local-version"]).collect()
}

const SEE: &str = "https://packaging.python.org/specifications/core-metadata";

#[test]
fn each_upload_is_refused_by_its_rule_and_leaves_nothing() {
    for (rule, status, text, change) in [BEFORE, PROJECT, FILE, CONTENTS].concat() {
        let mut attempt = Attempt::new(index());
        change(&mut attempt);
        let before: Vec<String> = stored(&attempt);
        assert_refused(&attempt.send(), status, text, rule);
        assert_eq!(before, stored(&attempt), "{text}");
    }
}

fn stored(attempt: &Attempt) -> Vec<String> {
    let files = attempt.index.catalog.all().map(|file| file.name.clone());
    files.chain(attempt.index.catalog.projects().map(|(name, _)| name.to_owned())).collect()
}

#[test]
fn each_fault_of_metadata_is_told_with_the_page_to_see() {
    for (rule, status, text, change) in METADATA.iter().copied() {
        let mut attempt = Attempt::new(index());
        change(&mut attempt);
        let told = format!("{text} See {SEE} for more information.");
        assert_refused(&attempt.send(), status, &told, rule);
    }
    let mut attempt = Attempt::new(index());
    attempt.set("version", "1.2.3+g1");
    assert_refused(
        &attempt.send(),
        400,
        "The use of local versions in '1.2.3+g1' is not allowed. See https://packaging.python.org/en/latest/specifications/version-specifiers/#local-version-identifiers for more information.",
        "local-version",
    );
}

#[test]
fn each_attestation_is_refused_by_its_rule() {
    for (rule, status, text, change) in ATTESTATIONS.iter().copied() {
        let (mut index, token) = super::minting::minted();
        index.add_token("user", None);
        let mut attempt = Attempt::new(index);
        attempt.token(&token);
        change(&mut attempt);
        let told = format!("Invalid attestations supplied during upload: {text}");
        assert_refused(&attempt.send(), status, &told, rule);
    }
}

#[test]
fn of_two_faults_the_first_in_the_servers_order_is_told() {
    let order = [ATTESTATIONS[0], *CONTENTS.iter().find(|case| case.0 == "entry-points").unwrap()];
    // Each row breaks an earlier rule than the row before it; all of them are broken at once.
    let earlier: [(&str, Change); 14] = [
        (order[0].0, order[0].3),
        (order[1].0, order[1].3),
        ("license-file-missing", |a| a.add("license_file", "LICENSE")),
        ("wheel-version", |a| a.set("version", "1.2.4")),
        ("platform-tag", |a| a.named("widget-1.2.3-py3-none-linux_x86_64.whl")),
        ("zip-framing", |a| a.bytes.push(0)),
        ("release-age", |a| {
            let name = "widget-1.2.4.zip";
            a.index.add_file("widget", "1.2.4", name, b"old", 0).unwrap();
        }),
        ("file-exists", |a| {
            let name = "widget-1.2.3-py3-none-linux_x86_64.whl";
            a.index.add_file("widget", "1.2.3", name, b"x", AT).unwrap();
        }),
        ("digest", |a| a.set("sha256_digest", &"0".repeat(64))),
        ("file-size", |a| a.index.set_limits("widget", 100, 10 << 30)),
        ("closed-project", |a| a.index.set_standing("widget", Standing::Archived)),
        ("summary-lines", |a| a.set("summary", "a\nb")),
        ("protocol-version", |a| a.set("protocol_version", "3")),
        ("authentication", |a| a.token("other")),
    ];
    let mut attempt = Attempt::new(index());
    for (rule, change) in earlier {
        change(&mut attempt);
        let found = attempt.send().rule.map(|rule| rule.name);
        assert_eq!(found, Some(format!("pypi.{rule}").as_str()));
    }
    attempt.add("summary@x", "y");
    assert_eq!(attempt.send().rule.unwrap().name, "pypi.field-is-file", "even before the login");
}

#[test]
fn good_files_are_stored_and_the_same_bytes_again_change_nothing() {
    let mut attempt = Attempt::new(index());
    for (name, value) in [
        ("summary", "A widget"),
        ("author_email", "Ann <ann@mail.example>"),
        ("classifiers", "Programming Language :: Python"),
        ("license_expression", "MIT OR Apache-2.0"),
        ("requires_dist", "a[b]>=1; python_version < '4'"),
        ("requires_python", ">=3.9"),
        ("project_urls", "Home, https://widget.example"),
        ("description_content_type", "text/markdown; charset=UTF-8; variant=GFM"),
        ("dynamic", "License-File"),
        ("keywords", "UNKNOWN"),
    ] {
        attempt.add(name, value);
    }
    let stored = |response: &Response| {
        assert_eq!((response.status, response.rule), (200, None), "{:?}", response.reason);
        assert!(response.body.is_empty());
    };
    stored(&attempt.send());
    let serial = attempt.index.catalog.serial;
    // Much later, and with other faults that would be told after this check.
    attempt.at += 365 * 24 * 3600;
    attempt.set("license_file", "NOT-THERE");
    stored(&attempt.send());
    assert_eq!(attempt.index.catalog.serial, serial, "nothing was stored again");
    attempt.at = AT + 14 * 24 * 3600;
    attempt.drop("license_file");
    attempt.sdist();
    stored(&attempt.send());
    assert_eq!(attempt.index.holds(SDIST).unwrap().len(), 64);
}

#[test]
fn a_wheel_of_another_writer_passes_with_its_licence() {
    let mut attempt = Attempt::new(index());
    attempt.bytes = parcels::foreign_wheel();
    assert_eq!(attempt.send().status, 200);
    let mut attempt = Attempt::new(index());
    attempt.bytes = parcels::wheel(&[("widget-1.2.3.dist-info/licenses/a/LICENSE", "x")]);
    attempt.add("license_file", "a/LICENSE");
    assert_eq!(attempt.send().status, 200);
    attempt.sdist();
    attempt.bytes = parcels::sdist("widget-1.2.3", &[("widget-1.2.3/a/LICENSE", "x")]);
    assert_eq!(attempt.send().status, 200);
}

#[test]
fn names_are_compared_normalised_and_the_newest_spelling_is_shown() {
    let mut attempt = Attempt::new(index());
    attempt.index.add_token("scoped", Some(vec!["WIDGET".into()]));
    attempt.token("scoped");
    attempt.index.add_project("widget", true, AT);
    attempt.set("name", "Widget");
    assert_eq!(attempt.send().status, 200);
    let page = attempt.index.answer(&get("/pypi/widget/json", None), AT);
    assert_eq!(body(&page)["info"]["name"], "Widget");
}

#[test]
fn a_reason_is_told_in_the_form_that_the_client_accepts() {
    let mut attempt = Attempt::new(index());
    attempt.set("name", "w\u{e9}\u{2603}");
    let answer = attempt.send();
    let said = body(&answer);
    assert_eq!(said["title"], "Bad Request");
    assert_eq!(said["code"], format!("400 {}", answer.reason.clone().unwrap()));
    assert!(answer.reason.unwrap().starts_with("'w\u{e9}?' is"), "one line of ISO 8859-1");
    assert!(said["message"].as_str().unwrap().contains("'w\u{e9}\u{2603}' is an invalid value"));
    for (accept, kind) in [("*/*", "text/html"), ("text/plain", "text/plain")] {
        attempt.request.headers[0].1 = accept.into();
        let answer = attempt.send();
        let given = answer.headers.iter().find(|(name, _)| name == "content-type").unwrap();
        assert!(given.1.starts_with(kind), "{}", given.1);
    }
}
