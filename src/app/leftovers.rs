//! What runs that were killed left behind: processes, which are named, and folders, which are removed.
//!
//! Nothing is ended here: a process may be wanted, and whoever reads its name can end it.

use crate::diag::Diagnostic;
use crate::host::stray::{self, Stray};
use crate::host::{Host, fs};

use std::path::Path;

/// Tidies the folder of outputs in `state`; what is still running is told.
pub(super) fn look(host: &Host, state: &Path) -> Option<Diagnostic> {
    let folder = state.join("out");
    let runs = fs::names(&folder).into_iter().filter_map(|name| name.parse::<u32>().ok());
    let dead: Vec<u32> =
        runs.filter(|run| *run == host.pid() || !stray::is_running(*run)).collect();
    if dead.is_empty() {
        return None;
    }
    let folders: Vec<_> = dead.iter().map(|run| folder.join(run.to_string())).collect();
    let left = stray::strays(|out| folders.iter().any(|folder| Path::new(out).starts_with(folder)));
    for folder in &folders {
        if left.iter().all(|stray| !Path::new(&stray.out).starts_with(folder)) {
            // It costs room only; failing to remove it is no reason to say anything.
            let _ = fs::remove_dir(folder);
        }
    }
    (!left.is_empty()).then(|| told(&left))
}

fn told(left: &[Stray]) -> Diagnostic {
    let (count, plural) = (left.len(), if left.len() == 1 { "" } else { "es" });
    let wrong =
        Diagnostic::machine(format!("a run that was killed left {count} process{plural} running"));
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
