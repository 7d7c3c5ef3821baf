//! `rel run` and `rel apply`: the same run, with the plan made at the gate or read from a file.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::live::Given;
use super::session::{Done, Session};
use super::{Located, carried, dry, followers, identity, live, still};
use crate::bundle;
use crate::cli::{CarriedOptions, RunOptions};
use crate::diag::{Diagnostic, Exit};
use crate::host::{Host, fs};
use crate::model::event::Events;
use crate::plan::Plan;
use crate::report::Output;

/// Runs tasks as the options say.
///
/// # Errors
/// What is wrong before anything was started.
pub fn run(host: &Arc<Host>, events: &Events, options: RunOptions) -> Done {
    let found = Located::above(host, &host.cwd)?;
    let place = still::Place::of(host, &options, &found);
    if let Some(place) = &place
        && let Some(exit) = still::again(host, events, &options, (&found, place))
    {
        return Ok(exit);
    }
    let session = Session::open_in(host, events, options, found.load(host, true)?.keep())?;
    if let Some(wrong) = identity::elsewhere(&session) {
        return Err(wrong.into());
    }
    let exit = whole(&session);
    if let Some(place) = place.filter(|_| exit == Exit::OK) {
        session.keep_still(&place);
    }
    // The process ends with it: to take ten thousand tasks apart first would only take time.
    std::mem::forget(session);
    Ok(exit)
}

/// A run of its own, from its beginning to its end.
pub(super) fn whole(session: &Arc<Session>) -> Exit {
    session.begin();
    let ended = if session.options.live { live::run(session, None) } else { dry::run(session) };
    followers::run(session, &ended);
    session.finish(ended)
}

/// Sends exactly what the plan in `path` holds, with the bytes it names.
///
/// # Errors
/// The plan cannot be read, or no longer fits the project.
pub fn apply(
    host: &Arc<Host>,
    (events, output): (&Events, Output),
    path: &Path,
    options: RunOptions,
    carried: &CarriedOptions,
) -> Done {
    if bundle::is_one(&host.cwd.join(path)) {
        return carried::run(host, (events, output), path, &options, carried);
    }
    if carried.sha256.is_some() || carried.to.is_some() {
        let wrong = Diagnostic::usage(format!("{} is no bundle", path.display()));
        return Err(wrong
            .hint("`--sha256` and `-o` go with a bundle that `rel pack` wrote")
            .into());
    }
    let text = fs::read_text(&host.cwd.join(path)).map_err(|error| {
        let wrong = Diagnostic::usage(format!("cannot read {}: {error}", path.display()));
        vec![wrong.hint("make a plan with `rel run TASK -o plan.json`")]
    })?;
    let plan = Plan::parse(&text)?;
    let words = if options.words.is_empty() { plan.goals.clone() } else { options.words };
    let options = RunOptions {
        words,
        rest: plan.rest.clone(),
        live: true,
        plan_file: Some(path.to_owned()),
        ..options
    };
    let session = Session::open(host, events, options)?;
    let stale = |why: &str, hint: &str| {
        Err(Diagnostic::refused(format!("the plan is stale: {why}")).hint(hint).into())
    };
    if plan.releasefile != session.script.digest {
        return stale(
            "the Releasefile, or something that it imports or reads, has changed",
            "make it anew with `rel run … -o plan.json`",
        );
    }
    if plan.release != session.release {
        return stale(
            "it was made for another commit",
            "check that commit out, or make the plan anew",
        );
    }
    let ids: BTreeSet<&str> =
        session.graph.order().map(|node| session.graph.instance(node).id.as_str()).collect();
    let all = plan.effects.len();
    let plan = plan.of(&ids);
    let wrong = identity::against(host, &plan, &session.stop);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let given = Given { plan: &plan, whole: plan.effects.len() == all };
    session.begin();
    let ended = live::run(&session, Some(given));
    followers::run(&session, &ended);
    Ok(session.finish(ended))
}
