//! Publishing a version: the body's framing, and the checks in the order of the real server.
//!
//! What is refused leaves no trace but in the account's limits, as there. Turned down: an upload that
//! is taken again when the bytes are the same; crates.io refuses it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::access::{Scope, bearer};
use super::limits::Action;
use super::manifest::Manifest;
use super::rules::{self, Checked, bad, refuse};
use super::shelf::Published;
use super::version::Version;
use super::{Registry, access, metadata, names, reads, tarball};
use crate::calendar;
use crate::rehearse::dates;
use crate::rehearse::http::{Request, Response};

const JSON_SIZE: usize = 1024 * 1024;
const TARBALL_SIZE: usize = 10 * 1024 * 1024;
const VERSION_LENGTH: usize = 150;
const CATEGORIES: &str = include_str!("categories.txt");

/// What of the JSON is read.
#[derive(Deserialize)]
struct Metadata {
    name: String,
    vers: String,
}

/// By what right something is published.
enum Right {
    Account(String),
    Run(Value),
}

/// What is to become a version.
struct Upload {
    name: String,
    number: String,
    version: Version,
    right: Right,
    manifest: Manifest,
    bytes: Vec<u8>,
}

impl Registry {
    /// `PUT /api/v1/crates/new`.
    pub(super) fn publish(&mut self, request: &Request, at: u64) -> Checked<Response> {
        let mut rest = request.body.as_slice();
        let metadata = metadata_of(&mut rest)?;
        let name = metadata.name;
        names::check("crate", &name).map_err(|error| bad(rules::CRATE_NAME, error))?;
        let version = version_of(&metadata.vers)?;
        self.not_deleted(&name, at)?;
        let right = self.right(request, &name, at)?;
        let bytes = frame(&mut rest, "tarball", rules::TARBALL_LENGTH, TARBALL_SIZE, || {
            let message = format!("max upload size is: {TARBALL_SIZE}");
            refuse(413, rules::TARBALL_SIZE, message)
        })?;
        let number = metadata.vers;
        let mut manifest = tarball::manifest(&format!("{name}-{number}"), bytes)?;
        agrees(&name, &number, &manifest)?;
        metadata::check(&mut manifest)?;
        let bytes = bytes.to_vec();
        let upload = Upload { name, number, version, right, manifest, bytes };
        self.fits(&upload, at)?;
        Ok(self.store(upload, at))
    }

    fn not_deleted(&self, name: &str, at: u64) -> Checked<()> {
        let found = self.deleted.get(&names::canonical(name));
        match found.filter(|(_, until)| *until > at) {
            None => Ok(()),
            Some((name, until)) => {
                let message = format!(
                    "A crate with the name `{name}` was recently deleted. Reuse of this name will be \
                     available after {}.",
                    calendar::rfc3339(*until)
                );
                Err(bad(rules::DELETED_NAME, message))
            }
        }
    }

    /// By what right this request may publish; the account's limits count it.
    fn right(&mut self, request: &Request, name: &str, at: u64) -> Checked<Right> {
        let token = bearer(request)?.filter(|token| token.starts_with(access::PREFIX));
        if let Some(token) = token {
            return self.run(&token, name, at).map(Right::Run);
        }
        let known = self.shelf.get(name);
        let scope = if known.is_some() { Scope::PublishUpdate } else { Scope::PublishNew };
        let user = self.account(request, scope, name)?;
        if known.is_some_and(|found| found.trusted_only) {
            let message = "New versions of this crate can only be published using Trusted Publishing \
                           (see https://crates.io/docs/trusted-publishing).";
            return Err(refuse(403, rules::TRUSTED_ONLY, message));
        }
        if self.unverified.contains(&user) {
            let message = format!(
                "A verified email address is required to publish crates to crates.io. Visit \
                 {}/settings/profile to set and verify your email address.",
                self.settings.api
            );
            return Err(bad(rules::VERIFIED_EMAIL, message));
        }
        let action = if known.is_some() { Action::Update } else { Action::New };
        self.count(&user, action, at)?;
        Ok(Right::Account(user))
    }

    /// Counts an action of an account.
    pub(super) fn count(&mut self, user: &str, action: Action, at: u64) -> Checked<()> {
        self.limits.take(user, action, at).map_err(|until| {
            let until = dates::http(until);
            let message = format!(
                "{}. Please try again after {until} and see https://crates.io/docs/rate-limits for \
                 more details.",
                action.complaint()
            );
            refuse(429, rules::RATE_LIMIT, message).with("retry-after", until)
        })
    }

