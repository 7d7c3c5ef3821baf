//! Changelogs and notes as a Releasefile makes them: the file is edited in a stage, notes come from the
//! history, and git-cliff, where a project is set up for it, agrees or takes over.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::peers;
use crate::project::Project;

/// A judge of how commits are read, as its users install it.
const CLIFF: &[&str] = &["git-cliff==2.14.2"];

const KEPT: &str = "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- A crash.\n\n## [1.0.0] - 2026-01-31\n\n- First.\n\n[Unreleased]: https://example.org/compare/v1.0.0...HEAD\n";

fn said(project: &Project, messages: &[&str]) {
    for message in messages {
        project.run_git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }
}

/// The lines that a task printed.
fn printed(project: &Project, line: &str) -> Vec<String> {
    let ran = project.rel(&format!("{line} --output json")).code(0);
    let events = ran.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let printed = events.filter(|event| event["event"] == "output" && event["printed"] == true);
    printed.map(|event| event["line"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn s4_2_the_changelog_is_edited_in_a_stage_and_the_checkout_stays() {
    let text = r#"
        task("note").param("version", "1.1.0").edits().run(|t| changelog::promote(t.version));
        task("tell").needs("note").run(|| { print(changelog::section("v1.1.0")); print(read("CHANGELOG.md")); });
    "#;
    let project = Project::new(text).file("CHANGELOG.md", KEPT).git();
    let lines = printed(&project, "tell");
    assert_eq!(lines[..3], ["### Fixed", "", "- A crash."]);
    assert!(lines.iter().any(|line| line.starts_with("## [1.1.0] - 20")), "{lines:?}");
    let link = "[1.1.0]: https://example.org/compare/v1.0.0...v1.1.0".to_owned();
    assert!(lines.contains(&link), "{lines:?}");
    assert_eq!(std::fs::read_to_string(project.root().join("CHANGELOG.md")).unwrap(), KEPT);
}

#[test]
fn s4_1_a_version_in_another_form_or_one_that_is_out_is_refused() {
    let text =
        "task(\"note\").param(\"version\").edits().run(|t| changelog::promote(t.version));\n";
    let project = Project::new(text).file("CHANGELOG.md", KEPT).git();
    project.rel("note version=1.x").code(2).says("`1.x` is no version");
    let ran = project.rel("note version=1.0").code(1);
    ran.says("CHANGELOG.md has a section of version 1.0 already, in line 9");
    project.write("CHANGELOG.md", &KEPT.replace("- A crash.", ""));
    project.commit();
    project.rel("note version=1.1").code(1).says("nothing stands below `[Unreleased]`");
    project.write("CHANGELOG.md", "# Changelog\n");
    project.commit();
    project.rel("note version=1.1").code(1).says("CHANGELOG.md has no heading `[Unreleased]`");
}

#[test]
fn s1_6_notes_say_what_commits_changed_since_the_last_tag() {
    let text = r#"
        task("tell").param("version", "").run(|t| print(changelog::notes(#{ version: t.version })));
        task("all").run(|t| print(changelog::notes(#{ since: "v0.9", contributors: false })));
    "#;
    let project = Project::new(text).git().tag("v0.9").tag("nightly");
    project.run_git(&["remote", "add", "origin", "git@github.com:acme/piece.git"]);
    said(&project, &["feat: old"]);
    let project = project.tag("v1.0");
    said(
        &project,
        &["fix: a leak (#3)", "Merge nothing", "feat(io)!: texts\n\nBREAKING CHANGE: no bytes"],
    );
    let project = project.tag("v1.1rc1");
    said(&project, &["docs: a guide"]);
    let candidate = ["### Documentation", "", "- a guide", "", "Contributors: Test"];
    assert_eq!(printed(&project, "tell version=1.1rc2"), candidate);
    let whole = [
        "### Breaking changes",
        "",
        "- **io:** texts",
        "  no bytes",
        "",
        "### Bug fixes",
        "",
        "- a leak ([#3](https://github.com/acme/piece/issues/3))",
        "",
        "### Documentation",
        "",
        "- a guide",
        "",
        "### Other changes",
        "",
        "- Merge nothing",
        "",
        "Contributors: Test",
    ];
    assert_eq!(printed(&project, "tell version=1.1"), whole);
    assert_eq!(printed(&project, "tell version=1.1"), whole, "the same each time");
    let all = printed(&project, "all");
    assert!(all.contains(&"- old".to_owned()) && !all.concat().contains("Contributors"), "{all:?}");
}

#[test]
fn notes_begin_at_the_projects_own_last_version() {
    let text = "task(\"tell\").run(|| print(changelog::notes(#{ contributors: false })));\n\
        task(\"here\").run(|| print(git::tag()));\n\
        task(\"all\").run(|| print(git::tags()));\n";
    let given = Project::new(text).file("pyproject.toml", "[project]\nname = \"own\"\n").git();
    said(&given, &["feat: first"]);
    let project = given.tag("v1.1").tag("v1.1rc1").tag("own-v1.0");
    assert_eq!(printed(&project, "here"), ["v1.1"]);
    said(&project, &["feat: second"]);
    let project = project.tag("zeta-v0.1").tag("zeta-v9.0").tag("nightly");
    assert_eq!(
        printed(&project, "all"),
        ["[\"zeta-v9.0\", \"v1.1\", \"v1.1rc1\", \"own-v1.0\", \"zeta-v0.1\", \"nightly\"]"]
    );
    said(&project, &["feat: third"]);
    let both = ["### Features", "", "- second", "- third"];
    assert_eq!(printed(&project, "tell"), both, "no tag at HEAD");
    let project = project.tag("v1.2.0").tag("zeta-v9.1");
    assert_eq!(printed(&project, "tell"), both, "the neighbour's tag is at HEAD too");
    project.run_git(&["tag", "--delete", "v1.2.0"]);
    assert_eq!(printed(&project, "tell"), ["### Features", "", "- third"], "the neighbour's own");
    project.run_git(&["tag", "--delete", "v1.1", "v1.1rc1", "zeta-v9.1"]);
    assert_eq!(printed(&project, "tell"), both, "under the project's name");
}

#[test]
fn s1_6_a_history_that_is_cut_off_tells_no_notes() {
    let project = Project::new("task(\"tell\").run(|| print(changelog::notes()));\n").git();
    said(&project, &["feat: one", "feat: two"]);
    let from = format!("file://{}", project.root().display());
    project.run_git(&["clone", "--quiet", "--depth=1", &from, "../shallow"]);
    let ran = project.rel("-C ../shallow tell").code(1);
    ran.says("the history is cut off").says("`fetch-depth: 0`");
}

#[test]
fn notes_of_a_project_below_the_top_are_its_own() {
    let project = Project::new("").git();
    for (folder, message) in [("a", "feat: of a"), ("b", "feat: of b")] {
        let text = "task(\"tell\").run(|| print(changelog::notes()));\n";
        project.write(&format!("{folder}/Releasefile"), text);
        project.run_git(&["add", "--all"]);
        project.run_git(&["commit", "--quiet", "--message", message]);
    }
    let lines = printed(&project, "-C b tell");
    assert_eq!(lines, ["### Features", "", "- of b", "", "Contributors: Test"]);
}

#[test]
fn a_template_is_the_users_own_and_its_mistakes_are_told() {
    let text = r##"
        task("tell").run(|| print(changelog::notes(#{ version: "1.0", template: "{% for g in groups %}{{ g.title }}={{ g.changes|length }};{% endfor %}{{ version }}" })));
        task("bad").run(|| print(changelog::notes(#{ template: "\n{{ verison }}" })));
    "##;
    let project = Project::new(text).git();
    said(&project, &["feat: a", "feat: b", "fix: c"]);
    assert_eq!(printed(&project, "tell"), ["Features=2;Bug fixes=1;Other changes=1;1.0"]);
    project.rel("bad").code(2).says("this template cannot be filled: line 2: ");
}

/// How git-cliff is told our groups; which commits are of a kind it finds itself.
const CLIFF_TOML: &str = r#"
[changelog]
body = """
{% for group, commits in commits | group_by(attribute="group") %}
### {{ group }}
{% for commit in commits %}
* {{ commit.message }}\
{% endfor %}
{% endfor %}
"""
[git]
conventional_commits = true
filter_unconventional = false
commit_parsers = [
    { message = "^Merge branch", skip = true },
    { message = "(?i)^(feat|feature)(\\(.*\\))?!?:", group = "Features" },
    { message = "(?i)^fix(\\(.*\\))?!?:", group = "Bug fixes" },
    { message = "(?i)^perf(\\(.*\\))?!?:", group = "Performance" },
    { message = "(?i)^docs?(\\(.*\\))?!?:", group = "Documentation" },
    { message = "(?i)^revert(\\(.*\\))?!?:|^Revert \"", group = "Reverts" },
    { message = "(?i)^(build|chore|ci|refactor|style|tests?)(\\(.*\\))?!?:", group = "Maintenance" },
    { message = ".*", group = "Other changes" },
]
"#;

/// Messages of all sorts.
const HISTORY: &[&str] = &[
    "feat: a parser",
    "feat(io): read from pipes (#12)",
    "feat(io)!: texts instead of bytes",
    "feature: another word",
    "FIX: capitals",
    "fix(core/deep): a leak\n\nA long story\nabout it.\n\nCloses #3",
    "fix: drop 3.8\n\nBREAKING CHANGE: Python 3.9 is needed,\nsee the guide",
    "fix: drop more\n\nBREAKING-CHANGE: with a dash",
    "fix: not breaking\n\nThis mentions BREAKING CHANGE in its text",
    "fix:no space",
    "fix : a space before",
    "perf(core): twice as fast",
    "docs: a guide",
    "doc: a page",
    "revert: \"feat: a parser\"",
    "Revert \"feat: another word\"\n\nThis reverts commit 0123456.",
    "build(deps): bump x from 1 to 2",
    "chore!: a new layout",
    "ci: cache",
    "refactor: names",
    "style: spaces",
    "test: more",
    "wip: half of it",
    "Update README",
    "fixup! fix: capitals",
    "feat(): no scope",
    "feat missing colon",
    "fix: umlauts äöü and `code<T>`",
    "fix: one\nmore below at once",
];

#[test]
fn s4_2_git_cliff_reads_the_same_out_of_a_history() {
    let template = "{% for c in breaking %}{{ c.commit }} Breaking changes {{ c.scope }}\\n{% endfor %}{% for g in groups %}{% for c in g.changes %}{{ c.commit }} {{ g.title }} {{ c.scope }}\\n{% endfor %}{% endfor %}";
    let text = format!(
        "task(\"ours\").run(|| print(changelog::notes(#{{ template: \"{template}\" }})));\n\
         task(\"theirs\").run(|| print(capture(\"git-cliff --context v0.1.0..HEAD\")));\n\
         task(\"notes\").run(|| print(changelog::notes()));\n"
    );
    let project = Project::new(&text).file("cliff.toml", CLIFF_TOML).git().tag("v0.1.0");
    said(&project, HISTORY);
    project.run_git(&["checkout", "--quiet", "-b", "side", "v0.1.0"]);
    said(&project, &["feat(side): merged"]);
    project.run_git(&["checkout", "--quiet", "main"]);
    project.run_git(&["merge", "--quiet", "--no-ff", "--message", "Merge branch 'side'", "side"]);

    let alone = printed(&project, "notes");
    assert!(alone.contains(&"### Features".to_owned()), "{alone:?}");
    project.rel("notes").code(0).says("cliff.toml is for git-cliff, which is not on PATH");

    let bin = peers::venv("git-cliff", CLIFF).join("bin");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let project = project.env("PATH", &path);
    let ours: BTreeMap<String, String> = printed(&project, "ours")
        .iter()
        .filter_map(|line| line.split_once(' '))
        .map(|(commit, read)| (commit.to_owned(), read.trim().to_owned()))
        .collect();
    let context: Value = serde_json::from_str(&printed(&project, "theirs").concat()).unwrap();
    let releases = context.as_array().unwrap().iter();
    let commits = releases.flat_map(|release| release["commits"].as_array().unwrap());
    let read = |commit: &Value| {
        // Groups go by patterns there, also where git-cliff itself finds the form wrong.
        let group = match (commit["breaking"] == true, commit["group"].as_str().unwrap()) {
            (true, _) => "Breaking changes",
            (false, group) if commit["conventional"] == true || group == "Reverts" => group,
            (false, _) => "Other changes",
        };
        let scope = commit["scope"].as_str().unwrap_or_default();
        let read = format!("{group} {scope}").trim().to_owned();
        (commit["id"].as_str().unwrap().to_owned(), read)
    };
    let theirs: BTreeMap<String, String> = commits.map(read).collect();
    assert_eq!(ours.len(), HISTORY.len() + 1, "{ours:?}");
    assert_eq!(ours, theirs);

    let notes = printed(&project, "notes");
    assert!(
        notes.contains(&"* read from pipes (#12)".to_owned()),
        "by its own template: {notes:?}"
    );
    project.rel("notes").code(0).says("git-cliff --strip all v0.1.0..HEAD");
}
