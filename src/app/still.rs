//! A run of which nothing has changed since the last one, which found all up to date: it says the same, and asks
//! about no instance.
//!
//! Only what declares and starts nothing new can be known so: local instances without conditions, asked for in the
//! same words, of the same Releasefile and commit. All else is a run like any other.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Located;
use super::ending::said;
use super::questions::{Variables, tools};
use super::session::{Begun, Session, hold, tell_leftovers};
use crate::cache::{Mark, Quiet, STILL, Still, Told};
use crate::cli::RunOptions;
use crate::diag::Exit;
use crate::graph::Node;
use crate::history::Recorder;
use crate::host::Host;
use crate::model::artifact::hex;
use crate::model::event::{End, Event, Events, Tally};
use crate::retention;
use crate::script::Memo;

/// Where what is known of a run stands, and what tells that run from others.
pub(super) struct Place {
    releasefile: PathBuf,
    path: PathBuf,
    key: Mark,
}

impl Place {
    /// `None`: nothing is kept of a run with these options.
    pub(super) fn of(host: &Host, options: &RunOptions, found: &Located<'_>) -> Option<Self> {
        // Whatever else may be asked for makes a run do more.
        let plain = RunOptions {
            words: options.words.clone(),
            rest: options.rest.clone(),
            jobs: options.jobs,
            keep_going: options.keep_going,
            offline: options.offline,
            strict: options.strict,
            yes: options.yes,
            doubt: options.doubt,
            ..RunOptions::default()
        };
        if *options != plain || host.way.is_some() {
            return None;
        }
        let commit = found.repo.commit().map(|commit| commit.time);
        let asked = Mark::of(format!("{:?}", (&options.words, &options.rest, &found.file)));
        let key = Mark::of(format!("{:?}", (asked, host.env.get("PATH"), commit)));
        let path = found.repo.state().ok()?.join(STILL).join(hex(&asked.0[..6]));
        Some(Self { releasefile: found.file.clone(), path, key })
    }

    fn memo<'a>(&'a self, host: &'a Host) -> Option<Memo<'a>> {
        Memo::new(host, &self.releasefile, self.path.clone())
    }
}

/// Says once more what a run has said, if nothing of that has changed.
pub(super) fn again(
    host: &Arc<Host>,
    events: &Events,
    options: &RunOptions,
    (found, place): (&Located<'_>, &Place),
) -> Option<Exit> {
    let Located { root, repo, .. } = found;
    let state = repo.state().ok()?;
    let in_use = hold(&state).ok()?;
    let Still { told, quiet, .. } = known(host, found, place, &state)?;
    let recorder = Recorder::new(host);
    let events = &recorder.tee(events);
    told.printed.iter().for_each(|line| events.note(line));
    tell_leftovers(host, events, &state);
    let options = &RunOptions { words: told.goals, ..options.clone() };
    let (release, tasks, state) = (repo.release(), quiet.len(), state.as_path());
    let (recorder, release) = (&recorder, release.as_ref());
    Begun { host, events, recorder, options, state, root, release, tasks }.say();
    let mut tally = Tally::default();
    for quiet in quiet {
        tell(events, quiet, &mut tally);
    }
    drop(in_use);
    let _ = retention::after_run(state, host.clock.unix());
    let (exit, millis) = (Exit::OK, host.clock.elapsed().as_millis());
    let (code, message, critical_path) = (exit.0, said(exit).to_owned(), Vec::new());
    events.emit(Event::RunFinished { exit: code, millis, message, tally, critical_path });
    Some(exit)
}

/// What is known of a run, if it still stands.
fn known(host: &Host, found: &Located<'_>, place: &Place, state: &Path) -> Option<Still> {
    let Located { root, repo, .. } = found;
    place.memo(host)?.known(|bytes, _| {
        let still = Still::from_bytes(&bytes, place.key)?;
        let variables = Variables::of(host, repo.commit().map(|commit| commit.time));
        let stands = still.stands((state, root), &variables, || repo.tracked(), host.clock.unix())
            && bin(host, root, &still.told.packages) == still.told.tools;
        stands.then_some(still)
    })
}

fn bin(host: &Host, root: &Path, packages: &[String]) -> Option<String> {
    tools(host, root, packages).map(|folder| folder.to_string_lossy().into_owned())
}

fn tell(events: &Events, quiet: Quiet, tally: &mut Tally) {
    let Quiet { id: task, cwd, empty, artifacts, log } = quiet;
    if !log.is_empty() {
        events.emit(Event::TaskStarted { task: task.clone(), cwd });
    }
    for line in log {
        events.emit(Event::Output { task: task.clone(), line: line.text, printed: line.printed });
    }
    let end = if empty { End::Done } else { End::UpToDate };
    if !empty {
        tally.count(end);
    }
    events.emit(Event::TaskFinished { task, end, millis: 0, why: None, artifacts, empty });
}

impl Session {
    /// Keeps what this run looked at, if that was all that it did.
    pub(super) fn keep_still(&self, place: &Place) {
        let Some(taken) = self.taken() else { return };
        let quiet = |node: Node| {
            let task = self.task(node);
            let empty = task.steps.is_empty();
            let record = taken.get(&node).map(|(_, record)| record);
            let plain = task.when.is_none() && !self.graph.follows(node);
            let plain = plain && (empty || record.is_some());
            plain.then(|| Quiet {
                id: self.graph.instance(node).id.clone(),
                cwd: task.cwd.clone(),
                empty,
                artifacts: self.made(node),
                log: record.map(|record| record.log.clone()).unwrap_or_default(),
            })
        };
        let quiet: Option<Vec<Quiet>> = self.graph.order().map(quiet).collect();
        let Some(still) = quiet.and_then(|quiet| self.still(&taken, self.told(), quiet)) else {
            return;
        };
        if let (Some(memo), Some(reads)) = (place.memo(&self.host), &self.script.reads) {
            memo.keep(reads, &still.to_bytes(place.key));
        }
    }

    fn told(&self) -> Told {
        let packages = self.script.declared.tools.clone();
        let tools = bin(&self.host, &self.cx.root, &packages);
        let (goals, printed) = (self.options.words.clone(), self.script.declared.printed.clone());
        Told { goals, printed, packages, tools }
    }
}
