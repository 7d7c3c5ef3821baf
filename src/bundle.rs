//! Bundles: what a release consists of, in one file that another machine takes.
//!
//! A tar archive (POSIX.1-2001): `bundle.json` names every other member with its digest; then the plan, the
//! seal, the ledger, that of notices, each artifact in its own folder by digest, what was signed, and commits that
//! tasks made. Its own digest is for whoever hands it over: a bundle that was changed is another bundle. What it calls
//! things becomes names of files where it is taken, so each such name is looked at. Pure but for the files it is given.
//! Turned down: copying the state's folder, which holds more than one release and paths of one machine.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tar::Archive;

use crate::archive::{self, Entry};
use crate::host::fs;
use crate::model::artifact::{Artifact, Digest};
use crate::model::effect::{Predicate, Release};

/// Version of the format.
const VERSION: u32 = 1;
const MANIFEST: &str = "bundle.json";
/// The member with the commits of the stage, as a bundle of git's.
pub const COMMITS: &str = "commits.bundle";
/// The member with the plan.
pub const PLAN: &str = "plan.json";
/// The member with the seal.
pub const SEAL: &str = "seal.json";
/// The member with the ledger.
pub const LEDGER: &str = "ledger.jsonl";
/// The member with the ledger of notices.
pub const NOTICES: &str = "notices.jsonl";
const STORE: &str = "store/";
/// Artifacts that may be executed: the same bytes under the same name may stand in both.
const PROGRAMS: &str = "programs/";
const SIGNED: &str = "signed/";
/// The longest manifest that is read, 64 MiB.
const LONGEST: u64 = 64 << 20;

/// What a bundle says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    v: u32,
    /// Version of rel that made it.
    pub rel: String,
    /// The release that it belongs to.
    pub release: Release,
    /// The commit's time, in seconds since 1970.
    pub time: u64,
    /// Digest of the plan that it is bound to.
    pub plan: Option<Digest>,
    /// Every other member.
    members: BTreeMap<String, Member>,
}

/// What every format has.
#[derive(Deserialize)]
struct Head {
    v: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Member {
    sha256: Digest,
    size: u64,
    executable: bool,
}

/// What goes into a bundle, or came out of one.
#[derive(Debug, Default)]
pub struct Contents {
    /// The plan's text.
    pub plan: Option<String>,
    /// The seal's text.
    pub seal: Option<String>,
    /// The ledger's text.
    pub ledger: Option<String>,
    /// That of the ledger of notices.
    pub notices: Option<String>,
    /// Artifacts: where each lies.
    pub artifacts: Vec<(Artifact, PathBuf)>,
    /// Where the commits of its stage lie, if there is one.
    pub commits: Option<PathBuf>,
    /// What was signed, by the name of its file: where each lies.
    pub signed: BTreeMap<String, PathBuf>,
}

/// Where an artifact stands in a bundle.
fn place(artifact: &Artifact) -> String {
    let root = if artifact.executable { PROGRAMS } else { STORE };
    format!("{root}{}/{}", artifact.sha256, artifact.file_name())
}

/// The names under which what was signed for a file is kept.
pub fn signed_names(sha256: &Digest) -> impl Iterator<Item = String> + use<> {
    let stem = sha256.to_string();
    Predicate::ALL.into_iter().map(move |predicate| format!("{stem}.{}.json", predicate.name()))
}

/// Writes a bundle; `time` is in seconds since 1970. Gives its digest.
///
/// # Errors
/// A file cannot be read, or `to` not written.
pub fn write(to: &Path, release: &Release, contents: &Contents, time: u64) -> io::Result<Digest> {
    let mut parts: BTreeMap<String, (Member, Part)> = BTreeMap::new();
    let texts = [
        (PLAN, &contents.plan),
        (SEAL, &contents.seal),
        (LEDGER, &contents.ledger),
        (NOTICES, &contents.notices),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            let part = Part::Text(text.clone());
            parts.insert(name.to_owned(), (member_of(text.as_bytes()), part));
        }
    }
    if let Some(path) = &contents.commits {
        let fs::Digests { sha256, size, .. } = fs::digests(path)?;
        let member = Member { sha256, size, executable: false };
        parts.insert(COMMITS.to_owned(), (member, Part::At(path.clone())));
    }
    for (artifact, path) in &contents.artifacts {
        let Artifact { sha256, size, executable, .. } = artifact;
        let member = Member { sha256: sha256.clone(), size: *size, executable: *executable };
        parts.insert(place(artifact), (member, Part::At(path.clone())));
    }
    for (name, path) in &contents.signed {
        let text = fs::read_text(path)?;
        parts.insert(format!("{SIGNED}{name}"), (member_of(text.as_bytes()), Part::Text(text)));
    }
    let manifest = Manifest {
        v: VERSION,
        rel: env!("CARGO_PKG_VERSION").into(),
        release: release.clone(),
        time,
        plan: contents.plan.as_ref().map(|text| Digest::of(text.as_bytes())),
        members: parts.iter().map(|(name, (member, _))| (name.clone(), member.clone())).collect(),
    };
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
    let manifest = (member_of(text.as_bytes()), Part::Text(text));
    let all = parts.into_iter().chain([(MANIFEST.to_owned(), manifest)]);
    let entries = all.map(|(name, (member, part))| Entry {
        name,
        size: member.size,
        executable: member.executable,
        content: Content::of(part),
    });
    let entries: Vec<_> = entries.collect();
    fs::replace_with(to, |file| archive::tar(BufWriter::new(file), entries, time))?;
    Ok(fs::digests(to)?.sha256)
}

