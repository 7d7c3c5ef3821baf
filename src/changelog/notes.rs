//! Notes for a release, made from its changes: what breaks first, then groups by kind, as Markdown.
//!
//! The same changes give the same text. Words of commits are no Markdown, but for code in backticks: `<tag>` would
//! vanish on a page, `__init__` be bold, and `@name` would call somebody.

use super::commits::Change;
use super::labels::{Without, has_label};

/// Groups as they come, each with the kinds of its changes. The kinds are those of
/// <https://www.conventionalcommits.org> and of the Angular convention that it grew from.
const GROUPS: &[(&str, &[&str])] = &[
    ("Features", &["feat", "feature"]),
    ("Bug fixes", &["fix"]),
    ("Performance", &["perf"]),
    ("Documentation", &["docs", "doc"]),
    ("Reverts", &["revert"]),
    ("Maintenance", &["build", "chore", "ci", "refactor", "style", "test", "tests"]),
];

/// Labels that every new repository on GitHub has, with the kinds that they are:
/// <https://docs.github.com/issues/using-labels-and-milestones-to-track-work/managing-labels#about-default-labels>.
const LABELS: &[(&str, &str)] =
    &[("bug", "fix"), ("documentation", "docs"), ("enhancement", "feat")];

/// The group of changes whose kind is in no other.
pub const OTHERS: &str = "Other changes";

/// A group that changes go to.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its heading.
    pub title: String,
    /// The kinds of its changes.
    pub kinds: Vec<String>,
    /// Labels of pull requests whose changes go here, whatever kinds they are of.
    pub labels: Vec<String>,
    /// What does not go here all the same.
    pub without: Without,
}

impl Group {
    /// A group of what has one of these words as its kind, or as a label.
    pub fn of(title: &str, words: Vec<String>) -> Self {
        let (title, without) = (title.to_owned(), Without::default());
        Self { title, labels: words.clone(), kinds: words, without }
    }
}

/// The groups of who asks for no others.
pub fn usual_groups() -> Vec<Group> {
    let group = |(title, kinds): &(&str, &[&str])| {
        let mut group = Group::of(title, kinds.iter().map(ToString::to_string).collect());
        let usual = LABELS.iter().filter(|(_, kind)| kinds.contains(kind));
        group.labels.extend(usual.map(|(label, _)| (*label).to_owned()));
        group
    };
    GROUPS.iter().map(group).collect()
}

/// Changes of one group.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct Grouped {
    /// Its heading.
    pub title: String,
    /// The oldest first.
    pub changes: Vec<Change>,
}

/// What notes are made of.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub struct Notes {
    /// What breaks; these stand in no group.
    pub breaking: Vec<Change>,
    /// The rest; no group is empty.
    pub groups: Vec<Grouped>,
    /// Who wrote it, by the alphabet.
    pub contributors: Vec<String>,
}

impl Notes {
    /// Groups changes, which come oldest first; those of no group go to `others`, or are left out. A label says more
    /// than a kind: it was given by who looked at the change.
    pub fn of(changes: Vec<Change>, groups: &[Group], others: Option<&str>) -> Self {
        let title_of = |change: &Change| {
            let labelled =
                |group: &&Group| has_label(&group.labels, change) && !group.without.has(change);
            let fits = |group: &&Group| group.kinds.contains(&change.kind);
            let group = groups.iter().find(labelled).or_else(|| groups.iter().find(fits));
            group.map(|group| group.title.as_str()).or(others)
        };
        let mut titles: Vec<&str> = groups.iter().map(|group| group.title.as_str()).collect();
        titles.extend(others);
        titles.dedup();
        let mut contributors: Vec<String> =
            changes.iter().flat_map(|change| change.authors.clone()).collect();
        contributors
            .sort_by_key(|name| (name.trim_start_matches('@').to_lowercase(), name.clone()));
        contributors.dedup();
        let (breaking, rest): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| change.breaking);
        let mut grouped: Vec<Grouped> = Vec::new();
        for title in titles {
            let of_title = |change: &&Change| title_of(change) == Some(title);
            let changes: Vec<Change> = rest.iter().filter(of_title).cloned().collect();
            if !changes.is_empty() && !grouped.iter().any(|group| group.title == title) {
                grouped.push(Grouped { title: title.to_owned(), changes });
            }
        }
        Self { breaking, groups: grouped, contributors }
    }

    /// As Markdown; empty if nothing has changed. With the page of a repository, numbers are links.
    pub fn markdown(&self, page: Option<&str>) -> String {
        let mut parts = Vec::new();
        let lines = |changes: &[Change]| {
            changes.iter().map(|change| line(change, page)).collect::<Vec<_>>().join("\n")
        };
        if !self.breaking.is_empty() {
            parts.push(format!("### Breaking changes\n\n{}", lines(&self.breaking)));
        }
        for group in &self.groups {
            parts.push(format!("### {}\n\n{}", group.title, lines(&group.changes)));
        }
        if !parts.is_empty() && !self.contributors.is_empty() {
            parts.push(format!("Contributors: {}", self.contributors.join(", ")));
        }
        parts.join("\n\n")
    }
}

