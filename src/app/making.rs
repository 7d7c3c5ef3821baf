//! Outputs in the project itself (`.outputs`), which every run and every process can reach: one run at a time makes
//! such, none while something that a killed run left may still write there, and what stood in their places before is
//! set aside, or put back.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::leftovers;
use super::pass::{disk, slug};
use super::session::Session;
use crate::diag::{Diagnostic, Outcome};
use crate::graph::Node;
use crate::host::fs;
use crate::host::stop::Stop;
use crate::host::stray::{self, OUT, Stray};
use crate::model::artifact::Digest;
use crate::model::event::Event;
use crate::repo::Repo;

/// How often it is looked whether another run has ended.
const PAUSE: Duration = Duration::from_millis(50);

/// What a run knows of others that write where its outputs go.
pub(super) struct Making {
    /// What runs that were killed left running.
    left: Vec<Stray>,
    lock: Mutex<Lock>,
}

/// The places of outputs, held against other runs while so many instances work there.
#[derive(Default)]
struct Lock {
    count: usize,
    file: Option<File>,
}

/// While it lives, no other run makes outputs in the project.
pub(super) struct Alone<'a>(&'a Making);

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        let mut lock = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        lock.count -= 1;
        if lock.count == 0
            && let Some(file) = lock.file.take()
        {
            let _ = file.set_len(0);
        }
    }
}

/// Files that were in the way of outputs.
pub(super) struct Aside {
    folder: PathBuf,
    names: Vec<String>,
}

impl Making {
    pub(super) fn new(left: Vec<Stray>) -> Self {
        Self { left, lock: Mutex::default() }
    }
}

/// Those of them that may still write where the outputs of an instance go.
fn still_there(left: &[Stray], id: &str) -> Vec<Stray> {
    let own = slug(id);
    let outs = left.iter().map(|stray| &stray.out);
    let outs: BTreeSet<&String> =
        outs.filter(|out| Path::new(out).file_name() == Some(own.as_os_str())).collect();
    if outs.is_empty() {
        return Vec::new();
    }
    stray::strays(|out| outs.iter().any(|known| *known == out))
}

