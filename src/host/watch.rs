//! Changes of files, as the system tells of them while they happen.
//!
//! It listens to each folder by itself, so that those which git ignores cost nothing: a folder of builds or
//! packages may hold more folders than a system lets anybody watch (`fs.inotify.max_user_watches` in inotify(7)).
//! It tells that something happened at a path, and not what: who acts on it looks. Turned down: looking at all
//! files again and again, which is late and keeps the machine busy.

use std::io;
use std::path::{Path, PathBuf};

use notify::{ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Something happened here.
    At(PathBuf),
    /// More happened than the system could tell.
    Lost,
}

/// Listens until it is dropped.
pub struct Watch {
    watcher: RecommendedWatcher,
    hidden: bool,
}

impl Watch {
    /// Listens to nothing yet; `hidden` says whether names with a leading dot count. `tell` is called by a
    /// thread of its own.
    ///
    /// # Errors
    /// The system lets nobody listen, or no more than listen already.
    pub fn new(hidden: bool, tell: impl Fn(Change) + Send + 'static) -> io::Result<Self> {
        let heard = move |event: notify::Result<notify::Event>| match event {
            Ok(event) if event.need_rescan() => tell(Change::Lost),
            // Who only reads changes nothing.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => {}
            Ok(event) => event.paths.into_iter().for_each(|path| tell(Change::At(path))),
            Err(_) => tell(Change::Lost),
        };
        let watcher = notify::recommended_watcher(heard).map_err(plain)?;
        Ok(Self { watcher, hidden })
    }

    /// Listens to a folder with all below it that git does not ignore, and gives the files there.
    ///
    /// # Errors
    /// The system lets no more folders be listened to.
    pub fn cover(&mut self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        let mut walk = ignore::WalkBuilder::new(folder);
        walk.hidden(!self.hidden).ignore(false).follow_links(false);
        walk.filter_entry(|entry| entry.file_name() != ".git");
        let mut files = Vec::new();
        // What cannot be read, or has gone meanwhile, cannot be watched either.
        for entry in walk.build().flatten() {
            if entry.file_type().is_none_or(|kind| !kind.is_dir()) {
                files.push(entry.into_path());
                continue;
            }
            match self.watcher.watch(entry.path(), RecursiveMode::NonRecursive) {
                Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
                    return Err(plain(error));
                }
                _ => {}
            }
        }
        Ok(files)
    }
}

fn plain(error: notify::Error) -> io::Error {
    match error.kind {
        ErrorKind::Io(error) => error,
        ErrorKind::MaxFilesWatch => io::Error::other("the system lets no more folders be watched"),
        _ => io::Error::other(error),
    }
}
