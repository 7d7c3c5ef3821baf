//! Running commands from a body, and sending ones through the door.

use std::path::Path;

use rhai::{Array, Dynamic};

use super::artifact::ArtifactHandle;
use super::{Builtin, Call, Phase, Place, SecretHandle, row};
use crate::diag::{Diagnostic, Outcome};
use crate::door::Conduct;
use crate::host::fs;
use crate::host::proc::{self, Ended, Launch, StartError};
use crate::host::shim::{self, Shims};
use crate::model::command::{Cmd, Fill, How, Misfit, Template};
use crate::model::effect::{Effect, SendCommand};
use crate::model::publisher;
use crate::script::cx::BodyCx;
use crate::script::words;

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Function,
        Phase::Body,
        "exec",
        (1, 9),
        "exec(\"uv venv {}\", dir)",
        "Starts a program without a shell; each `{}` is one word.",
        "task(\"hello\").run(|| { for name in [\"Ada\", \"Grace Hopper\"] { exec(\"echo hello {}\", name); } });",
        exec,
    ),
    row(
        Place::Function,
        Phase::Body,
        "sh",
        (1, 9),
        "sh(\"make | tee {}\", log)",
        "Runs a shell script; each `{}` is quoted.",
        "task(\"count\").run(|t| sh(\"ls src | tee {} | wc -l\", t.out + \"/list\"));",
        sh,
    ),
    row(
        Place::Function,
        Phase::Body,
        "sh_raw",
        (1, 1),
        "sh_raw(script)",
        "Runs a shell script that was put together by hand: quoting is up to you.",
        "task(\"old\").run(|| { let script = \"echo a; \" + \"echo b\"; sh_raw(script); });",
        sh_raw,
    ),
    row(
        Place::Function,
        Phase::Body,
        "capture",
        (1, 9),
        "capture(\"git describe\")",
        "Starts a program and gives what it prints, without the last line end.",
        "task(\"where\").run(|| { let commit = capture(\"git rev-parse HEAD\"); print(`at ${commit}`); });",
        capture,
    ),
    row(
        Place::Function,
        Phase::Body,
        "remote",
        (1, 9),
        "remote(\"./announce {}\", version)",
        "Starts a program that changes something elsewhere: only a live run does.",
        "task(\"announce\").effects(\"command\").run(|| remote(\"./announce {}\", version()));",
        remote,
    ),
    row(
        Place::Function,
        Phase::Body,
        "remote_sh",
        (1, 9),
        "remote_sh(\"./announce | tee {}\", log)",
        "Runs a shell script that changes something elsewhere: only a live run does.",
        "task(\"announce\").effects(\"command\").run(|| remote_sh(\"./announce {} | tee announced.log\", version()));",
        remote_sh,
    ),
    row(
        Place::Function,
        Phase::Body,
        "skip",
        (1, 1),
        "skip(\"Python 3.12 is not here\")",
        "Leaves the task out, visibly; what needs it goes on. An error in CI and with --strict.",
        "task(\"mac-only\").run(|| { if os() != \"macos\" { skip(\"only on macOS\"); } exec(\"true\"); });",
        skip,
    ),
];

/// The arguments from `first` on, as fills of holes.
pub(super) fn fills(call: &Call<'_>, first: usize) -> Outcome<Vec<Fill>> {
    call.args.iter().skip(first).map(|value| fill(call, value)).collect()
}

fn fill(call: &Call<'_>, value: &Dynamic) -> Outcome<Fill> {
    if let Some(array) = value.read_lock::<Array>() {
        let words: Outcome<Vec<String>> = array.iter().map(|item| word(call, item)).collect();
        return words.map(Fill::Many);
    }
    word(call, value).map(Fill::One)
}

fn word(call: &Call<'_>, value: &Dynamic) -> Outcome<String> {
    if let Some(artifact) = value.read_lock::<ArtifactHandle>() {
        return Ok(artifact.path.clone());
    }
    if let Some(secret) = value.read_lock::<SecretHandle>() {
        let wrong = Diagnostic::usage("a secret cannot be put into a command");
        let hint = format!(
            "declare `.secrets(\"{}\")` on the task; the command then finds it in its environment",
            secret.0
        );
        return Err(Box::new(wrong.hint(hint)));
    }
    if let Some(text) = value.read_lock::<rhai::ImmutableString>() {
        return Ok(text.to_string());
    }
    if value.is_int() || value.is_bool() || value.is_char() || value.is_float() {
        return Ok(value.to_string());
    }
    let given = words::our_type(value.type_name());
    let wrong =
        Diagnostic::usage(format!("`{}` cannot put {given} into a command", call.builtin.name));
    Err(Box::new(wrong.hint("give text, a number, an artifact, or an array of these")))
}

fn filled(call: &Call<'_>, how: How) -> Outcome<Cmd> {
    let line = call.text(0)?;
    let fills = fills(call, 1)?;
    let misfit = |wrong: Misfit| Box::new(Diagnostic::from(wrong));
    let template = Template::parse(how, &line, !fills.is_empty(), &[]).map_err(misfit)?;
    template.fill(&fills, &|_| None).map_err(misfit)
}

