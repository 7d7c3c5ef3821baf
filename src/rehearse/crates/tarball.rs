//! The `.crate`: a compressed tar with one folder, in which the manifest is looked for.
//!
//! It reads all entries in their order and stops at the first that may not be. Turned down: unpacking
//! it to disk, which the real server does not do either.

use std::io::{self, Read};
use std::path::{Component, Path};

use flate2::read::GzDecoder;
use tar::{Archive, Entry};

use super::manifest::{self, Manifest};
use super::rules::{self, Checked, bad};
use crate::rehearse::http::Response;

/// The most bytes of the contents.
const UNPACKED: u64 = 512 * 1024 * 1024;

/// Reads the manifest from a `.crate` whose folder has to be `folder`.
pub(super) fn manifest(folder: &str, bytes: &[u8]) -> Checked<Manifest> {
    read(folder, Limited { inner: GzDecoder::new(bytes), left: UNPACKED })
}

fn read(folder: &str, tar: impl Read) -> Checked<Manifest> {
    let mut archive = Archive::new(tar);
    let mut found = Vec::new();
    for entry in archive.entries().map_err(|_| unreadable())? {
        let mut entry = entry.map_err(|_| unreadable())?;
        check_size(&mut entry)?;
        let path = entry.path().map_err(|_| unreadable())?.into_owned();
        let Some(inside) = inside(folder, &path) else {
            let message = format!("invalid path found: {}", path.display());
            return Err(bad(rules::TARBALL_PATH, message));
        };
        let kind = entry.header().entry_type();
        if !kind.is_file() && !kind.is_dir() {
            let message = format!("unexpected tar entry type {kind:?} found: {}", path.display());
            return Err(bad(rules::TARBALL_ENTRY, message));
        }
        if inside.eq_ignore_ascii_case("cargo.toml") {
            let mut text = String::new();
            entry.read_to_string(&mut text).map_err(|_| unreadable())?;
            let manifest = manifest::read(&text).map_err(|error| {
                let message = format!("failed to parse `Cargo.toml` manifest file\n\n{error}");
                bad(rules::MANIFEST_INVALID, message)
            })?;
            found.push((inside, manifest));
        }
    }
    found.sort_by(|left, right| left.0.cmp(&right.0));
    only(found)
}

/// The one manifest, by the right name.
fn only(mut found: Vec<(String, Manifest)>) -> Checked<Manifest> {
    if found.len() > 1 {
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!(
            "uploaded tarball contains more than one `Cargo.toml` manifest file; found `{}`",
            names.join("`, `")
        );
        return Err(bad(rules::MANIFEST_MANY, message));
    }
    let missing = "uploaded tarball is missing a `Cargo.toml` manifest file";
    match found.pop() {
        None => Err(bad(rules::MANIFEST_MISSING, missing)),
        Some((name, manifest)) if name == "Cargo.toml" || name == "cargo.toml" => Ok(manifest),
        Some((name, _)) => Err(bad(
            rules::MANIFEST_CASE,
            format!(
                "{missing}; `{name}` was found, but must be named `Cargo.toml` with that exact casing"
            ),
        )),
    }
}

fn unreadable() -> Response {
    let message = "uploaded tarball is malformed or too large when decompressed";
    bad(rules::TARBALL_MALFORMED, message)
}

/// A size that stands in two places has to be the same in both.
fn check_size<R: Read>(entry: &mut Entry<'_, R>) -> Checked<()> {
    let size = entry.header().size().map_err(|_| unreadable())?;
    let Some(extensions) = entry.pax_extensions().map_err(|_| unreadable())? else {
        return Ok(());
    };
    for extension in extensions {
        let extension = extension.map_err(|_| unreadable())?;
        let says = extension.value().ok().and_then(|value| value.parse::<u64>().ok());
        if extension.key().is_ok_and(|key| key == "size") && says != Some(size) {
            return Err(bad(rules::TARBALL_MALFORMED, "uploaded tarball is malformed"));
        }
    }
    Ok(())
}

/// The path within the folder; nothing if it leads out of it.
fn inside(folder: &str, path: &Path) -> Option<String> {
    let rest = path.strip_prefix(folder).ok()?;
    let leaves = rest.components().any(|part| part == Component::ParentDir);
    if leaves { None } else { rest.to_str().map(str::to_owned) }
}

/// A reader that fails behind so many bytes, where `Read::take` would end as if all were well.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("more than may be unpacked"))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_may_be_unpacked_is_an_error_and_not_an_end() {
        let mut all = Vec::new();
        assert!(Limited { inner: &[0; 9][..], left: 8 }.read_to_end(&mut all).is_err());
        assert_eq!(Limited { inner: &[0; 8][..], left: 8 }.read_to_end(&mut all).unwrap(), 8);
        let refused = super::read("a-1.0.0", Limited { inner: &[1; 2048][..], left: 100 });
        assert_eq!(refused.unwrap_err().rule, Some(rules::TARBALL_MALFORMED));
    }
}
