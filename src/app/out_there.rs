//! What of a release is out by now: kept as it is sent, for whoever is told of it at the end.

/// What a live run has sent, as far as others may want to look at it.
#[derive(Debug, Default)]
pub(super) struct OutThere {
    /// Packages with their versions, each once.
    pub(super) packages: Vec<String>,
    /// Where to see what was sent, each once.
    pub(super) links: Vec<String>,
}
