//! A live run is always "apply a plan": guards, local work or its seal, the gate, sending, proof.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::edited;
use super::gate::{self, Answers};
use super::pass::Pass;
use super::proof;
use super::session::{Done, Session};
use super::stale;
use crate::diag::{Diagnostic, Exit};
use crate::door::Door;
use crate::graph::{Kind, Node};
use crate::ledger::{Ledger, State};
use crate::model::artifact::Artifact;
use crate::model::effect::{Key, Release};
use crate::model::event::{Event, Events};
use crate::model::task::task_of;
use crate::plan::{Plan, Planned};
use crate::seal::Seal;

/// A plan to apply.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// The part of it that is applied.
    pub(super) plan: &'a Plan,
    /// Whether that is all of it.
    pub(super) whole: bool,
}

/// A live run. `given` is the plan to apply; without one the gate makes it.
pub(super) fn run(session: &Arc<Session>, given: Option<Given<'_>>) -> Done {
    if session.of_kind(Kind::Sending).is_empty() {
        let wrong =
            Diagnostic::usage(format!("`{}` sends nothing", session.options.words.join(" ")));
        let wrong = wrong.hint("drop `--live`");
        return Err(vec![match session.stage {
            Some(_) => {
                wrong.hint("edits leave their stage by `git::push` alone: name a task that pushes")
            }
            None => wrong,
        }]);
    }
    let Some(release) = session.release.clone() else {
        let findings = session.guards(&[]);
        session.warn(findings.warnings);
        return Err(findings.stops);
    };
    let folder = session.cx.state.join("ledger");
    let ledger = match Ledger::open(&folder, &release) {
        Ok(ledger) => ledger,
        Err(wrong) => {
            return unfinished_if(
                Ledger::may_be_touched(&folder, &release, &wrong),
                &session.events,
                Err(vec![*wrong]),
            );
        }
    };
    let touched = ledger.touched();
    let ended = with_ledger(session, &release, ledger, given);
    unfinished_if(touched, &session.events, ended)
}

/// What an earlier run sent makes this one unfinished, whatever stopped it.
pub(super) fn unfinished_if(touched: bool, events: &Events, ended: Done) -> Done {
    match ended {
        Ok(exit) if touched && exit != Exit::OK => Ok(Exit::UNFINISHED),
        Err(wrong) if touched => {
            super::fail(events, wrong);
            Ok(Exit::UNFINISHED)
        }
        ended => ended,
    }
}

fn with_ledger(
    session: &Arc<Session>,
    release: &Release,
    ledger: Ledger,
    given: Option<Given<'_>>,
) -> Done {
    say_way(session);
    if let Some(given) = given {
        let sent = |planned: &Planned| {
            planned.effect.is_notice() || matches!(ledger.state(&planned.key), Some(State::Done(_)))
        };
        session.was_sent.store(given.plan.effects.iter().all(sent), Ordering::Relaxed);
    }
    let findings = session.guards(&[]);
    session.warn(findings.warnings);
    // A run of which something was sent may have nothing left to ask about.
    let unanswered = if ledger.touched() { None } else { gate::unanswerable(session) };
    let stops = [findings.stops, unanswered.into_iter().collect()].concat();
    if !stops.is_empty() {
        return Err(stops);
    }
    if let Some(exit) = sealed_or_made(session, release, &ledger, given)? {
        return Ok(exit);
    }
    through_gate(session, release, ledger, given)
}

/// Says who may read what is sent: these variables let a proxy, or an authority, in.
fn say_way(session: &Session) {
    let names =
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"];
    let set = |name: &&str| session.host.env.get(name).is_some();
    let set: Vec<&str> = names.into_iter().filter(set).collect();
    if session.host.way.is_none() && !set.is_empty() {
        session.events.note(format!("it is sent the way that {} tell", set.join(", ")));
    }
}