    /// What the registry already holds has to leave room for the upload.
    fn fits(&self, upload: &Upload, at: u64) -> Checked<()> {
        if self.reserved.contains(&names::canonical(&upload.name)) {
            let message = "cannot upload a crate with a reserved name";
            return Err(bad(rules::RESERVED_NAME, message));
        }
        if let Some(found) = self.shelf.get(&upload.name) {
            if matches!(&upload.right, Right::Account(user) if !found.is_owner(user)) {
                let message = "this crate exists but you don't seem to be an owner. If you believe \
                               this is a mistake, perhaps you need to accept an invitation to be an \
                               owner before publishing.";
                return Err(refuse(403, rules::NOT_OWNER, message));
            }
            if found.name != upload.name {
                let message = format!("crate was previously named `{}`", found.name);
                return Err(bad(rules::PREVIOUS_NAME, message));
            }
            let since = at.saturating_sub(86_400);
            let today = found.versions.iter().filter(|one| one.at > since).count();
            if self.daily.is_some_and(|most| today >= most) {
                let message =
                    "You have published too many versions of this crate in the last 24 hours";
                return Err(refuse(429, rules::DAILY_VERSIONS, message));
            }
            if found.has(&upload.version) {
                let number = upload.version.without_build();
                let message = format!("crate version `{number}` is already uploaded");
                return Err(bad(rules::DUPLICATE, message));
            }
        }
        self.knows_dependencies(upload)?;
        self.knows_categories(&upload.manifest)
    }

    fn knows_dependencies(&self, upload: &Upload) -> Checked<()> {
        for dependency in &upload.manifest.dependencies {
            let name = &dependency.name;
            // The names have to be the same to the letter.
            let held = self.shelf.get(name).is_some_and(|found| found.name == *name);
            if !held && *name != upload.name && !self.is_assumed(name) {
                let message = format!("no known crate named `{name}`");
                return Err(bad(rules::DEPENDENCY_UNKNOWN, message));
            }
        }
        Ok(())
    }

    fn knows_categories(&self, manifest: &Manifest) -> Checked<()> {
        let known = |slug: &&String| CATEGORIES.lines().any(|line| line == slug.as_str());
        let unknown: Vec<&str> =
            manifest.categories.iter().filter(|slug| !known(slug)).map(String::as_str).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let message = format!(
            "The following category slugs are not currently supported on crates.io: {}\n\nSee \
             {}/category_slugs for a list of supported slugs.",
            unknown.join(", "),
            self.settings.api
        );
        Err(bad(rules::CATEGORY, message))
    }

    fn store(&mut self, upload: Upload, at: u64) -> Response {
        let new = self.shelf.get(&upload.name).is_none();
        let found = self.shelf.entry(&upload.name, at);
        let (by, run) = match upload.right {
            Right::Account(user) => (Some(user), None),
            Right::Run(run) => (None, Some(run)),
        };
        if new {
            // Who publishes a new crate owns it.
            found.owners = by.as_ref().map(|user| vec![user.clone()]);
        }
        let Upload { number, version, manifest, bytes, .. } = upload;
        let yanks = Vec::new();
        found.versions.push(Published { number, version, manifest, bytes, at, yanks, by, run });
        let warnings = json!({ "invalid_categories": [], "invalid_badges": [], "other": [] });
        Response::json(200, &json!({ "crate": reads::krate(found, at), "warnings": warnings }))
    }
}

/// The JSON at the front of the body.
fn metadata_of(rest: &mut &[u8]) -> Checked<Metadata> {
    let text = frame(rest, "metadata", rules::METADATA_LENGTH, JSON_SIZE, || {
        refuse(413, rules::METADATA_SIZE, "JSON metadata blob too large")
    })?;
    serde_json::from_slice(text)
        .map_err(|error| bad(rules::METADATA_JSON, format!("invalid upload request: {error}")))
}

fn version_of(text: &str) -> Checked<Version> {
    let version = Version::parse(text).ok_or_else(|| {
        bad(rules::VERSION_SYNTAX, format!("\"{text}\" is an invalid semver version"))
    })?;
    if text.chars().count() > VERSION_LENGTH {
        let message = format!("the version number is too long (max {VERSION_LENGTH} characters)");
        return Err(bad(rules::VERSION_LENGTH, message));
    }
    Ok(version)
}

/// Four bytes of length, the least first, and so many bytes.
fn frame<'a>(
    rest: &mut &'a [u8],
    what: &str,
    rule: crate::rehearse::http::Rule,
    most: usize,
    too_large: impl Fn() -> Response,
) -> Checked<&'a [u8]> {
    let Some((length, tail)) = rest.split_first_chunk::<4>() else {
        return Err(bad(rule, format!("invalid {what} length")));
    };
    let length = u32::from_le_bytes(*length) as usize;
    if length > most {
        return Err(too_large());
    }
    let Some((content, tail)) = tail.split_at_checked(length) else {
        return Err(bad(rule, format!("invalid {what} length for remaining payload: {length}")));
    };
    *rest = tail;
    Ok(content)
}

/// JSON and manifest have to say the same.
fn agrees(name: &str, number: &str, manifest: &Manifest) -> Checked<()> {
    if manifest.name != name {
        let message =
            format!("metadata name `{name}` does not match manifest name `{}`", manifest.name);
        return Err(bad(rules::NAME_MISMATCH, message));
    }
    if manifest.version != number {
        let message = format!(
            "metadata version `{number}` does not match manifest version `{}`",
            manifest.version
        );
        return Err(bad(rules::VERSION_MISMATCH, message));
    }
    Ok(())
}
