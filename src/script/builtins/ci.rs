//! Declaring CI: workflows with what starts them, the machines of tasks, where rel comes from.
//!
//! Values become words of `model::workflow` here, so that a wrong one is told at its place. Jobs are not
//! declared: `ci` makes them from the graph. What users own in them is `overlay`'s.

use rhai::{Dynamic, Map};

use super::task::change as change_task;
use super::{Builtin, Call, CiHandle, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome, Word};
use crate::host::net::is_web_url;
use crate::model::workflow::{Dispatch, Download, Overlay, Runner, Triggers, Workflow};
use crate::script::cx::lock;

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Function,
        Phase::Declare,
        "ci",
        (1, 1),
        "ci(\"release\")",
        "Declares a CI workflow. `rel ci generate github` or `gitlab` writes it, `rel ci check` compares it with what is there.",
        "task(\"check\").exec(\"true\");\nci(\"check\").on(#{ push: [\"main\"] }).run(\"check\");",
        ci,
    ),
    row(
        Place::Ci,
        Phase::Declare,
        "on",
        (1, 1),
        ".on(#{ tags: \"v*\" })",
        "What starts the workflow: `push` (branches), `tags`, `pull_request`, `release`, `schedule`, `dispatch` (by hand; the parameters of its tasks are asked for), `\"call\"` (by another workflow; a word of the language, so in quotes).",
        "task(\"check\").exec(\"true\");\nci(\"check\").on(#{ push: [\"main\"], pull_request: true, schedule: \"7 4 * * 1\" }).run(\"check\");",
        ci_on,
    ),
    row(
        Place::Ci,
        Phase::Declare,
        "run",
        (1, 1),
        ".run(\"publish\")",
        "The tasks that the workflow runs.",
        "task(\"check\").exec(\"true\");\nci(\"check\").on(#{ pull_request: true }).run(\"check\");",
        ci_run,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "runner",
        (1, 1),
        ".runner(\"ubuntu-24.04\") or .runner(#{ linux: \"ubuntu-24.04\", macos: \"macos-15\" })",
        "The machine that the task runs on in CI: one, or one for each value of an axis.",
        "task(\"test\").matrix(#{ system: [\"linux\", \"macos\"] }).runner(#{ linux: \"ubuntu-24.04\", macos: \"macos-15\" }).exec(\"true\");",
        runner,
    ),
    row(
        Place::Function,
        Phase::Declare,
        "ci_rel",
        (1, 2),
        "ci_rel(#{ url: \"https://…\", sha256: \"…\" }) or ci_rel(\"macos-15\", #{ … })",
        "Where the jobs of CI workflows get rel from: a gzipped tar archive with `rel` in it, and its digest; with a label, on machines of that label. Without it they read the repository's variables REL_URL and REL_SHA256.",
        "ci_rel(#{ url: \"https://files.corp.example/rel-0.1.0.tar.gz\", sha256: \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\" });\ntask(\"check\").exec(\"true\");",
        ci_rel,
    ),
    row(
        Place::Function,
        Phase::Declare,
        "ci_image",
        (1, 1),
        "ci_image(\"python:3.13-bookworm\")",
        "The image of jobs on GitLab, best with its digest (`…@sha256:…`): something with git, curl and a Python. Jobs of tasks with `.runner` have none.",
        "ci_image(\"python:3.13-bookworm\");\ntask(\"check\").exec(\"true\");",
        ci_image,
    ),
];

const TRIGGERS: &[&str] =
    &["push", "pull_request", "tags", "release", "schedule", "dispatch", "call"];
const RELEASE: &[&str] = &["published", "released", "prereleased"];

fn ci(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let Word { text: name, site } = call.word(0)?;
    let known =
        lock(&call.declaring()?.declared).workflows.iter().any(|workflow| workflow.name == name);
    if name.is_empty() || known {
        let what = if known { "is declared twice" } else { "has no name" };
        let wrong = Diagnostic::usage(format!("CI workflow `{name}` {what}")).at(&site);
        return Err(Box::new(wrong.hint("give it a name of its own, such as \"release\"")));
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
        let wrong = Diagnostic::usage(format!("`{name}` is no name for a workflow's file"));
        return Err(Box::new(wrong.at(&site).hint("use letters, digits, `-` and `_`")));
    }
    let declaring = call.declaring()?;
    let mut declared = lock(&declaring.declared);
    let site = call.site.clone();
    declared.workflows.push(Workflow {
        name,
        site,
        on: Triggers::default(),
        run: Vec::new(),
        overlay: Overlay::default(),
    });
    Ok(Dynamic::from(CiHandle(declared.workflows.len() - 1)))
}

