//! Reading the project: files, variables, the system, the version. Nothing is changed.
//!
//! What is read while the file is read counts as part of it, so that a plan is stale when it moves.

use std::path::{Path, PathBuf};

use rhai::{Array, Dynamic};

use super::artifact::ArtifactHandle;
use super::{Builtin, Call, Phase, Place, row};
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::repo::Repo;
use crate::script::cx::{Declaring, Frame};
use crate::script::reads::Read;
use crate::version::{self, Places, Unknown};

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Function,
        Phase::Any,
        "files",
        (1, 1),
        "files(\"dist/*\") or files([\"src/**\", \"*.md\"])",
        "Paths of the files that globs match, below the project's folder, sorted. Links are not followed.",
        "task(\"count\").run(|| print(files(\"src/**/*.py\").len()));",
        files,
    ),
    row(
        Place::Function,
        Phase::Any,
        "read",
        (1, 1),
        "read(\"VERSION\")",
        "The text of a file below the project's folder, of a file in `t.out`, or of an artifact.",
        "task(\"show\").run(|| print(read(\"pyproject.toml\").split(\"\\n\")[0]));",
        read,
    ),
    row(
        Place::Function,
        Phase::Any,
        "env",
        (1, 2),
        "env(\"HOME\") or env(\"CI\", \"\")",
        "A variable; the second argument is what it is if it is not set. Secrets are not read this way.",
        "if env(\"CI\", \"\") == \"\" { task(\"local\").exec(\"true\"); }",
        env,
    ),
    row(
        Place::Function,
        Phase::Any,
        "os",
        (0, 0),
        "os()",
        "The system: \"linux\", \"macos\", \"windows\" …",
        "task(\"linux\").when(|| os() == \"linux\").exec(\"true\");",
        os,
    ),
    row(
        Place::Function,
        Phase::Any,
        "version",
        (0, 0),
        "version()",
        "The project's version: of pyproject.toml, of Cargo.toml, else of the tag at HEAD.",
        "task(\"show\").run(|| print(`this is ${version()}`));",
        project_version,
    ),
];

/// The project's folder.
pub(super) fn root(call: &Call<'_>) -> PathBuf {
    match &call.frame {
        Frame::Declaring(declaring) => declaring.root.clone(),
        Frame::Body(cx) => cx.run.root.clone(),
    }
}

/// Notes a file of the project that a body reads, or looks for.
pub(super) fn note_file(call: &Call<'_>, path: &Path) {
    if let Frame::Body(cx) = &call.frame
        && let Ok(name) = path.strip_prefix(&cx.run.root)
    {
        let name = name.to_string_lossy().replace('\\', "/");
        cx.note(|noted| noted.file(&name, fs::exists(path)));
    }
}

/// Remembers what was read while the file was read.
pub(super) fn remember(call: &Call<'_>, name: &str, text: &str) {
    if let Frame::Declaring(declaring) = &call.frame {
        declaring.sources.add(name, text.to_owned());
    }
}

/// Notes what the reading of the file depends on.
fn note(call: &Call<'_>, read: impl FnOnce(&Declaring) -> Read) {
    if let Frame::Declaring(declaring) = &call.frame {
        declaring.reads.note(read(declaring));
    }
}

fn files(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let globs = call.words(0)?;
    for glob in &globs {
        let leads_out =
            glob.text.starts_with(['/', '~']) || glob.text.split('/').any(|p| p == "..");
        if leads_out || !fs::is_glob(&glob.text) {
            let wrong =
                Diagnostic::usage(format!("`{}` is no glob below the project's folder", glob.text));
            return Err(Box::new(wrong.at(&glob.site).hint("write one such as \"dist/*\"")));
        }
    }
    let globs: Vec<String> = globs.into_iter().map(|glob| glob.text).collect();
    let found = fs::find(&root(call), &globs).map_err(|error| {
        let wrong = Diagnostic::task(format!("cannot look for files: {error}"));
        Box::new(match error.kind() {
            std::io::ErrorKind::InvalidFilename => wrong.hint(fs::cure(&error)),
            _ => wrong.hint("make the folder readable, or exclude it by a narrower glob"),
        })
    })?;
    let names: Vec<String> = found.into_iter().map(|file| file.name).collect();
    if let Frame::Body(cx) = &call.frame {
        cx.note(|noted| noted.globs(&globs, &names));
    }
    note(call, |_| Read::files(&globs, &names));
    remember(call, &format!("files {}", globs.join(" ")), &names.join("\n"));
    Ok(names.into_iter().map(Dynamic::from).collect::<Array>().into())
}

/// The text of the file that an argument names, with the name it is shown under.
pub(super) fn file_text(call: &Call<'_>, at: usize) -> Outcome<(String, String)> {
    if let Some(artifact) = call.args.get(at).and_then(|value| value.read_lock::<ArtifactHandle>())
    {
        let cx = call.body()?;
        let path = cx.run.store.verified(&artifact.artifact)?;
        let name = artifact.artifact.name.clone();
        return fs::read_text(&path)
            .map(|text| (name.clone(), text))
            .map_err(|error| unreadable(&name, &error.to_string()));
    }
    let name = call.text(at)?;
    let text = text_of(call, &name)?;
    Ok((name, text))
}

