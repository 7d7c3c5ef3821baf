//! The gate: between what was built and what is sent. Plan, guards again, remotes, questions.

mod doomed;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::look::{self, Asked, Look};
use super::pass::Pass;
use super::session::Session;
use crate::diag::{Diagnostic, Kind as Wrong, Outcome};
use crate::door::Door;
use crate::graph::{Kind, Node};
use crate::host::Host;
use crate::host::stop::Stop;
use crate::model::effect::{Key, Presence};
use crate::model::event::{Event, Events, PlanRow};
use crate::model::task::Task;
use crate::plan::{Plan, Planned};

/// Calls every sending instance once with a plan's door.
///
/// # Errors
/// A body failed, or asked for a result that does not exist yet.
pub(super) fn describe(session: &Arc<Session>) -> Result<Vec<Planned>, Vec<Diagnostic>> {
    let door = Arc::new(Door::planning(session.release.clone()));
    let pass = Pass::before_gate(session, &door);
    for node in session.of_kind(Kind::Sending) {
        pass.call(node, &session.stop).map_err(|wrong| vec![*wrong])?;
    }
    Ok(door.planned())
}

/// For each sending instance the tasks and instances whose artifacts it asks for. There may be none yet: a
/// body that cannot do without stops there, and has asked before.
pub(super) fn taken(session: &Arc<Session>) -> Vec<(Node, BTreeSet<String>)> {
    let door = Arc::new(Door::planning(session.release.clone()));
    let pass = Pass::before_gate(session, &door);
    let asked = || session.cx.taken.lock().unwrap_or_else(PoisonError::into_inner);
    let of = |node: Node| {
        asked().clear();
        let _ = pass.call(node, &session.stop);
        (node, std::mem::take(&mut *asked()))
    };
    session.of_kind(Kind::Sending).into_iter().map(of).collect()
}

/// What the remotes hold now for each effect of a plan; with `offline` nobody is asked.
pub(super) fn look(
    session: &Session,
    plan: &Plan,
    offline: bool,
    done: impl Fn(&Key) -> bool,
) -> Look {
    let asked = Asked { offline, ahead: session.options.plan_file.is_some() };
    let mut look = session.with_errand(|errand| look::look(errand, plan, &asked, done));
    look.stops.extend(doomed::published_before(session, plan, &look.rows));
    look
}

/// Answers to the questions of one run.
pub(super) struct Answers {
    asking: Mutex<()>,
    /// Instances with something left to send.
    open: BTreeSet<String>,
}

impl Answers {
    /// Asks the gate's question; makes sure that all others can be answered.
    ///
    /// # Errors
    /// The answer is no, or there is nobody to ask.
    pub(super) fn at_gate(session: &Session, plan: &Plan, look: &Look) -> Outcome<Self> {
        let open: Vec<&PlanRow> =
            look.rows.iter().filter(|row| row.presence != Some(Presence::Same)).collect();
        let answers = Self {
            asking: Mutex::default(),
            open: open.iter().map(|row| row.task.clone()).collect(),
        };
        if open.is_empty() {
            return Ok(answers);
        }
        let own = session.of_kind(Kind::Sending).into_iter();
        let own = own.filter(|node| answers.must_ask(session, *node));
        let own = own.map(|node| question(session.task(node)));
        let doomed = doomed::asked(session, &look.rows);
        let deletes = doomed.iter().map(|(task, what)| (task.clone(), format!("delete {what}?")));
        if let Some(wrong) = nobody_to_ask(session, own.chain(deletes)) {
            return Err(Box::new(wrong));
        }
        let is_open = |planned: &&Planned| open.iter().any(|row| row.key == planned.key);
        let places: BTreeSet<String> = plan
            .effects
            .iter()
            .filter(is_open)
            .map(|planned| planned.effect.destination().to_string())
            .collect();
        let places = places.into_iter().collect::<Vec<_>>().join(", ");
        let question = format!("Send {} effect{} to {places}?", open.len(), plural(open.len()));
        if !session.options.yes {
            session.agree(&question, Diagnostic::refused("the answer was no"))?;
        }
        for (task, what) in doomed {
            let no = Diagnostic::refused(format!("`{task}` is not to delete {what}"));
            let no = no.hint("without `force_recreate` it stays, and stops this release");
            session.agree(&format!("{task}: delete {what}?"), no)?;
        }
        Ok(answers)
    }

