//! A run in GitHub Actions: a group for each task, annotations beside the code, a job summary.
//!
//! All but data goes to standard error: the runner reads the two streams one beside the other, and
//! a group must be closed in the stream that opened it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::annotate::{Finding, Level, Reader};
use super::render::{self, Severity};
use super::summary::Summary;
use super::turns::Turns;
use super::workflow::{self, Spot};
use super::{clean, text};
use crate::diag::{Diagnostic, Site};
use crate::host::{Host, fs};
use crate::model::event::{End, Event, Events};

/// GitHub shows so many annotations of a kind for each step.
const MOST: usize = 10;
/// Of these, tools leave some to rel: what ended the run is worth more than the eighth finding.
const FOR_REL: usize = 3;
/// More findings of one task are not kept.
const MOST_KEPT: usize = 50;
/// GitHub refuses a larger summary of a step, in bytes.
const LARGEST_SUMMARY: usize = 1 << 20;

/// Shows each event.
pub fn events(host: &Arc<Host>) -> Events {
    let log = Mutex::new(Log::new(host.clone()));
    Events::to(move |event| log.lock().unwrap_or_else(PoisonError::into_inner).show(event))
}

/// A task that runs.
struct Running {
    token: String,
    cwd: Option<String>,
    reader: Reader,
    findings: Vec<Finding>,
}

struct Log {
    host: Arc<Host>,
    turns: Turns,
    running: BTreeMap<String, Running>,
    root: Option<PathBuf>,
    summary: Summary,
    /// Annotations so far, and those there was no room for.
    errors: usize,
    warnings: usize,
    left_out: usize,
}

impl Log {
    fn new(host: Arc<Host>) -> Self {
        let masks = host.clone();
        let summary = Summary::new(move |text| masks.env.masked(text));
        let (turns, running) = (Turns::default(), BTreeMap::new());
        let (errors, warnings, left_out) = (0, 0, 0);
        Self { host, turns, running, root: None, summary, errors, warnings, left_out }
    }

    fn show(&mut self, event: Event) {
        let text = self.text(event);
        if !text.is_empty() {
            self.host.term.err(&workflow::masked(&text, |text| self.host.env.masked(text)));
        }
    }

    /// What may be shown now that `event` has happened: commands, and texts that are none.
    fn text(&mut self, event: Event) -> String {
        if let Some((task, line)) = text::log(&event, false) {
            self.read(&event);
            return self.turns.say(task, workflow::disarm_old(&clean::text(&line, false)));
        }
        match event {
            Event::RunStarted { root, .. } => {
                self.root = Some(root);
                String::new()
            }
            Event::TaskStarted { task, cwd } => self.start(task, cwd),
            Event::TaskFinished { ref task, end, .. } => {
                self.summary.task(&event);
                let (closing, annotations) = self.close(task, end == End::Failed);
                let ended = harmless(&text::finished(&event));
                self.turns.finish(task, &format!("{closing}{ended}{annotations}"))
            }
            Event::Note { text } => self.turns.aside(harmless(&format!("note: {text}\n"))),
            Event::Warning { diagnostic } => self.aside(&diagnostic, Severity::Warning),
            Event::Error { diagnostic } => self.aside(&diagnostic, Severity::Error),
            Event::Plan { rows, stops, live } => {
                self.host.err(&harmless(&text::plan(&rows, live)));
                self.summary.plan(&rows, live);
                let severity = if live { Severity::Error } else { Severity::WouldStop };
                stops.iter().map(|stop| self.wrong(stop, severity)).collect()
            }
            Event::Edits { edits } => {
                self.host.err(&harmless(&text::edits(&edits)));
                String::new()
            }
            Event::Proof { rows } => {
                self.host.err(&harmless(&text::proof(&rows)));
                self.summary.proof(&rows);
                String::new()
            }
            Event::RunFinished { .. } => self.end(&event),
            _ => String::new(),
        }
    }

    fn start(&mut self, task: String, cwd: Option<String>) -> String {
        let token = self.host.nonce();
        let head = workflow::open(&self.host.env.masked(&task), &token);
        let (reader, findings) = (Reader::default(), Vec::new());
        self.running.insert(task.clone(), Running { token, cwd, reader, findings });
        self.turns.start(task, head)
    }

    /// Looks for a finding in what a program printed.
    fn read(&mut self, event: &Event) {
        let Event::Output { task, line, printed: false } = event else { return };
        let Some(running) = self.running.get_mut(task) else { return };
        let finding = running.reader.line(&clean::text(line, false));
        running.findings.extend(finding.filter(|_| running.findings.len() < MOST_KEPT));
    }

    /// What closes a task's group, and what is annotated below it.
    fn close(&mut self, task: &str, failed: bool) -> (String, String) {
        let Some(running) = self.running.remove(task) else { return Default::default() };
        let mut annotations = String::new();
        for finding in running.findings {
            // A task that did not fail has only printed what looks like an error.
            if failed || finding.level == Level::Warning {
                annotations.push_str(&self.found(&finding, running.cwd.as_deref()));
            }
        }
        (workflow::close(&running.token), annotations)
    }

