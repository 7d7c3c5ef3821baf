//! `rel ci lint`: judges workflows of GitHub Actions that were written by hand. It needs no Releasefile.
//!
//! Only files are read: the named workflows, those beside them, and `pyproject.toml`, which tells whether the
//! version comes from git. Turned down: asking GitHub for the repository's settings, for which one would need
//! a login; what they may hold is said in the findings.

use std::path::{Path, PathBuf};

use super::session::Done;
use crate::cli::LintOptions;
use crate::diag::{Diagnostic, Exit};
use crate::host::endpoints::Endpoints;
use crate::host::net::host_of;
use crate::host::{Host, fs};
use crate::model::event::{Event, Events};
use crate::report::{Output, lint as tables, sarif};
use crate::workflow::{self, FOLDER, File, Finding, Level, Project};

/// Judges workflows.
///
/// # Errors
/// There are none, or they cannot be read.
pub(super) fn run(host: &Host, output: Output, events: &Events, options: &LintOptions) -> Done {
    let (root, named) = chosen(host, &options.files)?;
    let files = read(host, &named)?;
    let judged = |path: &PathBuf| named.iter().any(|known| same(host, known, path));
    let beside: Vec<PathBuf> = workflows(&root).into_iter().filter(|path| !judged(path)).collect();
    // One that is not asked for may be broken: it is no part of the answer.
    let beside: Vec<File> = beside
        .iter()
        .filter_map(|path| read(host, std::slice::from_ref(path)).ok())
        .flatten()
        .collect();
    let findings = workflow::lint(&files, &beside, &project(&root, &host.endpoints))?;
    if let Some(path) = &options.sarif {
        write_sarif(host, path, &repository(&root), &findings)?;
    }
    let to_stdout = options.sarif.as_deref() == Some(Path::new("-"));
    match output {
        Output::Json if !to_stdout => {
            let names: Vec<String> = named.iter().map(|path| shown(host, path)).collect();
            host.out_json(tables::json(&findings, &names));
        }
        Output::Json => {}
        _ => {
            show(events, &findings, options.strict);
            let line = tables::line(&findings, named.len());
            if to_stdout { host.err(&line) } else { host.out(&line) }
        }
    }
    let fails = |finding: &Finding| options.strict || finding.level == Level::Error;
    Ok(if findings.iter().any(fails) { Exit::REFUSED } else { Exit::OK })
}

fn show(events: &Events, findings: &[Finding], strict: bool) {
    for finding in findings {
        let diagnostic = Box::new(finding.diagnostic.clone());
        events.emit(match finding.level {
            Level::Warning if !strict => Event::Warning { diagnostic },
            _ => Event::Error { diagnostic },
        });
    }
}

fn write_sarif(
    host: &Host,
    path: &Path,
    repository: &Path,
    findings: &[Finding],
) -> Result<(), Diagnostic> {
    let real = |path: &Path| fs::real(path).unwrap_or_else(|_| path.to_owned());
    let repository = real(repository);
    let log = sarif::log(findings, |name| {
        let file = real(&host.cwd.join(name));
        file.strip_prefix(&repository)
            .map_or_else(|_| name.to_owned(), |path| path.display().to_string())
    });
    if path == Path::new("-") {
        host.out_json(log);
        return Ok(());
    }
    let text = format!("{}\n", host.env.masked_json(log));
    fs::replace(&host.cwd.join(path), &text).map_err(|error| {
        Diagnostic::machine(format!("cannot write {}: {error}", path.display()))
            .hint("give a file in a folder that exists and may be written to")
    })
}

/// The repository's folder, and the workflows to judge.
fn chosen(host: &Host, files: &[PathBuf]) -> Result<(PathBuf, Vec<PathBuf>), Diagnostic> {
    if let Some(first) = files.first() {
        let first = host.cwd.join(first);
        let first = fs::real(&first).unwrap_or(first);
        let inside = first.parent().filter(|folder| folder.ends_with(FOLDER));
        let root = inside.and_then(|folder| folder.ancestors().nth(2)).unwrap_or(&host.cwd);
        return Ok((root.to_owned(), files.iter().map(|file| host.cwd.join(file)).collect()));
    }
    found_above(&host.cwd).filter(|(_, files)| !files.is_empty()).ok_or_else(|| {
        Diagnostic::usage(format!("no workflows in `{FOLDER}` here or above"))
            .hint("go to a repository with workflows, or name files: `rel ci lint FILE…`")
    })
}

/// The nearest folder, here or above, that has workflows, and these.
pub(super) fn found_above(start: &Path) -> Option<(PathBuf, Vec<PathBuf>)> {
    let root = start.ancestors().find(|folder| fs::is_dir(&folder.join(FOLDER)))?;
    Some((root.to_owned(), workflows(root)))
}

/// The repository around a folder: what code scanning takes paths from.
fn repository(folder: &Path) -> PathBuf {
    let above = folder.ancestors().find(|above| fs::exists(&above.join(".git")));
    above.unwrap_or(folder).to_owned()
}

fn workflows(root: &Path) -> Vec<PathBuf> {
    let folder = root.join(FOLDER);
    let mut names = fs::names(&folder);
    names.sort();
    let yaml = |name: &String| name.ends_with(".yml") || name.ends_with(".yaml");
    names.iter().filter(|name| yaml(name)).map(|name| folder.join(name)).collect()
}

fn same(host: &Host, one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::real(&host.cwd.join(path)).ok();
    real(one).is_some() && real(one) == real(other)
}

fn read(host: &Host, paths: &[PathBuf]) -> Result<Vec<File>, Vec<Diagnostic>> {
    let (mut files, mut wrong) = (Vec::new(), Vec::new());
    for path in paths {
        let name = shown(host, path);
        let file = fs::read_plain_text(path).map_err(|error| {
            Diagnostic::usage(format!("{name} cannot be read: {error}"))
                .hint("give the paths of workflows")
        });
        match file.and_then(|text| File::read(&name, &text).map_err(|wrong| *wrong)) {
            Ok(file) => files.push(file),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if wrong.is_empty() { Ok(files) } else { Err(wrong) }
}

/// A path as it is shown: from where rel was started, where it lies below that.
fn shown(host: &Host, path: &Path) -> String {
    path.strip_prefix(&host.cwd).unwrap_or(path).display().to_string()
}

fn project(root: &Path, endpoints: &Endpoints) -> Project {
    let pyproject = fs::read_plain_text(&root.join("pyproject.toml")).unwrap_or_default();
    let host = |address: &str| host_of(address).unwrap_or_default();
    // Files are sent to another host of the same name than that from which they are read.
    let pypi = host(&endpoints.pypi.simple);
    Project {
        history: workflow::version_source(&pyproject),
        pypi,
        testpypi: host(&endpoints.testpypi.simple),
    }
}
