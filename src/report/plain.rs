//! A run as lines for people: one task at a time is shown live, others when their turn comes. On a runner of
//! GitLab each task is a section of the job's log (`sections`).
//!
//! Tasks that are up to date and have nothing to say are told together: few by name and with what they made, many by
//! their number.

use std::sync::{Arc, Mutex, PoisonError};

use super::render::{self, Severity};
use super::sections::Sections;
use super::turns::Turns;
use super::{clean, text};
use crate::diag::Diagnostic;
use crate::host::Host;
use crate::model::event::{End, Event, Events};

/// More tasks that are up to date are counted, not named.
const FEW: usize = 20;

/// What is shown, and what is about to be.
struct Shown {
    turns: Turns,
    sections: Sections,
    /// How many tasks are up to date, and what is said of the first few.
    quiet: (usize, String),
}

/// Shows each event.
pub fn events(host: &Arc<Host>) -> Events {
    let host = host.clone();
    let shown = Mutex::new(Shown::of(&host));
    Events::to(move |event| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.keeps(&event) {
            return;
        }
        let before = clean::text(&shown.told(), host.term.colour);
        let Shown { turns, sections, .. } = &mut *shown;
        let text = [before, show(turns, sections, &host, event)].concat();
        if !text.is_empty() {
            host.err(&text);
        }
    })
}

impl Shown {
    fn of(host: &Host) -> Self {
        Self { turns: Turns::default(), sections: Sections::of(host), quiet: (0, String::new()) }
    }

    /// Whether an event can be told later, together with others of its kind.
    fn keeps(&mut self, event: &Event) -> bool {
        let Event::TaskFinished { task, end: End::UpToDate, .. } = event else {
            return false;
        };
        if self.turns.has_begun(task) {
            return false;
        }
        let (count, said) = &mut self.quiet;
        *count += 1;
        if *count <= FEW {
            said.push_str(&text::finished(event));
        }
        true
    }

    /// What was kept.
    fn told(&mut self) -> String {
        match std::mem::take(&mut self.quiet) {
            (0, _) => String::new(),
            (count, said) if count <= FEW => self.turns.aside(said),
            (count, _) => self.turns.aside(format!("{count} tasks are up to date\n")),
        }
    }
}

/// Prints what programs may take. In a job's log it stands beside all else, as on GitHub: what a script takes there
/// is the digest of a bundle. What is still to be shown is returned.
fn data(sections: &Sections, host: &Host, text: &str) -> String {
    let text = clean::text(text, false);
    if sections.are_shown() {
        return text;
    }
    host.out(&text);
    String::new()
}

/// What may be shown now that `event` has happened: nothing in it moves a cursor but marks of sections.
fn show(turns: &mut Turns, sections: &mut Sections, host: &Host, event: Event) -> String {
    let tidy = |text: &str| clean::text(text, host.term.colour);
    let drawn =
        |found: &Diagnostic, severity| tidy(&render::diagnostic(found, severity, host.term.colour));
    if let Some((task, line)) = text::log(&event, host.term.colour) {
        return turns.say(task, tidy(&line));
    }
    match event {
        Event::TaskStarted { task, .. } => {
            let head = sections.open(&task, &tidy(&host.env.masked(&task)), host.clock.unix());
            turns.start(task, head)
        }
        Event::TaskFinished { ref task, .. } => {
            let end = sections.close(task, host.clock.unix());
            turns.finish(task, &format!("{end}{}", tidy(&text::finished(&event))))
        }
        Event::Note { text } => turns.aside(tidy(&format!("note: {text}\n"))),
        Event::Warning { diagnostic } => turns.aside(drawn(&diagnostic, Severity::Warning)),
        Event::Error { diagnostic } => turns.aside(drawn(&diagnostic, Severity::Error)),
        Event::Plan { rows, stops, live } => {
            let plan = data(sections, host, &text::plan(&rows, live));
            let severity = if live { Severity::Error } else { Severity::WouldStop };
            std::iter::once(plan).chain(stops.iter().map(|stop| drawn(stop, severity))).collect()
        }
        Event::Edits { edits } => data(sections, host, &text::edits(&edits)),
        Event::Proof { rows } => data(sections, host, &text::proof(&rows)),
        Event::RunFinished { .. } => [turns.rest(), tidy(&text::closing(&event))].concat(),
        _ => String::new(),
    }
}
