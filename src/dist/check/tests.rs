//! Each rule is broken once, alone, and told; files in order break none.

mod made;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::policy::Wishes;
use super::*;
use made::*;

/// A rule that is broken, by what, and with which words; nothing else may be told of it.
type Row = (&'static str, fn() -> Case, &'static str);

const ROWS: &[Row] = &[
    (
        "file-name",
        || Case::new("time_piece-1.0-any.whl", wheel("").bytes),
        "does not have the parts of a wheel name",
    ),
    (
        "file-name",
        || Case::new("time_piece-1.0.zip", wheel("").bytes),
        "neither a wheel nor an sdist",
    ),
    (
        "wheel-name",
        || renamed("Time.Piece-1.0-py3-none-any.whl"),
        "`Time.Piece` has to be `time_piece`",
    ),
    (
        "sdist-name",
        || Case::new("time-piece-1.0.tar.gz", sdist().bytes),
        "has to be `time_piece-1.0.tar.gz`",
    ),
    ("platform-tag", || renamed("time_piece-1.0-cp313-cp313-linux_x86_64.whl"), "`linux_x86_64`"),
    ("name", || described("Name: time-piece", "Name: -time-piece"), "`-time-piece`"),
    ("other-project", || described("Name: time-piece", "Name: tide"), "of `tide`"),
    ("other-version", || described("\nVersion: 1.0", "\nVersion: 1.1"), "of `1.1`"),
    ("version", || described("\nVersion: 1.0", "\nVersion: new"), "`new`"),
    ("local-version", || renamed("time_piece-1.0+g12ab-py3-none-any.whl"), "`1.0+g12ab`"),
    (
        "one-sdist",
        || Case { around: beside("time-piece-1.0.0.tar.gz"), ..sdist() },
        "`time-piece-1.0.0.tar.gz` is another one",
    ),
    (
        "one-release",
        || Case { around: beside("time_piece-0.9.tar.gz"), ..sdist() },
        "of another version",
    ),
    ("archive", || Case::new(WHEEL, b"no archive".to_vec()), "invalid Zip archive"),
    ("archive", || Case::new(SDIST, sdist().bytes[..60].to_vec()), "incomplete deflate stream"),
    ("archive-frame", || damaged(|bytes| bytes.push(0)), "there is something behind its end"),
    (
        "archive-frame",
        || {
            let mut case = sdist();
            case.bytes.extend(b"PK\x05\x06");
            case.bytes.extend([0; 18]);
            case
        },
        "at once",
    ),
    (
        "zip-method",
        || {
            damaged(|bytes| {
                let at = record_at(bytes, "time_piece.py");
                bytes[at + 10] = 12;
            })
        },
        "`time_piece.py`",
    ),
    (
        "zip-ratio",
        || {
            damaged(|bytes| {
                let at = record_at(bytes, "time_piece.py");
                bytes[at + 24..at + 28].copy_from_slice(&(80_u32 << 20).to_le_bytes());
            })
        },
        "it unpacks to 838",
    ),
    ("tar-sparse", holes, "`time_piece-1.0/data`"),
    ("top-folder", || file("other/a.py"), "no folder that holds everything"),
    (
        "pkg-info",
        || {
            Case::new(
                SDIST,
                tarred(|tar| append(tar, "time_piece-1.0/a.py", tar::EntryType::Regular, "x")),
            )
        },
        "there is no",
    ),
    (
        "max-size",
        || Case {
            wishes: Wishes { max_size: Some("100B".into()), ..Wishes::default() },
            ..wheel("")
        },
        "and 100 are the most",
    ),
    (
        "top-folder-name",
        || Case::new("time_piece-1.0.0.tar.gz", sdist().bytes),
        "`time_piece-1.0` and not `time_piece-1.0.0`",
    ),
    ("member-path", || wheel_with("../evil.py", ""), "`../evil.py`"),
    ("member-path", || wheel_with("time_piece/C:\\evil.py", ""), "evil.py`"),
    (
        "link",
        || sdist_with("time_piece-1.0/passwd", tar::EntryType::Symlink, "../../etc/passwd"),
        "leads to `../../etc/passwd`",
    ),
    (
        "link",
        || sdist_with("time_piece-1.0/passwd", tar::EntryType::Symlink, "/etc/passwd"),
        "leads to `/etc/passwd`",
    ),
    (
        "link",
        || sdist_with("time_piece-1.0/passwd", tar::EntryType::Link, "elsewhere"),
        "leads to `elsewhere`",
    ),
    ("link", linked_wheel, "`time_piece.py`"),
    (
        "device",
        || sdist_with("time_piece-1.0/pipe", tar::EntryType::Fifo, ""),
        "`time_piece-1.0/pipe`",
    ),
    (
        "member",
        || {
            damaged(|bytes| {
                let at = bytes.windows(5).position(|window| window == b"x = 1").unwrap();
                bytes[at] = b'y';
            })
        },
        "`time_piece.py`: ",
    ),
    (
        "member",
        || {
            damaged(|bytes| {
                bytes[6] |= 1;
                let at = record_at(bytes, "time_piece.py");
                bytes[at + 8] |= 1;
            })
        },
        "it is encrypted",
    ),
    ("case", || wheel_with("Time_Piece.py", ""), "`time_piece.py` and `Time_Piece.py`"),
    ("wheel-file", || without("WHEEL"), "there is no `time_piece-1.0.dist-info/WHEEL`"),
    ("metadata-file", || without("METADATA"), "there is no"),
    ("record-file", || without("RECORD"), "there is no"),
    ("record-file", || changed(|files| files[3].1 = vec![0xff]), "is not UTF-8"),
    (
        "entry-points",
        || wheel_with("INFO/entry_points.txt", "[console_scripts]\n../time = a:b\n"),
        "no name of a script",
    ),
    (
        "record",
        || changed(|files| files[0].1 = b"y = 1\n".to_vec()),
        "`time_piece.py` has another sha256",
    ),
    (
        "record",
        || changed(|files| files[0].1 = b"xx = 1\n".to_vec()),
        "has 7 bytes, and 6 are listed",
    ),
    (
        "record",
        || changed(|files| files.push(("more.py".into(), Vec::new()))),
        "`more.py` is not listed",
    ),
    (
        "record",
        || changed(|files| drop(files.remove(0))),
        "`time_piece.py` is listed and not there",
    ),
    (
        "record",
        || changed(|files| files[3].1.extend(b"time_piece.py,,\n")),
        "`time_piece.py` is listed twice",
    ),
    ("record", || changed(|files| swap(&mut files[3].1, "sha256=", "md5=")), "too weak"),
    ("record", || changed(|files| files[3].1.extend(b"odd\n")), "`odd` has not three parts"),
    (
        "wheel-tags",
        || Case::new("time_piece-1.0-py2.py3-none-any.whl", wheel("").bytes),
        "`py2-none-any` stands in the file name only",
    ),
    ("dist-info", || wheel_with("other-1.0.dist-info/METADATA", ""), "`other-1.0.dist-info`"),
    (
        "empty",
        || {
            changed(|files| {
                files.remove(0);
                let text = String::from_utf8(files[2].1.clone()).unwrap();
                let rest = text.split_once('\n').map(|(_, rest)| rest);
                files[2].1 = rest.unwrap_or_default().to_owned().into_bytes();
            })
        },
        "nothing else",
    ),
    ("common-name", || wheel_with("tests/test_time.py", ""), "`tests`"),
    ("metadata", || wheel("2.6|"), "2.6"),
    (
        "metadata",
        || described("Metadata-Version", "odd line\nMetadata-Version"),
        "line 1 of the metadata is not a header",
    ),
    ("field-age", || wheel("2.1|Dynamic: Author\n"), "`Dynamic` came with 2.2, and this is 2.1"),
    (
        "classifier",
        || wheel("Classifier: Private :: Do Not Upload\n"),
        "`Private :: Do Not Upload`",
    ),
    ("classifier", || wheel("Classifier: Stable\n"), "`Stable`"),
    ("classifier-group", || wheel("Classifier: Mood :: Good\n"), "`Mood :: Good`"),
    ("requires-python", || wheel("Requires-Python: three\n"), "`three`"),
    ("extra", || wheel("Provides-Extra: time zones\n"), "`time zones`"),
    ("dynamic", || wheel("Dynamic: Version\n"), "`Version`"),
    ("dynamic", || wheel("Dynamic: Colour\n"), "`Colour`"),
    ("import-name", || wheel("2.5|Import-Name: class\n"), "`class`"),
    ("import-name", || wheel("2.5|Import-Namespace: a.b; public\n"), "`a.b; public`"),
    ("unknown-field", || wheel("Colour: red\n"), "`Colour`"),
    ("unknown-field", || wheel("Author: A\nAuthor: B\n"), "`Author` stands more than once"),
    ("keywords", || wheel("Keywords: time clock watch hour\n"), "`time clock watch hour`"),
    ("summary", || wheel("Summary: one\u{2028}two\n"), "it has more than one line"),
    ("summary", || wheel(&format!("Summary: {}\n", "a".repeat(513))), "it has 513 characters"),
    ("description-type", || described("text/markdown", "text/asciidoc"), "`text/asciidoc`"),
    ("no-description", || described("\nTells the time.\n", ""), "would be empty"),
    (
        "no-description-type",
        || described("Description-Content-Type: text/markdown\n", ""),
        "is missing",
    ),
    (
        "description-renders",
        || described("markdown\n\nTells the time.", "x-rst\n\n.. raw:: html\n\n   <b>now</b>"),
        "line 1: the directive `raw` is turned off",
    ),
    (
        "description-directive",
        || described("markdown\n\nTells the time.", "x-rst; charset=UTF-8\n\n.. tabs::\n\n   one"),
        "no directive `tabs`",
    ),
    ("email", || wheel("Author-email: Ann <ann>\n"), "`Ann <ann>`"),
    ("email", || wheel("Maintainer-email: ann@local\n"), "`ann@local`"),
    ("url", || wheel("Home-page: time.example\n"), "`time.example`"),
    ("project-url", || wheel("Project-URL: Code, time.example\n"), "has no address on the web"),
    (
        "project-url",
        || wheel(&format!("Project-URL: {}, https://a.example\n", "a".repeat(33))),
        "more than 32 characters",
    ),
    ("project-url", || wheel("Project-URL: , https://a.example\n"), "has no label"),
    (
        "project-url",
        || wheel("Project-URL: A, https://a.example\nProject-URL: A, https://b.example\n"),
        "the label of another",
    ),
    (
        "license-expression",
        || wheel("License-Expression: MIT, or what you like\n"),
        "`MIT, or what you like`",
    ),
    ("license-name", || wheel("License-Expression: Apache2\n"), "`Apache2`"),
    ("two-licenses", || wheel("License: MIT\nLicense-Expression: MIT\n"), "`MIT`"),
    ("license-path", || wheel("License-File: ../LICENSE\n"), "`../LICENSE`"),
    (
        "license-file",
        || wheel("License-File: LICENSE\n"),
        "there is no `time_piece-1.0.dist-info/licenses/LICENSE`",
    ),
    ("requirement", || wheel("Requires-Dist: tzdata >> 2024\n"), "`tzdata >> 2024`"),
    (
        "direct-url",
        || wheel("Requires-Dist: tzdata @ https://a.example/tzdata.whl\n"),
        "`tzdata @ https://a.example/tzdata.whl`",
    ),
    (
        "forbidden",
        || Case {
            wishes: Wishes { forbid: vec!["*.c".into()], ..Wishes::default() },
            ..wheel_with("time_piece/a.c", "")
        },
        "`time_piece/a.c`",
    ),
    (
        "unwanted",
        || Case {
            wishes: Wishes { warn: vec!["docs/**".into()], ..Wishes::default() },
            ..file("time_piece-1.0/docs/a")
        },
        "`time_piece-1.0/docs/a`",
    ),
    ("junk", || wheel_with("time_piece/__pycache__/a.pyc", ""), "a.pyc`"),
    ("secret-file", || file("time_piece-1.0/.env"), "`time_piece-1.0/.env`"),
    (
        "secret",
        || wheel_with("time_piece/key.pem", &key()),
        "`time_piece/key.pem` holds a private key",
    ),
    (
        "untracked",
        || Case {
            around: Around { untracked: ["notes.txt".to_owned()].into(), ..Around::default() },
            ..file("time_piece-1.0/notes.txt")
        },
        "`notes.txt`",
    ),
];

