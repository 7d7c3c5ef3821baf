//! The runner of the run: who it says that the run is, and the service that gives identity tokens.

use rel::host::endpoints::Endpoints;
use rel::rehearse::http::{Request, Response};
use rel::rehearse::oidc::{Claims, Identity, Issuer};
use rel::rehearse::world::Service;
use serde_json::json;

use super::ISSUER;

/// An issuer with a key of its own.
pub fn issuer() -> Issuer {
    let identity = Identity {
        repository: "acme/time-piece".into(),
        workflow: "release.yml".into(),
        environment: None,
        reference: "refs/tags/v1.0".into(),
        sha: "0123456789abcdef0123456789abcdef01234567".into(),
        event: "push".into(),
        visibility: "public".into(),
    };
    let github = Endpoints::default().github;
    Issuer::new(&github.issuer, &github.web, "runner", identity).unwrap()
}

/// The runner's own service, which gives identity tokens.
pub struct Runner {
    pub claims: fn(&str, &mut Claims),
    pub identity: fn(String) -> String,
    pub given: u64,
}

impl Service for Runner {
    fn answer(&mut self, request: &Request, at: u64) -> Response {
        let audience = request.query("audience").unwrap_or_default();
        self.given += 1;
        let mut claims = ISSUER.claims(at);
        claims.insert("aud".into(), audience.into());
        claims.insert("jti".into(), self.given.to_string().into());
        (self.claims)(audience, &mut claims);
        let token = (self.identity)(ISSUER.sign(&claims).unwrap());
        Response::json(200, &json!({ "count": token.len(), "value": token }))
    }

    fn project(&self, _: &Request) -> Option<String> {
        None
    }
}
