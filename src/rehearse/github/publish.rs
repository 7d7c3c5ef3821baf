//! Making and changing releases, and what publishing one means: its tag is made where it is missing,
//! and with immutable releases all but its words is locked.
//!
//! A draft reserves nothing; several may have one tag. That a commit which changes workflows needs a
//! further permission is not known here. Order and texts of what is wrong are from public reports of
//! the real answers.

use super::body::Body;
use super::rules::{self, Checked, Wrong, judged, refuse};
use super::shelf::{Fields, Release};
use super::{Ask, Forge};
use crate::rehearse::http::Response;

const LONGEST: usize = 125_000;
const KIND: &str = "Release";

impl Forge {
    pub(super) fn create_release(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let body = Body::of(ask.request)?;
        let empty = Fields {
            tag: body.needed("tag_name")?.to_owned(),
            target: self.default_branch.clone(),
            name: None,
            body: None,
            draft: false,
            prerelease: false,
        };
        let mut fields = read(&body, empty)?;
        let latest = latest(&body)?;
        no_discussion(&body)?;
        if body.flag("generate_release_notes")?.unwrap_or_default() {
            self.add_notes(&mut fields)?;
        }
        let promoted = !fields.draft && fields.prerelease && latest == Some("true");
        judged(self.flaws(&fields, None, promoted))?;
        let release = Release {
            id: self.next(),
            created: self.committed(&fields, ask.at),
            updated: ask.at,
            published: None,
            immutable: false,
            passed_over: false,
            author: ask.holder(),
            assets: Vec::new(),
            fields,
        };
        let id = release.id;
        self.shelf.releases.push(release);
        self.settle(id, latest, ask.at);
        let release = self.visible(ask, id)?;
        let answer = Response::json(201, &self.release(release));
        Ok(answer.with("location", self.api(&format!("/releases/{id}"))))
    }

    pub(super) fn edit_release(&mut self, ask: &Ask<'_>) -> Checked<Response> {
        let before = self.visible(ask, ask.number(0)?)?.clone();
        let body = Body::of(ask.request)?;
        let fields = read(&body, before.fields.clone())?;
        let latest = latest(&body)?;
        no_discussion(&body)?;
        let promoted = (fields.draft || fields.prerelease) && latest == Some("true");
        judged(self.flaws(&fields, Some(&before), promoted))?;
        let created = self.committed(&fields, before.created);
        if let Some(release) = self.shelf.by_id_mut(before.id) {
            release.fields = fields;
            release.created = created;
            release.updated = ask.at;
        }
        self.settle(before.id, latest, ask.at);
        let release = self.visible(ask, before.id)?;
        Ok(Response::json(200, &self.release(release)))
    }

