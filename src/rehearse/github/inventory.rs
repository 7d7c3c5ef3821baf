//! What the forge holds by now, for comparing: no numbers and dates, which differ from time to time.

use super::shelf::{Release, State};
use super::{Forge, sha256};

impl Forge {
    /// Releases with their assets, and attestations, one a line.
    pub fn inventory(&self) -> Vec<String> {
        let releases = self.shelf.releases.iter().flat_map(told);
        let attestations = self.attestations.iter().map(|one| {
            format!("github: attestation of {} ({})", one.subjects.join(", "), one.predicate_type)
        });
        releases.chain(attestations).collect()
    }
}

fn told(release: &Release) -> Vec<String> {
    let fields = &release.fields;
    let standing = match (fields.draft, fields.prerelease) {
        (true, _) => "draft",
        (false, true) => "prerelease",
        (false, false) => "release",
    };
    let (name, body) =
        [&fields.name, &fields.body].map(|text| text.as_deref().unwrap_or("")).into();
    let notes = sha256(body.as_bytes());
    let mut lines =
        vec![format!("github: {standing} {} named {name:?}, notes sha256 {notes}", fields.tag)];
    lines.extend(release.assets.iter().map(|asset| {
        let state = if asset.state == State::Uploaded { "" } else { " (broken off)" };
        let sha256 = sha256(&asset.bytes);
        format!("github: {} in {} sha256 {sha256}{state}", asset.name, fields.tag)
    }));
    lines
}
