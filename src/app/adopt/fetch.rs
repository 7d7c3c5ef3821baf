//! Files as they are published, downloaded and checked against the digest that the place tells.

use std::path::PathBuf;

use crate::app::session::Session;
use crate::diag::Diagnostic;
use crate::host::fs;
use crate::model::task::Index;
use crate::remote::Trouble;
use crate::remote::published::{self, Found};
use crate::repo::Repo;
use crate::status::name::{self, Names, names};

/// Where files are published.
enum Place {
    Index(Index),
    Crates,
    GitHub,
}

impl Place {
    fn name(&self) -> &str {
        match self {
            Self::Index(index) => &index.name,
            Self::Crates => "crates.io",
            Self::GitHub => "github",
        }
    }
}

/// Downloads what a place has of these releases, else of the project here as HEAD is tagged.
///
/// # Errors
/// It is not known what to look for; the place has none, or cannot be asked.
pub(super) fn files(
    session: &Session,
    from: &str,
    words: &[&String],
) -> Result<Vec<PathBuf>, Diagnostic> {
    let place = place(session, from)?;
    let folder = session.out().join("fetched");
    fs::make_dir(&folder).map_err(|error| {
        Diagnostic::machine(format!("cannot make a folder for downloads: {error}"))
    })?;
    let mut paths = Vec::new();
    for (project, version) in wanted(session, &place, words)? {
        let asked = listed(session, &place, &project, &version);
        let found = asked.map_err(|trouble| cannot(place.name(), trouble))?;
        if found.is_empty() {
            let at = place.name();
            let wrong = Diagnostic::refused(format!("{at} has no files of {project} {version}"));
            return Err(wrong.hint("`rel status` shows which place has which files"));
        }
        for file in found {
            let path = folder.join(&file.name);
            published::download(&session.host, &file, &path, &session.stop)
                .map_err(|trouble| cannot(place.name(), trouble))?;
            paths.push(path);
        }
    }
    Ok(paths)
}

fn place(session: &Session, from: &str) -> Result<Place, Diagnostic> {
    match from {
        "crates.io" | "crates" => return Ok(Place::Crates),
        "github" => return Ok(Place::GitHub),
        _ => {}
    }
    session.cx.indexes.get(from).cloned().map(Place::Index).ok_or_else(|| {
        let wrong = Diagnostic::usage(format!("`--from {from}` leads nowhere"));
        let known = session.cx.indexes.keys().map(String::as_str);
        wrong.suggest(from, known.chain(["crates.io", "github"]))
    })
}

/// Names and versions.
fn wanted(
    session: &Session,
    place: &Place,
    words: &[&String],
) -> Result<Vec<(String, String)>, Diagnostic> {
    let given = |word: &&String| {
        let (name, version) = word.split_once("==").unwrap_or((word, ""));
        if name::is_name(name.trim()) && !version.trim().is_empty() {
            return Ok((name.trim().to_owned(), version.trim().to_owned()));
        }
        let wrong = Diagnostic::usage(format!("`{word}` is no release"));
        Err(wrong.hint("write it NAME==VERSION, such as `demo==1.0`"))
    };
    if !words.is_empty() {
        return words.iter().map(given).collect();
    }
    let text = |name: &str| fs::read_text(&session.checkout.join(name)).unwrap_or_default();
    let names = names(&text("pyproject.toml"), &text("Cargo.toml"));
    let repo = Repo::new(&session.host, session.checkout.clone());
    let version = repo.head().and_then(|head| version(&head.tags, &names));
    let project = match place {
        Place::Crates => names.krate.clone(),
        Place::Index(_) => names.python.clone(),
        Place::GitHub => names.first().map(str::to_owned),
    };
    match (project, version) {
        (Some(project), Some(version)) => Ok(vec![(project, version)]),
        _ => {
            let wrong = Diagnostic::usage("it is not known which release to fetch");
            let wrong = wrong.note("its name stands in no manifest here, or HEAD has no tag");
            Err(wrong.hint(format!("name it: `rel adopt --from {} NAME==VERSION`", place.name())))
        }
    }
}

fn version(tags: &[String], names: &Names) -> Option<String> {
    tags.iter().find_map(|tag| name::tagged(tag, names)).map(str::to_owned)
}

fn listed(
    session: &Session,
    place: &Place,
    project: &str,
    version: &str,
) -> Result<Vec<Found>, Trouble> {
    let (host, stop) = (&session.host, &session.stop);
    match place {
        Place::Index(index) => published::on_index(host, index, project, version, stop),
        Place::Crates => published::on_crates(host, project, version, stop),
        Place::GitHub => {
            let repo = Repo::new(host, session.checkout.clone());
            let Some(repository) = repo.on_github() else {
                return Err(Trouble::Refused {
                    reason: "it is not known which repository this is".into(),
                    hint: "add it as the remote `origin`".into(),
                });
            };
            let names = Names { python: Some(project.to_owned()), krate: Some(project.to_owned()) };
            let fits = |tag: &str| name::tag_of([tag], &names, version).is_some();
            let tags = repo.head().map(|head| head.tags.clone()).unwrap_or_default();
            let tag = tags.into_iter().find(|tag| fits(tag));
            published::on_github(host, &repository, tag.as_deref(), &fits, stop)
        }
    }
}

fn cannot(place: &str, trouble: Trouble) -> Diagnostic {
    match trouble {
        Trouble::Refused { reason, hint } => {
            Diagnostic::remote(format!("cannot take files from {place}: {reason}")).hint(hint)
        }
        Trouble::Unclear(why) | Trouble::Unsent(why) | Trouble::Later { reason: why, .. } => {
            let wrong = Diagnostic::remote(format!("cannot take files from {place}: {why}"));
            wrong.hint("run the same command again; nothing was adopted")
        }
    }
}
