//! A file with all that rules look at, read once.
//!
//! What cannot be read stays `None`, so that a fault is told by one rule and not by all that
//! build on it.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use pep440_rs::Version;

use super::Policy;
use super::members::{self, Archive, Member};
use crate::dist::filename::{self, DistName, Kind};
use crate::dist::metadata::{self, Metadata};
use crate::dist::{Invalid, MAX_METADATA};

/// What lies around a file.
#[derive(Debug, Default)]
pub struct Around<'a> {
    /// The names of all files that are checked along with it, its own too.
    pub siblings: Vec<&'a str>,
    /// Files of the checkout that git does not track, by their paths there; empty if there is none.
    pub untracked: BTreeSet<String>,
}

/// A file.
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    pub(super) size: u64,
    pub(super) parts: Result<DistName, Invalid>,
    pub(super) archive: Result<Archive, String>,
    /// The metadata, as far as there is a text of it.
    pub(super) metadata: Option<Result<Metadata, Invalid>>,
    pub(super) around: &'a Around<'a>,
    pub(super) policy: &'a Policy,
}

impl<'a> Subject<'a> {
    pub(super) fn new(
        name: &'a str,
        bytes: &[u8],
        around: &'a Around<'a>,
        policy: &'a Policy,
    ) -> Self {
        let archive = members::read(name, bytes);
        let mut subject = Self {
            name,
            size: bytes.len() as u64,
            parts: filename::parse(name),
            archive,
            metadata: None,
            around,
            policy,
        };
        subject.metadata =
            subject.metadata_text().map(|text| text.and_then(|text| metadata::parse(&text)));
        subject
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        let kinds = [(".whl", Kind::Wheel), (".tar.gz", Kind::Sdist)];
        kinds.iter().find(|(end, _)| self.name.ends_with(end)).map(|(_, kind)| *kind)
    }

    pub(super) fn is_wheel(&self) -> bool {
        self.kind() == Some(Kind::Wheel)
    }

    pub(super) fn is_sdist(&self) -> bool {
        self.kind() == Some(Kind::Sdist)
    }

    /// Members; none of an archive that cannot be read.
    pub(super) fn members(&self) -> &[Member] {
        self.archive.as_ref().map_or(&[], |archive| &archive.members)
    }

    /// Files and links, without folders.
    pub(super) fn files(&self) -> impl Iterator<Item = &Member> {
        self.members().iter().filter(|member| !member.is_folder())
    }

    /// The member of this name; of several the last, as installers have it.
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.files().filter(|member| member.name == name).last()
    }

    /// The text of a member that is kept, if it is UTF-8.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.member(name)?.text.as_deref()?).ok()
    }

    /// The `.dist-info` folder that goes with a wheel's name, taken literally.
    pub(super) fn dist_info(&self) -> String {
        let parts: Vec<&str> = self.name.splitn(3, '-').take(2).collect();
        format!("{}.dist-info", parts.join("-"))
    }

    /// The folder that all members of an sdist have in common; empty if there is none.
    pub(super) fn top(&self) -> String {
        let mut names = self.members().iter().map(|member| member.name.trim_end_matches('/'));
        let parts = |name: &'_ str| {
            name.split('/').filter(|part| *part != ".").map(str::to_owned).collect()
        };
        let mut top: Vec<String> = names.next().map(parts).unwrap_or_default();
        for name in names {
            let other: Vec<String> = parts(name);
            let same = top.iter().zip(&other).take_while(|(one, other)| one == other).count();
            top.truncate(same);
        }
        top.join("/")
    }

    /// Where the metadata has to be.
    pub(super) fn metadata_place(&self) -> String {
        if self.is_wheel() {
            return format!("{}/METADATA", self.dist_info());
        }
        format!("{}/PKG-INFO", self.top())
    }

    fn metadata_text(&self) -> Option<Result<String, Invalid>> {
        let member = self.member(&self.metadata_place())?;
        let bytes = member.text.clone();
        let rebuild = "save the readme as UTF-8 and rebuild";
        if member.size > MAX_METADATA {
            let message = format!("it is larger than {} MiB", MAX_METADATA >> 20);
            return Some(Err(Invalid::new(message, "shorten the long description of the project")));
        }
        let text = String::from_utf8(bytes?);
        Some(text.map_err(|_| Invalid::new("it is not UTF-8", rebuild)))
    }

    /// The metadata, if it can be read.
    pub(super) fn meta(&self) -> Option<&Metadata> {
        self.metadata.as_ref()?.as_ref().ok()
    }

    /// The value of a field, if it has one.
    pub(super) fn field(&self, name: &'static str) -> Option<&str> {
        self.fields(name).next()
    }

    /// The values of a field that are values.
    pub(super) fn fields<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        let values = self.meta().into_iter().flat_map(move |metadata| metadata.all(name));
        values.filter(|value| !metadata::is_absent(value))
    }

    /// The version of the metadata, if it is one.
    pub(super) fn version(&self) -> Option<Version> {
        Version::from_str(self.field("Version")?).ok()
    }
}
