//! Wheels and source distributions, whole and broken.
//!
//! Members are stored, not packed, so that sizes and digests in what rel says stay the same.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

/// A file's name and its bytes.
pub type File = (String, Vec<u8>);
/// Names and texts of an archive's members, in order.
pub type Members = Vec<(String, String)>;

const WHEEL: &str =
    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";

/// Core metadata of a version with more lines.
pub fn metadata(version: &str, more: &str) -> String {
    format!("Metadata-Version: 2.4\nName: time-piece\nVersion: {version}\n{more}")
}

/// The members of the wheel of this name.
pub fn members(name: &str, more: &str) -> Members {
    let stem: Vec<&str> = name.splitn(3, '-').take(2).collect();
    let info = format!("{}.dist-info", stem.join("-"));
    let texts = [
        ("time_piece.py".to_owned(), "x = 1\n".to_owned()),
        (format!("{info}/METADATA"), metadata(stem[1], more)),
        (format!("{info}/WHEEL"), WHEEL.to_owned()),
        (format!("{info}/RECORD"), format!("time_piece.py,,\n{info}/RECORD,,\n")),
    ];
    texts.into()
}

/// A wheel whose metadata has more lines.
pub fn wheel(more: &str) -> File {
    named("time_piece-1.0-py3-none-any.whl", more)
}

/// A wheel of this name.
pub fn named(name: &str, more: &str) -> File {
    (name.to_owned(), zip(&members(name, more)))
}

/// The usual wheel after a change of its members.
pub fn rebuilt(change: impl FnOnce(&mut Members)) -> File {
    let name = "time_piece-1.0-py3-none-any.whl";
    let mut members = members(name, "");
    change(&mut members);
    (name.to_owned(), zip(&members))
}

/// The usual wheel after a change of its bytes.
pub fn damaged(change: impl FnOnce(&mut Vec<u8>)) -> File {
    let (name, mut bytes) = wheel("");
    change(&mut bytes);
    (name, bytes)
}

/// The usual wheel as written by a program that cannot go back in its output.
pub fn streamed() -> File {
    let name = "time_piece-1.0-py3-none-any.whl";
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    for (name, text) in members(name, "") {
        writer.start_file(name, options()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    (name.to_owned(), writer.finish().unwrap().into_inner())
}

/// The archive of these members.
pub fn zip(members: &Members) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        writer.start_file(name.as_str(), options()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored)
}

/// Where the directory's record of a member begins.
pub fn record(bytes: &[u8], member: &str) -> usize {
    let name = bytes.windows(member.len()).rposition(|window| window == member.as_bytes());
    name.unwrap() - 46
}

/// A source distribution of the usual name, with these members.
pub fn sdist(members: &[(&str, &str)]) -> File {
    let mut tar = tar::Builder::new(gzip());
    for (name, text) in members {
        append(&mut tar, name, text);
    }
    ("time_piece-1.0.tar.gz".into(), tar.into_inner().unwrap().finish().unwrap())
}

/// The usual source distribution.
pub fn usual_sdist() -> File {
    let text = metadata("1.0", "");
    sdist(&[("time_piece-1.0/PKG-INFO", &text), ("time_piece-1.0/time_piece.py", "x = 1\n")])
}

/// A source distribution with a member that says it has holes.
pub fn sparse_sdist() -> File {
    let mut tar = tar::Builder::new(gzip());
    append(&mut tar, "time_piece-1.0/PKG-INFO", &metadata("1.0", ""));
    tar.append_pax_extensions([("GNU.sparse.major", b"1".as_slice())]).unwrap();
    append(&mut tar, "time_piece-1.0/data", "x");
    ("time_piece-1.0.tar.gz".into(), tar.into_inner().unwrap().finish().unwrap())
}

type Gzip = flate2::write::GzEncoder<Vec<u8>>;

fn gzip() -> Gzip {
    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none())
}

fn append(tar: &mut tar::Builder<Gzip>, name: &str, text: &str) {
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, name, text.as_bytes()).unwrap();
}

/// A wheel of another project.
pub fn project(name: &str) -> File {
    let file = format!("{name}-1.0-py3-none-any.whl");
    let mut members = members(&file, "");
    members[1].1 = members[1].1.replace("time-piece", name);
    (file, zip(&members))
}
