//! Names of projects, wheels and source distributions.
//!
//! What the files hold is judged in `archive`. Turned down: a regular expression per form, because
//! each breach has a text of its own.

use std::str::FromStr as _;

use pep440_rs::Version;

use super::refusal::{Checked, bad, quoted};
use super::rules;

/// Whether this may be a project's name (core metadata, `Name`).
pub(super) fn is_project_name(name: &str) -> bool {
    let ends = |c: Option<u8>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'-');
    ends(name.bytes().next()) && ends(name.bytes().last()) && name.bytes().all(inner)
}

/// The normalised name (PEP 503).
pub(super) fn normalised(name: &str) -> String {
    let mut text = name.to_lowercase().replace(['_', '.'], "-");
    while text.contains("--") {
        text = text.replace("--", "-");
    }
    text
}

/// What a wheel's file name says (PEP 427).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WheelName {
    /// Normalised name of the project.
    pub(super) name: String,
    /// Version.
    pub(super) version: Version,
    /// Build tag, or nothing.
    pub(super) build: String,
    /// Interpreters, ABIs and platforms, each sorted.
    pub(super) tags: [Vec<String>; 3],
}

impl WheelName {
    /// Reads a wheel's file name.
    ///
    /// # Errors
    /// What the server says of it.
    pub(super) fn parse(filename: &str) -> Result<Self, String> {
        let Some(stem) = filename.strip_suffix(".whl") else {
            return Err(format!(
                "Invalid wheel filename (extension must be '.whl'): {}",
                quoted(filename)
            ));
        };
        let shown = quoted(stem);
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, build, tags) = match parts.as_slice() {
            [name, version, tags @ ..] if tags.len() == 3 => (name, version, "", tags),
            [name, version, build, tags @ ..] if tags.len() == 3 => (name, version, *build, tags),
            _ => return Err(format!("Invalid wheel filename (wrong number of parts): {shown}")),
        };
        let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        if name.is_empty() || name.contains("__") || !name.chars().all(part) {
            return Err(format!("Invalid project name: {shown}"));
        }
        let Ok(version) = Version::from_str(version) else {
            return Err(format!("Invalid wheel filename (invalid version): {shown}"));
        };
        if parts.len() == 6 && !build.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(format!("Invalid build number: {build} in {shown}"));
        }
        let Some(tags) = tag_sets(tags) else {
            return Err(format!("Invalid wheel filename (invalid tag component): {shown}"));
        };
        Ok(Self { name: normalised(name), version, build: build.to_owned(), tags })
    }
}

fn tag_sets(tags: &[&str]) -> Option<[Vec<String>; 3]> {
    let sorted = |set: &&str| {
        let mut tags: Vec<String> = set.split('.').map(str::to_owned).collect();
        tags.sort();
        tags
    };
    let sets: [Vec<String>; 3] = tags.iter().map(sorted).collect::<Vec<_>>().try_into().ok()?;
    let identifier = |tag: &String| {
        !tag.starts_with(|c: char| c.is_ascii_digit())
            && tag.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let filled = sets.iter().flatten().all(|tag| !tag.is_empty());
    (filled && sets[0].iter().all(identifier)).then_some(sets)
}

/// Name and version that a source distribution's file name says (PEP 625).
pub(super) fn sdist_name(filename: &str) -> Option<(String, Version)> {
    let stem = filename.strip_suffix(".tar.gz").or_else(|| filename.strip_suffix(".zip"))?;
    let (name, version) = stem.rsplit_once('-')?;
    let version = Version::from_str(version).ok()?;
    (!name.is_empty()).then(|| (normalised(name), version))
}

/// Letters and extension, before the file is looked at.
pub(super) fn check(filename: &str, filetype: &str) -> Checked {
    if filename.bytes().any(|byte| byte < 32 || byte == 127) {
        return bad(
            "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL character (ordinal 127) in the name.",
            rules::FILENAME_LETTERS,
        );
    }
    if filename.contains(['/', '\\']) {
        return bad("Cannot upload a file with '/' or '\\' in the name.", rules::FILENAME_LETTERS);
    }
    let lower = filename.to_ascii_lowercase();
    let known = [".tar.gz", ".zip", ".whl"];
    let found = known.iter().find(|end| lower.ends_with(*end) && lower.len() > end.len());
    let Some(end) = found else {
        return bad(
            "Invalid file extension: Use .tar.gz, .whl or .zip extension. See https://www.python.org/dev/peps/pep-0527 and https://peps.python.org/pep-0715/ for more information",
            rules::EXTENSION,
        );
    };
    let end = &filename[filename.len() - end.len()..];
    let allowed: &[&str] = if filetype == "sdist" { &[".zip", ".tar.gz"] } else { &[".whl"] };
    if allowed.contains(&end) {
        return Ok(());
    }
    bad(
        format!(
            "Invalid file extension: Extension {end} is invalid for filetype {filetype}. See https://www.python.org/dev/peps/pep-0527 for more information."
        ),
        rules::EXTENSION,
    )
}

/// What a file's name has to agree with.
pub(super) struct Expected<'a> {
    /// The project's name as it is shown.
    pub(super) project: &'a str,
    /// `Version` of the metadata.
    pub(super) version: &'a Version,
}

