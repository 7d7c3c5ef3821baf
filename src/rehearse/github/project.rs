//! The repository itself: who may see it, its environments, what may be started by hand.

use serde_json::{Map, Value, json};

use super::access::{Area, Level, Token};
use super::rules::{self, Checked, not_found, refuse};
use super::setup::Environment;
use super::{Forge, instant, object};
use crate::rehearse::http::{Request, Response};

/// Parts of the repository that have an address of their own in the API, as templates.
const PARTS: &[(&str, &str)] = &[
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];
const COUNTS: &[&str] = &[
    "forks",
    "forks_count",
    "network_count",
    "open_issues",
    "open_issues_count",
    "size",
    "stargazers_count",
    "subscribers_count",
    "watchers",
    "watchers_count",
];
const UNKNOWN: &[&str] = &["description", "homepage", "language", "license", "mirror_url"];
const SWITCHES: &[(&str, bool)] = &[
    ("archived", false),
    ("disabled", false),
    ("fork", false),
    ("has_discussions", false),
    ("has_issues", true),
    ("has_pages", false),
    ("has_projects", false),
    ("has_wiki", false),
];

impl Forge {
    pub(super) fn root(&self) -> Response {
        let url = format!("{}/repos/{{owner}}/{{repo}}", self.settings.api);
        Response::json(200, &json!({ "repository_url": url }))
    }

    pub(super) fn project(&self, token: Option<&Token>) -> Response {
        let full = &self.settings.repository;
        let (owner, name) = full.split_once('/').unwrap_or((full, ""));
        let mut shown = Map::new();
        for (key, path) in PARTS {
            shown.insert((*key).to_owned(), self.url(path).into());
        }
        shown.extend(COUNTS.iter().map(|key| ((*key).to_owned(), 0.into())));
        shown.extend(UNKNOWN.iter().map(|key| ((*key).to_owned(), Value::Null)));
        shown.extend(SWITCHES.iter().map(|(key, on)| ((*key).to_owned(), (*on).into())));
        for key in ["created_at", "updated_at", "pushed_at"] {
            shown.insert(key.into(), instant(0).into());
        }
        let pushes = Self::may(token, Area::Contents, Level::Write).is_ok();
        let site = self.settings.web.trim_start_matches("https://");
        let rest = json!({
            "id": 2002, "node_id": "R_2002", "name": name, "full_name": full,
            "owner": self.account(owner),
            "private": self.visibility != "public", "visibility": self.visibility,
            "default_branch": self.settings.default_branch,
            "url": self.url(""), "html_url": self.page(""), "svn_url": self.page(""),
            "clone_url": self.page(".git"), "git_url": format!("git://{site}/{full}.git"),
            "ssh_url": format!("git@{site}:{full}.git"),
            "permissions": { "admin": false, "maintain": false, "push": pushes, "triage": pushes,
                             "pull": true },
        });
        if let Value::Object(rest) = rest {
            shown.extend(rest);
        }
        Response::json(200, &Value::Object(shown))
    }

    /// An account by its name.
    pub(super) fn account(&self, login: &str) -> Value {
        const PARTS: &[(&str, &str)] = &[
            ("events_url", "/events{/privacy}"),
            ("followers_url", "/followers"),
            ("following_url", "/following{/other_user}"),
            ("gists_url", "/gists{/gist_id}"),
            ("organizations_url", "/orgs"),
            ("received_events_url", "/received_events"),
            ("repos_url", "/repos"),
            ("starred_url", "/starred{/owner}{/repo}"),
            ("subscriptions_url", "/subscriptions"),
            ("url", ""),
        ];
        let is_bot = login.ends_with("[bot]");
        let mut shown = Map::new();
        for (key, path) in PARTS {
            let url = format!("{}/users/{login}{path}", self.settings.api);
            shown.insert((*key).to_owned(), url.into());
        }
        let rest = json!({
            "login": login, "id": if is_bot { 41_898_282 } else { 1001 },
            "node_id": format!("U_{login}"), "gravatar_id": "", "site_admin": false,
            "avatar_url": format!("{}/{login}.png", self.settings.web),
            "html_url": format!("{}/{login}", self.settings.web),
            "type": if is_bot { "Bot" } else { "User" }, "user_view_type": "public",
        });
        if let Value::Object(rest) = rest {
            shown.extend(rest);
        }
        Value::Object(shown)
    }

