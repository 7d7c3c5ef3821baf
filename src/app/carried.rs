//! `rel apply BUNDLE`: sends what tasks of a plan send, where neither the project nor its tools are.
//!
//! No Releasefile is read and no body is called: the effects stand in the plan, the bytes in the bundle. So
//! what may publish sees no code of anybody's. What a task does besides, and a command of a user's own, is
//! not done here, and nothing is deleted. A push takes objects from the checkout that it is started in. Whatever
//! comes of it, the bundle is written anew with the ledger as it is by then.

mod part;
mod place;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use place::Place;

use super::bundle::{self as bundles, Kept};
use super::ending;
use super::look::{self, Asked, Look};
use super::session::{Done, listening};
use super::{gate, identity, live, proof, stale};
use crate::bundle::{self, Opened, PLAN};
use crate::cli::{CarriedOptions, RunOptions};
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::door::{Caller, Door, Notices};
use crate::host::Host;
use crate::host::stop::Stop;
use crate::ledger::{Ledger, State};
use crate::model::effect::{Effect, Key, Presence};
use crate::model::event::{End, Event, Events, Tally};
use crate::model::task::task_of;
use crate::plan::{Plan, Planned};
use crate::remote::{Errand, Ties};
use crate::repo::Repo;
use crate::report::Output;
use crate::seal::Seal;
use crate::stage::{From, Stage};

/// A bundle that was taken.
struct Brought {
    opened: Opened,
    kept: Kept,
    plan: Plan,
    /// The plan as it stands there.
    text: String,
    /// Where commits wait to be taken.
    _drafts: tempfile::TempDir,
}

/// One run.
struct Run<'a> {
    host: &'a Arc<Host>,
    events: &'a Events,
    options: &'a RunOptions,
    kept: &'a Kept,
    stop: &'a Stop,
}

/// Sends.
///
/// # Errors
/// What is wrong before anything was sent.
pub(super) fn run(
    host: &Arc<Host>,
    (events, output): (&Events, Output),
    path: &Path,
    options: &RunOptions,
    carried: &CarriedOptions,
) -> Done {
    let one = |wrong: Box<Diagnostic>| vec![*wrong];
    part::heeded(options)?;
    let stop = listening(host)?;
    let (from, sha256) = bundles::checked(host, path, carried.sha256.as_deref()).map_err(one)?;
    let place = Place::of(host, &sha256).map_err(one)?;
    let brought = match brought(host, &path.display().to_string(), &from, &place) {
        Ok(brought) => brought,
        Err(wrong) => {
            let remains = place.is_known;
            place.leave(remains);
            return Err(wrong);
        }
    };
    let run = Run { host, events, options, kept: &brought.kept, stop: &stop };
    let ended = run.whole(&brought, output, carried.to.as_deref());
    let is_over = carried.to.is_some() && matches!(ended, Ok(exit) if exit == Exit::OK);
    place.leave(!is_over && brought.kept.has_gone_on(&brought.opened));
    ended
}

/// Takes a bundle.
fn brought(
    host: &Host,
    shown: &str,
    from: &Path,
    place: &Place,
) -> Result<Brought, Vec<Diagnostic>> {
    let one = |wrong: Box<Diagnostic>| vec![*wrong];
    let damaged = |why: String| bundles::damaged(shown, &why);
    let drafts = tempfile::tempdir().map_err(|error| {
        vec![Diagnostic::machine(format!("cannot make a folder to work in: {error}"))]
    })?;
    let opened = bundle::open(from, drafts.path()).map_err(damaged).map_err(one)?;
    let kept = Kept::carried(&opened, place.state.clone());
    bundles::take(&kept, &opened, &damaged).map_err(one)?;
    let Some(text) = opened.text(PLAN).map(str::to_owned) else {
        let wrong = Diagnostic::usage(format!("{shown} holds no plan"));
        return Err(wrong.hint("pack it with the plan: `rel pack FILE --plan plan.json`").into());
    };
    let plan = Plan::parse(&text)?;
    // No Releasefile says here what is secret.
    for name in plan.effects.iter().flat_map(|planned| planned.effect.secrets()) {
        host.env.declare_secret(name);
    }
    Ok(Brought { opened, kept, plan, text, _drafts: drafts })
}

