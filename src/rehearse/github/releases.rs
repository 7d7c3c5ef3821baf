//! Releases: made as drafts or at once, found by number or by tag, changed, deleted.
//!
//! A draft makes no tag; when a release becomes public and its tag is not there, the tag is made.

use serde_json::{Map, Value, json};

use super::access::{Area, Level, Token};
use super::assets::Asset;
use super::rules::{self, Checked, custom, invalid, not_found};
use super::{Forge, instant, object};
use crate::rehearse::http::{Request, Response};

/// The longest notes, in characters.
const LONGEST: usize = 125_000;

/// A release.
pub(super) struct Release {
    pub(super) id: u64,
    pub(super) tag: String,
    pub(super) target: String,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) draft: bool,
    pub(super) prerelease: bool,
    /// Whether it may be called the latest: told, or left to the forge.
    pub(super) latest: String,
    pub(super) immutable: bool,
    pub(super) author: String,
    pub(super) created: u64,
    pub(super) published: Option<u64>,
    pub(super) assets: Vec<Asset>,
}

impl Release {
    /// Files by name, with their digests.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let file = |asset: &Asset| (asset.name.clone(), asset.digest());
        self.assets.iter().map(file).collect()
    }
}

impl Forge {
    pub(super) fn of_releases(
        &mut self,
        request: &Request,
        method: &str,
        path: &[&str],
        token: Option<&Token>,
        at: u64,
    ) -> Checked<Response> {
        let pushes = Self::may(token, Area::Contents, Level::Write).is_ok();
        match (method, path) {
            ("GET", []) => Ok(self.list(request, pushes)),
            ("POST", []) => {
                let author = Self::may(token, Area::Contents, Level::Write)?.login.clone();
                self.create(request, author, at)
            }
            ("POST", ["generate-notes"]) => {
                Self::may(token, Area::Contents, Level::Write)?;
                self.generate_notes(request)
            }
            ("GET", ["latest"]) => {
                let latest = self.latest().ok_or_else(not_found)?;
                Ok(Response::json(200, &self.shown(latest)))
            }
            ("GET", ["tags", tag @ ..]) => {
                let tag = tag.join("/");
                let found = self.releases.iter().find(|one| !one.draft && one.tag == tag);
                Ok(Response::json(200, &self.shown(found.ok_or_else(not_found)?)))
            }
            (_, ["assets", id]) => self.of_asset(request, method, id, token),
            (_, [id, rest @ ..]) => {
                let number = self.position(id, pushes)?;
                match (method, rest) {
                    ("GET", []) => Ok(Response::json(200, &self.shown(&self.releases[number]))),
                    ("GET", ["assets"]) => Ok(self.list_assets(request, number)),
                    ("PATCH", []) => {
                        Self::may(token, Area::Contents, Level::Write)?;
                        self.change(request, number, at)
                    }
                    ("DELETE", []) => {
                        Self::may(token, Area::Contents, Level::Write)?;
                        let gone = self.releases.remove(number);
                        if gone.immutable {
                            self.burnt.insert(gone.tag);
                        }
                        Ok(Response::empty(204))
                    }
                    _ => Err(not_found()),
                }
            }
            _ => Err(not_found()),
        }
    }

    /// Where a release is kept; drafts are there for those alone who may push.
    pub(super) fn position(&self, id: &str, pushes: bool) -> Checked<usize> {
        let is_it = |one: &Release| one.id.to_string() == id && (pushes || !one.draft);
        self.releases.iter().position(is_it).ok_or_else(not_found)
    }

    fn list(&self, request: &Request, pushes: bool) -> Response {
        let all: Vec<&Release> =
            self.releases.iter().rev().filter(|one| pushes || !one.draft).collect();
        self.paged(request, &all, |one| self.shown(one))
    }

    /// The newest that is public, whole and not told to be none.
    pub(super) fn latest(&self) -> Option<&Release> {
        let counts = |one: &&Release| !one.draft && !one.prerelease && one.latest != "false";
        self.releases.iter().rfind(counts)
    }

    fn create(&mut self, request: &Request, author: String, at: u64) -> Checked<Response> {
        let told = object(request)?;
        let text = |key: &str| told.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let flag = |key: &str| told.get(key).and_then(Value::as_bool).unwrap_or(false);
        let tag = text("tag_name");
        if tag.is_empty() {
            return Err(invalid(rules::TAG_MISSING, "Release", "tag_name", "missing_field"));
        }
        if self.burnt.contains(&tag) {
            let message = "tag_name was used by an immutable release";
            return Err(custom(rules::IMMUTABLE_TAG, "Release", "tag_name", message));
        }
        let target = Some(text("target_commitish")).filter(|target| !target.is_empty());
        let target = target.unwrap_or_else(|| self.settings.default_branch.clone());
        let mut release = Release {
            id: self.next_id(),
            title: text("name"),
            body: text("body"),
            draft: flag("draft"),
            prerelease: flag("prerelease"),
            latest: told.get("make_latest").and_then(Value::as_str).unwrap_or("true").to_owned(),
            immutable: false,
            created: at,
            published: None,
            assets: Vec::new(),
            tag,
            target,
            author,
        };
        if flag("generate_release_notes") {
            let notes = self.notes(&release.tag, &release.target, None);
            release.body = [release.body, notes]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("\n\n");
        }
        fits(&release)?;
        if !release.draft {
            self.publish(&mut release, at)?;
        }
        let shown = self.shown(&release);
        let url = shown["url"].as_str().unwrap_or_default().to_owned();
        self.releases.push(release);
        Ok(Response::json(201, &shown).with("location", url))
    }

