//! Who asks, what they may do, and how often.
//!
//! A token of Actions has the permissions of its job; what it lacks is told with the header that names
//! what was needed. Anonymous readers see public repositories only.

use super::rules::{self, Checked, not_found, refuse};
use super::{Forge, Window};
use crate::rehearse::http::{Request, Response};

/// A permission with its two levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// None.
    None,
    /// To look.
    Read,
    /// To change.
    Write,
}

/// What a permission is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Commits, refs, releases.
    Contents,
    /// Attestations.
    Attestations,
    /// Workflows, runs, environments.
    Actions,
}

/// A token that the forge knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its text.
    pub secret: String,
    /// Whose it is, such as `github-actions[bot]`.
    pub login: String,
    /// Level for contents.
    pub contents: Level,
    /// Level for attestations.
    pub attestations: Level,
    /// Level for actions.
    pub actions: Level,
}

impl Token {
    /// A token that may do everything, as a user's own.
    pub fn of_user(secret: &str, login: &str) -> Self {
        let all = Level::Write;
        let (secret, login) = (secret.into(), login.into());
        Self { secret, login, contents: all, attestations: all, actions: all }
    }

    /// `GITHUB_TOKEN` of a job with these permissions.
    pub fn of_actions(secret: &str, contents: Level, attestations: Level) -> Self {
        let (secret, login) = (secret.into(), "github-actions[bot]".into());
        Self { secret, login, contents, attestations, actions: Level::Read }
    }

    fn level(&self, area: Area) -> Level {
        match area {
            Area::Contents => self.contents,
            Area::Attestations => self.attestations,
            Area::Actions => self.actions,
        }
    }
}

impl Area {
    fn name(self) -> &'static str {
        match self {
            Self::Contents => "contents",
            Self::Attestations => "attestations",
            Self::Actions => "actions",
        }
    }
}

impl Forge {
    /// Whoever asks, if the request may be looked at at all.
    pub(super) fn asker(&mut self, request: &Request, at: u64) -> Checked<Option<Token>> {
        if request.header("user-agent").is_none_or(|agent| agent.trim().is_empty()) {
            let text = "Request forbidden by administrative rules. Please make sure your request has a \
                        User-Agent header";
            return Err(Response::text(403, text).by(rules::USER_AGENT));
        }
        let version = request.header("x-github-api-version");
        if version.is_some_and(|version| !VERSIONS.contains(&version)) {
            let message =
                format!("Version {} is not a supported version.", version.unwrap_or_default());
            return Err(refuse(400, rules::API_VERSION, message));
        }
        let told = ["bearer", "token"].iter().find_map(|scheme| request.authorization(scheme));
        let told = told.map(str::to_owned).or_else(|| Some(request.basic()?.1));
        let token = match told {
            None => None,
            Some(secret) => {
                let known = self.tokens.iter().find(|token| token.secret == secret).cloned();
                let wrong = || refuse(401, rules::CREDENTIALS, "Bad credentials");
                Some(known.ok_or_else(wrong)?)
            }
        };
        self.count(request, at)?;
        Ok(token)
    }

    /// Counts a request against the limits.
    fn count(&mut self, request: &Request, at: u64) -> Checked<()> {
        const HOUR: u64 = 3600;
        if request.path == "/rate_limit" {
            return Ok(());
        }
        let limit = self.limit;
        let window = self.window.get_or_insert(Window { ends: at + HOUR, used: 0 });
        if at >= window.ends {
            *window = Window { ends: at + HOUR, used: 0 };
        }
        let reset = window.ends.to_string();
        if window.used >= limit {
            let message = "API rate limit exceeded for installation. If you reach out to GitHub Support \
                           for help, please include the request ID.";
            return Err(refuse(403, rules::PRIMARY_LIMIT, message)
                .with("x-ratelimit-limit", limit.to_string())
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", reset));
        }
        window.used += 1;
        if self.throttled > 0 && !matches!(request.method.as_str(), "GET" | "HEAD") {
            self.throttled -= 1;
            let message = "You have exceeded a secondary rate limit. Please wait a few minutes before \
                           you try again.";
            return Err(refuse(403, rules::SECONDARY_LIMIT, message).with("retry-after", "1"));
        }
        Ok(())
    }

    /// The repository of a path, if it is this one and may be seen.
    pub(super) fn visible(&self, name: (&str, &str), token: Option<&Token>) -> Checked<()> {
        let here = format!("{}/{}", name.0, name.1).eq_ignore_ascii_case(&self.settings.repository);
        if here && (token.is_some() || self.visibility == "public") {
            Ok(())
        } else {
            Err(not_found())
        }
    }

    /// Lets a token do something that needs a level.
    pub(super) fn may(token: Option<&Token>, area: Area, level: Level) -> Checked<&Token> {
        let Some(token) = token else {
            return Err(refuse(401, rules::AUTHENTICATION, "Requires authentication"));
        };
        if token.level(area) >= level {
            return Ok(token);
        }
        let wanted = if level == Level::Write { "write" } else { "read" };
        let message = "Resource not accessible by integration";
        let wanted = format!("{}={wanted}", area.name());
        Err(refuse(403, rules::PERMISSION, message).with("x-accepted-github-permissions", wanted))
    }
}

/// Versions of the API that are answered.
const VERSIONS: &[&str] = &["2022-11-28", "2026-03-10"];
