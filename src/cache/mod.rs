//! The up-to-date cache: what the last good run of an instance depended on, and whether all of that is
//! still as it was.
//!
//! A local instance that declares `.inputs` is known by sets of named marks ([`Kind`]). What it started and
//! read is noted while it runs, so that bodies are known as well as commands. A file is looked at (size,
//! times, number) and read only where that differs. One file holds everything, is replaced as a
//! whole, and may be lost at any time: then tasks run once more. What runs and what is remembered is
//! decided in `app`; here nothing is run.
//! Turned down: modification times alone, as make and ninja have them, which a checkout or a copy makes
//! wrong in both directions; a daemon that watches files, which misses what changed while it was away.

mod files;
mod format;
mod globs;
mod machine;
mod mark;
mod noted;
mod outputs;
mod reason;
mod record;
mod save;
mod seen;
mod still;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use files::Files;
use format::View;
use globs::Tree;
pub use globs::idle;
pub use machine::matters;
pub use mark::{Items, Mark, of_items};
pub use noted::{Noted, Notes};
pub use outputs::{Placed, Stray};
pub use reason::{How, Reason};
pub use record::{Kind, Line, Made, Record, Sets};
pub use save::{file, named, spare};
pub use seen::Seen;
pub use still::{FOLDER as STILL, Quiet, Still, Told};

use crate::host::tree::{Look, Stat};
use crate::host::{fs, tree};
use crate::store::Store;

/// What an instance says of itself before it runs.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The instance's name.
    pub id: String,
    /// What the Releasefile and the command line say, sorted by name.
    pub said: Items,
    /// The release's time, which counts for what makes files.
    pub epoch: Option<Mark>,
    /// Globs of its inputs.
    pub inputs: Vec<String>,
    /// Files of variables.
    pub env_files: Vec<String>,
    /// Globs of its outputs in the project.
    pub outputs: Vec<String>,
    /// What it needs made, sorted by name.
    pub needs: Items,
    /// PATH of its commands.
    pub path: String,
    /// The folder that its commands start in.
    pub cwd: PathBuf,
}

/// What of the machine is asked by name: a variable that tasks may see, by its mark.
pub trait Machine {
    /// The mark of a variable; [`Mark::NONE`] if it is not set.
    fn variable(&self, name: &str) -> Mark;
    /// Names of the variables on which every task depends, as far as they are set.
    fn names(&self) -> &[String];
}

/// What is remembered of a project's instances.
pub struct Cache {
    path: PathBuf,
    /// Its file as it was read, if that tells it from any other.
    untouched: Option<Stat>,
    root: PathBuf,
    store: Store,
    today: u32,
    view: View,
    files: Files,
    tree: Tree,
    /// Sets that this run has made, by mark.
    sets: HashMap<Mark, Items>,
    /// What this run has remembered.
    records: BTreeMap<String, Record>,
    /// Instances of which it was asked today for the first time.
    touched: Vec<String>,
    /// Sets of programs and variables as they are now, by how they were.
    now: HashMap<(Mark, u64), Mark>,
    /// Instances that are running.
    running: usize,
    /// Whether something is to be written.
    changed: bool,
}

/// How long a record is kept that nobody asks for, in days.
const KEPT_DAYS: u32 = 30;
/// A day in seconds.
const DAY: u64 = 24 * 60 * 60;

impl Cache {
    /// What the state in `state` remembers of the project in `root`, of which git tracks these files, at this time in
    /// seconds since 1970.
    pub fn open(state: &Path, root: &Path, tracked: Option<Arc<[String]>>, now: u64) -> Self {
        let (path, before) = (file(state, root), tree::now());
        let untouched = match tree::look(&path) {
            Look::File(stat, _) if tree::is_settled(&stat, before) => Some(stat),
            _ => None,
        };
        let view = View::new(fs::read(&path).unwrap_or_default());
        Self {
            path,
            untouched,
            root: root.to_owned(),
            store: Store::new(state.join("store")),
            today: u32::try_from(now / DAY).unwrap_or(u32::MAX),
            view,
            files: Files::new(root.to_owned()),
            tree: Tree::new(root.to_owned(), tracked),
            sets: HashMap::new(),
            records: BTreeMap::new(),
            touched: Vec::new(),
            now: HashMap::new(),
            running: 0,
            changed: false,
        }
    }

    fn record(&self, id: &str) -> Option<Record> {
        self.records.get(id).cloned().or_else(|| self.view.record(id))
    }

    fn set(&self, mark: Mark) -> Items {
        self.sets.get(&mark).cloned().or_else(|| self.view.set(mark)).unwrap_or_default()
    }

