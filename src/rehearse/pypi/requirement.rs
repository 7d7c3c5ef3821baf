//! Requirements as PEP 508 writes them, as far as the index looks at them.
//!
//! Markers are checked for their quotes, brackets and first word only. Turned down: a crate for
//! requirements, since only names, versions and direct addresses are judged here.

use std::str::FromStr as _;

use pep440_rs::VersionSpecifiers;

use super::filename::is_project_name;

/// A requirement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    /// The direct address, if it has one.
    pub(super) url: Option<String>,
    /// The requirement in its usual spelling.
    pub(super) shown: String,
}

impl Requirement {
    /// Reads a requirement.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let ends = text.find(|c| !inner(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(ends);
        if !is_project_name(name) {
            return None;
        }
        let (extras, rest) = extras(rest.trim_start())?;
        let mut shown = format!("{name}{extras}");
        let url = if let Some(rest) = rest.strip_prefix('@') {
            let (url, marker) = address(rest.trim_start())?;
            shown = format!("{shown} @ {url}");
            if let Some(marker) = marker {
                shown = format!("{shown} ; {marker}");
            }
            Some(url.to_owned())
        } else {
            let (versions, marker) = match rest.split_once(';') {
                Some((versions, marker)) => (versions.trim(), Some(marker.trim())),
                None => (rest.trim(), None),
            };
            let bare = versions.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
            let versions = bare.unwrap_or(versions).trim();
            if !are_versions(versions) || marker.is_some_and(|marker| !is_marker(marker)) {
                return None;
            }
            shown.push_str(versions);
            None
        };
        Some(Self { url, shown })
    }
}

/// Whether these are conditions on a version (PEP 440). Any text may follow `===`.
pub(super) fn are_versions(text: &str) -> bool {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let arbitrary = |part: &str| part.strip_prefix("===").is_some_and(|rest| !rest.is_empty());
    parts.into_iter().all(|part| arbitrary(part) || VersionSpecifiers::from_str(part).is_ok())
}

/// The extras in brackets, sorted, and what follows.
fn extras(text: &str) -> Option<(String, &str)> {
    let Some(rest) = text.strip_prefix('[') else {
        return Some((String::new(), text));
    };
    let (inside, rest) = rest.split_once(']')?;
    let mut names: Vec<&str> = inside.split(',').map(str::trim).collect();
    names.sort_unstable();
    let good = inside.trim().is_empty() || names.iter().all(|name| is_project_name(name));
    good.then(|| (format!("[{}]", names.join(",")), rest.trim_start()))
}

/// A direct address and the marker after it.
fn address(text: &str) -> Option<(&str, Option<&str>)> {
    let ends = text.find(char::is_whitespace).unwrap_or(text.len());
    let (url, rest) = text.split_at(ends);
    let rest = rest.trim();
    match rest.strip_prefix(';').map(str::trim) {
        Some(marker) => is_marker(marker).then_some((url, Some(marker))),
        None => (rest.is_empty() && !url.is_empty()).then_some((url, None)),
    }
}

fn is_marker(text: &str) -> bool {
    let names = [
        "python_",
        "os_name",
        "sys_platform",
        "platform_",
        "implementation_",
        "extra",
        "dependency_groups",
    ];
    let start = text.trim_start_matches(['(', ' ']);
    let (mut quote, mut depth) = (None, 0_i32);
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
    }
    let begins = start.starts_with(['\'', '"']) || names.iter().any(|name| start.starts_with(name));
    begins && text.contains(['\'', '"']) && quote.is_none() && depth == 0
}

#[cfg(test)]
mod tests {
    use super::Requirement;

    #[test]
    fn requirements_are_read_and_nonsense_is_not() {
        for good in [
            "a",
            "a[b, c]>=1,<2",
            "a (>=1.0)",
            "a ; python_version < '3.9' and (extra == \"x\")",
            "a==1.*",
            "a===any",
            "a>=1,",
        ] {
            assert!(Requirement::parse(good).is_some(), "{good}");
        }
        for wrong in
            ["", "-a", "a b", "a[", "a>=", "a ; ", "a ; x == 'y'", "a @", "a ; extra == 'x"]
        {
            assert!(Requirement::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_direct_address_is_shown_as_packaging_shows_it() {
        let read = Requirement::parse("a[d,c]@https://x.example/a.whl ; extra == 'z'").unwrap();
        assert_eq!(read.url.as_deref(), Some("https://x.example/a.whl"));
        assert_eq!(read.shown, "a[c,d] @ https://x.example/a.whl ; extra == 'z'");
    }
}
