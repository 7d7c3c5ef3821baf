//! A dry run: local work for real, a description of the rest, and what a live run would meet.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::gate;
use super::pass::Pass;
use super::session::{Done, Session};
use super::stale;
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::door::Door;
use crate::graph::{Kind, Node};
use crate::host::fs;
use crate::plan::Plan;
use crate::retention;
use crate::seal::Seal;

/// Runs local tasks, describes the others, and shows the plan.
///
/// # Errors
/// What could not even be started or written.
pub(super) fn run(session: &Arc<Session>) -> Done {
    if session.options.plan_file.is_some() {
        session.must_be_as_committed()?;
    }
    let settled = sealed(session)?;
    let door = Arc::new(Door::planning(session.release.clone()));
    let pass = Pass::before_gate(session, &door);
    let failed = pass.run_all(session.options.keep_going, |node| !settled.contains(&node))?;
    if let Some(exit) = failed {
        return Ok(exit);
    }
    if let Some(folder) = &session.options.export {
        export(session, folder).map_err(|wrong| vec![*wrong])?;
    }
    session.show_edits();
    if session.of_kind(Kind::Sending).is_empty() && session.options.plan_file.is_none() {
        return Ok(Exit::OK);
    }
    let mut plan = session.plan(door.planned());
    if session.of_kind(Kind::Sending).is_empty() {
        keep(session, &plan)?;
        return Ok(Exit::OK);
    }
    let findings = session.guards(&plan.effects);
    let look = gate::look(session, &plan, session.options.offline, |_| false);
    if session.stop.fired() {
        return Ok(Exit::INTERRUPTED);
    }
    stale::note(&mut plan, &findings, &look);
    keep(session, &plan)?;
    session.warn(findings.warnings);
    if !findings.unasked.is_empty() {
        let names = findings.unasked.join(", ");
        session.events.note(format!("not asked with `--offline`: the guards {names}"));
    }
    let stops = [plan.conflicts(), findings.stops, look.stops.clone()].concat();
    session.would_stop.store(stops.len(), Ordering::Relaxed);
    let strict = session.options.strict && !stops.is_empty();
    gate::show(session, &look, stops, false);
    Ok(if strict { Exit::REFUSED } else { Exit::OK })
}

/// Writes the plan to the file that was asked for, if one was.
fn keep(session: &Session, plan: &Plan) -> Result<(), Vec<Diagnostic>> {
    let Some(path) = &session.options.plan_file else { return Ok(()) };
    session.must_be_as_committed()?;
    let path = session.host.cwd.join(path);
    let failed = |error: std::io::Error| {
        vec![Diagnostic::machine(format!("cannot write {}: {error}", path.display()))]
    };
    let text = plan.to_text();
    if session.host.env.masked(&text) != text {
        let wrong = Diagnostic::refused("the plan would hold the value of a secret");
        return Err(wrong.hint("take it off the command line: a command finds it in its environment after `.secrets(…)`").into());
    }
    if fs::exists(&path) && !fs::is_plain_file(&path) {
        let wrong = Diagnostic::usage(format!("{} is no regular file", path.display()));
        return Err(wrong
            .hint("name a file that is not there yet, or one that may be replaced")
            .into());
    }
    retention::remember(&session.cx.state, &text).map_err(failed)?;
    fs::replace(&path, &text).map_err(failed)?;
    session.keep_stage(true).map_err(|wrong| vec![*wrong])?;
    session.events.note(format!("the plan is in {}", path.display()));
    Ok(())
}

/// Instances whose artifacts a live run of this commit would take from its seal; so does a dry one,
/// if it describes a release and the project is as committed.
fn sealed(session: &Session) -> Result<BTreeSet<Node>, Vec<Diagnostic>> {
    let release = session.release.as_ref().filter(|_| !session.options.rebuild);
    let Some(release) = release.filter(|_| !session.of_kind(Kind::Sending).is_empty()) else {
        return Ok(BTreeSet::new());
    };
    let one = |wrong: Box<Diagnostic>| vec![*wrong];
    let seal = Seal::load(&session.cx.state.join("seal"), release).map_err(one)?;
    let Some(seal) = seal.filter(|_| session.must_be_as_committed().is_ok()) else {
        return Ok(BTreeSet::new());
    };
    let settled = session.adopt_all(&seal.tasks).map_err(one)?;
    let wanted = session.graph.reach(session.graph.asked(), &settled);
    session.say_sealed(settled.intersection(&wanted));
    let behind = session.of_kind(Kind::Local).into_iter().filter(|node| !wanted.contains(node));
    Ok(settled.iter().copied().chain(behind).collect())
}

/// Copies the artifacts of the goals to a folder of the user's.
fn export(session: &Session, folder: &Path) -> Outcome<()> {
    let folder = session.host.cwd.join(folder);
    let ends: BTreeSet<String> =
        session.graph.asked().map(|node| session.graph.instance(node).id.clone()).collect();
    let mut count = 0;
    for (id, files) in session.artifacts() {
        for file in files.iter().filter(|_| ends.contains(&id)) {
            let from = session.cx.store.verified(file)?;
            let failed = |error: std::io::Error| {
                Box::new(Diagnostic::machine(format!("cannot copy {}: {error}", file.name)))
            };
            fs::copy(&from, &folder.join(&file.name)).map_err(failed)?;
            count += 1;
        }
    }
    if count == 0 {
        let goals = ends.into_iter().collect::<Vec<_>>().join(" ");
        let wrong =
            Diagnostic::task(format!("there is nothing to copy: `{goals}` made no artifacts"));
        return Err(Box::new(wrong.hint("name the task that builds them with `--export`")));
    }
    session.events.note(format!(
        "copied to {}: {count} file{}",
        folder.display(),
        if count == 1 { "" } else { "s" }
    ));
    Ok(())
}
