//! Files as a cache sees them: what tells without reading that one may have changed, what is in it, and
//! which there are below a folder.
//!
//! A walk leaves out `.git` and what the project's own `.gitignore` names; a user's global list does not count,
//! since two people's runs would differ. What git tracks all the same is for whoever asks to add (`cache::globs`): an
//! index knows nothing of files that are not added yet.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::Digest as _;

/// What a file system tells of a file without reading it. Times are in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stat {
    /// When its bytes were last written, as anybody may set it.
    pub modified: i64,
    /// When it was last changed in any way, as the system saw it.
    pub changed: i64,
    /// Its length.
    pub size: u64,
    /// Its number.
    pub inode: u64,
}

/// A file that was changed so shortly before it was looked at may look the same after another change:
/// more than the tick by which systems stamp files, in nanoseconds.
pub const TICK: i64 = 50_000_000;
/// The same where times are whole seconds, as some file systems keep them.
const COARSE: i64 = 2_100_000_000;

/// Whether another change would show, of something that was looked at not before `before`.
pub fn is_settled(stat: &Stat, before: i64) -> bool {
    let coarse = stat.changed % 1_000_000_000 == 0 && stat.modified % 1_000_000_000 == 0;
    stat.changed.saturating_add(if coarse { COARSE } else { TICK }) < before
}

/// What the file system tells of a folder, which may be behind a link; its times tell what comes and goes.
pub fn folder(path: &Path) -> Option<Stat> {
    fs::metadata(path).ok().filter(fs::Metadata::is_dir).map(|about| stat(&about))
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A file, and whether its owner may execute it.
    File(Stat, bool),
    /// A symbolic link.
    Link,
    /// A folder, a socket, a device.
    Other,
    /// Nothing, or nothing that can be seen.
    Gone,
}

/// A folder that is held, so that looks at many names in it are short.
#[cfg(unix)]
pub struct Held(rustix::fd::OwnedFd);

#[cfg(unix)]
impl Held {
    /// Holds a folder.
    ///
    /// # Errors
    /// There is none, or it cannot be entered.
    pub fn open(path: &Path) -> io::Result<Self> {
        use rustix::fs::OFlags;
        // Linux does not ask who only looks names up whether the list of them may be read.
        #[cfg(target_os = "linux")]
        let how = OFlags::PATH;
        #[cfg(not(target_os = "linux"))]
        let how = OFlags::RDONLY;
        let how = how | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::open(path, how, 0.into())?))
    }

    /// Looks at a name in it without following it. An absolute one is looked at where it is.
    pub fn look(&self, name: &str) -> Look {
        use rustix::fs::{AtFlags, FileType, statat};
        let Ok(about) = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) else { return Look::Gone };
        let nanos = |seconds: i64, rest| {
            seconds.saturating_mul(1_000_000_000).saturating_add(i64::try_from(rest).unwrap_or(0))
        };
        match FileType::from_raw_mode(about.st_mode) {
            FileType::Symlink => Look::Link,
            FileType::RegularFile => {
                let modified = nanos(about.st_mtime, about.st_mtime_nsec);
                let changed = nanos(about.st_ctime, about.st_ctime_nsec);
                let size = u64::try_from(about.st_size).unwrap_or_default();
                let stat = Stat { modified, changed, size, inode: about.st_ino };
                Look::File(stat, about.st_mode & 0o100 != 0)
            }
            _ => Look::Other,
        }
    }
}

/// A folder in which many names are looked at.
#[cfg(not(unix))]
pub struct Held(std::path::PathBuf);

#[cfg(not(unix))]
impl Held {
    /// Takes a folder.
    ///
    /// # Errors
    /// None.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(path.to_owned()))
    }

    /// Looks at a name in it without following it.
    pub fn look(&self, name: &str) -> Look {
        look(&self.0.join(name))
    }
}

/// Looks at a name without following it.
pub fn look(path: &Path) -> Look {
    match fs::symlink_metadata(path) {
        Err(_) => Look::Gone,
        Ok(about) if about.is_symlink() => Look::Link,
        Ok(about) if about.is_file() => Look::File(stat(&about), executable(&about)),
        Ok(_) => Look::Other,
    }
}

