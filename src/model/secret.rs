//! A secret: a value that cannot be printed, compared, cloned or serialised by accident.
//!
//! Scripts only ever hold a secret's name; the value is taken out of the environment by `host`
//! and given to the one request or child that needs it.

use super::percent;

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
    "DOCKER_AUTH_CONFIG",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "NETRC",
    "MYSQL_PWD",
    "NODE_AUTH_TOKEN",
    "NPM_CONFIG__AUTH",
    "NPM_TOKEN",
    "PGPASSWORD",
    "SSHPASS",
];

/// Names that are withheld by no pattern: they say where and how, and nothing secret.
const PLAIN: &[&str] =
    &["AWS_CA_BUNDLE", "AWS_DEFAULT_OUTPUT", "AWS_DEFAULT_REGION", "AWS_PAGER", "AWS_REGION"];

/// Beginnings of names that are withheld.
const PREFIXES: &[&str] = &["TWINE_", "UV_PUBLISH_", "AWS_", "HATCH_INDEX_", "POETRY_PYPI_TOKEN_"];

/// Ends of names that are withheld.
const SUFFIXES: &[&str] = &[
    "_ACCESS_KEY",
    "_APIKEY",
    "_APITOKEN",
    "_API_KEY",
    "_AUTHTOKEN",
    "_CREDENTIALS",
    "_DSN",
    "_ID_TOKEN",
    "_PASS",
    "_PASSPHRASE",
    "_PASSWD",
    "_PASSWORD",
    "_PAT",
    "_PRIVATE_KEY",
    "_SECRET",
    "_SECRET_KEY",
    "_SIGNING_KEY",
    "_TOKEN",
    "_WEBHOOK",
    "_WEBHOOK_URL",
];

/// Whether a variable of this name is withheld from every child that did not ask for it.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let plain = PLAIN.contains(&name.as_str());
    NAMES.contains(&name.as_str())
        || !plain && PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || has_suffix(&name)
}

/// Whether a name ends like a secret's, or is nothing but that: `API_KEY`.
fn has_suffix(name: &str) -> bool {
    SUFFIXES.iter().any(|suffix| name.ends_with(suffix) || suffix.strip_prefix('_') == Some(name))
}

/// Whether the value of a withheld variable of this name is one to mask. What is withheld only for
/// the beginning of its name (`AWS_REGION`, `TWINE_REPOSITORY`) is often a plain word.
pub fn hides_value(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    NAMES.contains(&name.as_str())
        || has_suffix(&name)
        || ["KEY", "TOKEN", "AUTH"].iter().any(|word| name.contains(word) && is_secret_name(&name))
}

/// Texts shorter than this are not masked: they would tear holes into everything.
const SHORTEST_MASKED: usize = 6;

/// The forms in which a secret's value may turn up in a text: as it is, each of its lines, as a JSON
/// string, percent-encoded, and in base64, also within a longer text that was encoded whole.
pub fn forms(value: &str) -> Vec<String> {
    let trimmed = value.trim();
    let mut forms: Vec<String> = value.lines().map(|line| line.trim().to_owned()).collect();
    forms.push(trimmed.to_owned());
    forms.push(serde_json::Value::from(trimmed).to_string().trim_matches('"').to_owned());
    let upper = percent::encoded(trimmed);
    forms.push(upper.replace("%20", "+"));
    forms.push(lower_escapes(&upper));
    forms.push(upper);
    forms.extend((0..3).flat_map(|before| base64_within(trimmed.as_bytes(), before)));
    forms.extend(base64_whole(trimmed));
    forms.retain(|form| form.len() >= SHORTEST_MASKED);
    forms
}

/// The password that an address holds: `https://user:password@host/`.
pub fn password_in_url(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let (login, _) = rest.split(['/', '?', '#']).next()?.rsplit_once('@')?;
    login.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

/// Percent-encoding with small letters in the escapes.
fn lower_escapes(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| {
        let (digits, rest) = part.split_at(part.len().min(2));
        format!("{done}%{}{rest}", digits.to_ascii_lowercase())
    })
}

/// The value encoded by itself, with and without padding.
fn base64_whole(value: &str) -> impl Iterator<Item = String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    let both = [STANDARD.encode(value), URL_SAFE.encode(value)];
    both.into_iter().flat_map(|text| [text.trim_end_matches('=').to_owned(), text])
}

/// What of the value's base64 stays the same whatever stands before and after it, if `before` bytes
/// (modulo 3) do: the letters that hold bits of the value alone.
fn base64_within(value: &[u8], before: usize) -> [String; 2] {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let bytes = [vec![0; before], value.to_vec()].concat();
    let first = (before * 8).div_ceil(6);
    let end = bytes.len() * 8 / 6;
    let core = |text: String| text.get(first..end).unwrap_or_default().to_owned();
    [core(STANDARD_NO_PAD.encode(&bytes)), core(URL_SAFE_NO_PAD.encode(&bytes))]
}

#[cfg(test)]
mod tests {
    use super::{forms, is_secret_name};

    #[test]
    fn each_encoding_is_masked() {
        use base64::Engine as _;
        let value = "s3cret/ü \"x\"+y%";
        let encoded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let all = [
            value.to_owned(),
            format!("{{\"a\":{}}}", serde_json::Value::from(value)),
            "s3cret%2F%C3%BC%20%22x%22%2By%25".into(),
            "s3cret%2f%c3%bc%20%22x%22%2by%25".into(),
            encoded(value),
            encoded(&format!("u:{value}")),
            encoded(&format!("us:{value}, and more")),
            encoded(&format!("__token__:{value}")),
        ];
        let mut forms = forms(value);
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        for text in all {
            let masked = forms.iter().fold(text.clone(), |text, form| text.replace(form, "***"));
            let rest: usize = masked.replace("***", "").len();
            assert!(masked.contains("***") && rest < text.len() / 2 + 8, "{text}: {masked}");
        }
    }

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
        for name in ["PATH", "HOME", "TOKENIZER", "UV_INDEX_URL", "GITHUB_ACTIONS", "AWS_REGION"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
