//! Publishing to Python package indexes.

use std::io::BufReader;

use rhai::{Array, Dynamic, Map};

use super::artifact::argument;
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome};
use crate::dist::{self, Dist, filename};
use crate::door::Conduct;
use crate::host::fs;
use crate::model::artifact::Artifact;
use crate::model::effect::{Effect, Predicate, Sign, UploadPypi};
use crate::model::task::Index;
use crate::remote::{sigstore, trusted};
use crate::script::cx::BodyCx;

pub(super) const TABLE: &[Builtin] = &[row(
    Place::Module("pypi"),
    Phase::Body,
    "publish",
    (2, 3),
    "pypi::publish(t.artifacts(\"build\"), \"pypi\")",
    "Sends wheels and source distributions to `pypi`, `testpypi` or a declared index. What the index holds already is not sent again. Where the run publishes by its identity, each file goes with attestations (PEP 740: publish, and SLSA provenance), unless a third argument says `#{ attestations: false }`; their signatures stand in a public log for ever.",
    "task(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"publish\").needs(\"build\").effects(\"testpypi\").run(|t| pypi::publish(t.artifacts(\"build\"), \"testpypi\"));",
    publish,
)];

fn publish(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let artifacts = argument(call, 0)?;
    let name = call.text(1)?;
    let cx = call.body()?;
    let Some(index) = cx.run.indexes.get(&name) else {
        let wrong = Diagnostic::usage(format!("there is no index `{name}`"));
        return Err(Box::new(wrong.suggest(&name, cx.run.indexes.keys().map(String::as_str))));
    };
    if artifacts.is_empty() {
        let wrong = Diagnostic::task("there is nothing to publish: the task made no artifacts");
        return Err(Box::new(wrong.hint("build into `t.out`, or declare `.outputs(\"dist/*\")`")));
    }
    let attested = attested(call, &cx, index)?;
    let (mut signs, mut effects) = (Vec::new(), Vec::new());
    for file in artifacts {
        let dist = read(&cx, &file)?;
        let project = filename::normalize(dist.metadata.name());
        let version = dist.metadata.version().to_owned();
        signs.extend(attested.iter().map(|predicate| {
            let (file, wanted_by) = (file.clone(), index.destination());
            Effect::Sign(Sign { predicate: *predicate, file, wanted_by })
        }));
        let (index, attested) = (index.clone(), attested.clone());
        effects.push(Effect::UploadPypi(UploadPypi { index, project, version, file, attested }));
    }
    effects.sort_by_key(|effect| !matches!(effect, Effect::UploadPypi(upload) if upload.file.name.ends_with(".whl")));
    if !signs.is_empty() {
        cx.at_door(None, |door, caller| door.perform(caller, &signs))?;
    }
    let receipts = cx.at_door(None, |door, caller| door.perform(caller, &effects))?;
    let map = |receipt: crate::model::effect::Receipt| {
        let mut map = Map::new();
        map.insert("name".into(), receipt.name.into());
        map.insert(
            "sha256".into(),
            receipt.digest.map(|digest| digest.to_string()).unwrap_or_default().into(),
        );
        map.insert("url".into(), receipt.url.unwrap_or_default().into());
        Dynamic::from_map(map)
    };
    Ok(receipts.into_iter().map(map).collect::<Array>().into())
}

/// What is signed of each file: only an index that knows the run by its identity takes it.
fn attested(call: &Call<'_>, cx: &BodyCx, index: &Index) -> Outcome<Vec<Predicate>> {
    let wanted = if call.args.len() > 2 {
        let map = call.map(2, &["attestations"])?;
        let wrong = || Box::new(Diagnostic::usage("`attestations` is true or false"));
        map.get("attestations").map_or(Ok(true), |value| value.as_bool().map_err(|_| wrong()))?
    } else {
        true
    };
    let host = &cx.run.host;
    let own = trusted::is_offered(host, index) && sigstore::is_offered(host);
    let offered = own || cx.run.signed_elsewhere && index.exchange.is_some();
    if wanted && !offered && index.exchange.is_some() {
        unsigned(cx, &format!("{} gets no attestations", index.name));
    }
    Ok(if wanted && offered { Predicate::ALL.to_vec() } else { Vec::new() })
}

/// Tells once, where a release is described, that it is not signed.
pub(super) fn unsigned(cx: &BodyCx, what: &str) {
    if cx.door.conduct(true) == Conduct::Describe {
        let why = "this run has no identity to sign with, which CI gives";
        cx.run.events.note(format!("{}: {what}: {why}", cx.id));
    }
}

/// Reads what a distribution says of itself.
pub(super) fn read(cx: &BodyCx, file: &Artifact) -> Outcome<Dist> {
    let path = cx.run.store.verified(file)?;
    let opened = fs::open(&path).map_err(|error| {
        Box::new(Diagnostic::machine(format!("cannot read {}: {error}", file.file_name())))
    })?;
    dist::read(file.file_name(), BufReader::new(opened)).map_err(|wrong| {
        let found = Diagnostic::task(format!(
            "{} cannot be published: {}",
            file.file_name(),
            wrong.message
        ));
        Box::new(found.hint(wrong.hint))
    })
}
