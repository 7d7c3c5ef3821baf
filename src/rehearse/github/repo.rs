//! The repository as a whole, its settings, and who somebody is.

use serde_json::{Map, Value, json};

use super::access::{Holder, Level, Permission};
use super::rules::{self, Checked, missing, refuse};
use super::show::node;
use super::{Ask, Forge, Visibility, is_newest};
use crate::calendar::rfc3339;
use crate::rehearse::http::Response;

/// Addresses below the repository that the schema wants, with what follows it.
const ADDRESSES: &[(&str, &str)] = &[
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

/// What is counted, and is nothing here.
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

impl Forge {
    pub(super) fn show_repository(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let mut shown = self.whole_repository();
        let Value::Object(fields) = &mut shown else { return Err(missing()) };
        if let Some(token) = &ask.token {
            let write = token.may(Permission::Contents, Level::Write);
            let admin = token.may(Permission::Administration, Level::Write);
            let permissions = json!({
                "admin": admin, "maintain": admin, "push": write, "triage": write, "pull": true,
            });
            fields.insert("permissions".into(), permissions);
        }
        Ok(Response::json(200, &shown))
    }

    /// The repository (`full-repository`), but for what the asker may do there.
    pub(super) fn whole_repository(&self) -> Value {
        let mut shown = self.repository();
        if let Value::Object(fields) = &mut shown {
            self.add_details(fields);
        }
        shown
    }

    /// The repository in short (`minimal-repository`).
    pub(super) fn repository(&self) -> Value {
        let owner = Holder::User(self.names().0.to_owned());
        let id = self.settings.repository_id;
        let mut shown = json!({
            "id": id,
            "node_id": node("R", id),
            "name": self.names().1,
            "full_name": self.settings.repository,
            "private": self.visibility != Visibility::Public,
            "owner": self.account(&owner),
            "html_url": self.web(""),
            "description": null,
            "fork": false,
            "url": self.api(""),
        });
        if let Value::Object(fields) = &mut shown {
            for (name, rest) in ADDRESSES {
                fields.insert((*name).to_owned(), self.api(rest).into());
            }
        }
        shown
    }

    fn add_details(&self, fields: &mut Map<String, Value>) {
        for name in COUNTS {
            fields.insert((*name).to_owned(), 0.into());
        }
        for name in ["has_issues", "has_projects", "has_wiki"] {
            fields.insert(name.to_owned(), true.into());
        }
        for name in ["has_pages", "has_discussions", "archived", "disabled", "is_template"] {
            fields.insert(name.to_owned(), false.into());
        }
        for name in ["mirror_url", "homepage", "language", "license"] {
            fields.insert(name.to_owned(), Value::Null);
        }
        let host = self.settings.web.split("://").last().unwrap_or_default();
        let path = format!("{host}/{}", self.settings.repository);
        let branch = format!("refs/heads/{}", self.default_branch);
        let pushed = self.git().commit(&branch).map_or(0, |commit| commit.date);
        let visibility = match self.visibility {
            Visibility::Public => "public",
            Visibility::Private => "private",
            Visibility::Internal => "internal",
        };
        let more = [
            ("git_url", format!("git://{path}.git")),
            ("ssh_url", format!("git@{host}:{}.git", self.settings.repository)),
            ("clone_url", self.web(".git")),
            ("svn_url", self.web("")),
            ("default_branch", self.default_branch.clone()),
            ("visibility", visibility.to_owned()),
            ("pushed_at", rfc3339(pushed)),
            ("created_at", rfc3339(0)),
            ("updated_at", rfc3339(pushed)),
        ];
        fields.extend(more.map(|(name, value)| (name.to_owned(), value.into())));
    }

    pub(super) fn show_immutability(&mut self, _: &Ask<'_>) -> Checked<Response> {
        if !self.shelf.immutable {
            return Err(missing());
        }
        Ok(Response::json(200, &json!({ "enabled": true, "enforced_by_owner": false })))
    }

    pub(super) fn show_limits(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let core = self.limits.standing(ask.token.as_ref(), ask.at).shown();
        let search = json!({ "limit": 30, "used": 0, "remaining": 30, "reset": ask.at + 60 });
        let mut body = json!({
            "resources": { "core": core, "graphql": core, "search": search },
        });
        if let (Value::Object(fields), false) = (&mut body, is_newest(ask.request)) {
            fields.insert("rate".into(), core);
        }
        Ok(Response::json(200, &body))
    }

    /// The run's token is no person's.
    pub(super) fn show_user(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let token = ask.token.as_ref();
        match token.map(|token| &token.holder) {
            None => Err(refuse(401, rules::AUTHENTICATION, "Requires authentication")),
            Some(Holder::Run) => {
                let message = "Resource not accessible by integration";
                Err(refuse(403, rules::PERMISSION, message))
            }
            Some(user) => {
                let mut shown = self.account(user);
                if let Value::Object(fields) = &mut shown {
                    for name in ["name", "company", "email", "hireable", "location", "bio"] {
                        fields.insert(name.to_owned(), Value::Null);
                    }
                    for name in ["public_repos", "public_gists", "followers", "following"] {
                        fields.insert(name.to_owned(), 0.into());
                    }
                    fields.insert("blog".into(), "".into());
                    for name in ["created_at", "updated_at"] {
                        fields.insert(name.to_owned(), rfc3339(0).into());
                    }
                }
                Ok(Response::json(200, &shown))
            }
        }
    }
}