impl Expected<'_> {
    /// Checks a source distribution's name.
    pub(super) fn check_sdist(&self, filename: &str) -> Checked {
        let Some((mut name, _)) = sdist_name(filename) else {
            let text = format!("Invalid source distribution filename: {filename}");
            return bad(text, rules::SDIST_NAME_FORM);
        };
        let normal = normalised(self.project);
        // A post-release may be written with a hyphen of its own, as `1.0-1`.
        if self.version.is_post()
            && name != normal
            && let Some((head, version)) = second_last_hyphen(filename)
            && Version::from_str(version).is_ok()
        {
            name = normalised(head);
        }
        self.check_project(&name, &normal)?;
        let right = format!("{}-{}.tar.gz", normal.replace('-', "_"), self.version);
        if filename == right {
            return Ok(());
        }
        bad(
            format!("Filename {} is invalid, should be {}.", quoted(filename), quoted(&right)),
            rules::SDIST_NAME,
        )
    }

    /// Checks a wheel's name.
    pub(super) fn check_wheel(&self, filename: &str) -> Checked {
        let wheel = match WheelName::parse(filename) {
            Ok(wheel) => wheel,
            Err(why) => return bad(why, rules::WHEEL_NAME_FORM),
        };
        if let Some(tag) = wheel.tags[2].iter().find(|tag| !super::platform::is_allowed(tag)) {
            return bad(
                format!("Binary wheel '{filename}' has an unsupported platform tag '{tag}'."),
                rules::PLATFORM,
            );
        }
        let normal = normalised(self.project);
        self.check_project(&wheel.name, &normal)?;
        let right = normal.replace('-', "_");
        let given = filename.split('-').next().unwrap_or_default();
        if given != right {
            return bad(
                format!(
                    "Filename {} should contain the normalized project name {}, not {}.",
                    quoted(filename),
                    quoted(&right),
                    quoted(given)
                ),
                rules::WHEEL_NAME,
            );
        }
        if wheel.version == *self.version {
            return Ok(());
        }
        bad(
            format!("Version in filename should be '{}' not '{}'.", self.version, wheel.version),
            rules::WHEEL_VERSION,
        )
    }

    fn check_project(&self, name: &str, normal: &str) -> Checked {
        if name == normal {
            return Ok(());
        }
        bad(
            format!(
                "Start filename for {} with {}.",
                quoted(self.project),
                quoted(&normal.replace('-', "_"))
            ),
            rules::FILENAME_PROJECT,
        )
    }
}

fn second_last_hyphen(filename: &str) -> Option<(&str, &str)> {
    let stem = filename.strip_suffix(".tar.gz")?;
    let (head, _) = stem.rsplit_once('-')?;
    let (name, _) = head.rsplit_once('-')?;
    Some((name, &stem[name.len() + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheels_are_told_apart_by_what_is_wrong() {
        let text = |name: &str| WheelName::parse(name).map(|_| ()).unwrap_err();
        assert_eq!(
            text("a-1-py3-none.whl"),
            "Invalid wheel filename (wrong number of parts): 'a-1-py3-none'"
        );
        assert_eq!(text("a__b-1-py3-none-any.whl"), "Invalid project name: 'a__b-1-py3-none-any'");
        assert_eq!(
            text("a-x-py3-none-any.whl"),
            "Invalid wheel filename (invalid version): 'a-x-py3-none-any'"
        );
        assert_eq!(
            text("a-1-b-py3-none-any.whl"),
            "Invalid build number: b in 'a-1-b-py3-none-any'"
        );
        assert_eq!(
            text("a-1-py3-none-any..x.whl"),
            "Invalid wheel filename (invalid tag component): 'a-1-py3-none-any..x'"
        );
        let one = WheelName::parse("A.b-1.0-1x-py3.py2-none-any.whl").unwrap();
        assert_eq!(one, WheelName::parse("a_b-1.0.0-1x-py2.py3-none-any.whl").unwrap());
    }

    #[test]
    fn a_post_release_may_have_a_hyphen_but_is_told_the_right_name() {
        let version = Version::from_str("1.0.post1").unwrap();
        let expected = Expected { project: "widget", version: &version };
        assert_eq!(
            expected.check_sdist("widget-1.0-1.tar.gz").unwrap_err().text,
            "Filename 'widget-1.0-1.tar.gz' is invalid, should be 'widget-1.0.post1.tar.gz'."
        );
        assert!(expected.check_sdist("widget-1.0.post1.tar.gz").is_ok());
    }
}
