//! A run that found everything up to date, as one list of all that it looked at: while none of that moves, nothing
//! has to be asked of each instance.
//!
//! What is kept here was true at one moment, and is checked as one: variables, programs, which files there are, and
//! what the file system tells of each. Whatever differs, and whatever does not show in that (a link, a file that was
//! changed a moment ago), leaves the run to look at each instance. It holds for a day, so that what is in use is
//! marked as such, and as long as nobody has written the cache's file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::globs::Tree;
use super::mark::{Items, Mark};
use super::noted::of_names;
use super::record::{Kind, Line, Record};
use super::{Ask, Cache, DAY, Machine, found, globs_of, machine, outputs, save, variables};
use crate::host::tree::{Held, Look, Stat};
use crate::host::{fs, tree};
use crate::model::artifact::Artifact;
use crate::model::flat::{self, Flat, Reader, Writer, flat};

/// The folder for them in a project's state, one file for each way to ask for tasks.
pub const FOLDER: &str = "still";

/// An instance that was up to date, or only groups others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// Its name.
    pub id: String,
    /// The folder its commands start in, if it is not the project's.
    pub cwd: Option<String>,
    /// Whether it only groups others.
    pub empty: bool,
    /// What it made.
    pub artifacts: Vec<Artifact>,
    /// What it said when it ran.
    pub log: Vec<Line>,
}

/// What a run says besides, and what its commands find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The goals: what was asked for, else the default.
    pub goals: Vec<String>,
    /// What the Releasefile prints while it is read.
    pub printed: Vec<String>,
    /// The packages of the tool environment.
    pub packages: Vec<String>,
    /// Where its programs are, if it has been made.
    pub tools: Option<String>,
}

/// PATH and a folder.
type Place = (String, String);
/// A program: the word, the path that it was found at, and the file behind that.
type Program = (String, (String, String));

/// All that a run looked at.
#[derive(Debug, PartialEq, Eq)]
pub struct Still {
    day: u32,
    /// The cache's file.
    cache: Stat,
    /// The store's folder, which tells what comes and goes there.
    store: Option<Stat>,
    variables: Items,
    /// By where they were looked for.
    programs: Vec<(Place, Vec<Program>)>,
    /// Globs of inputs, with the mark of the names that they match.
    inputs: Vec<(Vec<String>, Mark)>,
    /// The same of outputs, and of what functions looked for.
    found: Vec<(Vec<String>, Mark)>,
    /// Files, as the file system tells of them; `None`: there is none.
    files: Vec<(String, Option<Stat>)>,
    /// What the Releasefile says.
    pub told: Told,
    /// The instances, in their order.
    pub quiet: Vec<Quiet>,
}

flat! {
    struct Still { day, cache, store, variables, programs, inputs, found, files, told, quiet }
    struct Told { goals, printed, packages, tools }
    struct Quiet { id, cwd, empty, artifacts, log }
    struct Line { text, printed }
    struct Stat { modified, changed, size, inode }
}

impl Flat for Mark {
    fn write(&self, to: &mut Writer) {
        to.bytes.extend_from_slice(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (mark, rest) = from.bytes.split_first_chunk()?;
        from.bytes = rest;
        Some(Self(*mark))
    }
}

impl Still {
    /// What [`Still::to_bytes`] wrote under the same key.
    pub fn from_bytes(bytes: &[u8], key: Mark) -> Option<Self> {
        let (known, body) = bytes.split_first_chunk()?;
        if Mark(*known) == key { flat::from_bytes(body, &[]) } else { None }
    }

    /// Its bytes, for what is asked under this key.
    pub fn to_bytes(&self, key: Mark) -> Vec<u8> {
        let (body, _) = flat::to_bytes(self);
        [key.0.as_slice(), &body].concat()
    }

    /// Whether all is as it was in the project at `root`, whose state is in `state`, at this time in seconds since
    /// 1970. `tracked` tells which files git tracks there.
    pub fn stands(
        &self,
        (state, root): (&Path, &Path),
        machine: &dyn Machine,
        tracked: impl FnOnce() -> Option<Vec<String>>,
        now: u64,
    ) -> bool {
        self.day == day(now)
            && is(tree::look(&save::file(state, root)), Some(self.cache))
            && tree::folder(&state.join("store")) == self.store
            && variables(&self.variables, machine) == self.variables
            && self.programs.iter().all(|(place, all)| all.iter().all(|it| is_there(place, it)))
            && Held::open(root).is_ok_and(|root| {
                self.files.iter().all(|(name, known)| is(root.look(name), *known))
            })
            && self.same_names(root, tracked).unwrap_or(false)
    }

