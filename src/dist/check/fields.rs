//! Rules on the fields of core metadata that are no matter of their own.

use super::Level::{Error, Warning};
use super::subject::Subject;
use super::{Rule, naming, quoted, requirement, rule};

/// The fields, each with the version of the metadata that brought it.
const FIELDS: [(&str, &str); 32] = [
    ("Metadata-Version", "1.0"),
    ("Name", "1.0"),
    ("Version", "1.0"),
    ("Platform", "1.0"),
    ("Summary", "1.0"),
    ("Description", "1.0"),
    ("Keywords", "1.0"),
    ("Home-page", "1.0"),
    ("Author", "1.0"),
    ("Author-email", "1.0"),
    ("License", "1.0"),
    ("Supported-Platform", "1.1"),
    ("Download-URL", "1.1"),
    ("Classifier", "1.1"),
    ("Requires", "1.1"),
    ("Provides", "1.1"),
    ("Obsoletes", "1.1"),
    ("Maintainer", "1.2"),
    ("Maintainer-email", "1.2"),
    ("Requires-Python", "1.2"),
    ("Requires-Dist", "1.2"),
    ("Requires-External", "1.2"),
    ("Provides-Dist", "1.2"),
    ("Obsoletes-Dist", "1.2"),
    ("Project-URL", "1.2"),
    ("Description-Content-Type", "2.1"),
    ("Provides-Extra", "2.1"),
    ("Dynamic", "2.2"),
    ("License-Expression", "2.4"),
    ("License-File", "2.4"),
    ("Import-Name", "2.5"),
    ("Import-Namespace", "2.5"),
];

/// Fields that stand at most once.
const SINGLE: [&str; 16] = [
    "Metadata-Version",
    "Name",
    "Version",
    "Summary",
    "Description",
    "Description-Content-Type",
    "Keywords",
    "Home-page",
    "Download-URL",
    "Author",
    "Author-email",
    "Maintainer",
    "Maintainer-email",
    "License",
    "License-Expression",
    "Requires-Python",
];

/// Groups that classifiers begin with.
const GROUPS: [&str; 10] = [
    "Development Status",
    "Environment",
    "Framework",
    "Intended Audience",
    "License",
    "Natural Language",
    "Operating System",
    "Programming Language",
    "Topic",
    "Typing",
];

/// Words that Python has taken (3.14).
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

