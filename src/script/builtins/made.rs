//! Making files: texts, archives, lists of checksums. Only a body that may act does.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use rhai::{Array, Dynamic};

use super::artifact::ArtifactHandle;
use super::read::note_file;
use super::{Builtin, Call, Phase, Place, row};
use crate::archive::{self, Entry};
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;
use crate::script::cx::BodyCx;

pub(super) const TABLE: &[Builtin] = &[
    row(
        Place::Function,
        Phase::Body,
        "write",
        (2, 2),
        "write(t.out + \"/notes.md\", text)",
        "Writes a text file below the project's folder or in `t.out`, as a whole: never half of it.",
        "task(\"note\").run(|t| write(t.out + \"/notes.md\", `# ${t.name}\\n`));",
        write,
    ),
    row(
        Place::Module("archive"),
        Phase::Body,
        "tar_gz",
        (2, 3),
        "archive::tar_gz(t.out + \"/x.tar.gz\", files(\"docs/**\"), \"x-1.0\")",
        "A gzipped tar archive of files or artifacts, below a folder if one is named; the same bytes each time.",
        "task(\"pack\").run(|t| archive::tar_gz(t.out + \"/sources.tar.gz\", files(\"src/**\"), \"demo\"));",
        tar_gz,
    ),
    row(
        Place::Module("archive"),
        Phase::Body,
        "zip",
        (2, 3),
        "archive::zip(t.out + \"/x.zip\", files(\"docs/**\"))",
        "A zip archive of files or artifacts, below a folder if one is named; the same bytes each time.",
        "task(\"pack\").run(|t| archive::zip(t.out + \"/sources.zip\", files(\"src/**\")));",
        zip,
    ),
    row(
        Place::Module("archive"),
        Phase::Body,
        "sha256sums",
        (2, 2),
        "archive::sha256sums(t.out + \"/SHA256SUMS\", t.artifacts(\"build\"))",
        "A list of digests that `sha256sum --check` reads, of files or artifacts.",
        "task(\"make\").run(|t| write(t.out + \"/a.txt\", \"a\"));\ntask(\"sums\").needs(\"make\").run(|t| archive::sha256sums(t.out + \"/SHA256SUMS\", t.artifacts(\"make\")));",
        sha256sums,
    ),
];

/// Where a file may be written: below the project's folder or in `t.out`.
fn target(call: &Call<'_>, cx: &BodyCx) -> Outcome<PathBuf> {
    below(cx, &call.text(0)?)
}

/// The path of a file of this name below the project's folder or in `t.out`; its folder is made.
pub(super) fn below(cx: &BodyCx, name: &str) -> Outcome<PathBuf> {
    let path = cx.run.root.join(name);
    let wrong = |why: &str| {
        let wrong = Diagnostic::usage(format!("cannot write {name}: {why}"));
        Box::new(wrong.hint("write below the project's folder, or into `t.out`"))
    };
    let folder = path.parent().unwrap_or(&path);
    if path.file_name().is_none() || name.split('/').any(|part| part == "..") {
        return Err(wrong("it is no path of a file below the project's folder"));
    }
    // The first folder that is there tells where the path really leads; only then it is made.
    let there = folder.ancestors().find(|folder| fs::exists(folder)).unwrap_or(folder);
    let real = fs::real(there).map_err(|error| wrong(&error.to_string()))?;
    let places = [&cx.run.root, &cx.out];
    if !places.iter().any(|place| fs::real(place).is_ok_and(|place| real.starts_with(place))) {
        return Err(wrong("it is not below the project's folder"));
    }
    fs::make_dir(folder).map_err(|error| wrong(&error.to_string()))?;
    Ok(path)
}

fn not_written(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    let wrong = Diagnostic::task(format!("cannot write {}: {error}", path.display()));
    Box::new(wrong.hint("make room, or make the folder writable"))
}

fn write(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.acting_body()?;
    let (path, text) = (target(call, &cx)?, call.text(1)?);
    fs::replace_with(&path, |file| file.write_all(text.as_bytes()))
        .map_err(|error| not_written(&path, &error))?;
    Ok(Dynamic::UNIT)
}

