//! `guard(…)`: what has to hold before anything is sent, and where it holds watch.

use std::collections::BTreeMap;

use rhai::{Dynamic, Map};
use serde_json::Value as Json;

use super::call::to_json;
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome, Site, Word};
use crate::guard::{GUARDS, Guard};
use crate::model::task::{Destination, GuardCall};
use crate::script::cx::lock;

/// The option that all have that are asked for.
const TO: &str = "to";

pub(super) const TABLE: &[Builtin] = &[row(
    Place::Function,
    Phase::Declare,
    "guard",
    (1, 3),
    "guard(\"tag\"), guard([\"tag\", \"names\"], \"warn\") or guard(\"artifacts\", #{ files: [\"*.whl\"], to: \"pypi\" })",
    "Asks a guard, or each of several, to stand before everything that is sent; `rel show guards` lists them with their options. With `\"warn\"` a live run goes on all the same, with `to` only runs that send to one of these destinations are watched. One may be asked several times.",
    "guard(\"tag\", \"warn\");\nguard(\"changelog\", \"warn\", #{ file: \"CHANGES.md\" });\ntask(\"announce\").effects(\"command\").run(|| remote(\"./announce\"));",
    guard,
)];

fn guard(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let several = call.args[0].is_array();
    let names = if several { call.words(0)? } else { vec![call.word(0)?] };
    if names.is_empty() {
        let wrong = Diagnostic::usage("this asks no guard");
        return Err(Box::new(wrong.hint("name one, or leave the line out")));
    }
    names.into_iter().try_for_each(|name| ask(call, name))?;
    Ok(Dynamic::UNIT)
}

/// Asks one guard, with what is said of all.
fn ask(call: &Call<'_>, name: Word) -> Outcome<()> {
    let Some(guard) = GUARDS.iter().find(|guard| guard.name == name.text) else {
        let wrong = Diagnostic::usage(format!("unknown guard `{}`", name.text)).at(&name.site);
        return Err(Box::new(wrong.suggest(&name.text, GUARDS.iter().map(|guard| guard.name))));
    };
    let given = call.args.get(1).is_some_and(|value| value.is_map());
    let warn = call.args.len() > 1 && !given && warns(call, guard, &name)?;
    let at = if given { 1 } else { 2 };
    let map = if call.args.len() > at { options(call, at, guard)? } else { Map::new() };
    let (to, options) = (places(call, &map)?, knobs(&map, guard)?);
    lock(&call.declaring()?.declared).guards.push(GuardCall { name, warn, to, options });
    Ok(())
}

/// Whether a guard is asked only to warn.
fn warns(call: &Call<'_>, guard: &Guard, name: &Word) -> Outcome<bool> {
    match call.text(1)?.as_str() {
        "warn" if guard.always => {
            let wrong =
                Diagnostic::usage(format!("guard `{}` always stops", guard.name)).at(&name.site);
            Err(Box::new(wrong.hint("leave it out: it holds watch anyway")))
        }
        "warn" => Ok(true),
        "stop" => Ok(false),
        other => {
            let wrong = Diagnostic::usage(format!("a guard cannot `{other}`"));
            Err(Box::new(wrong.suggest(other, ["warn", "stop"])))
        }
    }
}

/// The options of a guard. All but those that always hold watch may be told where they do.
fn options(call: &Call<'_>, at: usize, guard: &Guard) -> Outcome<Map> {
    let mut known: Vec<&str> = guard.options.iter().map(|knob| knob.name).collect();
    if !guard.always {
        known.push(TO);
    }
    if known.is_empty() {
        let wrong = Diagnostic::usage(format!("guard `{}` takes no options", guard.name));
        return Err(Box::new(wrong.hint("leave it out: it holds watch anyway")));
    }
    call.map(at, &known)
}

/// The destinations that a guard is asked for; none where it is asked for all.
fn places(call: &Call<'_>, map: &Map) -> Outcome<Vec<(Destination, Site)>> {
    let Some(value) = map.get(TO) else { return Ok(Vec::new()) };
    let names = call.words_of(value).ok_or_else(|| {
        let wrong = Diagnostic::usage("`to` of a guard is a destination, or an array of them");
        Box::new(wrong.hint("write `to: \"pypi\"`"))
    })?;
    if names.is_empty() {
        let wrong = Diagnostic::usage("`to` of a guard names no destination");
        return Err(Box::new(wrong.hint("name one, or leave `to` out")));
    }
    names.into_iter().map(|name| Ok((call.destination(&name)?, name.site))).collect()
}

/// The options of a guard that are its own, each in its form.
fn knobs(map: &Map, guard: &Guard) -> Outcome<BTreeMap<String, Json>> {
    let mut options = BTreeMap::new();
    for knob in guard.options {
        let Some(value) = map.get(knob.name) else { continue };
        let Some(json) = to_json(value).filter(|json| knob.form.fits(json)) else {
            let (key, form) = (knob.name, knob.form.name());
            let wrong = Diagnostic::usage(format!("`{key}` of guard `{}` is {form}", guard.name));
            return Err(Box::new(wrong.hint(format!("write `{key}: …` as {form}"))));
        };
        options.insert(knob.name.to_owned(), json);
    }
    Ok(options)
}
