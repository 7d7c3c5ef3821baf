//! The forge's hosts: git's own paths are the remote's matter, other repositories are read outside.

use std::sync::{Arc, Mutex, PoisonError};

use super::git::Remote;
use super::http::{Request, Response};
use super::world::Service;

/// The site of a forge with one repository in it.
pub struct Site {
    remote: Arc<Mutex<Remote>>,
    /// `owner/name`.
    repository: String,
}

impl Site {
    /// The site that `repository` is on.
    pub fn new(remote: Arc<Mutex<Remote>>, repository: &str) -> Self {
        Self { remote, repository: repository.to_owned() }
    }
}

impl Service for Site {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        if Remote::takes(request) {
            return self.remote.lock().unwrap_or_else(PoisonError::into_inner).answer(request, at);
        }
        Response::text(404, "Not Found")
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
