//! The members of a source distribution in a gzipped tar archive.
//!
//! Contents are not kept: the index looks at names only. Turned down: unpacking, which a rehearsal
//! has no use for.

use std::io::Read as _;

/// What the index wants to know of the archive.
#[derive(Debug, Default)]
pub(super) struct Tarball {
    /// Names of the members, without a slash at the end.
    pub(super) names: Vec<String>,
    /// Whether a member has holes.
    pub(super) sparse: bool,
}

/// Whether Python would call this a tar archive: the first header is read, nothing else.
pub(super) fn is_tar(bytes: &[u8]) -> bool {
    let mut head = Vec::new();
    let mut gzip = flate2::read::GzDecoder::new(bytes).take(512);
    let found = if bytes.starts_with(b"\x1f\x8b") {
        gzip.read_to_end(&mut head).is_ok().then_some(head.as_slice())
    } else {
        bytes.get(..512)
    };
    let Some(head) = found.filter(|head| head.len() == 512) else {
        return false;
    };
    let empty = head.iter().all(|byte| *byte == 0);
    let mut header = tar::Header::new_old();
    header.as_mut_bytes().copy_from_slice(head);
    let sum: u32 = head[..148].iter().chain(&head[156..]).map(|byte| u32::from(*byte)).sum();
    empty || header.cksum().is_ok_and(|written| written == sum + 8 * 32)
}

impl Tarball {
    /// Reads the whole archive.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
        let mut found = Self::default();
        for entry in archive.entries().ok()? {
            let mut entry = entry.ok()?;
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            found.sparse |= entry.header().entry_type().is_gnu_sparse();
            if let Some(extensions) = entry.pax_extensions().ok()? {
                for extension in extensions {
                    found.sparse |= extension.ok()?.key_bytes().starts_with(b"GNU.sparse");
                }
            }
            found.names.push(path.trim_end_matches('/').to_owned());
        }
        Some(found)
    }

    /// Whether it has a member of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|member| member == name)
    }
}

/// The folder that all names have in common, or nothing.
pub(super) fn common_folder<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut common: Option<Vec<&str>> = None;
    for name in names {
        let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let shared = match common {
            None => parts,
            Some(common) => {
                let same = common.iter().zip(&parts).take_while(|(one, other)| one == other);
                same.map(|(part, _)| *part).collect()
            }
        };
        common = Some(shared);
    }
    common.unwrap_or_default().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_folder_is_that_of_all_names() {
        assert_eq!(common_folder(["a/b", "a/c/d", "a"]), "a");
        assert_eq!(common_folder(["a/b/c", "a/b/d"]), "a/b");
        assert_eq!(common_folder(["./a/b", "c"]), "");
        assert_eq!(common_folder([]), "");
    }
}
