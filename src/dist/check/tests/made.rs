//! Wheels and sdists made in memory, each with one thing that is wrong. Members are stored, so that their bytes
//! can be found and changed.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;

use super::super::policy::Wishes;
use super::super::{Around, Finding, Policy, check};

pub(super) const WHEEL: &str = "time_piece-1.0-py3-none-any.whl";
pub(super) const SDIST: &str = "time_piece-1.0.tar.gz";
pub(super) const INFO: &str = "time_piece-1.0.dist-info";
/// What every metadata needs to be in order.
pub(super) const END: &str = "Description-Content-Type: text/markdown\n\nTells the time.\n";

pub(super) type Files = Vec<(String, Vec<u8>)>;

/// A file, and what is around it.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) around: Around<'static>,
    pub(super) wishes: Wishes,
}

impl Case {
    pub(super) fn new(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes, around: Around::default(), wishes: Wishes::default() }
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        check(&self.name, &self.bytes, &self.around, &Policy::new(&self.wishes).unwrap())
    }
}

pub(super) fn metadata(lines: &str) -> String {
    let (version, lines) = lines.split_once('|').unwrap_or(("2.4", lines));
    format!("Metadata-Version: {version}\nName: time-piece\nVersion: 1.0\n{lines}{END}")
}

pub(super) fn packed(files: &Files) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in files {
        writer.start_file(name.as_str(), options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The files of a wheel, with a RECORD that is made at the end.
pub(super) fn wheel_files(lines: &str, more: &[(&str, &str)]) -> Files {
    let texts = [
        ("time_piece.py".to_owned(), "x = 1\n".to_owned()),
        (format!("{INFO}/METADATA"), metadata(lines)),
        (format!("{INFO}/WHEEL"), "Wheel-Version: 1.0\nTag: py3-none-any\n".to_owned()),
    ];
    let more = more.iter().map(|(name, text)| (name.replace("INFO", INFO), (*text).to_owned()));
    texts.into_iter().chain(more).map(|(name, text)| (name, text.into_bytes())).collect()
}

pub(super) fn recorded(mut files: Files) -> Files {
    let mut record = Vec::new();
    for (name, bytes) in &files {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
        let name = name.replace('"', "\"\"");
        writeln!(record, "\"{name}\",sha256={digest},{}", bytes.len()).unwrap();
    }
    let name = format!("{INFO}/RECORD");
    writeln!(record, "{name},,").unwrap();
    files.push((name, record));
    files
}

pub(super) fn wheel(lines: &str) -> Case {
    Case::new(WHEEL, packed(&recorded(wheel_files(lines, &[]))))
}

pub(super) fn wheel_with(name: &str, text: &str) -> Case {
    Case::new(WHEEL, packed(&recorded(wheel_files("", &[(name, text)]))))
}

/// The usual wheel after a change of its files, RECORD among them.
pub(super) fn changed(change: impl FnOnce(&mut Files)) -> Case {
    let mut files = recorded(wheel_files("", &[]));
    change(&mut files);
    Case::new(WHEEL, packed(&files))
}

/// The usual wheel with other words in its metadata.
pub(super) fn described(from: &str, to: &str) -> Case {
    let mut files = wheel_files("", &[]);
    swap(&mut files[1].1, from, to);
    Case::new(WHEEL, packed(&recorded(files)))
}

pub(super) fn damaged(change: impl FnOnce(&mut Vec<u8>)) -> Case {
    let mut case = wheel("");
    change(&mut case.bytes);
    case
}

/// The usual wheel under another name, its own folder renamed too.
pub(super) fn renamed(name: &str) -> Case {
    let stem: Vec<&str> = name.splitn(3, '-').take(2).collect();
    let parts: Vec<&str> = name.trim_end_matches(".whl").rsplitn(4, '-').take(3).collect();
    let tag = parts.into_iter().rev().collect::<Vec<_>>().join("-");
    let mut files = wheel_files("", &[]);
    files[1].1 =
        metadata("").replace("Version: 1.0\n", &format!("Version: {}\n", stem[1])).into_bytes();
    files[1].1 = String::from_utf8(files[1].1.clone())
        .unwrap()
        .replacen("Metadata-Version: 1.0", "Metadata-Version: 2.4", 1)
        .into_bytes();
    files[2].1 = format!("Tag: {tag}\n").into_bytes();
    let files = recorded(files);
    let own = |(name, bytes): &(String, Vec<u8>)| {
        let text = String::from_utf8(bytes.clone())
            .unwrap()
            .replace("time_piece-1.0.dist", &format!("{}.dist", stem.join("-")));
        (
            name.replace("time_piece-1.0.dist", &format!("{}.dist", stem.join("-"))),
            text.into_bytes(),
        )
    };
    Case::new(name, packed(&files.iter().map(own).collect()))
}

pub(super) type Tar = tar::Builder<flate2::write::GzEncoder<Vec<u8>>>;

pub(super) fn tarred(fill: impl FnOnce(&mut Tar)) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    fill(&mut tar);
    tar.into_inner().unwrap().finish().unwrap()
}

pub(super) fn append(tar: &mut Tar, name: &str, kind: tar::EntryType, content: &str) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    let links = [tar::EntryType::Symlink, tar::EntryType::Link].contains(&kind);
    header.set_size(if links { 0 } else { content.len() as u64 });
    // Names that a careful writer would refuse.
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    if links {
        header.set_link_name_literal(content).unwrap();
    }
    header.set_cksum();
    tar.append(&header, if links { &[] } else { content.as_bytes() }).unwrap();
}

