//! Commits read as changes: kind, scope, words, what breaks, which issues they name.
//!
//! The form is that of <https://www.conventionalcommits.org/en/v1.0.0/>, read by the library that git-cliff
//! reads it with. What is written otherwise is a change of no kind, with its first line as its words.

use git_conventional as conventional;

/// A commit as git has it.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// Its full name.
    pub sha: String,
    /// Who wrote it.
    pub author: String,
    /// Their address.
    pub email: String,
    /// The whole message.
    pub message: String,
}

/// What a commit changes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// The full name of the commit.
    pub commit: String,
    /// `feat`, `fix` …, in small letters; empty if it is written otherwise.
    pub kind: String,
    /// What part it is about; empty if it does not say.
    pub scope: String,
    /// What it changes, in one line.
    pub text: String,
    /// Whether who uses it has to change something.
    pub breaking: bool,
    /// What they have to know, if that is said apart; in one line.
    pub explained: String,
    /// Numbers of issues and pull requests that it names beside its words.
    pub references: Vec<u64>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// Labels of the pull request that it came with, if that was asked for.
    pub labels: Vec<String>,
    /// Who opened that pull request.
    #[serde(skip)]
    pub opened_by: Option<String>,
}

/// Words before a number that is about the same.
const LINKING: [&str; 12] = [
    "close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved", "ref",
    "refs", "see",
];

impl Change {
    /// What a commit changes.
    pub fn of(commit: &Commit) -> Self {
        let message = commit.message.trim();
        let first = message.lines().next().unwrap_or_default();
        let parsed = conventional::Commit::parse(message).ok();
        let (kind, scope, words) = match &parsed {
            Some(parsed) => (
                parsed.type_().as_str().to_lowercase(),
                parsed.scope().map(|scope| scope.as_str().to_owned()).unwrap_or_default(),
                parsed.description(),
            ),
            // As git itself words it.
            None if first.starts_with("Revert \"") => ("revert".into(), String::new(), first),
            None => Default::default(),
        };
        let words = if words.is_empty() { first } else { words };
        let (words, mut references) = without_numbers(one_line(words));
        references.extend(linked(message));
        references.retain(|number| !numbers(&words).contains(number));
        let mut seen = Vec::new();
        references.retain(|number| {
            !seen.contains(number) && {
                seen.push(*number);
                true
            }
        });
        let explained = parsed.as_ref().and_then(|parsed| {
            let told = parsed.breaking_description().filter(|told| *told != parsed.description());
            told.map(one_line)
        });
        Self {
            commit: commit.sha.clone(),
            kind,
            scope,
            text: words,
            breaking: parsed.is_some_and(|parsed| parsed.breaking()),
            explained: explained.unwrap_or_default(),
            references,
            authors: authors(commit),
            labels: Vec::new(),
            opened_by: None,
        }
    }

