//! Names are ready: each project is there to be published to, is open, and is not somebody else's.
//!
//! The run's identity cannot make a project without a pending publisher on PyPI, whose form has to hold
//! exactly what the run shows; on crates.io it makes none at all. No API tells whether such a form was filled
//! in: `prepared` says so. Sources: <https://docs.pypi.org/trusted-publishers/creating-a-project-through-oidc/>,
//! <https://crates.io/docs/trusted-publishing>, PEP 792. A project that names another repository on GitHub
//! may have been taken by somebody else, or the repository was renamed.

use std::collections::BTreeSet;

use super::ground::silent;
use super::{Form, Ground, Knob, Wants, crates};
use crate::diag::Diagnostic;
use crate::dist::filename::normalize;
use crate::host::Host;
use crate::host::fs;
use crate::host::stop::Stop;
use crate::model::effect::Effect;
use crate::model::task::{Destination, Index};
use crate::plan::Planned;
use crate::remote::standing::Standing;
use crate::remote::{standing, status, trusted};
use crate::status::name::names;

pub(super) const OPTIONS: &[Knob] = &[Knob {
    name: "prepared",
    form: Form::Texts,
    doc: "names that are not there yet, and for which all is prepared",
}];

/// A project, and where it is published.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// The index's name; `None` for crates.io.
    pub index: Option<String>,
    /// The project's name.
    pub project: String,
}

pub(super) fn check(ground: &Ground<'_>, wants: Wants<'_>) -> Vec<Diagnostic> {
    let prepared = wants.texts("prepared").unwrap_or_default();
    let is_new =
        |name: &Name| prepared.iter().any(|one| normalize(one) == normalize(&name.project));
    all(ground)
        .iter()
        .filter(|name| !is_new(name))
        .filter_map(|name| unready(ground, name))
        .collect()
}

/// The projects that are sent, or as long as that is not known, those of the project's own files.
fn all(ground: &Ground<'_>) -> BTreeSet<Name> {
    if ground.effects.is_empty() { names_here(ground) } else { sent(ground.effects) }
}

fn sent(effects: &[Planned]) -> BTreeSet<Name> {
    let of = |planned: &Planned| match &planned.effect {
        Effect::UploadPypi(upload) => {
            Some(Name { index: Some(upload.index.name.clone()), project: upload.project.clone() })
        }
        Effect::PublishCrate(publish) => Some(Name { index: None, project: publish.name.clone() }),
        _ => None,
    };
    effects.iter().filter_map(of).collect()
}

/// Where the project's own names are published, as far as its files tell them.
pub fn names_here(ground: &Ground<'_>) -> BTreeSet<Name> {
    let text = |file| fs::read_text(&ground.repo.root().join(file)).unwrap_or_default();
    let here = names(&text("pyproject.toml"), &text("Cargo.toml"));
    let indexes = ground.indexes.iter().map(|index| Some(index.name.clone()));
    let python = here.python.map(|name| normalize(&name));
    let python = indexes.filter_map(|index| Some(Name { index, project: python.clone()? }));
    let crates = ground.sends_to(&Destination::Crates).then(|| crates::here(ground.repo.root()));
    let crates = crates.into_iter().flatten();
    python.chain(crates.map(|project| Name { index: None, project })).collect()
}

fn unready(ground: &Ground<'_>, name: &Name) -> Option<Diagnostic> {
    let Some(index) = &name.index else { return unready_crate(ground, &name.project) };
    let index = ground.indexes.iter().find(|known| known.name == *index)?;
    let project = &name.project;
    match standing::python(ground.host, index, project, ground.stop) {
        Err(why) => Some(silent(&index.name, project, &why)),
        // A token makes the project, and so does a private index.
        Ok(None) if !trusted::is_offered(ground.host, index) => None,
        Ok(None) => Some(pending(index, project)),
        Ok(Some(found)) => closed(index, project, &found).or_else(|| {
            foreign(
                ground,
                &index.name,
                project,
                named_by(ground.host, index, project, ground.stop),
            )
        }),
    }
}

/// The repository that an index's project names; what no public index tells is not asked.
fn named_by(host: &Host, index: &Index, project: &str, stop: &Stop) -> Option<String> {
    index.exchange.as_ref()?;
    status::repository_of_python(host, index, project, stop).ok().flatten()
}

fn pending(index: &Index, project: &str) -> Diagnostic {
    let wrong = Diagnostic::refused(format!("{} has no project `{project}` yet", index.name));
    wrong
        .note("the run's identity makes it only by a pending publisher, which ends after 30 days")
        .hint("fill in its form as `rel doctor` shows it")
        .hint(format!("then say so: `guard(\"names\", #{{ prepared: [\"{project}\"] }})`"))
}

fn closed(index: &Index, project: &str, found: &Standing) -> Option<Diagnostic> {
    let status = found.status.as_deref()?;
    if !matches!(status, "archived" | "quarantined") {
        return None;
    }
    let name = &index.name;
    let wrong =
        Diagnostic::refused(format!("{name} takes nothing for `{project}`: it is {status}"));
    Some(wrong.hint(match status {
        "archived" => "take it out of the archive in its settings",
        _ => "ask the index's administrators",
    }))
}

fn unready_crate(ground: &Ground<'_>, name: &str) -> Option<Diagnostic> {
    match status::krate(ground.host, name, ground.stop) {
        Err(why) => Some(silent("crates.io", name, &why)),
        Ok(listed) if listed.known => {
            let named = status::repository_of_crate(ground.host, name, ground.stop).ok().flatten();
            foreign(ground, "crates.io", name, named)
        }
        Ok(_) if !standing::crates_identity(ground.host) => None,
        Ok(_) => {
            let wrong = Diagnostic::refused(format!("crates.io has no crate `{name}` yet"));
            Some(wrong.note("the run's identity cannot make a crate").hint(
                "publish its first version with a token: set CARGO_REGISTRY_TOKEN outside of CI",
            ))
        }
    }
}

/// A project that names another repository than this.
fn foreign(
    ground: &Ground<'_>,
    place: &str,
    project: &str,
    named: Option<String>,
) -> Option<Diagnostic> {
    let (named, ours) = (named?, ground.repository()?);
    if named.eq_ignore_ascii_case(&ours) {
        return None;
    }
    let wrong = Diagnostic::refused(format!(
        "`{project}` on {place} names another repository: {named}, and this is {ours}"
    ));
    Some(wrong.hint("choose another name if it is not yours; else correct the address in the project's metadata and release with `guard(\"names\", \"warn\")`"))
}

#[cfg(test)]
mod tests {
    use super::super::sent::samples::{asset, publish, upload};
    use super::*;

    #[test]
    fn projects_are_those_that_are_uploaded_and_the_crates() {
        let effects = [upload("demo-1.0.tar.gz"), publish("core", "1.0.0"), asset("notes.txt")];
        let name = |index: Option<&str>, project: &str| Name {
            index: index.map(str::to_owned),
            project: project.to_owned(),
        };
        let sent: Vec<Name> = sent(&effects).into_iter().collect();
        assert_eq!(sent, [name(None, "core"), name(Some("pypi"), "demo")]);
    }
}
