//! Rulesets and protected branches: which changes of which refs are refused, and in which words.
//!
//! Not here: rules about what commits contain or who signed them, required checks, and who else may
//! bypass a ruleset than a token that bypasses all.

use globset::{Glob, GlobBuilder, GlobMatcher};

use super::rules;
use crate::rehearse::http::Rule;

/// What a protection forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// Making such a ref.
    Creation,
    /// Moving it, also forwards.
    Update,
    /// Deleting it.
    Deletion,
    /// Moving it to what does not follow from where it was.
    ForcePush,
    /// Changing it but by a pull request.
    DirectPush,
}

/// Who protects a ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeper {
    Ruleset,
    ProtectedBranch,
}

/// Refs that are protected.
pub(super) struct Protection {
    names: GlobMatcher,
    forbidden: Forbidden,
    pub(super) keeper: Keeper,
}

/// What a push does to a ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Creation,
    Forward,
    Forced,
    Deletion,
}

impl Protection {
    /// Protects refs whose whole name matches, such as `refs/tags/v*`.
    pub(super) fn new(pattern: &str, forbidden: Forbidden, keeper: Keeper) -> Result<Self, String> {
        let built: Result<Glob, _> = GlobBuilder::new(pattern).literal_separator(true).build();
        let names = built.map_err(|error| error.to_string())?.compile_matcher();
        Ok(Self { names, forbidden, keeper })
    }

    /// Whether this change of the ref is forbidden.
    pub(super) fn forbids(&self, name: &str, change: Change) -> bool {
        let struck = match self.forbidden {
            Forbidden::Creation => change == Change::Creation,
            Forbidden::Update => matches!(change, Change::Forward | Change::Forced),
            Forbidden::Deletion => change == Change::Deletion,
            Forbidden::ForcePush => change == Change::Forced,
            Forbidden::DirectPush => change != Change::Deletion,
        };
        struck && self.names.is_match(name)
    }

    /// What GitHub says of it.
    pub(super) fn words(&self, name: &str) -> String {
        let kind = if name.starts_with("refs/tags/") { "tag" } else { "branch" };
        match self.forbidden {
            Forbidden::Creation => "Cannot create ref due to creations being restricted.".into(),
            Forbidden::Update => "Cannot update this protected ref.".into(),
            Forbidden::Deletion => format!("Cannot delete this {kind}"),
            Forbidden::ForcePush => format!("Cannot force-push to this {kind}"),
            Forbidden::DirectPush => "Changes must be made through a pull request.".into(),
        }
    }

    /// The rule that this is.
    pub(super) fn rule(&self) -> Rule {
        match (self.keeper, self.forbidden) {
            (Keeper::ProtectedBranch, _) => rules::PROTECTED_BRANCH,
            (_, Forbidden::Creation) => rules::CREATION,
            (_, Forbidden::Update) => rules::UPDATE,
            (_, Forbidden::Deletion) => rules::DELETION,
            (_, Forbidden::ForcePush) => rules::FORCE_PUSH,
            (_, Forbidden::DirectPush) => rules::PULL_REQUEST,
        }
    }
}
