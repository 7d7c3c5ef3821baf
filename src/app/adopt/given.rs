//! The files to adopt, from this machine or from where they are published, and what each says it is.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::fetch;
use crate::app::session::Session;
use crate::cli::AdoptOptions;
use crate::diag::Diagnostic;
use crate::dist::{self, Invalid, cargo};
use crate::host::fs;
use crate::model::artifact::Artifact;
use crate::repo::Repo;
use crate::status::name::{self, Names};

/// What a file holds.
pub(super) enum Made {
    /// A wheel or an sdist: its project's normalised name, and its version.
    Python(String, String),
    /// A crate: its name and version.
    Crate(String, String),
    /// Anything else; only what was sealed already may be that.
    Other,
}

/// A file to adopt.
pub(super) struct Given {
    /// As it will be sealed.
    pub(super) artifact: Artifact,
    /// Where it lies now.
    pub(super) path: PathBuf,
    /// What it holds.
    pub(super) made: Made,
}

/// All files, read and checked by themselves: against their names, the tag of HEAD, and each other.
///
/// # Errors
/// All that is wrong with them.
pub(super) fn all(
    session: &Session,
    options: &AdoptOptions,
    sealed: &BTreeMap<String, Vec<Artifact>>,
) -> Result<Vec<Given>, Vec<Diagnostic>> {
    let (releases, paths): (Vec<_>, Vec<_>) = match options.from {
        Some(_) => options.words.iter().partition(|word| word.contains("==")),
        None => (Vec::new(), options.words.iter().collect()),
    };
    let mut found: Vec<PathBuf> = Vec::new();
    let mut wrong = Vec::new();
    for word in paths {
        let path = session.host.cwd.join(word);
        match missing(word, &path) {
            Some(missing) => wrong.push(missing),
            None => found.push(path),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    if let Some(from) = &options.from {
        found.extend(fetch::files(session, from, &releases)?);
    }
    let tags = Repo::new(&session.host, session.checkout.clone());
    let tags = tags.head().map(|head| head.tags.clone()).unwrap_or_default();
    let mut files: Vec<Given> = Vec::new();
    for path in found {
        match one(path, &tags, sealed) {
            Ok(file) => match twin(&files, &file) {
                None => files.push(file),
                Some(twin) if twin.artifact.sha256 == file.artifact.sha256 => {}
                Some(twin) => wrong.push(twice(twin, &file)),
            },
            Err(found) => wrong.push(found),
        }
    }
    if wrong.is_empty() { Ok(files) } else { Err(wrong) }
}

fn missing(word: &str, path: &Path) -> Option<Diagnostic> {
    if fs::is_file(path) {
        return None;
    }
    if fs::is_dir(path) {
        let wrong = Diagnostic::usage(format!("{word} is a folder"));
        return Some(wrong.hint(format!("name the files: `{}/*`", word.trim_end_matches('/'))));
    }
    let wrong = Diagnostic::usage(format!("{word} is not there"));
    let release = word.contains("==");
    let fetch = "what is published is fetched with `--from pypi`";
    Some(wrong.hint(if release { fetch } else { "give the paths of files" }))
}

fn twin<'a>(files: &'a [Given], file: &Given) -> Option<&'a Given> {
    files.iter().find(|known| known.artifact.name == file.artifact.name)
}

fn twice(one: &Given, other: &Given) -> Diagnostic {
    let name = &one.artifact.name;
    let wrong = Diagnostic::refused(format!("two files with other bytes are called {name}"));
    let wrong = wrong
        .note(format!("{}: sha256 {}", one.path.display(), one.artifact.sha256))
        .note(format!("{}: sha256 {}", other.path.display(), other.artifact.sha256));
    wrong.hint("find out which one was published, and give that")
}

fn one(
    path: PathBuf,
    tags: &[String],
    sealed: &BTreeMap<String, Vec<Artifact>>,
) -> Result<Given, Diagnostic> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let unread = |error: std::io::Error| {
        let wrong = Diagnostic::machine(format!("{name} cannot be read: {error}"));
        wrong.hint("make it readable")
    };
    let digests = fs::digests(&path).map_err(unread)?;
    let executable = fs::is_executable(&path).map_err(unread)?;
    let artifact = Artifact {
        name: name.clone(),
        sha256: digests.sha256,
        blake2b_256: digests.blake2b_256,
        size: digests.size,
        executable,
    };
    let same = |known: &&Artifact| known.file_name() == name && known.sha256 == artifact.sha256;
    let known = sealed.values().flatten().find(same).cloned();
    let made = match (read(&path, &name), &known) {
        (Ok(made), _) => made,
        (Err(_), Some(_)) => Made::Other,
        (Err(wrong), None) => {
            let found = Diagnostic::refused(format!("cannot be adopted: {}", wrong.message));
            return Err(found.hint(wrong.hint));
        }
    };
    if known.is_none()
        && let Some(wrong) = other_version(&name, &made, tags)
    {
        return Err(wrong);
    }
    // Its place in the folder of the task may have been another.
    Ok(Given { artifact: known.unwrap_or(artifact), path, made })
}

fn read(path: &Path, name: &str) -> Result<Made, Invalid> {
    let unread = |error: std::io::Error| {
        Invalid::new(format!("{name} cannot be read: {error}"), "make it readable")
    };
    let reader = BufReader::new(fs::open(path).map_err(unread)?);
    if name.ends_with(".crate") {
        let read = cargo::read(name, reader)?;
        return Ok(Made::Crate(read.name, read.version));
    }
    let read = dist::read(name, reader)?;
    Ok(Made::Python(read.name.project, read.name.version))
}

/// Why a file is not of the version that HEAD is tagged with, if it is not.
fn other_version(file: &str, made: &Made, tags: &[String]) -> Option<Diagnostic> {
    let (names, version) = match made {
        Made::Python(project, version) => {
            (Names { python: Some(project.clone()), krate: None }, version)
        }
        Made::Crate(name, version) => (Names { python: None, krate: Some(name.clone()) }, version),
        Made::Other => return None,
    };
    let of_tag = |tag: &&String| name::tagged(tag, &names).is_some();
    let mut named = tags.iter().filter(of_tag).peekable();
    let tag = (*named.peek()?).clone();
    let fits = |tag: &String| name::tagged(tag, &names).is_some_and(|one| name::same(one, version));
    if named.any(fits) {
        return None;
    }
    let wrong = Diagnostic::refused(format!("{file} is of {version}, and HEAD is tagged {tag}"));
    Some(wrong.hint("check out the commit that it was built from, or give the files of this one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped(made: &Made, tags: &[&str]) -> bool {
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        other_version("file", made, &tags).is_some()
    }

    #[test]
    fn a_file_has_to_be_of_a_version_that_a_tag_of_its_project_names() {
        let wheel = Made::Python("time-piece".into(), "1.0".into());
        assert!(!stopped(&wheel, &[]), "without a tag nothing is known");
        assert!(!stopped(&wheel, &["latest", "other-v3.0"]));
        assert!(!stopped(&wheel, &["v1.0.0"]));
        assert!(!stopped(&wheel, &["v2.0", "time_piece-v1.0"]), "one of them is enough");
        assert!(stopped(&wheel, &["v1.1"]));
        assert!(stopped(&wheel, &["time-piece@1.1"]));
        let krate = Made::Crate("time-piece".into(), "1.0.0-rc.1".into());
        assert!(!stopped(&krate, &["v1.0.0-rc.1"]));
        assert!(stopped(&krate, &["v1.0.0"]));
    }
}