/// The same, at what a link leads to.
pub fn look_through(path: &Path) -> Look {
    match fs::metadata(path) {
        Ok(about) if about.is_file() => Look::File(stat(&about), executable(&about)),
        Ok(_) => Look::Other,
        Err(_) => Look::Gone,
    }
}

#[cfg(unix)]
fn stat(about: &fs::Metadata) -> Stat {
    use std::os::unix::fs::MetadataExt as _;
    let nanos =
        |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Stat {
        modified: nanos(about.mtime(), about.mtime_nsec()),
        changed: nanos(about.ctime(), about.ctime_nsec()),
        size: about.size(),
        inode: about.ino(),
    }
}

#[cfg(not(unix))]
fn stat(about: &fs::Metadata) -> Stat {
    let modified = about.modified().map_or(0, nanos);
    Stat { modified, changed: modified, size: about.len(), inode: 0 }
}

#[cfg(unix)]
fn executable(about: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o100 != 0
}

#[cfg(not(unix))]
fn executable(_: &fs::Metadata) -> bool {
    false
}

fn nanos(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// This very moment, by the clock that files are stamped with.
pub fn now() -> i64 {
    nanos(SystemTime::now())
}

/// Where a link leads, as it is written.
pub fn link_target(path: &Path) -> Option<String> {
    Some(fs::read_link(path).ok()?.to_string_lossy().into_owned())
}

/// The SHA-256 of a file.
///
/// # Errors
/// It cannot be read.
pub fn content(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hash = sha2::Sha256::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(read) => hash.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// What a walk met, with names relative to the project and `/` between their parts.
#[derive(Debug, Default)]
pub struct Walked {
    /// Files and links, sorted.
    pub files: Vec<String>,
    /// Folders that were entered.
    pub folders: BTreeSet<String>,
    /// Files whose names are not Unicode.
    pub odd: Vec<PathBuf>,
}

/// Walks through the folder `start` below `root`; an absent one holds nothing. With `all`, what git ignores
/// counts too, but for folders that `leave` names and those that say of themselves that they are caches
/// (`CACHEDIR.TAG`, <https://bford.info/cachedir/>).
///
/// # Errors
/// A folder cannot be read.
pub fn walk(
    root: &Path,
    start: &str,
    all: bool,
    leave: &'static [&'static str],
) -> io::Result<Walked> {
    let mut walked = Walked::default();
    let begin = root.join(start);
    if !begin.is_dir() {
        return Ok(walked);
    }
    let mut builder = ignore::WalkBuilder::new(&begin);
    builder.standard_filters(false).follow_links(false);
    builder.git_ignore(!all).git_exclude(!all).parents(!all);
    builder.filter_entry(move |entry| {
        let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
        let name = entry.file_name();
        let left = is_dir && leave.iter().any(|leave| name == *leave);
        let cache = || all && is_dir && entry.path().join("CACHEDIR.TAG").is_file();
        name != ".git" && !left && !cache()
    });
    for entry in builder.build() {
        let entry = match entry {
            Err(error) if error.io_error().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) => {
                continue;
            }
            entry => entry.map_err(io::Error::other)?,
        };
        let relative = entry.path().strip_prefix(root).map_err(io::Error::other)?;
        let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
        let Some(name) = relative.to_str() else {
            walked.odd.extend((!is_dir).then(|| relative.to_owned()));
            continue;
        };
        let name = if cfg!(windows) { name.replace('\\', "/") } else { name.to_owned() };
        if is_dir {
            walked.folders.insert(name);
        } else {
            walked.files.push(name);
        }
    }
    walked.files.sort_unstable();
    Ok(walked)
}

/// Puts a copy of a file where one belongs, as a whole.
///
/// # Errors
/// The disk fails.
pub fn put_back(from: &Path, to: &Path, executable: bool) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    super::fs::replace_with(to, |file| {
        io::copy(&mut File::open(from)?, file)?;
        #[cfg(unix)]
        if executable {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = file.metadata()?.permissions().mode();
            file.set_permissions(fs::Permissions::from_mode(mode | (mode & 0o444) >> 2))?;
        }
        Ok(())
    })
}
