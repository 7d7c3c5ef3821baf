//! Who may publish: identity tokens, stored tokens, environments.
//!
//! Knowledge: PyPI's pages on trusted publishers, its check of `job_workflow_ref` and of the environment,
//! GitHub's page on OpenID Connect.

use std::collections::BTreeMap;

use super::super::acts::{Act, Deed, Index, Login};
use super::super::read::{Job, Rights};
use super::super::{Found, Ground};

/// What is done by the run's identity.
fn by_identity(deed: &Deed<'_>) -> bool {
    match deed.act {
        Act::Publish { login, .. } => login == Login::Identity,
        Act::Attest | Act::LogIn => true,
        _ => false,
    }
}

pub(super) fn id_token_missing(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in &ground.here.jobs {
        if ground.here.rights(job).writes("id-token") {
            continue;
        }
        let logs_in = job.deeds().any(|(_, deed)| deed.act == Act::LogIn);
        let first =
            job.deeds().find(|(_, deed)| by_identity(deed) && (!logs_in || deed.act == Act::LogIn));
        found.extend(first.map(|(_, deed)| {
            Found::new(
                deed.at,
                format!("job `{}` needs an identity and has no `id-token: write`", job.id),
            )
        }));
    }
    found
}

pub(super) fn id_token_for_all(ground: &Ground<'_>) -> Vec<Found> {
    let Some(rights) = ground.here.root.get("permissions") else { return Vec::new() };
    let said = rights.entry("id-token").filter(|(_, value)| value.text() == Some("write"));
    let at = match said {
        Some((key, _)) => key,
        None if rights.text() == Some("write-all") => rights,
        None => return Vec::new(),
    };
    let inherits = |job: &&Job<'_>| job.node.get("permissions").is_none();
    let needs = |job: &&Job<'_>| job.deeds().any(|(_, deed)| by_identity(deed));
    let other = ground.here.jobs.iter().filter(inherits).find(|job| !needs(job));
    let text = |job: &Job<'_>| {
        format!("job `{}` can ask for the run's identity, as every job here", job.id)
    };
    other.map(|job| Found::new(at, text(job))).into_iter().collect()
}

/// Whether an environment stands between a job and every publish of the workflow: an identity of another
/// job is then refused by the publisher.
fn publishers_have_environments(ground: &Ground<'_>) -> bool {
    let mut publishing = ground.here.jobs.iter().filter(|job| job.publishes().next().is_some());
    publishing.all(|job| job.environment().is_some())
}

pub(super) fn id_token_beside_foreign_code(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in &ground.here.jobs {
        let publishes = job.publishes().next().is_some();
        let asks =
            job.node.get("permissions").is_some_and(|own| own.text_of("id-token") == Some("write"));
        let may_publish = publishes && ground.here.rights(job).writes("id-token");
        let only_attests = !publishes && job.deeds().any(|(_, deed)| deed.act == Act::Attest);
        let harmless = only_attests && publishers_have_environments(ground);
        if !asks && !may_publish || harmless {
            continue;
        }
        let foreign = job.deeds().find(|(step, deed)| match deed.act {
            Act::Foreign => true,
            Act::Build => !publishes,
            Act::Checkout => {
                step.input("repository").is_some_and(|name| !name.contains("github.repository"))
            }
            _ => false,
        });
        found.extend(foreign.map(|(_, deed)| {
            Found::new(
                deed.at,
                format!("this runs in job `{}`, which has `id-token: write`", job.id),
            )
        }));
    }
    found
}

pub(super) fn token_beside_identity(ground: &Ground<'_>) -> Vec<Found> {
    stored(
        ground,
        |rights| rights.writes("id-token"),
        "a stored token is used for",
        "though the job has an identity",
    )
}

pub(super) fn stored_token(ground: &Ground<'_>) -> Vec<Found> {
    stored(
        ground,
        |rights| !rights.writes("id-token"),
        "a stored token publishes to",
        "which knows trusted publishing",
    )
}

/// Publishes with a stored token, where `fits` what the job may do.
fn stored(ground: &Ground<'_>, fits: fn(Rights<'_>) -> bool, what: &str, but: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for job in ground.here.jobs.iter().filter(|job| fits(ground.here.rights(job))) {
        for (_, deed) in job.publishes() {
            let Act::Publish { to, login: Login::Stored(at), .. } = deed.act else { continue };
            if to != Index::Other {
                found.push(Found::new(at, format!("{what} {}, {but}", to.name())));
            }
        }
    }
    found
}

pub(super) fn reusable_publish(ground: &Ground<'_>) -> Vec<Found> {
    let Some((at, _)) = ground.here.trigger("workflow_call") else { return Vec::new() };
    let on_pypi = |deed: &Deed<'_>| {
        let Act::Publish { to, login, .. } = deed.act else { return false };
        matches!(to, Index::PyPI | Index::TestPyPI) && login == Login::Identity
    };
    let job = ground.here.jobs.iter().find(|job| job.deeds().any(|(_, deed)| on_pypi(deed)));
    let text =
        |job: &Job<'_>| format!("job `{}` publishes from a workflow that others call", job.id);
    job.map(|job| Found::new(at, text(job))).into_iter().collect()
}

/// Where a job publishes for good, if it does.
fn lasting(job: &Job<'_>) -> Option<Index> {
    job.publishes().find_map(|(_, deed)| match deed.act {
        Act::Publish { to, .. } if to.is_final() => Some(to),
        _ => None,
    })
}

pub(super) fn environment_missing(ground: &Ground<'_>) -> Vec<Found> {
    let jobs = ground.here.jobs.iter().filter(|job| job.environment().is_none());
    let jobs = jobs.filter(|job| waiting(ground, job).is_none());
    let text = |to: Index, job: &Job<'_>| {
        format!("job `{}` publishes to {} without an environment", job.id, to.name())
    };
    jobs.filter_map(|job| Some(Found::new(job.key, text(lasting(job)?, job)))).collect()
}

/// A job that is needed by this one, publishes nothing, and has an environment.
fn waiting<'a>(ground: &Ground<'a>, job: &Job<'a>) -> Option<&'a str> {
    let needed = ground.here.with_needs(job).into_iter();
    let waits = needed.filter(|other| other.id != job.id && other.publishes().next().is_none());
    waits.filter(|other| other.environment().is_some()).map(|other| other.id).next()
}

pub(super) fn environment_differs(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut first: BTreeMap<Index, (&str, String)> = BTreeMap::new();
    for job in &ground.here.jobs {
        let Some(to) = lasting(job) else { continue };
        let Some(environment) = job.environment() else {
            let text = |before: &str| {
                format!(
                    "job `{}` has no environment: that of `{before}` is not part of its identity",
                    job.id
                )
            };
            found.extend(waiting(ground, job).map(|before| Found::new(job.key, text(before))));
            continue;
        };
        let name = environment.text().unwrap_or_default().to_lowercase();
        if name.contains("${{") {
            continue;
        }
        let (other, known) = first.entry(to).or_insert_with(|| (job.id, name.clone()));
        if *known != name {
            let text = format!(
                "{} is published to from `{name}` here and from `{known}` in job `{other}`",
                to.name()
            );
            found.push(Found::new(environment, text));
        }
    }
    found
}
