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
    /// Hosts of the site and of the API, on which other repositories are too.
    shared: [String; 2],
}

impl Site {
    /// The site with its API, and what git sees of it. On the `shared` hosts, those of
    /// the site and of the API, are other repositories too.
    pub fn new(
        remote: Arc<Mutex<Remote>>,
        forge: Forge,
        repository: &str,
        shared: [String; 2],
    ) -> Self {
        Self { remote, forge, repository: repository.to_owned(), shared }
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
        let named: &[String] = match self.shared.iter().position(|host| *host == request.host)? {
            0 => &segments,
            // The rest of the API is about this repository, or about nobody.
            _ => segments.split_first().filter(|(first, _)| *first == "repos")?.1,
        };
        let [owner, name, ..] = named else { return None };
        let asked = format!("{owner}/{}", name.trim_end_matches(".git"));
        let other = !asked.eq_ignore_ascii_case(&self.repository);
        (other && !Remote::takes(request)).then_some(asked)
    }

    fn inventory(&self) -> Vec<String> {
        let refs = self.remote.lock().unwrap_or_else(PoisonError::into_inner).inventory();
        [refs, self.forge.inventory()].concat()
    }
}