    /// The annotation for a tool's finding, if it is about a file of the repository.
    fn found(&mut self, finding: &Finding, cwd: Option<&str>) -> String {
        let place = &finding.place;
        let root = self.root.clone().unwrap_or_else(|| self.host.cwd.clone());
        let paths = [root.join(cwd.unwrap_or_default()).join(&place.file), root.join(&place.file)];
        let path = paths.iter().find(|path| fs::is_file(path));
        let Some(file) = path.and_then(|path| self.in_workspace(path)) else {
            return String::new();
        };
        let spot = Spot { file, line: place.line, column: place.column, end: None };
        let title = finding.code.as_deref().unwrap_or("found");
        self.annotate(finding.level, Some(&spot), title, &finding.message, MOST - FOR_REL)
    }

    fn aside(&mut self, found: &Diagnostic, severity: Severity) -> String {
        let text = self.wrong(found, severity);
        self.turns.aside(text)
    }

    /// A diagnostic of rel's own, drawn and annotated.
    fn wrong(&mut self, found: &Diagnostic, severity: Severity) -> String {
        let drawn = render::diagnostic(found, severity, false);
        let (level, title) = match severity {
            Severity::Error => (Level::Error, "rel"),
            Severity::WouldStop => (Level::Warning, "rel: would stop"),
            Severity::Warning => (Level::Warning, "rel"),
        };
        if severity != Severity::Warning {
            self.summary.wrong(&drawn);
        }
        let spot = found.site.as_ref().and_then(|site| self.spot(site));
        let hints = found.hints.iter().map(|hint| format!("hint: {hint}"));
        let notes = found.notes.iter().cloned().chain(hints);
        let message: Vec<String> = std::iter::once(found.message.clone()).chain(notes).collect();
        let message = message.join("\n");
        let annotation = self.annotate(level, spot.as_ref(), title, &message, MOST);
        format!("{}{annotation}", harmless(&drawn))
    }

    /// An annotation, as long as there are fewer than `most` of its level. Masked before it is
    /// escaped, which would hide a secret from masking.
    fn annotate(
        &mut self,
        level: Level,
        spot: Option<&Spot>,
        title: &str,
        message: &str,
        most: usize,
    ) -> String {
        let count = if level == Level::Error { &mut self.errors } else { &mut self.warnings };
        if *count >= most {
            self.left_out += 1;
            return String::new();
        }
        *count += 1;
        let masked = |text: &str| self.host.env.masked(&clean::text(text, false));
        workflow::annotation(level, spot, &masked(title), &masked(message))
    }

    /// Where a place of the Releasefile is in the repository. Before the project is known, the file
    /// is looked for as rel looks for it.
    fn spot(&self, site: &Site) -> Option<Spot> {
        let above = self.host.cwd.ancestors().take_while(|_| self.root.is_none());
        let path = self.root.as_deref().into_iter().chain(above);
        let path = path.map(|folder| folder.join(&site.source.name)).find(|path| fs::is_file(path));
        let (line, column, end) = (site.line, Some(site.column), Some(site.column + site.width()));
        Some(Spot { file: self.in_workspace(&path?)?, line, column, end })
    }

    /// A path as GitHub wants it: relative to the folder that holds the repository.
    fn in_workspace(&self, path: &Path) -> Option<String> {
        let workspace = fs::real(Path::new(self.host.env.get("GITHUB_WORKSPACE")?)).ok()?;
        let path = fs::real(path).ok()?;
        let inside = path.strip_prefix(workspace).ok()?;
        Some(inside.to_str()?.replace('\\', "/"))
    }

    fn end(&mut self, event: &Event) -> String {
        let rest = self.turns.rest();
        let left_out = if self.left_out == 0 {
            String::new()
        } else {
            format!("note: not annotated, since GitHub shows no more: {}\n", self.left_out)
        };
        let summary = self
            .write_summary(event)
            .err()
            .map(|error| format!("note: the job summary cannot be written: {error}\n"));
        let closing = text::closing(event) + &*left_out + &*summary.unwrap_or_default();
        format!("{rest}{}", harmless(&closing))
    }

    fn write_summary(&self, event: &Event) -> std::io::Result<()> {
        let Some(path) = self.host.env.get("GITHUB_STEP_SUMMARY") else { return Ok(()) };
        let mut file = fs::open_append(&self.host.cwd.join(path))?;
        // Other commands of the same step may have written there.
        let there = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        let text = self.summary.markdown(event, LARGEST_SUMMARY.saturating_sub(there));
        file.write_all(text.as_bytes())
    }
}

/// A text of which nothing moves a cursor or is a command.
fn harmless(text: &str) -> String {
    workflow::disarm(&clean::text(text, false))
}
