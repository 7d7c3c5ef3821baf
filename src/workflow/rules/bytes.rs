//! Which bytes go out: built once, handed over whole, published once.
//!
//! Knowledge: the READMEs of `actions/upload-artifact` and `download-artifact` (names unique in a run, a
//! folder for each without `merge-multiple`), of `gh-action-pypi-publish`, setuptools-scm on shallow clones.

use std::collections::BTreeMap;

use super::super::acts::{Act, Index, Login};
use super::super::read::{Job, Step};
use super::super::yaml::Node;
use super::super::{Found, Ground};

pub(super) fn rebuild_in_publish(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in &ground.here.jobs {
        let Some((_, publish)) = job.publishes().next() else { continue };
        let crates = matches!(publish.act, Act::Publish { to: Index::Crates, .. });
        let builds = job.deeds().find(|(_, deed)| match deed.act {
            // `cargo publish` packages by itself: no crate is ever handed over.
            Act::Build => !crates || deed.call.is_none(),
            Act::Publish { builds, .. } => builds,
            _ => false,
        });
        found.extend(builds.map(|(_, deed)| {
            Found::new(
                deed.at,
                format!("job `{}` builds what it publishes (line {})", job.id, publish.at.line),
            )
        }));
    }
    found
}

pub(super) fn shallow_history(ground: &Ground<'_>) -> Vec<Found> {
    let Some(by) = ground.project.history.as_deref().filter(|_| ground.here.releases()) else {
        return Vec::new();
    };
    // A checkout of a tag brings that tag along, and its version is exact.
    if ground.here.on_branches().is_none() && ground.here.triggers() == ["push"] {
        return Vec::new();
    }
    let builds = |job: &&Job<'_>| job.deeds().any(|(_, deed)| deed.act == Act::Build);
    let unshallows = |job: &&Job<'_>| {
        let scripts = job.steps.iter().filter_map(|step| step.node.text_of("run"));
        scripts
            .into_iter()
            .any(|text| text.contains("--unshallow") || text.contains("fetch --tags"))
    };
    let jobs = ground.here.jobs.iter().filter(builds).filter(|job| !unshallows(job));
    let checkouts = jobs.flat_map(|job| job.deeds().filter(|(_, deed)| deed.act == Act::Checkout));
    let shallow = checkouts.filter(|(step, _)| {
        step.input("fetch-depth") != Some("0") && step.input("fetch-tags") != Some("true")
    });
    shallow
        .map(|(_, deed)| {
            Found::new(deed.at, format!("{by} needs the history, which this leaves out"))
        })
        .collect()
}

pub(super) fn skip_existing(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (step, deed) in ground.here.jobs.iter().flat_map(Job::publishes) {
        let Act::Publish { to: to @ (Index::PyPI | Index::Other), .. } = deed.act else { continue };
        let input = ["skip-existing", "skip_existing"].iter().find_map(|name| step.with(name));
        let input = input.filter(|node| node.text() != Some("false")).map(Into::into);
        let option =
            deed.call.as_ref().is_some_and(|call| call.has("--skip-existing")).then_some(deed.at);
        let text =
            format!("what {} has under the same name is skipped, whatever it holds", to.name());
        found.extend(input.or(option).map(|at: super::super::Place| Found::new(at, text)));
    }
    found
}

/// Steps that keep files, with their jobs.
fn stores<'g>(ground: &'g Ground<'_>) -> impl Iterator<Item = (&'g Job<'g>, &'g Step<'g>)> {
    let jobs = ground.here.jobs.iter();
    let steps = jobs.flat_map(|job| job.steps.iter().map(move |step| (job, step)));
    steps.filter(|(_, step)| step.deeds.iter().any(|deed| deed.act == Act::Store))
}

pub(super) fn mixed_artifacts(ground: &Ground<'_>) -> Vec<Found> {
    let several =
        stores(ground).count() > 1 || stores(ground).any(|(job, _)| job.matrix().is_some());
    if !several {
        return Vec::new();
    }
    let publishing = ground.here.jobs.iter().filter(|job| job.publishes().next().is_some());
    let takes = publishing.flat_map(|job| job.deeds().filter(|(_, deed)| deed.act == Act::Fetch));
    let unnamed = takes.filter(|(step, _)| {
        ["name", "pattern", "artifact-ids"].iter().all(|name| step.with(name).is_none())
    });
    let text = |step: &Step<'_>| match step.input("merge-multiple") {
        Some("true") => "all artifacts of the run are mixed in the folder that is published",
        _ => "all artifacts of the run are taken, each into a folder of its own",
    };
    unnamed.map(|(step, deed)| Found::new(deed.at, text(step))).collect()
}

pub(super) fn artifact_collision(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for (job, step) in stores(ground) {
        let conditional = step.node.get("if").or(job.node.get("if"));
        let overwrites = step.with("overwrite").is_some_and(|node| node.text() != Some("false"));
        let major = step.uses.as_ref().and_then(|uses| uses.version.split('.').next());
        let old = major.is_some_and(|major| ["v1", "v2", "v3"].contains(&major));
        if overwrites || old {
            continue;
        }
        let name = step.input("name").unwrap_or("artifact");
        let place =
            step.with("name").unwrap_or(step.uses.as_ref().map_or(step.node, |uses| uses.node));
        let varies = name.contains("${{");
        let once = conditional.is_some_and(|node| node.mentions("matrix."));
        if job.matrix().is_some() && !varies && !once {
            found.push(Found::new(
                place,
                format!("every job of the matrix keeps files as `{name}`"),
            ));
        } else if let Some(other) = first.get(name).filter(|_| !varies && conditional.is_none()) {
            found.push(Found::new(place, format!("job `{other}` keeps files as `{name}` too")));
        }
        first.entry(name).or_insert(job.id);
    }
    found
}

pub(super) fn matrix_publish(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in &ground.here.jobs {
        let Some((at, _)) = job.matrix() else { continue };
        let mentions = |node: Option<&Node>| node.is_some_and(|node| node.mentions("matrix."));
        let chosen = mentions(job.node.get("if")) || mentions(job.environment());
        let fetched =
            job.deeds().any(|(step, deed)| deed.act == Act::Fetch && step.node.mentions("matrix."));
        let same = job.publishes().find(|(step, _)| !step.node.mentions("matrix."));
        if let Some((_, deed)) = same.filter(|_| !chosen && !fetched) {
            let text = format!(
                "job `{}` publishes once for each of its matrix (line {})",
                job.id, deed.at.line
            );
            found.push(Found::new(at, text));
        }
    }
    found
}

pub(super) fn two_indexes_in_one_job(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in &ground.here.jobs {
        let attests = |step: &Step<'_>| {
            let by_action = step.is(&["pypa/gh-action-pypi-publish"]).is_some();
            by_action && step.input("attestations") != Some("false")
        };
        let signed = job.publishes().filter(|(step, deed)| {
            attests(step) && matches!(deed.act, Act::Publish { login: Login::Identity, .. })
        });
        let text = format!("job `{}` has published these files already", job.id);
        found.extend(signed.skip(1).map(|(_, deed)| Found::new(deed.at, text.clone())));
    }
    found
}