impl Run<'_> {
    /// The run from its first event to its last.
    fn whole(&self, brought: &Brought, output: Output, to: Option<&Path>) -> Done {
        let one = |wrong: Box<Diagnostic>| vec![*wrong];
        let Brought { plan: whole, text, .. } = brought;
        let plan = part::chosen(whole, &self.options.words)?;
        let write = |to| {
            let with = Some((whole.clone(), text.clone()));
            bundles::write(self.host, self.kept, with, to)
        };
        // Where it cannot be written down, nothing is sent.
        to.map(write).transpose().map_err(one)?;
        let (goals, tasks) = (self.options.words.clone(), part::tasks_of(&plan).len());
        let root = self.host.cwd.clone();
        self.events.emit(Event::RunStarted { goals, live: true, tasks, root });
        let exit = self.apply(whole, &plan).unwrap_or_else(|wrong| super::fail(self.events, wrong));
        let (exit, written) = match to.map(write).transpose() {
            Ok(written) => (exit, written),
            Err(wrong) => {
                super::fail(self.events, vec![*wrong]);
                (Exit::UNFINISHED, None)
            }
        };
        let millis = self.host.clock.elapsed().as_millis();
        let (message, tally) = (ending::said(exit).to_owned(), Tally::default());
        let critical_path = Vec::new();
        self.events.emit(Event::RunFinished {
            exit: exit.0,
            millis,
            message,
            tally,
            critical_path,
        });
        if let Some(written) = written {
            written.tell(self.host, output, self.kept);
        }
        Ok(exit)
    }

    fn apply(&self, whole: &Plan, plan: &Plan) -> Done {
        let one = |wrong: Box<Diagnostic>| vec![*wrong];
        let ledger = self.kept.ledger().map_err(one)?;
        let touched = ledger.touched();
        let wrong = identity::against(self.host, plan, self.stop);
        let ended =
            if wrong.is_empty() { self.with_ledger(whole, plan, ledger) } else { Err(wrong) };
        live::unfinished_if(touched, self.events, ended)
    }

    fn with_ledger(&self, whole: &Plan, plan: &Plan, ledger: Ledger) -> Done {
        let one = |wrong: Box<Diagnostic>| vec![*wrong];
        let (store, ties) = (self.kept.store(), Ties::new(self.kept.state.join("attest")));
        let stage = self.stage(plan).map_err(one)?;
        let errand = Errand {
            host: self.host,
            store: &store,
            root: stage.as_ref().map_or(&self.host.cwd, |stage| stage.root()),
            env: &|| Ok(self.host.env.for_child(&[])),
            ties: &ties,
            stop: self.stop,
            say: &|_| {},
        };
        let (at, events) = (self.host.clock.unix(), self.events.clone());
        let folder = self.kept.state.join("notices");
        let notices = Notices::new(folder, Some(self.kept.release.clone()), at, events.clone());
        let done =
            |key: &Key| matches!(ledger.state(key), Some(State::Done(_))) || notices.is_told(key);
        let asked = Asked { offline: false, ahead: true };
        let look = look::look(&errand, plan, &asked, done);
        let mut stops = [plan.conflicts(), part::too_early(whole, plan, done)].concat();
        stops.extend(look.rows.iter().find_map(part::deletes));
        stops.extend(look.stops.clone());
        stops.extend(stale::overtaken(plan, &look, &ledger));
        let first = stops.first().map(|first| first.kind.exit());
        self.events.emit(Event::Plan { rows: look.rows.clone(), stops, live: true });
        if let Some(exit) = first {
            return Ok(exit);
        }
        self.agreed(plan, &look).map_err(one)?;
        let planned = plan.lasting().map(|planned| planned.key.clone());
        let seal = self.kept.seal().map_err(one)?;
        let seal = Seal::join(seal, &self.kept.release, whole.artifacts.clone(), planned);
        seal.save(&self.kept.state.join("seal")).map_err(one)?;
        let sparing = plan.clone().sparing();
        let door = Door::live(sparing.clone(), (ledger, notices), self.options.doubt, at, events);
        let mut tasks = part::tasks_of(&sparing).into_iter();
        let failed = tasks.find_map(|task| self.send(&door, &errand, &sparing, &task));
        ties.tokens.burn(self.host, self.stop);
        let ended = match failed {
            Some(exit) => Err(exit),
            None => proof::prove(&errand, self.events, &door, plan)
                .map_err(|wrong| super::fail(self.events, vec![*wrong])),
        };
        if let Some(stage) = &stage {
            stage.end();
        }
        Ok(match ended {
            Ok(()) => Exit::OK,
            Err(_) if door.touched() => Exit::UNFINISHED,
            Err(exit) => exit,
        })
    }

    /// The stage that is pushed from, if the plan pushes what tasks have committed.
    ///
    /// # Errors
    /// There is no checkout of the release's commit here.
    fn stage(&self, plan: &Plan) -> Outcome<Option<Stage>> {
        let pushes = |planned: &&Planned| matches!(planned.effect, Effect::PushGit(_));
        let Some(push) = plan.effects.iter().find(pushes) else { return Ok(None) };
        let (host, kept) = (self.host, self.kept);
        if !Stage::fits(host, &host.cwd, &kept.release.commit) {
            let what = push.effect.summary();
            let wrong = Diagnostic::usage(format!("this needs the project's checkout: {what}"));
            let hint = format!("start it in a checkout of commit {}", kept.release.commit);
            return Err(Box::new(wrong.hint(hint)));
        }
        let Some(commits) = &kept.commits else { return Ok(None) };
        let repo = Repo::new(host, host.cwd.clone());
        Stage::unpack(&From { host, repo: &repo, state: &kept.state }, commits).map(Some)
    }

    /// Sends what one task sends; effects of one kind side by side, as its body would.
    fn send(&self, door: &Door, errand: &Errand<'_>, plan: &Plan, task: &str) -> Option<Exit> {
        let begun = self.host.clock.elapsed();
        self.events.emit(Event::TaskStarted { task: task.to_owned(), cwd: None });
        let of_task: Vec<&Planned> =
            plan.effects.iter().filter(|planned| planned.task == task).collect();
        let kind = |planned: &&Planned| std::mem::discriminant(&planned.effect);
        let mut wrong = None;
        for group in of_task.chunk_by(|one, other| kind(one) == kind(other)) {
            let effects: Vec<Effect> = group.iter().map(|planned| planned.effect.clone()).collect();
            let declared: Vec<_> = effects.iter().map(Effect::destination).collect();
            let (optional, site, errand) = (false, None, *errand);
            let caller = Caller { task, declared: &declared, optional, site, errand };
            if let Err(found) = door.perform(&caller, &effects) {
                wrong = Some(*found);
                break;
            }
        }
        let end = if wrong.is_some() { End::Failed } else { End::Done };
        let millis = (self.host.clock.elapsed().saturating_sub(begun)).as_millis();
        let (task, artifacts) = (task.to_owned(), Vec::new());
        let finished =
            Event::TaskFinished { task, end, millis, why: None, artifacts, empty: false };
        self.events.emit(finished);
        wrong.map(|wrong| super::fail(self.events, vec![wrong]))
    }

    /// Asks what is not answered yet.
    ///
    /// # Errors
    /// The answer is no, or there is nobody to ask.
    fn agreed(&self, plan: &Plan, look: &Look) -> Outcome<()> {
        let rows = look.rows.iter().filter(|row| row.presence != Some(Presence::Same));
        let open: BTreeSet<&str> = rows.clone().map(|row| row.task.as_str()).collect();
        if open.is_empty() {
            return Ok(());
        }
        let whole = format!("Send {} effects?", rows.count());
        let gate = (!self.options.yes).then_some(("--yes".to_owned(), whole));
        let asks = plan.confirm.iter().filter(|(id, _)| {
            open.contains(id.as_str())
                && !self.options.yes_to.iter().any(|task| task == task_of(id))
        });
        let asks = asks.map(|(id, question)| {
            (format!("--yes={}", task_of(id)), format!("{}: {question}", task_of(id)))
        });
        for (answer, question) in gate.into_iter().chain(asks) {
            if !self.host.term.interactive {
                let wrong = Diagnostic::refused("there is nobody to ask, and not all is answered");
                let wrong = wrong.note(question).hint(format!("answer beforehand with `{answer}`"));
                return Err(Box::new(wrong));
            }
            let no = Diagnostic::refused("the answer was no");
            gate::agree(self.host, self.events, self.stop, &question, no)?;
        }
        Ok(())
    }
}
