//! Refs and tags over the API.

use serde_json::{Value, json};

use super::access::{Area, Level, Token};
use super::rules::{self, Checked, not_found, refuse};
use super::{Forge, instant, object};
use crate::rehearse::http::{Request, Response};
use crate::rehearse::repository::{Commit, Object, Tag};

impl Forge {
    pub(super) fn of_git(
        &mut self,
        request: &Request,
        method: &str,
        path: &[&str],
        token: Option<&Token>,
    ) -> Checked<Response> {
        if method != "GET" {
            Self::may(token, Area::Contents, Level::Write)?;
        }
        match (method, path) {
            ("GET", ["ref", name @ ..]) => {
                let name = format!("refs/{}", name.join("/"));
                let object = self.git().find(&name).ok_or_else(not_found)?;
                Ok(Response::json(200, &self.shown_ref(&name, &object)))
            }
            ("GET", ["matching-refs", start @ ..]) => {
                let all = self.git().refs(&format!("refs/{}", start.join("/")));
                let shown = all.iter().map(|(name, object)| self.shown_ref(name, object)).collect();
                Ok(Response::json(200, &Value::Array(shown)))
            }
            ("GET", ["tags", sha]) => {
                let tag = self.git().tag(sha).ok_or_else(not_found)?;
                Ok(Response::json(200, &self.shown_tag(&tag)))
            }
            ("POST", ["refs"]) => self.make_ref(request),
            ("POST", ["tags"]) => self.make_tag(request),
            ("PATCH", ["refs", name @ ..]) => {
                self.move_ref(request, &format!("refs/{}", name.join("/")))
            }
            ("DELETE", ["refs", name @ ..]) => {
                let name = format!("refs/{}", name.join("/"));
                self.stays(&name)?;
                let mut git = self.git();
                if git.find(&name).is_none() {
                    return Err(refuse(422, rules::REF_NAME, "Reference does not exist"));
                }
                git.delete(&name).map_err(|why| refuse(422, rules::REF_NAME, why))?;
                Ok(Response::empty(204))
            }
            _ => Err(not_found()),
        }
    }

    /// Whether rules or immutable releases keep a ref where it is.
    fn stays(&self, name: &str) -> Checked<()> {
        let tag = name.trim_start_matches("refs/tags/");
        if self.releases.iter().any(|release| release.immutable && release.tag == tag) {
            let message = "Cannot change a tag that belongs to an immutable release";
            return Err(refuse(422, rules::IMMUTABLE_TAG, message));
        }
        if self.kept.iter().any(|start| name.starts_with(start)) {
            let message =
                "Repository rule violations found\n\nCannot update this protected ref.\n\n";
            return Err(refuse(422, rules::REF_RULESET, message));
        }
        Ok(())
    }

    fn make_ref(&mut self, request: &Request) -> Checked<Response> {
        let told = object(request)?;
        let text = |key: &str| told.get(key).and_then(Value::as_str).unwrap_or_default();
        let (name, sha) = (text("ref"), text("sha"));
        if !name.starts_with("refs/") || name.matches('/').count() < 2 {
            return Err(refuse(422, rules::REF_NAME, "Reference name is invalid"));
        }
        if self.burnt.contains(name.trim_start_matches("refs/tags/")) {
            let message = "tag name was used by an immutable release";
            return Err(refuse(422, rules::IMMUTABLE_TAG, message));
        }
        let mut git = self.git();
        if git.find(name).is_some() {
            return Err(refuse(422, rules::REF_EXISTS, "Reference already exists"));
        }
        git.set(name, sha).map_err(|_| refuse(422, rules::REF_OBJECT, "Object does not exist"))?;
        let object = git.find(name).ok_or_else(not_found)?;
        drop(git);
        Ok(Response::json(201, &self.shown_ref(name, &object)))
    }

