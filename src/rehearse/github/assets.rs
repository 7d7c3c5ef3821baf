//! Files of releases: sent to a host of their own, renamed where the forge does not like their names,
//! and downloaded from the site.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::access::{Area, Level, Token};
use super::releases::Release;
use super::rules::{self, Checked, custom, invalid, not_found, refuse};
use super::{Forge, instant, object};
use crate::model::artifact::hex;
use crate::rehearse::http::{Request, Response};

/// Files of one release, at most.
const MOST: usize = 1000;

/// A file of a release.
pub(super) struct Asset {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) label: Option<String>,
    kind: String,
    /// Half of it came: it is there by name alone.
    broken: bool,
    bytes: Vec<u8>,
    by: String,
    at: u64,
    downloads: u64,
}

impl Asset {
    /// Its digest with its kind, as the API tells it.
    pub(super) fn digest(&self) -> String {
        format!("sha256:{}", hex(&Sha256::digest(&self.bytes)))
    }
}

/// What the forge makes of a name: what it does not like becomes a dot, and several become one.
fn name_of(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_+@".contains(c);
    let parts = text.split(|c: char| !plain(c)).filter(|part| !part.is_empty());
    let name = parts.collect::<Vec<_>>().join(".");
    if name.is_empty() { "default".into() } else { name }
}

impl Forge {
    /// Answers the host that takes files.
    pub(super) fn uploads(
        &mut self,
        request: &Request,
        path: &[&str],
        at: u64,
    ) -> Checked<Response> {
        let token = self.asker(request, at)?;
        let ("POST", ["repos", owner, name, "releases", id, "assets"]) =
            (request.method.as_str(), path)
        else {
            return Err(not_found());
        };
        self.visible((owner, name), token.as_ref())?;
        let by = Self::may(token.as_ref(), Area::Contents, Level::Write)?.login.clone();
        let number = self.position(id, true)?;
        let named = request.query("name").unwrap_or_default().to_owned();
        self.takes(number, &named, request)?;
        let broken = self.breaking > 0;
        self.breaking -= usize::from(broken);
        let kind = request.header("content-type").unwrap_or("application/octet-stream");
        let asset = Asset {
            id: self.next_id(),
            name: name_of(&named),
            label: request.query("label").filter(|label| !label.is_empty()).map(str::to_owned),
            kind: kind.to_owned(),
            broken,
            bytes: if broken { Vec::new() } else { request.body.clone() },
            by,
            at,
            downloads: 0,
        };
        let shown = self.shown_asset(&self.releases[number], &asset);
        self.releases[number].assets.push(asset);
        if broken {
            return Err(refuse(502, rules::ASSET_BROKEN, "Server Error"));
        }
        Ok(Response::json(201, &shown))
    }

    /// Whether a release takes a file.
    fn takes(&self, number: usize, named: &str, request: &Request) -> Checked<()> {
        let release = &self.releases[number];
        if release.immutable {
            let message = "Cannot upload assets to an immutable release.";
            return Err(refuse(422, rules::IMMUTABLE_RELEASE, message));
        }
        if named.is_empty() {
            return Err(invalid(rules::ASSET_NAME, "ReleaseAsset", "name", "missing_field"));
        }
        if release.assets.iter().any(|asset| asset.name == name_of(named)) {
            return Err(invalid(rules::ASSET_EXISTS, "ReleaseAsset", "name", "already_exists"));
        }
        if request.header("content-length").is_none() || request.body.is_empty() {
            return Err(custom(rules::ASSET_EMPTY, "ReleaseAsset", "size", "size is not included"));
        }
        if request.body.len() >= 2 << 30 {
            let message = "size must be less than 2147483648";
            return Err(custom(rules::ASSET_SIZE, "ReleaseAsset", "size", message));
        }
        if release.assets.len() >= MOST {
            let message = "file_count limited to 1000 assets per release";
            return Err(custom(rules::ASSET_COUNT, "ReleaseAsset", "file_count", message));
        }
        Ok(())
    }

    pub(super) fn list_assets(&self, request: &Request, number: usize) -> Response {
        let release = &self.releases[number];
        self.paged(request, &release.assets, |asset| self.shown_asset(release, asset))
    }

