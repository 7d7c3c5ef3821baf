//! Rules on dependencies, and the grammar that they are written in.
//!
//! Source: dependency specifiers (PEP 508), version specifiers (PEP 440); where a text leaves something open,
//! what `packaging` takes. Turned down: a crate for it, which also judges what an index does not, and is
//! stricter than an index in places.

use std::str::FromStr as _;

use pep440_rs::VersionSpecifiers;

use super::Level::Error;
use super::subject::Subject;
use super::{Rule, naming, quoted, rule};

pub(super) const TABLE: &[Rule] = &[
    rule(
        ("requirement", Error),
        "Requires-Dist, Provides-Dist and Obsoletes-Dist have dependencies as PEP 508 writes them.",
        "write them as `name[extra]>=1.0; python_version < \"3.12\"`",
        "PEP 508; packaging.requirements",
        |it| all(it).filter(|text| parse(text).is_none()).map(quoted).collect(),
    ),
    rule(
        ("direct-url", Error),
        "No dependency is an address: an index depends on no other place.",
        "depend on a released version by its name",
        "warehouse/forklift/metadata.py",
        |it| all(it).filter(|text| parse(text) == Some(Form::Direct)).map(quoted).collect(),
    ),
];

fn all<'a>(it: &'a Subject<'_>) -> impl Iterator<Item = &'a str> {
    ["Requires-Dist", "Provides-Dist", "Obsoletes-Dist"]
        .into_iter()
        .flat_map(|name| it.fields(name))
}

/// What a dependency leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Versions of a project.
    Named,
    /// An address.
    Direct,
}

