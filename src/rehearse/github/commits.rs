//! Commits, and how two of them stand to each other.
//!
//! No files and no statistics. The repository behind shows no trees, so that a commit's tree is named
//! by the commit, which git takes as well.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::paging::Page;
use super::rules::{self, Checked, missing, refuse};
use super::show::{escaped, node};
use super::tags::unsigned;
use super::{Ask, Forge};
use crate::calendar::rfc3339;
use crate::rehearse::http::Response;
use crate::rehearse::repository::Commit;

impl Forge {
    pub(super) fn show_commit(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let name = ask.arg(0);
        let Some(commit) = self.any(name) else {
            let message = format!("No commit found for SHA: {name}");
            return Err(refuse(422, rules::NO_COMMIT, message));
        };
        let accept = ask.request.header("accept").unwrap_or_default();
        if accept.contains("application/vnd.github.sha") {
            let kind = "application/vnd.github.sha; charset=utf-8";
            return Ok(Response::of(200, kind, commit.sha.into_bytes()));
        }
        Ok(Response::json(200, &self.commit(&commit)))
    }

    /// The commit of a branch, a tag, a ref or an object name.
    fn any(&self, name: &str) -> Option<Commit> {
        let git = self.git();
        let refs = ["refs/heads/", "refs/tags/", "refs/", ""];
        refs.iter().find_map(|start| git.commit(&format!("{start}{name}")))
    }

    pub(super) fn compare(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let (base, head) = ask.arg(0).split_once("...").ok_or_else(missing)?;
        let from = self.any(base).ok_or_else(missing)?;
        let to = self.any(head).ok_or_else(missing)?;
        let git = self.git();
        let mut ahead = git.log(Some(&from.sha), &to.sha);
        let behind = git.log(Some(&to.sha), &from.sha).len();
        let reached: BTreeSet<String> =
            git.log(None, &from.sha).into_iter().map(|commit| commit.sha).collect();
        let common = git.log(None, &to.sha).into_iter().find(|one| reached.contains(&one.sha));
        drop(git);
        let common = common.ok_or_else(missing)?;
        let status = match (ahead.len(), behind) {
            (0, 0) => "identical",
            (_, 0) => "ahead",
            (0, _) => "behind",
            _ => "diverged",
        };
        ahead.reverse();
        let count = ahead.len();
        let shown = ahead.iter().map(|commit| self.commit(commit)).collect();
        let path = escaped(&format!("{base}...{head}"));
        let page = self.web(&format!("/compare/{path}"));
        let body = json!({
            "url": self.api(&format!("/compare/{path}")),
            "html_url": page,
            "permalink_url": self.web(&format!("/compare/{}...{}", from.sha, to.sha)),
            "diff_url": format!("{page}.diff"),
            "patch_url": format!("{page}.patch"),
            "base_commit": self.commit(&from),
            "merge_base_commit": self.commit(&common),
            "status": status,
            "ahead_by": count,
            "behind_by": behind,
            "total_commits": count,
            "commits": Page::of(ask).cut(shown),
            "files": [],
        });
        Ok(Response::json(200, &body))
    }

    /// A commit (`commit`).
    fn commit(&self, commit: &Commit) -> Value {
        let sha = &commit.sha;
        let person = json!({ "name": commit.author, "email": "", "date": rfc3339(commit.date) });
        let parents: Vec<Value> = commit
            .parents
            .iter()
            .map(|sha| {
                json!({
                    "sha": sha,
                    "url": self.api(&format!("/commits/{sha}")),
                    "html_url": self.web(&format!("/commit/{sha}")),
                })
            })
            .collect();
        json!({
            "sha": sha,
            "node_id": node("C", sha),
            "commit": {
                "author": person,
                "committer": person,
                "message": commit.message,
                "tree": { "sha": sha, "url": self.api(&format!("/git/trees/{sha}")) },
                "url": self.api(&format!("/git/commits/{sha}")),
                "comment_count": 0,
                "verification": unsigned(),
            },
            "url": self.api(&format!("/commits/{sha}")),
            "html_url": self.web(&format!("/commit/{sha}")),
            "comments_url": self.api(&format!("/commits/{sha}/comments")),
            "author": null,
            "committer": null,
            "parents": parents,
        })
    }
}
