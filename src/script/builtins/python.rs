//! Python interpreters and environments, for `std/python` and for users' own recipes.

use std::io::BufReader;
use std::path::Path;

use rhai::{Array, Dynamic};

use super::artifact::argument;
use super::chosen::Options;
use super::pypi::read;
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome};
use crate::dist::{runs, wheel};
use crate::host::fs;
use crate::script::cx::BodyCx;
use crate::tools::Spec;

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Module("python"),
        Phase::Body,
        "find",
        (1, 1),
        "python::find(\"3.12\")",
        "The interpreter of this version, or `()` if the machine has none.",
        "task(\"where\").run(|| print(if python::find(\"3.11\") == () { \"not here\" } else { python::find(\"3.11\") }));",
        find,
    ),
    row(
        Place::Module("python"),
        Phase::Body,
        "uv",
        (0, 0),
        "python::uv()",
        "The uv program, from PATH or fetched from PyPI once; `()` if it cannot be had.",
        "task(\"where\").run(|| print(if python::uv() == () { \"no uv\" } else { python::uv() }));",
        uv,
    ),
    row(
        Place::Module("python"),
        Phase::Body,
        "environment",
        (1, 1),
        "python::environment(#{ python: \"3.12\", packages: [\"pytest\"], groups: [\"test\"], project: true })",
        "An environment outside the tree with these packages, found ready or made now: its folder.",
        "task(\"test\").run(|| { let env = python::environment(#{ packages: [\"pyflakes==3.4.0\"] }); exec(\"{}/bin/python -m pyflakes src\", env); });",
        environment,
    ),
    row(
        Place::Module("python"),
        Phase::Body,
        "install_published",
        (2, 2),
        "python::install_published(t.artifacts(\"build\"), \"testpypi\")",
        "Installs exactly these bytes from an index into a fresh environment, with their dependencies from the usual index: its folder.",
        "task(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"publish\").needs(\"build\").effects(\"testpypi\").run(|t| pypi::publish(t.artifacts(\"build\"), \"testpypi\"));\ntask(\"smoke\").needs(\"publish\").run(|t| { let env = python::install_published(t.artifacts(\"build\"), \"testpypi\"); exec(\"{}/bin/python -c {}\", env, \"import time_piece\"); });",
        install_published,
    ),
    row(
        Place::Module("python"),
        Phase::Body,
        "import_names",
        (1, 1),
        "python::import_names(t.artifacts(\"build\"))",
        "The top-level names that the wheels among these artifacts install.",
        "task(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"show\").needs(\"build\").run(|t| print(python::import_names(t.artifacts(\"build\"))));",
        import_names,
    ),
    row(
        Place::Module("python"),
        Phase::Body,
        "runs_here",
        (1, 2),
        "python::runs_here(file) or python::runs_here(file, \"3.12\")",
        "Whether a file is a wheel that runs on this machine, by the tags in its name: with `python3` on PATH, or with an interpreter of this version.",
        "task(\"build\").run(|t| exec(\"python3 make_dist.py {} 1.0\", t.out));\ntask(\"show\").needs(\"build\").run(|t| { for file in t.artifacts(\"build\") { print(`${file.name}: ${python::runs_here(file)}`); } });",
        runs_here,
    ),
];

/// Notes an interpreter: where it was found, and the names under which it was looked for.
fn note_python(cx: &BodyCx, version: Option<&str>, found: Option<&Path>) {
    cx.note(|noted| {
        noted.program("python3");
        if let Some(version) = version {
            noted.program(&format!("python{version}"));
        }
        if let Some(path) = found.and_then(Path::to_str) {
            noted.program(path);
        }
    });
}

fn find(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let version = call.text(0)?;
    let cx = call.acting_body()?;
    let found = cx.with_tools(|tools| tools.find_python(&version));
    note_python(&cx, Some(&version), found.as_deref());
    Ok(found.map_or(Dynamic::UNIT, |path| path.to_string_lossy().into_owned().into()))
}

fn uv(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.acting_body()?;
    let found = cx.with_tools(|tools| tools.uv());
    cx.note(|noted| noted.program("uv"));
    Ok(found.map_or(Dynamic::UNIT, |path| path.to_string_lossy().into_owned().into()))
}

