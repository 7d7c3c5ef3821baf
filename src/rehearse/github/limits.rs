//! Rate limits: so many requests an hour, and so much new content a minute.
//!
//! Numbers from <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>. No
//! count of concurrent requests and none of computing time. An hour begins with the first request.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Forge;
use super::access::{Holder, Token};
use super::rules::{self, Checked};
use crate::rehearse::http::{Response, Rule};

const HOUR: u64 = 3_600;
const MINUTE: u64 = 60;

/// The limits, and what was used of them.
#[derive(Default)]
pub(super) struct Limits {
    /// Requests an hour, if not the usual number.
    pub(super) requests: Option<u64>,
    /// New content a minute and an hour, if not the usual numbers.
    pub(super) content: Option<(usize, usize)>,
    windows: BTreeMap<String, Window>,
    created: BTreeMap<String, Vec<u64>>,
}

#[derive(Clone, Copy)]
struct Window {
    since: u64,
    used: u64,
}

/// How a requester stands.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    limit: u64,
    used: u64,
    reset: u64,
}

impl Standing {
    /// As header fields.
    pub(super) fn on(self, response: Response) -> Response {
        let remaining = self.limit.saturating_sub(self.used);
        response
            .with("x-ratelimit-limit", self.limit.to_string())
            .with("x-ratelimit-remaining", remaining.to_string())
            .with("x-ratelimit-used", self.used.to_string())
            .with("x-ratelimit-reset", self.reset.to_string())
            .with("x-ratelimit-resource", "core")
    }

    /// As `GET /rate_limit` shows it.
    pub(super) fn shown(self) -> Value {
        json!({
            "limit": self.limit,
            "used": self.used,
            "remaining": self.limit.saturating_sub(self.used),
            "reset": self.reset,
        })
    }
}

fn key(token: Option<&Token>) -> String {
    token.map(|token| token.secret.clone()).unwrap_or_default()
}

impl Limits {
    /// How someone stands at this instant.
    pub(super) fn standing(&self, token: Option<&Token>, at: u64) -> Standing {
        let usual = match token.map(|token| &token.holder) {
            None => 60,
            Some(Holder::Run) => 1_000,
            Some(Holder::User(_)) => 5_000,
        };
        let fresh = Window { since: at, used: 0 };
        let window = self.windows.get(&key(token)).copied().unwrap_or(fresh);
        let window = if window.since + HOUR <= at { fresh } else { window };
        Standing {
            limit: self.requests.unwrap_or(usual),
            used: window.used,
            reset: window.since + HOUR,
        }
    }

    fn count(&mut self, token: Option<&Token>, standing: Standing) {
        let window = Window { since: standing.reset - HOUR, used: standing.used + 1 };
        self.windows.insert(key(token), window);
    }

    /// Takes back the last request: an answer that says that nothing changed is free.
    pub(super) fn forgive(&mut self, token: Option<&Token>) {
        if let Some(window) = self.windows.get_mut(&key(token)) {
            window.used = window.used.saturating_sub(1);
        }
    }

    /// Counts new content; `false` if it is too much.
    fn create(&mut self, token: Option<&Token>, at: u64) -> bool {
        let (a_minute, an_hour) = self.content.unwrap_or((80, 500));
        let before = self.created.entry(key(token)).or_default();
        before.retain(|&then| then + HOUR > at);
        let recent = before.iter().filter(|&&then| then + MINUTE > at).count();
        let fits = recent < a_minute && before.len() < an_hour;
        if fits {
            before.push(at);
        }
        fits
    }
}

impl Forge {
    /// Counts a request.
    pub(super) fn count(&mut self, token: Option<&Token>, at: u64) -> Checked<()> {
        let standing = self.limits.standing(token, at);
        if standing.used < standing.limit {
            self.limits.count(token, standing);
            return Ok(());
        }
        let whom = match token.map(|token| &token.holder) {
            None => {
                "127.0.0.1. (But here's the good news: Authenticated requests get a higher rate \
                     limit. Check out the documentation for more details.)"
                    .to_owned()
            }
            Some(Holder::Run) => format!("installation ID {}.", self.settings.owner_id),
            Some(Holder::User(_)) => format!("user ID {}.", self.settings.owner_id),
        };
        let page = "/rest/overview/resources-in-the-rest-api#rate-limiting";
        Err(self.limited(
            rules::PRIMARY_LIMIT,
            &format!("API rate limit exceeded for {whom}"),
            page,
        ))
    }

    /// Counts new content.
    pub(super) fn count_content(&mut self, token: Option<&Token>, at: u64) -> Checked<()> {
        if self.limits.create(token, at) {
            return Ok(());
        }
        let message = "You have exceeded a secondary rate limit and have been temporarily blocked \
                       from content creation. Please retry your request again later.";
        let page = "/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits";
        let refusal = self.limited(rules::SECONDARY_LIMIT, message, page);
        Err(refusal.with("retry-after", MINUTE.to_string()))
    }

    fn limited(&self, rule: Rule, message: &str, page: &str) -> Response {
        let documented = format!("{}{page}", self.settings.docs);
        let body = json!({ "message": message, "documentation_url": documented });
        Response::json(403, &body).by(rule)
    }
}
