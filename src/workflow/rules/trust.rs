//! Whom a release trusts: actions, tokens that lie about, words of others, caches.
//!
//! Knowledge: GitHub's "security hardening for GitHub Actions", the deprecation notes of its artifact and
//! cache actions, the README of `gh-action-pypi-publish`.

use super::super::acts::Act;
use super::super::place::Uses;
use super::super::read::{Job, Rights, Step};
use super::super::yaml::Node;
use super::super::{Found, Ground, Place};

/// Whose actions are trusted as much as the runner itself.
const OWN: &[&str] = &["actions/", "github/"];

/// All actions that are used, those of called workflows included.
fn uses<'g>(ground: &'g Ground<'_>) -> impl Iterator<Item = Uses<'g>> {
    let called = ground.here.jobs.iter().filter_map(|job| Uses::read(job.node));
    let steps = ground.here.jobs.iter().flat_map(|job| &job.steps);
    called.chain(steps.filter_map(|step| Uses::read(step.node)))
}

fn is_commit(version: &str) -> bool {
    version.len() == 40 && version.chars().all(|c| c.is_ascii_hexdigit())
}

pub(super) fn action_unpinned(ground: &Ground<'_>) -> Vec<Found> {
    if !ground.here.releases() {
        return Vec::new();
    }
    let foreign = uses(ground).filter(|uses| !OWN.iter().any(|own| uses.name.starts_with(own)));
    let loose = foreign.filter(|uses| !is_commit(uses.version) && gone(uses).is_none());
    let text = |uses: &Uses<'_>| format!("`{}` is whatever `{}` is today", uses.name, uses.version);
    loose.map(|uses| Found::new(uses.node, text(&uses))).collect()
}

/// Actions that ended, and in which versions; without versions all.
const GONE: &[(&str, &[&str], &str)] = &[
    ("actions/cache", &["v1", "v2"], "GitHub refuses it"),
    ("actions/create-release", &[], "it is archived"),
    ("actions/download-artifact", &["v1", "v2", "v3"], "GitHub refuses it"),
    ("actions/upload-artifact", &["v1", "v2", "v3"], "GitHub refuses it"),
    ("actions/upload-release-asset", &[], "it is archived"),
    ("pypa/gh-action-pypi-publish", &["master"], "that branch ended; `release/v1` goes on"),
];

fn gone(uses: &Uses<'_>) -> Option<&'static str> {
    let is = |versions: &[&str]| {
        let major = uses.version.split('.').next().unwrap_or(uses.version);
        versions.is_empty() || versions.contains(&major)
    };
    let found = GONE.iter().find(|(name, versions, _)| *name == uses.name && is(versions));
    found.map(|(_, _, why)| *why)
}

pub(super) fn action_gone(ground: &Ground<'_>) -> Vec<Found> {
    let text = |uses: &Uses<'_>, why: &str| {
        format!("`{}@{}` no longer works: {why}", uses.name, uses.version)
    };
    let found =
        uses(ground).filter_map(|uses| Some(Found::new(uses.node, text(&uses, gone(&uses)?))));
    found.collect()
}

pub(super) fn credentials_persist(ground: &Ground<'_>) -> Vec<Found> {
    if !ground.here.releases() {
        return Vec::new();
    }
    let pushes = |job: &&Job<'_>| job.deeds().any(|(_, deed)| deed.act == Act::Push);
    let jobs = ground.here.jobs.iter().filter(|job| !pushes(job));
    let checkouts = jobs.flat_map(|job| job.deeds().filter(|(_, deed)| deed.act == Act::Checkout));
    let left = checkouts.filter(|(step, _)| step.input("persist-credentials") != Some("false"));
    left.map(|(_, deed)| Found::new(deed.at, "the checkout leaves its token in the folder"))
        .collect()
}

pub(super) fn permissions_missing(ground: &Ground<'_>) -> Vec<Found> {
    if !ground.here.releases() {
        return Vec::new();
    }
    let all = |job: &Job<'_>| match ground.here.rights(job) {
        Rights::All(word) if word.text() == Some("write-all") => {
            Some(Found::new(word, "jobs may write everywhere"))
        }
        Rights::Unsaid => {
            let text = format!("job `{}` has whatever permissions the settings give", job.id);
            Some(Found::new(job.key, text))
        }
        _ => None,
    };
    // One of them stands for all: they are cured at one place.
    ground.here.jobs.iter().find_map(all).into_iter().collect()
}

