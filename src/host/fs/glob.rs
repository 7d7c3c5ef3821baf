//! Files by glob: which there are below a folder, and which globs would take the same.
//!
//! A `*` stays within one folder, links are not followed, and nothing is left out but `.git`: what counts is what lies
//! there.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSetBuilder};

/// A file below a folder, with its path relative to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Relative path with `/`.
    pub name: String,
    /// Absolute path.
    pub path: PathBuf,
    /// It is neither a file nor a folder: a link, a socket, a device.
    pub special: bool,
}

/// All files below `root`, as [`find`] tells them, and those of git's own.
///
/// # Errors
/// A folder that cannot be read.
pub fn all_files(root: &Path) -> io::Result<Vec<Found>> {
    search(root, &["**".to_owned()], true)
}

/// All files below `root` whose relative path matches one of `globs`, sorted. Links are not
/// followed, hidden and ignored files count; `.git` is entered only where a glob begins there. An absent root
/// holds nothing.
///
/// # Errors
/// A glob that cannot be parsed, or a folder that cannot be read.
pub fn find(root: &Path, globs: &[String]) -> io::Result<Vec<Found>> {
    search(root, globs, false)
}

fn search(root: &Path, globs: &[String], gits: bool) -> io::Result<Vec<Found>> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(GlobBuilder::new(glob).literal_separator(true).build().map_err(io::Error::other)?);
    }
    let set = set.build().map_err(io::Error::other)?;
    if !root.exists() {
        return Ok(Vec::new());
    }
    let mut starts = globs.iter().map(|glob| root.join(plain_beginning(glob)));
    let Some(first) = starts.next() else { return Ok(Vec::new()) };
    let mut walk = ignore::WalkBuilder::new(first);
    starts.for_each(|start| _ = walk.add(start));
    walk.filter_entry(move |entry| gits || entry.depth() == 0 || entry.file_name() != ".git");
    let mut found = Vec::new();
    for entry in walk.standard_filters(false).follow_links(false).build() {
        if entry.as_ref().is_err_and(is_absent) {
            continue;
        }
        let entry = entry.map_err(io::Error::other)?;
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_dir()) {
            continue;
        }
        let Ok(relative) = entry.path().strip_prefix(root) else {
            continue;
        };
        let Some(name) = relative.to_str() else {
            if set.is_match(relative) {
                return Err(super::not_unicode(relative));
            }
            continue;
        };
        let name = if cfg!(windows) { name.replace('\\', "/") } else { name.to_owned() };
        if set.is_match(&name) {
            found.push(Found {
                name,
                path: entry.path().to_owned(),
                special: !kind.is_some_and(|kind| kind.is_file()),
            });
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// What makes a glob more than a name.
pub const GLOB_SIGNS: [char; 5] = ['*', '?', '[', '{', '\\'];

/// Whether a glob is a name, which matches itself alone.
pub fn is_name(glob: &str) -> bool {
    !glob.contains(GLOB_SIGNS)
}

/// The folders that a glob names before its first sign: only below them can it match.
fn plain_beginning(glob: &str) -> PathBuf {
    let parts: Vec<&str> = glob.split('/').collect();
    let plain = parts.iter().take_while(|part| is_name(part)).count().min(parts.len() - 1);
    parts[..plain].iter().collect()
}

fn is_absent(error: &ignore::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Whether this is a glob that can be used.
pub fn is_glob(text: &str) -> bool {
    !text.is_empty() && GlobBuilder::new(text).literal_separator(true).build().is_ok()
}

/// Tells of relative paths whether one of these globs matches; one that cannot be used matches nothing.
pub fn matching(globs: &[String]) -> impl Fn(&Path) -> bool + use<> {
    let build = |glob: &String| GlobBuilder::new(glob).literal_separator(true).build().ok();
    let matchers: Vec<_> =
        globs.iter().filter_map(build).map(|glob| glob.compile_matcher()).collect();
    move |path| matchers.iter().any(|one| one.is_match(path))
}

/// Pairs of globs of which one matches the other's text: they would take the same files.
pub fn globs_that_meet(globs: &[&str]) -> Vec<(usize, usize)> {
    let build = |glob: &str| GlobBuilder::new(glob).literal_separator(true).build().ok();
    let matcher =
        |glob: &&str| (!is_name(glob)).then(|| build(glob))?.map(|glob| glob.compile_matcher());
    let matchers: Vec<_> = globs.iter().map(matcher).collect();
    let takes = |at: usize, text: &str| matchers[at].as_ref().is_some_and(|m| m.is_match(text));
    let roots: Vec<PathBuf> = globs.iter().map(|glob| plain_beginning(glob)).collect();
    // Names without signs meet only where they are the same: of those there may be thousands.
    let mut same: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut patterns: Vec<usize> = Vec::new();
    let mut pairs = Vec::new();
    for later in 0..globs.len() {
        let mut before: Vec<usize> = if is_name(globs[later]) {
            let twins = same.entry(globs[later]).or_default();
            let before = [twins.as_slice(), &patterns].concat();
            twins.push(later);
            before
        } else {
            let all = (0..later).collect();
            patterns.push(later);
            all
        };
        before.sort_unstable();
        for earlier in before {
            let (one, other) = (&roots[later], &roots[earlier]);
            let near = one.starts_with(other) || other.starts_with(one);
            let meet = || {
                globs[later] == globs[earlier]
                    || takes(later, globs[earlier])
                    || takes(earlier, globs[later])
            };
            if near && meet() {
                pairs.push((earlier, later));
            }
        }
    }
    pairs
}
