//! `rel verify`: whether files are signed by whom one expects. It needs no Releasefile and no account.
//!
//! What stands beside a file, or was named, all has to hold. Of what a store on GitHub has one has to:
//! others may put theirs there too. A file is never called verified unless somebody has said who has to
//! have signed it: the user, or the index by the publisher that it let the file in from.

mod material;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::session::{Done, listening};
use crate::attest::identity::{Expected, Repository};
use crate::attest::read::Given;
use crate::attest::verify::{self, Root, Why};
use crate::cli::{Signer, VerifyOptions};
use crate::diag::{Diagnostic, Exit, Kind};
use crate::host::{Host, fs};
use crate::report::verified::{self as tables, Checked, File};
use crate::report::{Output, clean};
use material::{Found, Target};

/// What files are judged by.
struct Judge {
    root: Root,
    /// Who has to have signed, if the user said so.
    expected: Option<Expected>,
}

/// Verifies files.
///
/// # Errors
/// What does not hold, is not there, or cannot be asked.
pub(super) fn run(host: &Arc<Host>, output: Output, options: &VerifyOptions) -> Done {
    let stop = listening(host)?;
    let judge = Judge {
        root: root(host, options.trusted_root.as_deref())?,
        expected: expected(host, options.signer.as_ref())?,
    };
    let place = material::place(host, options)?;
    let named = material::named(host, &options.attestations)?;
    let targets = material::targets(host, &options.files, place.as_ref(), &stop)?;
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    for target in &targets {
        let mut found = match options.attestations.as_slice() {
            [] => material::beside(target),
            _ => material::fitting(&named, target, targets.len()),
        };
        let asked = place.as_ref().map(|place| material::asked(host, place, target, &stop));
        let unanswered = match asked.transpose() {
            Ok(more) => {
                found.extend(more.unwrap_or_default());
                None
            }
            Err(_) if stop.fired() => {
                return Err(Diagnostic::new(Kind::Interrupted, stop.reason()).into());
            }
            Err(trouble) => Some(words::trouble(target, trouble)),
        };
        let file = judge.file(host, target, found, unanswered.is_none());
        wrong.extend(match unanswered {
            Some(unanswered) => vec![unanswered],
            None => words::wrong(&file, target, place.as_ref()),
        });
        files.push(file);
    }
    match output {
        Output::Json => host.out_json(tables::json(&files)),
        _ => host.out(&clean::text(&tables::text(&files), false)),
    }
    if wrong.is_empty() { Ok(Exit::OK) } else { Err(wrong) }
}

impl Judge {
    /// Checks all that was found for a file. It cannot be verified where not all could be `asked`.
    fn file(&self, host: &Host, target: &Target, found: Vec<Found>, asked: bool) -> File {
        let checked: Vec<Checked> =
            found.into_iter().map(|found| self.one(host, target, found)).collect();
        let held = |one: &Checked| one.outcome.is_ok();
        let verified =
            asked && checked.iter().any(held) && checked.iter().filter(|one| one.counts).all(held);
        let (name, sha256) = (target.shown.clone(), target.sha256.clone());
        File { name, sha256, verified, checked }
    }

    fn one(&self, host: &Host, target: &Target, found: Found) -> Checked {
        let Found { source, index, counts, given } = found;
        let given = match given {
            Ok(given) => given,
            Err(what) => {
                let outcome = Err(Why::unreadable(&what));
                return Checked { source, expected: None, counts, outcome };
            }
        };
        let by_index = || index.and_then(|index| Some((publisher(host, &given)?, index)));
        let (expected, because) = match (&self.expected, by_index()) {
            (Some(expected), _) => (Some(expected.clone()), String::new()),
            (None, Some((expected, index))) => {
                (Some(expected), format!(", the publisher that {index} names"))
            }
            (None, None) => (None, String::new()),
        };
        let file = verify::File { name: &target.name, sha256: &target.sha256 };
        let outcome = verify::verify(&self.root, file, &given, expected.as_ref());
        let expected = expected.map(|expected| format!("{}{because}", expected.words()));
        Checked { source, expected, counts, outcome }
    }
}

/// The publisher that an index names, if rel knows that kind.
fn publisher(host: &Host, given: &Given) -> Option<Expected> {
    let publisher = given.publisher.as_ref().filter(|publisher| publisher.kind == "GitHub")?;
    let workflow = Some(publisher.workflow.clone());
    Some(on_github(host, publisher.repository.clone(), workflow, None))
}

fn on_github(
    host: &Host,
    name: String,
    workflow: Option<String>,
    environment: Option<String>,
) -> Expected {
    let github = &host.endpoints.github;
    let (issuer, server) = (github.issuer.clone(), github.web.clone());
    Expected::Repository(Repository { issuer, server, name, workflow, environment })
}

fn expected(host: &Host, signer: Option<&Signer>) -> Result<Option<Expected>, Diagnostic> {
    Ok(match signer {
        None => None,
        Some(Signer::Identity { name, issuer }) => {
            Some(Expected::Identity { name: name.clone(), issuer: issuer.clone() })
        }
        Some(Signer::Repository { name, workflow, environment }) => {
            let part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            let is_name = name.split_once('/').is_some_and(|(owner, name)| {
                [owner, name].iter().all(|text| !text.is_empty() && text.chars().all(part))
            });
            if !is_name {
                let wrong = Diagnostic::usage(format!("`{name}` is no repository"));
                return Err(wrong.hint("give it as `--repository OWNER/NAME`"));
            }
            if workflow.as_ref().is_some_and(|file| file.contains('/')) {
                let wrong = Diagnostic::usage("a workflow is given by its file name alone");
                return Err(wrong.hint("leave out the folder: `--workflow release.yml`"));
            }
            Some(on_github(host, name.clone(), workflow.clone(), environment.clone()))
        }
    })
}

fn root(host: &Host, file: Option<&Path>) -> Result<Root, Diagnostic> {
    let Some(file) = file else {
        let unusable = |why| Diagnostic::machine(format!("the public root cannot be used: {why}"));
        return Root::public().map_err(unusable);
    };
    let path: PathBuf = host.cwd.join(file);
    let shown = file.display();
    let text = fs::read_plain_text(&path).map_err(|error| {
        Diagnostic::usage(format!("the trusted root {shown} cannot be read: {error}"))
    })?;
    Root::from_json(&text).map_err(|why| {
        let wrong = Diagnostic::usage(format!("{shown} is no trusted root: {why}"));
        wrong.hint("give a `trusted_root.json` as Sigstore's clients keep it")
    })
}
