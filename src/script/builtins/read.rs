//! Reading the project's files. Allowed at any time; nothing is changed.

use rhai::{Array, Dynamic, Map};

use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::script::cx::Frame;

pub(super) const TABLE: &[Builtin] = &[row(
    Place::Module("toml"),
    Phase::Any,
    "read",
    (1, 1),
    "toml::read(\"pyproject.toml\")",
    "A TOML file below the project's folder, as a map.",
    toml_read,
)];

fn toml_read(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let name = call.word(0)?;
    let root = match &call.frame {
        Frame::Declaring(declaring) => declaring.root.clone(),
        Frame::Body(cx) => cx.run.root.clone(),
    };
    let path = root.join(&name.text);
    let wrong = |why: String| {
        Box::new(
            Diagnostic::usage(format!("cannot read {}: {why}", name.text))
                .hint("give the path of a TOML file below the project"),
        )
    };
    let inside = fs::real(&path).map_err(|error| wrong(error.to_string()))?;
    let root = fs::real(&root).map_err(|error| wrong(error.to_string()))?;
    if !inside.starts_with(&root) {
        return Err(wrong("it is not below the project's folder".into()));
    }
    let text = fs::read_text(&path).map_err(|error| wrong(error.to_string()))?;
    if let Frame::Declaring(declaring) = &call.frame {
        declaring.sources.add(&name.text, text.clone());
    }
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
    Ok(dynamic(toml::Value::Table(table)))
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
