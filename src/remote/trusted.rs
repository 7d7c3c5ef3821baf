//! Trusted publishing: a token of an index in exchange for the run's identity, good for minutes.
//!
//! Source: <https://docs.pypi.org/trusted-publishers/internals/>. Each exchange takes an identity token
//! of its own, since one is good for one use. What was got is given back when the run ends, whatever
//! the index says to that. Nothing is kept on disk.

mod configs;
mod cures;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::{Trouble, crates, oidc};
use crate::host::Host;
use crate::host::net::{Body, Login, Write, host_of};
use crate::host::stop::Stop;
use crate::model::secret::Secret;
use crate::model::task::Index;

/// How long before its end a token is no longer begun with, in seconds.
const MARGIN: u64 = 300;

/// Tokens that indexes have given to this run.
#[derive(Default)]
pub struct Tokens {
    given: Mutex<BTreeMap<String, Given>>,
}

struct Given {
    token: Secret,
    /// Seconds since 1970.
    expires: u64,
    back: Back,
}

/// How a token is given back.
enum Back {
    /// Told in a body, to this address.
    Posted(String),
    /// By its own deletion at this address.
    Deleted(String),
}

/// Whether this run can publish to `index` by its identity.
pub fn is_offered(host: &Host, index: &Index) -> bool {
    index.exchange.is_some() && oidc::is_offered(host, &index.name)
}

impl Tokens {
    /// A login for `index` by the run's identity; `None` if there is no such way.
    ///
    /// # Errors
    /// The index, or the CI service, refuses it or does not answer.
    pub fn login(&self, host: &Host, index: &Index, stop: &Stop) -> Result<Option<Login>, Trouble> {
        let Some(exchange) = index.exchange.as_ref().filter(|_| is_offered(host, index)) else {
            return Ok(None);
        };
        let password = self.of(host, &index.name, || mint(host, exchange, &index.name, stop))?;
        Ok(Some(Login::Basic { user: "__token__".into(), password }))
    }

    /// A login for crates.io by the run's identity; `None` if there is no such way.
    ///
    /// # Errors
    /// crates.io, or the CI service, refuses it or does not answer.
    pub fn for_crates(&self, host: &Host, stop: &Stop) -> Result<Option<Login>, Trouble> {
        let audience = host_of(&host.endpoints.crates.api).unwrap_or_default();
        if !oidc::is_offered(host, &audience) {
            return Ok(None);
        }
        let token = self.of(host, &audience, || mint_for_crates(host, &audience, stop))?;
        Ok(Some(Login::Bearer(token)))
    }

    /// The token of a place, made when there is none that lasts.
    fn of(
        &self,
        host: &Host,
        place: &str,
        make: impl FnOnce() -> Result<Given, Trouble>,
    ) -> Result<Secret, Trouble> {
        let now = host.clock.now();
        // Held over the exchange: uploads side by side share one token.
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |given: &&Given| given.expires > now + MARGIN;
        if let Some(known) = given.get(place).filter(fresh) {
            return Ok(another(&known.token));
        }
        let made = make()?;
        let token = another(&made.token);
        given.insert(place.to_owned(), made);
        Ok(token)
    }

    /// Gives all tokens back. That an index does not take one back is no failure: they end by
    /// themselves.
    pub fn burn(&self, host: &Host, stop: &Stop) {
        let given = std::mem::take(&mut *self.given.lock().unwrap_or_else(PoisonError::into_inner));
        for one in given.into_values() {
            let _ = match one.back {
                Back::Posted(url) => {
                    let body = json!({ "token": one.token.reveal() });
                    host.net().post_json(&url, None, &body, stop)
                }
                Back::Deleted(url) => {
                    let (login, body) = (Login::Bearer(one.token), Body::Nothing);
                    let (accept, login) = ("application/json", Some(&login));
                    let write =
                        Write { method: "DELETE", url: &url, accept, fields: &[], login, body };
                    host.net().write(&write, stop)
                }
            };
        }
    }
}

fn mint(host: &Host, exchange: &str, index: &str, stop: &Stop) -> Result<Given, Trouble> {
    let url = format!("{exchange}audience");
    let asked = host.net().get(&url, "application/json", None, stop)?;
    let said = asked.json();
    let audience = said["audience"].as_str().map(str::to_owned).ok_or_else(|| {
        let reason = format!(
            "{url} names no audience for trusted publishing: {} {}",
            asked.status,
            said["message"].as_str().unwrap_or_default()
        );
        match asked.status {
            400..=404 => Trouble::Refused { reason, hint: "try later, or give it a token".into() },
            _ => Trouble::Unclear(reason),
        }
    })?;
    let identity = oidc::token(host, &audience, stop)?;
    let url = format!("{exchange}mint-token");
    let body = json!({ "token": identity.reveal() });
    let answer = host.net().post_json(&url, None, &body, stop)?;
    let said = answer.json();
    match (answer.status, said["token"].as_str()) {
        (200, Some(token)) => {
            host.env.learn("MINTED_TOKEN", token);
            // Without a time of its own a token is good for a quarter of an hour.
            let expires = said["expires"].as_u64().unwrap_or_else(|| host.clock.now() + 900);
            let token = Secret::new(format!("token of {index}"), token);
            Ok(Given { token, expires, back: Back::Posted(format!("{exchange}burn-token")) })
        }
        (200 | 408 | 425 | 429 | 500..=599, _) => {
            Err(Trouble::Unclear(format!("{url} answered {}", answer.status)))
        }
        _ => Err(cures::refused(index, &said, &identity, answer.status, host.clock.now())),
    }
}

/// How long a token of crates.io is good for, in seconds.
const HALF_AN_HOUR: u64 = 1800;

/// Source: <https://crates.io/docs/trusted-publishing>.
fn mint_for_crates(host: &Host, audience: &str, stop: &Stop) -> Result<Given, Trouble> {
    let identity = oidc::token(host, audience, stop)?;
    let url = format!("{}/api/v1/trusted_publishing/tokens", host.endpoints.crates.api);
    let answer = host.net().post_json(&url, None, &json!({ "jwt": identity.reveal() }), stop);
    let answer = answer?;
    match (answer.status, answer.json()["token"].as_str()) {
        (200, Some(token)) => {
            host.env.learn("MINTED_TOKEN", token);
            let token = Secret::new("token of crates.io", token);
            let expires = host.clock.now() + HALF_AN_HOUR;
            Ok(Given { token, expires, back: Back::Deleted(url) })
        }
        (200 | 408 | 425 | 429 | 500..=599, _) => {
            Err(Trouble::Unclear(format!("{url} answered {}", answer.status)))
        }
        _ => {
            let now = host.clock.now();
            Err(configs::refused(&crates::reason(&answer), &identity, audience, now))
        }
    }
}

/// The same secret for another request.
fn another(secret: &Secret) -> Secret {
    Secret::new(secret.name(), secret.reveal())
}