fn environment(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let options = Options::of(call, 0, &["python", "packages", "groups", "project"])?;
    let cx = call.acting_body()?;
    let spec = Spec {
        python: options.text("python")?,
        packages: options.texts("packages")?,
        groups: options.texts("groups")?,
        project: options.flag("project")?.unwrap_or(false),
    };
    let folder = cx.with_tools(|tools| tools.environment(&spec))?;
    note_python(&cx, spec.python.as_deref(), Some(&folder.join("bin/python")));
    if spec.reads_project() {
        for name in ["pyproject.toml", "setup.py", "setup.cfg"] {
            cx.note(|noted| noted.file(name, fs::exists(&cx.run.root.join(name))));
        }
    }
    Ok(folder.to_string_lossy().into_owned().into())
}

fn install_published(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let artifacts = argument(call, 0)?;
    let name = call.text(1)?;
    let cx = call.acting_body()?;
    let Some(index) = cx.run.indexes.get(&name) else {
        let wrong = Diagnostic::usage(format!("there is no index `{name}`"));
        return Err(Box::new(wrong.suggest(&name, cx.run.indexes.keys().map(String::as_str))));
    };
    let chosen = artifacts.iter().find(|file| file.name.ends_with(".whl")).or(artifacts.first());
    let Some(chosen) = chosen else {
        return Err(Box::new(
            Diagnostic::task("there is nothing to install").hint("pass the artifacts of the build"),
        ));
    };
    let dist = read(&cx, chosen)?;
    let pin = format!(
        "{}=={} --hash=sha256:{}\n",
        dist.metadata.name(),
        dist.metadata.version(),
        chosen.sha256
    );
    let folder = cx.out.with_extension("smoke");
    let pins = cx.out.with_extension("pins.txt");
    let io = |error: std::io::Error| {
        Box::new(Diagnostic::machine(format!("cannot prepare a smoke install: {error}")))
    };
    fs::remove_dir(&folder).map_err(io)?;
    fs::replace(&pins, &pin).map_err(io)?;
    let words = [
        "--require-hashes",
        "--no-deps",
        "--index-url",
        &index.simple,
        "-r",
        &pins.to_string_lossy(),
    ]
    .map(str::to_owned);
    let needed: Vec<String> = dist.metadata.requires_dist().map(str::to_owned).collect();
    cx.with_tools(|tools| {
        tools.fresh(&folder, &Spec::default())?;
        tools.install(&folder, &words)?;
        if needed.is_empty() { Ok(()) } else { tools.install(&folder, &needed) }
    })?;
    Ok(folder.to_string_lossy().into_owned().into())
}

fn import_names(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.body()?;
    let mut names = std::collections::BTreeSet::new();
    for file in argument(call, 0)?.iter().filter(|file| file.name.ends_with(".whl")) {
        let path = cx.run.store.verified(file)?;
        let opened =
            fs::open(&path).map_err(|error| Box::new(Diagnostic::machine(error.to_string())))?;
        let found = wheel::import_names(BufReader::new(opened));
        names.extend(
            found.map_err(|wrong| Box::new(Diagnostic::task(wrong.message).hint(wrong.hint)))?,
        );
    }
    Ok(names.into_iter().map(Dynamic::from).collect::<Array>().into())
}

fn runs_here(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let files = argument(call, 0)?;
    let python = (call.args.len() > 1).then(|| call.text(1)).transpose()?;
    let cx = call.acting_body()?;
    if files.is_empty() || !files.iter().all(|file| file.name.ends_with(".whl")) {
        return Ok(false.into());
    }
    let spec = Spec { python, ..Spec::default() };
    let told = cx.with_tools(|tools| {
        let folder = tools.environment(&spec)?;
        Ok::<_, Box<Diagnostic>>(tools.told(&folder, runs::QUESTION))
    })?;
    let Some(interpreter) = told.as_deref().and_then(runs::Interpreter::read) else {
        let wrong = Diagnostic::machine("the interpreter does not say what it is");
        return Err(Box::new(wrong.hint("look whether `python3 -m sysconfig` works")));
    };
    Ok(files.iter().all(|file| interpreter.runs(file.file_name())).into())
}
