//! The fields of core metadata: their names in the form, since when they are there, and what a
//! value may be.
//!
//! Which fault is told is decided in `metadata`. Turned down: taking the names from the module that
//! fills the form, since a wrong name would then be right on both sides.

use super::refusal::quoted;
use super::rules;
use crate::rehearse::http::Rule;

/// How often a field may stand, and what its values are.
pub(super) enum Kind {
    /// Once.
    Text,
    /// Repeated.
    List,
    /// Repeated pairs of label and address.
    Urls,
}

/// A field.
pub(super) struct Field {
    /// Its name in the form.
    pub(super) form: &'static str,
    /// Its header in lower case.
    pub(super) header: &'static str,
    /// How often it may stand.
    pub(super) kind: Kind,
    /// The version of the metadata that brought it.
    pub(super) since: &'static str,
}

const fn text(form: &'static str, header: &'static str, since: &'static str) -> Field {
    Field { form, header, kind: Kind::Text, since }
}

const fn list(form: &'static str, header: &'static str, since: &'static str) -> Field {
    Field { form, header, kind: Kind::List, since }
}

/// All fields but `Metadata-Version`, which is judged before them.
pub(super) const FIELDS: &[Field] = &[
    text("author", "author", "1.0"),
    text("author_email", "author-email", "1.0"),
    list("classifiers", "classifier", "1.1"),
    text("description", "description", "1.0"),
    text("description_content_type", "description-content-type", "2.1"),
    text("download_url", "download-url", "1.1"),
    list("dynamic", "dynamic", "2.2"),
    text("home_page", "home-page", "1.0"),
    list("import_name", "import-name", "2.5"),
    list("import_namespace", "import-namespace", "2.5"),
    text("keywords", "keywords", "1.0"),
    text("license", "license", "1.0"),
    text("license_expression", "license-expression", "2.4"),
    list("license_file", "license-file", "2.4"),
    text("maintainer", "maintainer", "1.2"),
    text("maintainer_email", "maintainer-email", "1.2"),
    text("metadata_version", "metadata-version", "1.0"),
    text("name", "name", "1.0"),
    list("obsoletes", "obsoletes", "1.1"),
    list("obsoletes_dist", "obsoletes-dist", "1.2"),
    list("platform", "platform", "1.0"),
    Field { form: "project_urls", header: "project-url", kind: Kind::Urls, since: "1.2" },
    list("provides", "provides", "1.1"),
    list("provides_dist", "provides-dist", "1.2"),
    list("provides_extra", "provides-extra", "2.1"),
    list("requires", "requires", "1.1"),
    list("requires_dist", "requires-dist", "1.2"),
    list("requires_external", "requires-external", "1.2"),
    text("requires_python", "requires-python", "1.2"),
    text("summary", "summary", "1.0"),
    list("supported_platform", "supported-platform", "1.1"),
    text("version", "version", "1.0"),
];

type Wrong = Option<(String, Rule)>;

/// What is wrong with a content type of the description.
pub(super) fn content_type(value: &str) -> Wrong {
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let wrong = |text: String| Some((text, rules::CONTENT_TYPE));
    let field = "'description-content-type'";
    if !["text/plain", "text/x-rst", "text/markdown"].contains(&kind.as_str()) {
        return wrong(format!(
            "{field} must be one of ['text/plain', 'text/x-rst', 'text/markdown'], not {}",
            quoted(value)
        ));
    }
    for part in parts {
        let (name, given) = part.split_once('=').unwrap_or((part, ""));
        let given = given.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "charset" if !given.eq_ignore_ascii_case("utf-8") => {
                return wrong(format!(
                    "{field} can only specify the UTF-8 charset, not {}",
                    quoted(given)
                ));
            }
            "variant" if kind == "text/markdown" && !matches!(given, "GFM" | "CommonMark") => {
                return wrong(format!(
                    "valid Markdown variants for {field} are ['GFM', 'CommonMark'], not {}",
                    quoted(given)
                ));
            }
            _ => {}
        }
    }
    None
}

/// What is wrong with a name in `Dynamic`.
pub(super) fn dynamic(value: &str) -> Wrong {
    let name = value.to_lowercase();
    if matches!(name.as_str(), "name" | "version" | "metadata-version") {
        let text = format!("{} is not allowed as a dynamic field", quoted(&name));
        return Some((text, rules::DYNAMIC));
    }
    let known = FIELDS.iter().any(|field| field.header == name);
    (!known).then(|| (format!("{} is not a valid dynamic field", quoted(&name)), rules::DYNAMIC))
}

/// What is wrong with a path in `License-File` (PEP 639).
pub(super) fn license_file(path: &str) -> Wrong {
    let drive = path.as_bytes().get(1) == Some(&b':');
    let why = if path.contains("..") {
        "parent directory indicators are not allowed"
    } else if path.contains('*') {
        "paths must be resolved"
    } else if path.starts_with(['/', '\\']) || drive {
        "paths must be relative"
    } else if path.contains('\\') {
        "paths must use '/' delimiter"
    } else {
        return None;
    };
    Some((format!("{} is invalid for 'license-file', {why}", quoted(path)), rules::LICENSE_PATH))
}

