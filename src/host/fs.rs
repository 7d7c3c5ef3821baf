//! Files: reading, writing so that it lasts, copying with digests, and listing by glob.
//!
//! Paths are absolute; whoever calls decides what they are relative to.

mod glob;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use crate::model::artifact::{Digest, hex};
pub use glob::{Found, GLOB_SIGNS, all_files, find, globs_that_meet, is_glob, is_name, matching};

/// What to do about what a disk said.
pub fn cure(error: &io::Error) -> String {
    let first = match error.kind() {
        io::ErrorKind::InvalidFilename => "rename it",
        io::ErrorKind::ReadOnlyFilesystem => "make the file system writable",
        _ => "make room or repair the disk",
    };
    format!("{first}; then run the same command")
}

/// A name that rel cannot show, and so does not take.
pub fn not_unicode(name: &Path) -> io::Error {
    let why = format!("a file name is not Unicode: {}", name.display());
    io::Error::new(io::ErrorKind::InvalidFilename, why)
}

/// The bytes of a file.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
}

/// The whole text of a file.
pub fn read_text(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

/// The bytes of a plain file that is not longer than `most`.
///
/// # Errors
/// It is none, is longer, or cannot be read.
pub fn read_plain(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let about = fs::metadata(path)?;
    if about.is_file() && about.len() <= most {
        return read(path);
    }
    Err(io::Error::other("it is no plain file, or too long"))
}

/// The whole text of a plain file that somebody names: a pipe would never end, nor a device.
///
/// # Errors
/// It is none, or cannot be read.
pub fn read_plain_text(path: &Path) -> io::Result<String> {
    if fs::metadata(path)?.is_file() {
        return read_text(path);
    }
    Err(io::Error::other("it is no plain file"))
}

/// Opens a file for reading.
pub fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Whether something is there.
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Makes a folder and all above it.
pub fn make_dir(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// The same, where the folders are still there after the machine has gone down: a file that is on disk is
/// lost with a folder that is not.
pub fn make_lasting_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let Some(above) = path.parent() else { return make_dir(path) };
    make_lasting_dir(above)?;
    // Somebody else may make it at the same time.
    make_dir(path)?;
    sync_dir(above)
}

/// Removes a folder with all in it, if it is there.
pub fn remove_dir(path: &Path) -> io::Result<()> {
    if remove_empty_dir(path) {
        return Ok(());
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        // Tools protect their caches; what is to go may be written to first.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_folders(path)?;
            fs::remove_dir_all(path)
        }
        done => done,
    }
}

/// Makes a folder with nothing in it, in the place of what was there.
///
/// # Errors
/// It cannot be made.
pub fn make_empty_dir(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            remove_dir(path).and_then(|()| make_dir(path))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_dir(path),
        made => made,
    }
}

/// Removes a folder if nothing is in it; whether that was so.
pub fn remove_empty_dir(path: &Path) -> bool {
    fs::remove_dir(path).is_ok()
}

/// Lets every folder below be changed.
#[cfg(unix)]
fn open_folders(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(path)?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_folders(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn open_folders(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The first symbolic link on the way from `root` to what lies below it.
pub fn first_link(root: &Path, below: &Path) -> Option<PathBuf> {
    let mut path = root.to_owned();
    below.components().find_map(|part| {
        path.push(part);
        path.is_symlink().then(|| path.clone())
    })
}

/// Removes a file, if it is there.
pub fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Whom something belongs to, and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Whether it belongs to whoever this process runs as.
    pub own: bool,
    /// The number of its file system.
    pub device: u64,
}

/// Whom something belongs to, and where it lies. Links are not followed.
///
/// # Errors
/// It is not there, or the system has no such numbers.
pub fn origin(path: &Path) -> io::Result<Origin> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let about = fs::symlink_metadata(path)?;
        let own = about.uid() == rustix::process::geteuid().as_raw();
        Ok(Origin { own, device: about.dev() })
    }
    #[cfg(not(unix))]
    Err(io::Error::other(format!("nobody owns {}", path.display())))
}

/// The real path, with links followed.
pub fn real(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// Replaces a file as a whole: after a crash it holds the old or the new text, never half of one.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_lasting_dir(folder)?;
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|error| error.error)?;
    sync_dir(folder)
}