/// Rules whose breach cannot be seen alone, with what is told too, and why.
const TOGETHER: &[(&str, &[&str])] = &[
    // The metadata is another file's then, or none can be found.
    ("name", &["other-project"]),
    ("dist-info", &["case"]),
    ("file-name", &["wheel-tags", "dist-info", "top-folder"]),
    // The folder cannot bear the other name.
    ("sdist-name", &["top-folder-name"]),
    // Bytes were changed under the list.
    ("zip-method", &["archive-frame", "member"]),
    ("zip-ratio", &["archive-frame", "member", "record"]),
    ("member", &["record", "archive-frame"]),
    ("wheel-file", &["record"]),
    ("metadata-file", &["record"]),
    ("pkg-info", &["top-folder-name"]),
    ("top-folder", &["top-folder-name", "pkg-info", "link"]),
    ("metadata", &["field-age"]),
    ("link", &["record"]),
    // Its only module is gone.
    ("record", &["empty"]),
];

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{} {}: {}", finding.level.name(), finding.rule.id, finding.text))
        .collect()
}

#[test]
fn each_rule_is_broken_by_a_file_and_by_nothing_else_in_it() {
    let mut wrong = Vec::new();
    for (id, case, words) in ROWS {
        let findings = case().findings();
        let hit = findings.iter().any(|found| found.rule.id == *id && found.text.contains(words));
        let others = TOGETHER.iter().filter(|(rule, _)| rule == id).flat_map(|(_, others)| *others);
        let others: Vec<&str> = others.copied().chain([*id]).collect();
        let alone = findings.iter().all(|found| others.contains(&found.rule.id));
        if !hit || !alone {
            wrong.push(format!("{id}, `{words}`: {:#?}", told(&findings)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_is_without_a_row() {
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.0).collect();
    let known: Vec<&str> = rules().map(|rule| rule.id).collect();
    let lacking: Vec<&str> = known.iter().copied().filter(|id| !rows.contains(id)).collect();
    // 100 MiB in a test would be slow.
    assert_eq!(lacking, ["size"]);
    assert_eq!(known.iter().collect::<BTreeSet<_>>().len(), known.len(), "two rules have one name");
    for rule in rules() {
        assert!(
            rule.doc.ends_with('.') && !rule.hint.ends_with('.') && !rule.source.is_empty(),
            "{}",
            rule.id
        );
    }
}

#[test]
fn files_in_order_break_no_rule() {
    let lines = "Summary: Tells the time\nKeywords: time,clock\nAuthor-email: Ann <ann@time.example>\n\
        Classifier: Typing :: Typed\nRequires-Python: >=3.10\nRequires-Dist: tzdata>=2024; extra == 'zones'\n\
        Provides-Extra: zones\nProject-URL: Code, https://time.example/code\nLicense-Expression: MIT OR LicenseRef-Own\n";
    for case in
        [wheel(""), wheel(lines), wheel(&format!("2.1|{}", "License-File: LICENSE\n")), sdist()]
    {
        assert_eq!(told(&case.findings()), [""; 0]);
    }
    let inside = sdist_with("time_piece-1.0/docs", tar::EntryType::Symlink, "./src/../docs");
    assert_eq!(told(&inside.findings()), [""; 0]);
}

#[test]
fn errors_come_first_and_many_are_cut() {
    let more: Vec<(String, String)> =
        (0..14).map(|number| (format!("time_piece/{number}.pyc"), String::new())).collect();
    let more: Vec<(&str, &str)> =
        more.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let bytes = packed(&recorded(wheel_files("Home-page: x\n", &more)));
    let findings = Case::new(WHEEL, bytes).findings();
    assert_eq!((findings[0].level, findings[0].rule.id), (Level::Error, "url"));
    assert_eq!((findings.len(), findings[11].text.as_str()), (12, "and 4 more"));
}

#[test]
fn hostile_names_are_shown_harmlessly() {
    let name = "time_piece/\u{1b}[2J\u{202e}`\n.pyc";
    let findings = wheel_with(name, "").findings();
    assert!(findings.iter().any(|finding| finding.rule.id == "junk"), "{:?}", told(&findings));
    for finding in findings {
        assert!(!finding.text.contains(['\u{1b}', '\u{202e}', '\n']), "{}", finding.text);
    }
    let long = quoted(&"a".repeat(1000));
    assert!(long.chars().count() < 130, "{long}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_file_is_too_broken_to_be_checked(
        wheel_or_not in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let mut case = if wheel_or_not { wheel("") } else { sdist() };
        for (at, byte) in changes {
            let at = at.index(case.bytes.len());
            case.bytes[at] = byte;
        }
        if !whole {
            let at = cut.index(case.bytes.len());
            case.bytes.truncate(at);
        }
        case.findings();
    }
}
