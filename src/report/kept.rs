//! What is kept for a project, and what of it goes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::artifact::human_size;
use crate::retention::{Entry, Part};

/// What goes, then how much each part holds. With `list` nothing was removed yet.
pub fn kept(entries: &[Entry], list: bool) -> String {
    if entries.is_empty() {
        return "nothing is kept for this project\n".into();
    }
    let removed = if list { "would remove" } else { "removed" };
    let mut text = String::new();
    for entry in entries.iter().filter(|entry| entry.spare) {
        let (part, size) = (entry.part.name(), human_size(entry.bytes));
        let _ = writeln!(text, "{removed} {part}/{} ({size}): {}", entry.name, entry.why);
    }
    let told = |entry: &&Entry| !entry.spare && matches!(entry.part, Part::Seal | Part::Out);
    for entry in entries.iter().filter(told) {
        let _ = writeln!(text, "kept {}/{}: {}", entry.part.name(), entry.name, entry.why);
    }
    let mut parts: BTreeMap<Part, [(usize, u64); 2]> = BTreeMap::new();
    for entry in entries {
        let sum = &mut parts.entry(entry.part).or_default()[usize::from(entry.spare)];
        *sum = (sum.0 + 1, sum.1 + entry.bytes);
    }
    let removed = if list { "to remove" } else { "removed" };
    for (part, [(stays, kept), (goes, bytes)]) in parts {
        let (kept, bytes) = (human_size(kept), human_size(bytes));
        let _ =
            writeln!(text, "{}: {stays} kept ({kept}), {goes} {removed} ({bytes})", part.name());
    }
    text
}

/// The same as JSON.
pub fn kept_json(entries: &[Entry], list: bool) -> serde_json::Value {
    let row = |entry: &Entry| {
        let (part, name) = (entry.part, &entry.name);
        let removed = entry.spare && !list;
        serde_json::json!({
            "part": part, "name": name, "path": entry.path.to_string_lossy(), "bytes": entry.bytes,
            "spare": entry.spare, "removed": removed, "why": entry.why,
        })
    };
    serde_json::json!({ "v": 1, "entries": entries.iter().map(row).collect::<Vec<_>>() })
}