/// One change, as an item of a list.
fn line(change: &Change, page: Option<&str>) -> String {
    let scope = match change.scope.as_str() {
        "" => String::new(),
        scope => format!("**{}:** ", shown(scope)),
    };
    let numbers = change.references.iter().map(|number| match page {
        Some(page) => format!(" ([#{number}]({page}/issues/{number}))"),
        None => format!(" (#{number})"),
    });
    let numbers: String = numbers.collect();
    let explained = match change.explained.as_str() {
        "" => String::new(),
        told => format!("\n  {}", shown(told)),
    };
    format!("- {scope}{}{numbers}{explained}", shown(&change.text))
}

/// Words that Markdown shows as they stand. What they have in backticks is code there too, and `@name` becomes
/// code.
fn shown(words: &str) -> String {
    let mut shown = String::new();
    // At the beginning of an item these begin a heading, a quotation or a list of its own.
    if words.starts_with(['#', '>', '+', '-']) {
        shown.push('\\');
    }
    let mut rest = words;
    while let Some((before, marked)) = rest.find('`').map(|at| rest.split_at(at)) {
        shown.push_str(&plain(before));
        let inner = marked.trim_start_matches('`');
        let mark = &marked[..marked.len() - inner.len()];
        let code = code_end(inner, mark).map_or(mark.len(), |end| mark.len() + end);
        if code > mark.len() {
            shown.push_str(&marked[..code]);
        } else {
            shown.push_str(&"\\`".repeat(mark.len()));
        }
        rest = &marked[code..];
    }
    shown.push_str(&plain(rest));
    shown
}

/// Where code ends that was opened with these backticks: behind the next that are as many.
fn code_end(inner: &str, mark: &str) -> Option<usize> {
    let mut at = 0;
    for part in inner.split_inclusive(|c: char| c != '`') {
        let ticks = part.bytes().take_while(|byte| *byte == b'`').count();
        at += ticks;
        if ticks == mark.len() {
            return Some(at);
        }
        at += part.len() - ticks;
    }
    None
}

/// Words without code.
fn plain(words: &str) -> String {
    words.split(' ').map(uncalled).collect::<Vec<_>>().join(" ")
}

/// A word outside of code.
fn uncalled(word: &str) -> String {
    let name = word.trim_start_matches(['(', '[', '"']);
    let lead = &word[..word.len() - name.len()];
    let is_called =
        name.strip_prefix('@').is_some_and(|name| name.starts_with(char::is_alphanumeric));
    if !is_called {
        return escaped(word);
    }
    let end = name.find(|c: char| !c.is_alphanumeric() && !"@-_/.".contains(c));
    let (name, rest) = name.split_at(end.unwrap_or(name.len()));
    format!("{}`{name}`{}", escaped(lead), escaped(rest))
}