fn exec(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cmd = filled(call, How::Exec)?;
    run_command(&*call.body()?, &cmd).map(|()| Dynamic::UNIT)
}

fn sh(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cmd = filled(call, How::Shell)?;
    run_command(&*call.body()?, &cmd).map(|()| Dynamic::UNIT)
}

fn sh_raw(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let script = call.text(0)?;
    publisher::refuse_script(&script)?;
    run_command(&*call.body()?, &Cmd::Script(script)).map(|()| Dynamic::UNIT)
}

/// Runs a command of a task, or in a description notes it.
///
/// # Errors
/// It cannot be started, or ended with another code than 0.
pub fn run_command(cx: &BodyCx, cmd: &Cmd) -> Outcome<()> {
    refuse_filled(cmd)?;
    let noted = cx.conduct() == Conduct::Describe;
    cx.say_command(cmd, noted);
    if noted {
        return Ok(());
    }
    let has_terminal = cx.task.tty && cx.run.host.term.interactive;
    let ended = start(cx, cmd, |launch| {
        if has_terminal {
            let shown = cx.run.host.env.masked(&cmd.shown());
            cx.run.events.yielding(&shown, || proc::hand_over(launch, &cx.stop))
        } else {
            proc::run(launch, &cx.stop, |line| cx.say(&line))
        }
    })?;
    judge(cx, cmd, ended)
}

