//! Files of crates as `cargo package` makes them, whole and broken.
//!
//! They are stored, not packed, so that sizes and digests in what rel says stay the same.

use flate2::Compression;
use flate2::write::GzEncoder;
use rel::rehearse::http::Request;
use tar::EntryType;

pub use super::dists::File;

/// The crate that rows are about.
pub const NAME: &str = "time-piece";

/// The manifest of a crate with more lines.
pub fn manifest(name: &str, version: &str, more: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n\
         description = \"a test\"\nlicense = \"MIT\"\n{more}\n"
    )
}

/// A crate with these members, whose paths are below its folder.
pub fn with(stem: &str, members: &[(&str, EntryType, &str)]) -> File {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::none()));
    for (path, kind, text) in members {
        let mut header = tar::Header::new_gnu();
        let path = format!("{stem}/{path}");
        // Written as it is: `tar` refuses paths that lead out.
        let name = &mut header.as_gnu_mut().unwrap().name;
        let long = path.len() > name.len();
        if !long {
            name[..path.len()].copy_from_slice(path.as_bytes());
        }
        header.set_entry_type(*kind);
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        if kind.is_symlink() {
            header.set_link_name("elsewhere").unwrap();
        }
        header.set_cksum();
        if long {
            tar.append_data(&mut header, path, text.as_bytes()).unwrap();
        } else {
            tar.append(&header, text.as_bytes()).unwrap();
        }
    }
    (format!("{stem}.crate"), tar.into_inner().unwrap().finish().unwrap())
}

/// A crate with this manifest and more members.
pub fn made(stem: &str, manifest: &str, more: &[(&str, EntryType, &str)]) -> File {
    let manifest = ("Cargo.toml", EntryType::Regular, manifest);
    with(stem, &[&[manifest], more].concat())
}

/// The first release of a crate.
pub fn first(name: &str) -> File {
    made(&format!("{name}-1.0.0"), &manifest(name, "1.0.0", ""), &[])
}

/// The usual crate with more lines in its manifest.
pub fn usual(more: &str) -> File {
    made("time-piece-1.0.0", &manifest(NAME, "1.0.0", more), &[])
}

/// The same with something else in a text of its manifest.
pub fn replaced(what: &str, by: &str) -> File {
    made("time-piece-1.0.0", &manifest(NAME, "1.0.0", "").replace(what, by), &[])
}

/// Changes an upload on its way: the text about the crate, and the crate.
pub fn alter(request: &mut Request, change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>)) {
    if request.path != "/api/v1/crates/new" {
        return;
    }
    let split = |bytes: &[u8]| {
        let (length, rest) = bytes.split_first_chunk::<4>().unwrap();
        let (part, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        (part.to_vec(), rest.to_vec())
    };
    let (mut text, rest) = split(&request.body);
    let (mut file, _) = split(&rest);
    change(&mut text, &mut file);
    request.body.clear();
    for part in [text, file] {
        request.body.extend(u32::try_from(part.len()).unwrap().to_le_bytes());
        request.body.extend(part);
    }
}
