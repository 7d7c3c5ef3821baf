//! GitHub's REST API: who asks, and what its refusals mean.
//!
//! Source: <https://docs.github.com/rest>, its pages on errors and on rate limits.

use std::time::Duration;

use serde_json::Value;

use super::Drafts;
use crate::host::Host;
use crate::host::net::{Answer, Body, FormFile, Login, Write};
use crate::host::stop::Stop;
use crate::remote::cures::{self, Cures};
use crate::remote::{self, Errand, Trouble};

/// Variables with a token, the first that is set counts; the order is that of GitHub's own client.
const TOKENS: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];
const ACCEPT: &str = "application/vnd.github+json";
const VERSION: (&str, &str) = ("x-github-api-version", "2022-11-28");
/// What to wait for after a limit that says nothing of its end.
const WAIT: Duration = Duration::from_secs(60);

/// What to do about refusals, by words of their reasons.
const CURES: Cures = &[
    (
        "Bad credentials",
        "put another token into GITHUB_TOKEN: the one that was sent is wrong, revoked or has ended",
    ),
    ("used by an immutable release", "give it a new version: this tag is used up for ever"),
    ("immutable release", "make a new version: a published release is locked here"),
    ("without `workflows` permission", "push the tag yourself before: `git push origin TAG`"),
    (
        "Cannot delete this protected ref",
        "delete the tag as somebody whom the rules of the repository let do so, or make a new version",
    ),
    ("rule violations", "ask who keeps the repository's rules, or push the tag yourself before"),
    ("target_commitish", "push the commit first: GitHub does not have it"),
    ("body is too long", "shorten the notes: GitHub takes 125000 characters"),
    ("tag_name: missing_field", DAMAGED),
    (
        "tag_name: already_exists",
        "look at the release that the tag has by now: delete it, or this draft",
    ),
    ("name: missing_field", DAMAGED),
    ("name: already_exists", "delete the other file of this name, or the draft with it"),
    ("greater than or equal to 1", "leave the empty file out, or put something into it"),
    ("size must be", "split the file: GitHub takes files of less than 2 GiB"),
    ("file_count", "attach fewer files: GitHub takes 1000 for a release; pack them together"),
    (
        "Feature not available",
        "leave `github::attest` out, or make the repository public: a private one has no store in this plan",
    ),
    ("Invalid bundle", DAMAGED),
    ("missing subject in statement", DAMAGED),
    ("wasn't supplied", DAMAGED),
    ("parsing JSON", DAMAGED),
    ("not a supported version", "take a newer rel: GitHub has given this version of its API up"),
    ("Requires authentication", PROXY),
    ("User-Agent", PROXY),
    ("abuse", "wait, then run the same command again"),
];

const DAMAGED: &str = "run the same command again: the request was damaged on its way; if it stays, report it: the mistake is in rel";
const PROXY: &str = "look for a proxy that changes header fields on their way to GitHub";

/// The API for one repository.
pub(super) struct Api<'a> {
    host: &'a Host,
    stop: &'a Stop,
    pub(super) drafts: &'a Drafts,
    repository: String,
    login: Option<Login>,
}

/// Whether there is a token for GitHub.
pub(super) fn token(host: &Host) -> Option<Login> {
    TOKENS.iter().find_map(|name| host.env.secret(name)).map(Login::Bearer)
}

/// A tag as a part of a path; slashes stay.
pub(super) fn in_path(tag: &str) -> String {
    tag.replace('%', "%25").replace('#', "%23").replace('?', "%3F")
}

impl<'a> Api<'a> {
    /// The API for `owner/name`.
    pub(super) fn of(errand: &'a Errand<'a>, repository: &str) -> Self {
        Self::new(errand.host, &errand.ties.drafts, repository, errand.stop)
    }

    /// The same for nobody's task.
    pub(super) fn new(
        host: &'a Host,
        drafts: &'a Drafts,
        repository: &str,
        stop: &'a Stop,
    ) -> Self {
        Self { host, stop, drafts, repository: repository.to_owned(), login: token(host) }
    }

    /// Whether there is a token at all; what it may do, GitHub tells when it is used.
    pub(super) fn may_write(&self) -> bool {
        self.login.is_some()
    }

    fn url(&self, path: &str) -> String {
        format!("{}/repos/{}{path}", self.host.endpoints.github.api, self.repository)
    }

