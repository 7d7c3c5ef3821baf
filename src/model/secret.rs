//! A secret: a value that cannot be printed, compared, cloned or serialised by accident.
//!
//! Scripts only ever hold a secret's name; the value is taken out of the environment by `host`
//! and given to the one request or child that needs it.

/// A secret value with the name it is known by.
pub struct Secret {
    name: String,
    value: String,
}

impl Secret {
    /// Wraps `value`, known as `name` (the variable it came from).
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// The name, which may be shown.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value. Call this only where it leaves for its one receiver.
    pub fn reveal(&self) -> &str {
        &self.value
    }
}

/// Names that are withheld from children whatever they hold.
const NAMES: &[&str] = &[
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_RUNTIME_TOKEN",
    "CI_JOB_JWT",
    "CI_JOB_TOKEN",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "NETRC",
    "NODE_AUTH_TOKEN",
    "NPM_TOKEN",
];

/// Beginnings of names that are withheld.
const PREFIXES: &[&str] = &["TWINE_", "UV_PUBLISH_", "AWS_", "POETRY_PYPI_TOKEN_"];

/// Ends of names that are withheld.
const SUFFIXES: &[&str] = &[
    "_TOKEN",
    "_PASSWORD",
    "_PASSWD",
    "_SECRET",
    "_API_KEY",
    "_CREDENTIALS",
    "_ID_TOKEN",
    "_PRIVATE_KEY",
];

/// Whether a variable of this name is withheld from every child that did not ask for it.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    NAMES.contains(&name.as_str())
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// Whether the value of a withheld variable of this name is one to mask. What is withheld only for
/// the beginning of its name (`AWS_REGION`, `TWINE_REPOSITORY`) is often a plain word.
pub fn hides_value(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    NAMES.contains(&name.as_str())
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
        || name.contains("KEY")
}

/// Texts shorter than this are not masked: they would tear holes into everything.
const SHORTEST_MASKED: usize = 6;

/// The forms in which a secret's value may turn up in a text: as it is, each of its lines, in
/// base64 (alone, and as a password of `__token__`), percent-encoded.
pub fn forms(value: &str) -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    let trimmed = value.trim();
    let mut forms: Vec<String> = value.lines().map(|line| line.trim().to_owned()).collect();
    forms.push(trimmed.to_owned());
    for encoded in [
        STANDARD.encode(trimmed),
        URL_SAFE.encode(trimmed),
        STANDARD.encode(format!("__token__:{trimmed}")),
    ] {
        forms.push(encoded.trim_end_matches('=').to_owned());
        forms.push(encoded);
    }
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let percent =
        |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    forms.push(trimmed.bytes().map(percent).collect::<Vec<_>>().concat());
    forms.retain(|form| form.len() >= SHORTEST_MASKED);
    forms
}

#[cfg(test)]
mod tests {
    use super::is_secret_name;

    #[test]
    fn names_and_patterns_are_withheld() {
        for name in [
            "GITHUB_TOKEN",
            "TWINE_PASSWORD",
            "UV_PUBLISH_URL",
            "corp_token",
            "AWS_PROFILE",
            "DB_PASSWORD",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["PATH", "HOME", "TOKENIZER", "UV_INDEX_URL", "GITHUB_ACTIONS"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
