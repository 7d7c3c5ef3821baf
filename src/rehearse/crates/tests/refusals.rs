//! Every refusal, with status, rule and text. A rule that no case meets fails the test.

use std::collections::BTreeSet;

use serde_json::json;

use super::world::*;
use crate::rehearse::crates::{RULES, Scope};
use crate::rehearse::http::Response;

#[test]
fn every_rule_refuses_with_its_status_and_its_text() {
    let cases = [requests(), rights(), tarballs(), manifests(), held(), super::trusted::cases()];
    let mut issuer = crate::rehearse::oidc::tests::issuer();
    let mut seen = BTreeSet::new();
    for case in cases.iter().flatten() {
        let (rule, back) = case.see(issuer);
        seen.insert(format!("crates.{rule}"));
        issuer = back;
    }
    let all: BTreeSet<String> = RULES.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(all.len(), RULES.len(), "two rules have one name");
    assert_eq!(seen, all);
    assert!(RULES.iter().all(|rule| rule.source.contains("src/")));
}

/// An upload of a body that is given as it is.
fn raw(body: Vec<u8>) -> impl Fn(&mut World) -> Response {
    move |world| {
        let mut put = api("PUT", "crates/new").with(ANN);
        put.body.clone_from(&body);
        world.send(&put)
    }
}

fn metadata(name: &str, number: &str) -> impl Fn(&mut World) -> Response + use<> {
    raw(framed(json!({ "name": name, "vers": number }).to_string().as_bytes(), b""))
}

/// What is wrong before anyone asks who sent it.
fn requests() -> Vec<Case> {
    let long = format!("1.0.0-{}", "a".repeat(145));
    vec![
        case(
            403,
            "user-agent",
            "We require that all requests include a `User-Agent` header.…",
            |w| {
                let mut request = api("GET", "crates/known");
                request.headers.clear();
                w.send(&request)
            },
        ),
        case(
            403,
            "blocked-traffic",
            "We are unable to process your request at this time. This usually means that you are in violation of our API data access policy (https://crates.example/data-access).…",
            |w| {
                w.registry.block_agent("cargo/1.95.0");
                w.send(&api("GET", "crates/known"))
            },
        ),
        case(400, "metadata-length", "invalid metadata length", raw(vec![1, 0, 0])),
        case(
            400,
            "metadata-length",
            "invalid metadata length for remaining payload: 5",
            raw(vec![5, 0, 0, 0, b'{']),
        ),
        case(413, "metadata-size", "JSON metadata blob too large", raw(vec![1, 0, 16, 0])),
        case(
            400,
            "metadata-json",
            "invalid upload request: missing field `vers` at line 1 column 12",
            raw(framed(b"{\"name\":\"a\"}", b"")),
        ),
        case(
            400,
            "crate-name",
            "the name `1a` cannot be used as a crate name, the name cannot start with a digit",
            metadata("1a", "1.0.0"),
        ),
        case(400, "version-syntax", "\"1.0\" is an invalid semver version", metadata("a", "1.0")),
        case(
            400,
            "version-length",
            "the version number is too long (max 150 characters)",
            metadata("a", &long),
        ),
        case(
            400,
            "deleted-name",
            "A crate with the name `Gone-Crate` was recently deleted. Reuse of this name will be available after 2026-07-14T03:33:21Z.",
            |w| {
                w.registry.delete_name("Gone-Crate", NOW + 1);
                w.publish("gone_crate", "1.0.0")
            },
        ),
        case(404, "no-such-crate", "crate `none` does not exist", |w| {
            w.send(&api("GET", "crates/none"))
        }),
        case(404, "no-such-crate", "crate `none` does not exist", |w| {
            w.send(&api("DELETE", "crates/none/1.0.0/yank"))
        }),
        case(404, "no-such-version", "crate `known` does not have a version `9.9.9`", |w| {
            w.send(&api("GET", "crates/known/9.9.9"))
        }),
    ]
}

/// An upload of a further version of `known`, with this `Authorization`.
fn further(authorization: &'static str) -> impl Fn(&mut World) -> Response {
    move |w| w.send(&put("known", "2.0.0", &crated("known", "2.0.0", "")).with(authorization))
}

