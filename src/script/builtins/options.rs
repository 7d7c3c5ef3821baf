//! Declaring tasks: the methods that say how, where and when a task runs.

use std::path::Path;
use std::time::Duration;

use rhai::{Dynamic, Map};

use super::task::{body, change, is_task_name};
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome, Word};
use crate::host::fs;
use crate::model::task::{Retry, Task, Trigger};

/// Files that no task makes.
const NO_OUTPUTS: &[&str] = &["Releasefile", "Releasefile.rhai", ".git", ".git/HEAD"];

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Task,
        Phase::Declare,
        "outputs",
        (1, 1),
        ".outputs(\"dist/*\")",
        "Files that the task writes outside `t.out` and that become its artifacts.",
        "task(\"build\").outputs(\"dist/*.txt\").sh(\"mkdir -p dist; echo 1 > dist/a.txt\");",
        outputs,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "effects",
        (1, 1),
        ".effects(\"pypi\")",
        "Where the task sends to: `pypi`, `testpypi`, `index:NAME` (declared with `index(…)`), `crates`, `github-release`, `attestations` (GitHub's store), `git-push`, `command`. Without it, nothing can be sent.",
        "task(\"announce\").effects(\"command\").run(|t| remote(\"./announce {}\", t.name));",
        effects,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "edits",
        (0, 0),
        ".edits()",
        "Says that the task changes files of the tree, commits or tags. All tasks of the run then work in a stage, a clone of HEAD of its own: a dry run shows what changed there and drops it, a live one takes commits and tags out by `git::push`. What has to see the edits needs this task; while it runs, nothing else does.",
        "task(\"bump\").param(\"version\", \"1.2.0\").edits()\n    .exec(\"sed -i.old s/1.0/{version}/ pyproject.toml\");\ntask(\"build\").needs(\"bump\").run(|t| print(read(\"pyproject.toml\")));",
        edits,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "environment",
        (1, 1),
        ".environment(\"pypi\")",
        "The CI environment that the task runs in.",
        "task(\"announce\").effects(\"command\").environment(\"release\").run(|| remote(\"./announce\"));",
        environment,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "confirm",
        (1, 1),
        ".confirm(\"Publish to PyPI?\")",
        "A question that is asked when the task's turn to send comes.",
        "task(\"announce\").effects(\"command\").confirm(\"Tell everybody?\").run(|| remote(\"./announce\"));",
        confirm,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "retry",
        (1, 2),
        ".retry(5, \"30s\")",
        "How often a failed task is tried in all, and the pause between two tries.",
        "task(\"flaky\").retry(3, \"100ms\").exec(\"true\");",
        retry,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "timeout",
        (1, 1),
        ".timeout(\"10m\")",
        "How long the task may take.",
        "task(\"quick\").timeout(\"10s\").exec(\"true\");",
        timeout,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "env",
        (1, 1),
        ".env(#{ KEY: \"value\" })",
        "Variables for the task's commands.",
        "task(\"hello\").env(#{ GREETING: \"good day\" }).sh(\"echo $GREETING\");",
        env,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "secrets",
        (1, 1),
        ".secrets(\"CORP_TOKEN\")",
        "Secrets that the task's commands may see.",
        "task(\"fetch\").secrets(\"CORP_TOKEN\").sh(\"test -n \\\"$CORP_TOKEN\\\"\");",
        secrets,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "cwd",
        (1, 1),
        ".cwd(\"src\")",
        "The folder that the task's commands start in.",
        "task(\"list\").cwd(\"src\").exec(\"ls\");",
        cwd,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "group",
        (1, 1),
        ".group(\"checks\")",
        "The heading that the task is listed under.",
        "task(\"lint\").group(\"checks\").exec(\"true\");",
        group,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "hidden",
        (0, 0),
        ".hidden()",
        "Leaves the task out of the list.",
        "task(\"prepare\").hidden().exec(\"true\");\ntask(\"test\").needs(\"prepare\").exec(\"true\");",
        hidden,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "optional",
        (0, 0),
        ".optional()",
        "The task's failure is shown and harms nobody.",
        "task(\"slow-check\").optional().exec(\"true\");",
        optional,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "inputs",
        (1, 1),
        ".inputs([\"src/**\", \"pyproject.toml\"])",
        "Globs for the files that the task reads; one that matches nothing fails the task, one with a sign passes over what git ignores. A task that says so and sends nothing is not run while these files, its commands, values and variables, its programs and what it needs are as they were; what it made and said is taken from its last good run. `rel why` tells what changed.",
        "task(\"count\").inputs(\"src/**\").run(|| print(`${files(\"src/**\").len()} files`));",
        inputs,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "when",
        (1, 1),
        ".when(|| env(\"CI\", \"\") == \"\")",
        "A function that says, when the task's turn comes, whether it runs; if not, what needs it goes on.",
        "task(\"open\").when(|| env(\"CI\", \"\") == \"\").run(|| print(\"on a laptop\"));",
        when,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "on",
        (1, 1),
        ".on(\"failure\") or .on(\"always\")",
        "Lets the task follow a run of what it needs: once that is over, if it is not done or in any case. It cannot change how the run ends; it may only notify. `t.result` holds `ok`, `exit`, `failed`, `message`, `version`, `links`, and all of that as `text`.",
        "task(\"test\").exec(\"true\");\ntask(\"tell\").needs(\"test\").on(\"always\").run(|t| print(if t.result.ok { \"good\" } else { t.result.message }));",
        on,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "alias",
        (1, 1),
        ".alias(\"t\")",
        "Another name for the task, or several.",
        "task(\"test\").alias(\"t\").exec(\"true\");",
        alias,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "tty",
        (0, 0),
        ".tty()",
        "Gives the task's commands the terminal, if there is one; nothing else runs meanwhile, and what they print is not masked.",
        "task(\"shell\").tty().exec(\"python3 -q -c pass\");",
        tty,
    ),
    row(
        Place::Task,
        Phase::Declare,
        "env_file",
        (1, 1),
        ".env_file(\".env\")",
        "A file of `NAME=value` lines for the task's commands, if it is there; variables that are set already win.",
        "task(\"serve\").env_file(\".env\").sh(\"echo $GREETING\");",
        env_file,
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
    let globs = globs(call, "dist/*")?;
    for glob in &globs {
        let takes = fs::matching(std::slice::from_ref(&glob.text));
        if let Some(own) = NO_OUTPUTS.iter().find(|name| takes(Path::new(name))) {
            let wrong =
                Diagnostic::usage(format!("the outputs `{}` would take `{own}`", glob.text));
            let wrong =
                wrong.at(&glob.site).note("what a task is about to make is moved away first");
            return Err(Box::new(wrong.hint("write a narrower glob, such as \"dist/*\"")));
        }
    }
    set(call, |task| task.outputs.extend(globs))
}

