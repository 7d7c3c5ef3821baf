//! A run as lines for people: one task at a time is shown live, others when their turn comes.
//!
//! Tasks that are up to date and have nothing to say are told together: few by name, many by their number.

use std::sync::{Arc, Mutex, PoisonError};

use super::render::{self, Severity};
use super::turns::Turns;
use super::{clean, text};
use crate::diag::Diagnostic;
use crate::host::Host;
use crate::model::event::{End, Event, Events};

/// More tasks that are up to date are counted, not named.
const FEW: usize = 20;

/// What is shown, and what is about to be.
#[derive(Default)]
struct Shown {
    turns: Turns,
    /// Tasks that are up to date, one line each.
    quiet: Vec<String>,
}

/// Shows each event.
pub fn events(host: &Arc<Host>) -> Events {
    let host = host.clone();
    let shown = Mutex::new(Shown::default());
    Events::to(move |event| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.keeps(&event) {
            return;
        }
        let before = shown.told();
        let text = [before, show(&mut shown.turns, &host, event)].concat();
        if !text.is_empty() {
            host.err(&clean::text(&text, host.term.colour));
        }
    })
}

impl Shown {
    /// Whether an event can be told later, together with others of its kind.
    fn keeps(&mut self, event: &Event) -> bool {
        let Event::TaskFinished { task, end: End::UpToDate, artifacts, .. } = event else {
            return false;
        };
        let quiet = artifacts.is_empty() && !self.turns.has_begun(task);
        if quiet {
            self.quiet.push(text::finished(event));
        }
        quiet
    }

    /// What was kept.
    fn told(&mut self) -> String {
        let quiet = std::mem::take(&mut self.quiet);
        if quiet.is_empty() {
            return String::new();
        }
        let many = || format!("{} tasks are up to date\n", quiet.len());
        self.turns.aside(if quiet.len() > FEW { many() } else { quiet.concat() })
    }
}

/// What may be shown now that `event` has happened.
fn show(turns: &mut Turns, host: &Host, event: Event) -> String {
    let drawn =
        |found: &Diagnostic, severity| render::diagnostic(found, severity, host.term.colour);
    if let Some((task, line)) = text::log(&event, host.term.colour) {
        return turns.say(task, line);
    }
    match event {
        Event::TaskStarted { task, .. } => turns.start(task, String::new()),
        Event::TaskFinished { ref task, .. } => turns.finish(task, &text::finished(&event)),
        Event::Note { text } => turns.aside(format!("note: {text}\n")),
        Event::Warning { diagnostic } => turns.aside(drawn(&diagnostic, Severity::Warning)),
        Event::Error { diagnostic } => turns.aside(drawn(&diagnostic, Severity::Error)),
        Event::Plan { rows, stops, live } => {
            host.out(&clean::text(&text::plan(&rows, live), false));
            let severity = if live { Severity::Error } else { Severity::WouldStop };
            stops.iter().map(|stop| drawn(stop, severity)).collect()
        }
        Event::Edits { edits } => {
            host.out(&clean::text(&text::edits(&edits), false));
            String::new()
        }
        Event::Proof { rows } => {
            host.out(&clean::text(&text::proof(&rows), false));
            String::new()
        }
        Event::RunFinished { .. } => [turns.rest(), text::closing(&event)].concat(),
        _ => String::new(),
    }
}