    /// Asks a task's own question, if it has one and something to send.
    ///
    /// # Errors
    /// The answer is no.
    pub(super) fn permit(&self, session: &Session, node: Node) -> Outcome<()> {
        if !self.must_ask(session, node) {
            return Ok(());
        }
        let _one_at_a_time = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let task = session.task(node);
        let question = task.confirm.clone().unwrap_or_default();
        let no = Diagnostic::refused(format!("`{}` was not confirmed", task.name));
        let no = no.hint("run the same command again to go on from here");
        session.agree(&format!("{}: {question}", task.name), no)
    }

    fn must_ask(&self, session: &Session, node: Node) -> bool {
        let task = session.task(node);
        let sends = self.open.contains(&session.graph.instance(node).id);
        task.confirm.is_some() && sends && !session.options.yes_to.contains(&task.name)
    }
}

/// A task's own question, with its name.
fn question(task: &Task) -> (String, String) {
    (task.name.clone(), task.confirm.clone().unwrap_or_default())
}

/// What cannot be answered in this run, seen before anything has been done.
pub(super) fn unanswerable(session: &Session) -> Option<Diagnostic> {
    let tasks = session.of_kind(Kind::Sending).into_iter().map(|node| session.task(node));
    let asks =
        |task: &&Arc<Task>| task.confirm.is_some() && !session.options.yes_to.contains(&task.name);
    nobody_to_ask(session, tasks.filter(asks).map(|task| question(task)))
}

/// The refusal of a run that nobody watches, and in which these questions of tasks are open.
fn nobody_to_ask(
    session: &Session,
    open: impl Iterator<Item = (String, String)>,
) -> Option<Diagnostic> {
    let open: Vec<(String, String)> = open.collect();
    if session.host.term.interactive || (session.options.yes && open.is_empty()) {
        return None;
    }
    let mut wrong = Diagnostic::refused("there is nobody to ask, and not all is answered");
    for (task, question) in &open {
        wrong = wrong.note(format!("{task} asks: {question}"));
    }
    let mut answers: Vec<String> = Vec::new();
    for answer in open.iter().map(|(task, _)| format!("--yes={task}")) {
        if !answers.contains(&answer) {
            answers.push(answer);
        }
    }
    let all = if answers.is_empty() { "--yes".to_owned() } else { answers.join(" ") };
    Some(wrong.hint(format!("answer beforehand with `{all}`")))
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl Session {
    fn agree(&self, question: &str, no: Diagnostic) -> Outcome<()> {
        agree(&self.host, &self.events, &self.stop, question, no)
    }
}

/// Asks for a yes.
///
/// # Errors
/// It is no, or the run was stopped at the question.
pub(super) fn agree(
    host: &Host,
    events: &Events,
    stop: &Stop,
    question: &str,
    no: Diagnostic,
) -> Outcome<()> {
    let answer = events.yielding(question, || host.ask(&format!("{question} [y/N] "), stop));
    if stop.fired() {
        return Err(Box::new(Diagnostic::new(Wrong::Interrupted, "stopped at a question")));
    }
    if matches!(answer.as_deref(), Some("y" | "Y" | "yes" | "Yes")) {
        Ok(())
    } else {
        Err(Box::new(no))
    }
}

/// Shows a plan with what the remotes hold.
pub(super) fn show(session: &Session, look: &Look, stops: Vec<Diagnostic>, live: bool) {
    session.events.emit(Event::Plan { rows: look.rows.clone(), stops, live });
}
