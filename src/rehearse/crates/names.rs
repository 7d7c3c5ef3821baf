//! Which names crates, dependencies and features may have, with the server's complaints.
//!
//! Which names are taken or kept back is not asked here. Turned down: one check with options for all
//! three, whose exceptions would be more than the rule.

/// The most characters of a name.
const LONGEST: usize = 64;

/// The name under which two names are one: `-` and `_` are the same, and so are letters of both cases.
pub(super) fn canonical(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// The name of a crate; `what` is `crate` or `dependency`.
pub(super) fn check(what: &str, name: &str) -> Result<(), String> {
    ident(what, name, false, "the first character must be an ASCII character")
}

/// The name that a dependency has in `Cargo.toml`.
pub(super) fn check_dependency(name: &str) -> Result<(), String> {
    ident("dependency", name, true, "the first character must be an ASCII character, or `_`")
}

fn ident(what: &str, name: &str, underscore: bool, first_rule: &str) -> Result<(), String> {
    if name.chars().count() > LONGEST {
        return Err(format!("the {what} name `{name}` is too long (max {LONGEST} characters)"));
    }
    let Some(first) = name.chars().next() else {
        return Err(format!("{what} name cannot be empty"));
    };
    if first.is_ascii_digit() {
        return Err(format!(
            "the name `{name}` cannot be used as a {what} name, the name cannot start with a digit"
        ));
    }
    if !(first.is_ascii_alphabetic() || underscore && first == '_') {
        return Err(format!("invalid character `{first}` in {what} name: `{name}`, {first_rule}"));
    }
    match name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
        None => Ok(()),
        Some(c) => Err(format!(
            "invalid character `{c}` in {what} name: `{name}`, characters must be an ASCII \
             alphanumeric characters, `-`, or `_`"
        )),
    }
}

/// The name of a feature.
pub(super) fn check_feature(name: &str) -> Result<(), String> {
    let Some(first) = name.chars().next() else {
        return Err("feature cannot be empty".into());
    };
    // Letters and digits of Unicode are nearly the XID classes.
    if !(first.is_alphabetic() || first == '_' || first.is_ascii_digit()) {
        return Err(format!(
            "invalid character `{first}` in feature `{name}`, the first character must be a Unicode \
             XID start character or digit (most letters or `_` or `0` to `9`)"
        ));
    }
    match name.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '_' | '+' | '-' | '.'))) {
        None => Ok(()),
        Some(c) => Err(format!(
            "invalid character `{c}` in feature `{name}`, characters must be Unicode XID characters, \
             `+`, `-`, or `.` (numbers, `+`, `-`, `_`, `.`, or most letters)"
        )),
    }
}

/// What a feature may turn on: `feature`, `dep:name`, `name/feature`, `name?/feature`.
pub(super) fn check_enabled(text: &str) -> Result<(), String> {
    if let Some((dependency, feature)) = text.split_once('/') {
        check_dependency(dependency.strip_suffix('?').unwrap_or(dependency))?;
        check_feature(feature)
    } else if let Some((_, dependency)) = text.split_once("dep:") {
        check_dependency(dependency)
    } else {
        check_feature(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_refused_with_their_fault() {
        let long = "x".repeat(65);
        for (given, fault) in [
            (check("crate", ""), "crate name cannot be empty"),
            (check("crate", "1a"), "cannot start with a digit"),
            (check("crate", "_a"), "invalid character `_` in crate name: `_a`"),
            (check("dependency", "a.b"), "invalid character `.` in dependency name"),
            (check("crate", &long), "is too long (max 64 characters)"),
            (check_dependency("-a"), "or `_`"),
            (check_feature(""), "feature cannot be empty"),
            (check_feature("+a"), "XID start character"),
            (check_feature("a b"), "invalid character ` ` in feature `a b`"),
            (check_enabled("dep:1a"), "cannot start with a digit"),
            (check_enabled("a?/!"), "invalid character `!`"),
        ] {
            assert!(given.clone().unwrap_err().contains(fault), "{given:?} {fault}");
        }
        for good in ["a", "1.2+c", "dep:_a", "a/b", "a?/b-c", "é"] {
            assert_eq!(check_enabled(good), Ok(()), "{good}");
        }
        assert_eq!(canonical("Serde-JSON"), canonical("serde_json"));
    }
}
