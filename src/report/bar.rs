//! A run on a terminal: what has ended stands above, what is running moves below.
//!
//! The output of a task is shown only if it failed, at the end and whole; what the Releasefile
//! prints is shown at once. One bar of several rows draws all that moves: bars of their own for
//! each task would have to be taken back one by one, and leave traces when a terminal is resized.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::board::Board;
use super::canvas::Canvas;
use super::log::Log;
use super::render::{self, Severity};
use super::{clean, text};
use crate::diag::{Diagnostic, Exit};
use crate::host::Host;
use crate::model::event::{End, Event, Events};

/// Between two drawings of what moves.
const TICK: Duration = Duration::from_millis(100);

/// Shows each event.
pub fn events(host: &Arc<Host>) -> Events {
    let bar = Mutex::new(Bar::new(host.clone()));
    Events::to(move |event| lock(&bar).show(event))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Text for one of the streams.
enum Text {
    Data(String),
    Eyes(String),
}

struct Bar {
    host: Arc<Host>,
    /// Shared with what draws. Locked shortly, and never while something is drawn.
    board: Arc<Mutex<Board>>,
    /// What draws, while a run goes on and the terminal is rel's.
    moving: Option<ProgressBar>,
    /// What is to be shown when the terminal is rel's again.
    held: Option<Vec<Text>>,
    /// Output of running tasks.
    logs: BTreeMap<String, Log>,
    /// Output of tasks that failed, and what is wrong, for the end.
    failed: Vec<(String, Log)>,
    wrong: Vec<Diagnostic>,
    running: bool,
}

impl Bar {
    fn new(host: Arc<Host>) -> Self {
        Self {
            host,
            board: Arc::default(),
            moving: None,
            held: None,
            logs: BTreeMap::new(),
            failed: Vec::new(),
            wrong: Vec::new(),
            running: false,
        }
    }

    fn show(&mut self, event: Event) {
        if let Some((task, line)) = text::log(&event, self.host.term.colour) {
            self.follow(task, &line);
        }
        match event {
            Event::RunStarted { tasks, .. } => self.begin(tasks),
            Event::TaskStarted { task, .. } => {
                lock(&self.board).running.push((task, String::new()));
            }
            Event::Output { task, line, printed: true } => self.say(format!("{task}: {line}\n")),
            Event::Sent { task, summary, already } => {
                self.say(format!("{task}: {}: {summary}\n", text::sent(already)));
            }
            Event::TaskFinished { ref task, end, .. } => self.finish(task, end, &event),
            Event::Yielded { .. } => {
                self.rest();
                self.held = Some(Vec::new());
            }
            Event::Resumed => {
                let held = self.held.take().unwrap_or_default();
                for text in held {
                    self.write(text);
                }
                self.moving = self.running.then(|| self.draw());
            }
            Event::Note { text } => self.say(format!("note: {text}\n")),
            Event::Warning { diagnostic } => self.say(self.drawn(&diagnostic, Severity::Warning)),
            // Within a run it is said last, below all that has been done.
            Event::Error { diagnostic } if self.running => self.wrong.push(*diagnostic),
            Event::Error { diagnostic } => self.say(self.drawn(&diagnostic, Severity::Error)),
            Event::Plan { rows, stops, live } => {
                self.write(Text::Data(text::plan(&rows, live)));
                let severity = if live { Severity::Error } else { Severity::WouldStop };
                for stop in stops {
                    self.say(self.drawn(&stop, severity));
                }
            }
            Event::Edits { edits } => self.write(Text::Data(text::edits(&edits))),
            Event::Proof { rows } => self.write(Text::Data(text::proof(&rows))),
            Event::RunFinished { exit, .. } => self.end(exit, &event),
            Event::Command { .. } | Event::Output { .. } => {}
        }
    }

    fn begin(&mut self, tasks: usize) {
        lock(&self.board).total = tasks;
        self.running = true;
        self.moving = Some(self.draw());
    }

    /// Keeps a line of a task's log, and shows it while it is the newest.
    fn follow(&mut self, task: &str, line: &str) {
        self.logs.entry(task.to_owned()).or_default().push(line);
        // Cleaning may join what masking has seen apart.
        let newest = self.host.env.masked(clean::text(line, false).trim());
        let mut board = lock(&self.board);
        if let Some((_, shown)) = board.running.iter_mut().find(|(name, _)| name == task) {
            *shown = newest;
        }
    }

    fn finish(&mut self, task: &str, end: End, event: &Event) {
        let log = self.logs.remove(task).unwrap_or_default();
        if end == End::Failed && !log.is_empty() {
            self.failed.push((task.to_owned(), log));
        }
        let mut board = lock(&self.board);
        board.done += 1;
        board.running.retain(|(name, _)| name != task);
        drop(board);
        self.say(ended(event, self.host.term.colour));
    }

    fn end(&mut self, exit: u8, event: &Event) {
        self.running = false;
        self.rest();
        // Who interrupts a run has seen enough of it.
        let interrupted = exit == Exit::INTERRUPTED.0;
        for (task, log) in std::mem::take(&mut self.failed).into_iter().filter(|_| !interrupted) {
            self.say(format!("\noutput of {task}:\n{}", log.text()));
        }
        for wrong in std::mem::take(&mut self.wrong) {
            self.say(self.drawn(&wrong, Severity::Error));
        }
        self.say(text::closing(event));
    }

    fn say(&mut self, text: String) {
        if !text.is_empty() {
            self.write(Text::Eyes(text));
        }
    }

    /// Writes above what moves, or keeps the text until the terminal is rel's again.
    fn write(&mut self, text: Text) {
        if let Some(held) = &mut self.held {
            held.push(text);
            return;
        }
        let write = || match &text {
            Text::Data(text) => self.host.out(&clean::text(text, false)),
            Text::Eyes(text) => self.host.err(&clean::text(text, self.host.term.colour)),
        };
        match &self.moving {
            Some(moving) => moving.suspend(write),
            None => write(),
        }
    }

    fn drawn(&self, found: &Diagnostic, severity: Severity) -> String {
        render::diagnostic(found, severity, self.host.term.colour)
    }

    /// Takes away what moves.
    fn rest(&mut self) {
        if let Some(moving) = self.moving.take() {
            moving.finish_and_clear();
        }
    }

    /// Begins to draw what moves.
    fn draw(&self) -> ProgressBar {
        if self.host.term.size().is_none() {
            return ProgressBar::hidden();
        }
        let canvas = Box::new(Canvas::new(self.host.clone()));
        let target = ProgressDrawTarget::term_like_with_hz(canvas, 20);
        let (host, board) = (self.host.clone(), self.board.clone());
        let rows = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let Some(size) = host.term.size() else { return };
            let rows = lock(&board).rows(size, host.clock.elapsed(), host.term.colour);
            // A row that is not drawn is drawn the next time.
            let _ = out.write_str(&rows.join("\n"));
        };
        let style = ProgressStyle::with_template("{rows}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).with_key("rows", rows);
        let moving = ProgressBar::with_draw_target(None, target).with_style(style);
        moving.enable_steady_tick(TICK);
        moving
    }
}

/// How a task ended and what it made; nothing for a task that only groups others.
fn ended(event: &Event, colour: bool) -> String {
    let Event::TaskFinished { task, end, millis, why, artifacts, empty } = event else {
        return String::new();
    };
    if *empty {
        return String::new();
    }
    let (word, style) = match end {
        End::Done => ("ok", "32"),
        End::Sealed => ("sealed", "36"),
        End::UpToDate => ("up to date", "36"),
        End::Planned => ("described", "36"),
        End::WouldRun => ("would run", "36"),
        End::Skipped => ("skipped", "33"),
        End::Failed => ("FAILED", "1;31"),
        End::Poisoned | End::Cancelled => ("not run", "33"),
    };
    let word = if colour { format!("\u{1b}[{style}m{word}\u{1b}[0m") } else { word.to_owned() };
    let took = match end {
        End::Done | End::Failed => format!(" {}", text::seconds(*millis)),
        _ => String::new(),
    };
    let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{word} {task}{took}{why}\n{}", text::artifacts(artifacts))
}