impl Session {
    /// Takes the places of an instance's outputs, if it has such; waits for another run that makes some.
    ///
    /// # Errors
    /// Something else may write there, or the run is over.
    pub(super) fn alone(&self, node: Node, stop: &Stop) -> Outcome<Option<Alone<'_>>> {
        // A stage is nobody else's.
        if self.task(node).outputs.is_empty() || self.stage.is_some() {
            return Ok(None);
        }
        let (id, making) = (&self.graph.instance(node).id, &self.making);
        let refuse = |left: &[Stray]| {
            let left = still_there(left, id);
            if left.is_empty() {
                return Ok(());
            }
            let wrong =
                format!("what a killed run of `{id}` left running may write to its outputs");
            let wrong = leftovers::name(&left, Diagnostic::task(wrong));
            Err(Box::new(wrong.at(&self.task(node).outputs[0].site)))
        };
        refuse(&making.left)?;
        let mut lock = making.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.count == 0 {
            let (file, was_killed) = self.wait_for_others(id, stop)?;
            if was_killed {
                refuse(&leftovers::beside(&self.host, &self.cx.state))?;
            }
            lock.file = file;
        }
        lock.count += 1;
        Ok(Some(Alone(making)))
    }

    /// The lock, and whether whoever held it last was killed. None, if the run that this one is a part of holds it.
    fn wait_for_others(&self, id: &str, stop: &Stop) -> Outcome<(Option<File>, bool)> {
        let unheld = |error| disk("cannot hold the places of outputs", &error);
        let root = Digest::of(self.cx.root.as_os_str().as_encoded_bytes());
        let path = self.cx.state.join("making").join(root.short());
        let mut file = fs::open_append(&path).map_err(unheld)?;
        let mut told = false;
        loop {
            match fs::try_lock(&file) {
                Ok(()) => {
                    // Its holder stands in it: for whoever is called by a task of that run, and for whoever comes
                    // after one that could not take itself out.
                    let was_killed = file.metadata().is_ok_and(|about| about.len() > 0);
                    let named = file.set_len(0).and_then(|()| write!(file, "{}", self.host.pid()));
                    return named.map(|()| (Some(file), was_killed)).map_err(unheld);
                }
                Err(TryLockError::Error(error)) => return Err(unheld(error)),
                Err(TryLockError::WouldBlock) if stop.fired() => {
                    let wrong = format!("waited for another run: {}", stop.reason());
                    return Err(Box::new(Diagnostic::task(wrong)));
                }
                Err(TryLockError::WouldBlock) if self.is_called_by_holder(&path) => {
                    return Ok((None, false));
                }
                Err(TryLockError::WouldBlock) => {}
            }
            if !told {
                let (task, line) = (id.to_owned(), "waits for another run that makes outputs here");
                self.events.emit(Event::Output { task, line: line.to_owned(), printed: false });
                told = true;
            }
            stop.wait(PAUSE);
        }
    }

    /// Whether a task of the run that holds the lock has called this one: each would wait for the other.
    fn is_called_by_holder(&self, lock: &Path) -> bool {
        let holder = fs::read_text(lock).ok().and_then(|text| text.parse::<u32>().ok());
        let out = self.host.env.get(OUT).map(Path::new);
        holder.is_some_and(|holder| {
            let its = self.cx.state.join("out").join(holder.to_string());
            out.is_some_and(|out| out.starts_with(its)) || stray::descends_from(holder)
        })
    }

    /// Moves files of the project that are in the way of outputs of an instance.
    ///
    /// # Errors
    /// The disk fails.
    pub(super) fn put_aside<'a>(
        &self,
        node: Node,
        old: impl ExactSizeIterator<Item = (&'a PathBuf, &'a String)>,
    ) -> Outcome<Option<Aside>> {
        let (count, id) = (old.len(), &self.graph.instance(node).id);
        if count == 0 {
            return Ok(None);
        }
        let run = format!("{}-{}", self.host.clock.unix(), self.host.pid());
        let all = self.cx.state.join("aside");
        let place = |at: usize| all.join(format!("{run}-{at}")).join(slug(id));
        // A retry, and the next run of a watch, may come within the same second.
        let first_free = (0..usize::MAX).find(|at| !fs::exists(&place(*at))).unwrap_or_default();
        let folder = place(first_free);
        let mut aside = Aside { folder, names: Vec::new() };
        for (path, name) in old {
            if let Err(error) = fs::rename(path, &aside.folder.join(name)) {
                self.bring_back(node, &aside);
                let wrong = disk(&format!("cannot set `{name}` aside"), &error);
                return Err(Box::new(wrong.note(aside.folder.display().to_string())));
            }
            aside.names.push(name.clone());
        }
        self.events.note(format!(
            "{id}: older files of its outputs were set aside ({count}) in {}",
            aside.folder.display()
        ));
        Ok(Some(aside))
    }

    /// Puts back what an instance that failed has not made anew.
    pub(super) fn bring_back(&self, node: Node, aside: &Aside) {
        let home = |name: &&String| {
            let (from, to) = (aside.folder.join(name), self.cx.root.join(name));
            // What cannot be moved stays where it was said to be.
            !fs::exists(&to) && fs::rename(&from, &to).is_ok()
        };
        let count = aside.names.iter().filter(home).count();
        if count > 0 {
            let id = &self.graph.instance(node).id;
            self.events.note(format!("{id}: {count} of them put back"));
        }
    }

    /// Warns of what git tracks, and an instance that ended well has not made again.
    pub(super) fn tell_unmade(&self, node: Node, aside: &Aside, made: &[String]) {
        let gone: Vec<&String> = aside.names.iter().filter(|name| !made.contains(name)).collect();
        if gone.is_empty() {
            return;
        }
        let tracked = Repo::new(&self.host, self.cx.root.clone()).tracked().unwrap_or_default();
        let mut lost = gone.into_iter().filter(|name| tracked.binary_search(name).is_ok());
        let Some(first) = lost.next() else { return };
        let (id, more) = (&self.graph.instance(node).id, lost.count());
        let others = if more == 0 { String::new() } else { format!(" and {more} more") };
        let wrong = Diagnostic::task(format!(
            "`{id}` has not made `{first}`{others}, which its outputs name and git tracks"
        ));
        let wrong = wrong.at(&self.task(node).outputs[0].site);
        let wrong = wrong.note(format!("what was there lies in {}", aside.folder.display()));
        self.warn(vec![wrong.hint("name in `.outputs` only what the task makes")]);
    }
}
