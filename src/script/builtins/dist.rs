//! Distributions in a body: whether PyPI would take them, and what is in them.
//!
//! Only reads, so that it may stand in any body; what stops is told at once and with all there is.

use std::collections::BTreeSet;
use std::io::BufReader;

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
        "Fails with all that PyPI would refuse of these wheels and sdists, and warns of what users may regret: `rel dist rules`. `stop` makes warnings of a rule (or of `\"all\"`) stop, `allow` leaves them out; `forbid` and `warn` are globs of names in the archives. What it has warned of comes back as an array of maps.",
        "task(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"fit\").needs(\"build\").run(|t| { let warned = dist::check(t.artifacts(\"build\"), #{ max_size: \"50MB\", forbid: [\"*.pyc\"], allow: [\"record\"] }); print(warned.len()); });",
        check_all,
    ),
    row(
        Place::Module("dist"),
        Phase::Body,
        "list",
        (1, 1),
        "dist::list(t.artifacts(\"build\"))",
        "The files in wheels, sdists and crates: an array of maps with `file`, `name` and `size`.",
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

fn check_all(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.body()?;
    let artifacts = argument(call, 0)?;
    let policy = Policy::new(&wishes(call)?)
        .map_err(|wrong| Box::new(Diagnostic::usage(wrong.message).hint(wrong.hint)))?;
    if artifacts.is_empty() {
        let wrong = Diagnostic::task("there is nothing to check: the task made no artifacts");
        return Err(Box::new(wrong.hint("build into `t.out`, or declare `.outputs(\"dist/*\")`")));
    }
    let around = Around {
        siblings: artifacts.iter().map(Artifact::file_name).collect(),
        untracked: Repo::new(&cx.run.host, cx.run.root.clone()).untracked().into_iter().collect(),
    };
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    for file in &artifacts {
        let path = cx.run.store.verified(file)?;
        let bytes = fs::read(&path).map_err(|error| unread(file, &error.to_string()))?;
        let found = check::check(file.file_name(), &bytes, &around, &policy);
        let (bad, odd): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|finding| finding.level == Level::Error);
        warn(&cx, file, &odd);
        errors.extend(bad.into_iter().map(|finding| (file.file_name(), finding)));
        warnings.extend(odd.iter().map(|finding| Dynamic::from_map(map(file, finding))));
    }
    if errors.is_empty() { Ok(warnings.into()) } else { Err(Box::new(stopped(&errors))) }
}

fn unread(file: &Artifact, why: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::machine(format!("cannot read {}: {why}", file.file_name())))
}

fn map(file: &Artifact, finding: &Finding) -> Map {
    Map::from([
        ("file".into(), file.file_name().to_owned().into()),
        ("rule".into(), finding.rule.id.into()),
        ("message".into(), finding.text.clone().into()),
    ])
}

/// Warns of all findings in a file at once.
fn warn(cx: &BodyCx, file: &Artifact, findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    let message = format!("{}: PyPI takes it, and its users may regret it", file.file_name());
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
    for file in argument(call, 0)? {
        let Some(form) = Form::of(file.file_name()) else { continue };
        let path = cx.run.store.verified(&file)?;
        let opened = fs::open(&path).map_err(|error| unread(&file, &error.to_string()))?;
        let inner = members(form, BufReader::new(opened)).map_err(|wrong| {
            let found = Diagnostic::task(format!("{}: {}", file.file_name(), wrong.message));
            Box::new(found.hint(wrong.hint))
        })?;
        all.extend(inner.into_iter().map(|member| {
            let size = i64::try_from(member.size).unwrap_or(i64::MAX);
            Dynamic::from_map(Map::from([
                ("file".into(), file.file_name().to_owned().into()),
                ("name".into(), member.name.into()),
                ("size".into(), size.into()),
            ]))
        }));
    }
    Ok(all.into())
}
