//! How a run ends, and each instance in it: what is kept for the summary, and what is said last.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::session::{Done, Session};
use crate::diag::Exit;
use crate::graph::{Kind, Node};
use crate::host::stray;
use crate::model::artifact::Artifact;
use crate::model::event::{End, Event, Leg, Tally};
use crate::timing;

impl Session {
    /// Says how an instance ended, and keeps it for the summary.
    pub(super) fn task_ended(
        &self,
        node: Node,
        end: End,
        took: Duration,
        why: Option<String>,
        artifacts: Vec<Artifact>,
    ) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(node, (end, took));
        let task = self.graph.instance(node).id.clone();
        let (millis, empty) = (took.as_millis(), self.groups_only(node));
        self.events.emit(Event::TaskFinished { task, end, millis, why, artifacts, empty });
    }

    fn groups_only(&self, node: Node) -> bool {
        self.task(node).steps.is_empty()
    }

    /// Whether an instance came to a good end.
    pub(super) fn is_good(&self, node: Node) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        match ended.get(&node) {
            Some((End::Done | End::Sealed | End::UpToDate | End::Skipped, _)) => true,
            Some((End::Failed, _)) => self.task(node).optional,
            _ => false,
        }
    }

    /// Instances that failed.
    pub(super) fn failed(&self) -> Vec<String> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let failed = ended.into_iter().filter(|(node, (end, _))| {
            *end == End::Failed && !self.task(*node).optional && !self.graph.follows(*node)
        });
        failed.map(|(node, _)| self.graph.instance(node).id.clone()).collect()
    }

    /// Says how the run ended.
    pub(super) fn finish(&self, ended: Done) -> Exit {
        if self.stop.fired() {
            // What tasks that have ended left in the background ends with the run.
            stray::sweep(&self.out());
        }
        self.tidy();
        let exit = ended.unwrap_or_else(|wrong| {
            let exit = wrong.first().map_or(Exit::TASK, |first| first.kind.exit());
            for diagnostic in wrong {
                self.events.emit(Event::Error { diagnostic: Box::new(diagnostic) });
            }
            exit
        });
        let message = self.message(exit);
        let millis = self.host.clock.elapsed().as_millis();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (tally, critical_path) = (self.tally(&ended), self.critical_path(&ended));
        let code = exit.0;
        let finished = Event::RunFinished { exit: code, millis, message, tally, critical_path };
        self.events.emit(finished);
        exit
    }

    fn message(&self, exit: Exit) -> String {
        let reasons = self.would_stop.load(Ordering::Relaxed);
        match exit {
            Exit::OK if reasons > 0 => {
                format!(
                    "dry run done; a live run would stop, for {reasons} reason{}",
                    if reasons == 1 { "" } else { "s" }
                )
            }
            Exit::OK if !self.options.live && !self.of_kind(Kind::Sending).is_empty() => {
                "dry run done: nothing was sent".to_owned()
            }
            exit => said(exit).to_owned(),
        }
    }

    fn tally(&self, ended: &BTreeMap<Node, (End, Duration)>) -> Tally {
        let mut tally = Tally::default();
        for (_, (end, _)) in ended.iter().filter(|(node, _)| !self.groups_only(**node)) {
            tally.count(*end);
        }
        tally
    }

    fn critical_path(&self, ended: &BTreeMap<Node, (End, Duration)>) -> Vec<Leg> {
        let took = |node: Node| ended.get(&node).map_or(Duration::ZERO, |(_, took)| *took);
        let chain = timing::slowest_chain(self.graph.order(), |node| self.graph.needs(node), took);
        let leg = |node: Node| {
            let task = self.graph.instance(node).id.clone();
            Leg { task, millis: took(node).as_millis() }
        };
        chain.into_iter().map(leg).collect()
    }
}

/// What an exit code says of a live run.
pub(super) fn said(exit: Exit) -> &'static str {
    match exit {
        Exit::OK => "done",
        Exit::TASK => "failed",
        Exit::USAGE => "stopped: wrong usage",
        Exit::REFUSED => "refused: this run sent nothing",
        Exit::REMOTE => "stopped at a remote: nothing was sent",
        Exit::UNFINISHED => {
            "NOT FINISHED: something was, or may have been, sent; the same command again goes on from here"
        }
        _ => "interrupted: nothing was sent",
    }
}
