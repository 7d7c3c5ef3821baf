//! What the places hold where the adopted files are to go: these very bytes, nothing, or something else,
//! which stops everything.

use std::collections::{BTreeMap, BTreeSet};

use super::given::{Given, Made};
use crate::app::session::Session;
use crate::diag::Diagnostic;
use crate::door;
use crate::graph::{Kind, Node};
use crate::ledger::Ledger;
use crate::model::artifact::Artifact;
use crate::model::effect::{Effect, Presence, PublishCrate, ReleaseAt, UploadAsset, UploadPypi};
use crate::model::task::Destination;
use crate::remote::{Errand, Survey};
use crate::repo::Repo;

/// Of each file, by its name, the places that it goes to, and whether it is there.
pub(super) struct Look(BTreeMap<String, Vec<(String, bool)>>);

impl Look {
    /// The places of a file.
    pub(super) fn of(&self, file: &Artifact) -> Vec<(String, bool)> {
        self.0.get(&file.name).cloned().unwrap_or_default()
    }
}

/// Asks every place that a task sends such files to.
///
/// # Errors
/// A place holds other bytes under a name, or cannot be asked.
pub(super) fn look(
    session: &Session,
    ledger: &Ledger,
    target: &BTreeMap<Node, Vec<&Given>>,
) -> Result<Look, Vec<Diagnostic>> {
    let say = |_: String| {};
    let errand = Errand {
        host: &session.host,
        store: &session.cx.store,
        root: &session.cx.root,
        env: &|| Ok(BTreeMap::new()),
        ties: &session.cx.ties,
        stop: &session.stop,
        say: &say,
    };
    let survey = Survey::new(&errand);
    let release = release_at(session);
    let (mut look, mut wrong) = (BTreeMap::new(), Vec::new());
    for (node, files) in target {
        let destinations = destinations(session, *node);
        for file in files {
            let goes = |to| effect(session, &release, file, to);
            for effect in destinations.iter().filter_map(goes) {
                let place = effect.destination().to_string();
                let rows: &mut Vec<_> = look.entry(file.artifact.name.clone()).or_default();
                match survey.probe(&effect) {
                    Ok(Presence::Other(found)) => wrong.push(other(file, &place, &found)),
                    Ok(presence) => {
                        wrong.extend(sent_otherwise(ledger, &effect, file));
                        rows.push((place, presence == Presence::Same));
                    }
                    Err(trouble) => wrong.push(door::cannot_look(&effect, &trouble)),
                }
            }
        }
    }
    if wrong.is_empty() { Ok(Look(look)) } else { Err(wrong) }
}

/// Where the tasks send that need an instance.
fn destinations(session: &Session, node: Node) -> BTreeSet<Destination> {
    let needs = |sending: &Node| session.graph.ancestors(*sending).contains(&node);
    let sending = session.of_kind(Kind::Sending).into_iter().filter(needs);
    let effects = sending.flat_map(|sending| &session.task(sending).effects);
    effects.map(|(destination, _)| destination.clone()).collect()
}

/// The release on GitHub that files would be attached to.
fn release_at(session: &Session) -> ReleaseAt {
    let github = &session.host.endpoints.github;
    let repo = Repo::new(&session.host, session.checkout.clone());
    let tag = repo.head().and_then(|head| head.tags.first().cloned());
    ReleaseAt {
        server: github.web.clone(),
        repository: repo.on_github().unwrap_or_default(),
        tag: tag.unwrap_or_default(),
    }
}

/// The effect that would put a file there; `None` if the place takes none such.
fn effect(session: &Session, at: &ReleaseAt, given: &Given, to: &Destination) -> Option<Effect> {
    let file = given.artifact.clone();
    match (to, &given.made) {
        (Destination::GithubRelease, _) => {
            let at = at.clone();
            at.is_known().then_some(Effect::UploadAsset(UploadAsset { at, file }))
        }
        (Destination::Crates, Made::Crate(name, version)) => {
            let registry = session.host.endpoints.crates.api.clone();
            let (name, version) = (name.clone(), version.clone());
            Some(Effect::PublishCrate(PublishCrate { registry, name, version, file }))
        }
        (index, Made::Python(project, version)) => {
            let index = session.cx.indexes.get(index.index()?)?.clone();
            let (project, version) = (project.clone(), version.clone());
            let attested = Vec::new();
            Some(Effect::UploadPypi(UploadPypi { index, project, version, file, attested }))
        }
        _ => None,
    }
}

fn other(file: &Given, place: &str, found: &str) -> Diagnostic {
    let name = file.artifact.file_name();
    let wrong = Diagnostic::refused(format!("{place} holds other bytes under the name {name}"));
    let wrong = wrong
        .note(format!("given:  sha256 {}", file.artifact.sha256))
        .note(format!("theirs: {found}"));
    wrong.hint("adopt the file that is published: `rel adopt --from …` takes it from there")
}

/// The ledger has sent other bytes under the name, which the place may not list yet.
fn sent_otherwise(ledger: &Ledger, effect: &Effect, file: &Given) -> Option<Diagnostic> {
    let receipt = effect.predicted();
    let sent = ledger.other_sent(&effect.endpoint(), &receipt.name, &file.artifact.sha256)?;
    let wrong = Diagnostic::refused(format!(
        "this release may have sent other bytes under the name {}",
        receipt.name
    ));
    let wrong = wrong
        .note(format!("given: sha256 {}", file.artifact.sha256))
        .note(format!("sent:  sha256 {sent}"));
    Some(wrong.hint("give the file that was sent, or make a new release"))
}
