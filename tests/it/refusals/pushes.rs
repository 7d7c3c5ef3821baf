//! GitHub: why `git::push` may not move a branch and make a tag.

use rel::rehearse::git::{self, Forbidden};

use super::scene::Scene;
use super::{Row, explained_in};

#[test]
fn refusals_of_pushes_are_explained() {
    explained_in(Scene::of_commits, "pushes", ROWS);
}

pub const ROWS: &[Row] = &[
    ("a token that was revoked", "git.credentials", |scene| scene.token = Some("ghs-gone")),
    ("a token that may only read", "git.write-access", |scene| {
        scene.token = Some("ghs-reads");
        scene.remote = |remote| remote.add_token(git::Token::of_actions("ghs-reads", false));
    }),
    ("a tag that a ruleset forbids", "git.creation-restricted", |scene| {
        scene.remote = |remote| remote.protect("refs/tags/v*", Forbidden::Creation).unwrap();
    }),
    ("a branch that a ruleset locks", "git.update-restricted", |scene| {
        scene.remote = |remote| remote.protect("refs/heads/main", Forbidden::Update).unwrap();
    }),
    ("a branch for pull requests alone", "git.pull-request-required", |scene| {
        scene.remote = |remote| remote.protect("refs/heads/main", Forbidden::DirectPush).unwrap();
    }),
    ("a branch that is protected the old way", "git.protected-branch", |scene| {
        scene.remote = |remote| remote.protect_branch("main", Forbidden::DirectPush).unwrap();
    }),
];
