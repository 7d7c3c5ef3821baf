//! Assets: uploads, what becomes of them, and how they are shown.
//!
//! An upload that breaks off leaves an asset in the state `starter`, which takes the name and has to be
//! deleted (<https://docs.github.com/rest/releases/assets#upload-a-release-asset>).

use serde_json::Value;

use super::body::Body;
use super::rules::{self, Checked, Wrong, judged, missing, refuse};
use super::shelf::{Asset, Release, State};
use super::{Ask, Forge, names};
use crate::rehearse::http::Response;

const KIND: &str = "ReleaseAsset";
const MOST: usize = 1_000;
pub(super) const LARGEST: usize = 2_147_483_648;

impl Forge {
    pub(super) fn upload(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let release = self.visible(ask, ask.number(0)?)?;
        if release.immutable {
            let message = "Cannot upload assets to an immutable release.";
            return Err(refuse(422, rules::LOCKED_ASSETS, message));
        }
        let name = names::kept(ask.request.query("name").unwrap_or_default());
        let kind = ask.request.header("content-type").unwrap_or_default();
        judged(flaws(release, &name, kind, ask.request.body.len()))?;
        let (release, broken) = (release.id, self.breaks > 0);
        let asset = Asset {
            id: self.next(),
            label: ask.request.query("label").map(str::to_owned),
            kind: kind.to_owned(),
            bytes: if broken { Vec::new() } else { ask.request.body.clone() },
            state: if broken { State::Starter } else { State::Uploaded },
            created: ask.at,
            updated: ask.at,
            downloads: 0,
            uploader: ask.holder(),
            name,
        };
        let id = asset.id;
        if let Some(release) = self.shelf.by_id_mut(release) {
            release.assets.push(asset);
        }
        if broken {
            self.breaks -= 1;
            return Err(refuse(502, rules::UPSTREAM, "Server Error"));
        }
        let (release, asset) = self.shelf.asset(id).ok_or_else(missing)?;
        Ok(Response::json(201, &self.asset(release, asset)))
    }

    pub(super) fn list_assets(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let release = self.visible(ask, ask.number(0)?)?;
        let all: Vec<Value> =
            release.assets.iter().map(|asset| self.asset(release, asset)).collect();
        Ok(self.listed(ask, &format!("releases/{}/assets", release.id), all))
    }

    /// The number of an asset that the asker may see, and of its release.
    fn seen(&self, ask: &Ask<'_>) -> Checked<(u64, u64)> {
        let (release, asset) = self.shelf.asset(ask.number(0)?).ok_or_else(missing)?;
        Ok((self.visible(ask, release.id)?.id, asset.id))
    }

    pub(super) fn show_asset(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let (_, id) = self.seen(ask)?;
        let accept = ask.request.header("accept").unwrap_or_default();
        if accept.contains("application/octet-stream") {
            return self.sent_to_download(id, ask.at);
        }
        let (release, asset) = self.shelf.asset(id).ok_or_else(missing)?;
        Ok(Response::json(200, &self.asset(release, asset)))
    }

    pub(super) fn edit_asset(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let (release, id) = self.seen(ask)?;
        let body = Body::of(ask.request)?;
        let name = body.text("name")?.map(names::kept);
        let label = body.text("label")?.map(str::to_owned);
        let release = self.shelf.by_id(release).ok_or_else(missing)?;
        if release.immutable {
            let message = "Cannot update asset from an immutable release";
            judged(vec![Wrong::whole(rules::LOCKED_ASSETS, KIND, message)])?;
        }
        if let Some(name) = &name {
            let taken = release.assets.iter().any(|one| one.id != id && one.name == *name);
            let wrong = Wrong::code(rules::ASSET_TAKEN, KIND, "already_exists", "name");
            judged(if taken { vec![wrong] } else { Vec::new() })?;
        }
        if let Some(asset) = self.shelf.asset_mut(id) {
            asset.name = name.unwrap_or_else(|| asset.name.clone());
            asset.label = label.or_else(|| asset.label.clone());
            asset.updated = ask.at;
        }
        let (release, asset) = self.shelf.asset(id).ok_or_else(missing)?;
        Ok(Response::json(200, &self.asset(release, asset)))
    }

    pub(super) fn delete_asset(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let (release, id) = self.seen(ask)?;
        let release = self.shelf.by_id_mut(release).ok_or_else(missing)?;
        if release.immutable {
            let message = "Cannot delete asset from an immutable release";
            judged(vec![Wrong::whole(rules::LOCKED_ASSETS, KIND, message)])?;
        }
        release.assets.retain(|asset| asset.id != id);
        Ok(Response::empty(204))
    }
}

/// What is wrong with an upload.
pub(super) fn flaws(release: &Release, name: &str, kind: &str, size: usize) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if name.is_empty() {
        wrong.push(Wrong::code(rules::ASSET_NAME, KIND, "missing_field", "name"));
    } else if release.assets.iter().any(|asset| asset.name == name) {
        wrong.push(Wrong::code(rules::ASSET_TAKEN, KIND, "already_exists", "name"));
    }
    if kind.is_empty() {
        wrong.push(Wrong::code(rules::ASSET_TYPE, KIND, "missing_field", "content_type"));
    }
    if size == 0 {
        let message = "must be greater than or equal to 1";
        wrong.push(Wrong::custom(rules::ASSET_EMPTY, KIND, "size", message));
    } else if size > LARGEST {
        let message = format!("must be less than or equal to {LARGEST}");
        wrong.push(Wrong::custom(rules::ASSET_SIZE, KIND, "size", &message));
    }
    if release.assets.len() >= MOST {
        let message = format!("limited to {MOST} assets per release");
        wrong.push(Wrong::custom(rules::ASSET_COUNT, KIND, "file_count", &message));
    }
    wrong
}
