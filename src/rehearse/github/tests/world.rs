//! What the tests work with: a forge with one repository and a few tokens, and requests.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::memory::{Memory, sha};
use crate::rehearse::github::{Forge, Holder, Level, Permission, Settings, Token};
use crate::rehearse::http::{Request, Response};
use crate::rehearse::repository::Repository as _;

/// The instant at which the tests begin: 14 July 2026.
pub(super) const NOW: u64 = 1_784_000_000;
/// The token of a run that may write.
pub(super) const RUN: &str = "ghs_run";
/// The token of a run that may read code only.
pub(super) const READER: &str = "ghs_reader";
/// The token of the owner.
pub(super) const OWNER: &str = "github_pat_owner";
/// The token of somebody who may nothing.
pub(super) const GUEST: &str = "github_pat_guest";

/// A forge, with the repository behind it.
pub(super) struct World {
    pub(super) forge: Forge,
    pub(super) git: Arc<Mutex<Memory>>,
    pub(super) at: u64,
}

/// `main` has the commits one, two and three; `other` has one and fork; v0.1.0 is one.
pub(super) fn world() -> World {
    use Level::{Read, Write};
    use Permission::{Actions, Administration, Attestations, Contents};
    let mut git = Memory::default();
    git.add("one", NOW - 400, &[]);
    git.add("two", NOW - 300, &["one"]);
    git.add("three", NOW - 200, &["two"]);
    git.add("fork", NOW - 100, &["one"]);
    git.point("refs/heads/main", "three");
    git.point("refs/heads/other", "fork");
    git.point("refs/tags/v0.1.0", "one");
    let git = Arc::new(Mutex::new(git));
    let settings = Settings {
        web: "https://forge.example".into(),
        api: "https://api.forge.example".into(),
        uploads: "https://uploads.forge.example".into(),
        downloads: "https://files.example".into(),
        docs: "https://docs.forge.example".into(),
        repository: "acme/widget".into(),
        repository_id: 2002,
        owner_id: 1001,
    };
    let mut forge = Forge::new(settings, git.clone());
    let user = |login: &str| Holder::User(login.into());
    let all = vec![(Contents, Write), (Actions, Write), (Attestations, Write)];
    let admin = vec![(Contents, Write), (Actions, Write), (Administration, Write)];
    for (secret, holder, permissions) in [
        (RUN, Holder::Run, all),
        (READER, Holder::Run, vec![(Contents, Read)]),
        (OWNER, user("acme"), admin),
        (GUEST, user("guest"), Vec::new()),
    ] {
        forge.add_token(Token { secret: secret.into(), holder, permissions });
    }
    World { forge, git, at: NOW }
}

impl World {
    pub(super) fn send(&mut self, request: &Request) -> Response {
        self.forge.answer(request, self.at)
    }

    /// What an answer says that has to be good.
    #[track_caller]
    pub(super) fn ask(&mut self, request: &Request) -> Value {
        let answer = self.send(request);
        assert!(answer.status < 300, "{} {}", answer.status, said(&answer));
        body(&answer)
    }

    /// A release that was made with this body.
    #[track_caller]
    pub(super) fn release(&mut self, fields: &Value) -> Value {
        self.ask(&api("POST", "releases").with(RUN).json(fields))
    }

    /// A published release of this tag.
    #[track_caller]
    pub(super) fn published(&mut self, tag: &str) -> Value {
        self.release(&json!({ "tag_name": tag }))
    }

    /// Uploads a file to a release.
    pub(super) fn upload(&mut self, release: &Value, name: &str, bytes: &[u8]) -> Response {
        self.send(&upload(release, name, bytes).with(RUN))
    }

    /// The name of the commit that a ref leads to.
    pub(super) fn commit_of(&self, name: &str) -> Option<String> {
        self.git.lock().unwrap().commit(name).map(|commit| commit.sha)
    }
}

pub(super) fn request(method: &str, host: &str, path: &str) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key.to_owned(), value.to_owned())
    };
    Request {
        method: method.into(),
        host: host.into(),
        path: path.into(),
        query: query.split('&').filter(|part| !part.is_empty()).map(pair).collect(),
        headers: vec![("user-agent".into(), "tests".into())],
        ..Request::default()
    }
}

/// A request to the API about the repository.
pub(super) fn api(method: &str, path: &str) -> Request {
    let path = format!("/repos/acme/widget/{path}");
    request(method, "api.forge.example", path.trim_end_matches('/'))
}

/// A request for a page.
pub(super) fn web(path: &str) -> Request {
    request("GET", "forge.example", &format!("/acme/widget{path}"))
}

/// A request for the address that stands in an answer.
pub(super) fn at(address: &str) -> Request {
    let rest = address.strip_prefix("https://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    request("GET", host, path)
}

/// An upload of these bytes.
pub(super) fn upload(release: &Value, name: &str, bytes: &[u8]) -> Request {
    let path = format!("/repos/acme/widget/releases/{}/assets", release["id"]);
    let mut request = request("POST", "uploads.forge.example", &path);
    request.query = vec![("name".into(), name.into()), ("label".into(), String::new())];
    request.body = bytes.to_owned();
    request.field("content-type", "application/octet-stream")
}

/// What is put on top of a request.
pub(super) trait With {
    /// With this token.
    fn with(self, token: &str) -> Self;
    /// With this header field.
    fn field(self, name: &str, value: &str) -> Self;
    /// With this body.
    fn json(self, body: &Value) -> Self;
}

impl With for Request {
    fn with(self, token: &str) -> Self {
        self.field("authorization", &format!("Bearer {token}"))
    }

    fn field(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self
    }
}

/// The whole name of a commit.
pub(super) fn commit(message: &str) -> String {
    sha(message)
}

pub(super) fn body(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

pub(super) fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// What an answer complains of: its message with all errors below it, or its text.
pub(super) fn said(answer: &Response) -> String {
    let body = body(answer);
    let graphql = body["errors"][0]["message"].as_str();
    let Some(message) = body["message"].as_str().or(graphql.filter(|_| answer.status == 200))
    else {
        return String::from_utf8_lossy(&answer.body).into_owned();
    };
    let mut said = message.to_owned();
    for error in body["errors"].as_array().filter(|_| answer.status != 200).into_iter().flatten() {
        let words = match error["message"].as_str() {
            Some(message) => message.to_owned(),
            None => {
                format!("{} {}", error["field"].as_str().unwrap(), error["code"].as_str().unwrap())
            }
        };
        said = format!("{said} | {words}");
    }
    said
}