fn ci_on(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let map = call.map(0, TRIGGERS)?;
    let mut on = Triggers::default();
    for (key, value) in &map {
        trigger(&mut on, key, value).map_err(|wrong| Box::new(wrong.at(&call.key_site(key))))?;
    }
    change(call, |workflow| {
        let old = std::mem::take(&mut workflow.on);
        workflow.on = Triggers {
            push: [old.push, on.push].concat(),
            tags: [old.tags, on.tags].concat(),
            pull_request: on.pull_request.or(old.pull_request),
            release: [old.release, on.release].concat(),
            schedule: [old.schedule, on.schedule].concat(),
            dispatch: on.dispatch.or(old.dispatch),
            call: on.call || old.call,
        };
    })
}

/// Takes one trigger in.
fn trigger(on: &mut Triggers, key: &str, value: &Dynamic) -> Result<(), Diagnostic> {
    match key {
        "push" => on.push = patterns(key, value, "push: [\"main\"]")?.unwrap_or_default(),
        "pull_request" => on.pull_request = patterns(key, value, "pull_request: true")?,
        "tags" => on.tags = texts(key, value, "tags: \"v*\"")?,
        "release" => on.release = releases(value)?,
        "schedule" => on.schedule = times(value)?,
        "dispatch" => on.dispatch = dispatch(value)?,
        _ => on.call = truth(key, value, "\"call\": true")?,
    }
    Ok(())
}

fn wrong_value(key: &str, such_as: &str) -> Diagnostic {
    Diagnostic::usage(format!("this is no value for `{key}` of a CI workflow"))
        .hint(format!("write it as `{such_as}`"))
}

fn truth(key: &str, value: &Dynamic, such_as: &str) -> Result<bool, Diagnostic> {
    value.as_bool().map_err(|_| wrong_value(key, such_as))
}

/// One text or an array of them, none of them empty.
fn texts(key: &str, value: &Dynamic, such_as: &str) -> Result<Vec<String>, Diagnostic> {
    let values = match value.clone().into_typed_array::<Dynamic>() {
        Ok(values) => values,
        Err(_) => vec![value.clone()],
    };
    let texts: Option<Vec<String>> = values
        .into_iter()
        .map(|value| value.into_immutable_string().ok().map(|text| text.to_string()))
        .collect();
    texts
        .filter(|texts| !texts.is_empty() && texts.iter().all(|text| !text.trim().is_empty()))
        .ok_or_else(|| wrong_value(key, such_as))
}

/// Patterns of branches; `true` for all, `false` for nothing.
fn patterns(key: &str, value: &Dynamic, such_as: &str) -> Result<Option<Vec<String>>, Diagnostic> {
    match (value.as_bool(), key) {
        (Ok(false), _) => Ok(None),
        (Ok(true), "push") => Ok(Some(vec!["**".into()])),
        (Ok(true), _) => Ok(Some(Vec::new())),
        (Err(_), _) => texts(key, value, such_as).map(Some),
    }
}

fn releases(value: &Dynamic) -> Result<Vec<String>, Diagnostic> {
    let kinds = texts("release", value, "release: \"published\"")?;
    match kinds.iter().find(|kind| !RELEASE.contains(&kind.as_str())) {
        None => Ok(kinds),
        Some(kind) => {
            let wrong = Diagnostic::usage(format!("a release cannot be `{kind}`"));
            Err(wrong.suggest(kind, RELEASE.iter().copied()))
        }
    }
}

fn times(value: &Dynamic) -> Result<Vec<String>, Diagnostic> {
    let such_as = "schedule: \"7 4 * * 1\"";
    let times = texts("schedule", value, such_as)?;
    let is_cron = |time: &String| {
        let known = |c: char| c.is_ascii_alphanumeric() || "*/,- ".contains(c);
        time.split_whitespace().count() == 5 && time.chars().all(known)
    };
    match times.iter().find(|time| !is_cron(time)) {
        None => Ok(times),
        Some(time) => {
            let wrong = Diagnostic::usage(format!("`{time}` is no time of cron"));
            Err(wrong.hint(format!("write minute, hour, day, month and weekday: `{such_as}`")))
        }
    }
}

