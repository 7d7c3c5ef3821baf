//! Answers a shell's completion script. Quick and silent: the Releasefile is evaluated, and no program
//! started but a git that the Releasefile itself asks. A broken one leaves commands and options.

use std::path::PathBuf;
use std::sync::Arc;

use super::Project;
use crate::cli;
use crate::complete::line::{Shell, Typed, answer};
use crate::complete::{Known, offer, read};
use crate::diag::Exit;
use crate::host::Host;
use crate::script;

/// Answers what may stand at the cursor; `told` is the shell's name, then its words.
pub(super) fn run(host: &Arc<Host>, told: &[String]) -> Exit {
    let shell = told.split_first().and_then(|(name, told)| Some((Shell::named(name)?, told)));
    let Some((shell, told)) = shell else { return Exit::OK };
    let typed = Typed::of(shell, told);
    if typed.redirect {
        host.out("files\n");
        return Exit::OK;
    }
    let surface = cli::surface();
    let (asked, folder) = read(&typed.before, &surface);
    let project = Project::open_from(host, &start(host, folder)).ok();
    let tasks = project.as_ref().map_or(&[][..], |project| &project.script.declared.tasks);
    let subjects = script::stdlib_names().map(|name| -> &str { name });
    let subjects = subjects.chain(["guards"]).collect();
    let language = script::builtins().map(script::Builtin::title).collect();
    let known = Known { tasks, subjects, language };
    host.out(&answer(shell, &typed, &offer(&asked, &typed.current, &surface, &known)));
    Exit::OK
}

/// The folder that rel would start in. The shell has not expanded its words yet.
fn start(host: &Host, folder: Option<String>) -> PathBuf {
    let home = host.env.get("HOME").unwrap_or_default();
    let folder = folder.unwrap_or_default();
    match folder.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        Some(rest) => PathBuf::from(format!("{home}{rest}")),
        None => host.cwd.join(folder),
    }
}
