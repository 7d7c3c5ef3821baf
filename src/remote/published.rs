//! Files of a release as a place has them, to be taken from there: only reads, and what comes has to have
//! the digest that the place tells.
//!
//! Sources: PEP 691 for an index, <https://doc.rust-lang.org/cargo/reference/registry-index.html> for
//! crates, <https://docs.github.com/rest/releases/assets> for a release on GitHub.

use std::io::{self, Write as _};
use std::path::Path;

use super::github::look::{Fits, Look};
use super::{Trouble, crates, digest_reading, pypi};
use crate::dist::filename;
use crate::host::net::{Login, same_origin};
use crate::host::stop::Stop;
use crate::host::{Host, fs};
use crate::model::effect::Listed;
use crate::model::task::Index;
use crate::status::{File, name};

/// A file that a place has.
pub struct Found {
    /// Its name.
    pub name: String,
    /// Its SHA-256 in hex.
    pub sha256: String,
    /// Where it is.
    url: String,
    /// What the place wants to know of who reads.
    login: Option<Login>,
}

/// A name that others wrote has to be one of a file, and nothing that leads elsewhere.
fn found(listed: Listed, login: Option<Login>) -> Result<Found, Trouble> {
    let Listed { file: name, sha256, url, .. } = listed;
    if name.starts_with('.') || name.contains(['/', '\\']) {
        return Err(Trouble::Unclear(format!("`{}` is no name of a file", name.escape_debug())));
    }
    let sha256 = sha256.ok_or_else(|| Trouble::Refused {
        reason: format!("no digest is told of {name}"),
        hint: "download the file, see that it is the right one, and adopt it by its path".into(),
    })?;
    Ok(Found { name, sha256: sha256.to_ascii_lowercase(), url, login })
}

/// What an index has of a version.
///
/// # Errors
/// It cannot be asked, or does not tell a digest.
pub fn on_index(
    host: &Host,
    index: &Index,
    project: &str,
    version: &str,
    stop: &Stop,
) -> Result<Vec<Found>, Trouble> {
    let project = filename::normalize(project);
    // What public indexes have is public.
    let login = || match host.endpoints.index(&index.name) {
        Some(_) => None,
        None => pypi::login_for(host, index, &index.simple),
    };
    let page = pypi::page(host, index, &project, login().as_ref(), stop)?;
    let all = page.as_ref().map(pypi::Page::listed).unwrap_or_default();
    let of = all.into_iter().filter(|listed| name::same(&listed.version, version));
    of.map(|listed| {
        let login = login().filter(|_| same_origin(&listed.url, &index.simple));
        found(listed, login)
    })
    .collect()
}

/// What crates.io has of a version.
///
/// # Errors
/// It cannot be asked.
pub fn on_crates(
    host: &Host,
    krate: &str,
    version: &str,
    stop: &Stop,
) -> Result<Vec<Found>, Trouble> {
    let all = crates::of_index(host, krate, stop)?;
    let of = all.into_iter().filter(|listed| name::same(&listed.version, version));
    of.map(|listed| found(listed, None)).collect()
}

/// The wheels, sdists and crates of a release on GitHub. What a draft has can only be had by its makers.
///
/// # Errors
/// It cannot be asked, or the release is a draft.
pub fn on_github(
    host: &Host,
    repository: &str,
    tag: Option<&str>,
    fits: Fits<'_>,
    stop: &Stop,
) -> Result<Vec<Found>, Trouble> {
    let hub = Look::new(host, repository, stop).release(tag, fits)?;
    let Some(release) = hub.release else { return Ok(Vec::new()) };
    if release.draft {
        return Err(Trouble::Refused {
            reason: format!(
                "release {} is a draft, whose files have no public address",
                release.tag
            ),
            hint: format!(
                "`gh release download {}`, then adopt the files by their paths",
                release.tag
            ),
        });
    }
    let is_dist = |name: &str| name.ends_with(".crate") || filename::parse(name).is_ok();
    let whole = release.files.iter().filter(|file| !file.half && is_dist(&file.name));
    whole.map(|file| attached(host, repository, &release.tag, file)).collect()
}

/// All files of the public release of a tag; `None` if there is no such release.
///
/// # Errors
/// It cannot be asked, the release is a draft, or one of its files is not whole.
pub fn of_release(
    host: &Host,
    repository: &str,
    tag: &str,
    stop: &Stop,
) -> Result<Option<Vec<Found>>, Trouble> {
    let hub = Look::new(host, repository, stop).release(Some(tag), &|found| found == tag)?;
    let Some(release) = hub.release else { return Ok(None) };
    if release.draft {
        return Err(Trouble::Refused {
            reason: "it is a draft, whose files have no public address".into(),
            hint: format!("look at it, and make it public: `gh release edit {tag} --draft=false`"),
        });
    }
    if let Some(half) = release.files.iter().find(|file| file.half) {
        return Err(Trouble::Refused {
            reason: format!("the upload of {} broke off", half.name),
            hint: "run the command again that made the release: it replaces what is not whole"
                .into(),
        });
    }
    let files = release.files.iter().map(|file| attached(host, repository, tag, file));
    files.collect::<Result<Vec<_>, _>>().map(Some)
}

/// A file of a release, with its public address.
fn attached(host: &Host, repository: &str, tag: &str, file: &File) -> Result<Found, Trouble> {
    let (web, name) = (&host.endpoints.github.web, &file.name);
    let url = format!("{web}/{repository}/releases/download/{tag}/{name}");
    let (version, file, sha256) = (String::new(), file.name.clone(), file.sha256.clone());
    found(Listed { version, file, sha256, url }, None)
}

/// Downloads a file, and checks its digest.
///
/// # Errors
/// It cannot be had, has other bytes than the place says, or the disk fails.
pub fn download(host: &Host, file: &Found, to: &Path, stop: &Stop) -> Result<(), Trouble> {
    let mut came = Ok(String::new());
    let write = |disk: &mut std::fs::File| -> io::Result<()> {
        let mut written = Ok(());
        came = digest_reading(host, &file.url, file.login.as_ref(), stop, |part| {
            if written.is_ok() {
                written = disk.write_all(part);
            }
        });
        written
    };
    fs::replace_with(to, write)
        .map_err(|error| Trouble::Unsent(format!("{} cannot be written: {error}", file.name)))?;
    match came? {
        sha256 if sha256 == file.sha256 => Ok(()),
        _ => Err(Trouble::Unclear(format!("{} came with other bytes", file.name))),
    }
}
