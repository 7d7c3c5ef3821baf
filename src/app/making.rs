//! Outputs in the project itself (`.outputs`), which every run and every process can reach: one run at a time makes
//! such, none while something that a killed run left may still write there, and what stood in their places before is
//! set aside, or put back.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
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
use crate::model::event::Event;
use crate::repo::Repo;

/// How often it is looked whether another run has ended.
const PAUSE: Duration = Duration::from_millis(50);

/// What a run knows of others that write where its outputs go.
pub(super) struct Making {
    /// What runs that were killed left running.
    left: Vec<Stray>,
    held: Mutex<Held>,
}

/// The places of outputs, held against other runs while so many instances work there.
#[derive(Default)]
struct Held {
    count: usize,
    file: Option<File>,
}

/// While it lives, no other run makes outputs in the project.
pub(super) struct Alone<'a>(&'a Making);

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.count -= 1;
        if held.count == 0 {
            held.file = None;
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
        Self { left, held: Mutex::default() }
    }

    /// What may still write where the outputs of an instance go.
    fn still_there(&self, id: &str) -> Vec<Stray> {
        let own = slug(id);
        let outs = self.left.iter().map(|stray| &stray.out);
        let outs: BTreeSet<&String> =
            outs.filter(|out| Path::new(out).file_name() == Some(own.as_os_str())).collect();
        if outs.is_empty() {
            return Vec::new();
        }
        stray::strays(|out| outs.iter().any(|known| *known == out))
    }
}

impl Session {
    /// Takes the places of an instance's outputs, if it has such; waits for another run that makes some.
    ///
    /// # Errors
    /// Something else may write there, or the run is over.
    pub(super) fn alone(&self, node: Node, stop: &Stop) -> Outcome<Option<Alone<'_>>> {
        // A stage is nobody else's, and whoever is called by a task would wait for the run that called it.
        let out = self.host.env.get(OUT).map(Path::new);
        let is_called = out.is_some_and(|out| out.starts_with(self.cx.state.join("out")));
        if self.task(node).outputs.is_empty() || self.stage.is_some() || is_called {
            return Ok(None);
        }
        let (id, making) = (&self.graph.instance(node).id, &self.making);
        let left = making.still_there(id);
        if !left.is_empty() {
            let wrong =
                format!("what a killed run of `{id}` left running may write to its outputs");
            let wrong = leftovers::name(&left, Diagnostic::task(wrong));
            return Err(Box::new(wrong.at(&self.task(node).outputs[0].site)));
        }
        let mut held = making.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.count == 0 {
            held.file = Some(self.wait_for_others(id, stop)?);
        }
        held.count += 1;
        Ok(Some(Alone(making)))
    }

    fn wait_for_others(&self, id: &str, stop: &Stop) -> Outcome<File> {
        let unheld = |error| disk("cannot hold the places of outputs", &error);
        let file = fs::open_append(&self.cx.state.join("making")).map_err(unheld)?;
        let mut told = false;
        loop {
            match fs::try_lock(&file) {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(unheld(error)),
                Err(TryLockError::WouldBlock) if stop.fired() => {
                    let wrong = format!("waited for another run: {}", stop.reason());
                    return Err(Box::new(Diagnostic::task(wrong)));
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
        let mut names = Vec::new();
        for (path, name) in old {
            fs::rename(path, &folder.join(name))
                .map_err(|error| disk("cannot set old outputs aside", &error))?;
            names.push(name.clone());
        }
        self.events.note(format!(
            "{id}: older files of its outputs were set aside ({count}) in {}",
            folder.display()
        ));
        Ok(Some(Aside { folder, names }))
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
        let tracked = Repo::new(&self.host, self.cx.root.clone()).tracked();
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
