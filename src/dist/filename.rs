//! The file names of wheels and sdists, taken apart.
//!
//! Accepts every name an installer would understand, including older spellings of the project part;
//! whether an index still takes that spelling is not decided here. One regular expression for
//! both kinds was turned down: it can say that a name is wrong, but not which part of it.

use std::str::FromStr;

use pep440_rs::Version;

use super::Invalid;

/// The two kinds of distribution that an index accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A built distribution, `.whl` (binary distribution format specification).
    Wheel,
    /// A source distribution, `.tar.gz` (PEP 625).
    Sdist,
}

impl Kind {
    /// The `filetype` of the legacy upload form.
    pub fn filetype(self) -> &'static str {
        match self {
            Self::Wheel => "bdist_wheel",
            Self::Sdist => "sdist",
        }
    }
}

/// The parts of a distribution's file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistName {
    /// Wheel or sdist, from the extension.
    pub kind: Kind,
    /// The project name, normalised (PEP 503).
    pub project: String,
    /// The version as it stands in the file name; always a PEP 440 version.
    pub version: String,
    /// The compressed tag set of a wheel such as `py2.py3` (PEP 425), `source` for an sdist.
    pub python_tag: String,
}

/// Takes a bare file name apart.
///
/// Errors: [`Invalid`] for another extension, a wrong number of parts, a project name outside the
/// name format, a version outside PEP 440 or an empty tag. Sources: binary distribution format
/// specification for wheels, PEP 625 for sdists; an sdist's older spelling with `-` in the project
/// name is understood, a `.zip` sdist is not.
pub fn parse(name: &str) -> Result<DistName, Invalid> {
    if name.chars().any(|c| c.is_control() || c == '/' || c == '\\') {
        let message = format!("`{}` is not a bare file name", name.escape_debug());
        return Err(Invalid::new(message, "give the file name without a directory"));
    }
    if let Some(stem) = name.strip_suffix(".whl") {
        wheel(name, stem)
    } else if let Some(stem) = name.strip_suffix(".tar.gz") {
        sdist(name, stem)
    } else {
        let message = format!("`{name}` is neither a wheel nor an sdist");
        Err(Invalid::new(message, "list only `.whl` and `.tar.gz` files"))
    }
}

/// Normalises a project name: lower case, each run of `-`, `_` and `.` becomes one `-` (PEP 503).
///
/// Total: text outside the name format is normalised in the same way and never refused.
pub fn normalize(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        if !matches!(c, '-' | '_' | '.') {
            normal.push(c.to_ascii_lowercase());
        } else if !normal.ends_with('-') {
            normal.push('-');
        }
    }
    normal
}

fn wheel(name: &str, stem: &str) -> Result<DistName, Invalid> {
    let parts: Vec<&str> = stem.split('-').collect();
    let (project, version, tags) = match parts.as_slice() {
        [project, version, tags @ ..] if tags.len() == 3 => (project, version, tags),
        [project, version, build, tags @ ..]
            if tags.len() == 3 && build.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            (project, version, tags)
        }
        _ => {
            let message = format!("`{name}` does not have the parts of a wheel name");
            let hint =
                "name it `{project}-{version}-{python}-{abi}-{platform}.whl`, with no other `-`";
            return Err(Invalid::new(message, hint));
        }
    };
    if let Some(tag) = tags.iter().find(|tag| !is_tag_set(tag)) {
        let message = format!("`{name}` has the malformed tag `{tag}`");
        return Err(Invalid::new(message, "rebuild the wheel and do not rename it"));
    }
    checked(name, Kind::Wheel, project, version, tags[0])
}

fn sdist(name: &str, stem: &str) -> Result<DistName, Invalid> {
    let Some((project, version)) = stem.rsplit_once('-') else {
        let message = format!("`{name}` has no version");
        return Err(Invalid::new(message, "name it `{project}-{version}.tar.gz`"));
    };
    checked(name, Kind::Sdist, project, version, "source")
}

fn checked(
    name: &str,
    kind: Kind,
    project: &str,
    version: &str,
    tag: &str,
) -> Result<DistName, Invalid> {
    if !is_project(project) {
        let message = format!("`{name}` has the malformed project name `{project}`");
        let hint = "use letters, digits, `.`, `-` and `_`, with a letter or digit at both ends";
        return Err(Invalid::new(message, hint));
    }
    if version.contains(char::is_whitespace) || Version::from_str(version).is_err() {
        let message =
            format!("`{name}` has the version `{version}`, which is not a PEP 440 version");
        return Err(Invalid::new(message, "use a version such as `1.2.3` or `1.2.3rc1`"));
    }
    Ok(DistName {
        kind,
        project: normalize(project),
        version: version.to_owned(),
        python_tag: tag.to_owned(),
    })
}

fn is_project(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
        && text.chars().all(|c| alphanumeric(c) || matches!(c, '-' | '_' | '.'))
}

fn is_tag_set(text: &str) -> bool {
    let is_tag =
        |tag: &str| !tag.is_empty() && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    text.split('.').all(is_tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(name: &str) -> (Kind, String, String, String) {
        let DistName { kind, project, version, python_tag } = parse(name).unwrap();
        (kind, project, version, python_tag)
    }

    fn owned(
        kind: Kind,
        project: &str,
        version: &str,
        tag: &str,
    ) -> (Kind, String, String, String) {
        (kind, project.to_owned(), version.to_owned(), tag.to_owned())
    }

    #[test]
    fn wheels() {
        let six = owned(Kind::Wheel, "six", "1.17.0", "py2.py3");
        assert_eq!(parts("six-1.17.0-py2.py3-none-any.whl"), six);
        let build = owned(Kind::Wheel, "zope-interface", "8.7", "cp311");
        assert_eq!(
            parts("zope.interface-8.7-1x-cp311-cp311-manylinux1_x86_64.manylinux_2_5_x86_64.whl"),
            build
        );
        let local = owned(Kind::Wheel, "torch", "2.0+cu118", "cp311");
        assert_eq!(parts("torch-2.0+cu118-cp311-cp311-linux_x86_64.whl"), local);
    }

    #[test]
    fn sdists() {
        let sdist = owned(Kind::Sdist, "zope-interface", "8.7", "source");
        assert_eq!(parts("zope_interface-8.7.tar.gz"), sdist);
        assert_eq!(parts("Zope-Interface-8.7.tar.gz"), sdist);
    }

    #[test]
    fn refusals_name_the_wrong_part() {
        for (name, part) in [
            ("six-1.17.0.zip", "neither"),
            ("six-1.17.0-py3-none-any.whl.asc", "neither"),
            ("dist/six-1.17.0.tar.gz", "bare"),
            ("a\nb-1.tar.gz", "a\\nb"),
            ("six-1.17.0-py3-any.whl", "parts"),
            ("my-project-1.0-py3-none-any.whl", "version `project`"),
            ("six-1.0-py3--any.whl", "tag ``"),
            ("six-1.0-py3.-none-any.whl", "tag `py3.`"),
            ("six-latest.tar.gz", "PEP 440"),
            ("six- 1.0.tar.gz", "PEP 440"),
            ("_six-1.0.tar.gz", "project name"),
            ("-1.0.tar.gz", "project name"),
            ("six.tar.gz", "no version"),
            (".whl", "parts"),
        ] {
            let refused = parse(name).unwrap_err();
            assert!(refused.message.contains(part), "{name}: {}", refused.message);
        }
    }

    #[test]
    fn normal_names() {
        assert_eq!(normalize("Zope.Interface"), "zope-interface");
        assert_eq!(normalize("a-_.b__C"), "a-b-c");
    }
}
