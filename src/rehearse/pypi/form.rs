//! The upload form: its fields after the server's cleaning, and the checks that need nothing but
//! the form.
//!
//! Which metadata the fields hold is judged in `metadata`. Turned down: a map of fields, because
//! repeated fields and their order matter to the messages.

use super::filename::is_project_name;
use super::refusal::{Checked, bad, quoted};
use super::rules;
use crate::rehearse::http::{Part, Request};

/// The fields of an upload.
#[derive(Debug, Default, Clone)]
pub(super) struct Form {
    fields: Vec<(String, String)>,
    /// The file.
    pub(super) content: Option<Part>,
}

impl Form {
    /// The form of a request, cleaned as the server does before it looks who asks.
    pub(super) fn read(request: &Request) -> Checked<Self> {
        let mut form = Self::default();
        for part in request.parts().unwrap_or_default() {
            match (part.name.as_str(), &part.filename) {
                ("content", Some(_)) => form.content = Some(part),
                ("content" | "gpg_signature", _) => {}
                (name, Some(_)) => {
                    return bad(format!("{name}: Should not be a tuple."), rules::TUPLE);
                }
                _ => {
                    let text = String::from_utf8_lossy(&part.bytes).replace('\0', "\\x00");
                    form.fields.push((part.name, text));
                }
            }
        }
        // Old tools write this word for what they do not know.
        let unknown: Vec<String> = form
            .fields
            .iter()
            .filter(|(_, value)| value.trim() == "UNKNOWN")
            .map(|(name, _)| name.clone())
            .collect();
        form.fields.retain(|(name, _)| !unknown.contains(name));
        Ok(form)
    }

    /// All values of a field.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let same = self.fields.iter().filter(|(field, _)| field == name);
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// A field's first value, if it is not empty.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied().filter(|value| !value.is_empty())
    }

    /// `sdist` or `bdist_wheel`, once `check` has passed.
    pub(super) fn filetype(&self) -> &str {
        self.first("filetype").unwrap_or_default()
    }

    /// `pyversion`, which is `source` for sdists.
    pub(super) fn pyversion(&self) -> &str {
        self.first("pyversion").unwrap_or("source")
    }

    /// The checks that need nothing but the form.
    pub(super) fn check(&self) -> Checked {
        if self.all("protocol_version").last().is_some_and(|version| *version != "1") {
            return bad("Unknown protocol version.", rules::PROTOCOL);
        }
        self.check_name()?;
        self.check_digest("blake2_256_digest", "BLAKE2")?;
        self.check_filetype()?;
        self.check_digest("sha256_digest", "SHA256")?;
        match (self.filetype(), self.first("pyversion")) {
            ("bdist_wheel", None) => {
                return invalid(
                    "pyversion",
                    "Python version is required for binary distribution uploads.",
                    rules::PYVERSION,
                );
            }
            ("sdist", Some(other)) if other != "source" => {
                return invalid(
                    "pyversion",
                    "Use 'source' as Python version for an sdist.",
                    rules::PYVERSION,
                );
            }
            _ => {}
        }
        let digests = ["md5_digest", "sha256_digest", "blake2_256_digest"];
        if digests.iter().all(|name| self.first(name).is_none()) {
            return bad("Error: Include at least one message digest.", rules::NO_DIGEST);
        }
        Ok(())
    }

    fn check_name(&self) -> Checked {
        let name = self.first("name").unwrap_or_default();
        let why = match name {
            "" => "This field is required.",
            name if !is_project_name(name) => {
                "Start and end with a letter or numeral containing only ASCII numeric and '.', '_' and '-'."
            }
            _ => return Ok(()),
        };
        let letters: Vec<char> = name.chars().collect();
        let shown = if letters.len() > 60 {
            let (head, tail) = (&letters[..30], &letters[letters.len() - 30..]);
            format!("{}...{}", head.iter().collect::<String>(), tail.iter().collect::<String>())
        } else {
            name.to_owned()
        };
        bad(
            format!(
                "{} is an invalid value for Name. Error: {why} See https://packaging.python.org/specifications/core-metadata for more information.",
                quoted(&shown)
            ),
            rules::FORM_NAME,
        )
    }

    fn check_filetype(&self) -> Checked {
        match self.first("filetype") {
            Some("sdist" | "bdist_wheel") => Ok(()),
            Some(_) => invalid("filetype", "Use a known file type.", rules::FILETYPE),
            None => invalid("filetype", "This field is required.", rules::FILETYPE),
        }
    }

    fn check_digest(&self, field: &str, kind: &str) -> Checked {
        let good = |digest: &str| digest.len() == 64 && is_hex(digest);
        if self.first(field).is_none_or(good) {
            return Ok(());
        }
        let why = format!("Use a valid, hex-encoded, {kind} message digest.");
        invalid(field, &why, rules::DIGEST_FORM)
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn invalid(field: &str, why: &str, rule: crate::rehearse::http::Rule) -> Checked {
    bad(format!("Invalid value for {field}. Error: {why}"), rule)
}
