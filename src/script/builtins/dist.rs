//! Distributions in a body: whether PyPI would take them, and what is in them.
//!
//! Only reads, so that it may stand in any body; what stops is told at once and with all there is.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use rhai::{Array, Dynamic, Map};

use super::artifact::argument;
use super::chosen::Options;
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome};
use crate::dist::check::{self, Around, Finding, Level, Policy, Wishes};
use crate::dist::contents::{Form, members};
use crate::host::fs;
use crate::model::artifact::Artifact;
use crate::model::event::Event;
use crate::repo::Repo;
use crate::script::cx::BodyCx;

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Module("dist"),
        Phase::Body,
        "check",
        (1, 2),
        "dist::check(t.artifacts(\"build\"), #{ max_size: \"50MB\", forbid: [\"*.c\"], warn: [\"tests/**\"], stop: [\"record\"], allow: [\"junk\"] })",
        "What a task has built is looked at by its own body too: `dist::check(t.out)`. Fails with all that PyPI would refuse of these wheels and sdists, and warns of what users may regret: `rel dist rules`. `stop` makes warnings of a rule (or of `\"all\"`) stop, `allow` leaves them out; `forbid` and `warn` are globs of names in the archives. What it has warned of comes back as an array of maps.",
        "task(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"fit\").needs(\"build\").run(|t| { let warned = dist::check(t.artifacts(\"build\"), #{ max_size: \"50MB\", forbid: [\"*.pyc\"], allow: [\"record\"] }); print(warned.len()); });",
        check_all,
    ),
    row(
        Place::Module("dist"),
        Phase::Body,
        "list",
        (1, 1),
        "dist::list(t.artifacts(\"build\"))",
        "The files in wheels, sdists and crates: an array of maps with `file`, `name` and `size`. A body may give its own `t.out`.",
        "task(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"show\").needs(\"build\").run(|t| { for inner in dist::list(t.artifacts(\"build\")) { print(`${inner.file}: ${inner.name}, ${inner.size}`); } });",
        list,
    ),
];

const OPTIONS: [&str; 5] = ["max_size", "forbid", "warn", "stop", "allow"];

/// What the options ask for.
fn wishes(call: &Call<'_>) -> Outcome<Wishes> {
    let options = Options::of(call, 1, &OPTIONS)?;
    Ok(Wishes {
        max_size: options.text("max_size")?,
        forbid: options.texts("forbid")?,
        warn: options.texts("warn")?,
        stop: options.texts("stop")?,
        allow: options.texts("allow")?,
    })
}

/// A file that is looked at.
struct Given {
    name: String,
    path: PathBuf,
}

/// The files in the first argument: artifacts, or the body's own `t.out` with what is in there by now.
fn given(call: &Call<'_>, cx: &BodyCx) -> Outcome<Vec<Given>> {
    let text = call.args.first().and_then(|value| value.clone().into_immutable_string().ok());
    if text.is_some_and(|text| Path::new(text.as_str()) == cx.out) {
        let all = fs::all_files(&cx.out).map_err(|error| unread("t.out", &error.to_string()))?;
        let named = |path: PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Given { name, path }
        };
        return Ok(all.into_iter().map(|found| named(found.path)).collect());
    }
    let stored = |file: &Artifact| {
        let path = cx.run.store.verified(file)?;
        Ok(Given { name: file.file_name().to_owned(), path })
    };
    argument(call, 0)?.iter().map(stored).collect()
}

fn check_all(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.body()?;
    let files = given(call, &cx)?;
    let policy = Policy::new(&wishes(call)?)
        .map_err(|wrong| Box::new(Diagnostic::usage(wrong.message).hint(wrong.hint)))?;
    if files.is_empty() {
        let wrong = Diagnostic::task("there is nothing to check: the task made no artifacts");
        return Err(Box::new(wrong.hint("build into `t.out`, or declare `.outputs(\"dist/*\")`")));
    }
    let around = Around {
        siblings: files.iter().map(|file| file.name.as_str()).collect(),
        untracked: Repo::new(&cx.run.host, cx.run.root.clone()).untracked().into_iter().collect(),
    };
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    for Given { name, path } in &files {
        let bytes = fs::read(path).map_err(|error| unread(name, &error.to_string()))?;
        let found = check::check(name, &bytes, &around, &policy);
        let (bad, odd): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|finding| finding.level == Level::Error);
        warn(&cx, name, &odd);
        errors.extend(bad.into_iter().map(|finding| (name.as_str(), finding)));
        warnings.extend(odd.iter().map(|finding| Dynamic::from_map(map(name, finding))));
    }
    if errors.is_empty() { Ok(warnings.into()) } else { Err(Box::new(stopped(&errors))) }
}

fn unread(name: &str, why: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::machine(format!("cannot read {name}: {why}")))
}

fn map(name: &str, finding: &Finding) -> Map {
    Map::from([
        ("file".into(), name.to_owned().into()),
        ("rule".into(), finding.rule.id.into()),
        ("message".into(), finding.text.clone().into()),
    ])
}

/// Warns of all findings in a file at once.
fn warn(cx: &BodyCx, name: &str, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    let message = format!("{name}: PyPI takes it, and its users may regret it");
    let told = findings.iter().map(|finding| format!("{}: {}", finding.rule.id, finding.text));
    let warning = told.fold(Diagnostic::task(message), Diagnostic::note);
    let ids: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.id).collect();
    let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    let hint = format!("mend it, or accept it with `allow: [{}]`", ids.join(", "));
    cx.run.events.emit(Event::Warning { diagnostic: Box::new(warning.hint(hint)) });
}

/// All that stops, with what to do once for each rule.
fn stopped(errors: &[(&str, Finding)]) -> Diagnostic {
    let names: BTreeSet<&str> = errors.iter().map(|(name, _)| *name).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let wrong = Diagnostic::task(format!("not to be uploaded: {}", names.join(", ")));
    let told =
        errors.iter().map(|(name, found)| format!("{name}: {}: {}", found.rule.id, found.text));
    let wrong = told.fold(wrong, Diagnostic::note);
    let mut seen = BTreeSet::new();
    let hints = errors.iter().map(|(_, found)| found.rule.hint).filter(|hint| seen.insert(*hint));
    hints.fold(wrong, Diagnostic::hint)
}

fn list(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.body()?;
    let mut all = Array::new();
    for Given { name, path } in given(call, &cx)? {
        let Some(form) = Form::of(&name) else { continue };
        let opened = fs::open(&path).map_err(|error| unread(&name, &error.to_string()))?;
        let inner = members(form, BufReader::new(opened)).map_err(|wrong| {
            let found = Diagnostic::task(format!("{name}: {}", wrong.message));
            Box::new(found.hint(wrong.hint))
        })?;
        all.extend(inner.into_iter().map(|member| {
            let size = i64::try_from(member.size).unwrap_or(i64::MAX);
            Dynamic::from_map(Map::from([
                ("file".into(), name.clone().into()),
                ("name".into(), member.name.into()),
                ("size".into(), size.into()),
            ]))
        }));
    }
    Ok(all.into())
}
