//! How the API shows accounts, releases, assets and refs: every field that its schema requires.
//!
//! What nobody of a release can know from here, such as pictures of accounts, is made up from
//! addresses and numbers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::access::Holder;
use super::shelf::{Asset, Release, State};
use super::{Forge, sha256};
use crate::calendar::rfc3339;
use crate::rehearse::repository::Object;

/// The account of a run, and its number.
const BOT: (&str, u64) = ("github-actions[bot]", 41_898_282);

/// The name of something across the whole API.
pub(super) fn node(kind: &str, id: impl std::fmt::Display) -> String {
    format!("{kind}_{}", URL_SAFE_NO_PAD.encode(id.to_string()))
}

/// A name as it stands in the path of an address.
pub(super) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/@".contains(&byte);
    let one = |byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

impl Forge {
    /// The login of a holder.
    pub(super) fn login(holder: &Holder) -> &str {
        match holder {
            Holder::Run => BOT.0,
            Holder::User(login) => login,
        }
    }

    /// An account (`simple-user`).
    pub(super) fn account(&self, holder: &Holder) -> Value {
        let login = Self::login(holder);
        let (id, kind) = match holder {
            Holder::Run => (BOT.1, "Bot"),
            Holder::User(_) if login == self.names().0 => (self.settings.owner_id, "User"),
            Holder::User(_) => (self.settings.owner_id + 1, "User"),
        };
        let name = escaped(login);
        let api = format!("{}/users/{name}", self.settings.api);
        let web = &self.settings.web;
        json!({
            "login": login,
            "id": id,
            "node_id": node("U", id),
            "avatar_url": format!("{web}/avatars/u/{id}"),
            "gravatar_id": "",
            "url": api,
            "html_url": format!("{web}/{name}"),
            "followers_url": format!("{api}/followers"),
            "following_url": format!("{api}/following{{/other_user}}"),
            "gists_url": format!("{api}/gists{{/gist_id}}"),
            "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{api}/subscriptions"),
            "organizations_url": format!("{api}/orgs"),
            "repos_url": format!("{api}/repos"),
            "events_url": format!("{api}/events{{/privacy}}"),
            "received_events_url": format!("{api}/received_events"),
            "type": kind,
            "user_view_type": "public",
            "site_admin": false,
        })
    }

    /// A release (`release`).
    pub(super) fn release(&self, release: &Release) -> Value {
        let (id, fields) = (release.id, &release.fields);
        let api = self.api(&format!("/releases/{id}"));
        let uploads = format!(
            "{}/repos/{}/releases/{id}/assets{{?name,label}}",
            self.settings.uploads, self.settings.repository
        );
        let archive = |kind: &str| {
            (!fields.draft).then(|| self.api(&format!("/{kind}/{}", escaped(&fields.tag))))
        };
        let assets: Vec<Value> =
            release.assets.iter().map(|asset| self.asset(release, asset)).collect();
        json!({
            "url": api,
            "assets_url": format!("{api}/assets"),
            "upload_url": uploads,
            "html_url": self.web(&format!("/releases/tag/{}", escaped(&release.slug()))),
            "id": id,
            "author": self.account(&release.author),
            "node_id": node("RE", id),
            "tag_name": fields.tag,
            "target_commitish": fields.target,
            "name": fields.name,
            "draft": fields.draft,
            "immutable": release.immutable,
            "prerelease": fields.prerelease,
            "created_at": rfc3339(release.created),
            "updated_at": rfc3339(release.updated),
            "published_at": release.published.map(rfc3339),
            "assets": assets,
            "tarball_url": archive("tarball"),
            "zipball_url": archive("zipball"),
            "body": fields.body,
        })
    }

    /// An asset (`release-asset`).
    pub(super) fn asset(&self, release: &Release, asset: &Asset) -> Value {
        let file = format!("{}/{}", escaped(&release.slug()), escaped(&asset.name));
        let whole = asset.state == State::Uploaded;
        json!({
            "url": self.api(&format!("/releases/assets/{}", asset.id)),
            "id": asset.id,
            "node_id": node("RA", asset.id),
            "name": asset.name,
            "label": asset.label,
            "uploader": self.account(&asset.uploader),
            "content_type": asset.kind,
            "state": if whole { "uploaded" } else { "starter" },
            "size": asset.bytes.len(),
            "digest": whole.then(|| format!("sha256:{}", sha256(&asset.bytes))),
            "download_count": asset.downloads,
            "created_at": rfc3339(asset.created),
            "updated_at": rfc3339(asset.updated),
            "browser_download_url": self.web(&format!("/releases/download/{file}")),
        })
    }

    /// A ref (`git-ref`).
    pub(super) fn reference(&self, name: &str, object: &Object) -> Value {
        json!({
            "ref": name,
            "node_id": node("REF", name),
            "url": self.api(&format!("/git/{}", escaped(name))),
            "object": self.object(object),
        })
    }

    /// What a ref or a tag points at.
    pub(super) fn object(&self, object: &Object) -> Value {
        let Object { sha, kind } = object;
        let url = self.api(&format!("/git/{kind}s/{sha}"));
        json!({ "sha": sha, "type": kind, "url": url })
    }
}
