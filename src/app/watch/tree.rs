//! Which changes count: of files in the project that somebody wrote, and that differ from what they were.
//!
//! What git ignores, what lies below `.git`, and declared outputs are made by tasks: a task must not start itself for
//! ever. A file that was written with the bytes it had has not changed. One that changes in one run after the
//! other is taken for written by them, too.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::Diagnostic;
use crate::host::watch::{Change, Watch};
use crate::host::{Host, fs};
use crate::model::artifact::Digest;
use crate::repo::Repo;

/// Larger files are not read, in bytes.
const LARGE: u64 = 32 << 20;
/// So often in a row a file may change while tasks run.
const IN_A_ROW: usize = 3;
/// Beginnings and ends of names that editors give to what they write besides the file itself.
const EDITORS: [(&str, &str); 5] =
    [("", "~"), (".", ".swp"), (".", ".swx"), (".#", ""), ("#", "#")];

/// What is known of a file. One that is not there is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trace {
    /// It is there, and was not read.
    There,
    /// Its bytes, and whether it may be executed.
    Bytes(Digest, bool),
    /// Its length, and when it was changed.
    Large(u64, u64),
}

/// The files of a project.
pub(super) struct Tree {
    host: Arc<Host>,
    root: PathBuf,
    watch: Watch,
    is_repo: bool,
    known: HashMap<PathBuf, Trace>,
    is_output: Box<dyn Fn(&Path) -> bool + Send>,
    /// How often in a row each file has changed in runs.
    streaks: HashMap<String, usize>,
    /// Files that tasks write each time.
    noisy: BTreeSet<String>,
}

impl Tree {
    /// Begins to listen; `tell` is called for each change.
    ///
    /// # Errors
    /// The folders cannot be watched.
    pub(super) fn new(
        host: &Arc<Host>,
        root: PathBuf,
        tell: impl Fn(Change) + Send + 'static,
    ) -> Result<Self, Diagnostic> {
        let is_repo = Repo::new(host, root.clone()).ignored(&[]).is_some();
        let failed = |error: std::io::Error| {
            let wrong = Diagnostic::machine(format!("cannot watch {}: {error}", root.display()));
            wrong.hint("raise `fs.inotify.max_user_watches` and `max_user_instances`, or let git ignore folders that need not be watched")
        };
        let mut watch = Watch::new(is_repo, tell).map_err(failed)?;
        let files = watch.cover(&root).map_err(failed)?;
        let known = files.into_iter().map(|path| (path, Trace::There)).collect();
        let (is_output, host) = (Box::new(|_: &Path| false), host.clone());
        let (streaks, noisy) = (HashMap::new(), BTreeSet::new());
        Ok(Self { host, root, watch, is_repo, known, is_output, streaks, noisy })
    }

    /// From now on these globs name what tasks make.
    pub(super) fn outputs_are(&mut self, globs: &[String]) {
        self.is_output = Box::new(fs::matching(globs));
    }

    /// The names of files that differ from what they were, of those at which something happened.
    pub(super) fn judge(&mut self, paths: BTreeSet<PathBuf>, lost: bool) -> Vec<String> {
        let near: Vec<PathBuf> = paths.into_iter().filter(|path| self.may_count(path)).collect();
        let near = self.not_ignored(near);
        let rules = near.iter().any(|path| path.ends_with(".gitignore"));
        let mut found = BTreeSet::new();
        if lost || rules {
            self.look_below(&self.root.clone(), &mut found);
        }
        for path in near {
            if fs::is_dir(&path) {
                self.look_below(&path, &mut found);
            } else {
                if !fs::exists(&path) {
                    // A folder that was moved away takes along what was in it.
                    found.extend(
                        self.known.keys().filter(|known| known.starts_with(&path)).cloned(),
                    );
                }
                found.insert(path);
            }
        }
        let mut changed: Vec<String> = Vec::new();
        for path in found {
            let name = path.strip_prefix(&self.root).unwrap_or(&path);
            if !(self.is_output)(name) && self.has_changed(&path) {
                changed.push(name.to_string_lossy().into_owned());
            }
        }
        if lost && changed.is_empty() {
            changed.push("more than the system could tell".into());
        }
        changed
    }

    /// Of what changed in a run: what counts, and what is from now on taken for written by tasks. `counted` says
    /// whether this is the first change of that run.
    pub(super) fn in_run(
        &mut self,
        mut names: Vec<String>,
        counted: bool,
    ) -> (Vec<String>, Vec<String>) {
        names.retain(|name| !self.noisy.contains(name));
        if !counted || names.is_empty() {
            return (names, Vec::new());
        }
        self.streaks.retain(|name, _| names.contains(name));
        for name in &names {
            *self.streaks.entry(name.clone()).or_default() += 1;
        }
        let (noisy, quiet): (Vec<String>, Vec<String>) =
            names.into_iter().partition(|name| self.streaks.get(name) > Some(&IN_A_ROW));
        self.noisy.extend(noisy.iter().cloned());
        (quiet, noisy)
    }

    /// Somebody else than a task has changed something.
    pub(super) fn between_runs(&mut self) {
        self.streaks.clear();
    }

    /// Whether a path may count, as far as its name tells.
    fn may_count(&self, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.root) else { return false };
        let names: Vec<_> = below.iter().map(|name| name.to_string_lossy()).collect();
        let hidden = !self.is_repo && names.iter().any(|name| name.starts_with('.'));
        let editors = names.last().is_some_and(|name| {
            EDITORS.iter().any(|(begin, end)| name.starts_with(begin) && name.ends_with(end))
        });
        !hidden && !editors && names.iter().all(|name| name != ".git") && !(self.is_output)(below)
    }

    fn not_ignored(&self, mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
        if self.is_repo && !paths.is_empty() {
            let repo = Repo::new(&self.host, self.root.clone());
            let ignored = repo.ignored(&paths).unwrap_or_default();
            paths.retain(|path| !ignored.contains(path));
        }
        paths
    }

    /// Listens to what is new below a folder, and finds the files of it that are not known, or were read before.
    fn look_below(&mut self, folder: &Path, found: &mut BTreeSet<PathBuf>) {
        // What cannot be watched any more is heard of when something near it changes.
        let files = self.watch.cover(folder).unwrap_or_default();
        found.extend(files.into_iter().filter(|path| self.known.get(path) != Some(&Trace::There)));
    }

    fn has_changed(&mut self, path: &Path) -> bool {
        let now = trace(path);
        let before = self.known.remove(path);
        if let Some(now) = &now {
            self.known.insert(path.to_owned(), now.clone());
        }
        before != now
    }
}

fn trace(path: &Path) -> Option<Trace> {
    if !fs::is_file(path) {
        return None;
    }
    let size = fs::size(path).ok()?;
    let bytes = (size <= LARGE).then(|| fs::digests(path).ok()).flatten();
    Some(match bytes {
        Some(bytes) => Trace::Bytes(bytes.sha256, fs::is_executable(path).unwrap_or_default()),
        None => Trace::Large(size, fs::modified(path).unwrap_or_default()),
    })
}
