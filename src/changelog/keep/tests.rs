//! A changelog with everything, then any text at all: what is edited, and that nothing else is.

use proptest::prelude::*;

use super::*;

const KEPT: &str = "# Changelog

Text.

## [Unreleased]

### Added

- New things, see [the guide].

## [1.1.0] - 2026-01-31

### Fixed

- A crash (#12).

## [1.0.0] - 2025-12-24

- First one.

[the guide]: https://example.org/guide
[Unreleased]: https://example.org/a/b/compare/v1.1.0...HEAD
[1.1.0]: https://example.org/a/b/compare/v1.0.0...v1.1.0
[1.0.0]: https://example.org/a/b/releases/tag/v1.0.0
";

#[test]
fn a_section_is_what_stands_below_its_version() {
    assert_eq!(section(KEPT, "1.1.0").unwrap(), "### Fixed\n\n- A crash (#12).");
    assert_eq!(section(KEPT, "v1.0").unwrap(), "- First one.");
    let with_link =
        "### Added\n\n- New things, see [the guide].\n\n[the guide]: https://example.org/guide";
    assert_eq!(unreleased(KEPT).unwrap(), with_link);
}

#[test]
fn versions_are_compared_and_not_their_spelling() {
    let text = "## v0.2.0-alpha.1 (2026-01-01)\n\nx\n";
    assert!(has_version(text, "0.2.0a1") && has_version(text, "v0.2a1"));
    for other in ["0.2.0", "0.2.0a2", "latest", ""] {
        assert!(!has_version(text, other), "{other}");
    }
}

#[test]
fn what_cannot_be_found_is_told_with_what_is_there() {
    let all = vec!["1.1.0".to_owned(), "1.0.0".to_owned()];
    assert_eq!(section(KEPT, "1.2.0"), Err(Wrong::NoSection(all)));
    assert_eq!(section(KEPT, "next"), Err(Wrong::NoVersion));
    assert_eq!(section("# C\n\n## 1.0\n\n### Added\n\n## 0.9\n", "1.0"), Err(Wrong::Empty(3)));
    assert_eq!(promote(KEPT, "1.1", "d"), Err(Wrong::Already(11)));
    assert_eq!(promote("# C\n", "1.2.0", "d"), Err(Wrong::NoUnreleased));
    let empty = "## [Unreleased]\n\n<!-- here -->\n### Added\n\n## 1.0\n\nx\n";
    assert_eq!(promote(empty, "1.1", "d"), Err(Wrong::NothingUnreleased));
    assert_eq!(prepend(KEPT, "1.0", "d", "x"), Err(Wrong::Already(17)));
    assert_eq!(prepend(KEPT, "1.2", "d", " \n"), Err(Wrong::Empty(0)));
}

#[test]
fn what_is_unreleased_becomes_the_version_and_links_follow() {
    let wanted =
        KEPT.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [1.2.0] - 2026-02-03\n").replace(
            "[Unreleased]: https://example.org/a/b/compare/v1.1.0...HEAD\n",
            "[Unreleased]: https://example.org/a/b/compare/v1.2.0...HEAD\n\
             [1.2.0]: https://example.org/a/b/compare/v1.1.0...v1.2.0\n",
        );
    assert_eq!(promote(KEPT, "v1.2.0", "2026-02-03").unwrap(), wanted);
    let with_v = promote(&KEPT.replace("## [1", "## [v1"), "1.2.0", "D").unwrap();
    assert!(with_v.contains("\n[v1.2.0]: https://example.org/a/b/compare/v1.1.0...v1.2.0\n"));
}

