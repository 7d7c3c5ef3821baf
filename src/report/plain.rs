//! A run as lines for people: one task at a time is shown live, others when their turn comes.
//!
//! So output is never interleaved, and yet a long task is not silent.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use super::render::{self, Severity};
use crate::host::Host;
use crate::model::artifact::human_size;
use crate::model::effect::Presence;
use crate::model::event::{End, Event, Events, PlanRow, ProofRow};

/// Shows each event.
pub fn events(host: &Arc<Host>) -> Events {
    let host = host.clone();
    let screen = Mutex::new(Screen::default());
    Events::to(move |event| {
        screen.lock().unwrap_or_else(PoisonError::into_inner).show(&host, event)
    })
}

#[derive(Default)]
struct Screen {
    /// The task that is shown live.
    live: Option<String>,
    /// Text of other tasks that are running.
    waiting: BTreeMap<String, String>,
    /// Tasks in the order in which they began.
    begun: Vec<String>,
    /// Text of tasks that have ended while another was shown.
    ended: String,
}

impl Screen {
    fn show(&mut self, host: &Host, event: Event) {
        match event {
            Event::TaskStarted { task } => self.start(task),
            Event::Command { task, line, noted: true } => {
                self.say(host, &task, &format!("  would run: {line}\n"))
            }
            Event::Command { task, line, noted: false } => {
                self.say(host, &task, &format!("  $ {line}\n"))
            }
            Event::Output { task, line } => self.say(host, &task, &format!("  {line}\n")),
            Event::Sent { task, summary, already: true } => {
                self.say(host, &task, &format!("  already there: {summary}\n"))
            }
            Event::Sent { task, summary, already: false } => {
                self.say(host, &task, &format!("  sent: {summary}\n"))
            }
            Event::TaskFinished { ref task, .. } => self.finish(host, task, &finished(&event)),
            Event::Note { text } => self.aside(host, &format!("note: {text}\n")),
            Event::Warning { diagnostic } => self
                .aside(host, &render::diagnostic(&diagnostic, Severity::Warning, host.term.colour)),
            Event::Error { diagnostic } => self
                .aside(host, &render::diagnostic(&diagnostic, Severity::Error, host.term.colour)),
            Event::Plan { rows, stops, live } => {
                host.out(&plan(&rows, live));
                let severity = if live { Severity::Error } else { Severity::WouldStop };
                for stop in stops {
                    host.err(&render::diagnostic(&stop, severity, host.term.colour));
                }
            }
            Event::Proof { rows } => host.out(&proof(&rows)),
            Event::RunStarted { .. } => {}
            Event::RunFinished { message, millis, .. } => {
                let rest = std::mem::take(&mut self.ended);
                host.err(&format!("{rest}{message} ({})\n", seconds(millis)))
            }
        }
    }

    fn start(&mut self, task: String) {
        self.begun.push(task.clone());
        if self.live.is_none() {
            self.live = Some(task);
        } else {
            self.waiting.insert(task, String::new());
        }
    }

    fn say(&mut self, host: &Host, task: &str, text: &str) {
        match self.waiting.get_mut(task) {
            Some(waiting) => waiting.push_str(text),
            None => host.err(text),
        }
    }

    fn aside(&mut self, host: &Host, text: &str) {
        if self.live.is_some() {
            self.ended.push_str(text);
        } else {
            host.err(text);
        }
    }

    fn finish(&mut self, host: &Host, task: &str, status: &str) {
        self.begun.retain(|known| known != task);
        if self.live.as_deref() != Some(task) {
            let text = self.waiting.remove(task).unwrap_or_default() + status;
            self.aside(host, &text);
            return;
        }
        let mut text = format!("{status}{}", std::mem::take(&mut self.ended));
        self.live = self.begun.first().cloned();
        if let Some(next) = &self.live {
            text.push_str(&self.waiting.remove(next).unwrap_or_default());
        }
        host.err(&text);
    }
}

fn seconds(millis: u128) -> String {
    format!("{}.{:02} s", millis / 1000, millis % 1000 / 10)
}

/// How a task ended, and what it made; nothing for a task that only groups others.
fn finished(event: &Event) -> String {
    let Event::TaskFinished { task, end, millis, why, artifacts, empty } = event else {
        return String::new();
    };
    if *empty && matches!(end, End::Done | End::Sealed) {
        return String::new();
    }
    let took = seconds(*millis);
    let state = match end {
        End::Done => format!("ok, {took}"),
        End::Sealed => "taken as sealed".into(),
        End::Planned => "described, not sent".into(),
        End::WouldRun => "would run after that".into(),
        End::Skipped => "skipped".into(),
        End::Failed => format!("FAILED, {took}"),
        End::Poisoned => "not run: something it needs failed".into(),
        End::Cancelled => "not run".into(),
    };
    let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let mut text = format!("{task}: {state}{why}\n");
    for file in artifacts {
        let (size, digest) = (human_size(file.size), file.sha256.short());
        let _ = writeln!(text, "  + {} ({size}, sha256 {digest})", file.name);
    }
    text
}

fn plan(rows: &[PlanRow], live: bool) -> String {
    let (count, plural) = (rows.len(), if rows.len() == 1 { "" } else { "s" });
    let mode = if live { "live" } else { "dry run: nothing was sent" };
    let mut text = format!("\nplan: {count} effect{plural} ({mode})\n");
    let mut task = "";
    for row in rows {
        if row.task != task {
            task = &row.task;
            let _ = writeln!(text, "  {task}");
        }
        let state = match &row.presence {
            None => "not looked",
            Some(Presence::Absent) => "not there yet",
            Some(Presence::Same) => "already there",
            Some(Presence::Other(_)) => "OTHER BYTES are there",
            Some(Presence::Unknowable) => "cannot be looked at",
        };
        let _ = writeln!(text, "    {}: {state}", row.summary);
    }
    text
}

fn proof(rows: &[ProofRow]) -> String {
    let mut text = String::from("\nproof, as read back from the remotes\n");
    for row in rows {
        let state = match row.proven {
            Some(true) => "proven",
            Some(false) => "MISSING",
            None => "not provable",
        };
        let when = if row.sent_now { "sent now" } else { "sent before" };
        let _ = writeln!(text, "  {state}  {}  {}  {when}", row.destination, row.name);
        if let Some(sha256) = &row.sha256 {
            let _ = writeln!(text, "          sha256 {sha256}");
        }
        if let Some(url) = &row.url {
            let _ = writeln!(text, "          {url}");
        }
    }
    text
}
