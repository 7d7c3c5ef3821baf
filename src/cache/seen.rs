//! From the beginning of a run of an instance to its end: what it found, and what is remembered of it.

use super::mark::{Items, Mark, of_items};
use super::noted::Notes;
use super::record::{Kind, Made, Record, Sets};
use super::{Ask, Cache, Machine, glob_name, said, seconds, set_by_task, variables};
use crate::host::tree::{self, Look, Stat};

/// What an instance found when it began.
#[derive(Debug)]
pub struct Seen {
    inputs: Items,
    stats: Vec<Option<Stat>>,
    began: i64,
    wrong: Option<String>,
}

impl Seen {
    pub(super) fn now(cache: &mut Cache, ask: &Ask) -> Self {
        let began = tree::now();
        let (inputs, wrong) = match cache.inputs(ask) {
            Ok(inputs) => (inputs, None),
            Err(error) => (Items::new(), Some(format!("its inputs cannot be looked at: {error}"))),
        };
        let stats = inputs.iter().map(|(name, _)| cache.stat(name)).collect();
        let wrong = wrong.or_else(|| {
            let (name, _) = inputs.iter().find(|(name, _)| cache.leads_to_folder(name))?;
            Some(format!("its input `{name}` leads to a folder, into which nobody looks"))
        });
        Self { inputs, stats, began, wrong }
    }

    /// Why what was found at the beginning is not what the run saw, if so.
    fn moved(&self, cache: &mut Cache, ask: &Ask) -> Option<String> {
        if let Some(wrong) = &self.wrong {
            return Some(wrong.clone());
        }
        let now = cache.inputs(ask).unwrap_or_default();
        let changed = |name: &str| format!("`{name}` changed while it ran");
        let before = self.inputs.iter().zip(&self.stats);
        for (at, (item, stat)) in before.enumerate() {
            if now.get(at) != Some(item) || cache.stat(&item.0) != *stat {
                // Of two names the first one came or went, since both lists are sorted.
                let name = now.get(at).map_or(&item.0, |(name, _)| name.min(&item.0));
                return Some(changed(name));
            }
        }
        now.get(self.inputs.len()).map(|(name, _)| changed(name))
    }
}

impl Cache {
    fn stat(&self, name: &str) -> Option<Stat> {
        match tree::look(&self.root.join(name)) {
            Look::File(stat, _) => Some(stat),
            Look::Link | Look::Other | Look::Gone => None,
        }
    }

    fn leads_to_folder(&self, name: &str) -> bool {
        let path = self.root.join(name);
        matches!(tree::look(&path), Look::Link) && matches!(tree::look_through(&path), Look::Other)
    }

    /// Remembers a good run, which began with `seen`.
    pub fn remember(
        &mut self,
        ask: &Ask,
        machine: &dyn Machine,
        seen: &Seen,
        notes: Notes,
        made: Vec<Made>,
    ) {
        let moved = seen.moved(self, ask);
        let own = |name: &String| {
            let item = set_by_task(name);
            ask.said.binary_search_by(|(known, _)| known.cmp(&item)).is_ok()
        };
        let foreign = notes.variables.iter().filter(|name| !own(name));
        let named: Items = foreign.map(|name| (name.clone(), Mark::NONE)).collect();
        let mut read = self.read(notes.files.keys().cloned().collect());
        // As they were answered: what it made since is found by the next run.
        read.extend(notes.globs.iter().map(|(globs, mark)| (glob_name(globs), *mark)));
        read.sort_unstable();
        let sets: Sets = [
            said(ask, !made.is_empty()),
            variables(&named, machine),
            self.programs(notes.programs.iter().map(String::as_str), ask),
            seen.inputs.clone(),
            read,
            ask.needs.clone(),
        ];
        let late = self.touched_since(&sets, &notes, seen.began);
        let unsure = notes.unsure.or(moved).or(late);
        self.keep_made(&made);
        let marks = Kind::ALL.map(|kind| of_items(&sets[kind as usize]));
        self.sets.extend(marks.into_iter().zip(sets));
        let (at, used) = (seconds(), self.today);
        let record = Record { sets: marks, at, used, unsure, made, log: notes.log };
        self.records.insert(ask.id.clone(), record);
        self.changed = true;
    }

    /// A run has failed: the next one is no repetition of a good one.
    pub fn remember_failure(&mut self, id: &str) {
        if self.record(id).is_some() {
            let unsure = Some("its last run failed".to_owned());
            let (at, used) = (seconds(), self.today);
            self.records.insert(id.to_owned(), Record { at, used, unsure, ..Record::default() });
            self.changed = true;
        }
    }

    /// A program or a file read besides that was changed since the run began: which of its states was
    /// seen, nobody knows.
    fn touched_since(&self, sets: &Sets, notes: &Notes, began: i64) -> Option<String> {
        let programs = sets[Kind::Programs as usize].iter().filter_map(|(name, _)| {
            name.split_once('\t').map(|(_, path)| path).filter(|path| !path.is_empty())
        });
        let read = sets[Kind::Read as usize].iter().map(|(name, _)| name.as_str());
        let late = |name: &&str| match tree::look_through(&self.root.join(name)) {
            Look::File(stat, _) => stat.changed >= began,
            Look::Gone => notes.files.get(*name) == Some(&true),
            Look::Link | Look::Other => false,
        };
        programs.chain(read).find(late).map(|name| format!("`{name}` changed while it ran"))
    }
}