fn inputs(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let globs = globs(call, "src/**")?;
    set(call, |task| task.inputs.extend(globs))
}

/// Globs that stay below the project's folder.
fn globs(call: &Call<'_>, such_as: &str) -> Outcome<Vec<Word>> {
    let words = call.words(0)?;
    match words.iter().find(|word| leads_out(&word.text) || !fs::is_glob(&word.text)) {
        None => Ok(words),
        Some(word) => {
            let wrong =
                Diagnostic::usage(format!("`{}` is no glob below the project's folder", word.text));
            Err(Box::new(wrong.at(&word.site).hint(format!("write one such as \"{such_as}\""))))
        }
    }
}

/// Whether a path leads out of the project's folder.
fn leads_out(path: &str) -> bool {
    path.is_empty() || path.starts_with(['/', '~']) || path.split('/').any(|part| part == "..")
}

fn when(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let condition = (body(call)?, call.site.clone());
    set_once(call, "when", |task| task.when.replace(condition).is_some())
}

fn on(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let word = call.word(0)?;
    let trigger = match word.text.as_str() {
        "failure" => Trigger::Failure,
        "always" => Trigger::Always,
        other => {
            let wrong = Diagnostic::usage(format!("a task cannot run on `{other}`")).at(&word.site);
            return Err(Box::new(wrong.suggest(other, ["failure", "always"])));
        }
    };
    let site = call.site.clone();
    set_once(call, "on", |task| task.on.replace((trigger, site)).is_some())
}

/// Sets an option that a task can have once; `work` tells whether it was set already.
fn set_once(call: &Call<'_>, name: &str, work: impl FnOnce(&mut Task) -> bool) -> Outcome<Dynamic> {
    change(call, |draft| {
        if work(&mut draft.task) {
            let wrong = Diagnostic::usage(format!("`.{name}` is said twice for this task"));
            return Err(Box::new(wrong.hint("take one away")));
        }
        Ok(())
    })
}

fn alias(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let names = call.words(0)?;
    for name in &names {
        is_task_name(name)?;
    }
    set(call, |task| task.aliases.extend(names))
}

fn tty(call: &mut Call<'_>) -> Outcome<Dynamic> {
    set(call, |task| task.tty = true)
}

fn env_file(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let file = call.word(0)?;
    if leads_out(&file.text) {
        let wrong = Diagnostic::usage(format!("`{}` is no file below the project's", file.text));
        return Err(Box::new(wrong.at(&file.site).hint("write a path such as \".env\"")));
    }
    set(call, |task| task.env_files.push(file))
}

fn effects(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let mut destinations = Vec::new();
    if call.words(0)?.is_empty() {
        let wrong = Diagnostic::usage("`effects` names no destination");
        return Err(Box::new(wrong.hint("name one, or leave `.effects` out")));
    }
    for word in call.words(0)? {
        destinations.push((call.destination(&word)?, word.site));
    }
    set(call, |task| task.effects.extend(destinations))
}

fn edits(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let site = call.site.clone();
    set(call, |task| task.edits = Some(site))
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
    if leads_out(&word.text) {
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
pub(super) fn is_variable(name: &str) -> Outcome<()> {
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
