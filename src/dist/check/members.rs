//! The members of an archive: what they are, their digests, and the few texts that rules read.
//!
//! Each is read once, in pieces. Turned down: unpacking to a folder, where names would come to bear.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use super::frame;
use super::leaks::Watch;
use crate::dist::MAX_METADATA;

/// The most that an archive may unpack to, 4 GiB, as for an sdist.
const MAX_UNPACKED: u64 = 4 << 30;
/// The most members that are looked at.
const MAX_MEMBERS: usize = 200_000;
/// Names of members whose text is kept.
const KEPT: [&str; 5] = ["METADATA", "WHEEL", "RECORD", "entry_points.txt", "PKG-INFO"];

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Class {
    File,
    Folder,
    /// A link, with where it leads.
    Link(String),
    /// A hard link, with the member that it is.
    Same(String),
    /// A device, a pipe.
    Special,
}

/// A member.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) class: Class,
    pub(super) size: u64,
    /// Digest of what it holds, if that could be read.
    pub(super) sha256: Option<[u8; 32]>,
    /// Why it could not be read.
    pub(super) wrong: Option<String>,
    /// What it holds that nobody should see.
    pub(super) leaks: Vec<&'static str>,
    /// What it holds, of the few that rules read.
    pub(super) text: Option<Vec<u8>>,
    /// It cannot be read without a password.
    pub(super) encrypted: bool,
    /// It is written with holes.
    pub(super) sparse: bool,
    /// It is packed in a way that every reader knows.
    pub(super) known_method: bool,
}

impl Member {
    fn new(name: String, class: Class, size: u64) -> Self {
        Self {
            name,
            class,
            size,
            sha256: None,
            wrong: None,
            leaks: Vec::new(),
            text: None,
            encrypted: false,
            sparse: false,
            known_method: true,
        }
    }

    pub(super) fn is_folder(&self) -> bool {
        self.class == Class::Folder
    }

    /// The last part of its name.
    pub(super) fn base(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// Reads what it holds.
    fn read(&mut self, mut reader: impl Read) {
        let keeps = KEPT.contains(&self.base());
        let (mut sha256, mut watch) = (Sha256::new(), Watch::default());
        let (mut text, mut size) = (Vec::new(), 0);
        let mut piece = vec![0; 1 << 16];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => {
                    let piece = &piece[..count];
                    size += count as u64;
                    sha256.update(piece);
                    watch.see(piece);
                    if keeps && size <= MAX_METADATA {
                        text.extend_from_slice(piece);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.wrong = Some(error.to_string());
                    return;
                }
            }
        }
        if size != self.size {
            self.wrong = Some(format!("it holds {size} bytes where {} are announced", self.size));
            return;
        }
        self.sha256 = Some(sha256.finalize().into());
        self.leaks = watch.end();
        self.text = (keeps && size <= MAX_METADATA).then_some(text);
    }
}

/// An archive that could be read, at least its list.
#[derive(Debug)]
pub(super) struct Archive {
    pub(super) members: Vec<Member>,
    /// What is wrong with the records around the members of a zip.
    pub(super) frame: Vec<String>,
}

/// Reads the archive of this file name.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Archive, String> {
    if name.ends_with(".whl") {
        return zipped(bytes);
    }
    if !name.ends_with(".tar.gz") {
        return Err("its name is that of no archive".into());
    }
    let members = tarred(bytes, MAX_UNPACKED)?;
    let both = ZipArchive::new(Cursor::new(bytes)).is_ok() || frame::is_zip(bytes);
    let frame =
        if both { vec!["it is a gzipped tar and a zip at once".to_owned()] } else { Vec::new() };
    Ok(Archive { members, frame })
}

fn zipped(bytes: &[u8]) -> Result<Archive, String> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    if archive.len() > MAX_MEMBERS {
        return Err(format!("it holds more than {MAX_MEMBERS} files"));
    }
    let (mut members, mut left) = (Vec::new(), MAX_UNPACKED);
    for at in 0..archive.len() {
        let mut member = listed(&mut archive, at)?;
        if member.class == Class::File && !member.encrypted && member.known_method {
            left = left
                .checked_sub(member.size)
                .ok_or_else(|| format!("it unpacks to more than {} GiB", MAX_UNPACKED >> 30))?;
            match archive.by_index(at) {
                Ok(file) => {
                    let size = member.size;
                    member.read(file.take(size.saturating_add(1)));
                }
                Err(error) => member.wrong = Some(error.to_string()),
            }
        }
        members.push(member);
    }
    Ok(Archive { members, frame: frame::faults(bytes) })
}

