//! What starts a publish.
//!
//! Knowledge: GitHub's "events that trigger workflows" and "triggering a workflow from a workflow" (what is
//! done with `GITHUB_TOKEN` starts none but `workflow_dispatch` and `repository_dispatch`).

use super::super::acts::{Act, Deed};
use super::super::read::{Job, Step};
use super::super::yaml::Node;
use super::super::{Found, Ground};

/// Words of a condition by which a publish is bound to a tag, a release, or a decision before it.
const BOUND: &[&str] = &[
    "refs/tags",
    "ref_type",
    "event.action",
    "event.release",
    "event_name == 'release'",
    "inputs.",
    "needs.",
    "steps.",
    "vars.",
];
/// Words by which it is kept from what is started by a push to a branch.
const NOT_PUSHED: &[&str] =
    &["event_name == 'workflow_dispatch'", "event_name != 'push'", "event_name == 'schedule'"];

/// Whether one of the conditions on the way to a step holds such a word.
fn bound(ground: &Ground<'_>, job: &Job<'_>, step: &Step<'_>, words: &[&str]) -> bool {
    let jobs = ground.here.with_needs(job).into_iter().map(|job| job.node);
    let mut conditions = jobs.chain([step.node]).filter_map(|node| node.text_of("if"));
    conditions.any(|text| {
        let text = text.replace('"', "'");
        words.iter().any(|word| text.contains(word) || text.contains(&word.replace(' ', "")))
    })
}

/// What is published for good and not bound by a condition.
fn unbound<'g>(
    ground: &'g Ground<'_>,
    words: &'g [&'g str],
) -> impl Iterator<Item = (&'g Job<'g>, &'g Deed<'g>)> {
    let lasting = |deed: &Deed<'_>| matches!(deed.act, Act::Publish { to, .. } if to.is_final());
    ground.here.jobs.iter().flat_map(move |job| {
        let free = job.publishes().filter(move |(step, _)| !bound(ground, job, step, words));
        free.filter(move |(_, deed)| lasting(deed)).map(move |(_, deed)| (job, deed))
    })
}

pub(super) fn branch_publish(ground: &Ground<'_>) -> Vec<Found> {
    let pushed = ground.here.on_branches();
    let asked = ["pull_request", "pull_request_target"];
    let asked = || asked.iter().find_map(|name| ground.here.trigger(name)).map(|(key, _)| key);
    let Some(on) = pushed.or_else(asked) else { return Vec::new() };
    let words = [BOUND, NOT_PUSHED].concat();
    let what = if pushed.is_some() { "each push to a branch" } else { "each pull request" };
    let text = |job: &Job<'_>| format!("{what} publishes from job `{}` (line {})", job.id, on.line);
    unbound(ground, &words).map(|(job, deed)| Found::new(deed.at, text(job))).collect()
}

pub(super) fn dispatch_unchecked(ground: &Ground<'_>) -> Vec<Found> {
    let Some((at, _)) = ground.here.trigger("workflow_dispatch") else { return Vec::new() };
    let words =
        [BOUND, &["event_name == 'push'", "event_name != 'workflow_dispatch'", "github.ref =="]]
            .concat();
    // Who has to give a version knows what is about to happen.
    let checks =
        |job: &Job<'_>| ground.here.with_needs(job).iter().any(|job| job.node.mentions("inputs."));
    let free = unbound(ground, &words).find(|(job, _)| !checks(job));
    let text =
        |job: &Job<'_>| format!("a run by hand publishes from job `{}`, from any branch", job.id);
    free.map(|(job, _)| Found::new(at, text(job))).into_iter().collect()
}

pub(super) fn release_event_silent(ground: &Ground<'_>) -> Vec<Found> {
    let Some((at, _)) = ground.here.trigger("release") else { return Vec::new() };
    if !ground.here.releases() {
        return Vec::new();
    }
    for other in ground.all {
        let on_release_only = other.triggers().iter().all(|name| *name == "release");
        let starts =
            other.jobs.iter().any(|job| job.deeds().any(|(_, deed)| deed.act == Act::Start));
        if on_release_only || starts {
            continue;
        }
        let makes =
            |deed: &Deed<'_>| matches!(deed.act, Act::Release { draft: false, by_run: true });
        let Some(job) = other.jobs.iter().find(|job| job.deeds().any(|(_, deed)| makes(deed)))
        else {
            continue;
        };
        let text = format!(
            "job `{}` of {} makes the release, and starts nothing here",
            job.id, other.source.name
        );
        return vec![Found::new(at, text)];
    }
    Vec::new()
}

/// What a pull request brings along.
const PROPOSED: &[&str] =
    &["github.head_ref", "event.pull_request.head", "event.workflow_run.head", "refs/pull/"];

pub(super) fn pull_request_target_checkout(ground: &Ground<'_>) -> Vec<Found> {
    let trusted = ["pull_request_target", "workflow_run", "issue_comment"];
    let Some(on) = trusted.iter().find(|name| ground.here.trigger(name).is_some()) else {
        return Vec::new();
    };
    let proposed = |node: &&Node| PROPOSED.iter().any(|part| node.mentions(part));
    let steps = ground.here.jobs.iter().flat_map(|job| &job.steps);
    let steps = steps.filter(|step| step.is(&["actions/checkout"]).is_some());
    let at = steps
        .filter_map(|step| step.with("ref").or_else(|| step.with("repository")).filter(proposed));
    at.map(|node| {
        Found::new(node, format!("`{on}` runs with secrets, and this takes a proposal's code"))
    })
    .collect()
}
