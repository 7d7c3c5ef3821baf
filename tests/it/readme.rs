//! What the README shows must be true: its Releasefiles load, its commands exist.

use crate::project::Project;

fn blocks(language: &str) -> Vec<String> {
    let text = include_str!("../../README.md");
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_releasefiles_in_the_readme_load() {
    let found = blocks("rhai");
    assert!(!found.is_empty());
    for text in found {
        Project::new(&text).rel("validate").code(0);
    }
}

#[test]
fn the_first_releasefile_has_ten_lines() {
    assert_eq!(blocks("rhai")[0].lines().count(), 10);
}

#[test]
fn the_changelog_has_an_unreleased_part_or_this_version() {
    let text = include_str!("../../CHANGELOG.md");
    let version = env!("CARGO_PKG_VERSION");
    assert!(text.contains("## [Unreleased]") || text.contains(&format!("## [{version}]")));
}