#[test]
fn new_headings_are_written_as_the_newest_one_is() {
    for (newest, wanted) in [
        ("## 1.0 - 2025-01-01", "## 1.1 - D"),
        ("## v1.0 (2025-01-01)", "## v1.1 (D)"),
        ("## [v1.0]", "## [v1.1] - D"),
        ("### [1.0](https://x) (2025-01-01)", "## [1.1] (D)"),
        ("## Version 1.0 - 2025-01-01", "## Version 1.1 - D"),
        ("## version 1.0 (2025-01-01)", "## version 1.1 (D)"),
        ("## Release [v1.0]", "## Release [v1.1] - D"),
        ("## [core-v1.0] - 2025-01-01", "## [core-v1.1] - D"),
        ("nothing yet", "## 1.1 - D"),
    ] {
        let text = format!("## Unreleased\r\n\r\n- x\r\n\r\n{newest}\r\n\r\n- y\r\n");
        let promoted = promote(&text, "1.1", "D").unwrap();
        assert!(
            promoted.starts_with(&format!("## Unreleased\r\n\r\n{wanted}\r\n\r\n- x\r\n")),
            "{promoted}"
        );
        assert!(!promoted.replace("\r\n", "").contains(['\n', '\r']), "{promoted:?}");
    }
}

#[test]
fn generated_notes_go_above_the_newest_version() {
    let notes = "## [1.2.0] - 2026-02-03\n\n### Features\n\n- new\n";
    let text = prepend(KEPT, "1.2.0", "2026-02-03", notes).unwrap();
    let put = "## [1.2.0] - 2026-02-03\n\n### Features\n\n- new\n\n## [1.1.0]";
    assert_eq!(text, KEPT.replacen("## [1.1.0]", put, 1));
    let first = "# Changelog\n\n## [0.1.0] - D\n\n- new\n";
    assert_eq!(prepend("", "0.1.0", "D", "- new").unwrap(), first);
    let above = "# Changes\n\n## Unreleased\n\n[Unreleased]: x\n";
    let wanted = "# Changes\n\n## Unreleased\n\n## 0.1.0 - D\n\n- new\n\n[Unreleased]: x\n";
    assert_eq!(prepend(above, "0.1.0", "D", "- new").unwrap(), wanted);
    assert_eq!(prepend("# Old", "2.0", "D", "x").unwrap(), "# Old\n\n## [2.0] - D\n\nx\n");
}

/// Lines as changelogs have them, and as they should not.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ -~äß]{0,30}",
        "#{1,7} ?[ -~]{0,12}",
        "[ ]{0,4}- [a-z`<>*_#@\\[\\]()]{1,20}",
        Just("```".to_owned()),
        Just("~~~~ md".to_owned()),
        Just("<!-- note -->".to_owned()),
        "## \\[?v?[0-8]\\.[0-9]\\]?( - 2026-01-01| \\(2026-01-01\\))?",
        "\\[[a-z0-9.]{1,6}\\]: https://example.org/[a-z]{1,5}",
    ]
}

fn body() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(line(), 0..12)
}

proptest! {
    #[test]
    fn promoting_moves_exactly_what_was_unreleased_and_keeps_every_line(
        above in body(), own in body(), below in body(), crlf: bool, last: bool,
    ) {
        let mut lines = above;
        lines.push("## [Unreleased]".into());
        lines.extend(own);
        lines.extend(below);
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = lines.join(end);
        if last { text += end; }
        let Ok(moved) = unreleased(&text) else { return Ok(()) };
        let Ok(promoted) = promote(&text, "9.9.9", "2026-02-03") else { return Ok(()) };
        prop_assert_eq!(section(&promoted, "9.9.9"), Ok(moved));
        prop_assert_eq!(unreleased(&promoted), Err(Wrong::NothingUnreleased));
        let at = promoted.lines().position(|line| line.contains("9.9.9")).unwrap();
        let mut rest: Vec<&str> = promoted.split_inclusive('\n').collect();
        rest.drain(at - 1..=at);
        prop_assert_eq!(rest.concat(), text);
    }

    #[test]
    fn prepending_adds_one_section_and_keeps_every_byte(text in body(), notes in "[a-z -]{1,20}") {
        let text = text.join("\n");
        let Ok(new) = prepend(&text, "9.9.9", "2026-02-03", &notes) else { return Ok(()) };
        if !text.trim().is_empty() {
            let at = text.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
            let kept = (0..=at).any(|at| text.is_char_boundary(at) && new.ends_with(&text[at..]));
            prop_assert!(kept, "{new}");
        }
    }
}
