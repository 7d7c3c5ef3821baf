//! Files of a release on GitHub, taken from there to be published elsewhere.
//!
//! They have to be those that were released: the ledger of this checkout knows their digests, if the release
//! was made from here; else GitHub's own word counts, which is what it computed when they arrived.

use std::collections::BTreeMap;

use rhai::{Array, Dynamic};

use super::Call;
use super::chosen::Options;
use super::git;
use crate::diag::{Diagnostic, Outcome};
use crate::ledger;
use crate::model::effect::ReleaseAt;
use crate::remote::Trouble;
use crate::remote::published::{self, Found};
use crate::repo::Repo;

/// `github::download`.
pub(super) fn download(call: &mut Call<'_>) -> Outcome<Dynamic> {
    let cx = call.acting_body()?;
    let options = Options::of(call, 0, &["repository", "tag"])?;
    let repo = Repo::new(&cx.run.host, cx.run.root.clone());
    let here = || repo.head().and_then(|head| head.tags.first().cloned());
    let Some(tag) = options.text("tag")?.or_else(here) else {
        let wrong = Diagnostic::usage("it is not known which release to take files from");
        return Err(Box::new(
            wrong.hint("check its tag out, or name it: github::download(#{ tag: \"v1.0\" })"),
        ));
    };
    let (server, repository) = git::repository(&cx, &repo, options.text("repository")?);
    if repository.is_empty() {
        let wrong = Diagnostic::usage("it is not known which repository on GitHub this is");
        return Err(Box::new(
            wrong.hint("add it as the remote `origin`, or name it: `repository: \"owner/name\"`"),
        ));
    }
    let at = ReleaseAt { server, repository, tag };
    let listed = published::of_release(&cx.run.host, &at.repository, &at.tag, &cx.stop);
    let Some(files) = listed.map_err(|trouble| cannot(&at, trouble))? else {
        let wrong = Diagnostic::remote(format!("there is no release {}", at.shown()));
        return Err(Box::new(wrong.hint(
            "make the release first; a rehearsal does: `rel rehearse TASK --after \"TASK…\"`",
        )));
    };
    let released = ledger::put_at(&cx.run.state.join("ledger"), &at.page())?;
    are_released(&at, &files, &released.into_iter().collect())?;
    let mut paths = Array::new();
    for file in &files {
        let path = cx.out.join(&file.name);
        published::download(&cx.run.host, file, &path, &cx.stop)
            .map_err(|trouble| cannot(&at, trouble))?;
        cx.say(&format!("{} sha256 {}", file.name, file.sha256));
        paths.push(path.to_string_lossy().into_owned().into());
    }
    Ok(paths.into())
}

/// Makes sure that a release has exactly what was put there, if that is known here.
fn are_released(
    at: &ReleaseAt,
    files: &[Found],
    released: &BTreeMap<String, crate::model::artifact::Digest>,
) -> Outcome<()> {
    let wrong = |what: String| {
        Diagnostic::refused(format!("release {} {what}", at.shown()))
            .hint("find out who changed it; then make a new version: what was tested is not there any more")
    };
    if files.is_empty() {
        return Err(Box::new(wrong("has no files".into())));
    }
    if released.is_empty() {
        return Ok(());
    }
    for file in files {
        let name = &file.name;
        match released.get(name) {
            Some(digest) if digest.as_str() == file.sha256 => {}
            Some(digest) => {
                let wrong = wrong(format!("has other bytes in {name} than were released"));
                let wrong = wrong.note(format!("released: sha256 {digest}"));
                return Err(Box::new(wrong.note(format!("there:    sha256 {}", file.sha256))));
            }
            None => {
                return Err(Box::new(wrong(format!("has a file {name} that was not released"))));
            }
        }
    }
    match released.keys().find(|name| !files.iter().any(|file| file.name == **name)) {
        Some(name) => Err(Box::new(wrong(format!("lacks {name}, which was released")))),
        None => Ok(()),
    }
}

fn cannot(at: &ReleaseAt, trouble: Trouble) -> Box<Diagnostic> {
    let told = |why: String| {
        Diagnostic::remote(format!("cannot take files from release {}: {why}", at.shown()))
    };
    Box::new(match trouble {
        Trouble::Refused { reason, hint } => told(reason).hint(hint),
        Trouble::Unclear(why) | Trouble::Unsent(why) | Trouble::Later { reason: why, .. } => {
            told(why).hint("run the same command again")
        }
    })
}