/// Local work: taken from the seal or the plan, else run.
fn sealed_or_made(
    session: &Arc<Session>,
    release: &Release,
    ledger: &Ledger,
    given: Option<Given<'_>>,
) -> Result<Option<Exit>, Vec<Diagnostic>> {
    let kept = kept(session, release, ledger, given)?;
    let settled = session.adopt_all(&kept).map_err(|wrong| vec![*wrong])?;
    let wanted = session.of_kind(Kind::Sending).into_iter().chain(session.graph.asked());
    let wanted = session.graph.reach(wanted, &settled);
    session.say_sealed(settled.intersection(&wanted));
    let door = Arc::new(Door::planning(Some(release.clone())));
    let pass = Pass::before_gate(session, &door);
    let takes_part = |node: Node| {
        session.graph.kind(node) == Kind::Local
            && wanted.contains(&node)
            && !settled.contains(&node)
    };
    pass.run_all(session.options.keep_going, takes_part)
}

/// Artifacts that are fixed already, by task instance: those of the plan, else of the seal.
fn kept(
    session: &Session,
    release: &Release,
    ledger: &Ledger,
    given: Option<Given<'_>>,
) -> Result<BTreeMap<String, Vec<Artifact>>, Vec<Diagnostic>> {
    let one = |wrong: Box<Diagnostic>| vec![*wrong];
    let seals = session.cx.state.join("seal");
    if session.options.rebuild {
        if ledger.touched() {
            let wrong = Diagnostic::refused(
                "artifacts of this release may have been sent: they cannot be built anew",
            );
            return Err(wrong.hint("finish it without `--rebuild`, or make a new release").into());
        }
        Seal::remove(&seals, release).map_err(one)?;
    }
    let sealed =
        Seal::load(&seals, release).map_err(one)?.map(|seal| seal.tasks).unwrap_or_default();
    let Some(Given { plan, .. }) = given else { return Ok(sealed) };
    let differs =
        |(id, files): (&String, &Vec<Artifact>)| sealed.get(id).is_some_and(|known| known != files);
    if plan.artifacts.iter().any(differs) {
        let wrong =
            Diagnostic::refused("the plan is stale: other artifacts were sealed for this commit");
        return Err(wrong.hint("make the plan anew with `rel run … -o plan.json`").into());
    }
    Ok(plan.artifacts.clone())
}

fn through_gate(
    session: &Arc<Session>,
    release: &Release,
    ledger: Ledger,
    given: Option<Given<'_>>,
) -> Done {
    let one = |wrong: Box<Diagnostic>| vec![*wrong];
    let plan = session.plan(gate::describe(session)?);
    if let Some(moved) = given.and_then(|given| given.plan.moved(&plan)) {
        let wrong = Diagnostic::refused(format!("the plan is stale: {moved}"));
        return Err(wrong.hint("make it anew with `rel run … -o plan.json`").into());
    }
    if plan.effects.is_empty() {
        let wrong =
            Diagnostic::usage(format!("`{}` sends nothing", session.options.words.join(" ")));
        return Err(wrong.hint("drop `--live`, or let a body send something").into());
    }
    let seals = session.cx.state.join("seal");
    let seal = Seal::load(&seals, release).map_err(one)?;
    let findings = session.guards(&plan.effects);
    session.warn(findings.warnings);
    let mut stops =
        [plan.conflicts(), strays(session, &plan, seal.as_ref(), &ledger), findings.stops].concat();
    let notices = session.notices();
    let done =
        |key: &Key| matches!(ledger.state(key), Some(State::Done(_))) || notices.is_told(key);
    let look = gate::look(session, &plan, false, done);
    if let Some(exit) = session.verdict() {
        return Ok(exit);
    }
    stops.extend(look.stops.clone());
    stops.extend(
        given.map(|given| stale::overtaken(given.plan, &look, &ledger)).unwrap_or_default(),
    );
    let first = stops.first().map(|first| first.kind.exit());
    gate::show(session, &look, stops, true);
    if let Some(exit) = first {
        return Ok(exit);
    }
    let answers = Answers::at_gate(session, &plan, &look).map_err(one)?;
    if let Some(exit) = session.verdict() {
        return Ok(exit);
    }
    session.keep_stage(false).map_err(one)?;
    let planned = plan.lasting().map(|planned| planned.key.clone());
    Seal::join(seal, release, session.artifacts(), planned).save(&seals).map_err(one)?;
    let (at, events) = (session.host.clock.unix(), session.events.clone());
    let records = (ledger, notices);
    let door = Arc::new(Door::live(plan.clone(), records, session.options.doubt, at, events));
    let permit = Box::new(move |session: &Session, node: Node| answers.permit(session, node));
    let pass = Pass { sends: true, permit, ..Pass::before_gate(session, &door) };
    let failed = pass.run_all(false, |node| session.graph.kind(node) != Kind::Local);
    session.cx.ties.tokens.burn(&session.host, &session.stop);
    session.note_out(&door, &plan);
    let failed = failed?;
    let ended = after_sending(session, &door, &plan, failed, look.all_there());
    // What others push after it may stand on what was pushed now: it comes home with the last of them.
    if given.is_none_or(|given| given.whole) {
        edited::land(session, &plan, ended.unwrap_or_else(|exit| exit));
    }
    ended.map_or_else(|exit| Ok(if door.touched() { Exit::UNFINISHED } else { exit }), Ok)
}