    /// Whether what was looked at before still counts: no task runs that may change it.
    fn is_calm(&self) -> bool {
        self.running == 0
    }

    /// Looks at what all these instances read, all of it once.
    pub fn look_ahead(&mut self, inputs: &[Vec<String>]) {
        self.tree.look_ahead(inputs.iter().flatten());
        let mut names: Vec<String> = Vec::new();
        for globs in inputs {
            names.extend(self.tree.matches(globs).unwrap_or_default());
        }
        names.sort_unstable();
        names.dedup();
        self.files.look_ahead(&self.view, &names);
    }

    /// The last good run of an instance, if it would run the same again and all that it made is at hand.
    ///
    /// # Errors
    /// The first reasons why it has to run.
    pub fn fresh(&mut self, ask: &Ask, machine: &dyn Machine) -> Result<Record, Vec<Reason>> {
        let record = self.record(&ask.id).ok_or_else(|| vec![Reason::NeverRan])?;
        if let Some(why) = &record.unsure {
            return Err(vec![Reason::Unsure(why.clone())]);
        }
        let differs = self.first_difference(ask, &record, machine)?;
        if let Some(kind) = differs {
            return Err(self.differences(ask, &record, machine, kind));
        }
        if let Some(lost) = self.lost(&record) {
            return Err(vec![Reason::Lost(lost)]);
        }
        if record.used != self.today {
            self.touched.push(ask.id.clone());
            self.changed = true;
        }
        Ok(record)
    }

    fn first_difference(
        &mut self,
        ask: &Ask,
        record: &Record,
        machine: &dyn Machine,
    ) -> Result<Option<Kind>, Vec<Reason>> {
        let unreadable = |error: std::io::Error| {
            vec![Reason::Unreadable(format!("its inputs cannot be looked at: {error}"))]
        };
        let makes = !record.made.is_empty();
        for kind in Kind::ALL {
            let before = record.set(kind);
            let now = match kind {
                Kind::Said => of_items(&said(ask, makes)),
                Kind::Needs => of_items(&ask.needs),
                Kind::Inputs => of_items(&self.inputs(ask).map_err(unreadable)?),
                Kind::Variables => {
                    self.known_now(before, 0, |cache| variables(&cache.set(before), machine))
                }
                Kind::Programs => {
                    let place = place(ask);
                    self.known_now(before, place, |cache| {
                        let before = cache.set(before);
                        cache.programs(before.iter().map(|(name, _)| word(name)), ask)
                    })
                }
                Kind::Read => of_items(&self.read_again(before)),
            };
            if now != before {
                return Ok(Some(kind));
            }
        }
        Ok(None)
    }

    /// A set that stays the same as long as nothing runs, worked out once.
    fn known_now(
        &mut self,
        before: Mark,
        place: u64,
        make: impl FnOnce(&mut Self) -> Items,
    ) -> Mark {
        if let Some(now) = self.now.get(&(before, place)).filter(|_| self.is_calm()) {
            return *now;
        }
        let now = of_items(&make(self));
        if self.is_calm() {
            self.now.insert((before, place), now);
        }
        now
    }

    /// All that differs, beginning with a kind of which that is known.
    fn differences(
        &mut self,
        ask: &Ask,
        record: &Record,
        machine: &dyn Machine,
        first: Kind,
    ) -> Vec<Reason> {
        let before = Kind::ALL.map(|kind| self.set(record.set(kind)));
        let words: Vec<String> =
            before[Kind::Programs as usize].iter().map(|(name, _)| word(name).to_owned()).collect();
        let now: Sets = [
            said(ask, !record.made.is_empty()),
            variables(&before[Kind::Variables as usize], machine),
            self.programs(words.iter().map(String::as_str), ask),
            self.inputs(ask).unwrap_or_default(),
            self.read_again(record.set(Kind::Read)),
            ask.needs.clone(),
        ];
        let found = reason::all(&before, &now);
        if found.is_empty() {
            // A set that was lost with half a file: it differs, and nothing tells how.
            return vec![Reason::Differs(first, "something".into(), How::Changed)];
        }
        found
    }

    fn inputs(&mut self, ask: &Ask) -> std::io::Result<Items> {
        if !self.is_calm() {
            self.tree.forget();
        }
        let mut names = self.tree.matches(&ask.inputs)?;
        if !ask.outputs.is_empty() {
            // What it makes it does not read, unless that is named.
            let own = self.tree.set(&ask.outputs)?;
            names.retain(|name| !own.is_match(name) || ask.inputs.contains(name));
        }
        if !ask.env_files.is_empty() {
            names.extend(ask.env_files.iter().cloned());
            names.sort_unstable();
            names.dedup();
        }
        Ok(self.marks(names))
    }

