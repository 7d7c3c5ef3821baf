//! The forge of a scene: one repository, as its API and git have it.

use std::sync::{Arc, Mutex};

use rel::host::Host;
use rel::host::endpoints::Endpoints;
use rel::rehearse::git::{self, Remote};
use rel::rehearse::github::{self, Forge, Level, Permission, Token};
use rel::rehearse::http::{Request, Response};
use rel::rehearse::world::Service;
use serde_json::Value;

use super::now;
use crate::project::Project;

/// `owner/name`.
pub const REPOSITORY: &str = "acme/time-piece";
/// A token that may do everything.
pub const TOKEN: &str = "ghs-good";

/// The site, its API and its git.
pub struct Hosts {
    remote: Arc<Mutex<Remote>>,
    forge: Forge,
}

impl Hosts {
    /// What the forge holds when `project` has pushed everything.
    pub fn of(host: &Host, project: &Project) -> Self {
        let addresses = Endpoints::default().github;
        let settings = git::Settings {
            web: addresses.web.clone(),
            repository: REPOSITORY.into(),
            default_branch: "main".into(),
            private: false,
        };
        let folder = project.root().parent().unwrap().join("remote");
        let mut remote = Remote::create(host, &folder, &project.root(), settings).unwrap();
        remote.add_token(git::Token::of_actions(TOKEN, true));
        let remote = Arc::new(Mutex::new(remote));
        let settings = github::Settings {
            web: addresses.web,
            api: addresses.api,
            uploads: addresses.uploads,
            downloads: addresses.downloads,
            docs: addresses.docs,
            repository: REPOSITORY.into(),
            repository_id: 2002,
            owner_id: 1001,
        };
        let mut forge = Forge::new(settings, remote.clone());
        forge.add_token(of_run(TOKEN, Level::Write, Level::Write));
        Self { remote, forge }
    }

    /// Sets both up.
    pub fn set(mut self, forge: fn(&mut Forge), remote: fn(&mut Remote)) -> Self {
        forge(&mut self.forge);
        remote(&mut self.remote.lock().unwrap());
        self
    }
}

impl Service for Hosts {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        if Remote::takes(request) {
            return self.remote.lock().unwrap().answer(request, at);
        }
        self.forge.answer(request, at)
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }
}

/// The run's token with levels for contents and for attestations.
pub fn of_run(secret: &str, contents: Level, attestations: Level) -> Token {
    let permissions = [(Permission::Contents, contents), (Permission::Attestations, attestations)];
    Token::of_run(secret, &permissions)
}

/// What the forge answers, before the run, to a request below the repository's address.
pub fn ask(forge: &mut Forge, method: &str, host: &str, path: &str, body: &[u8]) -> Value {
    let (path, name) = path.split_once("?name=").unwrap_or((path, ""));
    let path = format!("/repos/{REPOSITORY}{path}");
    let headers =
        [("user-agent", "test"), ("authorization", "Bearer ghs-good"), ("content-type", "a/b")];
    let request = Request {
        method: method.into(),
        host: host.into(),
        target: path.clone(),
        path,
        query: vec![("name".into(), name.into())],
        headers: headers.map(|(name, value)| (name.into(), value.into())).into(),
        body: body.into(),
        ..Request::default()
    };
    let answer = forge.answer(&request, now());
    assert!(answer.status < 300, "{} {}", answer.status, String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap_or_default()
}
