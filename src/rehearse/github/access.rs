//! Who asks: tokens with their permissions, and what an endpoint needs of them.
//!
//! A token is good for this repository only. No scopes of classic tokens, no organisations. Turned
//! down: a token that may do everything, with which a forgotten `permissions:` would never show.

use super::rules::{self, Checked, missing, refuse};
use super::{Forge, Visibility};
use crate::rehearse::http::{Request, Response};

/// What a permission is about, as in a workflow's `permissions:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Workflows, runs and environments.
    Actions,
    /// Settings of the repository, which the token of a run never has.
    Administration,
    /// The store of attestations.
    Attestations,
    /// Code, refs, tags and releases.
    Contents,
    /// That the repository exists; every token has it.
    Metadata,
}

impl Permission {
    /// Its name in header fields.
    fn name(self) -> &'static str {
        match self {
            Self::Actions => "actions",
            Self::Administration => "administration",
            Self::Attestations => "attestations",
            Self::Contents => "contents",
            Self::Metadata => "metadata",
        }
    }
}

/// How far a permission goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Reading.
    Read,
    /// Reading and changing.
    Write,
}

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// The run's: `GITHUB_TOKEN`.
    Run,
    /// A person's, with a fine-grained token.
    User(String),
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The secret.
    pub secret: String,
    /// Whose it is.
    pub holder: Holder,
    /// What it may.
    pub permissions: Vec<(Permission, Level)>,
}

impl Token {
    /// `GITHUB_TOKEN` of a job with these `permissions:`.
    pub fn of_run(secret: &str, permissions: &[(Permission, Level)]) -> Self {
        let (secret, permissions) = (secret.to_owned(), permissions.to_vec());
        Self { secret, holder: Holder::Run, permissions }
    }

    /// A person's own, for everything that a release is about.
    pub fn of_user(secret: &str, login: &str) -> Self {
        let all = [Permission::Actions, Permission::Attestations, Permission::Contents];
        let permissions = all.map(|permission| (permission, Level::Write)).into();
        Self { secret: secret.to_owned(), holder: Holder::User(login.to_owned()), permissions }
    }

    /// Whether it may do this.
    pub fn may(&self, permission: Permission, level: Level) -> bool {
        let covers = |&(given, up_to): &(Permission, Level)| given == permission && up_to >= level;
        self.permissions.iter().any(covers)
            || (permission == Permission::Metadata && level == Level::Read)
    }
}

/// The secret that a request shows, in any of the forms that are taken.
fn shown(request: &Request) -> Option<String> {
    let word = |scheme: &str| request.authorization(scheme).map(str::to_owned);
    word("bearer").or_else(|| word("token")).or_else(|| request.basic().map(|(_, secret)| secret))
}

impl Forge {
    /// The token of a request; `None` if it shows none.
    pub(super) fn token(&self, request: &Request) -> Checked<Option<Token>> {
        if request.header("authorization").is_none() {
            return Ok(None);
        }
        let found = shown(request)
            .and_then(|secret| self.tokens.iter().find(|token| token.secret == secret));
        match found {
            Some(token) => Ok(Some(token.clone())),
            None => Err(refuse(401, rules::CREDENTIALS, "Bad credentials")),
        }
    }

    /// Whether this token, or anyone without one, may do something to the repository.
    pub(super) fn permit(
        &self,
        token: Option<&Token>,
        (permission, level): (Permission, Level),
    ) -> Checked<()> {
        let open = self.visibility == Visibility::Public
            && level == Level::Read
            && permission != Permission::Administration;
        match token {
            _ if open => Ok(()),
            None if self.visibility != Visibility::Public => Err(missing()),
            None => Err(refuse(401, rules::AUTHENTICATION, "Requires authentication")),
            Some(token) if token.may(permission, level) => Ok(()),
            Some(token) => Err(self.denied(token, permission, level)),
        }
    }

    fn denied(&self, token: &Token, permission: Permission, level: Level) -> Response {
        let hidden = self.visibility != Visibility::Public && token.permissions.is_empty();
        let holder = match token.holder {
            Holder::User(_) if hidden => return missing(),
            Holder::User(_) => "personal access token",
            Holder::Run => "integration",
        };
        let wanted = if level == Level::Write { "write" } else { "read" };
        refuse(403, rules::PERMISSION, format!("Resource not accessible by {holder}"))
            .with("x-accepted-github-permissions", format!("{}={wanted}", permission.name()))
    }
}
