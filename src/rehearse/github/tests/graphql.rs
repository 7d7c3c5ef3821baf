//! GraphQL, with the queries of `gh` as it sends them.

use serde_json::{Value, json};

use super::world::*;
use crate::rehearse::http::Response;

pub(super) fn send(world: &mut World, query: &str, variables: &Value) -> Response {
    let body = json!({ "query": query, "variables": variables });
    world.send(&request("POST", "api.forge.example", "/graphql").with(RUN).json(&body))
}

#[track_caller]
fn data(world: &mut World, query: &str, variables: &Value) -> Value {
    let answer = send(world, query, variables);
    let body = body(&answer);
    assert!(answer.status == 200 && body.get("errors").is_none(), "{body}");
    body["data"].clone()
}

const BY_TAG: &str = "query RepositoryReleaseByTag($name:String!$owner:String!$tagName:String!){repository(owner: $owner, name: $name){release(tagName: $tagName){databaseId,isDraft}}}";
const LIST: &str = "query RepositoryReleaseList($direction:OrderDirection!$endCursor:String$name:String!$owner:String!$perPage:Int!){repository(owner: $owner, name: $name){releases(first: $perPage, orderBy: {field: CREATED_AT, direction: $direction}, after: $endCursor){nodes{name,tagName,isDraft,isLatest,isPrerelease,createdAt,publishedAt},pageInfo{hasNextPage,endCursor}}}}";
const REF: &str = "query RepositoryFindRef($name:String!$owner:String!$tagName:String!){repository(owner: $owner, name: $name){ref(qualifiedName: $tagName){id}}}";
const NETWORK: &str = "
    fragment repo on Repository {
        id
        name
        owner { login }
        viewerPermission
        defaultBranchRef {
            name
        }
        isPrivate
    }
    query RepositoryNetwork {
        viewer { login }

        repo_000: repository(owner: \"acme\", name: \"widget\") {
            ...repo
            parent {
                ...repo
            }
        }

        repo_001: repository(owner: \"acme\", name: \"gadget\") {
            ...repo
        }
    }
";

#[test]
fn a_release_is_found_by_its_tag_whether_it_is_a_draft_or_not() {
    let mut w = world();
    let by = |tag: &str| json!({ "owner": "acme", "name": "widget", "tagName": tag });
    assert_eq!(data(&mut w, BY_TAG, &by("v1"))["repository"]["release"], Value::Null);
    let draft = w.release(&json!({ "tag_name": "v1", "draft": true }));
    let wanted = json!({ "databaseId": draft["id"], "isDraft": true });
    assert_eq!(data(&mut w, BY_TAG, &by("v1"))["repository"]["release"], wanted);
    let published = w.published("v1");
    let wanted = json!({ "databaseId": published["id"], "isDraft": false });
    assert_eq!(data(&mut w, BY_TAG, &by("v1"))["repository"]["release"], wanted);
}

#[test]
fn releases_are_listed_page_by_page() {
    let mut w = world();
    for tag in ["v1", "v2", "v3"] {
        w.published(tag);
    }
    let mut variables = json!({
        "owner": "acme", "name": "widget", "perPage": 2, "endCursor": null, "direction": "DESC",
    });
    let first = data(&mut w, LIST, &variables)["repository"]["releases"].clone();
    assert_eq!(first["nodes"][0]["tagName"], "v3");
    assert_eq!(first["nodes"][0]["isLatest"], true);
    assert_eq!(first["nodes"][1]["isLatest"], false);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    variables["endCursor"] = first["pageInfo"]["endCursor"].clone();
    let rest = data(&mut w, LIST, &variables)["repository"]["releases"].clone();
    assert_eq!(rest["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(rest["nodes"][0]["tagName"], "v1");
    assert_eq!(rest["pageInfo"]["hasNextPage"], false);
    variables["endCursor"] = Value::Null;
    variables["direction"] = "ASC".into();
    let turned = data(&mut w, LIST, &variables);
    assert_eq!(turned["repository"]["releases"]["nodes"][0]["tagName"], "v1");
}

#[test]
fn a_ref_is_found_by_its_whole_name() {
    let mut w = world();
    let by = |tag: &str| json!({ "owner": "acme", "name": "widget", "tagName": tag });
    let found = data(&mut w, REF, &by("refs/tags/v0.1.0"));
    assert!(found["repository"]["ref"]["id"].as_str().is_some_and(|id| !id.is_empty()));
    assert_eq!(data(&mut w, REF, &by("refs/tags/none"))["repository"]["ref"], Value::Null);
}

#[test]
fn an_unknown_repository_is_told_beside_what_is_known() {
    let mut w = world();
    let answer = body(&send(&mut w, NETWORK, &Value::Object(serde_json::Map::new())));
    let known = &answer["data"]["repo_000"];
    assert_eq!((&known["name"], &known["parent"]), (&json!("widget"), &Value::Null));
    assert_eq!(known["owner"]["login"], "acme");
    assert_eq!(known["viewerPermission"], "WRITE");
    assert_eq!(known["defaultBranchRef"]["name"], "main");
    assert_eq!(answer["data"]["viewer"]["login"], "github-actions[bot]");
    assert_eq!(answer["data"]["repo_001"], Value::Null);
    assert_eq!(answer["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(answer["errors"][0]["path"], json!(["repo_001"]));
}

#[test]
fn a_workflow_is_dispatched_on_the_default_branch_that_a_query_tells() {
    let mut w = world();
    let query = "fragment repo on Repository { id name owner { login } hasIssuesEnabled description hasWikiEnabled viewerPermission defaultBranchRef { name } } query RepositoryInfo($owner: String!, $name: String!) { repository(owner: $owner, name: $name) { ...repo parent { ...repo } mergeCommitAllowed rebaseMergeAllowed squashMergeAllowed } }";
    let found = data(&mut w, query, &json!({ "owner": "acme", "name": "widget" }));
    assert_eq!(found["repository"]["defaultBranchRef"]["name"], "main");
    assert_eq!(found["repository"]["hasIssuesEnabled"], true);
}

#[test]
fn types_tell_the_fields_that_they_have() {
    let mut w = world();
    let query = "query Release_fields{Release: __type(name: \"Release\"){fields(includeDeprecated: true){name}}, None: __type(name: \"None\"){name}}";
    let found = data(&mut w, query, &json!({}));
    let names = found["Release"]["fields"].as_array().unwrap();
    assert!(names.contains(&json!({ "name": "immutable" })), "{names:?}");
    assert_eq!(found["None"], Value::Null);
}

#[test]
fn assets_hang_below_their_release() {
    let mut w = world();
    let draft = w.release(&json!({ "tag_name": "v1", "draft": true }));
    w.upload(&draft, "a.whl", b"abc");
    let query = "{ repository(owner: \"acme\", name: \"widget\") { __typename release(tagName: \"v1\") { author { login } releaseAssets(first: 1) { totalCount nodes { name size digest } } } } }";
    let found = data(&mut w, query, &json!({}))["repository"].clone();
    assert_eq!(found["__typename"], "Repository");
    let assets = &found["release"]["releaseAssets"];
    assert_eq!((&assets["totalCount"], &assets["nodes"][0]["size"]), (&json!(1), &json!(3)));
    assert!(assets["nodes"][0]["digest"].as_str().unwrap().starts_with("sha256:"));
}
