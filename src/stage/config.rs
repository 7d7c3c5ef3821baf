//! A stage's git configuration: that of the user's repository, by reference.
//!
//! Remotes, identity, signing, aliases and the checkout action's login are thus the same in it. The
//! user's files are included and not copied, so that no login comes to lie in another place; what only
//! holds for that one folder (`includeIf "gitdir:…"`) is included as well. Hooks, what git ignores besides, and
//! large files are the user's too.

use std::path::{Path, PathBuf};

use super::git::Git;
use crate::diag::{Diagnostic, Outcome};
use crate::host::fs;

/// Most files that are included; there are two or three.
const MOST: usize = 16;

/// What holds for a stage, whatever the user's repository says.
const OWN: [[&str; 2]; 2] = [["core.sparseCheckout", "false"], ["maintenance.auto", "false"]];

/// Lets the stage at `git` be configured as the user's repository at `users`.
pub(super) fn take(
    git: &Git<'_>,
    users: &Git<'_>,
    repository: &Path,
    common: &Path,
) -> Outcome<()> {
    let failed = |error: std::io::Error| {
        Box::new(Diagnostic::machine(format!("cannot configure the stage: {error}")))
    };
    let file = repository.join("config");
    let own = fs::read_text(&file).map_err(failed)?;
    let wanted = origins(users);
    let mut included: Vec<PathBuf> = Vec::new();
    // One that is included may include the next itself; none must count twice.
    for _ in 0..MOST {
        let known = origins(git);
        let Some(next) = wanted.iter().find(|path| !known.contains(path)) else { break };
        if included.contains(next) {
            break;
        }
        included.push(next.clone());
        let lines: String = included.iter().map(|path| include(path)).collect();
        fs::replace(&file, &format!("{lines}{own}")).map_err(failed)?;
    }
    for [name, value] in OWN {
        git.must(&["config", "--local", name, value])?;
    }
    for name in ["exclude", "attributes"].map(|name| Path::new("info").join(name)) {
        if fs::exists(&common.join(&name)) {
            fs::copy(&common.join(&name), &repository.join(&name)).map_err(failed)?;
        }
    }
    if fs::exists(&common.join("lfs")) {
        // Large files are known by their digests, so that they may lie together.
        git.must(&["config", "--local", "lfs.storage", &common.join("lfs").to_string_lossy()])?;
    }
    if git.ask(&["config", "--get", "core.hooksPath"]).is_none() {
        git.must(&[
            "config",
            "--local",
            "core.hooksPath",
            &common.join("hooks").to_string_lossy(),
        ])?;
    }
    Ok(())
}

/// The files that a repository's configuration comes from, in order.
fn origins(git: &Git<'_>) -> Vec<PathBuf> {
    let text = git.ask(&["config", "--list", "--show-origin", "--name-only", "-z"]);
    let text = text.unwrap_or_default();
    let mut found: Vec<PathBuf> = Vec::new();
    for path in text.split('\0').filter_map(|field| field.strip_prefix("file:")) {
        let path = git.at.join(path);
        let path = fs::real(&path).unwrap_or(path);
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

fn include(path: &Path) -> String {
    let path = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    format!("[include]\n\tpath = \"{path}\"\n")
}
