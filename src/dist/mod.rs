//! What a built distribution says about itself: its file name, its metadata, and what is in it.
//!
//! Everything here is a pure function of a file name and a reader. It opens no file, asks no index
//! and does not judge an index's own upload rules (platform tags, archive framing, licence files);
//! those are what `check` is for. Calling out to `twine` or `uv` for the same answers was turned down:
//! a release would then depend on a Python environment that it did not build.

pub mod cargo;
pub mod check;
pub mod contents;
pub mod difference;
pub mod filename;
pub mod form;
pub mod metadata;
pub mod order;
pub mod runs;
#[cfg(test)]
mod samples;
pub mod sdist;
pub mod wheel;

use std::fmt;
use std::io::{Read, Seek};
use std::str::FromStr;

use pep440_rs::Version;

use filename::{DistName, Kind};
use metadata::Metadata;

/// The longest metadata file that is read, 16 MiB.
///
/// A bound of this program, not of a specification: a reader must not be filled by a crafted
/// archive.
pub const MAX_METADATA: u64 = 16 << 20;

/// Why a file is not a distribution that can be uploaded.
///
/// `message` states the fact and `hint` the next action, both in lower case without a final period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// What is wrong, naming the file or the field.
    pub message: String,
    /// What to do about it, in the imperative.
    pub hint: String,
}

impl Invalid {
    /// Pairs a fact with the action that mends it.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Invalid {}

/// A distribution whose file name and core metadata agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dist {
    /// The parts of the file name.
    pub name: DistName,
    /// The core metadata found inside the file.
    pub metadata: Metadata,
}

/// Reads a wheel or an sdist and checks that file name and metadata name the same release.
///
/// `name` is the bare file name, `reader` the bytes of the file. Names are compared normalised
/// (PEP 503) and versions as PEP 440 versions. Errors: [`Invalid`] when the file name, the archive
/// or the metadata cannot be read, or when the two disagree.
pub fn read(name: &str, reader: impl Read + Seek) -> Result<Dist, Invalid> {
    let parts = filename::parse(name)?;
    let metadata = match parts.kind {
        Kind::Wheel => wheel::metadata(name, reader)?,
        Kind::Sdist => sdist::metadata(name, reader)?,
    };
    let hint = "rebuild the file and do not rename it afterwards";
    if filename::normalize(metadata.name()) != parts.project {
        let message = format!("`{name}` holds metadata of the project `{}`", metadata.name());
        return Err(Invalid::new(message, hint));
    }
    if !same_version(metadata.version(), &parts.version) {
        let message = format!("`{name}` holds metadata of the version `{}`", metadata.version());
        return Err(Invalid::new(message, hint));
    }
    Ok(Dist { name: parts, metadata })
}

/// Tells whether two texts are the same PEP 440 version, as in `v1.0-rc.1` and `1.0rc1`.
///
/// One leading `v`, as in a tag, is ignored; trailing zeros of the release do not count. A text
/// that is not a PEP 440 version is the same as nothing, not even as itself.
pub fn same_version(a: &str, b: &str) -> bool {
    match (Version::from_str(a), Version::from_str(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Parses a metadata file's text, naming the file in the error.
fn parse(what: &str, text: &str) -> Result<Metadata, Invalid> {
    metadata::parse(text).map_err(|error| Invalid::new(format!("{what}: {error}"), error.hint))
}

/// Reads a metadata member of an archive as UTF-8, never more than [`MAX_METADATA`] bytes of it.
fn text(what: &str, reader: impl Read) -> Result<String, Invalid> {
    let mut bytes = Vec::new();
    let rebuild = "rebuild the distribution";
    reader
        .take(MAX_METADATA + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Invalid::new(format!("{what} cannot be read: {error}"), rebuild))?;
    if bytes.len() as u64 > MAX_METADATA {
        let message = format!("{what} is larger than {} MiB", MAX_METADATA >> 20);
        return Err(Invalid::new(message, "shorten the long description of the project"));
    }
    String::from_utf8(bytes).map_err(|_| {
        Invalid::new(format!("{what} is not UTF-8"), "save the readme as UTF-8 and rebuild")
    })
}

#[cfg(test)]
mod tests {
    use super::samples::{CORE, tar_gz, zip};
    use super::*;

    #[test]
    fn wheel_and_sdist_agree_with_their_names() {
        let wheel = zip(&[("demo_pkg-1.0.0.dist-info/METADATA", CORE)]);
        let dist = read("demo_pkg-1.0.0-py3-none-any.whl", wheel).unwrap();
        assert_eq!((dist.name.project.as_str(), dist.metadata.name()), ("demo-pkg", "Demo.Pkg"));

        let sdist = tar_gz(&[("demo_pkg-1.0/PKG-INFO", CORE)]);
        assert_eq!(read("demo_pkg-1.0.tar.gz", sdist).unwrap().name.version, "1.0");
    }

    #[test]
    fn another_project_or_version_is_refused() {
        let other = read("other-1.0.tar.gz", tar_gz(&[("other-1.0/PKG-INFO", CORE)])).unwrap_err();
        assert_eq!(other.message, "`other-1.0.tar.gz` holds metadata of the project `Demo.Pkg`");

        let later =
            read("demo_pkg-1.1.tar.gz", tar_gz(&[("demo_pkg-1.1/PKG-INFO", CORE)])).unwrap_err();
        assert_eq!(later.to_string(), "`demo_pkg-1.1.tar.gz` holds metadata of the version `1.0`");
    }

    #[test]
    fn versions_are_compared_as_pep_440() {
        for (a, b) in [
            ("1.0", "v1.0.0"),
            ("V1.0-RC.1", "1.0rc1"),
            ("1.0-1", "1.0.post1"),
            ("1.0+a-1", "1.0+A.1"),
        ] {
            assert!(same_version(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("1.0", "1.0.1"),
            ("1.0", "1.0+a"),
            ("1.0", "1.0rc1"),
            ("latest", "latest"),
            ("vv1", "1"),
        ] {
            assert!(!same_version(a, b), "{a} {b}");
        }
    }

    #[test]
    fn metadata_is_bounded_and_utf_8() {
        assert!(
            text("`x`", std::io::repeat(b'a')).unwrap_err().message.contains("larger than 16 MiB")
        );
        assert_eq!(text("`x`", &b"\xff"[..]).unwrap_err().message, "`x` is not UTF-8");
    }
}
