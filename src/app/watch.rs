//! `rel TASK --watch`: runs the tasks, and again whenever files of the project change.
//!
//! Each run is one of its own, on a clock of its own and with the Releasefile as it is then; a broken one is
//! explained and waited on. A change during a run ends that as Ctrl-C does, and the next one begins. It never
//! sends: whoever saves a file does not mean to publish. Turned down: a process for each run, which would have to
//! hand signals and the terminal through.

mod tree;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use super::session::{Done, Session, listening};
use super::{Project, fail, find, run as runs};
use crate::cli::RunOptions;
use crate::diag::{Diagnostic, Exit};
use crate::host::Host;
use crate::host::stop::Stop;
use crate::host::watch::Change;
use crate::model::event::{Event, Events};
use crate::report::{self, Output};
use tree::Tree;

/// So long nothing may come before what came is looked at: editors and version control write in bursts.
const QUIET: Duration = Duration::from_millis(80);
/// So long a burst is waited for at most.
const LONGEST: Duration = Duration::from_secs(1);
/// Most files that are named when a run begins anew.
const NAMED: usize = 3;

/// What can be heard while rel waits.
enum News {
    Change(Change),
    /// The run has ended.
    Ended,
    /// Ctrl-C.
    Over,
}

/// What came in one burst.
#[derive(Default)]
struct Heard {
    paths: BTreeSet<PathBuf>,
    lost: bool,
    ended: bool,
}

struct Watching<'a> {
    options: &'a RunOptions,
    stop: Stop,
    tell: Sender<News>,
    news: Receiver<News>,
    tree: Tree,
}

/// Runs the tasks until Ctrl-C.
///
/// # Errors
/// The options do not go together, there is no project, or its folders cannot be watched.
pub(super) fn run(host: &Arc<Host>, output: Output, options: &RunOptions) -> Done {
    suits(options)?;
    let root = find(&host.cwd)?.parent().map_or_else(|| host.cwd.clone(), ToOwned::to_owned);
    let stop = listening(host)?;
    let (tell, news) = mpsc::channel();
    let over = tell.clone();
    stop.on_fire(move || drop(over.send(News::Over)));
    let changes = tell.clone();
    let tree = Tree::new(host, root, move |change| drop(changes.send(News::Change(change))))?;
    let mut watching = Watching { options, stop, tell, news, tree };
    let mut is_first = true;
    loop {
        let host = Arc::new(host.again().map_err(|error| {
            vec![
                Diagnostic::machine(error.to_string())
                    .hint("start again in a folder that is there"),
            ]
        })?);
        let events = report::events(&host, output);
        let mut changed = watching.one(&host, &events);
        if changed.is_empty() && !watching.stop.fired() {
            if std::mem::take(&mut is_first) {
                events.note("waiting for changes; Ctrl-C ends");
            }
            changed = watching.wait();
        }
        if watching.stop.fired() {
            return Ok(Exit::INTERRUPTED);
        }
        events.note(format!("changed: {}", named(&changed)));
    }
}

/// Options that mean one certain run.
fn suits(options: &RunOptions) -> Result<(), Diagnostic> {
    let table = [
        (
            options.live,
            "--live",
            "send with a run of its own: a saved file is no decision to publish",
        ),
        (options.plan_file.is_some(), "-o", "make the plan with a run of its own"),
        (options.export.is_some(), "--export", "copy the artifacts with a run of its own"),
    ];
    match table.iter().find(|(given, ..)| *given) {
        None => Ok(()),
        Some((_, option, hint)) => {
            Err(Diagnostic::usage(format!("`--watch` does not go with `{option}`")).hint(*hint))
        }
    }
}

/// The first of these names, and how many more there are.
fn named(names: &[String]) -> String {
    let first = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

impl Watching<'_> {
    /// One run. Gives what has changed meanwhile, because of which it was stopped.
    fn one(&mut self, host: &Arc<Host>, events: &Events) -> Vec<String> {
        let stop = self.stop.child();
        let opened = Project::open(host).map(Project::keep).and_then(|project| {
            Session::open_under(host, events, self.options.clone(), (project, stop.clone()))
        });
        let session = match opened {
            Ok(session) => session,
            Err(wrong) => {
                fail(events, wrong);
                self.stop.release(&stop);
                return Vec::new();
            }
        };
        let globs = session.tasks.iter().flat_map(|task| &task.outputs);
        self.tree.outputs_are(&globs.map(|word| word.text.clone()).collect::<Vec<_>>());
        let tell = self.tell.clone();
        let changed = std::thread::scope(|scope| {
            let listener = scope.spawn(|| self.listen(&stop, events));
            runs::whole(&session);
            // The listener waits for this, and can be gone only if it has panicked.
            let _ = tell.send(News::Ended);
            listener.join().unwrap_or_default()
        });
        self.stop.release(&stop);
        changed
    }

    /// Hears of changes until the run has ended, and stops it at the first that counts.
    fn listen(&mut self, run: &Stop, events: &Events) -> Vec<String> {
        let mut changed = Vec::new();
        loop {
            let heard = self.hear();
            let found = self.tree.judge(heard.paths, heard.lost);
            let (found, noisy) = self.tree.in_run(found, changed.is_empty());
            for name in noisy {
                let wrong = Diagnostic::task(format!("`{name}` changes whenever the tasks run"));
                let wrong = wrong.hint(
                    "declare it with `.outputs`, let git ignore it, or write it only if it differs",
                );
                events.emit(Event::Warning { diagnostic: Box::new(wrong) });
            }
            if changed.is_empty() && !found.is_empty() {
                run.fire("interrupted");
            }
            changed.extend(found);
            if heard.ended {
                changed.sort();
                changed.dedup();
                return changed;
            }
        }
    }

    /// Waits for a change that counts, or for Ctrl-C.
    fn wait(&mut self) -> Vec<String> {
        loop {
            let heard = self.hear();
            if self.stop.fired() {
                return Vec::new();
            }
            let found = self.tree.judge(heard.paths, heard.lost);
            if !found.is_empty() {
                self.tree.between_runs();
                return found;
            }
        }
    }

    /// Waits for the first news, and for what comes with it.
    fn hear(&self) -> Heard {
        let mut heard = Heard::default();
        let mut next = self.news.recv().ok();
        let begun = Instant::now();
        while let Some(news) = next {
            match news {
                News::Change(Change::At(path)) => _ = heard.paths.insert(path),
                News::Change(Change::Lost) => heard.lost = true,
                News::Ended => heard.ended = true,
                News::Over => return heard,
            }
            let left = LONGEST.saturating_sub(begun.elapsed());
            next = self.news.recv_timeout(QUIET.min(left)).ok();
        }
        heard
    }
}