    /// It came with this pull request.
    pub fn came_with(&mut self, number: u64, author: &str, labels: Vec<String>) {
        if !self.references.contains(&number) && !numbers(&self.text).contains(&number) {
            self.references.push(number);
        }
        self.labels = labels;
        self.opened_by = Some(author.to_owned());
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words without the `(#12)` at their end, and its numbers.
fn without_numbers(mut words: String) -> (String, Vec<u64>) {
    let mut references = Vec::new();
    while let Some((before, inner)) =
        words.strip_suffix(')').and_then(|text| text.rsplit_once(" ("))
    {
        let found = numbers(inner);
        let only = inner.chars().all(|c| c.is_ascii_digit() || "#, ".contains(c));
        if found.is_empty() || !only {
            break;
        }
        references.splice(0..0, found);
        words = before.trim_end().to_owned();
    }
    (words, references)
}

/// Numbers in a text that are written `#12`.
fn numbers(text: &str) -> Vec<u64> {
    let begins = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '/');
    let digits = |at: usize| {
        let rest = &text[at + 1..];
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    };
    let marks = text.match_indices('#').map(|(at, _)| at).filter(|at| begins(*at));
    marks.filter_map(digits).collect()
}

/// Numbers in lines such as `Closes #12` and `Refs: #12, #13`.
fn linked(message: &str) -> Vec<u64> {
    let links = |line: &&str| {
        let word = line.split([' ', ':']).next().unwrap_or_default().to_lowercase();
        LINKING.contains(&word.as_str())
    };
    message.lines().skip(1).filter(links).flat_map(numbers).collect()
}

/// The author and co-authors; who has an account at GitHub and hides the address, as `@name`.
fn authors(commit: &Commit) -> Vec<String> {
    let co = commit.message.lines().filter_map(|line| {
        let (key, rest) = line.split_once(':')?;
        let (name, email) = rest.trim().strip_suffix('>')?.split_once('<')?;
        key.eq_ignore_ascii_case("co-authored-by").then_some((name.trim(), email))
    });
    let all = [(commit.author.as_str(), commit.email.as_str())].into_iter().chain(co);
    let mut authors: Vec<String> = Vec::new();
    for (name, email) in all.filter(|(name, _)| !name.ends_with("[bot]")) {
        let account = email.strip_suffix("@users.noreply.github.com");
        let account = account.map(|account| account.rsplit('+').next().unwrap_or(account));
        let called = account.map_or_else(|| name.to_owned(), |account| format!("@{account}"));
        if !called.is_empty() && !authors.contains(&called) {
            authors.push(called);
        }
    }
    authors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(message: &str) -> Change {
        let commit = Commit {
            sha: "5a".into(),
            author: "Ada".into(),
            email: "ada@example.org".into(),
            message: message.into(),
        };
        Change::of(&commit)
    }

    #[test]
    fn kind_scope_and_words_are_told_apart() {
        for (message, kind, scope, text) in [
            ("feat: new", "feat", "", "new"),
            ("FIX(core/io): a leak", "fix", "core/io", "a leak"),
            ("fix(api)!: gone", "fix", "api", "gone"),
            (
                "Revert \"feat: new\"\n\nThis reverts commit 5a.",
                "revert",
                "",
                "Revert \"feat: new\"",
            ),
            ("Merge things", "", "", "Merge things"),
            ("feat:no space", "feat", "", "no space"),
            ("note: one\nmore", "", "", "note: one"),
            ("", "", "", ""),
        ] {
            let found = change(message);
            let found = (found.kind.as_str(), found.scope.as_str(), found.text.as_str());
            assert_eq!(found, (kind, scope, text), "{message}");
        }
    }

    #[test]
    fn what_breaks_is_told_in_its_own_words_if_it_has_some() {
        for (message, breaking, explained) in [
            ("feat!: no more 3.8", true, ""),
            ("feat: x\n\nBREAKING CHANGE: y is gone,\n  use z", true, "y is gone, use z"),
            ("fix: x\n\nBREAKING-CHANGE: y", true, "y"),
            ("fix: x\n\nnothing BREAKING CHANGE here", false, ""),
            ("x\n\nBREAKING CHANGE: of no kind", false, ""),
        ] {
            let found = change(message);
            assert_eq!(
                (found.breaking, found.explained.as_str()),
                (breaking, explained),
                "{message}"
            );
        }
    }

    #[test]
    fn numbers_of_issues_are_found_once_and_not_in_other_words() {
        for (message, text, references) in [
            ("fix: a (#12)", "a", vec![12]),
            ("fix: a (#12) (#13, #14)", "a", vec![12, 13, 14]),
            ("fix: a #12 (b)", "a #12 (b)", vec![]),
            ("fix: a #12 (#12)", "a #12", vec![]),
            ("fix: a\n\nCloses #3\nRefs: #4, #3\nSee #x", "a", vec![3, 4]),
            ("fix: a\n\nlike #3 was", "a", vec![]),
            ("fix: C#3 and o/r#4 (C#)", "C#3 and o/r#4 (C#)", vec![]),
        ] {
            let found = change(message);
            assert_eq!((found.text.as_str(), found.references), (text, references), "{message}");
        }
    }

    #[test]
    fn authors_are_people() {
        let message = "x\n\nCo-authored-by: Bob <1+bob@users.noreply.github.com>\nco-authored-by: Ada <ada@example.org>\nCo-authored-by: dep[bot] <d@x>";
        assert_eq!(change(message).authors, ["Ada", "@bob"]);
    }
}