    fn move_ref(&mut self, request: &Request, name: &str) -> Checked<Response> {
        let told = object(request)?;
        let sha = told.get("sha").and_then(Value::as_str).unwrap_or_default();
        let force = told.get("force").and_then(Value::as_bool).unwrap_or(false);
        self.stays(name)?;
        let mut git = self.git();
        let Some(old) = git.find(name) else {
            return Err(refuse(422, rules::REF_NAME, "Reference does not exist"));
        };
        if !force && git.log(Some(sha), &old.sha).iter().any(|commit| commit.sha == old.sha) {
            return Err(refuse(422, rules::REF_FORWARD, "Update is not a fast forward"));
        }
        git.set(name, sha).map_err(|_| refuse(422, rules::REF_OBJECT, "Object does not exist"))?;
        let object = git.find(name).ok_or_else(not_found)?;
        drop(git);
        Ok(Response::json(200, &self.shown_ref(name, &object)))
    }

    fn make_tag(&mut self, request: &Request) -> Checked<Response> {
        let told = object(request)?;
        let text = |key: &str| told.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let object = Object { sha: text("object"), kind: text("type") };
        let mut tag =
            Tag { sha: String::new(), name: text("tag"), message: text("message"), object };
        let made = self.git().make_tag(&tag);
        tag.sha = made.map_err(|_| refuse(422, rules::REF_OBJECT, "Object does not exist"))?;
        Ok(Response::json(201, &self.shown_tag(&tag)))
    }

    /// A commit by any of its names.
    pub(super) fn commit(&self, name: &str) -> Checked<Response> {
        let missing = || refuse(422, rules::REF_OBJECT, format!("No commit found for SHA: {name}"));
        let commit = self.git().commit(name).ok_or_else(missing)?;
        Ok(Response::json(200, &self.shown_commit(&commit)))
    }

    fn shown_commit(&self, commit: &Commit) -> Value {
        let who = json!({
            "name": commit.author, "email": "somebody@localhost", "date": instant(commit.date),
        });
        let shown = |sha: &str| {
            let (url, page) = (format!("/commits/{sha}"), format!("/commit/{sha}"));
            json!({ "sha": sha, "url": self.url(&url), "html_url": self.page(&page) })
        };
        let of_git = |kind: &str| self.url(&format!("/git/{kind}/{}", commit.sha));
        let mut whole = shown(&commit.sha);
        whole["node_id"] = format!("C_{}", commit.sha).into();
        whole["comments_url"] = self.url(&format!("/commits/{}/comments", commit.sha)).into();
        whole["parents"] = commit.parents.iter().map(|sha| shown(sha)).collect();
        // No account has the address that the commit was written with.
        whole["author"] = Value::Null;
        whole["committer"] = Value::Null;
        whole["commit"] = json!({
            "url": of_git("commits"), "message": commit.message, "author": who, "committer": who,
            "comment_count": 0,
            // A commit's name leads to its tree, whose own name is not known here.
            "tree": { "sha": commit.sha, "url": of_git("trees") },
        });
        whole
    }

    fn shown_ref(&self, name: &str, object: &Object) -> Value {
        json!({
            "ref": name,
            "node_id": format!("REF_{name}"),
            "url": self.url(&format!("/git/{name}")),
            "object": self.shown_object(object),
        })
    }

    fn shown_object(&self, object: &Object) -> Value {
        let url = self.url(&format!("/git/{}s/{}", object.kind, object.sha));
        json!({ "type": object.kind, "sha": object.sha, "url": url })
    }

    fn shown_tag(&self, tag: &Tag) -> Value {
        json!({
            "node_id": format!("TA_{}", tag.sha),
            "tag": tag.name,
            "sha": tag.sha,
            "url": self.url(&format!("/git/tags/{}", tag.sha)),
            "message": tag.message,
            "tagger": { "name": "rehearsal", "email": "rehearsal@localhost", "date": instant(0) },
            "object": self.shown_object(&tag.object),
            "verification": {
                "verified": false, "reason": "unsigned", "signature": null, "payload": null,
                "verified_at": null,
            },
        })
    }
}
