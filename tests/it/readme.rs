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
fn every_event_is_described() {
    let code = include_str!("../../src/model/event.rs").split("pub enum Event {").nth(1).unwrap();
    let code = code.split("\n}\n").next().unwrap();
    let variants = code.lines().filter_map(|line| line.strip_prefix("    "));
    let variants: Vec<&str> =
        variants.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase())).collect();
    assert!(variants.len() > 10);
    for variant in variants {
        let name: String = variant.chars().take_while(|c| c.is_alphanumeric()).collect();
        let dashed = |c: char| {
            if c.is_uppercase() { format!("-{}", c.to_lowercase()) } else { c.to_string() }
        };
        let name = name.chars().map(dashed).collect::<String>();
        let name = format!("`{}`", name.trim_start_matches('-'));
        assert!(include_str!("../../docs/events.md").contains(&name), "{name} is not described");
    }
}

#[test]
fn the_changelog_has_an_unreleased_part_or_this_version() {
    let text = include_str!("../../CHANGELOG.md");
    let version = env!("CARGO_PKG_VERSION");
    assert!(text.contains("## [Unreleased]") || text.contains(&format!("## [{version}]")));
}
