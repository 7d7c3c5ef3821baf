//! What is read out of a wheel: its metadata and the names it lets a user import.
//!
//! Works on the zip's directory and one member. It neither installs nor imports anything and leaves
//! framing, RECORD and tags to `check`. Trusting `top_level.txt` for the names was
//! turned down: only setuptools writes it, and nothing keeps it true.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::result::ZipError;

use super::Invalid;
use super::metadata::Metadata;

const REBUILD: &str = "rebuild the wheel";

/// Reads `{name}-{version}.dist-info/METADATA`, both parts literally as in the file name.
///
/// Errors: [`Invalid`] when the bytes are no zip, list a name twice, lack that member, or when the
/// member is too large, not UTF-8 or not core metadata. Source: binary distribution format
/// specification.
pub fn metadata(name: &str, reader: impl Read + Seek) -> Result<Metadata, Invalid> {
    let mut archive = open(reader)?;
    if archive.has_duplicate_names() {
        return Err(Invalid::new(format!("`{name}` lists a member twice"), REBUILD));
    }
    let stem: Vec<&str> = name.splitn(3, '-').take(2).collect();
    let path = format!("{}.dist-info/METADATA", stem.join("-"));
    let member = match archive.by_name(&path) {
        Ok(member) => member,
        Err(ZipError::FileNotFound) => {
            let message = format!("`{name}` has no `{path}`");
            return Err(Invalid::new(message, "rebuild the wheel and do not rename it"));
        }
        Err(error) => {
            return Err(Invalid::new(format!("`{path}` cannot be read: {error}"), REBUILD));
        }
    };
    let what = format!("`METADATA` of `{name}`");
    super::parse(&what, &super::text(&what, member)?)
}

/// Lists the top-level names that an installed wheel can import, sorted.
///
/// A name is a package, a namespace directory (PEP 420) with a module somewhere below it, a single
/// module or an extension module. What a `.data` directory puts into site-packages counts as well.
/// Names with a leading `_` are left out unless there are no others. Errors: [`Invalid`] when the
/// bytes are no zip or a member's name is not text. Source: binary distribution format
/// specification.
pub fn import_names(reader: impl Read + Seek) -> Result<Vec<String>, Invalid> {
    let archive = open(reader)?;
    let mut names = BTreeSet::new();
    for path in archive.file_names() {
        let path = path.map_err(|error| not_a_zip(&error))?;
        names.extend(import_name(&path).map(str::to_owned));
    }
    if names.iter().any(|name| !name.starts_with('_')) {
        names.retain(|name| !name.starts_with('_'));
    }
    Ok(names.into_iter().collect())
}

fn open<R: Read + Seek>(reader: R) -> Result<ZipArchive<R>, Invalid> {
    ZipArchive::new(reader).map_err(|error| not_a_zip(&error))
}

fn not_a_zip(error: &ZipError) -> Invalid {
    Invalid::new(format!("the wheel is not a readable zip: {error}"), REBUILD)
}

fn import_name(path: &str) -> Option<&str> {
    let path = match path.split_once('/') {
        Some((top, below)) if top.strip_suffix(".data").is_some() => {
            below.strip_prefix("purelib/").or_else(|| below.strip_prefix("platlib/"))?
        }
        _ => path,
    };
    let file = path.rsplit('/').next()?;
    let (stem, suffix) = file.split_once('.')?;
    let module = suffix == "py" || ["so", "pyd"].contains(&suffix.rsplit('.').next()?);
    let top = path.split_once('/').map_or(stem, |(top, _)| top);
    (module && is_identifier(top) && !is_dunder(top)).then_some(top)
}

fn is_identifier(text: &str) -> bool {
    !text.starts_with(char::is_numeric)
        && !text.is_empty()
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn is_dunder(text: &str) -> bool {
    text.starts_with("__") && text.ends_with("__")
}

#[cfg(test)]
mod tests {
    use super::super::samples::{CORE, zip};
    use super::*;

    const FILE: &str = "Demo_Pkg-1.0-1-py3-none-any.whl";

    fn names(paths: &[&str]) -> Vec<String> {
        let entries: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "")).collect();
        import_names(zip(&entries)).unwrap()
    }

    #[test]
    fn metadata_lies_at_the_literal_name() {
        let found =
            metadata(FILE, zip(&[("x/METADATA", ""), ("Demo_Pkg-1.0.dist-info/METADATA", CORE)]));
        assert_eq!(found.unwrap().name(), "Demo.Pkg");
        let missing =
            metadata(FILE, zip(&[("demo_pkg-1.0.dist-info/METADATA", CORE)])).unwrap_err();
        assert_eq!(missing.message, format!("`{FILE}` has no `Demo_Pkg-1.0.dist-info/METADATA`"));
    }

    #[test]
    fn bytes_that_are_no_zip_are_refused() {
        let refused = metadata(FILE, std::io::Cursor::new(b"PK\x05\x06".to_vec())).unwrap_err();
        assert!(refused.message.starts_with("the wheel is not a readable zip"));
        assert!(import_names(std::io::Cursor::new(Vec::new())).is_err());
    }

    #[test]
    fn a_zip_bomb_is_cut_off() {
        let big = " ".repeat(17 << 20);
        let refused =
            metadata(FILE, zip(&[("Demo_Pkg-1.0.dist-info/METADATA", &big)])).unwrap_err();
        assert!(refused.message.ends_with("is larger than 16 MiB"));
    }

    #[test]
    fn packages_modules_and_extensions_are_importable() {
        assert_eq!(
            names(&["six.py", "six-1.0.dist-info/RECORD", "six-1.0.dist-info/x.py"]),
            ["six"]
        );
        assert_eq!(names(&["zope/interface/__init__.py", "zope.interface-8-nspkg.pth"]), ["zope"]);
        assert_eq!(
            names(&["a.cpython-311-x86_64-linux-gnu.so", "b.pyd", "c.abi3.so"]),
            ["a", "b", "c"]
        );
        assert_eq!(names(&["d-1.data/purelib/d/x.py", "d-1.data/scripts/run.py"]), ["d"]);
    }

    #[test]
    fn data_stubs_and_private_names_are_not() {
        let paths = [
            "a/py.typed",
            "share/doc.txt",
            "a-stubs/b.pyi",
            "n.libs/libz.so",
            "__init__.py",
            "1a/b.py",
        ];
        assert_eq!(names(&paths), [""; 0]);
        assert_eq!(names(&["_impl/__init__.py", "cffi/api.py"]), ["cffi"]);
        assert_eq!(names(&["_impl.abi3.so"]), ["_impl"]);
    }
}
