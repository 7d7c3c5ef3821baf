//! `rel apply BUNDLE`: sends what tasks of a plan send, where neither the project nor its tools are.
//!
//! No Releasefile is read and no body is called: the effects stand in the plan, the bytes in the bundle. So
//! what may publish sees no code of anybody's. What a task does besides, and a command of a user's own, is
//! not done here. A push takes objects from the checkout that it is started in. Whatever comes of it, the bundle is written anew with the ledger as it is by then.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::bundle::{self as bundles, Kept};
use super::ending;
use super::look::{self, Asked, Look};
use super::session::{Done, listening};
use super::{gate, live, proof, stale};
use crate::bundle::{self, PLAN};
use crate::cli::{CarriedOptions, RunOptions};
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::door::{Caller, Door, Notices};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::ledger::{Ledger, State};
use crate::model::effect::{Effect, Key, Presence};
use crate::model::event::{End, Event, Events, Tally};
use crate::model::task::task_of;
use crate::plan::{Plan, Planned};
use crate::remote::{Errand, Ties};
use crate::repo::Repo;
use crate::seal::Seal;
use crate::stage::{From, Stage};

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
    events: &Events,
    path: &Path,
    options: &RunOptions,
    carried: &CarriedOptions,
) -> Done {
    let one = |wrong: Box<Diagnostic>| vec![*wrong];
    let stop = listening(host)?;
    let shown = path.display().to_string();
    let damaged = |why: String| bundles::damaged(&shown, &why);
    let (from, _) = bundles::checked(host, path, carried.sha256.as_deref()).map_err(one)?;
    let place = tempfile::tempdir();
    let made = place.and_then(|place| {
        let drafts = place.path().join("drafts");
        fs::make_dir(&drafts)?;
        Ok((place, drafts))
    });
    let (place, drafts) = made.map_err(|error| {
        vec![Diagnostic::machine(format!("cannot make a folder to work in: {error}"))]
    })?;
    let opened = bundle::open(&from, &drafts).map_err(damaged).map_err(one)?;
    let kept = Kept::carried(&opened, place.path().join("state"));
    bundles::take(&kept, &opened, &damaged).map_err(one)?;
    let Some(text) = opened.text(PLAN).map(str::to_owned) else {
        let wrong = Diagnostic::usage(format!("{shown} holds no plan"));
        return Err(wrong.hint("pack it with the plan: `rel pack FILE --plan plan.json`").into());
    };
    let whole = Plan::parse(&text)?;
    // No Releasefile says here what is secret.
    for name in whole.effects.iter().flat_map(|planned| planned.effect.secrets()) {
        host.env.declare_secret(name);
    }
    let run = Run { host, events, options, kept: &kept, stop: &stop };
    let plan = chosen(&whole, &options.words)?;
    if let Some(to) = &carried.to {
        // Where it cannot be written down, nothing is sent.
        bundles::write(host, &kept, Some((whole.clone(), text.clone())), to).map_err(one)?;
    }
    let (goals, tasks) = (options.words.clone(), tasks_of(&plan).len());
    events.emit(Event::RunStarted { goals, live: true, tasks, root: host.cwd.clone() });
    let ended = run.apply(&whole, &plan);
    let exit = ended.unwrap_or_else(|wrong| super::fail(events, wrong));
    let written = match &carried.to {
        Some(to) => bundles::write(host, &kept, Some((whole, text)), to).map(Some),
        None => Ok(None),
    };
    let exit = match written {
        Ok(written) => {
            if let Some(written) = written {
                host.out(&written.line);
            }
            exit
        }
        Err(wrong) => {
            super::fail(events, vec![*wrong]);
            Exit::UNFINISHED
        }
    };
    let (millis, message) = (host.clock.elapsed().as_millis(), ending::said(exit).to_owned());
    let (tally, critical_path) = (Tally::default(), Vec::new());
    events.emit(Event::RunFinished { exit: exit.0, millis, message, tally, critical_path });
    Ok(exit)
}

