//! What can be read without a token: crates, versions, owners, a search, and the `.crate` itself.
//!
//! Counts of downloads are always nought, and pages have no second page. Unlike the index these
//! answers are never late. Turned down: the fields that describe accounts, which no release looks at.

use serde_json::{Value, json};

use super::rules::{self, Checked, refuse};
use super::shelf::{Crate, Published};
use super::{Registry, names};
use crate::calendar;
use crate::rehearse::http::{Request, Response};

impl Registry {
    /// A crate, or the refusal.
    pub(super) fn held(&self, name: &str) -> Checked<&Crate> {
        self.shelf
            .get(name)
            .ok_or_else(|| refuse(404, rules::NO_CRATE, format!("crate `{name}` does not exist")))
    }

    /// A version of a crate, or the refusal.
    pub(super) fn held_version(&self, name: &str, number: &str) -> Checked<(&Crate, &Published)> {
        let found = self.held(name)?;
        let version = found.version(number).ok_or_else(|| {
            let message = format!("crate `{name}` does not have a version `{number}`");
            refuse(404, rules::NO_VERSION, message)
        })?;
        Ok((found, version))
    }

    /// `GET /api/v1/crates/NAME`.
    pub(super) fn show_crate(&self, name: &str, at: u64) -> Checked<Response> {
        let found = self.held(name)?;
        let versions = found.versions.iter().rev().map(|one| version(found, one, at));
        let about = found.greatest(false).map(|one| &one.manifest);
        let named =
            |list: &[String]| -> Value { list.iter().map(|word| json!({ "id": word })).collect() };
        Ok(Response::json(
            200,
            &json!({
                "crate": krate(found, at),
                "versions": versions.collect::<Value>(),
                "keywords": named(about.map_or(&[], |about| &about.keywords)),
                "categories": named(about.map_or(&[], |about| &about.categories)),
            }),
        ))
    }

    /// `GET /api/v1/crates/NAME/VERSION`.
    pub(super) fn show_version(&self, name: &str, number: &str, at: u64) -> Checked<Response> {
        let (found, one) = self.held_version(name, number)?;
        Ok(Response::json(200, &json!({ "version": version(found, one, at) })))
    }

    /// `GET /api/v1/crates/NAME/owners`.
    pub(super) fn show_owners(&self, name: &str) -> Checked<Response> {
        let owners = self.held(name)?.owners.iter().flatten().enumerate();
        let users: Value = owners
            .map(
                |(at, login)| json!({ "id": at + 1, "login": login, "kind": "user", "name": null }),
            )
            .collect();
        Ok(Response::json(200, &json!({ "users": users })))
    }

    /// `GET /api/v1/crates?q=…`.
    pub(super) fn search(&self, request: &Request, at: u64) -> Response {
        let wanted = names::canonical(request.query("q").unwrap_or_default());
        let most = request.query("per_page").and_then(|text| text.parse().ok()).unwrap_or(10);
        let all: Vec<&Crate> =
            self.shelf.iter().filter(|one| names::canonical(&one.name).contains(&wanted)).collect();
        let shown: Value = all.iter().take(most).map(|one| krate(one, at)).collect();
        let meta = json!({ "total": all.len(), "next_page": null, "prev_page": null });
        Response::json(200, &json!({ "crates": shown, "meta": meta }))
    }

    /// `GET /api/v1/crates/NAME/VERSION/download`: where it lies, whether or not it is there.
    pub(super) fn redirect(&self, request: &Request, name: &str, number: &str) -> Response {
        let number = number.replace('+', "%2B");
        let place = format!("{}/crates/{name}/{name}-{number}.crate", self.settings.downloads);
        let wants_json = request.header("accept").is_some_and(|kind| kind.contains("json"));
        let answer = if wants_json {
            Response::json(200, &json!({ "url": place }))
        } else {
            Response::empty(302).with("location", place)
        };
        answer.with("vary", "accept")
    }

