//! Archives built in memory for the tests of this module; compiled for tests only.
//!
//! Holds no expectations of its own. Committed binary fixtures were turned down: a reader of a test
//! could not see what is in them.

use std::io::{Cursor, Write};

pub(super) const CORE: &str = "Metadata-Version: 2.1\nName: Demo.Pkg\nVersion: 1.0\n";

pub(super) fn zip(entries: &[(&str, &str)]) -> Cursor<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap()
}

pub(super) fn tar_gz(entries: &[(&str, &str)]) -> Cursor<Vec<u8>> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gzip);
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    Cursor::new(builder.into_inner().unwrap().finish().unwrap())
}
