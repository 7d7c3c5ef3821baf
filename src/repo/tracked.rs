//! Which files git has in its index: what somebody has added is part of the project, also where `.gitignore` names it.
//!
//! Git is asked once, until its index is another. Turned down: a reader of the index, which has four forms.

use super::Repo;
use crate::host::fs;
use crate::host::tree::{self, Look};

impl Repo<'_> {
    /// The names of the files below the project that git tracks, sorted; none outside a repository. `None`: git does
    /// not tell.
    pub fn tracked(&self) -> Option<Vec<String>> {
        let around = |name: &str| self.root.ancestors().any(|above| fs::exists(&above.join(name)));
        let before = tree::now();
        let index = self.plain().map(|plain| plain.own.join("index"));
        let stat = index.as_ref().and_then(|index| match tree::look(index) {
            Look::File(stat, _) if tree::is_settled(&stat, before) => Some(stat),
            _ => None,
        });
        // Modules have indexes of their own.
        let modules = around(".gitmodules");
        let key = stat.filter(|_| !modules).map(|stat| format!("{:?}", (&index, &self.root, stat)));
        let memo = self.state().ok().map(|state| state.join("tracked"));
        let known = || {
            let text = fs::read_text(memo.as_ref()?).ok()?;
            let (known, names) = text.split_once('\0')?;
            (known == key.as_ref()?).then(|| list(names))
        };
        if let Some(known) = known() {
            return Some(known);
        }
        let deep = modules.then_some("--recurse-submodules");
        let words: Vec<&str> = ["ls-files", "-z"].into_iter().chain(deep).collect();
        let Some(names) = self.git(&words) else {
            return (!around(".git")).then(Vec::new);
        };
        if let (Some(key), Some(memo)) = (key, memo) {
            // Unwritten it is asked again.
            let _ = fs::replace(&memo, &format!("{key}\0{names}"));
        }
        Some(list(&names))
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