    /// All that is wrong with a release, `promoted` being one that cannot be the latest and is to be.
    /// If it is published and nothing else is wrong, its tag is there afterwards.
    fn flaws(&self, fields: &Fields, before: Option<&Release>, promoted: bool) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if promoted {
            let message = "Latest release cannot be draft or prerelease";
            wrong.push(Wrong::whole(rules::LATEST, KIND, message));
        }
        if let Some(before) = before.filter(|before| before.immutable) {
            wrong.extend(locked(fields, &before.fields));
        }
        if fields.body.as_ref().is_some_and(|body| body.chars().count() > LONGEST) {
            let message = format!("is too long (maximum is {LONGEST} characters)");
            wrong.push(Wrong::custom(rules::BODY_LENGTH, KIND, "body", &message));
        }
        if fields.tag.is_empty() {
            wrong.push(Wrong::code(rules::TAG_MISSING, KIND, "missing_field", "tag_name"));
        } else if !is_well_formed(&fields.tag) {
            wrong.extend(
                ["is not a valid tag", "is not well-formed"]
                    .map(|message| Wrong::custom(rules::TAG_FORM, KIND, "tag_name", message)),
            );
        }
        let commit = self.resolved(&fields.target);
        if !fields.draft {
            self.publication(fields, before, commit.as_deref(), &mut wrong);
        }
        if commit.is_none() {
            wrong.push(Wrong::code(rules::TARGET, KIND, "invalid", "target_commitish"));
        }
        wrong
    }

    /// What is wrong with publishing under this tag.
    fn publication(
        &self,
        fields: &Fields,
        before: Option<&Release>,
        commit: Option<&str>,
        wrong: &mut Vec<Wrong>,
    ) {
        let other = self.shelf.by_tag(&fields.tag).map(|release| release.id);
        if other.is_some_and(|other| Some(other) != before.map(|before| before.id)) {
            wrong.push(Wrong::code(rules::TAG_TAKEN, KIND, "already_exists", "tag_name"));
        }
        let name = format!("refs/tags/{}", fields.tag);
        let burned = self.shelf.burned.contains(&fields.tag);
        let mut tagged = self.git().find(&name).is_some();
        if !tagged && wrong.is_empty() {
            let made = match commit {
                Some(_) if self.is_restricted(&name) => {
                    Err("Repository rule violations found\n\nCannot create ref due to creations \
                         being restricted.\n\n"
                        .to_owned())
                }
                Some(sha) => self.git().set(&name, sha),
                None => Err("target_commitish is no commit".to_owned()),
            };
            tagged = made.is_ok();
            if let (Err(why), Some(_)) = (made, commit) {
                wrong.push(Wrong::custom(rules::RULE_CREATION, KIND, "pre_receive", &why));
            }
        }
        if burned {
            let message = "was used by an immutable release";
            wrong.push(Wrong::custom(rules::TAG_BURNED, KIND, "tag_name", message));
        }
        if !tagged {
            let message = "Published releases must have a valid tag";
            wrong.push(Wrong::whole(rules::TARGET, KIND, message));
        }
    }

    /// The commit of a branch or of a whole object name; nothing else is a target.
    pub(super) fn resolved(&self, target: &str) -> Option<String> {
        let git = self.git();
        if let Some(branch) = git.find(&format!("refs/heads/{target}")) {
            return Some(branch.sha);
        }
        let whole = target.len() == 40 && target.bytes().all(|byte| byte.is_ascii_hexdigit());
        whole.then(|| git.commit(target).map(|commit| commit.sha)).flatten()
    }

    /// The date of the commit that a release is of.
    fn committed(&self, fields: &Fields, otherwise: u64) -> u64 {
        let git = self.git();
        let tagged = git.commit(&format!("refs/tags/{}", fields.tag));
        tagged.or_else(|| git.commit(&fields.target)).map_or(otherwise, |commit| commit.date)
    }

    /// Makes a release what its fields say: published or not, and the latest or not.
    fn settle(&mut self, id: u64, latest: Option<&str>, at: u64) {
        let immutable = self.shelf.immutable;
        let Some(release) = self.shelf.by_id_mut(id) else { return };
        let newly = release.published.is_none() && !release.fields.draft;
        if release.fields.draft {
            release.published = None;
            return;
        }
        if newly {
            release.published = Some(at);
            release.immutable = immutable;
        }
        release.passed_over = latest == Some("false") || (release.passed_over && latest.is_none());
        let promoted = !release.fields.prerelease && (latest == Some("true") || newly);
        match latest {
            None | Some("true") if promoted => self.shelf.latest = Some(id),
            Some("legacy") => self.shelf.latest = None,
            Some("false") if self.shelf.latest == Some(id) => self.shelf.latest = None,
            _ => {}
        }
    }
}

/// The fields of a body over those that were before.
fn read(body: &Body, before: Fields) -> Checked<Fields> {
    let text = |name: &str| Ok(body.text(name)?.map(str::to_owned));
    Ok(Fields {
        tag: text("tag_name")?.unwrap_or(before.tag),
        target: text("target_commitish")?.unwrap_or(before.target),
        name: text("name")?.or(before.name),
        body: text("body")?.or(before.body),
        draft: body.flag("draft")?.unwrap_or(before.draft),
        prerelease: body.flag("prerelease")?.unwrap_or(before.prerelease),
    })
}

fn latest(body: &Body) -> Checked<Option<&str>> {
    body.choice("make_latest", &["true", "false", "legacy"])
}

/// The repository has no discussions, so that no category of them is known.
fn no_discussion(body: &Body) -> Checked<()> {
    match body.text("discussion_category_name")? {
        Some(_) => Err(refuse(404, rules::DISCUSSION, "Not Found")),
        None => Ok(()),
    }
}

/// What of an immutable release may not be changed.
fn locked(fields: &Fields, before: &Fields) -> Vec<Wrong> {
    let message = "cannot be changed when release is immutable";
    let mut wrong = Vec::new();
    if fields.tag != before.tag {
        wrong.push(Wrong::custom(rules::LOCKED_TAG, KIND, "tag_name", message));
    }
    if fields.draft != before.draft {
        wrong.push(Wrong::custom(rules::LOCKED_STATE, KIND, "state", message));
    }
    wrong
}

/// Whether git takes a name for a tag (git-check-ref-format).
pub(super) fn is_well_formed(name: &str) -> bool {
    let whole = !name.is_empty() && !name.ends_with(['/', '.']) && name != "@";
    let parts = name
        .split('/')
        .all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"));
    let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    whole && parts && !name.contains("..") && !name.contains("@{") && !name.contains(bad)
}
