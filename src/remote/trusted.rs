//! Trusted publishing: a token of an index in exchange for the run's identity, good for minutes.
//!
//! Source: <https://docs.pypi.org/trusted-publishers/internals/>. Each exchange takes an identity token
//! of its own, since one is good for one use. What was got is given back when the run ends, whatever
//! the index says to that. Nothing is kept on disk.

mod cures;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::{Trouble, oidc};
use crate::host::Host;
use crate::host::net::{Answer, Login, NoAnswer};
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
    exchange: String,
    token: String,
    /// Seconds since 1970.
    expires: u64,
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
        let now = host.clock.now();
        // Held over the exchange: uploads side by side share one token.
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |given: &&Given| given.expires > now + MARGIN;
        let token = match given.get(&index.name).filter(fresh) {
            Some(known) => known.token.clone(),
            None => {
                let minted = mint(host, exchange, &index.name, stop)?;
                let token = minted.token.clone();
                given.insert(index.name.clone(), minted);
                token
            }
        };
        let password = Secret::new(format!("token of {}", index.name), token);
        Ok(Some(Login::Basic { user: "__token__".into(), password }))
    }

    /// Gives all tokens back. That an index does not take one back is no failure: they end by
    /// themselves.
    pub fn burn(&self, host: &Host, stop: &Stop) {
        let given = std::mem::take(&mut *self.given.lock().unwrap_or_else(PoisonError::into_inner));
        for one in given.into_values() {
            let url = format!("{}burn-token", one.exchange);
            let _ = host.net().post_json(&url, None, &json!({ "token": one.token }), stop);
        }
    }
}

fn mint(host: &Host, exchange: &str, index: &str, stop: &Stop) -> Result<Given, Trouble> {
    let unclear = |NoAnswer(why): NoAnswer| Trouble::Unclear(why);
    let url = format!("{exchange}audience");
    let asked = host.net().get(&url, "application/json", None, stop).map_err(unclear)?;
    let said = json_of(&asked);
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
    let answer = host.net().post_json(&url, None, &body, stop).map_err(unclear)?;
    let said = json_of(&answer);
    match (answer.status, said["token"].as_str()) {
        (200, Some(token)) => {
            host.env.learn("MINTED_TOKEN", token);
            // Without a time of its own a token is good for a quarter of an hour.
            let expires = said["expires"].as_u64().unwrap_or_else(|| host.clock.now() + 900);
            Ok(Given { exchange: exchange.to_owned(), token: token.to_owned(), expires })
        }
        (500..=599 | 429, _) => Err(Trouble::Unclear(format!("{url} answered {}", answer.status))),
        _ => Err(cures::refused(index, &said, &identity, answer.status, host.clock.now())),
    }
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_default()
}