    /// The host of the files: `/crates/NAME/NAME-VERSION.crate`, and `/crates/NAME/VERSION/download`.
    pub(super) fn answer_downloads(&self, request: &Request, parts: &[&str]) -> Response {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Response::empty(405).with("allow", "GET, HEAD");
        }
        let wanted = match parts {
            ["crates", name, number, "download"] => Some((*name, *number)),
            ["crates", name, file] => file
                .strip_suffix(".crate")
                .and_then(|stem| stem.strip_prefix(name)?.strip_prefix('-'))
                .map(|number| (*name, number)),
            _ => None,
        };
        let found = wanted.and_then(|(name, number)| {
            let found = self.shelf.get(name).filter(|found| found.name == name)?;
            found.version(number).filter(|one| !one.bytes.is_empty())
        });
        match found {
            Some(one) => Response::of(200, "application/gzip", one.bytes.clone()),
            None => Response::text(404, "not found"),
        }
    }
}

/// A crate as the API shows it.
pub(super) fn krate(found: &Crate, at: u64) -> Value {
    let number = |one: Option<&Published>| one.map(|one| one.number.clone());
    let greatest = number(found.greatest(false));
    let stable = number(found.greatest(true));
    let about = found.versions.last().map(|one| one.manifest.clone()).unwrap_or_default();
    let updated = found.versions.last().map_or(found.created, |one| one.at);
    let below = |what: &str| format!("/api/v1/crates/{}/{what}", found.name);
    json!({
        "id": found.name,
        "name": found.name,
        "created_at": calendar::rfc3339(found.created),
        "updated_at": calendar::rfc3339(updated),
        "badges": [],
        "categories": null,
        "keywords": null,
        "versions": null,
        "num_versions": found.versions.len(),
        "default_version": stable.clone().or_else(|| greatest.clone()),
        "max_stable_version": stable,
        "max_version": greatest.unwrap_or_else(|| "0.0.0".into()),
        "newest_version": number(found.versions.last()).unwrap_or_else(|| "0.0.0".into()),
        "description": about.description,
        "homepage": about.homepage,
        "documentation": about.documentation,
        "repository": about.repository,
        "downloads": 0,
        "recent_downloads": null,
        "exact_match": false,
        "trustpub_only": found.trusted_only,
        "yanked": !found.versions.is_empty() && found.versions.iter().all(|one| one.yanked(at)),
        "links": {
            "owners": below("owners"),
            "owner_team": below("owner_team"),
            "owner_user": below("owner_user"),
            "reverse_dependencies": below("reverse_dependencies"),
            "version_downloads": below("downloads"),
            "versions": below("versions"),
        },
    })
}

/// A version as the API shows it.
fn version(found: &Crate, one: &Published, at: u64) -> Value {
    let below = |what: &str| format!("/api/v1/crates/{}/{}/{what}", found.name, one.number);
    let about = &one.manifest;
    let changed = one.yanks.last().map_or(one.at, |(when, _)| *when);
    json!({
        "crate": found.name,
        "num": one.number,
        "checksum": one.checksum(),
        "crate_size": one.bytes.len(),
        "created_at": calendar::rfc3339(one.at),
        "updated_at": calendar::rfc3339(changed),
        "description": about.description,
        "homepage": about.homepage,
        "documentation": about.documentation,
        "repository": about.repository,
        "license": about.license,
        "edition": about.edition,
        "features": about.features,
        "lib_links": about.links,
        "rust_version": about.rust_version,
        "yanked": one.yanked(at),
        "yank_message": null,
        "downloads": 0,
        "published_by": one.by.as_ref().map(|login| json!({ "login": login, "name": null })),
        "trustpub_data": one.run,
        "dl_path": below("download"),
        "readme_path": below("readme"),
        "links": {
            "authors": below("authors"),
            "dependencies": below("dependencies"),
            "version_downloads": below("downloads"),
        },
    })
}
