//! Codecov: it takes a report of test coverage for a commit, in two steps. It is told of the upload and answers
//! with an address at a storage, to which the client then sends the report.
//!
//! What it makes of a report is not played. Every secret of the rehearsal is good as an upload token. An upload
//! without any is refused: Codecov takes those of forks alone, and a release is made in no fork.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::http::{Request, Response, Rule};
use super::world::Service;

/// What a token or a repository that Codecov does not know is told, and what the client makes of it.
const UNKNOWN: &str = "https://github.com/mind-inria/hidimstat/issues/275";
const PROTECTED: &str = "https://github.com/codecov/codecov-action/issues/1709";
const VIEW: &str = "https://github.com/codecov/umbrella/blob/main/apps/codecov-api/upload/views/upload_coverage.py";
const SIGNED: &str = "https://cloud.google.com/storage/docs/access-control/signed-urls";

/// The rules by which it refuses.
pub const RULES: &[Rule] = &[TOKEN, REPOSITORY, COMMIT, PLACE, ROUTE];

const TOKEN: Rule = Rule { name: "codecov.token-required", source: PROTECTED };
const REPOSITORY: Rule = Rule { name: "codecov.repository-not-found", source: UNKNOWN };
const COMMIT: Rule = Rule { name: "codecov.commit-required", source: VIEW };
const PLACE: Rule = Rule { name: "codecov.unsigned-upload", source: SIGNED };
const ROUTE: Rule = Rule { name: "codecov.no-such-operation", source: VIEW };

/// Codecov with its storage.
#[derive(Debug, Default)]
pub struct Codecov {
    /// Where the storage is, scheme and host.
    storage: String,
    /// `owner/name` of the repository that it knows.
    repository: String,
    /// Tokens that may upload for it.
    tokens: BTreeSet<String>,
    /// Addresses that were given out, as path and query, with the commit of each.
    promised: BTreeMap<String, String>,
    /// Commits with the names of the files that came for them.
    reports: Vec<(String, Vec<String>)>,
}

impl Codecov {
    /// A Codecov that knows one repository, with these tokens.
    pub fn new(storage: &str, repository: &str, tokens: impl IntoIterator<Item = String>) -> Self {
        let (storage, repository) = (storage.to_owned(), repository.to_owned());
        Self { storage, repository, tokens: tokens.into_iter().collect(), ..Self::default() }
    }

    /// An upload is told of: the checks in the order that the real one has.
    fn announced(&mut self, request: &Request, slug: &str) -> Response {
        let refused =
            |why: &str, rule: Rule| Response::json(400, &json!({ "message": why })).by(rule);
        let Some(token) = request.authorization("token") else {
            return refused("Token required because branch is protected", TOKEN);
        };
        // The owner's groups are parted by three colons, the name by four.
        let named = slug.replace("::::", "/").replace(":::", "/");
        if !self.tokens.contains(token) || !named.eq_ignore_ascii_case(&self.repository) {
            return refused("Repository not found", REPOSITORY);
        }
        let told = request.json().unwrap_or_default();
        let Some(commit) = told["commitid"].as_str().filter(|commit| !commit.is_empty()) else {
            let wrong = json!({ "commitid": ["This field is required."] });
            return Response::json(400, &wrong).by(COMMIT);
        };
        let number = self.promised.len() + self.reports.len() + 1;
        let place = format!("/codecov/{commit}/{number}.txt?X-Goog-Signature={number:08x}");
        let address = format!("{}{place}", self.storage);
        self.promised.insert(place, commit.to_owned());
        let answer = json!({
            "external_id": format!("00000000-0000-4000-8000-{number:012x}"),
            "raw_upload_location": address,
        });
        Response::json(201, &answer)
    }

    /// A report arrives: each address is good once.
    fn stored(&mut self, request: &Request) -> Response {
        let Some(commit) = self.promised.remove(&request.target) else {
            return Response::text(403, "SignatureDoesNotMatch\n").by(PLACE);
        };
        let report = request.json().unwrap_or_default();
        let files = report["coverage_files"].as_array().into_iter().flatten();
        let name = |file: &Value| {
            let path = file["filename"].as_str().unwrap_or_default();
            path.rsplit('/').next().unwrap_or_default().to_owned()
        };
        self.reports.push((commit, files.map(name).collect()));
        Response::empty(200)
    }
}

impl Service for Codecov {
    fn answer(&mut self, request: &Request, _: u64) -> Response {
        let segments = request.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["upload", _, slug, "upload-coverage"]) => self.announced(request, slug),
            ("PUT", ["codecov", ..]) => self.stored(request),
            _ => Response::json(404, &json!({ "detail": "Not found." })).by(ROUTE),
        }
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }

    fn inventory(&self) -> Vec<String> {
        let line = |(commit, files): &(String, Vec<String>)| {
            format!("coverage: {} of {commit}", files.join(", "))
        };
        self.reports.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codecov() -> Codecov {
        Codecov::new("https://store.example", "acme/landmark", ["t".to_owned()])
    }

    fn sent(method: &str, target: &str, token: Option<&str>, body: &Value) -> Request {
        let path = target.split('?').next().unwrap().to_owned();
        let field = |token: &str| ("authorization".to_owned(), format!("token {token}"));
        Request {
            method: method.into(),
            path,
            target: target.into(),
            headers: token.map(field).into_iter().collect(),
            body: body.to_string().into_bytes(),
            ..Request::default()
        }
    }

    fn announced(codecov: &mut Codecov, slug: &str, token: Option<&str>, body: &Value) -> Response {
        let target = format!("/upload/github/{slug}/upload-coverage");
        codecov.answer(&sent("POST", &target, token, body), 7)
    }

    #[test]
    fn a_report_is_announced_and_then_stored_once() {
        let mut codecov = codecov();
        let told = json!({ "commitid": "c0ffee" });
        let answer = announced(&mut codecov, "acme::::landmark", Some("t"), &told);
        assert_eq!((answer.status, answer.rule), (201, None));
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let address = answer["raw_upload_location"].as_str().unwrap();
        let target = address.strip_prefix("https://store.example").unwrap();
        let report = json!({ "coverage_files": [{ "filename": "/a/b/coverage.xml" }] });
        assert_eq!(codecov.answer(&sent("PUT", target, None, &report), 8).status, 200);
        assert_eq!(codecov.inventory(), ["coverage: coverage.xml of c0ffee"]);
        let again = codecov.answer(&sent("PUT", target, None, &report), 9);
        assert_eq!((again.status, again.rule), (403, Some(PLACE)));
    }

    #[test]
    fn each_rule_refuses() {
        let told = json!({ "commitid": "c0ffee" });
        let (ours, theirs) = ("acme::::landmark", "else::::where");
        let table = [
            (ours, None, &told, TOKEN),
            (ours, Some("other"), &told, REPOSITORY),
            (theirs, Some("t"), &told, REPOSITORY),
            (ours, Some("t"), &json!({}), COMMIT),
        ];
        for (slug, token, body, rule) in table {
            let answer = announced(&mut codecov(), slug, token, body);
            assert_eq!((answer.status, answer.rule), (400, Some(rule)), "{slug} {token:?}");
        }
        let unsigned = codecov().answer(&sent("PUT", "/codecov/x/1.txt", None, &told), 7);
        assert_eq!((unsigned.status, unsigned.rule), (403, Some(PLACE)));
        let other = codecov().answer(&sent("GET", "/upload", None, &told), 7);
        assert_eq!((other.status, other.rule), (404, Some(ROUTE)));
        assert_eq!(RULES.len(), 5, "each has its case above");
    }
}
