//! `rel ci lint`: good workflows give nothing; each trap, put alone into a good one, is found, and nothing
//! else; what real projects have is judged by a table.
//!
//! Good workflows stand in `tests/workflows`. A trap is an edit of one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use expect_test::expect;
use rel::workflow::{self, File, RULES};
use serde_json::Value;

use crate::peers;
use crate::project::Project;

const RELEASE: &str = include_str!("../workflows/release.yml");
const CHECK: &str = include_str!("../workflows/check.yml");
const CRATES: &str = include_str!("../workflows/crates.yml");
const CORP: &str = include_str!("../workflows/corp.yml");

/// Trap, the workflow that it is put into, and the edits.
type Trap = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const GUARD: &str = "    if: startsWith(github.ref, 'refs/tags/')\n";
const PYPI_RIGHTS: &str = "    permissions:\n      id-token: write # to publish\n";
const PYPI_ENVIRONMENT: &str =
    "    environment:\n      name: pypi\n      url: https://pypi.org/p/time-piece\n";
const PYPI_STEP: &str = "      - name: publish\n        uses: pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # to PyPI\n        with:\n          print-hash: true\n";
const PINNED: &str = "dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # to PyPI";

#[rustfmt::skip]
const TRAPS: &[Trap] = &[
    ("id-token-missing", RELEASE, &[(PYPI_RIGHTS, "    permissions: {}\n")]),
    ("id-token-missing", RELEASE, &[("      id-token: write # to sign\n", "")]),
    ("id-token-missing", RELEASE, &[(PYPI_RIGHTS, "    permissions: {}\n"), (PYPI_STEP, "      - run: uv publish\n")]),
    ("id-token-missing", CRATES, &[("      id-token: write\n", "")]),
    ("id-token-for-all", RELEASE, &[("permissions: {}", "permissions:\n  id-token: write")]),
    ("id-token-beside-foreign-code", RELEASE, &[(PYPI_STEP, "      - run: make check-dist\n      - uses: pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33\n")]),
    ("id-token-beside-foreign-code", RELEASE, &[("      contents: read\n", "      contents: read\n      id-token: write\n"), ("      - uses: astral-sh/setup-uv@d0cc045d04ccac9d8b7881df0226f9e82c39688e # v6.8.0\n", "")]),
    ("id-token-beside-foreign-code", RELEASE, &[(PYPI_STEP, "      - run: python -m pip install -r release.txt && uv publish\n")]),
    ("token-beside-identity", RELEASE, &[("          print-hash: true", "          password: ${{ secrets.PYPI_API_TOKEN }}")]),
    ("token-beside-identity", RELEASE, &[(PYPI_STEP, "      - run: uv publish\n        env: {UV_PUBLISH_TOKEN: \"${{ secrets.PYPI }}\"}\n")]),
    ("token-beside-identity", CRATES, &[("steps.auth.outputs.token", "secrets.CRATES_IO")]),
    ("stored-token", RELEASE, &[(PYPI_RIGHTS, "    permissions: {}\n"), (PYPI_STEP, "      - run: twine upload -u __token__ -p \"${PYPI_TOKEN}\" dist/*\n        env: {PYPI_TOKEN: \"${{ secrets.PYPI }}\"}\n")]),
    ("stored-token", RELEASE, &[(PYPI_RIGHTS, "    permissions: {}\n"), ("          print-hash: true", "          password: ${{ secrets.PYPI_API_TOKEN }}")]),
    ("stored-token", RELEASE, &[(PYPI_RIGHTS, "    permissions: {}\n"), (PYPI_STEP, "      - run: python3 -m twine upload dist/*\n        env: {TWINE_PASSWORD: \"${{ secrets.PYPI }}\"}\n")]),
    ("stored-token", RELEASE, &[(PYPI_RIGHTS, "    permissions: {}\n"), (PYPI_STEP, "      - run: tox -e release\n        env: {TWINE_PASSWORD: \"${{ secrets.PYPI }}\"}\n")]),
    ("reusable-publish", RELEASE, &[("  workflow_dispatch:", "  workflow_call:")]),
    ("environment-missing", RELEASE, &[(PYPI_ENVIRONMENT, "")]),
    ("environment-missing", CRATES, &[("    environment: crates\n", "")]),
    ("environment-differs", RELEASE, &[("  release:\n    needs: pypi\n", "  again:\n    needs: pypi\n    runs-on: ubuntu-latest\n    environment: release\n    permissions: {id-token: write}\n    steps: [{run: uvx twine upload dist/*}]\n\n  release:\n    needs: pypi\n")]),
    ("environment-differs", RELEASE, &[(PYPI_ENVIRONMENT, ""), ("    needs: testpypi\n", "    needs: ask\n"), ("  release:\n    needs: pypi\n", "  ask:\n    environment: pypi\n    runs-on: ubuntu-latest\n    steps: [{run: echo}]\n\n  release:\n    needs: pypi\n")]),
    ("branch-publish", RELEASE, &[("    tags: [\"v*\"]", "    tags: [\"v*\"]\n    branches: [main]"), ("startsWith(github.ref, 'refs/tags/')", "github.event_name != 'workflow_dispatch'")]),
    ("branch-publish", RELEASE, &[("  push:\n    tags: [\"v*\"]\n  workflow_dispatch:", "  push:"), (GUARD, "    if: github.ref == 'refs/heads/main'\n")]),
    ("branch-publish", CRATES, &[("  push:\n    tags: [\"v*\"]", "  pull_request:")]),
    ("dispatch-unchecked", RELEASE, &[(GUARD, "")]),
    ("dispatch-unchecked", CRATES, &[("    tags: [\"v*\"]", "    tags: [\"v*\"]\n  workflow_dispatch: {}")]),
    ("release-event-silent", RELEASE, &[("  workflow_dispatch:", "  release: {types: [published]}")]),
    ("pull-request-target-checkout", CHECK, &[("  pull_request:", "  pull_request_target:"), ("      - uses: actions/checkout@v7\n", "      - uses: actions/checkout@v7\n        with: {ref: \"${{ github.event.pull_request.head.sha }}\"}\n")]),
    ("rebuild-in-publish", RELEASE, &[(PYPI_STEP, "      - run: python -m build && uv publish\n")]),
    ("rebuild-in-publish", RELEASE, &[(PYPI_STEP, "      - uses: pypa/cibuildwheel@dc37677b2e1c63e2034f94d8a5b11f265b73ba33\n      - run: uv publish\n")]),
    ("rebuild-in-publish", RELEASE, &[(PYPI_STEP, "      - run: maturin publish\n")]),
    ("shallow-history", RELEASE, &[("          fetch-depth: 0\n", "")]),
    ("skip-existing", RELEASE, &[("          print-hash: true", "          skip-existing: true")]),
    ("skip-existing", RELEASE, &[(PYPI_STEP, "      - run: twine upload --skip-existing dist/*\n")]),
    ("mixed-artifacts", RELEASE, &[("          pattern: dist-*\n          merge-multiple: true\n          path: dist # of both systems", "          path: dist")]),
    ("mixed-artifacts", RELEASE, &[("          pattern: dist-*\n          merge-multiple: true\n          path: dist # of both systems", "          merge-multiple: true\n          path: dist")]),
    ("artifact-collision", RELEASE, &[("name: dist-${{ matrix.os }}", "name: dist-all")]),
    ("artifact-collision", RELEASE, &[("          name: docs\n", "          name: extra\n"), ("  testpypi:\n", "  extra:\n    steps:\n      - uses: actions/upload-artifact@cf430e030ddbb5b0abf93d22962f4752f3646cd9 # v7.0.2\n        with: {name: extra}\n  testpypi:\n")]),
    ("matrix-publish", RELEASE, &[(PYPI_ENVIRONMENT, "    environment: pypi\n    strategy: {matrix: {python: [\"3.13\", \"3.14\"]}}\n")]),
    ("two-indexes-in-one-job", RELEASE, &[(PYPI_STEP, "      - uses: pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33\n        with: {repository-url: https://test.pypi.org/legacy/}\n      - uses: pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33\n")]),
    ("action-unpinned", RELEASE, &[(PINNED, "release/v1")]),
    ("action-unpinned", CRATES, &[("bbd81622f20ce9e2dd9622e3218b975523e45bbe", "v1")]),
    ("action-gone", RELEASE, &[(PINNED, "master")]),
    ("action-gone", CHECK, &[("actions/setup-python@v6\n        with:\n          python-version: ${{ matrix.python }}\n          cache: pip\n", "actions/upload-artifact@v3.1.2\n")]),
    ("credentials-persist", RELEASE, &[("          fetch-depth: 0\n          persist-credentials: false\n", "          fetch-depth: 0\n")]),
    ("permissions-missing", RELEASE, &[("permissions: {}\n\n", "")]),
    ("permissions-missing", RELEASE, &[("permissions: {}\n\n", "permissions: read-all\n\n"), ("  docs:\n", "  docs:\n    permissions: write-all\n")]),
    ("template-injection", CHECK, &[("echo \"$TITLE\"", "echo \"${{ github.event.pull_request.title }}\"")]),
    ("template-injection", CHECK, &[("echo \"$TITLE\"", "git log ${{ format('{0}', github.head_ref) }}")]),
    ("input-in-script", RELEASE, &[("gh release create \"$TAG\"", "gh release create ${{ github.ref_name }}")]),
    ("input-in-script", CORP, &[("pip install twine &&", "./bump ${{ inputs.level }} &&")]),
    ("cache-in-publish", RELEASE, &[(PYPI_STEP, "      - uses: actions/setup-python@3d3c42e5aac5ba805825da76410c181273ba90b1\n        with: {cache: pip}\n      - run: twine upload dist/*\n")]),
    ("cache-in-publish", RELEASE, &[(PYPI_STEP, "      - uses: astral-sh/setup-uv@d0cc045d04ccac9d8b7881df0226f9e82c39688e\n      - run: uv publish\n")]),
    ("cache-in-publish", CRATES, &[("      - id: auth\n", "      - uses: Swatinem/rust-cache@3d3c42e5aac5ba805825da76410c181273ba90b1\n      - id: auth\n")]),
    ("secrets-inherit", CHECK, &[("    secrets:\n      TOKEN: ${{ secrets.TOKEN }}", "    secrets: inherit")]),
    ("contents-write-missing", RELEASE, &[("      contents: write\n", "      contents: read\n")]),
    ("attestations-write-missing", RELEASE, &[("      attestations: write\n", "")]),
    ("release-makes-tag", RELEASE, &[("--verify-tag ", "")]),
    ("publish-forgiven", RELEASE, &[("      - name: publish\n", "      - name: publish\n        continue-on-error: true\n")]),
    ("publish-forgiven", RELEASE, &[(PYPI_STEP, "      - run: twine upload dist/* || true\n")]),
    ("publish-always", RELEASE, &[("startsWith(github.ref, 'refs/tags/')", "\"!cancelled() && startsWith(github.ref, 'refs/tags/')\"")]),
    ("publish-cancelled", RELEASE, &[("cancel-in-progress: false", "cancel-in-progress: true")]),
    ("publish-not-on-linux", RELEASE, &[("    if: startsWith(github.ref, 'refs/tags/')\n    runs-on: ubuntu-latest", "    if: startsWith(github.ref, 'refs/tags/')\n    runs-on: macos-latest")]),
];

