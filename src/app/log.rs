//! `rel log`: the runs of this project; one of them, with the output of what failed; its page.
//!
//! It changes nothing, holds nothing, and needs no Releasefile: a broken one does not matter.

use std::path::Path;
use std::sync::Arc;

use super::ledger;
use super::session::Done;
use crate::cli::LogOptions;
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::history;
use crate::host::{Host, fs};
use crate::repo::Repo;
use crate::report::{Output, clean, history as shown};

/// Lists the runs, or tells of one.
///
/// # Errors
/// There is no such run, or its record cannot be read.
pub(super) fn run(host: &Arc<Host>, output: Output, options: &LogOptions) -> Done {
    let state = Repo::new(host, ledger::root(host)).state().map_err(|wrong| vec![*wrong])?;
    let folder = state.join("runs");
    let ids = history::ids(&folder);
    if options.run.is_none() && !options.last_failed && options.html.is_none() {
        list(host, output, &folder, &ids);
        return Ok(Exit::OK);
    }
    let id = wanted(&folder, &ids, options).map_err(|wrong| vec![*wrong])?;
    let record = history::read(&folder, id).map_err(|wrong| vec![*wrong])?;
    match (&options.html, output) {
        (Some(path), _) => write(host, path, &shown::page::html(&record))?,
        (None, Output::Json) => host.out_json(shown::one_json(&record)),
        (None, _) => host.out(&clean::text(&shown::one(&record), false)),
    }
    Ok(Exit::OK)
}

fn list(host: &Host, output: Output, folder: &Path, ids: &[String]) {
    let runs: Vec<_> = ids.iter().map(|id| history::brief(folder, id)).collect();
    match output {
        Output::Json => host.out_json(shown::list_json(&runs)),
        _ => host.out(&clean::text(&shown::list(&runs), false)),
    }
}

/// The name of the run that is asked for.
fn wanted<'a>(folder: &Path, ids: &'a [String], options: &LogOptions) -> Outcome<&'a String> {
    let failed = |id: &&String| {
        history::brief(folder, id.as_str()).is_ok_and(|brief| brief.state.is_failed())
    };
    if options.last_failed {
        return ids.iter().find(failed).ok_or_else(|| {
            let wrong = Diagnostic::usage("none of the runs that are kept has failed");
            Box::new(wrong.hint("list them with `rel log`"))
        });
    }
    let word = options.run.as_deref().unwrap_or("1");
    let number = word.parse().ok().and_then(|number: usize| number.checked_sub(1));
    let found = ids.iter().find(|id| *id == word);
    found.or_else(|| ids.get(number?)).ok_or_else(|| {
        let kept = match ids.len() {
            0 => "none is kept yet".to_owned(),
            1 => "1 is kept".to_owned(),
            many => format!("{many} are kept"),
        };
        let wrong = Diagnostic::usage(format!("there is no run `{word}`: {kept}"));
        Box::new(wrong.hint("list them with `rel log`; 1 is the newest"))
    })
}

fn write(host: &Host, path: &Path, page: &str) -> Result<(), Vec<Diagnostic>> {
    let path = host.cwd.join(path);
    let failed = |error: std::io::Error| {
        let wrong = Diagnostic::machine(format!("cannot write {}: {error}", path.display()));
        vec![wrong.hint("name a file in a folder that you may write to")]
    };
    let page = host.env.masked(page);
    fs::replace_with(&path, |file| std::io::Write::write_all(file, page.as_bytes())).map_err(failed)
}
