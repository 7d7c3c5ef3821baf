//! What commits must not bring.

use super::bench::{USER, WRITES, address, bench};
use crate::rehearse::git::{Token, contents};

#[test]
fn a_file_of_more_than_100_mebibytes_is_refused_with_all_that_comes_along() {
    let bench = bench();
    bench.write("exact", &"x".repeat(100 << 20));
    bench.commit("as large as may be");
    bench.well("work", &["push", "--quiet", "origin", "main"]);
    bench.write("data/large", &"y".repeat((100 << 20) + 1));
    bench.commit("large");
    let (said, rules) = bench.refused(&["push", "origin", "main", "HEAD~1:refs/tags/fine"]);
    let line = "remote: error: File data/large is 100.00 MB; this exceeds GitHub's file size limit of 100.00 MB";
    assert!(said.contains(line), "{said}");
    assert!(said.contains("remote: error: GH001: Large files detected."), "{said}");
    assert!(said.contains("main -> main (pre-receive hook declined)"), "{said}");
    assert!(said.contains("HEAD~1 -> fine (pre-receive hook declined)"), "{said}");
    assert_eq!(rules, ["git.large-file"]);
    let said = contents::large_files_said(&[("x.pdf".into(), 128_896_162)]);
    assert!(said.contains("File x.pdf is 122.92 MB"), "{said}");
}

#[test]
fn workflow_files_need_a_permission() {
    let bench = bench();
    bench.write(".github/workflows/release.yml", "on: push\n");
    bench.commit("a workflow");
    for (token, words, rule) in [
        (
            WRITES,
            "(refusing to allow a GitHub App to create or update workflow `.github/workflows/release.yml` without `workflows` permission)",
            "git.workflow-permission",
        ),
        (
            USER,
            "(refusing to allow a Personal Access Token to create or update workflow `.github/workflows/release.yml` without `workflow` scope)",
            "git.workflow-scope",
        ),
    ] {
        let (said, rules) = bench.refused(&["push", &address(token), "main"]);
        assert!(said.contains(words), "{said}");
        assert_eq!(rules, [rule]);
    }
    let token = Token { workflows: true, ..Token::of_actions("ghs_all", true) };
    bench.remote.lock().unwrap().add_token(token);
    bench.well("work", &["push", "--quiet", &address("ghs_all"), "main"]);
    bench.well("work", &["push", "--quiet", "origin", "HEAD:refs/tags/v1.0"]);

    // A tag on an old commit brings workflows that no branch has any more.
    bench.write(".github/workflows/ci.yml", "on: release\n");
    bench.commit("another workflow");
    bench.well("work", &["push", "--quiet", &address("ghs_all"), "main"]);
    let (said, _) = bench.refused(&["push", "origin", "v0.9:refs/tags/v0.9.1"]);
    assert!(said.contains("create or update workflow `.github/workflows/ci.yml`"), "{said}");
}