/// A backslash before each sign that Markdown would read as its own. Within a word `_` is none
/// (<https://spec.commonmark.org/0.31.2/#emphasis-and-strong-emphasis>).
fn escaped(text: &str) -> String {
    let is_inner = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut escaped = String::new();
    let mut before = None;
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        let next = signs.peek().copied();
        let is_read = match sign {
            '<' | '*' | '[' => true,
            '_' => !(is_inner(before) && is_inner(next)),
            '\\' => next.is_none_or(|next| next.is_ascii_punctuation()),
            _ => false,
        };
        if is_read {
            escaped.push('\\');
        }
        escaped.push(sign);
        before = Some(sign);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::commits::Commit;
    use super::*;

    fn changes(messages: &[&str]) -> Vec<Change> {
        let change = |message: &&str| {
            let author = if message.contains("io") { "bob" } else { "Ada" };
            Change::of(&Commit {
                author: author.into(),
                message: (*message).to_owned(),
                ..Commit::default()
            })
        };
        messages.iter().map(change).collect()
    }

    const MESSAGES: &[&str] = &[
        "docs: a guide",
        "feat(io): read <stdin> (#3)",
        "fix!: `Vec<u8>` goes to @property, mail to a@b.org\n\nBREAKING CHANGE: it is a text",
        "chore: pins",
        "feat: more\n\nCloses #4",
        "wip: half",
        "A line",
    ];

    #[test]
    fn what_breaks_comes_first_then_groups_in_order() {
        let notes = Notes::of(changes(MESSAGES), &usual_groups(), Some(OTHERS));
        expect![[r"
            ### Breaking changes

            - `Vec<u8>` goes to `@property`, mail to a@b.org
              it is a text

            ### Features

            - **io:** read \<stdin> ([#3](https://example.org/o/r/issues/3))
            - more ([#4](https://example.org/o/r/issues/4))

            ### Documentation

            - a guide

            ### Maintenance

            - pins

            ### Other changes

            - half
            - A line

            Contributors: Ada, bob"]]
        .assert_eq(&notes.markdown(Some("https://example.org/o/r")));
        assert!(notes.markdown(None).contains("- more (#4)\n"));
    }

    #[test]
    fn groups_are_the_users_and_the_rest_may_be_left_out() {
        let own = [("New", "feat"), ("New", "docs"), ("Kept", "chore")]
            .map(|(title, kind)| Group::of(title, vec![kind.to_owned()]));
        let notes = Notes::of(changes(MESSAGES), &own, None);
        let titles: Vec<(&str, usize)> =
            notes.groups.iter().map(|group| (group.title.as_str(), group.changes.len())).collect();
        assert_eq!(titles, [("New", 3), ("Kept", 1)]);
        assert_eq!(notes.breaking.len(), 1);
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        assert_eq!(Notes::of(Vec::new(), &usual_groups(), Some(OTHERS)).markdown(None), "");
        assert_eq!(Notes::of(changes(&["chore: x"]), &[], None).markdown(None), "");
    }

    #[test]
    fn words_stay_what_they_are() {
        for (words, wanted) in [
            ("(@ada, @bob/x)", "(`@ada`, `@bob/x`)"),
            ("a ` b < c @d", r"a \` b \< c `@d`"),
            ("`<a> @b` <c>", r"`<a> @b` \<c>"),
            ("``a ` *b*`` *c*", r"``a ` *b*`` \*c\*"),
            ("``a` b", r"\`\`a\` b"),
            ("`a` and ``b", r"`a` and \`\`b"),
            ("@ alone", "@ alone"),
            ("mend __init__ and *args*", r"mend \_\_init\_\_ and \*args\*"),
            (
                "mend `__init__` of a_name_ and an_other",
                r"mend `__init__` of a_name\_ and an_other",
            ),
            ("[text](at) ![x]", r"\[text](at) !\[x]"),
            (r"a \* of C:\dir\", r"a \\\* of C:\dir\\"),
            ("- no list", r"\- no list"),
            ("# no heading #3", r"\# no heading #3"),
            ("naïve_été", "naïve_été"),
        ] {
            assert_eq!(shown(words), wanted);
        }
    }
}