fn listed(archive: &mut ZipArchive<Cursor<&[u8]>>, at: usize) -> Result<Member, String> {
    let file = archive.by_index_raw(at).map_err(|error| error.to_string())?;
    let name = String::from_utf8_lossy(file.name_raw()).into_owned();
    let class = match file.unix_mode() {
        _ if name.ends_with('/') => Class::Folder,
        Some(mode) if mode & 0o170_000 == 0o120_000 => Class::Link(String::new()),
        _ => Class::File,
    };
    let known = matches!(
        file.compression(),
        zip::CompressionMethod::Stored | zip::CompressionMethod::Deflated
    );
    let encrypted = file.encrypted();
    let size = file.size();
    Ok(Member { known_method: known, encrypted, ..Member::new(name, class, size) })
}

fn tarred(bytes: &[u8], limit: u64) -> Result<Vec<Member>, String> {
    let mut archive = tar::Archive::new(MultiGzDecoder::new(bytes).take(limit));
    let members = entries(&mut archive);
    if archive.into_inner().limit() == 0 {
        return Err(format!("it unpacks to more than {} MiB", limit >> 20));
    }
    members.map_err(|error| error.to_string())
}

fn entries(archive: &mut tar::Archive<impl Read>) -> io::Result<Vec<Member>> {
    let mut members = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        if members.len() == MAX_MEMBERS {
            return Err(io::Error::other(format!("it holds more than {MAX_MEMBERS} files")));
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let name = text(&entry.path_bytes());
        let target = entry.link_name_bytes().map(|target| text(&target)).unwrap_or_default();
        let kind = entry.header().entry_type();
        let class = match kind {
            _ if kind.is_dir() => Class::Folder,
            _ if kind.is_symlink() => Class::Link(target),
            _ if kind.is_hard_link() => Class::Same(target),
            _ if kind.is_file() || kind.is_gnu_sparse() || kind.is_contiguous() => Class::File,
            _ => Class::Special,
        };
        let mut member = Member::new(name, class, entry.size());
        member.sparse = kind.is_gnu_sparse() || holes(&mut entry)?;
        if member.class == Class::File {
            member.read(&mut entry);
            if let Some(wrong) = &member.wrong {
                return Err(io::Error::other(wrong.clone()));
            }
        }
        members.push(member);
    }
    Ok(members)
}

/// Whether the extended headers speak of holes.
fn holes(entry: &mut tar::Entry<'_, impl Read>) -> io::Result<bool> {
    let Some(extensions) = entry.pax_extensions()? else { return Ok(false) };
    for extension in extensions {
        if extension?.key_bytes().starts_with(b"GNU.sparse.") {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::samples::{tar_gz, zip};

    #[test]
    fn members_are_read_whole_with_their_digests() {
        let bytes = zip(&[("a/METADATA", "x"), ("a/b.py", "yy")]).into_inner();
        let archive = read("d-1-py3-none-any.whl", &bytes).unwrap();
        let told: Vec<_> =
            archive.members.iter().map(|member| (member.size, member.text.is_some())).collect();
        assert_eq!(told, [(1, true), (2, false)]);
        assert_eq!(archive.members[1].sha256, Some(Sha256::digest("yy").into()));
    }

    #[test]
    fn bombs_and_broken_archives_are_no_archives() {
        let bytes = tar_gz(&[("d-1/a", &" ".repeat(3 << 20))]).into_inner();
        assert_eq!(tarred(&bytes, 1 << 20).unwrap_err(), "it unpacks to more than 1 MiB");
        assert!(tarred(&bytes, 1 << 30).is_ok());
        for name in ["d-1.tar.gz", "d-1-py3-none-any.whl", "d-1.zip"] {
            assert!(read(name, b"nothing of the kind").is_err(), "{name}");
        }
    }
}
