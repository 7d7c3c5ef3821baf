//! Notes that the forge writes: what was merged since the release before, and a link to all changes.
//!
//! Form as of the real ones without a configuration. New contributors are not named.

use serde_json::json;

use super::body::Body;
use super::pulls::Merged;
use super::rules::{self, Checked, refuse};
use super::shelf::{Fields, Release};
use super::{Ask, Forge};
use crate::rehearse::http::Response;
use crate::rehearse::repository::Commit;

impl Forge {
    pub(super) fn generate_notes(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let body = Body::of(ask.request)?;
        let tag = body.needed("tag_name")?;
        let target = body.text("target_commitish")?.unwrap_or(&self.default_branch);
        let previous = body.text("previous_tag_name")?;
        let (name, text) = self.notes(tag, target, previous)?;
        Ok(Response::json(200, &json!({ "name": name, "body": text })))
    }

    /// Puts notes below the words that a release has.
    pub(super) fn add_notes(&self, fields: &mut Fields) -> Checked<()> {
        let (name, text) = self.notes(&fields.tag, &fields.target, None)?;
        fields.name.get_or_insert(name);
        fields.body = Some(match fields.body.take().filter(|body| !body.is_empty()) {
            Some(body) => format!("{body}\n\n{text}"),
            None => text,
        });
        Ok(())
    }

    fn notes(&self, tag: &str, target: &str, previous: Option<&str>) -> Checked<(String, String)> {
        let tagged = self.git().commit(&format!("refs/tags/{tag}")).map(|commit| commit.sha);
        let why = "Invalid target_commitish parameter";
        let head = tagged
            .or_else(|| self.resolved(target))
            .ok_or_else(|| refuse(422, rules::NOTES_TARGET, why))?;
        let previous = previous.map(str::to_owned).or_else(|| self.released_before(tag));
        let git = self.git();
        let mut from = None;
        if let Some(previous) = &previous {
            let why = "Invalid previous_tag parameter";
            let found = git.commit(&format!("refs/tags/{previous}"));
            from = Some(found.ok_or_else(|| refuse(400, rules::PREVIOUS_TAG, why))?.sha);
        }
        let commits = git.log(from.as_deref(), &head);
        drop(git);
        let merged: Vec<String> = commits.iter().filter_map(|commit| self.line(commit)).collect();
        let changes = match &previous {
            Some(previous) => self.web(&format!("/compare/{previous}...{tag}")),
            None => self.web(&format!("/commits/{tag}")),
        };
        let changes = format!("**Full Changelog**: {changes}");
        let text = if merged.is_empty() {
            changes
        } else {
            format!("## What's Changed\n{}\n\n\n{changes}", merged.join("\n"))
        };
        Ok((tag.to_owned(), text))
    }

    /// The tag of the newest release that is not this one's.
    fn released_before(&self, tag: &str) -> Option<String> {
        let before = |release: &&&Release| !release.fields.draft && release.fields.tag != tag;
        self.newest().iter().find(before).map(|release| release.fields.tag.clone())
    }

    /// The line of the pull request that a commit merged.
    fn line(&self, commit: &Commit) -> Option<String> {
        let Merged { number, title, author } = self.merged(commit)?;
        Some(format!("* {title} by @{author} in {}", self.web(&format!("/pull/{number}"))))
    }
}
