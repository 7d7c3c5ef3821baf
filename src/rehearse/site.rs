//! The forge's hosts: git's own paths are the remote's matter, the rest is the API's and the site's; other
//! repositories are read outside.

use std::sync::{Arc, Mutex, PoisonError};

use super::git::Remote;
use super::github::Forge;
use super::http::{Request, Response};
use super::world::Service;

/// A forge with one repository in it.
pub struct Site {
    remote: Arc<Mutex<Remote>>,
    forge: Forge,
    /// `owner/name`.
    repository: String,
}

impl Site {
    /// The site with its API, and what git sees of it.
    pub fn new(remote: Arc<Mutex<Remote>>, forge: Forge, repository: &str) -> Self {
        Self { remote, forge, repository: repository.to_owned() }
    }

    /// The site with its API.
    pub fn forge(&self) -> &Forge {
        &self.forge
    }
}

impl Service for Site {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        if Remote::takes(request) {
            return self.remote.lock().unwrap_or_else(PoisonError::into_inner).answer(request, at);
        }
        self.forge.answer(request, at)
    }

    /// Another repository, but not for git: what it asks for takes more than reading.
    fn project(&self, request: &Request) -> Option<String> {
        let segments = request.segments();
        let after = usize::from(segments.first().is_some_and(|first| first == "repos"));
        let [owner, name] = segments.get(after..after + 2)? else { return None };
        let asked = format!("{owner}/{}", name.trim_end_matches(".git"));
        let other = !asked.eq_ignore_ascii_case(&self.repository);
        (other && !Remote::takes(request)).then_some(asked)
    }
}
