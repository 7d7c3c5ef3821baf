//! An index that the Releasefile declares, played by the same service as the public ones, at the
//! addresses that it was declared with.
//!
//! What else is on its host, such as a mirror, is read where it is. That a private index may be more
//! lenient than the public one is not rehearsed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::http::{Request, Response};
use super::pypi;
use super::world::Service;
use crate::model::task::Index;

/// A declared index.
pub struct Private {
    index: pypi::Index,
    /// Paths that uploads go to, and that pages are below.
    upload: String,
    simple: String,
}

impl Private {
    /// The index as it was declared, played by `index`.
    pub fn new(declared: &Index, index: pypi::Index) -> Self {
        Self { index, upload: path(&declared.upload), simple: path(&declared.simple) }
    }

    /// The request as the public index would get it; `None` for what is no part of the index.
    fn translated(&self, request: &Request) -> Option<Request> {
        let path = if request.path.trim_end_matches('/') == self.upload.trim_end_matches('/') {
            "/legacy/".to_owned()
        } else if let Some(rest) = request.path.strip_prefix(&self.simple) {
            format!("/simple/{rest}")
        } else if request.path.starts_with("/packages/") {
            request.path.clone()
        } else {
            return None;
        };
        let mut request = Request { path, ..request.clone() };
        if let Some((_, password)) = request.basic() {
            let login = STANDARD.encode(format!("__token__:{password}"));
            request.headers.retain(|(name, _)| name != "authorization");
            request.headers.push(("authorization".into(), format!("Basic {login}")));
        }
        Some(request)
    }
}

impl Service for Private {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        match self.translated(request) {
            Some(request) => self.index.answer(&request, at),
            None => Response::text(404, "rel: this is no part of the declared index\n"),
        }
    }

    fn project(&self, request: &Request) -> Option<String> {
        match self.translated(request) {
            Some(request) => Service::project(&self.index, &request),
            None => Some(request.path.clone()),
        }
    }

    fn inventory(&self) -> Vec<String> {
        self.index.inventory()
    }
}

/// The path of an address, `/` if it has none.
fn path(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.find('/').map_or_else(|| "/".into(), |at| rest[at..].to_owned())
}
