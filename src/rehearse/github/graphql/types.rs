//! The types of the GraphQL API, with those of their fields that exist here.
//!
//! One table says which fields a type has; introspection reads the same table. Names as in
//! <https://docs.github.com/graphql/reference/objects>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::parse::Field;
use crate::calendar::rfc3339;
use crate::rehearse::github::access::{Holder, Level, Permission};
use crate::rehearse::github::shelf::{Asset, Release};
use crate::rehearse::github::show::node as node_id;
use crate::rehearse::github::{Ask, Forge, Visibility};
use crate::rehearse::repository::Object;

/// Something that fields are asked of.
pub(super) enum Node<'a> {
    /// The top.
    Query,
    /// The repository.
    Repository,
    /// A release.
    Release(&'a Release),
    /// An asset of a release.
    Asset(&'a Release, &'a Asset),
    /// An account.
    Account(Holder),
    /// A ref.
    Ref(String, Object),
    /// What a ref points at.
    Target(Object),
    /// A part of a list, with the number of its first and of all.
    Connection(&'static str, Vec<Node<'a>>, usize, usize),
    /// Where a part of a list begins and ends, and of how many.
    PageInfo(usize, usize, usize),
    /// A type.
    Type(&'static str),
    /// A value, which has no fields.
    Plain(Value),
    /// Nodes.
    List(Vec<Node<'a>>),
    /// Nothing, with what is said of it.
    Missing(String),
}

const TYPES: &[(&str, &[&str])] = &[
    ("Query", &["__type", "repository", "viewer"]),
    (
        "Repository",
        &[
            "databaseId",
            "defaultBranchRef",
            "description",
            "hasDiscussionsEnabled",
            "hasIssuesEnabled",
            "hasProjectsEnabled",
            "hasWikiEnabled",
            "id",
            "isArchived",
            "isFork",
            "isPrivate",
            "latestRelease",
            "mergeCommitAllowed",
            "name",
            "nameWithOwner",
            "owner",
            "parent",
            "rebaseMergeAllowed",
            "ref",
            "release",
            "releases",
            "squashMergeAllowed",
            "url",
            "viewerPermission",
            "visibility",
        ],
    ),
    (
        "Release",
        &[
            "author",
            "createdAt",
            "databaseId",
            "description",
            "id",
            "immutable",
            "isDraft",
            "isLatest",
            "isPrerelease",
            "name",
            "publishedAt",
            "releaseAssets",
            "resourcePath",
            "tag",
            "tagName",
            "updatedAt",
            "url",
        ],
    ),
    (
        "ReleaseAsset",
        &[
            "contentType",
            "createdAt",
            "digest",
            "downloadCount",
            "downloadUrl",
            "id",
            "name",
            "size",
            "updatedAt",
            "url",
        ],
    ),
    ("User", &["id", "login", "url"]),
    ("Ref", &["id", "name", "prefix", "target"]),
    ("GitObject", &["id", "oid"]),
    ("ReleaseConnection", &["nodes", "pageInfo", "totalCount"]),
    ("ReleaseAssetConnection", &["nodes", "pageInfo", "totalCount"]),
    ("PageInfo", &["endCursor", "hasNextPage", "hasPreviousPage", "startCursor"]),
    ("__Type", &["fields", "name"]),
    ("__Field", &["name"]),
];

impl Node<'_> {
    /// The name of its type.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Node::Query => "Query",
            Node::Repository => "Repository",
            Node::Release(_) => "Release",
            Node::Asset(..) => "ReleaseAsset",
            Node::Account(_) => "User",
            Node::Ref(..) => "Ref",
            Node::Target(_) => "GitObject",
            Node::Connection(kind, ..) => kind,
            Node::PageInfo(..) => "PageInfo",
            Node::Type(_) => "__Type",
            Node::Plain(_) | Node::List(_) | Node::Missing(_) => "String",
        }
    }
}

fn plain<'a>(value: impl Into<Value>) -> Node<'a> {
    Node::Plain(value.into())
}

/// What a client is given to go on from.
fn cursor(number: usize) -> String {
    STANDARD.encode(format!("cursor:{number}"))
}

fn after(field: &Field) -> usize {
    let text = field.args.get("after").and_then(Value::as_str).unwrap_or_default();
    let text = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let number = text.as_deref().and_then(|text| text.strip_prefix("cursor:")?.parse().ok());
    number.unwrap_or_default()
}