/// What is wrong with an import name (PEP 794).
pub(super) fn import_name(header: &str, value: &str) -> Wrong {
    let (name, option) = match value.split_once(';') {
        Some((name, option)) => (name.trim_end(), Some(option.trim_start())),
        None => (value.trim_end(), None),
    };
    let wrong = |shown: &str, why: String| {
        let text = format!("{} is invalid for {}; {why}", quoted(shown), quoted(header));
        Some((text, rules::IMPORT_NAME))
    };
    for part in name.split('.') {
        let letter = |c: char| c.is_alphanumeric() || c == '_';
        if part.is_empty()
            || part.starts_with(|c: char| c.is_numeric())
            || !part.chars().all(letter)
        {
            return wrong(name, format!("{} is not a valid identifier", quoted(part)));
        }
        if KEYWORDS.contains(&part) {
            return wrong(name, format!("{} is a keyword", quoted(part)));
        }
    }
    match option {
        Some(option) if option != "private" => {
            wrong(value, "the only valid option is 'private'".into())
        }
        _ => None,
    }
}

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// Whether this has the grammar of a licence expression; which licences there are is not known.
pub(super) fn is_expression(text: &str) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let (mut operand, mut depth) = (true, 0_usize);
    for word in spaced.split_whitespace() {
        let joins = ["and", "or", "with"].contains(&word.to_ascii_lowercase().as_str());
        match word {
            "(" if operand => depth += 1,
            ")" if !operand && depth > 0 => depth -= 1,
            "(" | ")" => return false,
            _ if joins != operand => operand = !operand,
            _ => return false,
        }
        let letter =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '(' | ')');
        if !word.chars().all(letter) {
            return false;
        }
    }
    !operand && depth == 0
}

/// Whether this may be a classifier. Words after `Private` are never one, which is why projects use
/// them as a fuse.
pub(super) fn is_classifier(text: &str) -> bool {
    let parts: Vec<&str> = text.split(" :: ").collect();
    let good = |part: &&str| !part.is_empty() && part.trim() == *part && !part.contains("::");
    parts.len() > 1 && parts[0] != "Private" && parts.iter().all(good)
}

/// The address in `Name <address>`, or all of it.
pub(super) fn mailbox(text: &str) -> &str {
    match text.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default().trim(),
        None => text.split(',').next().unwrap_or_default().trim(),
    }
}

/// Checks an e-mail address.
///
/// # Errors
/// What is wrong with it.
pub(super) fn mail(address: &str) -> Result<(), String> {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return Err("An email address must have an @-sign.".into());
    };
    let letter = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if local.is_empty() {
        return Err("There must be something before the @-sign.".into());
    }
    if let Some(wrong) = local.chars().find(|c| !letter(*c)) {
        return Err(format!(
            "The email address contains invalid characters before the @-sign: '{wrong}'."
        ));
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err("An email address cannot have two periods in a row.".into());
    }
    if domain.is_empty() {
        return Err("There must be something after the @-sign.".into());
    }
    let good = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    if !domain.split('.').all(good) {
        return Err("The part after the @-sign contains invalid characters.".into());
    }
    let top = domain.rsplit('.').next().unwrap_or_default();
    if ["arpa", "invalid", "local", "localhost", "onion", "test"].contains(&top) {
        return Err(format!(
            "The domain name {domain} is a special-use or reserved name that cannot be used with email."
        ));
    }
    if !domain.contains('.') {
        return Err("The part after the @-sign is not valid. It should have a period.".into());
    }
    Ok(())
}

/// Whether this is an address of the web in the letters that RFC 3986 allows.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let letter = |c: char| c.is_ascii_graphic() && !"<>\"{}|\\^`".contains(c);
    let host = rest.strip_prefix("//").map(|rest| rest.split(['/', '?', '#']).next());
    ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str())
        && host.flatten().is_none_or(|host| !host.is_empty())
        && rest.chars().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licence_expressions_have_a_grammar() {
        for good in ["MIT", "MIT OR Apache-2.0", "(MIT and (BSD-3-Clause)) or GPL-2.0+ WITH x-1"] {
            assert!(is_expression(good), "{good}");
        }
        for wrong in ["", "MIT Apache", "OR", "(MIT", "MIT)", "MIT/Apache-2.0", "() MIT", "MIT ()"]
        {
            assert!(!is_expression(wrong), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_told_apart() {
        assert_eq!(mailbox("Ann <ann@x.example>, Bob <b>"), "ann@x.example");
        assert!(mail("ann.b+c@x.example.com").is_ok());
        for wrong in
            ["ann", "@x.com", "ann@", "a b@x.com", "a@x", "a@x.local", "a..b@x.com", "a@-x.com"]
        {
            assert!(mail(wrong).is_err(), "{wrong}");
        }
        for good in ["https://x.example/a?b#c", "HTTP://x.example:80"] {
            assert!(is_url(good), "{good}");
        }
        for wrong in ["x.example", "ftp://x.example", "https://", "https://x.example/a b"] {
            assert!(!is_url(wrong), "{wrong}");
        }
    }
}
