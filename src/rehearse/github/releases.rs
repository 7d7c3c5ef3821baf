//! Reading and deleting releases; `publish` has their making.
//!
//! Drafts are shown to those who may push, and found by their number or in the list only.

use serde_json::Value;

use super::rules::{Checked, missing};
use super::shelf::Release;
use super::{Ask, Forge};
use crate::rehearse::http::Response;

impl Forge {
    /// A release that the asker may see.
    pub(super) fn visible(&self, ask: &Ask<'_>, id: u64) -> Checked<&Release> {
        let seen = |release: &&Release| !release.fields.draft || ask.pushes();
        self.shelf.by_id(id).filter(seen).ok_or_else(missing)
    }

    pub(super) fn list_releases(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let seen = |release: &&Release| !release.fields.draft || ask.pushes();
        let all: Vec<Value> =
            self.newest().into_iter().filter(seen).map(|release| self.release(release)).collect();
        Ok(self.listed(ask, "releases", all))
    }

    /// All releases, the newest first.
    pub(super) fn newest(&self) -> Vec<&Release> {
        let mut all: Vec<&Release> = self.shelf.releases.iter().collect();
        all.sort_by_key(|release| std::cmp::Reverse((release.created, release.id)));
        all
    }

    pub(super) fn show_release(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let release = self.visible(ask, ask.number(0)?)?;
        Ok(Response::json(200, &self.release(release)))
    }

    pub(super) fn show_tagged(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let release = self.shelf.by_tag(ask.arg(0)).ok_or_else(missing)?;
        Ok(Response::json(200, &self.release(release)))
    }

    pub(super) fn show_latest(&mut self, _: &Ask<'_>) -> Checked<Response> {
        let release = self.shelf.latest().ok_or_else(missing)?;
        Ok(Response::json(200, &self.release(release)))
    }

    /// The tag stays. The name of an immutable release's tag is gone for good.
    pub(super) fn delete_release(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let release = self.visible(ask, ask.number(0)?)?.clone();
        self.shelf.releases.retain(|one| one.id != release.id);
        if release.immutable {
            self.shelf.burned.insert(release.fields.tag);
        }
        Ok(Response::empty(204))
    }
}