/// Files that an argument names, each with its name in an archive: paths below the project's folder
/// keep theirs, those in `t.out` what follows it, artifacts their file names.
fn inputs(call: &Call<'_>, cx: &BodyCx) -> Outcome<Vec<(String, PathBuf)>> {
    let value = call.args.get(1).cloned().unwrap_or_default();
    let values = match value.read_lock::<Array>() {
        Some(array) => array.clone(),
        None => vec![value.clone()],
    };
    let one = |value: &Dynamic| -> Outcome<(String, PathBuf)> {
        if let Some(handle) = value.read_lock::<ArtifactHandle>() {
            let path = cx.run.store.verified(&handle.artifact)?;
            return Ok((handle.artifact.file_name().to_owned(), path));
        }
        let Some(name) = value.read_lock::<rhai::ImmutableString>() else {
            let wrong =
                Diagnostic::usage(format!("`{}` takes paths and artifacts", call.builtin.title()));
            return Err(Box::new(wrong.hint("give `files(\"…\")` or `t.artifacts(\"…\")`")));
        };
        let path = cx.run.root.join(name.as_str());
        let inside =
            [&cx.out, &cx.run.root].into_iter().find_map(|place| path.strip_prefix(place).ok());
        match inside.filter(|_| fs::is_file(&path)) {
            Some(inside) => {
                note_file(call, &path);
                Ok((inside.to_string_lossy().replace('\\', "/"), path.clone()))
            }
            None => {
                let wrong = Diagnostic::task(format!(
                    "there is no file {} below the project's folder",
                    *name
                ));
                Err(Box::new(wrong.hint("give paths as `files(\"…\")` does")))
            }
        }
    };
    values.iter().map(one).collect()
}

/// The files of an archive, opened.
fn entries(call: &Call<'_>, cx: &BodyCx) -> Outcome<Vec<Entry<std::fs::File>>> {
    let below = match call.args.get(2) {
        Some(_) => format!("{}/", call.text(2)?.trim_end_matches('/')),
        None => String::new(),
    };
    let open = |(name, path): (String, PathBuf)| -> std::io::Result<Entry<std::fs::File>> {
        let content = fs::open(&path)?;
        let size = content.metadata()?.len();
        let executable = fs::is_executable(&path)?;
        Ok(Entry { name: format!("{below}{name}"), size, executable, content })
    };
    let open = |(name, path): (String, PathBuf)| {
        open((name.clone(), path)).map_err(|error| {
            let wrong = Diagnostic::task(format!("cannot read {name}: {error}"));
            Box::new(wrong.hint("make it readable"))
        })
    };
    inputs(call, cx)?.into_iter().map(open).collect()
}

/// Writes an archive as a whole, by way of a file beside it.
fn pack(
    call: &Call<'_>,
    cx: &BodyCx,
    make: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>,
) -> Outcome<Dynamic> {
    let path = target(call, cx)?;
    fs::replace_with(&path, make).map_err(|error| not_written(&path, &error))?;
    Ok(Dynamic::UNIT)
}

fn tar_gz(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.acting_body()?;
    let entries = entries(call, &cx)?;
    let time = cx.run.epoch.unwrap_or(0);
    pack(call, &cx, |file| archive::tar_gz(file, entries, time))
}

fn zip(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.acting_body()?;
    let entries = entries(call, &cx)?;
    pack(call, &cx, |file| archive::zip(file, entries))
}

fn sha256sums(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.acting_body()?;
    let mut lines = Vec::new();
    for (name, path) in inputs(call, &cx)? {
        let digests = fs::digests(&path).map_err(|error| {
            let wrong = Diagnostic::task(format!("cannot read {name}: {error}"));
            Box::new(wrong.hint("make it readable"))
        })?;
        lines.push(format!("{}  {name}\n", digests.sha256));
    }
    lines.sort();
    pack(call, &cx, |file| file.write_all(lines.concat().as_bytes()))
}
