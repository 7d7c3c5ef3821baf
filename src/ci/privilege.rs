//! What a destination takes in CI: permissions of the job's token, the token itself, the environment's address.
//!
//! One table; a job gets the rows of its tasks' destinations and nothing else. From GitHub's page "Workflow
//! syntax", `permissions`, and from what each service asks for: trusted publishing needs `id-token`, a release
//! and a push `contents`, GitHub's store of attestations `attestations`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::task::Destination;

/// Addresses that environments show, for those destinations that have one.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// By destination.
    pub urls: BTreeMap<Destination, String>,
}

/// A permission of a job, and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Permission {
    /// As GitHub calls it.
    pub(super) scope: &'static str,
    /// `read` or `write`.
    pub(super) level: &'static str,
    /// What it is for.
    pub(super) why: &'static str,
}

const fn write(scope: &'static str, why: &'static str) -> Permission {
    Permission { scope, level: "write", why }
}

/// The permission of a job that checks the project out.
pub(super) const READ: Permission =
    Permission { scope: "contents", level: "read", why: "the checkout" };

const IDENTITY: Permission = write("id-token", "the job's identity, for trusted publishing");
const SIGNING: Permission = write("id-token", "the job's identity, for signing");

fn permissions_of(destination: &Destination) -> &'static [Permission] {
    const INDEX: &[Permission] = &[IDENTITY];
    const RELEASE: &[Permission] = &[write("contents", "the release on GitHub")];
    const PUSH: &[Permission] = &[write("contents", "the push")];
    const STORE: &[Permission] =
        &[SIGNING, write("attestations", "GitHub's store of attestations")];
    match destination {
        Destination::Pypi | Destination::Testpypi | Destination::Crates => INDEX,
        Destination::GithubRelease => RELEASE,
        Destination::GitPush => PUSH,
        Destination::Attestations => STORE,
        Destination::Index(_)
        | Destination::Actions
        | Destination::Command
        | Destination::Notify => &[],
    }
}

/// All that these destinations take, each scope once.
pub(super) fn permissions(destinations: &BTreeSet<Destination>) -> Vec<Permission> {
    let mut all: BTreeMap<&str, Permission> = BTreeMap::new();
    for permission in destinations.iter().flat_map(permissions_of) {
        all.entry(permission.scope).or_insert(*permission);
    }
    all.into_values().collect()
}

/// Whether the job's token has to be handed to rel.
pub(super) fn takes_token(destinations: &BTreeSet<Destination>) -> bool {
    destinations.iter().any(Destination::is_github)
}

/// Whether a workflow that others call cannot send there: PyPI compares the publisher with the calling file.
pub(super) fn is_trusted_index(destination: &Destination) -> bool {
    matches!(destination, Destination::Pypi | Destination::Testpypi)
}
