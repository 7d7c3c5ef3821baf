//! Trusted publishing: the audience, tokens for tokens, and the end of a token.
//!
//! How claims find a publisher is told in `publishers`. Turned down: creating the project of a pending
//! publisher with its first file; the real index creates it here, and an upload that fails later leaves
//! it behind.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::filename::normalised;
use super::publishers::{self, Mismatch, Publisher, Registration};
use super::tokens::{LIFETIME, Token};
use super::{Flag, Index, rules};
use crate::rehearse::http::{Request, Response, Rule};
use crate::rehearse::oidc::{Claims, unchecked};

/// By how many seconds clocks may differ.
const LEEWAY: u64 = 30;

/// How long a pending publisher waits, in seconds.
const PENDING: u64 = 30 * 24 * 3600;

/// Why no token is given: the code, the text, the rule.
struct Denied(&'static str, String, Rule);

impl Index {
    /// The audience for which tokens have to be made.
    pub(super) fn audience(&self) -> Response {
        if self.flags.contains(&Flag::NoTrustedPublishing) {
            let body = json!({ "message": "Trusted publishing functionality not enabled" });
            return Response::json(403, &body).by(rules::OIDC_DISABLED);
        }
        Response::json(200, &json!({ "audience": self.settings.name }))
    }

    /// An upload token for a token of the runner.
    pub(super) fn mint(&mut self, request: &Request, at: u64) -> Response {
        match self.minted(request, at) {
            Ok((token, expires)) => {
                let body = json!({ "success": true, "token": token, "expires": expires });
                Response::json(200, &body)
            }
            Err(Denied(code, text, rule)) => {
                let errors = json!([{ "code": code, "description": self.worded(&text) }]);
                let body = json!({ "message": "Token request failed", "errors": errors });
                Response::json(422, &body).by(rule)
            }
        }
    }

    /// Ends a minted token, and says nothing about whether there was one.
    pub(super) fn burn(&mut self, request: &Request) -> Response {
        let body = request.json();
        if let Some(token) = body.as_ref().and_then(|body| body["token"].as_str()) {
            self.tokens.burn(token);
        }
        Response::empty(202)
    }

    fn minted(&mut self, request: &Request, at: u64) -> Result<(String, u64), Denied> {
        let claims = self.claims(request, at)?;
        self.create_pending(&claims, at)?;
        let normal = self.publishers.iter().filter(|one| one.registration == Registration::Normal);
        let publisher = publishers::find(normal, &claims, &self.used).map_err(denied)?.clone();
        self.used.insert(claims.get("jti").and_then(Value::as_str).unwrap_or_default().into());
        // One workflow may serve many projects; the token is good for all of them.
        let same =
            |one: &&Publisher| one.registration == Registration::Normal && one.is_same(&publisher);
        let projects: Option<Vec<String>> = self
            .publishers
            .iter()
            .filter(same)
            .map(|one| one.project.as_deref().map(normalised))
            .collect();
        self.minted += 1;
        let seed = format!("{} {} {at} {}", self.settings.name, self.minted, claims["jti"]);
        let token = format!("pypi-{}", URL_SAFE_NO_PAD.encode(Sha256::digest(seed)));
        self.tokens.add(&token, Token { projects, publisher: Some((publisher, at)) });
        Ok((token, at + LIFETIME))
    }

    /// The claims of the request's token, if it is a good one.
    fn claims(&self, request: &Request, at: u64) -> Result<Claims, Denied> {
        let payload = |text: &str, rule| Denied("invalid-payload", text.into(), rule);
        let Some(body) = request.json() else {
            let text = "1 validation error for TokenPayload\n  Invalid JSON";
            return Err(payload(text, rules::MINT_PAYLOAD));
        };
        let Some(token) = body.get("token").and_then(Value::as_str) else {
            let why = if body.get("token").is_some() {
                "Input should be a valid string"
            } else {
                "Field required"
            };
            let text = format!("1 validation error for TokenPayload\ntoken\n  {why}");
            return Err(payload(&text, rules::MINT_PAYLOAD));
        };
        let issuer =
            unchecked(token).and_then(|claims| Some(claims.get("iss")?.as_str()?.to_owned()));
        let Some(issuer) = issuer else {
            return Err(payload("malformed JWT", rules::MALFORMED_JWT));
        };
        if issuer != self.settings.issuer.issuer() {
            return Err(payload("unknown trusted publishing issuer", rules::UNKNOWN_ISSUER));
        }
        if self.flags.contains(&Flag::NoTrustedPublishing) {
            let text = "github trusted publishing functionality not enabled".into();
            return Err(Denied("not-enabled", text, rules::OIDC_DISABLED));
        }
        let claims = self.settings.issuer.check(token, &self.settings.name, at, LEEWAY).ok();
        let time = |claims: &Claims, name: &str| claims.get(name).and_then(Value::as_u64);
        claims
            .filter(|claims| {
                time(claims, "iat").is_some_and(|made| made <= at + LEEWAY)
                    && time(claims, "exp").is_some_and(|ends| at < ends + LEEWAY)
            })
            .ok_or_else(|| {
                let text = "malformed or invalid token".into();
                Denied("invalid-token", text, rules::INVALID_TOKEN)
            })
    }

    /// Makes the project of a pending publisher, if the claims are those of one.
    fn create_pending(&mut self, claims: &Claims, at: u64) -> Result<(), Denied> {
        self.publishers.retain(|one| {
            !matches!(one.registration, Registration::Pending { since } if since + PENDING < at)
        });
        let pending = self.publishers.iter().filter(|one| {
            matches!(one.registration, Registration::Pending { .. }) && one.project.is_some()
        });
        let publisher = match publishers::find(pending, claims, &self.used) {
            Ok(publisher) => publisher.clone(),
            Err(Mismatch::Reused) => return Err(denied(Mismatch::Reused)),
            Err(Mismatch::Not(..)) => return Ok(()),
        };
        let name = publisher.project.clone().unwrap_or_default();
        let place = self.publishers.iter().position(|one| *one == publisher);
        if self.catalog.project(&name).is_some() {
            self.publishers.retain(|one| *one != publisher);
            let text = "valid token, but project already exists".into();
            return Err(Denied("invalid-pending-publisher", text, rules::PENDING_EXISTS));
        }
        self.check_new_name(&name)
            .map_err(|refusal| Denied("invalid-payload", refusal.text, refusal.rule))?;
        self.catalog.serial += 1;
        self.catalog.project_mut(&name, at);
        if let Some(place) = place {
            self.publishers[place].registration = Registration::Normal;
        }
        Ok(())
    }
}

fn denied(mismatch: Mismatch) -> Denied {
    match mismatch {
        Mismatch::Reused => {
            let text = "invalid token: already used".into();
            Denied("invalid-reuse-token", text, rules::REUSED_TOKEN)
        }
        Mismatch::Not(why, rule) => {
            let text = format!("valid token, but no corresponding publisher ({why})");
            Denied("invalid-publisher", text, rule)
        }
    }
}
