//! Annotated tags as objects, and the list of tags.
//!
//! A tag object is no ref: it has to be pointed at. Nothing is signed here, and the repository keeps
//! no tagger, so that one is shown only where it was sent.

use serde_json::{Value, json};

use super::body::Body;
use super::rules::{self, Checked, missing, refuse};
use super::show::{escaped, node};
use super::{Ask, Forge};
use crate::calendar::rfc3339;
use crate::rehearse::http::Response;
use crate::rehearse::repository::{Object, Tag};

impl Forge {
    pub(super) fn create_tag(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let body = Body::of(ask.request)?;
        let name = body.needed("tag")?.to_owned();
        let message = body.needed("message")?.to_owned();
        let sha = body.sha("object")?.to_owned();
        body.needed("type")?;
        let kind = body.choice("type", &["commit", "tree", "blob"])?.unwrap_or("commit").to_owned();
        let given = body.object("tagger")?;
        let of = |field: &str| given?.get(field)?.as_str().map(str::to_owned);
        let login = Self::login(&ask.holder()).to_owned();
        let email = format!("{login}@users.noreply.github.com");
        let tagger = json!({
            "name": of("name").unwrap_or(login),
            "email": of("email").unwrap_or(email),
            "date": of("date").unwrap_or_else(|| rfc3339(ask.at)),
        });
        let mut tag = Tag { sha: String::new(), name, message, object: Object { sha, kind } };
        let made = self.git().make_tag(&tag);
        tag.sha = made.map_err(|_| refuse(422, rules::TAG_OBJECT, "Could not verify object"))?;
        let answer = Response::json(201, &self.annotated(&tag, &tagger));
        Ok(answer.with("location", self.api(&format!("/git/tags/{}", tag.sha))))
    }

    pub(super) fn show_tag(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let tag = self.git().tag(ask.arg(0)).ok_or_else(missing)?;
        let commit = self.git().commit(&tag.sha);
        let (name, date) = commit.map_or_else(Default::default, |one| (one.author, one.date));
        let tagger = json!({ "name": name, "email": "", "date": rfc3339(date) });
        Ok(Response::json(200, &self.annotated(&tag, &tagger)))
    }

    /// A tag object (`git-tag`).
    fn annotated(&self, tag: &Tag, tagger: &Value) -> Value {
        json!({
            "node_id": node("TA", &tag.sha),
            "sha": tag.sha,
            "url": self.api(&format!("/git/tags/{}", tag.sha)),
            "tagger": tagger,
            "object": self.object(&tag.object),
            "tag": tag.name,
            "message": tag.message,
            "verification": unsigned(),
        })
    }

    pub(super) fn list_tags(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let git = self.git();
        let mut found: Vec<(String, String)> = Vec::new();
        for (name, _) in git.refs("refs/tags/") {
            if let Some(commit) = git.commit(&name) {
                found.push((name.trim_start_matches("refs/tags/").to_owned(), commit.sha));
            }
        }
        drop(git);
        let shown = |(name, sha): &(String, String)| {
            let path = format!("refs/tags/{}", escaped(name));
            json!({
                "name": name,
                "zipball_url": self.api(&format!("/zipball/{path}")),
                "tarball_url": self.api(&format!("/tarball/{path}")),
                "commit": { "sha": sha, "url": self.api(&format!("/commits/{sha}")) },
                "node_id": node("REF", name),
            })
        };
        let all = found.iter().rev().map(shown).collect();
        Ok(self.listed(ask, "tags", all))
    }
}

/// What the API says of something without a signature.
pub(super) fn unsigned() -> Value {
    json!({
        "verified": false,
        "reason": "unsigned",
        "signature": null,
        "payload": null,
        "verified_at": null,
    })
}
