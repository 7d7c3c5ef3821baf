//! `rel adopt`: takes over a release that another tool, or a lost machine, left half done. Nothing is sent.
//!
//! Files that were given, or are fetched from where they are published, become the sealed artifacts of the
//! task that builds them: a live run of this commit then sends what is missing, and builds nothing. What a
//! place holds under a file's name has to be these bytes, or nothing is adopted.

mod fetch;
mod given;
mod owner;
mod places;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::session::{Done, Session};
use super::{Project, onward};
use crate::cli::{AdoptOptions, RunOptions};
use crate::diag::{Diagnostic, Exit, Kind, Outcome};
use crate::graph::Node;
use crate::host::Host;
use crate::ledger::Ledger;
use crate::model::artifact::Artifact;
use crate::model::event::Events;
use crate::report::adopted::{self as tables, Adopted, How};
use crate::report::{Output, clean};
use crate::seal::Seal;
use given::Given;
use owner::Owners;

/// Adopts files.
///
/// # Errors
/// What keeps them from being this release's.
pub(super) fn run(host: &Arc<Host>, output: Output, options: &AdoptOptions) -> Done {
    let session = open(host)?;
    let ended = adopt(&session, options);
    session.tidy();
    if session.stop.fired() {
        return Err(Diagnostic::new(Kind::Interrupted, session.stop.reason()).into());
    }
    let adopted = ended?;
    match output {
        Output::Json => host.out_json(tables::json(&adopted)),
        _ => host.out(&clean::text(&tables::text(&adopted), false)),
    }
    Ok(Exit::OK)
}

/// A session of every task that sends and needs no value to be given. What it has to say is said by a run.
fn open(host: &Arc<Host>) -> Result<Arc<Session>, Vec<Diagnostic>> {
    let project = Project::open(host)?;
    let tasks = project.script.declared.tasks.iter();
    let sending = tasks.filter(|task| {
        !task.effects.is_empty()
            && task.on.is_none()
            && task.params.iter().all(|param| param.default.is_some())
    });
    let words: Vec<String> = sending.map(|task| task.name.clone()).collect();
    if words.is_empty() {
        let wrong = Diagnostic::usage("no task of this Releasefile sends anything");
        return Err(wrong.hint("files are adopted for a task that publishes them").into());
    }
    let session =
        Session::open(host, &Events::to(|_| {}), RunOptions { words, ..RunOptions::default() })?;
    if session.stage.is_some() {
        session.tidy();
        let wrong = Diagnostic::refused("tasks of this release make its commit (`.edits()`)");
        return Err(wrong.hint("files are adopted for a commit that is there already").into());
    }
    Ok(session)
}

fn adopt(session: &Arc<Session>, options: &AdoptOptions) -> Result<Adopted, Vec<Diagnostic>> {
    let one = |wrong: Box<Diagnostic>| vec![*wrong];
    let Some(release) = session.release.clone() else {
        let wrong = Diagnostic::refused("there is no repository with a commit here");
        return Err(wrong.hint("check out the commit that the files were built from").into());
    };
    let ledger = Ledger::open(&session.cx.state.join("ledger"), &release).map_err(one)?;
    let seals = session.cx.state.join("seal");
    let sealed = Seal::load(&seals, &release).map_err(one)?;
    let before = sealed.as_ref().map(|seal| seal.tasks.clone()).unwrap_or_default();
    let files = given::all(session, options, &before)?;
    let owners = Owners::of(session, &before, options.task.as_deref())?;
    let mut target: BTreeMap<Node, Vec<&Given>> = BTreeMap::new();
    for file in &files {
        target.entry(owners.of_file(file).map_err(one)?).or_default().push(file);
    }
    let look = places::look(session, &ledger, &target)?;
    let mut seal = Seal::join(sealed, &release, BTreeMap::new(), []);
    let mut adopted = Adopted { commit: release.commit, ..Adopted::default() };
    for (node, files) in &target {
        let how = seal_in(session, &mut seal, *node, files, ledger.touched()).map_err(one)?;
        for file in files {
            session.cx.store.put(&file.path, &file.artifact.name).map_err(one)?;
        }
        let task = &session.graph.instance(*node).id;
        for (file, how) in files.iter().zip(how) {
            let places = look.of(&file.artifact);
            adopted.files.push(tables::File {
                artifact: file.artifact.clone(),
                task: task.clone(),
                how,
                places,
            });
        }
        adopted.gone.extend(gone(session, &seal.tasks[task]));
    }
    adopted.command = command(session, &target);
    if session.stop.fired() {
        return Ok(adopted);
    }
    seal.save(&seals).map_err(one)?;
    Ok(adopted)
}

/// Puts files into the seal of their instance, and tells of each how.
///
/// # Errors
/// The release has other bytes under one of the names, and may have sent them.
fn seal_in(
    session: &Session,
    seal: &mut Seal,
    node: Node,
    files: &[&Given],
    touched: bool,
) -> Outcome<Vec<How>> {
    let id = &session.graph.instance(node).id;
    let mut whole = seal.tasks.get(id).cloned().unwrap_or_default();
    let known = |file: &Given| {
        whole.iter().find(|known| known.file_name() == file.artifact.file_name()).cloned()
    };
    let mut told = Vec::new();
    for file in files {
        told.push(match known(file) {
            None => How::Added,
            Some(known) if known.sha256 == file.artifact.sha256 => How::Restored,
            Some(known) if touched => return Err(Box::new(other_sealed(file, &known))),
            Some(_) => How::Replaced,
        });
    }
    if told.contains(&How::Replaced) {
        // Files of two builds are no release; what was made of the first, and planned with it, goes too.
        whole.clear();
        seal.planned.clear();
        let stays = |task: &str| {
            let mut nodes = session.graph.order();
            let found = nodes.find(|other| session.graph.instance(*other).id == task);
            found.is_none_or(|found| !session.graph.ancestors(found).contains(&node))
        };
        seal.tasks.retain(|task, _| stays(task));
    }
    for file in files.iter().map(|file| &file.artifact) {
        if whole.iter().all(|known| known.sha256 != file.sha256 || known.name != file.name) {
            whole.push(file.clone());
        }
    }
    whole.sort();
    seal.tasks.insert(id.clone(), whole);
    let task = session.graph.instance(node).task;
    for other in session.graph.order().filter(|other| session.graph.instance(*other).task == task) {
        seal.tasks.entry(session.graph.instance(other).id.clone()).or_default();
    }
    Ok(told)
}

fn other_sealed(file: &Given, sealed: &Artifact) -> Diagnostic {
    let wrong = Diagnostic::refused(format!(
        "this release has other bytes under the name {}, and may have sent them",
        file.artifact.file_name()
    ));
    let wrong = wrong
        .note(format!("given:  sha256 {}", file.artifact.sha256))
        .note(format!("sealed: sha256 {}", sealed.sha256));
    wrong.hint("give the file that was sealed, or make a new release")
}

/// Names of artifacts that are sealed, and still not in the store.
fn gone(session: &Session, sealed: &[Artifact]) -> Vec<String> {
    let gone = sealed.iter().filter(|file| session.cx.store.verified(file).is_err());
    gone.map(|file| file.file_name().to_owned()).collect()
}

/// The command that sends what was adopted.
fn command(session: &Session, targets: &BTreeMap<Node, Vec<&Given>>) -> String {
    let needs = |node: Node| {
        let ancestors = session.graph.ancestors(node);
        targets.keys().any(|target| ancestors.contains(target))
    };
    onward::command(&session.graph, &session.tasks, needs).unwrap_or_default()
}
