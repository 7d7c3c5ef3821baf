//! Pull requests, as far as commits tell of them: by their merges, and by `(#1)` at the end of a first line.
//!
//! They are read only, and merged all. Which commits a merge brought with it is not looked up: a pull request is
//! known by the commit that it ended as. Labels are those that were told before.

use serde_json::{Value, json};

use super::access::Holder;
use super::rules::{self, Checked, refuse};
use super::show::node;
use super::{Ask, Forge};
use crate::calendar::rfc3339;
use crate::rehearse::http::Response;
use crate::rehearse::repository::Commit;

/// What a commit tells of the pull request that it merged.
pub(super) struct Merged {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) author: String,
}

impl Forge {
    /// The pull request that a commit merged. Who wrote a squashed one is not in the repository: it counts as
    /// the owner's.
    pub(super) fn merged(&self, commit: &Commit) -> Option<Merged> {
        let mut lines = commit.message.lines();
        let first = lines.next()?;
        let (title, number, author) = match first.strip_prefix("Merge pull request #") {
            Some(rest) => {
                let (number, source) = rest.split_once(" from ")?;
                let author = source.split('/').next()?;
                let title = lines.find(|line| !line.trim().is_empty()).unwrap_or(source);
                (title, number, author)
            }
            None => {
                let (title, rest) = first.rsplit_once(" (#")?;
                (title, rest.strip_suffix(')')?, self.names().0)
            }
        };
        let (title, author) = (title.to_owned(), author.to_owned());
        Some(Merged { number: number.parse().ok()?, title, author })
    }

    pub(super) fn list_pulls_of_commit(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let name = ask.arg(0);
        let Some(commit) = self.git().commit(name) else {
            let message = format!("No commit found for SHA: {name}");
            return Err(refuse(422, rules::NO_COMMIT, message));
        };
        let merged = self.merged(&commit);
        let shown: Vec<Value> = merged.iter().map(|merged| self.pull(merged, &commit)).collect();
        Ok(Response::json(200, &Value::Array(shown)))
    }

    /// A pull request (`pull-request-simple`).
    fn pull(&self, merged: &Merged, commit: &Commit) -> Value {
        let Merged { number, title, author } = merged;
        let user = self.account(&Holder::User(author.clone()));
        let api = self.api(&format!("/pulls/{number}"));
        let issue = self.api(&format!("/issues/{number}"));
        let page = self.web(&format!("/pull/{number}"));
        let statuses = self.api(&format!("/statuses/{}", commit.sha));
        let links = [
            ("self", api.clone()),
            ("html", page.clone()),
            ("issue", issue.clone()),
            ("comments", format!("{issue}/comments")),
            ("review_comments", format!("{api}/comments")),
            ("review_comment", self.api("/pulls/comments{/number}")),
            ("commits", format!("{api}/commits")),
            ("statuses", statuses.clone()),
        ];
        let links: serde_json::Map<String, Value> =
            links.into_iter().map(|(name, href)| (name.into(), json!({ "href": href }))).collect();
        json!({
            "url": api,
            "id": number,
            "node_id": node("PR", number),
            "html_url": page,
            "diff_url": format!("{page}.diff"),
            "patch_url": format!("{page}.patch"),
            "issue_url": issue,
            "commits_url": format!("{api}/commits"),
            "review_comments_url": format!("{api}/comments"),
            "review_comment_url": self.api("/pulls/comments{/number}"),
            "comments_url": format!("{issue}/comments"),
            "statuses_url": statuses,
            "number": number,
            "state": "closed",
            "locked": false,
            "title": title,
            "user": user,
            "body": null,
            "labels": self.labels_of(*number),
            "milestone": null,
            "created_at": rfc3339(commit.date),
            "updated_at": rfc3339(commit.date),
            "closed_at": rfc3339(commit.date),
            "merged_at": rfc3339(commit.date),
            "merge_commit_sha": commit.sha,
            "assignee": null,
            "head": self.end(&format!("pull-{number}"), &user, commit),
            "base": self.end(&self.default_branch, &user, commit),
            "_links": links,
            "author_association": "CONTRIBUTOR",
            "auto_merge": null,
        })
    }

    /// One of the two branches of a pull request.
    fn end(&self, branch: &str, user: &Value, commit: &Commit) -> Value {
        let mut repository = self.whole_repository();
        if let Value::Object(fields) = &mut repository {
            // Here it is a `repository`, and no `full-repository`.
            fields.insert("has_downloads".into(), true.into());
            for count in ["network_count", "subscribers_count"] {
                fields.remove(count);
            }
        }
        json!({
            "label": format!("{}:{branch}", self.names().0),
            "ref": branch,
            "repo": repository,
            "sha": commit.sha,
            "user": user,
        })
    }

    fn labels_of(&self, number: u64) -> Vec<Value> {
        let names = self.labels.get(&number).into_iter().flatten();
        let label = |name: &String| {
            json!({
                "id": name.len(),
                "node_id": node("LA", name),
                "url": self.api(&format!("/labels/{}", super::show::escaped(name))),
                "name": name,
                "description": null,
                "color": "ededed",
                "default": false,
            })
        };
        names.map(label).collect()
    }
}