    fn marks(&mut self, names: Vec<String>) -> Items {
        let calm = self.is_calm();
        let marked = names.into_iter().map(|name| {
            let mark = self.files.mark(&self.view, &name, calm);
            (name, mark)
        });
        marked.collect()
    }

    fn programs<'a>(&mut self, words: impl Iterator<Item = &'a str>, ask: &Ask) -> Items {
        let mut items: Items = words
            .map(|word| {
                let path = machine::resolved(word, &ask.path, &ask.cwd);
                let calm = self.running == 0;
                let mark = if path.is_empty() { Mark::NONE } else { self.program(&path, calm) };
                (format!("{word}\t{path}"), mark)
            })
            .collect();
        items.sort_unstable();
        items.dedup();
        items
    }

    /// A program by the file that its links lead to.
    fn program(&mut self, path: &str, calm: bool) -> Mark {
        let real = fs::real(Path::new(path)).ok();
        let real = real.as_deref().and_then(Path::to_str).unwrap_or(path).to_owned();
        self.files.mark(&self.view, &real, calm)
    }

    /// What functions read, as it is now: files by name, globs as `{`glob`}`.
    fn read_again(&mut self, before: Mark) -> Items {
        let names = self.set(before).into_iter().map(|(name, _)| name).collect();
        self.read(names)
    }

    fn read(&mut self, names: Vec<String>) -> Items {
        let calm = self.is_calm();
        let marked = names.into_iter().map(|name| {
            let mark = match globs_of(&name) {
                Some(globs) => noted::of_names(&found(&self.root, &globs).unwrap_or_default()),
                None => self.files.mark(&self.view, &name, calm),
            };
            (name, mark)
        });
        marked.collect()
    }

    /// So many instances are running now, and may change what was looked at.
    pub fn running(&mut self, count: usize) {
        self.running = count;
        self.forget();
    }

    /// An instance begins to run: what it finds there.
    pub fn begin(&mut self, ask: &Ask) -> Seen {
        Seen::now(self, ask)
    }

    /// What the last good run of an instance got from those that it needs.
    pub fn needed(&self, id: &str) -> Items {
        self.record(id).map(|record| self.set(record.set(Kind::Needs))).unwrap_or_default()
    }

    fn forget(&mut self) {
        self.files.forget();
        self.tree.forget();
        self.now.clear();
    }
}

/// The names of the files that globs match.
fn found(root: &Path, globs: &[String]) -> std::io::Result<Vec<String>> {
    Ok(fs::find(root, globs)?.into_iter().map(|file| file.name).collect())
}

/// What functions looked for, as the name of an item.
fn glob_name(globs: &[String]) -> String {
    format!("files {}", globs.join(" "))
}

fn globs_of(name: &str) -> Option<Vec<String>> {
    Some(name.strip_prefix("files ")?.split(' ').map(str::to_owned).collect())
}

/// The name of the item of a variable that the task sets itself.
pub fn set_by_task(variable: &str) -> String {
    format!("variable `{variable}` of the task")
}

/// The word of a program's item.
fn word(name: &str) -> &str {
    name.split('\t').next().unwrap_or(name)
}

/// Where programs are looked for, as a number.
fn place(ask: &Ask) -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = std::hash::DefaultHasher::new();
    (&ask.path, &ask.cwd).hash(&mut hasher);
    hasher.finish()
}

/// What is said, with the release's time for what makes files.
fn said(ask: &Ask, makes: bool) -> Items {
    let mut said = ask.said.clone();
    if let Some(epoch) = ask.epoch.filter(|_| makes) {
        said.push(("the commit's time".into(), epoch));
        said.sort_unstable();
    }
    said
}

/// Variables of the machine: those that always count, and those that `before` names.
fn variables(before: &Items, machine: &dyn Machine) -> Items {
    let mut names: Vec<&String> =
        before.iter().map(|(name, _)| name).chain(machine.names()).collect();
    names.sort_unstable();
    names.dedup();
    let item = |name: &String| (name.clone(), machine.variable(name));
    // One that always counts is left out where it is not set, so that it may come and go unnamed.
    let counts = |(name, mark): &(String, Mark)| *mark != Mark::NONE || !matters(name);
    names.into_iter().map(item).filter(counts).collect()
}

/// This very moment, for what is remembered.
fn seconds() -> u64 {
    u64::try_from(tree::now() / 1_000_000_000).unwrap_or_default()
}
