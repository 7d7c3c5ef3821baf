//! The releases that the forge holds, with their assets.
//!
//! Plain data and questions to it; what may become of it is asked in `publish` and `assets`.

use std::collections::BTreeSet;

use super::access::Holder;

/// All releases.
#[derive(Default)]
pub(super) struct Shelf {
    /// In the order of their making.
    pub(super) releases: Vec<Release>,
    /// The release that was named as the latest.
    pub(super) latest: Option<u64>,
    /// Whether releases cannot be changed once they are published.
    pub(super) immutable: bool,
    /// Names of tags that an immutable release had and that no other may have.
    pub(super) burned: BTreeSet<String>,
}

/// A release.
#[derive(Debug, Clone)]
pub(super) struct Release {
    pub(super) id: u64,
    pub(super) fields: Fields,
    /// Whether it can no longer be changed.
    pub(super) immutable: bool,
    /// Whether it was said not to be the latest.
    pub(super) passed_over: bool,
    /// The date of its commit.
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) published: Option<u64>,
    pub(super) author: Holder,
    pub(super) assets: Vec<Asset>,
}

/// What a request says of a release.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub(super) tag: String,
    /// Branch or commit that the tag is made at.
    pub(super) target: String,
    pub(super) name: Option<String>,
    pub(super) body: Option<String>,
    pub(super) draft: bool,
    pub(super) prerelease: bool,
}

/// How far an upload came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is all there.
    Uploaded,
    /// It broke off.
    Starter,
}

/// A file of a release.
#[derive(Debug, Clone)]
pub(super) struct Asset {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) label: Option<String>,
    pub(super) kind: String,
    pub(super) bytes: Vec<u8>,
    pub(super) state: State,
    pub(super) created: u64,
    pub(super) updated: u64,
    pub(super) downloads: u64,
    pub(super) uploader: Holder,
}

impl Release {
    /// The word that stands for the tag in addresses: a draft has none yet.
    pub(super) fn slug(&self) -> String {
        if self.fields.draft {
            let hash = super::sha256(self.id.to_string().as_bytes());
            return format!("untagged-{}", &hash[..20]);
        }
        self.fields.tag.clone()
    }
}

impl Shelf {
    /// A release by its number.
    pub(super) fn by_id(&self, id: u64) -> Option<&Release> {
        self.releases.iter().find(|release| release.id == id)
    }

    /// The same, to be changed.
    pub(super) fn by_id_mut(&mut self, id: u64) -> Option<&mut Release> {
        self.releases.iter_mut().find(|release| release.id == id)
    }

    /// The published release of a tag.
    pub(super) fn by_tag(&self, tag: &str) -> Option<&Release> {
        self.releases.iter().find(|release| !release.fields.draft && release.fields.tag == tag)
    }

    /// An asset, with its release.
    pub(super) fn asset(&self, id: u64) -> Option<(&Release, &Asset)> {
        self.releases.iter().find_map(|release| {
            release.assets.iter().find(|asset| asset.id == id).map(|asset| (release, asset))
        })
    }

    /// The same, to be changed.
    pub(super) fn asset_mut(&mut self, id: u64) -> Option<&mut Asset> {
        self.releases.iter_mut().flat_map(|one| &mut one.assets).find(|asset| asset.id == id)
    }

    /// A tag is gone: its release becomes a draft again.
    pub(super) fn untag(&mut self, tag: &str) {
        for release in self.releases.iter_mut().filter(|release| release.fields.tag == tag) {
            release.fields.draft = true;
            release.published = None;
        }
    }

    /// Whether a release holds this tag, so that it can neither be moved nor deleted.
    pub(super) fn locks(&self, tag: &str) -> bool {
        self.by_tag(tag).is_some_and(|release| release.immutable)
    }
}