/// Starts a command as the task's, behind shims.
fn start<T>(
    cx: &BodyCx,
    cmd: &Cmd,
    run: impl FnOnce(&Launch<'_>) -> Result<T, StartError>,
) -> Outcome<Result<T, StartError>> {
    cx.note(|noted| noted.command(cmd));
    let (child, cwd) = (cx.child_env()?, cx.cwd());
    let (env, shims) = &*child;
    let shims = shims.as_ref().map(Shims::folder);
    let (out, left) = (Some(cx.out.as_path()), Some(&cx.left));
    let ended = run(&Launch { cmd, cwd: &cwd, env, out, shims, left });
    match shim::refused(&cx.out).first() {
        Some(why) => Err(Box::new(hidden(why))),
        None => Ok(ended),
    }
}

/// A publishing command that something started by the task tried.
fn hidden(why: &str) -> Diagnostic {
    Diagnostic::refused(why)
        .note("it was started by this task's command, and refused: nothing was sent by it")
        .hint("take it out of there, and send in a task with `.effects(…)`: `pypi::publish(…)`, or `remote(\"…\")` for a command")
}

/// What was filled in may have made a publishing command of a harmless one.
fn refuse_filled(cmd: &Cmd) -> Outcome<()> {
    match cmd {
        Cmd::Argv(words) => {
            publisher::refuse_words(&words.iter().map(String::as_str).collect::<Vec<_>>())
        }
        Cmd::Script(script) => publisher::refuse_script(script),
    }
}

fn judge(cx: &BodyCx, cmd: &Cmd, ended: Result<Ended, StartError>) -> Outcome<()> {
    if cx.stop.fired() {
        return Err(Box::new(Diagnostic::task(format!("stopped: {}", cx.stop.reason()))));
    }
    let shown = || cx.run.host.env.masked(&cmd.shown());
    let wrong = match ended {
        Ok(Ended::Ok) => return Ok(()),
        Ok(Ended::Failed(Some(code))) => {
            Diagnostic::task(format!("`{}` ended with exit code {code}", shown()))
        }
        Ok(Ended::Failed(None)) => Diagnostic::task(format!("`{}` was ended by a signal", shown())),
        Err(StartError::NotFound(program)) => {
            let env = cx.child_env()?;
            let path = env.0.get("PATH").map_or("", String::as_str);
            return Err(Box::new(not_found(&program, path, &cx.cwd())));
        }
        Err(StartError::NoFolder) => {
            Diagnostic::task(format!("there is no folder {}", cx.cwd().display()))
        }
        Err(StartError::Io(error)) => {
            Diagnostic::task(format!("`{}` cannot be started: {error}", shown()))
        }
    };
    let withheld = cx.run.host.env.withheld(&cx.task.secrets);
    Err(Box::new(if withheld.is_empty() {
        wrong
    } else {
        let names = withheld.join(", ");
        wrong.note(format!(
            "variables withheld from this task, unless it declares `.secrets(…)`: {names}"
        ))
    }))
}

/// Programs that many tasks call, and how they are got.
const KNOWN: &[(&[&str], &str)] = &[
    (
        &[
            "black",
            "build",
            "check-wheel-contents",
            "flake8",
            "flit",
            "hatch",
            "isort",
            "maturin",
            "mypy",
            "nox",
            "pdm",
            "poetry",
            "pyright",
            "pytest",
            "ruff",
            "tox",
            "towncrier",
            "twine",
            "ty",
            "uv",
            "validate-pyproject",
            "zizmor",
        ],
        "declare it, and rel installs it for this project: tools([\"PROGRAM\"]);",
    ),
    (
        &["cargo", "rustc", "rustfmt", "clippy-driver"],
        "install Rust with rustup: https://rustup.rs",
    ),
    (
        &["cargo-nextest", "cargo-deny", "cargo-audit", "cargo-semver-checks", "git-cliff"],
        "install it with `cargo install PROGRAM`",
    ),
    (&["node", "npm", "npx"], "install Node.js"),
    (&["gh"], "install GitHub's command line: https://cli.github.com"),
    (
        &["make", "gcc", "cc", "clang", "git", "docker", "podman"],
        "install it with the system's package manager",
    ),
];

fn not_found(program: &str, path: &str, cwd: &Path) -> Diagnostic {
    if program.contains('/') && fs::is_file(&cwd.join(program)) {
        let wrong = Diagnostic::task(format!("`{program}` may not be executed"));
        return wrong.hint(format!("allow it: chmod +x {program}"));
    }
    let wrong = Diagnostic::task(format!("no program `{program}` on PATH"));
    let wrong = if path.is_empty() {
        wrong.note("PATH is empty")
    } else {
        wrong.note(format!("PATH is {path}"))
    };
    let known = KNOWN.iter().find(|(names, _)| names.contains(&program));
    match known {
        Some((_, how)) => wrong.hint(how.replace("PROGRAM", program)),
        None if program.contains('/') => wrong.hint(
            "correct its path, which counts from the folder that the task's commands start in",
        ),
        None => wrong.hint("install it, or correct its name"),
    }
}

fn capture(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cmd = filled(call, How::Exec)?;
    let cx = call.acting_body()?;
    refuse_filled(&cmd)?;
    cx.say_command(&cmd, false);
    match start(&cx, &cmd, |launch| proc::capture(launch, &cx.stop, |line| cx.say(&line)))? {
        Ok((ended, text)) => judge(&cx, &cmd, Ok(ended))
            .map(|()| text.trim_end_matches(['\n', '\r']).to_owned().into()),
        Err(error) => judge(&cx, &cmd, Err(error)).map(|()| Dynamic::UNIT),
    }
}

/// The output of a program; nothing if there is no such program.
pub(super) fn output_of(cx: &BodyCx, cmd: &Cmd) -> Outcome<Option<String>> {
    cx.say_command(cmd, false);
    match start(cx, cmd, |launch| proc::capture(launch, &cx.stop, |line| cx.say(&line)))? {
        Ok((ended, text)) => judge(cx, cmd, Ok(ended)).map(|()| Some(text)),
        Err(StartError::NotFound(_)) => Ok(None),
        Err(error) => judge(cx, cmd, Err(error)).map(|()| None),
    }
}

fn send(call: &Call<'_>, how: How) -> Outcome<Dynamic> {
    let cmd = filled(call, how)?;
    let cx = call.body()?;
    if cx.run.host.env.masked(&cmd.shown()) != cmd.shown() {
        let wrong = Diagnostic::usage("a sending command must not hold the value of a secret");
        return Err(Box::new(wrong.hint(
            "declare `.secrets(\"NAME\")` on the task: the command then finds it in its environment",
        )));
    }
    let one_or_many = |value: &Dynamic| match value.read_lock::<Array>() {
        Some(array) => array.clone(),
        None => vec![value.clone()],
    };
    let handles = call.args.iter().skip(1).flat_map(one_or_many);
    let handles: Vec<ArtifactHandle> =
        handles.filter_map(|value| value.try_cast::<ArtifactHandle>()).collect();
    let mut identity = cmd.shown();
    for handle in &handles {
        let (file, digest) = (handle.artifact.file_name(), &handle.artifact.sha256);
        identity = identity.replace(&handle.path, &format!("sha256:{digest}/{file}"));
    }
    if identity.contains(&*cx.out.to_string_lossy()) {
        let wrong = Diagnostic::usage("a sending command cannot take files from `t.out`");
        return Err(Box::new(
            wrong.hint("make them in a task that this one needs, and pass `t.artifacts(\"…\")`"),
        ));
    }
    let artifacts = handles.into_iter().map(|handle| handle.artifact).collect();
    let effect =
        Effect::Command(SendCommand { cmd, identity, cwd: cx.task.cwd.clone(), artifacts });
    cx.at_door(None, |door, caller| door.perform(caller, &[effect])).map(|_| Dynamic::UNIT)
}

fn remote(call: &mut Call<'_>) -> Outcome<Dynamic> {
    send(call, How::Exec)
}

fn remote_sh(call: &mut Call<'_>) -> Outcome<Dynamic> {
    send(call, How::Shell)
}

fn skip(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let reason = call.text(0)?;
    let cx = call.body()?;
    if cx.run.strict {
        let wrong = Diagnostic::task(format!("not to be skipped here: {reason}"));
        return Err(Box::new(
            wrong.hint("in CI and with --strict everything must run: provide what is missing"),
        ));
    }
    call.skipped = Some(reason);
    Ok(Dynamic::UNIT)
}
