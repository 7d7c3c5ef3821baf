//! `--audit`: files that a task writes without declaring them, so that they are missing where the task is
//! taken as up to date.
//!
//! All files of the project are looked at, before and after; ignored ones too, since what is generated
//! often is, but for caches. What a task reads without declaring it is not seen: that takes a
//! tracer, which not every system lets a user have.

use std::collections::BTreeMap;
use std::path::Path;

use super::session::Session;
use crate::diag::Diagnostic;
use crate::graph::Node;
use crate::host::tree::{self, Look};

/// Folders in which programs keep what they can make anew.
const CACHES: &[&str] = &["__pycache__", "node_modules"];
/// So many files are named.
const MOST: usize = 10;

/// The project's files before a task runs.
pub(super) struct Audit(BTreeMap<String, Look>);

impl Audit {
    /// Looks at all files, if that was asked for.
    pub(super) fn begin(session: &Session) -> Option<Self> {
        session.options.audit.then(|| Self(files(&session.cx.root)))
    }

    /// Tells what the task has changed and did not declare.
    pub(super) fn end(self, session: &Session, node: Node) {
        let after = files(&session.cx.root);
        let names = self.0.keys().chain(after.keys().filter(|name| !self.0.contains_key(*name)));
        let changed = names.filter(|name| self.0.get(*name) != after.get(*name));
        let mut found: Vec<&String> =
            changed.filter(|name| !session.is_output(node, name)).collect();
        found.sort_unstable();
        if found.is_empty() {
            return;
        }
        let named: Vec<String> = found.iter().take(MOST).map(|name| format!("`{name}`")).collect();
        let more = found.len().saturating_sub(MOST);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let id = &session.graph.instance(node).id;
        let wrong = Diagnostic::task(format!(
            "task `{id}` writes what it does not declare: {}{more}",
            named.join(", ")
        ));
        let wrong =
            wrong.note("where the task is up to date it is not run, and these are not made");
        session.warn(vec![
            wrong.hint("declare them with `.outputs(…)`, or let it write into `t.out`"),
        ]);
    }
}

fn files(root: &Path) -> BTreeMap<String, Look> {
    // A folder that cannot be read holds nothing that can be compared.
    let walked = tree::walk(root, "", true, CACHES).unwrap_or_default();
    walked
        .files
        .into_iter()
        .map(|name| (tree::look(&root.join(&name)), name))
        .map(|(look, name)| (name, look))
        .collect()
}
