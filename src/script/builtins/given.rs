//! Declaring tasks: what a task is given, as parameters, axes of a matrix and words after `--`.

use rhai::{Array, Dynamic, Map};

use super::task::change;
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome, Word};
use crate::model::task::{Param, Task, Value};

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Task,
        Phase::Declare,
        "matrix",
        (1, 1),
        ".matrix(#{ python: [\"3.11\", \"3.12\"] })",
        "One instance for each combination of values.",
        "task(\"test\").matrix(#{ python: [\"3.11\", \"3.12\"] }).exec(\"echo testing on {python}\");",
        matrix,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "param",
        (1, 2),
        ".param(\"level\", [\"patch\", \"minor\"])",
        "A parameter: required, with a default, or one of some choices.",
        "task(\"bump\").param(\"level\", [\"patch\", \"minor\"]).param(\"sign\", false).exec(\"echo {level} {sign}\");",
        param,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "rest",
        (1, 1),
        ".rest(\"args\")",
        "The name under which the words after `--` arrive.",
        "task(\"test\").rest(\"args\").exec(\"echo pytest {args}\");",
        rest,
    ),
];

fn matrix(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let map: Map = call.args[0].clone().try_cast().ok_or_else(|| {
        Box::new(
            Diagnostic::usage("`matrix` takes a map")
                .hint("write .matrix(#{ python: [\"3.11\", \"3.12\"] })"),
        )
    })?;
    let mut axes = Vec::new();
    if map.is_empty() {
        let wrong = Diagnostic::usage("this matrix has no axis");
        return Err(Box::new(wrong.hint("write .matrix(#{ python: [\"3.11\", \"3.12\"] })")));
    }
    for (axis, values) in map {
        let bad = |why: &str| {
            Box::new(
                Diagnostic::usage(format!("axis `{axis}` {why}"))
                    .hint("write an array of texts without `:` and `,`"),
            )
        };
        let values: Array = values.try_cast().ok_or_else(|| bad("is no array"))?;
        let values: Option<Vec<String>> = values
            .into_iter()
            .map(|value| value.into_immutable_string().ok().map(|text| text.to_string()))
            .collect();
        let values = values.ok_or_else(|| bad("holds something that is no text"))?;
        let mut seen = std::collections::BTreeSet::new();
        if values.is_empty() {
            return Err(bad("is empty"));
        }
        if let Some(value) =
            values.iter().find(|value| value.is_empty() || value.contains([':', ',', '(', ' ']))
        {
            return Err(bad(&format!("has the value `{value}`")));
        }
        if let Some(twice) = values.iter().find(|value| !seen.insert((*value).clone())) {
            return Err(bad(&format!("has `{twice}` twice")));
        }
        axes.push((axis.to_string(), values));
    }
    let site = call.site.clone();
    change(call, |draft| {
        for (axis, values) in axes {
            claim(&draft.task, &Word { text: axis.clone(), site: site.clone() })?;
            draft.task.matrix.insert(axis, values);
        }
        Ok(())
    })
}

fn param(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let name = call.word(0)?;
    let (default, choices) = match call.args.get(1) {
        None => (None, Vec::new()),
        Some(value) if value.is_array() => {
            let choices = call.texts(1)?;
            if choices.is_empty() {
                let wrong = Diagnostic::usage(format!(
                    "parameter `{}` has no value to choose from",
                    name.text
                ))
                .at(&name.site);
                return Err(Box::new(wrong.hint("list its values, the default first")));
            }
            (choices.first().cloned().map(Value::Text), choices)
        }
        Some(value) => (Some(default_value(call, value)?), Vec::new()),
    };
    change(call, |draft| {
        claim(&draft.task, &name)?;
        draft.task.params.push(Param { name: name.text, default, choices });
        Ok(())
    })
}

fn default_value(call: &Call<'_>, value: &Dynamic) -> Outcome<Value> {
    if let Ok(truth) = value.as_bool() {
        return Ok(Value::Bool(truth));
    }
    if let Ok(number) = value.as_int() {
        return Ok(Value::Int(number));
    }
    call.text(1).map(Value::Text)
}

fn rest(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let name = call.word(0)?;
    change(call, |draft| {
        claim(&draft.task, &name)?;
        if let Some(first) = draft.task.rest.replace(name.text) {
            let wrong = Diagnostic::usage(format!("this task has a rest already: `{first}`"))
                .at(&name.site);
            return Err(Box::new(wrong.hint("take one away")));
        }
        Ok(())
    })
}

/// Makes sure that a parameter, axis or rest may have this name.
fn claim(task: &Task, name: &Word) -> Outcome<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let text = name.text.as_str();
    let wrong = if text.is_empty()
        || !text.chars().all(plain)
        || text.starts_with(|c: char| c.is_ascii_digit())
    {
        let wrong = Diagnostic::usage(format!("`{text}` is no name for a value of a task"));
        wrong.hint("use letters, digits and `_`; on the command line `dry-run` is `dry_run`")
    } else if matches!(text, "artifacts" | "name" | "out" | "result" | "root") {
        Diagnostic::usage(format!("`t.{text}` is rel's own")).hint("choose another name")
    } else if task.names().iter().any(|known| known == text) {
        Diagnostic::usage(format!("`{text}` is declared twice on this task"))
            .hint("give one of them another name")
    } else {
        return Ok(());
    };
    Err(Box::new(wrong.at(&name.site)))
}