/// Reads a dependency; `None` if it is none.
fn parse(text: &str) -> Option<Form> {
    let mut rest = Rest(text.trim());
    let name = rest.while_(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if !naming::is_project(name) {
        return None;
    }
    if rest.skip("[") {
        let (extras, after) = rest.0.split_once(']')?;
        let good = |extra: &str| naming::is_project(extra.trim());
        if !extras.trim().is_empty() && !extras.split(',').all(good) {
            return None;
        }
        rest = Rest(after);
    }
    if rest.skip("@") {
        let address = Rest(rest.0.trim_start()).while_(|c| !c.is_whitespace());
        let after = rest.0.trim_start()[address.len()..].trim();
        let marker = after.strip_prefix(';');
        let good = !address.is_empty() && marker.map_or(after.is_empty(), is_marker);
        return good.then_some(Form::Direct);
    }
    let (versions, marker) =
        rest.0.split_once(';').map_or((rest.0, None), |(one, other)| (one, Some(other)));
    let versions = versions.trim();
    let bare =
        versions.strip_prefix('(').map_or(Some(versions), |inner| inner.strip_suffix(')'))?;
    let good = are_conditions(bare) && marker.is_none_or(is_marker);
    good.then_some(Form::Named)
}

/// Whether these are conditions on a version; any text may follow `===`.
pub(super) fn are_conditions(text: &str) -> bool {
    let mut parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.all(|part| match part.strip_prefix("===") {
        Some(text) => !text.trim().is_empty() && !text.trim().contains(char::is_whitespace),
        None => VersionSpecifiers::from_str(part).is_ok(),
    })
}

/// What is not read yet.
#[derive(Clone, Copy)]
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// The letters that fit, blanks in front left out.
    fn while_(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let text = self.0.trim_start();
        let (found, rest) = text.split_at(text.find(|c| !fits(c)).unwrap_or(text.len()));
        self.0 = rest;
        found
    }

    /// Takes a sign if it comes next.
    fn skip(&mut self, sign: &str) -> bool {
        match self.0.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// Takes a word if it comes next, and no longer one.
    fn word(&mut self, wanted: &str) -> bool {
        let mut after = *self;
        let found = after.while_(|c| c.is_ascii_alphanumeric() || c == '_') == wanted;
        if found {
            *self = after;
        }
        found
    }
}

/// What a marker may ask for.
const VARIABLES: [&str; 20] = [
    "python_version",
    "python_full_version",
    "os_name",
    "os.name",
    "sys_platform",
    "sys.platform",
    "platform_release",
    "platform_system",
    "platform_version",
    "platform.version",
    "platform_machine",
    "platform.machine",
    "platform_python_implementation",
    "platform.python_implementation",
    "python_implementation",
    "implementation_name",
    "implementation_version",
    "extra",
    "extras",
    "dependency_groups",
];

/// The signs between the sides of a comparison, the long ones first.
const SIGNS: [&str; 8] = ["===", "~=", "==", "!=", "<=", ">=", "<", ">"];
/// How deep brackets may lie in each other: beyond that nobody wrote it by hand.
const DEEP: usize = 50;

fn is_marker(text: &str) -> bool {
    let mut rest = Rest(text);
    any_of(&mut rest, 0) && rest.0.trim().is_empty()
}

/// Comparisons joined by `and` and `or`; which of the two binds closer does not matter here.
fn any_of(rest: &mut Rest<'_>, depth: usize) -> bool {
    loop {
        let bracket = depth < DEEP && rest.skip("(");
        let good =
            if bracket { any_of(rest, depth + 1) && rest.skip(")") } else { comparison(rest) };
        if !good {
            return false;
        }
        if !rest.word("and") && !rest.word("or") {
            return true;
        }
    }
}

fn comparison(rest: &mut Rest<'_>) -> bool {
    side(rest) && compares(rest) && side(rest)
}

fn compares(rest: &mut Rest<'_>) -> bool {
    SIGNS.iter().any(|sign| rest.skip(sign))
        || rest.word("in")
        || rest.word("not") && rest.word("in")
}

fn side(rest: &mut Rest<'_>) -> bool {
    for quote in ["'", "\""] {
        if rest.skip(quote) {
            let Some((_, after)) = rest.0.split_once(quote) else { return false };
            *rest = Rest(after);
            return true;
        }
    }
    let name = rest.while_(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    VARIABLES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_are_read_as_indexes_read_them() {
        let table = [
            ("tzdata", Some(Form::Named)),
            ("tzdata >= 2024 , < 3000", Some(Form::Named)),
            ("tzdata (>=2024)", Some(Form::Named)),
            ("tzdata>=2024,", Some(Form::Named)),
            ("tzdata===what ever", None),
            ("tzdata===any-thing", Some(Form::Named)),
            (
                "a.b[c, d-e] ~=1.2 ; python_version < '3.9' and (extra == \"x\" or os.name in 'nt')",
                Some(Form::Named),
            ),
            ("tzdata[]", Some(Form::Named)),
            ("tzdata; 'linux' not in sys_platform", Some(Form::Named)),
            ("tzdata==1.*", Some(Form::Named)),
            ("tzdata@https://a.example/x.whl", Some(Form::Direct)),
            ("tzdata @ https://a.example/x.whl ; extra == 'y'", Some(Form::Direct)),
            ("tzdata @", None),
            ("tzdata @ https://a.example/x.whl nonsense", None),
            ("tzdata >> 2024", None),
            ("tzdata (>=2024", None),
            ("tz data", None),
            ("-tzdata", None),
            ("tzdata[a b]", None),
            ("tzdata[a", None),
            ("tzdata; python_version", None),
            ("tzdata; python_version < '3", None),
            ("tzdata; pythonversion < '3'", None),
            ("tzdata; (extra == 'x'", None),
            ("tzdata; extra == 'x' and", None),
            ("tzdata; extra == 'x' nonsense", None),
            ("", None),
        ];
        for (text, wanted) in table {
            assert_eq!(parse(text), wanted, "{text}");
        }
        assert_eq!(parse(&format!("a; {}", "(".repeat(100_000))), None);
    }

    #[test]
    fn conditions_on_versions() {
        for text in ["", ">=3.10", ">= 3.8, !=3.9.*", "<4,>=3,", "~=3.8", "===odd"] {
            assert!(are_conditions(text), "{text}");
        }
        for text in ["three", "3.8", "=>3", "~=3", ">=3.*", "==="] {
            assert!(!are_conditions(text), "{text}");
        }
    }
}