/// Files that this release has under the same name with other bytes: sealed before, or sent. A
/// renamed build task would otherwise give some places other bytes than the rest.
fn strays(session: &Session, plan: &Plan, seal: Option<&Seal>, ledger: &Ledger) -> Vec<Diagnostic> {
    let touched = ledger.touched();
    let stray = |planned: &Planned| {
        let (endpoint, receipt) = (planned.effect.endpoint(), planned.effect.predicted());
        let digest = receipt.digest?;
        // A task that is still there builds its own file of that name, for its own places.
        let gone = |id: &str| session.tasks.iter().all(|task| task_of(id) != task.name);
        let sealed = seal.iter().flat_map(|seal| &seal.tasks).filter(|(id, _)| gone(id));
        let sealed = sealed.flat_map(|(_, files)| files);
        let sealed: Vec<&Artifact> =
            sealed.filter(|file| file.file_name() == receipt.name).collect();
        let same = sealed.iter().any(|file| file.sha256 == digest);
        let other = sealed.first().filter(|_| !same).map(|file| file.sha256.clone());
        let other = other.or_else(|| ledger.other_sent(&endpoint, &receipt.name, &digest))?;
        let wrong = Diagnostic::refused(format!(
            "this release has other bytes under the name {}",
            receipt.name
        ))
        .note(format!("now:    sha256 {digest}"))
        .note(format!("before: sha256 {other}"));
        let renamed = "give the task that builds it the name it had, or make a new release";
        Some(wrong.hint(if touched {
            renamed
        } else {
            "nothing was sent yet: build anew with `--rebuild`"
        }))
    };
    plan.effects.iter().filter_map(stray).collect()
}

fn after_sending(
    session: &Session,
    door: &Door,
    plan: &Plan,
    failed: Option<Exit>,
    all_there: bool,
) -> Result<Exit, Exit> {
    if let Some(exit) = failed {
        return Err(exit);
    }
    let show = |wrong: Diagnostic| {
        let exit = wrong.kind.exit();
        session.events.emit(Event::Error { diagnostic: Box::new(wrong) });
        exit
    };
    let unasked = door.unasked();
    if let Some(first) = unasked.first() {
        let wrong = Diagnostic::remote(format!(
            "planned, and then not asked for: {}",
            first.effect.summary()
        ));
        return Err(show(
            wrong.hint("make the body ask for the same effects each time it is called"),
        ));
    }
    session
        .with_errand(|errand| proof::prove(errand, &session.events, door, plan))
        .map_err(|wrong| show(*wrong))?;
    if all_there {
        session.events.note("nothing had to be sent: every effect was there already");
    }
    Ok(Exit::OK)
}
