//! Notes that the forge writes itself: what came since the release before.
//!
//! There are no pull requests here, so that the list is empty, as it is for work that was pushed.

use serde_json::{Value, json};

use super::rules::{self, Checked, invalid};
use super::{Forge, object};
use crate::rehearse::http::{Request, Response};

impl Forge {
    pub(super) fn generate_notes(&mut self, request: &Request) -> Checked<Response> {
        let told = object(request)?;
        let text = |key: &str| told.get(key).and_then(Value::as_str);
        let Some(tag) = text("tag_name").filter(|tag| !tag.is_empty()) else {
            return Err(invalid(rules::TAG_MISSING, "Release", "tag_name", "missing_field"));
        };
        let target = text("target_commitish").unwrap_or(&self.settings.default_branch);
        let body = self.notes(tag, target, text("previous_tag_name"));
        Ok(Response::json(200, &json!({ "name": tag, "body": body })))
    }

    /// The notes of a tag, or of what will get it.
    pub(super) fn notes(&self, tag: &str, target: &str, previous: Option<&str>) -> String {
        let git = self.git();
        let at = |tag: &str| git.find(&format!("refs/tags/{tag}")).is_some();
        let to = if at(tag) { tag } else { target };
        let told = previous.filter(|previous| at(previous)).map(str::to_owned);
        let reached = |name: &str| {
            git.commit(name)
                .is_some_and(|commit| git.log(None, to).iter().any(|found| found.sha == commit.sha))
        };
        let before = || {
            let published = self.releases.iter().rev().filter(|one| !one.draft && one.tag != tag);
            published.map(|one| one.tag.clone()).find(|tag| reached(tag))
        };
        let link = match told.or_else(before) {
            Some(before) => self.page(&format!("/compare/{before}...{tag}")),
            None => self.page(&format!("/commits/{tag}")),
        };
        format!("**Full Changelog**: {link}")
    }
}