    pub(super) fn of_asset(
        &mut self,
        request: &Request,
        method: &str,
        id: &str,
        token: Option<&Token>,
    ) -> Checked<Response> {
        let pushes = Self::may(token, Area::Contents, Level::Write).is_ok();
        let (number, place) = self.asset(id, pushes)?;
        let release = &self.releases[number];
        let asset = &release.assets[place];
        if method == "GET" {
            let raw = request.header("accept").is_some_and(|kind| kind.contains("octet-stream"));
            return Ok(if raw {
                Response::empty(302).with("location", self.download(release, asset))
            } else {
                Response::json(200, &self.shown_asset(release, asset))
            });
        }
        Self::may(token, Area::Contents, Level::Write)?;
        if release.immutable {
            let message = "Cannot change assets of an immutable release.";
            return Err(refuse(422, rules::IMMUTABLE_RELEASE, message));
        }
        match method {
            "DELETE" => {
                self.releases[number].assets.remove(place);
                Ok(Response::empty(204))
            }
            "PATCH" => {
                let told = object(request)?;
                let text = |key: &str| told.get(key).and_then(Value::as_str);
                let asset = &mut self.releases[number].assets[place];
                asset.name = text("name").map_or_else(|| asset.name.clone(), name_of);
                asset.label = text("label").map(str::to_owned).or_else(|| asset.label.take());
                let release = &self.releases[number];
                Ok(Response::json(200, &self.shown_asset(release, &release.assets[place])))
            }
            _ => Err(not_found()),
        }
    }

    fn asset(&self, id: &str, pushes: bool) -> Checked<(usize, usize)> {
        let place =
            |release: &Release| release.assets.iter().position(|asset| asset.id.to_string() == id);
        let all = self.releases.iter().enumerate().filter(|(_, one)| pushes || !one.draft);
        let mut found = all.filter_map(|(number, release)| Some((number, place(release)?)));
        found.next().ok_or_else(not_found)
    }

    /// Answers the site: files of releases, and a page for each.
    pub(super) fn site(&mut self, path: &[&str]) -> Checked<Response> {
        let [owner, name, rest @ ..] = path else { return Err(not_found()) };
        self.visible((owner, name), None)?;
        match rest {
            ["releases", "download", tag @ .., name] => {
                let tag = tag.join("/");
                let asset = |release: &mut Release| {
                    let is_it =
                        release.tag == tag || format!("untagged-{:020x}", release.id) == tag;
                    let place = release.assets.iter().position(|asset| asset.name == *name);
                    let asset = place.filter(|_| is_it).map(|place| &mut release.assets[place])?;
                    asset.downloads += 1;
                    Some(Response::of(200, &asset.kind, asset.bytes.clone()))
                };
                self.releases.iter_mut().find_map(asset).ok_or_else(not_found)
            }
            ["releases", "tag", tag @ ..] => {
                let tag = tag.join("/");
                let found = self.releases.iter().find(|one| !one.draft && one.tag == tag);
                let found = found.ok_or_else(not_found)?;
                let files = found.files();
                let files =
                    files.iter().map(|(name, digest)| format!("{} {digest}", escaped(name)));
                let files = files.collect::<Vec<_>>().join("</li><li>");
                let (title, body) = (escaped(&found.title), escaped(&found.body));
                let text = format!(
                    "<!doctype html><h1>{title}</h1><pre>{body}</pre><ul><li>{files}</li></ul>"
                );
                Ok(Response::of(200, "text/html; charset=utf-8", text.into_bytes()))
            }
            _ => Err(not_found()),
        }
    }

    fn download(&self, release: &Release, asset: &Asset) -> String {
        let draft = format!("untagged-{:020x}", release.id);
        let tag = if release.draft { &draft } else { &release.tag };
        self.page(&format!("/releases/download/{tag}/{}", asset.name))
    }

    pub(super) fn shown_asset(&self, release: &Release, asset: &Asset) -> Value {
        let digest = (!asset.broken).then(|| asset.digest());
        json!({
            "id": asset.id,
            "node_id": format!("RA_{}", asset.id),
            "url": self.url(&format!("/releases/assets/{}", asset.id)),
            "browser_download_url": self.download(release, asset),
            "name": asset.name,
            "label": asset.label,
            "state": if asset.broken { "starter" } else { "uploaded" },
            "content_type": asset.kind,
            "size": asset.bytes.len(),
            "digest": digest,
            "download_count": asset.downloads,
            "created_at": instant(asset.at),
            "updated_at": instant(asset.at),
            "uploader": self.account(&asset.by),
        })
    }
}

/// A text within a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