/// An sdist with one more member.
pub(super) fn sdist_with(name: &str, kind: tar::EntryType, content: &str) -> Case {
    let bytes = tarred(|tar| {
        append(tar, "time_piece-1.0/PKG-INFO", tar::EntryType::Regular, &metadata(""));
        append(tar, "time_piece-1.0/time_piece.py", tar::EntryType::Regular, "x = 1\n");
        if !name.is_empty() {
            append(tar, name, kind, content);
        }
    });
    Case::new(SDIST, bytes)
}

pub(super) fn sdist() -> Case {
    sdist_with("", tar::EntryType::Regular, "")
}

pub(super) fn file(name: &str) -> Case {
    sdist_with(name, tar::EntryType::Regular, "x")
}

/// Where the directory's record of a member begins.
pub(super) fn record_at(bytes: &[u8], member: &str) -> usize {
    bytes.windows(member.len()).rposition(|window| window == member.as_bytes()).unwrap() - 46
}

pub(super) fn holes() -> Case {
    let bytes = tarred(|tar| {
        append(tar, "time_piece-1.0/PKG-INFO", tar::EntryType::Regular, &metadata(""));
        tar.append_pax_extensions([("GNU.sparse.major", b"1".as_slice())]).unwrap();
        append(tar, "time_piece-1.0/data", tar::EntryType::Regular, "x");
    });
    Case::new(SDIST, bytes)
}

pub(super) fn key() -> String {
    format!("-----BEGIN {} KEY-----\n{}\n", "PRIVATE", "Ab0/".repeat(16))
}

pub(super) fn beside(other: &'static str) -> Around<'static> {
    Around { siblings: vec![SDIST, other], ..Around::default() }
}

pub(super) fn swap(bytes: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    *bytes = text.replace(from, to).into_bytes();
}

pub(super) fn without(name: &str) -> Case {
    changed(|files| files.retain(|(member, _)| !member.ends_with(name)))
}

pub(super) fn linked_wheel() -> Case {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in recorded(wheel_files("", &[])) {
        if name == "time_piece.py" {
            writer.add_symlink(name, "x = 1\n", options).unwrap();
        } else {
            writer.start_file(name, options).unwrap();
            writer.write_all(&bytes).unwrap();
        }
    }
    Case::new(WHEEL, writer.finish().unwrap().into_inner())
}
