//! What became of a stage: commits, tags and changes since the commit that it began with.

use super::Stage;
use super::git::Git;
use crate::host::Host;
use crate::model::event::Edits;

/// Lines of the patch that are shown.
const MOST: usize = 200;

impl Stage {
    /// What the tasks of a trial made of it. New files become known to its index, which is dropped with it.
    pub fn edits(&self, host: &Host, users: &std::path::Path) -> Edits {
        let git = Git { host, at: &self.tree };
        git.ask(&["add", "--intent-to-add", "--all"]);
        let range = format!("{}..HEAD", self.base);
        let commits = git.lines(&["log", "--no-show-signature", "--format=%h %s", &range, "--"]);
        let diff = |kind: &str| {
            let words =
                ["diff", "--no-color", "--no-ext-diff", "--no-textconv", kind, &self.base, "--"];
            git.lines(&words)
        };
        let mut patch = diff("--patch");
        let more = patch.len().saturating_sub(MOST);
        patch.truncate(MOST);
        let known = tags(&Git { host, at: users });
        let new = tags(&git).into_iter().filter(|tag| !known.contains(tag));
        let tags = new.map(|(name, _)| name).collect();
        Edits { commits, tags, stat: diff("--stat=100"), patch, more }
    }

    /// Files of the commit that were changed since, and not committed.
    pub fn uncommitted(&self, host: &Host) -> Vec<String> {
        let git = Git { host, at: &self.tree };
        git.lines(&["diff", "--name-only", "--no-ext-diff", "HEAD", "--"])
    }
}

/// Tags, each with its object.
fn tags(git: &Git<'_>) -> Vec<(String, String)> {
    let lines =
        git.lines(&["for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags"]);
    let pairs = lines.iter().filter_map(|line| line.rsplit_once(' '));
    pairs.map(|(name, object)| (name.to_owned(), object.to_owned())).collect()
}
