//! Declaring tasks: the methods that say how, where and when a task runs.

use std::time::Duration;

use rhai::{Array, Dynamic, Map};

use super::task::change;
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome, Word};
use crate::host::fs;
use crate::model::task::{Destination, Param, Retry, Task, Value};
use crate::script::cx::lock;

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Task,
        Phase::Declare,
        "outputs",
        (1, 1),
        ".outputs(\"dist/*\")",
        "Files that the task writes outside `t.out` and that become its artifacts.",
        outputs,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "matrix",
        (1, 1),
        ".matrix(#{ python: [\"3.11\", \"3.12\"] })",
        "One instance for each combination of values.",
        matrix,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "param",
        (1, 2),
        ".param(\"level\", [\"patch\", \"minor\"])",
        "A parameter: required, with a default, or one of some choices.",
        param,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "rest",
        (1, 1),
        ".rest(\"args\")",
        "The name under which the words after `--` arrive.",
        rest,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "effects",
        (1, 1),
        ".effects(\"pypi\")",
        "Where the task sends to. Without it, nothing can be sent.",
        effects,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "environment",
        (1, 1),
        ".environment(\"pypi\")",
        "The CI environment that the task runs in.",
        environment,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "confirm",
        (1, 1),
        ".confirm(\"Publish to PyPI?\")",
        "A question that is asked when the task's turn to send comes.",
        confirm,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "retry",
        (1, 2),
        ".retry(5, \"30s\")",
        "How often a failed task is tried in all, and the pause between two tries.",
        retry,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "timeout",
        (1, 1),
        ".timeout(\"10m\")",
        "How long the task may take.",
        timeout,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "env",
        (1, 1),
        ".env(#{ KEY: \"value\" })",
        "Variables for the task's commands.",
        env,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "secrets",
        (1, 1),
        ".secrets(\"CORP_TOKEN\")",
        "Secrets that the task's commands may see.",
        secrets,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "cwd",
        (1, 1),
        ".cwd(\"src\")",
        "The folder that the task's commands start in.",
        cwd,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "group",
        (1, 1),
        ".group(\"checks\")",
        "The heading that the task is listed under.",
        group,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "hidden",
        (0, 0),
        ".hidden()",
        "Leaves the task out of the list.",
        hidden,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "optional",
        (0, 0),
        ".optional()",
        "The task's failure is shown and harms nobody.",
        optional,
    ),
];

/// Sets an option of the task that a method is called on.
fn set(call: &Call<'_>, work: impl FnOnce(&mut Task)) -> Outcome<Dynamic> {
    change(call, |draft| {
        work(&mut draft.task);
        Ok(())
    })
}

fn outputs(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let words = call.words(0)?;
    for word in &words {
        let outside =
            word.text.starts_with(['/', '~']) || word.text.split('/').any(|part| part == "..");
        if outside || !fs::is_glob(&word.text) {
            let wrong =
                Diagnostic::usage(format!("`{}` is no glob below the project's folder", word.text))
                    .at(&word.site);
            return Err(Box::new(wrong.hint("write one such as \"dist/*\"")));
        }
    }
    set(call, |task| task.outputs.extend(words))
}

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
    } else if matches!(text, "out" | "name" | "artifacts") {
        Diagnostic::usage(format!("`t.{text}` is rel's own")).hint("choose another name")
    } else if task.names().iter().any(|known| known == text) {
        Diagnostic::usage(format!("`{text}` is declared twice on this task"))
            .hint("give one of them another name")
    } else {
        return Ok(());
    };
    Err(Box::new(wrong.at(&name.site)))
}

fn effects(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let mut destinations = Vec::new();
    if call.words(0)?.is_empty() {
        let wrong = Diagnostic::usage("`effects` names no destination");
        return Err(Box::new(wrong.hint("name one, or leave `.effects` out")));
    }
    for word in call.words(0)? {
        let Some(destination) = Destination::parse(&word.text) else {
            let wrong =
                Diagnostic::usage(format!("unknown destination `{}`", word.text)).at(&word.site);
            if lock(&call.declaring()?.declared).indexes.contains_key(&word.text) {
                return Err(Box::new(wrong.hint(format!("did you mean `index:{}`?", word.text))));
            }
            return Err(Box::new(wrong.suggest(&word.text, Destination::KNOWN)));
        };
        destinations.push((destination, word.site));
    }
    set(call, |task| task.effects.extend(destinations))
}

