//! The layers: which module may import which. A violation is named with file and line.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files of tests alone may bring together what must not know each other.
fn is_test(file: &str) -> bool {
    file.ends_with("/tests.rs") || file.contains("/tests/")
}

/// Modules with what they may import besides themselves; `*` is everything.
const TABLE: &[(&str, &[&str])] = &[
    ("diag", &[]),
    ("model", &["diag"]),
    ("archive", &[]),
    ("attest", &["model"]),
    ("calendar", &[]),
    ("version", &["diag", "calendar", "dist"]),
    ("workflow", &["diag", "model"]),
    ("dist", &["diag", "model"]),
    ("changelog", &["dist", "version", "workflow"]),
    ("graph", &["diag", "model", "goals"]),
    ("goals", &["diag", "model"]),
    ("ci", &["diag", "model", "goals", "graph", "workflow"]),
    ("complete", &["diag", "model", "goals"]),
    ("plan", &["diag", "model"]),
    ("starter", &["diag", "model"]),
    ("status", &["model", "dist"]),
    ("timing", &["graph"]),
    ("host", &["diag", "model", "calendar"]),
    ("store", &["diag", "model", "host"]),
    ("bundle", &["model", "archive", "host"]),
    ("cache", &["model", "host", "store"]),
    ("history", &["diag", "model", "host"]),
    ("ledger", &["diag", "model", "host"]),
    ("seal", &["diag", "model", "host"]),
    ("retention", &["diag", "model", "host", "ledger", "seal", "cache"]),
    ("repo", &["diag", "model", "version", "host"]),
    ("stage", &["diag", "model", "host", "repo"]),
    ("tools", &["diag", "model", "host"]),
    ("remote", &["diag", "model", "calendar", "host", "attest", "dist", "status", "store"]),
    ("door", &["diag", "model", "host", "plan", "ledger", "remote"]),
    (
        "guard",
        &[
            "diag",
            "model",
            "host",
            "changelog",
            "dist",
            "plan",
            "status",
            "version",
            "repo",
            "store",
            "remote",
        ],
    ),
    ("doctor", &["workflow"]),
    (
        "script",
        &[
            "diag",
            "model",
            "host",
            "archive",
            "calendar",
            "changelog",
            "version",
            "graph",
            "goals",
            "dist",
            "status",
            "repo",
            "store",
            "tools",
            "cache",
            "ledger",
            "door",
            "guard",
            "remote",
        ],
    ),
    ("schedule", &["diag", "model", "host", "graph"]),
    (
        "report",
        &[
            "diag",
            "model",
            "host",
            "attest",
            "calendar",
            "dist",
            "graph",
            "plan",
            "status",
            "doctor",
            "workflow",
            "history",
            "ledger",
            "cache",
            "retention",
            "rehearse",
            "guard",
        ],
    ),
    ("cli", &["complete", "door", "report"]),
    ("rehearse", &["diag", "model", "host", "calendar", "version"]),
    ("app", &["*"]),
];

/// Words that only some places may use, with the reason.
const ONLY_IN: &[(&str, &[&str], &str)] = &[
    ("rhai::", &["script/"], "no Rhai type outside `script`"),
    ("clap::", &["cli.rs", "cli/"], "no clap type outside `cli`"),
    ("reqwest::", &["host/net.rs", "host/net/"], "no HTTP client outside `host/net`"),
    (
        "tokio::",
        &["host/net.rs", "host/net/", "host/signals.rs", "rehearse/wire.rs"],
        "async only in the network and for signals",
    ),
    ("lettre::", &["host/net/mail.rs"], "one file knows how mail is sent"),
    ("indicatif::", &["report/bar.rs", "report/canvas.rs"], "one report draws"),
    ("Command::new(", &["host/"], "no process outside `host`"),
    ("annotate_snippets::", &["report/render.rs"], "one file knows how diagnostics are drawn"),
    ("host.out(", &["app/", "main.rs", "report/"], "only reports print; `app` hands them over"),
    ("host.err(", &["app/", "main.rs", "report/"], "only reports print; `app` hands them over"),
    ("Mode::", &["door/"], "nobody but the door knows whether a run may send"),
    (
        "pypi.org",
        &["host/endpoints.rs", "model/effect/attest.rs"],
        "addresses of services stand in one table; one is the name of a predicate",
    ),
];

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path: PathBuf = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                files.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The lines of a file without comments and without its tests.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    lines
        .take_while(|(_, line)| !line.ends_with("mod tests {"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn imports(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
}

#[test]
fn modules_import_only_from_below() {
    let table: BTreeMap<&str, &[&str]> = TABLE.iter().copied().collect();
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let module = file.split(['/', '.']).next().unwrap();
        if matches!(module, "lib" | "main") || is_test(&file) {
            continue;
        }
        let allowed =
            table.get(module).unwrap_or_else(|| panic!("`{module}` is missing in the table"));
        for (number, line) in code(&text) {
            for import in imports(line).filter(|import| table.contains_key(import)) {
                if import != module && !allowed.contains(&import) && !allowed.contains(&"*") {
                    wrong.push(format!(
                        "src/{file}:{number}: `{module}` must not import `{import}`"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_leads_only_up_the_list_in_lib_rs() {
    let lib = include_str!("../../src/lib.rs");
    let list: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let place = |name: &str| {
        list.iter()
            .position(|known| *known == name)
            .unwrap_or_else(|| panic!("`{name}` is not in lib.rs"))
    };
    assert_eq!(list.len(), TABLE.len(), "lib.rs and the table name the same modules");
    for (module, allowed) in TABLE.iter().filter(|(_, allowed)| *allowed != ["*"]) {
        for import in *allowed {
            assert!(
                place(import) < place(module),
                "`{module}` may not import `{import}`: it stands below it in lib.rs"
            );
        }
    }
}

#[test]
fn words_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        for (number, line) in code(&text) {
            for (word, places, reason) in ONLY_IN {
                let whole =
                    |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                let found = line.match_indices(word).any(|(at, _)| whole(at));
                if found && !places.iter().any(|place| file.starts_with(place)) {
                    wrong.push(format!("src/{file}:{number}: {reason}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    let mut lengths = Vec::new();
    for (file, text) in sources() {
        let length = code(&text).count();
        lengths.push(length);
        if length > 600 {
            wrong.push(format!("src/{file}: {length} lines of code"));
        }
        let opens_well = text.starts_with("//!") || text.starts_with("#![doc = include_str!");
        if !opens_well {
            wrong.push(format!("src/{file}: it does not say what it is for"));
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 200, "the median file has {median} lines of code");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = include_str!("../../Cargo.toml");
    let text = include_str!("../../ARCHITECTURE.md");
    let dependencies =
        manifest.split("[dependencies]").nth(1).unwrap().split("\n[profile").next().unwrap();
    let names = dependencies
        .lines()
        .filter(|line| !line.starts_with(['#', '[']))
        .filter_map(|line| line.split_once(" = "));
    for (name, _) in names {
        assert!(
            text.contains(&format!("`{name}`")),
            "ARCHITECTURE.md does not say why `{name}` is here"
        );
    }
}
