//! Writes a run down while it goes on, from the same events that reports show.
//!
//! Little is done for each event, and the disk is asked seldom: at the start, at the end, and when much has
//! come together. Secrets are masked in every line before it is kept. What cannot be written costs the record,
//! and never the run.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::tail::{MOST, Tail};
use super::{END, Effect, Finish, Leg, Line, Proof, Said, Start, Task};
use crate::diag::Diagnostic;
use crate::host::{Host, fs};
use crate::model::artifact::Artifact;
use crate::model::event::{End, Event, Events, PlanRow, ProofRow};

/// So much is written at once, in bytes.
const BATCH: usize = 256 * 1024;
/// So much output is kept of all tasks of a run together, in bytes; after that only of those that fail.
const ROOM: usize = 4 << 20;

/// Keeps a record of a run, once that has begun.
pub struct Recorder {
    host: Arc<Host>,
    book: Arc<Mutex<Option<Book>>>,
}

impl Recorder {
    /// A recorder that has not begun.
    pub fn new(host: &Arc<Host>) -> Self {
        Self { host: host.clone(), book: Arc::default() }
    }

    /// Events that are noted on their way to `events`.
    pub fn tee(&self, events: &Events) -> Events {
        let (host, book, events) = (self.host.clone(), self.book.clone(), events.clone());
        Events::to(move |event| {
            note(&host, &mut lock(&book), &event);
            events.emit(event);
        })
    }

    /// Begins a record in a folder, with what is known by now.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn begin(&self, folder: &Path, start: Start) -> io::Result<()> {
        let millis = self.host.clock.unix_millis();
        let path = folder.join(format!("{millis:013}-{}{END}", self.host.pid()));
        let file = fs::open_new(&path)?;
        // Tells whoever looks that the run goes on; where files cannot be locked, it passes for killed.
        let _ = file.try_lock();
        let mut book =
            Book { file, path, pending: String::new(), open: HashMap::new(), room: ROOM };
        book.add(&self.host, &Line::Start(start));
        book.write()?;
        *lock(&self.book) = Some(book);
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The record of a run that goes on.
struct Book {
    file: File,
    path: PathBuf,
    /// Lines that are not written yet.
    pending: String,
    /// Tasks that run, each with its beginning and its output.
    open: HashMap<String, (Duration, Tail)>,
    /// How much output may still be kept, in bytes.
    room: usize,
}

/// Notes an event. A record that cannot be written is given up.
fn note(host: &Host, book: &mut Option<Book>, event: &Event) {
    let Some(open) = book else { return };
    open.take(host, event);
    let is_over = matches!(event, Event::RunFinished { .. });
    let written = if is_over || open.pending.len() > BATCH { open.write() } else { Ok(()) };
    if written.is_err() {
        // Half a record would say that the run was killed.
        let _ = fs::remove_file(&open.path);
    }
    if is_over || written.is_err() {
        *book = None;
    }
}

impl Book {
    fn take(&mut self, host: &Host, event: &Event) {
        match event {
            Event::TaskStarted { task, .. } => {
                self.open.insert(task.clone(), (host.clock.elapsed(), Tail::default()));
            }
            Event::Command { task, line, noted } => {
                let mark = if *noted { "would run:" } else { "$" };
                self.say(host, task, &format!("{mark} {line}"));
            }
            Event::Output { task, line, .. } => self.say(host, task, line),
            Event::Sent { task, summary, already } => {
                let word = if *already { "already there" } else { "sent" };
                self.say(host, task, &format!("{word}: {summary}"));
            }
            Event::TaskFinished { task, end, millis, why, artifacts, empty } if !empty => {
                let ended = self.ended(host, task, *end, whole(*millis), artifacts);
                self.add(host, &Line::Task(Task { why: why.clone(), ..ended }));
            }
            Event::Warning { diagnostic } => self.add(host, &Line::Said(said(diagnostic, true))),
            Event::Error { diagnostic } => self.add(host, &Line::Said(said(diagnostic, false))),
            Event::Plan { rows, .. } => {
                self.add(host, &Line::Plan(rows.iter().map(effect).collect()));
            }
            Event::Proof { rows } => self.add(host, &Line::Proof(rows.iter().map(proof).collect())),
            Event::RunFinished { exit, millis, message, tally, critical_path } => {
                let leg = |leg: &crate::model::event::Leg| Leg {
                    task: leg.task.clone(),
                    millis: whole(leg.millis),
                };
                let finish = Finish {
                    exit: *exit,
                    millis: whole(*millis),
                    message: message.clone(),
                    ok: tally.ok,
                    failed: tally.failed,
                    left_out: tally.left_out,
                    critical_path: critical_path.iter().map(leg).collect(),
                };
                self.add(host, &Line::Finish(finish));
            }
            _ => {}
        }
    }

    /// A line of a task's output.
    fn say(&mut self, host: &Host, task: &str, line: &str) {
        let Some((_, tail)) = self.open.get_mut(task) else { return };
        if line.len() > MOST {
            // It will be cut, and a secret may stand where.
            tail.push(&host.env.masked(line));
        } else {
            tail.push(line);
        }
    }

    fn ended(
        &mut self,
        host: &Host,
        task: &str,
        end: End,
        millis: u64,
        artifacts: &[Artifact],
    ) -> Task {
        let opened = self.open.remove(task);
        let (start, tail) = opened.unwrap_or_else(|| (host.clock.elapsed(), Tail::default()));
        let (mut log, mut cut) = tail.take();
        if log.len() > self.room && end != End::Failed {
            log.clear();
            cut = true;
        }
        self.room = self.room.saturating_sub(log.len());
        let end = serde_json::to_value(end).ok();
        let end = end.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let (task, start) = (task.to_owned(), whole(start.as_millis()));
        Task { task, start, millis, end, why: None, artifacts: artifacts.to_vec(), log, cut }
    }

    fn add(&mut self, host: &Host, line: &Line) {
        // Lines hold only maps with text keys: they can always be written.
        let text = if host.env.masks_nothing() {
            serde_json::to_string(line).unwrap_or_default()
        } else {
            let value = serde_json::to_value(line).unwrap_or_default();
            host.env.masked_json(value).to_string()
        };
        self.pending.push_str(&text);
        self.pending.push('\n');
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_all(self.pending.as_bytes())?;
        self.pending.clear();
        Ok(())
    }
}

fn whole(millis: u128) -> u64 {
    u64::try_from(millis).unwrap_or(u64::MAX)
}

fn said(diagnostic: &Diagnostic, warning: bool) -> Said {
    Said {
        warning,
        message: diagnostic.message.clone(),
        place: diagnostic.site.as_ref().map(ToString::to_string),
        notes: diagnostic.notes.clone(),
        hints: diagnostic.hints.clone(),
    }
}

fn effect(row: &PlanRow) -> Effect {
    let PlanRow { key, task, summary, presence, removes } = row.clone();
    Effect { task, key, summary, presence, removes }
}

fn proof(row: &ProofRow) -> Proof {
    let ProofRow { name, destination, sha256, url, proven, .. } = row.clone();
    Proof { name, destination, sha256, url, proven }
}
