//! The few GraphQL queries that GitHub's own client sends for releases.
//!
//! The whole answer is made, and what the query does not select is left out, since clients refuse what
//! they did not ask for. Turned down: GraphQL itself with its types, of which four queries are needed.

use serde_json::{Value, json};

use super::access::{Area, Level, Token};
use super::releases::Release;
use super::rules::{self, Checked, refuse};
use super::{Forge, instant, object};
use crate::rehearse::http::{Request, Response};

impl Forge {
    pub(super) fn graphql(&self, request: &Request, token: Option<&Token>) -> Checked<Response> {
        let Some(asker) = token else {
            let message = "This endpoint requires you to be authenticated.";
            return Err(refuse(401, rules::AUTHENTICATION, message));
        };
        let told = object(request)?;
        let query = told.get("query").and_then(Value::as_str).unwrap_or_default();
        let variables = told.get("variables").cloned().unwrap_or_default();
        let full = &self.settings.repository;
        let (owner, name) = full.split_once('/').unwrap_or((full, ""));
        if let (Some(owner), Some(name)) = (variables["owner"].as_str(), variables["name"].as_str())
            && self.visible((owner, name), token).is_err()
        {
            return Ok(unknown(&format!("{owner}/{name}")));
        }
        let pushes = Self::may(token, Area::Contents, Level::Write).is_ok();
        let tag =
            ["tagName", "qualifiedName", "tag"].iter().find_map(|key| variables[*key].as_str());
        let tag = tag.unwrap_or_default();
        let mut visible = self.releases.iter().rev().filter(|one| pushes || !one.draft);
        let nodes: Vec<Value> = visible.clone().map(|one| self.node(one)).collect();
        let release = visible.find(|one| one.tag == tag).map(|one| self.node(one));
        let tag =
            if tag.starts_with("refs/") { tag.to_owned() } else { format!("refs/tags/{tag}") };
        let found = self.git().find(&tag);
        let whole = json!({ "viewer": { "login": asker.login }, "repository": {
            "id": "R_2002", "name": name, "owner": { "login": owner, "id": "U_1001" },
            "nameWithOwner": full,
            "description": "", "hasIssuesEnabled": true, "hasWikiEnabled": false, "isPrivate": self.visibility != "public",
            "viewerPermission": if pushes { "WRITE" } else { "READ" },
            "defaultBranchRef": { "name": self.settings.default_branch },
            "parent": null, "mergeCommitAllowed": true, "rebaseMergeAllowed": true,
            "squashMergeAllowed": true,
            "ref": found.map(|object| json!({ "id": format!("REF_{tag}"), "name": tag, "target": { "oid": object.sha } })),
            "release": release,
            "releases": { "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } },
        }});
        Ok(Response::json(200, &json!({ "data": selected(&whole, &selection(query)) })))
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

/// There is no such repository, or nobody is told.
fn unknown(repository: &str) -> Response {
    let message = format!("Could not resolve to a Repository with the name '{repository}'.");
    let error = json!({ "type": "NOT_FOUND", "path": ["repository"], "message": message });
    Response::json(200, &json!({ "data": { "repository": null }, "errors": [error] }))
}

/// A field of a selection: its name in the answer, its own, and what is selected of it.
struct Field {
    shown: String,
    name: String,
    inner: Vec<Field>,
}

/// What a query selects: its arguments are left out.
fn selection(query: &str) -> Vec<Field> {
    let (mut depth, mut quoted, mut plain) = (0_usize, false, String::new());
    for c in query.chars() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ',' => plain.push(' '),
            '{' | '}' | ':' => plain.extend([' ', c, ' ']),
            _ => plain.push(c),
        }
    }
    let from = plain.find('{').map_or(plain.len(), |at| at + 1);
    fields(&mut plain[from..].split_whitespace())
}

fn fields<'a>(words: &mut impl Iterator<Item = &'a str>) -> Vec<Field> {
    let mut found: Vec<Field> = Vec::new();
    while let Some(word) = words.next().filter(|&word| word != "}") {
        match (word, found.last_mut()) {
            ("{", Some(last)) => last.inner = fields(words),
            (":", Some(last)) => words.next().unwrap_or_default().clone_into(&mut last.name),
            _ => found.push(Field { shown: word.into(), name: word.into(), inner: Vec::new() }),
        }
    }
    found
}

/// What is selected of a value.
fn selected(value: &Value, fields: &[Field]) -> Value {
    match value {
        Value::Object(map) => {
            let known = |field: &Field| {
                Some((field.shown.clone(), selected(map.get(&field.name)?, &field.inner)))
            };
            fields.iter().filter_map(known).collect()
        }
        Value::Array(all) => all.iter().map(|one| selected(one, fields)).collect(),
        other => other.clone(),
    }
}
