//! How the forge renames assets: what is not plain in a name becomes a period.
//!
//! The documentation says only that it renames; which characters stay is from files that people
//! found (<https://github.com/travis-ci/dpl/issues/821>,
//! <https://github.com/softprops/action-gh-release/issues/159>). Letters with accents are not turned into
//! plain ones here, which the real one does with some.

/// The name under which a file is kept.
pub(super) fn kept(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_+@".contains(c);
    let mut out = String::new();
    for c in name.chars() {
        if plain(c) {
            out.push(c);
        } else if !out.ends_with('.') {
            out.push('.');
        }
    }
    let trimmed = out.trim_matches('.');
    match (out.starts_with('.'), out.ends_with('.') && !trimmed.contains('.')) {
        (true, _) | (_, true) => format!("default.{trimmed}").trim_end_matches('.').to_owned(),
        _ => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn what_is_not_plain_becomes_a_period() {
        for (sent, wanted) in [
            ("pkg-1.0-py3-none-any.whl", "pkg-1.0-py3-none-any.whl"),
            ("pkg-1.0+local.tar.gz", "pkg-1.0+local.tar.gz"),
            ("The Brain.js", "The.Brain.js"),
            ("app-1.1.0-1~buster_amd64.deb", "app-1.1.0-1.buster_amd64.deb"),
            ("app-(15-5)-release.apk", "app-.15-5.-release.apk"),
            ("a  ,;b...c", "a.b.c"),
            (".profile", "default.profile"),
            ("notes.", "default.notes"),
            ("a.b.", "a.b"),
        ] {
            assert_eq!(kept(sent), wanted, "{sent}");
        }
    }
}
