//! A release on GitHub: a draft, its files, and the moment when others see it.
//!
//! Three effects instead of one, because a run may end between them, and each can be looked for.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Change, Receipt};
use crate::diag::Diagnostic;
use crate::model::artifact::{Artifact, human_size};
use crate::model::task::Destination;

/// Which release: GitHub has one for each tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReleaseAt {
    /// Address of the site.
    pub server: String,
    /// `owner/name`.
    pub repository: String,
    /// The tag.
    pub tag: String,
}

impl ReleaseAt {
    /// Its page, which is also the address under which its files are written down.
    pub fn page(&self) -> String {
        format!("{}/{}/releases/tag/{}", self.server, self.repository, self.tag)
    }

    /// The release, for people.
    pub fn shown(&self) -> String {
        let or = |text: &str, other: &str| {
            if text.is_empty() { other.to_owned() } else { text.to_owned() }
        };
        format!("{} of {}", or(&self.tag, "(no tag)"), or(&self.repository, "(no repository)"))
    }

    /// Whether anything could be there.
    pub fn is_known(&self) -> bool {
        !self.tag.is_empty() && !self.repository.is_empty()
    }

    fn lacks(&self) -> Option<Diagnostic> {
        if self.repository.is_empty() {
            return Some(no_repository());
        }
        let wrong =
            || Diagnostic::refused("a release on GitHub is one of a tag, and HEAD has none");
        self.tag.is_empty().then(|| wrong().hint("`git tag v1.2.3`, or give `tag: \"…\"`"))
    }
}

/// The draft of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftRelease {
    /// Which release.
    pub at: ReleaseAt,
    /// The commit that the tag has to point at; GitHub makes the tag when there is none.
    pub commit: String,
    /// Its title.
    pub title: String,
    /// What is new, as Markdown; without, GitHub writes it from pull requests.
    pub notes: Option<String>,
    /// Whether it is marked as not ready for production.
    pub prerelease: bool,
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadAsset {
    /// Which release.
    pub at: ReleaseAt,
    /// The file.
    pub file: Artifact,
}

/// The moment when a release becomes public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishRelease {
    /// Which release.
    pub at: ReleaseAt,
    /// Whether it is marked as not ready for production.
    pub prerelease: bool,
    /// Whether it becomes the latest one; without, GitHub decides by date and version.
    pub latest: Option<bool>,
    /// The files that have to be there, byte for byte.
    pub files: Vec<Artifact>,
}

/// No repository is known.
pub(super) fn no_repository() -> Diagnostic {
    let wrong = Diagnostic::refused("it is not known which repository on GitHub this is");
    wrong.hint("add it as the remote `origin`, or give `repository: \"owner/name\"`")
}

/// The name that GitHub gives an asset: what it does not like becomes a dot, several become one.
pub fn asset_name(file: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '@');
    let parts = file.split(|c| !plain(c)).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(".")
}

impl Change for DraftRelease {
    fn identity(&self) -> Value {
        json!(["draft-release", self.at])
    }

    fn summary(&self) -> String {
        let kind = if self.prerelease { "prerelease" } else { "release" };
        format!("draft {kind} {}", self.at.shown())
    }

    fn destination(&self) -> Destination {
        Destination::GithubRelease
    }

    fn endpoint(&self) -> String {
        self.at.page()
    }

    fn lacks(&self) -> Option<Diagnostic> {
        self.at.lacks()
    }

    fn predicted(&self) -> Receipt {
        Receipt { name: format!("draft of {}", self.at.tag), digest: None, url: None }
    }
}

impl Change for UploadAsset {
    fn identity(&self) -> Value {
        json!(["upload-asset", self.at, self.file.file_name(), self.file.sha256])
    }

    fn summary(&self) -> String {
        format!(
            "attach {} ({}, sha256 {}) to {}",
            self.file.file_name(),
            human_size(self.file.size),
            self.file.sha256.short(),
            self.at.shown()
        )
    }

    fn files(&self) -> Vec<&Artifact> {
        vec![&self.file]
    }

    fn destination(&self) -> Destination {
        Destination::GithubRelease
    }

    fn endpoint(&self) -> String {
        self.at.page()
    }

    fn predicted(&self) -> Receipt {
        let ReleaseAt { server, repository, tag } = &self.at;
        let name = asset_name(self.file.file_name());
        let url = format!("{server}/{repository}/releases/download/{tag}/{name}");
        Receipt { name, digest: Some(self.file.sha256.clone()), url: Some(url) }
    }
}

impl Change for PublishRelease {
    fn identity(&self) -> Value {
        json!(["publish-release", self.at])
    }

    fn summary(&self) -> String {
        format!("publish release {}", self.at.shown())
    }

    fn destination(&self) -> Destination {
        Destination::GithubRelease
    }

    fn endpoint(&self) -> String {
        self.at.page()
    }

    fn predicted(&self) -> Receipt {
        Receipt { name: self.at.tag.clone(), digest: None, url: Some(self.at.page()) }
    }
}

#[cfg(test)]
mod tests {
    use super::asset_name;

    #[test]
    fn names_are_what_github_makes_of_them() {
        assert_eq!(asset_name("demo-1.0+g1-py3-none-any.whl"), "demo-1.0+g1-py3-none-any.whl");
        assert_eq!(asset_name("demo 1.0~rc1 (ä).zip"), "demo.1.0.rc1.zip");
    }
}