fn member_of(bytes: &[u8]) -> Member {
    Member { sha256: Digest::of(bytes), size: bytes.len() as u64, executable: false }
}

enum Part {
    Text(String),
    At(PathBuf),
}

/// What is read; a file is opened when its turn comes, since there may be many.
enum Content {
    Text(Cursor<String>),
    Closed(PathBuf),
    Open(File),
}

impl Content {
    fn of(part: Part) -> Self {
        match part {
            Part::Text(text) => Self::Text(Cursor::new(text)),
            Part::At(path) => Self::Closed(path),
        }
    }
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Self::Closed(path) = self {
            *self = Self::Open(fs::open(path)?);
        }
        match self {
            Self::Text(text) => text.read(into),
            Self::Open(file) => file.read(into),
            Self::Closed(_) => Ok(0),
        }
    }
}

/// A bundle that was read, each member checked against what the bundle says of it.
#[derive(Debug)]
pub struct Opened {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Text members by name.
    texts: BTreeMap<String, String>,
    /// Where the others were put, by name.
    files: BTreeMap<String, PathBuf>,
}

/// Whether a file is a bundle, of whatever format, and whether or not it may be taken.
pub fn is_one(path: &Path) -> bool {
    said(path).is_ok()
}

/// What the bundle in a file says of itself.
///
/// # Errors
/// It is no bundle, one of another format, or of a release that cannot be: why.
pub fn manifest(path: &Path) -> Result<Manifest, String> {
    let said = said(path)?;
    let head: Head = serde_json::from_str(&said).map_err(no_bundle)?;
    if head.v != VERSION {
        return Err(format!("it has format {}, and this rel reads format {VERSION}", head.v));
    }
    let manifest: Manifest = serde_json::from_str(&said).map_err(no_bundle)?;
    // The commit is the name of its seal and its ledger where it is taken.
    if !manifest.release.has_commit() {
        return Err("it belongs to no commit".into());
    }
    Ok(manifest)
}

/// The text in which it does.
fn said(path: &Path) -> Result<String, String> {
    let mut archive = Archive::new(BufReader::new(fs::open(path).map_err(failed)?));
    for entry in archive.entries().map_err(no_bundle)? {
        let entry = entry.map_err(no_bundle)?;
        if entry.path_bytes().as_ref() != MANIFEST.as_bytes() {
            continue;
        }
        let mut said = String::new();
        entry.take(LONGEST).read_to_string(&mut said).map_err(no_bundle)?;
        return Ok(said);
    }
    Err("it is no bundle: nothing in it says what it holds".into())
}

