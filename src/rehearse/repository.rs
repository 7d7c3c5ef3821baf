//! The git repository behind the world's forge, as its API sees it.
//!
//! Pushes and the API change one and the same repository: whoever serves either holds this.

/// What a ref points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Full object name.
    pub sha: String,
    /// `commit`, `tag`, `tree` or `blob`.
    pub kind: String,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Full object name.
    pub sha: String,
    /// First line and body.
    pub message: String,
    /// Name of who wrote it.
    pub author: String,
    /// Seconds since 1970.
    pub date: u64,
    /// Full object names.
    pub parents: Vec<String>,
}

/// An annotated tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Full object name; empty for one that is to be made.
    pub sha: String,
    /// Name without `refs/tags/`.
    pub name: String,
    /// Its message.
    pub message: String,
    /// What it points at.
    pub object: Object,
}

/// A repository. Names of refs are whole, such as `refs/tags/v1.2.3`.
pub trait Repository: Send {
    /// What a ref points at; for an annotated tag the tag object.
    fn find(&self, name: &str) -> Option<Object>;
    /// All refs that begin like this, in order of their names.
    fn refs(&self, start: &str) -> Vec<(String, Object)>;
    /// The commit that an object name, a ref, a branch or a tag leads to.
    fn commit(&self, name: &str) -> Option<Commit>;
    /// Commits reachable from `to` and not from `from`, newest first.
    fn log(&self, from: Option<&str>, to: &str) -> Vec<Commit>;
    /// An annotated tag by its object name.
    fn tag(&self, sha: &str) -> Option<Tag>;
    /// Makes a tag object, and tells its name.
    ///
    /// # Errors
    /// What git says.
    fn make_tag(&mut self, tag: &Tag) -> Result<String, String>;
    /// Makes or moves a ref.
    ///
    /// # Errors
    /// What git says.
    fn set(&mut self, name: &str, sha: &str) -> Result<(), String>;
    /// Deletes a ref.
    ///
    /// # Errors
    /// What git says.
    fn delete(&mut self, name: &str) -> Result<(), String>;
}
