//! Who asks: the `Authorization` header, API tokens with their scopes, and accounts.
//!
//! Tokens of trusted publishing are read here and judged in `trusted`. There are no sessions of the
//! website. Turned down: one kind of token with a flag, because the two are good for different things.

use super::Registry;
use super::rules::{self, Checked, refuse};
use crate::rehearse::http::Request;

/// How these tokens begin.
pub(super) const PREFIX: &str = "cio_tp_";

/// What an API token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The first version of a crate.
    PublishNew,
    /// A further version.
    PublishUpdate,
    /// Yanking, and taking that back.
    Yank,
    /// The owners of a crate.
    ChangeOwners,
    /// The configurations of trusted publishing.
    TrustedPublishing,
}

/// An API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// The secret; the real ones begin with `cio`.
    pub secret: String,
    /// The account.
    pub user: String,
    /// What it may be used for; everything, if it is of the old kind.
    pub scopes: Option<Vec<Scope>>,
    /// For which crates: names, or beginnings of names with a `*` behind. All, if there are none.
    pub crates: Vec<String>,
}

/// The word in `Authorization`, with or without `Bearer` before it.
pub(super) fn bearer(request: &Request) -> Checked<Option<String>> {
    let Some(header) = request.header("authorization") else { return Ok(None) };
    let malformed = |what: &str| {
        let message = format!("Invalid `Authorization` header: {what}");
        refuse(401, rules::AUTHORIZATION_SCHEME, message)
    };
    if !header.is_ascii() {
        return Err(malformed("Found unexpected non-ASCII characters"));
    }
    let (scheme, token) = header.split_once(' ').unwrap_or(("", header));
    if !scheme.is_empty() && !scheme.eq_ignore_ascii_case("bearer") {
        return Err(malformed(&format!("Found unexpected authentication scheme `{scheme}`")));
    }
    Ok(Some(token.trim().to_owned()))
}

/// The same where nothing else would do.
pub(super) fn needed_bearer(request: &Request) -> Checked<String> {
    bearer(request)?
        .ok_or_else(|| refuse(401, rules::AUTHORIZATION_MISSING, "Missing `Authorization` header"))
}

const FORMAT: &str = "The given API token does not match the format used by crates.io. Tokens \
    generated before 2020-07-14 were generated with an insecure random number generator, and have \
    been revoked. You can generate a new token at https://crates.io/me. For more information please \
    see https://blog.rust-lang.org/2020/07/14/crates-io-security-advisory.html. We apologize for any \
    inconvenience.";

impl Registry {
    /// The account whose API token this is, if it is good for `scope` and this crate.
    pub(super) fn account(&self, request: &Request, scope: Scope, name: &str) -> Checked<String> {
        let Some(secret) = bearer(request)? else {
            let message = "this action requires authentication";
            return Err(refuse(403, rules::AUTHENTICATION_REQUIRED, message));
        };
        if !secret.starts_with("cio") {
            return Err(refuse(401, rules::TOKEN_FORMAT, FORMAT));
        }
        let Some(token) = self.tokens.iter().find(|token| token.secret == secret) else {
            let trusted = secret.starts_with(PREFIX);
            let rule =
                if trusted { rules::TRUSTED_TOKEN_ELSEWHERE } else { rules::AUTHENTICATION_FAILED };
            return Err(refuse(403, rule, "authentication failed"));
        };
        let scoped = token.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope));
        if !scoped || !covers(&token.crates, name) {
            let message =
                "this token does not have the required permissions to perform this action";
            return Err(refuse(403, rules::TOKEN_SCOPE, message));
        }
        Ok(token.user.clone())
    }
}

fn covers(patterns: &[String], name: &str) -> bool {
    patterns.is_empty()
        || patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == pattern,
        })
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn patterns_cover_names_and_beginnings() {
        let list = |names: &[&str]| names.iter().map(|&name| name.into()).collect::<Vec<String>>();
        for (patterns, covered) in [
            (list(&[]), true),
            (list(&["*"]), true),
            (list(&["widget-core"]), true),
            (list(&["other", "widget-*"]), true),
            (list(&["widget"]), false),
            (list(&["widget_core"]), false),
        ] {
            assert_eq!(covers(&patterns, "widget-core"), covered, "{patterns:?}");
        }
    }
}