    /// Makes a release public: its tag is made, if it is not there.
    fn publish(&mut self, release: &mut Release, at: u64) -> Checked<()> {
        let is_other = |one: &Release| !one.draft && one.tag == release.tag && one.id != release.id;
        if self.releases.iter().any(is_other) {
            return Err(invalid(rules::RELEASE_EXISTS, "Release", "tag_name", "already_exists"));
        }
        let name = format!("refs/tags/{}", release.tag);
        let mut git = self.git();
        if git.find(&name).is_none() {
            let Some(commit) = git.commit(&release.target) else {
                return Err(invalid(rules::TARGET, "Release", "target_commitish", "invalid"));
            };
            git.set(&name, &commit.sha).map_err(|why| rules::refuse(422, rules::REF_NAME, why))?;
        }
        drop(git);
        release.draft = false;
        release.immutable = self.immutable;
        release.published = Some(at);
        Ok(())
    }

    fn change(&mut self, request: &Request, number: usize, at: u64) -> Checked<Response> {
        let told = object(request)?;
        let mut release = self.releases.remove(number);
        let changed = self.changed(&mut release, &told, at);
        let shown = self.shown(&release);
        self.releases.insert(number, release);
        changed.map(|()| Response::json(200, &shown))
    }

    fn changed(
        &mut self,
        release: &mut Release,
        told: &Map<String, Value>,
        at: u64,
    ) -> Checked<()> {
        let text = |key: &str| told.get(key).and_then(Value::as_str).map(str::to_owned);
        let flag = |key: &str| told.get(key).and_then(Value::as_bool);
        let locked =
            text("tag_name").is_some_and(|tag| tag != release.tag) || flag("draft") == Some(true);
        if release.immutable && locked {
            let message = "Cannot update immutable fields of an immutable release";
            return Err(custom(rules::IMMUTABLE_RELEASE, "Release", "tag_name", message));
        }
        let was = (release.title.clone(), release.body.clone());
        release.title = text("name").unwrap_or(was.0);
        release.body = text("body").unwrap_or(was.1.clone());
        if let Err(refusal) = fits(release) {
            release.body = was.1;
            return Err(refusal);
        }
        release.tag = text("tag_name").unwrap_or_else(|| release.tag.clone());
        release.target = text("target_commitish").unwrap_or_else(|| release.target.clone());
        release.prerelease = flag("prerelease").unwrap_or(release.prerelease);
        release.latest = text("make_latest").unwrap_or_else(|| release.latest.clone());
        match flag("draft") {
            Some(false) if release.draft => self.publish(release, at),
            Some(true) => {
                release.draft = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The part of a list that a request asks for, 30 at a time and a hundred at most, with the
    /// addresses of the parts around it (RFC 8288).
    pub(super) fn paged<T>(
        &self,
        request: &Request,
        all: &[T],
        show: impl Fn(&T) -> Value,
    ) -> Response {
        let number = |key: &str, usual: usize| {
            request.query(key).and_then(|text| text.parse().ok()).unwrap_or(usual)
        };
        let size = number("per_page", 30).clamp(1, 100);
        let page = number("page", 1).max(1);
        let last = all.len().div_ceil(size);
        let shown = all.iter().skip((page - 1).saturating_mul(size)).take(size).map(show).collect();
        let link = |(to, relation): (usize, &str)| {
            let path = format!("{}{}", self.settings.api, request.path);
            format!("<{path}?per_page={size}&page={to}>; rel=\"{relation}\"")
        };
        let before = (page > 1).then(|| [(page - 1, "prev"), (1, "first")]);
        let after = (page < last).then(|| [(page + 1, "next"), (last, "last")]);
        let links: Vec<String> = before.into_iter().chain(after).flatten().map(link).collect();
        let answer = Response::json(200, &Value::Array(shown));
        if links.is_empty() { answer } else { answer.with("link", links.join(", ")) }
    }

    /// A release as the API shows it.
    pub(super) fn shown(&self, release: &Release) -> Value {
        let id = release.id;
        let upload = format!(
            "{}/repos/{}/releases/{id}/assets{{?name,label}}",
            self.settings.uploads, self.settings.repository
        );
        // A draft has no tag yet, and its page a name of its own.
        let page = if release.draft { format!("untagged-{id:020x}") } else { release.tag.clone() };
        let assets: Vec<Value> =
            release.assets.iter().map(|asset| self.shown_asset(release, asset)).collect();
        json!({
            "id": id,
            "node_id": format!("RE_{id}"),
            "url": self.url(&format!("/releases/{id}")),
            "assets_url": self.url(&format!("/releases/{id}/assets")),
            "upload_url": upload,
            "html_url": self.page(&format!("/releases/tag/{page}")),
            "tarball_url": self.url(&format!("/tarball/{}", release.tag)),
            "zipball_url": self.url(&format!("/zipball/{}", release.tag)),
            "tag_name": release.tag,
            "target_commitish": release.target,
            "name": release.title,
            "body": release.body,
            "draft": release.draft,
            "prerelease": release.prerelease,
            "immutable": release.immutable,
            "created_at": instant(release.created),
            "updated_at": instant(release.published.unwrap_or(release.created)),
            "published_at": release.published.map(instant),
            "author": self.account(&release.author),
            "assets": assets,
        })
    }
}

fn fits(release: &Release) -> Checked<()> {
    if release.body.chars().count() <= LONGEST {
        return Ok(());
    }
    let message = format!("body is too long (maximum is {LONGEST} characters)");
    Err(custom(rules::BODY_LENGTH, "Release", "body", &message))
}