/// The same for what may be lost, as long as it is whole or not there: the disk is not waited for.
///
/// # Errors
/// It cannot be written.
pub fn replace_spare(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_dir(folder)?;
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(bytes)?;
    draft.persist(path).map(drop).map_err(|error| error.error)
}

/// What tells a file from another of the same name, and from itself after a change.
///
/// # Errors
/// It is not there.
pub fn stamp(path: &Path) -> io::Result<String> {
    let about = fs::metadata(path)?;
    Ok(format!("{} {:?} {:?}", path.display(), about.len(), about.modified().ok()))
}

/// The same for a file that is there: who may do what with it stays.
///
/// # Errors
/// There is none, or it cannot be written.
pub fn rewrite(path: &Path, text: &str) -> io::Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut draft = tempfile::NamedTempFile::new_in(folder)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().set_permissions(permissions)?;
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|error| error.error)?;
    sync_dir(folder)
}

/// The same as `replace` for whatever `make` writes, with a new file's usual permissions.
pub fn replace_with(path: &Path, make: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut draft = builder.prefix(".").tempfile_in(folder)?;
    make(draft.as_file_mut())?;
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|error| error.error)?;
    sync_dir(folder)
}

/// Writes a file that is not there yet; whatever is there, a link to nothing too, is an error.
pub fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Writes a folder's entries to disk.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Opens a file for appending and reading, made if missing, readable by its owner only.
pub fn open_append(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        make_lasting_dir(folder)?;
    }
    let mut options = OpenOptions::new();
    options.create(true).read(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a file that is not there yet, readable by its owner only, with the folder that it is in.
///
/// # Errors
/// It is there, or cannot be made.
pub fn open_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match (options.open(path), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
            make_dir(folder)?;
            options.open(path)
        }
        (opened, _) => opened,
    }
}

/// Lets `to` lead to the folder `from`, unless it does so already.
///
/// # Errors
/// Something else is there, or the system has no such links.
pub fn link_dir(from: &Path, to: &Path) -> io::Result<()> {
    if fs::read_link(to).is_ok_and(|target| target == from) {
        return Ok(());
    }
    #[cfg(unix)]
    return std::os::unix::fs::symlink(from, to);
    #[cfg(not(unix))]
    Err(io::Error::other("a rehearsal needs Linux"))
}

/// Locks a file that nobody holds for long. A program that is just being started has all that rel has open,
/// until it is another one: what it holds for that moment is waited for.
///
/// # Errors
/// Somebody else holds it, or the system cannot lock it.
pub fn try_lock(file: &File) -> Result<(), fs::TryLockError> {
    for _ in 0..20 {
        match file.try_lock() {
            Err(fs::TryLockError::WouldBlock) => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            locked => return locked,
        }
    }
    file.try_lock()
}

/// Holds a file against every other process until it is dropped.
///
/// # Errors
/// Somebody else holds it, or it cannot be made.
pub fn lock(path: &Path) -> io::Result<File> {
    let file = open_append(path)?;
    try_lock(&file).map_err(|error| match error {
        std::fs::TryLockError::WouldBlock => io::Error::other("another rel is at it"),
        std::fs::TryLockError::Error(error) => error,
    })?;
    Ok(file)
}

/// Digests of a stream's bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256.
    pub sha256: Digest,
    /// BLAKE2b-256 in hex.
    pub blake2b_256: String,
    /// Length in bytes.
    pub size: u64,
}

/// Reads `from` to its end, writing all to `to`, and tells the digests of what passed.
pub fn copy_digesting(from: &mut impl Read, to: &mut impl Write) -> io::Result<Digests> {
    let mut sha256 = sha2::Sha256::new();
    let mut blake2b = blake2::Blake2b::<blake2::digest::consts::U32>::new();
    let mut buffer = vec![0; 128 * 1024];
    let mut size = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = &buffer[..read];
        sha256.update(bytes);
        blake2b.update(bytes);
        to.write_all(bytes)?;
        size += read as u64;
    }
    Ok(Digests {
        sha256: Digest::from_raw(&sha256.finalize()),
        blake2b_256: hex(&blake2b.finalize()),
        size,
    })
}