/// Who may not, and why.
fn rights() -> Vec<Case> {
    let permission = "this token does not have the required permissions to perform this action";
    let form = "Invalid `Authorization` header: Failed to parse token";
    vec![
        case(403, "authentication-required", "this action requires authentication", |w| {
            w.send(&put("known", "2.0.0", b""))
        }),
        case(401, "authorization-missing", "Missing `Authorization` header", |w| {
            w.send(&api("DELETE", "trusted_publishing/tokens"))
        }),
        case(
            401,
            "authorization-scheme",
            "Invalid `Authorization` header: Found unexpected authentication scheme `Basic`",
            further("Basic YTpi"),
        ),
        case(
            401,
            "token-format",
            "The given API token does not match the format used by crates.io. Tokens generated before 2020-07-14…",
            further("pypi-AgE"),
        ),
        case(401, "token-format", "The given API token does not match…", further("")),
        case(403, "authentication-failed", "authentication failed", further("cioNobody")),
        case(403, "token-scope", permission, |w| {
            w.registry.add_token(token("cioNew", "ann", Some(vec![Scope::PublishNew]), &[]));
            further("cioNew")(w)
        }),
        case(403, "token-scope", permission, |w| {
            w.registry.add_token(token("cioDep", "ann", None, &["dep", "known-*"]));
            further("cioDep")(w)
        }),
        case(401, "trusted-token-form", form, further("cio_tp_short")),
        case(401, "trusted-token-form", form, |w| {
            w.send(&api("DELETE", "trusted_publishing/tokens").with(ANN))
        }),
        case(
            403,
            "trusted-only",
            "New versions of this crate can only be published using Trusted Publishing (see https://crates.io/docs/trusted-publishing).",
            |w| {
                w.registry.require_trusted_publishing("known");
                further(ANN)(w)
            },
        ),
        case(
            400,
            "verified-email",
            "A verified email address is required to publish crates to crates.io. Visit https://crates.example/settings/profile to set and verify your email address.",
            |w| {
                w.registry.leave_unverified("ann");
                further(ANN)(w)
            },
        ),
        case(
            403,
            "not-owner",
            "this crate exists but you don't seem to be an owner. If you believe this is a mistake, perhaps you need to accept an invitation to be an owner before publishing.",
            further(BOB),
        ),
        case(
            429,
            "rate-limit",
            "You have yanked or unyanked too many versions in a short period of time.…",
            |w| {
                let yank = api("DELETE", "crates/known/1.0.0/yank").with(ANN);
                for _ in 0..100 {
                    assert_eq!(w.send(&yank).status, 200);
                }
                w.send(&yank)
            },
        ),
        case(403, "yank-owner", "must already be an owner to yank or unyank", |w| {
            w.send(&api("PUT", "crates/known/1.0.0/unyank").with(BOB))
        }),
    ]
}

/// An upload of `some` 1.0.0 with these bytes.
fn some(bytes: Vec<u8>) -> impl Fn(&mut World) -> Response {
    move |w| w.send(&put("some", "1.0.0", &bytes).with(ANN))
}

/// An upload of `some` 1.0.0 with these files.
fn files(files: &[(&str, &str)]) -> impl Fn(&mut World) -> Response + use<> {
    some(packed("some", "1.0.0", files))
}