fn environment(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let name = filled(call)?;
    set(call, |task| task.environment = Some(name))
}

/// A text argument that holds something.
fn filled(call: &Call<'_>) -> Outcome<String> {
    let word = call.word(0)?;
    if !word.text.trim().is_empty() {
        return Ok(word.text);
    }
    let wrong =
        Diagnostic::usage(format!("`{}` has an empty text", call.builtin.name)).at(&word.site);
    Err(Box::new(wrong.hint(format!("write it as `{}`, or leave it out", call.builtin.signature))))
}

fn confirm(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let question = filled(call)?;
    set(call, |task| task.confirm = Some(question))
}

fn retry(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let times = call.count(0)?;
    let pause = if call.args.len() > 1 { duration(call, 1)? } else { Duration::ZERO };
    set(call, |task| task.retry = Some(Retry { times, pause }))
}

fn timeout(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let limit = duration(call, 0)?;
    if limit.is_zero() {
        let wrong = Diagnostic::usage("a task cannot end in no time").at(&call.word(0)?.site);
        return Err(Box::new(wrong.hint("give it longer, or leave `.timeout` out")));
    }
    set(call, |task| task.timeout = Some(limit))
}

/// A duration as `250ms`, `30s`, `10m`, `2h`.
fn duration(call: &Call<'_>, at: usize) -> Outcome<Duration> {
    let word = call.word(at)?;
    let split = word.text.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.text.len());
    let (number, unit) = word.text.split_at(split);
    let factor = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let millis = number
        .parse::<u64>()
        .ok()
        .zip(factor)
        .and_then(|(number, factor)| number.checked_mul(factor));
    millis.map(Duration::from_millis).ok_or_else(|| {
        let wrong = Diagnostic::usage(format!("`{}` is no duration", word.text)).at(&word.site);
        Box::new(wrong.hint("write a number with its unit: \"250ms\", \"30s\", \"10m\", \"2h\""))
    })
}

fn env(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let map: Option<Map> = call.args[0].clone().try_cast();
    let text = |(name, value): (rhai::Identifier, Dynamic)| {
        Some((name.to_string(), value.into_immutable_string().ok()?.to_string()))
    };
    let pairs: Option<Vec<(String, String)>> =
        map.and_then(|map| map.into_iter().map(text).collect());
    let wrong = || {
        Box::new(
            Diagnostic::usage("`env` takes a map of texts")
                .hint("write .env(#{ KEY: \"value\" }); a secret goes into .secrets(…)"),
        )
    };
    let pairs = pairs.ok_or_else(wrong)?;
    for (name, _) in &pairs {
        is_variable(name)?;
    }
    set(call, |task| task.env.extend(pairs))
}

fn secrets(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let names = call.texts(0)?;
    for name in &names {
        is_variable(name)?;
    }
    let declaring = call.declaring()?;
    for name in &names {
        declaring.host.env.declare_secret(name);
    }
    set(call, |task| task.secrets.extend(names))
}

fn cwd(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let word = call.word(0)?;
    if word.text.is_empty()
        || word.text.starts_with(['/', '~'])
        || word.text.split('/').any(|part| part == "..")
    {
        let wrong = Diagnostic::usage(format!("`{}` is no folder below the project's", word.text))
            .at(&word.site);
        return Err(Box::new(wrong.hint("write a path such as \"src\"")));
    }
    set(call, |task| task.cwd = Some(word.text))
}

fn group(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let name = filled(call)?;
    set(call, |task| task.group = Some(name))
}

fn hidden(call: &mut Call<'_>) -> Outcome<Dynamic> {
    set(call, |task| task.hidden = true)
}

fn optional(call: &mut Call<'_>) -> Outcome<Dynamic> {
    set(call, |task| task.optional = true)
}

/// Makes sure that this is the name of a variable, and not its value.
fn is_variable(name: &str) -> Outcome<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.is_empty()
        && name.chars().all(plain)
        && !name.starts_with(|c: char| c.is_ascii_digit())
    {
        return Ok(());
    }
    let wrong = Diagnostic::usage("this is no name of a variable");
    Err(Box::new(wrong.hint("write the variable's name: letters, digits and `_`; values of secrets never stand in the file")))
}