/// The part of a list that a field asks for.
fn connection<'a>(
    kind: &'static str,
    field: &Field,
    all: Vec<Node<'a>>,
) -> Result<Node<'a>, String> {
    let first = field.args.get("first").and_then(Value::as_u64);
    let Some(first) = first.and_then(|first| usize::try_from(first).ok()) else {
        return Err(format!(
            "You must provide a `first` or `last` value to properly paginate the `{}` connection.",
            field.name
        ));
    };
    if first > 100 {
        return Err(format!(
            "Requesting {first} records on the `{}` connection exceeds the `first` limit of 100 \
             records.",
            field.name
        ));
    }
    let (start, total) = (after(field), all.len());
    let part = all.into_iter().skip(start).take(first).collect();
    Ok(Node::Connection(kind, part, start, total))
}

impl Forge {
    /// A field of a node.
    pub(super) fn field<'a>(
        &'a self,
        ask: &Ask<'_>,
        node: &Node<'a>,
        field: &Field,
    ) -> Result<Node<'a>, String> {
        let (kind, name) = (node.kind(), field.name.as_str());
        if name == "__typename" {
            return Ok(plain(kind));
        }
        let unknown = || format!("Field '{name}' doesn't exist on type '{kind}'");
        let known = TYPES.iter().find(|(one, _)| *one == kind).map_or(&[][..], |(_, names)| names);
        if !known.contains(&name) {
            return Err(unknown());
        }
        match node {
            Node::Query => self.of_query(ask, field),
            Node::Repository => self.of_repository(ask, field),
            Node::Release(release) => self.of_release(release, field),
            Node::Asset(release, asset) => Ok(self.of_asset(release, asset, name)),
            Node::Account(holder) => Ok(self.of_account(holder, name)),
            Node::Ref(whole, object) => Ok(of_ref(whole, object, name)),
            Node::Target(object) => Ok(match name {
                "oid" => plain(object.sha.clone()),
                _ => plain(node_id("C", &object.sha)),
            }),
            Node::Connection(_, part, start, total) => {
                Ok(of_connection(part, *start, *total, name))
            }
            Node::PageInfo(start, end, total) => Ok(match name {
                "hasNextPage" => plain(end < total),
                "hasPreviousPage" => plain(*start > 0),
                "startCursor" => plain((end > start).then(|| cursor(start + 1))),
                _ => plain((end > start).then(|| cursor(*end))),
            }),
            Node::Type(of) => Ok(match name {
                "name" => plain(*of),
                _ => {
                    let names = TYPES.iter().find(|(one, _)| one == of);
                    let names = names.map_or(&[][..], |(_, names)| names);
                    plain(names.iter().map(|name| json!({ "name": name })).collect::<Value>())
                }
            }),
            Node::Plain(_) | Node::List(_) | Node::Missing(_) => Err(unknown()),
        }
    }

    fn of_query<'a>(&'a self, ask: &Ask<'_>, field: &Field) -> Result<Node<'a>, String> {
        let text = |name: &str| field.args.get(name).and_then(Value::as_str).unwrap_or_default();
        match field.name.as_str() {
            "viewer" => Ok(Node::Account(ask.holder())),
            "__type" => {
                let found = TYPES.iter().find(|(name, _)| *name == text("name"));
                Ok(found.map_or(Node::Plain(Value::Null), |(name, _)| Node::Type(name)))
            }
            _ => {
                let name = format!("{}/{}", text("owner"), text("name"));
                let reads = (Permission::Contents, Level::Read);
                let seen = self.permit(ask.token.as_ref(), reads).is_ok();
                if seen && name.eq_ignore_ascii_case(&self.settings.repository) {
                    return Ok(Node::Repository);
                }
                let message = format!("Could not resolve to a Repository with the name '{name}'.");
                Ok(Node::Missing(message))
            }
        }
    }

    fn of_repository<'a>(&'a self, ask: &Ask<'_>, field: &Field) -> Result<Node<'a>, String> {
        let id = self.settings.repository_id;
        let text = |name: &str| field.args.get(name).and_then(Value::as_str).unwrap_or_default();
        let reference = |name: String| match self.git().find(&name) {
            Some(object) => Node::Ref(name, object),
            None => Node::Plain(Value::Null),
        };
        let seen = |release: &&Release| !release.fields.draft || ask.pushes();
        let may = |permission| {
            ask.token.as_ref().is_some_and(|token| token.may(permission, Level::Write))
        };
        Ok(match field.name.as_str() {
            "id" => plain(node_id("R", id)),
            "databaseId" => plain(id),
            "name" => plain(self.names().1),
            "nameWithOwner" => plain(self.settings.repository.clone()),
            "owner" => Node::Account(Holder::User(self.names().0.to_owned())),
            "url" => plain(self.web("")),
            "isPrivate" => plain(self.visibility != Visibility::Public),
            "isArchived" | "isFork" | "hasDiscussionsEnabled" => plain(false),
            name if name.starts_with("has") || name.ends_with("Allowed") => plain(true),
            "parent" | "description" => Node::Plain(Value::Null),
            "visibility" => plain(match self.visibility {
                Visibility::Public => "PUBLIC",
                Visibility::Private => "PRIVATE",
                Visibility::Internal => "INTERNAL",
            }),
            "viewerPermission" if may(Permission::Administration) => plain("ADMIN"),
            "viewerPermission" if may(Permission::Contents) => plain("WRITE"),
            "viewerPermission" => plain("READ"),
            "defaultBranchRef" => reference(format!("refs/heads/{}", self.default_branch)),
            "ref" => reference(text("qualifiedName").to_owned()),
            "latestRelease" => optional(self.shelf.latest()),
            "release" => {
                let tag = text("tagName");
                let drafts = self.shelf.releases.iter().filter(seen);
                let named = drafts.rev().find(|release| release.fields.tag == tag);
                optional(self.shelf.by_tag(tag).or(named))
            }
            _ => {
                let all = self.newest().into_iter().filter(seen).map(Node::Release);
                let mut all: Vec<Node<'_>> = all.collect();
                let order = field.args.get("orderBy").and_then(|order| order.get("direction"));
                if order.and_then(Value::as_str) == Some("ASC") {
                    all.reverse();
                }
                connection("ReleaseConnection", field, all)?
            }
        })
    }

    fn of_release<'a>(&'a self, release: &'a Release, field: &Field) -> Result<Node<'a>, String> {
        let fields = &release.fields;
        let shown = |name: &str| {
            let shown = self.release(release);
            plain(shown.get(name).cloned().unwrap_or_default())
        };
        Ok(match field.name.as_str() {
            "id" => shown("node_id"),
            "databaseId" => plain(release.id),
            "name" => plain(fields.name.clone()),
            "tagName" => plain(fields.tag.clone()),
            "description" => plain(fields.body.clone()),
            "isDraft" => plain(fields.draft),
            "isPrerelease" => plain(fields.prerelease),
            "isLatest" => plain(self.shelf.latest().is_some_and(|latest| latest.id == release.id)),
            "immutable" => plain(release.immutable),
            "createdAt" => plain(rfc3339(release.created)),
            "updatedAt" => plain(rfc3339(release.updated)),
            "publishedAt" => plain(release.published.map(rfc3339)),
            "url" => shown("html_url"),
            "resourcePath" => {
                let page = format!("/{}/releases/tag/{}", self.settings.repository, release.slug());
                plain(page)
            }
            "author" => Node::Account(release.author.clone()),
            "tag" => {
                let name = format!("refs/tags/{}", fields.tag);
                match self.git().find(&name) {
                    Some(object) => Node::Ref(name, object),
                    None => Node::Plain(Value::Null),
                }
            }
            _ => {
                let all = release.assets.iter().map(|asset| Node::Asset(release, asset)).collect();
                connection("ReleaseAssetConnection", field, all)?
            }
        })
    }

    fn of_asset<'a>(&'a self, release: &Release, asset: &Asset, name: &str) -> Node<'a> {
        const NAMES: &[(&str, &str)] = &[
            ("contentType", "content_type"),
            ("createdAt", "created_at"),
            ("downloadCount", "download_count"),
            ("downloadUrl", "browser_download_url"),
            ("id", "node_id"),
            ("updatedAt", "updated_at"),
        ];
        let same = NAMES.iter().find(|(here, _)| *here == name).map_or(name, |(_, rest)| rest);
        plain(self.asset(release, asset).get(same).cloned().unwrap_or_default())
    }

    fn of_account<'a>(&'a self, holder: &Holder, name: &str) -> Node<'a> {
        let same = match name {
            "id" => "node_id",
            "url" => "html_url",
            _ => "login",
        };
        plain(self.account(holder).get(same).cloned().unwrap_or_default())
    }
}

fn optional(release: Option<&Release>) -> Node<'_> {
    release.map_or(Node::Plain(Value::Null), Node::Release)
}

fn of_ref<'a>(whole: &str, object: &Object, name: &str) -> Node<'a> {
    let cut = whole.match_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
    match name {
        "id" => plain(node_id("REF", whole)),
        "name" => plain(&whole[cut..]),
        "prefix" => plain(&whole[..cut]),
        _ => Node::Target(object.clone()),
    }
}

fn of_connection<'a>(part: &[Node<'a>], start: usize, total: usize, name: &str) -> Node<'a> {
    let again = |node: &Node<'a>| match node {
        Node::Release(release) => Some(Node::Release(release)),
        Node::Asset(release, asset) => Some(Node::Asset(release, asset)),
        _ => None,
    };
    match name {
        "nodes" => Node::List(part.iter().filter_map(again).collect()),
        "pageInfo" => Node::PageInfo(start, start + part.len(), total),
        _ => plain(total),
    }
}
