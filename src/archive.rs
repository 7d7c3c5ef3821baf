//! Archives that come out the same each time: entries in the order of their names, one time for
//! all, no owner. Pure: reads and writes what it is given.
//!
//! Turned down: starting `tar` and `zip`, whose output differs from system to system.

use std::io::{self, Read, Seek, Write};

/// A file on its way into an archive.
pub struct Entry<R> {
    /// Its path there, with `/` between parts.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Whether it may be executed.
    pub executable: bool,
    /// What it holds.
    pub content: R,
}

/// Writes a gzipped tar archive (POSIX.1-2001); `time` is in seconds since 1970.
///
/// # Errors
/// Reading or writing failed.
pub fn tar_gz<R: Read>(to: impl Write, entries: Vec<Entry<R>>, time: u64) -> io::Result<()> {
    let mut gzip = flate2::GzBuilder::new().write(to, flate2::Compression::best());
    tar(&mut gzip, entries, time)?;
    gzip.finish()?.flush()
}

/// The same without compression.
///
/// # Errors
/// Reading or writing failed.
pub fn tar<R: Read>(to: impl Write, entries: Vec<Entry<R>>, time: u64) -> io::Result<()> {
    let mut archive = tar::Builder::new(to);
    for mut entry in in_order(entries) {
        let mut header = tar::Header::new_ustar();
        header.set_size(entry.size);
        header.set_mtime(time);
        header.set_mode(mode(entry.executable));
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, &entry.name, &mut entry.content)?;
    }
    archive.into_inner()?.flush()
}

/// Writes a zip archive; each entry bears the first moment that the format knows (1980).
///
/// # Errors
/// Reading or writing failed.
pub fn zip<R: Read>(to: impl Write + Seek, entries: Vec<Entry<R>>) -> io::Result<()> {
    let mut archive = zip::ZipWriter::new(to);
    for mut entry in in_order(entries) {
        let options = zip::write::SimpleFileOptions::default()
            .last_modified_time(zip::DateTime::default())
            .large_file(entry.size > u64::from(u32::MAX))
            .unix_permissions(mode(entry.executable));
        archive.start_file(entry.name, options).map_err(io::Error::other)?;
        io::copy(&mut entry.content, &mut archive)?;
    }
    archive.finish().map_err(io::Error::other)?.flush()
}

fn in_order<R>(mut entries: Vec<Entry<R>>) -> Vec<Entry<R>> {
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    entries
}

fn mode(executable: bool) -> u32 {
    if executable { 0o755 } else { 0o644 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(names: &[&str]) -> Vec<Entry<&'static [u8]>> {
        let entry = |name: &&str| Entry {
            name: (*name).to_owned(),
            size: 4,
            executable: name.starts_with("bin"),
            content: b"data".as_slice(),
        };
        names.iter().map(entry).collect()
    }

    #[test]
    fn the_order_of_files_does_not_matter() {
        let long = "deep/".repeat(40) + "file";
        let (one, other) = (["b", "bin/a", long.as_str()], [long.as_str(), "bin/a", "b"]);
        let tar = |names: &[&str]| {
            let mut bytes = Vec::new();
            tar_gz(&mut bytes, entries(names), 1_600_000_000).unwrap();
            bytes
        };
        assert_eq!(tar(&one), tar(&other));
        let bytes = tar(&one);
        let mut read = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let names: Vec<String> = read
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["b", "bin/a", &long]);
        let zipped = |names: &[&str]| {
            let mut bytes = io::Cursor::new(Vec::new());
            zip(&mut bytes, entries(names)).unwrap();
            bytes.into_inner()
        };
        assert_eq!(zipped(&one), zipped(&other));
        let mut read = zip::ZipArchive::new(io::Cursor::new(zipped(&one))).unwrap();
        assert_eq!(
            read.by_name("bin/a").unwrap().unix_mode().map(|mode| mode & 0o777),
            Some(0o755)
        );
    }
}
