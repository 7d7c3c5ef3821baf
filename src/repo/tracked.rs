//! Which files git has in its index: what somebody has added is part of the project, also where `.gitignore` names it.
//!
//! Git is asked once, until its index is another. Turned down: a reader of the index, which has four forms.

use super::Repo;
use crate::host::fs;
use crate::host::tree::{self, Look};

impl Repo<'_> {
    /// The names of the files below the project that git tracks, sorted; none outside a repository.
    pub fn tracked(&self) -> Vec<String> {
        let before = tree::now();
        let index = self.plain().map(|plain| plain.own.join("index"));
        let stat = index.as_ref().and_then(|index| match tree::look(index) {
            Look::File(stat, _) if tree::is_settled(&stat, before) => Some(stat),
            _ => None,
        });
        let key = stat.map(|stat| format!("{:?}", (&index, &self.root, stat)));
        let memo = self.state().ok().map(|state| state.join("tracked"));
        let known = || {
            let text = fs::read_text(memo.as_ref()?).ok()?;
            let (known, names) = text.split_once('\0')?;
            (known == key.as_ref()?).then(|| list(names))
        };
        if let Some(known) = known() {
            return known;
        }
        let Some(names) = self.git(&["ls-files", "-z"]) else { return Vec::new() };
        if let (Some(key), Some(memo)) = (key, memo) {
            // Unwritten it is asked again.
            let _ = fs::replace(&memo, &format!("{key}\0{names}"));
        }
        list(&names)
    }
}

fn list(names: &str) -> Vec<String> {
    let mut names: Vec<String> =
        names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    // A file that is being merged stands there more than once.
    names.sort_unstable();
    names.dedup();
    names
}
