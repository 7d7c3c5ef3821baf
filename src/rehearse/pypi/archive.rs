//! What the index checks inside of wheels and source distributions.
//!
//! The server's scan for malware is not modelled. A `RECORD` that does not match its wheel passes, as
//! it does there (its owners get a mail). Turned down: unpacking to a folder, since all checks read a
//! few members.

use super::refusal::{Checked, bad};
use super::tarball::{self, Tarball};
use super::zipfile::{self, Zip};
use super::{framing, rules};
use crate::rehearse::http::Rule;

/// Unpacked sizes below this are never called a bomb.
const BOMB: u64 = 64 << 20;
const RATIO: u64 = 50;

/// A distribution whose frame is in order.
#[derive(Debug)]
pub(super) enum Archive<'a> {
    /// A wheel, or a source distribution of the old kind.
    Zip(Zip<'a>),
    /// A source distribution.
    Tar(Tarball),
}

fn invalid<T>(why: impl AsRef<str>, rule: Rule) -> Checked<T> {
    bad(format!("Invalid distribution file. {}", why.as_ref()), rule)
}

impl<'a> Archive<'a> {
    /// Checks the frame of a file.
    pub(super) fn check(filename: &str, bytes: &'a [u8]) -> Checked<Self> {
        let (is_zip, is_tar) = (zipfile::is_zip(bytes), tarball::is_tar(bytes));
        if is_zip && is_tar {
            return invalid("File is both a zip and a tar file", rules::ARCHIVE_KIND);
        }
        if filename.ends_with(".tar.gz") {
            if !is_tar {
                return invalid("File is not a tarfile", rules::ARCHIVE_KIND);
            }
            return match Tarball::read(bytes) {
                Some(tar) => check_tar(tar).map(Self::Tar),
                None => invalid("None", rules::ARCHIVE_BROKEN),
            };
        }
        if !is_zip {
            return invalid("File is not a zipfile", rules::ARCHIVE_KIND);
        }
        match Zip::open(bytes) {
            Some(zip) => check_zip(filename, zip).map(Self::Zip),
            None => invalid("None", rules::ARCHIVE_BROKEN),
        }
    }

    /// Whether a licence file is there (PEP 639).
    pub(super) fn check_licence(&self, filename: &str, licence: &str) -> Checked {
        let (place, found) = match self {
            Self::Tar(tar) => {
                let top = tarball::common_folder(tar.names.iter().map(String::as_str));
                let place = format!("{top}/{licence}");
                let found = tar.has(&place);
                (place, found)
            }
            Self::Zip(zip) => {
                let place = format!("{}/licenses/{licence}", dist_info(filename));
                let found = zip.read(&place).is_some();
                (place, found)
            }
        };
        if found {
            return Ok(());
        }
        bad(
            format!(
                "License-File {licence} does not exist in distribution file {filename} at {place}"
            ),
            rules::LICENSE_MISSING,
        )
    }

    /// Checks what a wheel says of itself, and gives its `METADATA`.
    pub(super) fn check_wheel(&self, filename: &str) -> Checked<Option<Vec<u8>>> {
        let Self::Zip(zip) = self else {
            return Ok(None);
        };
        let folder = dist_info(filename);
        let place = format!("{folder}/RECORD");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| ());
        if !matches!(zip.read(&place).map(|read| read.and_then(text)), Some(Ok(_))) {
            return bad(
                format!("Wheel '{filename}' does not contain the required RECORD file: {place}"),
                rules::RECORD,
            );
        }
        let points = zip.read(&format!("{folder}/entry_points.txt"));
        let points = points.map(|read| read.and_then(text));
        if points.is_some_and(|read| !read.is_ok_and(|text| super::entry_points::are_valid(&text)))
        {
            return bad(
                format!(
                    "Wheel '{filename}' has invalid entry points defined in the entry_points.txt file"
                ),
                rules::ENTRY_POINTS,
            );
        }
        let place = format!("{folder}/METADATA");
        match zip.read(&place) {
            Some(Ok(metadata)) => Ok(Some(metadata)),
            _ => bad(
                format!("Wheel '{filename}' does not contain the required METADATA file: {place}"),
                rules::METADATA_FILE,
            ),
        }
    }
}

/// The `.dist-info` folder that goes with a wheel's name, taken literally.
pub(super) fn dist_info(filename: &str) -> String {
    let mut parts = filename.splitn(3, '-');
    let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{name}-{version}.dist-info")
}

fn check_zip<'a>(filename: &str, zip: Zip<'a>) -> Checked<Zip<'a>> {
    let size: u64 = zip.members.iter().map(|member| member.size).sum();
    let packed = u64::try_from(zip.bytes.len()).unwrap_or(u64::MAX);
    if size > BOMB && size > packed.saturating_mul(RATIO) {
        return invalid("File exceeds compression ratio of 50", rules::ZIP_RATIO);
    }
    if zip.members.iter().any(|member| !matches!(member.method, 0 | 8)) {
        return invalid("File does not use a supported compression type", rules::ZIP_METHOD);
    }
    let (target, rule) = needed(filename, &zip)?;
    match zip.read(&target) {
        Some(Ok(_)) => {}
        Some(Err(())) => return invalid("None", rules::ARCHIVE_BROKEN),
        None => {
            let name = target.rsplit('/').next().unwrap_or_default();
            return invalid(format!("{name} not found at {target}"), rule);
        }
    }
    match framing::check(&zip) {
        Ok(()) => Ok(zip),
        Err(why) => invalid(
            format!(
                "ZIP archive not accepted: {why}. See {}/archives for more information",
                rules::DOCS
            ),
            rules::ZIP_FRAMING,
        ),
    }
}

/// The member that must be there, and the rule that says so.
fn needed(filename: &str, zip: &Zip<'_>) -> Checked<(String, Rule)> {
    if filename.ends_with(".zip") {
        let names = zip.members.iter().filter_map(|member| member.name.as_deref());
        let top = tarball::common_folder(names);
        if top.is_empty() {
            return top_level();
        }
        return Ok((format!("{top}/PKG-INFO"), rules::PKG_INFO));
    }
    if filename.split('-').count() < 3 {
        let why = "Unable to parse name and version from wheel filename";
        return invalid(why, rules::WHEEL_NAME_FORM);
    }
    Ok((format!("{}/WHEEL", dist_info(filename)), rules::WHEEL_FILE))
}

fn check_tar(tar: Tarball) -> Checked<Tarball> {
    if tar.sparse {
        return invalid(
            format!(
                "tar archive not accepted: Sparse members are not allowed. See {}/archives for more information",
                rules::DOCS
            ),
            rules::TAR_SPARSE,
        );
    }
    let top = tarball::common_folder(tar.names.iter().map(String::as_str));
    if top.is_empty() {
        return top_level();
    }
    let target = format!("{top}/PKG-INFO");
    if tar.has(&target) {
        return Ok(tar);
    }
    invalid(format!("PKG-INFO not found at {target}"), rules::PKG_INFO)
}

fn top_level<T>() -> Checked<T> {
    invalid("Incorrect number of top-level directories in sdist", rules::TOP_LEVEL)
}
