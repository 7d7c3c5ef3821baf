//! The metadata of an sdist, from the one `PKG-INFO` directly below its top directory.
//!
//! Streams the gzipped tar once and keeps nothing else of it; it unpacks no member and does not
//! build the project. Stopping at the first `PKG-INFO` was turned down: a second one would let two
//! tools read two different projects out of the same file.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use tar::Archive;

use super::Invalid;
use super::metadata::Metadata;

/// The most an sdist may unpack to, 4 GiB: far above real ones, far below what a bomb reaches.
const MAX_UNPACKED: u64 = 4 << 30;

const REBUILD: &str = "rebuild the sdist";

/// Reads `{top}/PKG-INFO` of a `.tar.gz`.
///
/// `name` is the file name, for messages only. Errors: [`Invalid`] when the bytes are no gzipped
/// tar, unpack to more than 4 GiB, hold no `PKG-INFO` at depth 2 or several, or when it is too
/// large, not UTF-8 or not core metadata. Source: source distribution format specification (PEP
/// 643).
pub fn metadata(name: &str, reader: impl Read) -> Result<Metadata, Invalid> {
    bounded(name, reader, MAX_UNPACKED)
}

fn bounded(name: &str, reader: impl Read, limit: u64) -> Result<Metadata, Invalid> {
    let mut archive = Archive::new(MultiGzDecoder::new(reader).take(limit));
    let what = format!("`PKG-INFO` of `{name}`");
    let found = pkg_info(name, &what, &mut archive);
    if archive.into_inner().limit() == 0 {
        let message = format!("`{name}` unpacks to more than {} MiB", limit >> 20);
        return Err(Invalid::new(message, "leave large data out of the sdist"));
    }
    super::parse(&what, &found?)
}

fn pkg_info(name: &str, what: &str, archive: &mut Archive<impl Read>) -> Result<String, Invalid> {
    let broken = |error: std::io::Error| {
        Invalid::new(format!("`{name}` is not a readable gzipped tar: {error}"), REBUILD)
    };
    let mut found = None;
    for entry in archive.entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() || !is_pkg_info(&entry.path_bytes()) {
            continue;
        }
        let text = super::text(what, entry)?;
        if found.replace(text).is_some() {
            let message = format!("`{name}` has more than one top directory with a `PKG-INFO`");
            return Err(Invalid::new(message, "rebuild the sdist with a single top directory"));
        }
    }
    found.ok_or_else(|| {
        let message = format!("`{name}` has no `PKG-INFO` in its top directory");
        Invalid::new(
            message,
            "build the sdist with `python -m build --sdist` or `uv build --sdist`",
        )
    })
}

fn is_pkg_info(path: &[u8]) -> bool {
    let mut parts = path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
    parts.next().is_some() && parts.next() == Some(b"PKG-INFO") && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{CORE, tar_gz};
    use super::*;

    const FILE: &str = "demo_pkg-1.0.tar.gz";

    #[test]
    fn metadata_lies_in_the_top_directory() {
        let entries =
            [("d-1/src/d.egg-info/PKG-INFO", "x"), ("d-1/PKG-INFO", CORE), ("PKG-INFO", "y")];
        assert_eq!(metadata(FILE, tar_gz(&entries)).unwrap().name(), "Demo.Pkg");
    }

    #[test]
    fn paths_at_depth_two() {
        assert!(is_pkg_info(b"./top/PKG-INFO"));
        for path in
            [&b"PKG-INFO"[..], b"./PKG-INFO", b"a/b/PKG-INFO", b"a/PKG-INFO/b", b"a/pkg-info"]
        {
            assert!(!is_pkg_info(path));
        }
    }

    #[test]
    fn none_or_two_are_refused() {
        let none = metadata(FILE, tar_gz(&[("d-1/pyproject.toml", "")])).unwrap_err();
        assert!(none.message.ends_with("has no `PKG-INFO` in its top directory"));
        let two =
            metadata(FILE, tar_gz(&[("d-1/PKG-INFO", CORE), ("e-1/PKG-INFO", CORE)])).unwrap_err();
        assert!(two.message.ends_with("has more than one top directory with a `PKG-INFO`"));
    }

    #[test]
    fn broken_archives_are_refused() {
        let mut cut = tar_gz(&[("d-1/PKG-INFO", CORE)]).into_inner();
        cut.truncate(cut.len() / 2);
        for bytes in [Vec::new(), b"no gzip".to_vec(), cut] {
            assert!(metadata(FILE, bytes.as_slice()).is_err());
        }
    }

    #[test]
    fn bombs_are_cut_off() {
        let big = " ".repeat(17 << 20);
        let member = metadata(FILE, tar_gz(&[("d-1/PKG-INFO", &big)])).unwrap_err();
        assert!(member.message.ends_with("is larger than 16 MiB"));
        let whole =
            bounded(FILE, tar_gz(&[("d-1/a", &big), ("d-1/PKG-INFO", CORE)]), 1 << 20).unwrap_err();
        assert!(whole.message.ends_with("unpacks to more than 1 MiB"));
    }
}
