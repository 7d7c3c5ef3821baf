//! Declaring tasks: `task("name")`, what it needs, and its steps.

use rhai::{Array, Dynamic, FnPtr, Map};

use super::command::fills;
use super::draft::{Draft, DraftStep};
use super::{Builtin, Call, Phase, Place, TaskHandle, row};
use crate::diag::{Diagnostic, Outcome, Word};
use crate::model::command::How;
use crate::model::publisher;
use crate::model::task::{BodyId, Task};
use crate::script::Body;
use crate::script::cx::lock;

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Function,
        Phase::Declare,
        "task",
        (1, 1),
        "task(\"name\")",
        "Declares a task. The comment directly above it is its description.",
        "// Says hello\ntask(\"hello\").exec(\"echo hello\");",
        task,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "needs",
        (1, 1),
        ".needs(\"build\") or .needs([\"lint\", \"test\"])",
        "What must be done before.",
        "task(\"lint\").exec(\"true\");\ntask(\"test-unit\").exec(\"true\");\ntask(\"check\").needs([\"lint\", \"test-*\"]);",
        needs,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "exec",
        (1, 9),
        ".exec(\"ruff check {}\", dir)",
        "Starts a program without a shell; each `{}` is one word, `{name}` a parameter.",
        "task(\"hello\").param(\"who\", \"world\").exec(\"echo hello {who}\");",
        exec,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "sh",
        (1, 9),
        ".sh(\"make | tee log\")",
        "Runs a shell script; each `{}` is quoted.",
        "task(\"count\").sh(\"ls | wc -l\");",
        sh,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "run",
        (1, 1),
        ".run(|t| { … })",
        "Calls a function, with the task as `t` if it takes one.",
        "task(\"hello\").run(|t| print(`this is ${t.name}`));",
        run,
    ),
];

fn task(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let declaring = call.declaring()?;
    let name = call.word(0)?;
    is_task_name(&name)?;
    let mut drafts = lock(&declaring.drafts);
    let mut places = lock(&declaring.places);
    if let Some(known) = places.get(&name.text).and_then(|at| drafts.get(*at)) {
        let wrong =
            Diagnostic::usage(format!("task `{}` is declared twice", name.text)).at(&name.site);
        return Err(Box::new(
            wrong
                .note(format!("first at {}", known.task.site))
                .hint("give one of them another name"),
        ));
    }
    let doc = comment_above(call);
    places.insert(name.text.clone(), drafts.len());
    drafts.push(Draft { task: Task::new(name.text, call.site.clone(), doc), steps: Vec::new() });
    Ok(Dynamic::from(TaskHandle(drafts.len() - 1)))
}

/// Makes sure that a task may have this name.
pub(super) fn is_task_name(name: &Word) -> Outcome<()> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let text = name.text.as_str();
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with(['-', '.', '/']) {
        return Ok(());
    }
    let wrong = Diagnostic::usage(format!("`{text}` is no name for a task")).at(&name.site);
    Err(Box::new(wrong.hint("use letters, digits, `-`, `_`, `.`")))
}

