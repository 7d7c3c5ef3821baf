//! Rules on licences (PEP 639).
//!
//! The grammar of an expression does not change, so a breach of it is an error. The list of licences grows:
//! one that is not on ours may be new, so that is only a warning.

use super::Level::{Error, Warning};
use super::subject::Subject;
use super::{Rule, quoted, rule};
use crate::dist::filename::Kind;

pub(super) const TABLE: &[Rule] = &[
    rule(
        ("license-expression", Error),
        "License-Expression is an SPDX expression.",
        "write names of SPDX joined by `AND`, `OR` and `WITH`, such as `MIT OR Apache-2.0`",
        "PEP 639; packaging.licenses",
        |it| {
            it.field("License-Expression")
                .filter(|text| names(text).is_none())
                .map(quoted)
                .into_iter()
                .collect()
        },
    ),
    rule(
        ("two-licenses", Error),
        "There is not both a License and a License-Expression.",
        "leave out the older `License`",
        "PEP 639; warehouse/forklift/metadata.py",
        |it| match (it.field("License"), it.field("License-Expression")) {
            (Some(text), Some(_)) => vec![quoted(text)],
            _ => Vec::new(),
        },
    ),
    rule(
        ("license-path", Error),
        "License-File is a relative path with `/`, without `..` and `*`.",
        "list the files themselves in `license-files`",
        "PEP 639; packaging.metadata",
        |it| files(it).filter(|path| !is_path(path)).map(quoted).collect(),
    ),
    rule(
        ("license-file", Error),
        "Each License-File is in the archive: in a wheel below `.dist-info/licenses`.",
        "rebuild with a current build backend, and see that the file is not excluded",
        "PEP 639; warehouse/forklift/legacy.py",
        missing,
    ),
    rule(
        ("license-name", Warning),
        "Names in License-Expression are on the list of SPDX that rel knows (3.29).",
        "see that it is written as on the list of SPDX; PyPI refuses names that it does not know",
        "SPDX licence list; PEP 639",
        |it| {
            let names = it.field("License-Expression").and_then(names).unwrap_or_default();
            names
                .into_iter()
                .filter(|name| !name.is_known())
                .map(|name| quoted(name.text))
                .collect()
        },
    ),
];

/// Paths that uploads tell of: before 2.4 the field is left out.
fn files<'a>(it: &'a Subject<'_>) -> impl Iterator<Item = &'a str> {
    let told = it.meta().is_some_and(|metadata| metadata.metadata_version() >= "2.4");
    it.fields("License-File").filter(move |_| told)
}

fn is_path(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    !(path.contains("..") || path.contains(['*', '\\']) || path.starts_with('/') || drive)
}

fn missing(it: &Subject<'_>) -> Vec<String> {
    let folder = match it.kind() {
        Some(Kind::Wheel) => format!("{}/licenses", it.dist_info()),
        _ => it.top(),
    };
    let places = files(it).filter(|path| is_path(path)).map(|path| format!("{folder}/{path}"));
    places
        .filter(|place| it.member(place).is_none())
        .map(|place| format!("there is no {}", quoted(&place)))
        .collect()
}

/// A name in an expression.
struct Name<'a> {
    text: &'a str,
    /// It stands behind `WITH`.
    exception: bool,
}

impl Name<'_> {
    fn is_known(&self) -> bool {
        let bare = self.text.strip_suffix('+').unwrap_or(self.text);
        if self.exception {
            return spdx::identifiers::EXCEPTIONS
                .iter()
                .any(|known| known.name.eq_ignore_ascii_case(self.text));
        }
        let own = bare.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("LicenseRef-"));
        own || spdx::identifiers::LICENSES.iter().any(|known| known.name.eq_ignore_ascii_case(bare))
    }
}

/// The names in an expression; `None` if it is none.
fn names(text: &str) -> Option<Vec<Name<'_>>> {
    let (mut names, mut depth, mut exception) = (Vec::new(), 0_u32, false);
    // Whether a name has to follow, as at the beginning.
    let mut wants = true;
    for token in tokens(text) {
        let joins = ["and", "or", "with"].iter().find(|word| word.eq_ignore_ascii_case(token));
        match (token, joins) {
            ("(", _) if wants && !exception => depth += 1,
            (")", _) if !wants && depth > 0 => depth -= 1,
            ("(" | ")", _) => return None,
            (_, Some(word)) if !wants => (wants, exception) = (true, *word == "with"),
            (_, None) if wants && is_name(token) => {
                names.push(Name { text: token, exception });
                (wants, exception) = (false, false);
            }
            _ => return None,
        }
    }
    (!wants && depth == 0).then_some(names)
}

fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().flat_map(|word| {
        word.split_inclusive(['(', ')']).flat_map(|part| {
            let (name, sign) = part.split_at(part.len() - usize::from(part.ends_with(['(', ')'])));
            [name, sign].into_iter().filter(|token| !token.is_empty())
        })
    })
}

fn is_name(token: &str) -> bool {
    let bare = token.strip_suffix('+').unwrap_or(token);
    !bare.is_empty() && bare.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_by_their_grammar() {
        let good = [
            "MIT",
            "mit or apache-2.0",
            "(MIT AND BSD-3-Clause)OR GPL-2.0+",
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "LicenseRef-Own-1.0 AND (MIT)",
        ];
        for text in good {
            assert!(names(text).unwrap().iter().all(Name::is_known), "{text}");
        }
        for text in [
            "",
            "MIT Apache-2.0",
            "MIT OR",
            "OR MIT",
            "(MIT",
            "MIT)",
            "()",
            "MIT, BSD",
            "MIT/BSD",
            "MIT WITH (x)",
            "+",
        ] {
            assert!(names(text).is_none(), "{text}");
        }
        let unknown = names("Apache2 OR MIT WITH Kindness").unwrap();
        let told: Vec<&str> =
            unknown.iter().filter(|name| !name.is_known()).map(|name| name.text).collect();
        assert_eq!(told, ["Apache2", "Kindness"]);
    }
}
