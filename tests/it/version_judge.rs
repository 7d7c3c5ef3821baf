//! bump-my-version judges `version::bump`: from the same files both make the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::peers;
use crate::project::Project;

/// The judge.
const JUDGE: &[&str] = &["bump-my-version==1.8.1"];

/// A project: the part to bump, and its files.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const CASES: &[Case] = &[
    (
        "plain",
        "minor",
        &[
            (
                "pyproject.toml",
                "# head\n[project]\nname = \"demo\"\nversion = \"1.0.45\" # kept\n\n[tool.bumpversion]\ncurrent_version = \"1.0.45\"   # too\ncommit = false\n\n[[tool.bumpversion.files]]\nfilename = \"demo/__init__.py\"\n",
            ),
            ("demo/__init__.py", "__version__ = \"1.0.45\"\nOTHER = '1.0.45'\nNOT = '1.0.4'\n"),
        ],
    ),
    (
        "search and replace, each file its own",
        "patch",
        &[
            (
                ".bumpversion.toml",
                "[tool.bumpversion]\ncurrent_version = \"0.9.9\"\n\n[[tool.bumpversion.files]]\nfilename = \"README.md\"\nsearch = \"v{current_version}\"\nreplace = \"v{new_version}\"\n\n[[tool.bumpversion.files]]\nfilename = \"demo.py\"\nsearch = '__version__ = \"{current_version}\"'\nreplace = '__version__ = \"{new_version}\"'\n\n[[tool.bumpversion.files]]\nfilename = \"CHANGES.md\"\nsearch = \"## Unreleased\"\nreplace = \"\"\"## Unreleased\n\n## {new_version} after {current_version} ({current_minor}.{new_patch})\"\"\"\n",
            ),
            ("README.md", "Get v0.9.9 or 0.9.9, v0.9.90\n"),
            ("demo.py", "__version__ = \"0.9.9\"\r\nV = \"0.9.9\"\r\n"),
            ("CHANGES.md", "# Changes\n\n## Unreleased\n\n## 0.9.9\n\n- first \u{e9}\n"),
        ],
    ),
    ("parts of a prerelease", "kind", &[("pyproject.toml", PARTS), ("version.txt", "1.2.0a3\n")]),
    (
        "a number behind a prerelease",
        "count",
        &[("pyproject.toml", PARTS), ("version.txt", "1.2.0a3\n")],
    ),
    (
        "a step that resets what follows",
        "minor",
        &[("pyproject.toml", PARTS), ("version.txt", "1.2.0a3\n")],
    ),
    (
        "expressions and groups",
        "major",
        &[
            (
                ".bumpversion.toml",
                "[tool.bumpversion]\ncurrent_version = \"3.4.5\"\n[[tool.bumpversion.files]]\nfilename = \"conf.py\"\nregex = true\nsearch = '^(?P<key>release|version)(\\s*)= .{current_version}.$'\nreplace = '\\g<key>\\2= \"{new_version}\"'\n",
            ),
            ("conf.py", "release  = '3.4.5'\nversion= \"3.4.5\"\nold = '3.4.5'\n"),
        ],
    ),
    (
        "other forms in files, globs, and files for some parts",
        "minor",
        &[
            (
                ".bumpversion.toml",
                "[tool.bumpversion]\ncurrent_version = \"2.7.1\"\n[[tool.bumpversion.files]]\nglob = \"docs/**/*.md\"\nglob_exclude = [\"docs/old/*.md\"]\nserialize = [\"{major}.{minor}\"]\n[[tool.bumpversion.files]]\nfilename = \"major.txt\"\ninclude_bumps = [\"major\"]\n[[tool.bumpversion.files]]\nfilename = \"release.txt\"\nexclude_bumps = [\"patch\"]\n[[tool.bumpversion.files]]\nfilename = \"none.txt\"\nignore_missing_version = true\n[[tool.bumpversion.files]]\nfilename = \"padded.txt\"\nserialize = [\"{major:02d}.{minor:03d}\"]\n",
            ),
            ("docs/a.md", "since 2.7\n"),
            ("docs/deep/b.md", "since 2.7\n"),
            ("docs/old/c.md", "since 2.7\n"),
            ("major.txt", "2.0.0\n"),
            ("release.txt", "2.7.1\n"),
            ("none.txt", "nothing\n"),
            ("padded.txt", "02.007\n"),
        ],
    ),
    (
        "a new version that is named",
        "5.0.0",
        &[
            (
                ".bumpversion.toml",
                "[tool.bumpversion]\ncurrent_version = \"4.9.9\"\n[[tool.bumpversion.files]]\nfilename = \"a\"\n",
            ),
            ("a", "4.9.9 4.9.9\n"),
        ],
    ),
];

const PARTS: &str = r#"[tool.bumpversion]
current_version = "1.2.0a3"
parse = """(?x)
    (?P<major>0|[1-9]\\d*)\\.
    (?P<minor>0|[1-9]\\d*)\\.
    (?P<patch>0|[1-9]\\d*)
    (?:(?P<kind>a|b|rc|final)(?P<count>0|[1-9]\\d*))?
"""
serialize = ["{major}.{minor}.{patch}{kind}{count}", "{major}.{minor}.{patch}"]

[[tool.bumpversion.files]]
filename = "version.txt"

[tool.bumpversion.parts.kind]
values = ["a", "b", "rc", "final"]
optional_value = "final"

[tool.bumpversion.parts.count]
first_value = "1"
"#;

/// The files below a folder, but for git's and rel's own.
fn files(folder: &Path, prefix: &str, all: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if name == ".git" || name == "Releasefile" || name == "made" {
            continue;
        }
        if entry.path().is_dir() {
            files(&entry.path(), &format!("{name}/"), all);
        } else {
            all.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    files(folder, "", &mut all);
    all
}

#[test]
fn bump_my_version_makes_the_same_bytes() {
    let judge = peers::venv("bump-my-version", JUDGE).join("bin/bump-my-version");
    let mut wrong = Vec::new();
    for (name, word, given) in CASES {
        // What the stage holds after the bump is copied beside the project.
        let text = format!(
            "task(\"bump\").edits().run(|t| {{ version::bump(\"{word}\"); sh(\"cp -R . $MADE\"); }});\n"
        );
        let mut project = Project::new(&text);
        for (path, text) in *given {
            project = project.file(path, text);
        }
        let project = project.git();
        let made = project.root().parent().unwrap().join("made");
        let project = project.env("MADE", &made.display().to_string());
        project.rel("bump").code(0).never_says("nothing changes");

        let mut bump = Command::new(&judge);
        bump.args(["bump", "--allow-dirty", "--no-commit", "--no-tag"]);
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            bump.args(["--new-version", word]);
        } else {
            bump.arg(word);
        }
        bump.current_dir(project.root()).env_clear().envs(project.variables()).env("TZ", "UTC");
        let done = bump.stdout(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
        let before: BTreeMap<String, Vec<u8>> = given
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect();
        let judged = tree(&project.root());
        assert_ne!(judged, before, "{name}: the judge changes something");
        for (path, theirs) in &judged {
            let ours = fs::read(made.join(path)).unwrap_or_default();
            if ours != *theirs {
                let [ours, theirs] = [&ours, theirs].map(|text| String::from_utf8_lossy(text));
                wrong.push(format!("--- {name}: {path}\n{ours}--- instead of\n{theirs}"));
            }
        }
        assert_eq!(tree(&made).len(), judged.len(), "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
