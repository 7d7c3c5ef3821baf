//! Wheels and source distributions for the tests, whole and broken.
//!
//! Archives are written byte by byte, so that single records can be spoilt. Turned down: the `zip` crate
//! for all of them; one test uses it, as a writer that is not ours.

/// Members of a small wheel, in order.
const MEMBERS: [(&str, &str); 4] = [
    ("widget/__init__.py", "x = 1\n"),
    ("widget-1.2.3.dist-info/METADATA", "Metadata-Version: 2.4\nName: widget\nVersion: 1.2.3\n"),
    ("widget-1.2.3.dist-info/WHEEL", "Wheel-Version: 1.0\n"),
    ("widget-1.2.3.dist-info/RECORD", "widget/__init__.py,,\n"),
];

/// A wheel with more members, or with others of the same name.
pub(super) fn wheel(more: &[(&str, &str)]) -> Vec<u8> {
    let mut members = MEMBERS.to_vec();
    for (name, text) in more {
        members.retain(|(member, _)| member != name);
        members.push((name, text));
    }
    zip(&members)
}

/// A wheel of the same members under another name and version.
pub(super) fn wheel_of(stem: &str) -> Vec<u8> {
    let renamed: Vec<(String, &str)> =
        MEMBERS.iter().map(|(name, text)| (name.replace("widget-1.2.3", stem), *text)).collect();
    let members: Vec<(&str, &str)> =
        renamed.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    zip(&members)
}

/// A wheel without one of its members.
pub(super) fn wheel_without(end: &str) -> Vec<u8> {
    let mut members = MEMBERS.to_vec();
    members.retain(|(name, _)| !name.ends_with(end));
    zip(&members)
}

/// An archive of stored members.
pub(super) fn zip(members: &[(&str, &str)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, text) in members {
        let mut checksum = flate2::Crc::new();
        checksum.update(text.as_bytes());
        let size = u32::try_from(text.len()).unwrap().to_le_bytes();
        let shared = [
            &[20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0][..],
            &checksum.sum().to_le_bytes(),
            &size,
            &size,
            &u16::try_from(name.len()).unwrap().to_le_bytes(),
            &[0, 0],
        ]
        .concat();
        let offset = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        bytes.extend([b"PK\x03\x04", shared.as_slice(), name.as_bytes(), text.as_bytes()].concat());
        directory.extend(
            [b"PK\x01\x02\x14\x00", shared.as_slice(), &[0; 10], &offset, name.as_bytes()].concat(),
        );
    }
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let offset = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    bytes.extend(directory);
    bytes.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &offset, &[0, 0]].concat());
    bytes
}

/// Where the directory of such an archive begins.
pub(super) fn directory(bytes: &[u8]) -> usize {
    bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap()
}

/// A deflated wheel from a writer that is not ours.
pub(super) fn foreign_wheel() -> Vec<u8> {
    use std::io::Write as _;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in MEMBERS {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.repeat(50).as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A source distribution with `PKG-INFO` in its folder, and more members.
pub(super) fn sdist(folder: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let main = format!("{folder}/PKG-INFO");
    let mut members = vec![(main.as_str(), "Name: widget\n"), ("", "")];
    members.extend(more);
    let code = format!("{folder}/widget.py");
    members[1] = (code.as_str(), "x = 1\n");
    tarball(&members)
}

/// A gzipped tar archive.
pub(super) fn tarball(members: &[(&str, &str)]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for (name, text) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(text.len()).unwrap());
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A source distribution with a member that says it has holes.
pub(super) fn sparse_sdist() -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    tar.append_pax_extensions([("GNU.sparse.major", b"1".as_slice())]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(0);
    tar.append_data(&mut header, "widget-1.2.3/PKG-INFO", &b""[..]).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}
