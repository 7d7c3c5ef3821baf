//! Trusted publishing: a token of the runner's issuer becomes a token that publishes for 30 minutes.
//!
//! The tokens are made from what was sent and a count, so that a rehearsal can be repeated to the
//! letter; they are no secrets. Which crates they are for, `matching` says. Turned
//! down: GitLab, whose runners the rehearsal does not have.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::access::{PREFIX, needed_bearer};
use super::names::canonical;
use super::rules::{self, Checked, bad, refuse};
use super::{Registry, matching};
use crate::rehearse::http::{Request, Response};
use crate::rehearse::oidc::{self, Claims};

const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const RAW: usize = 31;
const LIFETIME: u64 = 30 * 60;
const LEEWAY: u64 = 60;

/// A token that was given out.
#[derive(Debug)]
pub(super) struct Minted {
    token: String,
    until: u64,
    /// For which crates; `None` stands for all.
    crates: Vec<Option<String>>,
    run: Value,
}

impl Registry {
    /// The run whose token this is, if it may publish this crate.
    pub(super) fn run(&self, token: &str, name: &str, at: u64) -> Checked<Value> {
        check_form(token)?;
        let Some(found) = self.shelf.get(name) else {
            let message = "Trusted Publishing tokens do not support creating new crates. Publish the \
                           crate manually, first";
            return Err(refuse(403, rules::TRUSTED_TOKEN_NEW_CRATE, message));
        };
        let minted = self.minted.iter().find(|one| one.token == token && one.until > at);
        let Some(minted) = minted else {
            let message = "Invalid authentication token";
            return Err(refuse(403, rules::TRUSTED_TOKEN_DEAD, message));
        };
        let wanted = canonical(name);
        let covers = |one: &Option<String>| one.as_ref().is_none_or(|one| canonical(one) == wanted);
        if !minted.crates.iter().any(covers) {
            let message =
                format!("The provided access token is not valid for crate `{}`", found.name);
            return Err(refuse(403, rules::TRUSTED_TOKEN_CRATE, message));
        }
        Ok(minted.run.clone())
    }

    /// `DELETE /api/v1/trusted_publishing/tokens`.
    pub(super) fn revoke(&mut self, request: &Request) -> Checked<Response> {
        let token = needed_bearer(request)?;
        check_form(&token)?;
        self.minted.retain(|one| one.token != token);
        Ok(Response::empty(204))
    }

    /// `POST /api/v1/trusted_publishing/tokens`.
    pub(super) fn exchange(&mut self, request: &Request, at: u64) -> Checked<Response> {
        let jwt = jwt_of(request)?;
        let claims = self.claims(&jwt, at)?;
        let text = |name: &str| matching::text(&claims, name);
        let id = text("jti")?;
        if self.used.contains(&id) {
            return Err(bad(rules::JWT_REUSED, "JWT has already been used"));
        }
        let crates = matching::crates(&self.publishers, &claims)?;
        let run = json!({
            "provider": "github",
            "repository": text("repository")?,
            "run_id": text("run_id")?,
            "sha": text("sha")?,
        });
        // Only now: what is refused does not use the token up.
        let token = mint(&format!("{id} {at} {}", self.used.len()));
        self.used.insert(id);
        let answer = Response::json(200, &json!({ "token": token }));
        self.minted.push(Minted { token, until: at + LIFETIME, crates, run });
        Ok(answer)
    }

    /// The claims, if it is a token of the issuer for this registry.
    fn claims(&self, jwt: &str, at: u64) -> Checked<Claims> {
        let undecodable = || bad(rules::JWT_DECODE, "Failed to decode JWT");
        let (header, unchecked) = header(jwt).zip(oidc::unchecked(jwt)).ok_or_else(undecodable)?;
        let issuer = unchecked.get("iss").and_then(Value::as_str).ok_or_else(undecodable)?;
        let known = &self.settings.issuer;
        if issuer != known.issuer() {
            let message = format!("Unsupported JWT issuer: {issuer}");
            return Err(bad(rules::JWT_ISSUER, message));
        }
        let Some(key) = header.get("kid").and_then(Value::as_str) else {
            return Err(bad(rules::JWT_KEY, "Missing JWT key ID"));
        };
        if self.keys.as_ref().is_some_and(|keys| !keys.iter().any(|known| known == key)) {
            return Err(bad(rules::JWT_KEY, "Invalid JWT key ID"));
        }
        let claims =
            known.check(jwt, &self.settings.audience, at, LEEWAY).map_err(|_| undecodable())?;
        let issued = claims.get("iat").and_then(Value::as_u64).ok_or_else(undecodable)?;
        if issued > at + LEEWAY { Err(undecodable()) } else { Ok(claims) }
    }
}

/// The `jwt` of the body; the server's framework answers in plain text if there is none.
fn jwt_of(request: &Request) -> Checked<String> {
    let kind = request.header("content-type").unwrap_or_default();
    let plain =
        |status: u16, message: &str| Response::text(status, message).by(rules::EXCHANGE_BODY);
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(plain(415, "Expected request with `Content-Type: application/json`"));
    }
    let Some(body) = request.json() else {
        return Err(plain(400, "Failed to parse the request body as JSON"));
    };
    body.get("jwt").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
        plain(422, "Failed to deserialize the JSON body into the target type: missing field `jwt`")
    })
}

/// The header of a token.
fn header(jwt: &str) -> Option<Value> {
    let parts: Vec<&str> = jwt.split('.').collect();
    let [header, _, _] = parts.as_slice() else { return None };
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    header.get("alg")?.as_str()?;
    Some(header)
}

fn check_form(token: &str) -> Checked<()> {
    let good = token.strip_prefix(PREFIX).is_some_and(|rest| {
        rest.len() == RAW + 1
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && rest.bytes().next_back() == Some(check_letter(&rest.as_bytes()[..RAW]))
    });
    if good {
        return Ok(());
    }
    let message = "Invalid `Authorization` header: Failed to parse token";
    Err(refuse(401, rules::TRUSTED_TOKEN_FORM, message))
}

fn check_letter(raw: &[u8]) -> u8 {
    let sum = raw.iter().fold(0, |sum, byte| sum ^ byte);
    LETTERS[usize::from(sum) % LETTERS.len()]
}

fn mint(seed: &str) -> String {
    let digest = Sha256::digest(seed);
    let raw: Vec<u8> =
        digest.iter().take(RAW).map(|byte| LETTERS[usize::from(*byte) % LETTERS.len()]).collect();
    let last = check_letter(&raw);
    format!("{PREFIX}{}{}", String::from_utf8_lossy(&raw), char::from(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_the_real_form() {
        let token = mint("a");
        assert_eq!(token.len(), 7 + 32);
        assert!(check_form(&token).is_ok());
        assert_ne!(token, mint("b"));
        let mut wrong = token.clone().into_bytes();
        wrong[10] = if wrong[10] == b'A' { b'B' } else { b'A' };
        for bad in [String::from_utf8(wrong).unwrap(), token[..38].into(), "cio_tp_".into()] {
            assert_eq!(check_form(&bad).unwrap_err().status, 401, "{bad}");
        }
    }
}