/// Edits of the release workflow that are no traps.
#[rustfmt::skip]
const HARMLESS: &[Trap] = &[
    ("a token for GitHub's own", RELEASE, &[("--generate-notes dist/*", "--generate-notes dist/* || exit 1")]),
    ("uploading tools are installed", RELEASE, &[(PYPI_STEP, "      - run: |\n          python -m pip install --upgrade pip 'twine>=6'\n          twine upload dist/*\n")]),
    ("what could build is only installed", RELEASE, &[(PYPI_STEP, "      - run: |\n          python -m pip install build twine\n          timeout 60 pip install build\n          twine upload dist/*\n")]),
    ("one input decides", RELEASE, &[(GUARD, "    if: github.event_name == 'push' || inputs.live\n")]),
    ("conditions of a job before", RELEASE, &[(GUARD, ""), ("    environment: testpypi\n", "    environment: testpypi\n    if: github.ref_type == 'tag'\n")]),
    ("matrix over packages", RELEASE, &[(PYPI_ENVIRONMENT, "    environment: pypi\n    strategy: {matrix: {package: [a, b]}}\n"), ("          print-hash: true", "          packages-dir: dist/${{ matrix.package }}")]),
    ("every needed job was successful", RELEASE, &[("startsWith(github.ref, 'refs/tags/')", "always() && needs.testpypi.result == 'success'")]),
    ("a comment allows it", RELEASE, &[("cancel-in-progress: false", "cancel-in-progress: true # rel: allow(publish-cancelled) tags never move")]),
    ("a comment above allows it", RELEASE, &[("          print-hash: true", "          # rel: allow(token-beside-identity, skip-existing)\n          skip-existing: true")]),
    ("a draft that a person publishes", RELEASE, &[("  workflow_dispatch:", "  release: {types: [published]}"), ("gh release create", "gh release create --draft")]),
    ("another token, whose releases start workflows", RELEASE, &[("  workflow_dispatch:", "  release: {types: [published]}"), ("github.token", "secrets.BOT_TOKEN")]),
    ("a tag brings its own history", RELEASE, &[("  workflow_dispatch:\n", ""), ("          fetch-depth: 0\n", "")]),
    ("artifacts by one condition of the matrix", RELEASE, &[("name: dist-${{ matrix.os }}", "name: dist-all"), ("      - uses: actions/upload-artifact@cf430e030ddbb5b0abf93d22962f4752f3646cd9 # v7.0.2\n        with:\n          name: dist-all", "      - uses: actions/upload-artifact@cf430e030ddbb5b0abf93d22962f4752f3646cd9 # v7.0.2\n        if: matrix.os == 'ubuntu-latest'\n        with:\n          name: dist-all")]),
    ("a shell word that only looks like it", RELEASE, &[(PYPI_STEP, "      - run: |\n          echo \"twine upload; make\"\n          uv publish # maturin publish\n")]),
    ("a dry run publishes nothing", RELEASE, &[("      - run: make docs", "      - run: cargo publish --dry-run")]),
];

fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "an edit has one place: {from}");
        text.replacen(from, to, 1)
    })
}

fn around() -> workflow::Project {
    let history = workflow::version_source("[build-system]\nrequires = [\"hatch-vcs\"]");
    assert!(history.is_some());
    workflow::Project { history, pypi: "pypi.org".into(), testpypi: "test.pypi.org".into() }
}

/// Rules that find something, with the lines.
fn found(text: &str) -> Vec<(&'static str, usize)> {
    let file = File::read("release.yml", text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    let findings = workflow::lint(&[file], &[], &around()).unwrap();
    let line = |finding: &workflow::Finding| finding.diagnostic.site.as_ref().unwrap().line;
    findings.iter().map(|finding| (finding.rule, line(finding))).collect()
}

#[test]
fn good_workflows_give_nothing() {
    for text in [RELEASE, CHECK, CRATES, CORP] {
        assert_eq!(found(text), [], "{text}");
    }
    for (name, text, edits) in HARMLESS {
        assert_eq!(found(&edited(text, edits)), [], "{name}");
    }
}

#[test]
fn s3_8_each_trap_is_found_alone() {
    let mut wrong = Vec::new();
    for (rule, text, edits) in TRAPS {
        let bad = edited(text, edits);
        let all = found(&bad);
        if all.len() != 1 || all[0].0 != *rule {
            wrong.push(format!("{rule}: {all:?} after {edits:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_finding_points_at_the_words_to_change() {
    let mut places = String::new();
    for (rule, text, edits) in TRAPS {
        let bad = edited(text, edits);
        let file = File::read("release.yml", &bad).unwrap();
        for finding in workflow::lint(&[file], &[], &around()).unwrap() {
            let site = finding.diagnostic.site.unwrap();
            let words: String = site.line_text().chars().skip(site.column - 1).take(50).collect();
            places += &format!("{rule}: {}\n    {words}\n", finding.diagnostic.message);
        }
    }
    expect_test::expect_file!["../workflows/places.txt"].assert_eq(&places);
}

#[test]
fn whatever_line_is_missing_the_rest_is_read_or_refused() {
    let (mut read, mut refused) = (0, 0);
    for text in [RELEASE, CHECK, CRATES, CORP] {
        let lines: Vec<&str> = text.lines().collect();
        for missing in 0..lines.len() {
            let rest = [&lines[..missing], &lines[missing + 1..]].concat().join("\n");
            let file = File::read("x.yml", &rest).map_err(|wrong| vec![*wrong]);
            match file.and_then(|file| workflow::lint(&[file], &[], &around())) {
                Ok(_) => read += 1,
                Err(wrong) => {
                    assert!(
                        wrong.iter().all(|wrong| wrong.site.is_some() && !wrong.hints.is_empty())
                    );
                    refused += 1;
                }
            }
        }
    }
    assert!(read > refused && refused > 0, "{read} read, {refused} refused");
}

#[test]
fn each_rule_has_a_trap_and_its_row_in_the_documentation() {
    let seeded: BTreeSet<&str> = TRAPS.iter().map(|(rule, ..)| *rule).collect();
    let all: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(seeded, all);
    let text = include_str!("../../docs/workflow-lint.md");
    let text = text.split("\n## ").find(|part| part.starts_with("Rules\n")).unwrap();
    let row = |rule: &workflow::Rule| {
        format!("| `{}` | {} | {} | {} |", rule.id, rule.level.word(), rule.doc, rule.why)
    };
    let missing: Vec<String> =
        RULES.iter().map(row).filter(|row| text.lines().all(|line| line != row)).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert_eq!(text.lines().filter(|line| line.starts_with("| `")).count(), RULES.len());
}

/// A project without a Releasefile, with these workflows.
fn bare(files: &[(&str, &str)]) -> Project {
    let project = Project::new("");
    fs::remove_file(project.root().join("Releasefile")).unwrap();
    for (name, text) in files {
        project.write(&format!(".github/workflows/{name}"), text);
    }
    project
}

fn unpinned() -> String {
    edited(RELEASE, &[(PINNED, "release/v1")])
}

fn forgiven() -> String {
    edited(
        RELEASE,
        &[(
            PYPI_STEP,
            "      - run: |\n          ls dist\n          twine upload dist/* || true\n",
        )],
    )
}

#[test]
fn findings_are_shown_with_place_reason_and_cure() {
    let project = bare(&[("release.yml", &forgiven()), ("check.yml", CHECK)]);
    let ran = project.rel("ci lint").code(3);
    expect![[r#"
        error: job `pypi` goes on if its publish fails
          --> .github/workflows/release.yml:83:11
           |
        83 |           twine upload dist/* || true
           |           ^^^^^
           |
           = note: the run is green and nothing is out (`publish-forgiven`)
           = hint: remove `continue-on-error` and `|| true`; repeat a failed job instead
    "#]]
    .assert_eq(&ran.err);
    assert_eq!(ran.out, "1 error, 0 warnings in 2 workflows\n");
}

#[test]
fn warnings_fail_only_when_asked_to() {
    let project = bare(&[("release.yml", &unpinned())]);
    project.rel("ci lint").code(0).says("warning: `pypa/gh-action-pypi-publish` is whatever");
    project.rel("ci lint --strict").code(3).says("error: `pypa/gh-action-pypi-publish`");
    let good = bare(&[("release.yml", RELEASE), ("check.yaml", CHECK)]);
    assert_eq!(good.rel("ci lint --strict").code(0).out, "ok: 2 workflows\n");
}

#[test]
fn workflows_are_found_from_below_and_named_files_are_judged_alone() {
    let silent =
        edited(CRATES, &[("  push:\n    tags: [\"v*\"]", "  release: {types: [published]}")]);
    let project = bare(&[("release.yml", RELEASE), ("crates.yml", &silent), ("old.yml", "{")])
        .file("src/a/b.py", "");
    let ran = project.rel("ci lint .github/workflows/crates.yml").code(3);
    let ran = ran.says("job `release` of .github/workflows/release.yml makes the release");
    assert_eq!(ran.out, "1 error, 0 warnings in 1 workflow\n");
    project.rel("ci lint .github/workflows/release.yml").code(0);
    fs::remove_file(project.root().join(".github/workflows/old.yml")).unwrap();
    project.rel("-C src/a ci lint").code(3).says("in 2 workflows");
}

#[test]
fn the_version_of_the_project_tells_whether_history_is_needed() {
    let shallow = edited(RELEASE, &[("          fetch-depth: 0\n", "")]);
    let project = bare(&[("release.yml", &shallow)]);
    project.rel("ci lint").code(0);
    project.write("pyproject.toml", "[build-system]\nrequires = [\"setuptools_scm>=8\"]\n");
    project.rel("ci lint").code(3).says("setuptools-scm needs the history, which this leaves out");
    project.write(
        "pyproject.toml",
        "[build-system]\nrequires = [\"setuptools_scm>=8\"]\n[project]\nversion = \"1.0\"\n",
    );
    project.rel("ci lint").code(0);
}

#[test]
fn programs_get_one_value() {
    let project = bare(&[("release.yml", &unpinned())]);
    let ran = project.rel("ci lint --output json").code(0);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["v"], 1);
    assert_eq!(told["files"], serde_json::json!([".github/workflows/release.yml"]));
    let finding = &told["findings"][0];
    assert_eq!(
        (finding["rule"].as_str(), finding["level"].as_str()),
        (Some("action-unpinned"), Some("warning"))
    );
    assert_eq!(finding["diagnostic"]["site"]["line"], 82);
    assert_eq!(ran.err, "");
}

#[test]
fn in_github_actions_findings_are_annotations() {
    let project =
        bare(&[("release.yml", &forgiven())]).env("GITHUB_ACTIONS", "true").env("CI", "true");
    let root = project.root().display().to_string();
    let ran = project.env("GITHUB_WORKSPACE", &root).rel("ci lint").code(3);
    ran.says("::error file=.github/workflows/release.yml,line=83,col=11,endColumn=16,title=rel::job `pypi` goes on");
}

/// The schema of SARIF, as the crate has it that is made of it.
fn sarif_schema() -> PathBuf {
    peers::crate_source("serde-sarif", "0.8.0").join("src/schema.json")
}

#[test]
fn sarif_has_paths_from_the_repository_wherever_it_is_asked_for() {
    let project = bare(&[("release.yml", &unpinned())]);
    project.write("src/a/x", "");
    project.write("part/.github/workflows/a b.yml", &unpinned());
    let project = project.git();
    let place = |line: &str| {
        let log: Value = serde_json::from_str(&project.rel(line).code(0).out).unwrap();
        let result = &log["runs"][0]["results"][0];
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone()
    };
    let own = ".github/workflows/release.yml";
    assert_eq!(place("-C src/a ci lint --sarif -"), own);
    assert_eq!(place(&format!("-C src ci lint ../{own} --sarif -")), own);
    assert_eq!(place("-C part ci lint --sarif -"), "part/.github/workflows/a%20b.yml");
}

#[test]
fn sarif_is_valid_by_its_schema() {
    let both = edited(&unpinned(), &[("cancel-in-progress: false", "cancel-in-progress: true")]);
    let both = edited(&both, &[("--verify-tag ", "")]);
    let project = bare(&[("release.yml", &both)]);
    let ran = project.rel("ci lint --sarif -").code(0);
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!((results.len(), rules.len()), (3, RULES.len()));
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], ".github/workflows/release.yml");
    assert_eq!(
        place["region"],
        serde_json::json!({"startLine": 12, "startColumn": 3, "endColumn": 9})
    );
    assert!(ran.err.contains("0 errors, 3 warnings in 1 workflow"));

    project.rel("ci lint --sarif out.sarif").code(0);
    let file = project.root().join("out.sarif");
    assert_eq!(serde_json::from_str::<Value>(&fs::read_to_string(&file).unwrap()).unwrap(), log);
    let check = |file: &PathBuf| {
        let program = peers::venv("check-jsonschema", &["check-jsonschema==0.39.0"]);
        let mut check = Command::new(program.join("bin/check-jsonschema"));
        check
            .args(["--regex-variant", "python", "--schemafile"])
            .arg(sarif_schema())
            .arg(file)
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(check(&file));
    fs::write(&file, ran.out.replace("\"startLine\":12", "\"startLine\":0")).unwrap();
    assert!(!check(&file), "the judge takes everything");
}

/// Source distributions with workflows in them, and what describing them takes.
const SDISTS: &[(&str, &str)] = &[
    ("argon2-cffi==25.1.0", "694ae5cc8a42f4c4e2bf2ca0e64e51e23a040c6a517a85074683d3959e1346c1"),
    ("attrs==26.1.0", "d03ceb89cb322a8fd706d4fb91940737b6642aa36998fe130a9bc96c985eff32"),
    ("pluggy==1.7.0", "d1eaa46ebb595891b860ab086b4d09c8588af65ebd4361b8e8f4bb8920b90ba8"),
    ("pytest==9.2.0", "97c4f3b1f3c7414aa36465e09b8220f1d03627993bd51b1282e193753c80557b"),
    ("structlog==26.1.0", "f63a716cbd1b1291cf7661de7794b455acfa4c43c5bcf1630e6ad5ddc1adb3b7"),
    ("twine==7.0.0", "85cdb29c518efef867360ae4acd4b0dfd61c8654a22fca08e6f8539f05022177"),
];
const BACKENDS: &[&str] = &[
    "hatch-fancy-pypi-readme==25.1.0",
    "hatch-vcs==0.5.0",
    "hatchling==1.33.0",
    "setuptools==84.2.1",
    "setuptools-scm==10.3.4",
];

/// What is found in them: project, rule, file, line, and why that is right.
const JUDGED: &[(&str, &str, &str, u64, &str)] = &[
    ("argon2_cffi", "action-unpinned", "pypi-package.yml", 29, "a tag, beside actions by commit"),
    ("argon2_cffi", "action-unpinned", "pypi-package.yml", 53, "the branch that its README tells"),
    ("argon2_cffi", "action-unpinned", "pypi-package.yml", 77, "the same, for PyPI"),
    (
        "pluggy",
        "id-token-beside-foreign-code",
        "deploy.yml",
        23,
        "the publisher asks for no environment: a build backend could publish",
    ),
    ("pluggy", "environment-missing", "deploy.yml", 27, "nobody is asked"),
    (
        "structlog",
        "publish-cancelled",
        "pypi-package.yml",
        15,
        "tag and release are events of one ref, and so of one group",
    ),
    ("twine", "publish-cancelled", "main.yml", 13, "the same file checks and publishes"),
    ("twine", "environment-missing", "main.yml", 120, "a token for everybody who can push a tag"),
    (
        "twine",
        "stored-token",
        "main.yml",
        137,
        "release.yml of the same project shows how to do without",
    ),
    (
        "twine",
        "environment-differs",
        "release.yml",
        45,
        "the environment is on the job that builds",
    ),
];

/// The folders of these projects.
fn real_projects(folder: &std::path::Path) -> Vec<PathBuf> {
    let pins = SDISTS.iter().map(|(pin, sha256)| format!("{pin} --hash=sha256:{sha256}\n"));
    let list = folder.join("requirements.txt");
    fs::write(&list, pins.collect::<String>()).unwrap();
    let mut pip = Command::new(peers::venv("backends", BACKENDS).join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--require-hashes",
    ]);
    pip.args(["--no-binary", ":all:", "--dest"]).arg(folder).arg("-r").arg(list);
    let done = pip.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let archives = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let archives = archives.filter(|path| path.extension().is_some_and(|end| end == "gz"));
    let unpack = |archive: PathBuf| {
        let made =
            Command::new("tar").arg("-xzf").arg(&archive).current_dir(folder).status().unwrap();
        assert!(made.success());
        archive.with_extension("").with_extension("")
    };
    let mut projects: Vec<PathBuf> = archives.map(unpack).collect();
    projects.sort();
    projects
}

#[test]
fn what_is_found_in_real_projects_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let projects = real_projects(folder.path());
    assert_eq!(projects.len(), SDISTS.len());
    let mut all = Vec::new();
    for root in projects {
        let name =
            root.file_name().unwrap().to_str().unwrap().rsplit_once('-').unwrap().0.to_owned();
        let project = Project::new("");
        let ran = project.rel(&format!("-C {} ci lint --output json", root.display()));
        let told: Value = serde_json::from_str(&ran.out).unwrap();
        for finding in told["findings"].as_array().unwrap() {
            let site = &finding["diagnostic"]["site"];
            let file = site["file"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            let rule = finding["rule"].as_str().unwrap().to_owned();
            all.push((name.clone(), rule, file, site["line"].as_u64().unwrap()));
        }
    }
    let expected = JUDGED.iter().map(|(name, rule, file, line, _)| {
        ((*name).to_owned(), (*rule).to_owned(), (*file).to_owned(), *line)
    });
    assert_eq!(all, expected.collect::<Vec<_>>());
}

/// Rules that zizmor has too, under its names.
const SHARED: &[(&str, &str)] = &[
    ("action-unpinned", "unpinned-uses"),
    ("cache-in-publish", "cache-poisoning"),
    ("credentials-persist", "artipacked"),
    ("id-token-for-all", "excessive-permissions"),
    ("input-in-script", "template-injection"),
    ("permissions-missing", "excessive-permissions"),
    ("pull-request-target-checkout", "dangerous-triggers"),
    ("secrets-inherit", "secrets-inherit"),
    ("stored-token", "use-trusted-publishing"),
    ("template-injection", "template-injection"),
    ("token-beside-identity", "use-trusted-publishing"),
];

/// Traps of these rules that zizmor passes over, by their place among those of the rule; with the reason.
const ONLY_HERE: &[(&str, usize, &str)] = &[
    ("token-beside-identity", 1, "a token in a variable of `uv publish`"),
    (
        "token-beside-identity",
        2,
        "a token in a variable of `cargo publish`, beside the action that makes one",
    ),
    ("stored-token", 3, "`tox` publishes, which only the variable tells"),
];

/// How often zizmor finds each of its rules in each file of a folder.
fn zizmor(folder: &std::path::Path) -> BTreeMap<(String, String), usize> {
    let program = peers::venv("zizmor", &["zizmor==1.32.0"]).join("bin/zizmor");
    let mut zizmor = Command::new(program);
    zizmor.args(["--offline", "--no-config", "--no-exit-codes", "--format", "json"]).arg(folder);
    let told: Value = serde_json::from_slice(&zizmor.output().unwrap().stdout).unwrap();
    let mut counts = BTreeMap::new();
    for finding in told.as_array().unwrap() {
        let locations = finding["locations"].as_array().unwrap();
        let primary = locations.iter().find(|at| at["symbolic"]["kind"] == "Primary").unwrap();
        let path = primary["symbolic"]["key"].to_string();
        let file = path.rsplit('/').next().unwrap().split('"').next().unwrap().to_owned();
        *counts.entry((finding["ident"].as_str().unwrap().to_owned(), file)).or_insert(0) += 1;
    }
    counts
}

#[test]
fn zizmor_agrees_where_rules_overlap_and_each_difference_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let workflows = folder.path().join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    let goods = [("release", RELEASE), ("check", CHECK), ("crates", CRATES), ("corp", CORP)];
    for (name, text) in goods {
        fs::write(workflows.join(format!("{name}.yml")), text).unwrap();
    }
    let mut nth: BTreeMap<&str, usize> = BTreeMap::new();
    let mut cases = Vec::new();
    for (rule, text, edits) in TRAPS {
        let Some((_, theirs)) = SHARED.iter().find(|(ours, _)| ours == rule) else { continue };
        let n = nth.entry(rule).and_modify(|n| *n += 1).or_insert(0);
        let good = goods.iter().find(|(_, good)| good == text).unwrap().0;
        let file = format!("{rule}-{n}.yml");
        fs::write(workflows.join(&file), edited(text, edits)).unwrap();
        cases.push((*rule, *n, *theirs, format!("{good}.yml"), file));
    }
    let counts = zizmor(folder.path());
    let count =
        |theirs: &str, file: &str| counts.get(&(theirs.to_owned(), file.to_owned())).copied();
    let missed =
        cases.iter().filter(|(_, _, theirs, good, bad)| count(theirs, bad) <= count(theirs, good));
    let missed: Vec<(&str, usize)> = missed.map(|(rule, n, ..)| (*rule, *n)).collect();
    assert_eq!(missed, ONLY_HERE.iter().map(|(rule, n, _)| (*rule, *n)).collect::<Vec<_>>());
    let theirs: BTreeSet<&str> = SHARED.iter().map(|(_, theirs)| *theirs).collect();
    let ours_are_good = counts.keys().filter(|(rule, file)| {
        theirs.contains(rule.as_str())
            && goods.iter().any(|(name, _)| *file == format!("{name}.yml"))
    });
    let only_there: Vec<(&str, &str)> =
        ours_are_good.map(|(rule, file)| (rule.as_str(), file.as_str())).collect();
    assert_eq!(
        only_there,
        ONLY_THERE.iter().map(|(rule, file, _)| (*rule, *file)).collect::<Vec<_>>()
    );
}

/// What zizmor finds of these in workflows that are good here; with the reason.
const ONLY_THERE: &[(&str, &str, &str)] = &[
    ("artipacked", "check.yml", "what publishes nothing is not looked at"),
    (
        "cache-poisoning",
        "release.yml",
        "a cache where wheels are built; only jobs that can publish count here",
    ),
    ("excessive-permissions", "check.yml", "what publishes nothing is not looked at"),
    ("unpinned-uses", "check.yml", "the same; and these are the runner's own"),
    ("use-trusted-publishing", "corp.yml", "a private index has none"),
];
