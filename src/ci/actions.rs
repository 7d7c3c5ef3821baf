//! The one table of actions that generated jobs use, each by the commit that its version is.
//!
//! A tag can be moved to other code, a commit cannot. `rel ci check` does not look at pins, so that a bot may
//! raise them in the file. Sources: the tags of each action's repository.

/// An action.
pub(super) struct Action {
    /// `owner/name`.
    pub(super) name: &'static str,
    /// The commit.
    pub(super) commit: &'static str,
    /// The tag that it has.
    pub(super) version: &'static str,
}

/// Fetches the repository.
pub(super) const CHECKOUT: Action = Action {
    name: "actions/checkout",
    commit: "de0fac2e4500dabe0009e67214ff5f5447ce83dd",
    version: "v6.0.2",
};
/// Makes versions of Python available.
pub(super) const PYTHON: Action = Action {
    name: "actions/setup-python",
    commit: "a309ff8b426b58ec0e2a45f0f869d46889d02405",
    version: "v6.2.0",
};
/// Keeps a file for other jobs.
pub(super) const UPLOAD: Action = Action {
    name: "actions/upload-artifact",
    commit: "b7c566a772e6b6bfb58ed0dc250532a479d7789f",
    version: "v6.0.0",
};
/// Takes it there.
pub(super) const DOWNLOAD: Action = Action {
    name: "actions/download-artifact",
    commit: "37930b1c2abaa49bbe596cd826c3c89aef350131",
    version: "v7.0.0",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_is_named_by_a_whole_commit_and_its_version() {
        let mut commits = std::collections::BTreeSet::new();
        for action in [CHECKOUT, PYTHON, UPLOAD, DOWNLOAD] {
            let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
            assert!(action.commit.len() == 40 && action.commit.chars().all(is_hex));
            assert!(commits.insert(action.commit), "{} is another one's", action.name);
            let parts: Vec<&str> = action.version.trim_start_matches('v').split('.').collect();
            assert_eq!(parts.len(), 3, "{}", action.version);
            assert!(parts.iter().all(|part| part.parse::<u32>().is_ok()), "{}", action.version);
            assert!(action.name.starts_with("actions/"), "{}", action.name);
        }
    }
}
