//! The file of the release before: found on the index that an effect goes to, downloaded, and checked
//! against the digest that the index tells.
//!
//! Only reads, and without a login: what is asked may stand in a file that somebody else wrote.

use std::cmp::Ordering;

use super::once::Once;
use super::{Trouble, crates, digest_reading, pypi};
use crate::dist::difference::predecessor;
use crate::dist::order::Scheme;
use crate::host::Host;
use crate::host::stop::Stop;
use crate::model::effect::{Effect, Listed};

/// The largest file that is downloaded, 1 GiB.
const MAX_SIZE: usize = 1 << 30;

/// A file of an earlier release.
pub struct Earlier {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// Looks for earlier files, and asks for each project once.
pub struct Search<'a> {
    host: &'a Host,
    stop: &'a Stop,
    listed: Once<Vec<Listed>>,
}

impl<'a> Search<'a> {
    /// Nothing is asked yet.
    pub fn new(host: &'a Host, stop: &'a Stop) -> Self {
        Self { host, stop, listed: Once::default() }
    }

    /// The file that the one of `effect` is the next release of; `None` if the index has none, or the
    /// effect goes to no index.
    ///
    /// # Errors
    /// The index cannot be asked, or gives other bytes than it says.
    pub fn before(&self, effect: &Effect) -> Result<Option<Earlier>, Trouble> {
        let (host, stop) = (self.host, self.stop);
        let (listed, version, name, scheme) = match effect {
            Effect::UploadPypi(upload) => {
                let (index, project) = (&upload.index, &upload.project);
                let ask = || {
                    let page = pypi::page(host, index, project, None, stop)?;
                    Ok(page.as_ref().map(pypi::Page::listed).unwrap_or_default())
                };
                let listed = self.listed.ask(format!("{}{project}/", index.simple), ask)?;
                (listed, &upload.version, upload.file.file_name(), Scheme::Pep440)
            }
            Effect::PublishCrate(publish) => {
                let ask = || crates::of_index(host, &publish.name, stop);
                let listed = self.listed.ask(publish.name.clone(), ask)?;
                (listed, &publish.version, publish.file.file_name(), Scheme::Semver)
            }
            _ => return Ok(None),
        };
        let is_older =
            |other: &&Listed| scheme.compare(&other.version, version) == Some(Ordering::Less);
        let older: Vec<&Listed> = listed.iter().filter(is_older).collect();
        let names: Vec<&str> = older.iter().map(|listed| listed.file.as_str()).collect();
        let found = predecessor(name, &names);
        let found = older.into_iter().find(|listed| Some(listed.file.as_str()) == found);
        found.map(|listed| self.download(listed)).transpose()
    }

    fn download(&self, listed: &Listed) -> Result<Earlier, Trouble> {
        let Some(sha256) = &listed.sha256 else {
            return Err(Trouble::Unclear(format!("no digest is told of {}", listed.file)));
        };
        let (mut bytes, mut size) = (Vec::new(), 0);
        let found = digest_reading(self.host, &listed.url, None, self.stop, |part| {
            size += part.len();
            if size <= MAX_SIZE {
                bytes.extend_from_slice(part);
            }
        })?;
        if size > MAX_SIZE {
            let message = format!("{} is larger than {} MiB", listed.file, MAX_SIZE >> 20);
            return Err(Trouble::Unclear(message));
        }
        if found != *sha256 {
            return Err(Trouble::Unclear(format!("{} came with other bytes", listed.file)));
        }
        Ok(Earlier { name: listed.file.clone(), bytes })
    }
}
