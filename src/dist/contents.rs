//! What is in an archive: the names and sizes of its files, for a person who has to agree to it.
//!
//! Names are given as they stand there, whatever they are: whoever shows them makes them harmless.
//! Nothing is unpacked to disk, and no more than a bound of it into memory. The sizes of a zip are those
//! of its directory. Folders are left out, links are named with where they lead.

use std::io::{Read, Seek};

use flate2::read::MultiGzDecoder;
use tar::Archive;
use zip::ZipArchive;

use super::Invalid;

/// The most that an archive may unpack to, 4 GiB, as for an sdist.
const MAX_UNPACKED: u64 = 4 << 30;
/// The most files of an archive: more are no list that anybody reads.
const MAX_MEMBERS: usize = 200_000;

/// How the names of archives end.
const ENDINGS: [(&str, Form); 5] = [
    (".whl", Form::Zip),
    (".zip", Form::Zip),
    (".tar.gz", Form::TarGz),
    (".tgz", Form::TarGz),
    (".crate", Form::TarGz),
];

/// The form of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A zip, as wheels are.
    Zip,
    /// A gzipped tar, as sdists and crates are.
    TarGz,
}

impl Form {
    /// The form that a file's name tells, if it is that of an archive.
    pub fn of(name: &str) -> Option<Self> {
        ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, form)| *form)
    }
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its path there.
    pub name: String,
    /// Its size in bytes, unpacked.
    pub size: u64,
}

/// The files in an archive, in the order of their names.
///
/// # Errors
/// The bytes are no such archive, or one that is too large.
pub fn members(form: Form, reader: impl Read + Seek) -> Result<Vec<Member>, Invalid> {
    let mut all = match form {
        Form::Zip => of_zip(reader)?,
        Form::TarGz => of_tar(reader, MAX_UNPACKED)?,
    };
    all.sort();
    Ok(all)
}

fn broken(error: impl std::fmt::Display) -> Invalid {
    Invalid::new(format!("it is no readable archive: {error}"), "build it anew")
}

fn too_large(what: String) -> Invalid {
    Invalid::new(what, "leave out of it what does not belong there")
}

fn of_zip(reader: impl Read + Seek) -> Result<Vec<Member>, Invalid> {
    let mut archive = ZipArchive::new(reader).map_err(broken)?;
    if archive.len() > MAX_MEMBERS {
        return Err(too_large(format!("it holds more than {MAX_MEMBERS} files")));
    }
    let mut all = Vec::new();
    for at in 0..archive.len() {
        let file = archive.by_index_raw(at).map_err(broken)?;
        let name = String::from_utf8_lossy(file.name_raw()).into_owned();
        if !name.ends_with('/') {
            all.push(Member { name, size: file.size() });
        }
    }
    Ok(all)
}

fn of_tar(reader: impl Read, limit: u64) -> Result<Vec<Member>, Invalid> {
    let mut archive = Archive::new(MultiGzDecoder::new(reader).take(limit));
    let listed = list(&mut archive);
    if archive.into_inner().limit() == 0 {
        return Err(too_large(format!("it unpacks to more than {} MiB", limit >> 20)));
    }
    listed
}

fn list(archive: &mut Archive<impl Read>) -> Result<Vec<Member>, Invalid> {
    let mut all = Vec::new();
    for entry in archive.entries().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        if entry.header().entry_type().is_dir() {
            continue;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut name = text(&entry.path_bytes());
        if let Some(target) = entry.link_name_bytes() {
            name = format!("{name} -> {}", text(&target));
        }
        if all.len() == MAX_MEMBERS {
            return Err(too_large(format!("it holds more than {MAX_MEMBERS} files")));
        }
        all.push(Member { name, size: entry.size() });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::samples::{tar_gz, zip};
    use super::*;

    fn listed(form: Form, bytes: Cursor<Vec<u8>>) -> Vec<(String, u64)> {
        members(form, bytes).unwrap().into_iter().map(|one| (one.name, one.size)).collect()
    }

    #[test]
    fn wheels_and_sdists_tell_names_and_sizes_in_order() {
        let entries = [("demo/b.py", "12345"), ("demo/a.py", ""), ("demo-1.dist-info/RECORD", "1")];
        let wanted = [("demo-1.dist-info/RECORD", 1), ("demo/a.py", 0), ("demo/b.py", 5)];
        let wanted = wanted.map(|(name, size)| (name.to_owned(), size));
        assert_eq!(listed(Form::Zip, zip(&entries)), wanted);
        assert_eq!(listed(Form::TarGz, tar_gz(&entries)), wanted);
    }

    #[test]
    fn names_stay_as_they_are_however_bad() {
        let name = "../\u{1b}[31m|<b>\n";
        assert_eq!(listed(Form::Zip, zip(&[(name, "x")])), [(name.to_owned(), 1)]);
    }

    #[test]
    fn a_link_is_named_with_where_it_leads() {
        let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut builder = tar::Builder::new(gzip);
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        builder.append_link(&mut header, "d-1/passwd", "/etc/passwd").unwrap();
        let mut folder = tar::Header::new_gnu();
        folder.set_entry_type(tar::EntryType::Directory);
        folder.set_size(0);
        builder.append_data(&mut folder, "d-1/empty/", [].as_slice()).unwrap();
        let bytes = Cursor::new(builder.into_inner().unwrap().finish().unwrap());
        assert_eq!(listed(Form::TarGz, bytes), [("d-1/passwd -> /etc/passwd".to_owned(), 0)]);
    }

    #[test]
    fn what_is_no_archive_or_too_large_is_refused() {
        for form in [Form::Zip, Form::TarGz] {
            let refused = members(form, Cursor::new(b"no archive".to_vec())).unwrap_err();
            assert!(refused.message.starts_with("it is no readable archive"), "{refused}");
        }
        let big = " ".repeat(2 << 20);
        let refused = of_tar(tar_gz(&[("d-1/big", &big)]), 1 << 20).unwrap_err();
        assert_eq!(refused.message, "it unpacks to more than 1 MiB");
    }

    #[test]
    fn the_name_tells_the_form() {
        let table = [
            ("d-1-py3-none-any.whl", Some(Form::Zip)),
            ("d-1.tar.gz", Some(Form::TarGz)),
            ("d-1.0.0.crate", Some(Form::TarGz)),
            ("SHA256SUMS", None),
        ];
        for (name, form) in table {
            assert_eq!(Form::of(name), form, "{name}");
        }
    }
}
