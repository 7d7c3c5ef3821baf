//! The identity that a CI service gives the run: tokens of OpenID Connect, one for each audience.
//!
//! GitHub Actions is asked for a token when one is needed, GitLab has put them into variables.
//! Sources: <https://docs.github.com/actions/reference/openid-connect-reference>,
//! <https://docs.gitlab.com/ci/secrets/id_token_authentication/>. A token is read here only to explain
//! a refusal; who takes it checks it.

use serde_json::{Map, Value};

use super::Trouble;
use crate::host::Host;
use crate::host::net::{Login, NoAnswer};
use crate::host::stop::Stop;
use crate::model::secret::Secret;

const REQUEST_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const REQUEST_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// Whether the run has an identity that could be shown to `audience`.
pub fn is_offered(host: &Host, audience: &str) -> bool {
    on_github(host) || on_gitlab(host, audience).is_some()
}

/// A new token for `audience`.
///
/// # Errors
/// The CI service does not give one.
pub fn token(host: &Host, audience: &str, stop: &Stop) -> Result<Secret, Trouble> {
    let token = match on_gitlab(host, audience) {
        Some(token) => token,
        None => from_github(host, audience, stop)?,
    };
    host.env.learn("ID_TOKEN", token.reveal());
    Ok(token)
}

/// Whom a token is for that only tells who the run is: nobody takes it.
const NOBODY: &str = "rel-doctor";
/// Whom a job of GitLab may have tokens for.
const AUDIENCES: [&str; 4] = [NOBODY, "pypi", "testpypi", "crates.io"];

/// What a token of this very run says of it; nothing where there is none to be had.
pub fn shown(host: &Host, stop: &Stop) -> Map<String, Value> {
    let audience = AUDIENCES.into_iter().find(|audience| is_offered(host, audience));
    let token = audience.and_then(|audience| token(host, audience, stop).ok());
    token.map(|token| claims(&token)).unwrap_or_default()
}

fn on_github(host: &Host) -> bool {
    host.env.get("GITHUB_ACTIONS") == Some("true")
        && [REQUEST_URL, REQUEST_TOKEN].iter().all(|name| host.env.secret(name).is_some())
}

/// GitLab names the variable by the audience: `PYPI_ID_TOKEN`.
fn on_gitlab(host: &Host, audience: &str) -> Option<Secret> {
    host.env.get("GITLAB_CI")?;
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = audience.chars().map(word).collect();
    host.env.secret(&format!("{name}_ID_TOKEN"))
}

fn from_github(host: &Host, audience: &str, stop: &Stop) -> Result<Secret, Trouble> {
    let variable = |name: &str| {
        let missing = || Trouble::Refused {
            reason: format!("{name} is not set"),
            hint: "give the job the permission `id-token: write`".into(),
        };
        host.env.secret(name).ok_or_else(missing)
    };
    let url = format!("{}&audience={audience}", variable(REQUEST_URL)?.reveal());
    let login = Login::Bearer(variable(REQUEST_TOKEN)?);
    let answer = host
        .net()
        .get(&url, "application/json", Some(&login), stop)
        .map_err(|NoAnswer(why)| Trouble::Unclear(format!("no identity token: {why}")))?;
    let value: Option<Value> = serde_json::from_str(&answer.body).ok();
    let token = value.as_ref().and_then(|value| value["value"].as_str());
    let token = token.filter(|_| answer.status == 200).ok_or_else(|| {
        Trouble::Unclear(format!("no identity token: the runner answered {}", answer.status))
    })?;
    Ok(Secret::new("id token", token))
}

/// The claims of a token, as its maker says; unchecked.
pub fn claims(token: &Secret) -> Map<String, Value> {
    use base64::Engine as _;
    let payload = token.reveal().split('.').nth(1).unwrap_or_default();
    let raw = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    serde_json::from_slice(&raw).unwrap_or_default()
}

/// What the claims of a token say against it, for a refusal that does not tell.
pub fn fault(claims: &Map<String, Value>, audience: &str, now: u64) -> String {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or("nobody");
    let ends = claims.get("exp").and_then(Value::as_u64).unwrap_or_default();
    if claims.is_empty() {
        "the CI service's answer is no identity token".into()
    } else if text("aud") != audience {
        format!("the identity token is for {}, not for {audience}", text("aud"))
    } else if ends <= now {
        format!("the identity token has ended {} minutes ago", (now - ends) / 60)
    } else {
        let issuer = text("iss");
        format!("the identity token is for {audience} and in time, so look at its issuer, {issuer}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_token_is_found_in_its_claims() {
        let fault = |claims: Value| fault(claims.as_object().unwrap(), "pypi", 600);
        assert!(fault(json!({})).ends_with("no identity token"));
        assert!(fault(json!({ "aud": "other" })).ends_with("for other, not for pypi"));
        assert!(fault(json!({ "iss": "x" })).ends_with("for nobody, not for pypi"));
        assert!(fault(json!({ "aud": "pypi", "exp": 480 })).ends_with("ended 2 minutes ago"));
        assert!(fault(json!({ "aud": "pypi", "exp": 900, "iss": "x" })).ends_with("issuer, x"));
    }
}
