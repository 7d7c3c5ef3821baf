//! The sparse index: `config.json`, and for each crate a file with one line for each version.
//!
//! It shows what the registry held `lag` seconds ago, because the real index is written by a job after
//! the upload. Anyone may read it: `config.json` has no `auth-required`. Turned down: an index that
//! stands still until told, for which every test would need a second clock.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::Registry;
use super::manifest::Dependency;
use super::shelf::{Crate, Published, hex};
use crate::calendar;
use crate::rehearse::http::{Request, Response};

impl Registry {
    /// Answers a request to the index; `path` is what comes behind its address.
    pub(super) fn answer_index(&self, request: &Request, path: &str, at: u64) -> Response {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Response::empty(405).with("allow", "GET, HEAD");
        }
        let path = path.trim_start_matches('/');
        let (kind, body) = if path == "config.json" {
            let downloads = format!("{}/crates", self.settings.downloads);
            let config = json!({ "dl": downloads, "api": self.settings.api });
            ("application/json", Some(config.to_string()))
        } else {
            let found = self.shelf.iter().find(|found| file(&found.name) == path);
            ("text/plain", found.and_then(|found| self.lines(found, at)))
        };
        match body {
            None => Response::text(404, "not found"),
            Some(body) => conditional(request, kind, body),
        }
    }

    /// The lines of a crate, if one can be seen by now.
    fn lines(&self, found: &Crate, at: u64) -> Option<String> {
        // What was there from the beginning is in the index from the beginning.
        let seen = |when: u64| when == 0 || when.saturating_add(self.lag) <= at;
        let lines: Vec<String> = found
            .versions
            .iter()
            .filter(|one| seen(one.at))
            .map(|one| {
                let yanked = one.yanks.iter().rfind(|(when, _)| seen(*when));
                line(&found.name, one, yanked.is_some_and(|(_, yanked)| *yanked)).to_string() + "\n"
            })
            .collect();
        if lines.is_empty() { None } else { Some(lines.concat()) }
    }
}

/// Where a crate's file is, below the index.
fn file(name: &str) -> String {
    let name = name.to_lowercase();
    match name.len() {
        1 | 2 => format!("{}/{name}", name.len()),
        3 => format!("3/{}/{name}", &name[..1]),
        _ => format!("{}/{}/{name}", name.get(..2).unwrap_or(""), name.get(2..4).unwrap_or("")),
    }
}

fn conditional(request: &Request, kind: &str, body: String) -> Response {
    let tag = format!("\"{}\"", &hex(&Sha256::digest(&body))[..32]);
    let same = |given: &str| {
        let given = given.trim();
        given == "*" || given.strip_prefix("W/").unwrap_or(given) == tag
    };
    if request.header("if-none-match").is_some_and(|list| list.split(',').any(same)) {
        return Response::empty(304).with("etag", tag);
    }
    Response::of(200, kind, body.into_bytes()).with("etag", tag)
}

fn line(name: &str, one: &Published, yanked: bool) -> Value {
    let manifest = &one.manifest;
    let (features, new) = split(&manifest.features);
    let mut dependencies: Vec<&Dependency> = manifest.dependencies.iter().collect();
    dependencies.sort_by_key(|one| (written(one), one.kind, &one.requirement, &one.target));
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
    put("name", name.into());
    put("vers", one.number.clone().into());
    put("deps", dependencies.into_iter().map(dependency).collect());
    put("cksum", one.checksum().into());
    put("features", json!(features));
    if !new.is_empty() {
        put("features2", json!(new));
    }
    put("yanked", yanked.into());
    if let Some(links) = &manifest.links {
        put("links", links.clone().into());
    }
    if let Some(version) = &manifest.rust_version {
        put("rust_version", version.clone().into());
    }
    put("pubtime", calendar::rfc3339(one.at).into());
    if !new.is_empty() {
        put("v", 2.into());
    }
    Value::Object(line)
}

/// The name in `Cargo.toml`.
fn written(one: &Dependency) -> &str {
    one.explicit.as_deref().unwrap_or(&one.name)
}

fn dependency(one: &Dependency) -> Value {
    let mut entry = json!({
        "name": written(one),
        "req": one.requirement,
        "features": one.features,
        "optional": one.optional,
        "default_features": one.default_features,
        "target": one.target,
        "kind": one.kind.name(),
    });
    if one.explicit.is_some() {
        entry["package"] = one.name.clone().into();
    }
    entry
}

type Features = BTreeMap<String, Vec<String>>;

/// Features that old versions of cargo can read, and those that they cannot: with `dep:` or `?/`, or
/// turning on one of these.
fn split(all: &Features) -> (Features, Features) {
    let newer = |one: &String| one.starts_with("dep:") || one.contains("?/");
    let (mut new, mut old): (Features, Features) =
        all.clone().into_iter().partition(|(_, enabled)| enabled.iter().any(newer));
    loop {
        let (moved, kept): (Features, Features) = old
            .into_iter()
            .partition(|(_, enabled)| enabled.iter().any(|one| new.contains_key(one)));
        old = kept;
        if moved.is_empty() {
            return (old, new);
        }
        new.extend(moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_where_cargo_looks() {
        for (name, path) in [
            ("a", "1/a"),
            ("ab", "2/ab"),
            ("abc", "3/a/abc"),
            ("abcd", "ab/cd/abcd"),
            ("Serde_JSON", "se/rd/serde_json"),
        ] {
            assert_eq!(file(name), path);
        }
    }

    #[test]
    fn features_of_the_new_kind_take_those_along_that_need_them() {
        let all: Features = [("a", "dep:x"), ("b", "a"), ("c", "b"), ("d", "y/z"), ("e", "y?/z")]
            .into_iter()
            .map(|(name, one)| (name.to_owned(), vec![one.to_owned()]))
            .collect();
        let (old, new) = split(&all);
        assert_eq!(old.keys().collect::<Vec<_>>(), ["d"]);
        assert_eq!(new.keys().collect::<Vec<_>>(), ["a", "b", "c", "e"]);
    }
}