    pub(super) fn user(&self, token: Option<&Token>) -> Checked<Response> {
        let Some(token) = token else {
            return Err(refuse(401, rules::AUTHENTICATION, "Requires authentication"));
        };
        if token.login.ends_with("[bot]") {
            let message = "Resource not accessible by integration";
            return Err(refuse(403, rules::PERMISSION, message));
        }
        let mut shown = self.account(&token.login);
        for key in ["bio", "blog", "company", "email", "hireable", "location", "name"] {
            shown[key] = Value::Null;
        }
        for key in ["followers", "following", "public_gists", "public_repos"] {
            shown[key] = 0.into();
        }
        for key in ["created_at", "updated_at"] {
            shown[key] = instant(0).into();
        }
        Ok(Response::json(200, &shown))
    }

    pub(super) fn rate_limit(&self, at: u64) -> Response {
        let (used, reset) =
            self.window.as_ref().map_or((0, at), |window| (window.used, window.ends));
        let remaining = self.limit.saturating_sub(used);
        let core =
            json!({ "limit": self.limit, "remaining": remaining, "reset": reset, "used": used });
        Response::json(200, &json!({ "resources": { "core": core, "search": core }, "rate": core }))
    }

    pub(super) fn environments(&self) -> Response {
        let all: Vec<Value> =
            self.environments.iter().map(|(name, one)| self.shown_environment(name, one)).collect();
        Response::json(200, &json!({ "total_count": all.len(), "environments": all }))
    }

    pub(super) fn environment(&self, name: &str) -> Checked<Response> {
        let found = self.environments.get(name).ok_or_else(not_found)?;
        Ok(Response::json(200, &self.shown_environment(name, found)))
    }

    fn shown_environment(&self, name: &str, environment: &Environment) -> Value {
        let rule =
            |id: u64, kind: &str| json!({ "id": id, "node_id": format!("GA_{id}"), "type": kind });
        let mut rules = Vec::new();
        if environment.wait > 0 {
            let mut wait = rule(1, "wait_timer");
            wait["wait_timer"] = environment.wait.into();
            rules.push(wait);
        }
        if environment.reviewed {
            let mut review = rule(2, "required_reviewers");
            let owner = self.settings.repository.split('/').next().unwrap_or_default();
            review["prevent_self_review"] = false.into();
            review["reviewers"] = json!([{ "type": "User", "reviewer": self.account(owner) }]);
            rules.push(review);
        }
        if environment.restricted {
            rules.push(rule(3, "branch_policy"));
        }
        let policy = environment
            .restricted
            .then(|| json!({ "protected_branches": false, "custom_branch_policies": true }));
        json!({
            "id": 1, "node_id": "EN_1", "name": name,
            "url": self.url(&format!("/environments/{name}")),
            "html_url": self.page("/deployments/activity_log"),
            "created_at": instant(0), "updated_at": instant(0),
            "protection_rules": rules, "deployment_branch_policy": policy,
        })
    }

    pub(super) fn immutability(&self, token: Option<&Token>) -> Checked<Response> {
        Self::may(token, Area::Contents, Level::Read)?;
        if !self.immutable {
            return Err(not_found());
        }
        Ok(Response::json(200, &json!({ "enabled": true, "enforced_by_owner": false })))
    }

    pub(super) fn dispatch(
        &mut self,
        request: &Request,
        file: &str,
        token: Option<&Token>,
    ) -> Checked<Response> {
        Self::may(token, Area::Actions, Level::Write)?;
        let told = object(request)?;
        let inputs = self.workflows.get(file).ok_or_else(not_found)?;
        let branch = told.get("ref").and_then(Value::as_str).unwrap_or_default();
        if self.git().commit(branch).is_none() {
            let message = format!("No ref found for: {branch}");
            return Err(refuse(422, rules::DISPATCH_TRIGGER, message));
        }
        let given = told.get("inputs").and_then(Value::as_object).cloned().unwrap_or_default();
        let strange: Vec<String> = given
            .keys()
            .filter(|name| !inputs.contains(name))
            .map(|name| format!("{name:?}"))
            .collect();
        if !strange.is_empty() {
            let message = format!("Unexpected inputs provided: [{}]", strange.join(", "));
            return Err(refuse(422, rules::DISPATCH_INPUTS, message));
        }
        self.dispatched += 1;
        if told.get("return_run_details") != Some(&Value::Bool(true)) {
            return Ok(Response::empty(204));
        }
        let run = 3003 + self.dispatched;
        Ok(Response::json(
            200,
            &json!({
                "workflow_run_id": run,
                "run_url": self.url(&format!("/actions/runs/{run}")),
                "html_url": self.page(&format!("/actions/runs/{run}")),
            }),
        ))
    }
}