fn tarballs() -> Vec<Case> {
    use tar::EntryType;
    let json = br#"{"name":"some","vers":"1.0.0"}"#;
    let cut = framed(json, &[7; 9])[..json.len() + 12].to_vec();
    let large = [&framed(json, b"")[..json.len() + 4], &[1, 0, 160, 0]].concat();
    let manifest = manifest("some", "1.0.0", "");
    let mut torn = crated("some", "1.0.0", "");
    torn.truncate(60);
    let at = |path: &str, kind| tarred([(path.to_owned(), kind, &b""[..])]);
    let unreadable = "uploaded tarball is malformed or too large when decompressed";
    let missing = "uploaded tarball is missing a `Cargo.toml` manifest file";
    vec![
        case(
            400,
            "tarball-length",
            "invalid tarball length",
            raw(framed(json, b"")[..json.len() + 6].to_vec()),
        ),
        case(400, "tarball-length", "invalid tarball length for remaining payload: 9", raw(cut)),
        case(413, "tarball-size", "max upload size is: 10485760", raw(large)),
        case(400, "tarball-malformed", unreadable, some(b"no gzip".to_vec())),
        case(400, "tarball-malformed", unreadable, some(torn)),
        case(
            400,
            "tarball-path",
            "invalid path found: other-1.0.0/a",
            some(at("other-1.0.0/a", EntryType::Regular)),
        ),
        case(
            400,
            "tarball-path",
            "invalid path found: some-1.0.0/../a",
            some(at("some-1.0.0/../a", EntryType::Regular)),
        ),
        case(
            400,
            "tarball-entry",
            "unexpected tar entry type Symlink found: some-1.0.0/a",
            some(at("some-1.0.0/a", EntryType::Symlink)),
        ),
        case(400, "manifest-missing", missing, files(&[("src/Cargo.toml", &manifest)])),
        case(
            400,
            "manifest-case",
            "uploaded tarball is missing a `Cargo.toml` manifest file; `CARGO.toml` was found, but must be named `Cargo.toml` with that exact casing",
            files(&[("CARGO.toml", &manifest)]),
        ),
        case(
            400,
            "manifest-many",
            "uploaded tarball contains more than one `Cargo.toml` manifest file; found `Cargo.toml`, `cargo.toml`",
            files(&[("cargo.toml", &manifest), ("Cargo.toml", &manifest)]),
        ),
        case(
            400,
            "manifest-invalid",
            "failed to parse `Cargo.toml` manifest file\n\nvalue from workspace hasn't been set",
            files(&[("Cargo.toml", "[package]\nname = 'some'\nversion.workspace = true\n")]),
        ),
        case(
            400,
            "manifest-invalid",
            "failed to parse `Cargo.toml` manifest file\n\nTOML parse error at line 1…",
            files(&[("Cargo.toml", "[package")]),
        ),
        case(
            400,
            "name-mismatch",
            "metadata name `some` does not match manifest name `other`",
            files(&[("Cargo.toml", &manifest.replace("some", "other"))]),
        ),
        case(
            400,
            "version-mismatch",
            "metadata version `1.0.0` does not match manifest version `1.0.1`",
            files(&[("Cargo.toml", &manifest.replace("1.0.0", "1.0.1"))]),
        ),
    ]
}

/// An upload of `some` 1.0.0 with more in its manifest.
fn more(text: &str) -> impl Fn(&mut World) -> Response + use<> {
    some(crated("some", "1.0.0", text))
}

/// The same with something else in the manifest's place.
fn replaced(what: &str, with: &str) -> impl Fn(&mut World) -> Response + use<> {
    files(&[("Cargo.toml", &manifest("some", "1.0.0", "").replace(what, with))])
}

fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