/// Digests of a file.
pub fn digests(path: &Path) -> io::Result<Digests> {
    copy_digesting(&mut File::open(path)?, &mut io::sink())
}

/// Whether the owner may execute the file.
pub fn is_executable(path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        Ok(fs::metadata(path)?.permissions().mode() & 0o100 != 0)
    }
    #[cfg(not(unix))]
    {
        fs::metadata(path).map(|_| false)
    }
}

/// Makes a file read-only, and executable if asked.
pub fn seal_mode(path: &Path, executable: bool) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(
            path,
            fs::Permissions::from_mode(if executable { 0o555 } else { 0o444 }),
        )
    }
    #[cfg(not(unix))]
    {
        let _ = (path, executable);
        Ok(())
    }
}

/// Moves a file to where nothing is, across file systems if need be; a link stays one.
///
/// # Errors
/// It is not moved, and stands where it was.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        done => return done,
    }
    let about = from.symlink_metadata()?;
    let copied = if about.is_file() {
        fs::copy(from, to).map(drop)
    } else if about.is_symlink() {
        link(&fs::read_link(from)?, to)
    } else {
        Err(io::Error::other("it is no file, and cannot be moved to another file system"))
    };
    copied.and_then(|()| fs::remove_file(from)).inspect_err(|_| _ = fs::remove_file(to))
}

#[cfg(unix)]
fn link(target: &Path, place: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::other("a link cannot be moved to another file system"))
}

/// Whether a link stands here, wherever it leads.
pub fn is_link(path: &Path) -> bool {
    path.is_symlink()
}

/// Copies a file with its mode, replacing what is there.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    remove_file(to)?;
    fs::copy(from, to).map(|_| ())
}

/// Finds a program on `path`, as a shell would from `cwd`.
pub fn which(program: &str, path: Option<&str>, cwd: &Path) -> Option<PathBuf> {
    which::which_in(program, path, cwd).ok()
}

/// Whether this is a regular file, and no link to one.
pub fn is_plain_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| about.is_file())
}

/// Whether this is a file.
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// The length of a file in bytes.
pub fn size(path: &Path) -> io::Result<u64> {
    fs::metadata(path).map(|about| about.len())
}

/// The bytes of a file, or of all files below a folder; links are not followed. What cannot be read
/// counts for nothing.
pub fn size_of_all(path: &Path) -> u64 {
    let files = ignore::WalkBuilder::new(path).standard_filters(false).build().flatten();
    let sizes = files.filter_map(|entry| entry.metadata().ok()).filter(|about| about.is_file());
    sizes.map(|about| about.len()).sum()
}

/// When a file or folder was last changed, in seconds since 1970.
pub fn modified(path: &Path) -> io::Result<u64> {
    let since = fs::metadata(path)?.modified()?.duration_since(std::time::UNIX_EPOCH);
    Ok(since.map_or(0, |since| since.as_secs()))
}

/// Whether this is a folder.
pub fn is_dir(path: &Path) -> bool {
    path.is_dir()
}

/// Names in a folder, sorted; none if it cannot be read.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_moves_to_another_file_system_stays_what_it_is() {
        let (here, there) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap());
        let moved = |name: &str| {
            let (from, to) = (there.path().join(name), here.path().join("below").join(name));
            rename(&from, &to).map(|()| (from.is_symlink() || from.exists(), to))
        };
        fs::write(there.path().join("file"), "text").unwrap();
        link(Path::new("nowhere"), &there.path().join("link")).unwrap();
        let (left, file) = moved("file").unwrap();
        assert_eq!((left, read_text(&file).unwrap().as_str()), (false, "text"));
        let (left, link) = moved("link").unwrap();
        assert_eq!((left, fs::read_link(link).unwrap().as_path()), (false, Path::new("nowhere")));
        let device = |folder: &tempfile::TempDir| origin(folder.path()).unwrap().device;
        if device(&here) != device(&there) {
            std::os::unix::net::UnixListener::bind(there.path().join("socket")).unwrap();
            assert!(moved("socket").is_err() && there.path().join("socket").exists());
        }
    }
}
