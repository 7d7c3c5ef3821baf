//! Who may read and who may push, as GitHub tells it to git.
//!
//! Tokens are known by their text; what a workflow's `permissions` would give is a field of the token.
//! That a repository is private is only told to those who may read it.

use super::rules;
use crate::rehearse::http::{Request, Response};

/// What kind of token it is: refusals are worded after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A GitHub App, as the one behind `GITHUB_TOKEN` is.
    App,
    /// A user's classic token.
    Classic,
    /// A user's fine-grained token.
    FineGrained,
}

/// A token that the remote knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its text.
    pub secret: String,
    /// Whose it is, such as `github-actions[bot]`.
    pub login: String,
    /// What kind it is.
    pub holder: Holder,
    /// It may push: `contents: write`.
    pub writes: bool,
    /// It may change workflow files: the permission `workflows`, or a classic token's scope.
    pub workflows: bool,
    /// It is in the bypass list of every ruleset.
    pub bypasses: bool,
}

impl Token {
    /// `GITHUB_TOKEN`, with `contents: write` or without.
    pub fn of_actions(secret: &str, writes: bool) -> Self {
        Self {
            secret: secret.into(),
            login: "github-actions[bot]".into(),
            holder: Holder::App,
            writes,
            workflows: false,
            bypasses: false,
        }
    }
}

/// Who asks, if the request may go on. `repository` is its name and whether it is private; `None` if there
/// is none of the name asked for.
pub(super) fn check<'a>(
    tokens: &'a [Token],
    request: &Request,
    repository: Option<(&str, bool)>,
    pushes: bool,
) -> Result<Option<&'a Token>, Response> {
    let token = match request.header("authorization") {
        Some(_) => {
            let refusal = || asks_for_login(BAD_LOGIN).by(rules::CREDENTIALS);
            Some(known(tokens, request).ok_or_else(refusal)?)
        }
        None => None,
    };
    match (repository, token) {
        (None | Some((_, true)), None) => Err(asks_for_login(NOT_FOUND)),
        (None, Some(_)) => Err(Response::text(404, NOT_FOUND).by(rules::NOT_FOUND)),
        (Some(_), None) if pushes => Err(asks_for_login("No anonymous write access.")),
        (Some((name, _)), Some(token)) if pushes && !token.writes => {
            let text = match token.holder {
                Holder::FineGrained => "Write access to repository not granted.".to_owned(),
                _ => format!("Permission to {name}.git denied to {}.", token.login),
            };
            Err(Response::text(403, text).by(rules::WRITE_ACCESS))
        }
        (Some(_), token) => Ok(token),
    }
}

const NOT_FOUND: &str = "Repository not found.";
const BAD_LOGIN: &str =
    "Invalid username or token. Password authentication is not supported for Git operations.";

/// GitHub takes a token as the password of any user, and as the user's name.
fn known<'a>(tokens: &'a [Token], request: &Request) -> Option<&'a Token> {
    let (user, password) = request.basic()?;
    tokens.iter().find(|token| [&user, &password].contains(&&token.secret))
}

/// Git shows its login only when it is asked for it, even where it stands in the address: without one
/// this is a question, and no refusal.
fn asks_for_login(text: &str) -> Response {
    Response::text(401, text).with("www-authenticate", "Basic realm=\"GitHub\"")
}