pub(super) const TABLE: &[Rule] = &[
    rule(
        ("metadata", Error),
        "The metadata can be read, and has a version from 1.0 to 2.5, a name and a version.",
        "rebuild with a current build backend",
        "core metadata; warehouse/forklift/metadata.py",
        |it| {
            let wrong = it.metadata.as_ref().and_then(|read| read.as_ref().err());
            wrong.map(|wrong| naming::harmless(&wrong.message)).into_iter().collect()
        },
    ),
    rule(
        ("field-age", Error),
        "No field is newer than the version of the metadata.",
        "rebuild with a current build backend",
        "core metadata; packaging.metadata",
        ages,
    ),
    rule(
        ("classifier", Error),
        "Classifiers are of the form `Group :: Value`, and none begins with `Private`, which no index takes.",
        "take classifiers from the list of PyPI; leave out `Private :: …` if this is to be published",
        "warehouse/forklift/metadata.py; trove-classifiers",
        |it| it.fields("Classifier").filter(|text| !is_classifier(text)).map(quoted).collect(),
    ),
    rule(
        ("requires-python", Error),
        "Requires-Python is a list of conditions on versions.",
        "write it as `>=3.10`",
        "PEP 345; PEP 440; packaging.metadata",
        |it| {
            let wrong = it
                .fields("Requires-Python")
                .take(1)
                .filter(|text| !requirement::are_conditions(text));
            wrong.map(quoted).collect()
        },
    ),
    rule(
        ("extra", Error),
        "Names of extras have the form of project names.",
        "use letters, digits, `.`, `-` and `_`",
        "core metadata, Provides-Extra; packaging.metadata",
        |it| {
            it.fields("Provides-Extra")
                .filter(|name| !naming::is_project(name))
                .map(quoted)
                .collect()
        },
    ),
    rule(
        ("dynamic", Error),
        "Dynamic names fields that may be dynamic.",
        "rebuild with a current build backend",
        "PEP 643; packaging.metadata",
        |it| it.fields("Dynamic").filter(|name| !may_be_dynamic(name)).map(quoted).collect(),
    ),
    rule(
        ("import-name", Error),
        "Import-Name and Import-Namespace have names that Python can import, and no option but `private`.",
        "mend `import-names` and `import-namespaces` in `[project]`",
        "PEP 794; packaging.metadata",
        |it| {
            let all = it.fields("Import-Name").chain(it.fields("Import-Namespace"));
            all.filter(|text| !is_import_name(text)).map(quoted).collect()
        },
    ),
    rule(
        ("unknown-field", Warning),
        "All fields are known ones, each written as often as it may stand.",
        "rebuild with a current build backend; twine refuses fields that it does not know",
        "core metadata; twine",
        unknown,
    ),
    rule(
        ("classifier-group", Warning),
        "Classifiers belong to a group that there is.",
        "take classifiers from the list of PyPI, which refuses all others",
        "trove-classifiers",
        |it| {
            let strange = |text: &&str| {
                text.split_once(" :: ").is_some_and(|(group, _)| !GROUPS.contains(&group))
            };
            it.fields("Classifier")
                .filter(|text| is_classifier(text))
                .filter(strange)
                .map(quoted)
                .collect()
        },
    ),
    rule(
        ("keywords", Warning),
        "Keywords are separated by commas.",
        "write `keywords` in `[project]` as a list",
        "core metadata, Keywords",
        |it| {
            let words = |text: &&str| !text.contains(',') && text.split_whitespace().count() > 3;
            it.fields("Keywords").filter(words).map(quoted).collect()
        },
    ),
];

fn known(name: &str) -> Option<&'static (&'static str, &'static str)> {
    FIELDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
}

fn ages(it: &Subject<'_>) -> Vec<String> {
    let Some(metadata) = it.meta() else { return Vec::new() };
    let ours = metadata.metadata_version();
    let mut told = Vec::new();
    for (name, since) in FIELDS {
        // Older setuptools wrote it too early: uploads leave it out.
        let early = name == "License-File" || since <= ours;
        if !early && it.field(name).is_some() {
            told.push(format!("`{name}` came with {since}, and this is {ours}"));
        }
    }
    told
}

fn unknown(it: &Subject<'_>) -> Vec<String> {
    let Some(metadata) = it.meta() else { return Vec::new() };
    let strange = metadata.headers().iter().filter(|(name, _)| known(name).is_none());
    let strange = strange.map(|(name, _)| quoted(name));
    let twice = SINGLE.iter().filter(|name| metadata.all(name).count() > 1);
    strange.chain(twice.map(|name| format!("`{name}` stands more than once"))).collect()
}

fn is_classifier(text: &str) -> bool {
    let parts: Vec<&str> = text.split(" :: ").collect();
    let good = |part: &&str| !part.is_empty() && part.trim() == *part;
    parts.len() > 1 && parts[0] != "Private" && parts.iter().all(good)
}

fn may_be_dynamic(name: &str) -> bool {
    let never = ["Metadata-Version", "Name", "Version", "Dynamic"];
    known(name).is_some_and(|(known, _)| !never.contains(known))
}

fn is_import_name(text: &str) -> bool {
    let (name, option) =
        text.split_once(';').map_or((text, None), |(name, rest)| (name, Some(rest.trim())));
    let good = |part: &str| {
        let letter = |c: char| c.is_alphanumeric() || c == '_';
        !part.is_empty()
            && !part.starts_with(char::is_numeric)
            && part.chars().all(letter)
            && !KEYWORDS.contains(&part)
    };
    option.is_none_or(|option| option == "private") && name.trim_end().split('.').all(good)
}
