//! The files of a project, as far as versions are looked for in them: who calls has them on disk, in a test
//! they are a table, and during a change they are what the steps before have made of them.

use std::collections::BTreeMap;

/// Files by their paths below the project's folder, with `/` between the parts.
pub trait Files {
    /// The text of a file; `None` if there is none.
    fn text(&self, path: &str) -> Option<String>;
    /// The names in a folder, sorted.
    fn names(&self, folder: &str) -> Vec<String>;
    /// Paths of files that a glob matches, sorted.
    fn find(&self, glob: &str) -> Vec<String>;
}

/// Files, some with another text.
pub(super) struct Changed<'a> {
    pub(super) base: &'a dyn Files,
    pub(super) texts: BTreeMap<String, String>,
}

impl Files for Changed<'_> {
    fn text(&self, path: &str) -> Option<String> {
        self.texts.get(path).cloned().or_else(|| self.base.text(path))
    }

    fn names(&self, folder: &str) -> Vec<String> {
        self.base.names(folder)
    }

    fn find(&self, glob: &str) -> Vec<String> {
        self.base.find(glob)
    }
}

/// The path of what `inner` names below `folder`; `.` and `..` are taken out where they can be.
pub(super) fn join(folder: &str, inner: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(inner.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The folder that a file lies in; empty for the project's own.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A folder and all above it, up to the project's own.
pub(super) fn upwards(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| (!folder.is_empty()).then(|| folder_of(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_and_lead_upwards() {
        assert_eq!(join("", "a.py"), "a.py");
        assert_eq!(join("src/", "./pkg//__init__.py"), "src/pkg/__init__.py");
        assert_eq!(join("crates/a", "../b/Cargo.toml"), "crates/b/Cargo.toml");
        assert_eq!(join("a", "../../x"), "../x");
        assert_eq!(upwards("a/b").collect::<Vec<_>>(), ["a/b", "a", ""]);
    }
}
