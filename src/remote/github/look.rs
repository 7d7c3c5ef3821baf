//! Looking at a repository for what it has of a version: its tag, and its release with all files.
//!
//! Sources: <https://docs.github.com/rest/git/refs>, <https://docs.github.com/rest/releases>. Drafts are
//! listed only for who may push, and files whose upload broke off only in the list of a release's own.

use serde_json::Value;

use super::api::Api;
use super::draft::{peeled, tagged};
use super::{Drafts, PAGES, asset};
use crate::host::Host;
use crate::host::stop::Stop;
use crate::remote::Trouble;
use crate::status::{File, Hub, Release, Tagged};

/// Whether a tag is the version's.
pub type Fits<'a> = &'a dyn Fn(&str) -> bool;

/// A repository that is looked at.
pub struct Look<'a> {
    host: &'a Host,
    stop: &'a Stop,
    repository: &'a str,
    drafts: Drafts,
}

impl<'a> Look<'a> {
    /// Looks at `owner/name`.
    pub fn new(host: &'a Host, repository: &'a str, stop: &'a Stop) -> Self {
        Self { host, stop, repository, drafts: Drafts::default() }
    }

    fn api(&self) -> Api<'_> {
        Api::new(self.host, &self.drafts, self.repository, self.stop)
    }

    /// Makes sure that there is such a repository: all else is missing from one that is not shown.
    fn is_shown(&self, api: &Api<'_>) -> Result<(), Trouble> {
        let none = || {
            let repository = self.repository;
            Trouble::Unclear(format!("GitHub shows no {repository}: it is private, or not there"))
        };
        api.get("")?.map(|_| ()).ok_or_else(none)
    }

    /// The tag that fits; `likely` ones are asked for by name first.
    ///
    /// # Errors
    /// GitHub cannot be asked, or does not show the repository.
    pub fn tag(&self, likely: &[String], fits: Fits<'_>) -> Result<Option<Tagged>, Trouble> {
        let api = self.api();
        self.is_shown(&api)?;
        for name in likely {
            if let Some(commit) = tagged(&api, name)? {
                return Ok(Some(Tagged { name: name.clone(), commit }));
            }
        }
        let listed = api.get("/git/matching-refs/tags")?;
        let name_of =
            |found: &Value| found["ref"].as_str()?.strip_prefix("refs/tags/").map(str::to_owned);
        let mut all = listed.as_ref().and_then(Value::as_array).into_iter().flatten();
        let found = all.find_map(|one| Some((name_of(one).filter(|name| fits(name))?, one)));
        let Some((name, one)) = found else { return Ok(None) };
        let commit = peeled(&api, one["object"].clone())?;
        Ok(commit.map(|commit| Tagged { name, commit }))
    }

    /// The release that fits, by the tag if that is known.
    ///
    /// # Errors
    /// GitHub cannot be asked, or does not show the repository.
    pub fn release(&self, tag: Option<&str>, fits: Fits<'_>) -> Result<Hub, Trouble> {
        let api = self.api();
        self.is_shown(&api)?;
        let sees_drafts = api.may_write();
        let mut found = match tag {
            Some(tag) => api.get(&format!("/releases/tags/{}", super::api::in_path(tag)))?,
            None => None,
        };
        let mut others = false;
        for page in 1..=PAGES {
            if found.is_some() {
                break;
            }
            let listed = api.get(&format!("/releases?per_page=100&page={page}"))?;
            let listed = listed.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
            let (full, any) = (listed.len() == 100, !listed.is_empty());
            found = listed.into_iter().find(|one| one["tag_name"].as_str().is_some_and(fits));
            others |= any && found.is_none();
            if !full {
                break;
            }
        }
        let release = found.map(|found| release(&api, &found)).transpose()?;
        Ok(Hub { release, others, sees_drafts })
    }
}

fn release(api: &Api<'_>, found: &Value) -> Result<Release, Trouble> {
    let id = found["id"].as_u64().unwrap_or_default();
    let digest = |asset: &Value| {
        let digest = asset["digest"].as_str()?.strip_prefix("sha256:")?;
        Some(digest.to_owned())
    };
    let file = |asset: &Value| {
        let name = asset["name"].as_str().unwrap_or_default();
        File { half: asset["state"] != "uploaded", ..File::new(name, digest(asset)) }
    };
    Ok(Release {
        tag: found["tag_name"].as_str().unwrap_or_default().to_owned(),
        draft: found["draft"] == true,
        immutable: found["immutable"] == true,
        files: asset::all(api, id)?.iter().map(file).collect(),
    })
}
