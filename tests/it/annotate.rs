//! What tools print, as they printed it, and the findings that are read from it.
//!
//! `tests/tools/*.txt` were written by the tools themselves (paths shortened): ruff 0.17, flake8 7.5,
//! mypy 2.4, pyright 1.1, pytest 9.2, rustc and clippy 1.95, gcc 12.2, eslint 8.57, TypeScript 7.0.

use expect_test::expect_file;
use rel::report::annotate::{Level, Reader};
use rel::report::clean;

/// One line for each finding.
fn found(output: &str) -> String {
    let mut reader = Reader::default();
    let findings = clean::text(output, false);
    let findings = findings.lines().filter_map(|line| reader.line(line)).map(|finding| {
        let level = if finding.level == Level::Error { "error" } else { "warning" };
        let place = finding.place;
        let column = place.column.map(|column| format!(":{column}")).unwrap_or_default();
        let code = finding.code.map(|code| format!("[{code}]")).unwrap_or_default();
        format!("{level}{code} {}:{}{column} {}\n", place.file, place.line, finding.message)
    });
    findings.collect()
}

macro_rules! tools {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            let output = include_str!(concat!("../tools/", stringify!($name), ".txt"));
            expect_file![concat!("../tools/", stringify!($name), ".found")].assert_eq(&found(output));
        }
    )*};
}

tools! {
    ruff_concise
    ruff_full
    flake8
    mypy
    mypy_columns
    pyright
    pytest_long
    pytest_short
    pytest_line
    tsc
    tsc_pretty
    eslint_unix
    gcc
    cargo_check
    clippy
    cargo_test
    rustc_short
}

#[test]
fn prose_is_no_finding() {
    for line in [
        "",
        "error: could not compile `r` (lib) due to 2 previous errors",
        "12:30:45: started",
        "see http://localhost:8080/x: it is up",
        "a.c:4:12: note: each undeclared identifier is reported only once",
        "a.py:0: error: no line 0",
        "Found 2 errors in 1 file (errors prevented further checking)",
        "tests/test_a.py:29: ",
        "::error file=a.py,line=1::x",
        "a.py:99999999999999999999999: error: too far",
    ] {
        assert_eq!(found(line), "", "{line}");
    }
    assert_eq!(found("note: x\n --> a.rs:1:1"), "");
    assert_eq!(found("error: x\n\n --> a.rs:1:1"), "");
}

#[test]
fn other_forms_of_the_same() {
    let table = [
        ("a.c:1:10: fatal error: b.h: No such file", "error a.c:1:10 b.h: No such file\n"),
        ("C:\\src\\a.c:4:5: error: x", "error C:\\src\\a.c:4:5 x\n"),
        ("a.cpp(3,7): warning C4101: 'x': unused", "warning[C4101] a.cpp:3:7 'x': unused\n"),
        ("a.py:1:0: C0114: No docstring", "error[C0114] a.py:1 No docstring\n"),
        ("a.sh:3:8: note: Double quote. [SC2086]", ""),
        ("a.sh:3:8: warning: x is unused. [SC2034]", "warning[SC2034] a.sh:3:8 x is unused.\n"),
    ];
    for (line, expected) in table {
        assert_eq!(found(line), expected, "{line}");
    }
}
