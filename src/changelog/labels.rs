//! Where pull requests go by their labels, as `.github/release.yml` says it for the notes that GitHub writes.
//!
//! Source: <https://docs.github.com/repositories/releasing-projects-on-github/automatically-generated-release-notes>.
//! The first group that fits takes a pull request; `*` is every label, and none; what fits nowhere goes to the rest.
//! Names of labels and accounts have no case. GitHub's notes list pull requests, these list commits: one that came
//! without a pull request has no labels, and no author to be left out.

use super::commits::Change;
use super::notes::Group;
use crate::workflow::yaml::{self, Node, Unreadable};

/// Where GitHub looks for it.
pub const FILES: [&str; 2] = [".github/release.yml", ".github/release.yaml"];

/// What is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Without {
    labels: Vec<String>,
    authors: Vec<String>,
}

/// The file, read.
#[derive(Debug)]
pub struct Rules {
    /// What stands in no notes.
    pub without: Without,
    /// The groups, in their order.
    pub groups: Vec<Group>,
}

impl Rules {
    /// Reads the file's text.
    ///
    /// # Errors
    /// It is no YAML.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let root = yaml::parse(text)?;
        let changelog = root.get("changelog");
        let groups = changelog.and_then(|changelog| changelog.get("categories"));
        let groups = groups.map(Node::items).unwrap_or_default();
        let group = |node: &Node| {
            Some(Group {
                title: node.text_of("title")?.to_owned(),
                kinds: Vec::new(),
                labels: texts(node.get("labels")),
                without: without(node),
            })
        };
        Ok(Self {
            without: changelog.map(without).unwrap_or_default(),
            groups: groups.iter().filter_map(group).collect(),
        })
    }
}

fn texts(node: Option<&Node>) -> Vec<String> {
    let words = node.map(Node::words).unwrap_or_default();
    words.into_iter().filter_map(|word| word.text().map(str::to_owned)).collect()
}

fn without(node: &Node) -> Without {
    let exclude = node.get("exclude");
    let of = |key: &str| texts(exclude.and_then(|exclude| exclude.get(key)));
    Without { labels: of("labels"), authors: of("authors") }
}

impl Without {
    /// Whether a change is left out.
    pub fn has(&self, change: &Change) -> bool {
        let author = change.opened_by.as_deref();
        has_label(&self.labels, change)
            || author.is_some_and(|author| self.authors.iter().any(|one| same(one, author)))
    }
}

/// Whether one of these labels is on a change; `*` is on all.
pub(super) fn has_label(labels: &[String], change: &Change) -> bool {
    let on = |wanted: &String| change.labels.iter().any(|label| same(label, wanted));
    labels.iter().any(|label| label == "*" || on(label))
}

/// Names of accounts and labels are the same in capitals. A bot is `name[bot]` in one place, and `name` in others.
fn same(one: &str, other: &str) -> bool {
    let bare = |name: &str| name.strip_suffix("[bot]").unwrap_or(name).to_lowercase();
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::super::commits::Commit;
    use super::super::notes::Notes;
    use super::*;

    const FILE: &str = "
changelog:
  exclude:
    labels: [ignore-for-release]
    authors: [dependabot]
  categories:
    - title: Breaking 🛠
      labels:
        - Semver-Major
    - title: New
      labels: ['enhancement', feature]
      exclude:
        labels: [minor]
    - title: All else
      labels:
        - '*'
";

    fn change(message: &str, author: &str, labels: &[&str]) -> Change {
        let mut change = Change::of(&Commit { message: message.into(), ..Commit::default() });
        change.came_with(3, author, labels.iter().map(ToString::to_string).collect());
        change
    }

    #[test]
    fn changes_go_where_the_file_says() {
        let rules = Rules::read(FILE).unwrap();
        let direct = Change::of(&Commit { message: "feat: direct".into(), ..Commit::default() });
        let changes = vec![
            change("one", "ada", &["bug", "enhancement"]),
            change("two", "ada", &["semver-major", "feature"]),
            change("three", "ada", &["feature", "minor"]),
            change("four", "ada", &[]),
            change("five", "dependabot[bot]", &["feature"]),
            change("six", "ada", &["ignore-for-release"]),
            direct,
        ];
        let kept = changes.into_iter().filter(|change| !rules.without.has(change)).collect();
        let notes = Notes::of(kept, &rules.groups, Some("Other changes"));
        let of = |at: usize| {
            let group = &notes.groups[at];
            let texts: Vec<&str> = group.changes.iter().map(|one| one.text.as_str()).collect();
            (group.title.as_str(), texts)
        };
        assert_eq!(of(0), ("Breaking 🛠", vec!["two"]));
        assert_eq!(of(1), ("New", vec!["one"]));
        assert_eq!(of(2), ("All else", vec!["three", "four", "direct"]));
        assert_eq!(notes.groups.len(), 3);
    }

    #[test]
    fn what_fits_nowhere_is_with_the_rest() {
        let text = "changelog:\n  categories:\n    - title: New\n      labels: feature\n";
        let rules = Rules::read(text).unwrap();
        let changes = vec![change("one", "ada", &["feature"]), change("fix: two", "ada", &["bug"])];
        let notes = Notes::of(changes, &rules.groups, Some("Other changes"));
        let titles: Vec<&str> = notes.groups.iter().map(|group| group.title.as_str()).collect();
        assert_eq!(titles, ["New", "Other changes"]);
    }

    #[test]
    fn a_file_without_groups_has_none_and_no_yaml_is_told() {
        assert!(Rules::read("").unwrap().groups.is_empty());
        assert!(Rules::read("changelog:\n  categories: none\n").unwrap().groups.is_empty());
        assert!(Rules::read("changelog: [").is_err());
    }
}