/// The text of a file below the project's folder, or in `t.out`.
pub(super) fn text_of(call: &Call<'_>, name: &str) -> Outcome<String> {
    let wrong = |why: &str| unreadable(name, why);
    let inside = |folder: &PathBuf, path: &PathBuf| -> bool {
        fs::real(folder).is_ok_and(|folder| path.starts_with(folder))
    };
    let root = root(call);
    let path = fs::real(&root.join(name)).map_err(|error| wrong(&error.to_string()))?;
    let out = match &call.frame {
        Frame::Body(cx) => Some(cx.out.clone()),
        Frame::Declaring(_) => None,
    };
    if !inside(&root, &path) && !out.is_some_and(|out| inside(&out, &path)) {
        return Err(wrong("it is not below the project's folder"));
    }
    let text = fs::read_text(&path).map_err(|error| wrong(&error.to_string()))?;
    note_file(call, &root.join(name));
    note(call, |declaring| Read::text(&declaring.root, name, Some(&text)));
    remember(call, name, &text);
    Ok(text)
}

pub(super) fn unreadable(name: &str, why: &str) -> Box<Diagnostic> {
    let wrong = Diagnostic::task(format!("cannot read {name}: {why}"));
    Box::new(wrong.hint("give the path of a text file (UTF-8) below the project's folder"))
}

fn read(call: &mut Call<'_>) -> Outcome<Dynamic> {
    file_text(call, 0).map(|(_, text)| text.into())
}

fn env(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let name = call.word(0)?;
    let host = match &call.frame {
        Frame::Declaring(declaring) => declaring.host.clone(),
        Frame::Body(cx) => cx.run.host.clone(),
    };
    if host.env.is_secret(&name.text) {
        let wrong =
            Diagnostic::usage(format!("`{}` is a secret, and no script may read it", name.text));
        return Err(Box::new(wrong.at(&name.site).hint(format!(
            "declare `.secrets(\"{0}\")` on the task: its commands then find it in their environment",
            name.text
        ))));
    }
    note(call, |declaring| Read::variable(&declaring.host, &name.text));
    let value = match (host.env.get(&name.text), call.args.len()) {
        (Some(value), _) => value.to_owned(),
        (None, 2) => call.text(1)?,
        (None, _) => {
            let wrong = Diagnostic::usage(format!("the variable `{}` is not set", name.text));
            return Err(Box::new(wrong.at(&name.site).hint(format!(
                "set it where rel runs, or say what it is otherwise: env(\"{}\", \"\")",
                name.text
            ))));
        }
    };
    if let Frame::Body(cx) = &call.frame {
        cx.note(|noted| noted.variable(&name.text));
    }
    remember(call, &format!("env {}", name.text), &value);
    Ok(value.into())
}

fn os(_: &mut Call<'_>) -> Outcome<Dynamic> {
    Ok(std::env::consts::OS.into())
}

fn project_version(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let (root, host) = match &call.frame {
        Frame::Declaring(declaring) => (declaring.root.clone(), declaring.host.clone()),
        Frame::Body(cx) => (cx.run.root.clone(), cx.run.host.clone()),
    };
    let text = |name: &str| {
        note_file(call, &root.join(name));
        let text = fs::read_text(&root.join(name)).ok();
        note(call, |declaring| Read::text(&declaring.root, name, text.as_deref()));
        text.inspect(|text| remember(call, name, text))
    };
    let (pyproject, cargo) = (text("pyproject.toml"), text("Cargo.toml"));
    let (pyproject, cargo) = (pyproject.as_deref(), cargo.as_deref());
    let known = version::of(&Places { pyproject, cargo, tags: &[] }).or_else(|unknown| {
        if matches!(unknown, Unknown::Broken(..)) {
            return Err(unknown);
        }
        match &call.frame {
            Frame::Declaring(declaring) => declaring.reads.unknown(),
            Frame::Body(cx) => cx.note(|noted| noted.unsure("it asks git for the version".into())),
        }
        let repo = Repo::new(&host, root.clone());
        let tags = repo.head().map(|head| head.tags.clone()).unwrap_or_default();
        version::of(&Places { pyproject, cargo, tags: &tags })
    });
    known.map(Dynamic::from).map_err(untold)
}

/// Why no version is known, and what to do about it.
pub(super) fn untold(unknown: Unknown) -> Box<Diagnostic> {
    Box::new(match unknown {
        Unknown::Broken(file, why) => Diagnostic::usage(format!("cannot read {file}: {why}"))
            .hint("mend the file; it must be TOML"),
        Unknown::Dynamic => Diagnostic::usage(
            "the version is worked out by the build back end, and HEAD has no tag that tells it",
        )
        .hint("tag the release: git tag v1.2.0"),
        Unknown::Nowhere => Diagnostic::usage("no file says the project's version")
            .hint("write `version` into pyproject.toml or Cargo.toml, or tag HEAD: git tag v1.2.0"),
    })
}