/// The `//` lines directly above the call, in one line.
fn comment_above(call: &Call<'_>) -> Option<String> {
    let above = (1..call.site.line).rev().map(|number| call.site.source.line(number).trim());
    let comment = above.take_while(|line| line.starts_with("//"));
    let mut lines: Vec<&str> = comment.map(|line| line.trim_start_matches('/').trim()).collect();
    lines.reverse();
    let text = lines.join(" ").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Changes the task that a method is called on.
pub(super) fn change(
    call: &Call<'_>,
    work: impl FnOnce(&mut Draft) -> Outcome<()>,
) -> Outcome<Dynamic> {
    let declaring = call.declaring()?;
    let handle: TaskHandle = call.this.clone().try_cast().unwrap_or(TaskHandle(usize::MAX));
    let mut drafts = lock(&declaring.drafts);
    // A task that could not be declared is not there: what is wrong with it has been said.
    if let Some(draft) = drafts.get_mut(handle.0) {
        work(draft)?;
    }
    Ok(call.this.clone())
}

fn needs(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let words = call.words(0)?;
    change(call, |draft| {
        draft.task.needs.extend(words);
        Ok(())
    })
}

fn step(call: &Call<'_>, how: How) -> Outcome<Dynamic> {
    let Word { text: line, site } = call.word(0)?;
    publisher::refuse_script(&line).map_err(|wrong| Box::new(wrong.at(&site)))?;
    let fills = fills(call, 1)?;
    change(call, |draft| {
        draft.steps.push(DraftStep::Command { how, line, fills, site });
        Ok(())
    })
}

fn exec(call: &mut Call<'_>) -> Outcome<Dynamic> {
    step(call, How::Exec)
}

fn sh(call: &mut Call<'_>) -> Outcome<Dynamic> {
    step(call, How::Shell)
}

fn run(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let id = body(call)?;
    let site = call.site.clone();
    change(call, |draft| {
        draft.steps.push(DraftStep::Body(id, site));
        Ok(())
    })
}

/// Keeps a call's function for later, with the values it captures as they are now.
pub(super) fn body(call: &Call<'_>) -> Outcome<BodyId> {
    let declaring = call.declaring()?;
    let mut function = call.function(0)?;
    let env = call.rhai.global_runtime_state();
    let curried = function.curry().len();
    let in_module = |count: &usize| {
        env.lib.iter().any(|module| module.get_script_fn(function.fn_name(), *count).is_some())
    };
    let total =
        declaring.arity(function.fn_name()).or_else(|| (curried..=curried + 2).find(in_module));
    if total.is_none() && function.is_anonymous() {
        let wrong = Diagnostic::usage("a function made by another module cannot be a task's body");
        return Err(Box::new(
            wrong
                .hint("write `.run(|t| module::function(t))`, or let that module declare the task"),
        ));
    }
    let takes = total.unwrap_or(curried + 1).saturating_sub(curried);
    if takes > 1 {
        let wrong =
            Diagnostic::usage(format!("a task's function takes one argument at most, not {takes}"));
        return Err(Box::new(wrong.hint("write `|t| { … }`; parameters are `t.name`")));
    }
    snapshot(&mut function, 0)?;
    let source = call.site.source.name.clone();
    let env = std::sync::Arc::new(env.clone());
    Ok(declaring.add_body(Body { call: function, env, source, takes_task: takes == 1 }))
}

/// Deepest nesting of values that a closure may capture.
const DEEPEST: usize = 64;

/// Gives a closure values of its own, as they are now: Rhai captures by reference.
fn snapshot(function: &mut FnPtr, depth: usize) -> Outcome<()> {
    if depth > DEEPEST {
        let wrong = Diagnostic::usage(format!("a value is nested more than {DEEPEST} deep"));
        return Err(Box::new(wrong.hint("build it flat, or within the body")));
    }
    for value in function.iter_curry_mut() {
        *value = deep(value.flatten_clone(), depth)?;
    }
    Ok(())
}

fn deep(value: Dynamic, depth: usize) -> Outcome<Dynamic> {
    let mut value = value.flatten();
    if let Some(mut array) = value.write_lock::<Array>() {
        for item in array.iter_mut() {
            *item = nested(item, depth)?;
        }
    } else if let Some(mut map) = value.write_lock::<Map>() {
        for item in map.values_mut() {
            *item = nested(item, depth)?;
        }
    } else if let Some(mut function) = value.write_lock::<FnPtr>() {
        snapshot(&mut function, depth + 1)?;
    }
    Ok(value)
}

fn nested(item: &Dynamic, depth: usize) -> Outcome<Dynamic> {
    if depth >= DEEPEST {
        let wrong = Diagnostic::usage(format!("a value is nested more than {DEEPEST} deep"));
        return Err(Box::new(wrong.hint("build it flat, or within the body")));
    }
    deep(item.flatten_clone(), depth + 1)
}
