//! What there is to verify: the files, and the attestations that are found for each.

use std::path::{Path, PathBuf};

use crate::attest::read::{Given, read};
use crate::attest::verify::subjects;
use crate::cli::{Signer, VerifyOptions};
use crate::diag::Diagnostic;
use crate::host::net::{holds_login, is_web_url, travels_in_the_clear};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::task::Index;
use crate::remote::{Trouble, attestations};

/// How files with attestations end: twine's and rel's own, GitHub's, cosign's, SLSA's.
pub(super) const ENDINGS: [&str; 5] = [
    ".publish.attestation",
    ".provenance.attestation",
    ".sigstore.json",
    ".sigstore",
    ".intoto.jsonl",
];

/// Where more is asked for.
pub(super) enum Place {
    /// An index.
    Index(Index),
    /// The store of this GitHub repository.
    GitHub(String),
}

/// A file to verify.
pub(super) struct Target {
    /// As it was named.
    pub(super) shown: String,
    /// Its name without folder.
    pub(super) name: String,
    /// Its digest.
    pub(super) sha256: String,
    /// Where it is, if it is on this machine.
    pub(super) path: Option<PathBuf>,
}

/// An attestation that was found for a file.
#[derive(Clone)]
pub(super) struct Found {
    /// Where.
    pub(super) source: String,
    /// The index whose word on the publisher counts.
    pub(super) index: Option<String>,
    /// Whether the file is not verified without it.
    pub(super) counts: bool,
    /// The attestation, or what is there instead.
    pub(super) given: Result<Given, String>,
}

/// Where `--from` leads.
pub(super) fn place(host: &Host, options: &VerifyOptions) -> Result<Option<Place>, Diagnostic> {
    let Some(from) = options.from.as_deref() else { return Ok(None) };
    if let Some(index) = host.endpoints.index(from) {
        return Ok(Some(Place::Index(index.clone())));
    }
    if from == "github" {
        let Some(Signer::Repository { name, .. }) = &options.signer else {
            let wrong = Diagnostic::usage("GitHub keeps attestations by repository");
            return Err(wrong.hint("say which: `--repository OWNER/NAME`"));
        };
        return Ok(Some(Place::GitHub(name.clone())));
    }
    if holds_login(from) {
        let wrong = Diagnostic::usage("the address of `--from` holds a login");
        return Err(wrong.hint("leave it out: what is verified is public"));
    }
    if is_web_url(from) {
        return Ok(Some(Place::Index(attestations::index_at(from))));
    }
    let wrong = Diagnostic::usage(format!("`--from {from}` leads nowhere"));
    Err(wrong.suggest(from, ["pypi", "testpypi", "github", "https://…"]))
}