fn failed(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn no_bundle(error: impl std::fmt::Display) -> String {
    format!("it is no bundle: {error}")
}

/// Unpacks a bundle into `folder`, under names of its own making.
///
/// # Errors
/// A member is not what the bundle says of it, is not one of a bundle, stands there twice or not at all; or
/// the disk fails: why.
pub fn open(path: &Path, folder: &Path) -> Result<Opened, String> {
    let manifest = manifest(path)?;
    let mut opened = Opened { manifest, texts: BTreeMap::new(), files: BTreeMap::new() };
    let mut archive = Archive::new(BufReader::new(fs::open(path).map_err(failed)?));
    let mut seen = BTreeSet::new();
    for entry in archive.entries().map_err(no_bundle)? {
        let mut entry = entry.map_err(no_bundle)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !seen.insert(name.clone()) {
            return Err(format!("`{name}` stands in it twice"));
        }
        if name == MANIFEST {
            continue;
        }
        let member = opened.manifest.members.get(&name).filter(|_| is_member(&name)).cloned();
        let Some(member) = member.filter(|_| entry.header().entry_type().is_file()) else {
            return Err(format!("`{name}` does not belong into a bundle"));
        };
        if entry.size() != member.size {
            return Err(format!("`{name}` is not what the bundle says of it"));
        }
        let place = folder.join(seen.len().to_string());
        fs::replace_with(&place, |file| io::copy(&mut entry, file).map(|_| ())).map_err(failed)?;
        let found = fs::digests(&place).map_err(failed)?;
        if found.sha256 != member.sha256 {
            return Err(format!("`{name}` is not what the bundle says of it"));
        }
        fs::seal_mode(&place, member.executable).map_err(failed)?;
        if [PLAN, SEAL, LEDGER, NOTICES].contains(&name.as_str()) {
            opened.texts.insert(name, fs::read_text(&place).map_err(failed)?);
        } else {
            opened.files.insert(name, place);
        }
    }
    let lacking = opened.manifest.members.keys().find(|name| !seen.contains(*name));
    if let Some(lacking) = lacking {
        return Err(format!("`{lacking}` is not in it"));
    }
    let plan = opened.texts.get(PLAN).map(|text| Digest::of(text.as_bytes()));
    if plan != opened.manifest.plan {
        return Err("it is bound to another plan than the one in it".into());
    }
    Ok(opened)
}

/// Whether a bundle may have a member of this name.
fn is_member(name: &str) -> bool {
    let one_name = |name: &str| !matches!(name, "" | "." | "..") && !name.contains('/');
    match name {
        COMMITS | PLAN | SEAL | LEDGER | NOTICES => true,
        _ if name.starts_with(SIGNED) => one_name(&name[SIGNED.len()..]),
        _ => [STORE, PROGRAMS]
            .iter()
            .find_map(|root| name.strip_prefix(root))
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(folder, name)| one_name(folder) && one_name(name)),
    }
}

impl Opened {
    /// A text member.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// Where the commits of its stage were put.
    pub fn commits(&self) -> Option<&Path> {
        self.files.get(COMMITS).map(PathBuf::as_path)
    }

    /// Where an artifact was put.
    pub fn file(&self, artifact: &Artifact) -> Option<&Path> {
        self.files.get(&place(artifact)).map(PathBuf::as_path)
    }

    /// What was signed for a file, by the names under which it is kept.
    pub fn signed(&self, sha256: &Digest) -> impl Iterator<Item = (String, &Path)> + use<'_> {
        signed_names(sha256).filter_map(|name| {
            let place = self.files.get(&format!("{SIGNED}{name}"))?;
            Some((name, place.as_path()))
        })
    }
}

#[cfg(test)]
mod tests;
