//! What runs that were killed left behind: processes, which are named, and folders, which are removed.
//!
//! Nothing is ended here: a process may be wanted, and whoever reads its name can end it.

use crate::diag::Diagnostic;
use crate::host::stray::{self, Stray};
use crate::host::{Host, fs};

use std::path::Path;

/// Tidies the folder of outputs in `state`; gives what is still running.
pub(super) fn look(host: &Host, state: &Path) -> Vec<Stray> {
    let folder = state.join("out");
    let runs = fs::names(&folder).into_iter().filter_map(|name| name.parse::<u32>().ok());
    let dead: Vec<u32> =
        runs.filter(|run| *run == host.pid() || !stray::is_running(*run)).collect();
    if dead.is_empty() {
        return Vec::new();
    }
    let folders: Vec<_> = dead.iter().map(|run| folder.join(run.to_string())).collect();
    let left = stray::strays(|out| folders.iter().any(|folder| Path::new(out).starts_with(folder)));
    for folder in &folders {
        if left.iter().all(|stray| !Path::new(&stray.out).starts_with(folder)) {
            // It costs room only; failing to remove it is no reason to say anything.
            let _ = fs::remove_dir(folder);
        }
    }
    left
}

/// What runs that have been killed by now left running, beside this one.
pub(super) fn beside(host: &Host, state: &Path) -> Vec<Stray> {
    let all = state.join("out");
    let run = |out: &str| {
        let run = Path::new(out).strip_prefix(&all).ok()?.components().next()?;
        run.as_os_str().to_str()?.parse::<u32>().ok()
    };
    let is_dead = |run: u32| run != host.pid() && !stray::is_running(run);
    stray::strays(|out| run(out).is_some_and(is_dead))
}

/// What is to be said of them, if there are any.
pub(super) fn told(left: &[Stray]) -> Option<Diagnostic> {
    let (count, plural) = (left.len(), if left.len() == 1 { "" } else { "es" });
    let wrong = format!("a run that was killed left {count} process{plural} running");
    (count > 0).then(|| name(left, Diagnostic::machine(wrong)))
}

/// Names them.
pub(super) fn name(left: &[Stray], wrong: Diagnostic) -> Diagnostic {
    let task = |stray: &Stray| {
        let name = Path::new(&stray.out).file_name();
        name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let note = |wrong: Diagnostic, stray: &Stray| {
        wrong.note(format!("{}: {} (task {})", stray.pid, stray.command, task(stray)))
    };
    let numbers: Vec<String> = left.iter().map(|stray| stray.pid.to_string()).collect();
    left.iter().fold(wrong, note).hint(format!("end them with: kill {}", numbers.join(" ")))
}