    fn same_names(
        &self,
        root: &Path,
        tracked: impl FnOnce() -> Option<Vec<String>>,
    ) -> std::io::Result<bool> {
        let tracked = if self.inputs.is_empty() { Some(Vec::new()) } else { tracked() };
        let mut tree = Tree::new(root.to_owned(), tracked.map(Into::into));
        tree.look_ahead(self.inputs.iter().flat_map(|(globs, _)| globs));
        for (globs, mark) in &self.inputs {
            if of_names(&tree.matches(globs)?) != *mark {
                return Ok(false);
            }
        }
        for (globs, mark) in &self.found {
            if of_names(&found(root, globs)?) != *mark {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn day(now: u64) -> u32 {
    u32::try_from(now / DAY).unwrap_or(u32::MAX)
}

/// Whether what is found is the plain file that was known, or nothing as before.
fn is(found: Look, known: Option<Stat>) -> bool {
    match found {
        Look::File(stat, _) => known == Some(stat),
        Look::Gone => known.is_none(),
        Look::Link | Look::Other => false,
    }
}

fn is_there((path, cwd): &Place, (word, (found, real)): &Program) -> bool {
    machine::resolved(word, path, Path::new(cwd)) == *found && behind(found) == *real
}

/// The file behind a program's path; empty if there is none, or none with a name in Unicode.
fn behind(path: &str) -> String {
    let real = fs::real(Path::new(path)).ok().filter(|_| !path.is_empty());
    real.and_then(|real| real.to_str().map(str::to_owned)).unwrap_or_default()
}

/// What is put together of it.
#[derive(Default)]
struct Draft {
    variables: BTreeSet<String>,
    /// Words by where they were looked for, with what was found.
    programs: BTreeMap<Place, BTreeMap<String, (String, String)>>,
    inputs: BTreeMap<Vec<String>, Mark>,
    found: BTreeMap<Vec<String>, Mark>,
    /// Files, each with what it held when it was asked for.
    files: BTreeMap<String, (Mark, Option<Stat>)>,
    /// Sets that it has by now.
    sets: BTreeSet<(Mark, Kind, Option<Place>)>,
}

impl Draft {
    /// Adds an answer to globs. `None`: there were two.
    fn found(&mut self, globs: Vec<String>, mark: Mark) -> Option<()> {
        (*self.found.entry(globs).or_insert(mark) == mark).then_some(())
    }
}

impl Cache {
    /// All that was looked at for these instances, which are up to date. `None` if something of that would not show
    /// the next time that it changes, or has changed since.
    pub fn still<'a>(
        &mut self,
        taken: impl Iterator<Item = &'a (Ask, Record)>,
        (told, quiet): (Told, Vec<Quiet>),
        machine: &dyn Machine,
    ) -> Option<Still> {
        let cache = self.untouched.filter(|_| !self.changed && self.files.learned.is_empty())?;
        let before = tree::now();
        let store = tree::folder(self.store.folder());
        if store.is_some_and(|store| !tree::is_settled(&store, before)) {
            return None;
        }
        let mut draft = Draft::default();
        for (ask, record) in taken {
            self.add(&mut draft, ask, record)?;
        }
        let named = draft.variables.into_iter().map(|name| (name, Mark::NONE)).collect();
        let programs = draft.programs.into_iter();
        Some(Still {
            day: self.today,
            cache,
            store,
            variables: variables(&named, machine),
            programs: programs.map(|(place, all)| (place, all.into_iter().collect())).collect(),
            inputs: draft.inputs.into_iter().collect(),
            found: draft.found.into_iter().collect(),
            files: draft.files.into_iter().map(|(name, (_, stat))| (name, stat)).collect(),
            told,
            quiet,
        })
    }

    fn add(&mut self, draft: &mut Draft, ask: &Ask, record: &Record) -> Option<()> {
        for (name, mark) in self.unseen(draft, record, Kind::Inputs, None) {
            self.add_file(draft, name, mark)?;
        }
        for (name, _) in self.unseen(draft, record, Kind::Variables, None) {
            draft.variables.insert(name);
        }
        for (name, mark) in self.unseen(draft, record, Kind::Read, None) {
            match globs_of(&name) {
                Some(globs) => draft.found(globs, mark)?,
                None => self.add_file(draft, name, mark)?,
            }
        }
        self.add_programs(draft, ask, record)?;
        self.add_outputs(draft, ask, record)?;
        let signs: Vec<String> =
            ask.inputs.iter().filter(|glob| !fs::is_name(glob)).cloned().collect();
        if !signs.is_empty() && !draft.inputs.contains_key(&signs) {
            let mark = of_names(&self.tree.matches(&signs).ok()?);
            draft.inputs.insert(signs, mark);
        }
        Some(())
    }

    /// Adds a file that held this when it was asked for. `None`: that is no longer known of it.
    fn add_file(&self, draft: &mut Draft, name: String, mark: Mark) -> Option<()> {
        if let Some((known, _)) = draft.files.get(&name) {
            return (*known == mark).then_some(());
        }
        let stat = match tree::look(&self.root.join(&name)) {
            Look::File(stat, _) if self.view.file(&name) == Some((stat, mark)) => Some(stat),
            Look::Gone if mark == Mark::NONE => None,
            _ => return None,
        };
        draft.files.insert(name, (mark, stat));
        Some(())
    }

    fn add_programs(&self, draft: &mut Draft, ask: &Ask, record: &Record) -> Option<()> {
        let place = (ask.path.clone(), ask.cwd.to_str()?.to_owned());
        for (name, mark) in self.unseen(draft, record, Kind::Programs, Some(&place)) {
            let (word, path) = name.split_once('\t')?;
            let known = draft.programs.get(&place).and_then(|all| all.get(word));
            if let Some((known, _)) = known {
                if known == path {
                    continue;
                }
                return None;
            }
            let real = behind(path);
            if !real.is_empty() {
                self.add_file(draft, real.clone(), mark)?;
            } else if !path.is_empty() {
                return None;
            }
            let all = draft.programs.entry(place.clone()).or_default();
            all.insert(word.to_owned(), (path.to_owned(), real));
        }
        Some(())
    }

    fn add_outputs(&self, draft: &mut Draft, ask: &Ask, record: &Record) -> Option<()> {
        let (plain, signs): (Vec<String>, Vec<String>) =
            ask.outputs.iter().cloned().partition(|glob| fs::is_name(glob));
        let placed = record.made.iter().filter(|made| made.placed);
        let placed: BTreeSet<&String> = placed.map(|made| &made.artifact.name).collect();
        if !signs.is_empty() {
            let names = found(&self.root, &signs).ok()?;
            if names.iter().any(|name| !placed.contains(name)) {
                return None;
            }
            draft.found(signs, of_names(&names))?;
        }
        for name in plain.into_iter().filter(|name| !placed.contains(name)) {
            self.add_file(draft, name, Mark::NONE)?;
        }
        for made in &record.made {
            let name = if made.placed { made.artifact.name.clone() } else { self.stored(made) };
            self.add_file(draft, name, outputs::mark(made))?;
        }
        Some(())
    }

    /// The items of a set that has not been added by now.
    fn unseen(
        &self,
        draft: &mut Draft,
        record: &Record,
        kind: Kind,
        place: Option<&Place>,
    ) -> Items {
        let mark = record.set(kind);
        if draft.sets.insert((mark, kind, place.cloned())) { self.set(mark) } else { Items::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::file;

    struct Bare;

    impl Machine for Bare {
        fn variable(&self, _: &str) -> Mark {
            Mark::NONE
        }

        fn names(&self) -> &[String] {
            &[]
        }
    }

    #[test]
    fn it_holds_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path();
        let (root, now) = (state.join("project"), 20_000 * DAY + 7);
        fs::make_dir(&root).unwrap();
        fs::replace_spare(&file(state, &root), b"records").unwrap();
        let mut cache = Cache::open(state, &root, Some([].into()), now);
        let (goals, printed, packages) = (Vec::new(), Vec::new(), Vec::new());
        let told = Told { goals, printed, packages, tools: None };
        cache.untouched = None;
        let still = cache.still([].iter(), (told.clone(), Vec::new()), &Bare);
        assert!(still.is_none(), "it was written a moment ago");
        let Look::File(stat, _) = tree::look(&file(state, &root)) else { unreachable!() };
        cache.untouched = Some(stat);
        let still = cache.still([].iter(), (told, Vec::new()), &Bare).unwrap();
        let stands = |now| still.stands((state, &root), &Bare, || Some(Vec::new()), now);
        assert!(stands(now + 60));
        assert!(!stands(now + DAY), "what is in use is marked as such");
        let bytes = still.to_bytes(Mark::of("this"));
        assert_eq!(Still::from_bytes(&bytes, Mark::of("this")), Some(still));
        assert_eq!(Still::from_bytes(&bytes, Mark::of("that")), None);
        for end in 0..bytes.len() {
            assert_eq!(Still::from_bytes(&bytes[..end], Mark::of("this")), None, "{end}");
        }
    }
}
