//! `rel dist`: whether PyPI would take files, and what is in them. It needs no Releasefile and asks nobody.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::session::Done;
use crate::cli::{DistCheck, DistOptions};
use crate::diag::{Diagnostic, Exit};
use crate::dist::Invalid;
use crate::dist::check::{self, Around, Level, MAX_FILE, Policy, Wishes};
use crate::dist::contents::{Form, Member, members};
use crate::dist::difference::{between, predecessor};
use crate::host::{Host, fs};
use crate::repo::Repo;
use crate::report::dist::{self as tables, Checked, Listed};
use crate::report::{Output, clean};

/// Checks or lists.
///
/// # Errors
/// A file that cannot be read, a wish that is none, or a file that PyPI would refuse.
pub(super) fn run(host: &Arc<Host>, output: Output, options: DistOptions) -> Done {
    match options {
        DistOptions::Check(options) => check(host, output, options),
        DistOptions::List(files, against) => list(host, output, &files, &against),
        DistOptions::Rules => {
            match output {
                Output::Json => host.out_json(tables::rules_json(check::rules())),
                _ => host.out(&tables::rules(check::rules())),
            }
            Ok(Exit::OK)
        }
    }
}

fn check(host: &Arc<Host>, output: Output, options: DistCheck) -> Done {
    let DistCheck { files, max_size, forbid, warn, stop, allow } = options;
    let wishes = Wishes { max_size, forbid, warn, stop, allow };
    let policy = Policy::new(&wishes).map_err(|wrong| usage(&wrong))?;
    let files = named(host, &files)?;
    let sdists = files.iter().any(|file| file.name.ends_with(".tar.gz"));
    let untracked = if sdists { Repo::new(host, host.cwd.clone()).untracked() } else { Vec::new() };
    let around = Around {
        siblings: files.iter().map(|file| file.name.as_str()).collect(),
        untracked: untracked.into_iter().collect(),
    };
    let mut all = Vec::new();
    for file in &files {
        let bytes =
            fs::read(&file.path).map_err(|error| unreadable(&file.shown, &error.to_string()))?;
        let findings = check::check(&file.name, &bytes, &around, &policy);
        all.push(Checked { name: file.shown.clone(), size: bytes.len() as u64, findings });
    }
    match output {
        Output::Json => host.out_json(tables::checked_json(&all)),
        _ => host.out(&clean::text(&tables::checked(&all), false)),
    }
    let bad: Vec<&Checked> = all.iter().filter(|file| file.count(Level::Error) > 0).collect();
    if bad.is_empty() {
        return Ok(Exit::OK);
    }
    let names: Vec<&str> = bad.iter().map(|file| file.name.as_str()).collect();
    let message = format!("not to be uploaded: {}", names.join(", "));
    Err(Diagnostic::refused(message).hint("mend what is listed as an error, and build anew").into())
}

fn list(host: &Arc<Host>, output: Output, files: &[PathBuf], against: &[PathBuf]) -> Done {
    let (files, against) = (named(host, files)?, named(host, against)?);
    let older: Vec<&str> = against.iter().map(|file| file.name.as_str()).collect();
    let mut all = Vec::new();
    for file in &files {
        let (form, members) = inside(file)?;
        let before = predecessor(&file.name, &older);
        let before = against.iter().find(|other| Some(other.name.as_str()) == before);
        let since = match before {
            Some(other) => Some((other.shown.clone(), between(form, &inside(other)?.1, &members))),
            None if against.is_empty() => None,
            None => {
                let wrong = Diagnostic::usage(format!("none of them comes before {}", file.shown));
                return Err(wrong
                    .hint("give files of the same project and kind with `--against`")
                    .into());
            }
        };
        all.push(Listed { name: file.shown.clone(), members, since });
    }
    match output {
        Output::Json => host.out_json(tables::listed_json(&all)),
        _ => host.out(&clean::text(&tables::listed(&all), false)),
    }
    Ok(Exit::OK)
}

/// A file that was named.
struct Named {
    shown: String,
    name: String,
    path: PathBuf,
}

/// The files of a command line.
fn named(host: &Host, files: &[PathBuf]) -> Result<Vec<Named>, Vec<Diagnostic>> {
    let (mut all, mut wrong) = (Vec::new(), Vec::new());
    for file in files {
        let (shown, path) = (file.display().to_string(), host.cwd.join(file));
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        match name.filter(|_| fs::is_file(&path)) {
            None => {
                let found = Diagnostic::usage(format!("there is no file {shown}"));
                wrong.push(found.hint("give the paths of files, such as `dist/*`"));
            }
            Some(_) if is_huge(&path) => {
                let found = Diagnostic::refused(format!("{shown} is larger than 1 GiB"));
                wrong.push(
                    found.hint("leave out what users can do without: no index takes such a file"),
                );
            }
            Some(name) => all.push(Named { shown, name, path }),
        }
    }
    if wrong.is_empty() { Ok(all) } else { Err(wrong) }
}

fn is_huge(path: &Path) -> bool {
    fs::size(path).is_ok_and(|size| size > MAX_FILE)
}

fn inside(file: &Named) -> Result<(Form, Vec<Member>), Vec<Diagnostic>> {
    let Some(form) = Form::of(&file.name) else {
        let wrong = Diagnostic::usage(format!("{} is no archive that rel can list", file.shown));
        return Err(wrong.hint("give wheels, sdists or crates").into());
    };
    let opened =
        fs::open(&file.path).map_err(|error| unreadable(&file.shown, &error.to_string()))?;
    let members = members(form, BufReader::new(opened));
    let members = members.map_err(|wrong| unreadable(&file.shown, &wrong.message))?;
    Ok((form, members))
}

fn unreadable(shown: &str, why: &str) -> Vec<Diagnostic> {
    let wrong = Diagnostic::usage(format!("cannot read {shown}: {why}"));
    wrong.hint("give a file that is whole, and that you may read").into()
}

fn usage(wrong: &Invalid) -> Diagnostic {
    Diagnostic::usage(&wrong.message).hint(&wrong.hint)
}
