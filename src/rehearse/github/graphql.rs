//! The few GraphQL queries that GitHub's own client sends for releases.
//!
//! A query is answered by what it names: the whole answer is made, and what the query does not name is
//! left out. Turned down: GraphQL itself, of which three queries are needed.

use serde_json::{Value, json};

use super::access::{Area, Level, Token};
use super::releases::Release;
use super::rules::{self, Checked, refuse};
use super::{Forge, instant, object};
use crate::rehearse::http::{Request, Response};

impl Forge {
    pub(super) fn graphql(&self, request: &Request, token: Option<&Token>) -> Checked<Response> {
        if token.is_none() {
            return Err(refuse(
                401,
                rules::AUTHENTICATION,
                "This endpoint requires you to be authenticated.",
            ));
        }
        let told = object(request)?;
        let query = told.get("query").and_then(Value::as_str).unwrap_or_default();
        let variables = told.get("variables").cloned().unwrap_or_default();
        let full = &self.settings.repository;
        let (owner, name) = full.split_once('/').unwrap_or((full, ""));
        let pushes = Self::may(token, Area::Contents, Level::Write).is_ok();
        let tag =
            ["tagName", "qualifiedName", "tag"].iter().find_map(|key| variables[*key].as_str());
        let tag = tag.unwrap_or_default();
        let tag =
            if tag.starts_with("refs/") { tag.to_owned() } else { format!("refs/tags/{tag}") };
        let found = self.git().find(&tag);
        let visible = self.releases.iter().rev().filter(|one| pushes || !one.draft);
        let nodes: Vec<Value> = visible.map(|one| self.node(one)).collect();
        let whole = json!({ "repository": {
            "id": "R_2002", "name": name, "owner": { "login": owner, "id": "U_1001" },
            "nameWithOwner": full,
            "description": "", "hasIssuesEnabled": true, "hasWikiEnabled": false, "isPrivate": self.visibility != "public",
            "viewerPermission": if pushes { "WRITE" } else { "READ" },
            "defaultBranchRef": { "name": self.settings.default_branch },
            "parent": null, "mergeCommitAllowed": true, "rebaseMergeAllowed": true,
            "squashMergeAllowed": true,
            "ref": found.map(|object| json!({ "id": format!("REF_{tag}"), "name": tag, "target": { "oid": object.sha } })),
            "releases": { "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } },
        }});
        Ok(Response::json(200, &json!({ "data": named(&whole, query) })))
    }

    fn node(&self, release: &Release) -> Value {
        let latest = self.latest().is_some_and(|latest| latest.id == release.id);
        json!({
            "databaseId": release.id, "name": release.title, "tagName": release.tag,
            "isDraft": release.draft, "isPrerelease": release.prerelease, "isLatest": latest,
            "isImmutable": release.immutable,
            "createdAt": instant(release.created),
            "publishedAt": release.published.map(instant),
        })
    }
}

/// What a query names of a value.
fn named(value: &Value, query: &str) -> Value {
    let is_named = |key: &str| {
        query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == key)
    };
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| is_named(key));
            kept.map(|(key, value)| (key.clone(), named(value, query))).collect()
        }
        Value::Array(all) => all.iter().map(|one| named(one, query)).collect(),
        other => other.clone(),
    }
}
