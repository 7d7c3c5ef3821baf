//! The pages of the forge, as far as a release leads to them, and the files behind them.
//!
//! A download is sent on to a signed address, as at the real one, so that no token goes along. No page
//! knows who looks at it: what is not public has none.

use super::rules::{self, Checked, missing};
use super::shelf::{Asset, Release, State};
use super::show::escaped;
use super::{Forge, Visibility, sha256};
use crate::rehearse::html;
use crate::rehearse::http::{Request, Response, decoded};

const FILES: &str = "/github-production-release-asset/";
/// How long a signed address is good for, in seconds.
const LIFETIME: u64 = 300;

impl Forge {
    /// Sends somebody who may see an asset to its bytes.
    pub(super) fn sent_to_download(&mut self, id: u64, at: u64) -> Checked<Response> {
        let whole = self.shelf.asset_mut(id).filter(|asset| asset.state == State::Uploaded);
        let asset = whole.ok_or_else(missing)?;
        asset.downloads += 1;
        let until = at + LIFETIME;
        let signature = signature(id, until, &asset.bytes);
        let address = format!(
            "{}{FILES}{}/{id}?se={until}&sig={signature}",
            self.settings.downloads, self.settings.repository_id
        );
        Ok(Response::empty(302).with("location", address))
    }

    /// The bytes of an asset; `None` if the path is none of a file.
    pub(super) fn answer_download(
        &self,
        request: &Request,
        path: &str,
        at: u64,
    ) -> Option<Response> {
        let (_, id) = path.strip_prefix(FILES)?.split_once('/')?;
        let Some((_, asset)) = id.parse().ok().and_then(|id| self.shelf.asset(id)) else {
            return Some(Response::text(404, "Not Found").by(rules::NOT_FOUND));
        };
        let until: u64 = request.query("se").and_then(|text| text.parse().ok()).unwrap_or_default();
        let signed = signature(asset.id, until, &asset.bytes);
        if until < at || request.query("sig") != Some(&signed) {
            let text = "Server failed to authenticate the request.";
            return Some(Response::text(403, text).by(rules::SIGNATURE));
        }
        let disposition = format!("attachment; filename={}", asset.name);
        let answer = Response::of(200, &asset.kind, asset.bytes.clone());
        Some(answer.with("content-disposition", disposition))
    }

    /// Answers a request for a page.
    pub(super) fn answer_web(&mut self, request: &Request, path: &str, at: u64) -> Response {
        let nothing = || Response::text(404, "Not Found").by(rules::NOT_FOUND);
        let reads = matches!(request.method.as_str(), "GET" | "HEAD");
        let path = decoded(path);
        let rest = path.trim_start_matches('/').get(self.settings.repository.len()..);
        let own = path.trim_start_matches('/').to_lowercase();
        let (Some(rest), true) = (rest, own.starts_with(&self.settings.repository.to_lowercase()))
        else {
            return nothing();
        };
        if !reads || self.visibility != Visibility::Public {
            return nothing();
        }
        let rest = rest.to_owned();
        self.page(&rest, at).unwrap_or_else(|_| nothing())
    }

    fn page(&mut self, path: &str, at: u64) -> Checked<Response> {
        if let Some(file) = path.strip_prefix("/releases/download/") {
            let (tag, name) = file.rsplit_once('/').ok_or_else(missing)?;
            let release = self.shelf.by_tag(tag).ok_or_else(missing)?;
            let found = release.assets.iter().find(|asset| asset.name == name);
            let id = found.ok_or_else(missing)?.id;
            return self.sent_to_download(id, at);
        }
        if let Some(rest) = path.strip_prefix("/releases/latest") {
            let tag = escaped(&self.shelf.latest().ok_or_else(missing)?.fields.tag);
            let to = match rest.strip_prefix("/download/") {
                Some(name) => self.web(&format!("/releases/download/{tag}/{}", escaped(name))),
                None => self.web(&format!("/releases/tag/{tag}")),
            };
            return Ok(Response::empty(302).with("location", to));
        }
        if let Some(tag) = path.strip_prefix("/releases/tag/") {
            let release = self.shelf.by_tag(tag).ok_or_else(missing)?;
            return Ok(self.release_page(release));
        }
        if let Some(id) = path.strip_prefix("/attestations/") {
            return self.attestation_page(id);
        }
        match path {
            "" | "/" => Ok(page(&self.settings.repository, "")),
            _ => Err(missing()),
        }
    }

    fn release_page(&self, release: &Release) -> Response {
        let fields = &release.fields;
        let name = fields.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&fields.tag);
        let words = html::escaped(fields.body.as_deref().unwrap_or_default());
        let line = |asset: &Asset| {
            let file = format!("{}/{}", escaped(&fields.tag), escaped(&asset.name));
            let address = html::escaped(&self.web(&format!("/releases/download/{file}")));
            format!("<li><a href=\"{address}\">{}</a></li>\n", html::escaped(&asset.name))
        };
        let lines: String = release.assets.iter().map(line).collect();
        page(name, &format!("<p>{words}</p>\n<ul>\n{lines}</ul>\n"))
    }
}

/// A short page.
pub(super) fn page(title: &str, text: &str) -> Response {
    let title = html::escaped(title);
    let html = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n{text}</body></html>\n"
    );
    Response::of(200, "text/html; charset=utf-8", html.into_bytes())
}

fn signature(id: u64, until: u64, bytes: &[u8]) -> String {
    sha256(format!("{id} {until} {}", sha256(bytes)).as_bytes())
}