/// The files, by their paths or by what an index has of a version; all that are not there at once.
pub(super) fn targets(
    host: &Host,
    words: &[String],
    place: Option<&Place>,
    stop: &Stop,
) -> Result<Vec<Target>, Vec<Diagnostic>> {
    let (mut targets, mut wrong) = (Vec::new(), Vec::new());
    for word in words {
        let found = match (word.split_once("=="), place) {
            (Some((project, version)), Some(Place::Index(index))) => {
                of_version(host, index, (project, version), stop)
            }
            _ => on_disk(host, word).map(|target| vec![target]),
        };
        match found {
            Ok(found) => targets.extend(found),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if wrong.is_empty() { Ok(targets) } else { Err(wrong) }
}

fn on_disk(host: &Host, word: &str) -> Result<Target, Diagnostic> {
    let path = host.cwd.join(word);
    if !fs::is_file(&path) {
        let what = if fs::is_dir(&path) { "is a folder" } else { "is not there" };
        let wrong = Diagnostic::usage(format!("{word} {what}"));
        return Err(match (fs::is_dir(&path), word.contains("==")) {
            (true, _) => wrong.hint(format!("name the files: `{}/*`", word.trim_end_matches('/'))),
            (_, true) => wrong.hint("a version is looked up on an index: add `--from pypi`"),
            _ => wrong.hint("give the paths of files"),
        });
    }
    let digests = fs::digests(&path)
        .map_err(|error| Diagnostic::machine(format!("{word} cannot be read: {error}")))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(Target {
        shown: word.to_owned(),
        name: name.unwrap_or_default(),
        sha256: digests.sha256.to_string(),
        path: Some(path),
    })
}

fn of_version(
    host: &Host,
    index: &Index,
    (project, version): (&str, &str),
    stop: &Stop,
) -> Result<Vec<Target>, Diagnostic> {
    let files = attestations::files(host, index, project, version, stop);
    let files = files.map_err(|trouble| match trouble {
        Trouble::Refused { reason, hint } => Diagnostic::remote(reason).hint(hint),
        Trouble::Unclear(why) | Trouble::Unsent(why) | Trouble::Later { reason: why, .. } => {
            let wrong = Diagnostic::remote(format!("{} cannot be asked: {why}", index.name));
            wrong.hint("run the same command again")
        }
    })?;
    if files.is_empty() {
        let wrong = Diagnostic::refused(format!("{} has no {project} {version}", index.name));
        return Err(wrong.hint("check name and version"));
    }
    let target =
        |(name, sha256): (String, String)| Target { shown: name.clone(), name, sha256, path: None };
    Ok(files.into_iter().map(target).collect())
}

/// What is in the files that were named.
pub(super) fn named(host: &Host, paths: &[PathBuf]) -> Result<Vec<Found>, Vec<Diagnostic>> {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for shown in paths {
        let path = host.cwd.join(shown);
        if fs::is_file(&path) {
            found.extend(in_file(&path, &shown.display().to_string()));
        } else {
            let what = format!("there is no attestation {}", shown.display());
            wrong.push(Diagnostic::usage(what).hint("give the path of a file"));
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

/// Of several files each takes what is about it; where nothing is, all of it, to be told what is wrong.
pub(super) fn fitting(named: &[Found], target: &Target, files: usize) -> Vec<Found> {
    let fits = |found: &&Found| match &found.given {
        Ok(given) => subjects(given).contains(&target.sha256),
        Err(_) => true,
    };
    let fitting: Vec<Found> = named.iter().filter(fits).cloned().collect();
    let about_it = fitting.iter().any(|found| found.given.is_ok());
    if files > 1 && about_it { fitting } else { named.to_vec() }
}

/// What stands beside a file.
pub(super) fn beside(target: &Target) -> Vec<Found> {
    let Some(path) = &target.path else { return Vec::new() };
    let near = |ending: &str| {
        let shown = format!("{}{ending}", target.shown);
        let name = format!("{}{ending}", target.name);
        (path.with_file_name(name), shown)
    };
    let there = ENDINGS.iter().map(|ending| near(ending)).filter(|(path, _)| fs::is_file(path));
    there.flat_map(|(path, shown)| in_file(&path, &shown)).collect()
}

fn in_file(path: &Path, source: &str) -> Vec<Found> {
    let found = |given| Found { source: source.to_owned(), index: None, counts: true, given };
    let text = match fs::read_text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            return vec![found(Err("no text".into()))];
        }
        Err(error) => return vec![found(Err(format!("not to be read: {error}")))],
    };
    match read(&text) {
        Ok(all) if all.is_empty() => vec![found(Err("a list without attestations".into()))],
        Ok(all) => all.into_iter().map(|given| found(Ok(given))).collect(),
        Err(what) => vec![found(Err(what))],
    }
}

/// What is published.
pub(super) fn asked(
    host: &Host,
    place: &Place,
    target: &Target,
    stop: &Stop,
) -> Result<Vec<Found>, Trouble> {
    let (source, index, all) = match place {
        Place::Index(index) => {
            let all = attestations::of_index(host, index, &target.name, stop)?;
            // Whoever can change an answer on its way could name another publisher.
            let heard = (!travels_in_the_clear(&index.simple)).then(|| index.name.clone());
            (index.name.clone(), heard, all)
        }
        Place::GitHub(repository) => {
            let all = attestations::of_github(host, repository, &target.sha256, stop)?;
            (format!("github ({repository})"), None, all)
        }
    };
    let counts = matches!(place, Place::Index(_));
    let found = |given| {
        let (source, index) = (source.clone(), index.clone());
        Found { source, index, counts, given: Ok(given) }
    };
    Ok(all.into_iter().map(found).collect())
}
