//! `rel dist`: what it says, and whether others say the same. The rehearsal's PyPI, which shares no code with it,
//! and `twine`, `packaging` and `check-wheel-contents` judge the same files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use expect_test::{expect, expect_file};
use rel::dist::check;
use serde_json::Value;

use crate::project::{MAKE_DIST, Project, Ran};
use crate::refusals::{dists, faulty_files};
use crate::{peers, refusals};

const EMPTY: &str = "task(\"x\").exec(\"true\");\n";

fn write(project: &Project, (name, bytes): &dists::File) {
    fs::create_dir_all(project.root().join("dist")).unwrap();
    fs::write(project.root().join("dist").join(name), bytes).unwrap();
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap()
}

/// Rules that are broken, of a level or of any.
fn rules(file: &Value, level: Option<&str>) -> BTreeSet<String> {
    let all = file["findings"].as_array().unwrap().iter();
    let all = all.filter(|found| level.is_none_or(|level| found["level"] == level));
    all.map(|found| found["rule"].as_str().unwrap().to_owned()).collect()
}

/// A wheel with what PyPI refuses, what it does not, and a name that wants to be seen as something else.
fn bad_wheel() -> dists::File {
    dists::rebuilt(|members| {
        members[1].1 +=
            "Home-page: time.example\nRequires-Dist: tzdata @ https://a.example/tzdata.whl\n";
        members.push(("time_piece/\u{1b}[2J\u{202e}.pyc".into(), String::new()));
    })
}

