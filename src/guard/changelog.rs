//! The changelog tells of the version: it has a heading that names it.
//!
//! Headings are read as `changelog::section` reads them; here those that are underlined count too (Markdown,
//! reStructuredText). What stands below is the author's matter.

use super::{Form, Ground, Knob, Wants};
use crate::changelog::has_version;
use crate::diag::Diagnostic;
use crate::status::name;

pub(super) const OPTIONS: &[Knob] =
    &[Knob { name: "file", form: Form::Text, doc: "the changelog, if it is not `CHANGELOG.md`" }];

pub(super) fn check(ground: &Ground<'_>, wants: Wants<'_>) -> Vec<Diagnostic> {
    let file = wants.text("file").unwrap_or("CHANGELOG.md");
    let Some(text) = ground.text(file) else { return Vec::new() };
    let missing = ground.versions().into_iter().filter(|version| !tells_of(&text, version));
    let one = |version: String| {
        let wrong = Diagnostic::refused(if text.is_empty() {
            format!("{file} is not there, or empty")
        } else {
            format!("{file} has no heading of version {version}")
        });
        wrong.hint(format!("write what is new below `## {version}`, and commit it"))
    };
    missing.map(one).collect()
}

/// Whether a heading of the text names the version.
fn tells_of(text: &str, version: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let is_underlined = |pair: &[&str]| {
        let (line, next) = (pair[0].trim(), pair[1].trim());
        let is_rule = ["=", "-", "~", "^"].iter().any(|sign| next.replace(sign, "").is_empty());
        next.len() > 2 && is_rule && !line.is_empty() && !line.starts_with('#')
    };
    has_version(text, version)
        || lines.windows(2).any(|pair| is_underlined(pair) && names(pair[0], version))
}

/// Whether a word of the line is the version.
fn names(line: &str, version: &str) -> bool {
    let outside = |c: char| !(c.is_ascii_alphanumeric() || ".+-_!".contains(c));
    let mut words = line.split(outside).map(|word| word.trim_matches(['.', '-', '_']));
    words.any(|word| {
        let word = word.strip_prefix(['v', 'V']).unwrap_or(word);
        word.starts_with(|c: char| c.is_ascii_digit()) && name::same(word, version)
    })
}

#[cfg(test)]
mod tests {
    use super::tells_of;

    #[test]
    fn headings_of_all_forms_name_their_version() {
        for heading in [
            "## 1.2.0",
            "## [1.2.0] - 2026-01-02",
            "# v1.2 (yesterday)",
            "## [V1.2.0](https://forge.example/compare)",
            "Version 1.2.0\n=============",
            "1.2.0, a good one\n---",
        ] {
            let text = format!("# Changes\n\n{heading}\n\n- better\n");
            assert!(tells_of(&text, "1.2.0"), "{heading}");
        }
    }

    #[test]
    fn what_is_no_heading_or_another_version_does_not_count() {
        for text in [
            "",
            "- as in 1.2.0\n",
            "1.2.0\n--\n",
            "## 1.2.0rc1\n",
            "## 11.2.0\n",
            "## 1.2.0.1\n",
            "### Migrating from 1.2.0\n",
            "## 1.2.0 migration\n---\n",
            "Changes\n=======\n",
            "2026-01-02\n==========\n",
            "```md\n## 1.2.0\n```\n",
            "<!--\n## 1.2.0\n-->\n",
            "## [Unreleased]\n\n1.2.0\n\n---\n",
        ] {
            assert!(!tells_of(text, "1.2.0"), "{text}");
        }
        assert!(tells_of("## 1.0.0-rc.1\n", "1.0.0rc1"));
    }
}