/// Words that strangers choose.
const STRANGERS: &[&str] = &[
    "github.event.comment.body",
    "github.event.commits",
    "github.event.discussion.",
    "github.event.head_commit.",
    "github.event.issue.body",
    "github.event.issue.title",
    "github.event.pages",
    "github.event.pull_request.body",
    "github.event.pull_request.head.label",
    "github.event.pull_request.head.ref",
    "github.event.pull_request.head.repo.",
    "github.event.pull_request.title",
    "github.event.review.body",
    "github.event.review_comment.body",
    "github.event.workflow_run.display_title",
    "github.event.workflow_run.head_branch",
    "github.event.workflow_run.head_commit.",
    "github.head_ref",
];
/// Words that people choose who may push here.
const OWN_PEOPLE: &[&str] =
    &["github.event.inputs.", "github.event.release.", "github.ref_name", "inputs."];
/// Of these, what GitHub chooses.
const HARMLESS: &[&str] =
    &["github.event.release.id", "github.event.release.draft", "github.event.release.prerelease"];

/// Scripts, and expressions in them that begin so.
fn expressions(ground: &Ground<'_>, words: &[&str]) -> Vec<Found> {
    let mut found = Vec::new();
    for step in ground.here.jobs.iter().flat_map(|job| &job.steps) {
        let by_action = step.is(&["actions/github-script"]).and_then(|_| step.with("script"));
        let Some(script) = step.node.get("run").or(by_action) else { continue };
        for part in script.text().unwrap_or_default().split("${{").skip(1) {
            let inside = part.split("}}").next().unwrap_or(part);
            let names =
                inside.split(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '-' | '*'));
            let risky = |name: &&str| {
                words.iter().any(|word| name.starts_with(word)) && !HARMLESS.contains(name)
            };
            if let Some(name) = names.into_iter().find(risky) {
                found.push(Found::new(
                    place(ground, script, name),
                    format!("`{name}` becomes part of the script"),
                ));
            }
        }
    }
    found
}

/// Where a word of a script stands.
fn place(ground: &Ground<'_>, script: &Node, word: &str) -> Place {
    let lines = (script.line..=script.last).map(|line| (line, ground.here.source.line(line)));
    let found = lines.into_iter().find_map(|(line, text)| {
        let at = text.find(word)?;
        Some(Place { line, column: text[..at].chars().count() + 1 })
    });
    found.unwrap_or_else(|| script.into())
}

pub(super) fn template_injection(ground: &Ground<'_>) -> Vec<Found> {
    expressions(ground, STRANGERS)
}

pub(super) fn input_in_script(ground: &Ground<'_>) -> Vec<Found> {
    if ground.here.releases() { expressions(ground, OWN_PEOPLE) } else { Vec::new() }
}

/// Inputs by which an action caches.
const CACHES: &[(&str, &str)] = &[
    ("actions/setup-node", "cache"),
    ("actions/setup-python", "cache"),
    ("astral-sh/setup-uv", "enable-cache"),
    ("pdm-project/setup-pdm", "cache"),
];

/// Where a step takes something from a cache.
fn cached(step: &Step<'_>) -> Option<Place> {
    if let Some(deed) = step.deeds.iter().find(|deed| deed.act == Act::Cache) {
        return Some(deed.at);
    }
    let (_, input) = CACHES.iter().find(|(name, _)| step.is(&[name]).is_some())?;
    match step.with(input) {
        Some(node) => {
            (node.text() != Some("false") && node.text() != Some("")).then(|| node.into())
        }
        // On GitHub's runners this one caches unless it is told not to.
        None => step.is(&["astral-sh/setup-uv"]).map(|uses| uses.node.into()),
    }
}

pub(super) fn cache_in_publish(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in &ground.here.jobs {
        let identity =
            job.node.get("permissions").is_some() && ground.here.rights(job).writes("id-token");
        if identity || job.publishes().next().is_some() {
            let text = format!("job `{}` can publish, and runs what a cache holds", job.id);
            found
                .extend(job.steps.iter().filter_map(cached).map(|at| Found::new(at, text.clone())));
        }
    }
    found
}

pub(super) fn secrets_inherit(ground: &Ground<'_>) -> Vec<Found> {
    let jobs = ground.here.jobs.iter();
    let given = jobs.filter_map(|job| Some((job, job.node.get("secrets")?)));
    let all = given.filter(|(_, secrets)| secrets.text() == Some("inherit"));
    all.map(|(job, at)| Found::new(at, format!("job `{}` hands on every secret", job.id))).collect()
}
