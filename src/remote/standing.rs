//! How a project stands on a registry, for what has to be known before anything is sent there: whether
//! it is there and open, its files with their sizes, and when a version began. Only reads.
//!
//! Sources: PEP 691 and PEP 700 for files, PEP 792 for the project's status. A page in HTML tells neither
//! sizes nor times, and they are not guessed.

use super::status::why;
use super::{crates, oidc, pypi};
use crate::calendar;
use crate::dist::{filename, same_version};
use crate::host::Host;
use crate::host::net::host_of;
use crate::host::stop::Stop;
use crate::model::task::Index;

/// A project on an index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its status, if the index tells one: `active`, `archived`, `quarantined`, `deprecated`.
    pub status: Option<String>,
    /// Its files.
    pub files: Vec<Held>,
}

/// A file of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 in hex.
    pub sha256: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// When it was uploaded, in seconds since 1970.
    pub uploaded: Option<u64>,
}

impl Standing {
    /// The files of a version.
    pub fn of_version<'a>(&'a self, version: &'a str) -> impl Iterator<Item = &'a Held> {
        self.files.iter().filter(move |file| same_version(&file.version, version))
    }

    /// Whether the very bytes are there under this name.
    pub fn has(&self, name: &str, sha256: &str) -> bool {
        let same = |file: &&Held| file.name == name && file.sha256.as_deref() == Some(sha256);
        self.files.iter().any(|file| same(&file))
    }
}

/// How a project stands; `None` if the index has none of that name.
///
/// # Errors
/// Why the index cannot be asked.
pub fn python(
    host: &Host,
    index: &Index,
    project: &str,
    stop: &Stop,
) -> Result<Option<Standing>, String> {
    let project = filename::normalize(project);
    let login = pypi::login_for(host, index, &index.simple);
    let page = pypi::page(host, index, &project, login.as_ref(), stop).map_err(why)?;
    Ok(page.map(|page| Standing {
        status: page.status,
        files: page
            .files
            .into_iter()
            .filter_map(|file| {
                let version = filename::parse(&file.filename).ok()?.version;
                let uploaded = file.uploaded.as_deref().and_then(unix);
                let (name, sha256, size) = (file.filename, file.sha256, file.size);
                Some(Held { name, version, sha256, size, uploaded })
            })
            .collect(),
    }))
}

/// Whether there is a way to log in to crates.io: the run's identity, or a token.
pub fn crates_login(host: &Host) -> bool {
    crates_identity(host) || host.env.secret(crates::TOKEN).is_some()
}

/// Whether crates.io would be shown the run's identity.
pub fn crates_identity(host: &Host) -> bool {
    oidc::is_offered(host, &host_of(&host.endpoints.crates.api).unwrap_or_default())
}

/// The seconds since 1970 of an instant in UTC as RFC 3339 has it: `2026-01-02T03:04:05.678Z`.
fn unix(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, sign: char| -> Option<[u64; 3]> {
        let mut parts = text.split('.').next()?.split(sign).map(|part| part.parse().ok());
        Some([parts.next()??, parts.next()??, parts.next()??])
    };
    let ([year, month, day], [hour, minute, second]) = (numbers(date, '-')?, numbers(time, ':')?);
    calendar::unix([year, month, day, hour, minute, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_they_are_written() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-02T00:00:01.5Z", 86_401),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("2024-12-31T23:59:59.123456Z", 1_735_689_599),
            ("2026-11-21T17:09:03Z", 1_795_280_943),
        ] {
            assert_eq!(unix(text), Some(seconds), "{text}");
        }
        for text in ["", "2026-01-02", "2026-01-02T03:04:05+01:00", "1969-12-31T23:59:59Z"] {
            assert_eq!(unix(text), None, "{text}");
        }
    }

    #[test]
    fn a_file_is_there_only_with_its_name_and_its_bytes() {
        let held = |name: &str, version: &str, sha256: &str| Held {
            name: name.into(),
            version: version.into(),
            sha256: Some(sha256.into()),
            ..Held::default()
        };
        let files = vec![held("a-1.0.tar.gz", "1.0", "11"), held("a-2.0.tar.gz", "2.0", "22")];
        let standing = Standing { status: None, files };
        assert!(standing.has("a-1.0.tar.gz", "11"));
        assert!(!standing.has("a-1.0.tar.gz", "22") && !standing.has("a-3.0.tar.gz", "11"));
        let of: Vec<&str> = standing.of_version("1").map(|file| file.name.as_str()).collect();
        assert_eq!(of, ["a-1.0.tar.gz"]);
    }
}
