//! `rel init`: reads what a project is, and writes its first Releasefile, or shows it.
//!
//! Only the files are read here; what they mean is `starter`'s. Nothing is ever replaced: a
//! Releasefile is written by people, and one command must not undo their work.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::NAMES;
use crate::diag::{Diagnostic, Exit, Outcome};
use crate::host::{Host, fs};
use crate::report::Output;
use crate::starter::{self, Starter, Tree};

/// Longest text that is read: what is longer says nothing about how a project is made.
const LONGEST: u64 = 1 << 20;

/// Writes a first Releasefile; with `print` only shows it.
///
/// # Errors
/// There is one already, or a project file cannot be read.
pub(super) fn run(host: &Host, output: Output, print: bool) -> Result<Exit, Vec<Diagnostic>> {
    let root = fs::real(&host.cwd).map_err(|error| {
        Diagnostic::usage(format!("cannot start in {}: {error}", host.cwd.display()))
            .hint("give a folder that exists with `-C DIR`")
    })?;
    if let Some(found) = existing(&root).filter(|_| !print) {
        return Err(vec![there_is_one(&found)]);
    }
    let starter = tree(&root).and_then(|tree| starter::starter(&tree));
    let starter = starter.map_err(|wrong| vec![*wrong])?;
    let path = root.join(NAMES[0]);
    if !print {
        fs::write_new(&path, &starter.text).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => there_is_one(&path),
            _ => Diagnostic::machine(format!("cannot write {}: {error}", path.display())),
        })?;
    }
    match output {
        Output::Json => host.out_json(as_json(&starter, print)),
        _ if print => host.out(&starter.text),
        _ => {}
    }
    host.err(&said(&starter, print));
    Ok(Exit::OK)
}

fn there_is_one(path: &Path) -> Diagnostic {
    Diagnostic::usage(format!("there is a Releasefile already: {}", path.display()))
        .hint("change that one; `rel init --print` shows what would be written here")
}

/// The Releasefile that this folder is under: here, or above in the same repository.
fn existing(root: &Path) -> Option<PathBuf> {
    let top = root.ancestors().find(|folder| fs::exists(&folder.join(".git"))).unwrap_or(root);
    let folders = root.ancestors().take_while(|folder| folder.starts_with(top));
    let mut paths = folders.flat_map(|folder| NAMES.map(|name| folder.join(name)));
    paths.find(|path| fs::exists(path))
}

/// What was found and done, for eyes.
fn said(starter: &Starter, print: bool) -> String {
    let width = starter.facts.iter().map(|fact| fact.what.chars().count()).max().unwrap_or(0);
    let line = |fact: &starter::Fact| format!("  {:width$}  {}\n", fact.what, fact.why);
    let found: String = starter.facts.iter().map(line).collect();
    let head = if found.is_empty() {
        "found no Python project and no crate: this is only a beginning\n"
    } else {
        "found here:\n"
    };
    // A release is tried where nothing can leave.
    let first = if starter.first == "publish" { "rehearse publish" } else { starter.first };
    let next = if print {
        String::new()
    } else {
        format!(
            "wrote {}; next: `rel list`, then `rel {first}` (nothing is sent without --live)\n",
            NAMES[0]
        )
    };
    format!("{head}{found}{next}")
}

fn as_json(starter: &Starter, print: bool) -> serde_json::Value {
    let fact = |fact: &starter::Fact| serde_json::json!({ "what": fact.what, "why": fact.why });
    let facts: Vec<_> = starter.facts.iter().map(fact).collect();
    let written = (!print).then_some(NAMES[0]);
    serde_json::json!({ "v": 1, "written": written, "found": facts, "text": starter.text })
}

/// The names and texts that `starter` asks for.
fn tree(root: &Path) -> Outcome<Tree> {
    let folder = root.file_name().map(|name| name.to_string_lossy());
    let mut tree = Tree::new(folder.as_deref().unwrap_or("this project"));
    for name in fs::names(root) {
        if fs::is_dir(&root.join(&name)) {
            look_into(&mut tree, root, &name);
        } else if starter::is_telling(&name) {
            // The project cannot be told without these; others are only there if they cannot be read.
            let text = text(root, &name);
            tree.add(
                name.clone(),
                if name.ends_with(".toml") { text? } else { text.unwrap_or_default() },
            );
        } else {
            tree.add(name, "");
        }
    }
    for folder in member_folders(&tree, root)? {
        let name = format!("{folder}/Cargo.toml");
        if fs::is_file(&root.join(&name)) {
            let text = text(root, &name)?;
            tree.add(name, text);
        }
    }
    Ok(tree)
}

/// One level below the project's folder, for layouts; texts of tests and workflows.
fn look_into(tree: &mut Tree, root: &Path, folder: &str) {
    tree.add(format!("{folder}/"), "");
    let inside = match folder {
        ".github" => ".github/workflows",
        other if other.starts_with('.') => return,
        other => other,
    };
    for name in fs::names(&root.join(inside)) {
        let path = format!("{inside}/{name}");
        if fs::is_dir(&root.join(&path)) {
            tree.add(format!("{path}/"), "");
            continue;
        }
        let tells = match inside {
            "tests" | "test" => name.ends_with(".py"),
            "requirements" => name.ends_with(".txt"),
            ".github/workflows" => name.ends_with(".yml") || name.ends_with(".yaml"),
            _ => false,
        };
        // A text that cannot be read tells nothing: the file is there all the same.
        let text = if tells { text(root, &path).unwrap_or_default() } else { String::new() };
        tree.add(path, text);
    }
}

fn text(root: &Path, name: &str) -> Outcome<String> {
    let path = root.join(name);
    let wrong = |why: &str| {
        Box::new(
            Diagnostic::usage(format!("cannot read {name}: {why}"))
                .hint("mend it and run `rel init` again: nothing was written"),
        )
    };
    if !fs::is_file(&path) {
        return Ok(String::new());
    }
    match fs::size(&path) {
        Ok(size) if size > LONGEST => Err(wrong("it is longer than a MiB")),
        Ok(_) => fs::read_text(&path).map_err(|error| wrong(&error.to_string())),
        Err(error) => Err(wrong(&error.to_string())),
    }
}

/// The folders of a Cargo workspace's members; a `*` stands for any part of one name.
fn member_folders(tree: &Tree, root: &Path) -> Outcome<Vec<String>> {
    let (patterns, excluded) = starter::members(tree)?;
    let mut folders: Vec<String> = Vec::new();
    for pattern in patterns {
        let outside = pattern.starts_with('/') || pattern.split('/').any(|part| part == "..");
        let mut found = vec![String::new()];
        for part in pattern.split('/').filter(|part| !matches!(*part, "" | ".") && !outside) {
            found = found.iter().flat_map(|folder| step(root, folder, part)).collect();
        }
        folders.extend(found.into_iter().filter(|folder| !folder.is_empty()));
    }
    folders.retain(|folder| !excluded.contains(folder));
    folders.sort();
    folders.dedup();
    Ok(folders)
}

fn step(root: &Path, folder: &str, part: &str) -> Vec<String> {
    let joined =
        |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let Some((begin, end)) = part.split_once('*') else {
        return vec![joined(part)];
    };
    let fits = |name: &String| {
        name.len() >= begin.len() + end.len() && name.starts_with(begin) && name.ends_with(end)
    };
    fs::names(&root.join(folder))
        .iter()
        .filter(|name| fits(name))
        .map(|name| joined(name))
        .collect()
}
