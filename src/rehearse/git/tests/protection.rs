//! Refs that stay where they are, as git tells it to its user.

use super::bench::{Bench, WRITES, address, bench};
use crate::rehearse::git::{Forbidden, Holder, Token};

fn protected(pattern: &str, forbidden: Forbidden) -> Bench {
    let bench = bench();
    bench.remote.lock().unwrap().protect(pattern, forbidden).unwrap();
    bench
}

const GH013: &str = "\
remote: error: GH013: Repository rule violations found for refs/tags/v1.0.
remote: Review all repository rules at https://github.example/Acme/widget/rules?ref=refs%2Ftags%2Fv1.0
remote:
remote: - Cannot create ref due to creations being restricted.
remote:
";

#[test]
fn a_tag_that_nobody_may_make_is_refused_and_the_rest_goes_through() {
    let bench = protected("refs/tags/v*", Forbidden::Creation);
    bench.commit("three");
    bench.well("work", &["tag", "v1.0"]);
    let (said, rules) = bench.refused(&["push", "origin", "main", "v1.0", "HEAD:refs/tags/other"]);
    assert!(said.contains(GH013), "{said}");
    let line = "! [remote rejected] v1.0 -> v1.0 (push declined due to repository rule violations)";
    assert!(said.contains(line), "{said}");
    assert!(said.contains("main -> main") && said.contains("HEAD -> other"), "{said}");
    assert_eq!(rules, ["git.creation-restricted"]);
    assert_eq!(bench.refs(), ["refs/heads/main", "refs/tags/other", "refs/tags/v0.9"]);
    let (said, _) = bench.refused(&["push", "origin", "v1.0"]);
    assert!(said.contains(GH013), "also where it is all that is pushed: {said}");
}

#[test]
fn with_atomic_nothing_goes_through() {
    let bench = protected("refs/tags/v*", Forbidden::Creation);
    bench.commit("three");
    bench.well("work", &["tag", "v1.0"]);
    let (said, _) = bench.refused(&["push", "--atomic", "origin", "main", "v1.0"]);
    assert!(said.contains("main -> main (atomic transaction failed)"), "{said}");
    assert!(said.contains("v1.0 -> v1.0 (push declined"), "{said}");
    assert_eq!(bench.refs(), ["refs/heads/main", "refs/tags/v0.9"]);
    assert!(bench.remote.lock().unwrap().moved().is_empty());
}

#[test]
fn each_protection_has_its_words() {
    for (pattern, forbidden, push, words, rule) in [
        (
            "refs/tags/**",
            Forbidden::Update,
            "+HEAD:refs/tags/v0.9",
            "Cannot update this protected ref.",
            "git.update-restricted",
        ),
        (
            "refs/tags/v*",
            Forbidden::Deletion,
            ":refs/tags/v0.9",
            "Cannot delete this tag",
            "git.deletion-restricted",
        ),
        (
            "refs/tags/*",
            Forbidden::ForcePush,
            "+HEAD:refs/tags/v0.9",
            "Cannot force-push to this tag",
            "git.force-push-blocked",
        ),
        (
            "refs/heads/*",
            Forbidden::ForcePush,
            "+HEAD:refs/heads/main",
            "Cannot force-push to this branch",
            "git.force-push-blocked",
        ),
        (
            "refs/heads/main",
            Forbidden::DirectPush,
            "+HEAD:refs/heads/main",
            "Changes must be made through a pull request.",
            "git.pull-request-required",
        ),
    ] {
        let bench = protected(pattern, forbidden);
        bench.well("work", &["checkout", "--quiet", "--orphan", "anew"]);
        bench.commit("anew");
        let (said, rules) = bench.refused(&["push", "origin", push]);
        assert!(said.contains("GH013") && said.contains(&format!("remote: - {words}")), "{said}");
        assert_eq!(rules, [rule]);
    }
}

#[test]
fn what_is_not_forbidden_goes_through() {
    for (pattern, forbidden, push) in [
        ("refs/heads/*", Forbidden::ForcePush, "HEAD:refs/heads/main"),
        ("refs/heads/main", Forbidden::DirectPush, "HEAD:refs/heads/other"),
        ("refs/tags/*", Forbidden::Creation, "HEAD:refs/tags/deep/v1"),
        ("refs/tags/v*", Forbidden::Update, "HEAD:refs/tags/v1"),
        ("refs/tags/v*", Forbidden::Creation, ":refs/tags/v0.9"),
    ] {
        let bench = protected(pattern, forbidden);
        bench.commit("three");
        bench.well("work", &["push", "--quiet", "origin", push]);
    }
}

#[test]
fn branches_that_are_protected_the_older_way_have_other_words() {
    let bench = bench();
    bench.remote.lock().unwrap().protect_branch("main", Forbidden::DirectPush).unwrap();
    bench.commit("three");
    let (said, rules) = bench.refused(&["push", "origin", "main"]);
    let words = "\
remote: error: GH006: Protected branch update failed for refs/heads/main.
remote:
remote: - Changes must be made through a pull request.
";
    assert!(said.contains(words), "{said}");
    assert!(said.contains("main -> main (protected branch hook declined)"), "{said}");
    assert_eq!(rules, ["git.protected-branch"]);
}

#[test]
fn a_token_that_bypasses_is_told_so() {
    let bench = protected("refs/tags/v*", Forbidden::Creation);
    bench.remote.lock().unwrap().add_token(Token {
        secret: "ghs_release".into(),
        login: "release[bot]".into(),
        holder: Holder::App,
        writes: true,
        workflows: false,
        bypasses: true,
    });
    let said = bench.well("work", &["push", &address("ghs_release"), "HEAD:refs/tags/v1.0"]);
    assert!(said.contains("remote: Bypassed rule violations for refs/tags/v1.0:"), "{said}");
    assert!(bench.refs().contains(&"refs/tags/v1.0".to_owned()));
    let address = address(WRITES);
    bench.refused(&["push", &address, "HEAD:refs/tags/v1.1"]);
}

#[test]
fn a_pattern_that_is_none_is_told() {
    let bench = bench();
    let said = bench.remote.lock().unwrap().protect("refs/tags/[", Forbidden::Update);
    assert!(said.unwrap_err().contains("unclosed character class"));
}
