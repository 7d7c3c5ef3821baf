//! Data in files and texts: TOML and JSON, as values of the language.

use rhai::{Array, Dynamic, Map};

use super::call::to_json;
use super::read::{file_text, unreadable};
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome};

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Module("toml"),
        Phase::Any,
        "read",
        (1, 1),
        "toml::read(\"pyproject.toml\")",
        "A TOML file below the project's folder, as a map.",
        "let name = toml::read(\"pyproject.toml\").project.name;\ntask(\"hello\").exec(\"echo {}\", name);",
        toml_read,
    ),
    row(
        Place::Module("toml"),
        Phase::Any,
        "parse",
        (1, 1),
        "toml::parse(text)",
        "TOML text, as a map.",
        "let table = toml::parse(\"a = [1, 2]\");\ntask(\"last\").exec(\"echo {}\", table.a[1]);",
        toml_parse,
    ),
    row(
        Place::Module("json"),
        Phase::Any,
        "read",
        (1, 1),
        "json::read(\"package.json\")",
        "A JSON file below the project's folder, as a value.",
        "task(\"name\").run(|| print(json::read(\"package.json\").name));",
        json_read,
    ),
    row(
        Place::Module("json"),
        Phase::Any,
        "parse",
        (1, 1),
        "json::parse(text)",
        "JSON text, as a value.",
        "task(\"version\").run(|| print(json::parse(capture(\"python3 -c {}\", \"print('[3]')\"))[0]));",
        json_parse,
    ),
    row(
        Place::Module("json"),
        Phase::Any,
        "text",
        (1, 1),
        "json::text(value)",
        "A value as JSON text. Functions, secrets and tasks have none.",
        "task(\"save\").run(|t| write(t.out + \"/facts.json\", json::text(#{ task: t.name })));",
        json_text,
    ),
];

fn toml_read(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let (name, text) = file_text(call, 0)?;
    from_toml(&text).map_err(|why| unreadable(&name, &why))
}

fn toml_parse(call: &mut Call<'_>) -> Outcome<Dynamic> {
    from_toml(&call.text(0)?).map_err(|why| no_such_text("TOML", &why))
}

fn from_toml(text: &str) -> Result<Dynamic, String> {
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    Ok(dynamic(toml::Value::Table(table)))
}

fn json_read(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let (name, text) = file_text(call, 0)?;
    from_json(&text).map_err(|why| unreadable(&name, &why))
}

fn json_parse(call: &mut Call<'_>) -> Outcome<Dynamic> {
    from_json(&call.text(0)?).map_err(|why| no_such_text("JSON", &why))
}

fn from_json(text: &str) -> Result<Dynamic, String> {
    serde_json::from_str(text).map(json_dynamic).map_err(|error| error.to_string())
}

fn json_text(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let value = call.args.first().cloned().unwrap_or_default();
    match to_json(&value) {
        Some(json) => Ok(json.to_string().into()),
        None => {
            let wrong = Diagnostic::usage("this value holds something that JSON has no word for");
            Err(Box::new(wrong.hint("give texts, numbers, true and false, arrays and maps")))
        }
    }
}

fn no_such_text(format: &str, why: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::usage(format!("this text is no {format}: {why}"));
    Box::new(wrong.hint("look at what it holds with `print`"))
}

fn json_dynamic(value: serde_json::Value) -> Dynamic {
    use serde_json::Value;
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(truth) => truth.into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.into(),
        Value::Array(items) => items.into_iter().map(json_dynamic).collect::<Array>().into(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, item)| (key.into(), json_dynamic(item)))
            .collect::<Map>()
            .into(),
    }
}

fn dynamic(value: toml::Value) -> Dynamic {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(values) => values.into_iter().map(dynamic).collect::<Array>().into(),
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key.into(), dynamic(value)))
            .collect::<Map>()
            .into(),
    }
}
