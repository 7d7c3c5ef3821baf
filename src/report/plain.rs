//! A run as lines for people: one task at a time is shown live, others when their turn comes.

use std::sync::{Arc, Mutex, PoisonError};

use super::render::{self, Severity};
use super::turns::Turns;
use super::{clean, text};
use crate::diag::Diagnostic;
use crate::host::Host;
use crate::model::event::{Event, Events};

/// Shows each event.
pub fn events(host: &Arc<Host>) -> Events {
    let host = host.clone();
    let turns = Mutex::new(Turns::default());
    Events::to(move |event| {
        let mut turns = turns.lock().unwrap_or_else(PoisonError::into_inner);
        let text = show(&mut turns, &host, event);
        if !text.is_empty() {
            host.err(&clean::text(&text, host.term.colour));
        }
    })
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