#[test]
fn findings_are_told_with_what_to_do() {
    let project = Project::new(EMPTY);
    write(&project, &bad_wheel());
    let ran = project.rel("dist check dist/time_piece-1.0-py3-none-any.whl --allow record").code(3);
    assert!(!ran.out.contains(['\u{1b}', '\u{202e}']), "{:?}", ran.out);
    expect![[r#"
        dist/time_piece-1.0-py3-none-any.whl: 3 errors, 2 warnings
          error   archive-frame: `time_piece/\u{1b}[2J\u{202e}.pyc` is no name in printable UTF-8
                  pack it with a current build backend, which needs no streams, comments or things in front
          error   url: `time.example`
                  begin them with `https://`
          error   direct-url: `tzdata @ https://a.example/tzdata.whl`
                  depend on a released version by its name
          warning no-description: the page of the project would be empty
                  set `readme` in `[project]`
          warning junk: `time_piece/\u{1b}[2J\u{202e}.pyc`
                  exclude it in the build backend's settings
        error: not to be uploaded: dist/time_piece-1.0-py3-none-any.whl
         |
         = hint: mend what is listed as an error, and build anew
    "#]].assert_eq(&format!("{}{}", ran.out, ran.err));
    let ran = project
        .rel("dist check dist/time_piece-1.0-py3-none-any.whl --allow record --output json")
        .code(3);
    let told = json_of_first_line(&ran);
    expect![[r#"
        {
          "v": 1,
          "event": "distributions",
          "files": [
            {
              "file": "dist/time_piece-1.0-py3-none-any.whl",
              "size": 920,
              "accepted": false,
              "findings": [
                {
                  "rule": "archive-frame",
                  "level": "error",
                  "message": "`time_piece/\\u{1b}[2J\\u{202e}.pyc` is no name in printable UTF-8",
                  "hint": "pack it with a current build backend, which needs no streams, comments or things in front",
                  "source": "PyPI user documentation: archives"
                },
                {
                  "rule": "url",
                  "level": "error",
                  "message": "`time.example`",
                  "hint": "begin them with `https://`",
                  "source": "warehouse/forklift/metadata.py"
                },
                {
                  "rule": "direct-url",
                  "level": "error",
                  "message": "`tzdata @ https://a.example/tzdata.whl`",
                  "hint": "depend on a released version by its name",
                  "source": "warehouse/forklift/metadata.py"
                },
                {
                  "rule": "no-description",
                  "level": "warning",
                  "message": "the page of the project would be empty",
                  "hint": "set `readme` in `[project]`",
                  "source": "twine check --strict"
                },
                {
                  "rule": "junk",
                  "level": "warning",
                  "message": "`time_piece/\\u{1b}[2J\\u{202e}.pyc`",
                  "hint": "exclude it in the build backend's settings",
                  "source": "check-wheel-contents W001; sanity"
                }
              ]
            }
          ]
        }"#]].assert_eq(&serde_json::to_string_pretty(&told).unwrap());
}

fn json_of_first_line(ran: &Ran) -> Value {
    serde_json::from_str(ran.out.lines().next().unwrap()).unwrap()
}

#[test]
fn warnings_do_not_stop_until_the_policy_says_so() {
    let project = Project::new(EMPTY);
    write(&project, &dists::wheel(""));
    let file = "dist/time_piece-1.0-py3-none-any.whl";
    project.rel(&format!("dist check {file}")).code(0);
    project.rel(&format!("dist check {file} --stop record")).code(3);
    project
        .rel(&format!("dist check {file} --stop all --allow record --allow no-description"))
        .code(0);
    project.rel(&format!("dist check {file} --max-size 10B")).code(3);
    project.rel(&format!("dist check {file} --forbid time_*.py")).code(3);
}

#[test]
fn what_is_new_in_a_release_is_listed() {
    let project = Project::new(EMPTY);
    write(&project, &dists::wheel(""));
    let (_, bytes) =
        dists::rebuilt(|members| members.push(("more/\u{1b}[2Ja.py".into(), "x\n".into())));
    write(&project, &("time_piece-1.1-py3-none-any.whl".into(), bytes));
    let words = "dist list dist/time_piece-1.1-py3-none-any.whl --against dist/time_piece-1.0-py3-none-any.whl";
    let ran = project.rel(words).code(0);
    expect![[r#"
        dist/time_piece-1.1-py3-none-any.whl: 5 files, 185 bytes
                   2  more/ [2Ja.py
                  52  time_piece-1.0.dist-info/METADATA
                  50  time_piece-1.0.dist-info/RECORD
                  75  time_piece-1.0.dist-info/WHEEL
                   6  time_piece.py
          since dist/time_piece-1.0-py3-none-any.whl:
            new               2  more/ [2Ja.py
    "#]]
    .assert_eq(&ran.out);
    let told = json(&project.rel(&format!("{words} --output json")).code(0));
    assert_eq!(told["files"][0]["since"]["new"][0]["size"], 2, "{told}");
    let other = "dist list dist/time_piece-1.0-py3-none-any.whl --against dist/time_piece-1.1-py3-none-any.whl";
    project.rel(other).code(2).says("none of them comes before");
}

#[test]
fn an_sdist_is_searched_for_what_git_does_not_track() {
    let project =
        Project::new(EMPTY).file("time_piece.py", "x = 1\n").git().file("notes.txt", "mine");
    let text = dists::metadata("1.0", "");
    let members = [
        ("time_piece-1.0/PKG-INFO", text.as_str()),
        ("time_piece-1.0/time_piece.py", "x = 1\n"),
        ("time_piece-1.0/notes.txt", "mine"),
    ];
    write(&project, &dists::sdist(&members));
    let ran = project.rel("dist check dist/time_piece-1.0.tar.gz --output json").code(0);
    let told = json(&ran);
    let untracked: Vec<&Value> = told["files"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["rule"] == "untracked")
        .collect();
    assert_eq!((untracked.len(), &untracked[0]["message"]), (1, &"`notes.txt`".into()), "{told}");
}

#[test]
fn a_task_fails_with_all_that_pypi_would_refuse_and_warns_of_the_rest() {
    let text = r#"
        task("build").run(|t| exec("python3 make_dist.py {} 1.0", t.out));
        task("fit").needs("build").run(|t| print(dist::check(t.artifacts("build")).len()));
        task("strict").needs("build").run(|t| dist::check(t.artifacts("build"), #{ stop: ["all"] }));
        task("names").needs("build").run(|t| print(dist::list(t.artifacts("build"))[0].name));
    "#;
    let project = Project::new(text).file("make_dist.py", MAKE_DIST);
    project.rel("fit").code(0).says("PyPI takes it, and its users may regret it").says("allow: [");
    let ran = project.rel("strict").code(1);
    ran.says("not to be uploaded: time_piece-1.0-py3-none-any.whl, time_piece-1.0.tar.gz")
        .says("record: `time_piece.py` is listed without a digest")
        .says("time_piece-1.0.tar.gz: no-description");
    project.rel("names").code(0).says("time_piece-1.0.dist-info/METADATA");
}

#[test]
fn every_rule_is_in_the_documentation() {
    let head = include_str!("../../docs/dist.md").split("## Rules").next().unwrap();
    let row = |rule: &check::Rule| {
        format!(
            "| `{}` | {} | {} | {} |\n",
            rule.id,
            rule.level.name(),
            rule.doc.replace('|', "\\|"),
            rule.source
        )
    };
    let rows: String = check::rules().map(row).collect();
    let text = format!(
        "{head}## Rules\n\n| rule | level | what holds | known from |\n|---|---|---|---|\n{rows}"
    );
    expect_file!["../../docs/dist.md"].assert_eq(&text);
}

/// Rows that the world refuses and one file alone does not show.
const NOT_IN_THE_FILE: &[(&str, &str)] =
    &[("a second source distribution", "the other one is on the index")];

#[test]
fn what_the_rehearsals_pypi_refuses_of_a_file_is_found_before() {
    let mut wrong = Vec::new();
    for (row, rule, files) in faulty_files() {
        for (name, bytes) in files {
            let around = check::Around::default();
            let found = check::check(&name, &bytes, &around, &check::Policy::default());
            let errors = found.iter().filter(|found| found.level == check::Level::Error).count();
            let listed = NOT_IN_THE_FILE.iter().any(|(known, _)| *known == row);
            if (errors > 0) == listed {
                wrong.push(format!("{row} ({rule}): {errors} errors"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const JUDGES: &[&str] = &["twine==7.0.0", "packaging==26.3", "check-wheel-contents==0.6.3"];

const WHEELS: &[&str] = &[
    "attrs==25.3.0 --hash=sha256:427318ce031701fea540783410126f03899a97ffc6f61596ad581ac2e40e3bc3",
    "certifi==2025.8.3 --hash=sha256:f6c12493cfb1b06ba2ff328595af9350c65d6644968e5d3a2ffd78699af217a5",
    "jaraco.classes==3.4.0 --hash=sha256:f662826b6bed8cace05e7ff873ce0f9283b5c924470fe664fff1c2f00f581790",
    "pywin32-ctypes==0.2.3 --hash=sha256:8a1513379d709975552d202d942d9837758905c8d01eb82b8bcc30918929e7b8",
    "rich==14.1.0 --hash=sha256:536f5f1785986d6dbdea3c75205c473f970777b4a0d6c6dd1b696aa05a3fa04f",
    "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
    "zope.interface==8.0 --hash=sha256:7fb931bf55c66a092c5fbfb82a0ff3cc3221149b185bde36f0afc48acb8dcd92",
];

const SDISTS: &[&str] = &[
    "docopt==0.6.2 --hash=sha256:49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491",
    "hatchling==1.27.0 --hash=sha256:971c296d9819abb3811112fc52c7a9751c8d381898f36533bb16f9791e941fd6",
    "pluggy==1.6.0 --hash=sha256:7dcc130b76258d33b90f61b658791dede3486c3e6bfb003ee5c9bfb396dd22f3",
];

/// With `REL_DIST_CORPUS=all`.
const MORE_WHEELS: &[&str] = &[
    "PyYAML==6.0.2 --hash=sha256:3ad2a3decf9aaba3d29c8f537ac4b243e36bef957511b4766cb0057d32b0be85",
    "charset-normalizer==3.4.3 --hash=sha256:0e78314bdc32fa80696f72fa16dc61168fda4d6a0c014e0380f9d02f0e5d8a07",
    "django==5.2.5 --hash=sha256:2b2ada0ee8a5ff743a40e2b9820d1f8e24c11bac9ae6469cd548f0057ea6ddcd",
    "flask==3.1.1 --hash=sha256:07aae2bb5eaf77993ef57e357491839f5fd9f4dc281593a81a9e4d79a24f295c",
    "orjson==3.11.2 --hash=sha256:140f84e3c8d4c142575898c91e3981000afebf0333df753a90b3435d349a5fe5",
    "psutil==7.0.0 --hash=sha256:4b1388a4f6875d7e2aff5c4ca1cc16c545ed41dd8bb596cefea80111db353a34",
    "setuptools==80.9.0 --hash=sha256:062d34222ad13e0cc312a4c02d73f059e86a4acbfbdea8f8f76b28c99f306922",
    "sphinx-rtd-theme==3.0.2 --hash=sha256:422ccc750c3a3a311de4ae327e82affdaf59eb695ba4936538552f3b00f4ee13",
    "tornado==6.5.2 --hash=sha256:e792706668c87709709c18b353da1f7662317b563ff69f00bab83595940c7108",
    "typing-extensions==4.15.0 --hash=sha256:f0fa19c6845758ab08074a0cfa8b7aecb71c999ca73d62883bc25cc018c4e548",
];

/// Where a judge and rel differ: the judge, the beginning of the file's name, and why.
const DIFFER: &[(&str, &str, &str)] = &[
    ("index", "jaraco.classes-", "uploaded before PyPI asked for the normalised name in wheels"),
    ("index", "PyYAML-", "the same"),
    (
        "packaging",
        "jaraco.classes-",
        "it does not look at names of files, and finds a License-File before 2.4",
    ),
    ("packaging", "PyYAML-", "the same"),
    ("packaging", "six-", "a License-File before 2.4, which uploads leave out"),
    ("packaging", "psutil-", "the same"),
    ("packaging", "sphinx_rtd_theme-", "the same"),
    ("W002", "", "copies of a file in one wheel are of no consequence"),
    ("W004", "", "folders of data have names that cannot be imported"),
    ("W009", "", "a project may install several packages"),
];

/// What `check-wheel-contents` finds, by the rule that is the same.
const SAME: [(&str, &str); 3] = [("W001", "junk"), ("W005", "common-name"), ("W008", "empty")];

fn judged(folder: &Path, what: &str) -> Value {
    let python = peers::venv("dist-judges", JUDGES).join("bin/python");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/judges/dist.py");
    let ran = Command::new(python).arg(script).arg(folder).arg(what).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// What rel says of the same files, as the same judges would say it; where they differ.
fn differences(folder: &Path) -> BTreeSet<(String, String)> {
    let verdicts = judged(folder, "all");
    let mut differ = BTreeSet::new();
    for (name, said) in verdicts.as_object().unwrap() {
        let project = Project::new(EMPTY);
        let path = folder.join(name).display().to_string();
        let ran = project.rel(&format!("dist check {path} --output json"));
        let told = json_of_first_line(&ran);
        let (errors, all) =
            (rules(&told["files"][0], Some("error")), rules(&told["files"][0], None));
        let mut note = |judge: &str, same: bool| {
            if !same {
                differ.insert((judge.to_owned(), name.clone()));
            }
        };
        let of_names = ["wheel-name", "sdist-name"];
        let of_metadata = errors.iter().filter(|rule| !of_names.contains(&rule.as_str())).count();
        let strict =
            ["no-description", "no-description-type"].iter().any(|rule| all.contains(*rule));
        note("index", errors.is_empty());
        note("packaging", said["packaging"] == (of_metadata == 0));
        note("twine", said["twine"] == (of_metadata == 0 && !strict));
        for code in said["contents"].as_array().unwrap() {
            let code = code.as_str().unwrap();
            note(code, SAME.iter().any(|(known, rule)| *known == code && all.contains(*rule)));
        }
    }
    differ
}

fn are_listed(differ: &BTreeSet<(String, String)>) {
    let listed = |(judge, name): &&(String, String)| {
        DIFFER.iter().any(|(who, start, _)| who == judge && name.starts_with(start))
    };
    let strange: Vec<_> = differ.iter().filter(|one| !listed(one)).collect();
    assert!(strange.is_empty(), "{strange:#?}");
}

#[test]
fn real_files_are_judged_as_others_judge_them() {
    are_listed(&differences(&peers::corpus("dist-corpus", WHEELS, SDISTS)));
    if std::env::var_os("REL_DIST_CORPUS").is_some_and(|all| all == "all") {
        are_listed(&differences(&peers::corpus("dist-corpus-more", MORE_WHEELS, &[])));
    }
}

/// Faults of metadata that `packaging` does not know: rules of the index itself.
const OF_THE_INDEX: &[&str] = &[
    "a version with a local part",
    "a summary of a whole page",
    "a requirement by address",
    "two kinds of licence",
    "an address of a person without a domain",
    "a classifier in other words",
    "the fuse against publishing",
    "a home page without a scheme",
    "an address under a long label",
];

#[test]
fn broken_metadata_is_refused_by_packaging_too() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<_> = faulty_files().into_iter().take(refusals::FAULTS_OF_METADATA).collect();
    for (at, (_, _, files)) in rows.iter().enumerate() {
        let inner = folder.path().join(at.to_string());
        fs::create_dir(&inner).unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(inner.join(name), bytes).unwrap());
    }
    let verdicts = judged(folder.path(), "metadata");
    let taken = |at: usize| {
        let start = format!("{at}/");
        let verdict =
            verdicts.as_object().unwrap().iter().find(|(name, _)| name.starts_with(&start));
        verdict.unwrap().1 == true
    };
    let taken = rows.iter().enumerate().filter(|(at, _)| taken(*at)).map(|(_, row)| row.0);
    assert_eq!(taken.collect::<Vec<_>>(), OF_THE_INDEX);
}