/// The tasks of a plan, in the order in which they send.
fn tasks_of(plan: &Plan) -> Vec<String> {
    let mut tasks: Vec<String> = Vec::new();
    for planned in &plan.effects {
        if !tasks.contains(&planned.task) {
            tasks.push(planned.task.clone());
        }
    }
    tasks
}

/// The part of a plan that the named tasks send; all of it if none is named.
///
/// # Errors
/// One sends nothing in it, or cannot send from here.
fn chosen(whole: &Plan, words: &[String]) -> Result<Plan, Diagnostic> {
    let tasks = tasks_of(whole);
    for word in words {
        if tasks.iter().all(|id| id != word && task_of(id) != word) {
            let wrong = Diagnostic::usage(format!("no task `{word}` sends anything in this plan"));
            return Err(wrong.suggest(word, tasks.iter().map(|id| task_of(id))));
        }
    }
    let named =
        |id: &str| words.is_empty() || words.iter().any(|word| word == id || word == task_of(id));
    let ids = tasks.iter().map(String::as_str).filter(|id| named(id)).collect();
    let plan = whole.clone().of(&ids);
    // What is deleted is asked for by what stands there, and by what tasks come after: only a run tells.
    let needs_checkout = |effect: &Effect| effect.removes() || matches!(effect, Effect::Command(_));
    let bound = plan.effects.iter().find(|planned| needs_checkout(&planned.effect));
    match bound {
        None => Ok(plan),
        Some(planned) => {
            let what = planned.effect.summary();
            let wrong = Diagnostic::usage(format!("this needs the project's checkout: {what}"));
            Err(wrong.hint("there: `rel unpack BUNDLE -o plan.json`, then `rel apply plan.json`"))
        }
    }
}

impl Run<'_> {
    fn apply(&self, whole: &Plan, plan: &Plan) -> Done {
        let one = |wrong: Box<Diagnostic>| vec![*wrong];
        let ledger = self.kept.ledger().map_err(one)?;
        let touched = ledger.touched();
        let ended = self.with_ledger(whole, plan, ledger);
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
        let mut stops = [plan.conflicts(), too_early(whole, plan, done)].concat();
        stops.extend(look.stops.clone());
        stops.extend(stale::overtaken(plan, &look, &ledger));
        let first = stops.first().map(|first| first.kind.exit());
        self.events.emit(Event::Plan { rows: look.rows.clone(), stops, live: true });
        if let Some(exit) = first {
            return Ok(exit);
        }
        self.agreed(plan, &look).map_err(one)?;
        let lasting = plan.effects.iter().filter(|planned| !planned.effect.is_notice());
        let planned = lasting.map(|planned| planned.key.clone());
        let seal = self.kept.seal().map_err(one)?;
        let seal = Seal::join(seal, &self.kept.release, whole.artifacts.clone(), planned);
        seal.save(&self.kept.state.join("seal")).map_err(one)?;
        let doubt = self.options.doubt;
        let door = Door::live(plan.clone(), (ledger, notices), doubt, at, events);
        let failed = tasks_of(plan).iter().find_map(|task| self.send(&door, &errand, plan, task));
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

/// What has to be done before, and is not: an index that a release goes to first, for example.
fn too_early(whole: &Plan, plan: &Plan, done: impl Fn(&Key) -> bool) -> Vec<Diagnostic> {
    let chosen = tasks_of(plan);
    let lacks = |task: &String| {
        let before = whole.after.get(task).into_iter().flatten();
        let missing = before.filter(|earlier| !chosen.contains(earlier)).find(|earlier| {
            let mut effects = whole.effects.iter().filter(|planned| planned.task == **earlier);
            effects.any(|planned| !planned.effect.is_notice() && !done(&planned.key))
        })?;
        let wrong =
            Diagnostic::refused(format!("`{task}` comes after `{missing}`, which is not done"));
        Some(wrong.hint(format!("apply `{}` first, and go on with its bundle", task_of(missing))))
    };
    chosen.iter().filter_map(lacks).collect()
}