    /// What is at a path; `None` if there is nothing.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub(super) fn get(&self, path: &str) -> Result<Option<Value>, Trouble> {
        let (url, stop) = (self.url(path), self.stop);
        let answer = self.host.net().get(&url, ACCEPT, self.login.as_ref(), stop);
        let answer = answer?;
        match answer.status {
            200 => remote::json_of(&answer).map(Some),
            404 => Ok(None),
            _ => Err(self.explained(&answer)),
        }
    }

    /// Changes what is at a path.
    ///
    /// # Errors
    /// There is no token, no answer, or a refusal.
    pub(super) fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, Trouble> {
        let body = if body.is_null() { Body::Nothing } else { Body::Json(body) };
        self.write(method, &self.url(path), body)
    }

    /// Attaches a file to a release.
    ///
    /// # Errors
    /// There is no token, no answer, or a refusal.
    pub(super) fn upload(&self, path: &str, file: &FormFile) -> Result<Value, Trouble> {
        let uploads = &self.host.endpoints.github.uploads;
        let url = format!("{uploads}/repos/{}{path}", self.repository);
        let url = crate::host::net::with_query(&url, &[("name", &file.name)])?;
        self.write("POST", &url, Body::File(file))
    }

    /// The digest of a file that GitHub tells none of. Nobody's login goes along.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn digest_of(&self, url: &str) -> Result<String, Trouble> {
        remote::digest_of(self.host, url, None, self.stop)
    }

    fn explained(&self, answer: &Answer) -> Trouble {
        explained(answer, &self.repository, self.host.clock.now())
    }

    fn write(&self, method: &str, url: &str, body: Body<'_>) -> Result<Value, Trouble> {
        let Some(login) = &self.login else {
            return Err(Trouble::Refused {
                reason: "there is no token for GitHub".into(),
                hint: "set GITHUB_TOKEN: `gh auth token` prints one, a job of GitHub Actions has \
                       `github.token`"
                    .into(),
            });
        };
        let fields = &[VERSION];
        let write = Write { method, url, accept: ACCEPT, fields, login: Some(login), body };
        let answer = self.host.net().write(&write, self.stop)?;
        match answer.status {
            204 => Ok(Value::Null),
            200..=299 => remote::json_of(&answer),
            _ => Err(self.explained(&answer)),
        }
    }
}

/// What an answer that is no success means.
fn explained(answer: &Answer, repository: &str, now: u64) -> Trouble {
    let said: Value = answer.json();
    let reason = reason(answer, &said);
    let limited = answer.fields.get("x-ratelimit-remaining") == Some("0")
        || reason.contains("secondary rate limit")
        || answer.retry_after(now).is_some();
    match answer.status {
        403 | 429 if limited => Trouble::Later { reason, after: pause(answer, now) },
        408 | 429 | 500..=599 => Trouble::Unclear(format!("GitHub answered {reason}")),
        status => {
            let cure = cures::of(CURES, &reason);
            let hint = match (cure, status) {
                (Some(cure), _) => cure.to_owned(),
                (None, 403) => match answer.fields.get("x-accepted-github-permissions") {
                    Some(wanted) => format!(
                        "give the job, or the token, the permission `{}`",
                        wanted.replace('=', ": ")
                    ),
                    None => "check what the token in GITHUB_TOKEN may do".into(),
                },
                (None, 404) => {
                    format!("check that {repository} is there, and that the token may write to it")
                }
                (None, _) => "read the reason; the same command again goes on from here".into(),
            };
            Trouble::Refused { reason, hint }
        }
    }
}

/// When to come again: after so many seconds, or when the limit ends.
fn pause(answer: &Answer, now: u64) -> Duration {
    let ends = || answer.fields.get("x-ratelimit-reset")?.parse::<u64>().ok();
    let left = || Some(ends()?.saturating_sub(now) + 1);
    let told = answer.retry_after(now);
    told.or_else(|| left().map(Duration::from_secs)).unwrap_or(WAIT)
}

/// What it said, in one line: the message, and what is wrong with which field; or its plain text.
fn reason(answer: &Answer, said: &Value) -> String {
    let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
    let one = |error: &Value| {
        let field = || {
            let parts = [text(error, "field")?, text(error, "code")?];
            Some(parts.join(": "))
        };
        text(error, "message").or_else(field).or_else(|| error.as_str().map(str::to_owned))
    };
    let errors = said["errors"].as_array().into_iter().flatten().filter_map(one);
    let mut all: Vec<String> = text(said, "message").into_iter().chain(errors).collect();
    if all.is_empty() {
        all.push(answer.body.clone());
    }
    crate::remote::one_line(answer.status, &all.join("; "))
}

#[cfg(test)]
mod tests {
    use super::CURES;

    #[test]
    fn no_row_hides_a_later_one() {
        crate::remote::cures::each_counts(CURES.iter().map(|(words, _)| *words));
    }
}
