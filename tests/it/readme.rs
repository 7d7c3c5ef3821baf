//! What the README shows must be true: its Releasefiles load, its commands exist.

use std::collections::BTreeSet;
use std::path::Path;

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

/// Names after `"event":` in the files below a folder.
fn events_below(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(events_below(&path));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let made = text.split("\"event\": \"").skip(1);
        names.extend(made.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    names
}

#[test]
fn every_event_that_a_command_makes_is_described() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut names = events_below(&source.join("app"));
    names.extend(events_below(&source.join("report")));
    assert!(names.len() > 10, "{names:?}");
    let rows = include_str!("../../docs/events.md").lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<&str> = rows.filter_map(|line| line.split(" | ").next()).collect();
    for name in names {
        let is_told = rows.iter().any(|row| row.contains(&format!("`{name}`")));
        assert!(is_told, "{name} has no row");
    }
}

#[test]
fn every_command_in_the_readme_has_help() {
    let text = include_str!("../../README.md");
    let rows = text.lines().filter(|line| line.starts_with("| `rel "));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let named = cells.flat_map(|cell| cell.split("`rel ").skip(1));
    let words: BTreeSet<&str> = named.filter_map(|rest| rest.split([' ', '`']).next()).collect();
    let commands: Vec<&str> =
        words.into_iter().filter(|word| word.chars().all(|c| c.is_ascii_lowercase())).collect();
    assert!(commands.len() > 15, "{commands:?}");
    let project = Project::new("");
    for command in commands {
        project.rel(&format!("help {command}")).code(0);
    }
}

#[test]
fn the_changelog_has_an_unreleased_part_or_this_version() {
    let text = include_str!("../../CHANGELOG.md");
    let version = env!("CARGO_PKG_VERSION");
    assert!(text.contains("## [Unreleased]") || text.contains(&format!("## [{version}]")));
}