fn manifests() -> Vec<Case> {
    let fields = "missing or empty metadata fields: description, license. Please see https://doc.rust-lang.org/cargo/reference/manifest.html for more information on configuring these fields";
    let features = many(301, |at| format!("f{at} = []\n"));
    let enabled = many(301, |at| format!("'a/f{at}',"));
    let dependencies = many(501, |at| format!("d{at} = '1'\n"));
    vec![
        case(
            400,
            "required-fields",
            fields,
            replaced("description = \"a test\"\nlicense = \"MIT\"", "description = \"\""),
        ),
        case(
            400,
            "description-length",
            "The `description` is too long. A maximum of 1000 characters are currently allowed.",
            replaced("a test", &"é".repeat(501)),
        ),
        case(
            400,
            "license",
            "unknown or invalid license expression; see http://opensource.org/licenses for options, and http://spdx.org/licenses/ for their identifiers\nNote: If you have a non-standard license that is not listed by SPDX, use the license-file field to specify the path to a file containing the text of the license.\nSee https://doc.rust-lang.org/cargo/reference/manifest.html#the-license-and-license-file-fields for more information.\nMIT AND foobar\n        ^^^^^^ unknown term",
            replaced("MIT", "MIT AND foobar"),
        ),
        case(
            400,
            "url",
            "URL for field `homepage` must begin with http:// or https:// (url: https:/a.example)",
            more("homepage = \"https:/a.example\""),
        ),
        case(
            400,
            "url",
            "`repository` is not a valid url: `https:///a`",
            more("repository = \"https:///a\""),
        ),
        case(
            400,
            "rust-version",
            "failed to parse `Cargo.toml` manifest file\n\ninvalid `rust-version` value",
            more("rust-version = \"^1.89\""),
        ),
        case(
            400,
            "keyword-count",
            "expected at most 5 keywords per crate",
            more("keywords = ['a','b','c','d','e','f']"),
        ),
        case(
            400,
            "keyword",
            "\"command line\" is an invalid keyword",
            more("keywords = ['command line']"),
        ),
        case(
            400,
            "keyword",
            "\"abcdefghijklmnopqrstu\" is an invalid keyword (keywords must have less than 20 characters)",
            more("keywords = ['abcdefghijklmnopqrstu']"),
        ),
        case(
            400,
            "category-count",
            "expected at most 5 categories per crate",
            more("categories = ['a','b','c','d','e','f']"),
        ),
        case(
            400,
            "category",
            "The following category slugs are not currently supported on crates.io: release, Encoding\n\nSee https://crates.example/category_slugs for a list of supported slugs.",
            more("categories = ['release','os::linux-apis','encoding','Encoding']"),
        ),
        case(
            400,
            "feature-count",
            "crates.io only allows a maximum number of 300 features, but your crate is declaring 301 features.\n\nTake a look at…",
            more(&format!("[features]\n{features}")),
        ),
        case(
            400,
            "feature-count",
            "crates.io only allows a maximum number of 300 features or dependencies that another feature can enable, but the \"all\" feature of your crate is enabling 301 features or dependencies.…",
            more(&format!("[features]\nall = [{enabled}]")),
        ),
        case(
            400,
            "feature-name",
            "invalid character ` ` in feature `a b`, characters must be Unicode XID characters, `+`, `-`, or `.` (numbers, `+`, `-`, `_`, `.`, or most letters)",
            more("[features]\n'a b' = []"),
        ),
        case(
            400,
            "dependency-count",
            "crates.io only allows a maximum number of 500 dependencies.\n\nIf you have a use case…",
            more(&format!("[dependencies]\n{dependencies}")),
        ),
        case(
            400,
            "dependency-name",
            "invalid character `.` in dependency name: `a.b`, characters must be an ASCII alphanumeric characters, `-`, or `_`",
            more("[dependencies]\n'a.b' = '1'"),
        ),
        case(
            400,
            "dependency-registry",
            "Dependency `dep` is hosted on another registry. Cross-registry dependencies are not permitted on crates.io.",
            more("[dependencies]\ndep = { version = '1', registry = 'ours' }"),
        ),
        case(
            400,
            "dependency-requirement",
            "\"one\" is an invalid version requirement",
            more("[dependencies]\ndep = 'one'"),
        ),
        case(
            400,
            "dependency-wildcard",
            "wildcard (`*`) dependency constraints are not allowed on crates.io. Crate with this problem: `dep` See https://doc.rust-lang.org/cargo/faq.html#can-libraries-use--as-a-version-for-their-dependencies for more information",
            more("[build-dependencies]\ndep = { path = '../dep' }"),
        ),
        case(
            400,
            "dependency-unknown",
            "no known crate named `Dep`",
            more("[dependencies]\nDep = '1'"),
        ),
    ]
}

/// What is already there leaves no room.
fn held() -> Vec<Case> {
    vec![
        case(400, "reserved-name", "cannot upload a crate with a reserved name", |w| {
            w.publish("proc-macro", "1.0.0")
        }),
        case(400, "reserved-name", "cannot upload a crate with a reserved name", |w| {
            w.registry.reserve_name("kept_back");
            w.publish("kept-back", "1.0.0")
        }),
        case(400, "previous-name", "crate was previously named `known`", |w| {
            w.publish("Known", "2.0.0")
        }),
        case(400, "duplicate-version", "crate version `1.1.0` is already uploaded", |w| {
            w.publish("known", "1.1.0")
        }),
        case(
            429,
            "daily-versions",
            "You have published too many versions of this crate in the last 24 hours",
            |w| {
                w.registry.limit_daily(0);
                w.publish("known", "2.0.0")
            },
        ),
    ]
}
