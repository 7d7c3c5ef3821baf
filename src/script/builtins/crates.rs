//! Publishing to crates.io, and yanking there.

use std::io::BufReader;

use rhai::{Array, Dynamic, Map};

use super::artifact::argument;
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome};
use crate::dist::cargo::{self, Crate};
use crate::host::fs;
use crate::model::artifact::Artifact;
use crate::model::effect::{Effect, PublishCrate, YankCrate};
use crate::script::cx::BodyCx;

const YANK: &str = "task(\"yank\").param(\"version\", \"1.0.0\").effects(\"crates\").run(|t| crates::yank(\"widget\", t.version));";

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Module("crates"),
        Phase::Body,
        "publish",
        (1, 1),
        "crates::publish(t.artifacts(\"package\"))",
        "Sends `.crate` files, as `cargo package` made them, to crates.io: what others need first, and each once. The very file is sent; nothing is packaged anew.",
        "task(\"package\").exec(\"cargo package --no-verify\").outputs(\"target/package/*.crate\");\ntask(\"publish\").needs(\"package\").effects(\"crates\").run(|t| crates::publish(t.artifacts(\"package\")));",
        publish,
    ),
    row(
        Place::Module("crates"),
        Phase::Body,
        "yank",
        (2, 2),
        "crates::yank(\"widget\", \"1.2.0\")",
        "Yanks a version on crates.io: it stays, and no new resolution takes it. It needs a token in `CARGO_REGISTRY_TOKEN` that may yank. PyPI has no API for that: there it is done on the site, in the project's list of releases.",
        YANK,
        |call| yank(call, true),
    ),
    row(
        Place::Module("crates"),
        Phase::Body,
        "unyank",
        (2, 2),
        "crates::unyank(\"widget\", \"1.2.0\")",
        "Takes a yank back.",
        "task(\"unyank\").param(\"version\", \"1.0.0\").effects(\"crates\").run(|t| crates::unyank(\"widget\", t.version));",
        |call| yank(call, false),
    ),
];

fn yank(call: &mut Call<'_>, yanked: bool) -> Outcome<Dynamic> {
    let (name, version) = (call.text(0)?, call.text(1)?);
    let cx = call.body()?;
    let registry = cx.run.host.endpoints.crates.api.clone();
    let effect = Effect::YankCrate(YankCrate { registry, name, version, yanked });
    cx.at_door(None, |door, caller| door.perform(caller, &[effect]))?;
    Ok(Dynamic::UNIT)
}

fn publish(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let artifacts = argument(call, 0)?;
    let cx = call.body()?;
    let is_crate = |file: &&Artifact| file.file_name().ends_with(".crate");
    let files: Vec<&Artifact> = artifacts.iter().filter(is_crate).collect();
    if files.is_empty() {
        let wrong = Diagnostic::task("there is nothing to publish: the task made no `.crate`");
        return Err(Box::new(wrong.hint(
            "make them with `rust::crates(t.out)` of `std/rust`, or declare `.outputs(\"target/package/*.crate\")`",
        )));
    }
    let mut all = Vec::new();
    for file in files {
        all.push((read(&cx, file)?, file.clone()));
    }
    let registry = cx.run.host.endpoints.crates.api.clone();
    let mut sent = Array::new();
    for (of, file) in cargo::in_order(all) {
        let (registry, name, version) = (registry.clone(), of.name, of.version);
        let effect = Effect::PublishCrate(PublishCrate { registry, name, version, file });
        for receipt in cx.at_door(None, |door, caller| door.perform(caller, &[effect]))? {
            let mut map = Map::new();
            map.insert("name".into(), receipt.name.into());
            map.insert("url".into(), receipt.url.unwrap_or_default().into());
            sent.push(Dynamic::from_map(map));
        }
    }
    Ok(sent.into())
}

fn read(cx: &BodyCx, file: &Artifact) -> Outcome<Crate> {
    let path = cx.run.store.verified(file)?;
    let opened = fs::open(&path).map_err(|error| {
        Box::new(Diagnostic::machine(format!("cannot read {}: {error}", file.file_name())))
    })?;
    cargo::read(file.file_name(), BufReader::new(opened)).map_err(|wrong| {
        let found = Diagnostic::task(format!("cannot be published: {}", wrong.message));
        Box::new(found.hint(wrong.hint))
    })
}
