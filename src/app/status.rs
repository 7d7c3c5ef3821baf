//! `rel status`: where a release stands, read from every place that may have it. It sends nothing, and
//! needs neither a Releasefile nor an account.
//!
//! What to look for comes from the folder: its name from `pyproject.toml` or `Cargo.toml`, its version from
//! the tag of HEAD, else the newest that is out. `asked` does the asking, `status::judge` the thinking.

mod asked;
mod here;

use std::sync::Arc;

use super::session::{Done, listening};
use crate::diag::{Diagnostic, Exit, Kind};
use crate::host::Host;
use crate::report::{Output, clean, status as tables};
use crate::status::name::{self, Names};
use crate::status::{self, Listed, Place, Told, Verdict};
use asked::Asker;
use here::Here;

/// What to look for.
struct Wanted {
    names: Names,
    version: Option<String>,
    /// Whether it is the project of this folder.
    own: bool,
}

/// Shows how a release stands.
///
/// # Errors
/// It is not known what to look for, or the ledger here cannot be read.
pub(super) fn run(host: &Arc<Host>, output: Output, release: Option<&str>) -> Done {
    let stop = listening(host)?;
    let here = Here::look(host);
    let wanted = wanted(&here, release)?;
    let own = wanted.own.then_some(&here);
    let asker = Asker { host, stop: &stop, names: &wanted.names, here: own };
    let listed = asker.registries(wanted.version.as_deref());
    let version = match wanted.version.clone() {
        Some(version) => version,
        None => newest(&wanted, &listed)?,
    };
    let mut facts = asker.facts(&listed, &version);
    asker.repository(&mut facts);
    if let Some(here) = own {
        here.remember(host, &mut facts).map_err(|wrong| vec![*wrong])?;
    }
    if stop.fired() {
        return Err(Diagnostic::new(Kind::Interrupted, stop.reason()).into());
    }
    let judged = status::judge(&facts);
    match output {
        Output::Json => host.out_json(tables::json(&facts, &judged)),
        _ => host.out(&clean::text(&tables::text(&facts, &judged), false)),
    }
    Ok(match judged.verdict {
        Verdict::Agree => Exit::OK,
        Verdict::Unfinished => Exit::REFUSED,
        Verdict::Unknown => Exit::REMOTE,
    })
}

/// What the words and the folder say.
///
/// # Errors
/// No name is known, or it is none.
fn wanted(here: &Here<'_>, release: Option<&str>) -> Result<Wanted, Diagnostic> {
    let Some(release) = release else {
        if here.names.first().is_none() {
            let wrong = Diagnostic::usage(
                "no project is here: neither pyproject.toml nor Cargo.toml names one",
            );
            return Err(wrong.hint("name it: `rel status NAME==VERSION`"));
        }
        let version = here.version();
        return Ok(Wanted { names: here.names.clone(), version, own: true });
    };
    let (name, version) = match release.split_once("==") {
        Some((name, version)) => (name.trim(), Some(version.trim())),
        None => (release.trim(), None),
    };
    if !name::is_name(name) || version.is_some_and(str::is_empty) {
        let wrong = Diagnostic::usage(format!("`{release}` is no release"));
        return Err(wrong.hint("write it NAME==VERSION, such as `demo==1.0`"));
    }
    let own = here.names.are(name);
    let both = Names { python: Some(name.to_owned()), krate: Some(name.to_owned()) };
    let names = if own { here.names.clone() } else { both };
    Ok(Wanted { names, version: version.map(str::to_owned), own })
}

/// The newest version that any registry has.
///
/// # Errors
/// None has any, or could be asked.
fn newest(wanted: &Wanted, listed: &[(Place, Told<Listed>)]) -> Result<String, Diagnostic> {
    let project = wanted.names.first().unwrap_or_default();
    // What is only tried out on TestPyPI is not out.
    let out = listed.iter().filter(|(place, _)| *place != Place::Testpypi);
    let held = |told: &'_ Told<Listed>| told.held().cloned().unwrap_or_default();
    let all: Vec<Listed> = out.map(|(_, told)| held(told)).collect();
    let offered = name::newest(all.iter().flat_map(Listed::offered));
    if let Some(version) = offered.or_else(|| name::newest(all.iter().flat_map(Listed::versions))) {
        return Ok(version.to_owned());
    }
    let counts = listed.iter().filter(|(place, _)| *place != Place::Testpypi);
    let silent = counts.into_iter().find_map(|(place, told)| match told {
        Told::Unknown(why) => Some((place, why)),
        Told::Holds(_) => None,
    });
    let hint = format!("name the version: `rel status {project}==VERSION`");
    Err(match silent {
        Some((place, why)) => {
            let place = place.name();
            Diagnostic::remote(format!("{place} could not be asked for {project}: {why}"))
                .hint(hint)
        }
        None => {
            let wrong = Diagnostic::refused(format!("no version of {project} is out"));
            wrong.note("HEAD has no tag that names one").hint(hint)
        }
    })
}
