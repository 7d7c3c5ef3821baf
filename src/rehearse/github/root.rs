//! Where the API begins: the addresses that lead on from there, as templates (RFC 6570). Clients look
//! here whether a token is one.

use serde_json::{Map, Value};

use super::rules::Checked;
use super::{Ask, Forge};
use crate::rehearse::http::Response;

const SEARCH: &str = "?q={query}{&page,per_page,sort,order}";

/// Names with their places, in the order of the `OpenAPI` description; a search has its form besides.
const PLACES: &[(&str, &str)] = &[
    ("current_user_url", "/user"),
    ("authorizations_url", "/authorizations"),
    ("code_search_url", "/search/code"),
    ("commit_search_url", "/search/commits"),
    ("emails_url", "/user/emails"),
    ("emojis_url", "/emojis"),
    ("events_url", "/events"),
    ("feeds_url", "/feeds"),
    ("followers_url", "/user/followers"),
    ("following_url", "/user/following{/target}"),
    ("gists_url", "/gists{/gist_id}"),
    ("issue_search_url", "/search/issues"),
    ("issues_url", "/issues"),
    ("keys_url", "/user/keys"),
    ("label_search_url", "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}"),
    ("notifications_url", "/notifications"),
    ("organization_url", "/orgs/{org}"),
    ("organization_repositories_url", "/orgs/{org}/repos{?type,page,per_page,sort}"),
    ("organization_teams_url", "/orgs/{org}/teams"),
    ("public_gists_url", "/gists/public"),
    ("rate_limit_url", "/rate_limit"),
    ("repository_url", "/repos/{owner}/{repo}"),
    ("repository_search_url", "/search/repositories"),
    ("current_user_repositories_url", "/user/repos{?type,page,per_page,sort}"),
    ("starred_url", "/user/starred{/owner}{/repo}"),
    ("starred_gists_url", "/gists/starred"),
    ("topic_search_url", "/search/topics?q={query}{&page,per_page}"),
    ("user_url", "/users/{user}"),
    ("user_organizations_url", "/user/orgs"),
    ("user_repositories_url", "/users/{user}/repos{?type,page,per_page,sort}"),
    ("user_search_url", "/search/users"),
];

impl Forge {
    pub(super) fn show_root(&mut self, _: &Ask<'_>) -> Checked<Response> {
        let shown = |(name, place): &(&str, &str)| {
            let searches = place.starts_with("/search/") && !place.contains('?');
            let form = if searches { SEARCH } else { "" };
            ((*name).to_owned(), Value::from(format!("{}{place}{form}", self.settings.api)))
        };
        let mut body: Map<String, Value> = PLACES.iter().map(shown).collect();
        let page = format!("{}/settings/connections/applications{{/client_id}}", self.settings.web);
        body.insert("current_user_authorizations_html_url".into(), page.into());
        Ok(Response::json(200, &Value::Object(body)))
    }
}
