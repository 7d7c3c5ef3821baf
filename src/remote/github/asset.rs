//! Files of a release. One that stopped half-way stays in the state `starter`, and has to go first.

use serde_json::Value;

use super::api::Api;
use super::{draft_of, find};
use crate::host::net::FormFile;
use crate::model::artifact::Artifact;
use crate::model::effect::{Presence, UploadAsset, asset_name};
use crate::remote::{Errand, Trouble};

/// Whether the release has this file, with these bytes.
///
/// # Errors
/// GitHub cannot be asked.
pub fn probe(errand: &Errand<'_>, upload: &UploadAsset) -> Result<Presence, Trouble> {
    let api = Api::of(errand, &upload.at.repository);
    match find(&api, &upload.at)? {
        Some(found) => presence(&api, &all(&api, found.id)?, &upload.file),
        None => Ok(Presence::Absent),
    }
}

/// Attaches the file.
///
/// # Errors
/// GitHub says no, or nothing.
pub fn apply(errand: &Errand<'_>, upload: &UploadAsset) -> Result<(), Trouble> {
    let api = Api::of(errand, &upload.at.repository);
    let found = draft_of(&api, &upload.at)?;
    let path =
        errand.store.verified(&upload.file).map_err(|wrong| Trouble::Unsent(wrong.message))?;
    let name = asset_name(upload.file.file_name());
    for half in all(&api, found.id)?.iter().filter(|asset| is_named(asset, &name)) {
        if half["state"] != "uploaded" {
            let id = half["id"].as_u64().unwrap_or_default();
            api.send("DELETE", &format!("/releases/assets/{id}"), &Value::Null)?;
        }
    }
    let file = FormFile { path, name, size: upload.file.size };
    let made = api.upload(&format!("/releases/{}/assets", found.id), &file)?;
    if made["name"] == file.name.as_str() {
        return Ok(());
    }
    let given = made["name"].as_str().unwrap_or_default();
    Err(Trouble::Refused {
        reason: format!("GitHub has named {} another way: {given}", upload.file.file_name()),
        hint: "give the file a name of letters, digits, `.`, `-` and `_`".into(),
    })
}

/// All files of a release.
pub(super) fn all(api: &Api<'_>, release: u64) -> Result<Vec<Value>, Trouble> {
    let mut all = Vec::new();
    // GitHub takes a thousand files for a release.
    for page in 1..=10 {
        let listed = api.get(&format!("/releases/{release}/assets?per_page=100&page={page}"))?;
        let listed = listed.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        let full = listed.len() == 100;
        all.extend(listed);
        if !full {
            break;
        }
    }
    Ok(all)
}

/// What the release has under the file's name.
pub(super) fn presence(
    api: &Api<'_>,
    assets: &[Value],
    file: &Artifact,
) -> Result<Presence, Trouble> {
    let name = asset_name(file.file_name());
    let there = assets.iter().find(|asset| is_named(asset, &name));
    let Some(asset) = there.filter(|asset| asset["state"] == "uploaded") else {
        return Ok(Presence::Absent);
    };
    let found = match asset["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:")) {
        Some(digest) => digest.to_owned(),
        None => api.digest_of(asset["browser_download_url"].as_str().unwrap_or_default())?,
    };
    Ok(if found == file.sha256.as_str() {
        Presence::Same
    } else {
        Presence::Other(format!("sha256 {found}"))
    })
}

fn is_named(asset: &Value, name: &str) -> bool {
    asset["name"] == name
}