fn dispatch(value: &Dynamic) -> Result<Option<Dispatch>, Diagnostic> {
    let such_as = "dispatch: true` or `dispatch: #{ live: true }";
    if let Ok(wanted) = value.as_bool() {
        return Ok(wanted.then(Dispatch::default));
    }
    let map: Map = value.clone().try_cast().ok_or_else(|| wrong_value("dispatch", such_as))?;
    if let Some(key) = map.keys().find(|key| key.as_str() != "live") {
        let wrong = Diagnostic::usage(format!("`dispatch` has no option `{key}`"));
        let wrong = wrong.suggest(key, ["live"]);
        return Err(wrong.note("the parameters of its tasks are asked for by themselves"));
    }
    let live = map.get("live").map_or(Ok(false), |live| truth("dispatch", live, such_as))?;
    Ok(Some(Dispatch { live }))
}

fn ci_run(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let words = call.words(0)?;
    change(call, |workflow| workflow.run.extend(words))
}

pub(super) fn change(call: &Call<'_>, work: impl FnOnce(&mut Workflow)) -> Outcome<Dynamic> {
    let declaring = call.declaring()?;
    let handle: CiHandle = call.this.clone().try_cast().unwrap_or(CiHandle(usize::MAX));
    let mut declared = lock(&declaring.declared);
    if let Some(workflow) = declared.workflows.get_mut(handle.0) {
        work(workflow);
    }
    Ok(call.this.clone())
}

fn runner(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let runner = if call.args[0].is_map() {
        let map: Map = call.args[0].clone().try_cast().unwrap_or_default();
        let labels: Option<Vec<(String, String)>> = map
            .iter()
            .map(|(value, label)| {
                let label = label.clone().into_immutable_string().ok()?;
                Some((value.to_string(), label.to_string()))
            })
            .collect();
        Runner::Of(labels.unwrap_or_default(), call.site.clone())
    } else {
        Runner::All(call.text(0)?)
    };
    let is_label = |label: &String| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    let holds = match &runner {
        Runner::All(label) => is_label(label),
        Runner::Of(labels, _) => {
            !labels.is_empty() && labels.iter().all(|(_, label)| is_label(label))
        }
    };
    if !holds {
        let wrong = Diagnostic::usage("`runner` takes the label of a machine, or a map of them");
        return Err(Box::new(wrong.hint(format!("write it as `{}`", call.builtin.signature))));
    }
    change_task(call, |draft| {
        draft.task.runner = Some(runner);
        Ok(())
    })
}

fn ci_rel(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let last = call.args.len() - 1;
    let runner = if last == 1 { Some(call.text(0)?) } else { None };
    let map = call.map(last, &["url", "sha256"])?;
    let text = |key: &str| {
        let value = map.get(key).and_then(|value| value.clone().into_immutable_string().ok());
        value.map(|text| text.to_string()).unwrap_or_default()
    };
    let (url, sha256) = (text("url"), text("sha256"));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?=&%+@".contains(c);
    if !is_web_url(&url) || !url.starts_with("https:") || !url.chars().all(plain) {
        let wrong = Diagnostic::usage("`ci_rel` needs the address of an archive");
        return Err(Box::new(wrong.hint("add `url: \"https://…/rel.tar.gz\"`")));
    }
    if sha256.len() != 64 || !sha256.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')) {
        let wrong = Diagnostic::usage("`ci_rel` needs the digest of the archive");
        return Err(Box::new(
            wrong.hint("add `sha256: \"…\"`: the 64 digits that `sha256sum rel.tar.gz` prints"),
        ));
    }
    let declaring = call.declaring()?;
    let mut declared = lock(&declaring.declared);
    if declared.downloads.iter().any(|known| known.runner == runner) {
        let wrong = Diagnostic::usage("`ci_rel` is said twice for the same machines");
        return Err(Box::new(wrong.hint("take one away")));
    }
    declared.downloads.push(Download { runner, url, sha256 });
    Ok(Dynamic::UNIT)
}

fn ci_image(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let image = call.text(0)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/@".contains(c);
    if !image.starts_with(|c: char| c.is_ascii_alphanumeric()) || !image.chars().all(plain) {
        let wrong = Diagnostic::usage(format!("`{image}` is no name of an image"));
        return Err(Box::new(wrong.hint(format!("write it as `{}`", call.builtin.signature))));
    }
    let declaring = call.declaring()?;
    let mut declared = lock(&declaring.declared);
    if declared.image.is_some() {
        let wrong = Diagnostic::usage("`ci_image` is said twice");
        return Err(Box::new(wrong.hint("take one away")));
    }
    declared.image = Some(image);
    Ok(Dynamic::UNIT)
}
