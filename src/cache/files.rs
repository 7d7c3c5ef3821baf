//! What files hold, read only where something tells that they may have changed.
//!
//! A file is taken as it was if size, both times and number are; else its bytes are. The system's own time
//! (`ctime`) decides, which no program can set. One that was changed at about the moment when it was
//! looked at may change again without a trace: it is looked into the next time too (git calls that
//! "racy": `Documentation/technical/racy-git.txt` in its sources).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::format::View;
use super::mark::Mark;
use crate::host::tree::{self, Look, Stat};

/// From so many files on they are read by several threads.
const MANY: usize = 32;

/// Files by name: relative to the project, or absolute.
#[derive(Default)]
pub(super) struct Files {
    root: PathBuf,
    /// What this run has read itself.
    pub(super) learned: HashMap<String, (Stat, Mark)>,
    /// What this run has looked at, while nothing runs that might change it.
    seen: HashMap<String, Mark>,
}

/// What stands under a name, as far as that is known without reading.
enum Known {
    Mark(Mark),
    Read(Stat, bool),
}

impl Files {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, ..Self::default() }
    }

    /// Something may have changed since.
    pub(super) fn forget(&mut self) {
        self.seen.clear();
    }

    /// What a file holds; [`Mark::NONE`] if there is none, or none that can be read.
    pub(super) fn mark(&mut self, view: &View, name: &str, keep: bool) -> Mark {
        if let Some(mark) = self.seen.get(name).filter(|_| keep) {
            return *mark;
        }
        let path = self.root.join(name);
        let before = tree::now();
        let mark = match self.known(view, name, &path) {
            Known::Mark(mark) => mark,
            Known::Read(stat, executable) => {
                let mark = read(&path, executable);
                self.learn(name, stat, mark, before);
                mark
            }
        };
        if keep {
            self.seen.insert(name.to_owned(), mark);
        }
        mark
    }

    fn known(&self, view: &View, name: &str, path: &Path) -> Known {
        match tree::look(path) {
            Look::File(stat, executable) => {
                let known = self.learned.get(name).copied().or_else(|| view.file(name));
                match known.filter(|(known, _)| *known == stat) {
                    Some((_, mark)) => Known::Mark(mark),
                    None => Known::Read(stat, executable),
                }
            }
            Look::Link => Known::Mark(link(path)),
            Look::Other | Look::Gone => Known::Mark(Mark::NONE),
        }
    }

    /// Keeps what was read of a file, looked at not before `before`.
    pub(super) fn learn(&mut self, name: &str, stat: Stat, mark: Mark, before: i64) {
        // No file was changed in 1970: it is read again next time.
        let stat = if tree::is_settled(&stat, before) { stat } else { Stat { changed: 0, ..stat } };
        self.learned.insert(name.to_owned(), (stat, mark));
    }

    /// Looks at many files at once, so that those that have to be read are read side by side.
    pub(super) fn look_ahead(&mut self, view: &View, names: &[String]) {
        let before = tree::now();
        let mut unread = Vec::new();
        for name in names {
            let path = self.root.join(name);
            match self.known(view, name, &path) {
                Known::Mark(mark) => _ = self.seen.insert(name.clone(), mark),
                Known::Read(stat, executable) => unread.push((name, path, stat, executable)),
            }
        }
        let threads = if unread.len() < MANY { 1 } else { 8 };
        let each = unread.len().div_ceil(threads).max(1);
        let read_all = |part: &[(&String, PathBuf, Stat, bool)]| -> Vec<Mark> {
            part.iter().map(|(_, path, _, executable)| read(path, *executable)).collect()
        };
        let marks: Vec<Mark> = std::thread::scope(|scope| {
            let parts: Vec<_> =
                unread.chunks(each).map(|part| scope.spawn(move || read_all(part))).collect();
            parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
        });
        for ((name, _, stat, _), mark) in unread.iter().zip(marks) {
            self.learn(name, *stat, mark, before);
            self.seen.insert((*name).clone(), mark);
        }
    }
}

fn read(path: &Path, executable: bool) -> Mark {
    tree::content(path).map_or(Mark::NONE, |sha256| Mark::of_file(&sha256, executable))
}

/// A link counts by where it leads and what is there, which is read each time: links are few.
fn link(path: &Path) -> Mark {
    let target = tree::link_target(path).unwrap_or_default();
    let behind = match tree::look_through(path) {
        Look::File(_, executable) => read(path, executable),
        Look::Link | Look::Other | Look::Gone => Mark::NONE,
    };
    Mark::of([target.as_bytes(), &behind.0].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::TICK;

    #[test]
    fn a_file_is_read_again_until_it_has_been_left_alone() {
        let mut files = Files::default();
        let stat = Stat { modified: 7, changed: 1_000_000_007, size: 1, inode: 1 };
        files.learn("a", stat, Mark::NONE, stat.changed + TICK);
        assert_ne!(files.learned["a"].0, stat, "changed within a tick");
        files.learn("a", stat, Mark::NONE, stat.changed + TICK + 1);
        assert_eq!(files.learned["a"].0, stat);
        let whole = Stat { modified: 0, changed: 3_000_000_000, ..stat };
        files.learn("a", whole, Mark::NONE, whole.changed + TICK + 1);
        assert_ne!(files.learned["a"].0, whole, "times of whole seconds tell less");
        let future = Stat { modified: i64::MAX, ..stat };
        files.learn("a", future, Mark::NONE, stat.changed + TICK + 1);
        assert_eq!(files.learned["a"].0, future, "what anybody may set does not count");
    }
}
