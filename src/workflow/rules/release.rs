//! How a release ends: rights to make it, and failures that must not be passed over.
//!
//! Knowledge: GitHub's "permissions for the `GITHUB_TOKEN`", `gh help release create`, its page on the
//! status functions of conditions.

use super::super::acts::Act;
use super::super::read::{Job, Rights};
use super::super::{Found, Ground, Place};

pub(super) fn contents_write_missing(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in &ground.here.jobs {
        let rights = ground.here.rights(job);
        if matches!(rights, Rights::Unsaid) || rights.writes("contents") {
            continue;
        }
        let made =
            job.deeds().find(|(_, deed)| matches!(deed.act, Act::Release { by_run: true, .. }));
        found.extend(made.map(|(_, deed)| {
            Found::new(
                deed.at,
                format!("job `{}` makes a release and has no `contents: write`", job.id),
            )
        }));
    }
    found
}

pub(super) fn attestations_write_missing(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in ground.here.jobs.iter().filter(|job| !ground.here.rights(job).writes("attestations"))
    {
        let signs = job.deeds().find(|(_, deed)| deed.act == Act::Attest);
        found.extend(signs.map(|(_, deed)| {
            Found::new(
                deed.at,
                format!("job `{}` attests files and has no `attestations: write`", job.id),
            )
        }));
    }
    found
}

pub(super) fn release_makes_tag(ground: &Ground<'_>) -> Vec<Found> {
    let tags_only = ground.here.on_branches().is_none()
        && ground.here.triggers().iter().all(|name| matches!(*name, "push" | "release"));
    if tags_only {
        return Vec::new();
    }
    let deeds = ground.here.jobs.iter().flat_map(Job::deeds);
    let loose = deeds.filter(|(_, deed)| {
        let call = deed.call.as_ref().filter(|_| matches!(deed.act, Act::Release { .. }));
        call.is_some_and(|call| !call.has("--verify-tag") && call.option(&["--target"]).is_none())
    });
    loose.map(|(_, deed)| Found::new(deed.at, "a tag that is not there is made here")).collect()
}

pub(super) fn publish_forgiven(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in &ground.here.jobs {
        for (step, deed) in job.publishes() {
            let goes_on = [step.node, job.node].into_iter().find_map(|node| {
                let (key, value) = node.entry("continue-on-error")?;
                (value.text() != Some("false")).then(|| Place::from(key))
            });
            let at = goes_on.or(deed.forgiven.then_some(deed.at));
            let text = format!("job `{}` goes on if its publish fails", job.id);
            found.extend(at.map(|at| Found::new(at, text)));
        }
    }
    found
}

pub(super) fn publish_always(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in ground.here.jobs.iter().filter(|job| job.publishes().next().is_some()) {
        let Some(condition) = job.node.get("if") else { continue };
        let text: String = condition.text().unwrap_or_default().split_whitespace().collect();
        let always =
            ["always()", "!cancelled()", "failure()"].iter().find(|word| text.contains(**word));
        let asks = text.contains(".result=='success'") || text.contains("needs.*.result");
        if let Some(word) = always.filter(|_| !asks && !job.needs().is_empty()) {
            let text = format!(
                "with `{word}` job `{}` publishes whatever became of what it needs",
                job.id
            );
            found.push(Found::new(condition, text));
        }
    }
    found
}

pub(super) fn publish_cancelled(ground: &Ground<'_>) -> Vec<Found> {
    let lasting = |job: &&Job<'_>| {
        let mut deeds = job.publishes();
        deeds.any(|(_, deed)| matches!(deed.act, Act::Publish { to, .. } if to.is_final()))
    };
    let publishing: Vec<&Job<'_>> = ground.here.jobs.iter().filter(lasting).collect();
    let Some(first) = publishing.first() else { return Vec::new() };
    let scopes = std::iter::once(ground.here.root).chain(publishing.iter().map(|job| job.node));
    let settings = scopes.filter_map(|scope| scope.get("concurrency")?.entry("cancel-in-progress"));
    let cancels = settings.filter(|(_, value)| value.text() == Some("true"));
    let text = format!("a newer run stops job `{}` while it publishes", first.id);
    cancels.map(|(key, _)| Found::new(key, text.clone())).collect()
}

pub(super) fn publish_not_on_linux(ground: &Ground<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for job in &ground.here.jobs {
        let by_action =
            job.steps.iter().any(|step| step.is(&["pypa/gh-action-pypi-publish"]).is_some());
        let Some(runner) = job.node.get("runs-on").filter(|_| by_action) else { continue };
        let other = ["windows", "macos"]
            .iter()
            .find(|system| runner.text().is_some_and(|text| text.starts_with(**system)));
        found.extend(
            other.map(|system| Found::new(runner, format!("job `{}` runs on {system}", job.id))),
        );
    }
    found
}
